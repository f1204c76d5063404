/* net/http_connection.c - what is known of a connection while it is there: since when a request is waited for, and
 * whose it is. */
#include <stdlib.h>

#include "net/http_inside.h"

enum MHD_Result http_connection_accept(void *self, const struct sockaddr *address, socklen_t len)
{
    struct http_server *s = self;
    struct http_endpoint from;
    (void)len;
    return http_endpoint_of(address, &from) && http_sender_may_connect(s->senders, &from.address) ? MHD_YES : MHD_NO;
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
    c->watched = c->sender ? http_watch_add(s->watch, c->fd) : NULL;
    if (!c->watched) {
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
    http_watch_drop(s->watch, c->watched);
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

/* Behind a proxy the request's sender is not the connection's. */
static void read_named(struct http_exchange *x)
{
    struct ipaddr named;
    struct text header = TEXT_NONE;
    for (size_t i = 0; i < x->headers.count; i++) /* lines are one list: the last is the proxy's own */
        if (text_eq_nocase(x->fields[i].name, TEXT("X-Forwarded-For")))
            header = x->fields[i].value;
    if (!x->server->options.behind_proxy || !x->request.loopback || !http_sender_named(header, &named))
        return;
    x->named = http_sender_of(x->server->senders, &named);
    if (!x->named)
        return;
    x->request.peer = ipaddr_format(&named, x->peer);
    x->request.loopback = http_is_loopback(&named);
}

void http_sender_begin(struct http_exchange *x)
{
    x->request.peer = ipaddr_format(&x->connection->address, x->peer);
    x->request.loopback = http_is_loopback(&x->connection->address);
    read_named(x);
    x->counted = x->named && http_sender_request(x->server->senders, x->named);
    if (x->named && !x->counted && !x->fault)
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
