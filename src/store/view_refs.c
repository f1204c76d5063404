/* store/view_refs.c - what refers to an object: a list that only grows at its end, since a tree in the order of the
 * targets would be written to in a thousand places with each group of an import.
 *
 * A row holds the references of a stretch of entries as sorted numbers of 64 bits: 48 of the target's UUID above 16
 * of the entry's place in its block. While a block of 4096 entries is being filled its rows are of 64 entries, so
 * that a small commit writes little; a full block becomes one row, unless that would be too large. Who asks searches
 * every row by halves: a thousand entries' references cost about as much as one page of a tree.
 *
 * Invariant: the rows are a function of the entries 0 .. position - 1, whatever the commits were: rows of the block
 * that position lies in are of 64 entries, those of earlier ones as written above. */
#include <stdlib.h>
#include <string.h>

#include "store/references.h"
#include "store/view_ask.h"
#include "store/view_inside.h"

#define BLOCK 4096u /* entries; places in it take the low 16 bits */
#define PART  64u
/* References in one row (8 MiB): a block whose entries have more keeps its parts, of which each is bounded by
 * PART * REFERENCES_MAX. */
#define ROW_MAX ((size_t)1 << 20)
/* Entries looked at for one question: what is referred to more often is told by its count. */
#define LOOKED_AT_MAX 4096

struct keys {
    uint64_t *list;
    size_t count, cap;
};

static enum err keys_room(struct keys *k, size_t more)
{
    if (k->count + more <= k->cap)
        return OK;
    size_t cap = 2 * (k->count + more);
    uint64_t *moved = realloc(k->list, cap * sizeof *moved);
    if (!moved)
        return ERR_NOMEM;
    k->list = moved;
    k->cap = cap;
    return OK;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Numbers are kept little-endian, wherever they were written. */
static uint64_t key_at(const char *bytes, size_t i)
{
    uint64_t key = 0;
    for (size_t j = 8; j > 0; j--)
        key = key << 8 | (unsigned char)bytes[i * 8 + j - 1];
    return key;
}

/* ---- writing ---- */

enum err apply_references(struct view *v, const struct fact *f, struct fault *reterr)
{
    uint64_t keys[REFERENCES_MAX];
    size_t count = 0;
    struct reference_list *l = &v->references;
    if (f->u.object.refs.len == 0)
        return OK;
    enum err err = references_read(f->u.object.refs, keys, &count);
    if (err == ERR_NOMEM)
        return view_nomem(reterr);
    if (err != OK)
        return fault_set(reterr, ERR_MALFORMED, "an object with an unreadable list of references");
    if (l->count + count > l->cap) {
        size_t cap = 2 * (l->count + count);
        struct reference *moved = realloc(l->list, cap * sizeof *moved);
        if (!moved)
            return view_nomem(reterr);
        l->list = moved;
        l->cap = cap;
    }
    for (size_t i = 0; i < count; i++)
        l->list[l->count++] = (struct reference){f->n, keys[i]};
    return OK;
}

/* What the rows of [from, to) hold, appended. */
static enum err read_rows(struct view *v, uint64_t from, uint64_t to, struct keys *k, struct fault *reterr)
{
    enum err err;
    sqlite3_stmt *s = view_stmt(v, SQL_REFERENCES);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, from);
    bind_u64(s, 2, to);
    while (view_more(v, s, &err, reterr)) {
        struct text t = column_text(s, 1);
        if (keys_room(k, t.len / 8) != OK) {
            err = view_nomem(reterr);
            break;
        }
        for (size_t i = 0; i < t.len / 8; i++)
            k->list[k->count++] = key_at(t.ptr, i);
    }
    sqlite3_reset(s);
    return err;
}

static enum err drop_rows(struct view *v, uint64_t from, uint64_t to, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_REFERENCES_DROP);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, from);
    bind_u64(s, 2, to);
    return view_run(v, s, reterr);
}

static enum err write_row(struct view *v, uint64_t n, struct keys *k, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_REFERENCES_SET);
    if (k->count == 0)
        return OK;
    if (!s)
        return view_fault(v, reterr);
    qsort(k->list, k->count, sizeof *k->list, by_number);
    char *bytes = (char *)k->list; /* sorted: they may be turned round in place */
    for (size_t i = 0; i < k->count; i++) {
        uint64_t key = k->list[i];
        for (size_t j = 0; j < 8; j++)
            bytes[i * 8 + j] = (char)(key >> 8 * j & 0xFF);
    }
    bind_u64(s, 1, n);
    sqlite3_bind_blob64(s, 2, bytes, k->count * 8, SQLITE_STATIC);
    return view_run(v, s, reterr);
}

