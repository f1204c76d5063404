/* desk/marks.h - the markings that a canonical body carries itself, beside object_marking_refs: those of its portions
 * and of its tear line (docs/objects/markings.md). */
#pragma once
#include "desk/portion.h"

/* Whoever answers what a marking definition that is no TLP marking means. */
typedef enum err marks_lookup(void *self, struct text id, struct gate_portion *ret, struct fault *reterr);

/* Before the first: nothing is said yet. */
void marks_begin(struct gate_class *cls);
/* Adds one marking to a class: terms, unknown_marking, bare; the label to cls->tlp where its id is a published one,
 * which whoever gets the object can read, else to *said. ERR_NOMEM and what lookup returns */
MUST_CHECK enum err marks_add(struct gate_class *cls, struct text id, enum tlp *said, marks_lookup *lookup,
                              void *self, struct fault *reterr);
/* Once all are added. A label that does not stand in the object itself (said by a definition of its own, or `filled`
 * in when it came in) counts like a source's default, in place of it: it is written into what leaves. One that is
 * stricter than what the object itself says makes the marking unreadable. */
void marks_label(struct gate_class *cls, enum tlp said, enum tlp filled);
/* The class as it is decided: with what is recorded for its source now, in place of what was when it came in. */
void marks_take_default(struct gate_class *cls, enum tlp tlp, enum pap pap);
/* The same, as the view has it; as it is when it has no such source. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err marks_default_now(struct view *v, struct gate_class *cls, struct fault *reterr);
/* What the body's own portions and tear line add: tear, and terms.classification, the highest of all portions. A body
 * with neither costs a search. */
MUST_CHECK enum err marks_inside(struct gate_class *cls, struct text body, marks_lookup *lookup, void *self,
                                 struct fault *reterr);
