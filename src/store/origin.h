/* store/origin.h - who signs this log and under which name, and how that changes. Format: docs/FORMAT-origin.md.
 *
 * The newest origin entry (genesis, when there is none) names the log's origin line and its public key. A change
 * ("succession") is an entry like any other: once it is durable, the key it names is the key.
 *
 * Invariants: 1 the secret of the key that the newest entry names is on the disk before the entry is: in
 * keys/next.key, renamed to keys/node.key afterwards; a crash in between is settled by the next owner. 2 nothing is
 * signed with a key that the newest entry does not name, but for the one retired by a rotation, beside the new one,
 * for ORIGIN_OVERLAP_DAYS. 3 a compromised key is overwritten and never signs again.
 *
 *   KEY --next.key written--> NEXT --entry durable--> NAMED --old key kept or wiped, next.key renamed--> KEY
 *    ^---- next.key wiped by the next owner ---'                (by the next owner, after a crash)        */
#pragma once
#include "store/keys.h"
#include "store/node.h"

#define ORIGIN_OVERLAP_DAYS 30

struct origin_change {
    enum origin_reason reason;
    struct uuid account; /* who does it */
    struct text words;   /* why: kept in the log, given to nobody */
};
/* Rotation: a new key, the same origin. Restore (the log is behind what was published under this origin): a new
 * origin line, the same key. Compromise and loss: both new; these need no key that can be read. Owner only;
 * checkpoints are not signed while it runs. *ret as node_origin() gives it from now on. ERR_BUSY: one is under way.
 * ERR_DENIED: not the owner. The key's own errors (key_read()), where it is needed. Other errors: node_write()'s.
 * After ERR_IO it may have happened: the next opening shows it. */
MUST_CHECK enum err node_new_origin(struct node *node, const struct origin_change *change, struct node_origin *ret,
                                    struct fault *reterr);
/* Ends the overlap after a rotation now: the retired key is wiped. ERR_NOT_FOUND: there is none. ERR_DENIED | ERR_IO
 */
MUST_CHECK enum err node_retire_key(struct node *node, struct fault *reterr);

/* May this home sign? OK, or why not and what to do about it. A reader looks at the file. */
MUST_CHECK enum err node_can_sign(struct node *node, struct fault *reterr);
/* When a succession was stated, from its statement; 0: it does not say. */
int64_t origin_stated_us(struct text note);
/* The retired key that still signs beside the new one; false: none. */
bool node_retiring_key(struct node *node, uint8_t ret_key[KEY_BYTES]);
