/* exchange/source.h - sources that are asked by themselves: their secrets, what came of the last look, one look now,
 * and the loop of a serving node. Settings are log entries (store/facts.h); secrets, places reached and results live
 * in local.db, keyed by the source's id. */
#pragma once
#include "desk/source.h"
#include "net/http.h"
#include "store/node.h"

/* What the last looks brought; kept over restarts. */
struct source_result {
    int64_t at_us;              /* of the last look; 0: none yet */
    enum err err;               /* of it */
    char words[FAULT_WHAT_MAX]; /* what was said when it failed; else what of it was not whole, or empty */
    int64_t failed_since_us;    /* 0: it did not fail */
    uint32_t failures;          /* in a row */
    int64_t came_us;            /* when something new came last; 0: never */
    uint64_t documents, unchanged_documents; /* of the last look: taken in; known already, or not changed */
    uint64_t read, fresh, updated, unchanged, rejected, lost, events, findings, proposed, red; /* of the last look */
    uint32_t retry_after_s; /* the server's own wish; 0: none */
    bool unfinished;        /* its turn was over; not kept */
};
/* ERR_NOT_FOUND: nobody looked yet. */
MUST_CHECK enum err source_result_load(struct local *l, const struct uuid *source, struct source_result *ret,
                                       struct fault *reterr);
MUST_CHECK enum err source_result_save(struct local *l, const struct uuid *source, const struct source_result *r,
                                       struct fault *reterr);

/* How many sources that are to be looked at could not be, at the last look. For who does not own the home, too. */
MUST_CHECK enum err source_count_failing(const char *home, struct view *v, uint64_t *ret, struct fault *reterr);

/* What the source knows us by: kept in local.db alone. An empty secret forgets it. ERR_USAGE: control characters. */
#define SOURCE_SECRET_MAX (8 * KIB)
MUST_CHECK enum err source_secret_set(struct local *l, const struct uuid *source, struct text user,
                                      struct text secret, struct fault *reterr);
/* Texts in the arena; none kept: both empty. */
MUST_CHECK enum err source_secret_get(struct local *l, const struct uuid *source, struct arena *arena,
                                      struct text *ret_user, struct text *ret_secret, struct fault *reterr);

/* Would a look work at all: kind, place and what else it needs, as far as the words tell. ERR_USAGE says what. */
MUST_CHECK enum err source_check(const struct fact_source *s, struct fault *reterr);

/* One look now. What came is durable and the result is kept when it returns. OK | ERR_UNREACHABLE (with what was
 * said) | ERR_USAGE (no place to look) | ERR_NOT_FOUND | ERR_CANCELLED | ERR_IO | ERR_FULL | ERR_NOMEM.
 * One look at a source at a time: a server's loop sees to it (source_loop_poll). turn_s: where a source is taken page
 * by page, the look may end after so long, unfinished; 0: when all is here. */
MUST_CHECK enum err source_poll(struct node *node, const struct uuid *source, unsigned turn_s,
                                const atomic_bool *cancel, struct source_result *ret, struct fault *reterr);

/* The loop of a serving node: a few threads, each source at its own pace; one that fails waits twice as long each
 * time, as long as its server asked for at least; a slow one holds up no other. Picks up changed settings by itself.
 */
struct source_loop;
MUST_CHECK enum err source_loop_start(struct node *node, struct source_loop **ret, struct fault *reterr);
void source_loop_stop(struct source_loop *l);
const struct pulse *source_loop_pulse(const struct source_loop *l); /* whether it goes on */
/* source_poll() beside the loop: waits until the loop is not looking at this source. */
MUST_CHECK enum err source_loop_poll(struct source_loop *l, const struct uuid *source, struct source_result *ret,
                                     struct fault *reterr);
/* When it is to be looked at next, microseconds since 1970; 0: not by itself. */
int64_t source_loop_next(struct source_loop *l, const struct uuid *source);
