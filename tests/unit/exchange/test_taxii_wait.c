/* Partners that wait for news over a real server: held while there is none, woken by what they may have and by
 * nothing else, by time that opens, by the end of the wait and of the server. */
#include "unit/exchange/rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

#define HEARD_MAX (64 * 1024)

static char heard[HEARD_MAX];

struct hall {
    struct rig rig;
    struct rig_partner ally, other;
    char reader[128]; /* of our own house */
    struct http_server *http;
    uint16_t port;
    atomic_int calls;
};

static struct outbound *handle(void *self, const struct http_request *request)
{
    struct hall *h = self;
    atomic_fetch_add(&h->calls, 1);
    return taxii_server_handle(h->rig.server, request);
}

static void moved(void *self, uint64_t entries)
{
    struct hall *h = self;
    taxii_server_moved(h->rig.server, entries);
}

static void open_hall(struct hall *h)
{
    struct fault f = {0};
    memset(h, 0, sizeof *h);
    rig_open(&h->rig, "Waiting");
    h->ally = rig_invite(&h->rig, "CERT Ally");
    h->other = rig_invite(&h->rig, "CERT Other");
    rig_account(&h->rig, "reader", ROLE_READER, h->reader);
    const struct http_server_options options = {
        .address = "127.0.0.1:0", .handler = handle, .self = h, .threads = 2, .connections_max = 300};
    assert_ok(http_server_start(&options, &h->http, &f));
    h->port = http_server_port(h->http);
    node_on_commit(h->rig.node, moved, h);
}

static void close_hall(struct hall *h)
{
    node_on_commit(h->rig.node, NULL, NULL);
    http_server_stop(h->http);
    rig_close(&h->rig);
}

