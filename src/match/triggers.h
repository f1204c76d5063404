/* match/triggers.h - by which values on a line a whole pattern is to be asked about it: for each observation
 * expression, values of which one must stand on the line if the expression is true of the event there
 * (match/observe_line.h). Pure. */
#pragma once
#include "model/pattern.h"

struct trigger {
    enum value_kind kind;
    struct text value; /* normal form, in the arena */
};
struct triggers {
    struct trigger *list; /* of all expressions; may repeat */
    size_t count;
    const char *why; /* not NULL: there is an expression without such a value, and why */
    size_t column;   /* of it */
};
/* Of a pattern's text; one that is none has none, and why. ERR_NOMEM | ERR_LIMIT (PATTERN_VALUES_MAX) */
MUST_CHECK enum err triggers_of(struct text pattern, struct arena *arena, struct triggers *ret);
MUST_CHECK enum err pattern_triggers(const struct pattern_node *p, struct arena *arena, struct triggers *ret);
