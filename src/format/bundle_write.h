/* format/bundle_write.h - objects that the gate cleared -> one STIX 2.1 bundle (section 8), piece by piece. */
#pragma once
#include "release/cleared.h"

struct bundle_write {
    struct sha256_ctx hash; /* of what is in it */
    bool any;
};
/* Each appends to `to`, whose errors stick; what was appended may be taken away in between. */
void bundle_write_one(struct bundle_write *w, const struct cleared *c, struct buffer *to);
/* The end; nothing when there was no object: a bundle without any says nothing. The same objects in the same order
 * make the same bundle: its id is named after what is in it. */
void bundle_write_end(struct bundle_write *w, struct buffer *to);
