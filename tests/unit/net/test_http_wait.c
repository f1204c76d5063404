/* Requests that wait without a thread, and answers in pieces over time: woken, by time, by the server's stop, left by
 * their client; many at once. */
#include "house.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/outbound_make.h"
#include "base/time.h"

#define HEARD_MAX 4096
#define FAR_US    (INT64_C(60) * 1000000)
#define MANY      1000

/* What the handler does is in the query: wait_us, again (how often it holds), news (what it looks for). */
struct desk {
    struct house house;
    atomic_int calls, holding, made, freed, closings, news, pieces;
    atomic_bool say; /* the stream has something to say */
    _Atomic(struct held *) last;
};

struct held {
    struct desk *desk;
    unsigned rounds, pieces_max, said;
    bool every; /* a piece at each call */
};

static struct outbound *words(const char *word, unsigned n)
{
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    buffer_addf(&b, "%s %u\n", word, n);
    if (text_eq(text_of(word), TEXT("much")))
        memset(buffer_reserve(&b, 32 * KIB), 'x', 32 * KIB);
    return outbound_new(200, TEXT("text/plain"), &b);
}

static void held_free(void *state)
{
    struct held *h = state;
    atomic_fetch_add(&h->desk->freed, 1);
    free(h);
}

static struct held *held_new(struct desk *d)
{
    struct held *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->desk = d;
    atomic_fetch_add(&d->made, 1);
    return h;
}

static unsigned number(const struct http_request *r, const char *name, unsigned otherwise)
{
    uint64_t n;
    struct text t = http_param(r, name, NULL);
    return t.ptr && text_u64(t, &n) == OK ? (unsigned)n : otherwise;
}

/* Answers once there is news, or it was asked as often as `again` says. */
static struct outbound *hold(struct desk *d, const struct http_request *r)
{
    struct held *h = r->held;
    if (h && (r->closing || atomic_load(&d->news) || ++h->rounds >= number(r, "again", 1)))
        return words(r->closing ? "closing" : "held", h->rounds);
    if (!h)
        h = held_new(d);
    atomic_store(&d->last, h);
    atomic_fetch_add(&d->holding, 1);
    if (text_eq(r->path, TEXT("/woken-before")))
        http_wake(r->server, number(r, "all", 0) ? NULL : h);
    return http_hold(r, clock_mono_us() + number(r, "wait_us", (unsigned)FAR_US), h, held_free);
}

static enum http_next next(void *state, bool closing, struct outbound **ret_piece, int64_t *ret_until_us)
{
    struct held *h = state;
    if (closing) {
        atomic_fetch_add(&h->desk->closings, 1);
        *ret_piece = words("bye", 0);
        return HTTP_END;
    }
    if (!h->every && !atomic_exchange(&h->desk->say, false)) {
        atomic_fetch_add(&h->desk->holding, 1);
        *ret_until_us = h->pieces_max == 77 ? clock_mono_us() + 50000 : INT64_MAX;
        if (h->pieces_max == 77)
            atomic_store(&h->desk->say, true);
        return HTTP_LATER;
    }
    *ret_piece = words(h->every ? "much" : "piece", ++h->said);
    atomic_fetch_add(&h->desk->pieces, 1);
    return h->pieces_max && h->said >= h->pieces_max && h->pieces_max != 77 ? HTTP_END : HTTP_PIECE;
}

static struct outbound *stream(struct desk *d, const struct http_request *r)
{
    struct held *h = r->held ? r->held : held_new(d);
    h->pieces_max = number(r, "pieces", 0);
    h->every = text_eq(r->path, TEXT("/pour"));
    atomic_store(&d->last, h);
    return http_stream(r, words("head", 0), next, h, held_free);
}

static struct outbound *handle(void *self, const struct http_request *r)
{
    struct desk *d = self;
    atomic_fetch_add(&d->calls, 1);
    if (text_eq(r->path, TEXT("/now")))
        return words("now", 0);
    if (text_eq(r->path, TEXT("/stubborn"))) {
        atomic_fetch_add(&d->holding, 1);
        return http_hold(r, INT64_MAX, NULL, NULL);
    }
    if (text_eq(r->path, TEXT("/held-then-stream")) && !r->held)
        return http_hold(r, clock_mono_us(), held_new(d), held_free);
    if (text_starts(r->path, TEXT("/hold")) || text_eq(r->path, TEXT("/woken-before")))
        return hold(d, r);
    return stream(d, r);
}

static void open_desk(struct desk *d, struct http_server_options o)
{
    memset(d, 0, sizeof *d);
    o.handler = handle;
    o.self = d;
    house_open(&d->house, o);
}

