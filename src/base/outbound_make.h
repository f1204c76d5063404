/* base/outbound_make.h - makes what leaves the house. Only release/ may include this header; tests/checks/layers
 * says no to anyone else. */
#pragma once
#include "base/buffer.h"
#include "base/outbound.h"

/* Takes the body's memory (body is left empty, on failure too; it may be used again). NULL on no memory, a sticky
 * error of body, or control characters in media_type. */
struct outbound *outbound_new(int status, struct text media_type, struct buffer *body);
/* name and value are copied. ERR_MALFORMED (not a token; control characters: no line feed gets into a header block) |
 * ERR_LIMIT (HTTP_HEADERS_MAX_BYTES together) | ERR_NOMEM. */
MUST_CHECK enum err outbound_add_header(struct outbound *o, struct text name, struct text value);
/* One more owner: each calls outbound_free(). Nothing may be added to it any more. */
struct outbound *outbound_ref(struct outbound *o);
