/* The log as partners see it: who may, what a checkpoint covers, and proofs of what one may have whole and of nothing
 * else. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "ledger/proof_check.h"

struct world {
    struct rig rig;
    struct rig_partner partner, other;
    char reader[128], nobody[128];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    w->other = rig_invite(&w->rig, "CERT C");
    rig_account(&w->rig, "reader", ROLE_READER, w->reader);
    rig_account(&w->rig, "nobody", ROLE_NONE, w->nobody);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_close(&w->rig);
    free(w);
    return 0;
}

static void publish(struct world *w)
{
    bool fresh;
    struct fault f = {0};
    if (node_publish(w->rig.node, &fresh, &f))
        fail_msg("node_publish: %s", f.what);
}

static int get(struct world *w, const char *token, const char *path, struct rig_answer *a)
{
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token}, a);
    return a->status;
}

static int status_of(struct world *w, const char *token, const char *method, const char *path)
{
    struct rig_answer a;
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token, .method = method}, &a);
    int status = a.status;
    rig_answer_done(&a);
    return status;
}

static struct note_key log_key(struct world *w)
{
    struct node_origin o;
    struct note_key k;
    node_origin(w->rig.node, &o);
    assert_ok(note_key_make(text_of(o.name), NOTE_ED25519, o.key, &k));
    return k;
}

/* The checkpoint as it is served; the texts borrow from a. */
static struct checkpoint served(struct world *w, const char *token, struct rig_answer *a)
{
    struct note n;
    struct checkpoint c;
    struct note_key k = log_key(w);
    assert_int_equal(get(w, token, "/log/checkpoint", a), 200);
    assert_ok(note_parse((struct text){a->body, a->len}, &n, NULL));
    assert_ok(note_verify(&n, &k, NULL, NULL));
    assert_ok(checkpoint_parse(n.text, &c, NULL));
    return c;
}

static void who_may(void **state)
{
    struct world *w = *state;
    static const char *const paths[] = {"/log/checkpoint", "/log/tile/0/000.p/1", "/log/origins"};
    static const char *const hidden[] = {
        "/log/",
        "/log/tile/entries/000",
        "/log/tile/entries/000.p/1",
        "/log/nothing",
        "/log/checkpoint/",
        "/log/proof/",
        "/log/witness/x/checkpoint",
        "/log/witness/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/checkpoint"};
    assert_int_equal(status_of(w, w->reader, "GET", "/log/checkpoint"), 404); /* none yet */
    publish(w);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_int_equal(status_of(w, NULL, "GET", paths[i]), 401);
        assert_int_equal(status_of(w, "ent_wrong", "GET", paths[i]), 401);
        assert_int_equal(status_of(w, w->partner.token, "GET", paths[i]), 200);
        assert_int_equal(status_of(w, w->reader, "GET", paths[i]), 200);
        assert_int_equal(status_of(w, w->nobody, "GET", paths[i]), 403);
        assert_int_equal(status_of(w, w->partner.token, "POST", paths[i]), 405);
    }
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        assert_int_equal(status_of(w, NULL, "GET", hidden[i]), 401);
        assert_int_equal(status_of(w, w->partner.token, "GET", hidden[i]), 404);
    }
    assert_int_equal(status_of(w, NULL, "POST", "/log/witness/add-checkpoint"), 401);
    assert_int_equal(status_of(w, w->partner.token, "GET", "/log/witness/add-checkpoint"), 405);
    assert_int_equal(status_of(w, w->reader, "POST", "/log/witness/add-checkpoint"), 403);
    assert_int_equal(status_of(w, w->reader, "POST", "/log/introduce"), 403);
    assert_int_equal(status_of(w, w->partner.token, "POST", "/log/introduce"), 400);
    assert_ok(peer_expel(w->rig.node, &w->partner.party, TEXT("test"), node_admin(w->rig.node), NULL));
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        int status = status_of(w, w->partner.token, "GET", paths[i]);
        assert_true(status == 401 || status == 403);
    }
}

/* ---- tiles ---- */

struct tiles {
    struct world *w;
    uint64_t size;
};

