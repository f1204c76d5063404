/* net/http_param.h - inside this room: request targets taken apart (RFC 3986, WHATWG form encoding for queries). */
#pragma once
#include "net/http.h"

/* The path, decoded, NUL-terminated in the arena. ERR_MALFORMED: no leading '/', a bad or cut escape, an escaped '/',
 * NUL or other control character, a "." or ".." segment, or not UTF-8. ERR_NOMEM */
MUST_CHECK enum err http_path_decode(struct text raw, struct arena *arena, struct text *ret);
/* Every escape well-formed, nothing decodes to NUL, everything to UTF-8. ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err http_query_check(struct text query, struct arena *arena);
