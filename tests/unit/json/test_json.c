/* Reading JSON: what is refused, and what the accessors say. */
#include <stdio.h>

#include "base/limits.h"
#include "read.h"
#include "support/test.h"

static void values_are_read(void **state)
{
    (void)state;
    struct json_doc *doc =
        parsed(TEXT("{\"s\":\"a\\u0000b\",\"n\":-7,\"f\":0.5,\"t\":true,\"z\":null,\"a\":[1,2,3],\"o\":{}}"));
    const struct json_val *root = json_root(doc);
    int64_t i = 0;
    double f = 0;
    assert_int_equal(json_type(root), JSON_OBJECT);
    assert_int_equal(json_size(root), 7);
    assert_text_eq(json_text(json_get(root, "s")), ((struct text){"a\0b", 3}));
    assert_true(json_i64(json_get(root, "n"), &i) && i == -7);
    assert_true(json_f64(json_get(root, "f"), &f) && f == 0.5);
    assert_false(json_i64(json_get(root, "f"), &i));
    assert_true(json_bool(json_get(root, "t"), false));
    assert_int_equal(json_type(json_get(root, "z")), JSON_NULL);
    assert_int_equal(json_size(json_get(root, "a")), 3);
    assert_int_equal(json_type(json_get(root, "o")), JSON_OBJECT);
    json_free(doc);
}

/* NULL stands for "not there", and a value of another type is not there either. */
static void absent_values_are_nothing(void **state)
{
    (void)state;
    struct json_doc *doc = parsed(TEXT("[\"x\"]"));
    int64_t i = 5;
    double f = 5;
    assert_null(json_get(json_root(doc), "x"));
    assert_null(json_get(NULL, "x"));
    assert_int_equal(json_type(NULL), JSON_NONE);
    assert_int_equal(json_size(NULL), 0);
    assert_null(json_text(json_root(doc)).ptr);
    assert_false(json_is_string(NULL));
    assert_true(json_bool(NULL, true));
    assert_false(json_i64(NULL, &i) || json_f64(NULL, &f));
    assert_true(i == 5 && f == 5);
    assert_null(json_root(NULL));
    struct json_iter it = json_iter_of(NULL);
    assert_false(json_next(&it));
    json_free(NULL);
    json_free(doc);
}

static void iteration_is_in_order(void **state)
{
    (void)state;
    struct json_doc *doc = parsed(TEXT("{\"b\":[[],{\"x\":1}],\"a\":2,\"\":3}"));
    char seen[64] = "";
    for (struct json_iter it = json_iter_of(json_root(doc)); json_next(&it);) {
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "%zu" TEXT_FMT "%d ", it.index, TEXT_ARG(it.key),
                 json_type(it.val));
    }
    assert_string_equal(seen, "0b5 1a3 23 ");
    size_t elements = 0;
    for (struct json_iter it = json_iter_of(json_get(json_root(doc), "b")); json_next(&it); elements++)
        assert_null(it.key.ptr);
    assert_int_equal(elements, 2);
    struct json_iter none = json_iter_of(json_get(json_root(doc), "a"));
    assert_false(json_next(&none));
    json_free(doc);
}

static void integers_have_a_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
        int64_t value;
    } cases[] = {
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"1.0", true, 1},
        {"10e-1", true, 1},
        {"1e3", true, 1000},
        {"0.5", false, 0},
        {"9007199254740992.0", true, 9007199254740992},
        {"9.007199254740994e15", false, 0},
        {"1e400", false, 0},
        {"-0", true, 0},
    };
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        struct json_doc *doc = parsed(text_of(cases[k].text));
        int64_t i = 99;
        if (json_i64(json_root(doc), &i) != cases[k].is || i != (cases[k].is ? cases[k].value : 99))
            fail_msg("%s: %lld", cases[k].text, (long long)i);
        json_free(doc);
    }
}

static void refused(const char *text, enum err err, int64_t offset, const char *rule)
{
    struct json_doc *doc = NULL;
    struct fault fault = {0};
    enum err e = json_parse(text_of(text), &doc, &fault);
    if (e != err || fault.offset != offset || strcmp(fault.rule, rule) != 0 || doc)
        fail_msg("%s: %s at %lld, %s", text, err_name(e), (long long)fault.offset, fault.rule);
}

