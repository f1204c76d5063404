/* exchange/peer_inside.h - what peer.c, peer_invite.c, peer_sync.c and peer_loop.c share. */
#pragma once
#include "exchange/peer.h"
#include "exchange/taxii_server.h"

#define PEER_POLL_MS_DEFAULT 30000
#define PEER_POLL_MS_MIN     50
#define PEER_POLL_MS_HUB     5000 /* what it says comes at once (peer_ear.h); what we say, too */
#define PEER_POLL_MS_MAX     (24u * 3600 * 1000)
#define PEER_TOKEN_SPACE     "peer-token"

/* A peer's newest fact with its texts in the arena. ERR_NOT_FOUND: no peer */
MUST_CHECK enum err peer_read(struct view *v, const struct uuid *party, struct arena *arena, struct fact_peer *ret,
                              struct fault *reterr);
/* May the party be called by that identity (zero: by none)? ERR_EXISTS: it is ours, or another peer has it */
MUST_CHECK enum err peer_identity_free(struct node *node, struct view *v, const struct uuid *party,
                                       const struct uuid *identity, struct fault *reterr);
/* The machine account of a party, disabled or not; its name in the arena. ERR_NOT_FOUND */
MUST_CHECK enum err peer_account(struct view *v, const struct uuid *party, struct arena *arena,
                                 struct fact_account *ret, struct fault *reterr);
/* What we are known by to this partner; texts in the arena. ERR_NOT_FOUND: its token is gone, said so. */
MUST_CHECK enum err peer_secret(struct node *node, const struct uuid *party, struct arena *arena,
                                struct http_auth *ret, struct fault *reterr);
/* One pull and, where it applies, one push with that client; one_turn: as taxii_remote.turn_s has it. cancel may be
 * NULL. */
MUST_CHECK enum err peer_sync_with(struct node *node, struct http_client *http, const struct uuid *party,
                                   const atomic_bool *cancel, bool one_turn, struct taxii_pulled *ret,
                                   struct fault *reterr);
/* Under which the cursor of what is pulled from it is kept; in the arena. ptr NULL: no memory */
struct text peer_cursor_key(struct arena *arena, const struct fact_peer *peer);
/* A client fit for the peer's URL. cancel may be NULL; else it outlives the client. */
MUST_CHECK enum err peer_client(struct text url, const atomic_bool *cancel, struct http_client **ret,
                                struct fault *reterr);
