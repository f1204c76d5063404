/* json/locate.h - where in a JSON text a value stands, so that people can be told a line. */
#pragma once
#include "base/text.h"

/* The offset in `json` (which json_parse() accepted) of the value that `pointer` (RFC 6901) names; where it names
 * nothing, of the nearest value around it that is there. Of a member, the offset of its name. Looks at most at
 * max_bytes of the text: where that is not enough, the offset reached so far. */
size_t json_locate(struct text json, struct text pointer, size_t max_bytes);
