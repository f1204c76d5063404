/* store/view_objects.c - objects and their versions. An object's row points to its newest and its current version;
 * each version points to the one that arrived before it.
 *
 * Invariants:
 *   1. object.current is the one version of the object with STANDING_CURRENT, or NULL; object.newest the last
 * arrived.
 *   2. `indicator` holds the values of current versions that are not in quarantine, and of no others.
 *   3. classes[].current counts the current versions of the class. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/view_ask.h"
#include "store/view_inside.h"

#define NONE UINT64_MAX

/* ---- reading ---- */

static uint64_t column_entry(sqlite3_stmt *s, int at)
{
    return sqlite3_column_type(s, at) == SQLITE_NULL ? NONE : column_u64(s, at);
}

static enum err object_row(struct view *v, const struct uuid *uuid, uint32_t type, struct object_row *ret,
                           struct fault *reterr)
{
    if (v->absent.known && v->absent.type == type && uuid_eq(&v->absent.uuid, uuid))
        return ERR_NOT_FOUND;
    sqlite3_stmt *s = view_stmt(v, SQL_OBJECT_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, uuid);
    bind_u64(s, 2, type);
    enum err err = view_step(v, s, reterr);
    if (err == ERR_NOT_FOUND && v->write) { /* nobody but this connection could enter it */
        v->absent.known = true;
        v->absent.type = type;
        v->absent.uuid = *uuid;
    }
    if (err != OK)
        return err;
    *ret = (struct object_row){column_u64(s, 0), column_entry(s, 1)};
    sqlite3_reset(s);
    return OK;
}

enum err view_object(struct view *v, struct text id, struct object_row *ret, struct fault *reterr)
{
    struct ident ident;
    uint32_t type;
    if (ident_parse(id, &ident, NULL) != OK)
        return ERR_NOT_FOUND;
    enum err err = view_type_number(v, ident.type, false, &type, reterr);
    return err == OK ? object_row(v, &ident.uuid, type, ret, reterr) : err;
}

/* As written: how many decimals, or the whole text where that does not give it back. */
static struct text modified_text(sqlite3_stmt *s, int at, int64_t modified_us, char out[64])
{
    int type = sqlite3_column_type(s, at);
    if (type == SQLITE_NULL)
        return TEXT_NONE;
    if (type == SQLITE_INTEGER)
        return stamp_format(stamp_from_us(modified_us, (uint8_t)sqlite3_column_int(s, at)), out);
    struct text t = column_text(s, at);
    if (t.len >= 64)
        t.len = 63;
    memcpy(out, t.ptr, t.len);
    out[t.len] = 0;
    return (struct text){out, t.len};
}

static enum err read_version(struct view *v, sqlite3_stmt *s, struct version_texts *texts, struct version_row *ret,
                             uint64_t *ret_older, struct fault *reterr)
{
    struct version_row r = {.n = column_u64(s, 0), .added_us = sqlite3_column_int64(s, 1)};
    struct uuid uuid;
    struct text type;
    column_uuid(s, 2, &uuid);
    enum err err = view_type_row(v, (uint32_t)column_u64(s, 3), &type, reterr);
    if (err == OK)
        err = view_origin_row(v, (uint32_t)column_u64(s, 7), &r.party, &r.source, reterr);
    if (err != OK)
        return err;
    r.id = ident_format(type, &uuid, texts->id);
    r.standing = (enum standing)sqlite3_column_int(s, 5);
    r.class_id = (uint32_t)column_u64(s, 6);
    column_hash(s, 8, &r.hash);
    r.created_us = sqlite3_column_int64(s, 9);
    r.modified_us = sqlite3_column_int64(s, 10);
    r.modified = modified_text(s, 11, r.modified_us, texts->modified);
    r.revoked = sqlite3_column_int(s, 12);
    r.print = column_u64(s, 14);
    r.body = column_place(s, 15);
    r.original = column_place(s, 16);
    r.authority = (enum authority)sqlite3_column_int(s, 17);
    r.withdrawn = sqlite3_column_type(s, 19) != SQLITE_NULL;
    r.withdrawn_us = sqlite3_column_int64(s, 19);
    if (ret_older)
        *ret_older = column_entry(s, 4);
    *ret = r;
    return OK;
}

enum err view_version(struct view *v, uint64_t n, struct version_texts *texts, struct version_row *ret,
                      uint64_t *ret_older, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_VERSION_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, n);
    enum err err = view_step(v, s, reterr);
    if (err == OK)
        err = read_version(v, s, texts, ret, ret_older, reterr);
    sqlite3_reset(s);
    return err;
}

