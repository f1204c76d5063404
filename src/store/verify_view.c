/* store/verify_view.c - the view against a replay of the log, table by table in the order of their keys; and SQLite's
 * own check of its files.
 *
 * A view may lie on a medium that cannot be written to, where SQLite cannot make the shared memory of its write-ahead
 * log: then it is read as it is when there is nothing in that log, and copied, with it, when there is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/home.h"
#include "store/node_inside.h"
#include "store/verify_inside.h"
#include "store/view_inside.h"

#define SCRATCH_CACHE_KIB 20480
#define READ_CACHE_KIB    4096
#define COPY_BYTES        (256 * KIB)

struct verify_db {
    sqlite3 *db;
    char *copy; /* the folder it was copied to; NULL: none */
};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory");
}

static void remove_copy(const char *folder)
{
    static const char *const names[] = {"db", "db-wal", "db-shm", "db-journal"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = home_path(folder, names[i]);
        if (path)
            unlink(path);
        free(path);
    }
    rmdir(folder);
}

void verify_db_close(struct verify_db *d)
{
    if (!d)
        return;
    sqlite3_close(d->db);
    if (d->copy)
        remove_copy(d->copy);
    free(d->copy);
    free(d);
}

/* ---- opening ---- */

static bool try_open(struct verify_db *d, const char *uri, int flags)
{
    if (sqlite3_open_v2(uri, &d->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(d->db, 5000);
        int rc = sqlite3_exec(d->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
        if (rc == SQLITE_OK || (rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB)
            return true; /* damage is for the checks to name */
    }
    sqlite3_close(d->db);
    d->db = NULL;
    return false;
}

static bool copy_file(const char *from, const char *to)
{
    int a = open(from, O_RDONLY | O_CLOEXEC), b = a < 0 ? -1 : open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char *bytes = malloc(COPY_BYTES);
    ssize_t n = b < 0 || !bytes ? -1 : 0;
    for (int64_t at = 0; n >= 0; at += n) {
        n = io_read_all(io_system(), a, bytes, COPY_BYTES, at);
        if (n > 0 && io_write_all(io_system(), b, bytes, (size_t)n, at) != 0)
            n = -1;
        if (n == 0)
            break;
    }
    free(bytes);
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return n == 0;
}

static bool open_copy(struct verify_db *d, const char *path, const char *wal)
{
    const char *tmp = getenv("TMPDIR");
    char *db = NULL, *db_wal = NULL;
    bool ok = asprintf(&d->copy, "%s/entente-verify-XXXXXX", tmp && *tmp ? tmp : "/tmp") > 0;
    if (!ok || !mkdtemp(d->copy)) {
        free(ok ? d->copy : NULL);
        d->copy = NULL;
        return false;
    }
    db = home_path(d->copy, "db");
    db_wal = home_path(d->copy, "db-wal");
    ok = db && db_wal && copy_file(path, db) && copy_file(wal, db_wal) && try_open(d, db, SQLITE_OPEN_READWRITE);
    free(db);
    free(db_wal);
    return ok;
}

static bool open_anyhow(struct verify_db *d, const char *path)
{
    struct stat st;
    char *wal = NULL, *uri = NULL;
    bool ok = try_open(d, path, SQLITE_OPEN_READONLY);
    if (!ok && asprintf(&wal, "%s-wal", path) > 0 && asprintf(&uri, "file:%s?immutable=1", path) > 0) {
        bool empty = stat(wal, &st) != 0 || st.st_size == 0;
        ok = empty ? try_open(d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI) : open_copy(d, path, wal);
    }
    free(wal);
    free(uri);
    return ok;
}

/* OK with *ret NULL: the file is not there, or cannot be opened (then the check says so). */
static enum err open_db(const char *home, const char *name, struct verify_check *check, struct verify_db **ret,
                        struct fault *reterr)
{
    struct verify_db *d = calloc(1, sizeof *d);
    char *path = home_path(home, name);
    enum err err = d && path ? OK : no_memory(reterr);
    *ret = NULL;
    if (err == OK && access(path, F_OK) != 0) {
        check_fault(check, name, -1, -1, "the file is not there");
    } else if (err == OK && open_anyhow(d, path)) {
        *ret = d;
        d = NULL;
    } else if (err == OK) {
        check_fault(check, name, -1, -1, "SQLite cannot open it");
    }
    verify_db_close(d);
    free(path);
    return err;
}

static int stop_asked(void *cancel)
{
    return cancel && atomic_load((const atomic_bool *)cancel);
}

static void be_stoppable(struct verify_db *d, const atomic_bool *cancel)
{
    if (cancel)
        sqlite3_progress_handler(d->db, 10000, stop_asked, (void *)(uintptr_t)cancel);
}

static bool ask_number(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (ok)
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return ok;
}

enum err verify_view_open(struct verify_view *w, struct verify_db **ret, struct fault *reterr)
{
    int64_t version = 0, position = 0;
    char text[64];
    enum err err = open_db(w->home, VIEW_FILE, w->check, ret, reterr);
    if (err != OK || !*ret)
        return err;
    sqlite3 *db = (*ret)->db;
    snprintf(text, sizeof text, "PRAGMA cache_size = -%d; BEGIN", READ_CACHE_KIB);
    sqlite3_exec(db, text, NULL, NULL, NULL);
    be_stoppable(*ret, w->cancel);
    if (!ask_number(db, "PRAGMA user_version", &version) || version != VIEW_SCHEMA_VERSION) {
        check_fault(w->check, VIEW_FILE, -1, -1, "it is of version %lld, this program uses %d: `entente rebuild`",
                    (long long)version, VIEW_SCHEMA_VERSION);
    } else if (!ask_number(db, "SELECT position FROM meta", &position) || position < 0) {
        check_fault(w->check, VIEW_FILE, -1, -1, "its position cannot be read: %s: `entente rebuild` makes it again",
                    sqlite3_errmsg(db));
    } else {
        w->position = (uint64_t)position;
        w->there = true;
    }
    return OK;
}

/* ---- comparing ---- */

struct table {
    char name[64];
    char key[200]; /* columns to order by */
    int key_columns;
};

/* The primary key of a table without rowids; else the rowid. */
static bool key_of(sqlite3 *db, struct table *t)
{
    char *sql =
        sqlite3_mprintf("SELECT group_concat(name, ', '), count(*) FROM (SELECT name FROM pragma_table_info(%Q)"
                        " WHERE pk > 0 ORDER BY pk)",
                        t->name);
    sqlite3_stmt *s = NULL;
    bool ok = sql && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    int columns = ok ? sqlite3_column_int(s, 1) : 0;
    snprintf(t->key, sizeof t->key, "%s", columns ? (const char *)sqlite3_column_text(s, 0) : "rowid");
    t->key_columns = columns;
    sqlite3_finalize(s);
    sqlite3_free(sql);
    return ok;
}

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int i)
{
    int type = sqlite3_column_type(a, i);
    if (type != sqlite3_column_type(b, i))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_column_int64(a, i) == sqlite3_column_int64(b, i);
    if (type == SQLITE_NULL)
        return true;
    const void *x = sqlite3_column_blob(a, i), *y = sqlite3_column_blob(b, i);
    int n = sqlite3_column_bytes(a, i);
    return n == sqlite3_column_bytes(b, i) && (n == 0 || memcmp(x, y, (size_t)n) == 0);
}

/* Which of the two rows comes first by their keys? */
static int key_order(const struct table *t, sqlite3_stmt *a, sqlite3_stmt *b)
{
    int columns = t->key_columns ? t->key_columns : 1;
    for (int i = 0; i < columns; i++) {
        if (same_value(a, b, i))
            continue;
        if (sqlite3_column_type(a, i) == SQLITE_INTEGER && sqlite3_column_type(b, i) == SQLITE_INTEGER)
            return sqlite3_column_int64(a, i) < sqlite3_column_int64(b, i) ? -1 : 1;
        const void *x = sqlite3_column_blob(a, i), *y = sqlite3_column_blob(b, i);
        int m = sqlite3_column_bytes(a, i), n = sqlite3_column_bytes(b, i), shorter = m < n ? m : n;
        int order = shorter ? memcmp(x, y, (size_t)shorter) : 0;
        return order ? order : m - n;
    }
    return 0;
}

static void add_value(sqlite3_stmt *s, int i, char *out, size_t size)
{
    size_t used = strlen(out);
    char hex[33] = "";
    if (sqlite3_column_type(s, i) == SQLITE_BLOB) {
        int n = sqlite3_column_bytes(s, i);
        hex_write(sqlite3_column_blob(s, i), (size_t)(n > 16 ? 16 : n), hex);
        snprintf(out + used, size - used, "%s%s", used ? ", " : "", hex);
    } else {
        const char *words = (const char *)sqlite3_column_text(s, i);
        snprintf(out + used, size - used, "%s%.60s", used ? ", " : "", words ? words : "null");
    }
}

/* The key of the row that s stands on; the first column of a select begins its table. */
static void name_key(const struct table *t, sqlite3_stmt *s, char *out, size_t size)
{
    int columns = t->key_columns ? t->key_columns : 1;
    out[0] = 0;
    for (int i = 0; i < columns; i++)
        add_value(s, i, out, size);
}

/* *ret_differs: words on the first difference. */
static enum err compare_rows(const struct table *t, sqlite3_stmt *there, sqlite3_stmt *made, char *ret_differs,
                             size_t size)
{
    char key[100];
    const int columns = sqlite3_column_count(made);
    ret_differs[0] = 0;
    for (;;) {
        int a = sqlite3_step(there), b = sqlite3_step(made);
        if ((a != SQLITE_ROW && a != SQLITE_DONE) || (b != SQLITE_ROW && b != SQLITE_DONE))
            return b != SQLITE_ROW && b != SQLITE_DONE ? ERR_IO : ERR_MALFORMED;
        if (a == SQLITE_DONE && b == SQLITE_DONE)
            return OK;
        int order = a == SQLITE_DONE ? 1 : b == SQLITE_DONE ? -1 : key_order(t, there, made);
        if (order) {
            name_key(t, order < 0 ? there : made, key, sizeof key);
            snprintf(ret_differs, size, "table %s has %s row with the key %s", t->name,
                     order < 0 ? "one too many: the" : "lost the", key);
            return OK;
        }
        for (int i = 0; i < columns; i++) {
            if (same_value(there, made, i))
                continue;
            name_key(t, made, key, sizeof key);
            snprintf(ret_differs, size, "table %s, key %s: column %s is not what the log gives", t->name, key,
                     sqlite3_column_name(made, i));
            return OK;
        }
    }
}

static enum err compare_table(struct verify_view *w, sqlite3 *there, sqlite3 *made, struct table *t,
                              struct fault *reterr)
{
    char differs[FAULT_WHAT_MAX];
    sqlite3_stmt *a = NULL, *b = NULL;
    if (!key_of(made, t))
        return no_memory(reterr);
    char *sql = sqlite3_mprintf("SELECT %s, * FROM \"%w\" ORDER BY %s", t->key, t->name, t->key);
    if (!sql)
        return no_memory(reterr);
    enum err err = OK;
    if (sqlite3_prepare_v2(made, sql, -1, &b, NULL) != SQLITE_OK)
        err = fault_set(reterr, ERR_IO, "comparing the view: %s", sqlite3_errmsg(made));
    else if (sqlite3_prepare_v2(there, sql, -1, &a, NULL) != SQLITE_OK)
        check_fault(w->check, VIEW_FILE, -1, -1, "table %s cannot be read: %s", t->name, sqlite3_errmsg(there));
    else
        err = compare_rows(t, a, b, differs, sizeof differs);
    if (err == ERR_MALFORMED) {
        bool stopped = sqlite3_errcode(there) == SQLITE_INTERRUPT;
        err = stopped ? fault_set(reterr, ERR_CANCELLED, "stopped") : OK;
        if (!stopped)
            check_fault(w->check, VIEW_FILE, -1, -1, "table %s cannot be read to its end: %s", t->name,
                        sqlite3_errmsg(there));
    } else if (err == ERR_IO && a && b) {
        fault_set(reterr, err, "comparing the view: %s", sqlite3_errmsg(made));
    } else if (err == OK && a && b && differs[0]) {
        check_fault(w->check, VIEW_FILE, -1, -1, "%s: `entente rebuild` makes the view again", differs);
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    sqlite3_free(sql);
    return err;
}

static enum err compare_schema(struct verify_view *w, sqlite3 *there, sqlite3 *made, struct fault *reterr)
{
    static const char sql[] =
        "SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
    char differs[FAULT_WHAT_MAX];
    struct table t = {.name = "sqlite_schema", .key_columns = 1};
    sqlite3_stmt *a = NULL, *b = NULL;
    enum err err = OK;
    if (sqlite3_prepare_v2(made, sql, -1, &b, NULL) != SQLITE_OK)
        err = fault_set(reterr, ERR_IO, "comparing the view: %s", sqlite3_errmsg(made));
    else if (sqlite3_prepare_v2(there, sql, -1, &a, NULL) != SQLITE_OK ||
             (err = compare_rows(&t, a, b, differs, sizeof differs)) == ERR_MALFORMED)
        check_fault(w->check, VIEW_FILE, -1, -1, "its schema cannot be read: %s", sqlite3_errmsg(there));
    else if (err == OK && differs[0])
        check_fault(w->check, VIEW_FILE, -1, -1, "%s: `entente rebuild` makes the view again", differs);
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    return err == ERR_MALFORMED ? OK : err;
}

/* unread: bodies that the replay could not read, of which it has no postings. They are a fault of the log, which is
 * named there; the view may have been made when they could still be read. */
static enum err compare_all(struct verify_view *w, sqlite3 *there, sqlite3 *made, uint64_t unread,
                            struct fault *reterr)
{
    sqlite3_stmt *s = NULL;
    enum err err = compare_schema(w, there, made, reterr);
    if (err != OK)
        return err;
    if (sqlite3_prepare_v2(made, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1, &s, NULL) !=
        SQLITE_OK)
        return fault_set(reterr, ERR_IO, "comparing the view: %s", sqlite3_errmsg(made));
    while (err == OK && check_good(w->check) && sqlite3_step(s) == SQLITE_ROW) {
        struct table t = {.key_columns = 0};
        snprintf(t.name, sizeof t.name, "%s", (const char *)sqlite3_column_text(s, 0));
        if (unread && strcmp(t.name, "posting") == 0)
            continue;
        err = compare_table(w, there, made, &t, reterr);
    }
    sqlite3_finalize(s);
    return err;
}

/* ---- the replay ---- */

static bool is_failure(enum err err)
{
    return err == ERR_NOMEM || err == ERR_CANCELLED || err == ERR_FULL || err == ERR_IO;
}

enum err verify_view_replay(struct verify_view *w, struct verify_db *db, struct fault *reterr)
{
    struct log *log = NULL;
    struct view *made = NULL;
    struct fault why = {.offset = -1, .line = -1};
    bool damaged = false;
    char *dir = home_path(w->home, HOME_LOG);
    enum err err = dir ? log_open_known(w->io, dir, false, w->position, &log, &why) : no_memory(&why);
    if (err == OK)
        err = view_open_scratch(SCRATCH_CACHE_KIB, &made, &why);
    if (err == OK)
        err = replay_upto(log, made, w->position, w->cancel, &damaged, &why);
    if (err == OK && view_position(made) < w->position)
        err = fault_set(&why, ERR_MALFORMED, "the log ends before the view");
    if (err == OK) {
        err = compare_all(w, db->db, made->db, view_unread(made), &why);
        if (log_size(log) > w->position)
            snprintf(w->remark, sizeof w->remark, "the view has seen %llu of %llu entries: the next opening goes on",
                     (unsigned long long)w->position, (unsigned long long)log_size(log));
    } else if (!is_failure(err)) {
        check_skip(w->check, "not compared: the log cannot be replayed: %s", why.what);
        err = OK;
    }
    view_close(made);
    log_close(log);
    free(dir);
    if (err != OK && reterr)
        *reterr = why;
    return err;
}

/* ---- SQLite's own check ---- */

enum err verify_integrity(const char *home, const char *name, struct verify_check *check, const atomic_bool *cancel,
                          struct fault *reterr)
{
    struct verify_db *d;
    sqlite3_stmt *s = NULL;
    enum err err = open_db(home, name, check, &d, reterr);
    if (err != OK || !d)
        return err;
    be_stoppable(d, cancel);
    sqlite3_exec(d->db, "PRAGMA cache_size = -8192", NULL, NULL, NULL);
    if (sqlite3_prepare_v2(d->db, "PRAGMA integrity_check(1)", -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW) {
        if (sqlite3_errcode(d->db) == SQLITE_INTERRUPT)
            err = fault_set(reterr, ERR_CANCELLED, "stopped");
        else
            check_fault(check, name, -1, -1, "%s", sqlite3_errmsg(d->db));
    } else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0) {
        char words[160];
        snprintf(words, sizeof words, "%s", (const char *)sqlite3_column_text(s, 0));
        for (char *p = words; *p; p++)
            if (*p == '\n')
                *p = ' ';
        check_fault(check, name, -1, -1, "%s", words);
    }
    sqlite3_finalize(s);
    verify_db_close(d);
    return err;
}
