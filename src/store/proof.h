/* store/proof.h - an entry's proof, to be checked without us: docs/FORMAT-proof.md. */
#pragma once
#include "ledger/proof_check.h"
#include "store/node.h"

/* The tlog-proof of entry n under the last published checkpoint, appended. Any thread; owners and readers.
 * ERR_NOT_FOUND: no checkpoint covers it yet, or its detail was erased (the fault says which). ERR_LIMIT: its public
 * part is too large to be shown. ERR_MALFORMED | ERR_VERSION (the tree's files) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err node_proof(struct node *node, uint64_t n, struct buffer *out, struct fault *reterr);

/* Checks a proof against every key that this home's log names: our own, now and before, and our partners' pinned
 * ones. *ret as proof_check() gives it. Its errors; ERR_DENIED also when no key of a log by that name is known. */
MUST_CHECK enum err node_proof_check(struct node *node, struct text bytes, struct arena *arena, struct proved *ret,
                                     struct fault *reterr);
