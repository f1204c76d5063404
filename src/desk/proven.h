/* desk/proven.h - what a log's proof says of a version that we hold (docs/VERSIONS.md). Whether the proof holds was
 * found out before (store/proof.h). */
#pragma once
#include "store/node.h"

struct proven_version {
    struct text id;
    struct sha256 hash;
    struct uuid party;    /* whose log it is */
    struct uuid identity; /* of that party's node; zero: not known */
    uint64_t leaf;
    int64_t logged_us; /* of the entry */
    struct text proof; /* kept, to be handed on */
    struct uuid account;
};
/* Records that the log has the version, and what changes by that. *ret_news: something was recorded; not so when it
 * is not held, was recorded before, or the log is not one that could speak for it: `created_by_ref` is the identity
 * of another party known here, or ours. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_LIMIT (txn_append()) */
MUST_CHECK enum err version_prove(struct txn *t, const struct proven_version *p, bool *ret_news,
                                  struct fault *reterr);
/* The party sent the version with a proof that does not hold: its word for it counts no more. The same errors. */
MUST_CHECK enum err version_doubt(struct txn *t, struct text id, const struct sha256 *hash, const struct uuid *party,
                                  const struct uuid *account, bool *ret_news, struct fault *reterr);
