/* exchange/explain.h - what the gate would say about an object for a recipient, by the very steps a page takes. */
#pragma once
#include "exchange/page.h"

struct explained {
    struct decision decision; /* borrows from the clearance */
    struct gate_class cls;    /* as it was decided: with its source's default of now */
    struct cleared *object;   /* as it would leave; NULL: it would not */
    struct clearance *clearance;
};
/* The current version of `id` by that door. v is put into a snapshot meanwhile. OK: *ret is given back by
 * explained_done(). ERR_NOT_FOUND (no such object) | ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err explain_object(struct node *node, struct view *v, struct text id, const struct recipient *r,
                                   enum door door, int64_t now_us, struct arena *arena, struct explained *ret,
                                   struct fault *reterr);
void explained_done(struct explained *e);
