/* model/words.h - what can be searched for in an object: its values, its names, the words of its texts. One reading
 * of the canonical body, for the postings (store/postings.h) when it comes in and for the check when it is found, so
 * that the two cannot differ. Pure. docs/SEARCH.md says which members give what. */
#pragma once
#include "model/value.h"

enum word_kind {
    WORD_VALUE, /* an observable: normal form of its kind; of VALUE_NONE (a mutex, a path) lower case */
    WORD_NAME,  /* a whole name, alias or foreign identifier, lower case */
    WORD_TEXT   /* one word of a text, lower case */
};
/* A longer name is none, a longer word is cut there. Bytes. */
#define WORDS_NAME_MAX 256
#define WORDS_WORD_MAX 96

struct word {
    enum word_kind kind;
    enum value_kind value_kind; /* of a WORD_VALUE */
    struct text text;           /* until fn returns */
};
/* false: enough. */
typedef bool word_fn(void *self, const struct word *word);

/* Memory kept from object to object. */
struct words {
    struct buffer plain, normal;
};
void words_init(struct words *w);
void words_done(struct words *w);

/* All of a canonical body (RFC 8785), repetitions included. What is no JSON gives fewer words, never a fault.
 * ERR_NOMEM: some are missing. */
MUST_CHECK enum err words_of(struct words *w, struct text body, word_fn *fn, void *self);
/* The words of a plain text: letters, digits and what is not ASCII, with . - _ @ between them; such a compound, and
 * its parts. Words of one or two letters and the commonest of English are none. ERR_NOMEM */
MUST_CHECK enum err words_of_text(struct words *w, struct text plain, word_fn *fn, void *self);
/* Lower case of ASCII, Latin-1, Greek and Cyrillic letters, appended. */
void words_add_lower(struct buffer *out, struct text t);
