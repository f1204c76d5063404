/* net/http.h - HTTP server (libmicrohttpd) and client (libcurl). Knows no domain type: it can send nothing but a
 * struct outbound. */
#pragma once
#include <stdatomic.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/ipaddr.h"
#include "base/limits.h"
#include "base/outbound.h"

/* ---- server ---- */
/* Memory of one request beside its body: what a handler takes from request->arena. */
#define HTTP_ARENA_MAX_BYTES (256 * MIB)

struct http_field {
    struct text name, value;
};
struct http_headers {
    const struct http_field *fields;
    size_t count;
};
struct http_server;
struct http_exchange; /* the server's side of a request */
struct http_request {
    struct text method,
        path;            /* path decoded, UTF-8, starts with '/', no "." or ".." segment, no control characters */
    struct text query;   /* raw, without '?'; every escape in it was checked */
    struct text body;    /* whole, at most options.body_max_bytes */
    struct text peer;    /* remote address as text: behind a trusted proxy, of who it says asks */
    bool loopback;       /* the peer is on this machine */
    struct arena *arena; /* lives until the answer was sent */
    const struct http_headers *headers; /* NULL: none */
    struct http_server *server;         /* whom http_wake() is told of */
    struct http_exchange *exchange;     /* NULL: no server asks (a test); such a request cannot wait */
    void *held;                         /* of http_hold() before; NULL at the handler's first call */
    bool closing;                       /* the server stops: what is not answered now is answered with 503 */
    bool body_waits;                    /* only the head was read: see http_want_body() */
    bool body_too_long;                 /* beside body_waits: it is announced, and 413 whoever wants it */
    const atomic_bool *cancel;          /* of a copy worked at on another thread; NULL: it is not */
};
/* Case-insensitive; TEXT_NONE when absent. The first, when it stands there more than once. */
struct text http_header(const struct http_request *r, const char *name);
/* For a header that is a list: all lines of that name, with commas between (RFC 9110 section 5.3), in r->arena. When
 * that is full, the first. */
struct text http_header_list(const struct http_request *r, const char *name);
/* Decoded query parameter (the first of that name, in r->arena); *ret_count (may be NULL) how often it stands there.
 * TEXT_NONE and 0 when absent; an empty one has a ptr. Bad escapes never come here: they were answered with 400. */
struct text http_param(const struct http_request *r, const char *name, size_t *ret_count);
/* Iterates over decoded parameter names and values; *at starts at 0. false at the end. */
bool http_next_param(const struct http_request *r, size_t *at, struct text *ret_name, struct text *ret_value);

/* With options.heads_first a request that announces a body (but GET, HEAD and OPTIONS) comes to the handler as its
 * head alone at first, with body_waits, so that who may not send it is told before any of it is read. Who would look
 * at the body returns this then, and is called again with all of it. Any other answer is the answer: the connection
 * ends with it, and what is still being sent is not read. */
struct outbound *http_want_body(const struct http_request *r);

/* Called on a pool thread, which serves many connections: nothing long runs here. Returns the answer (owned by net
 * from then on), what http_hold() or http_stream() returned, or NULL for a plain 500. */
typedef struct outbound *http_handler(void *self, const struct http_request *request);

/* ---- requests that wait: they take a connection and no thread ---- */
/* The handler is called again with the same request, and request->held = state, when http_wake() names state, at
 * until_mono_us (clock_mono_us(); INT64_MAX: never), or when the server stops (request->closing). A wake that comes
 * while the handler still runs is not lost: it is called again at once. It may be called without a cause. A client
 * that goes away ends the request without a call. state belongs to the server from here on: state_free (NULL: not
 * needed) is called once, when the request has ended or another state took its place. The result is for the handler
 * to return, for nothing else. */
struct outbound *http_hold(const struct http_request *r, int64_t until_mono_us, void *state,
                           void (*state_free)(void *state));
/* The body becomes the caller's, to be freed with buffer_done(); the request has none from then on. For a handler
 * that holds the request and works at its body meanwhile: a client that goes away takes the request with it. */
