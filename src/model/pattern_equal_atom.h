/* model/pattern_equal_atom.h - one comparison in its normal form; for model/pattern_equal.c alone. */
#pragma once
#include "model/pattern.h"

/* Appends a text that two comparisons have in common when they mean the same. Errors stick in out. ERR_NOMEM */
MUST_CHECK enum err pattern_atom(const struct pattern_node *comparison, struct arena *arena, struct buffer *out);
