/* ledger/merkle.h - the Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962's), grown leaf by leaf in
 * O(log n) memory. Pure. */
#pragma once
#include "base/hash.h"

struct merkle {
    uint64_t size;          /* leaves so far */
    struct sha256 peak[64]; /* roots of the perfect subtrees, by height; bit h of size says whether there */
};

void merkle_init(struct merkle *m);
struct sha256 merkle_leaf(const void *bytes, size_t len); /* SHA-256(0x00 || bytes) */
struct sha256 merkle_inner(const struct sha256 *left, const struct sha256 *right);
void merkle_add(struct merkle *m, const struct sha256 *leaf_hash);
struct sha256 merkle_root(const struct merkle *m); /* of no leaves: SHA-256 of nothing */
