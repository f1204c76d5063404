/* The recorder against a program small enough to be right by reading: it appends lines, syncs, and says "acked n".
 * With the planted bug it says so before the sync, and a crash state must show it. */
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "support/recorder.h"
#include "support/scratch.h"

#define LINE_BYTES 700 /* more than a sector, and never aligned */
#define LINES      5

struct program {
    bool ack_too_early, no_folder_sync;
};

struct check {
    const struct recorder *r;
    size_t states, lost_promises, torn_seen;
};

static void fill_line(char line[LINE_BYTES], unsigned n)
{
    memset(line, (int)('a' + n), LINE_BYTES);
}

static void run_program(struct recorder *r, const char *root, struct program p)
{
    const struct io *io = recorder_io(r);
    char path[SCRATCH_PATH_MAX + 8], line[LINE_BYTES];
    snprintf(path, sizeof path, "%s/log", root);
    int fd = io->open(io->self, path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    if (!p.no_folder_sync)
        assert_int_equal(io_sync_parent(io, path), 0);
    for (unsigned n = 0; n < LINES; n++) {
        fill_line(line, n);
        assert_int_equal(io_write_all(io, fd, line, sizeof line, (int64_t)n * LINE_BYTES), 0);
        if (p.ack_too_early)
            recorder_mark(r, "acked", n);
        assert_int_equal(io->sync(io->self, fd), 0);
        if (!p.ack_too_early)
            recorder_mark(r, "acked", n);
    }
    io->close(io->self, fd);
}

/* What recovery would do: count whole lines from the start. */
static int64_t last_whole_line(const char *dir)
{
    size_t len = 0;
    char line[LINE_BYTES], *content = scratch_read(scratch_path(dir, "log"), &len);
    int64_t last = -1;
    for (unsigned n = 0; content && (n + 1) * (size_t)LINE_BYTES <= len; n++) {
        fill_line(line, n);
        if (memcmp(content + n * (size_t)LINE_BYTES, line, LINE_BYTES) != 0)
            break;
        last = n;
    }
    free(content);
    return last;
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct check *c = arg;
    c->states++;
    c->torn_seen += crash->kind == CRASH_TORN;
    if (last_whole_line(dir) < recorder_last_mark(c->r, crash->point, "acked"))
        c->lost_promises++;
}

static struct check run_and_check(struct program p)
{
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    scratch_new(root);
    scratch_new(dir);
    struct recorder *r = recorder_new(root);
    run_program(r, root, p);
    struct check c = {.r = r};
    const struct crash_plan plan = {.seed = 1, .torn = 6, .subsets = 4};
    size_t states = recorder_each_crash(r, &plan, dir, look, &c);
    assert_int_equal(states, c.states);
    recorder_free(r);
    scratch_remove(root);
    scratch_remove(dir);
    return c;
}

static void right_program_keeps_its_promises(void **state)
{
    (void)state;
    struct check c = run_and_check((struct program){0});
    assert_true(c.states > 30);
    assert_true(c.torn_seen >= 6 * LINES);
    assert_int_equal(c.lost_promises, 0);
}

static void ack_before_sync_is_caught(void **state)
{
    (void)state;
    assert_true(run_and_check((struct program){.ack_too_early = true}).lost_promises > 0);
}

static void name_without_folder_sync_is_caught(void **state)
{
    (void)state;
    assert_true(run_and_check((struct program){.no_folder_sync = true}).lost_promises > 0);
}

/* A small stage for looking at single states. */
struct stage {
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    struct recorder *r;
    const struct io *io;
    int fd;
};

static void stage_init(struct stage *s)
{
    scratch_new(s->root);
    scratch_new(s->dir);
    scratch_write(scratch_path(s->root, "base"), "0123456789", 10);
    s->r = recorder_new(s->root);
    s->io = recorder_io(s->r);
    s->fd = s->io->open(s->io->self, scratch_path(s->root, "base"), O_RDWR, 0);
    assert_true(s->fd >= 0);
}

static void stage_done(struct stage *s)
{
    s->io->close(s->io->self, s->fd);
    recorder_free(s->r);
    scratch_remove(s->root);
    scratch_remove(s->dir);
}

static void assert_state(struct stage *s, struct crash crash, const char *name, const char *expected, size_t len)
{
    size_t got_len = 0;
    recorder_materialise(s->r, &crash, s->dir);
    char *got = scratch_read(scratch_path(s->dir, name), &got_len);
    if (!expected) {
        assert_null(got);
        return;
    }
    assert_non_null(got);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, expected, len);
    free(got);
}

