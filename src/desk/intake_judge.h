/* desk/intake_judge.h - inside this room: what an arriving version is to what is held. On the writer thread. */
#pragma once
#include "desk/holding.h"

enum intake_verdict {
    INTAKE_UNCHANGED, /* nothing to append */
    INTAKE_PATH,      /* held already; one more party vouches for it */
    INTAKE_FRESH,     /* the first version of its object that counts */
    INTAKE_UPDATED,   /* becomes the current version */
    INTAKE_WON,       /* the same, over a version of the same moment with other content */
    INTAKE_OLDER,
    INTAKE_CONFLICT, /* same moment, other content, larger hash */
    INTAKE_CLAIM,
    INTAKE_RENDITION, /* a whole form of the same version is held */
    INTAKE_QUARANTINED
};
struct arrival {
    struct text id, body;
    struct uuid party;
    const struct gate_class *cls;
    enum authority authority;
    bool ours, versioned, revoked;
    int64_t modified_us;
    struct sha256 hash;
    uint64_t print; /* formats without versions: 0 for all others */
    bool renews;    /* said again so long after its version that this is a further one (docs/LIFETIMES.md) */
};
struct judgement {
    enum intake_verdict verdict;
    bool full; /* all that is held was arranged: holding is filled */
    struct holding holding;
    uint64_t entry; /* PATH: of the content */
};
/* current: the version that counts, NULL when none does; held: any version is. *ret_unchanged of the first saves the
 * caller the rest: the same content from the same party. judgement_done() after any return of the second. */
bool intake_same(const struct arrival *a, const struct version_row *current);
MUST_CHECK enum err intake_judge(struct txn *t, const struct arrival *a, const struct version_row *current, bool held,
                                 struct judgement *ret, struct fault *reterr);
void judgement_done(struct judgement *j);
