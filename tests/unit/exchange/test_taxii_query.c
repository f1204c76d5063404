/* Parameters of TAXII requests, and the `next` cursor. */
#include "support/test.h"

#include "exchange/taxii_query.h"

#define ALL (FILTER_PAGE | FILTER_ID_TYPE | FILTER_VERSION | FILTER_SPEC_VERSION)

struct asked {
    struct taxii_query q;
    struct arena arena;
    struct fault fault;
};

static int setup(void **state)
{
    struct asked *a = calloc(1, sizeof *a);
    taxii_query_init(&a->q);
    arena_init(&a->arena, 1 * MIB);
    *state = a;
    return 0;
}

static int teardown(void **state)
{
    struct asked *a = *state;
    arena_done(&a->arena);
    free(a);
    return 0;
}

static enum err take(struct asked *a, const char *name, const char *value)
{
    return taxii_query_take(&a->q, ALL, text_of(name), text_of(value), &a->arena, &a->fault);
}

static void defaults(void **state)
{
    struct asked *a = *state;
    assert_int_equal(a->q.limit, TAXII_PAGE_DEFAULT);
    assert_false(a->q.has_after || a->q.has_next || a->q.other_spec);
    assert_int_equal(a->q.versions, 0);
}

/* A limit over the page's maximum is clamped, however large; zero, signs and fractions are refused. */
static void limits(void **state)
{
    struct asked *a = *state;
    assert_ok(take(a, "limit", "99999999999999999999999"));
    assert_int_equal(a->q.limit, TAXII_PAGE_MAX);
    static const char *const wrong[] = {"0", "-1", "+5", "1.5", "ten", "", " 7"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        taxii_query_init(&a->q);
        assert_err(take(a, "limit", wrong[i]), ERR_MALFORMED);
    }
    taxii_query_init(&a->q);
    assert_ok(take(a, "limit", "7"));
    assert_int_equal(a->q.limit, 7);
}

static void added_after(void **state)
{
    struct asked *a = *state;
    assert_ok(take(a, "added_after", "2026-01-31T12:00:00.123456Z"));
    assert_true(a->q.has_after);
    assert_int_equal(a->q.after_us % 1000000, 123456);
    static const char *const wrong[] = {"2026-02-30T00:00:00Z", "2026-01-31", "yesterday", "", "1700000000"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        taxii_query_init(&a->q);
        assert_err(take(a, "added_after", wrong[i]), ERR_MALFORMED);
    }
}

/* Each parameter once; the second is refused although it says the same (TAXII 2.1 interoperability 3.13.1.10). */
static void repeated(void **state)
{
    static const char *const pairs[][2] = {
        {"added_after", "2026-01-31T12:00:00Z"},
        {"limit", "5"},
        {"next", "x"},
        {"match[id]", "a"},
        {"match[type]", "a"},
        {"match[version]", "all"},
        {"match[spec_version]", "2.1"},
    };
    struct asked *a = *state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        taxii_query_init(&a->q);
        assert_ok(take(a, pairs[i][0], pairs[i][1]));
        assert_err(take(a, pairs[i][0], pairs[i][1]), ERR_MALFORMED);
        assert_non_null(strstr(a->fault.what, pairs[i][0]));
    }
}

/* A filter that is not known would give more than was asked for; other words mean nothing here. */
static void unknown(void **state)
{
    struct asked *a = *state;
    assert_err(take(a, "match[confidence-gte]", "50"), ERR_MALFORMED);
    assert_err(take(a, "match[ID]", "50"), ERR_MALFORMED);
    assert_ok(take(a, "pretty", "yes"));
    assert_err(taxii_query_take(&a->q, FILTER_PAGE, TEXT("match[id]"), TEXT("x"), &a->arena, NULL), ERR_MALFORMED);
}

static void lists(void **state)
{
    struct asked *a = *state;
    assert_ok(take(a, "match[type]", "indicator,malware,x-foo"));
    assert_int_equal(a->q.type_count, 3);
    assert_text(a->q.types[2], "x-foo");
    static const char *const wrong[] = {"", ",", "a,", ",a", "a,,b"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        taxii_query_init(&a->q);
        assert_err(take(a, "match[id]", wrong[i]), ERR_MALFORMED);
    }
    char long_list[2 * TAXII_MATCH_MAX + 4];
    memset(long_list, ',', sizeof long_list);
    for (size_t i = 0; i < sizeof long_list; i += 2)
        long_list[i] = 'a';
    struct text t = {long_list, 2 * TAXII_MATCH_MAX + 1};
    taxii_query_init(&a->q);
    assert_err(taxii_query_take(&a->q, ALL, TEXT("match[id]"), t, &a->arena, NULL), ERR_MALFORMED);
}

