/* The client against our own server, and against sockets that say what no decent server says. */
#include "house.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/outbound_make.h"
#include "support/scratch.h"

static struct http_client *client(struct http_client_options o)
{
    struct http_client *c = NULL;
    assert_ok(http_client_new(&o, &c));
    return c;
}

static struct http_client_options quick(void)
{
    return (struct http_client_options){.connect_timeout_ms = 2000, .timeout_ms = 5000};
}

static struct outbound *request_of(const char *type, const char *bytes, size_t len)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_add_bytes(&b, bytes, len);
    struct outbound *o = outbound_new(0, text_of(type), &b);
    assert_non_null(o);
    return o;
}

static bool body_has(const struct http_answer *a, const char *what)
{
    return text_find_text(buffer_text(&a->body), text_of(what)) >= 0;
}

static void get_and_post(void **state)
{
    (void)state;
    struct house h;
    struct http_answer a;
    struct fault f;
    house_open(&h, (struct http_server_options){0});
    struct http_client *c = client(quick());
    struct http_auth basic = {.user = TEXT("Aladdin"), .password = TEXT("open sesame")};
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/x?limit=2"), TEXT("application/x"), &basic, NULL, &a, &f));
    assert_int_equal(a.status, 200);
    assert_string_equal(a.media_type, "text/plain");
    assert_true(body_has(&a, "param limit=2\n"));
    assert_true(body_has(&a, "accept: application/x\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n"));
    http_answer_done(&a);

    struct outbound *o = request_of("application/taxii+json;version=2.1", "hello", 5);
    assert_ok(outbound_add_header(o, TEXT("If-None-Match"), TEXT("\"tag\"")));
    struct http_auth bearer = {.bearer = TEXT("secret.token")};
    assert_ok(http_send(c, "POST", house_url(&h, "http", "/y"), TEXT_NONE, &bearer, o, &a, &f));
    assert_true(body_has(&a, "method=POST\npath=/y\nbody=5 2cf24dba"));
    assert_true(body_has(&a, "authorization: Bearer secret.token\n"));
    assert_true(body_has(&a, "CONTENT-type: application/taxii+json;version=2.1\n"));
    assert_true(body_has(&a, "if-none-match: \"tag\"\n"));
    outbound_free(o);
    http_answer_done(&a);

    assert_ok(http_send(c, "DELETE", house_url(&h, "http", "/z"), TEXT_NONE, NULL, NULL, &a, &f));
    assert_true(body_has(&a, "method=DELETE\n"));
    assert_true(body_has(&a, "authorization: \n"));
    http_answer_done(&a);
    assert_ok(http_send(c, "HEAD", house_url(&h, "http", "/z"), TEXT_NONE, NULL, NULL, &a, &f));
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 0);
    http_answer_done(&a);
    http_client_free(c);
    house_close(&h);
}

static void headers_are_kept(void **state)
{
    (void)state;
    struct house h;
    struct http_answer a;
    struct fault f;
    house_open(&h, (struct http_server_options){0});
    struct http_client *c = client(quick());
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/headers"), TEXT_NONE, NULL, NULL, &a, &f));
    assert_string_equal(a.media_type, "application/taxii+json;version=2.1");
    assert_string_equal(a.date_added_first, "2026-01-01T00:00:00.000001Z");
    assert_string_equal(a.date_added_last, "2026-01-02T00:00:00.000002Z");
    assert_int_equal(a.retry_after_s, 7);
    http_answer_done(&a);
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/null"), TEXT_NONE, NULL, NULL, &a, &f));
    assert_int_equal(a.status, 500);
    assert_string_equal(a.date_added_first, ""); /* nothing stays from the answer before */
    http_answer_done(&a);
    http_client_free(c);
    house_close(&h);
}

static void big_bodies(void **state)
{
    (void)state;
    struct house h;
    struct http_answer a;
    struct fault f;
    char expected[100], hex[SHA256_HEX];
    size_t len = 20 * MIB;
    char *bytes = malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    house_open(&h, (struct http_server_options){0});
    struct http_client *c = client(quick());
    struct outbound *o = request_of("application/octet-stream", bytes, len);
    assert_ok(http_send(c, "POST", house_url(&h, "http", "/"), TEXT_NONE, NULL, o, &a, &f));
    struct sha256 hash = sha256_of(bytes, len);
    snprintf(expected, sizeof expected, "body=%zu " TEXT_FMT, len, TEXT_ARG(sha256_hex(&hash, hex)));
    assert_true(body_has(&a, expected));
    http_answer_done(&a);
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/big"), TEXT_NONE, NULL, NULL, &a, &f));
    assert_int_equal(a.body.len, 8 * MIB);
    http_answer_done(&a);
    http_client_free(c);

    struct http_client_options small = quick();
    small.answer_max_bytes = MIB;
    c = client(small);
    assert_err(http_send(c, "GET", house_url(&h, "http", "/big"), TEXT_NONE, NULL, NULL, &a, &f), ERR_LIMIT);
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/after"), TEXT_NONE, NULL, NULL, &a, &f));
    http_answer_done(&a);
    outbound_free(o);
    free(bytes);
    http_client_free(c);
    house_close(&h);
}

