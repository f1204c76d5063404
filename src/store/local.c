/* store/local.c - local.db: its tables, its versions, its statements, and small named values. One connection behind
 * one mutex; a rollback journal, so that the folder holds one file when nothing is being written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/local_inside.h"

#define LOCAL_FILE           "local.db"
#define LOCAL_SCHEMA_VERSION 3
#define LOCAL_VALUE_MAX      ((size_t)1024 * 1024)

static const char *const texts[LOCAL_SQL_COUNT] = {
    [TOKEN_ADD] = "INSERT INTO token(hash, account, label, id, scopes, created, expires)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [TOKEN_FIND] = "SELECT account, label, id, scopes, created, expires, used FROM token WHERE hash = ?1",
    [TOKEN_LIST] = "SELECT account, label, id, scopes, created, expires, used FROM token"
                   " WHERE ?1 IS NULL OR account = ?1 ORDER BY created, id",
    [TOKEN_USED] = "UPDATE token SET used = ?2 WHERE hash = ?1",
    [TOKEN_DROP] = "DELETE FROM token WHERE account = ?1 AND id = ?2",
    [TOKEN_DROP_ALL] = "DELETE FROM token WHERE account = ?1",
    [PASSWORD_GET] = "SELECT hash FROM password WHERE account = ?1",
    [PASSWORD_SET] = "INSERT OR REPLACE INTO password(account, hash, changed) VALUES(?1, ?2, ?3)",
    [PASSWORD_DROP] = "DELETE FROM password WHERE account = ?1",
    [ITEM_GET] = "SELECT value FROM item WHERE space = ?1 AND key = ?2",
    [ITEM_SET] = "INSERT OR REPLACE INTO item(space, key, value) VALUES(?1, ?2, ?3)",
    [ITEM_DROP] = "DELETE FROM item WHERE space = ?1 AND key = ?2",
};

#define PASSWORD_TABLE \
    "CREATE TABLE password(account BLOB PRIMARY KEY, hash TEXT NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;"

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE token(hash BLOB PRIMARY KEY, account BLOB NOT NULL, label TEXT NOT NULL, id TEXT NOT NULL,"
    " scopes INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0)"
    " WITHOUT ROWID;"
    "CREATE INDEX token_account ON token(account);"
    "CREATE UNIQUE INDEX token_id ON token(id);" PASSWORD_TABLE
    "CREATE TABLE item(space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(space, key))"
    " WITHOUT ROWID;"
    "PRAGMA user_version = 3;"
    "COMMIT;";

/* From 1 and 2, whose tables are the same. A token from before had no scopes: it keeps what its account's role allows
 * (63: all there were when this was written). */
static const char widen[] = "ALTER TABLE token ADD COLUMN id TEXT NOT NULL DEFAULT '';"
                            "ALTER TABLE token ADD COLUMN scopes INTEGER NOT NULL DEFAULT 63;"
                            "ALTER TABLE token ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"
                            "ALTER TABLE token ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;"
                            "ALTER TABLE token ADD COLUMN used INTEGER NOT NULL DEFAULT 0;"
                            "UPDATE token SET id = lower(hex(randomblob(5)));"
                            "CREATE UNIQUE INDEX token_id ON token(id);" PASSWORD_TABLE "PRAGMA user_version = 3;";

void local_on_full(struct local *l, bool (*make_room)(void *self), void *self)
{
    l->make_room = make_room;
    l->make_room_self = self;
}

enum err local_fault(struct local *l, struct fault *reterr)
{
    int code = sqlite3_errcode(l->db) & 0xFF, wide = sqlite3_extended_errcode(l->db);
    const char *words = sqlite3_errmsg(l->db);
    if (code == SQLITE_NOMEM || wide == SQLITE_IOERR_NOMEM)
        return fault_set(reterr, ERR_NOMEM, "no memory for local.db");
    int number = sqlite3_system_errno(l->db);
    if (code == SQLITE_FULL || (code == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT)))
        return fault_set(reterr, ERR_FULL, "local.db: %s", words);
    if (code == SQLITE_BUSY)
        return fault_set(reterr, ERR_BUSY, "local.db is in use");
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return fault_set(reterr, ERR_MALFORMED, "local.db is damaged: %s; restore it from a backup", words);
    return fault_set(reterr, ERR_IO, "local.db: %s", words);
}

