#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "desk/watchlist_inside.h"
#include "model/stix.h"

#define ASKED 2 /* index_item.flags, in memory alone: a value without an indicator */

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
    struct index_item *grown = realloc(w->items, cap * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    w->items = grown;
    if (w->news) {
        int64_t *until = realloc(w->counted_until_us, cap * sizeof *until);
        if (!until)
            return ERR_NOMEM;
        w->counted_until_us = until;
    }
    w->cap = cap;
    return OK;
}

/* INT64_MAX: no end. */
static int64_t assumed_until(const struct belief *belief, const struct indicator_row *row, int64_t said_us)
{
    struct ident ident;
    if (ident_parse(row->id, &ident, NULL) != OK)
        return INT64_MAX;
    const struct lifetime_ask ask = {
        .indicator = ident.uuid, .source = row->source, .kind = row->kind, .said_us = said_us};
    struct lifetime l = lifetimes_of(belief_lifetimes(belief), &ask);
    return l.ends ? l.until_us : INT64_MAX;
}

/* ---- news ---- */

struct earlier {
    struct watchlist *w;
    const struct indicator_row *row;
    bool found;
    int64_t modified_us; /* of the version that was found */
    int64_t counted_until_us;
};

static int64_t said_us(const struct stix_head *head, const struct earlier *e)
{
    int64_t from_us = head->has_valid_from ? stamp_us(head->valid_from) : INT64_MIN;
    return from_us > e->modified_us ? from_us : e->modified_us;
}

/* The view keeps the values of current versions alone: an earlier one's are read from its body. */
static enum err earlier_values(struct earlier *e, struct text body)
{
    struct json_doc *doc = NULL;
    struct stix_head head;
    struct arena arena;
    arena_init(&arena, 4 * STIX_OBJECT_MAX_BYTES);
    enum err err = json_parse(body, &doc, NULL);
    if (!err)
        err = stix_head_read(json_root(doc), &arena, &head, NULL);
    for (size_t i = 0; !err && i < head.value_count; i++) {
        if (head.values[i].kind == e->row->kind && text_eq(head.values[i].value, e->row->value))
            e->counted_until_us = head.has_valid_until ? stamp_us(head.valid_until)
                                                       : assumed_until(e->w->belief, e->row, said_us(&head, e));
    }
    json_free(doc);
    arena_done(&arena);
    return err == ERR_NOMEM ? err : OK;
}

/* The newest of the earlier versions speaks for all: it was in force when the older lines were looked at. */
static enum err earlier_version(void *self, const struct version_row *version)
{
    struct earlier *e = self;
    bool counted = version->standing == STANDING_CURRENT || version->standing == STANDING_OLDER;
    if (e->found || version->n >= e->w->news_from || !counted)
        return OK;
    e->found = true;
    e->modified_us = version->modified_us;
    if (version->revoked)
        return OK;
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = node_body(e->w->node, version->body, &body, NULL);
    err = err == ERR_NOT_FOUND ? OK : err ? err : earlier_values(e, buffer_text(&body)); /* not found: erased */
    buffer_done(&body);
    return err;
}

/* Feeds send their indicators again every day with a later valid_until: what was looked for already was counted. */
static enum err counted_until(struct watchlist *w, const struct indicator_row *row, int64_t *ret_us)
{
    struct earlier e = {.w = w, .row = row, .counted_until_us = INT64_MIN};
    enum err err = view_versions(w->news, row->id, earlier_version, &e, NULL);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_us = e.counted_until_us;
    return OK;
}

/* Of the value that the builder was given last. */
static enum err keep_value(struct watchlist *w, enum value_kind kind, struct text value, struct index_item *item)
{
    if (index_kind_is_text(kind)) {
        item->value_at = index_builder_last_key(w->builder, kind);
        return OK;
    }
    item->value_at = (uint32_t)w->values.len;
    buffer_add(&w->values, value);
    return buffer_error(&w->values);
}

static enum err add_row(void *self, const struct indicator_row *row)
{
    struct watchlist *w = self;
    struct ident ident;
    if (row->revoked || ident_parse(row->id, &ident, NULL) || row->value.len > UINT16_MAX)
        return OK;
    int64_t counted_us = INT64_MIN;
    enum err err = OK;
    if (w->news && row->n >= w->news_until)
        return OK;
    const struct suppressed found =
        suppress_indicator(belief_suppress(w->belief), &ident.uuid, row->kind, row->value);
    suppress_count(&w->suppressed, &found);
    if (found.why != SUPPRESS_NOT)
        return OK;
    if (w->news)
        err = counted_until(w, row, &counted_us);
    if (!err && counted_us == INT64_MAX)
        return OK;
    uint16_t party = 0;
    if (!err)
        err = make_room(w);
    if (!err)
        err = party_number(w, &row->party, &party);
    if (err)
        return err;
    err = index_builder_add(w->builder, row->kind, row->value, w->first_ref + (uint32_t)w->count);
    if (err)
        return err;
    struct index_item item = {.n = row->n,
                              .uuid = ident.uuid,
                              .until_us = row->has_valid_until ? row->valid_until_us
                                                               : assumed_until(w->belief, row, row->said_us),
                              .value_len = (uint16_t)row->value.len,
                              .party = party,
                              .kind = (uint8_t)row->kind};
    err = keep_value(w, row->kind, row->value, &item);
    if (err)
        return err;
    if (!row->has_valid_until && item.until_us != INT64_MAX)
        item.flags = INDEX_ITEM_ASSUMED;
    if (w->news)
        w->counted_until_us[w->count] = counted_us;
    w->over += !row->has_valid_until && item.until_us <= w->loaded_us;
    w->items[w->count++] = item;
    return OK;
}

