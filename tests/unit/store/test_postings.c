/* What an object is found by: the keys of its values agree with what is asked, the lists give the entries newest
 * first, and the rows are the same however the entries were committed. */
#include "support/test.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/limits.h"
#include "facts_made.h"
#include "store/view_ask.h"
#include "support/scratch.h"

/* ---- keys ---- */

struct keys {
    uint64_t list[64];
    size_t count;
};

static void keep(void *self, uint64_t key)
{
    struct keys *k = self;
    assert_true(k->count < ARRAY_LEN(k->list));
    assert_true(key >> POSTING_KEY_BITS == 0);
    k->list[k->count++] = key;
}

static struct keys keys_of(enum value_kind kind, const char *value)
{
    struct keys k = {.count = 0};
    const struct word w = {WORD_VALUE, kind, text_of(value)};
    posting_keys(&w, keep, &k);
    return k;
}

static bool has(const struct keys *k, struct posting_range r)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->list[i] >= r.low && k->list[i] <= r.high)
            return true;
    return false;
}

static struct ipnet net_of(const char *text)
{
    struct ipnet net;
    assert_ok(ipnet_parse(text_of(text), &net));
    return net;
}

static void names_below(void **state)
{
    (void)state;
    struct keys k = keys_of(VALUE_DOMAIN, "a.b.evil.example");
    assert_true(has(&k, posting_exact(VALUE_DOMAIN, TEXT("a.b.evil.example"))));
    assert_true(has(&k, posting_below(TEXT("b.evil.example"))));
    assert_true(has(&k, posting_below(TEXT("evil.example"))));
    assert_false(has(&k, posting_below(TEXT("a.b.evil.example"))));
    assert_false(has(&k, posting_below(TEXT("example"))));
    assert_false(has(&k, posting_host(TEXT("a.b.evil.example"))));
    k = keys_of(VALUE_URL, "http://u@b.evil.example:8080/x");
    assert_true(has(&k, posting_host(TEXT("b.evil.example"))));
    assert_true(has(&k, posting_below(TEXT("evil.example"))));
    k = keys_of(VALUE_URL, "http://[2001:db8::1]/");
    assert_true(has(&k, posting_host(TEXT("2001:db8::1"))));
    k = keys_of(VALUE_URL, "http://192.0.2.1/");
    assert_true(has(&k, posting_host(TEXT("192.0.2.1"))));
    assert_false(has(&k, posting_below(TEXT("2.1"))));
    k = keys_of(VALUE_EMAIL, "x@mail.evil.example");
    assert_true(has(&k, posting_host(TEXT("mail.evil.example"))) && has(&k, posting_below(TEXT("evil.example"))));
    /* the nearest to the root of a long one */
    k = keys_of(VALUE_DOMAIN, "1.2.3.4.5.6.7.8.9.10.11.12.evil.example");
    assert_true(has(&k, posting_below(TEXT("evil.example"))) && has(&k, posting_below(TEXT("12.evil.example"))));
}

static void beginnings(void **state)
{
    (void)state;
    static const char *const values[] = {"evil.example", "HTTP://Evil.Example.Longer/x", "e",
                                         "d41d8cd98f00b204e9800998"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct keys k = keys_of(VALUE_NONE, values[i]);
        struct text bare = posting_without_scheme(text_of(values[i]));
        for (size_t len = 1; len <= bare.len; len++)
            assert_true(has(&k, posting_value_prefix(text_sub(bare, 0, len))));
        assert_false(has(&k, posting_value_prefix(TEXT("zz"))));
        assert_false(has(&k, posting_value_prefix(TEXT("zzzzzzzzzzzzzzzzzzz"))));
    }
}

