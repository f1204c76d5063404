/* match/blockset.c - numbers in ascending order, in groups of GROUP; of a group the first number stands in a table,
 * the others as differences in Rice's code, whose parameter each group chooses.
 *
 *   u32 numbers, u8 bits, u8 dropped, u32 stream bytes
 *   a row for each group: u64 first number, u32 where its bits begin (byte of the stream)
 *   the stream, lowest bit first, with BITS_PAD of zeros behind it
 *
 *   group:  6 bits k; for each number: but for the first its difference from the one before, less one; its blocks
 *   difference d: d >> k ones and a zero, the lowest k bits; from ESCAPE on: ESCAPE ones, all bits
 *   blocks: 0 and one block | 1 0, 4 bits count less two, so many blocks | 1 1, BLOCKSET_BLOCKS bits */
#include "match/blockset.h"

#include <stdlib.h>
#include <string.h>

#include "match/bits.h"

#define GROUP      64
#define GROUP_BITS 6
#define ROW_BYTES  12
#define ESCAPE     24
#define LIST_MAX   9 /* blocks that a list is shorter for than a bit for each */

/* ---- one group ---- */

struct member {
    uint64_t number, blocks;
};

static unsigned count_bits(uint64_t v)
{
    return (unsigned)__builtin_popcountll(v);
}

static uint64_t cost_of(const struct member *m, size_t count, unsigned k, unsigned bits)
{
    uint64_t cost = 0;
    for (size_t i = 1; i < count; i++) {
        uint64_t ones = (m[i].number - m[i - 1].number - 1) >> k;
        cost += ones < ESCAPE ? ones + 1 + k : ESCAPE + bits;
    }
    return cost;
}

/* From the mean down: a few wide gaps raise the mean, never what is best. */
static unsigned best_parameter(const struct member *m, size_t count, unsigned bits)
{
    if (count < 2)
        return 0;
    unsigned k = bits_length((m[count - 1].number - m[0].number) / (count - 1));
    uint64_t best = UINT64_MAX;
    unsigned found = k;
    for (unsigned worse = 0;; k--) {
        uint64_t cost = cost_of(m, count, k, bits);
        if (cost < best) {
            best = cost;
            found = k;
            worse = 0;
        } else if (++worse == 4) {
            break;
        }
        if (k == 0)
            break;
    }
    return found;
}

static void put_blocks(struct bit_writer *w, uint64_t blocks)
{
    unsigned count = count_bits(blocks);
    if (count == 1) {
        bits_put(w, 0, 1);
        bits_put(w, bits_length(blocks) - 1, BLOCKSET_BLOCK_BITS);
    } else if (count <= LIST_MAX) {
        bits_put(w, 1 | (uint64_t)(count - 2) << 2, 6);
        for (; blocks; blocks &= blocks - 1)
            bits_put(w, (unsigned)__builtin_ctzll(blocks), BLOCKSET_BLOCK_BITS);
    } else {
        bits_put(w, 3, 2);
        bits_put_long(w, blocks, BLOCKSET_BLOCKS);
    }
}

static uint64_t get_blocks(struct bit_reader *r)
{
    uint64_t blocks = 0;
    if (!bits_get(r, 1))
        return UINT64_C(1) << bits_get(r, BLOCKSET_BLOCK_BITS);
    if (bits_get(r, 1))
        return bits_get_long(r, BLOCKSET_BLOCKS);
    for (unsigned left = (unsigned)bits_get(r, 4) + 2; left > 0; left--)
        blocks |= UINT64_C(1) << bits_get(r, BLOCKSET_BLOCK_BITS);
    return blocks;
}

