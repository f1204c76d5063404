/* net/http_proxy.h - whose request it is, where proxies stand between.
 * Source: RFC 7239 (Forwarded), and the older X-Forwarded-For as proxies write it. */
#pragma once
#include "base/ipaddr.h"
#include "net/http.h"

bool http_proxy_trusted(const struct ipaddr *a, const struct ipnet *trusted, size_t trusted_count);
/* The hops that a request names are read backwards from `peer`, who is connected to us: each is believed for as long
 * as who named it is one of the trusted networks; the first that is not, or that names no address, is where it ends,
 * and the last address known is the sender's. At most HTTP_HOPS_MAX hops from the end are looked at. Without trusted
 * networks the headers are never read. false: a trusted proxy hands over both headers, and they lead to different
 * senders: one of them is the client's own invention, and nobody can say which; *ret is then peer. */
#define HTTP_HOPS_MAX 16
MUST_CHECK bool http_proxy_sender(const struct http_headers *headers, const struct ipaddr *peer,
                                  const struct ipnet *trusted, size_t trusted_count, struct ipaddr *ret);
/* Does the request say that it was forwarded, whatever its words are? */
bool http_was_forwarded(const struct http_request *r);