void http_take_body(const struct http_request *r, struct buffer *ret);
/* Called on any thread. state only names who is meant, it is not looked into; NULL: all that wait. Costs one call of
 * the handler for each one woken. */
void http_wake(struct http_server *s, const void *state);

enum http_next {
    HTTP_PIECE, /* *ret_piece is sent: its body; status, media type and headers of a piece mean nothing */
    HTTP_LATER, /* nothing now: called again when woken, or at *ret_until_us */
    HTTP_END    /* *ret_piece (may be NULL) is the last one */
};
/* Called on a pool thread when the client has taken what came before. closing: the server stops; after HTTP_LATER the
 * stream is then cut off. *ret_piece is owned by net from then on, *ret_until_us is INT64_MAX before the call. */
typedef enum http_next http_next_piece(void *state, bool closing, struct outbound **ret_piece, int64_t *ret_until_us);
/* An answer in pieces over time (chunked): head gives status, media type and headers, and the first piece where its
 * body is not empty. state as with http_hold(), and it may be the state that was held. A client that stops reading is
 * dropped after the idle timeout. */
struct outbound *http_stream(const struct http_request *r, struct outbound *head, http_next_piece *next, void *state,
                             void (*state_free)(void *state));

#define HTTP_TRUSTED_MAX 16
struct http_server_options {
    const char *address;            /* "127.0.0.1:8443", "[::1]:0"; port 0 picks one */
    const char *cert_pem, *key_pem; /* PEM texts, NUL-terminated; NULL: plain HTTP */
    unsigned threads;               /* 0: 2 */
    size_t body_max_bytes;          /* 0: HTTP_BODY_MAX_BYTES; more is 413 without a handler call */
    unsigned connections_max;       /* 0: 1024 */
    /* Of one address (IPv6: its first 64 bits); one more is closed at once. An address of this machine may have half
     * of connections_max. 0: an eighth of it */
    unsigned sender_connections_max;
    /* Proxies whose word for who asks is taken (Forwarded, X-Forwarded-For), and who may have any number of
     * connections; HTTP_TRUSTED_MAX at most, copied. request->peer is then whom they name, and such a sender has at
     * most sender_connections_max requests under way (429). Both headers, and they disagree: 400. */
    const struct ipnet *trusted;
    size_t trusted_count;
    unsigned idle_timeout_s; /* 0: 30 */
    bool heads_first;        /* the handler is asked before a body is read: http_want_body() */
    http_handler *handler;
    void *self;
    /* Answers for faults found before or instead of the handler: returns an outbound for the status (400, 413, 431,
     * 500). NULL, or returning NULL: an answer without a body. */
    struct outbound *(*fault_page)(void *self, int status);
    /* May be NULL. Told of each answer, with the bytes of its body as they are sent; of a stream's pieces, with
     * status 0, of each. For counting: called on a pool thread, costs what it costs. */
    void (*answered)(void *self, const struct http_request *request, int status, size_t bytes);
};
/* options and what they point to are needed during the call only, but for handler, fault_page and self.
 * Plain HTTP on an address that is not loopback is refused: ERR_DENIED. ERR_BUSY: the port is taken (fault says so).
 * ERR_USAGE: address, or certificate and key. ERR_NOMEM | ERR_IO
 * A request whose head or body does not arrive within twice the idle timeout (bodies: and a second for each KiB) is
 * dropped. A request line or header that is no HTTP is answered by libmicrohttpd with its own fixed text. */
MUST_CHECK enum err http_server_start(const struct http_server_options *options, struct http_server **ret,
                                      struct fault *reterr);
size_t http_server_held(struct http_server *s); /* requests and streams that wait now */
/* Another certificate for connections that come from now on; all or nothing, on any thread. PEM texts, needed during
 * the call only. ERR_USAGE: not PEM, not a pair, or the server has none | ERR_NOMEM */
