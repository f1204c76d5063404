#include "house.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/outbound_make.h"

static struct outbound *page(int status, const char *type, struct buffer *body)
{
    return outbound_new(status, text_of(type), body);
}

static struct outbound *fault_page(void *self, int status)
{
    (void)self;
    struct buffer b;
    buffer_init(&b, KIB);
    buffer_addf(&b, "fault %d", status);
    return page(status, "text/plain", &b);
}

/* What arrived, said back line by line. */
static struct outbound *echo(const struct http_request *r)
{
    struct buffer b;
    char hex[SHA256_HEX];
    struct sha256 hash = sha256_of(r->body.ptr ? r->body.ptr : "", r->body.len);
    buffer_init(&b, 4 * MIB);
    buffer_addf(&b, "method=" TEXT_FMT "\npath=" TEXT_FMT "\nbody=%zu " TEXT_FMT "\npeer=" TEXT_FMT " %d\n",
                TEXT_ARG(r->method), TEXT_ARG(r->path), r->body.len, TEXT_ARG(sha256_hex(&hash, hex)),
                TEXT_ARG(r->peer), r->loopback);
    struct text name, value;
    for (size_t at = 0; http_next_param(r, &at, &name, &value);)
        buffer_addf(&b, "param " TEXT_FMT "=" TEXT_FMT "\n", TEXT_ARG(name), TEXT_ARG(value));
    static const char *const shown[] = {"accept", "authorization", "CONTENT-type", "X-Long", "if-none-match"};
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        buffer_addf(&b, "%s: " TEXT_FMT "\n", shown[i], TEXT_ARG(http_header(r, shown[i])));
    return page(200, "text/plain", &b);
}

static struct outbound *sized(size_t len)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    char *p = buffer_reserve(&b, len);
    if (p)
        memset(p, 'x', len);
    return page(200, "application/octet-stream", &b);
}

static struct outbound *moved(const struct http_request *r)
{
    struct buffer b;
    struct text to = http_param(r, "to", NULL);
    buffer_init(&b, KIB);
    struct outbound *o = page(302, "", &b);
    assert_ok(outbound_add_header(o, TEXT("Location"), to));
    return o;
}

static struct outbound *with_headers(void)
{
    struct buffer b;
    buffer_init(&b, KIB);
    buffer_add(&b, TEXT("{}"));
    struct outbound *o = page(200, "application/taxii+json;version=2.1", &b);
    assert_ok(outbound_add_header(o, TEXT("X-TAXII-Date-Added-First"), TEXT("2026-01-01T00:00:00.000001Z")));
    assert_ok(outbound_add_header(o, TEXT("X-TAXII-Date-Added-Last"), TEXT("2026-01-02T00:00:00.000002Z")));
    assert_ok(outbound_add_header(o, TEXT("Retry-After"), TEXT("7")));
    assert_ok(outbound_add_header(o, TEXT("Cache-Control"), TEXT("max-age=1")));
    return o;
}

static struct outbound *long_text(const char *header, const char *value, size_t len)
{
    struct buffer b;
    buffer_init(&b, MIB);
    while (b.len < len)
        buffer_addf(&b, "%zu,", b.len);
    b.len = len;
    struct outbound *o = page(200, "application/json", &b);
    assert_ok(outbound_add_header(o, text_of(header), text_of(value)));
    return o;
}

static struct outbound *handle(void *self, const struct http_request *r)
{
    struct house *h = self;
    __atomic_add_fetch(&h->calls, 1, __ATOMIC_SEQ_CST);
    if (text_eq(r->path, TEXT("/null")))
        return NULL;
    if (text_eq(r->path, TEXT("/request"))) {
        struct buffer b;
        buffer_init(&b, KIB);
        return page(0, "", &b); /* a request is no answer */
    }
    if (text_eq(r->path, TEXT("/big")))
        return sized(8 * MIB);
    if (text_eq(r->path, TEXT("/tagged")))
        return long_text("ETag", "\"tag\"", 100000);
    if (text_eq(r->path, TEXT("/packed")))
        return long_text("Content-Encoding", "br", 5000);
    if (text_eq(r->path, TEXT("/moved")))
        return moved(r);
    if (text_eq(r->path, TEXT("/headers")))
        return with_headers();
    if (text_eq(r->path, TEXT("/slow"))) {
        __atomic_add_fetch(&h->in_handler, 1, __ATOMIC_SEQ_CST);
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    }
    return echo(r);
}

void house_open(struct house *h, struct http_server_options options)
{
    struct fault f;
    *h = (struct house){0};
    options.address = options.address ? options.address : "127.0.0.1:0";
    options.handler = options.handler ? options.handler : handle;
    options.fault_page = fault_page;
    options.self = options.self ? options.self : h;
    enum err e = http_server_start(&options, &h->server, &f);
    if (e)
        print_error("%s\n", f.what);
    assert_ok(e);
    h->port = http_server_port(h->server);
    assert_int_not_equal(h->port, 0);
}

void house_close(struct house *h)
{
    http_server_stop(h->server);
    h->server = NULL;
}

const char *house_url(const struct house *h, const char *scheme, const char *path)
{
    static char urls[8][512];
    static unsigned turn;
    char *url = urls[turn++ % 8];
    snprintf(url, sizeof urls[0], "%s://127.0.0.1:%u%s", scheme, h->port, path);
    return url;
}

int wire_open(const struct house *h)
{
    return wire_open_from(h, "127.0.0.1");
}

int wire_open_from(const struct house *h, const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(h->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

void wire_send(int fd, const void *bytes, size_t len)
{
    for (size_t sent = 0; fd >= 0 && sent < len;) {
        ssize_t n = send(fd, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* the other end had enough; the test sees by what it hears */
        sent += (size_t)n;
    }
}

size_t wire_hear(int fd, char *out, size_t cap, int ms)
{
    size_t got = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (fd >= 0 && got + 1 < cap && poll(&p, 1, ms) == 1) {
        ssize_t n = recv(fd, out + got, cap - 1 - got, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    out[got] = 0;
    return got;
}

int wire_answer(int fd, char *out, size_t cap)
{
    size_t got = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    out[0] = 0;
    while (fd >= 0 && got + 1 < cap && poll(&p, 1, 5000) == 1) {
        ssize_t n = recv(fd, out + got, cap - 1 - got, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
        out[got] = 0;
        const char *end = strstr(out, "\r\n\r\n"), *length = strcasestr(out, "content-length:");
        if (end && length && got >= (size_t)(end + 4 - out) + strtoul(length + 15, NULL, 10))
            break;
    }
    return got > 12 ? atoi(out + 9) : 0;
}
