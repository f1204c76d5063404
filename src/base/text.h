/* base/text.h - a borrowed run of bytes. No text is NUL-terminated unless a header says so. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct text {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NONE     ((struct text){NULL, 0})
#define TEXT_FMT      "%.*s" /* use with TEXT_ARG: printf(TEXT_FMT, TEXT_ARG(t)) */
#define TEXT_ARG(t)   (int)(t).len, (t).ptr

/* For our own NUL-terminated strings only, never for input. NULL gives TEXT_NONE. */
struct text text_of(const char *string);

bool text_eq(struct text a, struct text b);
bool text_eq_nocase(struct text a, struct text b); /* ASCII only */
int text_cmp(struct text a, struct text b);        /* memcmp order, shorter first on a tie */
bool text_starts(struct text t, struct text prefix);
bool text_ends(struct text t, struct text suffix);
/* Index of the first byte c at or after from, or -1. */
ptrdiff_t text_find(struct text t, char c, size_t from);
ptrdiff_t text_find_text(struct text t, struct text needle);
struct text text_sub(struct text t, size_t from, size_t len); /* clamped to t */
struct text text_trim(struct text t);                         /* ASCII white space at both ends */
/* Takes what stands before the next `sep` off *rest; false when *rest is used up (ptr NULL). An empty text
 * yields one empty piece. */
bool text_split(struct text *rest, char sep, struct text *ret_piece);
/* Decimal digits only. ERR_MALFORMED | ERR_LIMIT (overflow). */
MUST_CHECK enum err text_u64(struct text t, uint64_t *ret);
/* True when t is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(struct text t);
