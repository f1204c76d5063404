/* Borrowed bytes: every function at the empty text, at NULL, at the ends. */
#include "support/test.h"

static void equality_and_order(void **state)
{
    (void)state;
    assert_true(text_eq(TEXT(""), TEXT_NONE));
    assert_true(text_eq(TEXT("ab"), TEXT("ab")));
    assert_false(text_eq(TEXT("ab"), TEXT("abc")));
    assert_true(text_eq_nocase(TEXT("Ab-Z[@`{"), TEXT("aB-z[@`{")));
    assert_false(text_eq_nocase(TEXT("@"), TEXT("`"))); /* 0x20 apart, but no letters */
    assert_false(text_eq_nocase(TEXT("["), TEXT("{")));
    assert_false(text_eq_nocase(TEXT("\xC4"), TEXT("\xE4"))); /* ASCII only */
    assert_true(text_cmp(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_cmp(TEXT("b"), TEXT("ab")) > 0);
    assert_true(text_cmp(TEXT("\xFF"), TEXT("a")) > 0); /* bytes are unsigned */
    assert_true(text_cmp(TEXT_NONE, TEXT("")) == 0);
    assert_true(text_cmp(TEXT_NONE, TEXT("a")) < 0);
    assert_text(text_of(NULL), "");
    assert_null(text_of(NULL).ptr);
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(text_starts(TEXT("abc"), TEXT("ab")));
    assert_true(text_starts(TEXT("abc"), TEXT_NONE));
    assert_true(text_starts(TEXT_NONE, TEXT_NONE));
    assert_false(text_starts(TEXT("a"), TEXT("ab")));
    assert_true(text_ends(TEXT("abc"), TEXT("bc")));
    assert_true(text_ends(TEXT("abc"), TEXT("abc")));
    assert_true(text_ends(TEXT_NONE, TEXT_NONE));
    assert_false(text_ends(TEXT("abc"), TEXT("xabc")));
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(text_find(TEXT("abca"), 'a', 0), 0);
    assert_int_equal(text_find(TEXT("abca"), 'a', 1), 3);
    assert_int_equal(text_find(TEXT("abca"), 'a', 4), -1);
    assert_int_equal(text_find(TEXT("abca"), 'a', SIZE_MAX), -1);
    assert_int_equal(text_find(TEXT_NONE, 'a', 0), -1);
    assert_int_equal(text_find(TEXT("a\0b"), 0, 0), 1);
    assert_int_equal(text_find_text(TEXT("abcabd"), TEXT("abd")), 3);
    assert_int_equal(text_find_text(TEXT("abc"), TEXT("abcd")), -1);
    assert_int_equal(text_find_text(TEXT("abc"), TEXT_NONE), 0);
    assert_int_equal(text_find_text(TEXT_NONE, TEXT_NONE), 0);
    assert_int_equal(text_find_text(TEXT_NONE, TEXT("a")), -1);
}

static void pieces(void **state)
{
    (void)state;
    assert_text(text_sub(TEXT("abcdef"), 2, 3), "cde");
    assert_text(text_sub(TEXT("abcdef"), 4, SIZE_MAX), "ef");
    assert_text(text_sub(TEXT("abcdef"), 7, 1), "");
    assert_text(text_sub(TEXT("abcdef"), SIZE_MAX, SIZE_MAX), "");
    assert_text(text_sub(TEXT_NONE, 1, 1), "");
    assert_text(text_trim(TEXT(" \t\r\n\v\fa b ")), "a b");
    assert_text(text_trim(TEXT("   ")), "");
    assert_text(text_trim(TEXT_NONE), "");
    assert_text(text_trim(TEXT("\xC2\xA0x")), "\xC2\xA0x"); /* a no-break space is not ASCII */
}

static void assert_split(struct text whole, char sep, const char *const *expected)
{
    struct text rest = whole, piece;
    size_t n = 0;
    while (text_split(&rest, sep, &piece)) {
        assert_non_null(expected[n]);
        assert_text(piece, expected[n]);
        n++;
    }
    assert_null(expected[n]);
}

static void splitting(void **state)
{
    (void)state;
    assert_split(TEXT("a,b"), ',', (const char *const[]){"a", "b", NULL});
    assert_split(TEXT("a,,b"), ',', (const char *const[]){"a", "", "b", NULL});
    assert_split(TEXT(","), ',', (const char *const[]){"", "", NULL});
    assert_split(TEXT("a,"), ',', (const char *const[]){"a", "", NULL});
    assert_split(TEXT(""), ',', (const char *const[]){"", NULL});
    assert_split(TEXT_NONE, ',', (const char *const[]){NULL});
}

static void numbers(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_ok(text_u64(TEXT("0"), &n));
    assert_true(n == 0);
    assert_ok(text_u64(TEXT("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_ok(text_u64(TEXT("00000000000000000000000000000042"), &n));
    assert_true(n == 42);
    assert_err(text_u64(TEXT("18446744073709551616"), &n), ERR_LIMIT);
    assert_err(text_u64(TEXT("99999999999999999999999"), &n), ERR_LIMIT);
    assert_err(text_u64(TEXT("99999999999999999999999x"), &n), ERR_MALFORMED);
    assert_err(text_u64(TEXT(""), &n), ERR_MALFORMED);
    assert_err(text_u64(TEXT("-1"), &n), ERR_MALFORMED);
    assert_err(text_u64(TEXT("+1"), &n), ERR_MALFORMED);
    assert_err(text_u64(TEXT(" 1"), &n), ERR_MALFORMED);
    assert_err(text_u64(TEXT("1\0"), &n), ERR_MALFORMED);
    assert_true(n == 42); /* untouched by the failures */
}

/* RFC 3629: the edges of every range, at every place relative to the eight-byte steps. */
static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "plain",
                                       "\x7F",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xC2\x41",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xE2\x82",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xF0\x90\x80",
                                      "\xFE",
                                      "\xFF",
                                      "\xE2\x28\xA1",
                                      "\xF0\x90\x28\xBC"};
    char text[32];
    for (int before = 0; before < 10; before++)
        for (int after = 0; after < 10; after++) {
            for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                int n = snprintf(text, sizeof text, "%.*s%s%.*s", before, "0123456789", good[i], after, "0123456789");
                assert_true(text_is_utf8((struct text){text, (size_t)n}));
            }
            for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                int n = snprintf(text, sizeof text, "%.*s%s%.*s", before, "0123456789", bad[i], after, "0123456789");
                assert_false(text_is_utf8((struct text){text, (size_t)n}));
            }
        }
    assert_true(text_is_utf8(TEXT_NONE));
    assert_true(text_is_utf8(TEXT("a\0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_and_order),
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(finding),
        cmocka_unit_test(pieces),
        cmocka_unit_test(splitting),
        cmocka_unit_test(numbers),
        cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
