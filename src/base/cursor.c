/* base/cursor.c - taking bytes apart.
 * Invariants: pos <= len; after a failure pos == len, so that a loop over what is left ends; ptr is never NULL. */
#include "base/cursor.h"

#include <endian.h>
#include <string.h>

void cursor_init(struct cursor *c, struct text bytes)
{
    static const uint8_t nothing = 0;
    c->ptr = bytes.ptr ? (const uint8_t *)bytes.ptr : &nothing;
    c->len = bytes.ptr ? bytes.len : 0;
    c->pos = 0;
    c->err = OK;
}

enum err cursor_error(const struct cursor *c)
{
    return c->err;
}

size_t cursor_left(const struct cursor *c)
{
    return c->len - c->pos;
}

bool cursor_end(const struct cursor *c)
{
    return c->pos == c->len;
}

void cursor_fail(struct cursor *c)
{
    c->err = ERR_MALFORMED;
    c->pos = c->len;
}

/* The next len bytes, or NULL. Every read goes through here. */
static inline const uint8_t *take(struct cursor *c, size_t len)
{
    if (__builtin_expect(c->err != OK || len > c->len - c->pos, 0)) {
        cursor_fail(c);
        return NULL;
    }
    const uint8_t *at = c->ptr + c->pos;
    c->pos += len;
    return at;
}

uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *at = take(c, 1);
    return at ? *at : 0;
}

uint16_t cursor_u16(struct cursor *c)
{
    uint16_t v = 0;
    cursor_copy(c, &v, sizeof v);
    return le16toh(v);
}

uint32_t cursor_u32(struct cursor *c)
{
    uint32_t v = 0;
    cursor_copy(c, &v, sizeof v);
    return le32toh(v);
}

uint64_t cursor_u64(struct cursor *c)
{
    uint64_t v = 0;
    cursor_copy(c, &v, sizeof v);
    return le64toh(v);
}

struct text cursor_bytes(struct cursor *c, size_t len)
{
    const uint8_t *at = take(c, len);
    return at ? (struct text){(const char *)at, len} : TEXT_NONE;
}

struct text cursor_text(struct cursor *c)
{
    return cursor_bytes(c, cursor_u32(c));
}

void cursor_copy(struct cursor *c, void *ret, size_t len)
{
    if (len == 0)
        return;
    const uint8_t *at = take(c, len);
    if (at)
        memcpy(ret, at, len);
    else
        memset(ret, 0, len);
}
