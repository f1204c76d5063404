/* Our log shown to a partner, over real sockets: cosigned, caught when the home was put back, and checked by who
 * takes from it. */
#include "unit/exchange/rig.h"

#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "exchange/ledger_check.h"
#include "exchange/witness_loop.h"
#include "store/origin.h"
#include "support/scratch.h"

struct world {
    struct rig a, b; /* a: the log; b: its partner and witness. Both have accepted the other's invitation */
    struct uuid b_at_a, a_at_b;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->a, "CSIRT A");
    rig_open(&w->b, "CSIRT B");
    rig_listen(&w->a);
    rig_listen(&w->b);
    w->a_at_b = rig_connect(&w->b, &w->a);
    w->b_at_a = rig_connect(&w->a, &w->b);
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

static void publish(struct rig *r)
{
    bool fresh;
    struct fault f = {0};
    if (node_publish(r->node, &fresh, &f))
        fail_msg("node_publish: %s", f.what);
}

static enum err ask_how(struct rig *r, const struct uuid *party, const struct witness_how *how,
                        struct witness_asked *ret, struct fault *f)
{
    struct ledger_remote remote;
    struct http_client *http = NULL;
    enum err e = ledger_remote_open(r->node, party, &remote, f);
    if (!e)
        e = ledger_remote_client(remote.peer.url, &http, f);
    remote.http = http;
    if (!e)
        e = witness_ask(r->node, &remote, how, ret, f);
    http_client_free(http);
    ledger_remote_done(&remote);
    return e;
}

static enum err ask_with(struct rig *r, const struct uuid *party, struct witness_asked *ret, struct fault *f)
{
    return ask_how(r, party, &(const struct witness_how){.look_first = false}, ret, f);
}

static struct witness_asked asked(struct world *w)
{
    struct witness_asked got;
    struct fault f = {0};
    if (ask_with(&w->a, &w->b_at_a, &got, &f))
        fail_msg("witness_ask: %s", f.what);
    return got;
}

/* Of the published checkpoint; *ret_size too. */
static bool cosigned_by(struct rig *log, struct rig *witness, uint64_t *ret_size)
{
    struct node_origin o;
    struct note_key k;
    struct note n;
    struct checkpoint c;
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    node_origin(witness->node, &o);
    assert_ok(note_key_make(text_of(o.name), NOTE_COSIGNATURE, o.key, &k));
    assert_ok(node_checkpoint(log->node, &b, NULL));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_ok(checkpoint_parse(n.text, &c, NULL));
    *ret_size = c.size;
    enum err e = note_verify(&n, &k, NULL, NULL);
    assert_true(e == OK || e == ERR_NOT_FOUND);
    buffer_done(&b);
    return e == OK;
}

static void cosigned_again_and_again(void **state)
{
    struct world *w = *state;
    uint64_t size;
    assert_int_equal(asked(w).size, 0); /* nothing is published */
    for (unsigned i = 0; i < 4; i++) {
        rig_import(&w->a, "self", rig_indicator(i, 0, TLP_RED));
        publish(&w->a);
        assert_false(cosigned_by(&w->a, &w->b, &size));
        struct witness_asked got = asked(w); /* at first it does not know us: we introduce ourselves */
        assert_true(got.new_cosignature && !got.behind);
        assert_int_equal(got.size, size);
        assert_true(cosigned_by(&w->a, &w->b, &size));
        assert_false(asked(w).new_cosignature); /* not asked twice */
        if (i == 1)
            rig_restart(&w->a);
        if (i == 1)
            rig_listen(&w->a);
    }
}

/* What we know of the witness's state may be gone: its 409 tells. */
static void it_says_from_where(void **state)
{
    struct world *w = *state;
    char party[UUID_TEXT_MAX];
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    assert_ok(local_delete(node_local(w->a.node), "witnessed", uuid_format(&w->b_at_a, party), NULL));
    rig_import(&w->a, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
}

/* The witness goes on under another key, and another name: its statements are followed, and pinned here. */
static void its_key_changes(void **state)
{
    struct world *w = *state;
    static const enum origin_reason reasons[] = {ORIGIN_ROTATION, ORIGIN_RESTORE, ORIGIN_ROTATION};
    uint64_t size;
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        struct node_origin o;
        const struct origin_change c = {.reason = reasons[i], .account = *node_admin(w->b.node), .words = TEXT("t")};
        assert_ok(node_new_origin(w->b.node, &c, &o, NULL));
        rig_import(&w->a, "self", rig_indicator((unsigned)i, 0, TLP_RED));
        publish(&w->a);
        assert_true(asked(w).new_cosignature);
        assert_true(cosigned_by(&w->a, &w->b, &size));
    }
}

