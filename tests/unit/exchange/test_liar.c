/* A partner that lies: as a witness, and about its own log. Nothing that it says is taken but what its key signed,
 * and nothing moves our log but what our own key signed. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "base/outbound_make.h"
#include "exchange/ledger_check.h"
#include "exchange/witness_loop.h"
#include "unit/ledger/forest.h"

#define LIAR "liar.example/log"

static const uint8_t seed[NOTE_SEED_BYTES] = {8}, other_seed[NOTE_SEED_BYTES] = {9};

struct answer {
    int status;
    struct buffer body;
};
struct world {
    struct rig rig;
    struct http_server *http;
    struct uuid liar;
    /* What it says: */
    struct answer add, held, origins, head;
    bool flip; /* 409 with another size each time */
    unsigned asked;
    struct forest tree;
    bool false_tiles;
};

static void say(struct answer *a, int status, struct text body)
{
    a->status = status;
    buffer_clear(&a->body);
    buffer_add(&a->body, body);
}

static struct outbound *give(int status, struct text t)
{
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    buffer_add(&b, t);
    return outbound_new(status, TEXT("text/plain"), &b);
}

static struct outbound *tile(struct world *w, struct text path)
{
    unsigned level, width;
    uint64_t index;
    struct sha256 h[TREE_TILE_HASHES];
    if (tree_tile_parse(path, &level, &index, &width) != OK ||
        index * TREE_TILE_HASHES + width > tree_level_count(w->tree.size, level))
        return give(404, TEXT_NONE);
    memcpy(h, w->tree.level[level] + index * TREE_TILE_HASHES, width * sizeof h[0]);
    if (w->false_tiles)
        h[0].b[0] ^= 1;
    return give(200, (struct text){(const char *)h, width * sizeof h[0]});
}

static struct outbound *handle(void *self, const struct http_request *r)
{
    struct world *w = self;
    char size[32];
    if (text_ends(r->path, TEXT("/add-checkpoint"))) {
        if (!w->flip)
            return give(w->add.status, buffer_text(&w->add.body));
        snprintf(size, sizeof size, "%u\n", ++w->asked % 2 + 1);
        return give(409, text_of(size));
    }
    if (text_starts(r->path, TEXT("/log/witness/")))
        return give(w->held.status, buffer_text(&w->held.body));
    if (text_starts(r->path, TEXT("/log/tile/")))
        return tile(w, text_sub(r->path, 10, r->path.len));
    if (text_eq(r->path, TEXT("/log/origins")))
        return give(w->origins.status, buffer_text(&w->origins.body));
    if (text_eq(r->path, TEXT("/log/checkpoint")))
        return give(w->head.status, buffer_text(&w->head.body));
    return give(404, TEXT_NONE);
}

static void publish(struct rig *r)
{
    bool fresh;
    assert_ok(node_publish(r->node, &fresh, NULL));
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct fault f = {0};
    uint8_t public[NOTE_KEY_BYTES];
    char hex[2 * NOTE_KEY_BYTES + 1], invitation[700];
    struct answer *answers[] = {&w->add, &w->held, &w->origins, &w->head};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        buffer_init(&answers[i]->body, 1 * MIB);
        answers[i]->status = 200;
    }
    rig_open(&w->rig, "CSIRT EX");
    const struct http_server_options options = {.address = "127.0.0.1:0", .handler = handle, .self = w};
    assert_ok(http_server_start(&options, &w->http, &f));
    note_public_key(seed, public);
    hex_write(public, sizeof public, hex);
    snprintf(invitation, sizeof invitation,
             "{\"entente_invite\":1,\"from\":{\"name\":\"Liar\"},\"api_root\":\"http://127.0.0.1:%u/taxii2/api/\","
             "\"collection\":\"intelligence\",\"token\":\"t\",\"origin\":\"" LIAR "\",\"key\":\"%s\"}",
             http_server_port(w->http), hex);
    assert_ok(peer_accept(w->rig.node, text_of(invitation), TEXT_NONE, node_admin(w->rig.node), &w->liar, &f));
    publish(&w->rig);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    http_server_stop(w->http);
    rig_close(&w->rig);
    forest_done(&w->tree);
    buffer_done(&w->add.body), buffer_done(&w->held.body), buffer_done(&w->origins.body), buffer_done(&w->head.body);
    free(w);
    return 0;
}

/* ---- as a witness ---- */

static enum err ask(struct world *w, struct witness_asked *ret)
{
    struct ledger_remote remote;
    struct fault f = {0};
    *ret = (struct witness_asked){.size = 0};
    assert_ok(ledger_remote_open(w->rig.node, &w->liar, &remote, &f));
    assert_ok(ledger_remote_client(remote.peer.url, &remote.http, &f));
    enum err e = witness_ask(w->rig.node, &remote, &(const struct witness_how){.look_first = false}, ret, &f);
    http_client_free(remote.http);
    ledger_remote_done(&remote);
    return e;
}

