/* store/node.h - one node's home, opened. The owner holds the lock, one writer thread, and acknowledges what is
 * durable; readers open without the lock and see the last commit.
 *
 * Home:  format  lock  entente.yaml  log/  view/view.db  local.db  keys/  ctl.sock
 *
 * Life of a write: node_write() queues a function -> the writer thread runs the queued functions one after another in
 * one SQLite transaction (a savepoint each) and stages their entries -> one log_commit() (one fdatasync) for all ->
 * the view commits -> every caller is told. A function that fails takes only its own part back.
 *
 * Invariants: see store/log.h; and 3 views equal a replay; the view is never ahead of the log. */
#pragma once
#include "base/histogram.h"
#include "base/pulse.h"
#include "ledger/note.h"
#include "ledger/tree.h"
#include "store/local.h"
#include "store/view.h"

struct node;
struct txn; /* inside a write function */

#define HOME_LOCK "lock"

struct node_init {
    struct text name, country, sector; /* sector may be empty */
    struct text space;                 /* "real" or an exercise's name */
    struct text account;               /* first administrator's name */
    /* Of an exercise, may be NULL: asks the real node to stand for the key that was made; what it returns ends up in
     * genesis. Else than OK: no home is made. */
    enum err (*vouch)(void *self, struct text origin, const uint8_t key[NOTE_KEY_BYTES], struct buffer *ret_statement,
                      struct fault *reterr);
    void *vouch_self;
    size_t log_segment_bytes; /* 0: LOG_SEGMENT_BYTES; tests take small ones */
};
/* Makes the home (folder and all): keys, log with genesis, own identity object, first administrator, local.db,
 * configuration file. ERR_EXISTS: a home is there already. ERR_USAGE: country not two capital letters, name empty.
 * ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err node_create(const struct io *io, const char *home, const struct node_init *init,
                                struct fault *reterr);

enum node_mode { NODE_READ, NODE_OWN };
/* NODE_OWN: takes the lock (ERR_BUSY: another process has it, its pid in the fault), recovers the log, brings the
 * view up to it (rebuilding it when it is of another version, damaged or missing). NODE_READ: no lock, no change;
 * only when the view is missing, of another version or behind the log, and nobody owns the home, is it first put in
 * order as an owner. ERR_NOT_FOUND: no home here ("run entente init"). ERR_VERSION: written by a newer program.
 * ERR_MALFORMED: the log is damaged, the fault says where. ERR_DENIED: we are root and the home is another user's. */
MUST_CHECK enum err node_open(const struct io *io, const char *home, enum node_mode mode, struct node **ret,
                              struct fault *reterr);
/* Finishes what is queued; all readers must have been given back. Accepts NULL. */
void node_close(struct node *node);
/* Throws the view away and replays the log; for NODE_OWN. *ret_entries how many. */
MUST_CHECK enum err node_rebuild(struct node *node, uint64_t *ret_entries, struct fault *reterr);

/* Threads: node_write(), node_rebuild(), node_reader(), node_reader_done(), node_body(), node_has_room() and the
 * small questions may be asked from any thread at once. A struct view and a struct txn belong to the thread that has
 * them. */
const char *node_home(const struct node *node);
struct local *node_local(struct node *node); /* owner only */
const struct fact_genesis *node_genesis(const struct node *node);
/* The account that local commands act as: the first administrator that is not disabled. The pointer stays good until
 * the node is closed. */
const struct uuid *node_admin(const struct node *node);
/* Looks again, after accounts were changed. */
MUST_CHECK enum err node_find_admin(struct node *node, struct fault *reterr);

/* A reading view for this thread; give it back with node_reader_done(). ERR_BUSY: being made | ERR_NOMEM | ERR_IO */
MUST_CHECK enum err node_reader(struct node *node, struct view **ret, struct fault *reterr);
void node_reader_done(struct node *node, struct view *v);
/* Rises when a whole new view has taken the old one's place (a rebuild, an erasure), here or in another process: what
 * was made from the old one is to be made anew. As of the last node_reader(). */
uint64_t node_view_epoch(struct node *node);
/* The body of a version, appended. */
MUST_CHECK enum err node_body(struct node *node, struct place place, struct buffer *out, struct fault *reterr);

typedef enum err node_write_fn(struct txn *t, void *self, struct fault *reterr);
/* Runs fn on the writer thread and returns when what it appended is durable and visible, with fn's own error
 * otherwise. May be called from any thread but the writer's. ERR_IO | ERR_FULL: the node has stopped writing (after
 * ERR_FULL for want of room for the log, and only then, a later write may succeed). */
MUST_CHECK enum err node_write(struct node *node, node_write_fn *fn, void *self, struct fault *reterr);

/* No erasure begins between the two: for who writes in several parts what belongs together, such as objects and the
 * kept document they came from, which an erasure between them would miss. Many may hold it at once, and with it wait
 * for writes; not from the writer thread. */
void node_hold_erasures(struct node *node);
void node_let_erasures(struct node *node);

/* ---- the log as others can check it: ledger.md's tree, checkpoints and proofs ---- */
#define ORIGIN_MAX 128
/* The log's name in its checkpoints and the key that signs them, as the newest origin (or genesis) entry has them. */
struct node_origin {
    char name[ORIGIN_MAX];
    uint8_t key[NOTE_KEY_BYTES];
    uint64_t n; /* the entry that says so */
};
void node_origin(struct node *node, struct node_origin *ret);
/* Signs the tree over all that is durable, and keeps the checkpoint in log/checkpoint (replaced whole, durable)
 * before it returns. Owner only; thread-safe. *ret_new false: nothing was added since the last one. */