static void versions(void **state)
{
    struct asked *a = *state;
    assert_ok(take(a, "match[version]", "first,2026-01-31T12:00:00Z,last"));
    assert_int_equal(a->q.versions, VERSIONS_FIRST | VERSIONS_LAST);
    assert_int_equal(a->q.stamp_count, 1);
    taxii_query_init(&a->q);
    assert_err(take(a, "match[version]", "newest"), ERR_MALFORMED);
    taxii_query_init(&a->q);
    assert_ok(take(a, "match[spec_version]", "2.0"));
    assert_true(a->q.other_spec);
    taxii_query_init(&a->q);
    assert_ok(take(a, "match[spec_version]", "2.0,2.1"));
    assert_false(a->q.other_spec);
}

/* ---- cursors ---- */

static void ask(struct asked *a, const char *type, struct text next)
{
    taxii_query_init(&a->q);
    if (type)
        assert_ok(take(a, "match[type]", type));
    if (next.len)
        assert_ok(taxii_query_take(&a->q, ALL, TEXT("next"), next, &a->arena, NULL));
}

/* Back as it went, for the extremes too, and in the form a URL takes unescaped. */
static void cursor_returns(void **state)
{
    static const int64_t dates[] = {INT64_MIN, -1, 0, 1, 1795300000000000, INT64_MAX};
    static const uint64_t ns[] = {0, 1, UINT64_MAX};
    struct asked *a = *state;
    for (size_t i = 0; i < ARRAY_LEN(dates); i++)
        for (size_t j = 0; j < ARRAY_LEN(ns); j++) {
            char out[TAXII_CURSOR_MAX];
            int64_t date;
            uint64_t n;
            ask(a, "indicator", TEXT_NONE);
            struct text next = taxii_cursor_write(&a->q, TEXT("me"), dates[i], ns[j], out);
            for (size_t k = 0; k < next.len; k++)
                assert_non_null(strchr("0123456789abcdef", next.ptr[k]));
            ask(a, "indicator", next);
            assert_ok(taxii_cursor_read(&a->q, TEXT("me"), &date, &n));
            assert_true(date == dates[i] && n == ns[j]);
        }
}

/* Another recipient's, another collection's, another filter's, cut, changed in any digit: refused. */
static void foreign_cursor(void **state)
{
    struct asked *a = *state;
    char out[TAXII_CURSOR_MAX];
    int64_t date;
    uint64_t n;
    ask(a, "indicator", TEXT_NONE);
    struct text next = taxii_cursor_write(&a->q, TEXT("me"), 1795300000000000, 4711, out);
    ask(a, "indicator", next);
    assert_err(taxii_cursor_read(&a->q, TEXT("you"), &date, &n), ERR_MALFORMED);
    ask(a, "malware", next);
    assert_err(taxii_cursor_read(&a->q, TEXT("me"), &date, &n), ERR_MALFORMED);
    ask(a, NULL, next);
    assert_err(taxii_cursor_read(&a->q, TEXT("me"), &date, &n), ERR_MALFORMED);
    for (size_t i = 0; i < next.len; i++) {
        ask(a, "indicator", text_sub(next, 0, i));
        if (i)
            assert_err(taxii_cursor_read(&a->q, TEXT("me"), &date, &n), ERR_MALFORMED);
        char was = out[i];
        out[i] = was == '0' ? '1' : '0';
        ask(a, "indicator", next);
        assert_err(taxii_cursor_read(&a->q, TEXT("me"), &date, &n), ERR_MALFORMED);
        out[i] = was;
    }
}

/* Where the page size changes, or the filters stand in another order, the question is the same (taxii2-client takes
 * the first page's length as its next limit). */
static void same_question(void **state)
{
    struct asked *a = *state;
    char out[TAXII_CURSOR_MAX];
    int64_t date;
    uint64_t n;
    ask(a, "indicator", TEXT_NONE);
    assert_ok(take(a, "match[version]", "all"));
    assert_ok(take(a, "limit", "10"));
    struct text next = taxii_cursor_write(&a->q, TEXT("me"), 5, 6, out);
    taxii_query_init(&a->q);
    assert_ok(take(a, "match[version]", "all"));
    assert_ok(taxii_query_take(&a->q, ALL, TEXT("next"), next, &a->arena, NULL));
    assert_ok(take(a, "limit", "99"));
    assert_ok(take(a, "match[type]", "indicator"));
    assert_ok(taxii_cursor_read(&a->q, TEXT("me"), &date, &n));
}

static void date_form(void **state)
{
    char out[STAMP_TEXT_MAX];
    (void)state;
    assert_text(taxii_date(0, out), "1970-01-01T00:00:00.000000Z");
    assert_text(taxii_date(1795300000000001, out), "2026-11-21T22:26:40.000001Z");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(defaults), TEST(limits),         TEST(added_after),    TEST(repeated),      TEST(unknown),   TEST(lists),
        TEST(versions), TEST(cursor_returns), TEST(foreign_cursor), TEST(same_question), TEST(date_form),
    };
    return cmocka_run_group_tests_name("taxii_query", tests, NULL, NULL);
}
