/* command/serve.h - what a serving node has beside its home: where it listens, and how its lines to peers are. */
#pragma once
#include "command/session.h"
#include "exchange/peer.h"
#include "exchange/source.h"

struct server;

/* The TAXII address of a serving node, written into out; NULL when s is NULL. */
const char *server_url(const struct server *s, char *out, size_t size);
/* One look at a source: beside the loop of a serving node, else here. As source_poll(). */
MUST_CHECK enum err server_source_poll(struct session *s, const struct uuid *source, struct source_result *ret,
                                       struct fault *reterr);
/* When a serving node looks at it next; 0: s is NULL, or not by itself. */
int64_t server_source_next(struct server *s, const struct uuid *source);