static int ask(struct desk *d, const char *target)
{
    char request[200];
    int fd = wire_open(&d->house);
    assert_true(fd >= 0);
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    wire_send(fd, request, (size_t)len);
    return fd;
}

static void until(atomic_int *what, int n)
{
    int64_t give_up_us = clock_mono_us() + 10000000;
    while (atomic_load(what) < n && clock_mono_us() < give_up_us)
        usleep(500);
    assert_true(atomic_load(what) >= n);
}

/* Suspended for good: the handler has returned, and the server has what it needs to wake it. */
static void settle(struct desk *d, int held)
{
    until(&d->holding, held);
    usleep(20000);
}

static void woken_by_name(void **state)
{
    (void)state;
    struct desk d;
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.threads = 2});
    int other = ask(&d, "/hold");
    settle(&d, 1);
    int fd = ask(&d, "/hold");
    settle(&d, 2);
    http_wake(d.house.server, atomic_load(&d.last));
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    assert_non_null(strstr(heard, "held 1"));
    assert_int_equal(wire_hear(other, heard, sizeof heard, 50), 0); /* it was not meant */
    http_wake(d.house.server, NULL);
    assert_int_equal(wire_answer(other, heard, sizeof heard), 200);
    wire_say(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection goes on */
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    until(&d.freed, 2); /* a client hears its answer before the server has tidied up */
    assert_int_equal(atomic_load(&d.calls), 5);
    close(fd), close(other);
    house_close(&d.house);
}

static void by_time(void **state)
{
    (void)state;
    struct desk d;
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.idle_timeout_s = 1, .threads = 1});
    int late = ask(&d, "/hold?wait_us=2600000"), soon = ask(&d, "/hold?wait_us=100000&again=3");
    int64_t start_us = clock_mono_us();
    assert_int_equal(wire_answer(soon, heard, sizeof heard), 200);
    assert_non_null(strstr(heard, "held 3"));
    assert_in_range(clock_mono_us() - start_us, 290000, 2000000);
    assert_int_equal(wire_answer(late, heard, sizeof heard), 200); /* no timeout of the connection ends it */
    assert_in_range(clock_mono_us() - start_us, 2500000, 5000000);
    close(soon), close(late);
    house_close(&d.house);
}

/* Between its look and its being held, news comes: it is called again although nobody wakes it any more. */
static void wake_is_not_lost(void **state)
{
    (void)state;
    struct desk d;
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.threads = 1});
    for (int i = 0; i < 20; i++) {
        int fd = ask(&d, i % 2 ? "/woken-before?all=1" : "/woken-before");
        assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
        close(fd);
    }
    until(&d.freed, 20);
    house_close(&d.house);
}

static void left_by_its_client(void **state)
{
    (void)state;
    struct desk d;
    int fd[50];
    open_desk(&d, (struct http_server_options){.threads = 2});
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        fd[i] = ask(&d, i % 2 ? "/hold" : "/stream");
    settle(&d, (int)ARRAY_LEN(fd));
    int calls = atomic_load(&d.calls);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    until(&d.freed, (int)ARRAY_LEN(fd));
    assert_int_equal(atomic_load(&d.calls), calls); /* nobody is asked for who is gone */
    house_close(&d.house);
}

static void stop_answers_all(void **state)
{
    (void)state;
    struct desk d;
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.threads = 2});
    int held = ask(&d, "/hold"), streamed = ask(&d, "/stream"), stubborn = ask(&d, "/stubborn");
    settle(&d, 3);
    int64_t start_us = clock_mono_us();
    http_server_stop(d.house.server);
    assert_true(clock_mono_us() - start_us < 3000000);
    assert_int_equal(wire_answer(held, heard, sizeof heard), 200);
    assert_non_null(strstr(heard, "closing 0"));
    assert_non_null(strcasestr(heard, "connection: close"));
    wire_hear(streamed, heard, sizeof heard, 1000);
    assert_non_null(strstr(heard, "bye 0\n\r\n0\r\n\r\n"));
    assert_int_equal(wire_answer(stubborn, heard, sizeof heard), 503);
    assert_int_equal(atomic_load(&d.freed), 2);
    assert_int_equal(atomic_load(&d.closings), 1);
    close(held), close(streamed), close(stubborn);
}