MUST_CHECK enum err http_server_certificate(struct http_server *s, const char *cert_pem, const char *key_pem,
                                            struct fault *reterr);
uint16_t http_server_port(const struct http_server *s);
/* For how long something in the server has been silent that should not be: a handler call that does not come back
 * (more than HTTP_CALL_MAX_US), the thread that watches over slow requests, or the pool, which has not taken notice
 * of a connection that the last question opened. 0: it goes on. One thread asks, about once a second. */
#define HTTP_CALL_MAX_US ((int64_t)120 * 1000000)
int64_t http_server_late_us(struct http_server *s, int64_t now_us);
/* Finishes requests under way; what waits is asked once more, with `closing`. Accepts NULL. */
void http_server_stop(struct http_server *s);

/* ---- client ---- */
#define HTTP_SLOW_BYTES_S 256
struct http_client; /* one connection pool; one thread at a time */
struct http_client_options {
    const char *ca_pem;                      /* NUL-terminated; NULL: the system's */
    unsigned connect_timeout_ms, timeout_ms; /* 0: 10 s, 60 s */
    size_t answer_max_bytes;                 /* 0: HTTP_ANSWER_MAX_BYTES */
    bool allow_plain;                        /* http:// to other machines too: a configured peer's own URL says so */
    /* A GET is led on to any https server that is not of a private network, too, but without the credentials. */
    bool follow_https;
    unsigned patience_s;       /* fewer than HTTP_SLOW_BYTES_S for so long: given up; 0: only timeout_ms counts */
    const atomic_bool *cancel; /* looked at about once a second; NULL: never */
};
/* options are needed during the call only. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err http_client_new(const struct http_client_options *options, struct http_client **ret);
void http_client_free(struct http_client *c);
/* Of the last answer: its status (0: none came), and for how long it asks to be left alone. */
int http_client_status(const struct http_client *c);
unsigned http_client_retry_s(const struct http_client *c);
/* The last request failed because its time was over while the answer's body was still coming well. */
bool http_client_cut_short(const struct http_client *c);

struct http_answer {
    int status;
    struct buffer body;
    char media_type[128];
    char date_added_first[40], date_added_last[40]; /* X-TAXII-Date-Added-* */
    char etag[256], last_modified[40];              /* empty: none, or longer than anybody's */
    unsigned retry_after_s;
    uint64_t saved; /* bytes written to the file of http_fetch() */
};
void http_answer_done(struct http_answer *a);
struct http_auth {
    struct text bearer;         /* or */
    struct text user, password; /* basic */
    struct text key;            /* the whole value of Authorization, as MISP wants it */
};
/* As http_send(), but that the body of an answer 200 goes into file `to` (from where it stands; max_bytes at most)
 * and ret->body stays empty; other answers' bodies are in ret->body, 64 KiB at most. After a failure `to` holds
 * anything. ERR_CANCELLED | ERR_IO | ERR_FULL: writing to it. */
MUST_CHECK enum err http_fetch(struct http_client *c, const char *method, const char *url, struct text accept,
                               const struct http_auth *auth, const struct outbound *request, int to,
                               uint64_t max_bytes, struct http_answer *ret, struct fault *reterr);
/* Sends the request (its media type, further headers and body; NULL: none) to url with method. A GET follows
 * redirects within the same scheme, host and port, five at most; any other redirect is an answer like every other.
 * Certificates are always verified. Plain http goes to this machine only, whatever a name resolves to, unless
 * allow_plain. OK for any HTTP status; *ret must be http_answer_done(). ERR_UNREACHABLE (fault has the reason) |
 * ERR_LIMIT | ERR_NOMEM | ERR_DENIED (plain http to a machine that is not this one) | ERR_USAGE (url, or credentials
 * with control characters). Faults name the host, never what was sent or received. */
MUST_CHECK enum err http_send(struct http_client *c, const char *method, const char *url, struct text accept,
                              const struct http_auth *auth, const struct outbound *request, struct http_answer *ret,
                              struct fault *reterr);
