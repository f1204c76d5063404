/* store/home.h - the folder of a node: its parts by name, and who owns it. For store/ only. */
#pragma once
#include "base/buffer.h"
#include "base/io.h"
#include "base/text.h"

#define HOME_LOG        "log"
#define HOME_FIRST      "log/00000000.log" /* where this is, there is a home */
#define HOME_CONFIG     "entente.yaml"
#define HOME_UNFINISHED "init.unfinished" /* there while `init` runs, and after it was cut short */

/* home/name, to be freed; NULL: no memory. */
char *home_path(const char *home, const char *name);
/* ERR_NOT_FOUND | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err home_has(const char *home, const char *name, struct fault *reterr);
/* Makes the folder and those above it, mode 0700. Existing ones stay as they are. */
MUST_CHECK enum err home_make_folder(const char *path, struct fault *reterr);

/* An OFD lock on home/lock, our pid inside. ERR_BUSY: the fault names the other's pid. The lock goes with the
 * descriptor. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err home_lock(const struct io *io, const char *home, int *ret_fd, struct fault *reterr);
void home_unlock(const struct io *io, int fd);

/* Root may write anywhere, and what it makes is nobody else's: in another user's home, or one to be made in another
 * user's private folder, nothing is written by it. ERR_DENIED, with whose it is */
MUST_CHECK enum err home_check_user(const char *home, struct fault *reterr);

/* Removes home/name where it is; what is not there is no error. */
MUST_CHECK enum err home_remove(const struct io *io, const char *home, const char *name, struct fault *reterr);
MUST_CHECK enum err home_rename(const struct io *io, const char *home, const char *from, const char *to,
                                struct fault *reterr);
/* fsync of home/name, a file or a folder; NULL: of the home itself. */
MUST_CHECK enum err home_sync(const struct io *io, const char *home, const char *name, struct fault *reterr);
/* The whole file into *ret, which is to be given to buffer_done() after OK only. ERR_NOT_FOUND | ERR_LIMIT (larger
 * than max_bytes) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err home_read(const struct io *io, const char *path, size_t max_bytes, struct buffer *ret,
                              struct fault *reterr);
/* Makes home/name an empty file of mode 0600, durable not yet. Existing ones stay as they are. */
MUST_CHECK enum err home_touch(const struct io *io, const char *home, const char *name, struct fault *reterr);

/* Free space on the disk of home, in percent. ERR_IO */
MUST_CHECK enum err home_free_percent(const char *home, double *ret, struct fault *reterr);
