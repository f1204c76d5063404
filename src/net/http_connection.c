/* net/http_connection.c - what is known of a connection while it is there: since when a request is waited for, and
 * whose it is. */
#include <stdlib.h>

#include "net/http_inside.h"
#include "net/http_proxy.h"

enum MHD_Result http_connection_accept(void *self, const struct sockaddr *address, socklen_t len)
{
    struct http_server *s = self;
    const struct http_server_options *o = &s->options;
    struct http_endpoint from;
    (void)len;
    if (!http_endpoint_of(address, &from))
        return MHD_NO;
    if (http_proxy_trusted(&from.address, o->trusted, o->trusted_count)) /* everybody's connections are its own */
        return MHD_YES;
    return http_sender_may_connect(s->senders, &from.address) ? MHD_YES : MHD_NO;
}

static bool take_certificate(struct http_server *s, struct MHD_Connection *connection, struct http_connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    c->credential = info && info->tls_session ? http_tls_use(s->tls, info->tls_session) : NULL;
    return c->credential;
}

static void *connection_new(struct http_server *s, struct MHD_Connection *connection)
{
    struct http_endpoint from;
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!fd || !address || !http_endpoint_of(address->client_addr, &from))
        return NULL;
    struct http_connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct http_connection){.fd = fd->connect_fd, .address = from.address};
    c->sender = http_sender_of(s->senders, &from.address);
    bool ready = c->sender && (!s->tls || take_certificate(s, connection, c));
    c->watched = ready ? http_watch_add(s->watch, c->fd) : NULL;
    if (!c->watched) {
        http_tls_done(s->tls, c->credential);
        http_sender_done(s->senders, c->sender);
        free(c);
        return NULL;
    }
    http_sender_connected(s->senders, c->sender, 1);
    return c;
}

static void connection_free(struct http_server *s, struct http_connection *c)
{
    if (!c)
        return;
    http_exchange_end(c->open);
    http_watch_drop(s->watch, c->watched);
    http_tls_done(s->tls, c->credential);
    http_sender_connected(s->senders, c->sender, -1);
    http_sender_done(s->senders, c->sender);
    free(c);
}

void http_connection_changed(void *self, struct MHD_Connection *connection, void **socket_context,
                             enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = self;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = connection_new(s, connection);
    } else {
        connection_free(s, *socket_context);
        *socket_context = NULL;
    }
}

struct http_connection *http_connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void http_sender_begin(struct http_exchange *x)
{
    const struct http_server_options *o = &x->server->options;
    const struct ipaddr *peer = &x->connection->address;
    struct ipaddr sender;
    bool clear = http_proxy_sender(&x->headers, peer, o->trusted, o->trusted_count, &sender);
    x->request.peer = ipaddr_format(&sender, x->peer);
    x->request.loopback = http_is_loopback(&sender);
    if (!clear && !x->fault)
        x->fault = MHD_HTTP_BAD_REQUEST;
    if (ipaddr_eq(&sender, peer))
        return;
    x->named = http_sender_of(x->server->senders, &sender);
    x->counted = x->named && http_sender_request(x->server->senders, x->named);
    if (!x->counted && !x->fault)
        x->fault = MHD_HTTP_TOO_MANY_REQUESTS;
}

bool http_sender_take_body(struct http_exchange *x, size_t bytes)
{
    struct http_sender *sender = x->named ? x->named : x->connection->sender;
    if (!http_sender_body(x->server->senders, sender, bytes))
        return false;
    x->body_counted += bytes;
    return true;
}

void http_sender_give_body(struct http_exchange *x)
{
    http_sender_body_gone(x->server->senders, x->named ? x->named : x->connection->sender, x->body_counted);
    x->body_counted = 0;
}

void http_sender_end(struct http_exchange *x)
{
    http_sender_give_body(x);
    if (x->counted)
        http_sender_requested(x->server->senders, x->named);
    http_sender_done(x->server->senders, x->named);
}
