/* Every Nth allocation of what base allocates: no leak, outputs untouched, content as it was. */
#include "support/test.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/outbound_make.h"
#include "support/fault.h"
#include "support/scratch.h"

static bool fill_buffer(void *arg)
{
    (void)arg;
    struct buffer b;
    size_t whole = 0;
    buffer_init(&b, 1 << 20);
    for (int i = 0; i < 2000 && buffer_error(&b) == OK; i++) {
        whole = b.len;
        buffer_addf(&b, "line %d of many\n", i);
    }
    bool ok = buffer_error(&b) == OK;
    if (!ok) { /* what the failed add found is still there, whole lines only */
        assert_err(buffer_error(&b), ERR_NOMEM);
        assert_int_equal(b.len, whole);
        assert_true(b.len == 0 || b.ptr[b.len - 1] == '\n');
    }
    base64_write(&b, "abc", 3);
    ok = base64_read(TEXT("Zm9v"), &b) == OK && ok;
    char *taken = buffer_take(&b, NULL);
    ok = taken != NULL && ok;
    free(taken);
    buffer_done(&b);
    return ok;
}

static void buffers(void **state)
{
    (void)state;
    assert_true(fault_each_allocation(&(struct fault_op){.run = fill_buffer}) > 10);
}

static bool fill_arena(void *arg)
{
    (void)arg;
    struct arena a;
    bool ok = true;
    arena_init(&a, 8 * MIB);
    for (size_t i = 0; i < 500; i++) {
        struct text copy = arena_text(&a, TEXT("some text"));
        ok = copy.ptr && arena_alloc(&a, i * 97 % 9000) && arena_printf(&a, "%zu", i) && ok;
        if (i == 250)
            arena_reset(&a);
    }
    arena_done(&a);
    return ok;
}

static void arenas(void **state)
{
    (void)state;
    assert_true(fault_each_allocation(&(struct fault_op){.run = fill_arena}) > 10);
}

static bool make_outbound(void *arg)
{
    (void)arg;
    struct buffer body;
    buffer_init(&body, 100);
    buffer_add(&body, TEXT("body"));
    struct outbound *o = outbound_new(0, TEXT("text/plain"), &body);
    bool ok = o != NULL;
    for (int i = 0; i < 3 && o; i++) {
        size_t count = outbound_header_count(o);
        enum err err = outbound_add_header(o, TEXT("Name"), TEXT("value"));
        assert_int_equal(outbound_header_count(o), count + (err == OK));
        ok = err == OK && ok;
    }
    outbound_free(o);
    return ok;
}

static void outbounds(void **state)
{
    (void)state;
    assert_true(fault_each_allocation(&(struct fault_op){.run = make_outbound}) > 8);
}

static bool replace(void *arg)
{
    return io_replace_file(io_system(), arg, "content", 7, 0600) == 0;
}

static void replacing_a_file(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
    scratch_new(dir);
    snprintf(path, sizeof path, "%s/file", dir);
    assert_int_equal(fault_each_allocation(&(struct fault_op){.run = replace, .arg = path}), 4);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers),
        cmocka_unit_test(arenas),
        cmocka_unit_test(outbounds),
        cmocka_unit_test(replacing_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
