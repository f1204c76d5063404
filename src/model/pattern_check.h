/* model/pattern_check.h - what section 9 demands of a pattern beyond its grammar. pattern_parse() lets it through,
 * so that intake does not lose a partner's indicator for it; who validates asks here as well. Pure. */
#pragma once
#include "model/pattern.h"

struct pattern_problem {
    size_t column; /* from 1, in bytes */
    const char *rule;
    const char *what; /* one line, in the words of the specification's terms */
    bool must;        /* false: a SHOULD, or what can never match though it may be written */
};
typedef void pattern_on_problem(void *self, const struct pattern_problem *problem);

/* Tells every problem, in the order of the text:
 * - operands of AND that no one object can satisfy, as their object types have none in common (9.5)
 * - object types and property names that no object can have (9.7, 3.1): 3 to 250 of a-z, 0-9 and hyphen; 250 at most
 *   of a-z, 0-9 and underscore; what the specification itself calls `id` and the like may be shorter
 * - ISSUBSET and ISSUPERSET of what is no address's value (9.6.1)
 * - START that is not before STOP: nothing matches (not a must) */
void pattern_check(const struct pattern_node *p, pattern_on_problem *on_problem, void *self);
