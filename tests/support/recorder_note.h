/* support/recorder_note.h - how shims tell the recorder what was done. A shim takes the lock, makes the real call,
 * notes it, and lets go: so the order noted is the order in which things happened. Paths may be relative; what lies
 * outside the root is noted nowhere. */
#pragma once
#include "support/recorder.h"

enum op_kind {
    OP_CREATE, /* a name for a new, empty file */
    OP_WRITE,
    OP_TRUNCATE,
    OP_ALLOCATE,
    OP_SYNC,
    OP_SYNC_FOLDER,
    OP_RENAME,
    OP_UNLINK,
    OP_MARK,
};

#define NEVER  SIZE_MAX
#define NOFILE SIZE_MAX

struct op {
    enum op_kind kind;
    size_t file;    /* index into files, or NOFILE */
    int64_t offset; /* of a write or allocation; the new length of a truncation; the number of a mark */
    size_t len;
    char *bytes; /* of a write */
    char *name;  /* relative to the root: of a name operation or a folder ("" is the root) */
    char *to;    /* of a rename */
    const char *word;
    bool extends;      /* a write beyond the end */
    size_t durable_at; /* the operation whose return made it durable, or NEVER */
};

struct recorded_file {
    char *base;                 /* content when the recorder first saw it */
    size_t base_len, base_used; /* beyond base_used: zeros */
    char *base_name;            /* name at the start; NULL for a file made later */
    size_t len;                 /* now */
    size_t scanned;             /* operations before this one are synced or not this file's */
};

void recorder_lock(struct recorder *r);
void recorder_unlock(struct recorder *r);
/* The file now called path, entered when it is new: existed says whether it was there before the open. NOFILE when it
 * is not under the root. */
size_t recorder_note_open(struct recorder *r, const char *path, bool existed, bool emptied);
void recorder_note_write(struct recorder *r, size_t file, int64_t offset, const void *bytes, size_t len);
void recorder_note_truncate(struct recorder *r, size_t file, int64_t len);
void recorder_note_allocate(struct recorder *r, size_t file, int64_t offset, int64_t len);
void recorder_note_sync(struct recorder *r, size_t file);
void recorder_note_sync_parent(struct recorder *r, const char *path);
void recorder_note_rename(struct recorder *r, const char *from, const char *to);
void recorder_note_unlink(struct recorder *r, const char *path);

/* recorder_io.c */
struct io *recorder_io_new(struct recorder *r);
void recorder_io_free(struct io *io);

/* For recorder_crash.c. */
const struct op *recorder_ops(const struct recorder *r, size_t *ret_count);
const struct recorded_file *recorder_files(const struct recorder *r, size_t *ret_count);