/* A key that nothing vouches for: what it signs is not taken. */
static void a_strange_key_is_not_taken(void **state)
{
    struct world *w = *state;
    struct node_origin o;
    struct witness_asked got;
    struct fault f = {0};
    uint64_t size;
    const struct origin_change c = {.reason = ORIGIN_LOSS, .account = *node_admin(w->b.node), .words = TEXT("t")};
    publish(&w->a);
    assert_ok(node_new_origin(w->b.node, &c, &o, NULL));
    assert_err(ask_with(&w->a, &w->b_at_a, &got, &f), ERR_UNREACHABLE);
    assert_false(cosigned_by(&w->a, &w->b, &size));
}

static void loop(void **state)
{
    struct world *w = *state;
    struct witness_loop *l;
    uint64_t size;
    publish(&w->a);
    assert_ok(witness_loop_start(w->a.node, 50, &l, NULL));
    for (unsigned i = 0; i < 400 && !cosigned_by(&w->a, &w->b, &size); i++)
        usleep(25000);
    assert_true(cosigned_by(&w->a, &w->b, &size));
    witness_loop_stop(l);
}

/* ---- a home put back ---- */

static void copy_home(struct rig *r, const char *from, const char *to)
{
    char words[4 * RIG_PATH_MAX];
    snprintf(words, sizeof words, "rm -rf '%s/%s' && cp -a '%s/%s' '%s/%s'", r->dir, to, r->dir, from, r->dir, to);
    assert_int_equal(system(words), 0);
}

/* As a snapshot of a virtual machine is: stopped, put back, started. */
static void restart_from(struct rig *r, const char *copy, bool save)
{
    http_server_stop(r->http);
    taxii_server_free(r->server);
    ledger_server_free(r->ledger);
    node_close(r->node);
    r->http = NULL;
    if (save)
        copy_home(r, "home", copy);
    else
        copy_home(r, copy, "home");
    assert_ok(node_open(io_system(), r->home, NODE_OWN, &r->node, NULL));
    assert_ok(taxii_server_new(r->node, &r->server, NULL));
    assert_ok(ledger_server_new(r->node, &r->ledger, NULL));
    rig_listen(r);
}

