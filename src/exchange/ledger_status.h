/* exchange/ledger_status.h - how far the log is published and witnessed, for `status`. */
#pragma once
#include "store/node.h"

struct ledger_status {
    uint64_t published; /* entries under the newest checkpoint; 0: none */
    uint64_t cosigned;  /* under the newest one that partners have cosigned; 0: none */
    unsigned by;        /* partners whose cosignature of that one verifies */
    unsigned partners;  /* who are asked: with an address and a known key */
    int64_t last_s;     /* POSIX time of the newest of these cosignatures */
};
/* For owners and readers. ERR_IO | ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err ledger_status(struct node *node, struct view *v, struct ledger_status *ret, struct fault *reterr);
