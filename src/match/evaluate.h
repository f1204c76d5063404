/* match/evaluate.h - whole patterns over observed data (STIX 2.1 sections 9.4 to 9.7). Pure.
 * What the text leaves open is decided in docs/PATTERNS.md: an Observed Data object stands for number_observed
 * distinct observations, and a pattern matches when a moment can be chosen for each bound observation, between its
 * first_observed and last_observed, so that everything that the pattern says of time holds at once.
 * May include base/, json/, model/. */
#pragma once
#include "match/observe.h"
#include "model/pattern.h"

enum pattern_answer {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_TOO_EXPENSIVE /* a limit was reached before the answer was known: neither yes nor no */
};

struct pattern_match {
    enum pattern_answer answer;
    const char *limit;                /* PATTERN_TOO_EXPENSIVE: the limit's name */
    const struct observation **bound; /* PATTERN_YES: one set of observations that makes the pattern true, */
    size_t bound_count;               /* distinct, in the order of the document; in the arena */
    nanos first, last;                /* their earliest first_observed and latest last_observed */
};

/* Evaluates p over all of o. Costs at most PATTERN_STEPS_MAX steps. ERR_MALFORMED: a regular expression that PCRE2
 * does not take (offset of its comparison; such a pattern matches nothing, section 9.4) | ERR_NOMEM */
MUST_CHECK enum err pattern_evaluate(const struct pattern_node *p, const struct observed *o, struct arena *arena,
                                     struct pattern_match *ret, struct fault *reterr);
