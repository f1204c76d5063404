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

WAYS_INLINE void add(struct sieve *v, size_t start, uint64_t dots, size_t len)
{
    uint8_t *addr = v->addresses[v->address_count];
    v->address_ends[v->address_count] = (uint16_t)(start + len);
    v->address_count += parse(v->p + start, dots, len, addr);
    for (size_t k = 0; k < v->scanner->index_count; k++)
        lookup_v4_prefetch(v->scanner->indexes[k], addr);
}

void sieve_add_address(struct sieve *v, size_t start, uint64_t dots, size_t len)
{
    if (len < 64)
        add(v, start, dots, len);
    else
        sieve_mark(v, start);
}

WAYS_INLINE void gather(struct sieve *v)
{
    for (size_t i = 0; i < v->runs.number_count; i++) {
        size_t end = v->runs.numbers[i];
        uint64_t run = mask_before(v->masks.run, end), dots = mask_before(v->masks.dot, end);
        size_t len = run != UINT64_MAX ? (size_t)__builtin_clzll(~run) : 64;
        uint64_t dashes = run & ~(dots | mask_before(v->masks.hex, end));
        if (__builtin_expect(len == 64 || dashes >> (64 - len), 0))
            sieve_run(v, mask_run_start(v->masks.run, end), end);
        else
            add(v, end - len, dots >> (64 - len), len);
    }
}

static void gather_table(struct sieve *v)
{
    gather(v);
}

WAY_32 static void gather_32(struct sieve *v)
{
    gather(v);
}

void sieve_gather_addresses(struct sieve *v)
{
    if (v->wants_v4)
        (v->way == MASKS_BY_TABLE ? gather_table : gather_32)(v);
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
