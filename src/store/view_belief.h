/* store/view_belief.h - what bears on how far an indicator is believed: warning lists, what people ruled, who saw it
 * again. Texts in rows live until the next call on the same view. */
#pragma once
#include "store/view.h"

/* One part of a list, in order of names and parts. on_row must not ask the view. */
struct list_row {
    struct text name, type;
    uint32_t part, parts;
    uint64_t n; /* the entry that last changed it */
    int64_t added_us;
    struct uuid account;
    uint64_t version, entries;
    struct sha256 hash;
    bool disabled;
    struct place body;
};
typedef enum err view_on_list(void *self, const struct list_row *row);
MUST_CHECK enum err view_lists(struct view *v, view_on_list *on_row, void *self, struct fault *reterr);

/* ERR_NOT_FOUND */
MUST_CHECK enum err view_ruling(struct view *v, const struct uuid *id, struct fact_ruling *ret, struct fault *reterr);
/* All that were ever made, in order, taken back or not. on_row must not ask the view. */
MUST_CHECK enum err view_rulings(struct view *v, view_on_fact *on_row, void *self, struct fault *reterr);
/* Made, not taken back and not over at now_us? */
bool ruling_stands(const struct fact_ruling *r, int64_t now_us);

/* When others last said that they saw the object; target: reference_key() of its UUID. Sorted by target. */
struct renewal_row {
    uint64_t target;
    int64_t t_us;
};
/* ERR_NOT_FOUND: nobody did. */
MUST_CHECK enum err view_renewal(struct view *v, uint64_t target, int64_t *ret_us, struct fault *reterr);
typedef enum err view_on_renewal(void *self, const struct renewal_row *row);
MUST_CHECK enum err view_renewals(struct view *v, view_on_renewal *on_row, void *self, struct fault *reterr);

/* The last entries that changed a list, a ruling or a source, and that renewed something; UINT64_MAX: none. */
struct belief_newest {
    uint64_t rules, renewals;
};
MUST_CHECK enum err view_belief_newest(struct view *v, struct belief_newest *ret, struct fault *reterr);
