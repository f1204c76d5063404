/* What the pattern tests share: a tree as one line of text. */
#pragma once
#include "model/pattern.h"

/* Appends, e.g. (followedby [a:b=1] (within 5 [c:d.e[*] not in 'x' 'y'])). */
void pattern_dump(const struct pattern_node *n, struct buffer *out);
