/* A log comes into the archive whole or not at all: whatever allocation or call fails, wherever the machine stops.
 * What was acknowledged stays. */
#include "support/test.h"

#include <unistd.h>

#include "archive_set.h"
#include "base/limits.h"
#include "support/fault.h"
#include "support/recorder.h"
#include "support/scratch.h"

#define LINES                                                                   \
    "2026-01-01T00:00:00Z evil.com 1.2.3.4 http://x.example/a b@mail.example\n" \
    "2001:db8::1 d41d8cd98f00b204e9800998ecf8427e\n"
static const struct text first = {LINES "1\n", sizeof LINES + 1}, second = {LINES "2\n", sizeof LINES + 1};

struct scene {
    char folder[SCRATCH_PATH_MAX];
    struct fault_io io;
};

static void holds(const char *folder, uint32_t number, struct text want)
{
    struct buffer out;
    buffer_init(&out, MIB);
    assert_ok(archive_set_read(io_system(), folder, number, &out));
    assert_text_eq(buffer_text(&out), want);
    buffer_done(&out);
}

static void prepare(void *arg)
{
    struct scene *s = arg;
    uint32_t number;
    scratch_empty(s->folder);
    assert_ok(archive_set_add(io_system(), s->folder, "first", first, MIB, &number));
}

static bool add_second(void *arg)
{
    struct scene *s = arg;
    uint32_t number;
    return archive_set_add(&s->io.io, s->folder, "second", second, MIB, &number) == OK && number == 2;
}

static void first_stands(void *arg, bool completed)
{
    struct scene *s = arg;
    uint32_t *numbers;
    size_t count;
    holds(s->folder, 1, first);
    assert_ok(archive_folder_list(s->folder, &numbers, &count, NULL));
    assert_true(count == 1 || count == 2);
    assert_true(!completed || count == 2);
    if (count == 2)
        holds(s->folder, 2, second);
    free(numbers);
}

static bool read_both(void *arg)
{
    struct scene *s = arg;
    struct buffer out, scratch;
    struct archive_query *q = NULL;
    struct archive_log *l = NULL;
    uint64_t blocks;
    buffer_init(&out, MIB);
    buffer_init(&scratch, MIB);
    enum err err = archive_set_read(&s->io.io, s->folder, 1, &out);
    if (!err)
        err = archive_query_new(&q);
    if (!err)
        err = archive_query_add(q, VALUE_DOMAIN, TEXT("evil.com"));
    if (!err)
        err = archive_log_open(&s->io.io, s->folder, 1, &l, NULL);
    if (!err)
        err = archive_log_find(l, 0, q, &scratch, &blocks, NULL);
    assert_true(err || (blocks == 1 && text_eq(buffer_text(&out), first)));
    archive_log_free(l);
    archive_query_free(q);
    buffer_done(&out);
    buffer_done(&scratch);
    return err == OK;
}

static void adding_survives(void **state)
{
    struct scene *s = *state;
    const struct fault_op op = {.prepare = prepare, .run = add_second, .verify = first_stands, .arg = s};
    fault_io_init(&s->io, io_system());
    assert_true(fault_each_allocation(&op) > 10);
    assert_true(fault_each_io(&op, &s->io) > 20);
}

static void reading_survives(void **state)
{
    struct scene *s = *state;
    const struct fault_op op = {.run = read_both, .arg = s};
    prepare(s);
    fault_io_init(&s->io, io_system());
    assert_true(fault_each_allocation(&op) > 5);
    assert_true(fault_each_io(&op, &s->io) > 5);
}

/* ---- the machine stops ---- */

static void check_crash(void *arg, const char *dir, const struct crash *crash)
{
    const struct recorder *r = arg;
    uint32_t *numbers;
    size_t count;
    int64_t acked = recorder_last_mark(r, crash->point, "acked");
    assert_ok(archive_folder_list(dir, &numbers, &count, NULL));
    assert_true((int64_t)count >= acked);
    for (size_t i = 0; i < count; i++) {
        struct archive_log *l;
        enum err err = archive_log_open(io_system(), dir, numbers[i], &l, NULL);
        if ((int64_t)numbers[i] <= acked)
            assert_ok(err);
        if (err) /* named, but not there: it was never acknowledged */
            continue;
        archive_log_free(l);
        holds(dir, numbers[i], i ? second : first);
    }
    free(numbers);
}

static void stopping_keeps_what_was_acknowledged(void **state)
{
    struct scene *s = *state;
    char dir[SCRATCH_PATH_MAX];
    uint32_t number;
    scratch_empty(s->folder);
    scratch_new(dir);
    struct recorder *r = recorder_new(s->folder);
    assert_ok(archive_set_add(recorder_io(r), s->folder, "first", first, MIB, &number));
    recorder_mark(r, "acked", 1);
    assert_ok(archive_set_add(recorder_io(r), s->folder, "second", second, MIB, &number));
    recorder_mark(r, "acked", 2);
    const struct crash_plan plan = {.seed = 9, .torn = 2, .subsets = 4};
    assert_true(recorder_each_crash(r, &plan, dir, check_crash, r) > 50);
    recorder_free(r);
    scratch_remove(dir);
}

static int setup(void **state)
{
    static struct scene scene;
    scratch_new(scene.folder);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    scratch_remove(((struct scene *)*state)->folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_survives),
        cmocka_unit_test(reading_survives),
        cmocka_unit_test(stopping_keeps_what_was_acknowledged),
    };
    return cmocka_run_group_tests_name("match/archive_faults", tests, setup, teardown);
}
