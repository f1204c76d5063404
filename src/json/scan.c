/* json/scan.c - structure of JSON in blocks of 64 bytes, one bit a byte (the method of simdjson's first stage).
 * '[' and '{', ']' and '}' differ only in bit 5, so that two comparisons find all four. */
#include "json/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct masks {
    uint64_t quote, slash, open, close;
};

#ifdef __SSE2__
static inline uint64_t bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
    uint64_t low = (uint32_t)_mm_movemask_epi8(a) | (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16;
    uint64_t high = (uint32_t)_mm_movemask_epi8(c) | (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 16;
    return low | high << 32;
}

static inline struct masks classify(const char *p)
{
    __m128i v[4], w[4];
    const __m128i bit = _mm_set1_epi8(0x20);
    for (int i = 0; i < 4; i++) {
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        w[i] = _mm_or_si128(v[i], bit);
    }
#define MASK(of, c)                                                                        \
    bits(_mm_cmpeq_epi8(of[0], _mm_set1_epi8(c)), _mm_cmpeq_epi8(of[1], _mm_set1_epi8(c)), \
         _mm_cmpeq_epi8(of[2], _mm_set1_epi8(c)), _mm_cmpeq_epi8(of[3], _mm_set1_epi8(c)))
    struct masks m = {MASK(v, '"'), MASK(v, '\\'), MASK(w, '{'), MASK(w, '}')};
#undef MASK
    return m;
}
#else
static inline struct masks classify(const char *p)
{
    struct masks m = {0};
    for (int i = 0; i < SCAN_BLOCK; i++) {
        m.quote |= (uint64_t)(p[i] == '"') << i;
        m.slash |= (uint64_t)(p[i] == '\\') << i;
        m.open |= (uint64_t)((p[i] | 0x20) == '{') << i;
        m.close |= (uint64_t)((p[i] | 0x20) == '}') << i;
    }
    return m;
}
#endif

/* Bits of the bytes that follow an unescaped backslash; n is the number of valid bytes. */
static inline uint64_t escaped_bits(struct scan *s, uint64_t slash, size_t n)
{
    uint64_t escaped = s->escaped;
    s->escaped = false;
    slash &= ~escaped;
    while (slash) {
        unsigned i = (unsigned)__builtin_ctzll(slash);
        if (i + 1 >= n) {
            s->escaped = true;
            break;
        }
        escaped |= UINT64_C(2) << i;
        slash &= slash - 1;
        slash &= ~(UINT64_C(2) << i);
    }
    return escaped;
}

/* Bit i: an odd number of bits stands at or below i. */
static inline uint64_t parity(uint64_t x)
{
    for (int shift = 1; shift < 64; shift *= 2)
        x ^= x << shift;
    return x;
}

static inline struct masks look(struct scan *s, const char *p, size_t n)
{
    struct masks m = classify(p);
    if (n < SCAN_BLOCK) {
        uint64_t valid = (UINT64_C(1) << n) - 1;
        m = (struct masks){m.quote & valid, m.slash & valid, m.open & valid, m.close & valid};
    }
    if (m.slash || s->escaped)
        m.quote &= ~escaped_bits(s, m.slash, n);
    return m;
}

static inline size_t block_len(size_t left)
{
    return left < SCAN_BLOCK ? left : SCAN_BLOCK;
}

size_t scan_nested(struct scan *s, const char *p, size_t n)
{
    for (size_t at = 0; at < n; at += SCAN_BLOCK) {
        size_t len = block_len(n - at);
        struct masks m = look(s, p + at, len);
        uint64_t string = parity(m.quote) ^ (s->in_string ? UINT64_MAX : 0);
        s->in_string = string >> (len - 1) & 1;
        uint64_t open = m.open & ~string;
        uint64_t both = open | (m.close & ~string);
        for (; both; both &= both - 1) {
            uint64_t bit = both & -both;
            if (open & bit)
                s->depth++;
            else if (--s->depth == 0)
                return at + (size_t)__builtin_ctzll(bit) + 1;
        }
    }
    return SCAN_MORE;
}

size_t scan_string(struct scan *s, const char *p, size_t n)
{
    for (size_t at = 0; at < n; at += SCAN_BLOCK) {
        struct masks m = look(s, p + at, block_len(n - at));
        if (m.quote)
            return at + (size_t)__builtin_ctzll(m.quote) + 1;
    }
    return SCAN_MORE;
}
