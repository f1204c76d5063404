/* desk/marks.h - the markings that a canonical body carries itself, beside object_marking_refs: those of its portions
 * and of its tear line (docs/objects/markings.md). */
#pragma once
#include "desk/portion.h"

/* Whoever answers what a marking definition that is no TLP marking means. */
typedef enum err marks_lookup(void *self, struct text id, struct gate_portion *ret, struct fault *reterr);

/* Adds one marking to a class: label, terms, unknown_marking. ERR_NOMEM and what lookup returns */
MUST_CHECK enum err marks_add(struct gate_class *cls, struct text id, marks_lookup *lookup, void *self,
                              struct fault *reterr);
/* What the body's own portions and tear line add: tear, and terms.classification, the highest of all portions. A body
 * with neither costs a search. */
MUST_CHECK enum err marks_inside(struct gate_class *cls, struct text body, marks_lookup *lookup, void *self,
                                 struct fault *reterr);
