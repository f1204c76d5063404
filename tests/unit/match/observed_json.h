/* A pattern over observed data, both as text. */
#pragma once
#include "match/evaluate.h"

struct evaluated {
    enum err err;
    enum pattern_answer answer;
    const char *limit;
    size_t bound;
    char ids[1024]; /* of what was bound, each with a blank behind */
    struct fault fault;
};
/* ERR_MALFORMED also where the pattern does not parse. Aborts when the observed data cannot be read. */
struct evaluated evaluate_text(struct text pattern, struct text observed);
