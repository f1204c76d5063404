/* release/gate_counters.h - decisions of the gate by door, for who watches: how many, and which rules spoke where it
 * was withheld. Nothing of an object. May include base/. */
#pragma once
#include <stdatomic.h>

#include "release/gate.h"

#define GATE_RULES_COUNTED 16
struct gate_counters {
    _Atomic uint64_t decisions[DOOR_COUNT][2];                /* [cleared] */
    _Atomic uint64_t denials[DOOR_COUNT][GATE_RULES_COUNTED]; /* by the number of the rule */
};
/* On any thread. Accepts NULL: not counted. */
void gate_count(struct gate_counters *g, enum door door, const struct decision *d);
