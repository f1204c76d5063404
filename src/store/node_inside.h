/* store/node_inside.h - what node.c, writer.c and replay.c share. See those for their invariants. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "release/gate_counters.h"
#include "store/beacon.h"
#include "store/checkpoint.h"
#include "store/format.h"
#include "store/home.h"
#include "store/node.h"
#include "store/origin_inside.h"
#include "store/tree.h"

#define READERS_KEPT 16
/* Functions are gathered into one group until it has this many bytes: what each sync then costs is a few per cent. */
#define GROUP_FULL_BYTES (4 * MIB)
/* Entries applied per transaction of a replay. */
#define REPLAY_BATCH 8192
/* The longest step of a view that is made anew, or of what runs between two groups, on a slow disk. */
#define WRITER_ALONE_US ((int64_t)10 * 60 * 1000000)

struct job {
    node_write_fn *fn;                                                      /* or: */
    enum err (*alone)(struct node *node, void *self, struct fault *reterr); /* between two groups */
    void *self;
    enum err err;
    struct fault fault;
    bool done;
    pthread_cond_t wake;
    struct job *next;
};

struct writer {
    pthread_t thread;
    struct pulse pulse;
    bool running;
    pthread_mutex_t lock; /* of the queue, closing, stopped and job.done */
    pthread_cond_t work;
    struct job *first, *last;
    bool closing;
    bool stopped; /* nothing more is written: see why */
    struct fault why;
    /* the writer thread's own */
    struct buffer public_part, private_part, refs;
    struct arena arena;
    void (*on_commit)(void *self, uint64_t entries);
    void *on_commit_self;
};

struct admin {
    struct uuid id;
    struct admin *before;
};

/* node_publish.c: what was published, and the tree it stands on. */
struct publish {
    pthread_mutex_t one_at_a_time; /* who publishes or adds signatures: only they change kept */
    pthread_mutex_t lock;          /* of kept, and of a reader's tree as long as it is not open */
    struct kept kept;              /* size 0: nothing yet */
    _Atomic int64_t held_until_us; /* monotonic; 0: not held */
    struct tree *tree;             /* an owner's: always; a reader's: once it was asked for */
};

struct node {
    const struct io *io;
    char *home;
    enum node_mode mode;
    struct home_format format;
    int lock_fd; /* -1: not the owner */
    struct log *log;
    struct view *view; /* owner: the writing one, the writer thread's */
    struct local *local;
    struct logins *logins; /* owner */
    struct arena arena;    /* of genesis */
    struct fact_genesis genesis;
    struct admin *_Atomic admin; /* the newest first; earlier ones are kept for who still points at them */
    _Atomic double reserve_percent;
    _Atomic unsigned classification; /* enum classification */
    atomic_bool reserve_wanted, reserve_there;
    struct writer writer;
    struct node_counters counters;
    struct gate_counters gate_counters;
    struct beacon *_Atomic beacon; /* NULL: nobody is told */
    atomic_bool view_damaged;      /* wait for writer_mend_view() */
    struct origin_state origin;
    pthread_mutex_t keep_lock;   /* one erasure or backup at a time: held by who asks for it */
    pthread_rwlock_t erase_lock; /* after keep_lock; shared: node_hold_erasures() */
    struct publish publish;

    pthread_rwlock_t exchange_lock; /* shared: to open the view's file; held while another takes its place */

    pthread_mutex_t readers_lock; /* of what follows */
    struct view *readers[READERS_KEPT];
    size_t reader_count;
    uint64_t epoch; /* of the view's file: older connections look at one that was thrown away */
    struct view_file {
        uint64_t device, inode;
    } view_file; /* of a reader: the file that this epoch's connections were opened on */
};

struct txn {
    struct node *node;
    int64_t now_us;
    size_t begun_bytes; /* staged before this function */
    enum err err;       /* the first failed append: the function cannot succeed any more */
    struct fault fault;
};

/* node.c: opens the home as an owner and closes it again, for a reader who found something missing. ERR_BUSY and the
 * like do not matter when what is there can be read. */
MUST_CHECK enum err node_put_in_order(struct node *node, struct fault *reterr);

/* writer.c */
MUST_CHECK enum err writer_start(struct node *node, struct fault *reterr);
void writer_stop(struct node *node); /* after the queue was worked off */
/* A reader has found the view damaged: it is made again, soon, on the writer thread. */
void writer_mend_view(struct node *node);
MUST_CHECK enum err writer_run(struct node *node, struct job *job, struct fault *reterr);
/* A group of its own, on the writer thread, by what runs there alone. */
MUST_CHECK enum err writer_group(struct node *node, node_write_fn *fn, void *self, struct fault *reterr);

/* Nothing more is written until the node is opened again: on the writer thread. */
void writer_stop_writing(struct node *node, enum err err, const struct fault *why);

/* replay.c, on the writer thread or before it runs */
/* Applies the log's entries that the view has not seen. *ret_damaged: the failure is the view's, not the log's. */
MUST_CHECK enum err replay_missing(struct node *node, struct view *v, bool *ret_damaged, struct fault *reterr);
/* The same up to `upto` entries, for a view of nobody's. cancel may be NULL. */
MUST_CHECK enum err replay_upto(const struct log *log, struct view *v, uint64_t upto, const atomic_bool *cancel,
                                bool *ret_damaged, struct fault *reterr);
/* Makes a new view of the whole log and puts it in the old one's place. node->view may be NULL before; it is never
 * after success. */
MUST_CHECK enum err replay_rebuild(struct node *node, struct fault *reterr);

/* The same where the old view must go first: its room is needed. Until it is done there is none. */
MUST_CHECK enum err replay_anew(struct node *node, struct fault *reterr);
/* node_publish.c */
void publish_init(struct publish *p);
void publish_done(struct publish *p);
/* Of an owner that opens: *ret_size entries were published, 0: none. ERR_MALFORMED: log/checkpoint is damaged. */
MUST_CHECK enum err publish_load(struct node *node, uint64_t *ret_size, struct fault *reterr);
/* Then, with log and view: the tree, brought up to the log. ERR_MALFORMED: the log is not the one published. */
MUST_CHECK enum err publish_open(struct node *node, struct fault *reterr);
MUST_CHECK enum err publish_rebuild(struct node *node, struct fault *reterr); /* the tree, on the writer thread */
void publish_last(struct node *node);                                         /* of an owner that closes */

/* Gives the reserve up; true when room was made. For log_on_full() and local_on_full(): self is the node. */
bool node_make_room(void *self);

void readers_drop(struct node *node); /* the idle ones */
