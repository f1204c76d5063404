/* ledger/proof_check.h - what a tlog-proof of ours carries beside the proof, and whether it all holds together:
 * public part -> commitment -> entry -> leaf -> root -> signature. Pure. Format: docs/FORMAT-proof.md. */
#pragma once
#include "base/arena.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"

/* The public part of an entry is a few hundred bytes; that of a release names a root, not the objects. */
#define PROOF_EXTRA_MAX_BYTES ((size_t)64 * 1024)
/* A proof file: the extra line in base64, 63 hashes, a note. */
#define PROOF_MAX_BYTES (4 * PROOF_EXTRA_MAX_BYTES)

void proof_extra_encode(const struct proof_extra *x, struct buffer *out); /* errors stick in out */
/* Texts in the arena. ERR_MALFORMED: also any other spelling of the same. ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err proof_extra_decode(struct text bytes, struct arena *arena, struct proof_extra *ret,
                                       struct fault *reterr);

/* What a proof has shown, once it holds. */
struct proved {
    struct entry entry;
    struct text public_part; /* canonical JSON: of an object its id, version and hash. In the arena */
    struct checkpoint checkpoint;
    struct note note; /* the checkpoint's, for cosignatures: note_verify(). Both borrow from the proof's bytes */
};
/* Checks a proof against the log's key (whose name is the origin that is accepted; NOTE_ED25519).
 * ERR_MALFORMED | ERR_LIMIT | ERR_NOMEM: it cannot be read. ERR_VERSION: an entry of a newer program. ERR_DENIED: it
 * does not hold; fault.rule names the first link that does not: "origin", "signature", "entry", "commitment",
 * "inclusion". */
MUST_CHECK enum err proof_check(struct text bytes, const struct note_key *log, struct arena *arena,
                                struct proved *ret, struct fault *reterr);
/* The commitment out of what a proof shows. */
struct sha256 proof_extra_commitment(const struct proof_extra *x);
