/* net/http_server.c - requests in, struct outbound out, with libmicrohttpd: one epoll loop a pool thread.
 *
 * An exchange is one request and its answer: NEW -> (the library calls `step` at the head, for each piece of the
 * body, and at its end) -> [AT_HEAD, the handler is asked whether it wants the body] -> BODY -> [HELD -> (and again
 * when it was resumed)] -> ANSWERED or STREAMING -> gone in `completed`. Invariants: 1. the handler sees whole
 * requests, or heads of which it knows that. 2. an outbound belongs to the library's response from the moment it is
 * handed over. 3. `busy` counts exchanges between whole request and end of answer, those that wait with them;
 * stopping wakes them and waits for it. */
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/http_inside.h"
#include "net/http_param.h"

#define THREADS_DEFAULT     2
#define THREADS_MAX         256
#define CONNECTIONS_DEFAULT 1024
#define IDLE_DEFAULT_S      30
#define STOP_PATIENCE_S     10
/* Of all connections one sender has an eighth, and when less than a quarter is free, who says nothing goes first. */
#define SENDER_PARTS 8
#define CROWD_PARTS  4
/* Bodies of full size that may be in memory at once, two of them of one sender. */
#define BODIES_AT_ONCE 4
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* ---- the request's head ---- */

static enum MHD_Result keep_field(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len)
{
    (void)kind;
    struct http_exchange *x = self;
    if (x->headers.count == HTTP_FIELDS_MAX) {
        x->fault = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
        return MHD_NO;
    }
    struct http_field *f = &x->fields[x->headers.count++];
    f->name = arena_text(&x->arena, (struct text){name, name_len});
    f->value = arena_text(&x->arena, (struct text){value, value_len});
    if (!f->name.ptr || !f->value.ptr) {
        x->fault = MHD_HTTP_INTERNAL_SERVER_ERROR;
        return MHD_NO;
    }
    return MHD_YES;
}

static void read_headers(struct http_exchange *x, struct MHD_Connection *connection)
{
    x->headers.fields = x->fields;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, keep_field, x);
    size_t bytes = x->target.len;
    for (size_t i = 0; i < x->headers.count; i++)
        bytes += x->fields[i].name.len + x->fields[i].value.len;
    if (bytes > HTTP_HEADERS_MAX_BYTES && !x->fault)
        x->fault = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
}

static void read_target(struct http_exchange *x)
{
    ptrdiff_t mark = text_find(x->target, '?', 0);
    struct text path = mark < 0 ? x->target : text_sub(x->target, 0, (size_t)mark);
    if (mark >= 0)
        x->request.query = text_sub(x->target, (size_t)mark + 1, x->target.len);
    enum err e = http_path_decode(path, &x->arena, &x->request.path);
    if (!e)
        e = http_query_check(x->request.query, &x->arena);
    if (e && !x->fault)
        x->fault = e == ERR_NOMEM ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_BAD_REQUEST;
}

