/* match/evaluate_flow.c - distinct observations for distinct observation expressions (section 9.5): a flow from slots
 * to observations, each of which can be taken number_observed times. Augmenting paths; amounts, not single units. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/evaluate_inside.h"

#define NONE UINT32_MAX

struct share { /* so much of an observation went to a slot */
    uint64_t amount;
    uint32_t slot, next; /* next share of the same observation */
};
struct load { /* of an observation; what is of another round counts as nothing */
    uint64_t used, round, visit;
    uint32_t first;
};
struct flow {
    struct load *loads;
    struct share *shares;
    size_t share_count, share_cap;
    uint64_t round, visit;
    uint64_t visited[PATTERN_BINDINGS_MAX]; /* of slots */
    const struct slot *slots;
    size_t slot_count;
};

struct flow *flow_new(struct evaluation *e)
{
    struct flow *f = arena_alloc(e->arena, sizeof *f);

    if (f)
        f->loads = arena_alloc(e->arena, (observed_count(e->observed) + 1) * sizeof *f->loads);
    if (!f || !f->loads) {
        e->err = ERR_NOMEM;
        return NULL;
    }
    return f;
}

size_t candidates_from(const struct part *leaf, nanos lo)
{
    size_t low = 0, high = leaf->candidate_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (leaf->candidates[mid].lo < lo - leaf->longest)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct load *load_of(struct flow *f, size_t observation)
{
    struct load *l = &f->loads[observation];

    if (l->round != f->round)
        *l = (struct load){.round = f->round, .first = NONE, .visit = l->visit};
    return l;
}

static void give(struct evaluation *e, struct flow *f, struct load *l, size_t slot, uint64_t amount)
{
    for (uint32_t i = l->first; i != NONE; i = f->shares[i].next) {
        if (f->shares[i].slot == slot) {
            f->shares[i].amount += amount;
            return;
        }
    }
    if (f->share_count == f->share_cap) {
        size_t cap = f->share_cap ? f->share_cap * 2 : 64;
        struct share *larger = cap < NONE ? arena_alloc(e->arena, cap * sizeof *larger) : NULL;

        if (!larger) {
            e->err = ERR_NOMEM;
            return;
        }
        if (f->share_count > 0)
            memcpy(larger, f->shares, f->share_count * sizeof *larger);
        f->shares = larger;
        f->share_cap = cap;
    }
    f->shares[f->share_count] = (struct share){amount, (uint32_t)slot, l->first};
    l->first = (uint32_t)f->share_count++;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t push(struct evaluation *e, struct flow *f, size_t slot, uint64_t want);

/* Takes the observation from another slot that finds a substitute. */
static uint64_t displace(struct evaluation *e, struct flow *f, struct load *l, size_t slot, uint64_t want)
{
    for (uint32_t i = l->first; i != NONE; i = f->shares[i].next) {
        uint64_t moved = 0;

        if (f->shares[i].amount > 0 && f->shares[i].slot != slot)
            moved = push(e, f, f->shares[i].slot, least(want, f->shares[i].amount));
        if (moved > 0) {
            f->shares[i].amount -= moved;
            give(e, f, l, slot, moved);
            return moved;
        }
    }
    return 0;
}

/* Gives the slot up to `want` more observations along one path; how many. */
static uint64_t push(struct evaluation *e, struct flow *f, size_t slot, uint64_t want)
{
    const struct slot *s = &f->slots[slot];

    if (f->visited[slot] == f->visit)
        return 0;
    f->visited[slot] = f->visit;
    for (int round = 0; round < 2; round++) { /* what is free first */
        for (size_t i = candidates_from(s->leaf, s->lo); i < s->leaf->candidate_count; i++) {
            const struct candidate *c = &s->leaf->candidates[i];
            struct load *l;
            uint64_t room, moved;

            if (c->lo > s->hi || e->err || !evaluation_step(e, 1))
                break;
            l = load_of(f, c->observation);
            if (c->hi < s->lo || (round == 1 && l->visit == f->visit))
                continue;
            room = (uint64_t)observed_at(e->observed, c->observation)->number_observed - l->used;
            moved = least(room, want);
            if (moved > 0) {
                l->used += moved;
                give(e, f, l, slot, moved);
            } else if (round == 1) {
                l->visit = f->visit;
                moved = displace(e, f, l, slot, want);
            }
            if (moved > 0)
                return moved;
        }
    }
    return 0;
}

bool flow_fills(struct evaluation *e, struct flow *f, const struct slot *slots, size_t count, uint64_t *ret_used)
{
    f->round++;
    f->share_count = 0;
    f->slots = slots;
    f->slot_count = count;
    for (size_t i = 0; i < count; i++) {
        for (uint64_t filled = 0; filled < slots[i].demand;) {
            uint64_t more;

            f->visit++;
            more = push(e, f, i, slots[i].demand - filled);
            if (more == 0 || e->err)
                return false;
            filled += more;
        }
    }
    for (size_t i = 0; ret_used && i < observed_count(e->observed); i++)
        ret_used[i] = load_of(f, i)->used;
    return !e->err;
}
