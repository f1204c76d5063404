/* base/buffer.c - a growing byte buffer.
 *
 * Invariants, while ptr is not NULL:
 *   1. len + 1 <= cap: one byte behind the content is always ours, for printf's and buffer_take's NUL.
 *   2. cap <= max + 1, so that what fits into the memory keeps to the maximum.
 *   3. once err is set nothing changes but by buffer_clear, buffer_init or buffer_done. */
#include "base/buffer.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_BYTES 64

void buffer_init(struct buffer *b, size_t max_bytes)
{
    *b = (struct buffer){.max = max_bytes};
}

void buffer_done(struct buffer *b)
{
    free(b->ptr);
    *b = (struct buffer){.max = b->max};
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    b->err = OK;
}

enum err buffer_error(const struct buffer *b)
{
    return b->err;
}

struct text buffer_text(const struct buffer *b)
{
    return (struct text){b->ptr, b->len};
}

/* Makes room for more bytes and the spare one. Out of line: the adds below come here a few times in a buffer's life.
 */
__attribute__((noinline, cold)) static bool grow(struct buffer *b, size_t more)
{
    if (b->err)
        return false;
    if (more > b->max - b->len || b->len + more == SIZE_MAX) {
        b->err = ERR_LIMIT;
        return false;
    }
    size_t need = b->len + more + 1;
    size_t cap = b->cap > BUFFER_FIRST_BYTES / 2 ? b->cap : BUFFER_FIRST_BYTES / 2;
    cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
    if (cap > b->max && b->max < SIZE_MAX)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    char *moved = realloc(b->ptr, cap);
    if (!moved) {
        b->err = ERR_NOMEM;
        return false;
    }
    b->ptr = moved;
    b->cap = cap;
    return true;
}

/* The end of the content with room for len bytes and a spare one, or NULL. */
static inline char *room_for(struct buffer *b, size_t len)
{
    if (__builtin_expect(b->err != OK || len >= b->cap - b->len, 0) && !grow(b, len))
        return NULL;
    return b->ptr + b->len;
}

void buffer_add_bytes(struct buffer *b, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    char *end = room_for(b, len);
    if (!end)
        return;
    memcpy(end, bytes, len);
    b->len += len;
}

void buffer_add(struct buffer *b, struct text t)
{
    buffer_add_bytes(b, t.ptr, t.len);
}

void buffer_add_lower(struct buffer *b, struct text t)
{
    char *to = buffer_reserve(b, t.len);
    if (!to)
        return;
    for (size_t i = 0; i < t.len; i++)
        to[i] = (char)(t.ptr[i] >= 'A' && t.ptr[i] <= 'Z' ? t.ptr[i] | 0x20 : t.ptr[i]);
}

void buffer_add_char(struct buffer *b, char c)
{
    char *end = room_for(b, 1);
    if (!end)
        return;
    *end = c;
    b->len++;
}

void buffer_vaddf(struct buffer *b, const char *format, va_list args)
{
    char *end = room_for(b, 0);
    if (!end)
        return;
    va_list again;
    va_copy(again, args);
    size_t room = b->cap - b->len;
    int n = vsnprintf(end, room, format, args);
    if (n < 0) {
        b->err = ERR_LIMIT; /* the text would be longer than INT_MAX */
    } else if ((end = room_for(b, (size_t)n))) {
        if ((size_t)n >= room)
            vsnprintf(end, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buffer_addf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer_vaddf(b, format, args);
    va_end(args);
}

void buffer_add_u8(struct buffer *b, uint8_t v)
{
    buffer_add_char(b, (char)v);
}

void buffer_add_u16(struct buffer *b, uint16_t v)
{
    v = htole16(v);
    buffer_add_bytes(b, &v, sizeof v);
}

void buffer_add_u32(struct buffer *b, uint32_t v)
{
    v = htole32(v);
    buffer_add_bytes(b, &v, sizeof v);
}

void buffer_add_u64(struct buffer *b, uint64_t v)
{
    v = htole64(v);
    buffer_add_bytes(b, &v, sizeof v);
}

void buffer_add_sized(struct buffer *b, struct text t)
{
    if (t.len > UINT32_MAX) {
        if (!b->err)
            b->err = ERR_LIMIT;
        return;
    }
    char *end = room_for(b, sizeof(uint32_t) + t.len); /* both or neither */
    if (!end)
        return;
    uint32_t len = htole32((uint32_t)t.len);
    memcpy(end, &len, sizeof len);
    if (t.len)
        memcpy(end + sizeof len, t.ptr, t.len);
    b->len += sizeof len + t.len;
}

char *buffer_reserve(struct buffer *b, size_t len)
{
    char *end = room_for(b, len);
    if (end)
        b->len += len;
    return end;
}

char *buffer_take(struct buffer *b, size_t *ret_len)
{
    char *end = room_for(b, 0);
    if (!end)
        return NULL;
    *end = 0;
    char *taken = b->ptr;
    if (ret_len)
        *ret_len = b->len;
    *b = (struct buffer){.max = b->max};
    return taken;
}
