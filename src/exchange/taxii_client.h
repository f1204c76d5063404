/* exchange/taxii_client.h - takes from and posts to any TAXII 2.1 server, with a cursor that survives restarts. */
#pragma once
#include "desk/intake.h"
#include "net/http.h"
#include "release/cleared.h"

struct taxii_remote {
    struct text api_root;   /* https://host/taxii2/api/ */
    struct text collection; /* id or alias */
    struct http_auth auth;
};
struct taxii_pulled {
    uint64_t pages, objects;
    struct intake_totals totals;
};
/* Pulls all pages after the cursor kept in local.db under `cursor_key`, each page taken in durably before the cursor
 * moves. Repeated pages, endless `more` without progress, wrong types, huge pages: ERR_UNREACHABLE with the reason;
 * what was taken in stays. */
MUST_CHECK enum err taxii_pull(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                               struct text cursor_key, const struct intake_options *intake, struct taxii_pulled *ret,
                               struct fault *reterr);
/* Posts what is cleared for the remote's party and was not released to it before; waits for the status resource. */
struct taxii_pushed {
    uint64_t objects, failed;
};
MUST_CHECK enum err taxii_push(struct node *node, struct http_client *http, const struct taxii_remote *remote,
                               const struct uuid *party, struct taxii_pushed *ret, struct fault *reterr);
/* Discovery: API roots of a server, first default. Texts in the arena. */
MUST_CHECK enum err taxii_discover(struct http_client *http, struct text url, const struct http_auth *auth,
                                   struct arena *arena, struct text *ret_api_root, struct fault *reterr);