enum err view_by_entry(struct view *v, uint64_t n, struct version_row *ret, struct fault *reterr)
{
    return view_version(v, n, &v->texts, ret, NULL, reterr);
}

struct text version_name(const struct version_row *row, char out[VERSION_NAME_MAX])
{
    if (row->modified.len)
        return row->modified;
    memcpy(out, "sha256:", 7);
    hex_write(row->hash.b, sizeof row->hash.b, out + 7);
    return text_of(out);
}

enum err view_current(struct view *v, struct text id, struct version_row *ret, struct fault *reterr)
{
    bool held;
    return view_current_held(v, id, ret, &held, reterr);
}

enum err view_current_held(struct view *v, struct text id, struct version_row *ret, bool *ret_held,
                           struct fault *reterr)
{
    struct object_row object;
    enum err err = view_object(v, id, &object, reterr);
    *ret_held = err == OK;
    if (err != OK)
        return err;
    if (object.current == NONE)
        return ERR_NOT_FOUND;
    return view_version(v, object.current, &v->texts, ret, NULL, reterr);
}

enum err view_in_class(struct view *v, uint32_t class_id, enum standing standing, uint64_t from_n, uint64_t *ret_n,
                       size_t limit, size_t *ret_count, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_PAGE);
    enum err err;
    size_t count = 0;
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, class_id);
    bind_u64(s, 2, standing);
    bind_u64(s, 3, from_n);
    bind_u64(s, 4, limit);
    while (view_more(v, s, &err, reterr))
        if (count < limit)
            ret_n[count++] = column_u64(s, 0);
    sqlite3_reset(s);
    if (err == OK)
        *ret_count = count;
    return err;
}

struct moment {
    int64_t modified_us;
    uint64_t n;
};

static int newest_first(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->modified_us != y->modified_us)
        return x->modified_us < y->modified_us ? 1 : -1;
    return x->n < y->n ? 1 : x->n > y->n ? -1 : 0;
}

struct moments {
    struct moment *list;
    size_t count, cap;
};

static enum err moments_add(struct moments *m, struct moment one)
{
    if (m->count == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 16;
        struct moment *moved = realloc(m->list, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        m->list = moved;
        m->cap = cap;
    }
    m->list[m->count++] = one;
    return OK;
}

enum err view_versions(struct view *v, struct text id, view_on_version *on_row, void *self, struct fault *reterr)
{
    struct object_row object;
    struct version_texts texts;
    struct version_row row;
    struct moments moments = {0};
    enum err err = view_object(v, id, &object, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    for (uint64_t n = object.newest; err == OK && n != NONE;) {
        uint64_t older;
        err = view_version(v, n, &texts, &row, &older, reterr);
        if (err == OK && moments_add(&moments, (struct moment){row.modified_us, n}) != OK)
            err = view_nomem(reterr);
        n = older;
    }
    if (err == OK && moments.count > 1)
        qsort(moments.list, moments.count, sizeof *moments.list, newest_first);
    for (size_t i = 0; err == OK && i < moments.count; i++) {
        err = view_version(v, moments.list[i].n, &texts, &row, NULL, reterr);
        if (err == OK)
            err = on_row(self, &row);
    }
    free(moments.list);
    return err;
}

enum err view_ids(struct view *v, const struct uuid *from, const struct uuid *upto, struct text type, uint32_t limit,
                  view_on_id *on_id, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_OBJECTS_BETWEEN);
    uint32_t given = 0;
    enum err err = OK;
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, from);
    bind_uuid(s, 2, upto);
    while (given < limit && view_more(v, s, &err, reterr)) {
        char id[IDENT_TEXT_MAX];
        struct uuid uuid;
        struct text name;
        column_uuid(s, 0, &uuid);
        err = view_type_row(v, (uint32_t)column_u64(s, 1), &name, reterr);
        if (err == OK && (type.len == 0 || text_eq(type, name))) {
            given++;
            err = on_id(self, ident_format(name, &uuid, id));
        }
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return given < limit ? err : OK;
}

enum err view_find_content(struct view *v, struct text id, const struct uuid *party, const struct sha256 *hash,
                           struct version_row *ret, struct fault *reterr)
{
    struct object_row object;
    enum err err = view_object(v, id, &object, reterr);
    uint64_t n = err == OK ? object.newest : NONE;
    while (err == OK && n != NONE) {
        struct version_row row;
        uint64_t older;
        err = view_version(v, n, &v->texts, &row, &older, reterr);
        if (err == OK && sha256_eq(&row.hash, hash) && uuid_eq(&row.party, party)) {
            *ret = row;
            return OK;
        }
        n = older;
    }
    return err == OK ? ERR_NOT_FOUND : err;
}

/* ---- writing ---- */

static bool in_quarantine(const struct view *v, enum standing standing, uint32_t cls)
{
    return standing != STANDING_REPLACED &&
           (standing == STANDING_QUARANTINED || v->classes.rows[cls - 1].cls.quarantined);
}

static void count_standing(struct view *v, enum standing s, uint32_t cls, uint64_t change)
{
    if (in_quarantine(v, s, cls))
        v->now.quarantined += change;
    if (s == STANDING_CLAIM)
        v->now.claims += change;
    if (s == STANDING_CONFLICT)
        v->now.conflicts += change;
}

static enum err set_standing(struct view *v, const struct version_row *row, enum standing standing,
                             struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_VERSION_STANDING);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, row->n);
    bind_u64(s, 2, standing);
    count_standing(v, row->standing, row->class_id, (uint64_t)-1);
    count_standing(v, standing, row->class_id, 1);
    return view_run(v, s, reterr);
}