/* Words that begin alike are told apart, and found by what they begin with. */
static void words_that_begin_alike(void **state)
{
    (void)state;
    struct keys k = {.count = 0};
    const struct word w = {WORD_TEXT, VALUE_NONE, TEXT("campaign17")};
    posting_keys(&w, keep, &k);
    assert_true(has(&k, posting_word(TEXT("campaign17"))));
    assert_false(has(&k, posting_word(TEXT("campaign18"))));
    assert_false(has(&k, posting_word(TEXT("campaig"))));
    for (size_t len = 1; len <= w.text.len; len++)
        assert_true(has(&k, posting_word_prefix(text_sub(w.text, 0, len))));
}

static void addresses_and_networks(void **state)
{
    (void)state;
    static const char *const inside[][2] = {{"192.0.2.1", "192.0.2.0/24"},    {"192.0.2.1", "192.0.0.0/9"},
                                            {"192.0.2.1", "0.0.0.0/0"},       {"192.0.2.1", "192.0.2.0/31"},
                                            {"2001:db8::1", "2001:db8::/32"}, {"2001:db8::1", "2001:db8::/127"},
                                            {"2001:db8::1", "::/0"},          {"2001:db8::1", "2001:db8::/47"}};
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        struct ipnet address = net_of(inside[i][0]), net = net_of(inside[i][1]);
        struct keys k = keys_of(address.addr.bits == 32 ? VALUE_IPV4 : VALUE_IPV6, inside[i][0]);
        struct keys n = keys_of(VALUE_CIDR, inside[i][1]);
        struct posting_range steps[POSTING_STEPS_MAX];
        size_t count = posting_containing(&address, steps);
        bool found = false;
        assert_true(has(&k, posting_inside(&net)));
        for (size_t j = 0; j < count; j++)
            found |= has(&n, steps[j]);
        assert_true(found);
        assert_true(has(&n, posting_networks_inside(&net)));
    }
    struct keys k = keys_of(VALUE_IPV4, "192.0.3.1");
    struct ipnet net = net_of("192.0.2.0/24");
    assert_false(has(&k, posting_inside(&net)));
}

/* ---- lists ---- */

#define ENTRIES 70000u

/* Entry n holds the word n, the word all, and every thousandth "rare". Every seventh is no object. */
static void apply(struct view *v, uint64_t n)
{
    char id[IDENT_TEXT_MAX], body[200];
    struct uuid own = made_uuid_of("own", n);
    struct fact f = {.kind = n % 7 == 6 ? FACT_ACT : FACT_OBJECT, .n = n, .t_us = (int64_t)n};
    if (f.kind == FACT_OBJECT)
        f.u.object = (struct fact_object){.id = ident_format(TEXT("report"), &own, id),
                                          .standing = STANDING_CURRENT,
                                          .class_key = TEXT("1::000:-:-:-:report"),
                                          .original = PLACE_NONE};
    else
        f.u.act = (struct fact_act){.verb = TEXT("none")};
    assert_ok(view_apply(v, &f, NULL));
    if (f.kind != FACT_OBJECT)
        return;
    snprintf(body, sizeof body, "{\"name\":\"all n%06u%s all\"}", (unsigned)n, n % 1000 == 0 ? " rare" : "");
    assert_ok(view_apply_words(v, n, text_of(body), NULL));
}

/* Commits of `step` entries (0: of changing size), and something taken back before each. */
static struct view *make(const char *path, uint64_t step, uint64_t entries)
{
    struct view *v;
    uint64_t n = 0, state = 1;
    assert_ok(view_open_at(path, true, &v, NULL));
    while (n < entries) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t count = step ? step : 1 + (state >> 33) % 9000;
        assert_ok(view_begin(v, NULL));
        assert_ok(view_savepoint(v, NULL));
        for (uint64_t i = 0; i < 3; i++)
            apply(v, n + i);
        assert_ok(view_rollback_to(v, NULL));
        for (uint64_t i = 0; i < count && n < entries; i++)
            apply(v, n++);
        assert_ok(view_commit(v, NULL));
    }
    return v;
}