/* after: a date; NULL: everything; "": what comes from now on. */
static int ask_after(struct hall *h, const char *token, const char *collection, const char *after, const char *prefer)
{
    char request[1000], date[STAMP_TEXT_MAX + 1] = "";
    if (after && after[0])
        snprintf(date, sizeof date, "%s", after);
    else if (after)
        stamp_format(stamp_from_us(clock_now_us(), 6), date);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(h->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    int len =
        snprintf(request, sizeof request,
                 "GET /taxii2/api/collections/%s/objects/%s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                 "Accept: application/taxii+json;version=2.1\r\n%s\r\n",
                 collection, after ? "?added_after=" : "", date, token, prefer);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

static int ask(struct hall *h, const char *token, const char *collection, const char *prefer)
{
    return ask_after(h, token, collection, "", prefer);
}

/* The status of a whole answer within ms; 0: none came. */
static int hear(int fd, int ms)
{
    size_t got = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    heard[0] = 0;
    while (got + 1 < sizeof heard && poll(&p, 1, ms) == 1) {
        ssize_t n = recv(fd, heard + got, sizeof heard - 1 - got, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
        heard[got] = 0;
        const char *end = strstr(heard, "\r\n\r\n"), *length = strcasestr(heard, "content-length:");
        if (end && length && got >= (size_t)(end + 4 - heard) + strtoul(length + 15, NULL, 10))
            return atoi(heard + 9);
    }
    return 0;
}

static bool applied(void)
{
    return strstr(heard, "Preference-Applied: wait\r\n") != NULL;
}

static void let_go(struct hall *h, const struct uuid *party, enum tlp ceiling)
{
    struct fault f = {0};
    const struct peer_settings settings = {.has_ceiling = true, .ceiling = ceiling};
    assert_ok(peer_set(h->rig.node, party, &settings, node_admin(h->rig.node), &f));
}

static void settle(struct hall *h, int calls)
{
    int64_t give_up_us = clock_mono_us() + 5000000;
    while (atomic_load(&h->calls) < calls && clock_mono_us() < give_up_us)
        usleep(1000);
    usleep(60000); /* held, and what was woken without a cause is held again */
}

static void woken_by_news(void **state)
{
    (void)state;
    struct hall h;
    open_hall(&h);
    int fd = ask(&h, h.ally.token, "intelligence", "Prefer: wait=20\r\n");
    int plain = ask(&h, h.ally.token, "intelligence", "");
    assert_int_equal(hear(plain, 3000), 200); /* who does not ask for it does not wait */
    assert_false(applied());
    assert_int_equal(hear(fd, 150), 0);
    int64_t start_us = clock_mono_us();
    rig_import(&h.rig, "self", rig_indicator(1, 1, TLP_GREEN));
    assert_int_equal(hear(fd, 3000), 200);
    assert_true(applied());
    assert_non_null(strstr(heard, rig_indicator_id(1)));
    assert_true(clock_mono_us() - start_us < 2000000);
    close(fd);
    fd = ask_after(&h, h.ally.token, "intelligence", NULL, "Prefer: respond-async, wait=20\r\n"); /* there already */
    assert_int_equal(hear(fd, 3000), 200);
    assert_true(applied());
    close(fd), close(plain);
    close_hall(&h);
}

/* An object for one recipient makes a page for that one; the others' pages are not made again. */
static void only_whom_it_concerns(void **state)
{
    (void)state;
    struct hall h;
    int fd[100];
    open_hall(&h);
    rig_import(&h.rig, "self", rig_indicator(1, 1, TLP_AMBER)); /* the classes are known */
    let_go(&h, &h.other.party, TLP_AMBER);
    for (size_t i = 0; i < ARRAY_LEN(fd); i++)
        fd[i] = ask(&h, h.ally.token, "intelligence", "Prefer: wait=20\r\n"); /* ceiling GREEN: sees nothing */
    int lucky = ask(&h, h.other.token, "intelligence", "Prefer: wait=20\r\n");
    settle(&h, (int)ARRAY_LEN(fd) + 1);
    int before = atomic_load(&h.calls);
    rig_import(&h.rig, "self", rig_indicator(2, 1, TLP_AMBER));
    assert_int_equal(hear(lucky, 3000), 200);
    assert_non_null(strstr(heard, rig_indicator_id(2)));
    settle(&h, before);
    assert_in_range(atomic_load(&h.calls) - before, 1, 3);
    assert_int_equal(hear(fd[0], 0), 0);
    let_go(&h, &h.ally.party, TLP_AMBER); /* a change of policy may concern everybody */
    for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
        assert_int_equal(hear(fd[i], 5000), 200);
        assert_non_null(strstr(heard, rig_indicator_id(2)));
        close(fd[i]);
    }
    close(lucky);
    close_hall(&h);
}

static void over_without_news(void **state)
{
    (void)state;
    struct hall h;
    open_hall(&h);
    int64_t start_us = clock_mono_us();
    int fd = ask(&h, h.ally.token, "intelligence", "Prefer: wait=1\r\n");
    int nothing = ask(&h, h.ally.token, "intelligence", "Prefer: wait=0\r\n");
    assert_int_equal(hear(nothing, 500), 200);
    assert_int_equal(hear(fd, 3000), 200);
    assert_in_range(clock_mono_us() - start_us, 950000, 2500000);
    assert_true(applied());
    assert_non_null(strstr(heard, "\r\n\r\n{}"));
    close(fd), close(nothing);

    fd = ask(&h, h.ally.token, "intelligence", "Prefer: wait=20\r\n"); /* the server stops */
    settle(&h, 4);
    start_us = clock_mono_us();
    node_on_commit(h.rig.node, NULL, NULL);
    http_server_stop(h.http);
    h.http = NULL;
    assert_true(clock_mono_us() - start_us < 2000000);
    assert_int_equal(hear(fd, 500), 200);
    assert_non_null(strstr(heard, "\r\n\r\n{}"));
    close(fd);
    close_hall(&h);
}

/* An embargo ends while somebody waits: no entry comes that would wake it. */
static void opened_by_time(void **state)
{
    (void)state;
    static const char marking[] = "marking-definition--0fb9e1c3-53e4-45cc-b4c1-7d26e6f0a3a1";
    struct hall h;
    struct fault f = {0};
    char bundle[4000], until[STAMP_TEXT_MAX];
    open_hall(&h);
    const struct peer_settings settings = {.has_knows = true, .knows = TERMS_ALL};
    assert_ok(peer_set(h.rig.node, &h.ally.party, &settings, node_admin(h.rig.node), &f));
    int64_t end_us = clock_now_us() + 2000000;
    struct text end = stamp_format(stamp_from_us(end_us, 6), until);
    snprintf(bundle, sizeof bundle,
             "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\","
             "\"created\":\"2026-01-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--6306e94b-2ca0-4b6d-"
             "b9b9-b2b98ef9c2a5\":{\"extension_type\":\"property-extension\",\"embargo_until\":\"" TEXT_FMT "\"}}},"
             "{\"type\":\"domain-name\",\"spec_version\":\"2.1\","
             "\"id\":\"domain-name--9d3b2f5e-0a0c-5c0e-9b43-5a1c3c0b7b11\",\"value\":\"later.example\","
             "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\",\"%s\"]}",
             marking, TEXT_ARG(end), marking);
    struct intake_totals t = rig_import(&h.rig, "self", bundle);
    assert_int_equal(t.rejected, 0);
    int fd = ask(&h, h.ally.token, "intelligence", "Prefer: wait=20\r\n");
    assert_int_equal(hear(fd, 500), 0);
    assert_int_equal(hear(fd, 6000), 200);
    assert_true(clock_now_us() >= end_us);
    assert_non_null(strstr(heard, "later.example"));
    close(fd);
    close_hall(&h);
}

/* What is refused is refused at once, and a token that ends while it waits gives nothing any more. */
static void no_waiting_around_the_gate(void **state)
{
    (void)state;
    struct hall h;
    struct fault f = {0};
    open_hall(&h);
    int fd = ask(&h, "wrong", "intelligence", "Prefer: wait=20\r\n");
    assert_int_equal(hear(fd, 3000), 401);
    assert_false(applied());
    close(fd);
    fd = ask(&h, h.ally.token, "nowhere", "Prefer: wait=20\r\n");
    assert_int_equal(hear(fd, 3000), 404);
    close(fd);
    fd = ask(&h, h.ally.token, "intelligence", "Prefer: wait=20\r\n");
    settle(&h, 3);
    assert_ok(peer_expel(h.rig.node, &h.ally.party, TEXT("a test"), node_admin(h.rig.node), &f));
    int status = hear(fd, 3000);
    assert_true(status == 401 || status == 403);
    close(fd);
    close_hall(&h);
}

struct writer {
    struct hall *hall;
    atomic_uint written;
    unsigned count;
};

static void *write_on(void *self)
{
    struct writer *w = self;
    for (unsigned i = 0; i < w->count; i++) {
        rig_import(&w->hall->rig, "self", rig_indicator(1000 + i, 1, TLP_GREEN));
        atomic_store(&w->written, i + 1);
        usleep(i % 7 * 2000);
    }
    return NULL;
}

/* Who asks again from where it was, while objects come at any moment, hears of each one without waiting in vain. */
static void nothing_is_missed(void **state)
{
    (void)state;
    struct hall h;
    pthread_t thread;
    char from[64] = "";
    open_hall(&h);
    struct writer w = {.hall = &h, .count = 40};
    stamp_format(stamp_from_us(clock_now_us(), 6), from);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    unsigned seen = 0;
    int64_t start_us = clock_mono_us();
    while (seen < w.count && clock_mono_us() - start_us < 20000000) {
        int fd = ask_after(&h, h.ally.token, "intelligence", from, "Prefer: wait=20\r\n");
        assert_int_equal(hear(fd, 15000), 200);
        close(fd);
        for (const char *at = heard; (at = strstr(at, "\"indicator--")); at++)
            seen++;
        const char *last = strstr(heard, "X-TAXII-Date-Added-Last: ");
        assert_non_null(last); /* it was held until there was something */
        snprintf(from, sizeof from, "%.*s", (int)strcspn(last + 25, "\r"), last + 25);
    }
    pthread_join(thread, NULL);
    assert_int_equal(seen, w.count);
    assert_true(clock_mono_us() - start_us < 15000000);
    close_hall(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_by_news),     cmocka_unit_test(only_whom_it_concerns),
        cmocka_unit_test(over_without_news), cmocka_unit_test(no_waiting_around_the_gate),
        cmocka_unit_test(nothing_is_missed), cmocka_unit_test(opened_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
