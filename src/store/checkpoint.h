/* store/checkpoint.h - the published checkpoint as it is kept: log/checkpoint, with our own signature, and
 * log/cosigned, the newest one that partners have cosigned, with theirs. Each is replaced whole and durably, and
 * before anybody is told. For store/ only.
 *
 * Invariants: 1 log/checkpoint is never replaced by one over fewer entries, nor by one of which the old tree is not
 * the beginning. 2 everything it stands on, log and tree, was durable before it was signed: after any crash the log
 * extends it. */
#pragma once
#include "ledger/checkpoint.h"
#include "store/node.h"

#define CHECKPOINT_FILE "log/checkpoint"
#define COSIGNED_FILE   "log/cosigned"

struct kept {
    struct buffer bytes; /* the signed note */
    struct text text;    /* of it; borrowed from bytes */
    uint64_t size;
    struct sha256 root;
};
/* Reads home/name, which must be a checkpoint; its signatures are not looked at. ERR_NOT_FOUND | ERR_MALFORMED (file,
 * what, what to do) | ERR_IO | ERR_NOMEM. *ret is to be given to kept_done(). */
MUST_CHECK enum err kept_load(const struct io *io, const char *home, const char *name, struct kept *ret,
                              struct fault *reterr);
/* From bytes at hand. ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err kept_from(struct text bytes, struct kept *ret, struct fault *reterr);
void kept_done(struct kept *k); /* of all zeros, too */
MUST_CHECK enum err kept_save(const struct io *io, const char *home, const char *name, const struct kept *k,
                              struct fault *reterr);
/* A new note: k's with those signature lines that it does not have yet; of two of one key the new one stays.
 * ERR_MALFORMED: what is given is no signature line, or another note's. */
MUST_CHECK enum err kept_with(const struct kept *k, struct text lines, struct kept *ret, struct fault *reterr);