MUST_CHECK enum err node_publish(struct node *node, bool *ret_new, struct fault *reterr);
/* Whether this home is where it was is being asked of its partners: until then (monotonic, a bound) nothing is
 * published, here or at closing (ERR_BUSY), and nothing of the log is to be shown or cosigned. Owner only. */
void node_hold(struct node *node, int64_t until_us);
bool node_held(struct node *node);
/* publish_first: what is published is of an origin that has ended, and must not be shown any more. */
void node_hold_end(struct node *node, bool publish_first);
/* The last published checkpoint, with the cosignatures that came in for it. ERR_NOT_FOUND: none yet */
MUST_CHECK enum err node_checkpoint(struct node *node, struct buffer *ret_note, struct fault *reterr);
/* The newest checkpoint that partners have cosigned, with their signatures. ERR_NOT_FOUND: none. ERR_IO | ERR_NOMEM |
 * ERR_MALFORMED */
MUST_CHECK enum err node_cosigned(struct node *node, struct buffer *ret_note, struct fault *reterr);
/* Adds signature lines, which the caller has verified, to the published checkpoint with this text; and keeps it, as
 * the last cosigned one, in log/cosigned. ERR_NOT_FOUND: it is no longer the published one; log/cosigned is replaced
 * all the same when it is newer than what is there. */
MUST_CHECK enum err node_add_cosignatures(struct node *node, struct text note_text, struct text lines,
                                          struct fault *reterr);
/* Signs with the node's key, under its origin's name: appends a signature line. Owner only. */
MUST_CHECK enum err node_sign(struct node *node, enum note_type type, struct text note_text, struct buffer *out,
                              struct fault *reterr);
uint64_t node_tree_size(struct node *node);
struct tree_source node_tree(struct node *node); /* below node_tree_size(); any thread */
/* The entry n with its detail; texts in the arena. ERR_NOT_FOUND: n is not in the tree (yet) */
MUST_CHECK enum err node_entry(struct node *node, uint64_t n, struct arena *arena, struct log_read *ret,
                               struct fault *reterr);

/* Inside fn: */
struct view *txn_view(struct txn *t);    /* sees what this group has appended so far */
int64_t txn_now_us(const struct txn *t); /* the clock as this group sees it */
/* Appends an entry: encodes, stages, applies to the view. f->n, f->t_us and places are filled in. body and original
 * may be empty. After a failure every further append of this function fails alike, and so does the function.
 * ERR_LIMIT: a body over LOG_RECORD_MAX_BYTES, or the function has appended LOG_GROUP_MAX_BYTES: split the work. */
MUST_CHECK enum err txn_append(struct txn *t, struct fact *f, struct text body, struct text original,
                               struct fault *reterr);
/* A body made ready outside the writer's turn: packed as the log keeps it, its references and words looked for. */
struct ready_body {
    struct log_packed packed; /* payload empty: not made ready */
    struct text refs;
    const uint64_t *keys; /* of the posting lists */
    size_t key_count;
};
struct body_maker;
/* One thread's, while the node is open. */
MUST_CHECK enum err body_maker_new(struct node *node, struct body_maker **ret);
void body_maker_free(struct body_maker *m); /* accepts NULL */
/* hash: of body. What it makes lives in the arena. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err body_make(struct body_maker *m, struct text body, const struct sha256 *hash, struct arena *arena,
                              struct ready_body *ret);
/* txn_append() with a body that was made ready; of exactly these bytes. */
MUST_CHECK enum err txn_append_ready(struct txn *t, struct fact *f, struct text body, const struct ready_body *ready,
                                     struct text original, struct fault *reterr);
/* Body of a version appended earlier in this group or before. */
MUST_CHECK enum err txn_body(struct txn *t, struct place place, struct buffer *out, struct fault *reterr);
struct node *txn_node(struct txn *t);
size_t txn_room_bytes(const struct txn *t); /* that this function may still append */

/* Is there room for bulk intake? ERR_FULL: less than the reserve of the disk is free; asked before each group, so
 * that small essential entries (incidents, erasure) still find room. The default reserve is 5 per cent. ERR_IO */
MUST_CHECK enum err node_has_room(struct node *node, struct fault *reterr);
void node_set_reserve(struct node *node, double percent);
/* The highest classification that may be taken in (release.md 11); at first CLASSIFICATION_NONE. */
void node_set_ceiling(struct node *node, enum classification ceiling);
enum classification node_ceiling(const struct node *node);
/* Keeps HOME/reserve from now on: room for essential writes when the disk is full. Owner only. */
void node_hold_reserve(struct node *node);

/* Keeps HOME/index/now from now on (store/beacon.h): who follows this home in other processes hears at once. Owner
 * only. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err node_light_beacon(struct node *node, struct fault *reterr);

/* What a node has done since it was opened, for who watches it; any thread may read it at any time. */
struct node_counters {
    _Atomic uint64_t queued;        /* writes that wait for the writer thread */
    _Atomic uint64_t readers;       /* reading views that are given out */
    _Atomic uint64_t durable;       /* entries of the log that are synced */
    _Atomic uint64_t visible;       /* entries that the view shows */
    struct histogram group_entries; /* in one commit of the log */
    struct histogram commit_us;     /* its writes and its sync */
};
const struct node_counters *node_counters(const struct node *node);
/* What the gate decided in this process, by whatever door: for the doors to count in (release/gate_counters.h). */
struct gate_counters;
struct gate_counters *node_gate_counters(struct node *node);
/* Whether the writer thread goes on (base/pulse.h). While the node is open. */
const struct pulse *node_pulse(const struct node *node);

/* Called on the writer thread after each durable group, with the entry count; for watchers. One listener. */
void node_on_commit(struct node *node, void (*fn)(void *self, uint64_t entries), void *self);
