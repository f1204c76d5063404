/* net/http_sender.h - inside this room: who takes how much of the server. A sender is an address (of IPv6 its first
 * 64 bits, which one customer has): the connection's, or behind a trusted proxy the one it names (http_proxy.h). */
#pragma once
#include "base/ipaddr.h"
#include "base/text.h"

struct http_senders;
struct http_sender; /* there while something of it is */

struct http_sender_limits {
    size_t connections_max;       /* of one sender */
    size_t local_connections_max; /* of an address of this machine */
    size_t requests_max;          /* under way at once, those that wait with them */
    size_t bodies_max_bytes;      /* of all bodies together; one sender has half of it */
};
MUST_CHECK enum err http_senders_new(const struct http_sender_limits *limits, struct http_senders **ret);
void http_senders_free(struct http_senders *s); /* accepts NULL */

/* May one more connection come from there? Counts nothing. */
bool http_sender_may_connect(struct http_senders *s, const struct ipaddr *from);
/* One more reference, for a connection or a request of it. NULL: no memory. */
struct http_sender *http_sender_of(struct http_senders *s, const struct ipaddr *address);
void http_sender_done(struct http_senders *s, struct http_sender *sender);              /* accepts NULL */
void http_sender_connected(struct http_senders *s, struct http_sender *sender, int by); /* +1, -1 */
/* false: it has as many as it may, nothing was counted. */
bool http_sender_request(struct http_senders *s, struct http_sender *sender);
void http_sender_requested(struct http_senders *s, struct http_sender *sender);
/* So many bytes of a body more. false: no room for this sender, nothing was counted. */
bool http_sender_body(struct http_senders *s, struct http_sender *sender, size_t bytes);
void http_sender_body_gone(struct http_senders *s, struct http_sender *sender, size_t bytes);
