/* command/act.h - small writes of commands: one fact, appended durably. */
#pragma once
#include "command/session.h"

/* Appends the fact in a write of its own; complains. Returns an exit code. */
int append_fact(struct session *s, struct fact *f);