static void contents_follow_the_operations(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    void *self = s.io->self;
    s.io->pwrite(self, s.fd, "AB", 2, 2);  /* 0 */
    s.io->pwrite(self, s.fd, "CD", 2, 12); /* 1: a hole before it */
    s.io->truncate(self, s.fd, 5);         /* 2 */
    s.io->allocate(self, s.fd, 4, 4);      /* 3 */
    s.io->sync(self, s.fd);                /* 4 */
    s.io->pwrite(self, s.fd, "zz", 2, 8);  /* 5 */
    assert_int_equal(recorder_len(s.r), 6);
    assert_state(&s, (struct crash){.point = 0}, "base", "0123456789", 10);
    assert_state(&s, (struct crash){.point = 1}, "base", "01AB456789", 10);
    assert_state(&s, (struct crash){.point = 2}, "base", "01AB456789\0\0CD", 14);
    assert_state(&s, (struct crash){.point = 3}, "base", "01AB4", 5);
    assert_state(&s, (struct crash){.point = 4}, "base", "01AB4\0\0\0", 8);
    assert_state(&s, (struct crash){.point = 6}, "base", "01AB4\0\0\0zz", 10);
    /* Before the sync, any one of them may be missing, whatever came after it. */
    assert_state(&s, (struct crash){.point = 4, .kind = CRASH_LOST, .op = 0}, "base", "01234\0\0\0", 8);
    assert_state(&s, (struct crash){.point = 4, .kind = CRASH_LOST, .op = 2}, "base", "01AB456789\0\0CD", 14);
    assert_state(&s, (struct crash){.point = 4, .kind = CRASH_DURABLE}, "base", "0123456789", 10);
    /* After it, none. */
    assert_state(&s, (struct crash){.point = 5, .kind = CRASH_LOST, .op = 0}, "base", "01AB4\0\0\0", 8);
    assert_state(&s, (struct crash){.point = 6, .kind = CRASH_DURABLE}, "base", "01AB4\0\0\0", 8);
    assert_state(&s, (struct crash){.point = 6, .kind = CRASH_ZEROED, .op = 5}, "base", "01AB4\0\0\0\0\0", 10);
    stage_done(&s);
}

static void names_wait_for_the_folder(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_int_equal(io_replace_file(s.io, scratch_path(s.root, "base"), "new", 3, 0600), 0);
    /* create, write, sync, rename, sync of the folder */
    size_t end = recorder_len(s.r);
    assert_int_equal(end, 5);
    assert_state(&s, (struct crash){.point = 3}, "base", "0123456789", 10);
    assert_state(&s, (struct crash){.point = 3}, "base.new", "new", 3);
    assert_state(&s, (struct crash){.point = 4}, "base", "new", 3);
    assert_state(&s, (struct crash){.point = 4}, "base.new", NULL, 0);
    assert_state(&s, (struct crash){.point = 4, .kind = CRASH_DURABLE}, "base", "0123456789", 10);
    assert_state(&s, (struct crash){.point = 4, .kind = CRASH_LOST, .op = 0}, "base", "0123456789", 10);
    assert_state(&s, (struct crash){.point = 5, .kind = CRASH_DURABLE}, "base", "new", 3);
    s.io->unlink(s.io->self, scratch_path(s.root, "base"));
    assert_state(&s, (struct crash){.point = 6}, "base", NULL, 0);
    assert_state(&s, (struct crash){.point = 6, .kind = CRASH_DURABLE}, "base", "new", 3);
    stage_done(&s);
}

/* Old bytes or new ones in each aligned sector, some of each. */
static void torn_writes_keep_sectors_whole(void **state)
{
    (void)state;
    enum { LEN = 3000, AT = 100 };
    struct stage s;
    stage_init(&s);
    char bytes[LEN];
    memset(bytes, 'x', sizeof bytes);
    s.io->pwrite(s.io->self, s.fd, bytes, sizeof bytes, AT);
    for (uint64_t seed = 0; seed < 40; seed++) {
        const struct crash crash = {.point = 1, .kind = CRASH_TORN, .op = 0, .seed = seed};
        size_t len, there = 0;
        recorder_materialise(s.r, &crash, s.dir);
        char *got = scratch_read(scratch_path(s.dir, "base"), &len);
        assert_non_null(got);
        for (size_t i = AT; i < len; i++) {
            assert_true(got[i] == 'x' || got[i] == 0);
            if (i > AT && i % 512 != 0)
                assert_int_equal(got[i], got[i - 1]);
            there += got[i] == 'x';
        }
        assert_true(there > 0 && there < LEN);
        free(got);
    }
    stage_done(&s);
}

