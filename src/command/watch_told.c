#include <stdlib.h>

#include "base/hash.h"
#include "command/watch.h"

#define TOLD_SLOTS  16384
#define HOLD_MIN_US ((int64_t)1000000)
#define TOLD_FOR_US ((int64_t)3600 * 1000000)

/* The newest pair of each slot: what is pushed out is told again at once. */
struct told {
    struct told_slot {
        uint64_t pair;
        int64_t at_us, hold_us;
    } slots[TOLD_SLOTS];
};

enum err told_new(struct told **ret)
{
    struct told *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    *ret = t;
    return OK;
}

void told_free(struct told *t)
{
    free(t);
}

static uint64_t pair_of(const struct hit_report *h)
{
    uint64_t indicator = xxh3_of(h->indicator.ptr, h->indicator.len);
    return xxh3_seeded(h->organisation.b, sizeof h->organisation.b, indicator);
}

static bool is_lately(const struct told_slot *slot, uint64_t pair, int64_t now_us)
{
    return slot->pair == pair && slot->hold_us && now_us - slot->at_us < TOLD_FOR_US;
}

int64_t told_hold_us(const struct told *t, const struct hit_report *h, int64_t now_us)
{
    uint64_t pair = pair_of(h);
    const struct told_slot *slot = &t->slots[pair % TOLD_SLOTS];
    return is_lately(slot, pair, now_us) ? slot->hold_us : 0;
}

void told_now(struct told *t, const struct hit_report *h, int64_t now_us)
{
    uint64_t pair = pair_of(h);
    struct told_slot *slot = &t->slots[pair % TOLD_SLOTS];
    if (slot->pair == pair && slot->at_us == now_us)
        return; /* once a batch */
    int64_t hold_us = is_lately(slot, pair, now_us) ? slot->hold_us * 2 : HOLD_MIN_US;
    *slot = (struct told_slot){pair, now_us, hold_us < TOLD_HOLD_MAX_US ? hold_us : TOLD_HOLD_MAX_US};
}
