/* What leaves the house: the body's memory changes hands, and no header carries a second one. */
#include "support/test.h"

#include "base/limits.h"
#include "base/outbound_make.h"

static struct outbound *make(const char *media_type, const char *content)
{
    struct buffer body;
    buffer_init(&body, 1000);
    buffer_add(&body, text_of(content));
    struct outbound *o = outbound_new(200, text_of(media_type), &body);
    assert_int_equal(body.len, 0);
    assert_null(body.ptr);
    return o;
}

static void holds_what_it_was_given(void **state)
{
    (void)state;
    struct outbound *o = make("application/taxii+json;version=2.1", "{}");
    assert_non_null(o);
    assert_ok(outbound_add_header(o, TEXT("X-TAXII-Date-Added-First"), TEXT("2024-01-01T00:00:00Z")));
    assert_ok(outbound_add_header(o, TEXT("Empty"), TEXT_NONE));
    assert_int_equal(outbound_status(o), 200);
    assert_text(outbound_media_type(o), "application/taxii+json;version=2.1");
    assert_text(outbound_body(o), "{}");
    assert_int_equal(outbound_header_count(o), 2);
    struct text name, value;
    outbound_header(o, 0, &name, &value);
    assert_string_equal(name.ptr, "X-TAXII-Date-Added-First");
    assert_string_equal(value.ptr, "2024-01-01T00:00:00Z");
    outbound_header(o, 1, &name, &value);
    assert_text(name, "Empty");
    assert_text(value, "");
    outbound_free(o);
    outbound_free(NULL);
}

static void nothing_breaks_out_of_a_header(void **state)
{
    (void)state;
    struct outbound *o = make("text/plain", "");
    assert_non_null(o);
    static const char *const bad_names[] = {"", "a b", "a:b", "a\r\nb", "a\n", "\xC3\xA9", "a(b)", "\"a\"", "a/b"};
    static const char *const bad_values[] = {"a\r\nSet-Cookie: x", "a\nb", "\r", "a\x7F", "\x01"};
    for (size_t i = 0; i < ARRAY_LEN(bad_names); i++)
        assert_err(outbound_add_header(o, text_of(bad_names[i]), TEXT("x")), ERR_MALFORMED);
    for (size_t i = 0; i < ARRAY_LEN(bad_values); i++)
        assert_err(outbound_add_header(o, TEXT("x"), text_of(bad_values[i])), ERR_MALFORMED);
    assert_err(outbound_add_header(o, TEXT("x"), TEXT("a\0b")), ERR_MALFORMED);
    assert_err(outbound_add_header(o, TEXT("x\0y"), TEXT("a")), ERR_MALFORMED);
    assert_ok(outbound_add_header(o, TEXT("x"), TEXT("tab\tand \xC3\xA9")));
    assert_int_equal(outbound_header_count(o), 1);
    outbound_free(o);
    assert_null(make("text/plain\r\nX: y", "body"));
}

static void headers_have_a_limit(void **state)
{
    (void)state;
    struct outbound *o = make("text/plain", "");
    char *value = calloc(1, HTTP_HEADERS_MAX_BYTES + 1);
    assert_non_null(value);
    memset(value, 'v', HTTP_HEADERS_MAX_BYTES);
    assert_err(outbound_add_header(o, TEXT("x"), (struct text){value, HTTP_HEADERS_MAX_BYTES}), ERR_LIMIT);
    assert_ok(outbound_add_header(o, TEXT("x"), (struct text){value, HTTP_HEADERS_MAX_BYTES - 1}));
    assert_err(outbound_add_header(o, TEXT("y"), TEXT_NONE), ERR_LIMIT);
    free(value);
    outbound_free(o);
}

static void a_failed_body_makes_nothing(void **state)
{
    (void)state;
    struct buffer body;
    buffer_init(&body, 3);
    buffer_add(&body, TEXT("ab"));
    buffer_add(&body, TEXT("cd"));
    assert_null(outbound_new(200, TEXT("text/plain"), &body));
    assert_null(body.ptr);
    buffer_add(&body, TEXT("abc")); /* may be used again */
    assert_ok(buffer_error(&body));
    buffer_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_it_was_given),
        cmocka_unit_test(nothing_breaks_out_of_a_header),
        cmocka_unit_test(headers_have_a_limit),
        cmocka_unit_test(a_failed_body_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
