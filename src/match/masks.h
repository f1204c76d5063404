/* match/masks.h - which of many bytes are of which class, a bit for each: what the sieve reads instead of bytes. */
#pragma once
#include "base/text.h"

#define MASKS_BYTES 8192
#define MASKS_WORDS (MASKS_BYTES / 64)
#define MASKS_SLACK 64 /* bytes behind the text that must be readable */
#define MASKS_ZEROS 10 /* words of zeros behind the last, for who takes eight at once, and the one behind each */

/* Bit i of word w is byte 64 * w + i. */
struct masks {
    uint64_t run[MASKS_WORDS + MASKS_ZEROS]; /* of host names, and bytes that are not ASCII */
    uint64_t dot[MASKS_WORDS + MASKS_ZEROS];
    uint64_t letter[MASKS_WORDS + MASKS_ZEROS]; /* and underscores */
    uint64_t hex[MASKS_WORDS + MASKS_ZEROS];    /* 0-9 a-f A-F */
    uint64_t high[MASKS_WORDS + MASKS_ZEROS];   /* not ASCII */
    uint64_t colon[MASKS_WORDS + MASKS_ZEROS];
    uint64_t slash[MASKS_WORDS + MASKS_ZEROS];
    uint64_t odd[MASKS_WORDS + MASKS_ZEROS]; /* \ % # */
    uint64_t newline[MASKS_WORDS + MASKS_ZEROS];
    size_t words, newlines; /* newlines: how many bits of them */
};

/* All ways give the same; each needs a processor that has it. */
enum masks_way { MASKS_BY_TABLE, MASKS_BY_32, MASKS_BY_64 };
#define MASKS_WAYS 3
enum masks_way masks_best_way(void); /* asks the processor, which takes long in a virtual machine: ask once */
/* len: at most MASKS_BYTES; bits from len on are zero. */
void masks_make_by(struct masks *m, const uint8_t *p, size_t len, enum masks_way way);

/* Bits set; most processors' builds have no instruction for it. */
static inline size_t mask_count(uint64_t m)
{
    m -= m >> 1 & UINT64_C(0x5555555555555555);
    m = (m & UINT64_C(0x3333333333333333)) + (m >> 2 & UINT64_C(0x3333333333333333));
    m = (m + (m >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (size_t)(m * UINT64_C(0x0101010101010101) >> 56);
}

/* The 64 bits from `at` on. */
static inline uint64_t mask_bits(const uint64_t *m, size_t at)
{
    size_t w = at / 64, shift = at % 64;
    return m[w] >> shift | m[w + 1] << 1 << (63 - shift);
}

/* The 64 bits before `end`, the last one uppermost; zeros for what lies before the first. end: at least 1 */
static inline uint64_t mask_before(const uint64_t *m, size_t end)
{
    return end < 64 ? m[0] << (64 - end) : mask_bits(m, end - 64);
}

/* The first zero at or behind `at`. */
static inline size_t mask_run_end(const uint64_t *m, size_t at)
{
    size_t w = at / 64;
    uint64_t zeros = ~m[w] >> (at % 64);
    if (zeros)
        return at + (size_t)__builtin_ctzll(zeros);
    while (m[++w] == UINT64_MAX)
        ;
    return w * 64 + (size_t)__builtin_ctzll(~m[w]);
}

/* Behind the last zero before `at`; 0 when there is none. */
static inline size_t mask_run_start(const uint64_t *m, size_t at)
{
    size_t w = at / 64;
    uint64_t zeros = at % 64 ? ~m[w] << (64 - at % 64) : 0;
    if (zeros)
        return at - (size_t)__builtin_clzll(zeros);
    while (w > 0 && m[w - 1] == UINT64_MAX)
        w--;
    return w > 0 ? w * 64 - (size_t)__builtin_clzll(~m[w - 1]) : 0;
}
