#include "desk/watchlist.h"

#include <stdlib.h>
#include <string.h>

/* 48 bytes an indicator value: a million must fit beside everything else on a cheap server. Parties are few, so they
 * are numbered. */
struct packed {
    uint64_t n;
    struct uuid uuid;
    int64_t valid_until_us; /* INT64_MAX: none */
    uint32_t value_at;      /* in the pool */
    uint16_t value_len;
    uint16_t party;
    uint8_t kind;
};

struct watchlist {
    atomic_size_t references;
    struct packed *items;
    size_t count, cap;
    struct buffer pool;
    struct uuid *parties;
    size_t party_count;
    struct index_builder *builder;
    struct index *index;
    uint64_t until;
    uint32_t first_ref;
};

#define WATCHLIST_MAX       ((size_t)64 << 20) /* values; more than any feed on earth, less than what ref can count */
#define WATCHLIST_POOL_MAX  ((size_t)UINT32_MAX)
#define WATCHLIST_PARTY_MAX ((size_t)UINT16_MAX)

static enum err party_number(struct watchlist *w, const struct uuid *party, uint16_t *ret)
{
    /* The newest is the likeliest: imports come party by party. */
    for (size_t i = w->party_count; i-- > 0;) {
        if (uuid_eq(&w->parties[i], party)) {
            *ret = (uint16_t)i;
            return OK;
        }
    }
    if (w->party_count == WATCHLIST_PARTY_MAX)
        return ERR_LIMIT;
    struct uuid *grown = realloc(w->parties, (w->party_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    w->parties = grown;
    w->parties[w->party_count] = *party;
    *ret = (uint16_t)w->party_count++;
    return OK;
}

static enum err make_room(struct watchlist *w)
{
    if (w->count < w->cap)
        return OK;
    if (w->count >= WATCHLIST_MAX)
        return ERR_LIMIT;
    size_t cap = w->cap ? w->cap * 2 : 256;
    struct packed *grown = realloc(w->items, cap * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    w->items = grown;
    w->cap = cap;
    return OK;
}

static enum err add_row(void *self, const struct indicator_row *row)
{
    struct watchlist *w = self;
    struct ident ident;
    if (row->revoked || ident_parse(row->id, &ident, NULL) || row->value.len > UINT16_MAX)
        return OK;
    enum err err = make_room(w);
    uint16_t party = 0;
    if (!err)
        err = party_number(w, &row->party, &party);
    if (err)
        return err;
    size_t at = w->pool.len;
    buffer_add(&w->pool, row->value);
    err = buffer_error(&w->pool);
    if (!err)
        err = index_builder_add(w->builder, row->kind, row->value, w->first_ref + (uint32_t)w->count);
    if (err)
        return err;
    w->items[w->count++] = (struct packed){.n = row->n,
                                           .uuid = ident.uuid,
                                           .valid_until_us = row->has_valid_until ? row->valid_until_us : INT64_MAX,
                                           .value_at = (uint32_t)at,
                                           .value_len = (uint16_t)row->value.len,
                                           .party = party,
                                           .kind = (uint8_t)row->kind};
    return OK;
}

static void watchlist_free(struct watchlist *w)
{
    index_builder_free(w->builder);
    index_unref(w->index);
    buffer_done(&w->pool);
    free(w->items);
    free(w->parties);
    free(w);
}

static enum err fill(struct watchlist *w, struct view *v, uint64_t from_n, struct fault *reterr)
{
    enum err err = view_snapshot(v, reterr);
    if (err)
        return err;
    w->until = view_position(v);
    err = view_indicators(v, from_n, add_row, w, reterr);
    view_end(v);
    if (!err)
        err = index_builder_build(w->builder, &w->index);
    return err;
}

enum err watchlist_load(struct view *v, uint64_t from_n, uint32_t first_ref, struct watchlist **ret,
                        struct fault *reterr)
{
    struct watchlist *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    atomic_init(&w->references, 1);
    w->first_ref = first_ref;
    buffer_init(&w->pool, WATCHLIST_POOL_MAX);
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = index_builder_new(&w->builder);
    if (!err)
        err = fill(w, v, from_n, &fault);
    if (err) {
        watchlist_free(w);
        return fault_set(reterr, err, "the indicators could not be loaded: %s",
                         fault.what[0] ? fault.what : err_name(err));
    }
    index_builder_free(w->builder);
    w->builder = NULL;
    *ret = w;
    return OK;
}

struct watchlist *watchlist_ref(struct watchlist *w)
{
    atomic_fetch_add(&w->references, 1);
    return w;
}

void watchlist_unref(struct watchlist *w)
{
    if (w && atomic_fetch_sub(&w->references, 1) == 1)
        watchlist_free(w);
}

const struct index *watchlist_index(const struct watchlist *w)
{
    return w->index;
}

size_t watchlist_size(const struct watchlist *w)
{
    return w->count;
}

uint64_t watchlist_until(const struct watchlist *w)
{
    return w->until;
}

bool watchlist_has(const struct watchlist *w, uint32_t ref)
{
    return ref >= w->first_ref && ref - w->first_ref < w->count;
}

struct watch_item watchlist_at(const struct watchlist *w, uint32_t ref)
{
    const struct packed *p = &w->items[ref - w->first_ref];
    return (struct watch_item){.n = p->n,
                               .uuid = p->uuid,
                               .kind = (enum value_kind)p->kind,
                               .value = {w->pool.ptr + p->value_at, p->value_len},
                               .has_valid_until = p->valid_until_us != INT64_MAX,
                               .valid_until_us = p->valid_until_us,
                               .party = w->parties[p->party]};
}

bool watch_item_valid(const struct watch_item *item, int64_t at_us)
{
    return !item->has_valid_until || at_us < item->valid_until_us;
}
