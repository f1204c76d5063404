/* command/metrics.h - collects what a serving node says of itself (release/metrics.h). */
#pragma once
#include <pthread.h>

#include "exchange/peer.h"
#include "web/server.h"

struct metrics {
    struct node *node;
    int64_t started_us;   /* since 1970 */
    pthread_mutex_t lock; /* of what follows: NULL when there is none (yet, or any more) */
    struct web *web;
    struct peer_loop *peers;
};
void metrics_init(struct metrics *m, struct node *node);
void metrics_done(struct metrics *m);
/* What is there to be asked from now on; NULL, NULL before it goes. */
void metrics_attach(struct metrics *m, struct web *web, struct peer_loop *peers);
/* The page, on any thread: self is the struct metrics. NULL: it cannot be told now. */
struct outbound *metrics_page(void *self);
