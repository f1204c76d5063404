/* ledger/entry.h - the log's entries: what a leaf is, and the commitment to its detail. Pure.
 * Format: docs/FORMAT-log.md.  Entry = {c, kind, n, t_us, v} in RFC 8785; leaf = SHA-256(0x00 || entry) (RFC 9162
 * section 2.1.1); c = hex SHA-256(0x02 || H(0x03 || salt1 || public) || H(0x03 || salt2 || private)). */
#pragma once
#include "base/hash.h"

#define ENTRY_VERSION  1
#define ENTRY_SALT     32
#define ENTRY_KIND_MAX 32

struct entry {
    uint64_t n;   /* leaf index, from 0 */
    int64_t t_us; /* the clock, but always later than the previous entry's: a date names one entry */
    struct text kind;
    struct sha256 c;
};

/* What stands beside an entry and can be erased. Both parts are canonical JSON objects. */
struct entry_detail {
    uint8_t salt1[ENTRY_SALT], salt2[ENTRY_SALT];
    struct text public_part, private_part;
};

void entry_encode(const struct entry *e, struct buffer *out);                             /* errors stick in out */
MUST_CHECK enum err entry_decode(struct text t, struct entry *ret, struct fault *reterr); /* kind borrows from t */
struct sha256 entry_commitment(const struct entry_detail *d);
/* The same out of its halves, entry_half() of each part: all of it that a proof shows of the private one. */
struct sha256 entry_half(const uint8_t salt[ENTRY_SALT], struct text part);
struct sha256 entry_commitment_of(const struct sha256 *public_half, const struct sha256 *private_half);
struct sha256 entry_leaf(struct text entry);
