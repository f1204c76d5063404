/* ledger/introduction.h - a log shows its key to another one: a signed note,
 *     entente-introduction/v1
 *     to <origin of the log it is meant for>
 *     origin <the sender's>
 *     key <its public key, 64 lower-case hex digits>
 * signed by that key under that origin; behind it, each after an empty line, the sender's statements of succession
 * (ledger/succession.h). Pure. */
#pragma once
#include "ledger/note.h"

#define INTRODUCTION_MAX_BYTES ((size_t)256 * 1024)
#define STATEMENTS_MAX         64 /* successions of one log that are looked at at once */

struct statements {
    size_t count;
    struct text note[STATEMENTS_MAX]; /* signed notes, not looked at; borrowed */
};
struct introduction {
    struct text to, origin; /* borrowed */
    uint8_t key[NOTE_KEY_BYTES];
    struct statements statements;
};
/* The text of the note, to be signed; errors stick in out. */
void introduction_format(const struct introduction *i, struct buffer *out);
/* Reads it and verifies its own signature. ERR_MALFORMED: not of this form (each has one spelling), or not signed by
 * the key that it names. ERR_LIMIT: longer than INTRODUCTION_MAX_BYTES, more than STATEMENTS_MAX. ERR_NOMEM */
MUST_CHECK enum err introduction_parse(struct text bytes, struct introduction *ret, struct fault *reterr);
/* Notes one after another, an empty line between: the page /log/origins. Their texts have no empty lines.
 * ERR_MALFORMED | ERR_LIMIT */
MUST_CHECK enum err statements_split(struct text bytes, struct statements *ret, struct fault *reterr);
