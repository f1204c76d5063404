/* match/windows.h - what whole patterns keep of one file (match/streamed.h), as bytes, so that what is half true
 * outlives the process. Events are packed with zstd: they say the same words over and over. */
#pragma once
#include "match/streamed.h"
#include "model/ident.h"

/* Whose window it is: a pattern whose text is another keeps nothing of the old one. */
struct window_owner {
    struct uuid uuid; /* of the indicator */
    struct text pattern;
};
/* False: its window is not to be kept. */
typedef bool window_owner_of(void *self, uint32_t number, struct window_owner *ret);

/* Appends the windows of patterns [0, count), at most `most` bytes; of each the newest first, as far as they go.
 * *ret_lost: events that had no room. ERR_NOMEM | ERR_LIMIT (out is full) */
MUST_CHECK enum err windows_write(const struct streamed *s, size_t count, window_owner_of *owner, void *self,
                                  struct text file, size_t most, struct buffer *out, uint64_t *ret_lost);
/* Each event with the indicator and the hash of the pattern it was kept for (window_pattern_hash()), the older ones
 * first; .file is empty. ERR_MALFORMED | ERR_NOMEM, or what each returned. */
typedef enum err window_each(void *self, const struct uuid *uuid, uint64_t pattern_hash,
                             const struct streamed_event *event);
MUST_CHECK enum err windows_read(struct text bytes, window_each *each, void *self);
uint64_t window_pattern_hash(struct text pattern);
