/* The cursor: every read at every length, the sticky failure, and no read behind the end. */
#include "support/test.h"

#include "base/buffer.h"
#include "base/cursor.h"

static void reads_what_the_buffer_wrote(void **state)
{
    (void)state;
    struct buffer b;
    struct cursor c;
    uint8_t copied[3];
    buffer_init(&b, 100);
    buffer_add_u8(&b, 200);
    buffer_add_u16(&b, 50000);
    buffer_add_u32(&b, 4000000000);
    buffer_add_u64(&b, UINT64_MAX - 1);
    buffer_add_sized(&b, TEXT("sized"));
    buffer_add_sized(&b, TEXT_NONE);
    buffer_add(&b, TEXT("rawxyz"));
    cursor_init(&c, buffer_text(&b));
    assert_int_equal(cursor_u8(&c), 200);
    assert_int_equal(cursor_u16(&c), 50000);
    assert_true(cursor_u32(&c) == 4000000000);
    assert_true(cursor_u64(&c) == UINT64_MAX - 1);
    assert_text(cursor_text(&c), "sized");
    struct text empty = cursor_text(&c);
    assert_int_equal(empty.len, 0);
    assert_non_null(empty.ptr);
    assert_text(cursor_bytes(&c, 3), "raw");
    cursor_copy(&c, copied, 3);
    assert_memory_equal(copied, "xyz", 3);
    assert_ok(cursor_error(&c));
    assert_true(cursor_end(&c));
    buffer_done(&b);
}

static void assert_failed(struct cursor *c)
{
    uint8_t copied[4] = {1, 2, 3, 4};
    static const uint8_t zeros[4];
    assert_err(cursor_error(c), ERR_MALFORMED);
    assert_true(cursor_end(c));
    assert_int_equal(cursor_left(c), 0);
    assert_true(cursor_u8(c) == 0 && cursor_u16(c) == 0 && cursor_u32(c) == 0 && cursor_u64(c) == 0);
    assert_null(cursor_bytes(c, 0).ptr);
    assert_null(cursor_text(c).ptr);
    cursor_copy(c, copied, sizeof copied);
    assert_memory_equal(copied, zeros, sizeof zeros);
    assert_err(cursor_error(c), ERR_MALFORMED);
}

/* One byte too few for each kind of read, in a block where one byte too far is seen. */
static void short_by_one(void **state)
{
    (void)state;
    for (size_t need = 1; need <= 8; need *= 2) {
        uint8_t *bytes = calloc(1, need);
        assert_non_null(bytes);
        struct cursor c;
        cursor_init(&c, (struct text){(char *)bytes + 1, need - 1});
        uint64_t got = need == 1   ? cursor_u8(&c)
                       : need == 2 ? cursor_u16(&c)
                       : need == 4 ? cursor_u32(&c)
                                   : cursor_u64(&c);
        assert_true(got == 0);
        assert_failed(&c);
        cursor_init(&c, (struct text){(char *)bytes, need});
        (void)(need == 1 ? cursor_u8(&c) : need == 2 ? cursor_u16(&c) : need == 4 ? cursor_u32(&c) : cursor_u64(&c));
        assert_ok(cursor_error(&c));
        free(bytes);
    }
}

static void lengths_that_lie(void **state)
{
    (void)state;
    struct cursor c;
    cursor_init(&c, TEXT("\xFF\xFF\xFF\xFFrest"));
    assert_null(cursor_text(&c).ptr);
    assert_failed(&c);
    cursor_init(&c, TEXT("\x05\x00\x00\x00"
                         "rest"));
    assert_null(cursor_text(&c).ptr);
    assert_failed(&c);
    cursor_init(&c, TEXT("abc"));
    cursor_u8(&c);
    assert_null(cursor_bytes(&c, SIZE_MAX).ptr); /* pos + len would wrap */
    assert_failed(&c);
}

/* A failure is not undone by reads that would have fitted. */
static void failure_sticks(void **state)
{
    (void)state;
    struct cursor c;
    cursor_init(&c, TEXT("abcdef"));
    cursor_u8(&c);
    cursor_fail(&c);
    assert_failed(&c);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct cursor c;
    cursor_init(&c, TEXT_NONE);
    assert_true(cursor_end(&c));
    assert_ok(cursor_error(&c));
    assert_non_null(cursor_bytes(&c, 0).ptr);
    cursor_copy(&c, NULL, 0);
    assert_ok(cursor_error(&c));
    cursor_u8(&c);
    assert_failed(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_buffer_wrote),
        cmocka_unit_test(short_by_one),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(failure_sticks),
        cmocka_unit_test(nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