/* Pending references of entries below `to`, from *at on. */
static enum err take_pending(struct view *v, uint64_t to, size_t *at, struct keys *k, struct fault *reterr)
{
    const struct reference_list *l = &v->references;
    size_t end = *at;
    while (end < l->count && l->list[end].n < to)
        end++;
    if (keys_room(k, end - *at) != OK)
        return view_nomem(reterr);
    for (; *at < end; (*at)++)
        k->list[k->count++] = l->list[*at].key << 16 | l->list[*at].n % BLOCK;
    return OK;
}

/* The part of 64 entries that begins at n, with what is pending of it. */
static enum err write_part(struct view *v, uint64_t n, size_t *at, struct keys *k, struct fault *reterr)
{
    k->count = 0;
    enum err err = read_rows(v, n, n + PART, k, reterr);
    if (err == OK)
        err = take_pending(v, n + PART, at, k, reterr);
    return err == OK ? write_row(v, n, k, reterr) : err;
}

static enum err write_block(struct view *v, uint64_t n, struct keys *k, struct fault *reterr)
{
    k->count = 0;
    enum err err = read_rows(v, n, n + BLOCK, k, reterr);
    if (err != OK || k->count > ROW_MAX)
        return err;
    err = drop_rows(v, n, n + BLOCK, reterr);
    return err == OK ? write_row(v, n, k, reterr) : err;
}

/* A block that nothing was written of before goes down at once. */
static enum err write_whole_block(struct view *v, uint64_t n, size_t *at, struct keys *k, struct fault *reterr)
{
    size_t end = *at;
    while (end < v->references.count && v->references.list[end].n < n + BLOCK)
        end++;
    if (end - *at > ROW_MAX)
        return ERR_LIMIT;
    k->count = 0;
    enum err err = take_pending(v, n + BLOCK, at, k, reterr);
    return err == OK ? write_row(v, n, k, reterr) : err;
}

static enum err write_all(struct view *v, uint64_t from, struct keys *k, struct fault *reterr)
{
    const uint64_t position = v->now.position;
    enum err err = OK;
    size_t at = 0;
    for (uint64_t block = from - from % BLOCK; err == OK && block < position; block += BLOCK) {
        bool full = position >= block + BLOCK, fresh = from <= block;
        if (full && fresh && (err = write_whole_block(v, block, &at, k, reterr)) != ERR_LIMIT)
            continue;
        err = OK;
        for (uint64_t n = block; err == OK && n < block + BLOCK && at < v->references.count; n += PART)
            if (v->references.list[at].n < n + PART)
                err = write_part(v, n, &at, k, reterr);
        if (err == OK && full)
            err = write_block(v, block, k, reterr);
    }
    return err;
}

enum err view_write_references(struct view *v, uint64_t from, struct fault *reterr)
{
    struct keys k = {0};
    enum err err = write_all(v, from, &k, reterr);
    free(k.list);
    return err;
}

/* ---- asking ---- */

struct asked {
    uint64_t key;
    uint64_t *n; /* newest first */
    size_t count;
    uint64_t more;
};

/* The first place whose number is not below `key`. */
static size_t lower_bound(struct text row, uint64_t key)
{
    size_t low = 0, high = row.len / 8;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_at(row.ptr, middle) < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_row(struct asked *a, uint64_t n, struct text row)
{
    size_t from = lower_bound(row, a->key << 16), to = lower_bound(row, (a->key << 16) + 0x10000);
    for (; to > from; to--) {
        if (a->count == LOOKED_AT_MAX) {
            a->more += to - from;
            return;
        }
        a->n[a->count++] = n - n % BLOCK + (key_at(row.ptr, to - 1) & 0xFFFF);
    }
}

static enum err find(struct view *v, struct asked *a, struct fault *reterr)
{
    enum err err;
    sqlite3_stmt *s = view_stmt(v, SQL_REFERENCES);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, 0);
    bind_u64(s, 2, (uint64_t)INT64_MAX);
    while (view_more(v, s, &err, reterr))
        take_row(a, column_u64(s, 0), column_text(s, 1));
    sqlite3_reset(s);
    return err;
}

enum err view_referring(struct view *v, struct text id, uint32_t limit, view_on_version *on_row, void *self,
                        uint64_t *ret_more, struct fault *reterr)
{
    struct ident ident;
    struct asked a = {0};
    uint32_t given = 0;
    size_t i = 0;
    if (ident_parse(id, &ident, reterr) != OK)
        return ERR_MALFORMED;
    a.key = reference_key(&ident.uuid);
    a.n = malloc(LOOKED_AT_MAX * sizeof *a.n);
    if (!a.n)
        return view_nomem(reterr);
    enum err err = find(v, &a, reterr);
    for (; err == OK && i < a.count && given < limit; i++) {
        struct version_texts texts;
        struct version_row row;
        err = view_version(v, a.n[i], &texts, &row, NULL, reterr);
        if (err != OK || row.standing != STANDING_CURRENT)
            continue;
        given++;
        err = on_row(self, &row);
    }
    if (err == OK)
        *ret_more = a.more + (a.count - i);
    free(a.n);
    return err;
}