/* The version that was current is it no longer: what it looked for is not looked for any more. */
static enum err leave(struct view *v, const struct version_row *row, enum standing standing, struct fault *reterr)
{
    enum err err = set_standing(v, row, standing, reterr);
    sqlite3_stmt *s = err == OK ? view_stmt(v, SQL_INDICATOR_DROP) : NULL;
    if (!s)
        return err == OK ? view_fault(v, reterr) : err;
    bind_u64(s, 1, row->n);
    err = view_run(v, s, reterr);
    if (err != OK)
        return err;
    v->now.values -= (uint64_t)sqlite3_changes(v->db);
    struct interned_row *cls = &v->classes.rows[row->class_id - 1];
    cls->current--;
    cls->changed = true;
    return OK;
}

/* The version that was current steps back. Same key with other content: it lost a conflict, else it is older. */
static enum err step_back(struct view *v, uint64_t n, const struct fact_object *by, bool *ret_withdrawn,
                          struct fault *reterr)
{
    struct version_texts texts;
    struct version_row row;
    enum err err = view_version(v, n, &texts, &row, NULL, reterr);
    if (err != OK)
        return err;
    bool same_key = row.modified.len > 0 && text_eq(row.modified, by->modified) && !sha256_eq(&row.hash, &by->hash);
    *ret_withdrawn = row.withdrawn;
    return leave(v, &row, same_key ? STANDING_CONFLICT : STANDING_OLDER, reterr);
}

struct version_add {
    const struct uuid *uuid;
    uint32_t type, cls, origin;
    uint64_t older;
    bool withdrawn; /* as it was in the entry that this one takes the place of; with: */
    int64_t withdrawn_us;
    bool after_withdrawn; /* the version that was current until now is withdrawn */
};

/* The same version under its old class counts no longer. An entry that is not there any more was erased. */
static enum err give_way(struct view *v, const struct fact_object *by, struct version_add *add,
                         struct object_row *object, struct fault *reterr)
{
    struct version_texts texts;
    struct version_row row;
    uint64_t n = by->replaces - 1;
    enum err err = view_version(v, n, &texts, &row, NULL, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    if (!text_eq(row.id, by->id) || !sha256_eq(&row.hash, &by->hash) || row.standing == STANDING_REPLACED)
        return OK;
    add->withdrawn = row.withdrawn;
    add->withdrawn_us = row.withdrawn_us;
    if (object->current != n)
        return set_standing(v, &row, STANDING_REPLACED, reterr);
    object->current = NONE;
    return leave(v, &row, STANDING_REPLACED, reterr);
}

/* Nothing of the object counts any more: what did was a claim. */
static enum err no_current(struct view *v, const struct version_row *row, enum standing standing,
                           struct fault *reterr)
{
    struct ident ident;
    uint32_t type;
    enum err err = ident_parse(row->id, &ident, reterr);
    if (err == OK)
        err = view_type_number(v, ident.type, false, &type, reterr);
    if (err == OK)
        err = leave(v, row, standing, reterr);
    sqlite3_stmt *s = err == OK ? view_stmt(v, SQL_OBJECT_CURRENT) : NULL;
    if (!s)
        return err == OK ? view_fault(v, reterr) : err;
    bind_uuid(s, 1, &ident.uuid);
    bind_u64(s, 2, type);
    sqlite3_bind_null(s, 3);
    return view_run(v, s, reterr);
}

enum err apply_standings(struct view *v, const struct fact_standings *list, int64_t t_us, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < list->count; i++) {
        struct version_texts texts;
        struct version_row row;
        err = view_version(v, list->list[i].n, &texts, &row, NULL, reterr);
        if (err == ERR_NOT_FOUND) {
            err = OK; /* erased */
            continue;
        }
        if (err == OK && row.standing == STANDING_CURRENT)
            err = no_current(v, &row, list->list[i].standing, reterr);
        else if (err == OK)
            err = set_standing(v, &row, list->list[i].standing, reterr);
        if (err == OK)
            err = stand_in_settle(v, row.id, t_us, reterr);
    }
    return err;
}

