/* net/imap.h - reads a mailbox over IMAP4rev1 (RFC 3501). Connecting, TLS, capabilities and login are libcurl's; then
 * four commands are spoken over its connection. The folder is opened with EXAMINE: nothing there is ever changed, not
 * even what was read. One thread at a time. */
#pragma once
#include <stdatomic.h>

#include "base/text.h"

struct imap;
struct imap_options {
    const char *url; /* imaps://host[:port]/ or imap://...: STARTTLS, plain to this machine only */
    struct text user, password;
    struct text folder; /* as the server names it; empty: INBOX */
    unsigned timeout_ms, patience_s;
    const atomic_bool *cancel; /* NULL: never */
};
/* Logged in, with the folder open. ERR_UNREACHABLE: with what was said | ERR_DENIED: it does not accept us, or only
 * without TLS | ERR_USAGE: the url | ERR_CANCELLED | ERR_NOMEM */
MUST_CHECK enum err imap_open(const struct imap_options *options, struct imap **ret, struct fault *reterr);
uint32_t imap_uidvalidity(const struct imap *m); /* of the folder; UIDs of another one say nothing */
/* The smallest UID above `after`. ERR_NOT_FOUND: there is none | as above */
MUST_CHECK enum err imap_next(struct imap *m, uint32_t after, uint32_t *ret_uid, struct fault *reterr);
/* The whole message, appended to file `to`. ERR_NOT_FOUND: it was removed meanwhile | ERR_LIMIT: longer than
 * max_bytes, nothing of it is read | ERR_IO | ERR_FULL | as above */
MUST_CHECK enum err imap_fetch(struct imap *m, uint32_t uid, int to, uint64_t max_bytes, struct fault *reterr);
void imap_close(struct imap *m); /* accepts NULL */
