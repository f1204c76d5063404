/* HOME/format: what is read, which homes are refused, untouched; and older homes brought up to date, whatever fails.
 */
#include "history.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/migrate.h"
#include "support/fault.h"
#include "support/recorder.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct fault_io io;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    fault_io_init(&s->io, io_system());
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    assert_int_equal(s->io.open_files, 0);
    scratch_remove(s->home);
    free(s);
    return 0;
}

/* ---- parsing ---- */

static void rows_of_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum err err;
        int line;
    } rows[] = {
        {"entente-home 2\nprogram 0.1.0\ncompatible\nincompatible\n", OK, 0},
        {"entente-home 1\nprogram 0.1.0~rc1\ncompatible a b-c\nincompatible D_9\n", OK, 0},
        {"entente-home 3\nprogram 0.2.0\n", OK, 0}, /* what follows is for later programs to know */
        {"entente-home 3\nprogram 0.2.0\nanything\n\xff", OK, 0},
        {"entente-home 3\nprogram \xff\n", ERR_MALFORMED, 2},
        {"entente-home 3\n", ERR_MALFORMED, 2},
        {"", ERR_MALFORMED, 1},
        {"entente-home 2", ERR_MALFORMED, 1},
        {"entente-home 02\nprogram 0.1.0\ncompatible\nincompatible\n", ERR_MALFORMED, 1},
        {"entente-home 0\nprogram 0.1.0\ncompatible\nincompatible\n", ERR_MALFORMED, 1},
        {"entente-home -1\nprogram 0.1.0\ncompatible\nincompatible\n", ERR_MALFORMED, 1},
        {"entente-home 99999999999\nprogram 0.1.0\n", ERR_MALFORMED, 1},
        {"entente-homes 2\nprogram 0.1.0\ncompatible\nincompatible\n", ERR_MALFORMED, 1},
        {"entente-home 2\nprogram 0.1.0 x\ncompatible\nincompatible\n", ERR_MALFORMED, 2},
        {"entente-home 2\nprogram 0.1.0\nincompatible\ncompatible\n", ERR_MALFORMED, 3},
        {"entente-home 2\nprogram 0.1.0\ncompatible  a\nincompatible\n", ERR_MALFORMED, 3},
        {"entente-home 2\nprogram 0.1.0\ncompatible\nincompatible a \n", ERR_MALFORMED, 4},
        {"entente-home 2\nprogram 0.1.0\ncompatible\nincompatible a", ERR_MALFORMED, 4},
        {"entente-home 2\nprogram 0.1.0\ncompatible\nincompatible\nmore\n", ERR_MALFORMED, 5},
        {"entente-home 2\nprogram 0.1.0\ncompatible 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7\nincompatible\n", ERR_MALFORMED,
         3},
        {"entente-home 2\nprogram 0.1.0\ncompatible\nincompatible 012345678901234567890123456789012\n", ERR_MALFORMED,
         4},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct home_format f = {.version = 77};
        struct fault why = {.line = -1};
        enum err err = format_parse(text_of(rows[i].bytes), &f, &why);
        if (err != rows[i].err)
            fail_msg("row %zu: %s %s", i, err_name(err), why.what);
        if (err != OK) {
            assert_int_equal(why.line, rows[i].line);
            assert_int_equal(f.version, 77);
        }
    }
}

