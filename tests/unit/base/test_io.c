/* File operations: whole transfers, replacing a file under failures and across crashes. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "support/fault.h"
#include "support/recorder.h"
#include "support/scratch.h"

#define OLD "the old content"
#define NEW "the new content, which is longer than the old"

struct stage {
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    struct fault_io fault;
};

static int stage_init(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->dir);
    snprintf(s->path, sizeof s->path, "%s/file", s->dir);
    fault_io_init(&s->fault, io_system());
    *state = s;
    return 0;
}

static int stage_done(void **state)
{
    struct stage *s = *state;
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static void system_calls_work(void **state)
{
    struct stage *s = *state;
    const struct io *io = io_system();
    char out[8] = {0};
    int fd = io->open(io->self, s->path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(io->pwrite(io->self, fd, "abc", 3, 2), 3);
    assert_int_equal(io->size(io->self, fd), 5);
    assert_int_equal(io->pread(io->self, fd, out, sizeof out, 0), 5);
    assert_memory_equal(out, "\0\0abc", 5);
    assert_int_equal(io->allocate(io->self, fd, 0, 4096), 0);
    assert_int_equal(io->size(io->self, fd), 4096);
    assert_int_equal(io->truncate(io->self, fd, 4), 0);
    assert_int_equal(io->size(io->self, fd), 4);
    assert_int_equal(io->sync(io->self, fd), 0);
    errno = 0;
    assert_int_equal(io->allocate(io->self, fd, 0, -1), -1); /* posix_fallocate does not set errno; we do */
    assert_int_equal(errno, EINVAL);
    assert_int_equal(io->close(io->self, fd), 0);
    assert_int_equal(io->rename(io->self, s->path, scratch_path(s->dir, "other")), 0);
    assert_int_equal(io->unlink(io->self, scratch_path(s->dir, "other")), 0);
    assert_int_equal(io->unlink(io->self, scratch_path(s->dir, "other")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(io->open(io->self, s->path, O_RDONLY, 0), -1);
}

static void reads_end_at_the_end(void **state)
{
    struct stage *s = *state;
    const struct io *io = &s->fault.io;
    char out[32];
    scratch_write(s->path, "0123456789", 10);
    int fd = io->open(io->self, s->path, O_RDONLY, 0);
    fault_io_arm(&s->fault, FAULT_SHORT, 1, true);
    assert_int_equal(io_read_all(io, fd, out, 10, 0), 10);
    assert_memory_equal(out, "0123456789", 10);
    assert_int_equal(io_read_all(io, fd, out, sizeof out, 4), 6);
    assert_int_equal(io_read_all(io, fd, out, sizeof out, 10), 0);
    assert_int_equal(io_read_all(io, fd, out, 0, 0), 0);
    fault_io_arm(&s->fault, FAULT_EIO, 1, false);
    assert_int_equal(io_read_all(io, fd, out, 10, 0), -1);
    assert_int_equal(errno, EIO);
    fault_io_disarm(&s->fault);
    io->close(io->self, fd);
}

static ssize_t takes_nothing(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    (void)self;
    (void)fd;
    (void)bytes;
    (void)len;
    (void)offset;
    return 0;
}

static void a_write_that_takes_nothing_fails(void **state)
{
    (void)state;
    struct io io = *io_system();
    io.pwrite = takes_nothing;
    assert_int_equal(io_write_all(&io, -1, "x", 1, 0), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(io_write_all(&io, -1, "x", 0, 0), 0);
}

static void put_old(void *arg)
{
    const struct stage *s = arg;
    scratch_write(s->path, OLD, strlen(OLD));
}

static bool replace(void *arg)
{
    struct stage *s = arg;
    return io_replace_file(&s->fault.io, s->path, NEW, strlen(NEW), 0600) == 0;
}

static void old_or_new(void *arg, bool completed)
{
    const struct stage *s = arg;
    char *content = scratch_read(s->path, NULL);
    assert_non_null(content);
    if (completed)
        assert_string_equal(content, NEW);
    else
        assert_true(strcmp(content, OLD) == 0 || strcmp(content, NEW) == 0);
    free(content);
}

/* The 1st, 2nd, ... call fails, once and then for good. */
static void replacing_is_atomic_under_failures(void **state)
{
    struct stage *s = *state;
    const struct fault_op op = {.prepare = put_old, .run = replace, .verify = old_or_new, .arg = s};
    assert_true(fault_each_io(&op, &s->fault) > 20);
}

/* Only a name that was never there before: on failure it is absent or whole. */
static void absent_or_whole(void *arg, const char *dir, const struct crash *crash)
{
    const struct recorder *r = arg;
    char *content = scratch_read(scratch_path(dir, "file"), NULL);
    if (recorder_last_mark(r, crash->point, "replaced") >= 0) {
        assert_non_null(content);
        assert_string_equal(content, NEW);
    } else if (content) {
        assert_true(strcmp(content, OLD) == 0 || strcmp(content, NEW) == 0);
    }
    if (recorder_last_mark(r, crash->point, "first") >= 0)
        assert_non_null(content);
    free(content);
}

static void replacing_survives_every_crash(void **state)
{
    struct stage *s = *state;
    char dir[SCRATCH_PATH_MAX];
    scratch_new(dir);
    struct recorder *r = recorder_new(s->dir);
    assert_int_equal(io_replace_file(recorder_io(r), s->path, OLD, strlen(OLD), 0600), 0);
    recorder_mark(r, "first", 1);
    assert_int_equal(io_replace_file(recorder_io(r), s->path, NEW, strlen(NEW), 0600), 0);
    recorder_mark(r, "replaced", 1);
    const struct crash_plan plan = {.seed = 5, .subsets = 16};
    assert_true(recorder_each_crash(r, &plan, dir, absent_or_whole, r) > 20);
    recorder_free(r);
    scratch_remove(dir);
}

/* What a crash left beside has another mode, or is a link set by someone: neither is written into. */
static void leftovers_are_not_trusted(void **state)
{
    struct stage *s = *state;
    struct stat st;
    const char *beside = scratch_path(s->dir, "file.new"), *victim = scratch_path(s->dir, "victim");
    scratch_write(victim, "untouched", 9);
    assert_int_equal(symlink(victim, beside), 0);
    assert_int_equal(io_replace_file(io_system(), s->path, NEW, strlen(NEW), 0600), 0);
    char *content = scratch_read(victim, NULL);
    assert_string_equal(content, "untouched");
    free(content);
    scratch_write(beside, "left behind", 11);
    assert_int_equal(chmod(beside, 0666), 0);
    assert_int_equal(io_replace_file(io_system(), s->path, NEW, strlen(NEW), 0600), 0);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(access(beside, F_OK), -1);
}

static void paths_without_a_folder(void **state)
{
    struct stage *s = *state;
    char before[SCRATCH_PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(s->dir), 0);
    assert_int_equal(io_replace_file(io_system(), "bare", "x", 1, 0600), 0);
    assert_int_equal(io_sync_parent(io_system(), "bare"), 0);
    assert_int_equal(io_sync_parent(io_system(), "/etc"), 0);
    assert_int_equal(io_sync_parent(io_system(), "missing/file"), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(io_replace_file(io_system(), "missing/file", "x", 1, 0600), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(io_replace_file(io_system(), "empty", NULL, 0, 0600), 0);
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(system_calls_work, stage_init, stage_done),
        cmocka_unit_test_setup_teardown(reads_end_at_the_end, stage_init, stage_done),
        cmocka_unit_test(a_write_that_takes_nothing_fails),
        cmocka_unit_test_setup_teardown(replacing_is_atomic_under_failures, stage_init, stage_done),
        cmocka_unit_test_setup_teardown(replacing_survives_every_crash, stage_init, stage_done),
        cmocka_unit_test_setup_teardown(leftovers_are_not_trusted, stage_init, stage_done),
        cmocka_unit_test_setup_teardown(paths_without_a_folder, stage_init, stage_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
