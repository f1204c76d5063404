/* ledger/proof.c - does a proof hold? RFC 9162 sections 2.1.3.2 and 2.1.4.2, step by step. */
#include "ledger/tree.h"

bool proof_inclusion_holds(const struct proof *p, const struct sha256 *leaf, uint64_t n, uint64_t size,
                           const struct sha256 *root)
{
    if (n >= size || p->count > PROOF_MAX)
        return false;
    uint64_t fn = n, sn = size - 1;
    struct sha256 r = *leaf;
    for (size_t i = 0; i < p->count; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            r = merkle_inner(&p->hash[i], &r);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = merkle_inner(&r, &p->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && sha256_eq(&r, root);
}

/* Sizes 0 and equal: nothing is computed, so the roots have to say it all. */
static bool trivially_holds(const struct proof *p, uint64_t old_size, uint64_t new_size,
                            const struct sha256 *old_root, const struct sha256 *new_root)
{
    const struct sha256 empty = sha256_of(NULL, 0);
    if (p->count != 0)
        return false;
    if (old_size == 0 && !sha256_eq(old_root, &empty))
        return false;
    return old_size != new_size || sha256_eq(old_root, new_root);
}

bool proof_extension_holds(const struct proof *p, uint64_t old_size, uint64_t new_size, const struct sha256 *old_root,
                           const struct sha256 *new_root)
{
    if (old_size > new_size || p->count > PROOF_MAX)
        return false;
    if (old_size == 0 || old_size == new_size)
        return trivially_holds(p, old_size, new_size, old_root, new_root);
    /* A full old tree is its own first node. */
    bool full = (old_size & (old_size - 1)) == 0;
    if (!full && p->count == 0)
        return false;
    uint64_t fn = old_size - 1, sn = new_size - 1;
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    struct sha256 fr = full ? *old_root : p->hash[0], sr = fr;
    for (size_t i = full ? 0 : 1; i < p->count; i++) {
        const struct sha256 *c = &p->hash[i];
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            fr = merkle_inner(c, &fr);
            sr = merkle_inner(c, &sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = merkle_inner(&sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && sha256_eq(&fr, old_root) && sha256_eq(&sr, new_root);
}

bool proof_consistency_holds(const struct proof *p, uint64_t old_size, uint64_t new_size,
                             const struct sha256 *old_root, const struct sha256 *new_root)
{
    return old_size > 0 && proof_extension_holds(p, old_size, new_size, old_root, new_root);
}
