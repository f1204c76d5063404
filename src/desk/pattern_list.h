/* desk/pattern_list.h - the indicators whose patterns no single value decides and that count now
 * (match/whole_pattern.h): what is looked for in logs beside the values of a watchlist. Indicators that are past
 * their own valid_until are in it: older lines are matched, too. */
#pragma once
#include "desk/belief.h"
#include "desk/watchlist_file.h"

struct pattern_list {
    struct arena arena;         /* what the patterns point to */
    struct whole_pattern *list; /* in the order of their entries, one class of markings after the other */
    size_t count, cap;
    size_t left_out;       /* beyond PATTERN_LIST_MAX */
    size_t wanted, values; /* that are looked for, and the values they are looked for by */
};

/* Those of entries [from_n, until_n) that are current, not revoked and not quarantined. ERR_NOMEM | ERR_IO; what
 * `stop` returns when it is not OK (asked for each; may be NULL). */
struct pattern_source {
    struct node *node;
    struct view *view;
    const struct belief *belief;
    uint64_t from_n, until_n;
    /* Only news: without those whose earlier version, of an entry below from_n, had the same pattern for good. */
    bool news;
    enum err (*stop)(void *self);
    void *self;
};
MUST_CHECK enum err pattern_list_load(const struct pattern_source *from, struct pattern_list *ret,
                                      struct fault *reterr);
/* Those of a list that is mapped from an index file, from which texts are borrowed. ERR_NOMEM */
MUST_CHECK enum err pattern_list_map(const struct watchlist *base, struct pattern_list *ret);
void pattern_list_done(struct pattern_list *p); /* zeroed: nothing */
/* Does the version at that entry still count? ERR_NOMEM | ERR_IO */
MUST_CHECK enum err pattern_still_counts(struct view *v, uint64_t n, bool *ret, struct fault *reterr);