static enum err read_tile(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                          struct fault *reterr)
{
    struct tiles *t = self;
    struct rig_answer a;
    char path[64];
    uint64_t tile = index / TREE_TILE_HASHES, there = tree_level_count(t->size, level) - tile * TREE_TILE_HASHES;
    size_t at = index % TREE_TILE_HASHES;
    (void)reterr;
    if (there >= TREE_TILE_HASHES)
        snprintf(path, sizeof path, "/log/tile/%u/%03u", level, (unsigned)tile);
    else
        snprintf(path, sizeof path, "/log/tile/%u/%03u.p/%u", level, (unsigned)tile, (unsigned)there);
    assert_int_equal(get(t->w, t->w->partner.token, path, &a), 200);
    assert_string_equal(a.media_type, "application/octet-stream");
    assert_string_equal(a.cache, "private, max-age=31536000, immutable");
    assert_true((at + count) * SHA256_BYTES <= a.len);
    memcpy(ret, a.body + at * SHA256_BYTES, count * SHA256_BYTES);
    rig_answer_done(&a);
    return OK;
}

static void many(struct world *w, unsigned from, unsigned count, enum tlp label)
{
    struct buffer b;
    buffer_init(&b, 4 * MIB);
    for (unsigned i = 0; i < count; i++) {
        buffer_add(&b, text_of(i ? "," : ""));
        buffer_add(&b, text_of(rig_indicator(from + i, 0, label)));
    }
    buffer_add_char(&b, 0);
    rig_import(&w->rig, "self", b.ptr);
    buffer_done(&b);
}

static void tiles_make_the_root(void **state)
{
    struct world *w = *state;
    for (unsigned round = 0; round < 3; round++) {
        struct rig_answer a;
        struct sha256 root;
        char path[64];
        many(w, 1000 * round, 200, TLP_RED);
        publish(w);
        struct checkpoint c = served(w, w->partner.token, &a);
        assert_string_equal(a.media_type, "text/plain; charset=utf-8");
        assert_string_equal(a.cache, "no-store");
        assert_true(c.size > 200 * (round + 1));
        struct tiles t = {w, c.size};
        struct tree_source s = {&t, read_tile};
        assert_ok(tree_root(&s, c.size, &root, NULL));
        assert_true(sha256_eq(&root, &c.root));
        rig_answer_done(&a);

        many(w, 1000 * round + 500, 3, TLP_RED); /* not published: not to be seen */
        snprintf(path, sizeof path, "/log/tile/0/%03u.p/%u", (unsigned)(c.size / 256), (unsigned)(c.size % 256 + 1));
        assert_int_equal(status_of(w, w->partner.token, "GET", path), 404);
        if (c.size % 256 > 1) {
            snprintf(path, sizeof path, "/log/tile/0/%03u.p/%u", (unsigned)(c.size / 256),
                     (unsigned)(c.size % 256 - 1));
            assert_int_equal(status_of(w, w->partner.token, "GET", path), 200);
        }
        snprintf(path, sizeof path, "/log/tile/0/%03u", (unsigned)(c.size / 256));
        assert_int_equal(status_of(w, w->partner.token, "GET", path), 404);
    }
    static const char *const none[] = {"/log/tile/0/x001/000", "/log/tile/0/0", "/log/tile/8/000", "/log/tile/7/000",
                                       "/log/tile/0/x018/x446/x744/x073/x709/x551/615"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(status_of(w, w->partner.token, "GET", none[i]), 404);
}

/* ---- proofs ---- */

static int proof_status(struct world *w, const char *token, const char *id, const char *query)
{
    struct rig_answer a;
    char path[300];
    snprintf(path, sizeof path, "/log/proof/%s", id);
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token, .query = query}, &a);
    int status = a.status;
    rig_answer_done(&a);
    return status;
}

static void shows(struct world *w, const char *token, const char *id, const char *query, const char *modified)
{
    struct rig_answer a;
    struct arena arena;
    struct proved proved;
    struct fault f = {0};
    struct note_key k = log_key(w);
    struct json_doc *doc;
    char path[300];
    snprintf(path, sizeof path, "/log/proof/%s", id);
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token, .query = query}, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.media_type, "text/plain; charset=utf-8");
    assert_string_equal(a.cache, "no-store");
    arena_init(&arena, 1 * MIB);
    if (proof_check((struct text){a.body, a.len}, &k, &arena, &proved, &f))
        fail_msg("%s: %s", f.rule, f.what);
    assert_ok(json_parse(proved.public_part, &doc, NULL));
    assert_text(json_text(json_get(json_root(doc), "id")), id);
    assert_text(json_text(json_get(json_root(doc), "modified")), modified);
    json_free(doc);
    arena_done(&arena);
    rig_answer_done(&a);
}

