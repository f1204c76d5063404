/* store/view_merge.h - many classes' versions in one order, a few from each at a time. For view*.c only. */
#pragma once
#include "store/view_inside.h"

#define STREAM_BATCH 64

/* The versions of one class and standing, by n. Those accepted before an opening of the class count from its time. */
struct stream {
    uint32_t class_id;
    uint8_t standing;
    bool opened;
    uint64_t opened_n; /* entries before this count from opened_us */
    int64_t opened_us;
    uint64_t next_n; /* where the next batch begins (descending: from here down) */
    bool ended;
    uint32_t at, count, batch;
    struct {
        uint64_t n;
        int64_t date_us;
    } ahead[STREAM_BATCH];
};

struct merge {
    struct view *v;
    struct stream **heap; /* smallest first; the streams are the caller's */
    size_t count;
    bool newest_first, timed; /* timed: dates differ from the order of n (some class was opened) */
};

/* first_batch: how many to read of each at first. ERR_NOMEM | ... */
MUST_CHECK enum err merge_start(struct merge *m, struct view *v, struct stream *streams, size_t count,
                                bool newest_first, uint32_t first_batch, struct fault *reterr);
void merge_done(struct merge *m);
/* False: no more, or failed (*ret_err). *ret_opened: *ret_date_us is the opening's; else the version's own t_us
 * counts, which *ret_date_us is only when the merge is timed. */
bool merge_next(struct merge *m, uint64_t *ret_n, bool *ret_opened, int64_t *ret_date_us, enum err *ret_err,
                struct fault *reterr);
