/* store/verify.h - is everything in a home what it should be? Every byte that is used is looked at: the log against
 * its own checksums, hashes and commitments, the tree against the log, checkpoints against tree and keys, the view
 * against a replay, what is erased against the erasures. Constant memory, but for two bits an entry; no lock; nothing
 * in the home is changed; also for homes that node_open() refuses. What "used" means: docs/OPERATIONS.md and the
 * formats' own pages. */
#pragma once
#include <stdatomic.h>

#include "base/io.h"
#include "base/text.h"

enum verify_state {
    VERIFY_OK,
    VERIFY_FAULT,
    VERIFY_SKIPPED, /* could not be looked at, because of an earlier fault: `what` says which */
    VERIFY_REMARK   /* nothing wrong, but worth knowing: a file of nobody, a view that is behind */
};

#define VERIFY_FILE_MAX 96
/* One line of the report: a check's result (its first fault, when it has any), or a remark. */
struct verify_finding {
    enum verify_state state;
    const char *check; /* "format", "keys", "log", "tree", "checkpoint", "cosigned", "view", "local", "files" */
    char file[VERIFY_FILE_MAX]; /* under the home; empty: none in particular */
    int64_t offset, entry;      /* -1: none */
    char what[FAULT_WHAT_MAX];  /* what differs, or what was looked at */
};

struct verify_options {
    /* In the order of the checks, after all of them; on the caller's thread. */
    void (*on_finding)(void *self, const struct verify_finding *f);
    /* From time to time, on the caller's thread; may be NULL. */
    void (*on_progress)(void *self, uint64_t entries, uint64_t bytes, uint64_t bytes_total);
    void *self;
    const atomic_bool *cancel; /* may be NULL */
};

/* *ret_ok: no check found a fault, and none was skipped. ERR_NOT_FOUND: no home. ERR_VERSION: a later program's.
 * ERR_CANCELLED | ERR_NOMEM | ERR_IO (the fault says where): then nothing is said about the home. */
MUST_CHECK enum err verify_home(const struct io *io, const char *home, const struct verify_options *options,
                                bool *ret_ok, struct fault *reterr);
