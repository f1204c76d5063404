/* desk/intake_marking.h - can the gate read an object's marking definitions? See intake_inside.h for the rule. */
#pragma once
#include "desk/intake_inside.h"

/* *ret: one of the object's markings is neither TLP nor a statement. May read the document ahead. */
MUST_CHECK enum err intake_marking_unknown(struct intake *in, const struct record_object *o, bool *ret,
                                           struct fault *reterr);
