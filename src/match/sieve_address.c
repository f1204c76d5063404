/* match/sieve_address.c - dotted numbers: which are IPv4 addresses whose /24 an index has something in. */
#include "match/sieve_inside.h"
#include "match/ways.h"

/* One to three digits; four bytes are readable. Sets a bit of *io_bad when it is no part of an address. */
WAYS_INLINE uint32_t quad_part(const uint8_t *start, size_t len, uint32_t *io_bad)
{
    uint32_t v, first = *start;
    memcpy(&v, start, sizeof v);
    v = v << ((32 - 8 * len) & 31) & 0x0F0F0F00; /* the last digit uppermost */
    v = (v >> 24) + (v >> 16 & 15) * 10 + (v >> 8 & 15) * 100;
    *io_bad |= (uint32_t)(len - 1 > 2) | (uint32_t)(v > 255) | (uint32_t)(len > 1 && first == '0');
    return v;
}

/* dots: of the len bytes at start, at least three. False: no address; a fifth part is a port of tcpdump's. */
WAYS_INLINE bool parse(const uint8_t *start, uint64_t dots, size_t len, uint8_t addr[4])
{
    uint32_t bad = 0;
    size_t from = 0;
    dots |= UINT64_C(1) << len;
    for (unsigned i = 0; i < 4; i++, dots &= dots - 1) {
        size_t to = (size_t)__builtin_ctzll(dots);
        addr[i] = (uint8_t)quad_part(start + from, to - from, &bad);
        from = to + 1;
    }
    return !(bad | (dots & (dots - 1)));
}

/* Takes the address if there is one; the next is written over it else. */
WAYS_INLINE void take(struct sieve *v, size_t end, bool is_address)
{
    v->address_ends[v->address_count] = (uint16_t)end;
    v->address_count += is_address;
}

void sieve_add_address(struct sieve *v, size_t start, uint64_t dots, size_t len)
{
    if (len < 64)
        take(v, start + len, parse(v->p + start, dots, len, v->addresses[v->address_count]));
    else
        sieve_mark(v, start);
}

/* The run that ends there: its bytes and its dots, the first byte lowest. 0: it is too long. */
WAYS_INLINE size_t number_at(const struct sieve *v, size_t end, uint64_t *ret_dots)
{
    uint64_t outside = ~mask_before(v->masks.run, end);
    size_t len = outside ? (size_t)__builtin_clzll(outside) : 0;
    *ret_dots = mask_before(v->masks.dot, end) >> ((64 - len) & 63);
    return len;
}

static void gather_table(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.number_count; i++) {
        size_t end = v->runs.numbers[i];
        uint64_t dots;
        size_t len = number_at(v, end, &dots);
        if (len > 0)
            take(v, end, parse(v->p + end - len, dots, len, v->addresses[v->address_count]));
        else
            sieve_run(v, mask_run_start(v->masks.run, end), end);
    }
}

#ifdef __x86_64__
#include <immintrin.h>

/* The same for four parts, all at once: a shuffle puts the digits of each at the end of four bytes. lens: of the
 * parts, two bits each */
WAY_32 static bool parse_shape(const uint8_t *start, const struct sieve_shape *shape, uint8_t addr[4])
{
    const __m128i weights = _mm_set1_epi32(0x010A6400), most = _mm_set1_epi32(255);
    __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)start), _mm_set1_epi8('0'));
    digits = _mm_shuffle_epi8(digits, _mm_loadu_si128((const __m128i *)(const void *)shape->from));
    __m128i parts = _mm_madd_epi16(_mm_maddubs_epi16(digits, weights), _mm_set1_epi16(1));
    __m128i least = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(shape->least));
    __m128i bad = _mm_or_si128(_mm_cmpgt_epi32(parts, most), _mm_cmpgt_epi32(least, parts));
    int packed = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packus_epi32(parts, parts), parts));
    memcpy(addr, &packed, 4);
    return _mm_testz_si128(bad, bad);
}

WAY_32 static void gather_32(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.number_count; i++) {
        size_t end = v->runs.numbers[i];
        uint64_t dots;
        size_t len = number_at(v, end, &dots);
        uint64_t behind_first = dots & (dots - 1), third = behind_first & (behind_first - 1);
        if (__builtin_expect(len == 0 || third & (third - 1), 0)) {
            sieve_run(v, mask_run_start(v->masks.run, end), end);
            continue;
        }
        size_t first = (size_t)__builtin_ctzll(dots), second = (size_t)__builtin_ctzll(behind_first),
               last = (size_t)__builtin_ctzll(third);
        size_t lens[4] = {first, second - first - 1, last - second - 1, len - last - 1};
        size_t shape = lens[0] | lens[1] << 2 | lens[2] << 4 | lens[3] << 6;
        bool fits = (lens[0] | lens[1] | lens[2] | lens[3]) < 4;
        take(v, end,
             parse_shape(v->p + end - len, &v->shapes[shape % SIEVE_SHAPES], v->addresses[v->address_count]) & fits);
    }
}
#else
#define gather_32 gather_table
#endif

void sieve_shapes(struct sieve_shape shapes[SIEVE_SHAPES])
{
    memset(shapes, 0x80, SIEVE_SHAPES * sizeof *shapes); /* no digit */
    for (unsigned i = 0; i < SIEVE_SHAPES; i++) {
        uint8_t least[4];
        unsigned from = 0;
        for (unsigned part = 0; part < 4; part++) {
            unsigned len = i >> 2 * part & 3;
            least[part] = len == 3 ? 100 : len == 2 ? 10 : 0; /* no leading zero */
            for (unsigned k = 0; k < len; k++)
                shapes[i].from[4 * part + 4 - len + k] = (uint8_t)(from + k);
            from += len + 1;
        }
        memcpy(&shapes[i].least, least, sizeof least);
    }
}

void sieve_gather_addresses(struct sieve *v)
{
    if (!v->wants_v4)
        return;
    (v->way == MASKS_BY_TABLE ? gather_table : gather_32)(v);
    for (size_t k = 0; k < v->scanner->index_count; k++)
        for (size_t i = 0; i < v->address_count; i++)
            lookup_v4_prefetch(v->scanner->indexes[k], v->addresses[i]);
}

static bool has_address(const struct index *i, const uint8_t addr[4])
{
    struct ipaddr a = {.bits = 32};
    memcpy(a.b, addr, 4);
    if (lookup_bytes(i, VALUE_IPV4, addr, 4).count)
        return true;
    for (uint64_t lens = i->v4_lens; lens; lens &= lens - 1)
        if (lookup_network(i, &a, (unsigned)__builtin_ctzll(lens)).count)
            return true;
    return false;
}

void sieve_look_up_addresses(struct sieve *v)
{
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        const struct index *index = v->scanner->indexes[k];
        for (size_t i = 0; i < v->address_count; i++)
            if (lookup_v4_possible(index, v->addresses[i]) && has_address(index, v->addresses[i]))
                sieve_mark(v, v->address_ends[i] - 1u);
    }
}
