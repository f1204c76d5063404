/* exchange/peer_ear.h - inside this room: hears at once when a partner has news, where its server lets one wait
 * (docs/TAXII.md, Waiting for news). Only hears: what came is taken by the partner's next round, which is then due.
 *
 * Each partner has a thread of its own that asks its server to wait, so that one that never answers holds up nobody.
 */
#pragma once
#include "exchange/peer_inside.h"
#include "exchange/rounds.h"

/* Partners beyond are polled. */
#define PEER_EARS_MAX 64

struct peer_ears;
MUST_CHECK enum err peer_ears_new(struct node *node, struct peer_ears **ret); /* ERR_NOMEM */
/* Whose lines become due; before, what is heard is passed over. They must outlive peer_ears_halt(). */
void peer_ears_serve(struct peer_ears *ears, struct rounds *rounds);
/* A round with the partner ended well, with so many objects: from where it stands now, listen. Thread-safe. */
void peer_ears_tell(struct peer_ears *ears, const struct uuid *party, uint64_t objects);
/* Whoever listens stops, within a second or two; telling does nothing any more. Accepts NULL. */
void peer_ears_halt(struct peer_ears *ears);
void peer_ears_free(struct peer_ears *ears); /* halted; accepts NULL */
