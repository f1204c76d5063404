/* exchange/witness_loop.h - our log, shown to partners: each that has an address is asked to cosign what was
 * published (c2sp.org/tlog-witness), at most every so often. */
#pragma once
#include "exchange/ledger_remote.h"
#include "ledger/checkpoint.h"

#define WITNESS_MS_DEFAULT 10000
#define WITNESS_MS_MIN     50
#define WITNESS_MS_MAX     (24u * 3600 * 1000)

/* How long a home that has just been opened may wait for its partners to say what they hold of its log. */
#define WITNESS_HOLD_US ((int64_t)10 * 1000000)

struct witness_how {
    bool look_first;             /* at what it holds of our log, before anything is asked: once after opening */
    bool (*stopped)(void *self); /* NULL: never; asked between requests */
    void *self;
};
struct witness_asked {
    bool answered; /* look_first: it said what it holds, or that it will not; set on errors, too */
    bool new_cosignature;
    bool behind;   /* it showed a checkpoint that we signed and do not extend: witness_behind() was called */
    uint64_t size; /* of our checkpoint that it has cosigned; 0: none is published yet */
};
/* One partner, now. Introduces us where it does not know our key. While the node is held (node_hold()) it is looked
 * at only. ERR_UNREACHABLE: it did not answer as it should, or
 * not with a cosignature that verifies. ERR_DENIED: it has another key pinned for us. ERR_IO | ERR_FULL | ERR_NOMEM
 */
MUST_CHECK enum err witness_ask(struct node *node, struct ledger_remote *r, const struct witness_how *how,
                                struct witness_asked *ret, struct fault *reterr);
/* A partner holds `shown`, signed by our own key, and our log is not what it was: this home was put back to an
 * earlier state. Opens a new origin that says where the old one stops (store/origin.h), so that nothing is signed
 * twice. */
void witness_behind(struct node *node, const struct uuid *party, const struct checkpoint *shown);

struct witness_loop;
/* every_ms: 0 for the default. Ends the node's hold (node_hold()) when each partner was looked at once and one has
 * answered, or there is none; until then it tries again. ERR_NOMEM */
MUST_CHECK enum err witness_loop_start(struct node *node, uint32_t every_ms, struct witness_loop **ret,
                                       struct fault *reterr);
/* Whether its thread goes on. */
const struct pulse *witness_loop_pulse(const struct witness_loop *l);
void witness_loop_stop(struct witness_loop *l); /* accepts NULL */
