/* match/index.h - the indicator index: from a value in normal form to the indicators that look for it.
 * In memory; immutable once built, so that many threads read one generation. Exact: no hash is trusted alone. */
#pragma once
#include "model/value.h"

struct index;

/* Grows while it is built. */
struct index_builder;
MUST_CHECK enum err index_builder_new(struct index_builder **ret);
void index_builder_free(struct index_builder *b);
/* value in normal form (value_normalise); `ref` is the caller's number of the indicator, given back with each hit.
 * The same value may come with several refs; the same ref twice in a row counts once. ERR_NOMEM | ERR_LIMIT |
 * ERR_MALFORMED (not in normal form) */
MUST_CHECK enum err index_builder_add(struct index_builder *b, enum value_kind kind, struct text value, uint32_t ref);
/* Would it be taken: is value in the shape of its kind's normal form? */
bool index_can_hold(enum value_kind kind, struct text value);
/* Makes the index and empties the builder, on failure too. OK: *ret holds one reference. ERR_NOMEM */
MUST_CHECK enum err index_builder_build(struct index_builder *b, struct index **ret);

struct index *index_ref(struct index *i);
void index_unref(struct index *i);         /* accepts NULL */
size_t index_count(const struct index *i); /* (value, ref) pairs */
size_t index_memory_bytes(const struct index *i);

/* Look-ups by exact value, used by the scanner and by tests. Each gives the list of refs, or 0 of them. */
struct index_refs {
    const uint32_t *refs;
    size_t count;
};
struct index_refs index_find(const struct index *i, enum value_kind kind, struct text value);
/* The value stored for a look-up that hit (normal form), e.g. the CIDR an address fell into, is given by the scanner.
 */
