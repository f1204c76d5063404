/* net/http_tls.h - inside this room: the certificate that new connections are shown. It can be changed at any time;
 * connections that are there keep the one they began with. */
#pragma once
#include "base/error.h"

struct http_tls;
struct http_credential; /* certificate and key; there while a connection uses them */

/* PEM texts, NUL-terminated, needed during the call only. ERR_USAGE: not PEM, or not a pair | ERR_NOMEM */
MUST_CHECK enum err http_tls_new(const char *cert_pem, const char *key_pem, struct http_tls **ret,
                                 struct fault *reterr);
/* All or nothing; as http_tls_new(). On any thread. */
MUST_CHECK enum err http_tls_change(struct http_tls *t, const char *cert_pem, const char *key_pem,
                                    struct fault *reterr);
void http_tls_free(struct http_tls *t); /* once no connection is left; accepts NULL */
/* session: a gnutls_session_t before its handshake. What it is given is to be given back by http_tls_done() when the
 * connection is gone. NULL: no memory. */
struct http_credential *http_tls_use(struct http_tls *t, void *session);
void http_tls_done(struct http_tls *t, struct http_credential *c); /* accepts NULL */
