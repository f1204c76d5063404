/* process/spawn.h - this program once more, as a child with its own role. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct child {
    pid_t pid; /* 0: none */
    int out;   /* its standard output, readable; owned; -1: none */
};

/* Starts /proc/self/exe with these words (argv[0] included, NULL at the end). Its standard input is /dev/null, its
 * standard error goes to err_fd (owned by the caller). It dies with its parent. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err child_start(const char *const *argv, int err_fd, struct child *ret, struct fault *reterr);
/* One line of its output, without the newline, NUL-terminated; waits at most ms. ERR_NOT_FOUND: it closed it.
 * ERR_UNREACHABLE: time is up. ERR_LIMIT */
MUST_CHECK enum err child_line(struct child *c, char *out, size_t size, int ms, struct fault *reterr);
/* SIGTERM, then waits; SIGKILL after grace_ms. Returns its exit code, or -1 when a signal ended it. */
int child_stop(struct child *c, int grace_ms);
bool child_running(struct child *c);
