/* RFC 8785: names by UTF-16 code units, strings, numbers, and what cannot be kept. */
#include <stdio.h>

#include "read.h"
#include "support/test.h"

static void becomes(const char *from, const char *to, bool lossy)
{
    bool got = false;
    char *c = canonical(text_of(from), &got);
    if (strcmp(c, to) != 0 || got != lossy)
        fail_msg("%s became %s (%s)", from, c, got ? "lossy" : "kept");
    free(c);
}

/* Appendix B of RFC 8785: bit patterns of doubles and their text. */
static void numbers_of_appendix_b(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double v;
        char raw[64];
        struct buffer b;
        memcpy(&v, &cases[i].bits, sizeof v);
        buffer_init(&b, 100);
        struct json_out o = json_out_to(&b);
        json_put_f64(&o, v);
        assert_text(buffer_text(&b), cases[i].text);
        buffer_done(&b);
        snprintf(raw, sizeof raw, "%.17g", v); /* and the same value written otherwise */
        char *c = canonical(text_of(raw), NULL);
        assert_string_equal(c, cases[i].text);
        free(c);
    }
}

static void lost_digits_are_told(void **state)
{
    (void)state;
    becomes("[1.0,-0,0e7,-0.0,100,1E2,0.10,12.50e-1]", "[1,0,0,0,100,100,0.1,1.25]", false);
    becomes("[9007199254740991,9007199254740992,100000000000000000000]",
            "[9007199254740991,9007199254740992,100000000000000000000]", false);
    becomes("9007199254740993", "9007199254740992", true);
    becomes("-9007199254740993", "-9007199254740992", true);
    becomes("18446744073709551615", "18446744073709552000", true);
    becomes("0.1000000000000000055", "0.1", true);
    becomes("1e-400", "0", true);
    becomes("1e400", "1e400", true); /* no double: it stays as it was written */
    becomes("[1,[{\"a\":333333333.33333329}]]", "[1,[{\"a\":333333333.3333333}]]", true);
    becomes("\"9007199254740993\"", "\"9007199254740993\"", false);
    becomes("1.00000000000000000000000000000000000000000000000000000000000000", "1", false);
    becomes("0.00000000000000000000000000000000000000000000000000000000000001e62", "1", false);
}

/* U+10000 and beyond are two surrogates in UTF-16, and so come before U+E000 to U+FFFF. */
static void names_are_sorted_by_utf16(void **state)
{
    (void)state;
    becomes("{\"\xEF\xBF\xBD\":1,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":3,\"\xED\x9F\xBF\":4,\"z\":5,\"\":6,\"aa\":"
            "7,\"a\":8}",
            "{\"\":6,\"a\":8,\"aa\":7,\"z\":5,\"\xED\x9F\xBF\":4,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":3,"
            "\"\xEF\xBF\xBD\":1}",
            false);
    becomes("{\"12345678\xEF\xBF\xBD\":1,\"12345678\xF0\x90\x80\x80\":2}",
            "{\"12345678\xF0\x90\x80\x80\":2,\"12345678\xEF\xBF\xBD\":1}", false);
    becomes("{\"created_by_ref\":1,\"created\":2,\"create\":3}", "{\"create\":3,\"created\":2,\"created_by_ref\":1}",
            false);
    becomes("{\"a\\u0000\":1,\"a\":2}", "{\"a\":2,\"a\\u0000\":1}", false);
}

static void strings_are_escaped_least(void **state)
{
    (void)state;
    becomes("\"\\u0022\\u005c\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u00e9\\ud83d\\ude00\"",
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xC3\xA9\xF0\x9F\x98\x80\"", false);
    becomes("\"\\u000b0123456789abcdef\\u000B\"", "\"\\u000b0123456789abcdef\\u000b\"", false);
}

static int by_number(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Objects of any size, their names in a scrambled order, come out sorted; and once canonical, always. */
static void any_size_is_sorted(void **state)
{
    (void)state;
    static char names[300][16];
    for (size_t count = 0; count <= 300; count += count < 80 ? 1 : 20) {
        struct buffer from, want;
        const char *sorted[300];
        buffer_init(&from, 1 << 20);
        buffer_init(&want, 1 << 20);
        buffer_add_char(&from, '{');
        for (size_t i = 0; i < count; i++) {
            snprintf(names[i], sizeof names[i], "%s%zu", i % 3 ? "property" : "p", i * 7919 % 307);
            buffer_addf(&from, "%s \"%s\" : %zu", i ? "," : "", names[i], i);
            sorted[i] = names[i];
        }
        buffer_add_char(&from, '}');
        qsort(sorted, count, sizeof *sorted, by_number);
        char *once = canonical(buffer_text(&from), NULL);
        char *twice = canonical(text_of(once), NULL);
        assert_string_equal(once, twice);
        struct json_doc *doc = parsed(text_of(once));
        size_t i = 0;
        for (struct json_iter it = json_iter_of(json_root(doc)); json_next(&it); i++)
            assert_text(it.key, sorted[i]);
        assert_int_equal(i, count);
        json_free(doc);
        free(once);
        free(twice);
        buffer_done(&from);
        buffer_done(&want);
    }
}

/* A full buffer keeps its error; nothing is written past its maximum. */
static void a_full_buffer_says_so(void **state)
{
    (void)state;
    struct text whole = TEXT("{\"a\":[1,\"two\\n\",{\"b\":null}],\"c\":0.25}");
    struct json_doc *doc = parsed(whole);
    for (size_t max = 0; max <= whole.len; max++) {
        struct buffer out;
        buffer_init(&out, max);
        json_canonical(json_root(doc), &out, NULL);
        assert_err(buffer_error(&out), max < whole.len ? ERR_LIMIT : OK);
        assert_true(out.len <= max);
        buffer_done(&out);
    }
    json_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_appendix_b),     cmocka_unit_test(lost_digits_are_told),
        cmocka_unit_test(names_are_sorted_by_utf16), cmocka_unit_test(strings_are_escaped_least),
        cmocka_unit_test(any_size_is_sorted),        cmocka_unit_test(a_full_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