static void faults_have_a_place(void **state)
{
    (void)state;
    refused("", ERR_MALFORMED, 0, "RFC 8259");
    refused(" \n ", ERR_MALFORMED, 0, "RFC 8259");
    refused("{\"a\":1}x", ERR_MALFORMED, 7, "RFC 8259");
    refused("\xEF\xBB\xBF{}", ERR_MALFORMED, 0, "RFC 8259");
    refused("{\"a\":1,\"b\":{\"c\":1,\"c\":2}}", ERR_MALFORMED, 18, "RFC 7493 2.3");
    refused("[{\"a\":1,\"\\u0061\":2}]", ERR_MALFORMED, 8, "RFC 7493 2.3");
    refused("[{\"\":1,\"\":2}]", ERR_MALFORMED, 7, "RFC 7493 2.3");
    refused("\"\\ud800\"", ERR_MALFORMED, 7, "RFC 8259");
    refused("\"\xc0\x80\"", ERR_MALFORMED, 1, "RFC 8259");
    refused("{\"a\":NaN}", ERR_MALFORMED, 5, "RFC 8259");
}

static char *nested(size_t depth)
{
    char *text = malloc(2 * depth + 1);
    assert_non_null(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = 0;
    return text;
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct json_doc *doc = NULL;
    char *deepest = nested(JSON_DEPTH_MAX), *deeper = nested(JSON_DEPTH_MAX + 1), *absurd = nested(1000000);
    json_free(parsed(text_of(deepest)));
    refused(deeper, ERR_LIMIT, -1, "JSON_DEPTH_MAX");
    assert_err(json_parse(text_of(absurd), &doc, NULL), ERR_LIMIT);
    free(deepest);
    free(deeper);
    free(absurd);
}

static struct text many_names(struct buffer *b, size_t count, size_t twin)
{
    buffer_init(b, 64 * MIB);
    buffer_add_char(b, '{');
    for (size_t i = 0; i < count; i++)
        buffer_addf(b, "%s\"name-%07zu\":%zu", i ? "," : "", i, i);
    if (twin < count)
        buffer_addf(b, ",\"name-%07zu\":0", twin);
    buffer_add_char(b, '}');
    assert_ok(buffer_error(b));
    return buffer_text(b);
}

/* Any number of names, few or many, and a twin of any of them. */
static void twins_are_found(void **state)
{
    (void)state;
    for (size_t count = 1; count < 60; count++)
        for (size_t twin = 0; twin <= count; twin++) {
            struct buffer b;
            struct json_doc *doc = NULL;
            struct fault fault;
            enum err e = json_parse(many_names(&b, count, twin), &doc, &fault);
            assert_err(e, twin < count ? ERR_MALFORMED : OK);
            if (e) /* the second of the two is named */
                assert_int_equal(fault.offset, (int64_t)(b.len - strlen("\"name-0000000\":0}")));
            json_free(doc);
            buffer_done(&b);
        }
}

/* A hundred thousand names that differ only in the middle: no quadratic search. */
static void many_names_are_quick(void **state)
{
    (void)state;
    struct buffer b;
    struct json_doc *doc = NULL;
    json_free(parsed(many_names(&b, 100000, SIZE_MAX)));
    buffer_done(&b);
    assert_err(json_parse(many_names(&b, 100000, 50000), &doc, NULL), ERR_MALFORMED);
    buffer_done(&b);
}

/* A hostile name is not repeated into a message. */
static void messages_are_plain(void **state)
{
    (void)state;
    struct json_doc *doc = NULL;
    struct fault fault;
    assert_err(json_parse(TEXT("{\"\\u001b[2J\":1,\"\\u001b[2J\":2}"), &doc, &fault), ERR_MALFORMED);
    for (const char *p = fault.what; *p; p++)
        assert_true(*p >= 0x20 && *p < 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),       cmocka_unit_test(absent_values_are_nothing),
        cmocka_unit_test(iteration_is_in_order), cmocka_unit_test(integers_have_a_range),
        cmocka_unit_test(faults_have_a_place),   cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(twins_are_found),       cmocka_unit_test(many_names_are_quick),
        cmocka_unit_test(messages_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
