/* The log under every crash the recorder can think of: whatever state the disk is left in, it opens, everything that
 * was acknowledged is there, groups are there whole or not at all, and it can be written to again. Three bugs are
 * planted to see that this test sees them. */
#include "liar.h"
#include "log_made.h"

#include <unistd.h>

#include "base/limits.h"
#include "support/recorder.h"
#include "support/scratch.h"

/* Two segments: the fourth group begins the second one. */
static const size_t groups[] = {1, 3, 90, 2, 1};
#define GROUPS (sizeof groups / sizeof groups[0])

static void append_groups(struct recorder *r, const struct io *io, const char *dir, enum bug bug, size_t from)
{
    struct log *log;
    uint64_t n = 0;
    assert_ok(log_open(io, dir, true, &log, NULL));
    for (size_t i = 0; i < GROUPS; i++) {
        if (i >= from) {
            assert_int_equal(log_size(log), n);
            if (bug == ACK_BEFORE_SYNC)
                recorder_mark(r, "acked", n + groups[i]);
            assert_ok(made_group(log, n, groups[i]));
            if (bug != ACK_BEFORE_SYNC)
                recorder_mark(r, "acked", n + groups[i]);
        }
        n += groups[i];
    }
    log_close(log);
}

struct check {
    const struct recorder *r;
    const char *again; /* a second folder, for crashes of the recovery; NULL: none */
    size_t states, lost, torn;
    bool only_count;
};

static bool between_groups(uint64_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < GROUPS && sum < n; i++)
        sum += groups[i];
    return sum == n;
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct check *c = arg;
    struct log *log;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    int64_t acked = recorder_last_mark(c->r, crash->point, "acked");
    bool made = recorder_has_mark(c->r, crash->point, "made", 0);
    c->states++;
    c->torn += crash->kind == CRASH_TORN;
    enum err err = log_open(io_system(), dir, true, &log, &f);
    if (err == ERR_NOT_FOUND && !made)
        return;
    if (err != OK || (int64_t)log_size(log) < acked) {
        c->lost++;
        if (!c->only_count)
            fail_msg("%s: %s, %s", crash_words(c->r, crash, words), err == OK ? "entries lost" : err_name(err),
                     f.what);
        if (err == OK)
            log_close(log);
        return;
    }
    if (c->only_count) {
        c->lost += !between_groups(log_size(log)) || !made_check_or_damaged(log);
        log_close(log);
        return;
    }
    assert_true(between_groups(log_size(log)));
    made_check(log);
    uint64_t n = log_size(log);
    assert_ok(made_group(log, n, 2));
    log_close(log);
    assert_ok(log_open_known(io_system(), dir, true, n + 2, &log, &f));
    made_check(log);
    log_close(log);
}

static struct check run(enum bug bug, struct crash_plan plan)
{
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    struct liar liar;
    scratch_new(root);
    scratch_new(dir);
    struct recorder *r = recorder_new(root);
    liar_init(&liar, recorder_io(r), bug);
    assert_ok(log_create_sized(&liar.io, root, MADE_SEGMENT_BYTES, NULL));
    recorder_mark(r, "made", 0);
    append_groups(r, &liar.io, root, bug, 0);
    assert_int_equal(access(scratch_path(root, "00000001.log"), F_OK), 0);
    struct check c = {.r = r, .only_count = bug != NO_BUG};
    recorder_each_crash(r, &plan, dir, look, &c);
    recorder_free(r);
    scratch_remove(root);
    scratch_remove(dir);
    return c;
}

static void every_crash(void **state)
{
    (void)state;
    struct check c = run(NO_BUG, (struct crash_plan){.seed = 11, .torn = 16, .subsets = 40});
    print_message("# %zu states, %zu of them torn\n", c.states, c.torn);
    assert_true(c.states > 300 && c.torn > 40);
}

static void planted_bugs_are_seen(void **state)
{
    (void)state;
    static const enum bug bugs[] = {ACK_BEFORE_SYNC, NO_SYNC, COMMIT_BEFORE_DATA};
    for (size_t i = 0; i < ARRAY_LEN(bugs); i++) {
        struct check c = run(bugs[i], (struct crash_plan){.seed = 5, .torn = 2, .subsets = 4});
        print_message("# bug %d: seen in %zu of %zu states\n", (int)bugs[i], c.lost, c.states);
        assert_true(c.lost > 0);
    }
}

/* ---- crashes of the recovery itself: each state a first crash left is recovered under a second recorder ---- */

struct second {
    const struct recorder *first;
    struct recorder *r;
    char work[SCRATCH_PATH_MAX];
    int64_t acked;
    size_t states;
};

static void look_again(void *arg, const char *dir, const struct crash *crash)
{
    struct second *s = arg;
    struct log *log;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    int64_t later = recorder_last_mark(s->r, crash->point, "acked");
    s->states++;
    enum err err = log_open(io_system(), dir, true, &log, &f);
    if (err != OK)
        fail_msg("%s: %s", crash_words(s->r, crash, words), f.what);
    made_check(log);
    assert_true((int64_t)log_size(log) >= (later >= 0 ? later : s->acked));
    log_close(log);
}

static void recover_and_crash(void *arg, const char *dir, const struct crash *crash)
{
    struct second *s = arg;
    struct log *log;
    if (crash->kind == CRASH_PREFIX || !recorder_has_mark(s->first, crash->point, "made", 0))
        return;
    s->acked = recorder_last_mark(s->first, crash->point, "acked");
    s->r = recorder_new(dir);
    assert_ok(log_open(recorder_io(s->r), dir, true, &log, NULL));
    uint64_t n = log_size(log);
    assert_ok(made_group(log, n, 1)); /* shorter than what may lie there */
    recorder_mark(s->r, "acked", n + 1);
    log_close(log);
    const struct crash_plan plan = {.seed = 3, .torn = 2, .subsets = 3};
    recorder_each_crash(s->r, &plan, s->work, look_again, s);
    recorder_free(s->r);
}

static void crash_of_the_recovery(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    struct second s = {0};
    scratch_new(root);
    scratch_new(dir);
    scratch_new(s.work);
    struct recorder *r = recorder_new(root);
    s.first = r;
    assert_ok(log_create_sized(recorder_io(r), root, MADE_SEGMENT_BYTES, NULL));
    recorder_mark(r, "made", 0);
    append_groups(r, recorder_io(r), root, NO_BUG, 0);
    const struct crash_plan plan = {.seed = 9, .torn = 3, .subsets = 3};
    recorder_each_crash(r, &plan, dir, recover_and_crash, &s);
    print_message("# %zu states\n", s.states);
    assert_true(s.states > 150);
    recorder_free(r);
    scratch_remove(root);
    scratch_remove(dir);
    scratch_remove(s.work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_crash),
        cmocka_unit_test(planted_bugs_are_seen),
        cmocka_unit_test(crash_of_the_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
