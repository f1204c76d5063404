/* command/source_words.h - inside this room: how a source that was just recorded is shown. */
#pragma once
#include "command/session.h"

/* Its JSON line, as `source list --json` has it. Returns an exit code. */
int source_show_new(struct session *s, const struct fact_source *f, struct text party);
