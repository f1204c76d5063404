#include "process/worker_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "process/worker_process.h"

/* In the copy: nothing of its owner but the document and the pipe. A group of its own, since what is typed at the
 * terminal is the owner's to act on; it ends with its owner. */
static bool keep_two(int document, int answer)
{
    int high = fcntl(document, F_DUPFD, STDERR_FILENO + 1);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    return high >= 0 && dup2(high, WORKER_SOCKET) >= 0 && dup2(answer, WORKER_ANSWER) >= 0 &&
           close_range(WORKER_ANSWER + 1 + SANDBOX_SANITIZED, ~0U, 0) == 0;
}

static _Noreturn void be_worker(const struct worker *w, int document, int answer,
                                void (*run)(void *self, int document), void *self)
{
    struct sandbox_state state = {.refuses_opening = false};
    if (!keep_two(document, answer))
        _exit(WORKER_EXIT_JOB);
    sandbox_enter(w->policy != SANDBOX_OFF, w->limits.memory_bytes, &state);
    worker_greet(&state);
    if (!sandbox_close(&state, w->limits.memory_bytes, w->limits.cpu_s))
        _exit(WORKER_EXIT_SANDBOX);
    run(self, WORKER_SOCKET);
    _exit(0);
}

/* A pipe whose ends do not lie where the copy's own are to be. */
static bool make_pipe(int answer[2])
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) < 0)
        return false;
    for (int i = 0; i < 2; i++) {
        answer[i] = fcntl(made[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(made[i]);
    }
    return answer[0] >= 0 && answer[1] >= 0;
}

enum err worker_fork(int document, void (*run)(void *self, int document), void *self, enum sandbox_policy policy,
                     const struct worker_limits *limits, const atomic_bool *cancel, struct worker **ret,
                     struct fault *reterr)
{
    int answer[2] = {-1, -1};
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "no memory for a reader");
    *w = (struct worker){.role = "", .policy = policy, .sock = -1, .answer = -1, .limits = *limits, .cancel = cancel};
    buffer_init(&w->frame, 0);
    bool made = make_pipe(answer);
    w->answer = answer[0];
    w->pid = made ? fork() : -1;
    if (w->pid == 0)
        be_worker(w, document, answer[1], run, self);
    enum err e = w->pid < 0 ? fault_errno(reterr, "a reader process cannot be started") : OK;
    if (answer[1] >= 0)
        close(answer[1]);
    if (w->pid < 0)
        w->pid = 0;
    if (e == OK)
        e = worker_greeted(w, reterr);
    if (e) {
        worker_free(w);
        return e;
    }
    *ret = w;
    return OK;
}
