/* desk/intake_marking.h - what an object's marking definitions mean for its class. See intake_inside.h for the rule.
 */
#pragma once
#include "desk/intake_inside.h"

/* Fills label, terms, unknown_marking and tear of *cls, which has party and granular already. terms.classification is
 * the highest of all its parts. May read the document ahead. */
MUST_CHECK enum err intake_marking_read(struct intake *in, const struct record_object *o, struct gate_class *cls,
                                        struct fault *reterr);
