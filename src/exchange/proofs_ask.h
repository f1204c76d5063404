/* exchange/proofs_ask.h - inside this room: proofs of what a partner sent, asked of the partner's node after a pull
 * (docs/LEDGER.md), checked against the logs whose keys are pinned here, and recorded (desk/proven.h). */
#pragma once
#include "exchange/ledger_remote.h"
#include "exchange/peer_inside.h"

/* Does the peer run a log that can be asked? A plain TAXII server does not. */
bool proofs_askable(const struct fact_peer *peer);
/* Asks for what came since the last time, and from time to time once more for what was not to be had then. OK also
 * when the peer's program knows no such request. A proof that does not hold is said in the program's log, and takes
 * back the party's word for that version. ERR_UNREACHABLE | ERR_CANCELLED | ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err proofs_ask(struct node *node, struct http_client *http, const struct uuid *party,
                               const atomic_bool *cancel, struct fault *reterr);
/* The same, asked by a way of the caller's: ledger_remote_post() or what stands for it. */
typedef enum err proofs_post(struct ledger_remote *r, const char *path, struct outbound *request,
                             struct http_answer *ret, struct fault *reterr);
MUST_CHECK enum err proofs_ask_by(struct node *node, struct http_client *http, proofs_post *post,
                                  const struct uuid *party, const atomic_bool *cancel, struct fault *reterr);
