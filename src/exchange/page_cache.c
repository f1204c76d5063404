/* exchange/page_cache.c - a handful of pages, the least used first to go. */
#include "exchange/page_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/late.h"

#define KEPT_MAX       64
#define KEPT_MAX_BYTES (16 * MIB) /* of all */
#define PAGE_MAX_BYTES (4 * MIB)  /* of one */
#define ASKED_SLOTS    1024       /* questions remembered, to know which are asked again */

struct page_kept {
    atomic_uint refs;
    uint64_t position, late_version;
    int64_t until_us;
    uint64_t used;
    size_t bytes, count;
    bool more;
    struct page_item *items;
    size_t question_len;
    char question[];
};
struct page_cache {
    pthread_mutex_t lock;
    struct page_kept *kept[KEPT_MAX];
    size_t bytes;
    uint64_t uses;
    uint64_t asked[ASKED_SLOTS];
};

enum err page_cache_new(struct page_cache **ret)
{
    struct page_cache *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return OK;
}

void page_kept_unref(struct page_kept *kept)
{
    if (!kept || atomic_fetch_sub(&kept->refs, 1) > 1)
        return;
    for (size_t i = 0; i < kept->count; i++)
        cleared_free(kept->items[i].cleared);
    free(kept->items);
    free(kept);
}

static void drop(struct page_cache *c, size_t i)
{
    c->bytes -= c->kept[i]->bytes;
    page_kept_unref(c->kept[i]);
    c->kept[i] = NULL;
}

void page_cache_free(struct page_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (c->kept[i])
            drop(c, i);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static bool answers(const struct page_kept *k, struct text question)
{
    return text_eq((struct text){k->question, k->question_len}, question);
}

static uint64_t late_version(const struct page *p)
{
    return p->late ? p->late->version : 0;
}

struct page_kept *page_cache_find(struct page_cache *c, struct text question, const struct page *p)
{
    struct page_kept *found = NULL;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < KEPT_MAX && !found; i++) {
        struct page_kept *k = c->kept[i];
        if (!k || k->position != p->clearance->position || k->late_version != late_version(p) ||
            p->now_us >= k->until_us || !answers(k, question))
            continue;
        k->used = ++c->uses;
        atomic_fetch_add(&k->refs, 1);
        found = k;
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

void page_kept_lend(const struct page_kept *kept, struct page *p)
{
    p->items = kept->items;
    p->count = kept->count;
    p->more = kept->more;
}

/* ---- keeping ---- */

static struct page_kept *kept_new(struct text question, const struct page *p)
{
    struct page_kept *k = malloc(sizeof *k + question.len);
    struct page_item *items = calloc(p->count + 1, sizeof *items);
    if (!k || !items) {
        free(k);
        free(items);
        return NULL;
    }
    *k = (struct page_kept){.refs = 1,
                            .position = p->clearance->position,
                            .late_version = late_version(p),
                            .until_us = p->clearance->holds_until_us,
                            .bytes = sizeof *k + question.len,
                            .count = p->count,
                            .more = p->more,
                            .items = items,
                            .question_len = question.len};
    if (question.len)
        memcpy(k->question, question.ptr, question.len);
    for (size_t i = 0; i < p->count; i++) {
        items[i] = p->items[i];
        k->bytes += sizeof *items + cleared_body(items[i].cleared).len;
    }
    return k;
}

static void make_room(struct page_cache *c, const struct page_kept *fresh)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (c->kept[i] && c->kept[i]->position < fresh->position)
            drop(c, i);
    for (;;) {
        size_t free_at = KEPT_MAX, oldest = KEPT_MAX;
        for (size_t i = 0; i < KEPT_MAX; i++) {
            if (!c->kept[i])
                free_at = i;
            else if (oldest == KEPT_MAX || c->kept[i]->used < c->kept[oldest]->used)
                oldest = i;
        }
        if (oldest == KEPT_MAX || (free_at < KEPT_MAX && c->bytes + fresh->bytes <= KEPT_MAX_BYTES))
            return;
        drop(c, oldest);
    }
}

static bool asked_before(struct page_cache *c, struct text question, uint64_t position)
{
    uint64_t hash = xxh3_seeded(question.ptr, question.len, position);
    uint64_t *slot = &c->asked[hash % ASKED_SLOTS];
    bool again = *slot == hash;
    *slot = hash;
    return again;
}

static void keep(struct page_cache *c, struct page_kept *k)
{
    make_room(c, k);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (c->kept[i])
            continue;
        k->used = ++c->uses;
        c->kept[i] = k;
        c->bytes += k->bytes;
        return;
    }
}

void page_cache_offer(struct page_cache *c, struct text question, struct page *p)
{
    pthread_mutex_lock(&c->lock);
    struct page_kept *k = asked_before(c, question, p->clearance->position) ? kept_new(question, p) : NULL;
    if (k && k->bytes <= PAGE_MAX_BYTES) {
        keep(c, k);
        p->count = 0;
    } else if (k) {
        free(k->items);
        free(k);
    }
    pthread_mutex_unlock(&c->lock);
}
