/* A second evaluator, written from sections 9.5 to 9.7 without a look at the first: every assignment of observations
 * is tried, and the moments are a system of differences. For small patterns and few observations. */
#pragma once
#include "match/observe.h"
#include "model/pattern.h"

enum naive { NAIVE_NO, NAIVE_YES, NAIVE_TOO_LARGE };
enum naive naive_evaluate(const struct pattern_node *p, const struct observed *o);
