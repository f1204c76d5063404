/* match/logfile.h - log input in blocks of whole lines: plain, gzip and zstd, files and pipes; and a file that is
 * followed while it grows, is rotated or truncated. */
#pragma once
#include "base/text.h"

struct logline_stream;
struct logfile;

/* fd is borrowed. Compression is told by the first bytes; concatenated members are read on. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err logfile_open(int fd, struct logfile **ret, struct fault *reterr);
void logfile_free(struct logfile *f);
/* The next block of whole lines (the last may lack its newline; a line longer than the block size comes in a block of
 * its own, up to LINE_MAX_BYTES, then in pieces with *ret_continues true, cut where no value reaches over: lines.c).
 * *ret_offset: uncompressed offset of its first byte; *ret_line: its line, from 1. Of a pipe, what there is at this
 * moment. The block is borrowed until the next call.
 * ERR_NOT_FOUND at the end. ERR_MALFORMED: damaged compression; what came before was given. ERR_CANCELLED: a signal
 * came while waiting for a pipe; nothing is lost, call again or stop. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err logfile_next(struct logfile *f, struct text *ret_block, uint64_t *ret_offset, uint64_t *ret_line,
                                 bool *ret_continues, struct fault *reterr);

/* ---- following ---- */

/* Where a follower stands; kept over restarts. A file is known by device, inode and a print of its first bytes, since
 * inodes are used again. */
struct follow_state {
    uint64_t dev, ino;
    uint64_t print;        /* XXH3 of the first print_len bytes */
    uint32_t print_len;    /* at most 1024 */
    uint64_t offset, line; /* of the next unread line */
};

struct follower;
/* path may not exist yet. state: where to go on (NULL: from the start). If the file at path is another one than
 * state's (rotation happened while away), rotated neighbours PATH.1, PATH-*, PATH.*, also as .gz and .zst, in the
 * same folder are searched for it (or for a copy of it: copytruncate), its rest is read first, then those rotated
 * after it by their counted or dated names, then the new file from its start. ERR_NOMEM */
MUST_CHECK enum err follower_open(const char *path, const struct follow_state *state, struct follower **ret);
void follower_free(struct follower *f);
/* Before the first block: where there is no state, what is there of PATH's rotated files is read first, oldest first
 * (counted and dated names, gzip and zstd too). */
void follower_read_all(struct follower *f);
/* The next block of whole lines that is there now; never blocks. ERR_NOT_FOUND: nothing new at this moment (a last
 * line without newline is given once the file was rotated away, or after it was still for 1 s). Rotation: the rest of
 * the old file is given, then the new one from 0 as soon as it has content; what other processes still write to the
 * old one is given in between for a minute. Truncation (size below offset, or other first bytes): the rest of a copy
 * beside it, if there is one, then again from 0. *ret_after is the state to keep once the block was dealt with.
 * ERR_USAGE: not a regular file. ERR_DENIED | ERR_IO | ERR_NOMEM: call again. */
MUST_CHECK enum err follower_next(struct follower *f, struct text *ret_block, uint64_t *ret_offset,
                                  uint64_t *ret_line, struct follow_state *ret_after, struct fault *reterr);
/* What the headers of the file say that the last block came from (match/logline.h), for that block to be given to
 * logline_stream_next(), each block once. Where reading started in the middle, they were looked for in the file.
 * NULL: no memory for them. Borrowed until the next call of follower_next(). */
struct logline_stream *follower_headers(struct follower *f);
