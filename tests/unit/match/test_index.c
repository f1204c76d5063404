/* The index: exact, with all refs of a value, for every kind. */
#include "support/test.h"

#include <stdio.h>

#include "base/limits.h"
#include "match/index.h"
#include "match/table.h"
#include "match_set.h"

static struct index *index_of(const char *const *values)
{
    struct index_builder *b;
    struct index *index;
    assert_ok(index_builder_new(&b));
    for (uint32_t i = 0; values[i]; i++)
        assert_ok(match_add_value(b, values[i], i));
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    return index;
}

static void each_kind_is_found(void **state)
{
    static const struct {
        enum value_kind kind;
        const char *value;
    } all[] = {
        {VALUE_DOMAIN, "evil.com"},
        {VALUE_IPV4, "1.2.3.4"},
        {VALUE_IPV6, "2001:db8::1"},
        {VALUE_CIDR, "10.0.0.0/8"},
        {VALUE_CIDR, "0.0.0.0/0"},
        {VALUE_CIDR, "2001:db8::/32"},
        {VALUE_CIDR, "::/0"},
        {VALUE_URL, "http://evil.com/x"},
        {VALUE_EMAIL, "a@evil.com"},
        {VALUE_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
        {VALUE_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {VALUE_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    };
    struct index_builder *b;
    struct index *index;
    (void)state;
    assert_ok(index_builder_new(&b));
    for (uint32_t i = 0; i < ARRAY_LEN(all); i++)
        assert_ok(index_builder_add(b, all[i].kind, text_of(all[i].value), 100 + i));
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    assert_int_equal(index_count(index), ARRAY_LEN(all));
    for (uint32_t i = 0; i < ARRAY_LEN(all); i++)
        for (int kind = 0; kind < VALUE_KINDS; kind++) {
            struct index_refs refs = index_find(index, (enum value_kind)kind, text_of(all[i].value));
            assert_int_equal(refs.count, (enum value_kind)kind == all[i].kind);
            if (refs.count)
                assert_int_equal(refs.refs[0], 100 + i);
        }
    assert_int_equal(index_find(index, VALUE_DOMAIN, TEXT("vil.com")).count, 0);
    assert_int_equal(index_find(index, VALUE_DOMAIN, TEXT("evil.co")).count, 0);
    assert_int_equal(index_find(index, VALUE_DOMAIN, TEXT("")).count, 0);
    assert_int_equal(index_find(index, VALUE_CIDR, TEXT("10.0.0.0/9")).count, 0);
    index_unref(index_ref(index));
    index_unref(index);
    index_unref(NULL);
}

static void what_is_not_in_normal_form_is_refused(void **state)
{
    struct index_builder *b;
    (void)state;
    assert_ok(index_builder_new(&b));
    assert_err(index_builder_add(b, VALUE_IPV4, TEXT("1.2.3"), 0), ERR_MALFORMED);
    assert_err(index_builder_add(b, VALUE_IPV6, TEXT("1.2.3.4"), 0), ERR_MALFORMED);
    assert_err(index_builder_add(b, VALUE_CIDR, TEXT("x"), 0), ERR_MALFORMED);
    assert_err(index_builder_add(b, VALUE_MD5, TEXT("abc"), 0), ERR_MALFORMED);
    assert_err(index_builder_add(b, VALUE_DOMAIN, TEXT(""), 0), ERR_MALFORMED);
    assert_err(index_builder_add(b, VALUE_NONE, TEXT("x"), 0), ERR_MALFORMED);
    index_builder_free(b);
    index_builder_free(NULL);
}

static void empty_and_used_up(void **state)
{
    struct index_builder *b;
    struct index *index;
    (void)state;
    assert_ok(index_builder_new(&b));
    assert_ok(index_builder_build(b, &index));
    assert_int_equal(index_count(index), 0);
    assert_int_equal(index_find(index, VALUE_DOMAIN, TEXT("evil.com")).count, 0);
    index_unref(index);
    assert_ok(match_add_value(b, "evil.com", 1));
    assert_ok(index_builder_build(b, &index));
    index_unref(index);
    assert_ok(index_builder_build(b, &index)); /* the builder was emptied */
    assert_int_equal(index_count(index), 0);
    index_unref(index);
    index_builder_free(b);
}

static void a_value_keeps_all_its_refs(void **state)
{
    struct index_builder *b;
    struct index *index;
    (void)state;
    assert_ok(index_builder_new(&b));
    for (uint32_t i = 0; i < 3000; i++) {
        assert_ok(match_add_value(b, i % 3 ? "evil.com" : "1.2.3.4", i));
        assert_ok(match_add_value(b, i % 3 ? "EVIL.com." : "1.2.3.4", i)); /* the same again */
    }
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    assert_int_equal(index_count(index), 3000);
    struct index_refs refs = index_find(index, VALUE_DOMAIN, TEXT("evil.com"));
    assert_int_equal(refs.count, 2000);
    for (uint32_t i = 0; i < 2000; i++)
        assert_int_equal(refs.refs[i], i / 2 * 3 + 1 + i % 2);
    assert_int_equal(index_find(index, VALUE_IPV4, TEXT("1.2.3.4")).count, 1000);
    index_unref(index);
}

/* Hashes that are all alike only make it slower: keys are compared. */
static void colliding_keys_are_told_apart(void **state)
{
    struct table t;
    struct key_list l = {0};
    (void)state;
    for (uint32_t i = 0; i < 2000; i++)
        assert_ok(key_list_add(&l, &i, sizeof i, i));
    assert_ok(table_build(&t, &l, 1));
    for (uint32_t i = 0; i < 4000; i++) {
        uint32_t other = i + 100000;
        const struct table_entry *e = table_probe(&t, table_hash(&t, &i, sizeof i), &i, sizeof i);
        assert_true((e != NULL) == (i < 2000));
        if (e)
            assert_int_equal(table_refs(&t, e).refs[0], i);
        /* another key with the very same hash, and a shorter one */
        assert_null(table_probe(&t, table_hash(&t, &i, sizeof i), &other, sizeof other));
        assert_null(table_probe(&t, table_hash(&t, &i, sizeof i), &i, sizeof i - 1));
    }
    table_done(&t);
}

/* A million of each sort of name: all found, nothing else, small. */
static void a_million(void **state)
{
    enum { COUNT = 1000000 };
    struct index_builder *b;
    struct index *index;
    char name[80];
    (void)state;
    assert_ok(index_builder_new(&b));
    for (uint32_t i = 0; i < COUNT; i++) {
        int len =
            i % 2 ? snprintf(name, sizeof name, "host%u.example%u.com", i, i % 1000)
                  : snprintf(name, sizeof name, "%u.%u.%u.%u", 1 + (i >> 24), i >> 16 & 255, i >> 8 & 255, i & 255);
        assert_ok(index_builder_add(b, i % 2 ? VALUE_DOMAIN : VALUE_IPV4, (struct text){name, (size_t)len}, i));
    }
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    assert_int_equal(index_count(index), COUNT);
    assert_true(index_memory_bytes(index) < 150 * MIB);
    for (uint32_t i = 0; i < COUNT; i += 7) {
        int len =
            i % 2 ? snprintf(name, sizeof name, "host%u.example%u.com", i, i % 1000)
                  : snprintf(name, sizeof name, "%u.%u.%u.%u", 1 + (i >> 24), i >> 16 & 255, i >> 8 & 255, i & 255);
        struct index_refs refs =
            index_find(index, i % 2 ? VALUE_DOMAIN : VALUE_IPV4, (struct text){name, (size_t)len});
        assert_int_equal(refs.count, 1);
        assert_int_equal(refs.refs[0], i);
        len = snprintf(name, sizeof name, "host%u.example%u.org", i, i % 1000);
        assert_int_equal(index_find(index, VALUE_DOMAIN, (struct text){name, (size_t)len}).count, 0);
    }
    index_unref(index);
}

/* All prefix lengths at once; the most specific first. */
static void networks_of_every_length(void **state)
{
    static char words[33 + 129][64];
    const char *values[33 + 129 + 1] = {0};
    size_t n = 0;
    (void)state;
    for (int len = 0; len <= 32; len++)
        snprintf(words[n++], 64, "203.0.113.77/%d", len);
    for (int len = 0; len <= 128; len++)
        snprintf(words[n++], 64, "2001:db8:1:2:3:4:5:6/%d", len);
    for (size_t i = 0; i < n; i++)
        values[i] = words[i];
    struct index *index = index_of(values);
    const struct index *one = index;
    const struct scan_hit *hits;
    struct scanner *s;
    size_t count;
    assert_ok(scanner_new(&s));
    assert_ok(scan_line(s, &one, 1, TEXT("203.0.113.77"), &hits, &count));
    assert_int_equal(count, 33);
    for (uint32_t i = 0; i < 33; i++)
        assert_int_equal(hits[i].ref, 32 - i);
    assert_ok(scan_line(s, &one, 1, TEXT("203.0.113.78"), &hits, &count));
    assert_int_equal(count, 31);
    assert_ok(scan_line(s, &one, 1, TEXT("45.0.0.0"), &hits, &count));
    assert_int_equal(count, 1);
    assert_ok(scan_line(s, &one, 1, TEXT("2001:db8:1:2:3:4:5:6"), &hits, &count));
    assert_int_equal(count, 129);
    for (uint32_t i = 0; i < 129; i++)
        assert_int_equal(hits[i].ref, 33 + 128 - i);
    assert_ok(scan_line(s, &one, 1, TEXT("2001:db8:1:2:3:4:5:7"), &hits, &count));
    assert_int_equal(count, 128);
    scanner_free(s);
    index_unref(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_found),
        cmocka_unit_test(what_is_not_in_normal_form_is_refused),
        cmocka_unit_test(empty_and_used_up),
        cmocka_unit_test(a_value_keeps_all_its_refs),
        cmocka_unit_test(colliding_keys_are_told_apart),
        cmocka_unit_test(networks_of_every_length),
        cmocka_unit_test(a_million),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
