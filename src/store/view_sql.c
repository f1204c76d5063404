/* store/view_sql.c - statements, bound and read; SQLite's errors in our words. */
#include <errno.h>
#include <string.h>

#include "store/view_inside.h"

enum err view_fault(struct view *v, struct fault *reterr)
{
    int code = sqlite3_errcode(v->db) & 0xFF, wide = sqlite3_extended_errcode(v->db);
    const char *words = sqlite3_errmsg(v->db);
    if (code == SQLITE_NOMEM || wide == SQLITE_IOERR_NOMEM)
        return fault_set(reterr, ERR_NOMEM, "no memory for the view");
    int number = sqlite3_system_errno(v->db);
    bool no_room = number == ENOSPC || number == EDQUOT || wide == SQLITE_IOERR_SHMSIZE;
    if (code == SQLITE_FULL || ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && no_room))
        return fault_set(reterr, ERR_FULL, "the view: %s", words);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return fault_set(reterr, ERR_BUSY, "the view is in use: %s", words);
    v->damaged |= code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_SCHEMA || code == SQLITE_ERROR)
        return fault_set(reterr, ERR_VERSION,
                         "the view is damaged or of another version (%s): a running server makes it again by itself, "
                         "else `entente rebuild` does",
                         words);
    return fault_set(reterr, ERR_IO, "the view: %s", words);
}

enum err view_nomem(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for the view");
}

sqlite3_stmt *view_stmt(struct view *v, enum sql id)
{
    if (!v->stmt[id] &&
        sqlite3_prepare_v3(v->db, sql_text(id), -1, SQLITE_PREPARE_PERSISTENT, &v->stmt[id], NULL) != SQLITE_OK)
        v->stmt[id] = NULL;
    return v->stmt[id];
}

enum err view_run(struct view *v, sqlite3_stmt *s, struct fault *reterr)
{
    int rc = sqlite3_step(s);
    enum err err = rc == SQLITE_DONE || rc == SQLITE_ROW ? OK : view_fault(v, reterr);
    sqlite3_reset(s);
    return err;
}

enum err view_step(struct view *v, sqlite3_stmt *s, struct fault *reterr)
{
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        return OK;
    enum err err = rc == SQLITE_DONE ? ERR_NOT_FOUND : view_fault(v, reterr);
    sqlite3_reset(s);
    return err;
}

bool view_more(struct view *v, sqlite3_stmt *s, enum err *ret_err, struct fault *reterr)
{
    *ret_err = view_step(v, s, reterr);
    bool row = *ret_err == OK;
    if (*ret_err == ERR_NOT_FOUND)
        *ret_err = OK;
    return row;
}

enum err view_each_fact(struct view *v, sqlite3_stmt *s, enum fact_kind kind, view_read_row *read,
                        view_on_fact *on_row, void *self, struct fault *reterr)
{
    enum err err;
    while (view_more(v, s, &err, reterr)) {
        struct fact f = {.kind = kind};
        arena_reset(&v->arena);
        err = read(v, s, &f) == OK ? on_row(self, &f) : view_nomem(reterr);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

/* Binding fails only for want of memory, and a statement with a parameter unbound (NULL) then breaks a NOT NULL or
 * finds nothing. No parameter is copied: what is bound outlives the step. */
void bind_text(sqlite3_stmt *s, int at, struct text t)
{
    sqlite3_bind_text64(s, at, t.ptr ? t.ptr : "", t.len, SQLITE_STATIC, SQLITE_UTF8);
}

void bind_uuid(sqlite3_stmt *s, int at, const struct uuid *u)
{
    sqlite3_bind_blob(s, at, u->b, sizeof u->b, SQLITE_STATIC);
}

void bind_hash(sqlite3_stmt *s, int at, const struct sha256 *h)
{
    sqlite3_bind_blob(s, at, h->b, sizeof h->b, SQLITE_STATIC);
}

void bind_u64(sqlite3_stmt *s, int at, uint64_t v)
{
    sqlite3_bind_int64(s, at, (int64_t)v);
}

void bind_place(sqlite3_stmt *s, int at, struct place p)
{
    if (p.segment == UINT32_MAX)
        sqlite3_bind_null(s, at);
    else
        sqlite3_bind_int64(s, at, (int64_t)((uint64_t)p.segment << 32 | p.offset));
}

struct text column_text(sqlite3_stmt *s, int at)
{
    const void *p = sqlite3_column_blob(s, at);
    return (struct text){p, (size_t)sqlite3_column_bytes(s, at)};
}

static void column_bytes(sqlite3_stmt *s, int at, void *ret, size_t len)
{
    struct text t = column_text(s, at);
    memset(ret, 0, len);
    if (t.len == len)
        memcpy(ret, t.ptr, len);
}

void column_uuid(sqlite3_stmt *s, int at, struct uuid *ret)
{
    column_bytes(s, at, ret->b, sizeof ret->b);
}

void column_hash(sqlite3_stmt *s, int at, struct sha256 *ret)
{
    column_bytes(s, at, ret->b, sizeof ret->b);
}

void column_key(sqlite3_stmt *s, int at, uint8_t ret[32])
{
    column_bytes(s, at, ret, 32);
}

uint64_t column_u64(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

struct place column_place(sqlite3_stmt *s, int at)
{
    if (sqlite3_column_type(s, at) == SQLITE_NULL)
        return PLACE_NONE;
    uint64_t v = column_u64(s, at);
    return (struct place){(uint32_t)(v >> 32), (uint32_t)v};
}

enum err column_keep(struct view *v, sqlite3_stmt *s, int at, struct text *ret)
{
    struct text kept = arena_text(&v->arena, column_text(s, at));
    if (!kept.ptr)
        return ERR_NOMEM;
    *ret = kept;
    return OK;
}