/* What the handler says of the request as it stands. */
static enum MHD_Result ask(struct http_exchange *x, struct MHD_Connection *connection)
{
    struct http_server *s = x->server;
    enum MHD_Result told;
    x->request.body_waits = x->at_head;
    x->request.body_too_long = x->at_head && x->fault == MHD_HTTP_CONTENT_TOO_LARGE;
    x->request.held = x->state;
    x->request.closing = http_is_stopping(s);
    uint64_t mark = http_wait_mark(s->wait);
    struct http_call call;
    http_call_begin(&s->calls, &call);
    struct outbound *o = s->options.handler(s->options.self, &x->request);
    http_call_end(&s->calls, &call);
    if (http_held_take(x, connection, o, mark, &told))
        return told;
    if (http_is_answer(o))
        return http_answer(x, connection, o);
    outbound_free(o);
    return http_answer_fault(x, connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
}

static enum MHD_Result begin(struct http_exchange *x, struct MHD_Connection *connection, const char *method)
{
    x->begun = true;
    x->request.arena = &x->arena;
    x->request.headers = &x->headers;
    x->request.server = x->server;
    x->request.exchange = x;
    x->request.method = arena_text(&x->arena, text_of(method));
    if (!x->request.method.ptr)
        return MHD_NO;
    read_headers(x, connection);
    read_target(x);
    http_sender_begin(x);
    bool sound = !x->fault;
    x->unread = !http_body_begin(x);
    x->at_head = sound && x->server->options.heads_first && http_body_comes(x);
    if (x->at_head)
        return ask(x, connection);
    return x->unread ? http_answer_fault(x, connection, x->fault) : MHD_YES;
}

/* ---- its end ---- */

/* false: the server has stopped. */
static bool enter(struct http_exchange *x)
{
    struct http_server *s = x->server;
    pthread_mutex_lock(&s->lock);
    x->busy = !s->stopped;
    s->busy += x->busy;
    pthread_mutex_unlock(&s->lock);
    return x->busy;
}

bool http_is_stopping(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static bool has_stopped(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopped = s->stopped;
    pthread_mutex_unlock(&s->lock);
    return stopped;
}

static void leave(struct http_exchange *x)
{
    struct http_server *s = x->server;
    pthread_mutex_lock(&s->lock);
    s->busy -= x->busy;
    if (s->busy == 0)
        pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

/* Once the request is whole, and again each time it was held and resumed. */
static enum MHD_Result finish(struct http_exchange *x, struct MHD_Connection *connection)
{
    if (!x->arrived) {
        x->arrived = true;
        http_body_end(x);
        http_watch_arrived(x->server->watch, x->connection->watched);
        if (!enter(x))
            return MHD_NO;
    } else if (x->waiter.gone || has_stopped(x->server)) {
        return MHD_NO;
    }
    if (x->fault)
        return http_answer_fault(x, connection, x->fault);
    x->request.body = buffer_text(&x->body);
    return ask(x, connection);
}

/* ---- what the library calls ---- */

static void *open_exchange(void *self, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *s = self;
    struct http_connection *c = http_connection_of(connection);
    struct http_exchange *x = c ? calloc(1, sizeof *x) : NULL;
    if (!x)
        return NULL;
    http_exchange_end(c->open);
    c->open = x;
    x->server = s;
    x->connection = c;
    x->waiter = (struct http_waiter){.connection = connection, .fd = c->fd};
    arena_init(&x->arena, HTTP_ARENA_MAX_BYTES);
    buffer_init(&x->body, s->options.body_max_bytes);
    x->target = arena_text(&x->arena, text_of(uri));
    if (!x->target.ptr)
        x->fault = MHD_HTTP_INTERNAL_SERVER_ERROR;
    return x;
}

static enum MHD_Result step(void *self, struct MHD_Connection *connection, const char *url, const char *method,
                            const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls)
{
    (void)self, (void)url, (void)version;
    struct http_exchange *x = *con_cls;
    if (!x)
        return MHD_NO;
    if (!x->begun)
        return begin(x, connection, method);
    if (x->at_head) /* it was held */
        return x->waiter.gone || has_stopped(x->server) ? MHD_NO : ask(x, connection);
    if (*upload_data_size) {
        size_t len = *upload_data_size;
        *upload_data_size = 0;
        return http_body_receive(x, upload_data, len) ? MHD_YES : MHD_NO;
    }
    return finish(x, connection);
}

void http_exchange_end(struct http_exchange *x)
{
    if (!x)
        return;
    x->connection->open = NULL;
    http_watch_waiting(x->server->watch, x->connection->watched);
    http_held_done(x);
    leave(x);
    http_body_done(x);
    http_sender_end(x);
    arena_done(&x->arena);
    free(x);
}

static void completed(void *self, struct MHD_Connection *connection, void **con_cls,
                      enum MHD_RequestTerminationCode why)
{
    (void)self, (void)connection, (void)why;
    struct http_exchange *x = *con_cls;
    *con_cls = NULL;
    http_exchange_end(x);
}

/* Targets are taken apart by us, from the bytes that were sent. */
static size_t leave_escaped(void *self, struct MHD_Connection *connection, char *text)
{
    (void)self, (void)connection;
    return strlen(text);
}

/* ---- start and stop ---- */

static struct http_server_options with_defaults(const struct http_server_options *given)
{
    struct http_server_options o = *given;
    o.threads = o.threads ? o.threads : THREADS_DEFAULT;
    if (o.threads > THREADS_MAX)
        o.threads = THREADS_MAX;
    o.body_max_bytes = o.body_max_bytes ? o.body_max_bytes : HTTP_BODY_MAX_BYTES;
    o.connections_max = o.connections_max ? o.connections_max : CONNECTIONS_DEFAULT;
    if (o.connections_max < o.threads)
        o.connections_max = o.threads; /* the library wants one a thread at least */
    o.sender_connections_max =
        o.sender_connections_max ? o.sender_connections_max : o.connections_max / SENDER_PARTS + 1;
    o.idle_timeout_s = o.idle_timeout_s ? o.idle_timeout_s : IDLE_DEFAULT_S;
    return o;
}

static struct MHD_Daemon *start_daemon(struct http_server *s)
{
    const struct http_server_options *o = &s->options;
    bool tls = o->cert_pem != NULL;
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0u);
    struct MHD_OptionItem pool[] = {
        {o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)o->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem certificate[] = {
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (char *)(uintptr_t)o->cert_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (char *)(uintptr_t)o->key_pem},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    /* Twice the header limit: the answer's own headers come from the same memory. */
    return MHD_start_daemon(
        flags, 0, http_connection_accept, s, step, s, MHD_OPTION_LISTEN_SOCKET, s->listen_fd,
        MHD_OPTION_NOTIFY_COMPLETED, completed, s, MHD_OPTION_NOTIFY_CONNECTION, http_connection_changed, s,
        MHD_OPTION_URI_LOG_CALLBACK, open_exchange, s, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_CONNECTION_LIMIT, o->connections_max, MHD_OPTION_CONNECTION_TIMEOUT, o->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(2 * HTTP_HEADERS_MAX_BYTES), MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, pool, MHD_OPTION_ARRAY, certificate, MHD_OPTION_END);
}

static enum err start(struct http_server *s, const struct http_endpoint *at, struct fault *reterr)
{
    const struct http_server_options *o = &s->options;
    const struct http_sender_limits limits = {.connections_max = o->sender_connections_max,
                                              .local_connections_max = (o->connections_max + 1) / 2,
                                              .requests_max = o->sender_connections_max,
                                              .bodies_max_bytes = BODIES_AT_ONCE * o->body_max_bytes};
    enum err e = http_listen(at, &s->listen_fd, &s->port, reterr);
    if (e)
        return e;
    if (o->cert_pem && (e = http_tls_new(o->cert_pem, o->key_pem, &s->tls, reterr)))
        return e;
    e = http_senders_new(&limits, &s->senders);
    if (e)
        return fault_set(reterr, e, "no memory for the HTTP server's limits");
    e = http_watch_new(2 * s->options.idle_timeout_s, o->connections_max / CROWD_PARTS * (CROWD_PARTS - 1),
                       &s->watch);
    if (e)
        return fault_set(reterr, e, "cannot start the HTTP server's watch");
    e = http_wait_new(s->options.connections_max, &s->wait);
    if (e)
        return fault_set(reterr, e, "cannot start the thread of requests that wait");
    s->daemon = start_daemon(s);
    if (s->daemon)
        return OK;
    if (s->options.cert_pem)
        return fault_set(reterr, ERR_USAGE,
                         "cannot start the HTTP server: certificate and key must be PEM and a pair");
    return fault_set(reterr, ERR_IO, "cannot start the HTTP server's threads");
}

static void server_free(struct http_server *s)
{
    http_probe_done(&s->probe);
    http_calls_done(&s->calls);
    http_wait_free(s->wait);
    http_watch_free(s->watch);
    http_senders_free(s->senders);
    http_tls_free(s->tls);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->idle);
    free(s);
}

enum err http_server_start(const struct http_server_options *options, struct http_server **ret, struct fault *reterr)
{
    struct http_endpoint at;
    enum err e = http_endpoint_parse(text_of(options->address), &at, reterr);
    if (e)
        return e;
    if (!options->cert_pem != !options->key_pem)
        return fault_set(reterr, ERR_USAGE, "a certificate needs its key, and a key its certificate");
    if (!options->cert_pem && !http_is_loopback(&at.address))
        return fault_set(reterr, ERR_DENIED,
                         "plain HTTP is for this machine only: give a certificate and key, or listen on 127.0.0.1");
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(reterr, ERR_NOMEM, "no memory for an HTTP server");
    s->options = with_defaults(options);
    s->options.trusted_count = options->trusted_count < HTTP_TRUSTED_MAX ? options->trusted_count : HTTP_TRUSTED_MAX;
    for (size_t i = 0; i < s->options.trusted_count; i++)
        s->trusted[i] = options->trusted[i];
    s->options.trusted = s->trusted;
    s->listen_fd = s->probe.fd = -1;
    http_calls_init(&s->calls);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->idle, NULL);
    e = start(s, &at, reterr);
    s->options.cert_pem = s->options.key_pem = s->options.address = NULL;
    if (e) {
        server_free(s);
        return e;
    }
    *ret = s;
    return OK;
}

enum err http_server_certificate(struct http_server *s, const char *cert_pem, const char *key_pem,
                                 struct fault *reterr)
{
    if (!s->tls)
        return fault_set(reterr, ERR_USAGE, "this server speaks plain HTTP");
    return http_tls_change(s->tls, cert_pem, key_pem, reterr);
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_wake(struct http_server *s, const void *state)
{
    http_wait_wake(s->wait, state);
}

/* What waits is woken when `stopping` can be seen, so that it is asked with `closing`. */
static void begin_stop(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    http_wait_close(s->wait);
}

static void wait_until_idle(struct http_server *s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_PATIENCE_S;
    pthread_mutex_lock(&s->lock);
    while (s->busy && pthread_cond_timedwait(&s->idle, &s->lock, &until) == 0)
        ;
    s->stopped = true;
    pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s)
{
    if (!s)
        return;
    MHD_quiesce_daemon(s->daemon);
    shutdown(s->listen_fd, SHUT_RDWR); /* not closed before the threads are gone: they may still look at it */
    begin_stop(s);
    wait_until_idle(s);
    MHD_stop_daemon(s->daemon);
    server_free(s);
}