static void pieces_over_time(void **state)
{
    (void)state;
    struct desk d;
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.threads = 1, .idle_timeout_s = 1});
    int fd = ask(&d, "/stream?pieces=3");
    for (int i = 1; i <= 3; i++) {
        settle(&d, i);
        size_t n = wire_hear(fd, heard, sizeof heard, 100);
        assert_true(n > 0);
        char expected[20];
        snprintf(expected, sizeof expected, "%s %d\n", i == 1 ? "head" : "piece", i - 1);
        assert_non_null(strstr(heard, expected));
        if (i == 1)
            assert_non_null(strcasestr(heard, "transfer-encoding: chunked"));
        atomic_store(&d.say, true);
        http_wake(d.house.server, atomic_load(&d.last));
    }
    wire_hear(fd, heard, sizeof heard, 100);
    assert_non_null(strstr(heard, "piece 3\n\r\n0\r\n\r\n"));
    wire_say(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    close(fd);

    fd = ask(&d, "/stream?pieces=77"); /* by time alone */
    wire_hear(fd, heard, 350, 500);
    assert_non_null(strstr(heard, "piece 4\n"));
    close(fd);
    until(&d.freed, 2);

    fd = ask(&d, "/held-then-stream?pieces=1"); /* with the same state */
    atomic_store(&d.say, true);
    wire_hear(fd, heard, sizeof heard, 200);
    assert_non_null(strstr(heard, "piece 1\n\r\n0\r\n\r\n"));
    until(&d.freed, 3);
    close(fd);
    house_close(&d.house);
}

/* A stream runs as fast as its client reads, no faster; one who reads nothing is dropped. */
static void unread_stream_is_dropped(void **state)
{
    (void)state;
    struct desk d;
    open_desk(&d, (struct http_server_options){.threads = 1, .idle_timeout_s = 1});
    int fd = ask(&d, "/pour");
    until(&d.pieces, 100);
    int64_t start_us = clock_mono_us();
    until(&d.freed, 1);
    assert_true(clock_mono_us() - start_us < 5000000);
    close(fd);
    house_close(&d.house);
}

static int threads_now(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void many_use_no_threads(void **state)
{
    (void)state;
    struct desk d;
    struct rlimit files;
    static int fd[MANY];
    char heard[HEARD_MAX];
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < 2 * MANY + 100)
        skip();
    open_desk(&d, (struct http_server_options){.threads = 2, .connections_max = 2 * MANY + 100});
    int before = threads_now();
    for (int i = 0; i < MANY; i++)
        fd[i] = ask(&d, "/hold");
    settle(&d, MANY);
    assert_int_equal(threads_now(), before);
    int64_t start_us = clock_mono_us();
    int other = ask(&d, "/now");
    assert_int_equal(wire_answer(other, heard, sizeof heard), 200);
    assert_true(clock_mono_us() - start_us < 1000000);
    close(other);
    atomic_store(&d.news, 1);
    http_wake(d.house.server, NULL);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(wire_answer(fd[i], heard, sizeof heard), 200);
        close(fd[i]);
    }
    until(&d.freed, MANY);
    house_close(&d.house);
}

static void *wake_on(void *self)
{
    struct desk *d = self;
    while (atomic_load(&d->news) == 0) {
        http_wake(d->house.server, NULL);
        usleep(300);
    }
    return NULL;
}

/* Woken all the time, held and left by clients and answered, all at once, until the server stops. */
static void woken_in_a_storm(void **state)
{
    (void)state;
    struct desk d;
    pthread_t wakers[2];
    char heard[HEARD_MAX];
    open_desk(&d, (struct http_server_options){.threads = 2});
    for (size_t i = 0; i < ARRAY_LEN(wakers); i++)
        assert_int_equal(pthread_create(&wakers[i], NULL, wake_on, &d), 0);
    for (int64_t end_us = clock_mono_us() + 700000; clock_mono_us() < end_us;) {
        int fd[16];
        for (size_t i = 0; i < ARRAY_LEN(fd); i++)
            fd[i] = ask(&d, i % 4 == 3 ? "/stream?pieces=77" : "/hold?again=5");
        for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
            if (i % 4 == 0)
                assert_int_equal(wire_answer(fd[i], heard, sizeof heard), 200);
            close(fd[i]);
        }
    }
    atomic_store(&d.news, 1);
    for (size_t i = 0; i < ARRAY_LEN(wakers); i++)
        pthread_join(wakers[i], NULL);
    house_close(&d.house);
    assert_true(atomic_load(&d.made) > 100);
    assert_int_equal(atomic_load(&d.freed), atomic_load(&d.made));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_by_name),
        cmocka_unit_test(by_time),
        cmocka_unit_test(wake_is_not_lost),
        cmocka_unit_test(left_by_its_client),
        cmocka_unit_test(stop_answers_all),
        cmocka_unit_test(pieces_over_time),
        cmocka_unit_test(unread_stream_is_dropped),
        cmocka_unit_test(many_use_no_threads),
        cmocka_unit_test(woken_in_a_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