static void expect_list(struct view *v, const char *word, uint64_t every, uint64_t entries, size_t max)
{
    uint64_t *list = calloc(entries + 1, sizeof *list);
    size_t count = 0, at = 0;
    bool more, left = false;
    assert_ok(view_holding(v, posting_word(text_of(word)), list, max, &count, &more, NULL));
    for (uint64_t n = entries; n-- > 0;) {
        if (n % every || n % 7 == 6)
            continue;
        if (at == max) {
            left = true;
            break;
        }
        assert_true(at < count);
        assert_int_equal(list[at++], n);
    }
    assert_int_equal(count, at);
    assert_int_equal(more, left);
    free(list);
}

static void lists_newest_first(void **state)
{
    (void)state;
    static const uint64_t many[] = {1, 15, 16, 17, 300, 4096, 4097, ENTRIES};
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    scratch_new(dir);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        snprintf(path, sizeof path, "%s/%zu.db", dir, i);
        struct view *v = make(path, 0, many[i]);
        expect_list(v, "all", 1, many[i], many[i]);
        expect_list(v, "all", 1, many[i], 10);
        expect_list(v, "rare", 1000, many[i], many[i]);
        expect_list(v, "none", UINT64_MAX, 0, 10);
        char word[16];
        uint64_t n[4];
        size_t count;
        bool more;
        for (uint64_t j = 0; j < many[i]; j += 1 + many[i] / 50) {
            snprintf(word, sizeof word, "n%06u", (unsigned)j);
            assert_ok(view_holding(v, posting_word(text_of(word)), n, 4, &count, &more, NULL));
            assert_int_equal(count, j % 7 != 6);
            assert_true(count == 0 || n[0] == j);
        }
        assert_ok(view_holding(v, posting_word_prefix(TEXT("n0000")), n, 4, &count, &more, NULL));
        assert_int_equal(count, many[i] < 4 ? many[i] : 4);
        view_close(v);
    }
    scratch_remove(dir);
}

static void dump(const char *path, struct buffer *out)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT run, key, first, more FROM posting ORDER BY 1, 2, 3", -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        buffer_addf(out, "%lld %lld %lld:", (long long)sqlite3_column_int64(s, 0),
                    (long long)sqlite3_column_int64(s, 1), (long long)sqlite3_column_int64(s, 2));
        buffer_add_bytes(out, sqlite3_column_blob(s, 3), (size_t)sqlite3_column_bytes(s, 3));
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    assert_ok(buffer_error(out));
}

static void rows_do_not_tell_the_commits(void **state)
{
    (void)state;
    static const uint64_t steps[] = {0, 1, 17, 4096, 66000};
    const uint64_t entries = 66000 + 5000;
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 32];
    struct buffer first, other;
    scratch_new(dir);
    buffer_init(&first, 64 * MIB);
    buffer_init(&other, 64 * MIB);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        uint64_t upto = steps[i] == 1 ? 5000 : entries; /* one by one is slow: against the same few */
        snprintf(path, sizeof path, "%s/view%zu.db", dir, i);
        view_close(make(path, steps[i], upto));
        buffer_clear(&other);
        dump(path, i ? &other : &first);
        if (upto != entries) {
            struct buffer few;
            buffer_init(&few, 64 * MIB);
            snprintf(path, sizeof path, "%s/few.db", dir);
            view_close(make(path, 777, upto));
            dump(path, &few);
            assert_true(text_eq(buffer_text(&few), buffer_text(&other)));
            buffer_done(&few);
        } else if (i) {
            assert_true(text_eq(buffer_text(&first), buffer_text(&other)));
        }
    }
    assert_true(first.len > entries * 4);
    buffer_done(&first);
    buffer_done(&other);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_below),
        cmocka_unit_test(beginnings),
        cmocka_unit_test(words_that_begin_alike),
        cmocka_unit_test(addresses_and_networks),
        cmocka_unit_test(lists_newest_first),
        cmocka_unit_test(rows_do_not_tell_the_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
