/* base/cursor.h - the one way to take bytes apart: every read checks what remains; the first failure sticks and
 * every later read gives zeros. Check cursor_error() once, before using what was read. Integers little-endian. */
#pragma once
#include "base/text.h"

struct cursor {
    const uint8_t *ptr; /* borrowed */
    size_t len, pos;
    enum err err; /* OK or ERR_MALFORMED */
};

void cursor_init(struct cursor *c, struct text bytes);
enum err cursor_error(const struct cursor *c);
size_t cursor_left(const struct cursor *c);
bool cursor_end(const struct cursor *c); /* nothing left, or failed */
void cursor_fail(struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
struct text cursor_bytes(struct cursor *c, size_t len); /* borrowed; TEXT_NONE on failure */
struct text cursor_text(struct cursor *c);              /* u32 length, then the bytes */
void cursor_copy(struct cursor *c, void *ret, size_t len);
