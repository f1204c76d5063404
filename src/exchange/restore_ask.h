/* exchange/restore_ask.h - has a partner seen more of our log than a restored home holds? (store/restore.h) */
#pragma once
#include "store/restore.h"

/* Every partner that was not expelled is asked for the newest checkpoint of ours that it cosigned: *ret_none only
 * when all answered, and what they hold is in our tree. A partner's lie can cost a new origin, or its own knowledge
 * of a fork. self is not used. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err restore_ask_peers(void *self, struct node *node, bool *ret_none, struct fault *reterr);
