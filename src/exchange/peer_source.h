/* exchange/peer_source.h - the channel by which a partner's objects come over TAXII: a source named "taxii:PARTNER",
 * so that its default marking can be recorded like any other's. */
#pragma once
#include "store/node.h"

/* ERR_NOT_FOUND: none was recorded. */
MUST_CHECK enum err peer_source_find(struct view *v, const struct uuid *party, struct uuid *ret,
                                     struct fault *reterr);
/* The same inside a write; recorded now when it was not. */
MUST_CHECK enum err peer_source_make(struct txn *t, const struct uuid *party, struct text name,
                                     const struct uuid *account, struct uuid *ret, struct fault *reterr);
