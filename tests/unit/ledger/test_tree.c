/* Roots and proofs out of stored heights: against the definition, against other people's vectors, and that a proof
 * holds for nothing but what it proves. */
#include "support/test.h"

#include "forest.h"

#include "base/limits.h"

static void roots_follow_the_definition(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0,   1,   2,   3,   127,   128,   129,   255,  256,
                                     257, 511, 512, 513, 65535, 65536, 65537, 70000};
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    forest_grow(&f, 70000);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct sha256 expected = forest_definition(&f, 0, sizes[i]), got;
        struct merkle m, grown;
        assert_ok(tree_root(&s, sizes[i], &got, NULL));
        assert_true(sha256_eq(&expected, &got));
        assert_ok(tree_peaks(&s, sizes[i], &m, NULL));
        assert_int_equal(m.size, sizes[i]);
        merkle_init(&grown);
        for (uint64_t k = 0; k < sizes[i]; k++)
            merkle_add(&grown, &f.level[0][k]);
        for (unsigned h = 0; h < 64; h++)
            if (sizes[i] >> h & 1)
                assert_true(sha256_eq(&m.peak[h], &grown.peak[h]));
    }
    forest_done(&f);
}

/* Section 2.1.5, which names the nodes of a tree of seven. */
static void rfc_example(void **state)
{
    (void)state;
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    forest_grow(&f, 7);
    const struct sha256 *d = f.level[0], *b = &d[1], *c = &d[2], *dd = &d[3], *ff = &d[5], *j = &d[6];
    struct sha256 g = merkle_inner(&d[0], b), h = merkle_inner(c, dd), i = merkle_inner(&d[4], ff);
    struct sha256 k = merkle_inner(&g, &h), l = merkle_inner(&i, j);
    const struct {
        bool inclusion;
        uint64_t n;
        const struct sha256 *hashes[4];
    } rows[] = {
        {true, 0, {b, &h, &l}},      {true, 3, {c, &g, &l}}, {true, 4, {ff, j, &k}},  {true, 6, {&i, &k}},
        {false, 3, {c, dd, &g, &l}}, {false, 4, {&l}},       {false, 6, {&i, j, &k}}, {false, 7, {NULL}},
    };
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        struct proof p;
        size_t count = 0;
        assert_ok(rows[r].inclusion ? tree_inclusion(&s, rows[r].n, 7, &p, NULL)
                                    : tree_consistency(&s, rows[r].n, 7, &p, NULL));
        while (count < 4 && rows[r].hashes[count])
            count++;
        assert_int_equal(p.count, count);
        for (size_t x = 0; x < count; x++)
            assert_true(sha256_eq(&p.hash[x], rows[r].hashes[x]));
    }
    forest_done(&f);
}

/* One thing that a proof stands on, changed: no longer holds. */
struct claim {
    struct proof p;
    uint64_t a, b; /* index and size; or the two sizes */
    struct sha256 x, y;
    bool inclusion;
};

static bool holds(const struct claim *c)
{
    return c->inclusion ? proof_inclusion_holds(&c->p, &c->x, c->a, c->b, &c->y)
                        : proof_extension_holds(&c->p, c->a, c->b, &c->x, &c->y);
}

