/* net/http.h - HTTP server (libmicrohttpd) and client (libcurl). Knows no domain type: it can send nothing but a
 * struct outbound. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/outbound.h"

/* ---- server ---- */
struct http_request {
    struct text method, path;  /* path decoded, starts with '/' */
    struct text query;         /* raw, without '?' */
    struct text body;          /* whole, at most options.body_max_bytes */
    struct text peer;          /* remote address as text */
    bool loopback;             /* the peer is on this machine */
    struct arena *arena;       /* lives until the answer was sent */
    const struct http_headers *headers;
};
/* Case-insensitive; TEXT_NONE when absent. */
struct text http_header(const struct http_request *r, const char *name);
/* Decoded query parameter; *ret_count (may be NULL) how often it stands there. TEXT_NONE and 0 when absent. */
struct text http_param(const struct http_request *r, const char *name, size_t *ret_count);
/* Iterates over decoded parameter names and values; *at starts at 0. false at the end. */
bool http_next_param(const struct http_request *r, size_t *at, struct text *ret_name, struct text *ret_value);

/* Called on a pool thread. Returns the answer (owned by net from then on), or NULL for a plain 500. */
typedef struct outbound *http_handler(void *self, const struct http_request *request);

struct http_server_options {
    const char *address;       /* "127.0.0.1:8443", "[::1]:0"; port 0 picks one */
    const char *cert_pem, *key_pem; /* PEM texts, NUL-terminated; NULL: plain HTTP */
    unsigned threads;          /* 0: 2 */
    size_t body_max_bytes;     /* 0: HTTP_BODY_MAX_BYTES; more is 413 without a handler call */
    unsigned connections_max;  /* 0: 1024 */
    unsigned idle_timeout_s;   /* 0: 30 */
    http_handler *handler;
    void *self;
    /* Answers for faults found before the handler: returns an outbound for the status (413, 400, ...). */
    struct outbound *(*fault_page)(void *self, int status);
};
struct http_server;
/* Plain HTTP on an address that is not loopback is refused: ERR_DENIED. ERR_BUSY: the port is taken (fault says so).
 * ERR_USAGE: address. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err http_server_start(const struct http_server_options *options, struct http_server **ret,
                                      struct fault *reterr);
uint16_t http_server_port(const struct http_server *s);
void http_server_stop(struct http_server *s); /* finishes requests under way; accepts NULL */

/* ---- client ---- */
struct http_client; /* one connection pool; one thread at a time */
struct http_client_options {
    const char *ca_pem;        /* NUL-terminated; NULL: the system's */
    unsigned connect_timeout_ms, timeout_ms; /* 0: 10 s, 60 s */
    size_t answer_max_bytes;   /* 0: HTTP_ANSWER_MAX_BYTES */
};
MUST_CHECK enum err http_client_new(const struct http_client_options *options, struct http_client **ret);
void http_client_free(struct http_client *c);

struct http_answer {
    int status;
    struct buffer body;
    char media_type[128];
    char date_added_first[40], date_added_last[40]; /* X-TAXII-Date-Added-* */
    unsigned retry_after_s;
};
void http_answer_done(struct http_answer *a);
struct http_auth {
    struct text bearer;         /* or */
    struct text user, password; /* basic */
};
/* Sends the request (its media type and body) to url with method; no redirects to other hosts, http only to loopback
 * unless the caller allowed it by an http url of a configured peer (allow_plain).
 * OK for any HTTP status; *ret must be http_answer_done(). ERR_UNREACHABLE (fault has the reason) | ERR_LIMIT | ERR_NOMEM
 * | ERR_DENIED (plain http to a machine that is not this one). */
MUST_CHECK enum err http_send(struct http_client *c, const char *method, const char *url, struct text accept,
                              const struct http_auth *auth, const struct outbound *request, struct http_answer *ret,
                              struct fault *reterr);
