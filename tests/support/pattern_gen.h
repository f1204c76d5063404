/* support/pattern_gen.h - patterns and observed data by chance, from few words, so that they meet. */
#pragma once
#include "base/buffer.h"

struct chance {
    uint64_t state; /* not 0 */
};
unsigned chance(struct chance *c, unsigned below);

/* What a pattern may hold. */
enum pattern_gen {
    GEN_PLAIN = 0,
    GEN_TIME = 1,   /* WITHIN, START/STOP, REPEATS, FOLLOWEDBY */
    GEN_ODD = 2,    /* names to be quoted, strings with escapes, numbers of all sizes, comments and white space */
    GEN_LETTERS = 4 /* operators on text: LIKE, MATCHES; references and lists */
};
/* One pattern with at most `leaves` observation expressions; valid. */
void gen_pattern(struct chance *c, unsigned kinds, unsigned leaves, struct buffer *out);
/* A bundle with `count` Observed Data objects within 20 seconds of 2020-01-01T00:00:00Z. */
void gen_observed(struct chance *c, unsigned count, struct buffer *out);
