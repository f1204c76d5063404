/* base/buffer.h - a growing byte buffer with a maximum and a sticky error: a chain of adds is checked once,
 * at the end, with buffer_error(). After a failed add the content is what it was before that add. */
#pragma once
#include <stdarg.h>

#include "base/text.h"

struct buffer {
    char *ptr; /* owned; NULL until the first add */
    size_t len, cap;
    size_t max; /* bytes; an add beyond it fails with ERR_LIMIT */
    enum err err;
};

void buffer_init(struct buffer *b, size_t max_bytes);
void buffer_done(struct buffer *b);  /* frees; b may be used again after buffer_init */
void buffer_clear(struct buffer *b); /* empties and clears the error, keeps the memory */
enum err buffer_error(const struct buffer *b);
struct text buffer_text(const struct buffer *b); /* borrowed until the next change */

/* What is added must not lie in b itself: growing moves it. */
void buffer_add(struct buffer *b, struct text t);
void buffer_add_bytes(struct buffer *b, const void *bytes, size_t len);
void buffer_add_lower(struct buffer *b, struct text t); /* ASCII letters in lower case */
void buffer_add_char(struct buffer *b, char c);
void buffer_addf(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_vaddf(struct buffer *b, const char *format, va_list args) PRINTF_LIKE(2, 0);
void buffer_add_u8(struct buffer *b, uint8_t v);
void buffer_add_u16(struct buffer *b, uint16_t v); /* these three little-endian */
void buffer_add_u32(struct buffer *b, uint32_t v);
void buffer_add_u64(struct buffer *b, uint64_t v);
/* u32 length, then the bytes: what cursor_text() reads. */
void buffer_add_sized(struct buffer *b, struct text t);
/* len uninitialised bytes at the end, to be filled by the caller; NULL on failure. One further byte behind them may
 * be written (a NUL), which is not content. */
char *buffer_reserve(struct buffer *b, size_t len);
/* Hands over the memory (to be freed with free()), NUL-terminated; NULL on a sticky error. Leaves b empty. */
char *buffer_take(struct buffer *b, size_t *ret_len);
