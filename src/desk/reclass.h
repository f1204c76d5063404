/* desk/reclass.h - the classes of objects found anew, without the objects: because a marking definition of theirs
 * came after them or says more now, or because a releaser let one out of quarantine. The version is appended once
 * more under its new class, in place of its old entry (fact_object.replaces), so a replay needs no definition, and an
 * object that opens late is late to every recipient's cursor. */
#pragma once
#include <stdatomic.h>

#include "desk/portion.h"

struct reclass_request {
    const struct uuid *definitions; /* marking definitions that came or changed */
    size_t count;
    struct uuid party;   /* whose word they are: its objects are looked at; our own: everybody's */
    bool changed;        /* one of them was held before: objects that could be read are looked at too */
    struct uuid account; /* who acts */
    const atomic_bool *cancel;
};
/* Looks through the versions, also those that do not count, that may carry one of the definitions, some at a time,
 * and appends those whose class is another one now; each stands where it stood. What has become classified above the
 * ceiling, or RED, is in quarantine then. Idempotent; *ret_count how many were appended. ERR_CANCELLED | ERR_IO |
 * ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err reclass_by_definitions(struct node *node, const struct reclass_request *q, uint64_t *ret_count,
                                           struct fault *reterr);

/* Notes durably that the request of that run is to be done; in the write that takes its definitions in, so that no
 * crash comes between. Again: in place of the former one. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err reclass_mark(struct txn *t, const struct uuid *run, const struct reclass_request *q,
                                 struct fault *reterr);
/* It is done. */
MUST_CHECK enum err reclass_unmark(struct node *node, const struct uuid *run, struct fault *reterr);
/* At opening, as owner, once the ceiling is set: does what is still noted. */
MUST_CHECK enum err reclass_resume(struct node *node, struct fault *reterr);

/* Received RED is for the accounts that the agreement with its party names, and waits in quarantine without one. */
bool red_is_quarantined(const struct gate_class *cls, bool agreement_names_accounts);

/* What was proposed is accepted, an ordinary object from then on (in quarantine still, where its label wants that),
 * or refused: it stays where it is and is proposed no more. The act with its reason stays in the log. ERR_NOT_FOUND:
 * no such proposal waits. */
MUST_CHECK enum err proposal_decide(struct node *node, struct text id, bool accept, const struct uuid *account,
                                    struct text reason, struct fault *reterr);

/* Lets the object's quarantined versions out: the act with its reason, then each version under a class that says so;
 * one dated ahead stands among the others by its date. ERR_NOT_FOUND: nothing of it is in quarantine. ERR_DENIED: it
 * is classified above the ceiling. */
MUST_CHECK enum err quarantine_release(struct node *node, struct text id, const struct uuid *account,
                                       struct text reason, uint64_t *ret_count, struct fault *reterr);
