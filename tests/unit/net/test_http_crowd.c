/* Senders that take too much: it costs them, and others are answered meanwhile. Senders are addresses of this
 * machine, or names that a proxy gives. */
#include "house.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipaddr.h"
#include "base/outbound_make.h"
#include "base/time.h"
#include "net/http_sender.h"

#define HEARD_MAX (128 * 1024)
#define GREEDY    "127.0.0.2"
#define OTHER     "127.0.0.3"

static char heard[HEARD_MAX];

static bool is_closed(int fd, int ms)
{
    char c;
    int64_t give_up_us = clock_mono_us() + (int64_t)ms * 1000;
    ssize_t n;
    do {
        n = recv(fd, &c, 1, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN && ms)
            usleep(1000), errno = EAGAIN;
    } while (n < 0 && errno == EAGAIN && clock_mono_us() < give_up_us);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

/* Answered whatever the greedy one does, within a second. */
static void other_is_answered(struct house *h)
{
    int64_t start_us = clock_mono_us();
    int fd = wire_open_from(h, OTHER);
    wire_say(fd, "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    assert_true(clock_mono_us() - start_us < 1000000);
    close(fd);
}

static void one_does_not_take_all(void **state)
{
    (void)state;
    struct house h;
    int fd[80];
    size_t kept = 0;
    house_open(&h, (struct http_server_options){.connections_max = 64, .threads = 2});
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = wire_open_from(&h, GREEDY);
        wire_say(fd[i], "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        kept += wire_answer(fd[i], heard, sizeof heard) == 200;
    }
    assert_in_range(kept, 30, 32); /* of this machine: half */
    other_is_answered(&h);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    usleep(200000);
    int again = wire_open_from(&h, GREEDY); /* given back */
    wire_say(again, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_answer(again, heard, sizeof heard), 200);
    close(again);
    house_close(&h);
}

/* Heads and bodies that drip, on every connection it may have: the others notice nothing, and soon it has none. */
static void dripping(void **state)
{
    (void)state;
    struct house h;
    int fd[40];
    size_t open = 0;
    house_open(&h, (struct http_server_options){.connections_max = 64, .threads = 2, .idle_timeout_s = 1});
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = wire_open_from(&h, GREEDY);
        if (i % 2)
            wire_say(fd[i], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
        else
            wire_say(fd[i], "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    }
    for (int round = 0; round < 16; round++) {
        for (size_t i = 0; i < ARRAY_LEN(fd); i++)
            wire_send(fd[i], "x", 1);
        other_is_answered(&h);
        usleep(250000);
    }
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        open += !is_closed(fd[i], 0);
        close(fd[i]);
    }
    assert_int_equal(open, 0);
    house_close(&h);
}

/* When connections get scarce, who says nothing goes first. */
static void crowded(void **state)
{
    (void)state;
    struct house h;
    int fd[48];
    house_open(&h, (struct http_server_options){.connections_max = 56, .threads = 1, .idle_timeout_s = 8});
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        fd[i] = wire_open_from(&h, i % 2 ? GREEDY : OTHER);
    int64_t start_us = clock_mono_us();
    assert_true(is_closed(fd[0], 7000));
    assert_true(clock_mono_us() - start_us > 1500000);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    house_close(&h);
}

static void send_body(int fd, size_t announced, size_t sent)
{
    char head[200], filler[16 * 1024];
    int len = snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", announced);
    wire_send(fd, head, (size_t)len);
    memset(filler, 'x', sizeof filler);
    for (size_t at = 0; at < sent; at += sizeof filler)
        wire_send(fd, filler, sent - at < sizeof filler ? sent - at : sizeof filler);
}

/* Unfinished bodies fill a sender's share of the memory, and no more. */
static void bodies_have_a_share(void **state)
{
    (void)state;
    struct house h;
    int fd[3];
    house_open(&h, (struct http_server_options){.body_max_bytes = MIB, .threads = 2});
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        fd[i] = wire_open_from(&h, GREEDY);
        send_body(fd[i], MIB, MIB - 1000);
        usleep(100000);
    }
    send_body(fd[2], 0, 0);
    wire_send(fd[2], heard, 1000); /* what is missing, whatever it is */
    assert_int_equal(wire_answer(fd[2], heard, sizeof heard), 503);
    assert_non_null(strstr(heard, "Retry-After: 5\r\n"));
    int other = wire_open_from(&h, OTHER);
    send_body(other, MIB, MIB);
    assert_int_equal(wire_answer(other, heard, sizeof heard), 200);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    usleep(200000);
    int again = wire_open_from(&h, GREEDY); /* given back */
    send_body(again, MIB, MIB);
    assert_int_equal(wire_answer(again, heard, sizeof heard), 200);
    close(again), close(other);
    house_close(&h);
}

static size_t count_of(const char *words)
{
    size_t n = 0;
    for (const char *at = heard; (at = strstr(at, words)); at += strlen(words))
        n++;
    return n;
}

static void pipelined(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, (struct http_server_options){.threads = 1});
    int fd = wire_open(&h);
    for (int i = 0; i < 200; i++)
        wire_say(fd, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_say(fd, "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    wire_hear(fd, heard, sizeof heard, 2000);
    assert_int_equal(count_of("200 OK"), 201);
    assert_non_null(strstr(heard, "path=/last"));
    close(fd);
    house_close(&h);
}

/* ---- behind a proxy ---- */

static struct outbound *hold_all(void *self, const struct http_request *r)
{
    struct house *h = self;
    struct buffer b;
    if (text_eq(r->path, TEXT("/wait")) && !r->closing) {
        __atomic_add_fetch(&h->in_handler, 1, __ATOMIC_SEQ_CST);
        return http_hold(r, INT64_MAX, NULL, NULL);
    }
    buffer_init(&b, KIB);
    buffer_addf(&b, "peer=" TEXT_FMT " %d\n", TEXT_ARG(r->peer), r->loopback);
    return outbound_new(200, TEXT("text/plain"), &b);
}

static int ask_named(struct house *h, const char *path, const char *name)
{
    char request[300];
    int fd = wire_open(h);
    int len =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n\r\n", path, name);
    wire_send(fd, request, (size_t)len);
    return fd;
}

static void expect_named(struct house *h, const char *name, int status, const char *words)
{
    int fd = ask_named(h, "/now", name);
    assert_int_equal(wire_answer(fd, heard, sizeof heard), status);
    if (!strstr(heard, words))
        print_error("%s: %s\n", name, heard);
    assert_non_null(strstr(heard, words));
    close(fd);
}

static void a_proxy_names_senders(void **state)
{
    (void)state;
    struct house h = {0};
    int fd[4];
    struct ipnet here;
    const struct http_server_options options = {
        .handler = hold_all, .self = &h, .trusted = &here, .trusted_count = 1, .sender_connections_max = 4};
    assert_ok(ipnet_parse(TEXT("127.0.0.1"), &here));
    house_open(&h, options);
    expect_named(&h, "192.0.2.7", 200, "peer=192.0.2.7 0\n");
    expect_named(&h, "10.0.0.1, 192.0.2.7", 200, "peer=192.0.2.7 0\n"); /* the last is the proxy's word */
    expect_named(&h, "192.0.2.7:4711", 200, "peer=192.0.2.7 0\n");
    expect_named(&h, "[2001:db8::1]:443", 200, "peer=2001:db8::1 0\n");
    expect_named(&h, "unknown", 200, "peer=127.0.0.1 1\n");
    expect_named(&h, "192.0.2.7\r\nForwarded: for=192.0.2.7", 200, "peer=192.0.2.7 0\n");
    expect_named(&h, "192.0.2.7\r\nForwarded: for=192.0.2.8", 400, "");
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        fd[i] = ask_named(&h, "/wait", "192.0.2.7");
    while (__atomic_load_n(&h.in_handler, __ATOMIC_SEQ_CST) < 4)
        usleep(1000);
    expect_named(&h, "192.0.2.7", 429, "Retry-After: 5\r\n");
    expect_named(&h, "192.0.2.8", 200, "peer=192.0.2.8 0\n");
    close(fd[0]);
    usleep(200000);
    expect_named(&h, "192.0.2.7", 200, "peer=192.0.2.7 0\n");
    house_close(&h);
    for (size_t i = 1; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    house_open(
        &h, (struct http_server_options){.handler = hold_all, .self = &h}); /* no proxy: its word is a stranger's */
    expect_named(&h, "192.0.2.7", 200, "peer=127.0.0.1 1\n");
    house_close(&h);
}

/* ---- counting ---- */

static struct ipaddr address(const char *text)
{
    struct ipaddr a;
    assert_ok(ipaddr_parse(text_of(text), &a));
    return a;
}

static void counts(void **state)
{
    (void)state;
    struct http_senders *s;
    struct http_sender *of[5000];
    const struct http_sender_limits limits = {3, 5, 2, 1000};
    struct ipaddr v4 = address("192.0.2.1"), v6 = address("2001:db8:1:2::9"), near = address("2001:db8:1:2:ffff::1"),
                  far = address("2001:db8:1:3::9"), here = address("::1");
    assert_ok(http_senders_new(&limits, &s));
    for (int i = 0; i < 3; i++) {
        assert_true(http_sender_may_connect(s, &v6));
        of[i] = http_sender_of(s, &v6);
        http_sender_connected(s, of[i], 1);
    }
    assert_false(http_sender_may_connect(s, &v6));
    assert_false(http_sender_may_connect(s, &near)); /* one customer's network */
    assert_true(http_sender_may_connect(s, &far));
    assert_true(http_sender_may_connect(s, &v4));
    for (int i = 0; i < 3; i++) {
        http_sender_connected(s, of[i], -1);
        http_sender_done(s, of[i]);
    }
    assert_true(http_sender_may_connect(s, &near));

    struct http_sender *mine = http_sender_of(s, &v4), *local = http_sender_of(s, &here);
    assert_true(http_sender_request(s, mine) && http_sender_request(s, mine) && !http_sender_request(s, mine));
    http_sender_requested(s, mine);
    assert_true(http_sender_request(s, mine));
    assert_true(http_sender_body(s, mine, 500));
    assert_false(http_sender_body(s, mine, 1));
    assert_true(http_sender_body(s, local, 500));
    http_sender_body_gone(s, mine, 500);
    assert_true(http_sender_body(s, mine, 400));
    http_sender_done(s, mine), http_sender_done(s, local);
    for (unsigned i = 0; i < ARRAY_LEN(of); i++) { /* more than places in the table */
        struct ipaddr a = {.b = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}, .bits = 32};
        assert_non_null(of[i] = http_sender_of(s, &a));
        http_sender_connected(s, of[i], 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(of); i += 2)
        http_sender_done(s, of[i]);
    struct ipaddr odd = address("10.0.0.1");
    assert_ptr_equal(http_sender_of(s, &odd), of[1]);
    http_senders_free(s);
    http_senders_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(one_does_not_take_all),
        cmocka_unit_test(dripping),
        cmocka_unit_test(crowded),
        cmocka_unit_test(bodies_have_a_share),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(a_proxy_names_senders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
