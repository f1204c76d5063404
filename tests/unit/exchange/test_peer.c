/* Invitations, settings, expulsion, and the loop. */
#include "unit/exchange/rig.h"

#include <stdio.h>
#include <time.h>

static enum err accept_text(struct rig *r, const char *text, struct fault *f)
{
    struct uuid party;
    memset(f, 0, sizeof *f);
    return peer_accept(r->node, text_of(text), TEXT_NONE, node_admin(r->node), &party, f);
}

static void invitation_shape(void **state)
{
    struct rig r;
    struct buffer out;
    struct json_doc *doc;
    struct fault f = {0};
    static const char *const urls[] = {"https://csirt.example", "https://csirt.example/",
                                       "https://csirt.example/taxii2/", "https://csirt.example/taxii2/api/"};
    (void)state;
    rig_open(&r, "CSIRT EX");
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        buffer_init(&out, 64 * KIB);
        assert_ok(peer_invite(r.node, TEXT("CERT B"), text_of(urls[i]), node_admin(r.node), &out, &f));
        assert_ok(json_parse(buffer_text(&out), &doc, NULL));
        const struct json_val *o = json_root(doc);
        assert_text(json_text(json_get(o, "api_root")), "https://csirt.example/taxii2/api/");
        assert_text(json_text(json_get(json_get(o, "from"), "name")), "CSIRT EX");
        assert_int_equal(json_text(json_get(o, "key")).len, 64);
        assert_text(json_text(json_get(o, "account")), "CERT B");
        assert_true(text_starts(json_text(json_get(o, "token")), TEXT("ent_")));
        json_free(doc);
        buffer_done(&out);
    }
    buffer_init(&out, 64 * KIB);
    assert_err(peer_invite(r.node, TEXT("CERT B"), TEXT("csirt.example"), node_admin(r.node), &out, &f), ERR_USAGE);
    assert_err(peer_invite(r.node, TEXT("self"), TEXT("https://a"), node_admin(r.node), &out, &f), ERR_USAGE);
    buffer_done(&out);
    assert_int_equal(rig_counts(&r).peers, 1);
    rig_close(&r);
}

/* A new invitation ends the token of the one before. */
static void one_token(void **state)
{
    struct rig r;
    struct rig_answer a;
    (void)state;
    rig_open(&r, "CSIRT EX");
    struct rig_partner first = rig_invite(&r, "CERT B"), second = rig_invite(&r, "CERT B");
    rig_ask(&r, &(struct rig_ask){.token = first.token}, &a);
    assert_int_equal(a.status, 401);
    rig_answer_done(&a);
    rig_ask(&r, &(struct rig_ask){.token = second.token}, &a);
    assert_int_equal(a.status, 200);
    rig_answer_done(&a);
    rig_close(&r);
}

static void wrong_invitations(void **state)
{
    struct rig r;
    struct fault f;
    static const char *const wrong[] = {
        "",
        "{}",
        "[1]",
        "{\"entente_invite\":1}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"ftp://x/"
        "\",\"collection\":\"c\",\"token\":\"t\"}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"https://x "
        "y/\",\"collection\":\"c\",\"token\":\"t\"}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"https://x/\",\"collection\":\"../"
        "c\",\"token\":\"t\"}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"https://x/\",\"collection\":\"c\"}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"https://x/"
        "\",\"collection\":\"c\",\"token\":\"a\\nb\"}",
        "{\"entente_invite\":1,\"from\":{\"name\":\"\"},\"api_root\":\"https://x/"
        "\",\"collection\":\"c\",\"token\":\"t\"}",
    };
    (void)state;
    rig_open(&r, "CSIRT EX");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        enum err e = accept_text(&r, wrong[i], &f);
        if (e != ERR_MALFORMED || !f.what[0])
            fail_msg("%s: %s", wrong[i], err_name(e));
    }
    assert_err(accept_text(&r, "{\"entente_invite\":2}", &f), ERR_VERSION);
    assert_int_equal(rig_counts(&r).peers, 0);

    struct buffer own;
    buffer_init(&own, 64 * KIB);
    assert_ok(peer_invite(r.node, TEXT("CERT B"), TEXT("https://a.example"), node_admin(r.node), &own, &f));
    buffer_add_char(&own, 0);
    assert_err(accept_text(&r, own.ptr, &f), ERR_USAGE);
    buffer_done(&own);
    rig_close(&r);
}

