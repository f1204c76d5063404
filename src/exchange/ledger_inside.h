/* exchange/ledger_inside.h - what the files of the log's server share. */
#pragma once
#include "exchange/asker.h"
#include "exchange/clearance.h"
#include "exchange/ledger_server.h"
#include "exchange/taxii_server.h"
#include "exchange/witness.h"
#include "release/outbound.h"

struct ledger_server {
    struct node *node;
    struct clearances *clearances;
    struct witness *witness;
};
struct ledger_call {
    struct ledger_server *server;
    const struct http_request *request;
    struct view *view; /* in a snapshot */
    struct asker asker;
    struct text rest; /* of the path, behind what the route names */
};
/* Each: OK with *ret the answer, whatever its status; else an error of ours. ERR_BUSY: settings changed meanwhile,
 * ask again in a new snapshot. */
MUST_CHECK enum err ledger_proof_answer(const struct ledger_call *c, struct outbound **ret, struct fault *reterr);
MUST_CHECK enum err ledger_proofs_answer(const struct ledger_call *c, struct outbound **ret, struct fault *reterr);
