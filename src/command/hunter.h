/* command/hunter.h - the child of `serve` that hunts new indicators in the archive. */
#pragma once
#include "process/config.h"
#include "process/spawn.h"

struct hunter_child {
    struct child child;
    int64_t started_us; /* monotonic; 0: never */
};

/* Starts it where there is an archive, and again (not at once) when it ended. Call now and then. */
void hunter_tend(struct hunter_child *h, const char *home, const struct config *c);
/* Before the owner goes. */
void hunter_stop(struct hunter_child *h);
