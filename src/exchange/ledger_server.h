/* exchange/ledger_server.h - the log, read-only, for partners and our own people (docs/LEDGER.md), and our side as a
 * witness of partners' logs. Everybody needs an account: 401 without. Entry bundles are never served: what an entry
 * is about concerns those it concerns.
 *
 *   GET  /log/checkpoint                        the published checkpoint with its cosignatures
 *   GET  /log/tile/<L>/<N>[.p/<W>]              hashes of what that checkpoint covers (tlog-tiles)
 *   GET  /log/proof/<object id>[?version=]      tlog-proof of an object that the asker may have whole
 *   POST /log/proofs                            proofs of many objects at once, ours and, handed on, of their
 * originators GET  /log/origins                           our succession statements, oldest first POST /log/introduce
 * a partner shows the key of its log (exchange/peer_pin.h) POST /log/witness/add-checkpoint            tlog-witness
 *   GET  /log/witness/<origin hash>/checkpoint  the same, Monitor Retrieval */
#pragma once
#include "net/http.h"
#include "store/node.h"

/* One request for proofs: some pages' worth, and lines of an id of any length with a time. */
#define PROOFS_ASKED_MAX       256
#define PROOFS_ASKED_MAX_BYTES (PROOFS_ASKED_MAX * (IDENT_TEXT_MAX + 64))

struct ledger_server;
/* node must be an owner and outlive the server. ERR_NOMEM */
MUST_CHECK enum err ledger_server_new(struct node *node, struct ledger_server **ret, struct fault *reterr);
void ledger_server_free(struct ledger_server *s);
/* The answer to any request below /log/; NULL only when memory is out. Thread-safe. */
struct outbound *ledger_server_handle(struct ledger_server *s, const struct http_request *request);
