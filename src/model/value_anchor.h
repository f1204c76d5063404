/* model/value_anchor.h - by what a plain token is found: the longest run of ASCII letters, digits and underscores in
 * it, the first of several. A log's line is cut into the same runs. */
#pragma once
#include "base/text.h"

#define VALUE_ANCHOR_MIN_BYTES 3 /* shorter ones stand on every line */

struct span_of_text {
    size_t start, len;
};

/* false: there is none of VALUE_ANCHOR_MIN_BYTES. */
bool value_anchor(struct text value, struct span_of_text *ret);
