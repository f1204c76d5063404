/* desk/index_keeper.h - keeps HOME/index/base close behind the log: a thread of its own, of low priority. */
#pragma once
#include "store/node.h"

struct index_keeper;

/* When it makes it: what came since is more than matchers should load each for itself, or the rules have changed. A
 * node that looks for fewer values than this is loaded as quickly. */
#define INDEX_KEEP_LEAST 16384

/* A failure is told once in the program's log, and
 * tried again. ERR_NOMEM */
MUST_CHECK enum err index_keeper_start(struct node *node, struct index_keeper **ret, struct fault *reterr);
const struct pulse *index_keeper_pulse(const struct index_keeper *k);
void index_keeper_stop(struct index_keeper *k); /* waits for one that is being made; accepts NULL */
