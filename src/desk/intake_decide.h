/* desk/intake_decide.h - what an arriving version is to what we hold (ledger.md, Versions). Pure, so that the rules
 * can be tested by themselves; looking up and appending is intake_apply.c's.
 *
 * The versions of one authority are ordered: revoked ones above the others (revoked is final), then by `modified`,
 * then by the smaller hash. The highest is the current one. This is a total order over what arrives, so every order
 * and repetition of arrival ends with the same current version. Objects without `modified` have no such order: of one
 * authority's variants the one that arrived last counts. */
#pragma once
#include "base/hash.h"
#include "model/ident.h"

struct intake_version {
    struct uuid party; /* from whom */
    bool versioned;    /* has `modified` */
    int64_t modified_us;
    bool revoked;
    struct sha256 hash;
    uint64_t print; /* formats without versions: 0 for all others */
    bool forged;    /* says that it is ours, and comes from outside */
};

enum intake_verdict {
    INTAKE_UNCHANGED, /* nothing to append */
    INTAKE_FRESH,     /* the first version of its object */
    INTAKE_UPDATED,   /* becomes the current version */
    INTAKE_WON,       /* the same, over a version of the same moment with other content */
    INTAKE_OLDER,
    INTAKE_CONFLICT, /* same moment, other content, larger hash */
    INTAKE_CLAIM,
    INTAKE_QUARANTINED
};
/* current: the version that counts, NULL when there is none. Whether a verdict other than FRESH, UPDATED or WON is
 * news is for the caller to find out (the same content may be held already). */
enum intake_verdict intake_decide(const struct intake_version *arrived, const struct intake_version *current,
                                  int64_t now_us);
