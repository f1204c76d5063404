/* The server over real sockets: whole, cut, slow, wrong and too long requests; many at once; stopping. */
#include "house.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/http_alive.h"
#include "net/http_listen.h"
#include "support/scratch.h"

#define HEARD_MAX (64 * 1024)

static char heard[HEARD_MAX];

/* The pool notices a connection that says nothing, and that is no request. */
static void a_pool_that_goes_on(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, (struct http_server_options){.threads = 2});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_server_late_us(h.server, clock_mono_us()), 0);
        usleep(400000);
    }
    assert_int_equal(h.calls, 0);
    house_close(&h);
}

/* Nobody accepts here: the connection waits in the kernel, and that is told; not where no further one is taken. */
static void a_pool_that_hangs(void **state)
{
    struct http_endpoint at;
    struct http_probe probe = {.fd = -1};
    uint16_t port;
    int fd;
    (void)state;
    assert_ok(http_endpoint_parse(TEXT("127.0.0.1:0"), &at, NULL));
    assert_ok(http_listen(&at, &fd, &port, NULL));
    assert_int_equal(http_probe(&probe, fd, false, 1000), 0);
    assert_int_equal(http_probe(&probe, fd, false, 5000), 4000);
    assert_int_equal(http_probe(&probe, fd, true, 6000), 0);
    assert_int_equal(probe.fd, -1);
    http_probe_done(&probe);
    close(fd);
}

static void the_oldest_call_counts(void **state)
{
    struct http_calls calls;
    struct http_call first, second;
    (void)state;
    http_calls_init(&calls);
    assert_int_equal(http_calls_oldest_us(&calls, 99), 0);
    http_call_begin(&calls, &first);
    http_call_begin(&calls, &second);
    assert_int_equal(http_calls_oldest_us(&calls, first.since_us + 7), 7);
    http_call_end(&calls, &first);
    assert_int_equal(http_calls_oldest_us(&calls, second.since_us + 5), 5);
    http_call_end(&calls, &second);
    assert_int_equal(http_calls_oldest_us(&calls, INT64_MAX), 0);
    http_calls_done(&calls);
}

static void plain_request(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){0});
    int fd = wire_open(&h);
    wire_say(fd, "GET /a%20b?limit=3&x=%41 HTTP/1.1\r\nHost: x\r\nAccept: any\r\nauthorization: Basic eDp5\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    assert_non_null(strstr(heard, "method=GET\npath=/a b\nbody=0 "));
    assert_non_null(strstr(heard, "param limit=3\nparam x=A\n"));
    assert_non_null(strstr(heard, "accept: any\nauthorization: Basic eDp5\n"));
    assert_non_null(strstr(heard, "peer=127.0.0.1 1\n"));
    assert_non_null(strstr(heard, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(heard, "X-Content-Type-Options: nosniff\r\n"));
    close(fd);
    house_close(&h);
}

static void connection_stays(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){0});
    int fd = wire_open(&h);
    for (int i = 0; i < 100; i++) {
        wire_say(fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
        assert_non_null(strstr(heard, "body=5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    }
    close(fd);
    assert_int_equal(h.calls, 100);
    house_close(&h);
}

static void pieces_make_a_request(void **state)
{
    (void)state;
    static const char request[] = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    struct house h;
    house_open(&h, (struct http_server_options){0});
    int fd = wire_open(&h);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        wire_send(fd, request + i, 1);
        if (i % 8 == 0)
            usleep(1000);
    }
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    assert_non_null(strstr(heard, "body=5 2cf24dba"));
    close(fd);
    house_close(&h);
}

static void other_methods_reach_the_handler(void **state)
{
    (void)state;
    static const char *const methods[] = {"PUT", "DELETE", "OPTIONS", "PATCH", "FOO"};
    struct house h;
    house_open(&h, (struct http_server_options){0});
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        char request[100], expected[40];
        int fd = wire_open(&h);
        int len = snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: x\r\n\r\n", methods[i]);
        snprintf(expected, sizeof expected, "method=%s\n", methods[i]);
        wire_send(fd, request, (size_t)len);
        assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
        assert_non_null(strstr(heard, expected));
        close(fd);
    }
    int fd = wire_open(&h);
    wire_say(fd, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_true(wire_hear(fd, heard, sizeof heard, 2000) > 0);
    assert_null(strstr(heard, "method="));
    close(fd);
    house_close(&h);
}

/* Never heard by the handler: what decodes to nothing sensible. */
static void malformed_is_400(void **state)
{
    (void)state;
    static const char *const targets[] = {"/%zz", "/a?x=%", "/%2e%2e/etc", "/a%2fb", "/?a=%00", "/%ff"};
    struct house h;
    house_open(&h, (struct http_server_options){0});
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        char request[100];
        int fd = wire_open(&h);
        int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
        wire_send(fd, request, (size_t)len);
        assert_int_equal(wire_answer(fd, heard, sizeof heard), 400);
        assert_non_null(strstr(heard, "fault 400"));
        close(fd);
    }
    static const char *const nonsense[] = {"\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n",
                                           "GET / HTTP/1.1\r\n\r\n" /* no Host */, "\x16\x03\x01\x02\x00\x01"};
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        int fd = wire_open(&h);
        wire_send(fd, nonsense[i], strlen(nonsense[i]));
        wire_hear(fd, heard, sizeof heard, 100);
        assert_null(strstr(heard, "200 OK"));
        close(fd);
    }
    assert_int_equal(h.calls, 0);
    house_close(&h);
}

