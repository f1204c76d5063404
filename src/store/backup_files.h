/* store/backup_files.h - contents in DIR/files, by hash. For backup*.c and restore*.c. */
#pragma once
#include <stdatomic.h>

#include "base/io.h"
#include "store/backup_manifest.h"

#define BACKUP_FILES "files"

/* dir/files/HASH, to be freed; NULL: no memory. */
char *backup_path(const char *dir, const struct sha256 *hash);
/* Copies len bytes from the beginning of from to a new file `to` (mode 0600, not synced by name) and hashes them.
 * ERR_MALFORMED: from is shorter. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_CANCELLED: `to` is removed again. */
MUST_CHECK enum err backup_copy(const struct io *io, const char *from, const char *to, uint64_t len,
                                const atomic_bool *cancel, struct sha256 *ret_hash, struct fault *reterr);
/* Hash of the whole file, and its size. */
MUST_CHECK enum err backup_hash(const struct io *io, const char *path, const atomic_bool *cancel,
                                struct sha256 *ret_hash, uint64_t *ret_bytes, struct fault *reterr);
/* Is there a file of that hash and size? Its bytes are not looked at. */
bool backup_has(const struct io *io, const char *dir, const struct backup_file *f);
/* Puts bytes, or the first len bytes of `from`, among the contents, durable but for the folder's sync. */
MUST_CHECK enum err backup_put_bytes(const struct io *io, const char *dir, struct text bytes, struct sha256 *ret_hash,
                                     struct fault *reterr);
MUST_CHECK enum err backup_put_file(const struct io *io, const char *dir, const char *from, uint64_t len,
                                    const atomic_bool *cancel, struct sha256 *ret_hash, struct fault *reterr);
/* Removes contents that the manifest does not name. */
MUST_CHECK enum err backup_sweep(const struct io *io, const char *dir, const struct manifest *m,
                                 struct fault *reterr);
