/* match/table.c - builds and probes one table of the index.
 * Invariants once built: slots are at most two thirds full; every key stands in exactly one entry; entry e's refs are
 * refs[first_ref .. first_ref + ref_count), in the order they were added. */
#include "match/table.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2 * MIB)
#define ITEMS_MAX       (UINT32_MAX / 2)

void *table_alloc(size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return calloc(1, bytes ? bytes : 1);
    size_t rounded = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    void *p = aligned_alloc(HUGE_PAGE_BYTES, rounded);
    if (!p)
        return NULL;
    (void)madvise(p, rounded, MADV_HUGEPAGE); /* a wish: without huge pages it is only slower */
    memset(p, 0, rounded);
    return p;
}

/* room for `more` after `used` elements of size bytes */
static enum err make_room(void **array, size_t *cap, size_t used, size_t more, size_t size)
{
    if (*cap - used >= more)
        return OK;
    size_t bigger = *cap ? *cap * 2 : 64;
    while (bigger - used < more)
        bigger *= 2;
    void *p = realloc(*array, bigger * size);
    if (!p)
        return ERR_NOMEM;
    *array = p;
    *cap = bigger;
    return OK;
}

enum err key_list_add(struct key_list *l, const void *key, size_t len, uint32_t ref)
{
    if (len > UINT32_MAX - l->len || l->count >= ITEMS_MAX)
        return ERR_LIMIT;
    void *bytes = l->bytes, *items = l->items;
    enum err err = make_room(&bytes, &l->cap, l->len, len, 1);
    l->bytes = bytes;
    if (!err)
        err = make_room(&items, &l->items_cap, l->count, 1, sizeof *l->items);
    l->items = items;
    if (err)
        return err;
    memcpy(l->bytes + l->len, key, len);
    l->items[l->count++] = (struct key_item){(uint32_t)l->len, (uint32_t)len, ref};
    l->len += len;
    return OK;
}

void key_list_done(struct key_list *l)
{
    free(l->bytes);
    free(l->items);
    *l = (struct key_list){0};
}

static uint64_t power_of_two(uint64_t least)
{
    uint64_t n = 1;
    while (n < least)
        n *= 2;
    return n;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct table_slot *slot_of(const struct table *t, uint64_t hash, const void *key, size_t len)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    for (uint64_t i = hash & t->slot_mask;; i = (i + 1) & t->slot_mask) {
        struct table_slot *slot = &t->slots[i];
        if (!slot->entry)
            return slot;
        if (slot->tag != tag)
            continue;
        const struct table_entry *e = &t->entries[slot->entry - 1];
        if (e->len == len && memcmp(t->keys + e->key, key, len) == 0)
            return slot;
    }
}

const struct table_entry *table_probe(const struct table *t, uint64_t hash, const void *key, size_t len)
{
    const struct table_slot *slot = slot_of(t, hash, key, len);
    return slot->entry ? &t->entries[slot->entry - 1] : NULL;
}

/* Enters item's key if it is new; returns the number of its entry. */
static uint32_t enter(struct table *t, const struct key_item *item)
{
    const uint8_t *key = t->keys + item->key;
    uint64_t hash = table_hash(t, key, item->len);
    struct table_slot *slot = slot_of(t, hash, key, item->len);
    if (!slot->entry) {
        t->entries[t->count++] = (struct table_entry){.key = item->key, .len = item->len};
        *slot = (struct table_slot){(uint32_t)(hash >> 32), (uint32_t)t->count};
        t->filter[hash >> 24 & t->filter_mask] |= table_filter_bits(hash);
    }
    return slot->entry - 1;
}

/* Counts into ref_count, places by running sums, then fills: entry_of[i] is the entry of item i. */
static void fill_refs(struct table *t, const struct key_list *l, const uint32_t *entry_of)
{
    for (size_t i = 0; i < l->count; i++)
        t->entries[entry_of[i]].ref_count++;
    uint32_t sum = 0;
    for (size_t e = 0; e < t->count; e++) {
        t->entries[e].first_ref = sum;
        sum += t->entries[e].ref_count;
        t->entries[e].ref_count = 0;
    }
    for (size_t i = 0; i < l->count; i++) {
        struct table_entry *e = &t->entries[entry_of[i]];
        uint32_t *refs = t->refs + e->first_ref;
        if (e->ref_count && refs[e->ref_count - 1] == l->items[i].ref)
            continue;
        refs[e->ref_count++] = l->items[i].ref;
        t->ref_count++;
    }
}

static bool alloc_arrays(struct table *t, size_t items)
{
    t->slot_mask = power_of_two(items + items / 2 + 1) - 1;
    t->filter_mask = power_of_two(items / 4 + 1) - 1; /* 16 to 32 bits a key */
    t->slots = table_alloc((t->slot_mask + 1) * sizeof *t->slots);
    t->filter = table_alloc((t->filter_mask + 1) * sizeof *t->filter);
    t->entries = table_alloc(items * sizeof *t->entries);
    t->refs = table_alloc(items * sizeof *t->refs);
    return t->slots && t->filter && t->entries && t->refs;
}

enum err table_build(struct table *ret, struct key_list *l, uint64_t seed)
{
    struct table t = {.seed = seed};
    if (l->count == 0) {
        key_list_done(l);
        *ret = t;
        return OK;
    }
    uint32_t *entry_of = malloc(l->count * sizeof *entry_of);
    if (!entry_of || !alloc_arrays(&t, l->count)) {
        free(entry_of);
        table_done(&t);
        return ERR_NOMEM;
    }
    t.keys = l->bytes;
    t.key_bytes = l->cap;
    for (size_t i = 0; i < l->count; i++)
        entry_of[i] = enter(&t, &l->items[i]);
    fill_refs(&t, l, entry_of);
    free(entry_of);
    uint8_t *shrunk = realloc(l->bytes, l->len ? l->len : 1);
    if (shrunk) {
        t.keys = shrunk;
        t.key_bytes = l->len;
    }
    l->bytes = NULL;
    key_list_done(l);
    *ret = t;
    return OK;
}

void table_done(struct table *t)
{
    free(t->filter);
    free(t->slots);
    free(t->entries);
    free(t->keys);
    free(t->refs);
    *t = (struct table){0};
}

size_t table_memory_bytes(const struct table *t)
{
    if (!t->filter)
        return 0;
    return (t->filter_mask + 1) * sizeof *t->filter + (t->slot_mask + 1) * sizeof *t->slots +
           t->count * sizeof *t->entries + t->ref_count * sizeof *t->refs + t->key_bytes;
}
