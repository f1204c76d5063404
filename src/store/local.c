/* store/local.c - local.db: access tokens and small named values. One connection behind one mutex; a rollback
 * journal, so that the folder holds one file when nothing is being written. */
#include "store/local.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCAL_FILE           "local.db"
#define LOCAL_SCHEMA_VERSION 2 /* the tables of 1: see local_upgrade() */
#define LOCAL_VALUE_MAX      ((size_t)1024 * 1024)
#define TOKEN_BYTES          32
#define TOKEN_PREFIX         "ent_"

enum local_sql { TOKEN_ADD, TOKEN_FIND, TOKEN_DROP, ITEM_GET, ITEM_SET, ITEM_DROP, LOCAL_SQL_COUNT };

static const char *const texts[LOCAL_SQL_COUNT] = {
    [TOKEN_ADD] = "INSERT INTO token(hash, account, label) VALUES(?1, ?2, ?3)",
    [TOKEN_FIND] = "SELECT account FROM token WHERE hash = ?1",
    [TOKEN_DROP] = "DELETE FROM token WHERE account = ?1",
    [ITEM_GET] = "SELECT value FROM item WHERE space = ?1 AND key = ?2",
    [ITEM_SET] = "INSERT OR REPLACE INTO item(space, key, value) VALUES(?1, ?2, ?3)",
    [ITEM_DROP] = "DELETE FROM item WHERE space = ?1 AND key = ?2",
};

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE token(hash BLOB PRIMARY KEY, account BLOB NOT NULL, label TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX token_account ON token(account);"
    "CREATE TABLE item(space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(space, key))"
    " WITHOUT ROWID;"
    "PRAGMA user_version = 2;"
    "COMMIT;";

struct local {
    sqlite3 *db;
    sqlite3_stmt *stmt[LOCAL_SQL_COUNT];
    bool (*make_room)(void *self);
    void *make_room_self;
    pthread_mutex_t lock; /* of everything above */
};

void local_on_full(struct local *l, bool (*make_room)(void *self), void *self)
{
    l->make_room = make_room;
    l->make_room_self = self;
}

static enum err sqlite_fault(struct local *l, struct fault *reterr)
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
    return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : sqlite_fault(l, reterr);
}

static enum err read_version(struct local *l, int *ret, struct fault *reterr)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(l->db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return sqlite_fault(l, reterr);
    enum err err = sqlite3_step(s) == SQLITE_ROW ? OK : sqlite_fault(l, reterr);
    if (err == OK)
        *ret = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return err;
}

/* From version 1, whose tables are the same. */
static enum err upgrade(struct local *l, int *version, struct fault *reterr)
{
    enum err err = exec(l, "PRAGMA user_version = 2;", reterr);
    if (err == OK)
        *version = LOCAL_SCHEMA_VERSION;
    return err;
}

static enum err set_up(struct local *l, bool create, bool may_upgrade, struct fault *reterr)
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
    if (err == OK && version == 1 && may_upgrade)
        err = upgrade(l, &version, reterr);
    if (err == OK && version != LOCAL_SCHEMA_VERSION)
        err = fault_set(reterr, ERR_VERSION, "local.db is of version %d, this program uses %d", version,
                        LOCAL_SCHEMA_VERSION);
    return err;
}

static enum err open_as(const char *home, bool create, bool may_upgrade, struct local **ret, struct fault *reterr)
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
        err = l->db ? sqlite_fault(l, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for local.db");
    free(path);
    if (err == OK)
        err = set_up(l, create, may_upgrade, reterr);
    if (err == OK)
        *ret = l;
    else
        local_close(l);
    return err;
}

enum err local_open(const char *home, bool create, struct local **ret, struct fault *reterr)
{
    return open_as(home, create, false, ret, reterr);
}

