/* Partners whose servers let us wait are heard at once; those that do not, that lie, or that never answer are polled,
 * and hold up neither others nor the end. */
#include "unit/exchange/rig.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/outbound_make.h"
#include "base/time.h"

static void moved(void *self, uint64_t entries)
{
    struct rig *r = self;
    taxii_server_moved(r->server, entries);
}

static void open_giver(struct rig *r, const char *name)
{
    rig_open(r, name);
    rig_listen(r);
    node_on_commit(r->node, moved, r);
}

static void close_giver(struct rig *r)
{
    node_on_commit(r->node, NULL, NULL);
    rig_close(r);
}

static void set_poll(struct rig *r, const struct uuid *party, uint32_t poll_ms)
{
    struct fault f = {0};
    const struct peer_settings settings = {.has_poll_ms = true, .poll_ms = poll_ms};
    assert_ok(peer_set(r->node, party, &settings, node_admin(r->node), &f));
}

static bool known(struct rig *r, const char *id, int64_t within_us)
{
    int64_t give_up_us = clock_mono_us() + within_us;
    enum err e;
    do {
        struct view *v;
        struct version_row row;
        assert_ok(node_reader(r->node, &v, NULL));
        e = view_current(v, text_of(id), &row, NULL);
        node_reader_done(r->node, v);
        if (e)
            usleep(10000);
    } while (e && clock_mono_us() < give_up_us);
    return e == OK;
}

/* Polled once a minute, and yet known here in moments, again and again. */
static void news_are_heard(void **state)
{
    (void)state;
    struct rig a, b;
    struct peer_loop *loop;
    struct fault f = {0};
    open_giver(&a, "Giver");
    rig_open(&b, "Taker");
    struct uuid giver = rig_connect(&b, &a);
    set_poll(&b, &giver, 60000);
    rig_import(&a, "self", rig_indicator(1, 1, TLP_GREEN));
    assert_ok(peer_loop_start(b.node, &loop, &f));
    assert_true(known(&b, rig_indicator_id(1), 10000000));
    for (unsigned i = 2; i < 6; i++) {
        usleep(i * 20000);
        rig_import(&a, "self", rig_indicator(i, 1, TLP_GREEN));
        assert_true(known(&b, rig_indicator_id(i), 4000000));
    }
    int64_t start_us = clock_mono_us();
    peer_loop_stop(loop);
    assert_true(clock_mono_us() - start_us < 3000000);
    close_giver(&a);
    rig_close(&b);
}

/* ---- other servers ---- */

struct stranger {
    struct http_server *http;
    atomic_int asked, waits;
    bool lies;   /* says that it waited, and that there is news */
    bool silent; /* never answers who waits */
};

static struct outbound *answer(void *self, const struct http_request *r)
{
    struct stranger *s = self;
    struct buffer body;
    bool waits = http_header(r, "Prefer").ptr != NULL;
    atomic_fetch_add(waits ? &s->waits : &s->asked, 1);
    if (waits && s->silent && !r->closing)
        return http_hold(r, INT64_MAX, NULL, NULL);
    buffer_init(&body, KIB);
    buffer_add(&body, s->lies && waits ? TEXT("{\"objects\":[{}]}") : TEXT("{}"));
    struct outbound *o = outbound_new(200, TEXT("application/taxii+json;version=2.1"), &body);
    if (s->lies && waits)
        assert_ok(outbound_add_header(o, TEXT("Preference-Applied"), TEXT("wait")));
    return o;
}

static struct uuid invite_from(struct rig *r, const char *name, unsigned port)
{
    struct uuid party;
    struct fault f = {0};
    char invitation[400];
    snprintf(invitation, sizeof invitation,
             "{\"entente_invite\":1,\"from\":{\"name\":\"%s\"},\"api_root\":\"http://127.0.0.1:%u/api/\","
             "\"collection\":\"c\",\"user\":\"u\",\"password\":\"p\"}",
             name, port);
    assert_ok(peer_accept(r->node, text_of(invitation), TEXT_NONE, node_admin(r->node), &party, &f));
    return party;
}

static void start_stranger(struct stranger *s, bool lies, bool silent)
{
    struct fault f = {0};
    *s = (struct stranger){.lies = lies, .silent = silent};
    const struct http_server_options options = {.address = "127.0.0.1:0", .handler = answer, .self = s};
    assert_ok(http_server_start(&options, &s->http, &f));
}

static void strangers_are_polled(void **state)
{
    (void)state;
    struct rig b;
    struct stranger plain, liar;
    struct peer_loop *loop;
    struct fault f = {0};
    rig_open(&b, "Taker");
    start_stranger(&plain, false, false);
    start_stranger(&liar, true, false);
    struct uuid p = invite_from(&b, "Plain", http_server_port(plain.http)),
                l = invite_from(&b, "Liar", http_server_port(liar.http));
    set_poll(&b, &p, 300);
    set_poll(&b, &l, 300);
    assert_ok(peer_loop_start(b.node, &loop, &f));
    for (int i = 0; i < 1000 && (atomic_load(&plain.asked) < 8 || atomic_load(&liar.asked) < 8); i++)
        usleep(10000);
    peer_loop_stop(loop);
    assert_true(atomic_load(&plain.asked) >= 8 && atomic_load(&liar.asked) >= 8);
    assert_int_equal(atomic_load(&plain.waits), 1); /* tried once */
    assert_in_range(atomic_load(&liar.waits), 1, 4);
    http_server_stop(plain.http);
    http_server_stop(liar.http);
    rig_close(&b);
}

static void silence_holds_up_nobody(void **state)
{
    (void)state;
    struct rig a, b;
    struct stranger mute;
    struct peer_loop *loop;
    struct fault f = {0};
    open_giver(&a, "Giver");
    rig_open(&b, "Taker");
    start_stranger(&mute, false, true);
    struct uuid m = invite_from(&b, "Mute", http_server_port(mute.http)), giver = rig_connect(&b, &a);
    set_poll(&b, &m, 200);
    set_poll(&b, &giver, 60000);
    rig_import(&a, "self", rig_indicator(1, 1, TLP_GREEN));
    assert_ok(peer_loop_start(b.node, &loop, &f));
    assert_true(known(&b, rig_indicator_id(1), 10000000));
    rig_import(&a, "self", rig_indicator(2, 1, TLP_GREEN));
    assert_true(known(&b, rig_indicator_id(2), 4000000));
    for (int i = 0; i < 500 && atomic_load(&mute.asked) < 5; i++)
        usleep(10000);
    assert_true(atomic_load(&mute.asked) >= 5); /* polled meanwhile */
    assert_int_equal(atomic_load(&mute.waits), 1);
    int64_t start_us = clock_mono_us();
    peer_loop_stop(loop);
    assert_true(clock_mono_us() - start_us < 4000000);
    http_server_stop(mute.http);
    close_giver(&a);
    rig_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_are_heard),
        cmocka_unit_test(strangers_are_polled),
        cmocka_unit_test(silence_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
