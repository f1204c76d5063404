/* match/lines.c - whole lines out of a stream of bytes.
 * Invariants: start <= end <= LINES_BLOCK_BYTES; buf[start] is byte `offset` of the stream and stands on line `line`;
 * there is no newline in [max(start, whole), end). */
#include "match/lines.h"

#include <stdlib.h>
#include <string.h>

#include "match/reading.h"

/* How far from the end of a block a place to cut a long line is looked for: several times the longest value, with
 * every byte of it written as \u0041. */
#define CUT_WINDOW_BYTES (128 * KIB)
_Static_assert(CUT_WINDOW_BYTES<LINES_BLOCK_BYTES && CUT_WINDOW_BYTES / 2> 6 * URL_MAX_BYTES, "room for a value");

enum err lines_init(struct lines *l, uint64_t offset, uint64_t line)
{
    char *buf = malloc(LINES_BLOCK_BYTES);
    if (!buf)
        return ERR_NOMEM;
    *l = (struct lines){.buf = buf, .offset = offset, .line = line};
    return OK;
}

void lines_done(struct lines *l)
{
    free(l->buf);
    l->buf = NULL;
}

void lines_restart(struct lines *l, uint64_t offset, uint64_t line)
{
    *l = (struct lines){.buf = l->buf, .offset = offset, .line = line};
}

char *lines_room(struct lines *l, size_t *ret_len)
{
    if (l->start > 0) {
        memmove(l->buf, l->buf + l->start, l->end - l->start);
        l->end -= l->start;
        l->whole = l->whole > l->start ? l->whole - l->start : 0;
        l->start = 0;
    }
    *ret_len = LINES_BLOCK_BYTES - l->end;
    return l->buf + l->end;
}

void lines_added(struct lines *l, size_t len)
{
    const char *newline = len ? memrchr(l->buf + l->end, '\n', len) : NULL;
    if (newline)
        l->whole = (size_t)(newline - l->buf) + 1;
    l->end += len;
}

bool lines_have_whole(const struct lines *l)
{
    return l->whole > l->start;
}

size_t lines_rest(const struct lines *l)
{
    return l->end - l->start;
}

static bool ends_all(const uint8_t *p, size_t len, size_t at)
{
    (void)len;
    return char_is_hard(p[at]);
}

static bool ends_field(const uint8_t *p, size_t len, size_t at)
{
    (void)len;
    return p[at] == ',' || p[at] == ';' || p[at] == '|';
}

/* %20 or \n, not the second half of \\ */
static bool ends_escaped(const uint8_t *p, size_t len, size_t at)
{
    return escape_is_hard(p, len, at) && p[at - 1] != '\\';
}

static bool ends_bracket(const uint8_t *p, size_t len, size_t at)
{
    (void)len;
    return p[at] != 0 && strchr("()[]{}'", p[at]);
}

static bool ends_name(const uint8_t *p, size_t len, size_t at)
{
    (void)len;
    return !char_is(p[at], CHAR_RUN | CHAR_SIGN);
}

static bool ends_sign(const uint8_t *p, size_t len, size_t at)
{
    (void)len;
    return p[at] == '@' || p[at] == '#' || p[at] == ':';
}

/* Before white space or a quotation mark, which nothing reaches over; else before what separates fields, or an escape
 * that stands for a blank; else before any other punctuation. The mark begins the next piece, so that it is still
 * seen in front of what follows. A run without any is longer than any value: each half is too, so neither is taken
 * for one. */
static size_t cut_long_line(const char *ptr, size_t len)
{
    bool (*const kinds[])(const uint8_t *, size_t, size_t) = {ends_all,     ends_field, ends_escaped,
                                                              ends_bracket, ends_name,  ends_sign};
    const uint8_t *p = (const uint8_t *)ptr;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (size_t at = len - 1; at >= len - CUT_WINDOW_BYTES; at--)
            if (kinds[k](p, len, at))
                return at;
    return len - CUT_WINDOW_BYTES / 2;
}

/* Plain enough for the compiler to count many at once: sums of a byte each, for as long as none can run over. */
static uint64_t count_newlines(struct text t)
{
    enum { STEP = 32, STEPS = 255 };
    uint64_t n = 0;
    const char *p = t.ptr, *end = t.ptr + t.len;
    while (end - p >= STEP) {
        uint8_t sums[STEP] = {0};
        for (size_t steps = 0; steps < STEPS && end - p >= STEP; steps++, p += STEP)
            for (size_t i = 0; i < STEP; i++)
                sums[i] = (uint8_t)(sums[i] + (p[i] == '\n'));
        for (size_t i = 0; i < STEP; i++)
            n += sums[i];
    }
    for (; p < end; p++)
        n += *p == '\n';
    return n;
}

bool lines_take(struct lines *l, bool all, struct line_block *ret)
{
    size_t len = 0;
    bool continues = false;
    if (lines_have_whole(l)) {
        len = l->whole - l->start;
    } else if (all) {
        len = l->end - l->start;
    } else if (l->end - l->start == LINES_BLOCK_BYTES) {
        len = cut_long_line(l->buf + l->start, l->end - l->start);
        continues = true;
    }
    if (len == 0)
        return false;
    *ret = (struct line_block){{l->buf + l->start, len}, l->offset, l->line, continues};
    l->start += len;
    l->offset += len;
    l->line += count_newlines(ret->text);
    return true;
}
