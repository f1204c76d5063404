/* The owner of sandboxed workers: what it makes of their results, their crashes, their silence and their lies. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/time.h"
#include "process/worker_process.h"
#include "worker_attacks.h"

static const struct worker_limits limits = {
    .memory_bytes = 256 * MIB, .frame_bytes = MIB, .cpu_s = 20, .silence_ms = 20000};

static int document_of(const char *words)
{
    char path[64];
    int fd = memfd_create("document", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, words, strlen(words)), (ssize_t)strlen(words));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int reading = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(reading >= 0);
    close(fd);
    return reading;
}

static struct worker *start(const char *job, const struct worker_limits *l)
{
    struct worker *w;
    struct fault fault = {.what = ""};
    int document = document_of("the document");
    if (worker_start(ROLE, document, text_of(job), l, NULL, &w, &fault))
        fail_msg("%s: %s", job, fault.what);
    close(document);
    return w;
}

/* The first frame's bytes, or the sentence; static. */
static const char *outcome_of(struct worker *w, enum err *ret_err)
{
    static char words[FAULT_WHAT_MAX + 1024];
    struct fault fault = {.what = ""};
    uint8_t kind;
    struct text bytes;
    enum err e = worker_next(w, &kind, &bytes, &fault);
    if (e)
        snprintf(words, sizeof words, "%s", fault.what);
    else
        snprintf(words, sizeof words, TEXT_FMT, TEXT_ARG(bytes));
    if (ret_err)
        *ret_err = e;
    worker_free(w);
    return words;
}

static const char *outcome(const char *job)
{
    return outcome_of(start(job, &limits), NULL);
}

static void assert_says(const char *got, const char *words)
{
    if (!strstr(got, words))
        fail_msg("no \"%s\" in \"%s\"", words, got);
}

static void fails_with(const char *job, const struct worker_limits *l, const char *words)
{
    enum err e;
    const char *got = outcome_of(start(job, l), &e);
    assert_says(got, words);
    assert_err(e, ERR_MALFORMED);
}

static void no_children(void)
{
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static int teardown(void **state)
{
    (void)state;
    workers_stop();
    no_children();
    return 0;
}

static void it_reads_its_document(void **state)
{
    (void)state;
    assert_string_equal(outcome("echo"), "the document");
}

static void every_attack_ends_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < attack_count; i++) {
        const char *got = outcome(attacks[i].name);
        if (!strstr(got, "its sandbox forbids"))
            fail_msg("%s: %s", attacks[i].name, got);
    }
}

/* Every call there is: none but the listed ones comes back. */
static void no_other_call_comes_back(void **state)
{
    (void)state;
    static const long allowed[] = {
        SYS_read,  SYS_lseek, SYS_brk,  SYS_munmap,     SYS_mremap,       SYS_madvise,
        SYS_close, SYS_exit,  SYS_mmap, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
#ifdef __x86_64__
        335,       336, /* traps of the kernel's own uprobes, which it keeps from filters */
#endif
    };
    static const long sanitizer[] = {SYS_futex, SYS_sched_yield, SYS_getpid, SYS_gettid, SYS_sigaltstack};
    workers_configure(SANDBOX_REQUIRED, true); /* a spare starts while one dies */
    for (long n = 0; n < 470; n++) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
            known |= allowed[i] == n;
        for (size_t i = 0; SANDBOX_SANITIZED && i < ARRAY_LEN(sanitizer); i++)
            known |= sanitizer[i] == n;
        char job[32];
        snprintf(job, sizeof job, "call %ld", n);
        const char *got = known ? "" : outcome(job);
        if (!known && !strstr(got, "its sandbox forbids"))
            fail_msg("call %ld: %s", n, got);
    }
}

static void nothing_leaks_into_it(void **state)
{
    (void)state;
    int leaks[3] = {open("/etc/passwd", O_RDONLY), socket(AF_UNIX, SOCK_STREAM, 0), dup(2)};
    setenv("ENTENTE_SECRET", "x", 1);
    assert_string_equal(outcome("descriptors"), SANDBOX_SANITIZED ? "0 1 2 " : "0 1 ");
    const char *names = outcome("environment");
    assert_null(strstr(names, "SECRET"));
    assert_null(strstr(names, "HOME"));
    assert_says(outcome("socket closed"), "errno 9"); /* EBADF */
    for (size_t i = 0; i < ARRAY_LEN(leaks); i++)
        close(leaks[i]);
    unsetenv("ENTENTE_SECRET");
}

