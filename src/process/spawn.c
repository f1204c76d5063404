#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

static void become(const char *const *argv, int out, int err_fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err_fd, 2) < 0)
        _exit(127);
    /* A signal typed at the parent's terminal is the parent's to pass on. */
    setpgid(0, 0);
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

enum err child_start(const char *const *argv, int err_fd, struct child *ret, struct fault *reterr)
{
    int out[2];
    if (pipe2(out, O_CLOEXEC) < 0)
        return fault_errno(reterr, "pipe");
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        enum err err = fault_errno(reterr, "cannot start %s", argv[1]);
        close(out[0]);
        close(out[1]);
        return err;
    }
    if (pid == 0)
        become(argv, out[1], err_fd, parent);
    close(out[1]);
    *ret = (struct child){pid, out[0]};
    return OK;
}

enum err child_line(struct child *c, char *out, size_t size, int ms, struct fault *reterr)
{
    int64_t until = clock_mono_us() + (int64_t)ms * 1000;
    size_t len = 0;
    while (len + 1 < size) {
        int64_t left = (until - clock_mono_us()) / 1000;
        struct pollfd fd = {c->out, POLLIN, 0};
        int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return fault_set(reterr, ERR_UNREACHABLE, "a child process said nothing within %d ms", ms);
        ssize_t got = read(c->out, out + len, 1);
        if (got <= 0)
            return fault_set(reterr, ERR_NOT_FOUND, "a child process ended");
        if (out[len] == '\n') {
            out[len] = '\0';
            return OK;
        }
        len++;
    }
    return fault_set(reterr, ERR_LIMIT, "a line of a child process is too long");
}

bool child_running(struct child *c)
{
    return c->pid > 0 && waitpid(c->pid, NULL, WNOHANG) == 0;
}

int child_stop(struct child *c, int grace_ms)
{
    if (c->pid <= 0)
        return 0;
    int status = 0;
    int64_t until = clock_mono_us() + (int64_t)grace_ms * 1000;
    kill(c->pid, SIGTERM);
    while (waitpid(c->pid, &status, WNOHANG) == 0) {
        if (clock_mono_us() > until) {
            kill(c->pid, SIGKILL);
            waitpid(c->pid, &status, 0);
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    if (c->out >= 0)
        close(c->out);
    *c = (struct child){0, -1};
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