/* Our checkpoint, and a text beside it that is signed in its place. */
static void our_text(struct world *w, struct buffer *ret)
{
    struct note n;
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    buffer_init(ret, NOTE_MAX_BYTES);
    assert_ok(node_checkpoint(w->rig.node, &b, NULL));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    buffer_add(ret, n.text);
    buffer_done(&b);
}

static void cosign(struct world *w, struct text text, const uint8_t s[NOTE_SEED_BYTES], uint64_t t_s,
                   const char *name)
{
    uint8_t public[NOTE_KEY_BYTES];
    struct note_key k;
    note_public_key(s, public);
    assert_ok(note_key_make(text_of(name), NOTE_COSIGNATURE, public, &k));
    w->add.status = 200;
    buffer_clear(&w->add.body);
    note_sign(text, &k, s, t_s, &w->add.body);
}

static void takes_nothing(struct world *w)
{
    struct witness_asked got;
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    assert_err(ask(w, &got), ERR_UNREACHABLE);
    assert_false(got.new_cosignature || got.behind);
    assert_err(node_cosigned(w->rig.node, &b, NULL), ERR_NOT_FOUND);
    buffer_done(&b);
}

static void cosignatures_that_are_none(void **state)
{
    struct world *w = *state;
    struct witness_asked got;
    struct buffer text;
    our_text(w, &text);
    cosign(w, TEXT("another text\n"), seed, 1700000000, LIAR);
    takes_nothing(w);
    cosign(w, buffer_text(&text), seed, 0, LIAR);
    takes_nothing(w);
    cosign(w, buffer_text(&text), other_seed, 1700000000, LIAR);
    takes_nothing(w);
    cosign(w, buffer_text(&text), seed, 1700000000, "somebody.example");
    takes_nothing(w);
    static const char *const words[] = {"", "yes", "\n", "\xE2\x80\x94 " LIAR " AAAA\n",
                                        "\xE2\x80\x94 x AAAAAAA=\n\nmore\n"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        say(&w->add, 200, text_of(words[i]));
        takes_nothing(w);
    }
    struct buffer longer; /* our text goes on, and the longer one is signed */
    buffer_init(&longer, NOTE_MAX_BYTES);
    buffer_add(&longer, buffer_text(&text));
    buffer_add(&longer, TEXT("\nmore\n"));
    cosign(w, buffer_text(&longer), seed, 1700000000, LIAR);
    buffer_clear(&longer);
    buffer_add(&longer, TEXT("more\n\n"));
    buffer_add(&longer, buffer_text(&w->add.body));
    say(&w->add, 200, buffer_text(&longer));
    takes_nothing(w);
    buffer_done(&longer);
    cosign(w, buffer_text(&text), seed, 1700000000, LIAR); /* and now the truth */
    assert_ok(ask(w, &got));
    assert_true(got.new_cosignature);
    buffer_done(&text);
}

/* Many good lines of one key would leave no room for anybody else's: the newest is kept. */
static void many_lines_are_one(void **state)
{
    struct world *w = *state;
    struct witness_asked got;
    struct buffer text, lines, b;
    struct note n;
    our_text(w, &text);
    buffer_init(&lines, NOTE_MAX_BYTES);
    buffer_init(&b, NOTE_MAX_BYTES);
    for (uint64_t i = 0; i < NOTE_SIGNATURES_MAX - 1; i++) {
        cosign(w, buffer_text(&text), seed, 1700000000 + (i * 8) % 63, LIAR);
        buffer_add(&lines, buffer_text(&w->add.body));
    }
    say(&w->add, 200, buffer_text(&lines));
    assert_ok(ask(w, &got));
    assert_ok(node_checkpoint(w->rig.node, &b, NULL));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_int_equal(n.count, 2); /* ours and its one */
    assert_int_equal(n.signature[1].bytes[7], (1700000000 + 62) & 0xFF);
    buffer_done(&text);
    buffer_done(&lines);
    buffer_done(&b);
}

static void sign_head(struct answer *a, const struct checkpoint *c, const char *name,
                      const uint8_t s[NOTE_SEED_BYTES])
{
    uint8_t public[NOTE_KEY_BYTES];
    struct note_key k;
    struct buffer text;
    note_public_key(s, public);
    assert_ok(note_key_make(text_of(name), NOTE_ED25519, public, &k));
    buffer_init(&text, 4096);
    checkpoint_format(c, &text);
    say(a, 200, buffer_text(&text));
    buffer_add_char(&a->body, '\n');
    note_sign(buffer_text(&text), &k, s, 0, &a->body);
    buffer_done(&text);
}

