/* A witness to the letter of c2sp.org/tlog-witness, and our own log witnessed by a partner. */
#include "unit/exchange/rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "exchange/witness.h"
#include "ledger/checkpoint.h"
#include "unit/ledger/forest.h"

#define ORIGIN "log.example/partner"

static const uint8_t seed[NOTE_SEED_BYTES] = {3}, stranger[NOTE_SEED_BYTES] = {4};

struct world {
    struct rig rig;
    struct rig_partner partner;
    struct forest log; /* the partner's */
    struct rig_answer a;
};

static struct note_key key_of(const uint8_t s[NOTE_SEED_BYTES])
{
    struct note_key k;
    uint8_t public[NOTE_KEY_BYTES];
    note_public_key(s, public);
    assert_ok(note_key_make(TEXT(ORIGIN), NOTE_ED25519, public, &k));
    return k;
}

struct pinning {
    struct uuid party;
};

static enum err write_pin(struct txn *t, void *self, struct fault *reterr)
{
    const struct pinning *p = self;
    struct fact f = {.kind = FACT_PEER,
                     .u.peer = {.party = p->party,
                                .account = *node_admin(txn_node(t)),
                                .ceiling = TLP_GREEN,
                                .poll_ms = 30000,
                                .origin = TEXT(ORIGIN)}};
    note_public_key(seed, f.u.peer.key);
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    struct pinning p = {w->partner.party};
    assert_ok(node_write(w->rig.node, write_pin, &p, NULL));
    forest_grow(&w->log, 700);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_answer_done(&w->a);
    forest_done(&w->log);
    rig_close(&w->rig);
    free(w);
    return 0;
}

/* What the partner's log sends, and what is wrong with it. */
struct sent {
    uint64_t old, size;
    const char *origin;                 /* NULL: its own */
    bool unsigned_, false_, by_another; /* the signature: none by its key, one that does not verify, another key's */
    bool no_proof, long_proof, wrong_root, extension;
    const char *whole; /* or the whole body */
};

static void write_body(struct world *w, const struct sent *s, struct buffer *out)
{
    struct tree_source tree = forest_source(&w->log);
    struct add_checkpoint a = {.old_size = s->old};
    struct checkpoint c = {.origin = s->origin ? text_of(s->origin) : TEXT(ORIGIN), .size = s->size};
    struct buffer text, note;
    struct note_key k = key_of(s->by_another ? stranger : seed);
    assert_ok(tree_root(&tree, s->size, &c.root, NULL));
    c.root.b[0] ^= s->wrong_root;
    if (s->extension)
        c.extensions = TEXT("words of theirs\n");
    if (s->old <= s->size && !s->no_proof)
        assert_ok(tree_consistency(&tree, s->old, s->size, &a.proof, NULL));
    if (s->long_proof)
        a.proof.hash[a.proof.count++] = c.root;
    buffer_init(&text, 4096);
    buffer_init(&note, 8192);
    checkpoint_format(&c, &text);
    buffer_add(&note, buffer_text(&text));
    buffer_add_char(&note, '\n');
    if (s->unsigned_)
        assert_ok(note_key_make(TEXT("other.example"), NOTE_ED25519, k.key, &k));
    note_sign(s->false_ ? TEXT("other\n") : buffer_text(&text), &k, s->by_another ? stranger : seed, 0, &note);
    a.checkpoint = buffer_text(&note);
    add_checkpoint_format(&a, out);
    assert_ok(buffer_error(out));
    buffer_done(&text);
    buffer_done(&note);
}

static int post(struct world *w, const struct sent *s)
{
    struct buffer body;
    buffer_init(&body, 64 * KIB);
    if (s->whole)
        buffer_add(&body, text_of(s->whole));
    else
        write_body(w, s, &body);
    buffer_add_char(&body, 0);
    rig_answer_done(&w->a);
    rig_ask(&w->rig,
            &(struct rig_ask){.path = "/log/witness/add-checkpoint",
                              .token = w->partner.token,
                              .method = "POST",
                              .content_type = "text/plain",
                              .body = body.ptr},
            &w->a);
    buffer_done(&body);
    return w->a.status;
}

static struct note_key witness_key(struct world *w)
{
    struct node_origin o;
    struct note_key k;
    node_origin(w->rig.node, &o);
    assert_ok(note_key_make(text_of(o.name), NOTE_COSIGNATURE, o.key, &k));
    return k;
}