enum err local_upgrade(const char *home, struct fault *reterr)
{
    struct local *l;
    enum err err = open_as(home, false, true, &l, reterr);
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

/* ---- one statement: begin_stmt() takes the lock, end_stmt() gives it back ---- */

static sqlite3_stmt *begin_stmt(struct local *l, enum local_sql id)
{
    pthread_mutex_lock(&l->lock);
    if (!l->stmt[id] && sqlite3_prepare_v3(l->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &l->stmt[id], NULL))
        l->stmt[id] = NULL;
    return l->stmt[id];
}

static void bind_bytes(sqlite3_stmt *s, int at, struct text t)
{
    sqlite3_bind_blob64(s, at, t.ptr ? t.ptr : "", t.len, SQLITE_STATIC);
}

static void bind_words(sqlite3_stmt *s, int at, struct text t)
{
    sqlite3_bind_text64(s, at, t.ptr ? t.ptr : "", t.len, SQLITE_STATIC, SQLITE_UTF8);
}

static enum err end_stmt(struct local *l, sqlite3_stmt *s, enum err err)
{
    if (s)
        sqlite3_reset(s);
    pthread_mutex_unlock(&l->lock);
    return err;
}

static enum err run_stmt(struct local *l, sqlite3_stmt *s, struct fault *reterr)
{
    enum err err = s && sqlite3_step(s) == SQLITE_DONE ? OK : sqlite_fault(l, reterr);
    if (err == ERR_FULL && s && l->make_room && l->make_room(l->make_room_self)) {
        sqlite3_reset(s);
        err = sqlite3_step(s) == SQLITE_DONE ? OK : sqlite_fault(l, reterr);
    }
    return end_stmt(l, s, err);
}

/* The one column of the one row, into out. */
static enum err read_stmt(struct local *l, sqlite3_stmt *s, struct buffer *out, struct fault *reterr)
{
    int rc = s ? sqlite3_step(s) : SQLITE_ERROR;
    enum err err = rc == SQLITE_ROW ? OK : rc == SQLITE_DONE ? ERR_NOT_FOUND : sqlite_fault(l, reterr);
    if (err == OK) {
        const void *bytes = sqlite3_column_blob(s, 0);
        buffer_add_bytes(out, bytes, (size_t)sqlite3_column_bytes(s, 0));
        err = buffer_error(out);
    }
    return end_stmt(l, s, err);
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

/* ---- tokens ---- */

/* RFC 4648 section 5, without padding: 32 bytes make 43 characters. */
static void write_token(const uint8_t bytes[TOKEN_BYTES], struct buffer *out)
{
    struct buffer plain;
    buffer_init(&plain, 64);
    base64_write(&plain, bytes, TOKEN_BYTES);
    buffer_add(out, TEXT(TOKEN_PREFIX));
    for (size_t i = 0; i < plain.len && plain.ptr[i] != '='; i++)
        buffer_add_char(out, plain.ptr[i] == '+' ? '-' : plain.ptr[i] == '/' ? '_' : plain.ptr[i]);
    if (buffer_error(&plain) != OK && !out->err)
        out->err = buffer_error(&plain);
    buffer_done(&plain);
}

enum err local_token_new(struct local *l, const struct uuid *account, struct text label, struct buffer *ret_token,
                         struct fault *reterr)
{
    uint8_t bytes[TOKEN_BYTES];
    size_t before = ret_token->len;
    random_bytes(bytes, sizeof bytes);
    write_token(bytes, ret_token);
    memset(bytes, 0, sizeof bytes);
    if (buffer_error(ret_token) != OK)
        return fault_set(reterr, buffer_error(ret_token), "no memory for a token");
    struct sha256 hash = sha256_of(ret_token->ptr + before, ret_token->len - before);
    sqlite3_stmt *s = begin_stmt(l, TOKEN_ADD);
    if (s) {
        bind_bytes(s, 1, (struct text){(const char *)hash.b, sizeof hash.b});
        bind_bytes(s, 2, (struct text){(const char *)account->b, sizeof account->b});
        bind_words(s, 3, label);
    }
    enum err err = run_stmt(l, s, reterr);
    if (err != OK)
        ret_token->len = before;
    return err;
}

enum err local_token_account(struct local *l, struct text token, struct uuid *ret, struct fault *reterr)
{
    struct sha256 hash = sha256_of(token.ptr, token.len);
    struct buffer account;
    buffer_init(&account, 64);
    sqlite3_stmt *s = begin_stmt(l, TOKEN_FIND);
    if (s)
        bind_bytes(s, 1, (struct text){(const char *)hash.b, sizeof hash.b});
    enum err err = read_stmt(l, s, &account, reterr);
    if (err == OK && account.len != sizeof ret->b)
        err = fault_set(reterr, ERR_MALFORMED, "local.db: a token without an account");
    if (err == OK)
        memcpy(ret->b, account.ptr, sizeof ret->b);
    buffer_done(&account);
    return err;
}

enum err local_token_revoke_all(struct local *l, const struct uuid *account, struct fault *reterr)
{
    sqlite3_stmt *s = begin_stmt(l, TOKEN_DROP);
    if (s)
        bind_bytes(s, 1, (struct text){(const char *)account->b, sizeof account->b});
    return run_stmt(l, s, reterr);
}

/* ---- small values ---- */

static sqlite3_stmt *begin_item(struct local *l, enum local_sql id, const char *space, struct text key)
{
    sqlite3_stmt *s = begin_stmt(l, id);
    if (s) {
        bind_words(s, 1, text_of(space));
        bind_bytes(s, 2, key);
    }
    return s;
}

enum err local_get(struct local *l, const char *space, struct text key, struct buffer *ret, struct fault *reterr)
{
    return read_stmt(l, begin_item(l, ITEM_GET, space, key), ret, reterr);
}

enum err local_set(struct local *l, const char *space, struct text key, struct text value, struct fault *reterr)
{
    if (value.len > LOCAL_VALUE_MAX)
        return fault_set(reterr, ERR_LIMIT, "a value in local.db has at most %zu bytes", LOCAL_VALUE_MAX);
    sqlite3_stmt *s = begin_item(l, ITEM_SET, space, key);
    if (s)
        bind_bytes(s, 3, value);
    return run_stmt(l, s, reterr);
}

enum err local_delete(struct local *l, const char *space, struct text key, struct fault *reterr)
{
    return run_stmt(l, begin_item(l, ITEM_DROP, space, key), reterr);
}