/* It says that it holds more than we have, or something else: only our own signature would make that true. */
static void our_log_is_not_moved(void **state)
{
    struct world *w = *state;
    static const struct {
        int status;
        const char *body;
    } adds[] = {{409, "999999\n"}, {422, ""}, {409, "999999"}, {409, "x\n"}, {409, ""},
                {500, ""},         {401, ""}, {404, ""},       {403, ""}};
    struct node_origin before, after;
    struct checkpoint c = {.size = 999999};
    node_origin(w->rig.node, &before);
    c.origin = text_of(before.name);
    for (int held = 0; held < 4; held++) {
        sign_head(&w->held, &c, held == 1 ? LIAR : before.name, other_seed); /* ours by name, not by key */
        if (held == 2)
            say(&w->held, 404, TEXT_NONE);
        if (held == 3)
            say(&w->held, 200, TEXT("no note"));
        for (size_t i = 0; i < ARRAY_LEN(adds); i++) {
            say(&w->add, adds[i].status, text_of(adds[i].body));
            takes_nothing(w);
            node_origin(w->rig.node, &after);
            assert_string_equal(after.name, before.name);
        }
    }
    w->flip = true;
    takes_nothing(w);
}

/* It shows what it truly holds of ours, and refuses what extends it: its own fault. */
static void a_true_checkpoint_does_not_move_it_either(void **state)
{
    struct world *w = *state;
    struct node_origin before, after;
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    node_origin(w->rig.node, &before);
    assert_ok(node_checkpoint(w->rig.node, &b, NULL));
    say(&w->held, 200, buffer_text(&b));
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_RED));
    publish(&w->rig);
    say(&w->add, 422, TEXT_NONE);
    takes_nothing(w);
    node_origin(w->rig.node, &after);
    assert_string_equal(after.name, before.name);
    buffer_done(&b);
}

/* ---- about its own log ---- */

static enum err check(struct world *w, struct fault *f)
{
    struct ledger_checked c;
    memset(f, 0, sizeof *f);
    return ledger_check_peer(w->rig.node, &w->liar, node_admin(w->rig.node), &c, f);
}

static void head_of(struct world *w, uint64_t size, const uint8_t s[NOTE_SEED_BYTES], const char *name)
{
    struct tree_source tree = forest_source(&w->tree);
    struct checkpoint c = {.origin = text_of(name), .size = size};
    assert_ok(tree_root(&tree, size, &c.root, NULL));
    sign_head(&w->head, &c, name, s);
}

static void its_log(void **state)
{
    struct world *w = *state;
    struct fault f;
    forest_grow(&w->tree, 600);
    say(&w->origins, 200, TEXT_NONE);
    head_of(w, 100, other_seed, LIAR);
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "signature");
    head_of(w, 100, seed, "other.example");
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "signature");
    struct checkpoint another = {.origin = TEXT("other.example"), .size = 1};
    sign_head(&w->head, &another, LIAR, seed); /* its key under another log's head */
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "signature");
    say(&w->head, 200, TEXT("hello"));
    assert_err(check(w, &f), ERR_UNREACHABLE);
    say(&w->head, 404, TEXT_NONE);
    assert_err(check(w, &f), ERR_UNREACHABLE);
    head_of(w, 100, seed, LIAR);
    assert_ok(check(w, &f));
    head_of(w, 300, seed, LIAR);
    w->false_tiles = true;
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "consistency");
    w->false_tiles = false;
    assert_ok(check(w, &f));
    head_of(w, 600, seed, LIAR);
    forest_grow(&w->tree, 500); /* tiles that it says are there, and are not */
    assert_err(check(w, &f), ERR_UNREACHABLE);
    forest_grow(&w->tree, 600);
    buffer_add(&w->head.body, TEXT("\xE2\x80\x94 "));
    assert_err(check(w, &f), ERR_UNREACHABLE);
    head_of(w, 200, seed, LIAR);
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "rollback");
}

/* Our own name under a cosignature that we did not give. */
static void a_false_cosignature(void **state)
{
    struct world *w = *state;
    struct node_origin own;
    struct note_key k;
    struct fault f;
    node_origin(w->rig.node, &own);
    forest_grow(&w->tree, 10);
    head_of(w, 10, seed, LIAR);
    assert_ok(note_key_make(text_of(own.name), NOTE_COSIGNATURE, own.key, &k));
    note_sign(TEXT("x\n"), &k, other_seed, 5, &w->head.body);
    assert_err(check(w, &f), ERR_DENIED);
    assert_string_equal(f.rule, "cosignature");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(cosignatures_that_are_none),
                                       TEST(many_lines_are_one),
                                       TEST(our_log_is_not_moved),
                                       TEST(a_true_checkpoint_does_not_move_it_either),
                                       TEST(its_log),
                                       TEST(a_false_cosignature)};
    return cmocka_run_group_tests_name("liar", tests, NULL, NULL);
}
