/* Keys of partners' logs: pinned by the invitation, by the first introduction, and by nothing else that is not
 * vouched for. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "exchange/ledger_remote.h"
#include "store/origin.h"

struct world {
    struct rig a, b; /* b has accepted a's invitation */
    struct uuid a_at_b;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->a, "CSIRT A");
    rig_open(&w->b, "CSIRT B");
    rig_listen(&w->a);
    w->a_at_b = rig_connect(&w->b, &w->a);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_close(&w->a);
    rig_close(&w->b);
    free(w);
    return 0;
}

static void pinned(struct rig *r, const struct uuid *party, struct pin *ret)
{
    struct view *v;
    struct fact_peer p;
    memset(ret, 0, sizeof *ret);
    assert_ok(node_reader(r->node, &v, NULL));
    assert_ok(view_peer(v, party, &p, NULL));
    assert_true(p.origin.len < sizeof ret->origin);
    if (p.origin.len)
        memcpy(ret->origin, p.origin.ptr, p.origin.len);
    memcpy(ret->key, p.key, sizeof ret->key);
    node_reader_done(r->node, v);
}

static struct pin own(struct rig *r)
{
    struct node_origin o;
    struct pin p = {.origin = ""};
    node_origin(r->node, &o);
    snprintf(p.origin, sizeof p.origin, "%s", o.name);
    memcpy(p.key, o.key, sizeof p.key);
    return p;
}

static enum err introduce(struct world *w, struct fault *f)
{
    struct ledger_remote remote;
    assert_ok(ledger_remote_open(w->b.node, &w->a_at_b, &remote, f));
    assert_ok(ledger_remote_client(remote.peer.url, &remote.http, f));
    enum err e = ledger_remote_introduce(w->b.node, &remote, f);
    http_client_free(remote.http);
    ledger_remote_done(&remote);
    return e;
}

static void an_invitation_pins(void **state)
{
    struct world *w = *state;
    struct pin got, due = own(&w->a);
    pinned(&w->b, &w->a_at_b, &got);
    assert_true(pin_same(&got, &due));
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    pinned(&w->a, &b_at_a, &got);
    assert_string_equal(got.origin, "");
}

static void the_first_introduction_pins(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, due = own(&w->b);
    struct fault f = {0};
    assert_ok(introduce(w, &f));
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
    uint64_t entries = rig_counts(&w->a).entries;
    assert_ok(introduce(w, &f)); /* again: nothing new */
    assert_int_equal(rig_counts(&w->a).entries, entries);
    assert_err(peer_offered(w->a.node, &b_at_a, &got), ERR_NOT_FOUND);
    /* other settings keep it */
    assert_ok(peer_set(w->a.node, &b_at_a, &(struct peer_settings){.has_sightings = true, .sightings = true},
                       node_admin(w->a.node), &f));
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
}

static void change(struct rig *r, enum origin_reason reason)
{
    struct node_origin o;
    struct fault f = {0};
    const struct origin_change c = {.reason = reason, .account = *node_admin(r->node), .words = TEXT("test")};
    if (node_new_origin(r->node, &c, &o, &f))
        fail_msg("node_new_origin: %s", f.what);
}

/* The pinned key says itself where the log goes on, over several steps. */
static void a_vouched_succession_is_followed(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, due;
    struct fault f = {0};
    assert_ok(introduce(w, &f));
    change(&w->b, ORIGIN_ROTATION);
    change(&w->b, ORIGIN_RESTORE);
    change(&w->b, ORIGIN_ROTATION);
    assert_ok(introduce(w, &f));
    due = own(&w->b);
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
}

/* Who has had many keys shows the newest statements: who keeps up can follow. */
static void many_successions(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, due;
    struct fault f = {0};
    assert_ok(introduce(w, &f));
    for (unsigned i = 0; i < STATEMENTS_MAX + 6; i++) {
        change(&w->b, ORIGIN_ROTATION);
        if (i == 20)
            assert_ok(introduce(w, &f));
    }
    if (introduce(w, &f))
        fail_msg("%s", f.what);
    due = own(&w->b);
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
}

