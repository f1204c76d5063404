/* format/lines.c - see lines.h. */
#include "format/lines.h"

#include <string.h>

#include "base/limits.h"

enum err line_reader_init(struct line_reader *r, struct feed_from from, struct text head)
{
    *r = (struct line_reader){.number = 0};
    feed_init_from(&r->feed, from);
    return feed_push(&r->feed, head);
}

void line_reader_done(struct line_reader *r)
{
    feed_done(&r->feed);
}

int64_t line_reader_at(const struct line_reader *r)
{
    return (int64_t)feed_offset(&r->feed);
}

/* Bytes from pos to the line's end, or to the end of the input; SIZE_MAX: over the limit, and passed over. */
static size_t measure(struct feed *f, bool *ret_ended)
{
    size_t len = 0;
    bool too_long = false;
    for (;;) {
        const char *from = f->ptr + f->pos + len;
        const char *end = f->end > f->pos + len ? memchr(from, '\n', f->end - f->pos - len) : NULL;
        *ret_ended = end != NULL;
        len = end ? (size_t)(end - f->ptr) - f->pos : f->end - f->pos;
        if (end && !too_long)
            return len > LINE_MAX_BYTES ? SIZE_MAX : len;
        if (end) {
            f->pos += len;
            return SIZE_MAX;
        }
        if (len > LINE_MAX_BYTES) {
            too_long = true;
            f->pos += len;
            len = 0;
        }
        if (!feed_more(f))
            return too_long ? SIZE_MAX : len;
    }
}

static void skip_mark(struct line_reader *r)
{
    r->begun = true;
    while (r->feed.end - r->feed.pos < 3 && feed_more(&r->feed))
        ;
    if (r->feed.end - r->feed.pos >= 3 && memcmp(r->feed.ptr + r->feed.pos, "\xEF\xBB\xBF", 3) == 0)
        r->feed.pos += 3;
}

enum err line_reader_next(struct line_reader *r, struct line *ret)
{
    struct feed *f = &r->feed;
    bool ended;
    if (!r->begun)
        skip_mark(r);
    *ret = (struct line){.at = (int64_t)feed_offset(f), .number = r->number + 1};
    if (feed_peek(f) < 0)
        return f->err ? f->err : ERR_NOT_FOUND;
    size_t len = measure(f, &ended);
    if (f->err)
        return f->err;
    r->number++;
    if (len == SIZE_MAX) {
        const char *end = f->pos < f->end ? memchr(f->ptr + f->pos, '\n', f->end - f->pos) : NULL;
        f->pos = end ? (size_t)(end - f->ptr) + 1 : f->end;
        return ERR_LIMIT;
    }
    ret->text = (struct text){f->ptr + f->pos, len};
    f->pos += len + ended;
    if (len && ret->text.ptr[len - 1] == '\r')
        ret->text.len--;
    return OK;
}
