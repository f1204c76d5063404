/* model/text_set.c - a few texts are compared one by one; more are found by hash. */
#include "model/text_set.h"

#include <string.h>

#include "base/hash.h"

#define LINEAR_MAX 8
#define SLOTS_EACH 4

void text_set_init(struct text_set *s, struct arena *arena, size_t max)
{
    *s = (struct text_set){.arena = arena, .max = max};
}

static size_t slot_of(const struct text_set *s, struct text t)
{
    size_t mask = s->cap * SLOTS_EACH - 1, slot = xxh3_of(t.ptr, t.len) & mask;

    while (s->table[slot] != 0 && !text_eq(s->items[s->table[slot] - 1], t))
        slot = (slot + 1) & mask;
    return slot;
}

bool text_set_has(const struct text_set *s, struct text t)
{
    if (s->table)
        return s->table[slot_of(s, t)] != 0;
    for (size_t i = 0; i < s->count; i++)
        if (text_eq(s->items[i], t))
            return true;
    return false;
}

static enum err grow(struct text_set *s)
{
    size_t cap = s->cap ? s->cap * 2 : LINEAR_MAX;
    struct text *items = arena_alloc(s->arena, cap * sizeof(*items));
    uint32_t *table = s->cap ? arena_alloc(s->arena, cap * SLOTS_EACH * sizeof(*table)) : NULL;

    if (!items || (s->cap && !table))
        return ERR_NOMEM;
    if (s->count > 0)
        memcpy(items, s->items, s->count * sizeof(*items));
    s->items = items;
    s->table = table;
    s->cap = cap;
    for (size_t i = 0; table && i < s->count; i++)
        table[slot_of(s, items[i])] = (uint32_t)(i + 1);
    return OK;
}

enum err text_set_add(struct text_set *s, struct text t)
{
    enum err err;

    if (text_set_has(s, t))
        return OK;
    if (s->count >= s->max)
        return ERR_LIMIT;
    err = s->count == s->cap ? grow(s) : OK;
    if (err)
        return err;
    s->items[s->count++] = t;
    if (s->table)
        s->table[slot_of(s, t)] = (uint32_t)s->count;
    return OK;
}
