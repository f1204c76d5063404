/* exchange/clearance.h - the gate's decisions about every class for one recipient, at one state of the log, and about
 * the objects that a grant singles out. Immutable and reference counted, so that a page of any size costs no decision
 * at all while nothing changed.
 *
 * Valid while the log stands where it stood (every policy change is an entry) and now is before holds_until. */
#pragma once
#include <stdatomic.h>

#include "exchange/asker.h"
#include "exchange/sharing.h"
#include "release/gate_counters.h"

/* A version of an object that its class would withhold, or let go as its tear line alone, and a grant lets go. */
struct single {
    int64_t date_us; /* when it became visible to the recipient */
    uint64_t n;
    struct text id;
    bool older; /* not the current one */
};
struct clearance {
    atomic_uint refs;
    struct recipient recipient;     /* name empty */
    struct membership *memberships; /* its own copy of them */
    struct sharing sharing;
    struct single *singles; /* by (date, n) */
    struct single *by_n;    /* the same, by n */
    size_t single_count, single_cap;
    enum door door;
    uint64_t position; /* of the log */
    int64_t holds_until_us;
    struct class_row *classes; /* by class_id, with their sources' defaults of now */
    bool *cleared;             /* beside classes */
    size_t class_count;
    uint32_t *ids; /* of the cleared ones, sorted */
    size_t id_count;
};
/* Decides all classes now. counters: where what was decided is counted; NULL: it is looked at, and nothing goes. OK:
 * *ret holds one reference. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err clearance_make(struct view *v, const struct recipient *r, enum door door, int64_t now_us,
                                   struct gate_counters *counters, struct clearance **ret, struct fault *reterr);
void clearance_unref(struct clearance *c); /* accepts NULL */
/* The class of that number and whether it is cleared; NULL when it was born later. */
const struct gate_class *clearance_class(const struct clearance *c, uint32_t class_id, bool *ret_cleared);

/* Asks about one version of an object (version_name()): its class and the grants that single it out. *ret_asked is
 * what was asked. false: its class was born later; then nothing is touched. */
bool clearance_decide(const struct clearance *c, int64_t now_us, uint32_t class_id, struct text id,
                      struct text version, struct sharing_question *ret_asked, struct decision *ret);
/* Does a grant speak of it? */
bool clearance_singled(const struct clearance *c, struct text id);
/* The first single after (date_us, n); single_count when there is none. */
size_t clearance_single_after(const struct clearance *c, int64_t date_us, uint64_t n);
/* The date of the single with that entry; false when it is none. */
bool clearance_single_date(const struct clearance *c, uint64_t n, int64_t *ret_date_us);
/* Inside: finds c->singles; lowers holds_until_us by what the gate said about them. */
MUST_CHECK enum err singles_find(struct view *v, struct clearance *c, int64_t now_us, struct fault *reterr);

/* The newest clearance of up to CLEARANCES_MAX recipients. Thread-safe. */
struct clearances;
MUST_CHECK enum err clearances_new(struct gate_counters *counters, struct clearances **ret);
void clearances_free(struct clearances *cs);
/* Has time gone past what its newest clearance held for, or is none known? Then what begins with time may have begun,
 * and taxii_openings_pass() comes before the next page. */
bool clearances_outlived(struct clearances *cs, const struct recipient *r, int64_t now_us);
/* A valid one for r by the TAXII door, made now when there is none. v: in the state the answer will be made from. */
MUST_CHECK enum err clearances_get(struct clearances *cs, struct view *v, const struct recipient *r, int64_t now_us,
                                   struct clearance **ret, struct fault *reterr);
