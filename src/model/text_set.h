/* model/text_set.h - distinct texts in the order they came, in an arena; for this room alone. */
#pragma once
#include "base/arena.h"

struct text_set {
    struct arena *arena;
    struct text *items; /* borrowed texts */
    size_t count, cap, max;
    uint32_t *table; /* index + 1 by hash; 0: free. Four slots an item. */
};

void text_set_init(struct text_set *s, struct arena *arena, size_t max);
bool text_set_has(const struct text_set *s, struct text t);
/* Adds t, which must live as long as the set, unless it is there. ERR_LIMIT (more than max) | ERR_NOMEM */
MUST_CHECK enum err text_set_add(struct text_set *s, struct text t);