static void watchlist_free(struct watchlist *w)
{
    index_builder_free(w->builder);
    index_unref(w->index);
    index_file_unref(w->file);
    belief_unref(w->asked_by);
    buffer_done(&w->values);
    free(w->items);
    free(w->counted_until_us);
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

static enum err load(struct watchlist *w, struct view *v, uint64_t from_n, struct watchlist **ret,
                     struct fault *reterr)
{
    atomic_init(&w->references, 1);
    buffer_init(&w->values, WATCHLIST_POOL_MAX);
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
    w->news = NULL;
    w->node = NULL;
    w->belief = NULL;
    *ret = w;
    return OK;
}

enum err watchlist_load(struct view *v, const struct belief *belief, uint64_t from_n, uint32_t first_ref,
                        struct watchlist **ret, struct fault *reterr)
{
    struct watchlist *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    w->first_ref = first_ref;
    w->loaded_us = clock_now_us();
    w->belief = belief;
    return load(w, v, from_n, ret, reterr);
}

enum err watchlist_load_news(struct node *node, struct view *v, const struct belief *belief, uint64_t from_n,
                             uint64_t until_n, struct watchlist **ret, struct fault *reterr)
{
    struct watchlist *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    w->news = v;
    w->node = node;
    w->belief = belief;
    w->news_from = from_n;
    w->news_until = until_n;
    return load(w, v, from_n, ret, reterr);
}

static enum err add_value(struct watchlist *w, const struct watch_value *v)
{
    static const struct uuid nobody;
    struct index_item item = {
        .until_us = INT64_MAX, .flags = ASKED, .value_len = (uint16_t)v->value.len, .kind = (uint8_t)v->kind};
    enum err err = v->value.len > UINT16_MAX ? ERR_LIMIT : make_room(w);
    if (!err)
        err = party_number(w, &nobody, &item.party);
    if (!err)
        err = index_builder_add(w->builder, v->kind, v->value, (uint32_t)w->count);
    if (!err)
        err = keep_value(w, v->kind, v->value, &item);
    if (!err)
        w->items[w->count++] = item;
    return err;
}

enum err watchlist_of_values(const struct watch_value *values, size_t count, struct watchlist **ret)
{
    struct watchlist *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    atomic_init(&w->references, 1);
    buffer_init(&w->values, WATCHLIST_POOL_MAX);
    enum err err = index_builder_new(&w->builder);
    for (size_t i = 0; i < count && !err; i++)
        err = add_value(w, &values[i]);
    if (!err)
        err = index_builder_build(w->builder, &w->index);
    if (err) {
        watchlist_free(w);
        return err;
    }
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
    return w->file ? index_file_index(w->file) : w->index;
}

size_t watchlist_size(const struct watchlist *w)
{
    return w->count;
}

size_t watchlist_over(const struct watchlist *w)
{
    return w->over;
}

const struct suppress_counts *watchlist_suppressed(const struct watchlist *w)
{
    return &w->suppressed;
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
    const struct index_item *p = w->file ? index_file_items(w->file) : w->items;
    p += ref - w->first_ref;
    bool assumed = p->flags & INDEX_ITEM_ASSUMED;
    return (struct watch_item){
        .n = p->n,
        .uuid = p->uuid,
        .kind = (enum value_kind)p->kind,
        .value = w->file ? index_file_value(w->file, p) : index_item_value(w->index, buffer_text(&w->values), p),
        .has_valid_until = !assumed && p->until_us != INT64_MAX,
        .valid_until_us = p->until_us,
        .has_assumed_until = assumed,
        .assumed_until_us = p->until_us,
        .party = w->file ? index_file_party(w->file, p->party).id : w->parties[p->party],
        .asked = p->flags & ASKED,
        .counted_until_us = w->counted_until_us ? w->counted_until_us[p - w->items] : INT64_MIN};
}

/* ---- what has changed since ---- */

void watchlist_ask(struct watchlist *w, struct node *node, struct belief *belief)
{
    belief_unref(w->asked_by);
    w->asked = node;
    w->asked_by = belief ? belief_ref(belief) : NULL;
}

struct asking {
    const struct watchlist *w;
    struct watch_item *item;
    bool stands;
};

static enum err still_there(void *self, const struct indicator_row *row)
{
    struct asking *a = self;
    if (row->revoked || row->kind != a->item->kind || !text_eq(row->value, a->item->value))
        return OK;
    a->stands = true;
    if (!a->item->has_valid_until) { /* seen again since, perhaps */
        int64_t until_us = assumed_until(a->w->asked_by, row, row->said_us);
        a->item->has_assumed_until = until_us != INT64_MAX;
        a->item->assumed_until_us = until_us;
    }
    return OK;
}

enum err watchlist_confirm(const struct watchlist *w, struct watch_item *io_item, bool *ret_stands)
{
    struct asking a = {w, io_item, false};
    struct view *v;
    if (!w->asked) {
        *ret_stands = true;
        return OK;
    }
    enum err err = node_reader(w->asked, &v, NULL);
    if (err)
        return err;
    err = view_values_of(v, io_item->n, still_there, &a, NULL);
    node_reader_done(w->asked, v);
    if (!err)
        *ret_stands = a.stands;
    return err;
}

bool watch_item_valid(const struct watch_item *item, int64_t at_us)
{
    return (!item->has_valid_until || at_us < item->valid_until_us) &&
           (!item->has_assumed_until || at_us < item->assumed_until_us);
}
