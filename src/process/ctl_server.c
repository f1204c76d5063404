/* The owner's end. One accepting thread; one thread a command.
 *
 * State of a connection: GREETING -HELLO-> WORDS -RUN-> RUNNING -handler returns-> EXIT. While it runs, its reader is
 * the monitor thread below, which waits for CANCEL or the client's going away. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "process/ctl_wire.h"

struct ctl_reply {
    int sock;
    bool gone;
    pthread_mutex_t lock;
};

struct connection {
    struct ctl_server *server;
    struct ctl_request request;
    struct ctl_reply reply;
    int sock;
    int done_pipe[2]; /* the handler's end wakes the monitor */
    pthread_t thread;
    atomic_bool finished;
    struct connection *next;
};

struct ctl_server {
    int sock, stop_pipe[2];
    char path[108];
    ctl_handler *handler;
    void *self;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards connections */
    struct connection *connections;
};

void ctl_request_done(struct ctl_request *r)
{
    for (size_t i = 0; i < r->arg_count; i++)
        free(r->args[i]);
    for (size_t i = 0; i < r->file_count; i++) {
        free(r->files[i].name);
        if (r->files[i].fd >= 0)
            close(r->files[i].fd);
    }
    free(r->args);
    free(r->files);
    r->args = NULL;
    r->files = NULL;
    r->arg_count = r->file_count = 0;
}

bool ctl_write(struct ctl_reply *r, bool to_stderr, struct text bytes)
{
    pthread_mutex_lock(&r->lock);
    while (bytes.len > 0 && !r->gone) {
        size_t len = bytes.len < CTL_FRAME_MAX_BYTES ? bytes.len : CTL_FRAME_MAX_BYTES;
        if (ctl_send(r->sock, to_stderr ? CTL_ERR : CTL_OUT, text_sub(bytes, 0, len), -1))
            r->gone = true;
        bytes = text_sub(bytes, len, bytes.len - len);
    }
    bool gone = r->gone;
    pthread_mutex_unlock(&r->lock);
    return !gone;
}

static bool peer_allowed(int sock)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    return cred.uid == 0 || cred.uid == geteuid();
}

static char *text_string(struct text t)
{
    char *s = malloc(t.len + 1);
    if (s) {
        if (t.len)
            memcpy(s, t.ptr, t.len);
        s[t.len] = '\0';
    }
    return s;
}

static enum err add_arg(struct ctl_request *r, struct text t)
{
    if (r->arg_count == CTL_ARGS_MAX)
        return ERR_LIMIT;
    char **args = realloc(r->args, (r->arg_count + 1) * sizeof *args);
    if (!args)
        return ERR_NOMEM;
    r->args = args;
    r->args[r->arg_count] = text_string(t);
    return r->args[r->arg_count] ? (r->arg_count++, OK) : ERR_NOMEM;
}

static enum err add_file(struct ctl_request *r, struct text name, int fd)
{
    if (r->file_count == CTL_FILES_MAX)
        return ERR_LIMIT;
    struct ctl_file *files = realloc(r->files, (r->file_count + 1) * sizeof *files);
    if (!files)
        return ERR_NOMEM;
    r->files = files;
    char *copy = text_string(name);
    if (!copy)
        return ERR_NOMEM;
    r->files[r->file_count++] = (struct ctl_file){copy, fd};
    return OK;
}

/* Reads frames up to RUN. */
static enum err receive_request(struct connection *c)
{
    struct buffer body;
    buffer_init(&body, CTL_FRAME_MAX_BYTES);
    bool greeted = false, run = false;
    enum err err = OK;
    while (!err && !run) {
        enum ctl_kind kind;
        int fd = -1;
        err = ctl_receive(c->sock, &kind, &body, &fd);
        if (err)
            break;
        if (!greeted) {
            greeted = kind == CTL_HELLO && text_eq(buffer_text(&body), TEXT(CTL_VERSION));
            err = greeted ? OK : ERR_VERSION;
        } else if (kind == CTL_ARG) {
            err = add_arg(&c->request, buffer_text(&body));
        } else if (kind == CTL_FILE) {
            err = add_file(&c->request, buffer_text(&body), fd);
            if (!err)
                fd = -1;
        } else if (kind == CTL_RUN) {
            run = true;
        } else {
            err = ERR_MALFORMED;
        }
        if (fd >= 0)
            close(fd);
    }
    buffer_done(&body);
    return err;
}

/* Watches the client while its command runs. */
static void *monitor(void *arg)
{
    struct connection *c = arg;
    struct buffer body;
    buffer_init(&body, CTL_FRAME_MAX_BYTES);
    struct pollfd fds[2] = {{c->sock, POLLIN, 0}, {c->done_pipe[0], POLLIN, 0}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[1].revents)
            break;
        if (!fds[0].revents)
            continue;
        enum ctl_kind kind;
        int fd = -1;
        enum err err = ctl_receive(c->sock, &kind, &body, &fd);
        if (fd >= 0)
            close(fd);
        atomic_store(&c->request.cancelled, true);
        if (err)
            break;
    }
    buffer_done(&body);
    return NULL;
}

static void run_request(struct connection *c)
{
    pthread_t watcher;
    bool watched = pthread_create(&watcher, NULL, monitor, c) == 0;
    int code = c->server->handler(c->server->self, &c->request, &c->reply);
    (void)!write(c->done_pipe[1], "", 1);
    if (watched)
        pthread_join(watcher, NULL);
    uint8_t bytes[4] = {(uint8_t)code, (uint8_t)(code >> 8), 0, 0};
    pthread_mutex_lock(&c->reply.lock);
    if (!c->reply.gone) /* behind half a frame it would be read as output */
        (void)!ctl_send(c->sock, CTL_EXIT, (struct text){(const char *)bytes, 4}, -1);
    pthread_mutex_unlock(&c->reply.lock);
}

