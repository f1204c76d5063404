/* match/archive_work.h - blocks on their way into the archive: what of them can be worked out by itself, by one
 * thread or several, in order all the same.
 *
 * Slot: FREE -archive_ring_submit-> FULL -a thread-> BUSY -> DONE -archive_ring_release-> FREE */
#pragma once
#include "match/archive.h"
#include "match/keys.h"

enum archive_slot_state { ARCHIVE_SLOT_FREE, ARCHIVE_SLOT_FULL, ARCHIVE_SLOT_BUSY, ARCHIVE_SLOT_DONE };

struct archive_slot {
    struct buffer held;         /* the block's lines, by who fills it; so are first_line and first_offset */
    struct archive_block block; /* worked out, but for offset */
    struct buffer packed;       /* worked out */
    struct keys keys;           /* worked out */
    enum err err;               /* of the work: ERR_NOMEM | ERR_LIMIT */
    enum archive_slot_state state;
};

struct archive_ring;
/* threads: at most ARCHIVE_THREADS_MAX; 1: who submits does the work. now_us: for times without a year. ERR_NOMEM */
MUST_CHECK enum err archive_ring_new(unsigned threads, int64_t now_us, struct archive_ring **ret);
void archive_ring_free(struct archive_ring *r); /* accepts NULL; work under way is waited for */

/* The slot to be filled: always a free one, unless archive_ring_full(). */
struct archive_slot *archive_ring_head(struct archive_ring *r);
void archive_ring_submit(struct archive_ring *r);
bool archive_ring_full(const struct archive_ring *r);
bool archive_ring_empty(const struct archive_ring *r);
/* The oldest slot that was submitted, once it is worked out; NULL when it is not yet (wait: waits) or none is. */
struct archive_slot *archive_ring_take(struct archive_ring *r, bool wait);
/* That slot is free again. */
void archive_ring_release(struct archive_ring *r);
