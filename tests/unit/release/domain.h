/* unit/release/domain.h - every class, recipient and door there is, as far as a decision can tell them apart,
 * numbered. One number is one question. */
#pragma once
#include "support/test.h"

#include "release/gate.h"

#define DOORS (DOOR_STATISTICS + 1) /* those with rules */

struct question {
    struct gate_class c;
    struct recipient r;
    enum door door;
};

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

/* What docs/RELEASE.md says, written a second time and in another way. *ret_label: the label that counts. */
bool oracle(const struct question *q, enum tlp *ret_label);
/* For messages. */
void question_print(const struct question *q);
