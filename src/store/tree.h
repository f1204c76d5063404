/* store/tree.h - the Merkle tree of a log, on disk: one file a level, view/tree.0, view/tree.1, ..., each a head of
 * 64 bytes and then the level's hashes (ledger/tree.h), 32 bytes each, in order; and view/places: the place of each
 * entry's first record in the log, 8 bytes each. Made from the log and thrown away with
 * the view; what counts is the signed checkpoint (store/checkpoint.h). Format: docs/FORMAT-tree.md.
 *
 * Invariants: 1 a hash once written never changes. 2 what a published checkpoint stands on was synced before it was
 * signed. 3 the tree is never ahead of the log. 4 reading needs no lock: hashes below tree_size() are final. */
#pragma once
#include "base/io.h"
#include "ledger/tree.h"
#include "store/log.h"

struct tree;

/* Opens (write: creates, and brings up to the log by hashing the entries it has not seen). known/root: the last
 * published checkpoint's, 0 and NULL when there is none: hashes up to there must give that root, else the files are
 * made anew from the log; when the log itself does not give it: ERR_MALFORMED (the log is not the one that was
 * published). For reading, files that are missing or damaged give ERR_VERSION, for the owner to rebuild; the tree
 * then has the known leaves, since nothing beyond them is certain. The log must outlive the tree. */
MUST_CHECK enum err tree_open(const struct io *io, const char *home, const struct log *log, bool write,
                              uint64_t known, const struct sha256 *root, struct tree **ret, struct fault *reterr);
void tree_close(struct tree *t); /* accepts NULL; adds nothing, syncs nothing */
/* The next leaf, by the writer thread once its group is durable. Buffered. After a failed write the tree is behind
 * and says so at tree_sync(); the log goes on. ERR_NOMEM is handled alike. */
void tree_add(struct tree *t, const struct sha256 *leaf, struct place entry);
/* Everything added so far is written and synced. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err tree_sync(struct tree *t, struct fault *reterr);
/* True after a failed write or sync: tree_heal() adds from the log what is missing. On the writer thread. */
bool tree_behind(struct tree *t);
MUST_CHECK enum err tree_heal(struct tree *t, struct fault *reterr);
/* Makes the files anew from the whole log, checks them against known and root as tree_open() does, and puts them in
 * the old ones' place. On the writer thread; readers go on with the old ones meanwhile. */
MUST_CHECK enum err tree_rebuild(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr);
/* For reading: looks again, with a later checkpoint. ERR_VERSION: the files do not give it */
MUST_CHECK enum err tree_refresh(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr);

uint64_t tree_size(const struct tree *t);       /* leaves that can be read; thread-safe */
struct tree_source tree_source(struct tree *t); /* thread-safe reading below tree_size() */
/* Where entry n's records begin. ERR_NOT_FOUND: n >= tree_size(). ERR_IO */
MUST_CHECK enum err tree_place(const struct tree *t, uint64_t n, struct place *ret, struct fault *reterr);
