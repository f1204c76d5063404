/* The log while the Nth allocation or file operation fails: a clear error, nothing leaked, nothing acknowledged lost.
 */
#include "log_made.h"

#include "base/limits.h"
#include "support/fault.h"
#include "support/scratch.h"

struct stage {
    char dir[SCRATCH_PATH_MAX];
    struct fault_io fault;
    uint64_t acked;
    bool created;
    struct fault why;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->dir);
    fault_io_init(&s->fault, io_system());
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static void empty(void *arg)
{
    struct stage *s = arg;
    scratch_empty(s->dir);
    s->acked = 0;
    s->created = false;
}

static bool create(void *arg)
{
    struct stage *s = arg;
    s->why.err = OK;
    enum err err = log_create_sized(&s->fault.io, s->dir, MADE_SEGMENT_BYTES, &s->why);
    if (err != OK)
        assert_int_equal(s->why.err, err);
    s->created = err == OK;
    return err == OK;
}

/* After a failed creation another one succeeds; after a good one the log opens. */
static void check_created(void *arg, bool completed)
{
    struct stage *s = arg;
    struct log *log;
    enum err err = log_open(io_system(), s->dir, true, &log, NULL);
    if (!completed && err == ERR_NOT_FOUND) {
        assert_ok(log_create_sized(io_system(), s->dir, MADE_SEGMENT_BYTES, NULL));
        err = log_open(io_system(), s->dir, true, &log, NULL);
    }
    assert_ok(err);
    assert_int_equal(log_size(log), 0);
    log_close(log);
}

/* One item without the asserts of made_stage(): it may fail. */
static enum err stage_plain(struct log *log, uint64_t n)
{
    char body[600];
    uint64_t got;
    int64_t t;
    struct place a, b;
    memset(body, (int)('a' + n % 26), sizeof body);
    struct log_item item = {.kind = TEXT("act"),
                            .t_us = (int64_t)n,
                            .public_part = TEXT("{}"),
                            .private_part = TEXT("{}"),
                            .body = {body, sizeof body}};
    return log_stage(log, &item, &got, &t, &a, &b);
}

static bool write_groups(void *arg)
{
    struct stage *s = arg;
    struct log *log;
    enum err err = log_open(&s->fault.io, s->dir, true, &log, &s->why);
    if (err != OK)
        return false;
    for (uint64_t n = 0; n < 600 && err == OK; n += 200) { /* over a segment's end */
        for (uint64_t i = n; i < n + 200 && err == OK; i++)
            err = stage_plain(log, i);
        if (err == OK)
            err = log_commit(log, &s->why);
        if (err == OK)
            s->acked = n + 200;
        assert_int_equal(log_size(log), s->acked);
    }
    log_close(log);
    return err == OK;
}

static void fresh_log(void *arg)
{
    struct stage *s = arg;
    empty(s);
    assert_ok(log_create_sized(io_system(), s->dir, MADE_SEGMENT_BYTES, NULL));
}

static void check_written(void *arg, bool completed)
{
    struct stage *s = arg;
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    uint64_t n = 0;
    assert_ok(log_open_known(io_system(), s->dir, true, s->acked, &log, NULL));
    assert_true(!completed || log_size(log) == 600);
    assert_int_equal(log_size(log) % 200, 0);
    assert_ok(log_reader_open(log, 0, &r, NULL));
    while (log_reader_next(r, &read, NULL) == OK)
        n++;
    assert_int_equal(n, log_size(log));
    log_reader_close(r);
    log_close(log);
}

static bool read_all(void *arg)
{
    struct stage *s = arg;
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    struct buffer body;
    uint64_t n = 0;
    enum err err = log_open(&s->fault.io, s->dir, false, &log, &s->why);
    if (err != OK)
        return false;
    buffer_init(&body, MIB);
    err = log_reader_open(log, 0, &r, &s->why);
    if (err == OK) {
        while ((err = log_reader_next(r, &read, &s->why)) == OK) {
            assert_int_equal(read.entry.n, n++);
            buffer_clear(&body);
            if (n % 50 == 0 && (err = log_body(log, read.body, &body, &s->why)) != OK)
                break;
        }
        log_reader_close(r);
    }
    if (err == ERR_NOT_FOUND)
        assert_int_equal(n, 600);
    buffer_done(&body);
    log_close(log);
    return err == ERR_NOT_FOUND;
}

static void creation(void **state)
{
    struct stage *s = *state;
    const struct fault_op op = {.prepare = empty, .run = create, .verify = check_created, .arg = s};
    assert_true(fault_each_allocation(&op) > 0);
    assert_true(fault_each_io(&op, &s->fault) > 0);
}

static void writing(void **state)
{
    struct stage *s = *state;
    const struct fault_op op = {.prepare = fresh_log, .run = write_groups, .verify = check_written, .arg = s};
    assert_true(fault_each_allocation(&op) > 0);
    assert_true(fault_each_io(&op, &s->fault) > 0);
}

static void reading(void **state)
{
    struct stage *s = *state;
    fresh_log(s);
    assert_true(write_groups(s));
    const struct fault_op op = {.run = read_all, .verify = check_written, .arg = s};
    assert_true(fault_each_allocation(&op) > 0);
    assert_true(fault_each_io(&op, &s->fault) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(creation, begin, end),
        cmocka_unit_test_setup_teardown(writing, begin, end),
        cmocka_unit_test_setup_teardown(reading, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