static int follow(struct house *h, const char *method, const char *to, bool *ret_followed)
{
    struct http_answer a;
    struct fault f;
    char path[300];
    struct http_client *c = client(quick());
    snprintf(path, sizeof path, "/moved?to=%s", to);
    assert_ok(http_send(c, method, house_url(h, "http", path), TEXT_NONE, NULL, NULL, &a, &f));
    *ret_followed = body_has(&a, "path=/there\n");
    int status = a.status;
    http_answer_done(&a);
    http_client_free(c);
    return status;
}

static int memory_file(void)
{
    int fd = memfd_create("fetched", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A document goes into the file, up to a limit; words of another answer do not. */
static void fetching(void **state)
{
    (void)state;
    struct house h;
    struct http_answer a;
    struct fault f;
    int fd = memory_file();
    house_open(&h, (struct http_server_options){0});
    struct http_client *c = client(quick());
    const char *big = house_url(&h, "http", "/big");
    assert_ok(http_fetch(c, "GET", big, TEXT_NONE, NULL, NULL, fd, 8 * MIB, &a, &f));
    assert_int_equal(a.saved, 8 * MIB);
    assert_int_equal(a.body.len, 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), 8 * MIB);
    http_answer_done(&a);
    assert_err(http_fetch(c, "GET", big, TEXT_NONE, NULL, NULL, fd, 8 * MIB - 1, &a, &f), ERR_LIMIT);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_err(http_fetch(c, "GET", big, TEXT_NONE, NULL, NULL, full, 8 * MIB, &a, &f), ERR_FULL);
    const struct http_auth key = {.key = TEXT("abcKEY")};
    assert_ok(http_send(c, "GET", house_url(&h, "http", "/x"), TEXT_NONE, &key, NULL, &a, &f));
    assert_true(body_has(&a, "authorization: abcKEY\n"));
    http_answer_done(&a);
    http_client_free(c);

    atomic_bool stop = true;
    struct http_client_options cancelled = quick();
    cancelled.cancel = &stop;
    c = client(cancelled);
    assert_err(http_fetch(c, "GET", big, TEXT_NONE, NULL, NULL, fd, 8 * MIB, &a, &f), ERR_CANCELLED);
    http_client_free(c);
    close(full);
    close(fd);
    house_close(&h);
}

static void redirects_stay_in_place(void **state)
{
    (void)state;
    struct house h, other;
    bool followed;
    house_open(&h, (struct http_server_options){0});
    house_open(&other, (struct http_server_options){0});
    assert_int_equal(follow(&h, "GET", "/there", &followed), 200);
    assert_true(followed);
    assert_int_equal(follow(&h, "GET", house_url(&h, "http", "/there"), &followed), 200);
    assert_true(followed);
    assert_int_equal(follow(&h, "POST", "/there", &followed), 302);
    assert_int_equal(follow(&h, "GET", house_url(&other, "http", "/there"), &followed), 302);
    assert_int_equal(follow(&h, "GET", "http://localhost/there", &followed), 302);
    assert_int_equal(follow(&h, "GET", house_url(&h, "https", "/there"), &followed), 302);
    assert_int_equal(follow(&h, "GET", "file:///etc/passwd", &followed), 302);
    assert_int_equal(other.calls, 0);
    int before = h.calls;
    assert_int_equal(follow(&h, "GET", "/moved", &followed), 302); /* no `to`: an empty Location leads nowhere */
    assert_true(h.calls - before <= 7);
    house_close(&h);
    house_close(&other);
}

static void plain_stays_here(void **state)
{
    (void)state;
    struct http_answer a;
    struct fault f;
    struct http_client *c = client((struct http_client_options){.connect_timeout_ms = 300, .timeout_ms = 300});
    static const char *const away[] = {"http://192.0.2.1/", "http://[2001:db8::1]/", "http://0.0.0.0:1/"};
    for (size_t i = 0; i < ARRAY_LEN(away); i++) {
        assert_err(http_send(c, "GET", away[i], TEXT_NONE, NULL, NULL, &a, &f), ERR_DENIED);
        assert_non_null(strstr(f.what, "https"));
    }
    assert_err(http_send(c, "GET", "https://192.0.2.1/", TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    http_client_free(c);
    c = client((struct http_client_options){.connect_timeout_ms = 300, .timeout_ms = 300, .allow_plain = true});
    assert_err(http_send(c, "GET", "http://192.0.2.1/", TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    http_client_free(c);
}

static void usage(void **state)
{
    (void)state;
    struct http_answer a;
    struct fault f;
    struct http_client *c = client(quick());
    static const char *const bad[] = {"",
                                      "nonsense",
                                      "ftp://127.0.0.1/",
                                      "file:///etc/passwd",
                                      "http://user@127.0.0.1/",
                                      "http://127.0.0.1/\r\nX: y"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(http_send(c, "GET", bad[i], TEXT_NONE, NULL, NULL, &a, &f), ERR_USAGE);
    const struct http_auth auths[] = {{.bearer = TEXT("a\r\nX: y")},
                                      {.user = TEXT("a\n"), .password = TEXT("b")},
                                      {.user = TEXT("a"), .password = TEXT("b\r")},
                                      {.user = TEXT("a:b"), .password = TEXT("c")}};
    for (size_t i = 0; i < ARRAY_LEN(auths); i++)
        assert_err(http_send(c, "GET", "http://127.0.0.1:1/", TEXT_NONE, &auths[i], NULL, &a, &f), ERR_USAGE);
    assert_err(http_send(c, "GET", "http://127.0.0.1:1/", TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    assert_non_null(strstr(f.what, "127.0.0.1"));
    http_client_free(c);
    http_client_free(NULL);
}

/* One connection, one canned answer. */
struct canned {
    pthread_t thread;
    int listener;
    const char *says;
};

static void *say_it(void *self)
{
    struct canned *s = self;
    char ignored[4096];
    int fd = accept(s->listener, NULL, NULL);
    (void)!recv(fd, ignored, sizeof ignored, 0);
    wire_send(fd, s->says, strlen(s->says));
    close(fd);
    return NULL;
}

static enum err ask_canned(const char *says, struct http_answer *a, struct fault *f)
{
    struct canned s = {.listener = socket(AF_INET, SOCK_STREAM, 0), .says = says};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char url[64];
    assert_int_equal(bind(s.listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s.listener, 1), 0);
    assert_int_equal(getsockname(s.listener, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(pthread_create(&s.thread, NULL, say_it, &s), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(at.sin_port));
    struct http_client *c = client(quick());
    enum err e = http_send(c, "GET", url, TEXT_NONE, NULL, NULL, a, f);
    http_client_free(c);
    pthread_join(s.thread, NULL);
    close(s.listener);
    return e;
}

static void strange_answers(void **state)
{
    (void)state;
    struct http_answer a;
    struct fault f;
    static const char *const broken[] = {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        assert_err(ask_canned(broken[i], &a, &f), ERR_UNREACHABLE);
    assert_ok(ask_canned("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", &a, &f));
    assert_int_equal(a.status, 503);
    assert_int_equal(a.retry_after_s, 120);
    assert_string_equal(a.media_type, "");
    http_answer_done(&a);
    assert_ok(ask_canned("HTTP/1.1 200 OK\r\nX-TAXII-Date-Added-Last: "
                         "0123456789012345678901234567890123456789012345678901234567890\r\nContent-Length: 0\r\n\r\n",
                         &a, &f));
    assert_string_equal(a.date_added_last, ""); /* longer than any date: not cut, left out */
    http_answer_done(&a);
}

/* TLS: the right authority is asked for, and the name is compared. */
static void certificates_are_verified(void **state)
{
    (void)state;
    struct house h;
    struct http_answer a;
    struct fault f;
    char *cert = scratch_read(test_path("data/net/cert.pem"), NULL);
    char *key = scratch_read(test_path("data/net/key.pem"), NULL);
    char *ca = scratch_read(test_path("data/net/ca.pem"), NULL);
    char *other = scratch_read(test_path("data/net/other-ca.pem"), NULL);
    assert_non_null(cert);
    house_open(&h, (struct http_server_options){.address = "0.0.0.0:0", .cert_pem = cert, .key_pem = key});
    struct http_client_options o = quick();
    o.ca_pem = ca;
    struct http_client *c = client(o);
    for (int i = 0; i < 3; i++) {
        assert_ok(http_send(c, "GET", house_url(&h, "https", "/tls"), TEXT_NONE, NULL, NULL, &a, &f));
        assert_true(body_has(&a, "path=/tls\n"));
        http_answer_done(&a);
    }
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.2:%u/", h.port);
    assert_err(http_send(c, "GET", url, TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    assert_err(http_send(c, "GET", house_url(&h, "http", "/"), TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    http_client_free(c);
    o.ca_pem = other;
    c = client(o);
    assert_err(http_send(c, "GET", house_url(&h, "https", "/"), TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    http_client_free(c);
    c = client(quick());
    assert_err(http_send(c, "GET", house_url(&h, "https", "/"), TEXT_NONE, NULL, NULL, &a, &f), ERR_UNREACHABLE);
    http_client_free(c);
    assert_int_equal(h.calls, 3);
    house_close(&h);
    free(cert), free(key), free(ca), free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_and_post),
        cmocka_unit_test(headers_are_kept),
        cmocka_unit_test(big_bodies),
        cmocka_unit_test(fetching),
        cmocka_unit_test(redirects_stay_in_place),
        cmocka_unit_test(plain_stays_here),
        cmocka_unit_test(usage),
        cmocka_unit_test(strange_answers),
        cmocka_unit_test(certificates_are_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
