/* unit/match/match_set.h - an index out of a list of values, and what a line hits written as text. */
#pragma once
#include "base/buffer.h"
#include "match/scan.h"

struct match_set {
    const char *const *values; /* ended by NULL; ref i is values[i] */
    size_t count;
    struct index *index;
    struct scanner *scanner;
};

/* Values as they would stand in a list: kinds are detected, normal forms made. Aborts on failure. */
void match_set_init(struct match_set *set, const char *const *values);
void match_set_done(struct match_set *set);
/* The values hit, in the order of the hits, blanks in between. In a static buffer. */
const char *match_set_hits(struct match_set *set, struct text line);
/* Addresses and names that scan_owners() gives, the same way. */
const char *match_set_owners(struct match_set *set, struct text line);

/* "kind=value", or a value whose kind shows. */
enum value_kind match_kind(const char *value, struct text *ret_raw);
/* Adds values[i] to the builder as ref i. */
enum err match_add_value(struct index_builder *b, const char *value, uint32_t ref);
