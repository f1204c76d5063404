/* The arena: zeroed, aligned, within its budget, and whole after a reset. */
#include "support/test.h"

#include "base/arena.h"

static bool all_zero(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i])
            return false;
    return true;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct arena a;
    static unsigned char *pieces[COUNT];
    arena_init(&a, 64 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            size_t len = i * 37 % 5000;
            pieces[i] = arena_alloc(&a, len);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            assert_true(all_zero(pieces[i], len));
            memset(pieces[i], (int)(i % 251 + 1), len);
        }
        for (size_t i = 0; i < COUNT; i++)
            for (size_t k = 0; k < i * 37 % 5000; k++)
                if (pieces[i][k] != i % 251 + 1)
                    fail_msg("piece %zu was written over", i);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_done(&a);
}

static void budget_is_exact(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 160);
    for (int i = 0; i < 10; i++)
        assert_non_null(arena_alloc(&a, 1)); /* each counts as 16 */
    assert_null(arena_alloc(&a, 1));
    assert_null(arena_alloc(&a, 0));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 160));
    assert_null(arena_alloc(&a, 1));
    arena_done(&a);
    assert_non_null(arena_alloc(&a, 100)); /* the budget outlives arena_done */
    assert_null(arena_alloc(&a, 100));
    arena_done(&a);
    arena_init(&a, 0);
    assert_null(arena_alloc(&a, 1));
    arena_done(&a);
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    for (size_t less = 0; less < 64; less++)
        assert_null(arena_alloc(&a, SIZE_MAX - less));
    assert_null(arena_text(&a, (struct text){"x", SIZE_MAX}).ptr);
    assert_non_null(arena_alloc(&a, 10));
    arena_done(&a);
}

/* A large piece does not end the block that small ones are cut from. */
static void large_pieces_stand_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    char *first = arena_alloc(&a, 16);
    assert_non_null(arena_alloc(&a, 1 << 20));
    char *second = arena_alloc(&a, 16);
    assert_ptr_equal(second, first + 16);
    arena_done(&a);
}

static void texts(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    struct text t = arena_text(&a, (struct text){"abcdef", 3});
    assert_text(t, "abc");
    assert_int_equal(t.ptr[3], 0);
    assert_text(arena_text(&a, TEXT_NONE), "");
    assert_non_null(arena_text(&a, TEXT_NONE).ptr);
    assert_string_equal(arena_printf(&a, "%s-%05d", "x", 42), "x-00042");
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    assert_null(arena_printf(&a, "%5000d", 1));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(budget_is_exact),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(large_pieces_stand_apart),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
