/* process/worker_inside.h - what both ends of a worker's descriptors agree on. */
#pragma once
#include "base/limits.h"
#include "process/worker.h"

enum { WORKER_SOCKET = 0, WORKER_ANSWER = 1 }; /* the child's descriptors */

#define WORKER_FRAME_HEAD 5
#define WORKER_HELLO      1 /* u8 limits, memory, seccomp, Landlock ABI: the sandbox is in force */

#define WORKER_OPEN "unlocked" /* argv[1] under SANDBOX_OFF */

/* What stands before the role's own bytes in the one message. */
struct worker_job {
    uint64_t memory_bytes;
    uint32_t cpu_s;
};
#define WORKER_JOB_HEAD 12

/* The child's first frame. */
void worker_greet(const struct sandbox_state *s);

enum { WORKER_EXIT_STARTED_BY_HAND = 64, WORKER_EXIT_SANDBOX = 100, WORKER_EXIT_JOB = 101 };
