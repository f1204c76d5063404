/* The view is put in order by itself: made anew, caught up, refused where the log is not what it was; and readers
 * go on meanwhile. */
#include "history.h"
#include "stage.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/log_format.h"

/* ---- the view put in order by itself ---- */

static void change_view(const char *home, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(home, "view/view.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void fill(struct stage *s)
{
    struct history h;
    history_init(&h, 6);
    for (size_t i = 0; i < 10; i++)
        assert_ok(history_write(&h, s->node, 10, false, NULL));
    history_done(&h);
}

static void close_node(struct stage *s)
{
    node_close(s->node);
    s->node = NULL;
}

static void assert_view_holds(struct stage *s, uint64_t entries)
{
    struct view *v;
    assert_ok(node_reader(s->node, &v, NULL));
    assert_int_equal(view_position(v), entries);
    node_reader_done(s->node, v);
    assert_view_is_replay(s->node);
}

static void views_are_made_anew(void **state)
{
    struct stage *s = *state;
    fill(s);
    for (int what = 0; what < 5; what++) {
        close_node(s);
        switch (what) {
        case 0: change_view(s->home, "PRAGMA user_version = 77"); break;
        case 1: change_view(s->home, "DROP TABLE version"); break;
        case 2:
            scratch_write(scratch_path(s->home, "view/view.db"), "not a database at all, but somewhat long....", 44);
            break;
        case 3: assert_int_equal(unlink(scratch_path(s->home, "view/view.db")), 0); break;
        default: change_view(s->home, "DELETE FROM genesis; DROP TABLE genesis"); break;
        }
        stage_reopen(s);
        assert_view_holds(s, 103);
    }
}

/* A view that lags behind (its commit was lost with the machine) catches up. */
static void a_view_behind_catches_up(void **state)
{
    struct stage *s = *state;
    char kept[SCRATCH_PATH_MAX + 32], path[SCRATCH_PATH_MAX + 32];
    size_t len;
    close_node(s);
    snprintf(path, sizeof path, "%s/view/view.db", s->home);
    snprintf(kept, sizeof kept, "%s/kept.db", s->home);
    char *old = scratch_read(path, &len);
    stage_reopen(s);
    fill(s);
    close_node(s);
    scratch_write(path, old, len);
    free(old);
    stage_reopen(s);
    assert_view_holds(s, 103);
}

/* The view has seen more than the log holds: that is no crash, and nothing is thrown away. */
static void a_log_that_was_cut_is_refused(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct text verb = TEXT("note");
    assert_ok(node_write(s->node, stage_act, &verb, NULL));
    close_node(s);
    const char *path = scratch_path(s->home, "log/00000000.log");
    size_t len;
    char *bytes = scratch_read(path, &len);
    size_t used = len;
    while (used && bytes[used - 1] == 0)
        used--;
    memset(bytes + used - 100, 0, 100); /* the last commit and a bit */
    scratch_write(path, bytes, len);
    free(bytes);
    assert_err(node_open(io_system(), s->home, NODE_OWN, &s->node, &f), ERR_MALFORMED);
    assert_non_null(strstr(f.what, "acknowledged"));
    assert_err(node_open(io_system(), s->home, NODE_READ, &s->node, &f), ERR_MALFORMED);
    assert_null(s->node);
}

/* An entry of a kind that only a newer program knows. */
static void a_newer_log_is_refused(void **state)
{
    struct stage *s = *state;
    struct log *log;
    struct fault f = {.err = OK};
    uint64_t n;
    int64_t t;
    struct place a, b;
    close_node(s);
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), true, &log, NULL));
    struct log_item item = {.kind = TEXT("treaty"), .public_part = TEXT("{}"), .private_part = TEXT("{}")};
    assert_ok(log_stage(log, &item, &n, &t, &a, &b));
    assert_ok(log_commit(log, NULL));
    log_close(log);
    assert_err(node_open(io_system(), s->home, NODE_OWN, &s->node, &f), ERR_VERSION);
    assert_null(s->node);
}

static void readers_survive_a_rebuild(void **state)
{
    struct stage *s = *state;
    struct view *old, *fresh;
    uint64_t entries = 0;
    fill(s);
    assert_ok(node_reader(s->node, &old, NULL));
    assert_ok(node_rebuild(s->node, &entries, NULL));
    assert_int_equal(entries, 103);
    assert_int_equal(view_position(old), 103); /* the thrown away one, still whole */
    struct text verb = TEXT("note");
    assert_ok(node_write(s->node, stage_act, &verb, NULL));
    assert_ok(node_reader(s->node, &fresh, NULL));
    assert_int_equal(view_position(fresh), 104);
    node_reader_done(s->node, fresh);
    node_reader_done(s->node, old);
    assert_ok(node_reader(s->node, &fresh, NULL)); /* never the old one again */
    assert_int_equal(view_position(fresh), 104);
    node_reader_done(s->node, fresh);
}