static void send_filler(int fd, size_t len)
{
    char filler[16 * 1024];
    memset(filler, 'x', sizeof filler);
    for (size_t sent = 0; sent < len; sent += sizeof filler)
        wire_send(fd, filler, len - sent < sizeof filler ? len - sent : sizeof filler);
}

static void too_long_is_413(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){.body_max_bytes = MIB});
    int fd = wire_open(&h);
    wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
    send_filler(fd, MIB);
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    close(fd);

    fd = wire_open(&h); /* read and thrown away, then answered; the connection goes on */
    wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
    send_filler(fd, MIB + 1);
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 413);
    assert_non_null(strstr(heard, "fault 413"));
    close(fd);

    fd = wire_open(&h); /* asks first: hears at once */
    wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 413);
    close(fd);

    fd = wire_open(&h); /* hopeless: nothing of the body is read */
    wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 413);
    close(fd);

    fd = wire_open(&h); /* chunks without end */
    wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; i++) {
        wire_say(fd, "10000\r\n");
        send_filler(fd, 65536);
        wire_say(fd, "\r\n");
    }
    wire_hear(fd, heard, sizeof heard, 200);
    assert_null(strstr(heard, "200 OK"));
    close(fd);
    assert_int_equal(h.calls, 1);
    house_close(&h);
}

static int ask_with_header(struct house *h, size_t len)
{
    int fd = wire_open(h);
    wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ");
    send_filler(fd, len);
    wire_say(fd, "\r\n\r\n");
    int status = wire_answer(fd, heard, sizeof heard);
    close(fd);
    return status;
}

static void header_limits(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){0});
    assert_int_equal(ask_with_header(&h, 10000), 200);
    assert_non_null(strstr(heard, "X-Long: xxxx"));
    assert_int_equal(ask_with_header(&h, HTTP_HEADERS_MAX_BYTES - 100), 200);
    assert_int_equal(ask_with_header(&h, HTTP_HEADERS_MAX_BYTES + 1), 431);
    assert_int_not_equal(ask_with_header(&h, 4 * HTTP_HEADERS_MAX_BYTES), 200);
    int fd = wire_open(&h);
    wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 200; i++)
        wire_say(fd, "A: b\r\n");
    wire_say(fd, "\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 431);
    close(fd);
    house_close(&h);
}

static void send_repeated(int fd, const char *unit, size_t bytes)
{
    static char filler[128 * KIB];
    size_t len = strlen(unit);
    assert_true(bytes <= sizeof filler);
    for (size_t i = 0; i < bytes; i++)
        filler[i] = unit[i % len];
    wire_send(fd, filler, bytes);
}

/* Longer than the library bears, in one piece or in many parameters: it answers by itself (414, 431), and nothing of
 * the request is left behind (the sanitizer looks). */