static void *serve_connection(void *arg)
{
    struct connection *c = arg;
    struct timeval patience = {.tv_sec = 10};
    setsockopt(c->sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    enum err err = peer_allowed(c->sock) ? receive_request(c) : ERR_DENIED;
    patience.tv_sec = 0;
    setsockopt(c->sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* A client that stops reading its own output may not hold the owner for ever. */
    patience.tv_sec = 60;
    setsockopt(c->sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (err)
        (void)!ctl_send(c->sock, CTL_REFUSED, text_of(err_name(err)), -1);
    else if (!ctl_send(c->sock, CTL_ACCEPTED, TEXT_NONE, -1))
        run_request(c);
    ctl_request_done(&c->request);
    shutdown(c->sock, SHUT_RDWR);
    atomic_store(&c->finished, true);
    return NULL;
}

static void connection_free(struct connection *c)
{
    close(c->sock);
    if (c->done_pipe[0] >= 0)
        close(c->done_pipe[0]);
    if (c->done_pipe[1] >= 0)
        close(c->done_pipe[1]);
    pthread_mutex_destroy(&c->reply.lock);
    free(c);
}

/* Joins and frees the connections that ended; all of them when `all`. */
static void reap(struct ctl_server *s, bool all)
{
    pthread_mutex_lock(&s->lock);
    struct connection *list = s->connections, *keep = NULL;
    s->connections = NULL;
    while (list) {
        struct connection *c = list;
        list = c->next;
        if (all || atomic_load(&c->finished)) {
            pthread_join(c->thread, NULL);
            connection_free(c);
        } else {
            c->next = keep;
            keep = c;
        }
    }
    s->connections = keep;
    pthread_mutex_unlock(&s->lock);
}

static void accept_one(struct ctl_server *s)
{
    int sock = accept4(s->sock, NULL, NULL, SOCK_CLOEXEC);
    if (sock < 0) {
        /* No descriptor left: whoever waits is still readable, and asking at once would take a core. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            (void)!poll(NULL, 0, 100);
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        close(sock);
        return;
    }
    c->server = s;
    c->sock = c->reply.sock = sock;
    c->done_pipe[0] = c->done_pipe[1] = -1;
    pthread_mutex_init(&c->reply.lock, NULL);
    pthread_mutex_lock(&s->lock);
    if (pipe2(c->done_pipe, O_CLOEXEC) == 0 && pthread_create(&c->thread, NULL, serve_connection, c) == 0) {
        c->next = s->connections;
        s->connections = c;
        c = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    if (c)
        connection_free(c);
}

static void *accept_loop(void *arg)
{
    struct ctl_server *s = arg;
    struct pollfd fds[2] = {{s->sock, POLLIN, 0}, {s->stop_pipe[0], POLLIN, 0}};
    for (;;) {
        int ready = poll(fds, 2, -1);
        if (ready < 0 && errno != EINTR)
            break;
        if (fds[1].revents)
            break;
        if (ready > 0 && fds[0].revents)
            accept_one(s);
        reap(s, false);
    }
    return NULL;
}

static enum err listen_at(const char *path, int *ret_sock, struct fault *reterr)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof addr.sun_path)
        return fault_set(reterr, ERR_LIMIT, "%s: a socket's path has at most %zu bytes: choose a shorter --home",
                         path, sizeof addr.sun_path - 1);
    memcpy(addr.sun_path, path, len + 1);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return fault_errno(reterr, "control socket");
    unlink(path);
    mode_t old = umask(0077);
    int bound = bind(sock, (struct sockaddr *)&addr, sizeof addr);
    umask(old);
    if (bound < 0 || listen(sock, 64) < 0) {
        enum err err = fault_errno(reterr, "%s", path);
        close(sock);
        return err;
    }
    *ret_sock = sock;
    return OK;
}

enum err ctl_server_start(const char *path, ctl_handler *handler, void *self, struct ctl_server **ret,
                          struct fault *reterr)
{
    struct ctl_server *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    s->handler = handler;
    s->self = self;
    s->stop_pipe[0] = s->stop_pipe[1] = -1;
    enum err err = listen_at(path, &s->sock, reterr);
    if (err) {
        free(s);
        return err;
    }
    memcpy(s->path, path, strlen(path) + 1);
    pthread_mutex_init(&s->lock, NULL);
    if (pipe2(s->stop_pipe, O_CLOEXEC) < 0 || pthread_create(&s->acceptor, NULL, accept_loop, s) != 0) {
        err = fault_errno(reterr, "control thread");
        close(s->sock);
        if (s->stop_pipe[0] >= 0)
            close(s->stop_pipe[0]), close(s->stop_pipe[1]);
        pthread_mutex_destroy(&s->lock);
        free(s);
        return err;
    }
    *ret = s;
    return OK;
}

void ctl_server_stop(struct ctl_server *s, bool cancel)
{
    if (!s)
        return;
    unlink(s->path);
    (void)!write(s->stop_pipe[1], "", 1);
    pthread_join(s->acceptor, NULL);
    close(s->sock);
    if (cancel) {
        pthread_mutex_lock(&s->lock);
        for (struct connection *c = s->connections; c; c = c->next)
            atomic_store(&c->request.cancelled, true);
        pthread_mutex_unlock(&s->lock);
    }
    reap(s, true);
    close(s->stop_pipe[0]);
    close(s->stop_pipe[1]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
