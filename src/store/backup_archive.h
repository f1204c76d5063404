/* store/backup_archive.h - the archive's part of a backup: its logs never change, so each is copied once. For
 * backup.c.
 */
#pragma once
#include "store/backup_files.h"

/* f belongs to the backup; its name is borrowed for the call. */
typedef enum err backup_take(void *self, struct backup_file *f, bool copied, struct fault *reterr);

/* Every log of home's archive, into the backup in dir. before: what it held, or NULL. A log that is dropped meanwhile
 * is passed over. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_CANCELLED, or what take gives */
MUST_CHECK enum err backup_archive(const struct io *io, const char *home, const char *dir,
                                   const struct manifest *before, const atomic_bool *cancel, backup_take *take,
                                   void *self, struct fault *reterr);
