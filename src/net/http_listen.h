/* net/http_listen.h - inside this room: addresses to listen on and to be called from. */
#pragma once
#include <sys/socket.h>

#include "base/ipaddr.h"

struct http_endpoint {
    struct ipaddr address;
    uint16_t port;
};

/* "127.0.0.1:8443", "[::1]:0". ERR_USAGE, *reterr says what is wrong. */
MUST_CHECK enum err http_endpoint_parse(struct text t, struct http_endpoint *ret, struct fault *reterr);
bool http_is_loopback(const struct ipaddr *a);
/* Of this machine or of a network that is not the Internet (RFC 6890): loopback, private, shared, link-local, none.
 */
bool http_is_private(const struct ipaddr *a);
/* false when sa is neither IPv4 nor IPv6. */
bool http_endpoint_of(const struct sockaddr *sa, struct http_endpoint *ret);
/* A bound, listening socket. *ret_port: the one really taken.
 * ERR_BUSY (taken) | ERR_DENIED (a port for administrators) | ERR_USAGE (no such address here) | ERR_IO */
MUST_CHECK enum err http_listen(const struct http_endpoint *at, int *ret_fd, uint16_t *ret_port,
                                struct fault *reterr);
