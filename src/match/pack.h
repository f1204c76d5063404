/* match/pack.h - a block of log lines, small: and back. Form: docs/FORMAT-archive.md */
#pragma once
#include "base/buffer.h"

struct packer; /* memory of one thread, for both ways */
MUST_CHECK enum err packer_new(struct packer **ret);
void packer_free(struct packer *p); /* accepts NULL */

/* Appended to out, whose error sticks. ERR_NOMEM | ERR_LIMIT (PACK_MAX_BYTES) */
#define PACK_MAX_BYTES ((size_t)1 << 20)
MUST_CHECK enum err pack(struct packer *p, struct text lines, struct buffer *out);
/* The lines, borrowed until the next call. Any bytes are safe: ERR_MALFORMED. ERR_NOMEM */
MUST_CHECK enum err unpack(struct packer *p, struct text packed, struct text *ret);
