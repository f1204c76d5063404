/* A witness whose 1st, 2nd, ... allocation fails: an error and the old state, or the cosignature and the new one. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "exchange/witness.h"
#include "ledger/checkpoint.h"
#include "support/fault.h"
#include "unit/ledger/forest.h"

#define ORIGIN "log.example/partner"

static const uint8_t seed[NOTE_SEED_BYTES] = {3};

struct state {
    struct rig rig;
    struct witness *witness;
    struct view *view;
    struct buffer first, second; /* requests: up to 10, and from there to 20 */
    char hash[SHA256_HEX];
};

static enum err write_pin(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_PEER,
                     .u.peer = {.party = *(const struct uuid *)self,
                                .account = *node_admin(txn_node(t)),
                                .ceiling = TLP_GREEN,
                                .poll_ms = 30000,
                                .origin = TEXT(ORIGIN)}};
    note_public_key(seed, f.u.peer.key);
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static void write_request(struct forest *log, uint64_t old, uint64_t size, struct buffer *out)
{
    struct tree_source tree = forest_source(log);
    struct add_checkpoint a = {.old_size = old};
    struct checkpoint c = {.origin = TEXT(ORIGIN), .size = size};
    struct buffer text, note;
    struct note_key k;
    uint8_t public[NOTE_KEY_BYTES];
    note_public_key(seed, public);
    assert_ok(note_key_make(TEXT(ORIGIN), NOTE_ED25519, public, &k));
    assert_ok(tree_root(&tree, size, &c.root, NULL));
    assert_ok(tree_consistency(&tree, old, size, &a.proof, NULL));
    buffer_init(&text, 4096);
    buffer_init(&note, 8192);
    buffer_init(out, 8192);
    checkpoint_format(&c, &text);
    buffer_add(&note, buffer_text(&text));
    buffer_add_char(&note, '\n');
    note_sign(buffer_text(&text), &k, seed, 0, &note);
    a.checkpoint = buffer_text(&note);
    add_checkpoint_format(&a, out);
    assert_ok(buffer_error(out));
    buffer_done(&text);
    buffer_done(&note);
}

static int ask(struct state *s, const struct buffer *body, enum err *ret_err)
{
    struct buffer text;
    struct fault f = {0};
    buffer_init(&text, NOTE_MAX_BYTES);
    struct witness_answer a = {.text = &text};
    *ret_err = witness_add(s->witness, s->view, buffer_text(body), &a, &f);
    buffer_done(&text);
    return *ret_err ? 0 : a.status;
}

static void back_to_ten(void *arg)
{
    struct state *s = arg;
    enum err e;
    assert_ok(local_delete(node_local(s->rig.node), "witness", text_of(s->hash), NULL));
    assert_int_equal(ask(s, &s->first, &e), 200);
}

static bool extend(void *arg)
{
    struct state *s = arg;
    enum err e;
    int status = ask(s, &s->second, &e);
    if (e)
        assert_err(e, ERR_NOMEM);
    else
        assert_int_equal(status, 200); /* never refused for want of memory */
    return e == OK;
}

static void old_or_new(void *arg, bool completed)
{
    struct state *s = arg;
    struct buffer kept;
    struct note n;
    struct checkpoint c;
    buffer_init(&kept, NOTE_MAX_BYTES);
    assert_ok(witness_latest(s->witness, text_of(s->hash), &kept, NULL));
    assert_ok(note_parse(buffer_text(&kept), &n, NULL));
    assert_ok(checkpoint_parse(n.text, &c, NULL));
    assert_true(completed ? c.size == 20 : c.size == 10 || c.size == 20);
    buffer_done(&kept);
}

static void every_allocation(void **state)
{
    struct state s = {.witness = NULL};
    struct forest log = {0};
    struct sha256 hash = sha256_of(ORIGIN, sizeof ORIGIN - 1);
    (void)state;
    rig_open(&s.rig, "CSIRT EX");
    struct uuid party = rig_invite(&s.rig, "CERT B").party;
    assert_ok(node_write(s.rig.node, write_pin, &party, NULL));
    assert_ok(witness_new(s.rig.node, &s.witness));
    assert_ok(node_reader(s.rig.node, &s.view, NULL));
    sha256_hex(&hash, s.hash);
    forest_grow(&log, 20);
    write_request(&log, 0, 10, &s.first);
    write_request(&log, 10, 20, &s.second);
    const struct fault_op op = {.prepare = back_to_ten, .run = extend, .verify = old_or_new, .arg = &s};
    assert_true(fault_each_allocation(&op) > 3);
    buffer_done(&s.first);
    buffer_done(&s.second);
    forest_done(&log);
    node_reader_done(s.rig.node, s.view);
    witness_free(s.witness);
    rig_close(&s.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests_name("witness_faults", tests, NULL, NULL);
}
