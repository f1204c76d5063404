/* desk/incident.h - incidents: STIX incident objects of ours, opened by a person or by a source's rule. */
#pragma once
#include "store/node.h"

struct incident_open {
    struct text name, description; /* description may be empty */
    const struct uuid *findings;   /* that it is opened for */
    size_t finding_count;
    struct uuid account;
    struct text rule; /* the rule that opened it, in words; empty: a person */
};
/* Inside a write function. *ret_id (arena). */
MUST_CHECK enum err incident_open_in(struct txn *t, const struct incident_open *o, struct arena *arena,
                                     struct text *ret_id, struct fault *reterr);
MUST_CHECK enum err incident_open(struct node *node, const struct incident_open *o, struct arena *arena,
                                  struct text *ret_id, struct fault *reterr);
MUST_CHECK enum err incident_close(struct node *node, struct text id, struct text reason, const struct uuid *account,
                                   struct fault *reterr);
