/* match/pack_masks.h - which bytes of a line are of which class, a bit for each: what pack_split.c reads instead of
 * bytes. Bit i of word w is byte 64 * w + i of the line; what lies behind its end is zero, one whole word of it. */
#pragma once
#include "base/limits.h"
#include "match/masks.h"
#include "match/pack.h"

#define PACK_MASK_WORDS (PACK_MAX_BYTES / 64 + 2)

struct pack_masks {
    uint64_t token[PACK_MASK_WORDS]; /* letters, digits, .-_:+~@/&%? and bytes that are not ASCII; no colon behind a
                                        quotation mark */
    uint64_t digit[PACK_MASK_WORDS];
    uint64_t dot[PACK_MASK_WORDS];
    uint64_t event[PACK_MASK_WORDS]; /* digits, .&/%? and bytes with PACK_WORD_MAX more of a token behind them: every
                                        token that is a value has one */
    size_t words;
};

/* A word of so many letters is a value: an identifier, more likely than a word of the log's own. */
#define PACK_WORD_MAX 15

/* readable: at least len. False: one of the bytes is among PACK_CLASSES, which stand for tokens. All ways (masks.h)
 * give the same. */
bool pack_masks_make(struct pack_masks *m, const char *line, size_t len, size_t readable, enum masks_way way);
