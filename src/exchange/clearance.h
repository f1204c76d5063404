/* exchange/clearance.h - the gate's decisions about every class for one recipient, at one state of the log. Immutable
 * and reference counted, so that a page of any size costs no decision at all while nothing changed.
 *
 * Valid while the log stands where it stood (every policy change is an entry) and now is before holds_until. */
#pragma once
#include <stdatomic.h>

#include "exchange/asker.h"

struct clearance {
    atomic_uint refs;
    struct recipient recipient; /* name empty */
    enum door door;
    uint64_t position; /* of the log */
    int64_t holds_until_us;
    struct class_row *classes; /* by class_id, with their sources' defaults of now */
    bool *cleared;             /* beside classes */
    size_t class_count;
    uint32_t *ids; /* of the cleared ones, sorted */
    size_t id_count;
};
/* Decides all classes now. OK: *ret holds one reference. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err clearance_make(struct view *v, const struct recipient *r, enum door door, int64_t now_us,
                                   struct clearance **ret, struct fault *reterr);
void clearance_unref(struct clearance *c); /* accepts NULL */
/* The class of that number and whether it is cleared; NULL when it was born later. */
const struct gate_class *clearance_class(const struct clearance *c, uint32_t class_id, bool *ret_cleared);

/* The newest clearance of up to CLEARANCES_MAX recipients. Thread-safe. */
struct clearances;
MUST_CHECK enum err clearances_new(struct clearances **ret);
void clearances_free(struct clearances *cs);
/* A valid one for r by the TAXII door, made now when there is none. v: in the state the answer will be made from. */
MUST_CHECK enum err clearances_get(struct clearances *cs, struct view *v, const struct recipient *r, int64_t now_us,
                                   struct clearance **ret, struct fault *reterr);