/* The answer of the last post, behind the text that was sent, is a note cosigned by the witness. */
static void is_cosigned(struct world *w, uint64_t size)
{
    struct tree_source tree = forest_source(&w->log);
    struct checkpoint c = {.origin = TEXT(ORIGIN), .size = size};
    struct note_key k = witness_key(w);
    struct buffer b;
    struct note n;
    uint64_t t_s = 0;
    assert_ok(tree_root(&tree, size, &c.root, NULL));
    buffer_init(&b, 64 * KIB);
    checkpoint_format(&c, &b);
    buffer_add_char(&b, '\n');
    buffer_add(&b, text_of(w->a.body));
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_ok(note_verify(&n, &k, &t_s, NULL));
    assert_true(t_s > 1600000000);
    buffer_done(&b);
}

static void is_served(struct world *w, uint64_t size)
{
    struct sha256 hash = sha256_of(ORIGIN, sizeof ORIGIN - 1);
    struct note_key log = key_of(seed), k = witness_key(w);
    char hex[SHA256_HEX], path[200];
    struct rig_answer a;
    struct note n;
    struct checkpoint c;
    snprintf(path, sizeof path, "/log/witness/%s/checkpoint", sha256_hex(&hash, hex).ptr);
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = w->partner.token}, &a);
    assert_int_equal(a.status, size ? 200 : 404);
    if (size) {
        assert_ok(note_parse(text_of(a.body), &n, NULL));
        assert_ok(note_verify(&n, &log, NULL, NULL));
        assert_ok(note_verify(&n, &k, NULL, NULL));
        assert_ok(checkpoint_parse(n.text, &c, NULL));
        assert_int_equal(c.size, size);
    }
    rig_answer_done(&a);
}

static void every_status(void **state)
{
    struct world *w = *state;
    static const struct {
        struct sent sent;
        int status;
        uint64_t held; /* afterwards */
    } rows[] = {
        {{.whole = ""}, 400, 0},
        {{.whole = "old 0\n\n"}, 400, 0},
        {{.whole = "old 0\n\nno note\n"}, 400, 0},
        {{.whole = "old 0\n\nlog.example/partner\nx\n\n\xE2\x80\x94 a AAAAAAA=\n"}, 400, 0},
        {{.origin = "log.example/unknown", .size = 10}, 404, 0},
        {{.size = 10, .unsigned_ = true}, 403, 0},
        {{.size = 10, .false_ = true}, 403, 0},
        {{.size = 10, .by_another = true}, 403, 0},
        {{.old = 11, .size = 10}, 400, 0},
        {{.size = 10, .extension = true}, 400, 0},
        {{.old = 5, .size = 10}, 409, 0},
        {{.size = 10, .long_proof = true}, 422, 0},
        {{.size = 0, .wrong_root = true}, 422, 0},
        {{.size = 10}, 200, 10},
        {{.size = 10}, 409, 10},
        {{.old = 10, .size = 10}, 200, 10}, /* the same again */
        {{.old = 10, .size = 300, .no_proof = true}, 422, 10},
        {{.old = 10, .size = 300, .long_proof = true}, 422, 10},
        {{.old = 10, .size = 300, .wrong_root = true}, 422, 10},
        {{.old = 9, .size = 300}, 409, 10},
        {{.old = 10, .size = 300}, 200, 300},
        {{.old = 10, .size = 200}, 409, 300}, /* never back */
        {{.old = 300, .size = 200}, 400, 300},
        {{.old = 300, .size = 699}, 200, 699},
    };
    uint64_t held = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = post(w, &rows[i].sent);
        if (status != rows[i].status)
            fail_msg("row %zu: %d", i, status);
        if (status == 409) {
            char due[32];
            snprintf(due, sizeof due, "%llu\n", (unsigned long long)held);
            assert_string_equal(w->a.body, due);
            assert_string_equal(w->a.media_type, "text/x.tlog.size");
        }
        if (status == 200)
            is_cosigned(w, rows[i].sent.size);
        held = rows[i].held;
        is_served(w, held);
    }
}

/* The empty tree is a tree: cosigned, and everything extends it. */
static void from_nothing(void **state)
{
    struct world *w = *state;
    assert_int_equal(post(w, &(struct sent){.size = 0}), 200);
    assert_int_equal(post(w, &(struct sent){.size = 1}), 200);
}

