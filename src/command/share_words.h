/* command/share_words.h - grants in words, for `share list` and `get`. */
#pragma once
#include "command/session.h"

/* "runs", "over", "taken back", "waits for the second account". */
const char *grant_state(const struct fact_grant *g, int64_t now_us);
/* names: a view other than the one g's texts are borrowed from. */
void grant_json(struct session *s, struct view *names, struct arena *a, const struct fact_grant *g, int64_t now_us);
void grant_line(struct session *s, struct view *names, struct arena *a, const struct fact_grant *g, int64_t now_us);
/* Whatever was granted for an object, a line each (JSON lines with --json). */
MUST_CHECK enum err grants_of_object(struct session *s, struct view *v, struct view *names, struct text id,
                                     size_t *ret_shown);