/* A field of /proc/PID/status or limits, from behind its name; static. */
static const char *field(pid_t pid, const char *file, const char *name)
{
    static char line[256];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    bool found = false;
    while (!found && fgets(line, sizeof line, f))
        found = strncmp(line, name, strlen(name)) == 0;
    fclose(f);
    if (!found)
        fail_msg("%s has no %s", path, name);
    line[strcspn(line, "\n")] = '\0';
    return line + strlen(name);
}

static void it_has_no_privilege(void **state)
{
    (void)state;
    struct worker *w = start("endless", &limits);
    uint8_t kind;
    struct text bytes;
    assert_ok(worker_next(w, &kind, &bytes, NULL));
    assert_string_equal(field(w->pid, "status", "NoNewPrivs:\t"), "1");
    assert_string_equal(field(w->pid, "status", "Seccomp:\t"), "2");
    assert_string_equal(field(w->pid, "status", "CapEff:\t"), "0000000000000000");
    assert_string_equal(field(w->pid, "status", "CapPrm:\t"), "0000000000000000");
    assert_non_null(strstr(field(w->pid, "limits", "Max open files "), " 0 "));
    assert_non_null(strstr(field(w->pid, "limits", "Max file size "), " 0 "));
    assert_non_null(strstr(field(w->pid, "limits", "Max core file size "), " 0 "));
    assert_non_null(strstr(field(w->pid, "limits", "Max cpu time "), " 20 "));
    if (!SANDBOX_SANITIZED)
        assert_non_null(strstr(field(w->pid, "limits", "Max address space "), " 268435456 "));
    worker_free(w);
}

static void crashes_have_names(void **state)
{
    (void)state;
    /* A sanitizer ends the process itself, with words of its own. */
    const char *segv = SANDBOX_SANITIZED ? "its reader " : "signal 11 (Segmentation fault)";
    fails_with("crash", &limits, segv);
    fails_with("deep", &limits, segv);
    fails_with("abort", &limits, "its reader "); /* abort() needs calls that are not there */
    fails_with("exit", &limits, "exit code 7");
    fails_with("nothing at all", &limits, "stopped without a word (exit code 0)");
}

static void time_is_limited(void **state)
{
    (void)state;
    struct worker_limits l = limits;
    l.silence_ms = 300;
    int64_t from = clock_mono_us();
    fails_with("burn", &l, "said nothing for 1 s");
    fails_with("half and burn", &l, "said nothing for 1 s");
    assert_true(clock_mono_us() - from < 10000000);
    l = limits;
    l.cpu_s = 1;
    fails_with("burn", &l, "more than 1 s of processor time");
}

static void memory_is_limited(void **state)
{
    (void)state;
    if (SANDBOX_SANITIZED) {
        print_message("the address space is the sanitizer's here: run in a build without one\n");
        skip();
    }
    char *end;
    unsigned long mib = strtoul(outcome("bomb"), &end, 10);
    assert_string_equal(end, " MiB");
    assert_true(mib > 32 && mib < 256);
}

static void frames_are_checked(void **state)
{
    (void)state;
    fails_with("huge frame", &limits, "broke the record form: 4294967295 bytes");
    fails_with("cut frame", &limits, "stopped without a word");
    fails_with("cut head", &limits, "stopped without a word");
    struct worker *w = start("endless", &limits);
    uint8_t kind;
    struct text bytes;
    for (int i = 0; i < 1000; i++) {
        assert_ok(worker_next(w, &kind, &bytes, NULL));
        assert_true(kind == FRAME_BYTES && bytes.len == 4096);
    }
    pid_t pid = w->pid;
    worker_free(w);
    assert_true(kill(pid, 0) < 0 && errno == ESRCH);
}

static atomic_bool stop_now;

static void *stop_soon(void *arg)
{
    (void)arg;
    (void)!poll(NULL, 0, 200);
    atomic_store(&stop_now, true);
    return NULL;
}

static void a_wait_can_be_cancelled(void **state)
{
    (void)state;
    struct worker *w;
    pthread_t thread;
    uint8_t kind;
    struct text bytes;
    int document = document_of("");
    atomic_store(&stop_now, false);
    assert_ok(worker_start(ROLE, document, TEXT("burn"), &limits, &stop_now, &w, NULL));
    close(document);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
    int64_t from = clock_mono_us();
    assert_err(worker_next(w, &kind, &bytes, NULL), ERR_CANCELLED);
    assert_true(clock_mono_us() - from < 5000000);
    pthread_join(thread, NULL);
    worker_free(w);
}

