/* match/scan_block.c - many lines at once: for a few values the needles, then the sieve, and scan_line() for the
 * lines that are left. */
#include "match/sieve.h"

struct block_scan {
    struct scanner *s;
    const struct index *const *indexes;
    size_t index_count;
    struct text block;
    uint64_t line, first_offset; /* line: the number of the line at the beginning of the batch */
    scan_on_hit *on_hit;
    void *self;
};

static struct text line_from(struct text block, size_t start)
{
    const char *newline = memchr(block.ptr + start, '\n', block.len - start);
    size_t end = newline ? (size_t)(newline - block.ptr) : block.len;
    return (struct text){block.ptr + start, end - start};
}

/* line: with its carriage return, if any */
static enum err scan_one(const struct block_scan *b, struct text line, uint64_t number)
{
    struct scan_line_hits hits = {
        .line = number, .offset = b->first_offset + (uint64_t)(line.ptr - b->block.ptr), .text = line};
    if (line.len && line.ptr[line.len - 1] == '\r')
        hits.text.len--;
    enum err err = scan_line(b->s, b->indexes, b->index_count, hits.text, &hits.hits, &hits.hit_count);
    return !err && hits.hit_count ? b->on_hit(b->self, &hits) : err;
}

/* The lines of the batch at [start, start + len) with a place marked. */
static enum err scan_marked(const struct block_scan *b, size_t start, size_t len, const struct sieve_result *found)
{
    const char *batch = b->block.ptr + start;
    uint64_t number = b->line; /* of the first line that ends in word w or later */
    size_t done = 0;
    for (size_t w = 0; w * 64 < len; number += mask_count(found->newlines[w++]))
        for (uint64_t bits = found->places[w]; bits; bits &= bits - 1) {
            size_t place = w * 64 + (size_t)__builtin_ctzll(bits);
            if (place < done)
                continue;
            const char *newline = memrchr(batch + done, '\n', place - done);
            size_t line_start = newline ? (size_t)(newline - batch) + 1 : done;
            struct text line = line_from(b->block, start + line_start);
            uint64_t before = found->newlines[w] & ((UINT64_C(1) << place % 64) - 1);
            enum err err = scan_one(b, line, number + mask_count(before));
            if (err)
                return err;
            done = line_start + line.len + 1;
        }
    return OK;
}

/* Whole lines from start on that the sieve can take; 0: the next line is too long, or too near to the end. */
static size_t batch_len(struct text block, size_t start)
{
    const char *from = block.ptr + start;
    size_t left = block.len - start;
    if (left <= SIEVE_SLACK || !from)
        return 0;
    const char *newline = memrchr(from, '\n', left - SIEVE_SLACK < SIEVE_BYTES ? left - SIEVE_SLACK : SIEVE_BYTES);
    return newline ? (size_t)(newline - from) + 1 : 0;
}

/* The sieve, and a closer look where it is marked. */
static enum err scan_batch(struct block_scan *b, size_t at, size_t len)
{
    struct sieve_result found;
    scanner_start(b->s, b->indexes, b->index_count);
    sieve_lines(b->s->sieve, b->s, (struct text){b->block.ptr + at, len}, &found);
    enum err err = b->s->err;
    if (!err && found.any)
        err = scan_marked(b, at, len, &found);
    b->line += found.newline_count;
    return err;
}

enum err scan_block(struct scanner *s, const struct index *const *indexes, size_t index_count, struct text block,
                    uint64_t first_line, uint64_t first_offset, scan_on_hit *on_hit, void *self)
{
    const struct needles *few =
        index_count == 1 && needles_usable(&indexes[0]->needles) ? &indexes[0]->needles : NULL;
    struct block_scan b = {s, indexes, index_count, block, first_line, first_offset, on_hit, self};
    for (size_t at = 0; at < block.len;) {
        size_t len = batch_len(block, at);
        enum err err;
        if (len == 0) {
            struct text line = line_from(block, at);
            err = scan_one(&b, line, b.line++);
            at += line.len + 1;
        } else {
            struct text batch = {block.ptr + at, len};
            size_t newlines = 0;
            bool may_hit = !few || needles_may_hit(few, batch, &newlines);
            err = may_hit ? scan_batch(&b, at, len) : OK;
            b.line += newlines;
            at += len;
        }
        if (err)
            return err;
    }
    return OK;
}

uint64_t scan_count_lines(struct text block)
{
    uint64_t lines = 0;
    for (size_t at = 0; at < block.len; lines++)
        at += line_from(block, at).len + 1;
    return lines;
}
