/* process/worker.c - see worker.h. Starting and ending is here; frames and what a failure is called are
 * worker_frames.c's. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/worker_process.h"

/* What a pipe holds: a reader is a frame ahead of its owner, on another core. Ignored where the system allows less.
 */
#define PIPE_BYTES (1 * MIB)

static struct {
    pthread_mutex_t lock;
    enum sandbox_policy policy;
    bool keep_spare;
    struct worker *spare;
    const char *making; /* a spare of this role is being started, on a thread of its own; NULL: none */
    pthread_cond_t made;
} house = {.lock = PTHREAD_MUTEX_INITIALIZER, .made = PTHREAD_COND_INITIALIZER};

/* ---- a process ---- */

/* Of our environment it gets what finds its libraries, and how a sanitizer behaves: no secrets. */
static size_t small_environment(char **out, size_t max)
{
    static const char *const kept[] = {"LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS="};
    size_t n = 0;
    for (char **e = environ; e && *e; e++)
        for (size_t i = 0; i < ARRAY_LEN(kept) && n + 1 < max; i++)
            if (strncmp(*e, kept[i], strlen(kept[i])) == 0)
                out[n++] = *e;
    out[n] = NULL;
    return n;
}

/* A group of its own: what is typed at the owner's terminal is the owner's to act on. */
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(a, &none);
    posix_spawnattr_setsigdefault(a, &all);
    posix_spawnattr_setpgroup(a, 0);
    return posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* Standard error stays closed but for a sanitizer's reports: a worker taken over must not write to a terminal. */
static int set_descriptors(posix_spawn_file_actions_t *f, int sock, int answer)
{
    int rc = posix_spawn_file_actions_adddup2(f, sock, WORKER_SOCKET);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(f, answer, WORKER_ANSWER);
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(f, WORKER_ANSWER + 1 + SANDBOX_SANITIZED);
}

