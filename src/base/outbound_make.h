/* base/outbound_make.h - makes what leaves the house. Only release/ may include this header; tests/checks/layers
 * says no to anyone else. */
#pragma once
#include "base/buffer.h"
#include "base/outbound.h"

/* Takes the body's memory (body is left empty). NULL on no memory or a sticky error of body; the body is then freed. */
struct outbound *outbound_new(int status, struct text media_type, struct buffer *body);
/* name and value are copied. */
MUST_CHECK enum err outbound_add_header(struct outbound *o, struct text name, struct text value);
