/* unit/process/worker_attacks.c - see worker_attacks.h. */
#include "worker_attacks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "process/worker_process.h"

static char descriptors[256], environment[1024]; /* as they were before the sandbox */

static void look_around(void)
{
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(descriptors);
        if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d))
            snprintf(descriptors + len, sizeof descriptors - len, "%.8s ", e->d_name);
    }
    if (d)
        closedir(d);
    for (char **e = environ; *e; e++) {
        size_t len = strlen(environment);
        snprintf(environment + len, sizeof environment - len, "%.*s ", (int)strcspn(*e, "="), *e);
    }
}

static void say(const char *words)
{
    worker_send(FRAME_RESULT, text_of(words));
}

/* An attack that comes back says how. */
static void came_back(long result)
{
    char words[64];
    snprintf(words, sizeof words, "%s %d", result == -1 ? "errno" : "done", result == -1 ? errno : 0);
    say(words);
}

static long try_open(void)
{
    return open("/etc/passwd", O_RDONLY);
}
static long try_create(void)
{
    return open("/tmp/entente-attack", O_WRONLY | O_CREAT, 0600);
}
static long try_proc(void)
{
    return open("/proc/self/maps", O_RDONLY);
}
static long try_stat(void)
{
    struct stat st;
    return stat("/etc/passwd", &st);
}
static long try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static long try_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long try_connect(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    return connect(0, &address, sizeof address);
}
static long try_fork(void)
{
    return (long)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static long try_exec(void)
{
    char *argv[] = {NULL};
    return execve("/bin/true", argv, argv);
}
static long try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static long try_kill(void)
{
    return (long)syscall(SYS_kill, 1, 0);
}
static long try_read_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)descriptors, 1};
    return process_vm_readv(1, &here, 1, &there, 1, 0);
}
static long try_exec_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
static long try_make_exec(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static long try_limits(void)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CPU, &all);
}
static long try_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static long try_receive(void)
{
    struct msghdr msg = {0};
    return recvmsg(0, &msg, 0);
}
static long try_filter(void)
{
    return (long)syscall(SYS_seccomp, 0, 0, NULL);
}
static long try_sleep(void)
{
    return (long)syscall(SYS_nanosleep, NULL, NULL);
}
static long try_poll(void)
{
    return (long)syscall(SYS_poll, NULL, 0, 0);
}
static long try_dup(void)
{
    return dup(1);
}
static long try_memory_file(void)
{
    return memfd_create("x", 0);
}
static long try_terminal(void)
{
    return (long)syscall(SYS_ioctl, 1, 0x5412, "x");
}
static long try_uring(void)
{
    return (long)syscall(425, 1, NULL);
}
static long try_setuid(void)
{
    return (long)syscall(SYS_setuid, 0);
}
static long try_write_document(void)
{
    return (long)syscall(SYS_write, SANDBOX_SANITIZED ? 3 : 2, "x", 1);
}
static long try_write_elsewhere(void)
{
    return (long)syscall(SYS_write, 7, "x", 1);
}
static long try_parent(void)
{
    return (long)syscall(SYS_getppid);
}

const struct attack attacks[] = {
    {"open", try_open},
    {"create", try_create},
    {"proc", try_proc},
    {"stat", try_stat},
    {"socket", try_socket},
    {"unix socket", try_unix_socket},
    {"connect", try_connect},
    {"fork", try_fork},
    {"exec", try_exec},
    {"ptrace", try_ptrace},
    {"kill", try_kill},
    {"read memory", try_read_memory},
    {"executable memory", try_exec_memory},
    {"make executable", try_make_exec},
    {"raise limits", try_limits},
    {"dumpable", try_dumpable},
    {"receive", try_receive},
    {"another filter", try_filter},
    {"sleep", try_sleep},
    {"poll", try_poll},
    {"dup", try_dup},
    {"memory file", try_memory_file},
    {"terminal", try_terminal},
    {"io_uring", try_uring},
    {"setuid", try_setuid},
    {"write the document", try_write_document},
    {"write elsewhere", try_write_elsewhere},
    {"parent", try_parent},
};
const size_t attack_count = ARRAY_LEN(attacks);

static volatile unsigned sink;

static void crash(void)
{
    static volatile uintptr_t nowhere = 16;
    *(volatile int *)nowhere = 1;
}

__attribute__((noinline)) static int deeper(int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return n < 0 ? 0 : deeper(n + 1) + room[0];
}

static void burn(void)
{
    for (;;)
        sink++;
}

static void bomb(void)
{
    size_t mib = 0;
    char words[32];
    for (char *p; (p = malloc(1 << 20)); mib++)
        memset(p, 1, 1 << 20);
    snprintf(words, sizeof words, "%zu MiB", mib);
    say(words);
}

static void endless(void)
{
    static char bytes[4096];
    for (;;)
        worker_send(FRAME_BYTES, (struct text){bytes, sizeof bytes});
}

static void raw(const char *bytes, size_t len)
{
    (void)!write(WORKER_ANSWER, bytes, len);
}

static void echo_document(int document)
{
    char bytes[256];
    ssize_t n = read(document, bytes, sizeof bytes);
    worker_send(FRAME_BYTES, (struct text){bytes, n > 0 ? (size_t)n : 0});
}

static bool is(struct text job, const char *name)
{
    return text_eq(job, text_of(name));
}

static void run_worker(int document, struct text job)
{
    uint64_t number;
    char byte;
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        if (is(job, attacks[i].name))
            came_back(attacks[i].run());
    if (text_starts(job, TEXT("call ")) && text_u64(text_sub(job, 5, job.len), &number) == OK)
        came_back(syscall((long)number, 99, 0, 0, 0, 0, 0));
    if (is(job, "descriptors"))
        say(descriptors);
    if (is(job, "environment"))
        say(environment);
    if (is(job, "socket closed"))
        came_back(read(WORKER_SOCKET, &byte, 1));
    if (is(job, "echo"))
        echo_document(document);
    if (is(job, "crash"))
        crash();
    if (is(job, "abort"))
        abort();
    if (is(job, "deep"))
        sink = (unsigned)deeper(0);
    if (is(job, "burn"))
        burn();
    if (is(job, "bomb"))
        bomb();
    if (is(job, "endless"))
        endless();
    if (is(job, "huge frame"))
        raw("\xff\xff\xff\xff\x28", 5);
    if (is(job, "cut frame"))
        raw("\x40\0\0\0\x28xyz", 8);
    if (is(job, "cut head"))
        raw("\x40\0", 2);
    if (is(job, "half and burn")) {
        raw("\x40\0\0\0\x28xyz", 8);
        burn();
    }
    if (is(job, "exit"))
        _exit(7);
}

const struct worker_role role = {ROLE, look_around, run_worker};

__attribute__((constructor)) static void become_worker(int argc, char **argv)
{
    if (worker_role_asked(&role, argc, argv))
        worker_role_main(&role, argv);
}
