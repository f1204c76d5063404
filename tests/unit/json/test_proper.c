/* What is canonical, and each way not to be. */
#include "base/buffer.h"
#include "base/limits.h"
#include "support/test.h"
#include "json/proper.h"

static bool proper(const char *text)
{
    return json_is_proper(text_of(text), NULL, NULL);
}

static void canonical_text_is_proper(void **state)
{
    static const char *const good[] = {
        "{}",
        "{\"a\":1}",
        "{\"a\":[],\"b\":{},\"c\":[1,\"x\",{\"y\":null}]}",
        "{\"\":-0.5,\"n\":1e+21,\"o\":1.5e-7,\"z\":0}",
        "{\"\\b\":1,\"\\t\":1,\"\\n\":1,\"\\f\":1,\"\\r\":1}",
        "{\"\\u0000\":1,\"\\u0001\":1,\"\\u001f\":1,\"\\\"\":1,\"\\\\\":1}",
        "{\"a\":\"\\u001f\\\"\\\\/\"}",
        /* U+1F600 comes before U+FB33: UTF-16 */
        "{\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":1,\"\xef\xac\xb3\":1}",
        "{\"a\":1,\"a\\\"\":1,\"aa\":1}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!proper(good[i]))
            fail_msg("%s is proper", good[i]);
}

static void everything_else_is_not(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "1",
        "{",
        "{}}",
        "{} ",
        " {}",
        "{ }",
        "{\"a\" :1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"b\":1,\"a\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"x\":{\"b\":1,\"a\":1}}",
        "{\"x\":[{\"a\":1,\"a\":2}]}",
        "{\"\\\"\":1,\"!\":1}", /* the quote is 0x22, after 0x21 */
        "{\"\xef\xac\xb3\":1,\"\xf0\x9f\x98\x80\":1}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 ,2]}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":nul",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\u000a\"}",
        "{\"a\":\"\\u001F\"}",
        "{\"a\":\"\\u0020\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\\u00",
        "{\"a\":\"\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (proper(bad[i]))
            fail_msg("%s is not proper", bad[i]);
    assert_false(json_is_proper((struct text){"{\"a\":\"\0\"}", 9}, NULL, NULL));
    assert_false(json_is_proper(TEXT_NONE, NULL, NULL));
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[4 * JSON_DEPTH_MAX + 16];
    for (size_t depth = 1; depth < 2 * JSON_DEPTH_MAX; depth++) {
        size_t n = 0;
        memcpy(text, "{\"a\":", 5);
        n += 5;
        for (size_t i = 1; i < depth; i++)
            text[n++] = '[';
        text[n++] = '1';
        for (size_t i = 1; i < depth; i++)
            text[n++] = ']';
        text[n++] = '}';
        assert_int_equal(json_is_proper((struct text){text, n}, NULL, NULL), depth <= JSON_DEPTH_MAX);
    }
}

static void note(void *self, struct text name, struct text value)
{
    struct buffer *all = self;
    buffer_addf(all, TEXT_FMT "=" TEXT_FMT ";", TEXT_ARG(name), TEXT_ARG(value));
}

static void members_of_the_top_are_told(void **state)
{
    (void)state;
    struct buffer all;
    buffer_init(&all, KIB);
    assert_true(json_is_proper(TEXT("{\"a\":{\"x\":1},\"b\":\"\",\"c\":[{\"y\":2}]}"), note, &all));
    assert_text(buffer_text(&all), "a={\"x\":1};b=\"\";c=[{\"y\":2}];");
    buffer_done(&all);
}

static size_t strings(const char *list, bool *ret_whole)
{
    struct text rest = text_of(list), one;
    size_t n = 0;
    while (json_proper_string_of_list(&rest, &one))
        n++;
    *ret_whole = rest.len == 0;
    return n;
}

static void lists_of_strings(void **state)
{
    (void)state;
    bool whole;
    assert_true(strings("[\"a\",\"\",\"ccc\"]", &whole) == 3 && whole);
    assert_true(strings("[]", &whole) == 0 && whole);
    assert_true(strings("[\"a\",1]", &whole) == 1 && !whole);
    assert_true(strings("[\"a\\n\"]", &whole) == 0 && !whole);
    assert_true(strings("\"a\"", &whole) == 0 && !whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_is_proper), cmocka_unit_test(everything_else_is_not),
        cmocka_unit_test(depth_is_bounded),         cmocka_unit_test(members_of_the_top_are_told),
        cmocka_unit_test(lists_of_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
