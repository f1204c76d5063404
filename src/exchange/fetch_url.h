/* exchange/fetch_url.h - inside this room: questions that cost nothing when nothing changed (RFC 9110 section 13). */
#pragma once
#include "exchange/fetch.h"
#include "release/outbound.h"

struct fetch_known { /* of the last document that was read whole; of another place nothing is known */
    struct text etag, modified;
    bool has_hash;
    struct sha256 hash;
};
/* Texts in the arena. */
MUST_CHECK enum err fetch_known_load(struct fetch *f, struct fetch_known *ret, struct fault *reterr);
MUST_CHECK enum err fetch_known_save(const struct fetch *f, const struct http_answer *a, const struct sha256 *hash,
                                     struct fault *reterr);
/* A GET for it: answered with 304 when it is still that. */
MUST_CHECK enum err fetch_known_question(const struct fetch_known *k, struct outbound **ret);
/* A bearer token, or with a user Basic. */
struct http_auth fetch_auth(const struct fetch *f);