static void put_group(const struct member *m, size_t count, unsigned bits, struct bit_writer *w)
{
    unsigned k = best_parameter(m, count, bits);
    bits_put(w, k, GROUP_BITS);
    for (size_t i = 0; i < count; i++) {
        uint64_t gap = i ? m[i].number - m[i - 1].number - 1 : 0;
        if (i && gap >> k < ESCAPE) {
            bits_put(w, (UINT64_C(1) << (gap >> k)) - 1, (unsigned)(gap >> k) + 1);
            bits_put_long(w, gap & ((UINT64_C(1) << k) - 1), k);
        } else if (i) {
            bits_put(w, (UINT64_C(1) << ESCAPE) - 1, ESCAPE);
            bits_put_long(w, gap, bits);
        }
        put_blocks(w, m[i].blocks);
    }
    bits_end(w);
}

static uint64_t get_gap(struct bit_reader *r, unsigned k, unsigned bits)
{
    if (r->at >= r->end) {
        r->bad = true;
        return 0;
    }
    uint64_t ones = (uint64_t)__builtin_ctzll(~bits_peek(r) | UINT64_C(1) << ESCAPE);
    (void)bits_get(r, (unsigned)ones + (ones < ESCAPE));
    return ones < ESCAPE ? ones << k | bits_get_long(r, k) : bits_get_long(r, bits);
}

/* ---- sorting ---- */

/* By bytes, the lowest first, with one count for all: bytes that are the same everywhere cost nothing. Returns where
 * the sorted pairs are. */
static uint64_t *sort_pairs(uint64_t *pairs, uint64_t *spare, size_t count)
{
    uint32_t counts[8][256] = {{0}};
    for (size_t i = 0; i < count; i++)
        for (unsigned b = 0; b < 8; b++)
            counts[b][pairs[i] >> (8 * b) & 255]++;
    for (unsigned b = 0; b < 8 && count; b++) {
        if (counts[b][pairs[0] >> (8 * b) & 255] == count)
            continue;
        uint32_t at = 0;
        for (unsigned v = 0; v < 256; v++) {
            uint32_t n = counts[b][v];
            counts[b][v] = at;
            at += n;
        }
        for (size_t i = 0; i < count; i++)
            spare[counts[b][pairs[i] >> (8 * b) & 255]++] = pairs[i];
        uint64_t *sorted = spare;
        spare = pairs;
        pairs = sorted;
    }
    return pairs;
}

/* ---- the set ---- */

/* Sorted pairs that are told apart by what is above `dropped`: their members, in ascending order. Returns how many.
 */
static size_t next_members(const uint64_t *pairs, size_t count, size_t *at, unsigned dropped, struct member m[GROUP])
{
    size_t n = 0;
    while (*at < count) {
        uint64_t number = pairs[*at] >> BLOCKSET_BLOCK_BITS >> dropped;
        uint64_t block = UINT64_C(1) << (pairs[*at] & (BLOCKSET_BLOCKS - 1));
        if (n > 0 && m[n - 1].number == number) {
            m[n - 1].blocks |= block;
        } else if (n < GROUP) {
            m[n].number = number;
            m[n++].blocks = block;
        } else {
            break;
        }
        ++*at;
    }
    return n;
}

static size_t count_numbers(const uint64_t *pairs, size_t count)
{
    size_t n = count > 0;
    for (size_t i = 1; i < count; i++)
        n += pairs[i] >> BLOCKSET_BLOCK_BITS != pairs[i - 1] >> BLOCKSET_BLOCK_BITS;
    return n;
}

static void write_groups(const uint64_t *pairs, size_t count, unsigned bits, unsigned dropped, struct buffer *rows,
                         struct buffer *stream)
{
    struct member m[GROUP];
    struct bit_writer w = {.out = stream};
    for (size_t at = 0, n; (n = next_members(pairs, count, &at, dropped, m)) > 0;) {
        buffer_add_u64(rows, m[0].number);
        buffer_add_u32(rows, (uint32_t)stream->len);
        put_group(m, n, bits, &w);
    }
    buffer_add_u64(stream, 0); /* BITS_PAD */
}

