/* store/references.h - what an object refers to, as its entry keeps it: for "what refers to this?"
 * (view_referring()). An entry's member `refs` is base64 of six bytes a reference, the first of the target's UUID: a
 * filter, four to six times smaller than the identifiers; who asks looks into the bodies that it lets through. Pure.
 */
#pragma once
#include "base/buffer.h"
#include "model/ident.h"

/* Distinct targets of one object that are kept; what an object names beyond is not found by its target. Reports of
 * some thousand objects exist. */
#define REFERENCES_MAX      4096
#define REFERENCE_KEY_BYTES 6

/* The first bytes of the UUID as a number. */
uint64_t reference_key(const struct uuid *target);
/* Every member of a canonical body, at any depth, whose name ends in _ref or _refs and holds identifiers, except
 * TLP's own definitions; distinct, in their order. Nothing is written when there is none. Errors stick in out. */
void references_of(struct text body, struct buffer *out);
/* Takes the member apart; ret_keys has room for REFERENCES_MAX. ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err references_read(struct text member, uint64_t *ret_keys, size_t *ret_count);
/* Does the canonical body hold this identifier as the value of such a member? */
bool references_hold(struct text body, struct text id);
