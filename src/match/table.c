/* match/table.c - builds and probes one table of the index.
 * Invariants once built: slots are at most two thirds full; every key stands in exactly one entry; its refs are in
 * the order they were added. */
#include "match/table.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2 * MIB)
#define ITEMS_MAX       (UINT32_MAX / 2)
#define ENTER_BATCH     16

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
    if (len > UINT16_MAX || len > UINT32_MAX - l->len || l->count >= ITEMS_MAX || ref & TABLE_LIST)
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
    for (size_t i = table_home(t, hash);; i = i + 1 < t->slot_count ? i + 1 : 0) {
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

/* Enters item's key if it is new; returns the number of its entry, whose ref counts its items for now. */
static uint32_t enter(struct table *t, const struct key_item *item, uint64_t hash)
{
    struct table_slot *slot = slot_of(t, hash, t->keys + item->key, item->len);
    if (!slot->entry) {
        t->entries[t->count++] = (struct table_entry){.key = item->key, .len = (uint16_t)item->len};
        *slot = (struct table_slot){(uint32_t)(hash >> 32), (uint32_t)t->count};
        t->filter[hash >> 24 & t->filter_mask] |= table_filter_bits(hash);
    }
    t->entries[slot->entry - 1].ref++;
    return slot->entry - 1;
}

/* A few at a time, so that their cache misses overlap. */
static void enter_all(struct table *t, const struct key_list *l, uint32_t *entry_of)
{
    uint64_t hashes[ENTER_BATCH];
    for (size_t at = 0; at < l->count; at += ENTER_BATCH) {
        size_t batch = l->count - at < ENTER_BATCH ? l->count - at : ENTER_BATCH;
        for (size_t i = 0; i < batch; i++) {
            const struct key_item *item = &l->items[at + i];
            hashes[i] = table_hash(t, t->keys + item->key, item->len);
            __builtin_prefetch(&t->slots[table_home(t, hashes[i])], 1);
            __builtin_prefetch(&t->filter[hashes[i] >> 24 & t->filter_mask], 1);
        }
        for (size_t i = 0; i < batch; i++)
            entry_of[at + i] = enter(t, &l->items[at + i], hashes[i]);
    }
}

/* Room for the lists of those that have several items. Each begins empty. */
static enum err place_lists(struct table *t)
{
    size_t words = 0;
    for (size_t e = 0; e < t->count; e++)
        words += t->entries[e].ref > 1 ? t->entries[e].ref + 1 : 0;
    if (words >= TABLE_LIST)
        return ERR_LIMIT;
    t->refs = table_alloc(words * sizeof *t->refs);
    if (!t->refs)
        return ERR_NOMEM;
    for (size_t e = 0; e < t->count; e++) {
        size_t count = t->entries[e].ref;
        if (count < 2)
            continue;
        t->entries[e].ref = (uint32_t)t->ref_words | TABLE_LIST;
        t->refs[t->ref_words] = TABLE_LIST;
        t->ref_words += count + 1;
    }
    return OK;
}

static void fill_refs(struct table *t, const struct key_list *l, const uint32_t *entry_of)
{
    for (size_t i = 0; i < l->count; i++) {
        struct table_entry *e = &t->entries[entry_of[i]];
        uint32_t ref = l->items[i].ref;
        if (e->ref & TABLE_LIST) {
            uint32_t *list = t->refs + (e->ref & ~TABLE_LIST);
            size_t count = list[0] & ~TABLE_LIST;
            if (count && list[count] == ref)
                continue;
            list[++count] = ref;
            list[0] = (uint32_t)count | TABLE_LIST;
        } else {
            e->ref = ref;
        }
        t->pairs++;
    }
}

static bool alloc_arrays(struct table *t, size_t items)
{
    t->slot_count = items + items / 2 + 1;
    t->filter_mask = power_of_two(items / 4 + 1) - 1; /* 16 to 32 bits a key */
    t->slots = table_alloc(t->slot_count * sizeof *t->slots);
    t->filter = table_alloc((t->filter_mask + 1) * sizeof *t->filter);
    t->entries = table_alloc(items * sizeof *t->entries);
    return t->slots && t->filter && t->entries;
}

static enum err build(struct table *t, const struct key_list *l)
{
    uint32_t *entry_of = malloc(l->count * sizeof *entry_of);
    enum err err = entry_of && alloc_arrays(t, l->count) ? OK : ERR_NOMEM;
    if (!err) {
        t->keys = l->bytes;
        enter_all(t, l, entry_of);
        err = place_lists(t);
    }
    if (!err)
        fill_refs(t, l, entry_of);
    free(entry_of);
    return err;
}

enum err table_build(struct table *ret, struct key_list *l, uint64_t seed)
{
    struct table t = {.seed = seed};
    if (l->count == 0) {
        key_list_done(l);
        *ret = t;
        return OK;
    }
    enum err err = build(&t, l);
    if (err) {
        t.keys = NULL; /* the list's still */
        table_done(&t);
        return err;
    }
    uint8_t *shrunk = realloc(l->bytes, l->len ? l->len : 1);
    t.keys = shrunk ? shrunk : l->bytes;
    t.key_bytes = l->len;
    l->bytes = NULL;
    key_list_done(l);
    *ret = t;
    return OK;
}

void table_forget_refs(struct table *t)
{
    for (size_t e = 0; e < t->count; e++)
        t->entries[e].ref = 0;
    free(t->refs);
    t->refs = NULL;
    t->ref_words = t->pairs = 0;
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
    return (t->filter_mask + 1) * sizeof *t->filter + t->slot_count * sizeof *t->slots +
           t->count * sizeof *t->entries + t->ref_words * sizeof *t->refs + t->key_bytes;
}
