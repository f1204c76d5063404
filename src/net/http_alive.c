/* net/http_alive.c - see http_alive.h. The probe sends no byte: it works with TLS and without, is no request, and
 * tells whether a thread of the pool still accepts and reads. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/http_inside.h"

void http_calls_init(struct http_calls *c)
{
    *c = (struct http_calls){0};
    pthread_mutex_init(&c->lock, NULL);
}

void http_calls_done(struct http_calls *c)
{
    pthread_mutex_destroy(&c->lock);
}

void http_call_begin(struct http_calls *c, struct http_call *call)
{
    pthread_mutex_lock(&c->lock);
    *call = (struct http_call){.previous = c->last, .since_us = clock_mono_us()};
    if (c->last)
        c->last->next = call;
    else
        c->first = call;
    c->last = call;
    pthread_mutex_unlock(&c->lock);
}

void http_call_end(struct http_calls *c, struct http_call *call)
{
    pthread_mutex_lock(&c->lock);
    if (call->previous)
        call->previous->next = call->next;
    else
        c->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        c->last = call->previous;
    pthread_mutex_unlock(&c->lock);
}

int64_t http_calls_oldest_us(struct http_calls *c, int64_t now_us)
{
    pthread_mutex_lock(&c->lock);
    int64_t since_us = c->first ? c->first->since_us : now_us;
    pthread_mutex_unlock(&c->lock);
    return now_us > since_us ? now_us - since_us : 0;
}

/* Where we can reach ourselves: what listens everywhere also listens here. */
static bool own_address(int listen_fd, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    *ret_len = sizeof *ret;
    if (getsockname(listen_fd, (struct sockaddr *)ret, ret_len))
        return false;
    if (ret->ss_family == AF_INET) {
        memcpy(&in, ret, sizeof in);
        if (in.sin_addr.s_addr == htonl(INADDR_ANY))
            in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        memcpy(ret, &in, sizeof in);
    } else if (ret->ss_family == AF_INET6) {
        memcpy(&in6, ret, sizeof in6);
        if (IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr))
            in6.sin6_addr = in6addr_loopback;
        memcpy(ret, &in6, sizeof in6);
    }
    return true;
}

/* A machine without a free descriptor or port tells nothing about the server. */
static void open_probe(struct http_probe *p, int listen_fd, int64_t now_us)
{
    struct sockaddr_storage to;
    socklen_t len;
    if (!own_address(listen_fd, &to, &len))
        return;
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS) {
        close(fd);
        return;
    }
    shutdown(fd, SHUT_WR);
    *p = (struct http_probe){fd, now_us};
}

void http_probe_done(struct http_probe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

int64_t http_probe(struct http_probe *p, int listen_fd, bool full, int64_t now_us)
{
    struct pollfd fd = {p->fd, POLLIN, 0};
    if (p->fd >= 0 && poll(&fd, 1, 0) == 0 && !full)
        return now_us - p->since_us;
    http_probe_done(p);
    if (!full)
        open_probe(p, listen_fd, now_us);
    return 0;
}

/* Room for one more in each thread of the pool, or none is waited for. */
static bool is_full(struct http_server *s)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return !info || info->num_connections + s->options.threads >= s->options.connections_max;
}

int64_t http_server_late_us(struct http_server *s, int64_t now_us)
{
    int64_t oldest = http_calls_oldest_us(&s->calls, now_us);
    int64_t late[] = {oldest > HTTP_CALL_MAX_US ? oldest : 0, http_watch_late_us(s->watch, now_us),
                      http_probe(&s->probe, s->listen_fd, is_full(s), now_us)};
    int64_t most = 0;
    for (size_t i = 0; i < ARRAY_LEN(late); i++)
        most = late[i] > most ? late[i] : most;
    return most;
}

size_t http_server_held(struct http_server *s)
{
    return http_wait_count(s->wait);
}