static void what_is_written_is_read(void **state)
{
    struct stage *s = *state;
    struct home_format f = format_ours(), got;
    f.compatible_count = 2;
    f.incompatible_count = 1;
    snprintf(f.compatible[0], sizeof f.compatible[0], "one");
    snprintf(f.compatible[1], sizeof f.compatible[1], "two");
    snprintf(f.incompatible[0], sizeof f.incompatible[0], "three");
    assert_ok(format_write(&s->io.io, s->home, &f, NULL));
    memset(&got, 0, sizeof got);
    assert_ok(format_read(&s->io.io, s->home, &got, NULL));
    assert_memory_equal(&got, &f, sizeof f);
    struct stat st;
    assert_int_equal(stat(scratch_path(s->home, "format"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(unlink(scratch_path(s->home, "format")), 0);
    assert_err(format_read(&s->io.io, s->home, &got, NULL), ERR_NOT_FOUND);
}

/* ---- homes of other programs ---- */

static void put_format(const char *home, const char *text)
{
    scratch_write(scratch_path(home, "format"), text, strlen(text));
}

/* Counts what would change the disk. */
struct watching {
    struct io io;
    size_t changes;
};
static int watch_open(void *self, const char *path, int flags, mode_t mode)
{
    struct watching *w = self;
    w->changes += (flags & 03) != 0 || (flags & 0100) != 0; /* O_ACCMODE, O_CREAT */
    return io_system()->open(io_system()->self, path, flags, mode);
}

static void newer_homes_are_refused_untouched(void **state)
{
    static const struct {
        const char *format, *says[2];
        enum err err;
    } rows[] = {
        {"entente-home 3\nprogram 9.9.9\nshape unknown\n", {"9.9.9", "versions 1 to 2"}, ERR_VERSION},
        {"entente-home 2\nprogram 8.8.8\ncompatible\nincompatible kafka\n", {"8.8.8", "kafka"}, ERR_VERSION},
        {"entente-home x\n", {"format", "backup"}, ERR_MALFORMED},
    };
    struct stage *s = *state;
    history_home(io_system(), s->home);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct watching w = {.io = *io_system()};
        struct node *node;
        const struct node_init init = {
            .name = TEXT("x"), .country = TEXT("LV"), .space = TEXT("real"), .account = TEXT("a")};
        w.io.self = &w;
        w.io.open = watch_open;
        put_format(s->home, rows[i].format);
        for (int how = 0; how < 3; how++) {
            struct fault f = {.err = OK};
            enum err err = how == 2 ? node_create(&w.io, s->home, &init, &f)
                                    : node_open(&w.io, s->home, how ? NODE_OWN : NODE_READ, &node, &f);
            if (err != rows[i].err)
                fail_msg("row %zu way %d: %s %s", i, how, err_name(err), f.what);
            for (size_t j = 0; j < ARRAY_LEN(rows[i].says); j++)
                if (!strstr(f.what, rows[i].says[j]))
                    fail_msg("\"%s\" does not say \"%s\"", f.what, rows[i].says[j]);
            assert_int_equal(w.changes, 0);
        }
    }
    /* what an unknown compatible feature does not mind */
    put_format(s->home, "entente-home 2\nprogram 8.8.8\ncompatible colour\nincompatible\n");
    struct node *node;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    node_close(node);
}

/* ---- migration ---- */

static int local_version(const char *home, int set)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    char sql[512];
    assert_int_equal(sqlite3_open(scratch_path(home, "local.db"), &db), SQLITE_OK);
    snprintf(sql, sizeof sql,
             "DROP TABLE IF EXISTS token; DROP TABLE IF EXISTS password;"
             "CREATE TABLE token(hash BLOB PRIMARY KEY, account BLOB NOT NULL, label TEXT NOT NULL) WITHOUT ROWID;"
             "CREATE INDEX token_account ON token(account); PRAGMA user_version = %d;",
             set);
    if (set)
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return version;
}

/* As 0.0.1 left them, as far as a migration can tell. */
static void old_home(const char *home)
{
    history_home(io_system(), home);
    assert_int_equal(unlink(scratch_path(home, "format")), 0);
    local_version(home, 1);
}

static void check_new(const char *home)
{
    struct home_format f;
    assert_ok(format_read(io_system(), home, &f, NULL));
    assert_int_equal(f.version, HOME_VERSION);
    assert_string_equal(f.program, ENTENTE_VERSION);
    assert_int_equal(local_version(home, 0), 3);
}

static void an_old_home_is_brought_up(void **state)
{
    struct stage *s = *state;
    struct node *node, *reader;
    struct fault f = {.err = OK};
    for (int read = 0; read < 2; read++) { /* an owner does it, and a reader asks for one */
        scratch_empty(s->home);
        old_home(s->home);
        assert_ok(node_open(&s->io.io, s->home, read ? NODE_READ : NODE_OWN, &node, &f));
        assert_text(node_genesis(node)->name, "CERT Test");
        node_close(node);
        check_new(s->home);
    }
    /* a reader beside an owner of the old program */
    scratch_empty(s->home);
    old_home(s->home);
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &node, &f));
    assert_int_equal(unlink(scratch_path(s->home, "format")), 0);
    assert_err(node_open(&s->io.io, s->home, NODE_READ, &reader, &f), ERR_BUSY);
    assert_non_null(strstr(f.what, "version 1"));
    assert_non_null(strstr(f.what, "end that program"));
    node_close(node);
}

