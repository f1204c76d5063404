/* Checkpoints, proof files, requests to a witness: one spelling each, and the chain from a public part to a
 * signature, broken link by link. */
#include "support/test.h"

#include "forest.h"

#include "base/limits.h"
#include "ledger/proof_check.h"

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static void checkpoints(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"example.com/behind-the-sofa\n20852163\n" ROOT "\n", OK},
        {"o\n0\n" ROOT "\nextension\n", OK},
        {"o\n18446744073709551615\n" ROOT "\n", OK},
        {"", ERR_MALFORMED},
        {"\n1\n" ROOT "\n", ERR_MALFORMED},
        {"o\n", ERR_MALFORMED},
        {"o\n1\n", ERR_MALFORMED},
        {"o\n1\n" ROOT, ERR_MALFORMED},
        {"o\n01\n" ROOT "\n", ERR_MALFORMED},
        {"o\n-1\n" ROOT "\n", ERR_MALFORMED},
        {"o\n+1\n" ROOT "\n", ERR_MALFORMED},
        {"o\n1 \n" ROOT "\n", ERR_MALFORMED},
        {"o\n\n" ROOT "\n", ERR_MALFORMED},
        {"o\n18446744073709551616\n" ROOT "\n", ERR_MALFORMED},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n", ERR_MALFORMED},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", ERR_MALFORMED}, /* stray bits */
        {"o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n", ERR_MALFORMED},
        {"o\n1\n" ROOT "\n\n", ERR_MALFORMED},
        {"o\n1\n" ROOT "\nextension", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct checkpoint c = {.size = 99};
        struct buffer again;
        enum err e = checkpoint_parse(text_of(rows[i].text), &c, NULL);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        if (e) {
            assert_int_equal(c.size, 99);
            continue;
        }
        buffer_init(&again, 4096);
        checkpoint_format(&c, &again);
        assert_text(buffer_text(&again), rows[i].text);
        buffer_done(&again);
    }
}

static void requests(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        enum err err;
    } rows[] = {
        {"old 0\n\nx", 0, OK},
        {"old 20852014\n" ROOT "\n" ROOT "\n\nexample\n", 2, OK},
        {"old 0\n\n", 0, ERR_MALFORMED},
        {"old 00\n\nx", 0, ERR_MALFORMED},
        {"old  1\n\nx", 0, ERR_MALFORMED},
        {"Old 1\n\nx", 0, ERR_MALFORMED},
        {"old\n\nx", 0, ERR_MALFORMED},
        {"old 1\nx\n\nx", 0, ERR_MALFORMED},
        {"old 1\n" ROOT "\nx", 0, ERR_MALFORMED},
        {"old 1\n" ROOT " \n\nx", 0, ERR_MALFORMED},
        {"old 1\r\n\r\nx", 0, ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct add_checkpoint a = {.old_size = 99};
        struct buffer again;
        enum err e = add_checkpoint_parse(text_of(rows[i].text), &a, NULL);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        if (e)
            continue;
        assert_int_equal(a.proof.count, rows[i].count);
        buffer_init(&again, 4096);
        add_checkpoint_format(&a, &again);
        assert_text(buffer_text(&again), rows[i].text);
        buffer_done(&again);
    }
}

static void more_than_63_hashes_are_refused(void **state)
{
    (void)state;
    for (size_t count = 62; count <= 65; count++) {
        struct add_checkpoint a;
        struct buffer b;
        buffer_init(&b, 8192);
        buffer_add(&b, TEXT("old 1\n"));
        for (size_t i = 0; i < count; i++)
            buffer_add(&b, TEXT(ROOT "\n"));
        buffer_add(&b, TEXT("\nx"));
        assert_err(add_checkpoint_parse(buffer_text(&b), &a, NULL), count > 63 ? ERR_LIMIT : OK);
        buffer_done(&b);
    }
}

#define MAGIC "c2sp.org/tlog-proof@v1\n"

