/* match/table.h - one exact table of the index: byte keys, each with a list of refs. Two steps, so that a miss costs
 * one cache line: a filter word that knows nearly every key it has not got, then open addressing with 32-bit tags,
 * and the key's bytes always compared at the end. Immutable once built. */
#pragma once
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "match/index.h"

/* Grows while the index is built. The keys' bytes are handed over to the table, not copied. */
struct key_item {
    uint32_t key, len, ref; /* key: where it begins in bytes */
};
struct key_list {
    uint8_t *bytes;
    size_t len, cap;
    struct key_item *items;
    size_t count, items_cap;
};

/* ERR_NOMEM | ERR_LIMIT (4 GiB of keys, 2^31 items) */
MUST_CHECK enum err key_list_add(struct key_list *l, const void *key, size_t len, uint32_t ref);
void key_list_done(struct key_list *l);

struct table_slot {
    uint32_t tag;   /* upper half of the key's hash */
    uint32_t entry; /* number of the entry + 1; 0: free */
};
struct table_entry {
    uint32_t key, len;
    uint32_t first_ref, ref_count;
};
struct table {
    uint64_t seed;
    uint64_t *filter; /* NULL when the table is empty */
    uint64_t filter_mask;
    struct table_slot *slots;
    uint64_t slot_mask;
    struct table_entry *entries;
    uint8_t *keys;
    uint32_t *refs;
    size_t count, key_bytes, ref_count;
};

/* Takes the list's bytes and empties it. The same (key, ref) twice in a row counts once. On ERR_NOMEM list and table
 * are what they were. */
MUST_CHECK enum err table_build(struct table *t, struct key_list *l, uint64_t seed);
void table_done(struct table *t);
size_t table_memory_bytes(const struct table *t);

/* Zeroed; large blocks are aligned for huge pages and ask for them (4K pages cost a walk per random read). */
void *table_alloc(size_t bytes);

static inline uint64_t table_hash(const struct table *t, const void *key, size_t len)
{
    return XXH3_64bits_withSeed(key, len, t->seed);
}

/* Four bits of one word. */
static inline uint64_t table_filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63) |
           UINT64_C(1) << (hash >> 18 & 63);
}

static inline bool table_may_have(const struct table *t, uint64_t hash)
{
    uint64_t bits = table_filter_bits(hash);
    return t->filter && (t->filter[hash >> 24 & t->filter_mask] & bits) == bits;
}

/* After table_may_have(). NULL when the key is not there. */
const struct table_entry *table_probe(const struct table *t, uint64_t hash, const void *key, size_t len);

static inline const struct table_entry *table_find(const struct table *t, const void *key, size_t len)
{
    if (!t->filter)
        return NULL;
    uint64_t hash = table_hash(t, key, len);
    return table_may_have(t, hash) ? table_probe(t, hash, key, len) : NULL;
}
