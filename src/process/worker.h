/* process/worker.h - a sandboxed child that reads one foreign document: the owner's side.
 *
 * The same program, started again with the role's name as argv[0] (worker_role.h). It gets two descriptors, a socket
 * and a pipe; over the socket comes one message with the document's descriptor and the owner's words, then the socket
 * is closed; over the pipe it answers in frames {u32 length, u8 kind, bytes}, little-endian, as long as its owner
 * reads. Whatever goes wrong in it costs its one document: each failure below is ERR_MALFORMED with a sentence saying
 * what happened, unless it is the machine's or the operator's.
 *
 *   SPARE -> (job) -> READING -> its last frame, or a failure -> freed: killed where it still runs, always reaped
 *
 * One process has one policy and at most one spare (process/ holds them, as house rules allow). A worker is used by
 * one thread; workers_* may be called from any. */
#pragma once
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "process/sandbox.h"

struct worker_limits {
    size_t memory_bytes; /* of address space */
    size_t frame_bytes;  /* one frame */
    unsigned cpu_s;      /* processor time for this document */
    int silence_ms;      /* between two frames, while we wait for one */
    bool rare;           /* no spare of this role is kept for the next document */
};

/* How strict (SANDBOX_REQUIRED until said), and whether a worker is kept waiting for the next document: for those who
 * live long. */
void workers_configure(enum sandbox_policy policy, bool keep_spare);
/* Ends the spare. Workers under way are their users' to free. */
void workers_stop(void);
/* The level that a worker of this role reaches here, now: one is started and asked. ERR_DENIED (with the sentence
 * that names the key) when it is not enough; *ret is filled then too. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err workers_probe(const char *role, struct sandbox_state *ret, struct fault *reterr);

/* How many ended badly since this process began, by reason. */
enum worker_failure {
    WORKER_TIME,
    WORKER_FORBIDDEN, /* by its sandbox */
    WORKER_SIGNAL,
    WORKER_SILENCE,
    WORKER_NO_SANDBOX,
    WORKER_NO_WORD,
    WORKER_FAILURES
};
const char *worker_failure_name(enum worker_failure f); /* "time" */
uint64_t workers_failed(enum worker_failure f);

struct worker;
/* Hands the document (borrowed, open for reading only) and the job (at most WORKER_JOB_MAX bytes) to a worker of this
 * role, a static text. `cancel` may be NULL. ERR_DENIED: the sandbox is not what the policy asks for. ERR_CANCELLED |
 * ERR_IO | ERR_NOMEM | ERR_MALFORMED */
#define WORKER_JOB_MAX (64 * KIB)
MUST_CHECK enum err worker_start(const char *role, int document, struct text job, const struct worker_limits *limits,
                                 const atomic_bool *cancel, struct worker **ret, struct fault *reterr);
/* The next frame; *ret_bytes borrowed until the next call. ERR_MALFORMED: it ended, hung, or broke the frame form;
 * *reterr says what happened. ERR_CANCELLED | ERR_NOMEM | ERR_IO. Any failure is final. */
MUST_CHECK enum err worker_next(struct worker *w, uint8_t *ret_kind, struct text *ret_bytes, struct fault *reterr);
/* Accepts NULL. */
void worker_free(struct worker *w);
