/* exchange/peer.h - partners: invitation, settings, and the loop that keeps pulling. Secrets live in local.db;
 * settings are log entries. */
#pragma once
#include "exchange/taxii_client.h"

struct peer_settings { /* what `peer set` may change; has_* says which */
    bool has_ceiling, has_sightings, has_poll_ms, has_country, has_kind, has_knows, has_identity, has_organisation;
    enum tlp ceiling;
    bool sightings;
    uint32_t poll_ms;
    struct text country; /* two capital letters; empty: not known */
    enum recipient_kind kind;
    bool knows_by_itself;     /* has_knows: no longer said by a person, but seen by whether its log is pinned */
    uint32_t knows;           /* enum term bits */
    struct uuid identity;     /* by which markings name it */
    struct uuid organisation; /* of our register, whose sensor it is; zero: none any more */
};
/* Records the party and a machine account for it, makes a token, and writes the invitation as JSON:
 * {"entente_invite":1, "from":{"name","identity","country"},"api_root","collection","token","origin","key"} to out.
 * url: our own TAXII address as the partner reaches it. */
MUST_CHECK enum err peer_invite(struct node *node, struct text name, struct text url, const struct uuid *account,
                                struct buffer *out, struct fault *reterr);
/* Takes an invitation: party, source, peer with its URL, the token in local.db. *ret_party. ERR_MALFORMED */
MUST_CHECK enum err peer_accept(struct node *node, struct text invitation, struct text name_override,
                                const struct uuid *account, struct uuid *ret_party, struct fault *reterr);
/* The same of the hub whose sensor this node is: a peer of kind `hub`, with its collection `indicators`. Taken again
 * as it stands it changes nothing. */
MUST_CHECK enum err peer_accept_hub(struct node *node, struct text invitation, const struct uuid *account,
                                    struct uuid *ret_party, struct fault *reterr);
MUST_CHECK enum err peer_set(struct node *node, const struct uuid *party, const struct peer_settings *settings,
                             const struct uuid *account, struct fault *reterr);
MUST_CHECK enum err peer_expel(struct node *node, const struct uuid *party, struct text reason,
                               const struct uuid *account, struct fault *reterr);
/* One pull (and, for a plain TAXII server to which we post, one push) now. cancel may be NULL; looked at about once a
 * second while a server lets us wait. */
MUST_CHECK enum err peer_sync(struct node *node, const struct uuid *party, const atomic_bool *cancel,
                              struct taxii_pulled *ret, struct fault *reterr);

/* The loop of a serving node: a few threads, every peer at its poll_ms (default 30 s; a failing one backs off to 16
 * times that), spread by a little jitter; a slow peer holds up no other. Picks up changed settings by itself. */
struct peer_loop;
MUST_CHECK enum err peer_loop_start(struct node *node, struct peer_loop **ret, struct fault *reterr);
void peer_loop_stop(struct peer_loop *l);
/* Rounds with hubs are due now: there is something to tell. */
void peer_loop_tell_hubs(struct peer_loop *l);
const struct pulse *peer_loop_pulse(const struct peer_loop *l); /* whether it goes on */
/* Result of the last round with a peer, for `peer list` and `status`. false: none yet. */
struct peer_result {
    int64_t at_us;
    enum err err;
    char words[FAULT_WHAT_MAX]; /* why it failed, or what was wrong though it went well; else empty */
    uint64_t objects;
    uint32_t failures; /* in a row */
};
bool peer_loop_result(struct peer_loop *l, const struct uuid *party, struct peer_result *ret);