/* ---- the spare ---- */

/* Our children, as the kernel lists them. */
static size_t children(pid_t out[8])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "re");
    if (!f) /* a kernel without the list */
        skip();
    size_t n = 0;
    char line[256] = "";
    (void)!fgets(line, sizeof line, f);
    fclose(f);
    for (char *p = line, *end; n < 8; p = end) {
        out[n] = (pid_t)strtol(p, &end, 10);
        if (end == p)
            break;
        n++;
    }
    return n;
}

static bool gone_within(pid_t pid, int ms)
{
    for (int i = 0; i < ms / 10; i++) {
        char path[64], state[64] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *f = fopen(path, "re");
        if (!f)
            return true;
        (void)!fgets(state, sizeof state, f);
        fclose(f);
        const char *behind = strrchr(state, ')'); /* nobody reaps it where init does not */
        if (behind && behind[2] == 'Z')
            return true;
        (void)!poll(NULL, 0, 10);
    }
    return false;
}

/* The one that waits; it is started when a document before is done. */
static pid_t the_spare(void)
{
    pid_t all[8];
    for (int i = 0; i < 1000; i++) {
        if (children(all) == 1)
            return all[0];
        (void)!poll(NULL, 0, 10);
    }
    fail_msg("no spare was started");
    return -1;
}

static void a_spare_waits_and_is_used(void **state)
{
    (void)state;
    pid_t after[8];
    workers_configure(SANDBOX_REQUIRED, true);
    assert_string_equal(outcome("echo"), "the document");
    pid_t spare = the_spare();
    struct worker *w = start("echo", &limits);
    assert_int_equal(w->pid, spare);
    assert_string_equal(outcome_of(w, NULL), "the document");
    spare = the_spare();
    kill(spare, SIGKILL); /* its death keeps no document out */
    assert_true(gone_within(spare, 10000));
    for (int i = 0; i < 3; i++)
        assert_string_equal(outcome("echo"), "the document");
    assert_true(the_spare() > 0);
    workers_stop();
    assert_int_equal(children(after), 0);
}

/* ---- ends ---- */

/* An owner that is killed takes its workers along: the one that waits, and the one that writes. */
static void a_dead_owner_ends_them(void **state)
{
    (void)state;
    int told[2];
    pid_t pids[2];
    assert_int_equal(pipe(told), 0);
    pid_t owner = fork();
    assert_true(owner >= 0);
    if (owner == 0) {
        workers_configure(SANDBOX_REQUIRED, true);
        struct worker *w = start("endless", &limits);
        pid_t all[8];
        bool two = false;
        outcome("echo"); /* and a spare after it */
        for (int i = 0; i < 1000 && !two; i++) {
            two = children(all) == 2 && (all[0] == w->pid || all[1] == w->pid);
            (void)!poll(NULL, 0, 10);
        }
        (void)!write(told[1], all, two ? sizeof pids : 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], pids, sizeof pids), sizeof pids);
    kill(owner, SIGKILL);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    assert_true(gone_within(pids[0], 10000));
    assert_true(gone_within(pids[1], 10000));
    close(told[0]);
    close(told[1]);
}

/* ---- systems that have less ---- */

/* As a kernel without them answers. Inherited by what is started afterwards. */
static void take_away(bool seccomp, bool landlock)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    int rc = f ? 0 : -1;
    if (landlock)
        rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
    if (seccomp) {
        rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
        rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
    }
    if (rc || seccomp_load(f))
        _exit(90);
    seccomp_release(f);
}

/* What a probe says on such a system, in a child that dies with it: "level|words|sentence". */
static void probe_without(bool seccomp, bool landlock, enum sandbox_policy policy, const char *job, char out[512])
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char words[SANDBOX_WORDS_MAX], line[512];
        struct sandbox_state s = {0};
        struct fault fault = {.what = ""};
        take_away(seccomp, landlock);
        workers_configure(policy, false);
        enum err e = workers_probe(ROLE, &s, &fault);
        int len = snprintf(line, sizeof line, "%s|%s|%s|%s", err_name(e), sandbox_words(&s, words), fault.what,
                           e ? "" : outcome(job));
        (void)!write(told[1], line, (size_t)len + 1);
        workers_stop();
        _exit(0);
    }
    close(told[1]);
    memset(out, 0, 512);
    assert_true(read(told[0], out, 511) > 0);
    close(told[0]);
    waitpid(child, NULL, 0);
}

