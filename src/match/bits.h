/* match/bits.h - numbers of few bits, one behind the other, the lowest bit first. */
#pragma once
#include "base/buffer.h"

#define BITS_PAD 8 /* zero bytes behind a stream: a reader loads so many at once */

struct bit_writer {
    struct buffer *out; /* its error sticks */
    uint64_t held;
    unsigned count;
};

/* n: at most 32; nothing of v above n bits */
static inline void bits_put(struct bit_writer *w, uint64_t v, unsigned n)
{
    w->held |= v << w->count;
    w->count += n;
    if (w->count >= 32) {
        buffer_add_u32(w->out, (uint32_t)w->held);
        w->held >>= 32;
        w->count -= 32;
    }
}

/* n: at most 64 */
static inline void bits_put_long(struct bit_writer *w, uint64_t v, unsigned n)
{
    if (n > 32) {
        bits_put(w, v & UINT32_MAX, 32);
        v >>= 32;
        n -= 32;
    }
    bits_put(w, v, n);
}

/* Fills the last byte with zeros. */
static inline void bits_end(struct bit_writer *w)
{
    for (unsigned at = 0; at < w->count; at += 8)
        buffer_add_u8(w->out, (uint8_t)(w->held >> at));
    w->held = 0;
    w->count = 0;
}

struct bit_reader {
    const uint8_t *p; /* BITS_PAD bytes are readable behind `end` */
    size_t at, end;   /* in bits */
    bool bad;         /* more was asked for than there is */
};

static inline uint64_t bits_peek(const struct bit_reader *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) /* one load, where the compiler sees it */
        v |= (uint64_t)r->p[r->at / 8 + i] << (8 * i);
    return v >> (r->at % 8);
}

/* n: at most 56 */
static inline uint64_t bits_get(struct bit_reader *r, unsigned n)
{
    if (n > r->end - r->at) {
        r->bad = true;
        r->at = r->end;
        return 0;
    }
    uint64_t v = bits_peek(r) & ((UINT64_C(1) << n) - 1);
    r->at += n;
    return v;
}

/* n: at most 64 */
static inline uint64_t bits_get_long(struct bit_reader *r, unsigned n)
{
    if (n <= 32)
        return bits_get(r, n);
    uint64_t low = bits_get(r, 32);
    return low | bits_get(r, n - 32) << 32;
}

static inline unsigned bits_length(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}
