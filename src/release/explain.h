/* release/explain.h - a decision in words and as `explain --json` prints it. */
#pragma once
#include "release/gate.h"

/* {"id","recipient","door","decision","form","marking","rules":[...]}; errors stick in out. */
void explain_json(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                  struct buffer *out);
/* A few lines for people. */
void explain_words(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                   struct buffer *out);
