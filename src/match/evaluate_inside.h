/* match/evaluate_inside.h - the parts of an evaluation; for match/evaluate*.c alone.
 *
 *   evaluate_test.c   comparison expressions over one object: object paths, AND, OR, NOT
 *   evaluate_value.c  one constant against one value (9.6)
 *   evaluate_regex.c  PCRE2 within limits
 *   evaluate_bind.c   observation expressions: which observations, at which moments
 *   evaluate_flow.c   distinct observations for distinct expressions
 */
#pragma once
#include "match/evaluate.h"

/* UNKNOWN: a limit stood in the way. In the order of Kleene's logic: AND is the least, OR the greatest. */
enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE };

struct evaluation {
    struct arena *arena;
    const struct observed *observed;
    int64_t steps;     /* left */
    const char *limit; /* the first that was reached; NULL: none */
    enum err err;      /* sticky: ERR_NOMEM, ERR_MALFORMED */
    struct fault *fault;
    struct buffer scratch;      /* one value, converted */
    struct regex_list *regexes; /* to be freed */
};

/* false, from then on for ever, when there are not so many steps left. */
bool evaluation_step(struct evaluation *e, size_t steps);

/* ---- regular expressions ---- */
struct regex;
/* Text in NFC; sticks ERR_MALFORMED in e when PCRE2 does not take it. NULL on error. */
struct regex *regex_new(struct evaluation *e, const struct pattern_node *comparison);
enum truth regex_search(struct evaluation *e, struct regex *r, struct text subject, bool binary);
void regexes_free(struct evaluation *e);

/* ---- one comparison ---- */
struct constant {
    const struct pattern_literal *literal;
    bool has_bytes; /* hex, binary, and strings of code points below U+0100 */
    struct text bytes;
    struct stamp stamp;
};
struct test {
    const struct pattern_node *n;
    struct constant *constants;
    struct text like; /* LIKE: NFC */
    struct ipnet net; /* ISSUBSET, ISSUPERSET */
    struct regex *regex;
};
struct datum { /* a value as a comparison sees it */
    const struct json_val *json;
    bool binary;       /* its property ends in _bin or _hex: bytes is what it decodes to */
    struct text bytes; /* or the string itself */
};
/* Prepares the constants. NULL when e has an error now. */
struct test *test_new(struct evaluation *e, const struct pattern_node *comparison);
/* Without regard to NOT. */
enum truth test_datum(struct evaluation *e, const struct test *t, const struct datum *d);
/* NFC of t: t itself, or in e's arena (keep), or in e's scratch buffer. */
struct text text_nfc(struct evaluation *e, struct text t, bool keep);
/* Code points below U+0100 as bytes, appended to out; false when there are others. */
bool text_to_octets(struct text t, struct buffer *out);

/* ---- one observation expression's inside ---- */
struct expression { /* mirrors the tree of comparisons */
    enum pattern_node_kind kind;
    struct test *test;
    struct expression **children;
    size_t child_count;
};
struct expression *expression_new(struct evaluation *e, const struct pattern_node *n);
/* All comparisons begin at the same object (section 9.5). */
enum truth expression_over(struct evaluation *e, const struct expression *x, const struct observation *o);

/* ---- observation expressions ---- */
struct candidate { /* an observation that an expression may be bound to, at a moment from lo to hi */
    size_t observation;
    nanos lo, hi;
};
struct part {                     /* mirrors the tree of observation expressions */
    enum pattern_node_kind kind;  /* no START_STOP: it has cut the candidates below */
    struct candidate *candidates; /* PATTERN_OBSERVATION: sorted by lo */
    size_t candidate_count;
    nanos longest; /* hi - lo at most */
    nanos window;  /* PATTERN_WITHIN: latest minus earliest at most */
    uint64_t repeats;
    struct part **children;
    size_t child_count;
};
struct slot { /* so many distinct observations for a leaf, within a time */
    const struct part *leaf;
    uint64_t demand;
    nanos lo, hi;
};
struct flow;
struct flow *flow_new(struct evaluation *e);
/* Can all slots be filled at once? On true and with used (one a observation): how many of each were taken. */
bool flow_fills(struct evaluation *e, struct flow *f, const struct slot *slots, size_t count, uint64_t *ret_used);
/* The first candidate that can end at lo or later. */
size_t candidates_from(const struct part *leaf, nanos lo);

/* true: ret_used says of each observation how often it was bound. false also where a limit was reached (e->limit). */
bool bind_observations(struct evaluation *e, const struct pattern_node *p, uint64_t *ret_used);
