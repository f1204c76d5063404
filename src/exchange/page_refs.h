/* exchange/page_refs.h - inside this room: what the recipient may see of what an object points to. */
#pragma once
#include "exchange/page.h"

/* The `ref` of a gate_lookup; self is the struct page. A look-up that fails sets page.failed and withholds. */
enum ref_state page_ref_lookup(void *self, struct text id);
/* The object behind `row` as it may leave. OK: owned. ERR_DENIED: class or references withhold it.
 * ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_clear(struct page *p, uint32_t class_id, struct place body, struct cleared **ret,
                               struct fault *reterr);
/* The decision about the object behind `row` with its references looked at, as a page would take it, with its
 * reasons. ERR_NOT_FOUND (erased, or a class born later) | ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_explain(struct page *p, uint32_t class_id, struct place body, struct decision *ret,
                                 struct fault *reterr);
