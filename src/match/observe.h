/* match/observe.h - observed data (STIX 2.1 section 4.14) as patterns are evaluated over it: observations with their
 * time and the objects that they may follow. Pure: one document in memory.
 * May include base/, json/, model/. */
#pragma once
#include "base/arena.h"
#include "base/time.h"
#include "json/json.h"

/* Nanoseconds since 1970: the years 0000-9999 do not fit 64 bits. */
__extension__ typedef __int128 nanos;
nanos nanos_of(struct stamp s);
struct stamp nanos_stamp(nanos t, uint8_t digits);

struct observed_object {
    struct text ref; /* its id, or its key in the deprecated `objects` container */
    struct text type;
    const struct json_val *value;
    bool root; /* a Cyber-observable Object: paths may begin at it (section 9.7) */
};

/* One Observed Data object: number_observed observations, each at some moment from first to last (section 9.1). */
struct observation {
    struct text id;
    nanos first, last; /* both inclusive */
    int64_t number_observed;
    struct observed_object *objects; /* those of object_refs that are there, in this order (9.7.4) */
    size_t object_count;
    const struct observed_object **by_ref; /* the same, sorted by ref */
};

struct observed; /* owns the document and everything above */

/* Told for each Observed Data object that cannot be used; rule is the section, what is one line. */
typedef void observed_on_refused(void *self, struct text id, const char *rule, const char *what);

/* Reads a bundle, a TAXII envelope, one object, or a list of any of these. Of several versions of an Observed Data
 * object the one with the latest `modified` counts, if it is not revoked; of several objects with one id the last.
 * OK: *ret is freed with observed_free(). ERR_MALFORMED (no JSON, or neither an object nor a list) | ERR_LIMIT
 * (OBSERVED_MAX_BYTES, OBSERVED_MEMORY_MAX_BYTES) | ERR_NOMEM */
MUST_CHECK enum err observed_read(struct text document, observed_on_refused *on_refused, void *self,
                                  struct observed **ret, struct fault *reterr);
/* A set of observations that others own, in this order; they must outlive it. ERR_NOMEM */
MUST_CHECK enum err observed_of(const struct observation *const *list, size_t count, struct observed **ret);
void observed_free(struct observed *o); /* accepts NULL */
size_t observed_count(const struct observed *o);
const struct observation *observed_at(const struct observed *o, size_t i); /* in the order of the document */
/* The object that a reference inside this observation leads to; NULL when it is not listed there. */
const struct observed_object *observation_follow(const struct observation *o, struct text ref);
