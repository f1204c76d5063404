/* exchange/releases.h - who got what, recorded before the first byte leaves (release.md 13). */
#pragma once
#include "exchange/page.h"
#include "exchange/released.h"

/* Appends one FACT_RELEASE with what of `items` was not released to the recipient's party before; durable when it
 * returns. Nothing new: nothing is written. Own accounts have no entries: staff reading is no release.
 * known (may be NULL) saves asking for what went before, and learns what goes now.
 * ERR_BUSY: the recipient's settings changed since the items were cleared; clear them again.
 * ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err releases_record(struct page *page, struct released *known, const struct uuid *account,
                                    struct fault *reterr);
/* Would it write anything? Asks the view that the page was made of. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err releases_pending(struct page *page, struct released *known, bool *ret, struct fault *reterr);
