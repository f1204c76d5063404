/* match/scan_block.c - many lines at once. */
#include <string.h>

#include "match/scan.h"

static struct text without_cr(struct text line)
{
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

enum err scan_block(struct scanner *s, const struct index *const *indexes, size_t index_count, struct text block,
                    uint64_t first_line, uint64_t first_offset, scan_on_hit *on_hit, void *self)
{
    uint64_t number = first_line;
    for (size_t at = 0; at < block.len; number++) {
        const char *start = block.ptr + at, *newline = memchr(start, '\n', block.len - at);
        size_t len = newline ? (size_t)(newline - start) : block.len - at;
        struct scan_line_hits hits = {number, first_offset + at, without_cr((struct text){start, len}), NULL, 0};
        enum err err = scan_line(s, indexes, index_count, hits.text, &hits.hits, &hits.hit_count);
        if (!err && hits.hit_count)
            err = on_hit(self, &hits);
        if (err)
            return err;
        at += len + 1;
    }
    return OK;
}

uint64_t scan_count_lines(struct text block)
{
    uint64_t lines = 0;
    for (size_t at = 0; at < block.len; lines++) {
        const char *newline = memchr(block.ptr + at, '\n', block.len - at);
        at = newline ? (size_t)(newline - block.ptr) + 1 : block.len;
    }
    return lines;
}
