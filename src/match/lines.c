/* match/lines.c - whole lines out of a stream of bytes.
 * Invariants: start <= end <= LINES_BLOCK_BYTES; buf[start] is byte `offset` of the stream and stands on line `line`;
 * there is no newline in [max(start, whole), end). */
#include "match/lines.h"

#include <stdlib.h>
#include <string.h>

#include "match/chars.h"

/* How far from the end of a block a place to cut a long line is looked for: several times the longest value, with
 * every byte of it written as \u0041. A run longer than this is no value. */
#define CUT_WINDOW_BYTES (64 * KIB)

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

/* The last place in [from, end) where `ends` says so; end when there is none. */
static size_t last_place(const char *p, size_t from, size_t end, bool (*ends)(uint8_t))
{
    for (size_t i = end; i > from; i--)
        if (ends((uint8_t)p[i - 1]))
            return i - 1;
    return end;
}

static bool ends_all(uint8_t c)
{
    return char_is_hard(c);
}

static bool ends_field(uint8_t c)
{
    return c == ',' || c == ';' || c == '|';
}

static bool ends_name(uint8_t c)
{
    return !char_is(c, CHAR_RUN | CHAR_SIGN);
}

/* Before white space or a quotation mark, which nothing reaches over; else before what separates fields; else before
 * any punctuation; else, in a run that is longer than any value, anywhere. The mark begins the next piece, so that it
 * is still seen in front of what follows. */
static size_t cut_long_line(const char *p, size_t len)
{
    bool (*const kinds[])(uint8_t) = {ends_all, ends_field, ends_name};
    size_t from = len > CUT_WINDOW_BYTES ? len - CUT_WINDOW_BYTES : 1;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t at = last_place(p, from, len, kinds[i]);
        if (at < len)
            return at;
    }
    return len;
}

static uint64_t count_newlines(struct text t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t.len; i++)
        n += t.ptr[i] == '\n';
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
