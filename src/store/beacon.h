/* store/beacon.h - a page that the processes of one home share: it moves with every group of writes that is visible.
 * Who waits for news loads one number instead of asking the view, and sleeps until it changes.
 *
 * It says only that something happened; what, the view says. A page that is missing, or whose owner is gone, stands
 * still: who uses it looks at the view from time to time all the same. HOME/index/now, docs/FORMAT-index.md */
#pragma once
#include "base/error.h"

struct beacon;

/* The owner's: makes the page anew. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err beacon_light(const char *home, struct beacon **ret, struct fault *reterr);
/* Any thread of the owner. */
void beacon_move(struct beacon *b);
/* Somebody's who waits. NULL: there is none, look at the view. */
struct beacon *beacon_find(const char *home);
uint32_t beacon_at(const struct beacon *b); /* one atomic load; 0 when b is NULL */
/* Returns when it is elsewhere than `at`, after that time, or at a signal. b may be NULL: after that time. */
void beacon_wait(const struct beacon *b, uint32_t at, int ms);
void beacon_close(struct beacon *b); /* accepts NULL */
