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

/* ERR_NOMEM | ERR_LIMIT (4 GiB of keys, one of 64 KiB, 2^31 items, a ref of 2^31) */
MUST_CHECK enum err key_list_add(struct key_list *l, const void *key, size_t len, uint32_t ref);
void key_list_done(struct key_list *l);

/* These three lie in index files as they are (docs/FORMAT-index.md). */
struct table_slot {
    uint32_t tag;   /* upper half of the key's hash */
    uint32_t entry; /* number of the entry + 1; 0: free */
};
struct table_entry {
    uint32_t key; /* where it begins in keys */
    uint32_t ref; /* the only one; or TABLE_LIST and where its list begins in refs */
    uint16_t len;
    uint16_t zero;
};
/* A list of refs: TABLE_LIST and how many, then these. No ref has the bit, so that heads of lists are known. */
#define TABLE_LIST UINT32_C(0x80000000)

struct table {
    uint64_t seed;
    uint64_t *filter; /* NULL when the table is empty */
    uint64_t filter_mask;
    struct table_slot *slots;
    size_t slot_count;
    struct table_entry *entries;
    uint8_t *keys;
    uint32_t *refs; /* lists */
    size_t count, key_bytes, ref_words;
    size_t pairs; /* (key, ref) */
};

/* Takes the list's bytes and empties it. The same (key, ref) twice in a row counts once. On ERR_NOMEM list and table
 * are what they were. */
MUST_CHECK enum err table_build(struct table *t, struct key_list *l, uint64_t seed);
/* Of a table that is only asked whether it has a key. */
void table_forget_refs(struct table *t);
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

/* Where its search begins: the lower half of the hash, scaled. The tag is of the upper half. */
static inline size_t table_home(const struct table *t, uint64_t hash)
{
    return (size_t)((hash & UINT32_MAX) * t->slot_count >> 32);
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

static inline struct index_refs table_refs(const struct table *t, const struct table_entry *e)
{
    if (!e)
        return (struct index_refs){NULL, 0};
    if (!(e->ref & TABLE_LIST))
        return (struct index_refs){&e->ref, 1};
    const uint32_t *list = t->refs + (e->ref & ~TABLE_LIST);
    return (struct index_refs){list + 1, list[0] & ~TABLE_LIST};
}
