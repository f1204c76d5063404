/* exchange/taxii_client.h - takes from and posts to any TAXII 2.1 server, with a cursor that survives restarts. */
#pragma once
#include "desk/intake.h"
#include "net/http.h"
#include "release/cleared.h"

struct taxii_remote {
    struct text api_root;   /* https://host/taxii2/api/ */
    struct text collection; /* id or alias */
    struct http_auth auth;
    unsigned turn_s; /* a pull ends between two pages after so long, and the next goes on; 0: when all is here */
};
struct taxii_pulled {
    uint64_t pages, objects;
    struct intake_totals totals;
    bool unfinished;            /* its turn was over */
    char words[FAULT_WHAT_MAX]; /* what was wrong though all went well; else empty */
};
/* Pulls all pages after the cursor kept in local.db under `cursor_key`, each page taken in durably before the cursor
 * moves. Pages that go round in circles, `more` without a way on, wrong types, huge pages: ERR_UNREACHABLE with the
 * reason; what was taken in stays. */
MUST_CHECK enum err taxii_pull(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                               struct text cursor_key, const struct intake_options *intake, struct taxii_pulled *ret,
                               struct fault *reterr);
/* Posts what is cleared for the remote's party and was not released to it before, and follows the status resource: a
 * little now, and where it stays pending at the next calls, PUSH_PENDING_MAX_S long; then what was posted counts as
 * received, since the server said 202. A batch too large for it (413) is halved; an object that it does not take
 * alone (413; 400, 422 and 500, when it takes one after it) is passed over and counted as failed. */
#define PUSH_PENDING_MAX_S 3600
struct taxii_pushed {
    uint64_t objects, failed;
    char words[FAULT_WHAT_MAX]; /* what was wrong though all went well; else empty */
};
MUST_CHECK enum err taxii_push(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                               const struct uuid *party, const atomic_bool *cancel, struct taxii_pushed *ret,
                               struct fault *reterr);
/* Discovery: API roots of a server, first default. Texts in the arena. */
MUST_CHECK enum err taxii_discover(struct http_client *http, struct text url, const struct http_auth *auth,
                                   struct arena *arena, struct text *ret_api_root, struct fault *reterr);