static void flip(struct sha256 *h, uint64_t bit)
{
    h->b[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void refuses_changed_hashes(const struct claim *c, uint64_t bit)
{
    for (size_t i = 0; i < c->p.count; i++) {
        struct claim bad = *c;
        flip(&bad.p.hash[i], bit);
        assert_false(holds(&bad));
        bad = *c;
        memmove(&bad.p.hash[i], &bad.p.hash[i + 1], (bad.p.count - i - 1) * sizeof bad.p.hash[0]);
        bad.p.count--;
        assert_false(holds(&bad));
        bad = *c;
        if (i + 1 < c->p.count) {
            bad.p.hash[i] = c->p.hash[i + 1];
            bad.p.hash[i + 1] = c->p.hash[i];
            assert_false(holds(&bad));
        }
    }
    for (size_t i = 0; i <= c->p.count; i++) {
        struct claim bad = *c;
        memmove(&bad.p.hash[i + 1], &bad.p.hash[i], (bad.p.count - i) * sizeof bad.p.hash[0]);
        bad.p.hash[i] = bad.p.hash[i ? i - 1 : 1];
        bad.p.count++;
        assert_false(holds(&bad));
    }
}

/* The empty old tree says nothing of the new one's root: that is a signature's business. */
static void refuses_changes(const struct claim *c, uint64_t bit)
{
    struct claim bad = *c;
    assert_true(holds(c));
    refuses_changed_hashes(c, bit);
    flip(&bad.x, bit);
    assert_false(holds(&bad));
    if (!c->inclusion && c->a == 0 && c->b > 0)
        return;
    bad = *c;
    flip(&bad.y, bit);
    assert_false(holds(&bad));
}

/* Another index or size: the path would have another shape or order, except where both trees have the same path. */
static void refuses_other_numbers(const struct claim *c)
{
    static const int64_t steps[] = {1, -1, 2, -2, 64, -64};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct claim bad = *c;
        bad.a += (uint64_t)steps[i];
        if (c->inclusion || c->a > 0)
            assert_false(holds(&bad));
    }
    struct claim bad = *c;
    bad.b = c->a - 1;
    if (c->a > 0)
        assert_false(holds(&bad));
}

static void every_proof_holds_and_no_other(void **state)
{
    (void)state;
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    uint64_t seed = 0x9E3779B97F4A7C15;
    forest_grow(&f, 70000);
    for (int round = 0; round < 3000; round++) {
        uint64_t most = round % 3 == 0 ? 20 : round % 3 == 1 ? 700 : f.size;
        struct claim c = {.inclusion = round & 1, .b = 1 + forest_random(&seed, most)};
        c.a = forest_random(&seed, c.b + (c.inclusion ? 0 : 1));
        assert_ok(tree_root(&s, c.b, &c.y, NULL));
        if (c.inclusion) {
            c.x = f.level[0][c.a];
            assert_ok(tree_inclusion(&s, c.a, c.b, &c.p, NULL));
        } else {
            assert_ok(tree_root(&s, c.a, &c.x, NULL));
            assert_ok(tree_consistency(&s, c.a, c.b, &c.p, NULL));
        }
        refuses_changes(&c, forest_random(&seed, 256));
        refuses_other_numbers(&c);
    }
    forest_done(&f);
}

/* The path of a deeper tree, told of a shallower one: its hashes lead to the root, and it says nothing. */
static void a_path_longer_than_the_tree(void **state)
{
    (void)state;
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    forest_grow(&f, 8);
    struct sha256 root = forest_definition(&f, 0, 8);
    struct proof p;
    assert_ok(tree_inclusion(&s, 7, 8, &p, NULL));
    assert_true(proof_inclusion_holds(&p, &f.level[0][7], 7, 8, &root));
    for (uint64_t size = 1; size < 8; size++)
        for (uint64_t n = 0; n < size; n++)
            assert_false(proof_inclusion_holds(&p, &f.level[0][7], n, size, &root));
    forest_done(&f);
}

/* Every pair of small numbers, none left out. */
static void all_small_trees(void **state)
{
    (void)state;
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    forest_grow(&f, 40);
    for (uint64_t size = 0; size <= 40; size++)
        for (uint64_t n = 0; n <= size; n++) {
            struct sha256 old = forest_definition(&f, 0, n), root = forest_definition(&f, 0, size);
            struct proof p;
            assert_ok(tree_consistency(&s, n, size, &p, NULL));
            assert_true(proof_extension_holds(&p, n, size, &old, &root));
            assert_int_equal(proof_consistency_holds(&p, n, size, &old, &root), n > 0);
            if (n == size) {
                assert_err(tree_inclusion(&s, n, size, &p, NULL), ERR_USAGE);
                continue;
            }
            assert_ok(tree_inclusion(&s, n, size, &p, NULL));
            assert_true(proof_inclusion_holds(&p, &f.level[0][n], n, size, &root));
        }
    forest_done(&f);
}

static void failures_pass_through(void **state)
{
    (void)state;
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    struct proof p = {.count = 77};
    struct fault fault = {0};
    struct sha256 h = {0};
    struct merkle m = {.size = 77};
    forest_grow(&f, 9);
    f.refuses = true;
    assert_err(tree_inclusion(&s, 3, 9, &p, &fault), ERR_IO);
    assert_int_equal(fault.err, ERR_IO);
    assert_err(tree_consistency(&s, 3, 9, &p, NULL), ERR_IO);
    assert_err(tree_root(&s, 9, &h, NULL), ERR_IO);
    assert_err(tree_peaks(&s, 9, &m, NULL), ERR_IO);
    assert_err(tree_consistency(&s, 9, 8, &p, NULL), ERR_USAGE);
    assert_err(tree_inclusion(&s, 0, 0, &p, NULL), ERR_USAGE);
    assert_int_equal(p.count, 77);
    assert_int_equal(m.size, 77);
    assert_int_equal(h.b[0], 0);
    forest_done(&f);
}

static void tile_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        unsigned level, width;
        uint64_t index;
    } good[] = {
        {"0/000", 0, 256, 0},
        {"0/000.p/1", 0, 1, 0},
        {"1/273.p/112", 1, 112, 273},
        {"2/x001/x234/067", 2, 256, 1234067},
        {"7/x001/000.p/255", 7, 255, 1000},
        {"0/x018/x446/x744/x073/x709/x551/615", 0, 256, UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        unsigned level = 99, width = 999;
        uint64_t index = 9;
        struct buffer b;
        assert_ok(tree_tile_parse(text_of(good[i].path), &level, &index, &width));
        assert_int_equal(level, good[i].level);
        assert_int_equal(width, good[i].width);
        assert_true(index == good[i].index);
        buffer_init(&b, 100);
        tree_tile_path(index, width, &b);
        assert_text(buffer_text(&b), good[i].path + 2);
        buffer_done(&b);
    }
    static const char *const bad[] = {
        "",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/0000",
        "00/000",
        "8/000",
        "64/000",
        "-1/000",
        "+1/000",
        "0/x000/000",
        "0/x00/001",
        "0/001/000",
        "0/x001",
        "0/x001/",
        "0/000/",
        "0/000.p",
        "0/000.p/",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/1/",
        "0/000.p/1.p/1",
        "0/000.p/ 1",
        "entries/000",
        "0//000",
        "0/x001//000",
        "0/00a",
        "0/X001/000",
        "0/000?",
        "/0/000",
        "0/x018/x446/x744/x073/x709/x551/616",
        "0/x001/x018/x446/x744/x073/x709/x551/615",
        "0/..",
        "0/x../000",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        unsigned level = 99, width = 999;
        uint64_t index = 9;
        assert_err(tree_tile_parse(text_of(bad[i]), &level, &index, &width), ERR_MALFORMED);
        assert_true(level == 99 && width == 999 && index == 9);
    }
}

/* tlog-tiles' own example: a tree of 70 000. */
static void level_counts(void **state)
{
    (void)state;
    assert_int_equal(tree_level_count(70000, 0), 273 * 256 + 112);
    assert_int_equal(tree_level_count(70000, 1), 256 + 17);
    assert_int_equal(tree_level_count(70000, 2), 1);
    assert_int_equal(tree_level_count(70000, 3), 0);
    assert_int_equal(tree_level_count(256, 1), 1);
    assert_int_equal(tree_level_count(UINT64_MAX, TREE_LEVELS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_follow_the_definition),
        cmocka_unit_test(rfc_example),
        cmocka_unit_test(every_proof_holds_and_no_other),
        cmocka_unit_test(a_path_longer_than_the_tree),
        cmocka_unit_test(all_small_trees),
        cmocka_unit_test(failures_pass_through),
        cmocka_unit_test(tile_paths),
        cmocka_unit_test(level_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
