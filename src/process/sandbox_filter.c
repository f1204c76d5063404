/* process/sandbox_filter.c - the calls that are left, by libseccomp. Everything else kills the process, a foreign
 * architecture's calls too. Keep the list short: each line says why it is there. */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/sandbox_inside.h"

/* What the first filter answers to getppid(), an error that no kernel gives for it. */
#define PROOF_ERRNO EUCLEAN

static bool allow(scmp_filter_ctx f, const int *calls, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0) == 0 && ok;
    return ok;
}

/* Reading, memory and the end. No poll and no sleep: a reader whose owner is gone ends at its next write. */
static bool allow_reading(scmp_filter_ctx f)
{
    static const int calls[] = {
        SCMP_SYS(read),
        SCMP_SYS(lseek),
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(close),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(restart_syscall), /* stopped and continued: SIGSTOP, SIGCONT */
    };
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp answer = SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO);
    return allow(f, calls, ARRAY_LEN(calls)) &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code) == 0 &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, answer) == 0;
}

/* Under a sanitizer: its report, its locks, its stacks. */
static bool allow_sanitizer(scmp_filter_ctx f)
{
    static const int calls[] = {
        SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sigaltstack),
    };
    const struct scmp_arg_cmp report = SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO);
    return allow(f, calls, ARRAY_LEN(calls)) && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, report) == 0;
}

/* Until the document is there: to receive it, to lower limits, to load the next filter. */
static bool allow_waiting(scmp_filter_ctx f)
{
    static const int calls[] = {SCMP_SYS(recvmsg), SCMP_SYS(seccomp)};
    const struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, 0);
    return allow(f, calls, ARRAY_LEN(calls)) &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, self) == 0 &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(setrlimit), 0) == 0 &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(getrlimit), 0) == 0 &&
           seccomp_rule_add(f, SCMP_ACT_ERRNO(PROOF_ERRNO), SCMP_SYS(getppid), 0) == 0;
}

/* The C library looks for tables of character sets when a mail names one. No is an answer to that. */
static bool refuse_opening(scmp_filter_ctx f)
{
    static const int calls[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(readlink),
                                SCMP_SYS(access)};
    bool ok = true;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) /* not every machine has the old ones */
        ok = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), calls[i], 0) == 0 && ok;
    return ok;
}

static bool load(scmp_filter_ctx f, enum sandbox_step step, bool refuses_opening)
{
    /* no_new_privs is set already, and prctl is no longer allowed in the second step. */
    return seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0) == 0 &&
           seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 && allow_reading(f) &&
           (!SANDBOX_SANITIZED || allow_sanitizer(f)) && (!refuses_opening || refuse_opening(f)) &&
           (step == SANDBOX_STEP_CLOSED || allow_waiting(f)) && seccomp_load(f) == 0;
}

bool sandbox_filter(enum sandbox_step step, bool refuses_opening)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool loaded = f && load(f, step, refuses_opening);
    seccomp_release(f);
    if (!loaded || step == SANDBOX_STEP_CLOSED)
        return loaded;
    errno = 0;
    return syscall(SYS_getppid) == -1 && errno == PROOF_ERRNO;
}
