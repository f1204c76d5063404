/* command/reload.h - entente.yaml, read again by a serving node (SIGHUP). */
#pragma once
#include "process/config.h"
#include "store/node.h"
#include "web/server.h"

/* Loads HOME/entente.yaml, and certificate and key anew; where it is wholly valid, what can change while serving is
 * taken, what cannot is told in the log, and *config is the new one. Else all stays as it was. ERR_MALFORMED |
 * ERR_USAGE | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err reload_config(const char *home, struct node *node, struct web *web, struct config **config,
                                  struct fault *reterr);
/* A certificate or key file as text, to be freed. ERR_IO | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err reload_pem(const char *path, char **ret, struct fault *reterr);
/* The limits of a node that a configuration sets. */
void reload_limits(struct node *node, const struct config *c);
/* The keys that are taken at once, and those that wait for the next start: NULL ends each. */
extern const char *const RELOAD_AT_ONCE[];
extern const char *const RELOAD_AT_START[];
