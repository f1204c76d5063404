/* unit/match/index_spoil.h - index files for tests: made of a match_set, spoiled, with their hashes put right again,
 * so that what is checked behind the hashes is reached. */
#pragma once
#include "match/index_format.h"
#include "match_set.h"

/* Writes the values of the set (values[i] is item i) to path. Aborts on failure. */
void index_spoil_write(const struct match_set *set, const char *path);
/* Makes both hashes fit; nothing when the bytes are too few, or the list of sections too long. */
void index_spoil_seal(uint8_t *bytes, size_t len);
/* Asks all that an opened index can be asked: every value of the set, its items and names, and a scan of the line.
 * Returns how many hits the line had. */
size_t index_spoil_use(const struct index_file *f, const struct match_set *set, struct text line);
/* A file of these bytes without a name, to be closed. Aborts on failure. */
int index_spoil_fd(const void *bytes, size_t len);
