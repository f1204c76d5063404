/* exchange/repair.h - objects whose bodies a disk has spoiled, had again from a partner who has them. */
#pragma once
#include <stdatomic.h>

#include "store/repair.h"

struct repair_totals {
    uint64_t spoiled, mended;
};
/* One spoiled body: err OK when it was put back, else why not. */
typedef void repair_on_body(void *self, const struct spoiled *s, enum err err, const struct fault *why);
/* Looks through the log and asks the partner, over its line, for each object by id and version; only what has the
 * hash that our log says is taken. ERR_NOT_FOUND: no such peer. ERR_UNREACHABLE is told body by body. */
MUST_CHECK enum err repair_from(struct node *node, const struct uuid *party, const atomic_bool *cancel,
                                repair_on_body *on_body, void *self, struct repair_totals *ret, struct fault *reterr);
