/* process/worker_fork.h - a worker (worker.h) that is a copy of this process instead of the program started again: a
 * fraction of a millisecond instead of ten. Only for who has nothing to hide from a document: no home, no key, no
 * lock, no secret in memory, one thread. */
#pragma once
#include "process/worker.h"

/* Starts the copy: it closes every descriptor but the document (borrowed, open for reading), locks itself in as any
 * worker does, calls run(self, document) and ends. What run() sends with worker_send() comes out of worker_next();
 * worker_free() ends it. What libraries ask the system once must have been asked before. `cancel` may be NULL.
 * ERR_DENIED: the sandbox is not what the policy asks for. ERR_IO | ERR_NOMEM | ERR_CANCELLED | ERR_MALFORMED */
MUST_CHECK enum err worker_fork(int document, void (*run)(void *self, int document), void *self,
                                enum sandbox_policy policy, const struct worker_limits *limits,
                                const atomic_bool *cancel, struct worker **ret, struct fault *reterr);