static enum err exec(struct local *l, const char *sql, struct fault *reterr)
{
    return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : local_fault(l, reterr);
}

static enum err read_version(struct local *l, int *ret, struct fault *reterr)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(l->db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return local_fault(l, reterr);
    enum err err = sqlite3_step(s) == SQLITE_ROW ? OK : local_fault(l, reterr);
    if (err == OK)
        *ret = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return err;
}

/* The version is read again under the lock: two processes may open an old one at once. */
static enum err upgrade(struct local *l, int *version, struct fault *reterr)
{
    enum err err = exec(l, "BEGIN IMMEDIATE;", reterr);
    if (err == OK)
        err = read_version(l, version, reterr);
    if (err == OK && (*version == 1 || *version == 2))
        err = exec(l, widen, reterr);
    if (err == OK)
        err = exec(l, "COMMIT;", reterr); /* without it, closing takes everything back */
    return err == OK ? read_version(l, version, reterr) : err;
}

static enum err set_up(struct local *l, bool create, struct fault *reterr)
{
    int version = 0;
    sqlite3_busy_timeout(l->db, 5000);
    enum err err =
        exec(l, "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;", reterr);
    if (err == OK)
        err = read_version(l, &version, reterr);
    if (err == OK && version == 0 && create) {
        err = exec(l, schema, reterr);
        version = LOCAL_SCHEMA_VERSION;
    }
    if (err == OK && (version == 1 || version == 2))
        err = upgrade(l, &version, reterr);
    if (err == OK && version != LOCAL_SCHEMA_VERSION)
        err = fault_set(reterr, ERR_VERSION, "local.db is of version %d, this program uses %d", version,
                        LOCAL_SCHEMA_VERSION);
    return err;
}

enum err local_open(const char *home, bool create, struct local **ret, struct fault *reterr)
{
    struct local *l = calloc(1, sizeof *l);
    char *path = NULL;
    if (!l || asprintf(&path, "%s/" LOCAL_FILE, home) < 0) {
        free(l);
        return fault_set(reterr, ERR_NOMEM, "no memory for local.db");
    }
    pthread_mutex_init(&l->lock, NULL);
    int flags =
        SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &l->db, flags, NULL);
    enum err err = OK;
    if (rc != SQLITE_OK && access(path, F_OK) != 0 && errno == ENOENT)
        err = fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path);
    else if (rc != SQLITE_OK)
        err = l->db ? local_fault(l, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for local.db");
    free(path);
    if (err == OK)
        err = set_up(l, create, reterr);
    if (err == OK)
        *ret = l;
    else
        local_close(l);
    return err;
}

enum err local_upgrade(const char *home, struct fault *reterr)
{
    struct local *l;
    enum err err = local_open(home, false, &l, reterr);
    if (err == OK)
        local_close(l);
    return err;
}

void local_close(struct local *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < LOCAL_SQL_COUNT; i++)
        sqlite3_finalize(l->stmt[i]);
    sqlite3_close(l->db);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- one statement ---- */

sqlite3_stmt *local_begin(struct local *l, enum local_sql id)
{
    pthread_mutex_lock(&l->lock);
    if (id == TOKEN_ADD || id == TOKEN_USED || id == TOKEN_DROP || id == TOKEN_DROP_ALL)
        memset(l->seen, 0, sizeof l->seen);
    if (!l->stmt[id] && sqlite3_prepare_v3(l->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &l->stmt[id], NULL))
        l->stmt[id] = NULL;
    return l->stmt[id];
}

void local_bind_bytes(sqlite3_stmt *s, int at, struct text t)
{
    sqlite3_bind_blob64(s, at, t.ptr ? t.ptr : "", t.len, SQLITE_STATIC);
}

