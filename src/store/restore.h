/* store/restore.h - a home made from a backup: every hash of the manifest is checked first, the home is made beside
 * (HOME.restoring), later erasures are done again, all of it is verified, and only then it gets its name. Nothing of
 * the backup is changed. Format: docs/FORMAT-backup.md.
 *
 * A backup is behind what the node published since. Two histories under one name would be a fork, so the restored
 * log goes on under its old origin only when it has partners and all of them say that there was no more; else it
 * opens a new one, signed, which names the old and where it stops. */
#pragma once
#include <stdatomic.h>

#include "store/node.h"

/* Asks those who may have seen later checkpoints of this log. *ret_none: all were asked, and none has. */
typedef enum err restore_ask(void *self, struct node *node, bool *ret_none, struct fault *reterr);

struct restore_options {
    bool same_origin;     /* a copy without partners: the caller knows that none came after it was made */
    bool with_faults;     /* a copy that does not verify in all is made a home all the same: see result.first_fault */
    const char *erasures; /* a list of erasures beside the backup's own; NULL: none */
    restore_ask *ask;     /* NULL: nobody can be asked */
    void *ask_self;
    const atomic_bool *cancel; /* may be NULL */
};
struct restore_result {
    uint64_t entries; /* of the log, with what restoring added */
    uint64_t files, bytes;
    uint64_t erased; /* entries erased again */
    bool new_origin;
    char first_fault[FAULT_WHAT_MAX]; /* empty: all verified */
    bool unsigned_log; /* a new origin was due and could not be signed: `entente key` says what to do */
};
/* ERR_NOT_FOUND: no backup in dir. ERR_MALFORMED: it is damaged, or what came of it is (the fault names the file);
 * HOME is not there then. ERR_EXISTS: there is something in HOME, or a HOME.restoring that is not a restore's.
 * ERR_VERSION | ERR_IO | ERR_FULL | ERR_NOMEM | ERR_CANCELLED */
MUST_CHECK enum err home_restore(const struct io *io, const char *dir, const char *home,
                                 const struct restore_options *options, struct restore_result *ret,
                                 struct fault *reterr);
