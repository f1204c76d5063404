/* ledger/exercise.h - a real node stands for an exercise's: a signed note that binds the exercise's key to it
 * (docs/FORMAT-exercise.md). Nothing else is shared between the two. Pure. */
#pragma once
#include "ledger/note.h"

#define EXERCISE_NOTE_MAX_BYTES 4096

struct exercise_statement {
    struct text exercise;            /* its name: one line */
    struct text real_origin, origin; /* the real log's and the exercise log's */
    uint8_t real_key[NOTE_KEY_BYTES], key[NOTE_KEY_BYTES];
    int64_t from_us, until_us; /* whole seconds; from < until */
};
/* The note's text, which is what the real key signs; errors stick in out. */
void exercise_format(const struct exercise_statement *s, struct buffer *out);
/* From a note's text; texts borrow from it. Every text has one spelling. ERR_MALFORMED: what is wrong, also when an
 * origin is of the wrong space, or not of that exercise. */
MUST_CHECK enum err exercise_parse(struct text text, struct exercise_statement *ret, struct fault *reterr);
/* The whole note: parsed, and signed by the real key that it names. Whose key that is, and whether now lies between
 * the dates, is for the caller to judge.
 * ERR_MALFORMED | ERR_LIMIT; ERR_DENIED: not signed by it, or falsely. ERR_NOMEM */
MUST_CHECK enum err exercise_accept(struct text note, struct exercise_statement *ret, struct fault *reterr);
