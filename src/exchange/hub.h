/* exchange/hub.h - the hub whose sensor this node is (docs/HUB.md): found by its address, taken as a peer of kind
 * `hub`. From it comes its collection `indicators`; to it goes what the gate lets go to a hub. The line is a peer's
 * like any other (peer_loop.h). */
#pragma once
#include "exchange/peer.h"

/* What the hub says of itself and of us; texts in the arena. */
struct hub_words {
    struct text api_root, name, country; /* country: the hub's; empty: not told */
    struct text account;                 /* what it calls us; empty: not told */
    bool can_read, can_write;            /* its collection `indicators` */
};
/* url: discovery, API root, or the server alone. ERR_UNREACHABLE: no such server, or no TAXII there, in words.
 * ERR_DENIED: it does not take the token. */
MUST_CHECK enum err hub_ask(struct text url, const struct http_auth *auth, struct arena *arena, struct hub_words *ret,
                            struct fault *reterr);
