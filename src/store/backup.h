/* store/backup.h - a home copied to another disk, again and again into the same folder: what did not change is not
 * copied anew. Format and order of writing: docs/FORMAT-backup.md.
 *
 *   DIR/manifest.json  what belongs to the backup, with sizes and hashes; replaced whole, last of all
 *   DIR/files/         the contents, named by their SHA-256
 *   DIR/erasures       what was erased since, kept up to date by the home as long as it reaches the folder
 *   DIR/lock           who writes to it
 *
 * Invariants: 1 whatever the manifest names is there, whole and synced, before the manifest is. 2 nothing that the
 * manifest on the disk names is changed or removed. So a backup that is cut short leaves the one before. */
#pragma once
#include <stdatomic.h>

#include "store/node.h"

#define BACKUP_MANIFEST "manifest.json"

struct backup_result {
    uint64_t entries;
    uint64_t files, bytes;               /* of the backup */
    uint64_t copied_files, copied_bytes; /* this time */
    bool checkpoint;                     /* a signed one is in it */
};
/* dir: absolute; made when it is not there. archive: its logs are in the backup, too (else they leave it). Writers go
 * on meanwhile; an erasure waits. ERR_EXISTS: the folder holds something else, or another node's backup. ERR_BUSY:
 * another process writes to it. ERR_USAGE: it lies in the home. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_MALFORMED |
 * ERR_CANCELLED: what was there before can still be restored. */
MUST_CHECK enum err node_backup(struct node *node, const char *dir, bool archive, const atomic_bool *cancel,
                                struct backup_result *ret, struct fault *reterr);
/* Hands the list of erasures to every backup that this home was copied to, as an erasure does by itself before it is
 * finished. *ret_unreached: folders, one a line, that could not be reached; they hold what was erased until the next
 * backup into them. */
MUST_CHECK enum err node_spread_erasures(struct node *node, struct buffer *ret_unreached, struct fault *reterr);
/* The same by who holds off backups already: an erasure, or an opening. */
MUST_CHECK enum err backup_spread(struct node *node, struct buffer *ret_unreached, struct fault *reterr);