#define V0 "2026-01-02T00:00:00.000Z"
#define V1 "2026-01-02T00:01:00.000Z"

static void proofs(void **state)
{
    struct world *w = *state;
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_AMBER));
    rig_import(&w->rig, "self", rig_indicator(3, 0, TLP_NONE));
    rig_import(&w->rig, "CERT C", rig_indicator(4, 0, TLP_AMBER));
    rig_import(&w->rig, "self", rig_relationship(5, rig_indicator_id(1), rig_indicator_id(2), TLP_GREEN));
    rig_import(&w->rig, "CERT C", rig_indicator(6, 0, TLP_GREEN));
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), NULL), 404); /* no checkpoint yet */
    publish(w);
    shows(w, w->partner.token, rig_indicator_id(1), NULL, V0);
    shows(w, w->partner.token, rig_indicator_id(1), "version=" V0, V0);
    shows(w, w->partner.token, rig_indicator_id(6), NULL, V0);
    shows(w, w->reader, rig_indicator_id(2), NULL, V0);
    for (unsigned i = 2; i <= 4; i++)
        assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(i), NULL), 404);
    assert_int_equal(proof_status(w, w->partner.token, rig_relationship_id(5), NULL), 404);
    assert_int_equal(proof_status(w, w->other.token, rig_indicator_id(6), NULL), 404); /* its own */
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(77), NULL), 404);
    assert_int_equal(proof_status(w, w->partner.token, "no-id", NULL), 404);
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), "version=" V1), 404);
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), "version=yesterday"), 400);
    assert_int_equal(proof_status(w, NULL, rig_indicator_id(1), NULL), 401);
    rig_import(&w->rig, "self", rig_indicator(1, 1, TLP_GREEN));
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), NULL), 404); /* not published yet */
    publish(w);
    shows(w, w->partner.token, rig_indicator_id(1), NULL, V1);
    shows(w, w->partner.token, rig_indicator_id(1), "version=" V0, V0);
}

/* An object that leaves with a reference cut, or a marking written in, is not what the log has. */
static void no_proof_of_a_rendition(void **state)
{
    struct world *w = *state;
    struct rig_answer a;
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_AMBER));
    char report[1500];
    snprintf(report, sizeof report,
             "{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":\"report--00000000-0000-4000-8000-000000000031\","
             "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\","
             "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"],\"name\":\"r\","
             "\"published\":\"2026-01-01T00:00:00Z\",\"object_refs\":[\"%s\",\"%s\"]}",
             rig_indicator_id(1), rig_indicator_id(2));
    rig_import(&w->rig, "self", report);
    publish(w);
    rig_objects(&w->rig, w->partner.token, "match[type]=report", &a);
    assert_int_equal(a.count, 1); /* it goes, without the second reference */
    rig_answer_done(&a);
    assert_int_equal(proof_status(w, w->partner.token, "report--00000000-0000-4000-8000-000000000031", NULL), 404);
    assert_int_equal(proof_status(w, w->reader, "report--00000000-0000-4000-8000-000000000031", NULL), 200);
}

/* What a proof told of is in the log as released, once. */
static void a_proof_is_a_release(void **state)
{
    struct world *w = *state;
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    publish(w);
    uint64_t before = rig_counts(&w->rig).releases;
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), NULL), 200);
    assert_int_equal(rig_counts(&w->rig).releases, before + 1);
    assert_int_equal(proof_status(w, w->partner.token, rig_indicator_id(1), NULL), 200);
    assert_int_equal(proof_status(w, w->reader, rig_indicator_id(1), NULL), 200);
    assert_int_equal(rig_counts(&w->rig).releases, before + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(who_may), TEST(tiles_make_the_root), TEST(proofs),
                                       TEST(no_proof_of_a_rendition), TEST(a_proof_is_a_release)};
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
