/* model/pattern_hash.h - comparisons of a hash, as the parser and the atomic values see them; for these two alone. */
#pragma once
#include "model/pattern.h"

/* The kind of hash that a path ending in hashes.ALGORITHM is about; VALUE_NONE for another path or algorithm. */
enum value_kind pattern_hash_kind(const struct pattern_node *comparison);
/* NULL, or what is wrong with a constant that such a property is compared with for equality (section 2.7). */
const char *pattern_hash_check(const struct pattern_node *comparison);