static void proof_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {MAGIC "index 0\n\nx", OK},
        {MAGIC "extra YWI=\nindex 73894\n" ROOT "\n\nx", OK},
        {MAGIC "index 0\n\n", ERR_MALFORMED},
        {MAGIC "index 00\n\nx", ERR_MALFORMED},
        {MAGIC "extra \nindex 0\n\nx", ERR_MALFORMED},
        {MAGIC "extra YWI\nindex 0\n\nx", ERR_MALFORMED},
        {MAGIC "index 0\nextra YWI=\n\nx", ERR_MALFORMED},
        {MAGIC "extra YWI=\nextra YWI=\nindex 0\n\nx", ERR_MALFORMED},
        {MAGIC "extra YWI=\n", ERR_MALFORMED},
        {MAGIC "Index 0\n\nx", ERR_MALFORMED},
        {MAGIC, ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\nx", ERR_MALFORMED},
        {"", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tlog_proof p = {.index = 99};
        struct buffer extra, again;
        buffer_init(&extra, 4096);
        buffer_add(&extra, TEXT("before"));
        enum err e = tlog_proof_parse(text_of(rows[i].text), &extra, &p, NULL);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        if (!e) {
            buffer_init(&again, 4096);
            tlog_proof_format(&p, &again);
            assert_text(buffer_text(&again), rows[i].text);
            buffer_done(&again);
        }
        assert_true(e ? p.index == 99 && extra.len == 6 : extra.len == 6 + p.extra.len);
        buffer_done(&extra);
    }
}

/* ---- the whole chain ---- */
static const uint8_t seed[NOTE_SEED_BYTES] = {9};

struct made {
    struct proof_extra x;
    struct entry e;
    uint64_t index, size;
    const char *origin; /* in the checkpoint; the key's name is "log.example" */
    bool bad_signature, no_signature, leaf_differs, witness;
};

static struct note_key log_key(enum note_type type)
{
    struct note_key k;
    uint8_t public[NOTE_KEY_BYTES];
    note_public_key(seed, public);
    assert_ok(note_key_make(TEXT("log.example"), type, public, &k));
    return k;
}

static void add_note(const struct made *m, const struct sha256 *root, struct buffer *out)
{
    struct note_key k = log_key(NOTE_ED25519), other, w = log_key(NOTE_COSIGNATURE);
    struct buffer text;
    buffer_init(&text, 4096);
    checkpoint_format(&(struct checkpoint){.origin = text_of(m->origin), .size = m->size, .root = *root}, &text);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    assert_ok(note_key_make(TEXT("other.example"), NOTE_ED25519, k.key, &other));
    note_sign(m->bad_signature ? TEXT("other\n") : buffer_text(&text), m->no_signature ? &other : &k, seed, 0, out);
    if (m->witness)
        note_sign(buffer_text(&text), &w, seed, 1234, out);
    buffer_done(&text);
}

/* A tree in which one leaf is the entry. */
static void make(struct made *m, struct buffer *out)
{
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    struct tlog_proof p = {.index = m->index};
    struct buffer note, entry, extra;
    struct sha256 root;
    buffer_init(&entry, 4096);
    entry_encode(&m->e, &entry);
    m->x.entry = buffer_text(&entry);
    forest_grow(&f, m->size);
    if (!m->leaf_differs)
        f.level[0][m->index] = entry_leaf(m->x.entry);
    assert_ok(tree_inclusion(&s, m->index, m->size, &p.proof, NULL));
    assert_ok(tree_root(&s, m->size, &root, NULL));
    buffer_init(&note, 4096);
    add_note(m, &root, &note);
    buffer_init(&extra, 4096);
    proof_extra_encode(&m->x, &extra);
    p.extra = buffer_text(&extra);
    p.checkpoint = buffer_text(&note);
    tlog_proof_format(&p, out);
    assert_ok(buffer_error(out));
    buffer_done(&note);
    buffer_done(&extra);
    buffer_done(&entry);
    forest_done(&f);
}

static struct made good(void)
{
    struct made m = {.index = 5, .size = 13, .origin = "log.example"};
    memset(m.x.salt1, 0x5A, sizeof m.x.salt1);
    m.x.public_part = TEXT("{\"hash\":\"00\",\"id\":\"indicator--1\"}");
    m.x.private_half = sha256_of("private", 7);
    m.e = (struct entry){.n = 5, .t_us = 1700000000000000, .kind = TEXT("object")};
    m.e.c = proof_extra_commitment(&m.x);
    return m;
}

