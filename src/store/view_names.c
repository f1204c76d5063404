/* store/view_names.c - STIX types, release classes and origins (party and source), each given a small number once.
 * Held in memory by every connection: there are few, and every row refers to them.
 *
 * Invariant: rows[i] is number i + 1, and the same in the table; a number never changes its meaning. A connection may
 * know fewer than the table has (another one added them), then it reads the rest. */
#include <stdlib.h>
#include <string.h>

#include "store/view_inside.h"

void interned_cut(struct interned *t, size_t count)
{
    if (count >= t->count)
        return;
    while (t->count > count)
        free((char *)(uintptr_t)t->rows[--t->count].key.ptr);
    free(t->slots); /* made again by the next look-up */
    t->slots = NULL;
    t->slot_count = 0;
}

void interned_done(struct interned *t)
{
    interned_cut(t, 0);
    free(t->rows);
    free(t->slots);
    *t = (struct interned){0};
}

static size_t slot_of(const struct interned *t, struct text key)
{
    size_t mask = t->slot_count - 1, i = (size_t)xxh3_of(key.ptr, key.len) & mask;
    while (t->slots[i] && !text_eq(t->rows[t->slots[i] - 1].key, key))
        i = (i + 1) & mask;
    return i;
}

static enum err rehash(struct interned *t)
{
    size_t want = 64;
    while (want < 2 * (t->count + 1))
        want *= 2;
    if (want <= t->slot_count)
        return OK;
    uint32_t *slots = calloc(want, sizeof *slots);
    if (!slots)
        return ERR_NOMEM;
    free(t->slots);
    t->slots = slots;
    t->slot_count = want;
    for (size_t i = 0; i < t->count; i++)
        t->slots[slot_of(t, t->rows[i].key)] = (uint32_t)i + 1;
    return OK;
}

/* 0: not known here; UINT32_MAX: no memory. */
static uint32_t find(struct interned *t, struct text key)
{
    if (rehash(t) != OK)
        return UINT32_MAX;
    return t->slots[slot_of(t, key)];
}

static enum err append(struct interned *t, struct text key, struct interned_row **ret)
{
    if (t->count == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 32;
        struct interned_row *moved = realloc(t->rows, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        t->rows = moved;
        t->cap = cap;
    }
    if (rehash(t) != OK)
        return ERR_NOMEM;
    char *copy = malloc(key.len + 1);
    if (!copy)
        return ERR_NOMEM;
    if (key.len)
        memcpy(copy, key.ptr, key.len);
    struct interned_row *row = &t->rows[t->count];
    *row = (struct interned_row){.key = {copy, key.len}};
    size_t slot = slot_of(t, row->key);
    t->slots[slot] = (uint32_t)++t->count;
    *ret = row;
    return OK;
}

/* ---- reading what the table has beyond what is known ---- */

static enum err bad_names(struct fault *reterr)
{
    return fault_set(reterr, ERR_VERSION, "the view's names do not fit together");
}

static enum err read_row(struct view *v, struct interned *t, sqlite3_stmt *s, struct fault *reterr)
{
    struct interned_row *row;
    struct gate_class cls = {0};
    struct text key = column_text(s, 1);
    if (column_u64(s, 0) != t->count + 1)
        return bad_names(reterr);
    if (t == &v->classes && gate_class_parse(key, &cls) != OK)
        return bad_names(reterr);
    if (append(t, key, &row) != OK)
        return view_nomem(reterr);
    row->cls = cls;
    row->current = t == &v->classes ? column_u64(s, 2) : 0;
    return OK;
}

static enum err read_rows(struct view *v, struct interned *t, struct fault *reterr)
{
    enum sql sql = t == &v->types ? SQL_TYPES : t == &v->classes ? SQL_CLASSES : SQL_ORIGINS;
    sqlite3_stmt *s = view_stmt(v, sql);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, t->count);
    enum err err;
    while (view_more(v, s, &err, reterr) && (err = read_row(v, t, s, reterr)) == OK)
        ;
    sqlite3_reset(s);
    return err;
}

