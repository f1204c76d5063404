/* model/pattern.h - STIX patterns (STIX 2.1 section 9): lexer, parse tree, atomic values. Pure. */
#pragma once
#include "base/arena.h"
#include "model/value.h"

/* Comparison operators, section 9.6.1. */
enum pattern_op {
    PATTERN_EQ,
    PATTERN_NE,
    PATTERN_LT,
    PATTERN_LE,
    PATTERN_GT,
    PATTERN_GE,
    PATTERN_IN,
    PATTERN_LIKE,
    PATTERN_MATCHES,
    PATTERN_ISSUBSET,
    PATTERN_ISSUPERSET,
    PATTERN_EXISTS
};
enum pattern_node_kind {
    PATTERN_COMPARISON, /* object:path op literal */
    PATTERN_AND,
    PATTERN_OR,          /* inside one observation: comparison expressions */
    PATTERN_OBSERVATION, /* [ ... ] */
    PATTERN_OBS_AND,
    PATTERN_OBS_OR,
    PATTERN_FOLLOWEDBY,
    PATTERN_WITHIN,
    PATTERN_REPEATS,
    PATTERN_START_STOP
};
enum pattern_literal_kind {
    LITERAL_STRING,
    LITERAL_INTEGER,
    LITERAL_FLOAT,
    LITERAL_BOOL,
    LITERAL_TIMESTAMP,
    LITERAL_HEX,
    LITERAL_BINARY
};
struct pattern_literal {
    enum pattern_literal_kind kind;
    struct text text; /* string: unescaped; others: as written without quotes */
    int64_t integer;
    double number;
    bool boolean;
};
struct pattern_step { /* one step of an object path: .name, .'quoted', [3], [*] */
    enum { STEP_NAME, STEP_INDEX, STEP_ANY } kind;
    struct text name;
    int64_t index;
};
struct pattern_node {
    enum pattern_node_kind kind;
    bool negated; /* comparison: NOT before the operator */
    enum pattern_op op;
    struct text object_type; /* comparison: "domain-name" */
    struct pattern_step *steps;
    size_t step_count;
    struct pattern_literal *literals; /* one, or the set of IN */
    size_t literal_count;
    struct pattern_node **children;
    size_t child_count;
    double within_seconds;
    int64_t repeats;
    struct pattern_literal start, stop; /* START_STOP */
    size_t column;                      /* from 1: where the node begins */
};

/* Parses the whole of t. Nodes and texts live in the arena. Limits: PATTERN_DEPTH_MAX, arena's budget.
 * Stricter than OASIS's grammar file where section 9 is: no plus sign, real days, sets of one type, one qualifier of
 * a kind, windows above zero. What is no grammar, pattern_check() tells: AND over two object types is let through
 * here, though section 9.5 forbids it, as misp-stix writes it and it matches nothing. Comments, which only the
 * grammar file knows, are white space. ERR_MALFORMED (offset = column - 1, in bytes; rule = section; what names the
 * common slips) | ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err pattern_parse(struct text t, struct arena *arena, struct pattern_node **ret,
                                  struct fault *reterr);

struct pattern_value {
    enum value_kind kind;
    struct text value; /* normal form, in the arena */
};
/* The values any one of which, seen alone, makes the whole pattern true: equality (or IN) on a domain-name,
 * ipv4-addr, ipv6-addr, url, email-addr value or a file hash (also reached through *_ref.value of network-traffic,
 * email-message and the like, and ISSUBSET on addresses: a CIDR; ipv4-addr:value = 'a.b.c.d/n' is a CIDR; LIKE
 * without a wildcard and NOT != are equality in other words), joined by OR only; qualifiers START/STOP and REPEATS >
 * 1, AND, FOLLOWEDBY, NOT and other operators make a branch not atomic; x_ref.type = 'ipv4-addr' AND x_ref.value =
 * '…' is, as the value says its type. Values are distinct. *ret_whole is true when every branch gave a value (no
 * branch is lost by looking for the values alone). At most PATTERN_VALUES_MAX: ERR_LIMIT. ERR_NOMEM */
MUST_CHECK enum err pattern_values(const struct pattern_node *p, struct arena *arena, struct pattern_value **ret,
                                   size_t *ret_count, bool *ret_whole);
/* '[domain-name:value = 'x']' for a normal-form value, the pattern a CSV row becomes. Errors stick in out. */
void pattern_of_value(enum value_kind kind, struct text value, struct buffer *out);