void local_bind_words(sqlite3_stmt *s, int at, struct text t)
{
    sqlite3_bind_text64(s, at, t.ptr ? t.ptr : "", t.len, SQLITE_STATIC, SQLITE_UTF8);
}

enum err local_end(struct local *l, sqlite3_stmt *s, enum err err)
{
    if (s)
        sqlite3_reset(s);
    pthread_mutex_unlock(&l->lock);
    return err;
}

enum err local_run(struct local *l, sqlite3_stmt *s, struct fault *reterr)
{
    enum err err = s && sqlite3_step(s) == SQLITE_DONE ? OK : local_fault(l, reterr);
    if (err == ERR_FULL && s && l->make_room && l->make_room(l->make_room_self)) {
        sqlite3_reset(s);
        err = sqlite3_step(s) == SQLITE_DONE ? OK : local_fault(l, reterr);
    }
    return local_end(l, s, err);
}

enum err local_read(struct local *l, sqlite3_stmt *s, struct buffer *out, struct fault *reterr)
{
    int rc = s ? sqlite3_step(s) : SQLITE_ERROR;
    enum err err = rc == SQLITE_ROW ? OK : rc == SQLITE_DONE ? ERR_NOT_FOUND : local_fault(l, reterr);
    if (err == OK) {
        const void *bytes = sqlite3_column_blob(s, 0);
        buffer_add_bytes(out, bytes, (size_t)sqlite3_column_bytes(s, 0));
        err = buffer_error(out);
    }
    return local_end(l, s, err);
}

/* By SQLite's backup into memory: one state, whoever writes meanwhile. */
enum err local_copy(struct local *l, struct buffer *out, struct fault *reterr)
{
    sqlite3 *copy = NULL;
    sqlite3_int64 bytes = 0;
    unsigned char *image = NULL;
    pthread_mutex_lock(&l->lock);
    int rc =
        sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);
    sqlite3_backup *b = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", l->db, "main") : NULL;
    enum err err = b ? OK : fault_set(reterr, ERR_NOMEM, "no memory to copy local.db");
    if (b) {
        rc = sqlite3_backup_step(b, -1);
        int end = sqlite3_backup_finish(b);
        if (rc != SQLITE_DONE || end != SQLITE_OK)
            err = fault_set(reterr, end == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO, "copying local.db: %s",
                            sqlite3_errstr(end != SQLITE_OK ? end : rc));
    }
    pthread_mutex_unlock(&l->lock);
    if (err == OK)
        image = sqlite3_serialize(copy, "main", &bytes, 0);
    if (image)
        buffer_add_bytes(out, image, (size_t)bytes);
    if (err == OK && (!image || buffer_error(out) != OK))
        err = fault_set(reterr, image ? buffer_error(out) : ERR_NOMEM, "no memory to copy local.db");
    sqlite3_free(image);
    sqlite3_close(copy);
    return err;
}

/* ---- small values ---- */

static sqlite3_stmt *begin_item(struct local *l, enum local_sql id, const char *space, struct text key)
{
    sqlite3_stmt *s = local_begin(l, id);
    if (s) {
        local_bind_words(s, 1, text_of(space));
        local_bind_bytes(s, 2, key);
    }
    return s;
}

enum err local_get(struct local *l, const char *space, struct text key, struct buffer *ret, struct fault *reterr)
{
    return local_read(l, begin_item(l, ITEM_GET, space, key), ret, reterr);
}

enum err local_set(struct local *l, const char *space, struct text key, struct text value, struct fault *reterr)
{
    if (value.len > LOCAL_VALUE_MAX)
        return fault_set(reterr, ERR_LIMIT, "a value in local.db has at most %zu bytes", LOCAL_VALUE_MAX);
    sqlite3_stmt *s = begin_item(l, ITEM_SET, space, key);
    if (s)
        local_bind_bytes(s, 3, value);
    return local_run(l, s, reterr);
}

enum err local_delete(struct local *l, const char *space, struct text key, struct fault *reterr)
{
    return local_run(l, begin_item(l, ITEM_DROP, space, key), reterr);
}
