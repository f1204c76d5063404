/* ledger/tree.h - proofs out of a stored Merkle tree (RFC 9162 section 2.1). The tree is kept as its nodes at every
 * eighth height, as C2SP tlog-tiles has them: hash (level L, index i) is MTH(D[i * 256^L : (i+1) * 256^L]), of full
 * subtrees only. Pure: the hashes come by a callback, every other node is computed. */
#pragma once
#include "ledger/merkle.h"

#define TREE_TILE_HASHES 256 /* of a full tile */
#define TREE_TILE_HEIGHT 8
#define TREE_LEVELS      8 /* 256^8 leaves: more than an entry's number can be */

struct tree_source {
    void *self;
    /* Reads count (at most TREE_TILE_HASHES) hashes of one level from index on. Asked only for hashes that the tree's
     * size says are there. Its errors are passed through. */
    enum err (*read)(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                     struct fault *reterr);
};

/* At most 63 hashes for a tree of up to 2^63 leaves. */
#define PROOF_MAX 64
struct proof {
    size_t count;
    struct sha256 hash[PROOF_MAX];
};

/* The root of the first `size` leaves. Errors: the source's. */
MUST_CHECK enum err tree_root(const struct tree_source *s, uint64_t size, struct sha256 *ret, struct fault *reterr);
/* The tree of `size` leaves as its peaks, to be grown on. */
MUST_CHECK enum err tree_peaks(const struct tree_source *s, uint64_t size, struct merkle *ret, struct fault *reterr);
/* RFC 9162 section 2.1.3.1. ERR_USAGE: n >= size. */
MUST_CHECK enum err tree_inclusion(const struct tree_source *s, uint64_t n, uint64_t size, struct proof *ret,
                                   struct fault *reterr);
/* RFC 9162 section 2.1.4.1. Empty when old_size is 0 or equals new_size. ERR_USAGE: old_size > new_size. */
MUST_CHECK enum err tree_consistency(const struct tree_source *s, uint64_t old_size, uint64_t new_size,
                                     struct proof *ret, struct fault *reterr);

/* Do they hold? RFC 9162 sections 2.1.3.2 and 2.1.4.2; a proof with a hash too few or too many does not. A
 * consistency proof begins at a tree that is not empty. */
bool proof_inclusion_holds(const struct proof *p, const struct sha256 *leaf, uint64_t n, uint64_t size,
                           const struct sha256 *root);
bool proof_consistency_holds(const struct proof *p, uint64_t old_size, uint64_t new_size,
                             const struct sha256 *old_root, const struct sha256 *new_root);
/* The same as a witness asks it (tlog-witness, add-checkpoint): from size 0, whose root must be that of the empty
 * tree, every tree goes on, with an empty proof. */
bool proof_extension_holds(const struct proof *p, uint64_t old_size, uint64_t new_size, const struct sha256 *old_root,
                           const struct sha256 *new_root);

/* How many hashes level L holds in a tree of `size` leaves. */
uint64_t tree_level_count(uint64_t size, unsigned level);
/* "x001/x234/067" and, for width below TREE_TILE_HASHES, ".p/112" (tlog-tiles, Merkle Tree). */
void tree_tile_path(uint64_t index, unsigned width, struct buffer *out);
/* "<L>/<N>[.p/<W>]" as it stands in a URL. ERR_MALFORMED: any other spelling, a level above TREE_LEVELS. */
MUST_CHECK enum err tree_tile_parse(struct text path, unsigned *ret_level, uint64_t *ret_index, unsigned *ret_width);