struct asking {
    struct node *node;
    const atomic_bool *enough;
    enum err worst;
    uint64_t asked;
};

static void *ask_on(void *arg)
{
    struct asking *a = arg;
    while (!atomic_load(a->enough) && a->worst == OK) {
        struct view *v;
        struct fact_account account;
        a->worst = node_reader(a->node, &v, NULL);
        if (a->worst != OK)
            break;
        a->worst = view_account(v, node_admin(a->node), &account, NULL);
        node_reader_done(a->node, v);
        a->asked++;
    }
    return NULL;
}

/* None of those that were kept looks at a file that was thrown away. */
static void all_see(struct stage *s, uint64_t position)
{
    struct view *v[16];
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        assert_ok(node_reader(s->node, &v[i], NULL));
        assert_int_equal(view_position(v[i]), position);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        node_reader_done(s->node, v[i]);
}

/* Who asks while views are exchanged is answered from the old or the new one: there is never none, so that nobody who
 * is known is taken for a stranger. */
static void there_is_always_a_view(void **state)
{
    struct stage *s = *state;
    atomic_bool enough = false;
    struct asking a[3];
    pthread_t threads[ARRAY_LEN(a)];
    struct text verb = TEXT("note");
    fill(s);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        a[i] = (struct asking){.node = s->node, .enough = &enough};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &a[i]), 0);
    }
    for (int i = 0; i < 30; i++) {
        uint64_t entries;
        assert_ok(node_rebuild(s->node, &entries, NULL));
    }
    atomic_store(&enough, true);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(a[i].worst, OK);
        assert_true(a[i].asked > 0);
    }
    assert_ok(node_write(s->node, stage_act, &verb, NULL));
    all_see(s, 104);
}

/* Overwrites the first page of a table. */
static void spoil_table(const struct stage *s, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    static uint8_t junk[4096];
    assert_int_equal(sqlite3_open(scratch_path(s->home, "view/view.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &q, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t page = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    memset(junk, 0xA5, sizeof junk);
    int fd = open(scratch_path(s->home, "view/view.db"), O_RDWR);
    assert_true(page > 1 && pwrite(fd, junk, sizeof junk, (page - 1) * 4096) == 4096);
    close(fd);
}

static enum err ask_parties(struct stage *s)
{
    struct view *v;
    struct fact_party p;
    struct uuid id = made_uuid_of("party", 77);
    enum err err = node_reader(s->node, &v, NULL);
    if (err == OK) {
        err = view_party(v, &id, &p, NULL);
        node_reader_done(s->node, v);
    }
    return err;
}

/* A view that turns out to be damaged is made again by its owner: when opened, when a reader finds it so, when the
 * writer does. Nothing is lost, and nobody has to come. */
static void a_damaged_view_heals(void **state)
{
    struct stage *s = *state;
    struct text verb = TEXT("note");
    fill(s);
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "meta");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    assert_ok(node_write(s->node, stage_act, &verb, NULL));
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "party");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    assert_err(ask_parties(s), ERR_VERSION);
    for (int i = 0; i < 1000 && ask_parties(s) != ERR_NOT_FOUND; i++)
        usleep(5000);
    assert_err(ask_parties(s), ERR_NOT_FOUND);
    node_close(s->node);
    s->node = NULL;
    spoil_table(s, "object");
    assert_ok(node_open(&s->io.io, s->home, NODE_OWN, &s->node, NULL));
    struct history h;
    struct fault f = {.err = OK};
    history_init(&h, 5);
    enum err err = OK;
    for (int i = 0; i < 20 && err == OK; i++)
        err = history_write(&h, s->node, 4, false, &f);
    assert_err(err, ERR_VERSION);
    history_done(&h);
    assert_ok(node_write(s->node, stage_act, &verb, &f));
    assert_view_is_replay(s->node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_OPEN(views_are_made_anew),           STAGE_OPEN(a_view_behind_catches_up),
        STAGE_OPEN(a_log_that_was_cut_is_refused), STAGE_OPEN(a_newer_log_is_refused),
        STAGE_OPEN(readers_survive_a_rebuild),     STAGE_OPEN(there_is_always_a_view),
        STAGE_OPEN(a_damaged_view_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