static void request_lines_have_an_end(void **state)
{
    (void)state;
    struct house h;
    static const char *const units[] = {"a", "a&", "a=b&", "&", "%41", "?", "/"};
    static const size_t lengths[] = {HTTP_HEADERS_MAX_BYTES / 2, HTTP_HEADERS_MAX_BYTES, 2 * HTTP_HEADERS_MAX_BYTES,
                                     3 * HTTP_HEADERS_MAX_BYTES};
    house_open(&h, (struct http_server_options){0});
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
            int fd = wire_open(&h);
            wire_say(fd, "GET /?");
            send_repeated(fd, units[i], lengths[k]);
            wire_say(fd, " HTTP/1.1\r\nHost: x\r\n\r\n");
            int status = wire_answer(fd, heard, sizeof heard);
            assert_true(status == 0 || status == 200 || (status >= 400 && status < 500));
            assert_true(status == 0 || status != 200 || lengths[k] < HTTP_HEADERS_MAX_BYTES);
            close(fd);
        }
    int fd = wire_open(&h);
    wire_say(fd, "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    close(fd);
    house_close(&h);
}

static void handler_without_an_answer_is_500(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){0});
    static const char *const paths[] = {"/null", "/request"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char request[80];
        int fd = wire_open(&h);
        int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
        wire_send(fd, request, (size_t)len);
        assert_int_equal(wire_answer(fd, heard, sizeof heard), 500);
        assert_non_null(strstr(heard, "fault 500"));
        close(fd);
    }
    house_close(&h);
}

/* Silence ends by the idle timeout, trickling by the watch; other clients are served meanwhile. */
static void slow_clients_are_dropped(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){.idle_timeout_s = 1, .threads = 1});
    int silent = wire_open(&h), half = wire_open(&h), trickle = wire_open(&h), late = wire_open(&h);
    wire_say(half, "GET / HTTP/1.1\r\nHo");
    wire_say(late, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    wire_say(trickle, "GET / HTTP/1.1\r\nX: ");
    int64_t start_us = clock_mono_us();
    bool gone = false, body_gone = false;
    while (!(gone && body_gone) && clock_mono_us() - start_us < 8000000) {
        wire_send(trickle, "x", 1);
        wire_send(late, "x", 1);
        gone =
            gone || (wire_hear(trickle, heard, sizeof heard, 0) == 0 && recv(trickle, heard, 1, MSG_DONTWAIT) == 0);
        body_gone = body_gone || recv(late, heard, 1, MSG_DONTWAIT) == 0;
        usleep(200000);
    }
    assert_true(gone);
    assert_true(body_gone);
    assert_int_equal(wire_hear(silent, heard, sizeof heard, 3000), 0);
    wire_hear(half, heard, sizeof heard, 3000);
    assert_null(strstr(heard, "200 OK"));
    int fd = wire_open(&h);
    wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    close(fd);
    close(silent), close(half), close(trickle), close(late);
    assert_int_equal(h.calls, 1);
    house_close(&h);
}

struct caller {
    pthread_t thread;
    struct house *house;
    int rounds, good, other;
};

static void *call_often(void *self)
{
    struct caller *c = self;
    char *out = malloc(HEARD_MAX);
    for (int i = 0; i < c->rounds; i++) {
        int fd = wire_open(c->house);
        wire_say(fd, "POST /y?n=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        send_filler(fd, 100000);
        int status = wire_answer(fd, out, HEARD_MAX);
        close(fd);
        if (status == 200 && strstr(out, "body=100000 "))
            c->good++;
        else
            c->other++;
    }
    free(out);
    return NULL;
}

static void many_at_once(void **state)
{
    (void)state;
    struct house h;
    struct caller callers[16];
    house_open(&h, (struct http_server_options){.threads = 4});
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        callers[i] = (struct caller){.house = &h, .rounds = 40};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].good, 40);
    }
    assert_int_equal(h.calls, 16 * 40);
    house_close(&h);
}

