#include "release/gone.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

void gone_done(struct gone *g)
{
    free(g->slots);
    *g = (struct gone){0};
}

static const struct json_val **slot_of(const struct gone *g, const struct json_val *v)
{
    size_t at = xxh3_of(&v, sizeof v) & (g->cap - 1);
    while (g->slots[at] && g->slots[at] != v)
        at = (at + 1) & (g->cap - 1);
    return &g->slots[at];
}

static bool grow(struct gone *g)
{
    struct gone bigger = {.cap = g->cap ? 4 * g->cap : 64, .used = g->used, .failed = g->failed};
    bigger.slots = calloc(bigger.cap, sizeof(const struct json_val *));
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < g->cap; i++)
        if (g->slots[i])
            *slot_of(&bigger, g->slots[i]) = g->slots[i];
    free(g->slots);
    *g = bigger;
    return true;
}

void gone_add(struct gone *g, const struct json_val *v)
{
    if (2 * g->used >= g->cap && !grow(g)) {
        g->failed = true;
        return;
    }
    const struct json_val **slot = slot_of(g, v);
    g->used += !*slot;
    *slot = v;
}

bool gone_has(const struct gone *g, const struct json_val *v)
{
    return g->used && *slot_of(g, v) == v;
}
