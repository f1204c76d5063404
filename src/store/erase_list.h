/* store/erase_list.h - reading and writing lists of erasures. For erase*.c, backup*.c and restore*.c. */
#pragma once
#include "base/io.h"
#include "base/limits.h"
#include "store/erase.h"

/* A line has 86 bytes at most: three million erased entries. */
#define ERASURES_MAX_BYTES (256 * MIB)

MUST_CHECK enum err erased_list_add(struct erased_list *l, uint64_t n, const struct sha256 *leaf);
void erased_list_sort(struct erased_list *l); /* by n and leaf, each once */
void erased_list_write(const struct erased_list *l, struct buffer *out);
/* ERR_NOT_FOUND: no such file */
MUST_CHECK enum err erased_list_load(const struct io *io, const char *path, struct erased_list *ret,
                                     struct fault *reterr);
/* The file is the old one or the new one, whole. */
MUST_CHECK enum err erased_list_save(const struct io *io, const char *path, const struct erased_list *l,
                                     struct fault *reterr);
