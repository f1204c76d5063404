/* exchange/taxii_remote.h - inside this room: questions to another TAXII server. */
#pragma once
#include "exchange/taxii_client.h"

/* One answer of a partner. A page of TAXII_PAGE_MAX objects has a few MiB; OpenCTI's reports are larger. */
#define REMOTE_ANSWER_MAX_BYTES (64 * MIB)

/* {api_root}path, each with its slash. Freed by buffer_done(); errors stick in it. */
void remote_url(const struct taxii_remote *remote, const char *path, struct buffer *out);
/* Appends name=value, percent-encoded. first: no parameter stands there yet. */
void remote_parameter(struct buffer *url, bool first, const char *name, struct text value);

/* GET; *ret is a 200 of our media type (or of any, when any_type), to be http_answer_done().
 * ERR_UNREACHABLE with the reason, *ret_status (may be NULL) what it answered, 0: nothing. ERR_LIMIT: larger than
 * REMOTE_ANSWER_MAX_BYTES. ERR_NOMEM */
MUST_CHECK enum err remote_get(struct http_client *http, const struct taxii_remote *remote, struct buffer *url,
                               struct http_answer *ret, int *ret_status, struct fault *reterr);
/* ERR_UNREACHABLE, in words: what an HTTP status other than the expected one means for us. */
MUST_CHECK enum err remote_refused(int status, struct fault *reterr);
