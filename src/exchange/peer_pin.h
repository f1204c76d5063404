/* exchange/peer_pin.h - the key of a partner's log, pinned: by the invitation that people handed over, or by the
 * first introduction that came with the token of ours. Another key is taken only with statements that lead from the
 * pinned key to it (docs/FORMAT-origin.md), or when a person confirms it. An introduction
 * (ledger/introduction.h) comes over HTTP, POST /log/introduce, from who accepted an invitation. */
#pragma once
#include "ledger/introduction.h"
#include "store/node.h"

/* local.db: party -> its last checkpoint that held; party -> the names its log had before, a line each */
#define PEER_HEAD_SPACE      "peer-head"
#define PEER_NAMES_SPACE     "peer-names"
#define PEER_NAMES_MAX_BYTES (16 * KIB)

struct pin {
    char origin[ORIGIN_MAX];
    uint8_t key[NOTE_KEY_BYTES];
};
bool pin_same(const struct pin *a, const struct pin *b);

/* ERR_EXISTS: this log is ours, or another party's. ERR_DENIED: it is of another space. Inside a write. */
MUST_CHECK enum err peer_pin_free(struct txn *t, const struct uuid *party, struct text origin, struct fault *reterr);
/* Our statements of succession, the newest STATEMENTS_MAX, an empty line between them; behind what out has. */
MUST_CHECK enum err statements_write(struct view *v, struct buffer *out, struct fault *reterr);
/* Our introduction to the log `to`, with our statements, for LOG_INTRODUCTION. */
MUST_CHECK enum err introduction_write(struct node *node, struct text to, struct buffer *out, struct fault *reterr);
/* What a partner's account brought. OK: its key is pinned, now or before. ERR_MALFORMED: no introduction, or not to
 * us. ERR_DENIED: another key than the pinned one, and no statement leads there, or the first one,
 * under a name of ours ("entente/...") that is not made from its key; it is remembered as offered and
 * logged once; or a key that is offered waits for a person, and until then none is taken by a statement.
 * ERR_EXISTS: somebody else's log. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err introduction_take(struct node *node, const struct uuid *party, const struct uuid *account,
                                      struct text body, struct fault *reterr);
/* Follows a partner's statements (the page /log/origins) from the pinned key as far as they lead, and pins where they
 * end; *ret is what is pinned then. ERR_NOT_FOUND: nothing is pinned. ERR_DENIED: a key that is offered waits for a
 * person. ERR_MALFORMED | ERR_IO | ERR_FULL | ERR_NOMEM
 */
MUST_CHECK enum err peer_pin_follow(struct node *node, const struct uuid *party, const struct uuid *account,
                                    struct text statements, struct pin *ret, struct fault *reterr);
/* What a partner offers in place of its pinned key. ERR_NOT_FOUND: nothing. Owner only. */
MUST_CHECK enum err peer_offered(struct node *node, const struct uuid *party, struct pin *ret);
/* A person confirms what is offered: pins it. key: what the person was told, by another way. ERR_NOT_FOUND: nothing
 * is offered. ERR_DENIED: it is another key that is offered. */
MUST_CHECK enum err peer_pin_confirm(struct node *node, const struct uuid *party, const uint8_t key[NOTE_KEY_BYTES],
                                     const struct uuid *account, struct fault *reterr);
/* The same for a partner that does not come to us, and so offers nothing: a person was told origin and key. Also
 * how a person accepts that a log was put back and has lost what it had signed (ledger_check.h).
 * ERR_USAGE: no key of a log. ERR_EXISTS: somebody else's log. */
MUST_CHECK enum err peer_pin_set(struct node *node, const struct uuid *party, const struct note_key *key,
                                 const struct uuid *account, struct fault *reterr);
