/* store/publisher.h - publishes a checkpoint at a fixed cadence for as long as the log grows: a thread of its own. */
#pragma once
#include "store/node.h"

struct publisher;

/* Every interval_ms, from now on. on_new (may be NULL) is called on that thread after each new checkpoint. A failure
 * is told once in the program's log, and tried again. ERR_NOMEM */
MUST_CHECK enum err publisher_start(struct node *node, unsigned interval_ms, void (*on_new)(void *self), void *self,
                                    struct publisher **ret, struct fault *reterr);
/* Whether its thread goes on. */
const struct pulse *publisher_pulse(const struct publisher *p);
/* Ends it; the node publishes once more when it is closed. Accepts NULL. */
void publisher_stop(struct publisher *p);
