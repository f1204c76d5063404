/* process/worker_frames.c - a worker's answers, bounded in length and in time, and a sentence for each way to fail.
 * Frames are copied out of the pipe before anyone looks at them: what is checked cannot change any more. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "process/worker_process.h"

/* How often a wait looks whether it is still wanted. */
#define SLICE_MS 100
/* What a process takes at most between closing its descriptors and being gone. */
#define ENDING_MS 5000

/* ---- how it ended ---- */

/* Reaps it; it has closed its pipe and is about to end. */
static int status_at_end(struct worker *w)
{
    int status = 0;
    for (int waited = 0; waited < ENDING_MS; waited++) {
        if (waitpid(w->pid, &status, WNOHANG) == w->pid) {
            w->pid = 0;
            return status;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = 0;
    return status;
}

static _Atomic uint64_t failures[WORKER_FAILURES];

static void count_failure(enum worker_failure f)
{
    atomic_fetch_add_explicit(&failures[f], 1, memory_order_relaxed);
}

uint64_t workers_failed(enum worker_failure f)
{
    return atomic_load_explicit(&failures[f], memory_order_relaxed);
}

const char *worker_failure_name(enum worker_failure f)
{
    static const char *const names[] = {"time", "forbidden", "signal", "silence", "no-sandbox", "no-word"};
    return names[f];
}

static enum err ended_by_signal(const struct worker *w, int number, struct fault *reterr)
{
    const char *name = sigdescr_np(number);
    enum worker_failure why = number == SIGXCPU ? WORKER_TIME : number == SIGSYS ? WORKER_FORBIDDEN : WORKER_SIGNAL;
    count_failure(why);
    if (number == SIGXCPU)
        return fault_set(reterr, ERR_MALFORMED, "its reader used more than %u s of processor time", w->limits.cpu_s);
    if (number == SIGSYS)
        return fault_set(reterr, ERR_MALFORMED, "its reader did what its sandbox forbids, and was killed (signal %d)",
                         number);
    return fault_set(reterr, ERR_MALFORMED, "its reader was killed by signal %d (%s)", number,
                     name ? name : "unknown");
}

static enum err ended(struct worker *w, struct fault *reterr)
{
    int status = status_at_end(w);
    if (WIFSIGNALED(status))
        return ended_by_signal(w, WTERMSIG(status), reterr);
    count_failure(WEXITSTATUS(status) == WORKER_EXIT_SANDBOX ? WORKER_NO_SANDBOX : WORKER_NO_WORD);
    if (WEXITSTATUS(status) == WORKER_EXIT_SANDBOX)
        return fault_set(reterr, ERR_DENIED, "a reader process could not close its sandbox");
    return fault_set(reterr, ERR_MALFORMED, "its reader stopped without a word (exit code %d)", WEXITSTATUS(status));
}

/* ---- frames ---- */

static enum err wait_readable(struct worker *w, int64_t until_us, int limit_ms, struct fault *reterr)
{
    for (;;) {
        if (w->cancel && atomic_load(w->cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped on request");
        int64_t left = (until_us - clock_mono_us()) / 1000;
        if (left <= 0) {
            count_failure(WORKER_SILENCE);
            return fault_set(reterr, ERR_MALFORMED, "its reader said nothing for %d s, and was ended",
                             (limit_ms + 999) / 1000);
        }
        struct pollfd p = {w->answer, POLLIN, 0};
        int ready = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);
        if (ready > 0)
            return OK;
        if (ready < 0 && errno != EINTR)
            return fault_errno(reterr, "waiting for a reader process");
    }
}

/* The time is for the whole piece: a byte now and then is no progress. */
static enum err read_exactly(struct worker *w, char *to, size_t len, int limit_ms, struct fault *reterr)
{
    int64_t until_us = clock_mono_us() + (int64_t)limit_ms * 1000;
    while (len > 0) {
        enum err e = wait_readable(w, until_us, limit_ms, reterr);
        if (e)
            return e;
        ssize_t n = read(w->answer, to, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(reterr, "reading from a reader process");
        if (n == 0)
            return ended(w, reterr);
        to += n;
        len -= (size_t)n;
    }
    return OK;
}

static enum err read_frame(struct worker *w, int limit_ms, size_t most, uint8_t *ret_kind, struct text *ret,
                           struct fault *reterr)
{
    uint8_t head[WORKER_FRAME_HEAD];
    enum err e = read_exactly(w, (char *)head, sizeof head, limit_ms, reterr);
    if (e)
        return e;
    size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (len > most)
        return fault_set(reterr, ERR_MALFORMED, "its reader broke the record form: %zu bytes at once", len);
    buffer_clear(&w->frame);
    w->frame.max = most;
    char *to = len ? buffer_reserve(&w->frame, len) : NULL;
    if (len && !to)
        return fault_set(reterr, buffer_error(&w->frame), "no memory for %zu bytes of records", len);
    e = read_exactly(w, to, len, limit_ms, reterr);
    if (e)
        return e;
    *ret_kind = head[4];
    *ret = buffer_text(&w->frame);
    return OK;
}

static bool enough(const struct worker *w)
{
    return w->policy != SANDBOX_REQUIRED || (w->state.seccomp && w->state.limits);
}

enum err worker_greeted(struct worker *w, struct fault *reterr)
{
    uint8_t kind = 0;
    struct text hello = TEXT_NONE;
    if (!w->greeted) {
        enum err e = read_frame(w, READER_START_MS, WORKER_FRAME_HEAD, &kind, &hello, reterr);
        if (e)
            return e;
        if (kind != WORKER_HELLO || hello.len != 4)
            return fault_set(reterr, ERR_IO,
                             "a reader process does not speak this program's version: restart entente");
        w->state = (struct sandbox_state){.limits = hello.ptr[0] == 1,
                                          .memory = hello.ptr[1] == 1,
                                          .seccomp = hello.ptr[2] == 1,
                                          .landlock_abi = (uint8_t)hello.ptr[3]};
        w->greeted = true;
    }
    if (enough(w))
        return OK;
    char words[SANDBOX_WORDS_MAX];
    return fault_set(reterr, ERR_DENIED,
                     "foreign documents are not read: this system gives their readers no seccomp (it gives: %s); "
                     "allow it, or set `sandbox: partial` in entente.yaml",
                     sandbox_words(&w->state, words));
}

enum err worker_next(struct worker *w, uint8_t *ret_kind, struct text *ret_bytes, struct fault *reterr)
{
    if (w->answer < 0 || w->pid == 0)
        return fault_set(reterr, ERR_MALFORMED, "its reader has ended");
    return read_frame(w, w->limits.silence_ms, w->limits.frame_bytes, ret_kind, ret_bytes, reterr);
}
