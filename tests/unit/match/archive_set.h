/* unit/match/archive_set.h - logs put into an archive, and hunted in it. */
#pragma once
#include "match/archive.h"

/* Adds the lines as one log, in pieces as match/logfile.h would give them, of at most `piece` bytes. */
enum err archive_set_add(const struct io *io, const char *folder, const char *name, struct text lines, size_t piece,
                         uint32_t *ret_number);
/* The same by so many threads. */
enum err archive_set_add_by(const struct io *io, const char *folder, const char *name, struct text lines,
                            size_t piece, unsigned threads, uint32_t *ret_number);
/* Every block unpacked, one behind the other, appended; asserts that offsets and line numbers go on. */
enum err archive_set_read(const struct io *io, const char *folder, uint32_t number, struct buffer *out);