void blockset_write(uint64_t *pairs, uint64_t *spare, size_t count, unsigned bits, unsigned sure, struct buffer *out)
{
    struct buffer rows, stream;
    uint64_t *sorted = sort_pairs(pairs, spare, count);
    unsigned wanted = bits_length(count_numbers(sorted, count)) + sure;
    unsigned dropped = sure && wanted < bits ? bits - wanted : 0;
    buffer_init(&rows, out->max);
    buffer_init(&stream, out->max);
    write_groups(sorted, count, bits - dropped, dropped, &rows, &stream);
    buffer_add_u32(out, (uint32_t)(rows.len / ROW_BYTES));
    buffer_add_u8(out, (uint8_t)(bits - dropped));
    buffer_add_u8(out, (uint8_t)dropped);
    buffer_add_u32(out, (uint32_t)stream.len);
    buffer_add(out, buffer_text(&rows));
    buffer_add(out, buffer_text(&stream));
    if (buffer_error(&rows) || buffer_error(&stream))
        out->err = buffer_error(&rows) ? buffer_error(&rows) : buffer_error(&stream);
    buffer_done(&rows);
    buffer_done(&stream);
}

void blockset_read(struct cursor *c, struct blockset *ret)
{
    struct blockset set = {.group_count = cursor_u32(c)};
    set.bits = cursor_u8(c);
    set.dropped = cursor_u8(c);
    size_t bytes = cursor_u32(c);
    if (set.group_count > cursor_left(c) / ROW_BYTES || set.bits == 0 || set.bits + set.dropped > 58 ||
        bytes < BITS_PAD)
        cursor_fail(c);
    if (!cursor_error(c)) {
        set.groups = (const uint8_t *)cursor_bytes(c, set.group_count * ROW_BYTES).ptr;
        set.stream = (const uint8_t *)cursor_bytes(c, bytes).ptr;
        set.stream_bits = (bytes - BITS_PAD) * 8;
    }
    if (!cursor_error(c))
        *ret = set;
}

static uint64_t row_number(const struct blockset *set, size_t group)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)set->groups[group * ROW_BYTES + i] << (8 * i);
    return v;
}

static size_t row_at(const struct blockset *set, size_t group)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 4; i++)
        v |= (uint32_t)set->groups[group * ROW_BYTES + 8 + i] << (8 * i);
    return (size_t)v * 8;
}

/* The members of [low, high] in one group. */
static uint64_t find_in_group(const struct blockset *set, size_t group, uint64_t low, uint64_t high)
{
    size_t end = group + 1 < set->group_count ? row_at(set, group + 1) : set->stream_bits;
    struct bit_reader r = {.p = set->stream, .at = row_at(set, group), .end = end};
    uint64_t number = row_number(set, group), found = 0;
    if (end > set->stream_bits || r.at > end)
        return UINT64_MAX;
    unsigned k = (unsigned)bits_get(&r, GROUP_BITS);
    for (unsigned i = 0; i < GROUP && number <= high && !r.bad; i++) {
        uint64_t blocks = get_blocks(&r);
        if (number >= low)
            found |= blocks;
        if (r.end - r.at < 8) /* what is left fills the last byte */
            break;
        number += 1 + get_gap(&r, k, set->bits);
    }
    return r.bad ? UINT64_MAX : found;
}

/* The last group that begins at or below. */
static size_t group_of(const struct blockset *set, uint64_t number)
{
    size_t low = 0, high = set->group_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (row_number(set, middle) <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t blockset_find(const struct blockset *set, uint64_t low, uint64_t high)
{
    uint64_t found = 0;
    low >>= set->dropped;
    high >>= set->dropped;
    if (set->group_count == 0)
        return 0;
    for (size_t g = group_of(set, low); g < set->group_count && row_number(set, g) <= high && found != UINT64_MAX;
         g++)
        found |= find_in_group(set, g, low, high);
    return found;
}
