/* release/cleared.h - permission in types: an object that may go to one recipient by one door, in the bytes it leaves
 * with. Only this room makes one; every writer that leaves the house takes it. */
#pragma once
#include "base/outbound.h"
#include "release/gate.h"
#include "json/json.h"

/* What the gate is asked about one reference of an object. */
enum ref_state {
    REF_CLEARED,  /* the recipient may have the target too */
    REF_WITHHELD, /* it may not, or we do not hold it */
    REF_ORIGIN    /* the target came from this very recipient: neither pruned nor a release (docs/RELEASE.md 5) */
};
/* What the marking of a portion says. */
struct gate_portion {
    enum tlp tlp; /* TLP_NONE: it is no TLP marking */
    struct terms terms;
    bool unknown; /* not held, or not to be read: the portion does not leave */
};
/* Answers about what an object names; the same for the length of one gate_clear(). */
struct gate_lookup {
    enum ref_state (*ref)(void *self, struct text id); /* a target; never asked about markings */
    /* A marking definition that is no TLP marking; NULL: none is known. */
    void (*marking)(void *self, struct text id, struct gate_portion *ret);
    void *self;
    size_t *steps; /* the steps taken to what selectors name are added; NULL: not counted */
};
/* The answer for a target that is held: its class, and its own decision for the same recipient, door and time. */
enum ref_state gate_ref_of(const struct gate_class *target, const struct recipient *r, const struct decision *d);

struct cleared;

/* Applies the decision to the object's canonical body: closes over its references (prunes optional ones, withholds
 * what only makes sense with them: relationship, sighting and observed-data endpoints), adds the marking it must
 * leave with, cuts our own sightings that leave down to what rule 9 lets them say, and remembers form and recipient.
 * decision must be cleared (ERR_DENIED otherwise), and of this question.
 * OK: *ret_cleared is owned; *ret_why untouched. ERR_DENIED: closing withheld it, *ret_why (may be NULL) says by
 * which rule. ERR_MALFORMED: the body is not what the store promised. ERR_NOMEM */
MUST_CHECK enum err gate_clear(const struct gate_question *q, const struct decision *d, struct text body,
                               const struct gate_lookup *lookup, struct cleared **ret_cleared,
                               struct decision_rule *ret_why);
/* Form, label and what was removed, as the object really leaves. */
void decision_close(struct decision *d, const struct cleared *c);
void cleared_free(struct cleared *c);
struct text cleared_id(const struct cleared *c);
struct text cleared_body(const struct cleared *c);    /* canonical JSON as it leaves */
struct text cleared_removed(const struct cleared *c); /* as decision.removed */
bool cleared_cut(const struct cleared *c); /* something was taken out for its own marking, or for a tear line */
enum form cleared_form(const struct cleared *c);
enum tlp cleared_label(const struct cleared *c);
/* Of cleared_body; computed when first asked for, so one thread at a time. */
const struct sha256 *cleared_hash(const struct cleared *c);
struct text cleared_version(const struct cleared *c); /* its `modified`, else `created`, as written; else empty */
enum door cleared_door(const struct cleared *c);
enum recipient_kind cleared_recipient_kind(const struct cleared *c);
const struct uuid *cleared_party(const struct cleared *c);
