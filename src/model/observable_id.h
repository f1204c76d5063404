/* model/observable_id.h - the deterministic identifiers of cyber-observable objects: STIX 2.1 sections 2.9 and 3.4,
 * and the ID Contributing Properties of each type of section 6. Pure. */
#pragma once
#include "model/ident.h"
#include "json/json.h"

/* The name from which the UUIDv5 is made: the object of the contributing properties that are there, as RFC 8785
 * writes it; of `hashes` one alone (MD5, SHA-1, SHA-256, SHA-512, else the first by name); timestamps as they were
 * written; references and extensions whole. Appends to out.
 * ERR_NOT_FOUND: no type of section 6, a process (which has none), or nothing that contributes is there: its
 * identifier is a UUIDv4. ERR_NOMEM | ERR_LIMIT: out's. */
MUST_CHECK enum err observable_name(const struct json_val *sco, struct buffer *out);

/* The UUIDv5 of that name. Errors as above; ERR_LIMIT: the name is longer than STIX_OBJECT_MAX_BYTES. */
MUST_CHECK enum err observable_uuid(const struct json_val *sco, struct uuid *ret);

/* What section 2.9 has to say of an SCO's own identifier. */
enum observable_verdict {
    OBSERVABLE_AS_NAMED,   /* the deterministic one, or a UUIDv4 where nothing contributes */
    OBSERVABLE_RANDOM,     /* a UUIDv4, though it could have a name */
    OBSERVABLE_OTHER,      /* a UUIDv5 of something else (another namespace's, stale, or mistaken), or no version
                              that section 2.9 speaks of */
    OBSERVABLE_NOT_RANDOM, /* nothing contributes, and it is no UUIDv4 */
    OBSERVABLE_NOT_JUDGED  /* no type of section 6, no identifier, or no memory to tell */
};
/* *ret_right (may be NULL) is the deterministic UUID with RANDOM and OTHER. All of it is a SHOULD: section 3.4 lets a
 * producer use another algorithm. */
enum observable_verdict observable_judge(const struct json_val *sco, struct uuid *ret_right);
