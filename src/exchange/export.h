/* exchange/export.h - what one recipient may have, as files: through the gate page by page, as TAXII pages are, but
 * all of it at one state of the log. Which bytes become of it is the caller's; it gets only struct cleared.
 *
 * Order: collect -> (the caller chooses) -> record -> write. What is recorded is what is about to leave, durable
 * before the first byte; what the caller drops is no release. */
#pragma once
#include "exchange/page.h"

/* What is held at once: forms that must see all of it (MISP events) take no more. */
#define EXPORT_HELD_MAX_BYTES (1024 * MIB)

struct export_wanted {
    struct recipient recipient; /* lists in the caller's arena */
    enum door door;
    struct uuid account; /* who exports */
    /* Nothing goes that this one may not have by the same door as well, and as much of it: who exports, where the
     * bytes come into its hands. NULL: nobody's eyes beside the recipient's. Lives as long as the export. */
    const struct recipient *eyes;
    int64_t since_us;         /* visible to the recipient after that moment; INT64_MIN: all */
    const struct text *types; /* of these STIX types; none: all */
    size_t type_count;
};
struct export_batch {
    struct page_item *items; /* what is set to NULL in `cleared` is the caller's from then on */
    size_t count;
    struct page *page; /* inside: for export_record() */
};
struct export
{
    struct node *node;
    const struct export_wanted *wanted;
    /* One page; the items in the order in which they became visible. Else than OK ends it. */
    enum err (*on_batch)(void *self, struct export *x, struct export_batch *batch, struct fault *reterr);
    /* After the last; may be NULL. */
    enum err (*on_end)(void *self, struct export *x, struct export_batch *none, struct fault *reterr);
    void *self;
};
/* OK: everything was given. ERR_BUSY: what may go to the recipient changed meanwhile; what was recorded stays.
 * ERR_NOMEM | ERR_IO | ERR_MALFORMED | ERR_FULL, or what on_batch returned. */
MUST_CHECK enum err export_run(struct export *x, struct fault *reterr);
/* Writes the release entry for these items: only what is new for the recipient makes one; accounts of ours make none.
 * Called from on_batch or on_end, with what that was given. ERR_BUSY as above | ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err export_record(struct export *x, struct export_batch *batch, struct page_item *items, size_t count,
                                  struct fault *reterr);
