/* command/serve.h - what a serving node has beside its home: where it listens, and how its lines to peers are. */
#pragma once
#include "exchange/peer.h"

struct server;

/* The TAXII address of a serving node, written into out; NULL when s is NULL. */
const char *server_url(const struct server *s, char *out, size_t size);
/* The last round with a peer; false when s is NULL or there was none. */
bool server_peer_result(struct server *s, const struct uuid *party, struct peer_result *ret);
