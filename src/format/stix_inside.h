/* format/stix_inside.h - what the readers of STIX documents share; for them alone. */
#pragma once
#include "json/json.h"

/* For one object's head or faults: patterns with PATTERN_VALUES_MAX values need a few MB. */
#define STIX_BUDGET_BYTES (64 * MIB)

/* An id to name an object by: printable ASCII, so that it can be shown anywhere; else TEXT_NONE. */
struct text stix_shown_id(struct text id);
/* The id of something that is not JSON, or not as it should be: the first "id" : "..." in it, if that is one. */
struct text stix_guess_id(struct text t);
/* Says what is wrong with a bundle's own members. ERR_MALFORMED, else OK. */
MUST_CHECK enum err stix_check_envelope(const struct json_val *envelope, struct fault *why);
/* A document of one value that is an envelope without a list of objects: `{}`, {"more":false}, or a bundle. */
bool stix_empty_envelope(const struct json_val *v);
