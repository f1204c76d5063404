/* exchange/explain.h - what the gate would say about an object for a partner, by the very steps a page takes. */
#pragma once
#include "exchange/asker.h"

/* The current version of `id` for that party by TAXII. *ret_recipient's name is in the arena. v is put into a
 * snapshot meanwhile. ERR_NOT_FOUND (no such object) | ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err explain_for_party(struct node *node, struct view *v, struct text id, const struct uuid *party,
                                      int64_t now_us, struct arena *arena, struct recipient *ret_recipient,
                                      struct decision *ret, struct fault *reterr);