static int spawn(struct worker *w, int sock, int answer)
{
    char *environment[8], open_word[] = WORKER_OPEN;
    char *argv[] = {(char *)(uintptr_t)w->role, w->policy == SANDBOX_OFF ? open_word : NULL, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    small_environment(environment, ARRAY_LEN(environment));
    if (posix_spawn_file_actions_init(&files))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    int rc = set_attributes(&attributes);
    if (rc == 0)
        rc = set_descriptors(&files, sock, answer);
    if (rc == 0)
        rc = posix_spawn(&w->pid, "/proc/self/exe", &files, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Out of the way of 0 to 2, which the child's are to become. */
static void move_up(int *fd)
{
    if (*fd < 0 || *fd > STDERR_FILENO)
        return;
    int up = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(*fd);
    *fd = up;
}

static void end_worker(struct worker *w)
{
    if (!w)
        return;
    if (w->sock >= 0)
        close(w->sock);
    if (w->answer >= 0)
        close(w->answer);
    if (w->pid > 0) {
        kill(w->pid, SIGKILL);
        while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    buffer_done(&w->frame);
    free(w);
}

static enum err new_worker(const char *role, enum sandbox_policy policy, struct worker **ret, struct fault *reterr)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "no memory for a reader");
    int sock[2] = {-1, -1}, answer[2] = {-1, -1};
    *w = (struct worker){.role = role, .policy = policy};
    buffer_init(&w->frame, 0);
    errno = 0;
    bool made = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) == 0 && pipe2(answer, O_CLOEXEC) == 0;
    for (int i = 0; i < 2; i++) {
        move_up(&sock[i]);
        move_up(&answer[i]);
    }
    w->sock = sock[0];
    w->answer = answer[0];
    if (made) {
        (void)fcntl(w->answer, F_SETPIPE_SZ, (int)PIPE_BYTES);
        errno = spawn(w, sock[1], answer[1]);
        made = errno == 0;
    }
    enum err e = made ? OK : fault_errno(reterr, "a reader process cannot be started");
    if (sock[1] >= 0)
        close(sock[1]);
    if (answer[1] >= 0)
        close(answer[1]);
    if (!made) {
        w->pid = 0;
        end_worker(w);
        return e;
    }
    *ret = w;
    return OK;
}

/* ---- the spare ---- */

static struct worker *take_spare(const char *role, enum sandbox_policy *ret_policy)
{
    pthread_mutex_lock(&house.lock);
    struct worker *w = house.spare;
    if (w && strcmp(w->role, role) != 0)
        w = NULL;
    else
        house.spare = NULL;
    *ret_policy = house.policy;
    pthread_mutex_unlock(&house.lock);
    return w;
}

static void *start_spare(void *arg)
{
    struct worker *w = NULL;
    const char *role = arg;
    pthread_mutex_lock(&house.lock);
    enum sandbox_policy policy = house.policy;
    pthread_mutex_unlock(&house.lock);
    enum err e = new_worker(role, policy, &w, NULL);
    pthread_mutex_lock(&house.lock);
    if (e == OK && house.keep_spare && house.policy == policy) {
        house.spare = w;
        w = NULL;
    }
    pthread_mutex_unlock(&house.lock);
    end_worker(w); /* not wanted any more: gone before anyone is told that nothing is being made */
    pthread_mutex_lock(&house.lock);
    house.making = NULL;
    pthread_cond_broadcast(&house.made);
    pthread_mutex_unlock(&house.lock);
    return NULL;
}

/* Best effort: without one, the next document waits for a start. On another thread, since starting a process holds
 * the caller up until the program is loaded, and a document is waiting to be read. */
static void make_spare(const char *role)
{
    pthread_t thread;
    pthread_mutex_lock(&house.lock);
    bool wanted = house.keep_spare && !house.spare && !house.making;
    if (wanted) {
        house.making = role;
        wanted = pthread_create(&thread, NULL, start_spare, (void *)(uintptr_t)role) == 0;
        if (wanted)
            pthread_detach(thread);
        else
            house.making = NULL;
    }
    pthread_mutex_unlock(&house.lock);
}

void workers_configure(enum sandbox_policy policy, bool keep_spare)
{
    pthread_mutex_lock(&house.lock);
    house.policy = policy;
    house.keep_spare = keep_spare;
    while (house.making)
        pthread_cond_wait(&house.made, &house.lock);
    struct worker *old = house.spare;
    house.spare = NULL;
    pthread_mutex_unlock(&house.lock);
    end_worker(old);
}

void workers_stop(void)
{
    workers_configure(SANDBOX_REQUIRED, false);
}

enum err workers_probe(const char *role, struct sandbox_state *ret, struct fault *reterr)
{
    struct worker *w;
    pthread_mutex_lock(&house.lock);
    enum sandbox_policy policy = house.policy;
    pthread_mutex_unlock(&house.lock);
    enum err e = new_worker(role, policy, &w, reterr);
    if (e)
        return e;
    e = worker_greeted(w, reterr);
    if (e == OK || e == ERR_DENIED)
        *ret = w->state;
    end_worker(w);
    if (e == OK)
        make_spare(role);
    return e;
}

/* ---- a document ---- */

static enum err send_job(const struct worker *w, int document, struct text job)
{
    struct buffer message;
    buffer_init(&message, WORKER_JOB_HEAD + WORKER_JOB_MAX);
    buffer_add_u64(&message, w->limits.memory_bytes);
    buffer_add_u32(&message, w->limits.cpu_s);
    buffer_add(&message, job);
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct iovec iov = {message.ptr, message.len};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof document);
    memcpy(CMSG_DATA(c), &document, sizeof document);
    enum err e = buffer_error(&message);
    while (e == OK && sendmsg(w->sock, &msg, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            e = ERR_IO;
    buffer_done(&message);
    return e;
}

static enum err hand_over(struct worker *w, int document, struct text job, struct fault *reterr)
{
    enum err e = worker_greeted(w, reterr);
    if (e)
        return e;
    e = send_job(w, document, job);
    if (e)
        return fault_set(reterr, e, "a reader process does not take its document: %s", strerror(errno));
    close(w->sock);
    w->sock = -1;
    w->handed_over = true;
    return OK;
}

enum err worker_start(const char *role, int document, struct text job, const struct worker_limits *limits,
                      const atomic_bool *cancel, struct worker **ret, struct fault *reterr)
{
    enum sandbox_policy policy;
    struct worker *w = take_spare(role, &policy);
    enum err e = ERR_IO;
    if (w) { /* it may have been killed while it waited */
        w->limits = *limits;
        w->cancel = cancel;
        e = hand_over(w, document, job, NULL);
        if (e) {
            end_worker(w);
            w = NULL;
        }
    }
    if (!w) {
        e = new_worker(role, policy, &w, reterr);
        if (e)
            return e;
        w->limits = *limits;
        w->cancel = cancel;
        e = hand_over(w, document, job, reterr);
    }
    if (e) {
        end_worker(w);
        return e;
    }
    *ret = w;
    return OK;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    const char *role = w->role;
    bool worked = w->handed_over && !w->limits.rare;
    end_worker(w);
    if (worked) /* not earlier: starting it would take the cores that the document is read on */
        make_spare(role);
}
