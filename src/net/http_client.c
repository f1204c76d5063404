/* net/http_client.c - requests to partners, with libcurl: one easy handle, whose connections are kept alive. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/http.h"
#include "net/http_listen.h"
#include "net/prefer.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 10000
#define TIMEOUT_DEFAULT_MS         60000
#define REDIRECTS_MAX              5
#define CREDENTIAL_MAX_BYTES       (8 * KIB)
/* A connection that an hour was not used is not tried again. */
#define CONNECTION_AGE_MAX_S 3600L

#define OTHER_BODY_MAX (64 * KIB) /* of an answer that is no document: words for people at most */
/* All header lines of one request's answers: proxies and cookies make some KiB, and libcurl keeps what it is sent. */
#define HEADERS_MAX_BYTES (256 * KIB)
/* An answer that had brought so much when its time was over is long, or comes over a slow line; it does not drip. */
#define UNDER_WAY_MIN_BYTES (16 * KIB)

struct http_client {
    CURL *curl;
    struct http_client_options options; /* limits */
    int ca_fd;                          /* memory file holding ca_pem; -1: the system's */
    bool plain_refused;                 /* during one request: an address was not of this machine */
    bool private_refused;               /* ... an address was of a private network, and another server named it */
    int last_status;
    unsigned last_retry_s;
    bool last_waited;
    bool last_cut_short;
    char why[CURL_ERROR_SIZE];
};

/* ---- client ---- */

/* GnuTLS as libcurl 7.88 uses it takes certificates from files only. */
static enum err ca_file(const char *pem, int *ret_fd)
{
    size_t len = strlen(pem), done = 0;
    int fd = memfd_create("ca", MFD_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    while (done < len) {
        ssize_t n = write(fd, pem + done, len - done);
        if (n <= 0) {
            close(fd);
            return ERR_IO;
        }
        done += (size_t)n;
    }
    *ret_fd = fd;
    return OK;
}

enum err http_client_new(const struct http_client_options *options, struct http_client **ret)
{
    struct http_client *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->options = *options;
    c->options.ca_pem = NULL;
    c->ca_fd = -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) { /* counted, and safe with threads since 7.84 */
        free(c);
        return ERR_NOMEM;
    }
    enum err e = OK;
    c->curl = curl_easy_init();
    if (!c->curl)
        e = ERR_NOMEM;
    else if (options->ca_pem)
        e = ca_file(options->ca_pem, &c->ca_fd);
    if (e) {
        http_client_free(c);
        return e;
    }
    *ret = c;
    return OK;
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    if (c->curl)
        curl_easy_cleanup(c->curl);
    if (c->ca_fd >= 0)
        close(c->ca_fd);
    curl_global_cleanup();
    free(c);
}

int http_client_status(const struct http_client *c)
{
    return c->last_status;
}

bool http_client_waited(const struct http_client *c)
{
    return c->last_waited;
}

unsigned http_client_retry_s(const struct http_client *c)
{
    return c->last_retry_s;
}

bool http_client_cut_short(const struct http_client *c)
{
    return c->last_cut_short;
}

void http_answer_done(struct http_answer *a)
{
    buffer_done(&a->body);
    *a = (struct http_answer){.status = 0};
}

/* ---- one request ---- */

/* Where the body of a 200 goes. */
struct saving {
    int fd; /* -1: nowhere, it is kept in memory */
    uint64_t max_bytes;
};

struct sending {
    struct http_client *client;
    const struct saving *to;
    uint64_t saved;
    size_t header_bytes;
    bool too_long;
    int write_errno;
    struct http_answer answer;
    struct curl_slist *headers;
    CURLcode code; /* of the options set so far: the first that failed */
    enum err err;
};

#define SET(s, option, value)                                               \
    do {                                                                    \
        if ((s)->code == CURLE_OK)                                          \
            (s)->code = curl_easy_setopt((s)->client->curl, option, value); \
    } while (0)