/* The next program's steps, for the test: 2 -> 3 writes two files, 3 -> 4 joins them. */
static enum err put(const struct io *io, const char *home, const char *name, const char *text, struct fault *reterr)
{
    char path[SCRATCH_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return io_replace_file(io, path, text, strlen(text), 0600) == 0 ? OK : fault_errno(reterr, "writing %s", path);
}
static enum err make_two(const struct io *io, const char *home, struct fault *reterr)
{
    enum err err = put(io, home, "left", "le", reterr);
    return err == OK ? put(io, home, "right", "ft", reterr) : err;
}
static enum err join_two(const struct io *io, const char *home, struct fault *reterr)
{
    return put(io, home, "joined", "left", reterr); /* what version 3 needs stays: invariant 4 */
}
static const struct migration_step next_steps[] = {{2, "two files", make_two}, {3, "one file", join_two}};
static const struct migration next = {next_steps, ARRAY_LEN(next_steps), 4};
static const struct migration_step gap_steps[] = {{3, "one file", join_two}};
static const struct migration gap = {gap_steps, ARRAY_LEN(gap_steps), 4};
/* The bug: the format says so first. */
static enum err nothing_yet(const struct io *io, const char *home, struct fault *reterr)
{
    (void)io;
    (void)home;
    (void)reterr;
    return OK;
}
static const struct migration_step hasty_steps[] = {{2, "nothing", nothing_yet}, {3, "one file", join_two}};
static const struct migration hasty = {hasty_steps, ARRAY_LEN(hasty_steps), 4};

static bool there(const char *home, const char *name)
{
    return access(scratch_path(home, name), F_OK) == 0;
}

/* What the version promises is there. */
static bool agrees(const char *home, uint32_t version)
{
    bool two = there(home, "left") && there(home, "right");
    return (version < 3 || two) && (version < 4 || there(home, "joined"));
}

/* format_parse() of this program does not read on in a version above its own; the tests' migration ends at 4. */
static uint32_t version_of(const char *home)
{
    struct home_format f;
    assert_ok(format_read(io_system(), home, &f, NULL));
    return f.version;
}

static void steps_in_order(void **state)
{
    struct stage *s = *state;
    struct home_format f = format_ours();
    size_t steps = 77;
    struct fault why = {.err = OK};
    assert_ok(format_write(&s->io.io, s->home, &f, NULL));
    assert_err(migrate_home(&s->io.io, s->home, &gap, &f, &steps, &why), ERR_VERSION);
    assert_true(why.what[0] && steps == 77 && f.version == 2);
    assert_ok(migrate_home(&s->io.io, s->home, &next, &f, &steps, &why));
    assert_int_equal(steps, 2);
    assert_int_equal(f.version, 4);
    assert_int_equal(version_of(s->home), 4);
    assert_true(agrees(s->home, 4));
    assert_ok(migrate_home(&s->io.io, s->home, &next, &f, &steps, &why));
    assert_int_equal(steps, 0);
}

/* ---- every crash, every failure ---- */

struct run {
    struct recorder *r;
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    const struct migration *migration;
    size_t states, bad;
    bool only_count;
};

static void look_next(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    char words[CRASH_WORDS_MAX];
    struct home_format f;
    struct fault why = {.err = OK};
    run->states++;
    assert_ok(format_read(io_system(), dir, &f, NULL));
    bool good = agrees(dir, f.version);
    good = good && (!recorder_has_mark(run->r, crash->point, "done", 1) || f.version == 4);
    good = good && migrate_home(io_system(), dir, run->migration, &f, NULL, &why) == OK && agrees(dir, 4);
    run->bad += !good;
    if (!good && !run->only_count)
        fail_msg("%s: version %u; %s", crash_words(run->r, crash, words), f.version, why.what);
}

static size_t crash_next(const struct migration *m, bool only_count, size_t *ret_states)
{
    struct run run = {.migration = m, .only_count = only_count};
    struct home_format f = format_ours();
    scratch_new(run.root);
    scratch_new(run.dir);
    assert_ok(format_write(io_system(), run.root, &f, NULL));
    run.r = recorder_new(run.root);
    assert_ok(migrate_home(recorder_io(run.r), run.root, m, &f, NULL, NULL));
    recorder_mark(run.r, "done", 1);
    const struct crash_plan plan = {.seed = 6, .torn = 1, .subsets = 4};
    recorder_each_crash(run.r, &plan, run.dir, look_next, &run);
    recorder_free(run.r);
    scratch_remove(run.root);
    scratch_remove(run.dir);
    *ret_states = run.states;
    return run.bad;
}

static void crashes_of_the_next_migration(void **state)
{
    (void)state;
    size_t states;
    assert_int_equal(crash_next(&next, false, &states), 0);
    print_message("# %zu states\n", states);
    assert_true(states > 20);
    assert_true(crash_next(&hasty, true, &states) > 0); /* a step that does less than it says is seen */
}

static void look_ours(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    struct node *node;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    run->states++;
    if (node_open(io_system(), dir, NODE_OWN, &node, &f) != OK)
        fail_msg("%s: %s", crash_words(run->r, crash, words), f.what);
    node_close(node);
    check_new(dir);
}

static void crashes_of_our_migration(void **state)
{
    (void)state;
    struct run run = {.only_count = false};
    struct node *node;
    scratch_new(run.root);
    scratch_new(run.dir);
    old_home(run.root);
    run.r = recorder_new(run.root);
    recorder_vfs_register("recording", true, run.r, NULL);
    assert_ok(node_open(recorder_io(run.r), run.root, NODE_OWN, &node, NULL));
    node_close(node);
    recorder_vfs_unregister();
    const struct crash_plan plan = {.seed = 7, .step = 3, .torn = 1, .subsets = 1, .singles = 4};
    recorder_each_crash(run.r, &plan, run.dir, look_ours, &run);
    print_message("# %zu operations, %zu states\n", recorder_len(run.r), run.states);
    assert_true(run.states > 50);
    recorder_free(run.r);
    scratch_remove(run.root);
    scratch_remove(run.dir);
}

static void be_old(void *arg)
{
    struct stage *s = arg;
    unlink(scratch_path(s->home, "format"));
    local_version(s->home, 1);
}

static bool bring_up(void *arg)
{
    struct stage *s = arg;
    struct node *node;
    struct fault f = {.err = OK};
    enum err err = node_open(&s->io.io, s->home, NODE_OWN, &node, &f);
    if (err == OK)
        node_close(node);
    else if (err != f.err || !f.what[0])
        fail_msg("%s, but the fault says %s: %s", err_name(err), err_name(f.err), f.what);
    return err == OK;
}

static void check_brought_up(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node *node;
    struct fault f = {.err = OK};
    if (completed)
        check_new(s->home);
    if (node_open(io_system(), s->home, NODE_OWN, &node, &f) != OK)
        fail_msg("%s", f.what);
    node_close(node);
    check_new(s->home);
}

static void failures_of_our_migration(void **state)
{
    struct stage *s = *state;
    old_home(s->home);
    const struct fault_op op = {.prepare = be_old, .run = bring_up, .verify = check_brought_up, .arg = s};
    size_t calls = fault_each_io(&op, &s->io);
    print_message("# %zu file operations\n", calls);
    assert_true(calls > 0);
}

#define HOME(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_the_file),
        HOME(what_is_written_is_read),
        HOME(newer_homes_are_refused_untouched),
        HOME(an_old_home_is_brought_up),
        HOME(steps_in_order),
        cmocka_unit_test(crashes_of_the_next_migration),
        cmocka_unit_test(crashes_of_our_migration),
        HOME(failures_of_our_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
