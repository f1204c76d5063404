/* match/runs.c - runs and colons by arithmetic on masks.
 *
 * A run of bits to which some of its own bits are added, however many, carries into the place behind it, and one to
 * which nothing is added does not: so (run + some) & ~run are the ends of the runs that have some. The carry out of a
 * word is the next one's. */
#include "match/runs.h"

#include <string.h>

#include "match/ways.h"

/* ---- one word at a time ---- */

#define WAY
#define LANES        1
#define wide         uint64_t
#define IN_WAY(name) name##_one

static inline unsigned tops_one(uint64_t w)
{
    return w >> 63;
}

static inline unsigned ones_one(uint64_t w)
{
    return w == UINT64_MAX;
}

static inline uint64_t add_ones_one(uint64_t w, unsigned to)
{
    return w + (to & 1);
}

static inline uint64_t above_one(uint64_t w, uint64_t before)
{
    (void)w;
    return before;
}

#include "match/runs_wide.inc"

#undef WAY
#undef LANES
#undef wide
#undef IN_WAY

#ifdef __x86_64__
#include <immintrin.h>

/* ---- four ---- */

typedef uint64_t words_4 __attribute__((vector_size(32)));

#define WAY          WAY_32
#define LANES        4
#define wide         words_4
#define IN_WAY(name) name##_32

WAY_32 static inline unsigned tops_32(words_4 w)
{
    return (unsigned)_mm256_movemask_pd((__m256d)w);
}

WAY_32 static inline unsigned ones_32(words_4 w)
{
    return tops_32((words_4)_mm256_cmpeq_epi64((__m256i)w, _mm256_set1_epi64x(-1)));
}

WAY_32 static inline words_4 add_ones_32(words_4 w, unsigned to)
{
    const __m256i lanes = _mm256_set_epi64x(8, 4, 2, 1);
    return w - (words_4)_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(to), lanes), lanes);
}

WAY_32 static inline words_4 above_32(words_4 w, words_4 before)
{
    return (words_4)_mm256_blend_epi32(_mm256_permute4x64_epi64((__m256i)w, 0x93),
                                       _mm256_permute4x64_epi64((__m256i)before, 0x93), 3);
}

#include "match/runs_wide.inc"

#undef WAY
#undef LANES
#undef wide
#undef IN_WAY

/* ---- eight ---- */

/* AddressSanitizer does not align variables on its own stack to more than 32 bytes. */
typedef uint64_t words_8 __attribute__((vector_size(64), aligned(32)));

#define WAY          WAY_64
#define LANES        8
#define wide         words_8
#define IN_WAY(name) name##_64

WAY_64 static inline unsigned tops_64(words_8 w)
{
    return _mm512_cmplt_epi64_mask((__m512i)w, _mm512_setzero_si512());
}

WAY_64 static inline unsigned ones_64(words_8 w)
{
    return _mm512_cmpeq_epi64_mask((__m512i)w, _mm512_set1_epi64(-1));
}

WAY_64 static inline words_8 add_ones_64(words_8 w, unsigned to)
{
    return (words_8)_mm512_mask_sub_epi64((__m512i)w, (__mmask8)to, (__m512i)w, _mm512_set1_epi64(-1));
}

WAY_64 static inline words_8 above_64(words_8 w, words_8 before)
{
    return (words_8)_mm512_alignr_epi64((__m512i)w, (__m512i)before, 7);
}

#include "match/runs_wide.inc"

#undef WAY
#undef LANES
#undef wide
#undef IN_WAY
#endif

/* ---- lists ---- */

/* Appends the places of the bits. All but the fewest words have RUNS_STEP of them at most, and no branch depends on
 * how many. */
WAYS_INLINE size_t append(uint16_t *list, size_t count, size_t base, uint64_t bits)
{
    size_t added = (size_t)__builtin_popcountll(bits);
    for (size_t done = 0;; done += RUNS_STEP) {
        for (size_t i = 0; i < RUNS_STEP; i++, bits &= bits - 1)
            list[count + done + i] = (uint16_t)(base + (size_t)__builtin_ctzll(bits | UINT64_C(1) << 63));
        if (__builtin_expect(added <= done + RUNS_STEP, 1))
            return count + added;
    }
}

/* ---- colons ---- */

/* Bits of `low` with one of `low` or `high`, the word behind it, one to five places on. */
WAYS_INLINE uint64_t near(uint64_t low, uint64_t high)
{
    uint64_t one = low >> 1 | high << 63, two = one | low >> 2 | high << 62;
    return two | low >> 3 | high << 61 | low >> 4 | high << 60 | low >> 5 | high << 59;
}

/* No word depends on the one before: the compiler takes several at once. */
WAYS_INLINE void find_colons(size_t words, const uint64_t *restrict colons, const uint64_t *restrict slashes,
                             uint64_t *restrict urls, uint64_t *restrict groups)
{
    for (size_t w = 0; w < words; w++) {
        uint64_t colon = colons[w], next = colons[w + 1], slash = slashes[w], next_slash = slashes[w + 1];
        uint64_t second = colon & near(colon, next), next_second = next & near(next, 0);
        uint64_t url = colon & (slash >> 1 | next_slash << 63) & (slash >> 2 | next_slash << 62);
        urls[w] = url;
        groups[w] = colon & (colon >> 1 | next << 63 | near(second, next_second)) & ~url;
    }
}

WAYS_INLINE void make_lists(struct runs *r, const struct masks *m)
{
    size_t names = 0, numbers = 0, others = 0;
    for (size_t w = 0; w <= m->words; w++) {
        names = append(r->names, names, w * 64, r->bits.names[w]);
        numbers = append(r->numbers, numbers, w * 64, r->bits.numbers[w]);
        if (__builtin_expect(r->bits.others[w] != 0, 0))
            others = append(r->others, others, w * 64, r->bits.others[w]);
    }
    r->name_count = names;
    r->number_count = numbers;
    r->other_count = others;
    find_colons(m->words, m->colon, m->slash, r->urls, r->groups);
}

static void find_table(struct runs *r, const struct masks *m)
{
    find_bits_one(&r->bits, m);
    make_lists(r, m);
}

#ifdef __x86_64__
WAY_32 static void find_32(struct runs *r, const struct masks *m)
{
    find_bits_32(&r->bits, m);
    make_lists(r, m);
}

WAY_64 static void find_64(struct runs *r, const struct masks *m)
{
    find_bits_64(&r->bits, m);
    make_lists(r, m);
}
#else
#define find_32 find_table
#define find_64 find_table
#endif

void runs_find_by(struct runs *r, const struct masks *m, enum masks_way way)
{
    void (*const ways[MASKS_WAYS])(struct runs *, const struct masks *) = {find_table, find_32, find_64};
    ways[way](r, m);
}