static bool save(struct sending *s, const char *bytes, size_t len)
{
    s->too_long = len > s->to->max_bytes - s->saved;
    while (len > 0 && !s->too_long) {
        ssize_t n = write(s->to->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->write_errno = n ? errno : EIO;
            return false;
        }
        s->saved += (uint64_t)n;
        bytes += n;
        len -= (size_t)n;
    }
    return !s->too_long;
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *self)
{
    struct sending *s = self;
    long status = 0;
    if (s->to->fd >= 0) {
        curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
            return save(s, bytes, size * count) ? size * count : 0;
        if (s->answer.body.len + size * count > OTHER_BODY_MAX)
            return size * count; /* passed over */
    }
    buffer_add_bytes(&s->answer.body, bytes, size * count);
    return buffer_error(&s->answer.body) ? 0 : size * count;
}

static void keep_header(char *out, size_t cap, struct text line, struct text name)
{
    if (!text_eq_nocase(text_sub(line, 0, name.len), name))
        return;
    struct text value = text_trim(text_sub(line, name.len, line.len));
    if (value.len >= cap)
        return;
    memcpy(out, value.ptr, value.len);
    out[value.len] = 0;
}

static bool says_waited(struct text line)
{
    char value[16] = "";
    keep_header(value, sizeof value, line, TEXT("preference-applied:"));
    return text_eq_nocase(text_sub(text_of(value), 0, 4), TEXT("wait")) && (!value[4] || value[4] == '=');
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *self)
{
    struct sending *s = self;
    struct text line = {bytes, size * count};
    s->header_bytes += line.len;
    if (s->header_bytes > HEADERS_MAX_BYTES)
        return 0;
    keep_header(s->answer.date_added_first, sizeof s->answer.date_added_first, line,
                TEXT("x-taxii-date-added-first:"));
    keep_header(s->answer.date_added_last, sizeof s->answer.date_added_last, line, TEXT("x-taxii-date-added-last:"));
    keep_header(s->answer.etag, sizeof s->answer.etag, line, TEXT("etag:"));
    keep_header(s->answer.last_modified, sizeof s->answer.last_modified, line, TEXT("last-modified:"));
    s->client->last_waited |= says_waited(line);
    return size * count;
}

