/* desk/own_marking.h - marking definitions of our own, beyond TLP (docs/objects/markings.md). */
#pragma once
#include "model/terms.h"
#include "store/node.h"

/* Makes a marking definition of ours with these terms, and puts the extension definitions that it names, and who made
 * them, into the log where they are not yet: what refers to them never comes before them. The definition goes to
 * whomever its own terms let. ERR_USAGE: no terms at all. ERR_NOMEM | ERR_IO | ERR_FULL. *ret_id in the arena. */
MUST_CHECK enum err own_marking_add(struct node *node, struct text name, const struct terms *terms,
                                    const struct uuid *account, struct arena *arena, struct text *ret_id,
                                    struct fault *reterr);
