/* exchange/ledger_check.h - is a partner's log what it was? For `verify --peer`. */
#pragma once
#include "model/ident.h"
#include "store/node.h"

struct ledger_checked {
    char origin[ORIGIN_MAX];
    uint64_t size, seen; /* entries now; at the check before, 0: none */
    bool moved;          /* its key or name changed since, and statements lead there: pinned now */
    unsigned cosigners;  /* parties we know (ourselves too) whose cosignature verifies */
};
/* Fetches the partner's checkpoint; checks it against the pinned key (following its statements of succession), the
 * last checkpoint seen here and the last one that we cosigned (consistency proofs, out of its tiles), and the
 * cosignatures of parties we know. What holds is remembered for the next time. Owner only.
 * ERR_DENIED: a check does not hold; fault.rule names the first: "signature", "fork", "rollback", "consistency",
 * "lost" (it goes on under another name without what it had signed), "cosignature". ERR_UNREACHABLE: it did not
 * answer, or not in the form. ERR_NOT_FOUND: no such peer, no key pinned. ERR_USAGE: it has no address or no log.
 * ERR_IO | ERR_NOMEM */
MUST_CHECK enum err ledger_check_peer(struct node *node, const struct uuid *party, const struct uuid *account,
                                      struct ledger_checked *ret, struct fault *reterr);
