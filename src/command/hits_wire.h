/* command/hits_wire.h - a batch of hits from `watch` to the owner of the home: the input of the hidden command
 * `hits`. Both ends are the same program; every length is checked all the same. */
#pragma once
#include "desk/finding.h"

struct hits_batch {
    struct hit_batch batch;       /* account is the owner's to set */
    struct text state_key, state; /* kept in local.db once the hits are durable; key empty: nothing */
};

#define HITS_WIRE_MAX  (32 * MIB)
#define HITS_BATCH_MAX 4096

/* Errors stick in out. */
void hits_wire_write(const struct hits_batch *b, struct buffer *out);
/* Texts borrow from bytes, the list lives in the arena. ERR_MALFORMED | ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err hits_wire_read(struct text bytes, struct arena *arena, struct hits_batch *ret);
