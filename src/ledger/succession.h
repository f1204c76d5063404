/* ledger/succession.h - a log goes on under another key or another name: the statement that says so, a signed note
 * (docs/FORMAT-origin.md), and what it is worth to who has pinned the old key. Pure. */
#pragma once
#include "ledger/note.h"

enum succession_reason { SUCCESSION_ROTATION = 1, SUCCESSION_COMPROMISE, SUCCESSION_LOSS, SUCCESSION_RESTORE };
const char *succession_reason_name(enum succession_reason r);

struct succession {
    struct text old_origin, new_origin;                       /* the same in a rotation */
    uint8_t old_key[NOTE_KEY_BYTES], new_key[NOTE_KEY_BYTES]; /* the same in a restore */
    uint64_t size;                                            /* leaves of the tree at which the old one stops */
    struct sha256 root;                                       /* of it */
    enum succession_reason reason;
    int64_t t_us; /* whole seconds */
};

/* The note's text, which is what is signed; errors stick in out. */
void succession_format(const struct succession *s, struct buffer *out);
/* From a note's text; texts borrow from it. Every text has one spelling: formatting the result gives it back.
 * ERR_MALFORMED: what is wrong; also when names and keys do not change as the reason has it. */
MUST_CHECK enum err succession_parse(struct text text, struct succession *ret, struct fault *reterr);

/* A statement is signed by the new key under the new name, and by the old key under the old name where the old one is
 * there and trusted. For who has pinned old_origin and old_key:
 * OK: *ret is the succession of that pin. *ret_vouched: the pinned key itself says so (rotation, restore) and the new
 *     one may be pinned at once. Else (compromise, loss: whoever has the old key could have said the contrary) a
 * person must confirm the new key by another way. ERR_NOT_FOUND: it is about another origin or key than the pinned.
 * ERR_DENIED: a signature is missing or false. ERR_MALFORMED | ERR_LIMIT. What the pin's holder knows of the tree
 * (checkpoints seen) is for him to compare with size and root. */
MUST_CHECK enum err succession_accept(struct text note, struct text old_origin, const uint8_t old_key[NOTE_KEY_BYTES],
                                      struct succession *ret, bool *ret_vouched, struct fault *reterr);