static void a_home_put_back_begins_anew(void **state)
{
    struct world *w = *state;
    struct node_origin before, after;
    uint64_t size;
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", true);
    for (unsigned i = 0; i < 5; i++)
        rig_import(&w->a, "self", rig_indicator(i, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    node_origin(w->a.node, &before);

    restart_from(&w->a, "copy", false);
    rig_import(&w->a, "self", rig_indicator(77, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).behind);
    node_origin(w->a.node, &after);
    assert_string_not_equal(before.name, after.name);
    publish(&w->a);
    assert_true(asked(w).new_cosignature); /* under the new name, which the statement vouches for */
    assert_true(cosigned_by(&w->a, &w->b, &size));
}

/* The same with a log that has grown beyond what it had: sizes alone do not show it. */
static void a_longer_log_is_seen_too(void **state)
{
    struct world *w = *state;
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", true);
    rig_import(&w->a, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", false);
    for (unsigned i = 10; i < 20; i++)
        rig_import(&w->a, "self", rig_indicator(i, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).behind);
}

static int log_status(struct rig *r, const struct uuid *party, const char *path)
{
    struct ledger_remote remote;
    struct http_answer a = {0};
    struct fault f = {0};
    assert_ok(ledger_remote_open(r->node, party, &remote, &f));
    assert_ok(ledger_remote_client(remote.peer.url, &remote.http, &f));
    if (ledger_remote_get(&remote, path, &a, &f))
        fail_msg("%s: %s", path, f.what);
    int status = a.status;
    http_answer_done(&a);
    http_client_free(remote.http);
    ledger_remote_done(&remote);
    return status;
}

/* A copy whose checkpoint was cosigned is put back: it looks before it signs, shows or cosigns anything. */
static void a_home_put_back_looks_first(void **state)
{
    struct world *w = *state;
    struct node_origin before, after;
    struct witness_loop *l;
    struct witness_asked got;
    struct fault f = {0};
    bool fresh;
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    publish(&w->b);
    restart_from(&w->a, "copy", true);
    rig_import(&w->a, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature);

    restart_from(&w->a, "copy", false);
    node_origin(w->a.node, &before);
    node_hold(w->a.node, clock_mono_us() + WITNESS_HOLD_US);
    rig_import(&w->a, "self", rig_indicator(77, 0, TLP_RED));
    assert_err(node_publish(w->a.node, &fresh, NULL), ERR_BUSY);
    assert_int_equal(log_status(&w->b, &w->a_at_b, "checkpoint"), 503);
    assert_int_equal(log_status(&w->b, &w->a_at_b, "tile/0/000.p/1"), 503);
    (void)ask_with(&w->b, &w->a_at_b, &got, &f);
    assert_false(got.new_cosignature); /* nor as a witness */
    assert_ok(witness_loop_start(w->a.node, 50, &l, NULL));
    for (unsigned i = 0; i < 400 && node_held(w->a.node); i++)
        usleep(25000);
    witness_loop_stop(l);
    assert_false(node_held(w->a.node));
    node_origin(w->a.node, &after);
    assert_string_not_equal(before.name, after.name);
}

static void introduce(struct rig *r, const struct uuid *party)
{
    struct ledger_remote remote;
    struct fault f = {0};
    assert_ok(ledger_remote_open(r->node, party, &remote, &f));
    assert_ok(ledger_remote_client(remote.peer.url, &remote.http, &f));
    if (ledger_remote_introduce(r->node, &remote, &f))
        fail_msg("introduce: %s", f.what);
    http_client_free(remote.http);
    ledger_remote_done(&remote);
}

/* The copy is from before a rotation, and the witness has pinned the new key: what it holds has the old one's
 * signature as well. */
static void a_home_put_back_behind_a_rotation(void **state)
{
    struct world *w = *state;
    struct node_origin o;
    const struct origin_change c = {.reason = ORIGIN_ROTATION, .account = *node_admin(w->a.node), .words = TEXT("t")};
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", true);
    assert_ok(node_new_origin(w->a.node, &c, &o, NULL));
    introduce(&w->a, &w->b_at_a);
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", false);
    rig_import(&w->a, "self", rig_indicator(77, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).behind);
}

/* The other way round: the witness holds what the key before the rotation signed, and this home was put back to
 * before that, but behind the rotation it has now. */
static void an_old_keys_checkpoint_counts(void **state)
{
    struct world *w = *state;
    struct node_origin o;
    const struct origin_change c = {.reason = ORIGIN_ROTATION, .account = *node_admin(w->a.node), .words = TEXT("t")};
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", true);
    rig_import(&w->a, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy", false);
    assert_ok(node_new_origin(w->a.node, &c, &o, NULL));
    publish(&w->a);
    assert_true(asked(w).behind);
}

/* ---- verify --peer ---- */

static enum err checked(struct world *w, struct ledger_checked *ret, struct fault *f)
{
    memset(f, 0, sizeof *f);
    return ledger_check_peer(w->b.node, &w->a_at_b, node_admin(w->b.node), ret, f);
}

static void holds(struct world *w, struct ledger_checked *ret)
{
    struct fault f;
    if (checked(w, ret, &f))
        fail_msg("%s: %s", f.rule, f.what);
}

static void fails_at(struct world *w, const char *rule)
{
    struct ledger_checked c;
    struct fault f;
    assert_err(checked(w, &c, &f), ERR_DENIED);
    assert_string_equal(f.rule, rule);
}

static void a_partners_log_is_checked(void **state)
{
    struct world *w = *state;
    struct ledger_checked c;
    struct fault f;
    uint64_t last = 0;
    assert_err(checked(w, &c, &f), ERR_UNREACHABLE); /* it has published nothing */
    for (unsigned i = 0; i < 3; i++) {
        struct buffer b;
        buffer_init(&b, 4 * MIB);
        for (unsigned k = 0; k < 150; k++) {
            buffer_add(&b, text_of(k ? "," : ""));
            buffer_add(&b, text_of(rig_indicator(1000 * i + k, 0, TLP_RED)));
        }
        buffer_add_char(&b, 0);
        rig_import(&w->a, "self", b.ptr);
        buffer_done(&b);
        publish(&w->a);
        holds(w, &c);
        assert_int_equal(c.seen, last);
        assert_int_equal(c.cosigners, 0);
        assert_true(c.size > 150 * (i + 1));
        last = c.size;
    }
    assert_true(asked(w).new_cosignature);
    holds(w, &c);
    assert_int_equal(c.cosigners, 1); /* ourselves */
    assert_int_equal(c.seen, c.size);
}

static void a_fork_and_a_rollback_are_named(void **state)
{
    struct world *w = *state;
    struct ledger_checked c;
    publish(&w->a);
    restart_from(&w->a, "copy", true);
    for (unsigned i = 0; i < 5; i++)
        rig_import(&w->a, "self", rig_indicator(i, 0, TLP_RED));
    publish(&w->a);
    holds(w, &c);
    restart_from(&w->a, "copy", false);
    publish(&w->a);
    fails_at(w, "rollback");
    for (unsigned i = 0; node_tree_size(w->a.node) < c.size; i++)
        rig_import(&w->a, "self", rig_indicator(100 + i, 0, TLP_RED));
    publish(&w->a);
    fails_at(w, node_tree_size(w->a.node) == c.size ? "fork" : "consistency");
    rig_import(&w->a, "self", rig_indicator(200, 0, TLP_RED));
    publish(&w->a);
    fails_at(w, "consistency");
}

/* A log that goes on under another name, vouched for by its key: only what it still has of what it had signed counts.
 */
static void a_restore_licenses_no_other_past(void **state)
{
    struct world *w = *state;
    struct ledger_checked c;
    struct node_origin o;
    struct note_key key;
    struct fault f;
    const struct origin_change restore = {
        .reason = ORIGIN_RESTORE, .account = *node_admin(w->a.node), .words = TEXT("t")};
    publish(&w->a);
    restart_from(&w->a, "copy", true);
    holds(w, &c);
    assert_ok(node_new_origin(w->a.node, &restore, &o, NULL)); /* nothing is lost: it holds */
    publish(&w->a);
    holds(w, &c);
    assert_true(c.moved);
    rig_import(&w->a, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->a);
    introduce(&w->a, &w->b_at_a);
    assert_true(asked(w).new_cosignature);
    restart_from(&w->a, "copy2", true);
    rig_import(&w->a, "self", rig_indicator(2, 0, TLP_RED));
    publish(&w->a);
    assert_true(asked(w).new_cosignature); /* more than verify has seen: as a witness only */
    restart_from(&w->a, "copy2", false);
    assert_ok(node_new_origin(w->a.node, &restore, &o, NULL));
    publish(&w->a);
    fails_at(w, "lost");
    introduce(&w->a, &w->b_at_a); /* pinned or not */
    fails_at(w, "lost");
    assert_ok(note_key_make(text_of(o.name), NOTE_ED25519, o.key, &key));
    assert_ok(peer_pin_set(w->b.node, &w->a_at_b, &key, node_admin(w->b.node), &f));
    holds(w, &c);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(cosigned_again_and_again),
                                       TEST(it_says_from_where),
                                       TEST(its_key_changes),
                                       TEST(a_strange_key_is_not_taken),
                                       TEST(loop),
                                       TEST(a_home_put_back_begins_anew),
                                       TEST(a_longer_log_is_seen_too),
                                       TEST(a_home_put_back_looks_first),
                                       TEST(a_home_put_back_behind_a_rotation),
                                       TEST(an_old_keys_checkpoint_counts),
                                       TEST(a_partners_log_is_checked),
                                       TEST(a_fork_and_a_rollback_are_named),
                                       TEST(a_restore_licenses_no_other_past)};
    return cmocka_run_group_tests_name("witnessed", tests, NULL, NULL);
}
