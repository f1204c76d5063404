/* exchange/rounds.h - inside this room: keeps many lines going, each at its own pace.
 *
 * A few workers share one list: each takes the line that is due longest and not under way, so that a slow one delays
 * nobody while a worker is free; those that failed or dawdled last time share half of the workers, so that they never
 * hold up the others. The list is made again when the log has moved. A line that fails waits twice as long each time,
 * ROUNDS_BACKOFF_MAX times its pace at most, and never shorter than its server asked for, up to a day. */
#pragma once
#include <stdatomic.h>

#include "store/node.h"

#define ROUNDS_BACKOFF_MAX 16
/* A server's wish to be left alone; one that names another century, or whose clock is wrong, is not obeyed for ever.
 */
#define ROUNDS_RETRY_MAX_S (24u * 3600)

struct rounds;

struct rounds_outcome {
    bool failed;
    bool unfinished;        /* its turn was over, and there is more: due again at once */
    uint32_t retry_after_s; /* 0: nothing was asked for */
};

struct rounds_job {
    const char *what; /* in messages: "peers" */
    /* Calls rounds_keep() for each line that is to go on; under the lock of the list. */
    enum err (*list)(void *self, struct rounds *r, struct view *v, struct fault *reterr);
    /* One round, on a worker's thread, without the lock. `of` is the line's own. */
    struct rounds_outcome (*run)(void *self, const struct uuid *id, void *of, const atomic_bool *stop);
    void (*free_line)(void *of);
    size_t line_bytes; /* of what belongs to a line; zeroed at first */
    size_t workers;
    void *self;
};
MUST_CHECK enum err rounds_start(struct node *node, const struct rounds_job *job, struct rounds **ret,
                                 struct fault *reterr);
/* Whether somebody looks out for the next line that is due; never late while every worker has one under way. */
const struct pulse *rounds_pulse(const struct rounds *r);
void rounds_stop(struct rounds *r); /* what is under way is told to stop; accepts NULL */

/* Inside list(): this line goes on, at that pace. *ret_of: its own, to be changed only when !*ret_under_way;
 * *ret_new: it was not there before. pace_ms 0: it is kept, and runs only when asked. first_us: of a new one, on the
 * monotonic clock. A changed pace makes it due now. ERR_NOMEM */
MUST_CHECK enum err rounds_keep(struct rounds *r, const struct uuid *id, uint64_t pace_ms, int64_t first_us,
                                void **ret_of, bool *ret_under_way);
bool rounds_has(const struct rounds *r, const struct uuid *id); /* inside list(): it is there already */
/* Inside list(): its settings changed so that it is to be tried at once. */
void rounds_hurry(struct rounds *r, const struct uuid *id);

/* The line is due now, or again once the round that is under way has ended; not if that, or its last one, failed.
 * From any thread, but not inside list(). */
void rounds_soon(struct rounds *r, const struct uuid *id);
/* Runs the line now, on this thread, when nobody else does. ERR_NOT_FOUND: not on the list | ERR_CANCELLED */
MUST_CHECK enum err rounds_run(struct rounds *r, const struct uuid *id);
/* When it is due, on the monotonic clock; INT64_MAX: not by itself, or unknown. */
int64_t rounds_due(struct rounds *r, const struct uuid *id);
/* Its own under the lock, for as long as look() runs. false: unknown. */
bool rounds_look(struct rounds *r, const struct uuid *id, void (*look)(void *to, const void *of), void *to);
