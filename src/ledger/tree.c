/* ledger/tree.c - the tree read from its stored heights, and its tiles' names.
 *
 * A full subtree of height h at index a is the node over D[a * 2^h : (a + 1) * 2^h]. Of those, every eighth height is
 * stored; a node between is hashed from the at most 128 stored ones under it. A subtree that is not full (the right
 * edge) is hashed from its own peaks, like a tree of its own: its first leaf's number is a multiple of a power of two
 * not smaller than it is wide. */
#include "ledger/tree.h"

#include <inttypes.h>
#include <string.h>

static enum err full_node(const struct tree_source *s, unsigned height, uint64_t index, struct sha256 *ret,
                          struct fault *reterr)
{
    struct sha256 h[TREE_TILE_HASHES / 2];
    unsigned up = height % TREE_TILE_HEIGHT;
    size_t count = (size_t)1 << up;
    enum err e = s->read(s->self, height / TREE_TILE_HEIGHT, index << up, count, h, reterr);
    if (e)
        return e;
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            h[i] = merkle_inner(&h[2 * i], &h[2 * i + 1]);
    *ret = h[0];
    return OK;
}

/* The peaks of the leaves [from, from + size), as a tree that begins at `from`. */
static enum err peaks_of(const struct tree_source *s, uint64_t from, uint64_t size, struct merkle *ret,
                         struct fault *reterr)
{
    struct merkle m;
    merkle_init(&m);
    m.size = size;
    for (unsigned height = 64; height-- > 0;) {
        if (!(size >> height & 1))
            continue;
        enum err e = full_node(s, height, from >> height, &m.peak[height], reterr);
        if (e)
            return e;
        from += (uint64_t)1 << height;
    }
    *ret = m;
    return OK;
}

static enum err range_root(const struct tree_source *s, uint64_t from, uint64_t to, struct sha256 *ret,
                           struct fault *reterr)
{
    struct merkle m;
    enum err e = peaks_of(s, from, to - from, &m, reterr);
    if (!e)
        *ret = merkle_root(&m);
    return e;
}

enum err tree_peaks(const struct tree_source *s, uint64_t size, struct merkle *ret, struct fault *reterr)
{
    return peaks_of(s, 0, size, ret, reterr);
}

enum err tree_root(const struct tree_source *s, uint64_t size, struct sha256 *ret, struct fault *reterr)
{
    return range_root(s, 0, size, ret, reterr);
}

/* The largest power of two below n; n > 1. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static enum err push(const struct tree_source *s, uint64_t from, uint64_t to, struct proof *p, struct fault *reterr)
{
    enum err e = range_root(s, from, to, &p->hash[p->count], reterr);
    p->count += !e;
    return e;
}

/* Both walks go down from the root; a proof is written from the leaves up. */
static void hand_over(const struct proof *p, struct proof *ret)
{
    ret->count = p->count;
    for (size_t i = 0; i < p->count; i++)
        ret->hash[i] = p->hash[p->count - 1 - i];
}

enum err tree_inclusion(const struct tree_source *s, uint64_t n, uint64_t size, struct proof *ret,
                        struct fault *reterr)
{
    if (n >= size)
        return fault_set(reterr, ERR_USAGE, "entry %" PRIu64 " is not in a tree of %" PRIu64 " entries", n, size);
    struct proof p = {0};
    uint64_t from = 0, to = size;
    enum err e = OK;
    while (!e && to - from > 1) {
        uint64_t middle = from + split_of(to - from);
        if (n < middle) {
            e = push(s, middle, to, &p, reterr);
            to = middle;
        } else {
            e = push(s, from, middle, &p, reterr);
            from = middle;
        }
    }
    if (!e)
        hand_over(&p, ret);
    return e;
}

enum err tree_consistency(const struct tree_source *s, uint64_t old_size, uint64_t new_size, struct proof *ret,
                          struct fault *reterr)
{
    if (old_size > new_size)
        return fault_set(reterr, ERR_USAGE, "a tree of %" PRIu64 " entries has no earlier one of %" PRIu64, new_size,
                         old_size);
    struct proof p = {0};
    uint64_t from = 0, to = new_size;
    enum err e = OK;
    while (!e && old_size > 0 && old_size < to) {
        uint64_t middle = from + split_of(to - from);
        if (old_size <= middle) {
            e = push(s, middle, to, &p, reterr);
            to = middle;
        } else {
            e = push(s, from, middle, &p, reterr);
            from = middle;
        }
    }
    /* The old tree's own root is known to who asks, unless the walk has left the first leaf behind. */
    if (!e && from > 0)
        e = push(s, from, to, &p, reterr);
    if (!e)
        hand_over(&p, ret);
    return e;
}

uint64_t tree_level_count(uint64_t size, unsigned level)
{
    return level < TREE_LEVELS ? size >> (TREE_TILE_HEIGHT * level) : 0;
}

void tree_tile_path(uint64_t index, unsigned width, struct buffer *out)
{
    unsigned part[7], count = 0; /* 1000^7 > 2^64 */
    do {
        part[count++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0);
    while (count-- > 0)
        buffer_addf(out, count ? "x%03u/" : "%03u", part[count]);
    if (width < TREE_TILE_HASHES)
        buffer_addf(out, ".p/%u", width);
}

static bool digits(struct text t, size_t least, size_t most, uint64_t *ret)
{
    return t.len >= least && t.len <= most && text_u64(t, ret) == OK;
}

static enum err tile_index(struct text rest, uint64_t *ret)
{
    uint64_t index = 0, part;
    struct text piece;
    bool last = false;
    while (text_split(&rest, '/', &piece)) {
        last = rest.ptr == NULL;
        if (!last && !text_starts(piece, TEXT("x")))
            return ERR_MALFORMED;
        if (!last)
            piece = text_sub(piece, 1, piece.len);
        if (!digits(piece, 3, 3, &part) || index > (UINT64_MAX - part) / 1000)
            return ERR_MALFORMED;
        index = index * 1000 + part;
    }
    *ret = index;
    return last ? OK : ERR_MALFORMED;
}

/* Whatever was read must be what we would write: that leaves one spelling. */
static bool spelt_so(struct text path, uint64_t level, uint64_t index, unsigned width)
{
    struct buffer b;
    buffer_init(&b, 256);
    buffer_addf(&b, "%" PRIu64 "/", level);
    tree_tile_path(index, width, &b);
    bool same = buffer_error(&b) == OK && text_eq(buffer_text(&b), path);
    buffer_done(&b);
    return same;
}

enum err tree_tile_parse(struct text path, unsigned *ret_level, uint64_t *ret_index, unsigned *ret_width)
{
    uint64_t level, index, width = TREE_TILE_HASHES;
    struct text rest = path, piece;
    if (!text_split(&rest, '/', &piece) || !digits(piece, 1, 2, &level) || level >= TREE_LEVELS || !rest.ptr)
        return ERR_MALFORMED;
    ptrdiff_t at = text_find_text(rest, TEXT(".p/"));
    if (at >= 0) {
        struct text w = text_sub(rest, (size_t)at + 3, rest.len);
        if (!digits(w, 1, 3, &width) || width < 1 || width >= TREE_TILE_HASHES)
            return ERR_MALFORMED;
        rest.len = (size_t)at;
    }
    if (tile_index(rest, &index) != OK || !spelt_so(path, level, index, (unsigned)width))
        return ERR_MALFORMED;
    *ret_level = (unsigned)level;
    *ret_index = index;
    *ret_width = (unsigned)width;
    return OK;
}
