/* ledger/checkpoint.h - C2SP tlog-checkpoint: a tree head as a signed note; tlog-proof: an entry's way to one. Pure.
 */
#pragma once
#include "ledger/note.h"
#include "ledger/tree.h"

struct checkpoint {
    struct text origin; /* borrowed */
    uint64_t size;
    struct sha256 root;
    struct text extensions; /* further lines, each with its newline; empty: none. We write none. */
};

void checkpoint_format(const struct checkpoint *c, struct buffer *out); /* the note's text; errors stick in out */
/* From a note's text. ERR_MALFORMED: the line and what is wrong with it. */
MUST_CHECK enum err checkpoint_parse(struct text text, struct checkpoint *ret, struct fault *reterr);

/* tlog-proof: a file that travels with an object and is checked without us. */
struct tlog_proof {
    struct text extra; /* decoded; borrowed from the arena or buffer it was decoded into; empty: none */
    uint64_t index;
    struct proof proof;
    struct text checkpoint; /* the signed note, verbatim; borrowed */
};
void tlog_proof_format(const struct tlog_proof *p, struct buffer *out);
/* extra is appended to *extra_bytes and borrowed from it. ERR_MALFORMED | ERR_LIMIT | ERR_NOMEM */
MUST_CHECK enum err tlog_proof_parse(struct text bytes, struct buffer *extra_bytes, struct tlog_proof *ret,
                                     struct fault *reterr);

/* What our extra line carries (canonical JSON, docs/FORMAT-proof.md; ledger/proof_check.h): the entry as it stands in
 * the log, salt1, the public part, and the salted hash of the private part, from which the entry's commitment is
 * computed again. */
struct proof_extra {
    struct text entry; /* canonical JSON of the entry */
    uint8_t salt1[32];
    struct text public_part;    /* canonical JSON */
    struct sha256 private_half; /* H(0x03 || salt2 || private) */
};

/* Our add-checkpoint request of tlog-witness, both ways. */
struct add_checkpoint {
    uint64_t old_size;
    struct proof proof;
    struct text checkpoint; /* the signed note */
};
void add_checkpoint_format(const struct add_checkpoint *a, struct buffer *out);
MUST_CHECK enum err add_checkpoint_parse(struct text bytes, struct add_checkpoint *ret, struct fault *reterr);
