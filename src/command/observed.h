/* command/observed.h - patterns over a foreign document of observed data: what the owner of the patterns and the
 * locked-in process that reads the document (process/worker.h) say to each other.
 *
 * Its one descriptor: {u32 count, then each pattern as u32 length and bytes}, then the document as it came.
 * Its answers, little-endian, texts with their u32 length:
 *   OBSERVED_REFUSED  id, rule, what           an Observed Data object that cannot be used
 *   OBSERVED_FAILED   u8 err, rule, what       the document
 *   OBSERVED_BAD      u32 pattern, rule, what  a pattern
 *   OBSERVED_COSTLY   u32 pattern, limit
 *   OBSERVED_MATCH    u32 pattern, first, last, u32 count, then so many ids (of the bound ones, or the first of them)
 *   OBSERVED_GOING    (nothing)                still at it
 *   OBSERVED_DONE     u32 observations */
#pragma once
#include "process/worker_role.h"

#define OBSERVED_ROLE "entente-observer"

enum observed_frame {
    OBSERVED_REFUSED = 1,
    OBSERVED_FAILED,
    OBSERVED_BAD,
    OBSERVED_COSTLY,
    OBSERVED_MATCH,
    OBSERVED_GOING,
    OBSERVED_DONE
};
#define OBSERVED_FRAME_BYTES (8 * MIB)
#define OBSERVED_IDS_MAX     50000 /* told of one match */

extern const struct worker_role OBSERVER;
