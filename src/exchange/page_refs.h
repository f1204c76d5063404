/* exchange/page_refs.h - inside this room: what the recipient may see of what an object points to. */
#pragma once
#include "exchange/page.h"

/* The `ref` of a gate_lookup; self is the struct page. A look-up that fails sets page.failed and withholds. */
enum ref_state page_ref_lookup(void *self, struct text id);
/* A version of an object, as a page takes it. */
struct page_object {
    struct text id, version; /* its version_name() */
    uint32_t class_id;
    struct place body;
};
/* It as it may leave. OK: owned. ERR_DENIED: class, grants or references withhold it.
 * ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_clear(struct page *p, const struct page_object *o, struct cleared **ret,
                               struct fault *reterr);
/* Does it go as no less than it holds: not as its tear line, and with no portion cut? It is the version that counts:
 * where this is false, older versions do not go, which may hold what it withholds. Found out once for a page.
 * ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_goes_uncut(struct page *p, const struct page_object *current, bool *ret,
                                    struct fault *reterr);
/* The decision about it with its references looked at, as a page would take it, with its reasons. *ret_cleared (may
 * be NULL): it as it may leave, owned; NULL when it does not. What the decision borrows lives as long as the
 * clearance. ERR_NOT_FOUND (erased, or a class born later) | ERR_NOMEM | ERR_IO | ERR_MALFORMED */
MUST_CHECK enum err page_explain(struct page *p, const struct page_object *o, struct decision *ret,
                                 struct cleared **ret_cleared, struct fault *reterr);
