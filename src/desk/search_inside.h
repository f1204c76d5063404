/* desk/search_inside.h - what the files search*.c share. */
#pragma once
#include "desk/about_inside.h"
#include "desk/lifetime.h"
#include "desk/search.h"
#include "desk/suppress.h"
#include "store/view_ask.h"

/* ---- search_taken.c: what a text is taken for ---- */
struct taken {
    enum search_kind kind;
    enum value_kind value_kind;
    struct text value; /* normal form; of a prefix without its star; of words in lower case */
    struct text words; /* to be looked for in texts, lower case */
    uint64_t number;   /* of a finding */
    struct ipnet net;  /* of addresses and networks */
    struct text host;  /* of a domain or address: whose URLs are asked for */
    bool cut;
};
/* Texts in the arena. ERR_NOMEM */
MUST_CHECK enum err search_take(struct text text, struct arena *arena, struct taken *ret);

/* ---- search_gate.c: what the account may see ---- */
struct seen_class {
    uint32_t class_id; /* 0: free */
    bool cleared;
};
#define SEEN_CLASSES 1024
struct searcher {
    struct about about;
    struct about_question q;
    struct description d; /* about's; its arena is the searcher's own */
    struct arena arena;   /* of the gate's questions: reset between objects */
    struct seen_class classes[SEEN_CLASSES];
    bool has_grants; /* something was granted to the account: each object is asked about singly */
    struct words words;
    struct buffer body;
    struct suppress *suppress; /* NULL until the first indicator whose state is told */
    struct lifetime_rules rules;
    bool ruled;
};
/* ERR_DENIED: not one of our accounts. */
MUST_CHECK enum err searcher_open(struct node *node, struct view *v, const struct uuid *account, int64_t now_us,
                                  struct searcher **ret, struct fault *reterr);
void searcher_close(struct searcher *s);
/* One candidate. Its texts live here, not in the view. */
struct candidate {
    struct version_row row;
    struct gate_class cls;
    char id[IDENT_TEXT_MAX], modified[64], name[VERSION_NAME_MAX];
};
/* Does that entry count, and may the account see it? ERR_NOT_FOUND: no, for whatever reason. */
MUST_CHECK enum err searcher_look(struct searcher *s, uint64_t n, bool all, struct candidate *ret,
                                  struct fault *reterr);
/* Its body as the account may see it, in s->body. ERR_NOT_FOUND: nothing of it (withheld, erased, damaged). */
MUST_CHECK enum err searcher_read(struct searcher *s, struct candidate *c, struct fault *reterr);
/* The current version of the object, the same way. */
MUST_CHECK enum err searcher_find(struct searcher *s, struct text id, struct candidate *ret, struct fault *reterr);

/* ---- search_fit.c: does a body hold what is asked for? ---- */
#define FIT_WORDS_MAX 32
struct wanted {
    enum search_match match;
    const struct taken *taken;
    struct text words[FIT_WORDS_MAX]; /* of MATCH_TEXT */
    size_t word_count;
};
/* True: *ret_value and *ret_kind say what fits; the text is the arena's. */
bool search_fits(struct searcher *s, const struct wanted *w, struct arena *arena, struct text *ret_value,
                 const char **ret_kind);
/* The row of an answer, from the candidate and its body in s->body. ERR_NOMEM */
MUST_CHECK enum err search_row(struct searcher *s, const struct candidate *c, struct arena *arena,
                               struct search_result *ret);
/* search_state.c: ret->state and its note, of ret->value as it fits. ERR_NOMEM */
MUST_CHECK enum err search_state(struct searcher *s, const struct candidate *c, const struct json_val *object,
                                 struct arena *arena, struct search_result *ret);
const char *search_value_kind(const struct word *w);
