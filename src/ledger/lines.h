/* ledger/lines.h - what the C2SP texts are made of: lines, decimals without leading zeros, hashes in base64. Inside
 * ledger/ only. */
#pragma once
#include "base/time.h"
#include "ledger/note.h"
#include "ledger/tree.h"

/* Takes the next line off *rest, without its newline; false when no newline is left. */
bool line_take(struct text *rest, struct text *ret_line);
/* "0" or digits that do not begin with 0. */
bool line_decimal(struct text t, uint64_t *ret);
/* The one base64 text of 32 bytes. */
bool line_hash(struct text t, struct sha256 *ret);
void line_add_hash(struct buffer *out, const struct sha256 *h); /* with its newline */
/* Lines of one hash each up to an empty one, which is taken too. `whole` is what a fault's offset counts from.
 * ERR_MALFORMED | ERR_LIMIT (more than PROOF_LINES_MAX) */
#define PROOF_LINES_MAX 63 /* tlog-witness: what a client may send; no proof of a tree up to 2^63 needs more */
MUST_CHECK enum err line_proof(struct text whole, struct text *rest, struct proof *ret, const char *rule,
                               struct fault *reterr);
/* Lines of a name, a blank and a value, as our own statements have them; a value is not empty. */
void line_add_named(struct buffer *out, const char *name, struct text value);
void line_add_key(struct buffer *out, const char *name, const uint8_t key[NOTE_KEY_BYTES]); /* in hex */
void line_add_time(struct buffer *out, const char *name, int64_t t_us);
bool line_take_named(struct text *rest, const char *name, struct text *ret);
bool line_take_key(struct text *rest, const char *name, uint8_t ret[NOTE_KEY_BYTES]);
bool line_take_time(struct text *rest, const char *name, int64_t *ret_us);
/* Offset of a piece in its whole. */
int64_t line_offset(struct text whole, struct text piece);