static void *ask_slowly(void *self)
{
    struct caller *c = self;
    char *out = malloc(HEARD_MAX);
    int fd = wire_open(c->house);
    wire_say(fd, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    c->good = wire_answer(fd, out, HEARD_MAX) == 200 && strstr(out, "path=/slow");
    close(fd);
    free(out);
    return NULL;
}

/* What is being answered is answered to its end; idle and half connections do not hold up the stop. */
static void stop_finishes_what_is_under_way(void **state)
{
    (void)state;
    struct house h;
    struct caller callers[3];
    house_open(&h, (struct http_server_options){.threads = 4});
    int idle = wire_open(&h), half = wire_open(&h);
    wire_say(half, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        callers[i] = (struct caller){.house = &h};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, ask_slowly, &callers[i]), 0);
    }
    while (__atomic_load_n(&h.in_handler, __ATOMIC_SEQ_CST) == 0)
        usleep(1000);
    int64_t start_us = clock_mono_us();
    int under_way = __atomic_load_n(&h.in_handler, __ATOMIC_SEQ_CST), answered = 0;
    struct http_server *server = h.server;
    http_server_stop(server);
    assert_true(clock_mono_us() - start_us < 8000000);
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        pthread_join(callers[i].thread, NULL);
        answered += callers[i].good;
    }
    assert_true(answered >= under_way);
    close(idle), close(half);
}

/* One connection, as long as the server keeps it. */
static void *call_until_refused(void *self)
{
    struct caller *c = self;
    char *out = malloc(HEARD_MAX);
    int fd = -1;
    do {
        fd = fd < 0 ? wire_open(c->house) : fd;
        wire_say(fd, "GET /z HTTP/1.1\r\nHost: x\r\n\r\n");
        if (wire_answer(fd, out, HEARD_MAX) != 200)
            break;
        c->good++;
    } while (!strcasestr(out, "connection: close"));
    close(fd);
    free(out);
    return NULL;
}

static void stop_under_load(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct house h;
        struct caller callers[8];
        house_open(&h, (struct http_server_options){.threads = 2});
        for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
            callers[i] = (struct caller){.house = &h};
            assert_int_equal(pthread_create(&callers[i].thread, NULL, call_until_refused, &callers[i]), 0);
        }
        while (__atomic_load_n(&h.calls, __ATOMIC_SEQ_CST) < 500)
            usleep(1000);
        int64_t start_us = clock_mono_us();
        http_server_stop(h.server);
        assert_true(clock_mono_us() - start_us < 8000000);
        int good = 0;
        for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
            pthread_join(callers[i].thread, NULL);
            good += callers[i].good;
        }
        assert_int_equal(good, h.calls); /* whom the handler answered, heard it */
    }
}

static void start_refuses(void **state)
{
    (void)state;
    struct house h;
    struct http_server *s = NULL;
    struct fault f;
    char taken[40];
    house_open(&h, (struct http_server_options){0});
    snprintf(taken, sizeof taken, "127.0.0.1:%u", h.port);
    struct http_server_options o = {.address = taken};
    assert_err(http_server_start(&o, &s, &f), ERR_BUSY);
    assert_non_null(strstr(f.what, "taken"));
    o.address = "0.0.0.0:0";
    assert_err(http_server_start(&o, &s, &f), ERR_DENIED);
    o.address = "[::]:0";
    assert_err(http_server_start(&o, &s, &f), ERR_DENIED);
    o.address = "nowhere";
    assert_err(http_server_start(&o, &s, &f), ERR_USAGE);
    o.address = "127.0.0.1:0";
    o.cert_pem = "nonsense";
    assert_err(http_server_start(&o, &s, &f), ERR_USAGE);
    o.key_pem = "nonsense";
    assert_err(http_server_start(&o, &s, &f), ERR_USAGE);
    assert_null(s);
    http_server_stop(NULL);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_request),
        cmocka_unit_test(a_pool_that_goes_on),
        cmocka_unit_test(a_pool_that_hangs),
        cmocka_unit_test(the_oldest_call_counts),
        cmocka_unit_test(connection_stays),
        cmocka_unit_test(pieces_make_a_request),
        cmocka_unit_test(other_methods_reach_the_handler),
        cmocka_unit_test(malformed_is_400),
        cmocka_unit_test(too_long_is_413),
        cmocka_unit_test(header_limits),
        cmocka_unit_test(request_lines_have_an_end),
        cmocka_unit_test(handler_without_an_answer_is_500),
        cmocka_unit_test(slow_clients_are_dropped),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(stop_finishes_what_is_under_way),
        cmocka_unit_test(stop_under_load),
        cmocka_unit_test(start_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
