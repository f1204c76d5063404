/* desk/belief.c - see belief.h. */
#include "desk/belief.h"

#include <stdlib.h>

#include "store/view_belief.h"

/* Lists are large, and sightings that renew come often. */
struct shared {
    atomic_size_t references;
    struct suppress *s;
};

struct belief {
    atomic_size_t references;
    struct lifetimes *lifetimes;
    struct shared *suppress;
    struct belief_newest newest;
    uint64_t epoch; /* of the view it was read from */
    uint64_t generation;
};

static void shared_unref(struct shared *s)
{
    if (!s || atomic_fetch_sub(&s->references, 1) != 1)
        return;
    suppress_free(s->s);
    free(s);
}

static enum err shared_load(struct node *node, struct view *v, struct shared **ret, struct fault *reterr)
{
    struct shared *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    atomic_init(&s->references, 1);
    enum err err = suppress_load(node, v, &s->s, reterr);
    if (err != OK) {
        free(s);
        return err;
    }
    *ret = s;
    return OK;
}

struct belief *belief_ref(struct belief *b)
{
    atomic_fetch_add(&b->references, 1);
    return b;
}

void belief_unref(struct belief *b)
{
    if (!b || atomic_fetch_sub(&b->references, 1) != 1)
        return;
    lifetimes_free(b->lifetimes);
    shared_unref(b->suppress);
    free(b);
}

const struct suppress *belief_suppress(const struct belief *b)
{
    return b->suppress->s;
}

const struct lifetimes *belief_lifetimes(const struct belief *b)
{
    return b->lifetimes;
}

uint64_t belief_generation(const struct belief *b)
{
    return b->generation;
}

static bool same_rules(const struct belief *b, const struct belief_newest *newest, uint64_t epoch)
{
    return b && b->epoch == epoch && b->newest.rules == newest->rules;
}

enum err belief_refresh(struct node *node, struct view *v, struct belief **io_belief, struct fault *reterr)
{
    struct belief *old = *io_belief;
    struct belief_newest newest;
    uint64_t epoch = node_view_epoch(node);
    enum err err = view_belief_newest(v, &newest, reterr);
    if (err != OK)
        return err;
    if (same_rules(old, &newest, epoch) && old->newest.renewals == newest.renewals)
        return OK;
    struct belief *b = calloc(1, sizeof *b);
    if (!b)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    atomic_init(&b->references, 1);
    b->newest = newest;
    b->epoch = epoch;
    b->generation = !old ? 0 : old->generation + !same_rules(old, &newest, epoch);
    err = lifetimes_load(node_home(node), v, &b->lifetimes, reterr);
    if (err == OK && same_rules(old, &newest, epoch)) {
        b->suppress = old->suppress;
        atomic_fetch_add(&b->suppress->references, 1);
    } else if (err == OK) {
        err = shared_load(node, v, &b->suppress, reterr);
    }
    if (err != OK) {
        belief_unref(b);
        return err;
    }
    belief_unref(old);
    *io_belief = b;
    return OK;
}
