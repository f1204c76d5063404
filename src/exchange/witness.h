/* exchange/witness.h - this node as a witness of its partners' logs: c2sp.org/tlog-witness, cosigning with Ed25519
 * (tlog-cosignature, type 4) under our log's origin.
 *
 * Invariants: 1 of each log only checkpoints are cosigned that extend the last one cosigned; looking at that one and
 * replacing it is one step. 2 what is cosigned is durable in local.db before the cosignature is handed out. 3 a log
 * is known by the origin and key pinned for a partner (exchange/peer_pin.h); of an expelled one nothing is cosigned.
 */
#pragma once
#include "ledger/note.h"
#include "store/node.h"

/* 63 hashes in base64, a size, a note. */
#define WITNESS_BODY_MAX_BYTES ((size_t)NOTE_MAX_BYTES + 4 * 1024)

struct witness;
MUST_CHECK enum err witness_new(struct node *node, struct witness **ret); /* owner; ERR_NOMEM */
void witness_free(struct witness *w);                                     /* accepts NULL */

struct witness_answer {
    int status;          /* 200, 400, 403, 404, 409, 422 */
    struct buffer *text; /* of the caller: 200: signature lines; 409: the size with its newline */
};
/* add-checkpoint. v: a reading view. OK: *ret says what to answer. ERR_IO | ERR_FULL | ERR_NOMEM. Thread-safe. */
MUST_CHECK enum err witness_add(struct witness *w, struct view *v, struct text body, struct witness_answer *ret,
                                struct fault *reterr);
/* The last cosigned checkpoint of the log with that origin hash (lower-case hex), signed by it and by us.
 * ERR_NOT_FOUND */
MUST_CHECK enum err witness_latest(struct witness *w, struct text origin_hash, struct buffer *out,
                                   struct fault *reterr);
/* A partner's log signed two trees of one size: the later note, kept as evidence. ERR_NOT_FOUND: none. Owner only. */
MUST_CHECK enum err witness_evidence(struct node *node, struct text origin, struct buffer *out);
