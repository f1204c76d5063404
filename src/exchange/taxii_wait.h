/* exchange/taxii_wait.h - partners that wait for news: a GET of a collection's objects with `Prefer: wait=N` whose
 * page is empty is held until something becomes visible to that recipient, or the time is over (docs/TAXII.md). */
#pragma once
#include "exchange/taxii_inside.h"

/* The longest wait. Proxies give a connection up after 60 s without a byte, by default. */
#define TAXII_WAIT_MAX_S 50

MUST_CHECK enum err waits_new(struct node *node, struct waits **ret, struct fault *reterr);
/* Nobody may wait any more: the HTTP server has stopped. Accepts NULL. */
void waits_free(struct waits *w);
/* The log has so many entries now. Cheap; called on the writer's thread. */
void waits_moved(struct waits *w, uint64_t entries);

/* made: the answer to c in c's state. NULL: it is to be given. Else it was freed, and what holds the request is the
 * handler's to return. */
struct outbound *waits_hold(struct waits *w, const struct call *c, struct outbound *made);
