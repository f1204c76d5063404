/* desk/intake_events.h - inside the intake: a document's reported events. */
#pragma once
#include "desk/intake_inside.h"

/* The register, once a document and only when something is looked up in it: in->owners. */
MUST_CHECK enum err intake_owners(struct intake *in, struct fault *reterr);
/* Takes list[from..from+count), all of them events; writes when there is enough for a group. */
MUST_CHECK enum err intake_events(struct intake *in, const struct intake_items *items, size_t from, size_t count,
                                  struct fault *reterr);
/* Writes what is left. */
MUST_CHECK enum err intake_events_end(struct intake *in, struct fault *reterr);
