/* desk/lifetime.h - how long an indicator without `valid_until` counts: assumed, by dated rules for each kind of
 * value, in this node only (docs/LIFETIMES.md). Counted from the newest of `valid_from`, `modified` and what others
 * last said of seeing it (store/view_belief.h). Nothing of it is ever written into an object. */
#pragma once
#include "desk/source.h"
#include "store/view.h"

#define LIFETIME_RULES_FILE "rules/lifetimes.yaml" /* under the home; the program's own where it is not there */
#define LIFETIME_DATE_MAX   11                     /* "2026-11-01" and its NUL */
#define LIFETIME_RULES_MAX  (64 * KIB)             /* bytes of the file */
#define LIFETIME_WORDS_MAX  96

struct lifetime_rules {
    char date[LIFETIME_DATE_MAX]; /* of the rules */
    struct source_lifetimes days; /* kinds that are not given never end */
};
/* ERR_MALFORMED: HOME/rules/lifetimes.yaml cannot be used; *reterr says why. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err lifetime_rules_load(const char *home, struct lifetime_rules *ret, struct fault *reterr);

/* An indicator's value that says no end. */
struct lifetime_ask {
    struct uuid indicator, source; /* source zero: none */
    enum value_kind kind;
    int64_t said_us; /* indicator_row.said_us */
};
struct lifetime {
    bool ends;
    int64_t until_us;
    uint32_t days;
    bool by_source; /* the source's lifetime, not that of the rules */
    bool renewed;   /* counted from a sighting */
};

/* One; asks the view. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err lifetime_of(struct view *v, const struct lifetime_rules *rules, const struct lifetime_ask *ask,
                                struct lifetime *ret, struct fault *reterr);
/* Many: all that is asked for is read first. Immutable, as of the view's state. ERR_IO | ERR_NOMEM | ERR_MALFORMED */
struct lifetimes;
MUST_CHECK enum err lifetimes_load(const char *home, struct view *v, struct lifetimes **ret, struct fault *reterr);
void lifetimes_free(struct lifetimes *l); /* accepts NULL */
struct lifetime lifetimes_of(const struct lifetimes *l, const struct lifetime_ask *ask);

/* "assumed: IPv4, 30 days, rules of 2026-11-01" */
struct text lifetime_words(const struct lifetime *l, enum value_kind kind, const struct lifetime_rules *rules,
                           char out[LIFETIME_WORDS_MAX]);
