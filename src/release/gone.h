/* release/gone.h - inside this room: the values of a document that do not leave, as a set of their addresses. */
#pragma once
#include "json/json.h"

struct gone {
    const struct json_val **slots; /* owned; NULL: free */
    size_t cap, used;
    bool failed; /* an add found no memory: what the set says is of no use any more */
};
void gone_done(struct gone *g);
void gone_add(struct gone *g, const struct json_val *v);
bool gone_has(const struct gone *g, const struct json_val *v);
