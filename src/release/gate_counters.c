#include "release/gate_counters.h"

#include <stdlib.h>

void gate_count(struct gate_counters *g, enum door door, const struct decision *d)
{
    if (!g || door >= DOOR_COUNT)
        return;
    atomic_fetch_add_explicit(&g->decisions[door][d->cleared], 1, memory_order_relaxed);
    for (size_t i = 0; i < d->rule_count && !d->cleared; i++) {
        unsigned long number = strtoul(d->rules[i].id, NULL, 10);
        if (number < GATE_RULES_COUNTED)
            atomic_fetch_add_explicit(&g->denials[door][number], 1, memory_order_relaxed);
    }
}
