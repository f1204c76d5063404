/* exchange/proofs_frame.h - inside this room: an answer to a request for proofs (docs/LEDGER.md) is frames, "proof
 * LINE BYTES\n" and BYTES bytes of a tlog-proof: of which line of the request, from 0, rising. Pure. */
#pragma once
#include "base/error.h"
#include "base/text.h"

/* Takes the next frame off *rest. *next: the least line it may be of, 0 at first, moved behind it. asked: lines of
 * the request. ERR_MALFORMED: no such frame, *rest is of no further use. */
MUST_CHECK enum err proofs_frame_next(struct text *rest, size_t asked, size_t *next, size_t *ret_line,
                                      struct text *ret_proof);
