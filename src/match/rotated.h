/* match/rotated.h - the files a log became when it was rotated: PATH.1, PATH-20261121, PATH.2026-11-21, ... */
#pragma once
#include "match/logfile.h"

#define ROTATED_MAX 64 /* files between the one known and the one at the path */

/* What is still to be read of a log, oldest first; owned descriptors. */
struct rotated {
    struct rotated_file {
        int fd;
        uint64_t offset, line;
    } files[ROTATED_MAX];
    size_t count;
};

/* The file that `state` was read from, found beside path, and the ones rotated away after it; not the one at path
 * itself. Nothing when the state's file is not there any more. copies: one with the same content under another inode
 * counts too (copytruncate). ERR_IO | ERR_NOMEM */
MUST_CHECK enum err rotated_find(const char *path, const struct follow_state *state, bool copies, struct rotated *ret,
                                 struct fault *reterr);
void rotated_done(struct rotated *r);
