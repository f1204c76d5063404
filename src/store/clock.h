/* store/clock.h - jumps of the wall clock, as entries: act "clock-jump", its subject the microseconds, signed. The
 * log's own times never go back (store/log.h); the entry says why they stand still, or why a gap is none. */
#pragma once
#include "store/node.h"

/* Owner only. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err node_note_jump(struct node *node, int64_t by_us, struct fault *reterr);
/* Is the clock behind the log's last entry by more than CLOCK_JUMP_US? Then that is noted, once for every time that
 * it fell behind: until it has caught up, nothing more is written. */
MUST_CHECK enum err node_check_clock(struct node *node, int64_t now_us, struct fault *reterr);
