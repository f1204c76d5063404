/* release/close.h - inside this room: what an object looks like once nothing in it points to what was withheld. */
#pragma once
#include "release/cleared.h"

struct closing {
    const struct decision *decision;
    bool sighting_out; /* one of our sightings, leaving: a closed list of fields (rule 9) */
    const struct gate_lookup *lookup;
    struct text type, created_by; /* of the object; borrowed */
};

/* True when every reference under v (any depth) may be seen, or points back to where it came from. */
bool close_holds(const struct closing *c, const struct json_val *v);
/* Writes the object as it may leave, canonical.
 * ERR_DENIED, *ret_why filled: what is left would be no valid STIX or would mislead. ERR_MALFORMED. Errors of `out`
 * stick in it. */
MUST_CHECK enum err close_render(const struct closing *c, const struct json_val *object, struct buffer *out,
                                 struct decision_rule *ret_why);