static void marks_are_found_by_point(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    recorder_mark(s.r, "acked", 3);
    s.io->pwrite(s.io->self, s.fd, "x", 1, 0);
    recorder_mark(s.r, "begun", 9);
    recorder_mark(s.r, "acked", 4);
    assert_int_equal(recorder_last_mark(s.r, 0, "acked"), -1);
    assert_int_equal(recorder_last_mark(s.r, 3, "acked"), 3);
    assert_int_equal(recorder_last_mark(s.r, 4, "acked"), 4);
    assert_true(recorder_has_mark(s.r, 4, "acked", 3));
    assert_false(recorder_has_mark(s.r, 3, "acked", 4));
    assert_true(recorder_has_mark(s.r, 3, "begun", 9));
    stage_done(&s);
}

static void same_seed_same_states(void *arg, const char *dir, const struct crash *crash)
{
    uint64_t *sum = arg;
    size_t len = 0;
    char *got = scratch_read(scratch_path(dir, "base"), &len);
    *sum = xxh3_seeded(got, len, *sum + (uint64_t)crash->kind + crash->point);
    free(got);
}

static void samples_follow_the_seed(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    char bytes[2048];
    memset(bytes, 'y', sizeof bytes);
    for (int i = 0; i < 6; i++)
        s.io->pwrite(s.io->self, s.fd, bytes, sizeof bytes, i * 777);
    uint64_t sums[3] = {0};
    for (int i = 0; i < 3; i++) {
        const struct crash_plan plan = {.seed = i < 2 ? 7 : 8, .torn = 6, .subsets = 8};
        assert_true(recorder_each_crash(s.r, &plan, s.dir, same_seed_same_states, &sums[i]) > 50);
    }
    assert_true(sums[0] == sums[1]);
    assert_true(sums[0] != sums[2]);
    stage_done(&s);
}

static void count_lost(void *arg, const char *dir, const struct crash *crash)
{
    (void)dir;
    *(size_t *)arg += crash->kind == CRASH_LOST;
}

/* Unsynced operations pile up; with a limit the work at a point does not, and the newest are always among it. */
static void singles_are_limited(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    for (int i = 0; i < 60; i++)
        s.io->pwrite(s.io->self, s.fd, "x", 1, i);
    size_t every = 0, some = 0;
    const struct crash_plan all = {.seed = 1, .from = 60}, few = {.seed = 1, .from = 60, .singles = 10};
    recorder_each_crash(s.r, &all, s.dir, count_lost, &every);
    recorder_each_crash(s.r, &few, s.dir, count_lost, &some);
    assert_int_equal(every, 60);
    assert_true(some >= 5 && some <= 25);
    stage_done(&s);
}

static void folders_come_back(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    char path[SCRATCH_PATH_MAX + 16], words[CRASH_WORDS_MAX];
    snprintf(path, sizeof path, "%s/log", s.root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/log/0001", s.root);
    assert_int_equal(io_replace_file(s.io, path, "first", 5, 0600), 0);
    assert_state(&s, (struct crash){.point = recorder_len(s.r), .kind = CRASH_DURABLE}, "log/0001", "first", 5);
    assert_state(&s, (struct crash){.point = 2}, "log/0001.new", "first", 5);
    const struct crash lost = {.point = 2, .kind = CRASH_LOST, .op = 1};
    assert_non_null(strstr(crash_words(s.r, &lost, words), "write log/0001.new at 0, 5 bytes"));
    stage_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_program_keeps_its_promises),
        cmocka_unit_test(ack_before_sync_is_caught),
        cmocka_unit_test(name_without_folder_sync_is_caught),
        cmocka_unit_test(contents_follow_the_operations),
        cmocka_unit_test(names_wait_for_the_folder),
        cmocka_unit_test(torn_writes_keep_sectors_whole),
        cmocka_unit_test(marks_are_found_by_point),
        cmocka_unit_test(samples_follow_the_seed),
        cmocka_unit_test(singles_are_limited),
        cmocka_unit_test(folders_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
