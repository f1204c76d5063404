/* format/text_keep.h - what was found in a text, each value once: where it was found best, and what speaks against
 * it. Bounded: of a document that names more, the rest is counted. */
#pragma once
#include "base/arena.h"
#include "format/text_judge.h"
#include "format/text_window.h"

#define TEXT_VALUES_MAX 65536 /* a report names some hundred; beyond it is a list, or hostile */
#define TEXT_WORDS_MAX  240   /* bytes of what stands around a value */
#define TEXT_OWN_MAX    32    /* domains of the author */

struct kept {
    enum value_kind kind; /* VALUE_NONE: a name of something else */
    struct text value, words;
    struct text_place place;
    const char *why;
    uint8_t confidence; /* 0: only left out */
    enum left_out left; /* what speaks against it, anywhere */
    uint32_t count;
    bool assumed;
};
struct text_keep {
    struct arena arena;
    struct kept **list; /* owned; in the order found, or by place after keep_sort() */
    size_t count, cap;
    uint32_t *slots; /* owned; 1 + index in list */
    size_t slot_count;
    struct text own[TEXT_OWN_MAX];
    size_t own_count;
    uint64_t beyond; /* not kept */
};
enum err keep_init(struct text_keep *k);
void keep_done(struct text_keep *k);
/* Texts are copied. ERR_NOMEM */
MUST_CHECK enum err keep_add(struct text_keep *k, const struct kept *what);
/* A host of the author: what is registered there is its own. */
void keep_own(struct text_keep *k, struct text host);
bool keep_is_own(const struct text_keep *k, const struct kept *what);
/* It is to be proposed. */
bool keep_counts(const struct text_keep *k, const struct kept *what);
void keep_sort(struct text_keep *k);
