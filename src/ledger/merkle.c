/* ledger/merkle.c - the tree as its peaks: like a binary counter, adding a leaf carries through equal heights.
 *
 * Invariant: bit h of size is set exactly when peak[h] is the root of a perfect subtree of 2^h leaves, the highest
 * holding the oldest leaves. */
#include "ledger/merkle.h"

#include <string.h>

void merkle_init(struct merkle *m)
{
    memset(m, 0, sizeof *m);
}

struct sha256 merkle_leaf(const void *bytes, size_t len)
{
    struct sha256_ctx ctx;
    const uint8_t prefix = 0;
    sha256_init(&ctx);
    sha256_add(&ctx, &prefix, 1);
    sha256_add(&ctx, bytes, len);
    return sha256_end(&ctx);
}

struct sha256 merkle_inner(const struct sha256 *left, const struct sha256 *right)
{
    uint8_t bytes[1 + 2 * SHA256_BYTES] = {1};
    memcpy(bytes + 1, left->b, SHA256_BYTES);
    memcpy(bytes + 1 + SHA256_BYTES, right->b, SHA256_BYTES);
    return sha256_of(bytes, sizeof bytes);
}

void merkle_add(struct merkle *m, const struct sha256 *leaf_hash)
{
    struct sha256 carry = *leaf_hash;
    unsigned height = 0;
    for (; m->size >> height & 1; height++)
        carry = merkle_inner(&m->peak[height], &carry);
    m->peak[height] = carry;
    m->size++;
}

struct sha256 merkle_root(const struct merkle *m)
{
    if (m->size == 0)
        return sha256_of(NULL, 0);
    bool have = false;
    struct sha256 root = {0};
    for (unsigned height = 0; height < 64; height++) {
        if (!(m->size >> height & 1))
            continue;
        root = have ? merkle_inner(&m->peak[height], &root) : m->peak[height];
        have = true;
    }
    return root;
}
