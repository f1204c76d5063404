/* match/tail.h - one growing file that is read to its end as often as it grows. */
#pragma once
#include "match/input.h"
#include "match/lines.h"
#include "match/logfile.h"
#include "match/logline.h"

#define TAIL_HEAD_BYTES 1024

struct tail {
    int fd;               /* owned */
    struct input *packed; /* of one that was compressed: what is read instead; NULL */
    uint64_t dev, ino;
    uint8_t head[TAIL_HEAD_BYTES]; /* its first bytes, as they were read: what the file is known by */
    uint32_t head_len;
    struct lines lines;
    struct logline_stream *events; /* of the lines that were taken; NULL: not asked for yet */
};

/* Takes fd, on failure too. Goes on at offset. packed: it is gzip or zstd, and grows no more; offsets are those of
 * what comes out of it, which ends where it is damaged. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err tail_new(int fd, bool packed, uint64_t offset, uint64_t line, struct tail **ret,
                             struct fault *reterr);
void tail_free(struct tail *t); /* accepts NULL */

/* Reads what is there now, up to a full block. *ret_grew: something came. ERR_NOT_FOUND: the content was cut off or
 * exchanged, nothing of the new one was taken. */
MUST_CHECK enum err tail_read(struct tail *t, bool *ret_grew, struct fault *reterr);
/* Starts again at 0, with the new content's own first bytes. */
void tail_restart(struct tail *t);
/* Where the next line not taken begins. */
struct follow_state tail_state(const struct tail *t);
/* Do the file's first bytes have the state's print, and does it reach as far? */
bool tail_has_print(int fd, const struct follow_state *state);
/* What the file's headers say, for lines from offset on, which must be the ones taken next after those asked for
 * before. NULL: no memory. */
struct logline_stream *tail_headers(struct tail *t, uint64_t offset);