static void a_whole_chain_holds(void **state)
{
    (void)state;
    struct note_key k = log_key(NOTE_ED25519), w = log_key(NOTE_COSIGNATURE);
    struct made m = good();
    struct arena arena;
    struct buffer b;
    struct proved proved;
    uint64_t t_s;
    m.witness = true;
    arena_init(&arena, 1 * MIB);
    buffer_init(&b, 64 * KIB);
    make(&m, &b);
    assert_ok(proof_check(buffer_text(&b), &k, &arena, &proved, NULL));
    assert_int_equal(proved.entry.n, 5);
    assert_text_eq(proved.entry.kind, TEXT("object"));
    assert_text_eq(proved.public_part, m.x.public_part);
    assert_int_equal(proved.checkpoint.size, 13);
    assert_ok(note_verify(&proved.note, &w, &t_s, NULL));
    assert_int_equal(t_s, 1234);
    buffer_done(&b);
    arena_done(&arena);
}

static void each_link_is_needed(void **state)
{
    (void)state;
    enum { SIGNATURE, NO_SIGNATURE, ORIGIN, ENTRY, COMMITMENT, SALT, HALF, INCLUSION, LINKS };
    static const char *const rule[] = {"signature",  "signature",  "origin",     "entry",
                                       "commitment", "commitment", "commitment", "inclusion"};
    struct note_key k = log_key(NOTE_ED25519);
    for (int i = 0; i < LINKS; i++) {
        struct made m = good();
        struct arena arena;
        struct buffer b;
        struct proved proved = {.public_part = TEXT("untouched")};
        struct fault f = {0};
        m.bad_signature = i == SIGNATURE;
        m.no_signature = i == NO_SIGNATURE;
        m.origin = i == ORIGIN ? "log2.example" : m.origin;
        m.e.n += i == ENTRY;
        m.x.public_part = i == COMMITMENT ? TEXT("{\"hash\":\"01\",\"id\":\"indicator--1\"}") : m.x.public_part;
        m.x.salt1[31] ^= i == SALT;
        m.x.private_half.b[0] ^= i == HALF;
        m.leaf_differs = i == INCLUSION;
        arena_init(&arena, 1 * MIB);
        buffer_init(&b, 64 * KIB);
        make(&m, &b);
        assert_err(proof_check(buffer_text(&b), &k, &arena, &proved, &f), ERR_DENIED);
        assert_string_equal(f.rule, rule[i]);
        assert_text(proved.public_part, "untouched");
        buffer_done(&b);
        arena_done(&arena);
    }
}

/* Whatever byte is changed, a proof that still holds shows the same thing. */
static void every_byte_counts(void **state)
{
    (void)state;
    struct note_key k = log_key(NOTE_ED25519);
    struct made m = good();
    struct arena arena;
    struct buffer b;
    arena_init(&arena, 4 * MIB);
    buffer_init(&b, 64 * KIB);
    make(&m, &b);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        struct proved proved;
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
        arena_reset(&arena);
        enum err e = proof_check(buffer_text(&b), &k, &arena, &proved, NULL);
        assert_true(e != OK);
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    buffer_done(&b);
    arena_done(&arena);
}

#define HEX64 "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"

static void extras_have_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"{\"entry\":{},\"private\":\"" HEX64 "\",\"public\":{\"a\":1},\"salt1\":\"" HEX64 "\"}", OK},
        {"{\"entry\":{},\"private\":\"" HEX64 "\",\"public\":{\"a\": 1},\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"{\"entry\":{},\"public\":{},\"private\":\"" HEX64 "\",\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"{\"entry\":{},\"more\":1,\"private\":\"" HEX64 "\",\"public\":{},\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"{\"entry\":{},\"private\":\"2E\",\"public\":{},\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"{\"entry\":[],\"private\":\"" HEX64 "\",\"public\":{},\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"{\"entry\":{},\"private\":\"" HEX64 "\",\"public\":1,\"salt1\":\"" HEX64 "\"}", ERR_MALFORMED},
        {"[]", ERR_MALFORMED},
        {"", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena;
        struct proof_extra x;
        arena_init(&arena, 1 * MIB);
        enum err e = proof_extra_decode(text_of(rows[i].text), &arena, &x, NULL);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        if (!e)
            assert_text(x.public_part, "{\"a\":1}");
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(requests),
        cmocka_unit_test(more_than_63_hashes_are_refused),
        cmocka_unit_test(proof_files),
        cmocka_unit_test(a_whole_chain_holds),
        cmocka_unit_test(each_link_is_needed),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(extras_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