/* After a rotation the name is still made from the first key: its statement shows it, to who sees it first now. */
static void a_first_introduction_behind_a_rotation(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, due;
    struct fault f = {0};
    change(&w->b, ORIGIN_ROTATION);
    change(&w->b, ORIGIN_ROTATION);
    assert_ok(introduce(w, &f));
    due = own(&w->b);
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
}

/* A lost key vouches for nothing: refused, remembered, and taken once a person confirms that very key. */
static void another_key_waits_for_a_person(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin before = own(&w->b), got, offered, due;
    struct fault f = {0};
    assert_ok(introduce(w, &f));
    change(&w->b, ORIGIN_LOSS);
    due = own(&w->b);
    assert_err(introduce(w, &f), ERR_DENIED);
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &before));
    assert_ok(peer_offered(w->a.node, &b_at_a, &offered));
    assert_true(pin_same(&offered, &due));
    assert_err(peer_pin_confirm(w->a.node, &b_at_a, before.key, node_admin(w->a.node), &f), ERR_DENIED);
    assert_ok(peer_pin_confirm(w->a.node, &b_at_a, due.key, node_admin(w->a.node), &f));
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
    assert_err(peer_offered(w->a.node, &b_at_a, &offered), ERR_NOT_FOUND);
    assert_err(peer_pin_confirm(w->a.node, &b_at_a, due.key, node_admin(w->a.node), &f), ERR_NOT_FOUND);
    assert_ok(introduce(w, &f));
}

/* ---- what is no introduction ---- */

static const uint8_t seed[NOTE_SEED_BYTES] = {5};

static void write_introduction(const char *to, const char *origin, const uint8_t key[NOTE_KEY_BYTES],
                               const char *signer, struct buffer *out)
{
    uint8_t public[NOTE_KEY_BYTES];
    char hex[2 * NOTE_KEY_BYTES + 1];
    struct note_key k;
    struct buffer text;
    note_public_key(seed, public);
    hex_write(key ? key : public, NOTE_KEY_BYTES, hex);
    buffer_init(&text, 4096);
    buffer_addf(&text, "entente-introduction/v1\nto %s\norigin %s\nkey %s\n", to, origin, hex);
    assert_ok(note_key_make(text_of(signer), NOTE_ED25519, key ? key : public, &k));
    buffer_clear(out);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    note_sign(buffer_text(&text), &k, seed, 0, out);
    buffer_done(&text);
}

/* The name of somebody else's log, with a key of one's own. */
static void anothers_name_is_not_taken(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, a = own(&w->a);
    struct fault f = {0};
    struct buffer body;
    const char *name = "entente/EX/0123456789abcdef";
    buffer_init(&body, 8192);
    write_introduction(a.origin, name, NULL, name, &body);
    assert_err(introduction_take(w->a.node, &b_at_a, node_admin(w->a.node), buffer_text(&body), &f), ERR_DENIED);
    pinned(&w->a, &b_at_a, &got);
    assert_string_equal(got.origin, "");
    assert_ok(introduce(w, &f)); /* the true one */
    buffer_done(&body);
}

/* A compromise is told by a key that nobody vouches for. Until a person has decided, the pinned key, which may be a
 * thief's, neither takes that offer away nor names a successor. */
static void an_offer_outlasts_the_thief(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin got, due, offered, a = own(&w->a);
    struct fault f = {0};
    struct buffer body;
    assert_ok(introduce(w, &f));
    due = own(&w->b);
    buffer_init(&body, 8192);
    write_introduction(a.origin, "log.example/b", NULL, "log.example/b", &body); /* the true one */
    assert_err(introduction_take(w->a.node, &b_at_a, node_admin(w->a.node), buffer_text(&body), &f), ERR_DENIED);
    assert_ok(peer_offered(w->a.node, &b_at_a, &offered));
    assert_ok(introduce(w, &f)); /* the pinned key is still the pinned one */
    assert_ok(peer_offered(w->a.node, &b_at_a, &got));
    assert_true(pin_same(&got, &offered));
    change(&w->b, ORIGIN_ROTATION);
    assert_err(introduce(w, &f), ERR_DENIED);
    pinned(&w->a, &b_at_a, &got);
    assert_true(pin_same(&got, &due));
    assert_ok(peer_offered(w->a.node, &b_at_a, &got));
    assert_true(pin_same(&got, &offered));
    assert_ok(peer_pin_confirm(w->a.node, &b_at_a, offered.key, node_admin(w->a.node), &f));
    buffer_done(&body);
}

