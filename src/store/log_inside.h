/* store/log_inside.h - what the files log*.c share. See log.c for the invariants. */
#pragma once
#include <stdatomic.h>
#include <zstd.h>

#include "store/log_scan.h"

/* Largest group, whatever its parts: bounds memory here and at recovery. */
#define GROUP_HARD_BYTES (4 * LOG_GROUP_MAX_BYTES)
/* A group is not begun in a segment with less room than this part of it: a few groups outgrow their segment, which is
 * then enlarged by the difference, and next to nothing is left unused. */
#define ROLL_SHARE   64
#define CONTEXTS_MAX 8

/* The end of what is committed. */
struct log_end {
    struct place place; /* behind the last commit */
    uint64_t n;         /* entries */
    int64_t last_us;
    uint64_t chain;
};

struct leaf {
    struct sha256 hash;
    struct place at;
};

struct log {
    const struct io *io;
    struct log_files files;
    bool write;
    int fd;             /* of the last segment, for writing; -1 when read only */
    int64_t allocated;  /* its length */
    struct log_end end; /* the writer's; others ask log_end_now() */
    pthread_mutex_t end_lock;
    _Atomic uint64_t n; /* end.n, for any thread */
    _Atomic int64_t last_us;
    bool failed;
    struct fault why; /* of the failure */
    bool (*make_room)(void *self);
    void *make_room_self;

    /* the group under way */
    struct buffer staged;
    struct place start; /* of staged.ptr[0], once something is staged */
    bool roll;          /* start lies in a segment yet to be made */
    uint64_t stage_n;
    int64_t stage_us;
    struct buffer leaves; /* struct leaf of each staged entry */
    log_leaf_fn *on_leaf; /* or NULL */
    void *on_leaf_self;
    struct log_packer *packer; /* the writer's */
    ZSTD_CDict *cdict;
    uint8_t salts[64 * ENTRY_SALT]; /* drawn ahead: one call for many */
    size_t salts_left;

    /* readers' decompression contexts */
    ZSTD_DDict *ddict;
    pthread_mutex_t contexts_lock;
    ZSTD_DCtx *contexts[CONTEXTS_MAX];
    size_t context_count;
};

extern const char log_dictionary_1[];
extern const size_t log_dictionary_1_bytes;

/* log.c: the end as any thread may see it */
struct log_end log_end_now(const struct log *log);
/* log_recover.c: finds the end, starting at *end (a place behind a commit, or a segment's start) in the segment of
 * fd. file_bytes: its length. With clear, what a crash left behind is zeroed and synced. known_n: entries that are
 * known to have been acknowledged; fewer is damage, and nothing is cleared. */
MUST_CHECK enum err log_recover(struct log *log, int fd, int64_t file_bytes, bool clear, uint64_t known_n,
                                struct log_end *end, struct fault *reterr);
/* Behind the last group that is whole, at `at` with the chain `tag`: is there the commit of a later one? */
MUST_CHECK enum err log_look_behind(const struct io *io, int fd, uint64_t log_seed, struct place at, uint64_t tag,
                                    int64_t file_bytes, bool *ret_later, struct fault *reterr);
/* log_body.c */
MUST_CHECK enum err log_compress_init(struct log *log);
void log_compress_done(struct log *log);
/* Appends the payload of a BODY record to out and returns its flags; errors stick in out. */
uint8_t log_add_body(struct log *log, struct text raw, struct buffer *out);
/* The raw bytes of a BODY payload, appended. ERR_MALFORMED | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err log_expand_body(struct log *log, uint8_t flags, const uint8_t *payload, uint32_t len,
                                    struct buffer *out);
/* log_stage.c: the group under way */
struct place log_stage_place(const struct log *log); /* of the next record */
size_t log_record_open(struct buffer *out);
void log_record_close(const struct log *log, struct buffer *out, size_t head_at, struct place at, uint8_t kind,
                      uint8_t flags);
