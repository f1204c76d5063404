/* store/repair.h - bodies that a disk has spoiled: found, and put back when somebody still has them. The entries
 * never change: what is put back has to be, byte for byte, what the log's checksum and the entry's hash say it was.
 */
#pragma once
#include <stdatomic.h>

#include "store/node.h"

struct spoiled {
    uint64_t n; /* entry */
    struct place place;
    bool original;            /* the original beside an object's body */
    struct text id, modified; /* of an object; empty: of something else, or none */
    struct sha256 hash;       /* of an object's body */
};
typedef enum err node_on_spoiled(void *self, const struct spoiled *s);
/* Reads the whole log up to the last commit; returns what on_spoiled returns when it is not OK. cancel may be NULL.
 * ERR_CANCELLED | ERR_MALFORMED (damage of another sort: the fault says where) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err node_spoiled(struct node *node, node_on_spoiled *on_spoiled, void *self,
                                 const atomic_bool *cancel, struct fault *reterr);
/* Writes the body back in its place, synced. Owner only; any thread. ERR_VERSION: packed again, these bytes are not
 * what the log had (others, or packed by another version of zstd). ERR_NOT_FOUND: it was erased. ERR_MALFORMED: no
 * body's head stands there. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err node_put_body(struct node *node, struct place place, struct text raw, struct fault *reterr);