/* Asked with the address that a name resolved to: plain HTTP stays on this machine. */
static curl_socket_t open_local_socket(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct http_client *c = self;
    struct http_endpoint at;
    (void)purpose;
    if (!http_endpoint_of(&to->addr, &at) || !http_is_loopback(&at.address)) {
        c->plain_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Asked when another server led us on: it must not lead us into a network that we are in and it is not. */
static curl_socket_t open_public_socket(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct http_client *c = self;
    struct http_endpoint at;
    (void)purpose;
    if (!http_endpoint_of(&to->addr, &at) || http_is_private(&at.address)) {
        c->private_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int look_at_cancel(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct http_client *client = self;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(client->options.cancel);
}

static void add_header(struct sending *s, const char *name, struct text value)
{
    char *line = NULL;
    if (s->err || asprintf(&line, "%s: " TEXT_FMT, name, TEXT_ARG(value)) < 0) {
        s->err = s->err ? s->err : ERR_NOMEM;
        return;
    }
    struct curl_slist *grown = curl_slist_append(s->headers, line);
    explicit_bzero(line, strlen(line)); /* it may be a credential */
    free(line);
    if (grown)
        s->headers = grown;
    else
        s->err = ERR_NOMEM;
}

static bool is_printable(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return false;
    return t.len <= CREDENTIAL_MAX_BYTES;
}

static void set_basic(struct sending *s, const struct http_auth *auth)
{
    struct buffer pair, line;
    buffer_init(&pair, 3 * CREDENTIAL_MAX_BYTES);
    buffer_init(&line, 8 * CREDENTIAL_MAX_BYTES);
    buffer_add(&pair, auth->user);
    buffer_add_char(&pair, ':');
    buffer_add(&pair, auth->password);
    buffer_add(&line, TEXT("Basic "));
    base64_write(&line, pair.ptr, pair.len);
    if (buffer_error(&pair) || buffer_error(&line))
        s->err = ERR_NOMEM;
    add_header(s, "Authorization", buffer_text(&line));
    if (pair.ptr)
        explicit_bzero(pair.ptr, pair.cap);
    if (line.ptr)
        explicit_bzero(line.ptr, line.cap);
    buffer_done(&pair);
    buffer_done(&line);
}

static void set_auth(struct sending *s, const struct http_auth *auth)
{
    if (auth->key.len) {
        add_header(s, "Authorization", auth->key);
    } else if (auth->bearer.len) {
        struct buffer line;
        buffer_init(&line, 2 * CREDENTIAL_MAX_BYTES);
        buffer_add(&line, TEXT("Bearer "));
        buffer_add(&line, auth->bearer);
        if (buffer_error(&line))
            s->err = ERR_NOMEM;
        add_header(s, "Authorization", buffer_text(&line));
        if (line.ptr)
            explicit_bzero(line.ptr, line.cap);
        buffer_done(&line);
    } else if (auth->user.len) {
        set_basic(s, auth);
    }
}

static void set_headers(struct sending *s, struct text accept, const struct http_auth *auth,
                        const struct outbound *request)
{
    if (accept.len)
        add_header(s, "Accept", accept);
    if (auth)
        set_auth(s, auth);
    if (request && outbound_media_type(request).len)
        add_header(s, "Content-Type", outbound_media_type(request));
    for (size_t i = 0; request && i < outbound_header_count(request); i++) {
        struct text name, value;
        outbound_header(request, i, &name, &value);
        add_header(s, name.ptr, value);
    }
    SET(s, CURLOPT_HTTPHEADER, s->headers);
}

static void set_limits(struct sending *s)
{
    const struct http_client_options *o = &s->client->options;
    long connect_ms = o->connect_timeout_ms ? (long)o->connect_timeout_ms : CONNECT_TIMEOUT_DEFAULT_MS;
    SET(s, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    SET(s, CURLOPT_TIMEOUT_MS, o->timeout_ms ? (long)o->timeout_ms : TIMEOUT_DEFAULT_MS);
    SET(s, CURLOPT_NOSIGNAL, 1L);
    SET(s, CURLOPT_MAXLIFETIME_CONN, CONNECTION_AGE_MAX_S);
    SET(s, CURLOPT_TCP_KEEPALIVE, 1L);
    buffer_init(&s->answer.body, o->answer_max_bytes ? o->answer_max_bytes : HTTP_ANSWER_MAX_BYTES);
    SET(s, CURLOPT_WRITEFUNCTION, receive_body);
    SET(s, CURLOPT_WRITEDATA, s);
    SET(s, CURLOPT_HEADERFUNCTION, receive_header);
    SET(s, CURLOPT_HEADERDATA, s);
    SET(s, CURLOPT_ERRORBUFFER, s->client->why);
    if (o->patience_s) {
        SET(s, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SLOW_BYTES_S);
        SET(s, CURLOPT_LOW_SPEED_TIME, (long)o->patience_s);
    }
    if (o->cancel) {
        SET(s, CURLOPT_NOPROGRESS, 0L);
        SET(s, CURLOPT_XFERINFOFUNCTION, look_at_cancel);
        SET(s, CURLOPT_XFERINFODATA, s->client);
    }
}

static void set_trust(struct sending *s, bool plain, bool led_away)
{
    struct http_client *c = s->client;
    char path[40];
    SET(s, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(s, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(s, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->ca_fd >= 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", c->ca_fd);
        SET(s, CURLOPT_CAINFO, path);
        SET(s, CURLOPT_CAPATH, NULL);
    }
    if (led_away || (plain && !c->options.allow_plain)) {
        SET(s, CURLOPT_OPENSOCKETFUNCTION, led_away ? open_public_socket : open_local_socket);
        SET(s, CURLOPT_OPENSOCKETDATA, c);
        SET(s, CURLOPT_NOPROXY, "*");
    }
}

static void set_request(struct sending *s, const char *method, const struct outbound *request)
{
    struct text body = request ? outbound_body(request) : TEXT_NONE;
    if (body.len || text_eq(text_of(method), TEXT("POST")) || text_eq(text_of(method), TEXT("PUT"))) {
        SET(s, CURLOPT_POST, 1L);
        SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        SET(s, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
    }
    if (text_eq(text_of(method), TEXT("HEAD")))
        SET(s, CURLOPT_NOBODY, 1L);
    SET(s, CURLOPT_CUSTOMREQUEST, method);
    SET(s, CURLOPT_USERAGENT, "entente");
    SET(s, CURLOPT_ACCEPT_ENCODING, "gzip");
}

/* ---- what came of it ---- */

static void read_answer(struct sending *s)
{
    CURL *curl = s->client->curl;
    long status = 0;
    const char *type = NULL;
    curl_off_t retry_s = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_s);
    s->answer.status = (int)status;
    size_t len = type ? strlen(type) : 0;
    if (len && len < sizeof s->answer.media_type) /* a longer one is none that we know: left out, not cut */
        memcpy(s->answer.media_type, type, len + 1);
    s->answer.saved = s->saved;
    s->answer.retry_after_s = retry_s <= 0 ? 0 : retry_s < INT32_MAX ? (unsigned)retry_s : INT32_MAX - 1;
}

struct place {
    bool plain;
    char host[256];
    char *scheme, *name, *port;
    CURLU *url;
};

static void place_done(struct place *p)
{
    curl_free(p->scheme);
    curl_free(p->name);
    curl_free(p->port);
    curl_url_cleanup(p->url);
}

/* ERR_USAGE: no http or https URL, or one with a user in it. */
static enum err place_of(const char *url, struct place *ret)
{
    struct place p = {.url = curl_url()};
    char *user = NULL;
    bool good = p.url && !curl_url_set(p.url, CURLUPART_URL, url, 0) &&
                !curl_url_get(p.url, CURLUPART_SCHEME, &p.scheme, 0) &&
                !curl_url_get(p.url, CURLUPART_HOST, &p.name, 0) &&
                !curl_url_get(p.url, CURLUPART_PORT, &p.port, CURLU_DEFAULT_PORT) &&
                curl_url_get(p.url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(user);
    p.plain = good && text_eq(text_of(p.scheme), TEXT("http"));
    if (!good || (!p.plain && !text_eq(text_of(p.scheme), TEXT("https")))) {
        place_done(&p);
        return ERR_USAGE;
    }
    snprintf(p.host, sizeof p.host, "%s", p.name);
    *ret = p;
    return OK;
}

static bool same_place(const struct place *a, const struct place *b)
{
    return text_eq(text_of(a->scheme), text_of(b->scheme)) && text_eq_nocase(text_of(a->name), text_of(b->name)) &&
           text_eq(text_of(a->port), text_of(b->port));
}

/* The URL to go on with, or NULL: this answer is the last. */
static char *next_url(struct sending *s, const struct place *first, bool *ret_away)
{
    char *to = NULL;
    struct place there;
    curl_easy_getinfo(s->client->curl, CURLINFO_REDIRECT_URL, &to);
    if (!to || place_of(to, &there))
        return NULL;
    *ret_away = !same_place(first, &there);
    char *url = !*ret_away || (s->client->options.follow_https && !there.plain) ? strdup(to) : NULL;
    place_done(&there);
    return url;
}

static enum err failed(const struct sending *s, const char *host, struct fault *reterr)
{
    if (s->client->plain_refused)
        return fault_set(reterr, ERR_DENIED, "plain http to %s, which is another machine: use https", host);
    if (s->client->private_refused)
        return fault_set(reterr, ERR_DENIED, "%s leads to an address of a private network: not followed", host);
    if (s->too_long)
        return fault_set(reterr, ERR_LIMIT, "the answer of %s is longer than %llu bytes", host,
                         (unsigned long long)s->to->max_bytes);
    if (s->write_errno) {
        errno = s->write_errno;
        return fault_errno(reterr, "keeping the answer of %s in the home", host);
    }
    if (s->code == CURLE_ABORTED_BY_CALLBACK)
        return fault_set(reterr, ERR_CANCELLED, "stopped");
    if (s->header_bytes > HEADERS_MAX_BYTES)
        return fault_set(reterr, ERR_UNREACHABLE, "%s: its headers are longer than %zu KiB", host,
                         HEADERS_MAX_BYTES / KIB);
    if (buffer_error(&s->answer.body) == ERR_LIMIT)
        return fault_set(reterr, ERR_LIMIT, "the answer of %s is longer than %zu bytes", host, s->answer.body.max);
    if (s->code == CURLE_OUT_OF_MEMORY || buffer_error(&s->answer.body) == ERR_NOMEM)
        return fault_set(reterr, ERR_NOMEM, "no memory for the answer of %s", host);
    const char *why = s->client->why[0] ? s->client->why : curl_easy_strerror(s->code);
    return fault_set(reterr, ERR_UNREACHABLE, "%s: %.160s", host, why);
}

static enum err perform(struct sending *s, const char *host, struct fault *reterr)
{
    s->client->why[0] = 0;
    s->client->last_status = 0;
    s->client->last_retry_s = 0;
    s->client->last_waited = false;
    s->client->last_cut_short = false;
    s->client->plain_refused = s->client->private_refused = false;
    if (s->err)
        return fault_set(reterr, s->err, "no memory for a request");
    if (s->code == CURLE_OK)
        s->code = curl_easy_perform(s->client->curl);
    s->client->last_cut_short = s->code == CURLE_OPERATION_TIMEDOUT && s->answer.body.len >= UNDER_WAY_MIN_BYTES;
    if (s->code != CURLE_OK)
        return failed(s, host, reterr);
    read_answer(s);
    s->client->last_status = s->answer.status;
    s->client->last_retry_s = s->answer.retry_after_s;
    return OK;
}

struct asked {
    const char *method;
    struct text accept;
    const struct http_auth *auth;
    const struct outbound *request;
    struct saving to;
};

/* One URL, no redirects. OK: s->answer is owned. */
static enum err send_once(struct sending *s, const struct place *at, const char *url, bool away,
                          const struct asked *q, struct fault *reterr)
{
    curl_easy_reset(s->client->curl); /* options only: connections stay */
    SET(s, CURLOPT_URL, url);
    set_limits(s);
    set_trust(s, at->plain && !away, away);
    set_request(s, q->method, q->request);
    set_headers(s, q->accept, away ? NULL : q->auth, q->request);
    if (away)
        SET(s, CURLOPT_FRESH_CONNECT, 1L); /* one that is open already was not asked where it leads */
    enum err e = perform(s, at->host, reterr);
    curl_easy_setopt(s->client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    if (e)
        buffer_done(&s->answer.body);
    return e;
}

static bool may_follow(const char *method, int status, int hops)
{
    return status >= 300 && status <= 399 && status != 304 && hops < REDIRECTS_MAX &&
           text_eq(text_of(method), TEXT("GET"));
}

static enum err send_on(struct http_client *c, const struct place *at, const char *url, const struct asked *q,
                        struct http_answer *ret, struct fault *reterr)
{
    char *here = strdup(url);
    bool away = false;
    for (int hops = 0; here; hops++) {
        struct sending s = {.client = c, .to = &q->to};
        enum err e = send_once(&s, at, here, away, q, reterr);
        free(here);
        if (e)
            return e;
        here = may_follow(q->method, s.answer.status, hops) ? next_url(&s, at, &away) : NULL;
        if (!here) {
            *ret = s.answer;
            return OK;
        }
        buffer_done(&s.answer.body);
    }
    return fault_set(reterr, ERR_NOMEM, "no memory for a URL");
}

static enum err ask(struct http_client *c, const char *url, const struct asked *q, struct http_answer *ret,
                    struct fault *reterr)
{
    struct place at;
    const struct http_auth *auth = q->auth;
    if (auth && (!is_printable(auth->bearer) || !is_printable(auth->user) || !is_printable(auth->password) ||
                 !is_printable(auth->key)))
        return fault_set(reterr, ERR_USAGE, "user, password or token holds a control character or is too long");
    if (auth && text_find(auth->user, ':', 0) >= 0)
        return fault_set(reterr, ERR_USAGE, "a user name holds no colon (RFC 7617)");
    if (!is_printable(text_of(url)) || place_of(url, &at))
        return fault_set(reterr, ERR_USAGE, "a partner's address is an http or https URL without a user in it");
    enum err e = send_on(c, &at, url, q, ret, reterr);
    place_done(&at);
    return e;
}

enum err http_send(struct http_client *c, const char *method, const char *url, struct text accept,
                   const struct http_auth *auth, const struct outbound *request, struct http_answer *ret,
                   struct fault *reterr)
{
    const struct asked q = {method, accept, auth, request, {.fd = -1}};
    return ask(c, url, &q, ret, reterr);
}

enum err http_fetch(struct http_client *c, const char *method, const char *url, struct text accept,
                    const struct http_auth *auth, const struct outbound *request, int to, uint64_t max_bytes,
                    struct http_answer *ret, struct fault *reterr)
{
    const struct asked q = {method, accept, auth, request, {.fd = to, .max_bytes = max_bytes}};
    return ask(c, url, &q, ret, reterr);
}
