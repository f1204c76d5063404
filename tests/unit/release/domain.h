/* unit/release/domain.h - every class, recipient and door there is, as far as a decision can tell them apart,
 * numbered. One number is one question. */
#pragma once
#include "support/test.h"

#include "release/gate.h"

#define DOORS           (DOOR_STATISTICS + 1) /* on the axis below; the others are drawn */
#define GRANTS_MAX      3
#define MEMBERSHIPS_MAX 2
#define NOW             INT64_C(1767225600000000)

struct question {
    struct gate_class c;
    struct recipient r;
    enum door door;
    int64_t now;
    bool has_agreement;
    struct agreement agreement;
    struct uuid red_accounts[2];
    struct grant grants[GRANTS_MAX];
    size_t grant_count;
    struct membership memberships[MEMBERSHIPS_MAX]; /* r's */
};
/* As the gate is asked. Borrows from q, and makes q's own pointers its own (a question that was copied). */
struct gate_question question_of(struct question *q);

/* A question drawn from everything that a decision may look at; the same number, the same question. Names, parties,
 * groups and times come from small pools, so that they often meet. */
void question_draw(uint64_t number, struct question *ret);
/* A drawn number below n, and the next state. */
uint64_t draw(uint64_t *state, uint64_t n);

/* The axes, each with its count of values; a question's number is written in this mixed base. */
enum axis {
    AXIS_DOOR,
    AXIS_RECIPIENT,
    AXIS_LABEL,
    AXIS_OURS,
    AXIS_PARTY,
    AXIS_UNKNOWN,
    AXIS_GRANULAR,
    AXIS_QUARANTINED,
    AXIS_SIGHTING,
    AXIS_SIGHTINGS_ENABLED,
    AXIS_KIND,
    AXIS_INTERNAL,
    AXIS_EXPELLED,
    AXIS_SPACES,
    AXIS_COUNT
};

/* How many questions there are. Quick: all combinations of the axes before AXIS_KIND; then each value of the last
 * four (which mostly bar everything or nothing, whatever the rest) with all combinations of the axes before
 * AXIS_SIGHTING. ENTENTE_EXHAUSTIVE=1 in the environment: all combinations of all. */
uint64_t domain_size(void);
void domain_at(uint64_t number, struct question *ret);
/* The parties of the domain: the recipient's own, and another one. */
extern const struct uuid PARTY_HERE, PARTY_ELSEWHERE;

/* What release.md says, written a second time and in another way. */
struct told {
    bool cleared, tear, consent;
    enum tlp label; /* it leaves with; withheld: that counts */
};
bool oracle(const struct question *q, struct told *ret);
/* For messages. */
void question_print(const struct question *q);
