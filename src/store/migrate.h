/* store/migrate.h - older homes brought to this program's version, one version after another.
 *
 * Invariants: 1 the owner's lock is held. 2 a step may be run again, whole or from anywhere it was cut off, and ends
 * in the same home. 3 HOME/format says N + 1 only when the step from N is done and durable: an interrupted migration
 * is taken up at the next owning open. 4 a step takes nothing away that the version before needs until the format
 * says that it was left.
 *
 *   N --step from N, again and again until it succeeds--> format says N + 1 --> ... --> HOME_VERSION */
#pragma once
#include "store/format.h"

struct migration_step {
    uint32_t from;    /* brings a home of this version to the next */
    const char *what; /* "bringing the home to version 2: " in a fault */
    enum err (*run)(const struct io *io, const char *home, struct fault *reterr);
};
struct migration {
    const struct migration_step *steps; /* ascending, without gaps */
    size_t count;
    uint32_t target;
};
/* This program's own. */
const struct migration *migration_ours(void);

/* *f is the home's format, and what it is in the end. *ret_steps (may be NULL): how many were run. ERR_VERSION: no
 * step begins at that version. Else the step's errors, with what it is about. */
MUST_CHECK enum err migrate_home(const struct io *io, const char *home, const struct migration *m,
                                 struct home_format *f, size_t *ret_steps, struct fault *reterr);