/* The state outlives the process. */
static void what_was_cosigned_is_kept(void **state)
{
    struct world *w = *state;
    assert_int_equal(post(w, &(struct sent){.size = 10}), 200);
    rig_restart(&w->rig);
    assert_int_equal(post(w, &(struct sent){.size = 20}), 409);
    assert_string_equal(w->a.body, "10\n");
    assert_int_equal(post(w, &(struct sent){.old = 10, .size = 20}), 200);
}

/* Two trees of one size: refused, and the second kept as evidence. */
static void a_fork_is_refused(void **state)
{
    struct world *w = *state;
    struct buffer kept;
    buffer_init(&kept, 64 * KIB);
    assert_int_equal(post(w, &(struct sent){.size = 10}), 200);
    assert_err(witness_evidence(w->rig.node, TEXT(ORIGIN), &kept), ERR_NOT_FOUND);
    assert_int_equal(post(w, &(struct sent){.old = 10, .size = 10, .wrong_root = true}), 422);
    is_served(w, 10);
    assert_ok(witness_evidence(w->rig.node, TEXT(ORIGIN), &kept));
    assert_true(text_starts(buffer_text(&kept), TEXT(ORIGIN "\n10\n")));
    buffer_done(&kept);
}

static void expelled(void **state)
{
    struct world *w = *state;
    assert_int_equal(post(w, &(struct sent){.size = 10}), 200);
    struct rig_partner c = rig_invite(&w->rig, "CERT C");
    assert_ok(peer_expel(w->rig.node, &w->partner.party, TEXT("test"), node_admin(w->rig.node), NULL));
    int status = post(w, &(struct sent){.old = 10, .size = 20});
    assert_true(status == 401 || status == 403);
    w->partner = c; /* nor by somebody else's hand */
    assert_int_equal(post(w, &(struct sent){.old = 10, .size = 20}), 403);
}

/* What cannot be kept is not cosigned: no file may grow or change while it is asked. */
static void nothing_is_cosigned_that_cannot_be_kept(void **state)
{
    struct world *w = *state;
    struct rlimit before, none;
    assert_int_equal(post(w, &(struct sent){.size = 10}), 200);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int status = post(w, &(struct sent){.old = 10, .size = 20});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(status >= 500);
    assert_null(strstr(w->a.body, "\xE2\x80\x94"));
    is_served(w, 10);
    assert_int_equal(post(w, &(struct sent){.old = 10, .size = 20}), 200);
}

struct racer {
    struct world *w;
    pthread_barrier_t *start;
    pthread_t thread;
    uint64_t old, size;
    int status;
};

static void *race(void *self)
{
    struct racer *r = self;
    struct world own = *r->w;
    memset(&own.a, 0, sizeof own.a);
    buffer_init(&own.rig.all, 1 * MIB);
    pthread_barrier_wait(r->start);
    r->status = post(&own, &(struct sent){.old = r->old, .size = r->size});
    rig_answer_done(&own.a);
    buffer_done(&own.rig.all);
    return NULL;
}

/* The size that got through; exactly one. */
static uint64_t race_from(struct world *w, uint64_t old)
{
    struct racer racers[8];
    pthread_barrier_t start;
    uint64_t size = 0;
    assert_int_equal(pthread_barrier_init(&start, NULL, ARRAY_LEN(racers)), 0);
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        racers[i] = (struct racer){.w = w, .start = &start, .old = old, .size = old + 1 + i};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        pthread_join(racers[i].thread, NULL);
        assert_true(racers[i].status == 200 || racers[i].status == 409);
        assert_false(racers[i].status == 200 && size);
        if (racers[i].status == 200)
            size = racers[i].size;
    }
    pthread_barrier_destroy(&start);
    assert_true(size > old);
    return size;
}

/* Looking and replacing is one step: of many who start from one size, one gets through. */
static void one_of_many_gets_through(void **state)
{
    struct world *w = *state;
    uint64_t size = 10;
    assert_int_equal(post(w, &(struct sent){.size = size}), 200);
    for (unsigned round = 0; round < 40; round++) {
        size = race_from(w, size);
        is_served(w, size);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(every_status),
                                       TEST(from_nothing),
                                       TEST(what_was_cosigned_is_kept),
                                       TEST(a_fork_is_refused),
                                       TEST(expelled),
                                       TEST(nothing_is_cosigned_that_cannot_be_kept),
                                       TEST(one_of_many_gets_through)};
    return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
