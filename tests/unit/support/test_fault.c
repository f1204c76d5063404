/* The fault harness finds what it is there to find: a leak, a lost descriptor, a file torn by a failure, a loop that
 * ends too early. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "support/fault.h"
#include "support/scratch.h"

static bool three_allocations(void *arg)
{
    (void)arg;
    char *a = malloc(10), *b = a ? strdup("two") : NULL, *c = b ? realloc(NULL, 30) : NULL;
    bool completed = c != NULL;
    free(a);
    free(b);
    free(c);
    return completed;
}

/* Three calls: three rounds once, three for good. */
static void each_allocation_is_hit(void **state)
{
    (void)state;
    const struct fault_op op = {.run = three_allocations};
    assert_int_equal(fault_each_allocation(&op), 6);
}

static void arming_counts(void **state)
{
    (void)state;
    size_t before = fault_alloc_live();
    fault_alloc_arm(0, false);
    char *volatile kept = malloc(1), *volatile grown = malloc(1); /* or the compiler makes do without */
    grown = realloc(grown, 5000);
    assert_int_equal(fault_alloc_calls(), 3);
    assert_int_equal(fault_alloc_live(), before + 2);
    assert_false(fault_alloc_disarm());
    free(kept);
    free(grown);
    assert_int_equal(fault_alloc_live(), before);
    fault_alloc_arm(2, true);
    char *volatile first = malloc(1);
    assert_non_null(first);
    assert_null(malloc(1));
    assert_null(strdup("x"));
    char *text = NULL;
    assert_int_equal(asprintf(&text, "%d", 1), -1);
    assert_true(fault_alloc_disarm());
    free(first);
}

/* Many at once, so that the table of live pointers grows and keeps its tombstones apart. */
static void many_live_pointers(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    size_t before = fault_alloc_live();
    void **all = malloc(COUNT * sizeof *all);
    assert_non_null(all);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++)
            all[i] = malloc(i % 50 + 1);
        assert_int_equal(fault_alloc_live(), before + 1 + COUNT);
        for (size_t i = 0; i < COUNT; i++)
            free(all[(i * 7919) % COUNT]);
    }
    free(all);
    assert_int_equal(fault_alloc_live(), before);
}

struct replace {
    struct fault_io io;
    char path[SCRATCH_PATH_MAX + 16];
};

static void put_old(void *arg)
{
    struct replace *r = arg;
    scratch_write(r->path, "the old one", 11);
}

static bool replace(void *arg)
{
    struct replace *r = arg;
    return io_replace_file(&r->io.io, r->path, "the new, longer one", 19, 0600) == 0;
}

static void old_or_new(void *arg, bool completed)
{
    const struct replace *r = arg;
    size_t len;
    char *content = scratch_read(r->path, &len);
    assert_non_null(content);
    if (completed || len != 11)
        assert_string_equal(content, "the new, longer one");
    else
        assert_string_equal(content, "the old one");
    free(content);
}

static void replaced_file_is_whole(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX];
    scratch_new(dir);
    struct replace r;
    snprintf(r.path, sizeof r.path, "%s/file", dir);
    fault_io_init(&r.io, io_system());
    const struct fault_op op = {.prepare = put_old, .run = replace, .verify = old_or_new, .arg = &r};
    assert_true(fault_each_io(&op, &r.io) >= 20);
    put_old(&r);
    assert_true(fault_each_allocation(&op) >= 4);
    scratch_remove(dir);
}

