/* match/masks.c - bytes to bit masks: 64 or 32 at a time where the processor can, else one by one by the class table.
 */
#include "match/masks.h"

#include <string.h>

#include "match/ways.h"

struct word_masks {
    uint64_t run, dot, letter, hex, high, colon, slash, odd, newline;
};

/* One bit of a byte for each mask that is not made of others. */
enum {
    IS_DOT = 1,
    IS_LETTER = 2,
    IS_HEX = 4,
    IS_DASH = 8,
    IS_COLON = 16,
    IS_SLASH = 32,
    IS_ODD = 64,
    IS_NEWLINE = 128
};

#define D IS_HEX
#define H (IS_LETTER | IS_HEX)
#define L IS_LETTER
/* clang-format off */
static const uint8_t mask_classes[256] = {
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['a'] = H, H, H, H, H, H, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    ['_'] = L, ['.'] = IS_DOT, ['-'] = IS_DASH, [':'] = IS_COLON, ['/'] = IS_SLASH,
    ['\\'] = IS_ODD, ['%'] = IS_ODD, ['#'] = IS_ODD, ['\n'] = IS_NEWLINE,
};
/* clang-format on */
#undef D
#undef H
#undef L

/* Bit i of byte k becomes bit k of byte i: three rounds, each swapping the corners of squares twice as wide. */
static inline uint64_t transpose(uint64_t m)
{
    uint64_t t = (m ^ m >> 7) & UINT64_C(0x00AA00AA00AA00AA);
    m ^= t ^ t << 7;
    t = (m ^ m >> 14) & UINT64_C(0x0000CCCC0000CCCC);
    m ^= t ^ t << 14;
    t = (m ^ m >> 28) & UINT64_C(0x00000000F0F0F0F0);
    return m ^ t ^ t << 28;
}

static struct word_masks masks_by_table(const uint8_t p[64])
{
    struct word_masks w = {0};
    uint64_t dash = 0;
    for (unsigned at = 0; at < 64; at += 8) {
        uint64_t classes = 0, high = 0;
        for (unsigned i = 0; i < 8; i++) {
            classes |= (uint64_t)mask_classes[p[at + i]] << (8 * i);
            high |= (uint64_t)(p[at + i] >> 7) << i;
        }
        classes = transpose(classes);
        w.dot |= (classes & 0xFF) << at;
        w.letter |= (classes >> 8 & 0xFF) << at;
        w.hex |= (classes >> 16 & 0xFF) << at;
        dash |= (classes >> 24 & 0xFF) << at;
        w.colon |= (classes >> 32 & 0xFF) << at;
        w.slash |= (classes >> 40 & 0xFF) << at;
        w.odd |= (classes >> 48 & 0xFF) << at;
        w.newline |= (classes >> 56) << at;
        w.high |= high << at;
    }
    w.run = w.letter | w.hex | w.dot | dash | w.high;
    return w;
}

static inline void put_word(struct masks *m, size_t i, struct word_masks w)
{
    m->run[i] = w.run;
    m->dot[i] = w.dot;
    m->letter[i] = w.letter;
    m->hex[i] = w.hex;
    m->high[i] = w.high;
    m->colon[i] = w.colon;
    m->slash[i] = w.slash;
    m->odd[i] = w.odd;
    m->newline[i] = w.newline;
}

static void make_by_table(struct masks *m, const uint8_t *p)
{
    for (size_t i = 0; i < m->words; i++)
        put_word(m, i, masks_by_table(p + i * 64));
}

WAYS_INLINE size_t count_any(const uint64_t *mask, size_t words)
{
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(mask[i]);
    return count;
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

WAY_32 static inline __m256i is_32(__m256i v, char c)
{
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* first <= byte < first + count: moved down to the least signed values, one comparison does */
WAY_32 static inline __m256i range_32(__m256i v, char first, int count)
{
    return _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(-128 + count)),
                             _mm256_add_epi8(v, _mm256_set1_epi8((char)(-128 - first))));
}

