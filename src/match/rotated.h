/* match/rotated.h - the files a log became when it was rotated: PATH.1, PATH-20261121, PATH.2026-11-21, ..., and what
 * of them was compressed since: PATH.2.gz, PATH.2.zst. */
#pragma once
#include "match/logfile.h"

#define ROTATED_MAX 64 /* files between the one known and the one at the path */

/* What is still to be read of a log, oldest first; owned descriptors. */
struct rotated {
    struct rotated_file {
        int fd;
        bool packed; /* gzip or zstd; offset counts uncompressed bytes */
        uint64_t offset, line;
    } files[ROTATED_MAX];
    size_t count;
};

/* The file that `state` was read from, found beside path, and the ones rotated away after it; not the one at path
 * itself. Nothing when the state's file is not there any more. One that was compressed is known by its first bytes.
 * copies: one that is not, with the same content under another inode, counts too (copytruncate). ERR_IO | ERR_NOMEM
 */
MUST_CHECK enum err rotated_find(const char *path, const struct follow_state *state, bool copies, struct rotated *ret,
                                 struct fault *reterr);
/* All that are there, whole; of more than ROTATED_MAX the newest. */
MUST_CHECK enum err rotated_all(const char *path, struct rotated *ret, struct fault *reterr);
void rotated_done(struct rotated *r);