static void bind_modified(sqlite3_stmt *s, int at, const struct fact_object *f)
{
    char again[STAMP_TEXT_MAX];
    const char *dot = f->modified.len ? memchr(f->modified.ptr, '.', f->modified.len) : NULL;
    size_t digits = dot ? (size_t)(f->modified.ptr + f->modified.len - dot) - 2 : 0;
    if (f->modified.len == 0)
        sqlite3_bind_null(s, at);
    else if (digits <= 6 && text_eq(stamp_format(stamp_from_us(f->modified_us, (uint8_t)digits), again), f->modified))
        bind_u64(s, at, digits);
    else
        bind_text(s, at, f->modified);
}

static enum err add_version(struct view *v, const struct fact *f, const struct version_add *a, struct fault *reterr)
{
    const struct fact_object *o = &f->u.object;
    sqlite3_stmt *s = view_stmt(v, SQL_VERSION_ADD);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, f->n);
    sqlite3_bind_int64(s, 2, f->t_us);
    bind_uuid(s, 3, a->uuid);
    bind_u64(s, 4, a->type);
    if (a->older == NONE)
        sqlite3_bind_null(s, 5);
    else
        bind_u64(s, 5, a->older);
    bind_u64(s, 6, o->standing);
    bind_u64(s, 7, a->cls);
    bind_u64(s, 8, a->origin);
    bind_hash(s, 9, &o->hash);
    sqlite3_bind_int64(s, 10, o->created_us);
    sqlite3_bind_int64(s, 11, o->modified_us);
    bind_modified(s, 12, o);
    bind_u64(s, 13, o->revoked);
    if (o->has_valid_until)
        sqlite3_bind_int64(s, 14, o->valid_until_us);
    else
        sqlite3_bind_null(s, 14);
    bind_u64(s, 15, o->print);
    bind_place(s, 16, o->body);
    bind_place(s, 17, o->original);
    sqlite3_bind_int(s, 18, o->authority);
    if (o->has_valid_from && o->valid_from_us > o->modified_us)
        sqlite3_bind_int64(s, 19, o->valid_from_us);
    else
        sqlite3_bind_null(s, 19);
    if (a->withdrawn)
        sqlite3_bind_int64(s, 20, a->withdrawn_us);
    else
        sqlite3_bind_null(s, 20);
    return view_run(v, s, reterr);
}

static enum err add_values(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_object *o = &f->u.object;
    for (size_t i = 0; i < o->value_count; i++) {
        sqlite3_stmt *s = view_stmt(v, SQL_INDICATOR_ADD);
        if (!s)
            return view_fault(v, reterr);
        bind_u64(s, 1, f->n);
        bind_u64(s, 2, i);
        bind_u64(s, 3, o->values[i].kind);
        bind_text(s, 4, o->values[i].value);
        enum err err = view_run(v, s, reterr);
        if (err != OK)
            return err;
    }
    v->now.values += o->value_count;
    return OK;
}

static enum err set_object(struct view *v, const struct version_add *a, const struct object_row *row,
                           struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, a->older == NONE ? SQL_OBJECT_ADD : SQL_OBJECT_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, a->uuid);
    bind_u64(s, 2, a->type);
    bind_u64(s, 3, row->newest);
    if (row->current == NONE)
        sqlite3_bind_null(s, 4);
    else
        bind_u64(s, 4, row->current);
    v->now.objects += a->older == NONE;
    v->absent.known = false;
    return view_run(v, s, reterr);
}

