/* match/masks.c - bytes to bit masks: 64 or 32 at a time where the processor can, else one by one by the class table.
 */
#include "match/masks.h"

#include <string.h>

#include "match/chars.h"

struct word_masks {
    uint64_t run, dot, letter, hex, high, colon, odd, newline;
};

static struct word_masks masks_by_table(const uint8_t p[64])
{
    struct word_masks w = {0};
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = UINT64_C(1) << i;
        unsigned c = char_classes[p[i]];
        w.run |= c & CHAR_RUN ? bit : 0;
        w.dot |= c & CHAR_DOT ? bit : 0;
        w.letter |= c & (CHAR_HEX | CHAR_LETTER | CHAR_UNDER) ? bit : 0;
        w.hex |= c & CHAR_XDIGIT ? bit : 0;
        w.high |= c & CHAR_HIGH ? bit : 0;
        w.colon |= p[i] == ':' ? bit : 0;
        w.odd |= p[i] == '\\' || p[i] == '%' || p[i] == '#' ? bit : 0;
        w.newline |= p[i] == '\n' ? bit : 0;
    }
    return w;
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX2 static inline __m256i is_32(__m256i v, char c)
{
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* first <= byte < first + count: moved down to the least signed values, one comparison does */
AVX2 static inline __m256i range_32(__m256i v, char first, int count)
{
    return _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(-128 + count)),
                             _mm256_add_epi8(v, _mm256_set1_epi8((char)(-128 - first))));
}

AVX2 static inline void add_32(uint64_t *mask, __m256i v, unsigned shift)
{
    *mask |= (uint64_t)(uint32_t)_mm256_movemask_epi8(v) << shift;
}

AVX2 static struct word_masks masks_by_32(const uint8_t p[64])
{
    struct word_masks w = {0};
    for (unsigned i = 0; i < 64; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
        __m256i lower = _mm256_or_si256(v, _mm256_set1_epi8(0x20)), digit = range_32(v, '0', 10), dot = is_32(v, '.');
        __m256i letter = _mm256_or_si256(range_32(lower, 'a', 26), is_32(v, '_'));
        __m256i sign = _mm256_or_si256(dot, is_32(v, '-')), odd = _mm256_or_si256(is_32(v, '%'), is_32(v, '#'));
        add_32(&w.run, _mm256_or_si256(_mm256_or_si256(letter, digit), _mm256_or_si256(sign, v)),
               i); /* v's own sign */
        add_32(&w.dot, dot, i);
        add_32(&w.letter, letter, i);
        add_32(&w.hex, _mm256_or_si256(digit, range_32(lower, 'a', 6)), i);
        add_32(&w.high, v, i);
        add_32(&w.colon, is_32(v, ':'), i);
        add_32(&w.odd, _mm256_or_si256(odd, is_32(v, '\\')), i);
        add_32(&w.newline, is_32(v, '\n'), i);
    }
    return w;
}

AVX512 static inline uint64_t is_64(__m512i v, char c)
{
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

AVX512 static inline uint64_t range_64(__m512i v, char first, int count)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(first)), _mm512_set1_epi8((char)count));
}

AVX512 static struct word_masks masks_by_64(const uint8_t p[64])
{
    __m512i v = _mm512_loadu_si512(p), lower = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
    uint64_t digit = range_64(v, '0', 10);
    struct word_masks w = {.dot = is_64(v, '.'), .high = _mm512_movepi8_mask(v), .colon = is_64(v, ':')};
    w.letter = range_64(lower, 'a', 26) | is_64(v, '_');
    w.hex = digit | range_64(lower, 'a', 6);
    w.run = w.letter | digit | w.dot | is_64(v, '-') | w.high;
    w.odd = is_64(v, '\\') | is_64(v, '%') | is_64(v, '#');
    w.newline = is_64(v, '\n');
    return w;
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512bw");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
#define masks_by_64 masks_by_table
#define masks_by_32 masks_by_table
static bool has_avx512(void)
{
    return false;
}

static bool has_avx2(void)
{
    return false;
}
#endif

static void put_word(struct masks *m, size_t i, struct word_masks w, uint64_t keep)
{
    m->run[i] = w.run & keep;
    m->dot[i] = w.dot & keep;
    m->letter[i] = w.letter & keep;
    m->hex[i] = w.hex & keep;
    m->high[i] = w.high & keep;
    m->colon[i] = w.colon & keep;
    m->odd[i] = w.odd & keep;
    m->newline[i] = w.newline & keep;
}

void masks_make_by(struct masks *m, const uint8_t *p, size_t len, enum masks_way way)
{
    struct word_masks (*const ways[])(const uint8_t[64]) = {masks_by_table, masks_by_32, masks_by_64};
    struct word_masks (*masks_of)(const uint8_t[64]) = ways[way];
    size_t whole = len / 64, rest = len % 64;
    for (size_t i = 0; i < whole; i++)
        put_word(m, i, masks_of(p + i * 64), UINT64_MAX);
    m->words = whole + (rest > 0);
    if (rest)
        put_word(m, whole, masks_of(p + whole * 64), (UINT64_C(1) << rest) - 1);
    put_word(m, m->words, (struct word_masks){0}, 0);
}

enum masks_way masks_best_way(void)
{
    return has_avx512() ? MASKS_BY_64 : has_avx2() ? MASKS_BY_32 : MASKS_BY_TABLE;
}
