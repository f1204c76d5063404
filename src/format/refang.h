/* format/refang.h - values that people wrote so that they cannot be clicked, written plainly again: hxxp://,
 * evil[.]example, user(at)example{dot}org, http:// evil.example. What is done, and why: docs/TEXT.md. */
#pragma once
#include "base/text.h"

/* What came of a text, byte for byte, with the place in it where each byte came from. */
enum { REFANG_UNDONE = 1 }; /* a byte that was written otherwise */
struct refanged {
    char *bytes;     /* owned, as the next two */
    uint32_t *from;  /* index in the text */
    uint8_t *flags;  /* REFANG_..., added to those of the text */
    size_t len, cap; /* never longer than the text */
};

/* ERR_NOMEM */
MUST_CHECK enum err refanged_init(struct refanged *r, size_t cap);
void refanged_done(struct refanged *r);
/* `t` is at most r->cap bytes, its flags (NULL: none) as many. Linear in t; replaces what r held. */
void refang(struct refanged *r, struct text t, const uint8_t *flags);
/* Any of its bytes in from..upto was undone. */
bool refanged_undone(const struct refanged *r, size_t from, size_t upto);
static inline struct text refanged_text(const struct refanged *r, size_t from, size_t upto)
{
    return (struct text){r->bytes + from, upto - from};
}