enum err view_load_names(struct view *v, struct fault *reterr)
{
    enum err err = read_rows(v, &v->types, reterr);
    if (err == OK)
        err = read_rows(v, &v->classes, reterr);
    return err == OK ? read_rows(v, &v->origins, reterr) : err;
}

static enum err row_of(struct view *v, struct interned *t, uint32_t number, const struct interned_row **ret,
                       struct fault *reterr)
{
    if (number > t->count && !v->in_write) {
        enum err err = read_rows(v, t, reterr);
        if (err != OK)
            return err;
    }
    if (number == 0 || number > t->count)
        return ERR_NOT_FOUND;
    *ret = &t->rows[number - 1];
    return OK;
}

enum err view_type_row(struct view *v, uint32_t number, struct text *ret, struct fault *reterr)
{
    const struct interned_row *row = NULL;
    enum err err = row_of(v, &v->types, number, &row, reterr);
    if (err == OK)
        *ret = row->key;
    return err == ERR_NOT_FOUND ? bad_names(reterr) : err;
}

enum err view_class_row(struct view *v, uint32_t number, const struct gate_class **ret, struct fault *reterr)
{
    const struct interned_row *row = NULL;
    enum err err = row_of(v, &v->classes, number, &row, reterr);
    if (err == OK)
        *ret = &row->cls;
    return err;
}

enum err view_origin_row(struct view *v, uint32_t number, struct uuid *ret_party, struct uuid *ret_source,
                         struct fault *reterr)
{
    const struct interned_row *row = NULL;
    enum err err = row_of(v, &v->origins, number, &row, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? bad_names(reterr) : err;
    if (row->key.len != 2 * sizeof ret_party->b)
        return bad_names(reterr);
    memcpy(ret_party->b, row->key.ptr, sizeof ret_party->b);
    memcpy(ret_source->b, row->key.ptr + sizeof ret_party->b, sizeof ret_source->b);
    return OK;
}

/* ---- numbers, given now when there is none ---- */

static enum err add_row(struct view *v, struct interned *t, struct text key, uint32_t *ret, struct fault *reterr)
{
    enum sql sql = t == &v->types ? SQL_TYPE_ADD : t == &v->classes ? SQL_CLASS_ADD : SQL_ORIGIN_ADD;
    struct gate_class cls = {0};
    struct interned_row *row;
    if (t == &v->classes && gate_class_parse(key, &cls) != OK)
        return fault_set(reterr, ERR_MALFORMED, "a class that the gate cannot read");
    sqlite3_stmt *s = view_stmt(v, sql);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, t->count + 1);
    if (t == &v->origins)
        sqlite3_bind_blob(s, 2, key.ptr, (int)key.len, SQLITE_STATIC);
    else
        bind_text(s, 2, key);
    enum err err = view_run(v, s, reterr);
    if (err != OK)
        return err;
    if (append(t, key, &row) != OK)
        return view_nomem(reterr);
    row->cls = cls;
    *ret = (uint32_t)t->count;
    return OK;
}

static enum err number_of(struct view *v, struct interned *t, struct text key, bool add, uint32_t *ret,
                          struct fault *reterr)
{
    uint32_t number = find(t, key);
    if (number == 0 && !v->in_write) {
        enum err err = read_rows(v, t, reterr);
        if (err != OK)
            return err;
        number = find(t, key);
    }
    if (number == UINT32_MAX)
        return view_nomem(reterr);
    if (number == 0)
        return add ? add_row(v, t, key, ret, reterr) : ERR_NOT_FOUND;
    *ret = number;
    return OK;
}

enum err view_type_number(struct view *v, struct text name, bool add, uint32_t *ret, struct fault *reterr)
{
    return number_of(v, &v->types, name, add, ret, reterr);
}

enum err view_class_number(struct view *v, struct text key, uint32_t *ret, struct fault *reterr)
{
    return number_of(v, &v->classes, key, true, ret, reterr);
}

enum err view_origin_number(struct view *v, const struct uuid *party, const struct uuid *source, uint32_t *ret,
                            struct fault *reterr)
{
    char key[32];
    memcpy(key, party->b, 16);
    memcpy(key + 16, source->b, 16);
    return number_of(v, &v->origins, (struct text){key, sizeof key}, true, ret, reterr);
}
