/* A clock that is behind the log is noted, once; the log's times rise all the same. */
#include "history.h"

#include <unistd.h>

#include "base/time.h"
#include "store/clock.h"
#include "support/scratch.h"

static struct node *node;
static char home[SCRATCH_PATH_MAX];

/* The last entry, which must be an act; its words in subject. */
static uint64_t last(char subject[64])
{
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    struct arena arena;
    struct fact f;
    int64_t before_us = INT64_MIN;
    assert_ok(log_open(io_system(), scratch_path(home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &r, NULL));
    arena_init(&arena, MIB);
    while (log_reader_next(r, &read, NULL) == OK) {
        assert_true(read.entry.t_us > before_us);
        before_us = read.entry.t_us;
        arena_reset(&arena);
        assert_ok(fact_decode(&read, &arena, &f, NULL));
        subject[0] = 0;
        if (f.kind == FACT_ACT && text_eq(f.u.act.verb, TEXT("clock-jump")))
            snprintf(subject, 64, TEXT_FMT, TEXT_ARG(f.u.act.subject));
    }
    uint64_t n = log_size(log);
    log_reader_close(r);
    log_close(log);
    arena_done(&arena);
    return n;
}

static void behind_is_noted_once(void **state)
{
    char subject[64];
    (void)state;
    scratch_new(home);
    history_home(io_system(), home);
    assert_ok(node_open(io_system(), home, NODE_OWN, &node, NULL));
    int64_t now = clock_now_us();
    uint64_t n = last(subject);
    assert_ok(node_check_clock(node, now, NULL));
    assert_true(last(subject) == n);
    assert_ok(node_check_clock(node, now - CLOCK_JUMP_US / 2, NULL));
    assert_true(last(subject) == n);
    assert_ok(node_check_clock(node, now - 3600000000, NULL));
    assert_int_equal(last(subject), n + 1);
    assert_true(strtoll(subject, NULL, 10) <= -3600000000 + 60000000 && strtoll(subject, NULL, 10) > -3700000000);
    for (int i = 0; i < 3; i++) { /* every command opens the home */
        node_close(node);
        assert_ok(node_open(io_system(), home, NODE_OWN, &node, NULL));
        assert_ok(node_check_clock(node, now - 3590000000, NULL));
    }
    assert_int_equal(last(subject), n + 1);
    assert_ok(node_note_jump(node, 5000000, NULL));
    assert_int_equal(last(subject), n + 2);
    assert_string_equal(subject, "+5000000");
    assert_view_is_replay(node);
    node_close(node);
    scratch_remove(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(behind_is_noted_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
