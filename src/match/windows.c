/* match/windows.c - see windows.h.
 *
 *  version (4), bytes unpacked (4), one frame of zstd: for each event UUID (16), hash of the pattern (8), line (8),
 *  offset (8), time (8), organisation (4 and as long), its id (16), client (4 and as long), direction (1), observed
 *  (4 and as long). Little-endian. */
#include "match/windows.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "base/limits.h"

#define WINDOWS_VERSION 1
#define WINDOWS_LEVEL   1

struct one {
    uint32_t number;
    size_t depth; /* 0: the newest of its pattern */
    const struct streamed_event *event;
};
struct gathering {
    struct text file;
    uint32_t number;
    size_t depth;
    struct one *list;
    size_t count, cap;
};

uint64_t window_pattern_hash(struct text pattern)
{
    return xxh3_of(pattern.ptr ? pattern.ptr : "", pattern.len);
}

/* ---- writing ---- */

static enum err gather(void *self, const struct streamed_event *event)
{
    struct gathering *g = self;
    if (!text_eq(event->file, g->file))
        return OK;
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 64;
        struct one *larger = realloc(g->list, cap * sizeof *larger);
        if (!larger)
            return ERR_NOMEM;
        g->list = larger;
        g->cap = cap;
    }
    g->list[g->count++] = (struct one){g->number, g->depth++, event};
    return OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void write_event(const struct window_owner *owner, const struct streamed_event *e, struct buffer *out)
{
    buffer_add_bytes(out, owner->uuid.b, sizeof owner->uuid.b);
    buffer_add_u64(out, window_pattern_hash(owner->pattern));
    streamed_event_write(e, out);
}

/* The first `count`, the older ones of each pattern first. */
static enum err write_some(const struct gathering *g, size_t count, window_owner_of *owner, void *self,
                           struct buffer *raw)
{
    buffer_clear(raw);
    for (size_t i = count; i-- > 0;) {
        struct window_owner own;
        if (owner(self, g->list[i].number, &own))
            write_event(&own, g->list[i].event, raw);
    }
    return buffer_error(raw);
}

static enum err pack(struct text raw, size_t most, struct buffer *out)
{
    struct buffer packed;
    buffer_init(&packed, ZSTD_compressBound(WINDOWS_RAW_BYTES));
    char *to = buffer_reserve(&packed, ZSTD_compressBound(raw.len));
    size_t len = to ? ZSTD_compress(to, packed.len, raw.ptr, raw.len, WINDOWS_LEVEL) : 0;
    enum err err = !to || ZSTD_isError(len) ? ERR_NOMEM : len + 8 > most ? ERR_LIMIT : OK;
    if (!err) {
        buffer_add_u32(out, WINDOWS_VERSION);
        buffer_add_u32(out, (uint32_t)raw.len);
        buffer_add_bytes(out, packed.ptr, len);
        err = buffer_error(out);
    }
    buffer_done(&packed);
    return err;
}

/* As many as fit, halved until they do. */
static enum err write_all(struct gathering *g, window_owner_of *owner, void *self, size_t most, struct buffer *out,
                          uint64_t *ret_lost)
{
    struct buffer raw;
    size_t count = g->count;
    enum err err = OK;
    buffer_init(&raw, WINDOWS_RAW_BYTES);
    qsort(g->list, g->count, sizeof *g->list, newest_first);
    for (; count > 0; count /= 2) {
        err = write_some(g, count, owner, self, &raw);
        if (!err)
            err = pack(buffer_text(&raw), most, out);
        if (err != ERR_LIMIT)
            break;
        raw.err = OK;
    }
    if (count == 0)
        err = OK;
    buffer_done(&raw);
    *ret_lost = g->count - count;
    return err;
}

enum err windows_write(const struct streamed *s, size_t count, window_owner_of *owner, void *self, struct text file,
                       size_t most, struct buffer *out, uint64_t *ret_lost)
{
    struct gathering g = {.file = file};
    struct window_owner own;
    enum err err = OK;
    *ret_lost = 0;
    for (size_t i = 0; !err && i < count; i++) {
        g.number = (uint32_t)i;
        g.depth = 0;
        if (owner(self, g.number, &own))
            err = streamed_each_kept(s, g.number, gather, &g);
    }
    if (!err && g.count)
        err = write_all(&g, owner, self, most, out, ret_lost);
    free(g.list);
    return err;
}

/* ---- reading ---- */

static enum err read_event(struct cursor *c, window_each *each, void *self)
{
    struct uuid uuid;
    cursor_copy(c, uuid.b, sizeof uuid.b);
    uint64_t hash = cursor_u64(c);
    struct streamed_event e = streamed_event_read(c);
    return cursor_error(c) ? ERR_MALFORMED : each(self, &uuid, hash, &e);
}

enum err windows_read(struct text bytes, window_each *each, void *self)
{
    struct cursor c;
    struct buffer raw;
    cursor_init(&c, bytes);
    uint32_t version = cursor_u32(&c), len = cursor_u32(&c);
    if (cursor_error(&c) || version != WINDOWS_VERSION || len == 0 || len > WINDOWS_RAW_BYTES)
        return ERR_MALFORMED;
    buffer_init(&raw, WINDOWS_RAW_BYTES);
    char *to = buffer_reserve(&raw, len);
    size_t got = to ? ZSTD_decompress(to, len, bytes.ptr + 8, bytes.len - 8) : 0;
    enum err err = !to ? ERR_NOMEM : ZSTD_isError(got) || got != len ? ERR_MALFORMED : OK;
    cursor_init(&c, buffer_text(&raw));
    while (!err && !cursor_end(&c))
        err = read_event(&c, each, self);
    buffer_done(&raw);
    return err;
}
