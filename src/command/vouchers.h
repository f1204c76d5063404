/* command/vouchers.h - who vouches for a version, as JSON members (docs/VERSIONS.md). */
#pragma once
#include "store/view.h"
#include "json/json.h"

/* Members "authority", "also_from": [names] and "proven": {"authority","party","entry"}, into an open object. v:
 * not the view that the row is of. */
void vouchers_json(struct view *v, const struct version_row *row, struct arena *a, struct json_out *o);