static void settings(void **state)
{
    struct rig r;
    struct fault f = {0};
    struct view *v;
    struct fact_peer peer;
    (void)state;
    rig_open(&r, "CSIRT EX");
    struct rig_partner p = rig_invite(&r, "CERT B");
    struct uuid nobody = uuid_random();
    const struct peer_settings red = {.has_ceiling = true, .ceiling = TLP_RED};
    const struct peer_settings fast = {.has_poll_ms = true, .poll_ms = 1};
    const struct peer_settings good = {
        .has_ceiling = true, .ceiling = TLP_AMBER, .has_poll_ms = true, .poll_ms = 250};
    assert_err(peer_set(r.node, &p.party, &red, node_admin(r.node), &f), ERR_USAGE);
    assert_err(peer_set(r.node, &p.party, &fast, node_admin(r.node), &f), ERR_USAGE);
    assert_err(peer_set(r.node, &nobody, &good, node_admin(r.node), &f), ERR_NOT_FOUND);
    assert_ok(peer_set(r.node, &p.party, &good, node_admin(r.node), &f));
    assert_ok(node_reader(r.node, &v, &f));
    assert_ok(view_peer(v, &p.party, &peer, &f));
    assert_true(peer.ceiling == TLP_AMBER && peer.poll_ms == 250 && !peer.sightings && !peer.expelled);
    node_reader_done(r.node, v);
    struct taxii_pulled pulled;
    assert_err(peer_sync(r.node, &p.party, NULL, &pulled, &f), ERR_USAGE); /* it comes to us */
    rig_close(&r);
}

/* ---- the loop ---- */

static bool within(int ms, bool (*ask)(void *), void *arg)
{
    for (; ms > 0; ms -= 10) {
        if (ask(arg))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

struct awaited {
    struct rig *rig;
    uint64_t indicators;
    struct peer_loop *loop;
    struct uuid party;
    struct peer_result result;
};

static bool has_indicators(void *arg)
{
    struct awaited *a = arg;
    return rig_counts(a->rig).indicators == a->indicators;
}

static bool has_failed(void *arg)
{
    struct awaited *a = arg;
    return peer_loop_result(a->loop, &a->party, &a->result) && a->result.err == ERR_UNREACHABLE;
}

static bool is_well(void *arg)
{
    struct awaited *a = arg;
    return peer_loop_result(a->loop, &a->party, &a->result) && a->result.err == OK;
}

/* News cross by themselves; a partner that joins, or goes away and comes back, is noticed; idle rounds write nothing.
 */
static void loop_pulls(void **state)
{
    struct rig a, b;
    struct fault f = {0};
    const struct peer_settings fast = {.has_poll_ms = true, .poll_ms = 50};
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct awaited w = {.rig = &b, .indicators = 1};
    assert_ok(peer_loop_start(b.node, &w.loop, &f));
    w.party = rig_connect(&b, &a); /* while the loop is running */
    assert_ok(peer_set(b.node, &w.party, &fast, node_admin(b.node), &f));
    rig_import(&a, "self", rig_indicator(1, 0, TLP_GREEN));
    assert_true(within(20000, has_indicators, &w));
    rig_import(&a, "self", rig_indicator(2, 0, TLP_GREEN));
    w.indicators = 2;
    assert_true(within(20000, has_indicators, &w));
    assert_true(within(20000, is_well, &w));
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL); /* the round under way ends */
    uint64_t entries_a = rig_counts(&a).entries, entries_b = rig_counts(&b).entries;
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
    assert_int_equal(rig_counts(&a).entries, entries_a);
    assert_int_equal(rig_counts(&b).entries, entries_b);

    http_server_stop(a.http);
    a.http = NULL;
    assert_true(within(20000, has_failed, &w));
    assert_true(w.result.words[0] != 0);
    peer_loop_stop(w.loop);
    rig_close(&a);
    rig_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(invitation_shape), cmocka_unit_test(one_token),
                                       cmocka_unit_test(wrong_invitations), cmocka_unit_test(settings),
                                       cmocka_unit_test(loop_pulls)};
    return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
