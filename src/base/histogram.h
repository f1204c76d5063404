/* base/histogram.h - how often something took how much: one bucket a power of two. Adding costs two atomic additions;
 * any thread. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS                                                                    \
    32 /* bucket i: values of at most 2^i, more than 2^(i-1); the last one: everything above \
        */

struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS], sum;
};

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    unsigned i = value <= 1 ? 0 : 64u - (unsigned)__builtin_clzll(value - 1);
    i = i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1;
    atomic_fetch_add_explicit(&h->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, value, memory_order_relaxed);
}

/* Counters of one kind of event each. */
static inline void counter_up(_Atomic uint64_t *c)
{
    atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}
static inline uint64_t counter_of(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}
