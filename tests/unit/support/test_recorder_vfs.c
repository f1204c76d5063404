/* SQLite under the recorder: with synchronous=FULL what was committed is there after any crash and the database is
 * sound; with synchronous=OFF it is not, which is the planted bug. And SQLite under faults. */
#include "support/test.h"

#include <sqlite3.h>

#include "support/recorder_vfs.h"
#include "support/scratch.h"

#define ROWS        10
#define FAULTY_ROWS 3

struct check {
    const struct recorder *r;
    size_t states, lost, unsound;
};

static int run_sql(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static bool write_rows(const char *path, const char *pragmas, int rows, struct recorder *r)
{
    sqlite3 *db = NULL;
    char sql[200];
    int rc = sqlite3_open(path, &db);
    if (rc == SQLITE_OK)
        rc = run_sql(db, pragmas);
    if (rc == SQLITE_OK)
        rc = run_sql(db, "create table if not exists t (n integer primary key, filler)");
    for (int n = 0; n < rows && rc == SQLITE_OK; n++) {
        snprintf(sql, sizeof sql, "insert or replace into t values (%d, zeroblob(3000))", n);
        rc = run_sql(db, sql);
        if (rc == SQLITE_OK && r)
            recorder_mark(r, "committed", (uint64_t)n);
    }
    return sqlite3_close(db) == SQLITE_OK && rc == SQLITE_OK;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t answer = -2;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct check *c = arg;
    sqlite3 *db = NULL;
    c->states++;
    assert_int_equal(sqlite3_open(scratch_path(dir, "view.db"), &db), SQLITE_OK);
    int64_t promised = recorder_last_mark(c->r, crash->point, "committed");
    bool has_table = ask(db, "select count(*) from sqlite_master where name = 't'") == 1;
    int64_t last = has_table ? ask(db, "select coalesce(max(n), -1) from t") : -1;
    int64_t rows = has_table ? ask(db, "select count(*) from t") : 0;
    c->unsound += ask(db, "select count(*) from pragma_integrity_check where integrity_check <> 'ok'") != 0;
    c->lost += last < promised || rows != last + 1;
    sqlite3_close(db);
}

static struct check run_and_check(const char *pragmas)
{
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    scratch_new(root);
    scratch_new(dir);
    snprintf(path, sizeof path, "%s/view.db", root);
    struct recorder *r = recorder_new(root);
    recorder_vfs_register("recorder", true, r, NULL);
    assert_true(write_rows(path, pragmas, ROWS, r));
    recorder_vfs_unregister();
    assert_true(recorder_len(r) > 3 * ROWS);
    struct check c = {.r = r};
    const struct crash_plan plan = {.seed = 3, .step = 3, .singles = 8, .torn = 2, .subsets = 2};
    recorder_each_crash(r, &plan, dir, look, &c);
    recorder_free(r);
    scratch_remove(root);
    scratch_remove(dir);
    return c;
}

static void wal_keeps_its_promises(void **state)
{
    (void)state;
    struct check c = run_and_check("pragma journal_mode=wal; pragma synchronous=full; pragma wal_autocheckpoint=8");
    assert_true(c.states > 100);
    assert_int_equal(c.unsound, 0);
    assert_int_equal(c.lost, 0);
}

static void rollback_journal_keeps_its_promises(void **state)
{
    (void)state;
    struct check c = run_and_check("pragma journal_mode=delete; pragma synchronous=extra");
    assert_int_equal(c.unsound, 0);
    assert_int_equal(c.lost, 0);
}

static void no_sync_is_caught(void **state)
{
    (void)state;
    struct check c = run_and_check("pragma journal_mode=wal; pragma synchronous=off");
    assert_true(c.lost > 0);
}

struct faulty {
    struct fault_io fault;
    char path[SCRATCH_PATH_MAX + 16];
};

static bool write_under_faults(void *arg)
{
    struct faulty *f = arg;
    return write_rows(f->path, "pragma journal_mode=wal; pragma synchronous=full; pragma wal_autocheckpoint=2",
                      FAULTY_ROWS, NULL);
}

static void still_sound(void *arg, bool completed)
{
    const struct faulty *f = arg;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(ask(db, "select count(*) from pragma_integrity_check where integrity_check <> 'ok'"), 0);
    if (completed)
        assert_int_equal(ask(db, "select count(*) from t"), FAULTY_ROWS);
    sqlite3_close(db);
}

static void faults_reach_sqlite(void **state)
{
    (void)state;
    char dir[SCRATCH_PATH_MAX];
    struct faulty f;
    scratch_new(dir);
    snprintf(f.path, sizeof f.path, "%s/view.db", dir);
    fault_io_init(&f.fault, io_system());
    recorder_vfs_register("faulty", true, NULL, &f.fault);
    const struct fault_op op = {.run = write_under_faults, .verify = still_sound, .arg = &f};
    assert_true(fault_each_io(&op, &f.fault) > 50);
    recorder_vfs_unregister();
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wal_keeps_its_promises),
        cmocka_unit_test(rollback_journal_keeps_its_promises),
        cmocka_unit_test(no_sync_is_caught),
        cmocka_unit_test(faults_reach_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
