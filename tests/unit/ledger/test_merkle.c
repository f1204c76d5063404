/* The tree against RFC 9162's own example, transparency-dev's vectors, and the definition of the hash written as
 * plain recursion. */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "support/scratch.h"
#include "json/json.h"

/* The leaves that those vectors are made of (transparency-dev/merkle testonly/constants.go; RFC 6962's test tree). */
static const struct text leaves[] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static struct sha256 root_of(size_t size)
{
    struct merkle m;
    merkle_init(&m);
    for (size_t i = 0; i < size; i++) {
        struct sha256 leaf = merkle_leaf(leaves[i].ptr, leaves[i].len);
        merkle_add(&m, &leaf);
    }
    assert_int_equal(m.size, size);
    return merkle_root(&m);
}

static void empty_tree(void **state)
{
    (void)state;
    char hex[SHA256_HEX];
    struct sha256 root = root_of(0);
    assert_text(sha256_hex(&root, hex), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 9162 section 2.1.1: MTH(D) = HASH(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two below n. */
static struct sha256 by_definition(const struct sha256 *hashes, size_t n)
{
    if (n == 0)
        return sha256_of(NULL, 0);
    if (n == 1)
        return hashes[0];
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    struct sha256 left = by_definition(hashes, k), right = by_definition(hashes + k, n - k);
    return merkle_inner(&left, &right);
}

static void every_size_follows_the_definition(void **state)
{
    (void)state;
    struct sha256 hashes[300];
    struct merkle m;
    merkle_init(&m);
    for (uint32_t i = 0; i <= ARRAY_LEN(hashes); i++) {
        struct sha256 expected = by_definition(hashes, i), got = merkle_root(&m);
        assert_true(sha256_eq(&expected, &got));
        if (i == ARRAY_LEN(hashes))
            break;
        hashes[i] = merkle_leaf(&i, sizeof i);
        merkle_add(&m, &hashes[i]);
    }
}

/* Section 2.1.5: k = H(g, h), l = H(i, d6), hash = H(k, l) for seven leaves. */
static void rfc_example(void **state)
{
    (void)state;
    struct sha256 d[7];
    for (size_t i = 0; i < 7; i++)
        d[i] = merkle_leaf(leaves[i].ptr, leaves[i].len);
    struct sha256 g = merkle_inner(&d[0], &d[1]), h = merkle_inner(&d[2], &d[3]), i = merkle_inner(&d[4], &d[5]);
    struct sha256 k = merkle_inner(&g, &h), l = merkle_inner(&i, &d[6]), expected = merkle_inner(&k, &l);
    struct sha256 got = root_of(7);
    assert_true(sha256_eq(&expected, &got));
}

static bool check_root(const struct json_val *o, const char *size_name, const char *root_name)
{
    int64_t size;
    struct buffer bytes;
    if (!json_i64(json_get(o, size_name), &size) || size < 0 || size > (int64_t)ARRAY_LEN(leaves))
        return false;
    buffer_init(&bytes, 64);
    assert_ok(base64_read(json_text(json_get(o, root_name)), &bytes));
    struct sha256 got = root_of((size_t)size);
    assert_int_equal(bytes.len, SHA256_BYTES);
    assert_memory_equal(bytes.ptr, got.b, SHA256_BYTES);
    buffer_done(&bytes);
    return true;
}

static void vectors(void **state)
{
    (void)state;
    static const char *const names[] = {"1", "2"};
    size_t checked = 0;
    if (!data_path("merkle"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[128];
        struct json_doc *doc;
        size_t len;
        snprintf(name, sizeof name, "merkle/transparency-dev-testdata/consistency/%s/happy-path.json", names[i]);
        char *text = scratch_read(data_path(name), &len);
        assert_non_null(text);
        assert_ok(json_parse((struct text){text, len}, &doc, NULL));
        checked += check_root(json_root(doc), "size1", "root1");
        checked += check_root(json_root(doc), "size2", "root2");
        json_free(doc);
        free(text);
    }
    assert_int_equal(checked, 4);
}

static void entry_leaf_is_a_merkle_leaf(void **state)
{
    (void)state;
    struct text t = TEXT("{\"v\":1}");
    struct sha256 a = entry_leaf(t), b = merkle_leaf(t.ptr, t.len);
    assert_true(sha256_eq(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree),
        cmocka_unit_test(every_size_follows_the_definition),
        cmocka_unit_test(rfc_example),
        cmocka_unit_test(vectors),
        cmocka_unit_test(entry_leaf_is_a_merkle_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
