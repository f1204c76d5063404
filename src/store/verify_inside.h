/* store/verify_inside.h - what the files verify*.c share. */
#pragma once
#include "ledger/note.h"
#include "ledger/tree.h"
#include "store/checkpoint.h"
#include "store/facts.h"
#include "store/log_scan.h"
#include "store/tree_file.h"
#include "store/verify.h"

#define VERIFY_KEYS_MAX 4096 /* partners': beyond, some signatures are not looked at; as many again of our own */

/* One check: its first fault stays. */
struct verify_check {
    struct verify_finding finding;
};
void check_begin(struct verify_check *c, const char *name);
PRINTF_LIKE(5, 6)
void check_fault(struct verify_check *c, const char *file, int64_t offset, int64_t entry, const char *format, ...);
PRINTF_LIKE(2, 3) void check_skip(struct verify_check *c, const char *format, ...);
bool check_good(const struct verify_check *c);

/* A name and a key that signed for it, as an entry says. */
struct verify_key {
    char name[NOTE_NAME_MAX + 1];
    uint8_t key[NOTE_KEY_BYTES];
    bool partner; /* pinned; else ours, now or before */
};
struct verify_keys {
    struct verify_key *v;
    size_t count, cap;
    uint64_t dropped; /* entries of partners whose key was one too many */
};
/* What is known already is not entered again; one of ours always is. ERR_NOMEM */
MUST_CHECK enum err verify_keys_add(struct verify_keys *k, struct text name, const uint8_t key[NOTE_KEY_BYTES],
                                    bool partner);
void verify_keys_done(struct verify_keys *k);

/* verify_tree.c: the stored tree beside the one that grows. */
struct verify_level {
    struct tree_file file; /* fd -1: not there */
    uint64_t stored;       /* whole items in the file */
    uint64_t first;        /* of what is in window */
    size_t have;           /* items */
    uint8_t window[TREE_RUN * SHA256_BYTES];
    struct sha256 run[TREE_RUN]; /* computed ones, to make the next level's */
    uint64_t count;
};
struct verify_tree {
    struct verify_check *check;
    struct verify_level level[TREE_LEVELS + 1]; /* the last: places */
    struct merkle merkle;
    uint64_t used;   /* items below count */
    uint64_t beyond; /* items above that differ: not used, a crash's doing */
    struct {
        uint64_t size;
        struct sha256 root;
        bool reached;
    } mark[2]; /* sizes at which the root is wanted: checkpoint, cosigned */
};
MUST_CHECK enum err verify_tree_open(struct verify_tree *t, const struct io *io, const char *home,
                                     struct verify_check *check, struct fault *reterr);
/* Once the log is known: heads. */
MUST_CHECK enum err verify_tree_heads(struct verify_tree *t, const uint8_t log_id[LOG_ID_BYTES],
                                      struct fault *reterr);
MUST_CHECK enum err verify_tree_leaf(struct verify_tree *t, const struct sha256 *leaf, struct place at,
                                     struct fault *reterr);
void verify_tree_close(struct verify_tree *t);

/* verify_erased.c: of each entry a few bits. */
#define VERIFY_NO_ERASURE UINT64_MAX
struct verify_bits {
    uint8_t *v;
    size_t bytes;
};
struct verify_erased {
    uint64_t from_n;          /* HOME/erasing: erasures from this entry on may not be finished */
    struct verify_bits gone;  /* a record of it is flagged as erased */
    struct verify_bits held;  /* one is not */
    struct verify_bits rest;  /* one is flagged, and not all zeros: looked at only while from_n says something */
    struct verify_bits named; /* by an erasure */
    struct verify_bits open;  /* by one that may not be finished */
};
MUST_CHECK enum err verify_erased_open(struct verify_erased *e, const struct io *io, const char *home,
                                       struct fault *reterr);
void verify_erased_close(struct verify_erased *e);
/* A detail or a body of entry n. ERR_NOMEM */
MUST_CHECK enum err verify_erased_record(struct verify_erased *e, uint64_t n, bool erased, bool zeros);
/* The erasure that is entry `at`. ERR_NOMEM */
MUST_CHECK enum err verify_erased_named(struct verify_erased *e, uint64_t at, const struct fact_erasure *f);
/* True: entry *ret_n, the first at fault. */
bool verify_erased_judge(const struct verify_erased *e, uint64_t entries, uint64_t *ret_n, const char **ret_what);

/* verify_log.c */
struct verify_log {
    const struct io *io;
    const struct verify_options *options;
    struct verify_check *check;
    struct verify_tree *tree;
    struct verify_keys keys; /* filled */
    uint64_t known;          /* entries that were acknowledged */
    bool live;               /* somebody owns the home */
    /* results */
    uint64_t n;     /* whole entries, committed */
    uint64_t bytes; /* read */
    bool whole;     /* read to its end */
    char remark[FAULT_WHAT_MAX];
    uint8_t log_id[LOG_ID_BYTES];
    bool unfinished; /* an erasure is under way, or was cut short */
};
MUST_CHECK enum err verify_log(struct verify_log *l, const char *home, struct fault *reterr);

/* verify_view.c */
struct verify_view {
    const struct io *io;
    const char *home;
    const atomic_bool *cancel;
    struct verify_check *check;
    uint64_t position; /* of the view */
    bool there;
    char remark[FAULT_WHAT_MAX];
};
/* Opens the view as it is; then position is known. */
struct verify_db;
MUST_CHECK enum err verify_view_open(struct verify_view *w, struct verify_db **ret, struct fault *reterr);
/* Compares it with a replay; on any thread. */
MUST_CHECK enum err verify_view_replay(struct verify_view *w, struct verify_db *db, struct fault *reterr);
/* SQLite's own check of one of its files ("view/view.db", "local.db"). */
MUST_CHECK enum err verify_integrity(const char *home, const char *name, struct verify_check *check,
                                     const atomic_bool *cancel, struct fault *reterr);
void verify_db_close(struct verify_db *db); /* accepts NULL */

/* verify_files.c */
MUST_CHECK enum err verify_key_files(const struct io *io, const char *home, const struct verify_keys *keys,
                                     bool log_whole, struct verify_check *check, struct fault *reterr);
/* One of the two kept checkpoints; root: what the log gives at its size, when it was reached. */
void verify_kept(const struct kept *k, const char *file, const struct verify_keys *keys, bool reached,
                 const struct sha256 *root, struct verify_check *check, uint64_t *ret_cosignatures);
/* Names the files of nobody; on_finding's remarks. */
void verify_strangers(const char *home, const struct verify_options *options);
