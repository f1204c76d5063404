/* net/http_coding.h - inside this room: content codings (RFC 9110 sections 8.4 and 12.5.3). gzip is the only one. */
#pragma once
#include "base/buffer.h"

/* Does Accept-Encoding prefer gzip to the plain form, or like it as well? TEXT_NONE: no. What is not to be understood
 * counts for nothing. */
bool http_likes_gzip(struct text accept_encoding);
/* Content-Encoding names nothing but gzip, once (or "identity"). *ret_gzip: which. false: anything else. */
bool http_coding_known(struct text content_encoding, bool *ret_gzip);

/* ERR_NOMEM | ERR_LIMIT: out's limit */
MUST_CHECK enum err http_gzip(struct text plain, struct buffer *out);
/* Undoes it as the body comes, in pieces of any size. */
struct http_gunzip;
MUST_CHECK enum err http_gunzip_new(struct http_gunzip **ret);
/* ERR_LIMIT: out's limit | ERR_MALFORMED: not gzip | ERR_NOMEM. After a failure nothing more is to be given. */
MUST_CHECK enum err http_gunzip_add(struct http_gunzip *g, struct text piece, struct buffer *out);
bool http_gunzip_whole(const struct http_gunzip *g); /* nothing was cut off */
void http_gunzip_free(struct http_gunzip *g);        /* accepts NULL */