static void what_is_missing_fails_closed(void **state)
{
    (void)state;
    char got[512];
    struct sandbox_state s;
    probe_without(true, false, SANDBOX_REQUIRED, "open", got);
    assert_says(got, "denied|");
    assert_says(got, "`sandbox: partial` in entente.yaml");
    assert_null(strstr(got, "|seccomp"));
    probe_without(true, true, SANDBOX_REQUIRED, "open", got);
    assert_says(got, "denied|limits alone");
    /* Without Landlock alone, seccomp does. */
    probe_without(false, true, SANDBOX_REQUIRED, "open", got);
    assert_says(got, "ok|seccomp + limits");
    assert_says(got, "its sandbox forbids");
    /* What the operator allows. */
    probe_without(true, true, SANDBOX_PARTIAL, "open", got);
    assert_says(got, "ok|limits alone");
    probe_without(true, true, SANDBOX_PARTIAL, "create", got);
    assert_says(got, "errno"); /* no descriptor is to be had */
    workers_configure(SANDBOX_REQUIRED, false);
    assert_ok(workers_probe(ROLE, &s, NULL));
    if (s.landlock_abi) {
        probe_without(true, false, SANDBOX_PARTIAL, "stat", got);
        assert_says(got, "ok|landlock ABI");
    } else {
        print_message("no Landlock here: its part was not tried\n");
    }
}

static void levels_have_words(void **state)
{
    (void)state;
    char words[SANDBOX_WORDS_MAX];
    const struct sandbox_state full = {true, true, true, 3}, no_landlock = {true, true, true, 0},
                               no_seccomp = {true, true, false, 3}, limited = {true, true, false, 0},
                               none = {false, true, false, 0}, seccomp_alone = {false, true, true, 0};
    assert_string_equal(sandbox_words(&full, words), "seccomp + landlock ABI 3 + limits");
    assert_string_equal(sandbox_words(&no_landlock, words), "seccomp + limits");
    assert_string_equal(sandbox_words(&no_seccomp, words), "landlock ABI 3 + limits");
    assert_string_equal(sandbox_words(&limited, words), "limits alone");
    assert_string_equal(sandbox_words(&none, words), "none");
    assert_int_equal(sandbox_level(&full), SANDBOX_SECCOMP_LANDLOCK);
    assert_int_equal(sandbox_level(&no_landlock), SANDBOX_SECCOMP);
    assert_int_equal(sandbox_level(&no_seccomp), SANDBOX_LIMITS);
    assert_int_equal(sandbox_level(&seccomp_alone), SANDBOX_NONE);
    assert_int_equal(sandbox_level(&none), SANDBOX_NONE);
    enum sandbox_policy p;
    assert_ok(sandbox_policy_parse("off", &p));
    assert_int_equal(p, SANDBOX_OFF);
    assert_err(sandbox_policy_parse("Required", &p), ERR_MALFORMED);
}

static void off_means_limits(void **state)
{
    (void)state;
    struct sandbox_state s;
    workers_configure(SANDBOX_OFF, false);
    assert_ok(workers_probe(ROLE, &s, NULL));
    assert_true(s.limits && !s.seccomp && s.landlock_abi == 0);
    assert_says(outcome("kill"), "done 0");
    assert_says(outcome("open"), "errno 24"); /* EMFILE */
    workers_configure(SANDBOX_REQUIRED, false);
}

static void started_by_hand_it_refuses(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char name[] = ROLE;
        char *argv[] = {name, NULL};
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 2);
        execv("/proc/self/exe", argv);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_STARTED_BY_HAND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_reads_its_document),
        TEST(every_attack_ends_it),
        TEST(no_other_call_comes_back),
        TEST(nothing_leaks_into_it),
        TEST(it_has_no_privilege),
        TEST(crashes_have_names),
        TEST(time_is_limited),
        TEST(memory_is_limited),
        TEST(frames_are_checked),
        TEST(a_wait_can_be_cancelled),
        TEST(a_spare_waits_and_is_used),
        TEST(a_dead_owner_ends_them),
        TEST(what_is_missing_fails_closed),
        TEST(levels_have_words),
        TEST(off_means_limits),
        TEST(started_by_hand_it_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
