#include "match/pack_masks.h"

#include <string.h>

#include "match/pack_inside.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw")))
#endif

/* Of 64 bytes. */
struct word_masks {
    uint64_t token, digit, dot;
    uint64_t mark; /* / & % ? */
    uint64_t colon, quote, code;
};

static bool is_one_of(uint8_t c, const char *these)
{
    return c && strchr(these, c) != NULL;
}

static struct word_masks masks_by_table(const uint8_t p[64])
{
    struct word_masks w = {0};
    for (unsigned i = 0; i < 64; i++) {
        uint8_t c = p[i], lower = c | 0x20;
        uint64_t bit = UINT64_C(1) << i;
        if (c >= '0' && c <= '9')
            w.digit |= bit;
        else if (is_one_of(c, "/&%?"))
            w.mark |= bit;
        else if ((lower >= 'a' && lower <= 'z') || c >= 0x80 || is_one_of(c, "-_:+~@."))
            w.token |= bit;
        w.dot |= c == '.' ? bit : 0;
        w.colon |= c == ':' ? bit : 0;
        w.quote |= c == '"' ? bit : 0;
        w.code |= c && c < PACK_CLASSES ? bit : 0;
    }
    w.token |= w.digit | w.mark;
    return w;
}

#if defined(__x86_64__)
AVX2 static inline __m256i is_32(__m256i v, char c)
{
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

AVX2 static inline __m256i is_32_of(__m256i v, char a, char b)
{
    return _mm256_or_si256(is_32(v, a), is_32(v, b));
}

/* first <= byte < first + count */
AVX2 static inline __m256i range_32(__m256i v, char first, int count)
{
    __m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(count - 1))), from);
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
        __m256i lower = _mm256_or_si256(v, _mm256_set1_epi8(0x20)), digit = range_32(v, '0', 10);
        __m256i mark = _mm256_or_si256(is_32_of(v, '/', '&'), is_32_of(v, '%', '?')), dot = is_32(v, '.');
        __m256i colon = is_32(v, ':'), other = _mm256_or_si256(is_32_of(v, '-', '_'), is_32_of(v, '+', '~'));
        __m256i letter = _mm256_or_si256(range_32(lower, 'a', 26), is_32(v, '@'));
        __m256i some = _mm256_or_si256(_mm256_or_si256(digit, mark), _mm256_or_si256(dot, colon));
        some = _mm256_or_si256(some, _mm256_or_si256(other, letter));
        add_32(&w.token, _mm256_or_si256(some, v), i); /* v's own sign: not ASCII */
        add_32(&w.digit, digit, i);
        add_32(&w.dot, dot, i);
        add_32(&w.mark, mark, i);
        add_32(&w.colon, colon, i);
        add_32(&w.quote, is_32(v, '"'), i);
        add_32(&w.code, range_32(v, 1, PACK_CLASSES - 1), i);
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
    struct word_masks w = {.digit = range_64(v, '0', 10), .dot = is_64(v, '.'), .colon = is_64(v, ':')};
    w.quote = is_64(v, '"');
    w.mark = is_64(v, '/') | is_64(v, '&') | is_64(v, '%') | is_64(v, '?');
    w.code = range_64(v, 1, PACK_CLASSES - 1);
    w.token = w.digit | w.dot | w.colon | w.mark | range_64(lower, 'a', 26) | _mm512_movepi8_mask(v);
    w.token |= is_64(v, '-') | is_64(v, '_') | is_64(v, '+') | is_64(v, '~') | is_64(v, '@');
    return w;
}
#else
#define masks_by_64 masks_by_table
#define masks_by_32 masks_by_table
#endif

/* Bits that begin PACK_WORD_MAX + 1 of them in a row. */
static uint64_t long_runs(uint64_t low, uint64_t high)
{
    _Static_assert(PACK_WORD_MAX == 15, "by doubling");
    for (unsigned n = 1; n <= 8; n *= 2) {
        low &= low >> n | high << (64 - n);
        high &= high >> n;
    }
    return low;
}

bool pack_masks_make(struct pack_masks *m, const char *line, size_t len, size_t readable, enum masks_way way)
{
    struct word_masks (*const ways[])(const uint8_t[64]) = {masks_by_table, masks_by_32, masks_by_64};
    struct word_masks (*masks_of)(const uint8_t[64]) = ways[way];
    uint64_t quoted = 0, codes = 0;
    size_t words = (len + 63) / 64;
    for (size_t i = 0; i < words; i++) {
        size_t at = i * 64;
        uint64_t keep = len - at < 64 ? (UINT64_C(1) << (len - at)) - 1 : UINT64_MAX;
        const uint8_t *p = (const uint8_t *)line + at;
        uint8_t rest[64] = {0};
        if (readable - at < 64)
            p = memcpy(rest, p, readable - at);
        struct word_masks w = masks_of(p);
        m->token[i] = w.token & keep & ~(w.colon & (w.quote << 1 | quoted));
        m->digit[i] = w.digit & keep;
        m->dot[i] = w.dot & keep;
        m->event[i] = (w.digit | w.dot | w.mark) & keep;
        codes |= w.code & keep;
        quoted = w.quote >> 63;
    }
    m->token[words] = m->digit[words] = m->dot[words] = m->event[words] = 0;
    m->words = words;
    for (size_t i = 0; i < words; i++)
        m->event[i] |= long_runs(m->token[i], m->token[i + 1]);
    return codes == 0;
}