static void kinds_do_what_they_say(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX], out[16];
    scratch_new(dir);
    struct fault_io f;
    fault_io_init(&f, io_system());
    int fd = f.io.open(&f, scratch_path(dir, "file"), O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    fault_io_arm(&f, FAULT_SHORT, 1, false);
    assert_int_equal(f.io.pwrite(&f, fd, "12345678", 8, 0), 4);
    fault_io_arm(&f, FAULT_TORN, 1, false);
    assert_int_equal(f.io.pwrite(&f, fd, "abcdefgh", 8, 0), -1);
    assert_int_equal(errno, EIO);
    assert_true(fault_io_disarm(&f));
    assert_int_equal(f.io.pread(&f, fd, out, 8, 0), 4);
    assert_memory_equal(out, "abcd", 4);
    fault_io_arm(&f, FAULT_FULL, 1, true);
    assert_int_equal(f.io.sync(&f, fd), 0);
    assert_int_equal(f.io.allocate(&f, fd, 0, 4096), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(f.io.size(&f, fd), 4);
    fault_io_arm(&f, FAULT_SYNC, 1, false);
    assert_int_equal(f.io.sync(&f, fd), -1);
    assert_int_equal(f.io.sync(&f, fd), 0);
    fault_io_disarm(&f);
    assert_int_equal(f.open_files, 1);
    f.io.close(&f, fd);
    assert_int_equal(f.open_files, 0);
    scratch_remove(dir);
}

static bool leaks_when_refused(void *arg)
{
    (void)arg;
    char *volatile first = malloc(10), *volatile second = first ? malloc(10) : NULL;
    if (!second)
        return false; /* the planted bug: first is lost */
    free(first);
    free(second);
    return true;
}

static bool leaves_open(void *arg)
{
    struct replace *r = arg;
    int fd = r->io.io.open(&r->io, r->path, O_RDWR, 0);
    if (fd < 0)
        return false;
    if (r->io.io.size(&r->io, fd) < 0)
        return false; /* the planted bug: fd is lost */
    r->io.io.close(&r->io, fd);
    return true;
}

/* The planted bug: one short transfer is taken for all of it. */
static bool trusts_one_transfer(void *arg)
{
    struct replace *r = arg;
    int fd = r->io.io.open(&r->io, r->path, O_RDWR, 0);
    bool whole = fd >= 0 && r->io.io.pwrite(&r->io, fd, "12345678", 8, 0) == 8;
    if (fd >= 0)
        r->io.io.close(&r->io, fd);
    return whole;
}

static struct replace *planted;

static void run_leak(void **state)
{
    (void)state;
    fault_each_allocation(&(struct fault_op){.run = leaks_when_refused});
}

static void run_open(void **state)
{
    (void)state;
    fault_each_io(&(struct fault_op){.run = leaves_open, .arg = planted}, &planted->io);
}

static void run_short(void **state)
{
    (void)state;
    fault_each_io(&(struct fault_op){.run = trusts_one_transfer, .arg = planted}, &planted->io);
}

/* Runs the test in a child, where it may fail without failing us; its words go nowhere, its leaks are meant. */
static bool fails_in_child(CMUnitTestFunction test)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test)};
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(99);
        _exit(cmocka_run_group_tests(tests, NULL, NULL));
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void planted_bugs_are_caught(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX];
    struct replace r;
    scratch_new(dir);
    snprintf(r.path, sizeof r.path, "%s/file", dir);
    fault_io_init(&r.io, io_system());
    put_old(&r);
    planted = &r;
    assert_true(fails_in_child(run_leak));
    assert_true(fails_in_child(run_open));
    assert_true(fails_in_child(run_short));
    assert_false(fails_in_child(each_allocation_is_hit));
    scratch_remove(dir);
}

static bool small_database(void *arg)
{
    (void)arg;
    sqlite3 *db = NULL;
    int rc = sqlite3_open(":memory:", &db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "create table t (a, b); insert into t values (1, 'x')", NULL, NULL, NULL);
    sqlite3_close(db);
    return rc == SQLITE_OK;
}

static void sqlite_allocations_are_seen(void **state)
{
    (void)state;
    fault_sqlite_install();
    small_database(NULL); /* what SQLite keeps for good is allocated here */
    const struct fault_op op = {.run = small_database};
    assert_true(fault_each_allocation(&op) > 100);
    sqlite3_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_is_hit),      cmocka_unit_test(arming_counts),
        cmocka_unit_test(many_live_pointers),          cmocka_unit_test(replaced_file_is_whole),
        cmocka_unit_test(kinds_do_what_they_say),      cmocka_unit_test(planted_bugs_are_caught),
        cmocka_unit_test(sqlite_allocations_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