static enum err take(struct world *w, const struct buffer *body)
{
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct fault f = {0};
    enum err e = introduction_take(w->a.node, &b_at_a, node_admin(w->a.node), buffer_text(body), &f);
    assert_int_equal(f.err, e);
    return e;
}

static void what_is_no_introduction(void **state)
{
    struct world *w = *state;
    struct uuid b_at_a = rig_party(&w->a, "CSIRT B");
    struct pin a = own(&w->a), b = own(&w->b), got;
    struct buffer body;
    buffer_init(&body, 8192);
    assert_err(take(w, &body), ERR_MALFORMED);
    write_introduction("elsewhere", "log.example/b", NULL, "log.example/b", &body);
    assert_err(take(w, &body), ERR_MALFORMED);
    write_introduction(a.origin, "log.example/b", b.key, "log.example/b", &body); /* signed by another key */
    assert_err(take(w, &body), ERR_MALFORMED);
    write_introduction(a.origin, "log.example/b", NULL, "log.example/c", &body);
    assert_err(take(w, &body), ERR_MALFORMED);
    write_introduction(a.origin, a.origin, NULL, a.origin, &body); /* our own log's name */
    assert_err(take(w, &body), ERR_EXISTS);
    write_introduction(a.origin, "log.example/b", NULL, "log.example/b", &body);
    buffer_add(&body, TEXT("\nsomething else\n"));
    assert_err(take(w, &body), ERR_MALFORMED);
    pinned(&w->a, &b_at_a, &got);
    assert_string_equal(got.origin, "");
    write_introduction(a.origin, "log.example/b", NULL, "log.example/b", &body);
    assert_ok(take(w, &body));
    pinned(&w->a, &b_at_a, &got);
    assert_string_equal(got.origin, "log.example/b");

    rig_invite(&w->a, "CERT C"); /* who cannot have the same log */
    struct uuid c = rig_party(&w->a, "CERT C");
    struct fault f = {0};
    assert_err(introduction_take(w->a.node, &c, node_admin(w->a.node), buffer_text(&body), &f), ERR_EXISTS);
    buffer_done(&body);
}

/* An invitation whose key or origin is none is no invitation; without both it is one of a plain TAXII server. */
static void invitations(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *members;
        enum err err;
    } rows[] = {
        {"", OK},
        {",\"origin\":\"log.example/x\",\"key\":\"00\"", ERR_MALFORMED},
        {",\"origin\":\"log.example/x\"", ERR_MALFORMED},
        {",\"key\":\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\"", ERR_MALFORMED},
        {",\"origin\":\"a b\",\"key\":\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\"",
         ERR_MALFORMED},
        {",\"origin\":\"log.example/x\",\"key\":\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\"",
         OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[700];
        struct uuid party;
        struct fault f = {0};
        snprintf(text, sizeof text,
                 "{\"entente_invite\":1,\"from\":{\"name\":\"X\"},\"api_root\":\"http://127.0.0.1:1/taxii2/api/\","
                 "\"collection\":\"intelligence\",\"token\":\"t\"%s}",
                 rows[i].members);
        enum err e = peer_accept(w->a.node, text_of(text), TEXT_NONE, node_admin(w->a.node), &party, &f);
        if (e != rows[i].err)
            fail_msg("row %zu: %s %s", i, err_name(e), f.what);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(an_invitation_pins),
                                       TEST(the_first_introduction_pins),
                                       TEST(a_vouched_succession_is_followed),
                                       TEST(another_key_waits_for_a_person),
                                       TEST(many_successions),
                                       TEST(a_first_introduction_behind_a_rotation),
                                       TEST(anothers_name_is_not_taken),
                                       TEST(an_offer_outlasts_the_thief),
                                       TEST(what_is_no_introduction),
                                       TEST(invitations)};
    return cmocka_run_group_tests_name("peer_pin", tests, NULL, NULL);
}