WAY_32 static inline uint64_t both_32(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* By the lower half of a byte, the odd one that has it: at 3, 5 and 12. The others' entries are bytes with another
 * lower half, and so are never equal to what asks; what is not ASCII asks for 0. */
WAY_32 static inline __m128i odd_by_low_half(void)
{
    return _mm_setr_epi8(1, 0, 0, '#', 0, '%', 0, 0, 0, 0, 0, 0, '\\', 0, 0, 0);
}

struct half {
    __m256i run, dot, letter, hex, odd;
};

WAY_32 static inline struct half half_32(__m256i v)
{
    __m256i lower = _mm256_or_si256(v, _mm256_set1_epi8(0x20)), digit = range_32(v, '0', 10);
    struct half h = {.dot = is_32(v, '.')};
    h.letter = _mm256_or_si256(range_32(lower, 'a', 26), is_32(v, '_'));
    h.hex = _mm256_or_si256(digit, range_32(lower, 'a', 6));
    __m256i sign = _mm256_or_si256(h.dot, is_32(v, '-'));
    h.run = _mm256_or_si256(_mm256_or_si256(h.letter, digit), _mm256_or_si256(sign, v)); /* v: its own sign bit */
    h.odd = _mm256_cmpeq_epi8(v, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(odd_by_low_half()), v));
    return h;
}

WAY_32 static void make_by_32(struct masks *m, const uint8_t *p)
{
    for (size_t i = 0; i < m->words; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i * 64)),
                u = _mm256_loadu_si256((const __m256i *)(const void *)(p + i * 64 + 32));
        struct half a = half_32(v), b = half_32(u);
        put_word(m, i,
                 (struct word_masks){.run = both_32(a.run, b.run),
                                     .dot = both_32(a.dot, b.dot),
                                     .letter = both_32(a.letter, b.letter),
                                     .hex = both_32(a.hex, b.hex),
                                     .high = both_32(v, u),
                                     .colon = both_32(is_32(v, ':'), is_32(u, ':')),
                                     .slash = both_32(is_32(v, '/'), is_32(u, '/')),
                                     .odd = both_32(a.odd, b.odd),
                                     .newline = both_32(is_32(v, '\n'), is_32(u, '\n'))});
    }
}

WAY_64 static inline uint64_t is_64(__m512i v, char c)
{
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

WAY_64 static inline uint64_t range_64(__m512i v, char first, int count)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(first)), _mm512_set1_epi8((char)count));
}

WAY_64 static void make_by_64(struct masks *m, const uint8_t *p)
{
    for (size_t i = 0; i < m->words; i++) {
        __m512i v = _mm512_loadu_si512(p + i * 64), lower = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
        uint64_t digit = range_64(v, '0', 10);
        struct word_masks w = {.dot = is_64(v, '.'), .high = _mm512_movepi8_mask(v), .colon = is_64(v, ':')};
        w.letter = range_64(lower, 'a', 26) | is_64(v, '_');
        w.hex = digit | range_64(lower, 'a', 6);
        w.run = w.letter | digit | w.dot | is_64(v, '-') | w.high;
        w.slash = is_64(v, '/');
        w.odd = _mm512_cmpeq_epi8_mask(v, _mm512_shuffle_epi8(_mm512_broadcast_i32x4(odd_by_low_half()), v));
        w.newline = is_64(v, '\n');
        put_word(m, i, w);
    }
}

static bool has_lzcnt(void)
{
    unsigned a, b, c = 0, d;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & bit_LZCNT;
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt") && has_lzcnt();
}
#else
#define make_by_64 make_by_table
#define make_by_32 make_by_table
static bool has_avx512(void)
{
    return false;
}

static bool has_avx2(void)
{
    return false;
}
#endif

static void keep_of_word(struct masks *m, size_t i, uint64_t keep)
{
    struct word_masks w = {m->run[i] & keep,   m->dot[i] & keep,  m->letter[i] & keep,
                           m->hex[i] & keep,   m->high[i] & keep, m->colon[i] & keep,
                           m->slash[i] & keep, m->odd[i] & keep,  m->newline[i] & keep};
    put_word(m, i, w);
}

static size_t count_table(const uint64_t *mask, size_t words)
{
    return count_any(mask, words);
}

WAY_32 static size_t count_32(const uint64_t *mask, size_t words)
{
    return count_any(mask, words);
}

void masks_make_by(struct masks *m, const uint8_t *p, size_t len, enum masks_way way)
{
    void (*const ways[MASKS_WAYS])(struct masks *, const uint8_t *) = {make_by_table, make_by_32, make_by_64};
    m->words = (len + 63) / 64;
    ways[way](m, p);
    if (len % 64)
        keep_of_word(m, m->words - 1, (UINT64_C(1) << len % 64) - 1);
    for (size_t i = 0; i < MASKS_ZEROS; i++)
        put_word(m, m->words + i, (struct word_masks){0});
    m->newlines = (way == MASKS_BY_TABLE ? count_table : count_32)(m->newline, m->words);
}

enum masks_way masks_best_way(void)
{
    if (!has_avx2())
        return MASKS_BY_TABLE;
    return has_avx512() ? MASKS_BY_64 : MASKS_BY_32;
}