static enum err become_current(struct view *v, const struct fact *f, struct version_add *add, uint64_t before,
                               struct fault *reterr)
{
    enum err err = before == NONE ? OK : step_back(v, before, &f->u.object, &add->after_withdrawn, reterr);
    if (err != OK)
        return err;
    v->classes.rows[add->cls - 1].current++;
    v->classes.rows[add->cls - 1].changed = true;
    return in_quarantine(v, STANDING_CURRENT, add->cls) ? OK : add_values(v, f, reterr);
}

enum err apply_object(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_object *o = &f->u.object;
    struct version_add add = {.older = NONE};
    struct object_row row = {NONE, NONE};
    struct ident ident;
    if (ident_parse(o->id, &ident, reterr) != OK || o->modified.len >= sizeof v->texts.modified)
        return fault_set(reterr, ERR_MALFORMED, "an object with an impossible id or time of change");
    add.uuid = &ident.uuid;
    enum err err = view_type_number(v, ident.type, true, &add.type, reterr);
    if (err == OK)
        err = view_class_number(v, o->class_key, &add.cls, reterr);
    if (err == OK)
        err = view_origin_number(v, &o->party, &o->source, &add.origin, reterr);
    if (err != OK)
        return err;
    err = object_row(v, &ident.uuid, add.type, &row, reterr);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    add.older = row.newest;
    err = o->replaces ? give_way(v, o, &add, &row, reterr) : OK;
    if (err == OK)
        err = add_version(v, f, &add, reterr);
    if (err == OK && o->standing == STANDING_CURRENT) {
        err = become_current(v, f, &add, row.current, reterr);
        row.current = f->n;
    }
    if (err != OK)
        return err;
    row.newest = f->n;
    v->now.versions++;
    count_standing(v, o->standing, add.cls, 1);
    err = set_object(v, &add, &row, reterr);
    if (err == OK)
        err = apply_standings(v, &o->standings, f->t_us, reterr);
    if (err == OK && (add.after_withdrawn || o->replaces || o->standing == STANDING_OLDER))
        err = stand_in_settle(v, o->id, f->t_us, reterr);
    const struct content c = {&ident.uuid, add.type, &o->hash};
    return err == OK && o->line ? note_unproven(v, &c, &o->party, f->n, reterr) : err;
}

/* Its standing stays: what counts here does not change by it. An entry that is not there any more was erased. */
enum err apply_withdrawal(struct view *v, const struct fact *f, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_VERSION_WITHDRAWN);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, f->u.withdrawal.entry);
    sqlite3_bind_int64(s, 2, f->t_us);
    enum err err = view_run(v, s, reterr);
    return err == OK ? stand_in_settle(v, f->u.withdrawal.object, f->t_us, reterr) : err;
}

/* ---- indicators ---- */

/* Rows of a statement whose columns are those of SQL_INDICATORS, to on_row. */
static enum err give_indicators(struct view *v, sqlite3_stmt *s, view_on_indicator *on_row, void *self,
                                struct fault *reterr)
{
    enum err err;
    while (view_more(v, s, &err, reterr)) {
        char id[IDENT_TEXT_MAX];
        struct indicator_row r = {.n = column_u64(s, 0), .kind = (enum value_kind)sqlite3_column_int(s, 1)};
        struct uuid uuid;
        struct text type;
        r.value = column_text(s, 2);
        column_uuid(s, 3, &uuid);
        r.revoked = sqlite3_column_int(s, 5);
        r.has_valid_until = sqlite3_column_type(s, 6) != SQLITE_NULL;
        r.valid_until_us = sqlite3_column_int64(s, 6);
        r.said_us = sqlite3_column_int64(s, 8);
        err = view_type_row(v, (uint32_t)column_u64(s, 4), &type, reterr);
        if (err == OK)
            err = view_origin_row(v, (uint32_t)column_u64(s, 7), &r.party, &r.source, reterr);
        if (err != OK)
            break;
        r.id = ident_format(type, &uuid, id);
        err = on_row(self, &r);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err view_indicators(struct view *v, uint64_t from_n, view_on_indicator *on_row, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_INDICATORS);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, from_n);
    return give_indicators(v, s, on_row, self, reterr);
}

enum err view_values_of(struct view *v, uint64_t n, view_on_indicator *on_row, void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_INDICATOR_VALUES);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, n);
    return give_indicators(v, s, on_row, self, reterr);
}
