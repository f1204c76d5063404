/* match/needles.c - see needles.h. Of each value the two bytes that are rarest in logs are compared at 64 places at
 * once, and where both are right, all of it. Case is folded by one bit, which makes a few others alike: that costs a
 * closer look, and never a miss. */
#include "match/needles.h"

#include <string.h>

#include "match/masks.h"
#include "match/reading.h"

/* The rarer, the lower: letters as in names and words, digits and marks are everywhere in logs. */
static unsigned commonness(uint8_t c)
{
    static const char order[] = "qxzjkvwybfgpmuhdlcrsnitoae_/@-0123456789.:";
    const char *at = memchr(order, c, sizeof order - 1);
    return at ? (unsigned)(at - order) + 1 : 0;
}

static void pick(struct needle *n)
{
    unsigned most = n->len < NEEDLE_OFFSETS ? n->len : NEEDLE_OFFSETS;
    n->at[0] = 0;
    n->at[1] = 1;
    for (unsigned i = 1; i < most; i++) {
        unsigned c = commonness(n->bytes[i]);
        if (c < commonness(n->bytes[n->at[0]])) {
            n->at[1] = n->at[0];
            n->at[0] = (uint8_t)i;
        } else if (i > 1 && c < commonness(n->bytes[n->at[1]])) {
            n->at[1] = (uint8_t)i;
        }
    }
}

void needles_add(struct needles *n, const void *bytes, size_t len)
{
    if (n->off || n->count == NEEDLES_MAX || len < NEEDLE_SHORTEST) {
        n->off = true;
        return;
    }
    struct needle *v = &n->v[n->count++];
    v->len = (uint8_t)(len < NEEDLE_BYTES ? len : NEEDLE_BYTES);
    for (size_t i = 0; i < v->len; i++)
        v->bytes[i] = ((const uint8_t *)bytes)[i] | 0x20;
    pick(v);
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))

static bool is_at(const struct needle *n, const uint8_t *p, size_t left)
{
    if (n->len > left)
        return false;
    for (size_t i = 0; i < n->len; i++)
        if ((p[i] | 0x20) != n->bytes[i])
            return false;
    return true;
}

/* % and # begin escapes with digits alone behind them. */
static bool any_escape(const uint8_t *p, size_t len, size_t at, uint64_t signs)
{
    for (; signs; signs &= signs - 1) {
        size_t i = at + (size_t)__builtin_ctzll(signs);
        if (p[i] == '%' ? escape_percent_at(p, len, i) : escape_octal_at(p, len, i))
            return true;
    }
    return false;
}

AVX512 static inline uint64_t is_64(__m512i v, uint8_t c)
{
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)c));
}

AVX512 static inline __m512i folded(const uint8_t *p)
{
    return _mm512_or_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(0x20));
}

/* Is any of them among the 64 that begin at p[at]? */
AVX512 static inline bool any_needle(const struct needles *n, const uint8_t *p, size_t len, size_t at)
{
    for (unsigned k = 0; k < n->count; k++) {
        const struct needle *v = &n->v[k];
        uint64_t places = is_64(folded(p + at + v->at[0]), v->bytes[v->at[0]]) &
                          is_64(folded(p + at + v->at[1]), v->bytes[v->at[1]]);
        for (; places; places &= places - 1) {
            size_t i = at + (size_t)__builtin_ctzll(places);
            if (is_at(v, p + i, i < len ? len - i : 0))
                return true;
        }
    }
    return false;
}

AVX512 static bool may_hit(const struct needles *n, const uint8_t *p, size_t len, size_t *ret_newlines)
{
    size_t newlines = 0;
    for (size_t i = 0; i < len; i += 64) {
        size_t at = len - i < 64 ? len - 64 : i; /* the last ones overlap */
        __m512i v = _mm512_loadu_si512(p + at);
        uint64_t colons = is_64(v, ':'), signs = is_64(v, '%') | is_64(v, '#');
        uint64_t odd = _mm512_movepi8_mask(v) | is_64(v, '\\');
        if (colons && n->addresses) /* :: or f: is in every way to write one of IPv4 as one of IPv6 */
            odd |= colons & (is_64(_mm512_loadu_si512(p + at + 1), ':') | is_64(folded(p + at), 'f') << 1 |
                             (at && (p[at - 1] | 0x20) == 'f'));
        if (odd || any_escape(p, len, at, signs) || any_needle(n, p, len, at))
            return true;
        newlines += mask_count(is_64(v, '\n') & UINT64_MAX << (i - at));
    }
    *ret_newlines = newlines;
    return false;
}

bool needles_usable(const struct needles *n)
{
    return !n->off && __builtin_cpu_supports("avx512bw");
}
#else
static bool may_hit(const struct needles *n, const uint8_t *p, size_t len, size_t *ret_newlines)
{
    (void)n, (void)p, (void)len, (void)ret_newlines;
    return true;
}

bool needles_usable(const struct needles *n)
{
    (void)n;
    return false;
}
#endif

bool needles_may_hit(const struct needles *n, struct text lines, size_t *ret_newlines)
{
    return lines.len < NEEDLES_LEAST || may_hit(n, (const uint8_t *)lines.ptr, lines.len, ret_newlines);
}
