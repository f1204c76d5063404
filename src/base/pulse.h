/* base/pulse.h - does a thread still go on? It says by when it will be heard of again: now, while it works, again at
 * each step; later, while it rests. Who watches compares that with the clock, and asks nobody. Any thread. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define PULSE_NEVER INT64_MAX /* it rests until it is called */

struct pulse {
    _Atomic int64_t expected_us; /* monotonic; 0: there is no such thread yet */
};

static inline void pulse_expect(struct pulse *p, int64_t at_us)
{
    atomic_store_explicit(&p->expected_us, at_us, memory_order_relaxed);
}

/* It was called: from now on silence counts, where it did not before. */
static inline void pulse_call(struct pulse *p, int64_t now_us)
{
    int64_t resting = PULSE_NEVER;
    atomic_compare_exchange_strong(&p->expected_us, &resting, now_us);
}

/* For how long it has been silent beyond what it said; 0: it keeps its word. */
static inline int64_t pulse_late_us(const struct pulse *p, int64_t now_us)
{
    int64_t expected_us = atomic_load_explicit(&p->expected_us, memory_order_relaxed);
    return expected_us != 0 && now_us > expected_us ? now_us - expected_us : 0;
}
