/* process/worker_process.h - a worker as worker.c and worker_frames.c see it. */
#pragma once
#include <sys/types.h>

#include "process/sandbox_inside.h"
#include "process/worker_inside.h"

struct worker {
    const char *role; /* static */
    enum sandbox_policy policy;
    pid_t pid;        /* 0: none, or reaped */
    int sock, answer; /* owned, -1: none */
    bool greeted, handed_over;
    struct sandbox_state state;
    struct worker_limits limits;
    const atomic_bool *cancel;
    struct buffer frame;
};

/* Waits for the worker's word on its sandbox, and holds it against the policy. ERR_DENIED | as worker_next() */
MUST_CHECK enum err worker_greeted(struct worker *w, struct fault *reterr);
