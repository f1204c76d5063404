/* exchange/late_inside.h - what late.c and late_keep.c share. */
#pragma once
#include "exchange/late.h"

struct waiting {
    uint64_t n;      /* the object that waits */
    uint64_t target; /* XXH3 of the id that it lacks */
    bool denied;     /* it did not go at all; else it went cut */
};
/* One recipient's. */
struct late_record {
    struct uuid key;         /* its party; an own account's: the account */
    uint64_t checked_n;      /* entries before were looked at */
    struct waiting *waiting; /* sorted by n, target */
    size_t waiting_count, waiting_cap, cut_count;
    struct late_item *items; /* by (date, n) */
    size_t item_count, item_cap;
    bool changed;           /* since it was kept */
    struct late_list *list; /* of items, made when asked for; NULL: none or outdated */
};
MUST_CHECK enum err late_record_load(struct local *l, struct late_record *r, struct fault *reterr);
MUST_CHECK enum err late_record_keep(struct local *l, struct late_record *r, struct fault *reterr);
void late_record_done(struct late_record *r);

MUST_CHECK enum err late_add_waiting(struct late_record *r, const struct waiting *w);
void late_drop_waiting(struct late_record *r, uint64_t n);
MUST_CHECK enum err late_add_item(struct late_record *r, int64_t date_us, uint64_t n);
/* First index of r->waiting whose n is not smaller. */
size_t late_find_waiting(const struct late_record *r, uint64_t n);
