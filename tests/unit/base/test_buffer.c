/* The buffer: its maximum to the byte, the sticky error, and that a failed add leaves what was there. */
#include "support/test.h"

#include <limits.h>

#include "base/buffer.h"

static void grows_and_keeps(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1 << 20);
    assert_text(buffer_text(&b), "");
    for (int i = 0; i < 100000; i++)
        buffer_add_char(&b, (char)('a' + i % 26));
    assert_ok(buffer_error(&b));
    assert_int_equal(b.len, 100000);
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] != (char)('a' + i % 26))
            fail_msg("byte %zu changed", i);
    buffer_done(&b);
    assert_null(b.ptr);
}

static void maximum_is_exact(void **state)
{
    (void)state;
    for (size_t max = 0; max < 200; max++) {
        struct buffer b;
        buffer_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buffer_add_char(&b, 'x');
        assert_ok(buffer_error(&b));
        buffer_add_bytes(&b, "", 0);
        assert_ok(buffer_error(&b));
        buffer_add_char(&b, 'x');
        assert_err(buffer_error(&b), ERR_LIMIT);
        assert_int_equal(b.len, max);
        buffer_done(&b);
    }
}

static void error_sticks_and_keeps_content(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 10);
    buffer_add(&b, TEXT("12345678"));
    buffer_add(&b, TEXT("abc"));
    buffer_add(&b, TEXT("d")); /* would fit; the chain is broken */
    buffer_addf(&b, "%d", 1);
    buffer_add_u8(&b, 1);
    buffer_add_sized(&b, TEXT_NONE);
    assert_null(buffer_reserve(&b, 1));
    assert_null(buffer_take(&b, NULL));
    assert_err(buffer_error(&b), ERR_LIMIT);
    assert_text(buffer_text(&b), "12345678");
    buffer_clear(&b);
    assert_ok(buffer_error(&b));
    buffer_add(&b, TEXT("0123456789"));
    assert_text(buffer_text(&b), "0123456789");
    buffer_done(&b);
}

/* Clearing keeps the memory, which may be larger than what is left of the maximum. */
static void maximum_holds_after_clear(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 5);
    buffer_add(&b, TEXT("12345"));
    buffer_clear(&b);
    buffer_add(&b, TEXT("123456"));
    assert_err(buffer_error(&b), ERR_LIMIT);
    buffer_done(&b);
}

static void formats(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    buffer_addf(&b, "%s=%d", "key", 42);
    assert_text(buffer_text(&b), "key=42");
    for (int width = 0; width < 300; width++) { /* around every size the memory has */
        buffer_clear(&b);
        buffer_addf(&b, "<%*d>", width, 7);
        assert_int_equal(b.len, (width ? width : 1) + 2);
        assert_int_equal(b.ptr[0], '<');
        assert_int_equal(b.ptr[b.len - 1], '>');
    }
    buffer_clear(&b);
    buffer_add(&b, TEXT("kept"));
    buffer_addf(&b, "%*d", 997, 1);
    assert_err(buffer_error(&b), ERR_LIMIT);
    assert_text(buffer_text(&b), "kept");
    buffer_done(&b);
    buffer_init(&b, 6);
    buffer_addf(&b, "%s", "123456");
    assert_text(buffer_text(&b), "123456");
    buffer_done(&b);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 100);
    buffer_add_u8(&b, 0x01);
    buffer_add_u16(&b, 0x0302);
    buffer_add_u32(&b, 0x07060504);
    buffer_add_u64(&b, UINT64_C(0x0F0E0D0C0B0A0908));
    buffer_add_sized(&b, TEXT("hi"));
    buffer_add_sized(&b, TEXT_NONE);
    static const uint8_t expected[] = {1,  2,  3, 4, 5, 6, 7,   8,   9, 10, 11, 12, 13,
                                       14, 15, 2, 0, 0, 0, 'h', 'i', 0, 0,  0,  0};
    assert_int_equal(b.len, sizeof expected);
    assert_memory_equal(b.ptr, expected, sizeof expected);
    buffer_done(&b);
    buffer_init(&b, 5);
    buffer_add_sized(&b, TEXT("ab")); /* neither the length nor the bytes */
    assert_err(buffer_error(&b), ERR_LIMIT);
    assert_int_equal(b.len, 0);
    buffer_done(&b);
}

static void reserve_and_take(void **state)
{
    (void)state;
    struct buffer b;
    size_t len = 99;
    buffer_init(&b, 8);
    assert_non_null(buffer_reserve(&b, 0));
    char *place = buffer_reserve(&b, 8);
    assert_non_null(place);
    memcpy(place, "12345678", 9); /* the byte behind is ours too */
    char *taken = buffer_take(&b, &len);
    assert_string_equal(taken, "12345678");
    assert_int_equal(len, 8);
    assert_int_equal(b.len, 0);
    free(taken);
    taken = buffer_take(&b, &len); /* an empty one is a text as well */
    assert_string_equal(taken, "");
    assert_int_equal(len, 0);
    free(taken);
    buffer_add(&b, TEXT("again"));
    assert_text(buffer_text(&b), "again");
    buffer_done(&b);
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, SIZE_MAX);
    buffer_add_char(&b, 'x');
    assert_null(buffer_reserve(&b, SIZE_MAX));
    assert_err(buffer_error(&b), ERR_LIMIT);
    buffer_clear(&b);
    buffer_add_char(&b, 'x');
    assert_null(buffer_reserve(&b, SIZE_MAX - 1)); /* with the spare byte it would be one too many */
    assert_err(buffer_error(&b), ERR_LIMIT);
    buffer_clear(&b);
    assert_null(buffer_reserve(&b, SIZE_MAX / 2));
    assert_err(buffer_error(&b), ERR_NOMEM);
    buffer_clear(&b);
    buffer_add(&b, TEXT("fine"));
    assert_text(buffer_text(&b), "fine");
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(maximum_is_exact),
        cmocka_unit_test(error_sticks_and_keeps_content),
        cmocka_unit_test(maximum_holds_after_clear),
        cmocka_unit_test(formats),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(reserve_and_take),
        cmocka_unit_test(sizes_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
