/* release/explain.h - a decision in words and as `explain --json` prints it. */
#pragma once
#include "release/gate.h"

const char *form_name(enum form f); /* "whole", "rendition" */

/* {"id","recipient","door","decision","form","marking","removed":[selectors],"asks":["originator","releaser"],
 * "until":TIME or null,"rules":[...]}; errors stick in out. removed is as decision_close() left it; asks: whose act
 * would let it go; until: from when on it may be decided otherwise without anybody's act. */
void explain_json(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                  struct buffer *out);
/* A few lines for people. */
void explain_words(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                   struct buffer *out);
