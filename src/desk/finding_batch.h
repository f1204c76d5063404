/* desk/finding_batch.h - one write of findings.c: a run of hits of a batch. See finding_batch.c. Reported events are
 * written through the same parts. */
#pragma once
#include "desk/finding_inside.h"
#include "desk/lifetime.h"
#include "desk/ruling.h"

struct kept_line {
    struct fact_hit hit;
    struct text text;
};

struct row_list {
    struct finding_row *rows; /* ids in the arena */
    size_t count, cap;
    bool read;
};

struct finding_batch {
    const struct hit_batch *batch;
    size_t from, until;                  /* of batch->hits */
    uint64_t follow_offset, follow_line; /* read up to here once this run stands */
    /* filled by the write: */
    struct txn *t;
    struct arena arena;
    struct lifetime_rules lifetimes;
    struct rulings rulings;
    struct finding_work *works;
    size_t work_count, work_cap;
    struct hit_indicator *indicators;
    size_t indicator_count, indicator_cap;
    struct kept_line *kept;
    size_t kept_count, kept_cap;
    struct row_list silenced, with_incident; /* findings that are held */
    size_t accepted;
    const struct fact_prints *prints; /* of reported events, in the arena */
    size_t print_count;
};
/* A node_write_fn. May be run again: it starts afresh. */
enum err finding_batch_write(struct txn *t, void *self, struct fault *reterr);
void finding_batch_done(struct finding_batch *b);
/* Its parts, for who fills in works and kept lines by itself (desk/report_write.c). Works: incidents by rule, and a
 * version of each; lines: the entry of evidence. */
void finding_batch_forget(struct finding_batch *b);
MUST_CHECK enum err finding_batch_append_works(struct finding_batch *b, struct fault *reterr);
MUST_CHECK enum err finding_batch_append_lines(struct finding_batch *b, struct fault *reterr);
/* Room for one more in a list that grows. */
MUST_CHECK bool finding_room(void **list, size_t *cap, size_t count, size_t size);
