/* json/feed.c - a sliding window over a descriptor.
 *
 * Invariants: mark == FEED_NO_MARK or mark <= pos; pos <= end; end + FEED_SLACK_BYTES <= cap once there is memory. */
#include "json/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

#define CHUNK_BYTES (256 * KIB)

void feed_init(struct feed *f, int fd)
{
    feed_init_from(f, (struct feed_from){.fd = fd});
}

void feed_init_from(struct feed *f, struct feed_from from)
{
    *f = (struct feed){.from = from, .mark = FEED_NO_MARK, .ended = from.fd < 0 && !from.read};
}

void feed_done(struct feed *f)
{
    free(f->ptr);
    feed_init(f, -1);
}

static bool reserve(struct feed *f, size_t room)
{
    size_t need = f->end + room + FEED_SLACK_BYTES;
    if (need <= f->cap)
        return true;
    size_t cap = f->cap ? f->cap * 2 : f->ended ? need : 2 * CHUNK_BYTES + FEED_SLACK_BYTES;
    while (cap < need)
        cap *= 2;
    char *moved = realloc(f->ptr, cap);
    if (!moved) {
        f->err = ERR_NOMEM;
        return false;
    }
    f->ptr = moved;
    f->cap = cap;
    return true;
}

enum err feed_push(struct feed *f, struct text bytes)
{
    if (!reserve(f, bytes.len))
        return f->err;
    if (bytes.len)
        memcpy(f->ptr + f->end, bytes.ptr, bytes.len);
    f->end += bytes.len;
    memset(f->ptr + f->end, 0, FEED_SLACK_BYTES);
    return OK;
}

static void count_lines(struct feed *f, uint64_t to)
{
    struct feed_lines *l = &f->lines;
    while (l->to < to) {
        const char *p = f->ptr + (l->to - f->base);
        const char *end = memchr(p, '\n', to - l->to);
        if (!end) {
            l->to = to;
            return;
        }
        l->breaks++;
        l->begins = l->to += (uint64_t)(end - p) + 1;
    }
}

void feed_place(struct feed *f, uint64_t offset, int64_t *ret_line, int64_t *ret_column)
{
    const uint64_t end = f->base + f->end;
    count_lines(f, offset < end ? offset : end);
    *ret_line = (int64_t)f->lines.breaks + 1;
    *ret_column = (int64_t)(f->lines.to - f->lines.begins) + 1;
}

static void forget(struct feed *f)
{
    size_t from = f->mark == FEED_NO_MARK ? f->pos : f->mark;
    if (from == 0)
        return;
    if (f->lines.wanted)
        count_lines(f, f->base + from);
    memmove(f->ptr, f->ptr + from, f->end - from);
    f->base += from;
    f->pos -= from;
    f->end -= from;
    if (f->mark != FEED_NO_MARK)
        f->mark = 0;
}

static bool failed(struct feed *f)
{
    f->err = ERR_IO;
    f->errno_seen = errno;
    return false;
}

static bool took(struct feed *f, size_t n)
{
    f->ended = n == 0;
    f->end += n;
    memset(f->ptr + f->end, 0, FEED_SLACK_BYTES);
    return n > 0;
}

static bool more_of_container(struct feed *f)
{
    ptrdiff_t n = f->from.read(f->from.self, f->ptr + f->end, CHUNK_BYTES);
    if (n >= 0)
        return took(f, (size_t)n);
    errno = (int)-n;
    return failed(f);
}

bool feed_more(struct feed *f)
{
    if (f->ended || f->err)
        return false;
    if (f->cap - f->end < CHUNK_BYTES + FEED_SLACK_BYTES || !f->ptr)
        forget(f);
    if (!reserve(f, CHUNK_BYTES))
        return false;
    if (f->from.read)
        return more_of_container(f);
    for (;;) {
        ssize_t n = read(f->from.fd, f->ptr + f->end, CHUNK_BYTES);
        if (n >= 0)
            return took(f, (size_t)n);
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = {.fd = f->from.fd, .events = POLLIN};
            if (poll(&p, 1, -1) < 0 && errno != EINTR)
                return failed(f);
        } else if (errno != EINTR) {
            return failed(f);
        }
    }
}
