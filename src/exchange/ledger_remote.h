/* exchange/ledger_remote.h - inside this room: questions to a partner's log, at the address and with the token of its
 * invitation. One thread at a time. */
#pragma once
#include "exchange/peer_pin.h"
#include "net/http.h"

struct ledger_remote {
    struct arena arena;
    struct fact_peer peer; /* its texts in the arena */
    struct text name;      /* of the party */
    struct text base;      /* ".../log/" */
    struct http_auth auth;
    struct http_client *http; /* of the caller */
};
/* Everything from the arena is given back by ledger_remote_done(), after any return value. ERR_NOT_FOUND: no such
 * peer, or its token is gone. ERR_DENIED: expelled. ERR_USAGE: it has no address, or one of a plain TAXII server. */
MUST_CHECK enum err ledger_remote_open(struct node *node, const struct uuid *party, struct ledger_remote *ret,
                                       struct fault *reterr);
void ledger_remote_done(struct ledger_remote *r);
bool ledger_remote_pinned(const struct ledger_remote *r, struct note_key *ret, enum note_type type);
/* A client for its address: patient for seconds, not minutes; answers up to a proof's size. */
MUST_CHECK enum err ledger_remote_client(struct text url, struct http_client **ret, struct fault *reterr);

/* GET base + path. OK for any HTTP status; *ret must be http_answer_done(). ERR_UNREACHABLE | ERR_LIMIT | ERR_NOMEM
 */
MUST_CHECK enum err ledger_remote_get(struct ledger_remote *r, const char *path, struct http_answer *ret,
                                      struct fault *reterr);
/* POST; takes request (freed, on failure too; NULL is ERR_NOMEM). */
MUST_CHECK enum err ledger_remote_post(struct ledger_remote *r, const char *path, struct outbound *request,
                                       struct http_answer *ret, struct fault *reterr);
/* Shows the partner our key (exchange/peer_pin.h). ERR_DENIED: it has another one pinned. ERR_UNREACHABLE */
MUST_CHECK enum err ledger_remote_introduce(struct node *node, struct ledger_remote *r, struct fault *reterr);
