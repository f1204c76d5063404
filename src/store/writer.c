/* store/writer.c - the writer thread: one group after another.
 *
 * Invariants:
 *   1. acknowledged implies durable: a job is told OK only after log_commit() and view_commit() of its group.
 *   3. the view is never ahead of the log: it commits after the log has.
 *   4. one order: entries are staged on this thread only.
 *   5. a job's entries are in its group whole or not at all: what it appended is taken back, in the log's stage and
 * in the view, when it fails.
 *   6. after a failed log_commit() that is for good, or a failed view_commit(), nothing more is written: every
 * further job gets the same error until the node is opened again.
 *
 *   WAITING --jobs queued--> GATHERING --4 MiB staged, or the queue is empty--> SYNCING --> VIEW --> WAITING
 *                              |  ^                                              |           |
 *                              +--+ a job failed: its part is taken back         +-----------+--> STOPPED */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/node_inside.h"
#include "store/references.h"
#include "store/reserve.h"

/* ---- inside a write function ---- */

struct view *txn_view(struct txn *t)
{
    return t->node->view;
}

int64_t txn_now_us(const struct txn *t)
{
    return t->now_us;
}

struct node *txn_node(struct txn *t)
{
    return t->node;
}

enum err txn_body(struct txn *t, struct place place, struct buffer *out, struct fault *reterr)
{
    return log_staged_body(t->node->log, place, out, reterr);
}

size_t txn_room_bytes(const struct txn *t)
{
    size_t used = log_staged_bytes(t->node->log) - t->begun_bytes;
    return used < LOG_GROUP_MAX_BYTES ? LOG_GROUP_MAX_BYTES - used : 0;
}

/* The fact as a replay will read it: the view is changed by this form only. An object that was made ready is that
 * form already, but for what staging said of it: the reader has checked every text of it, and what is encoded and
 * decoded comes back (store/facts.c, invariant 3). */
static enum err apply_staged(struct txn *t, const struct fact *given, const struct log_item *item,
                             const struct ready_body *ready, struct log_read *read, struct fault *reterr)
{
    struct writer *w = &t->node->writer;
    struct fact decoded;
    if (ready->packed.payload.len > 0 && given->kind == FACT_OBJECT) {
        decoded = *given;
        decoded.n = read->entry.n;
        decoded.t_us = read->entry.t_us;
        decoded.u.object.body = read->body;
        decoded.u.object.original = item->original.len > 0 ? read->original : PLACE_NONE;
        decoded.u.object.refs = ready->refs;
        decoded.u.object.type =
            text_sub(given->u.object.id, 0, (size_t)text_find_text(given->u.object.id, TEXT("--")));
        enum err e = view_apply(t->node->view, &decoded, reterr);
        return e != OK ? e : view_apply_keys(t->node->view, decoded.n, ready->keys, ready->key_count, reterr);
    }
    read->detail.public_part = item->public_part;
    read->detail.private_part = item->private_part;
    read->entry.kind = item->kind;
    read->has_body = item->body.len > 0;
    read->has_original = item->original.len > 0;
    arena_reset(&w->arena);
    enum err err = fact_decode(read, &w->arena, &decoded, reterr);
    if (err == OK)
        err = view_apply(t->node->view, &decoded, reterr);
    return err != OK || decoded.kind != FACT_OBJECT ? err
                                                    : view_apply_words(t->node->view, decoded.n, item->body, reterr);
}

static void fill_in(struct fact *f, const struct log_read *read)
{
    f->n = read->entry.n;
    f->t_us = read->entry.t_us;
    if (f->kind == FACT_OBJECT) {
        f->u.object.body = read->body;
        f->u.object.original = read->original;
    } else if (f->kind == FACT_HITS) {
        f->u.hits.body = read->body;
    } else if (f->kind == FACT_DOCUMENT) {
        f->u.document.body = read->body;
    } else if (f->kind == FACT_VOUCH) {
        f->u.vouch.body = read->body;
    } else if (f->kind == FACT_LIST) {
        f->u.list.body = read->body;
    }
}

/* What the object refers to, for its detail. */
static void add_refs(struct writer *w, struct fact *f, struct text body, const struct ready_body *ready)
{
    buffer_clear(&w->refs);
    if (f->kind != FACT_OBJECT)
        return;
    if (ready->packed.payload.len == 0)
        references_of(body, &w->refs);
    f->u.object.refs = ready->packed.payload.len > 0 ? ready->refs : buffer_text(&w->refs);
}

static enum err append(struct txn *t, struct fact *f, struct text body, const struct ready_body *ready,
                       struct text original, struct fault *reterr)
{
    struct writer *w = &t->node->writer;
    struct log_read read;
    /* A question that failed has made SQLite roll back: what is applied now would be a transaction of its own. */
    if (!view_alive(t->node->view))
        return fault_set(reterr, ERR_IO, "the view gave the transaction up");
    if (txn_room_bytes(t) == 0)
        return fault_set(reterr, ERR_LIMIT, "one write holds at most %zu bytes; split it", LOG_GROUP_MAX_BYTES);
    memset(&read, 0, sizeof read);
    buffer_clear(&w->public_part);
    buffer_clear(&w->private_part);
    add_refs(w, f, body, ready);
    fact_encode(f, &w->public_part, &w->private_part);
    if (f->kind == FACT_OBJECT)
        f->u.object.refs = TEXT_NONE; /* ours until the next one only */
    enum err err = buffer_error(&w->public_part);
    if (err == OK)
        err = buffer_error(&w->private_part);
    if (err == OK)
        err = buffer_error(&w->refs);
    if (err != OK)
        return fault_set(reterr, err, "a fact does not fit in an entry");
    struct log_item item = {
        .kind = text_of(fact_kind_name(f->kind)),
        .t_us = t->now_us,
        .public_part = buffer_text(&w->public_part),
        .private_part = buffer_text(&w->private_part),
        .body = body,
        .original = original,
        .packed = ready->packed,
    };
    err = log_stage(t->node->log, &item, &read.entry.n, &read.entry.t_us, &read.body, &read.original);
    if (err != OK)
        return fault_set(reterr, err, "the entry cannot be staged: %s", err_name(err));
    err = apply_staged(t, f, &item, ready, &read, reterr);
    if (err == OK)
        fill_in(f, &read);
    return err;
}

enum err txn_append(struct txn *t, struct fact *f, struct text body, struct text original, struct fault *reterr)
{
    return txn_append_ready(t, f, body, &(struct ready_body){0}, original, reterr);
}

enum err txn_append_ready(struct txn *t, struct fact *f, struct text body, const struct ready_body *ready,
                          struct text original, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    if (t->err == OK) {
        t->err = append(t, f, body, ready, original, &why);
        t->fault = why;
    }
    if (t->err != OK && reterr)
        *reterr = t->fault;
    return t->err;
}

/* ---- one job ---- */

/* Takes back what the job did. The first of a group needs no savepoint: the whole transaction is begun again.
 * False: SQLite has given up the transaction by itself, and with it what the jobs before had done. */
static bool take_back(struct node *node, const struct log_mark *mark, bool first)
{
    log_unstage(node->log, mark);
    if (first) {
        view_rollback(node->view);
        return view_begin(node->view, NULL) == OK;
    }
    return view_rollback_to(node->view, NULL) == OK;
}

/* False: the group as a whole is lost. */
static bool run_job(struct node *node, struct job *job, bool first, int64_t now_us)
{
    struct log_mark mark = log_mark(node->log);
    struct txn t = {.node = node, .now_us = now_us, .begun_bytes = mark.bytes};
    if (!first) {
        job->err = view_savepoint(node->view, &job->fault);
        if (job->err != OK)
            return view_alive(node->view);
    }
    job->err = job->fn(&t, job->self, &job->fault);
    if (job->err == OK && t.err != OK) { /* it went on over a failed append */
        job->err = t.err;
        job->fault = t.fault;
    }
    if (job->err == OK && !view_alive(node->view))
        job->err = fault_set(&job->fault, ERR_IO, "the view gave the transaction up");
    if (job->err != OK)
        return take_back(node, &mark, first) && view_alive(node->view);
    if (!first && view_release(node->view, &job->fault) != OK) {
        job->err = job->fault.err;
        return false;
    }
    return true;
}

/* ---- groups ---- */

static struct job *next_job(struct node *node)
{
    struct writer *w = &node->writer;
    pthread_mutex_lock(&w->lock);
    struct job *job = w->first;
    if (job) {
        atomic_fetch_sub_explicit(&node->counters.queued, 1, memory_order_relaxed);
        w->first = job->next;
        if (!w->first)
            w->last = NULL;
        job->next = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void put_back(struct node *node, struct job *job)
{
    struct writer *w = &node->writer;
    counter_up(&node->counters.queued);
    pthread_mutex_lock(&w->lock);
    job->next = w->first;
    w->first = job;
    if (!w->last)
        w->last = job;
    pthread_mutex_unlock(&w->lock);
}

static void tell(struct writer *w, struct job *list)
{
    pthread_mutex_lock(&w->lock);
    while (list) {
        struct job *job = list;
        list = job->next;
        job->done = true;
        pthread_cond_signal(&job->wake); /* after the lock is let go the job may be gone */
    }
    pthread_mutex_unlock(&w->lock);
}

static void stop_writing(struct writer *w, enum err err, const struct fault *why)
{
    pthread_mutex_lock(&w->lock);
    if (!w->stopped) {
        w->stopped = true;
        w->why = *why;
        w->why.err = err;
    }
    pthread_mutex_unlock(&w->lock);
}

static void fail_all(struct job *list, enum err err, const struct fault *why)
{
    for (; list; list = list->next) {
        if (list->err != OK)
            continue;
        list->err = err;
        list->fault = *why;
    }
}

/* A damaged view is thrown away: the log has everything. True: there is a good one. */
static bool mend_view(struct node *node)
{
    struct fault why = {.offset = -1, .line = -1};
    log_warning("the view is damaged: it is made again from the log");
    pulse_expect(&node->writer.pulse, clock_mono_us() + WRITER_ALONE_US);
    enum err err = replay_rebuild(node, &why);
    if (!node->view)
        stop_writing(&node->writer, err, &why);
    if (err != OK)
        log_error("the view cannot be made again: %s", why.what);
    return err == OK;
}

/* Makes what was staged durable, then visible. */
static enum err finish_group(struct node *node, struct fault *why)
{
    struct writer *w = &node->writer;
    int64_t begun_us = clock_mono_us();
    uint64_t before = counter_of(&node->counters.durable);
    pulse_expect(&w->pulse, begun_us);
    enum err err = log_commit(node->log, why);
    int64_t now_us = clock_mono_us();
    pulse_expect(&w->pulse, now_us);
    if (err == OK) {
        histogram_add(&node->counters.commit_us, (uint64_t)(now_us - begun_us));
        histogram_add(&node->counters.group_entries, log_size(node->log) - before);
        atomic_store(&node->counters.durable, log_size(node->log));
    }
    if (err != OK) {
        view_rollback(node->view);
        if (log_failed(node->log))
            stop_writing(w, err, why);
        return err;
    }
    err = view_commit(node->view, why);
    if (err == ERR_FULL && node_make_room(node)) {
        bool damaged;
        err = replay_missing(node, node->view, &damaged, why);
    }
    if (err != OK && view_damaged(node->view) && mend_view(node))
        err = OK; /* a replay shows what the log has, this group with it */
    if (err == OK) {
        struct beacon *beacon = atomic_load(&node->beacon);
        atomic_store(&node->counters.visible, log_size(node->log));
        if (beacon)
            beacon_move(beacon);
    }
    if (err != OK) /* the log has it and the next opening will show it; but nothing can be said now */
        stop_writing(w, err, why);
    return err;
}

static void drop_group(struct node *node)
{
    const struct log_mark nothing = {.n = log_size(node->log), .t_us = log_last_us(node->log)};
    log_unstage(node->log, &nothing);
    view_rollback(node->view);
}

static void add_to(struct job ***end, struct job *job)
{
    **end = job;
    *end = &job->next;
}

/* Runs queued jobs until the group is full; *ret_list are those that were run. True: something is to be committed. */
static bool gather(struct node *node, struct job *job, bool only, struct job **ret_list)
{
    struct job **end = ret_list;
    int64_t now_us = clock_now_us();
    bool first = true;
    *ret_list = NULL;
    for (; job; job = only ? NULL : next_job(node)) {
        if (!job->fn) {
            put_back(node, job);
            break;
        }
        add_to(&end, job);
        pulse_expect(&node->writer.pulse, clock_mono_us());
        if (!run_job(node, job, first, now_us)) {
            struct fault why = {.err = ERR_IO, .offset = -1, .line = -1, .what = "the group was given up"};
            fail_all(*ret_list, ERR_IO, job->err != OK ? &job->fault : &why);
            drop_group(node);
            return false;
        }
        first = log_staged_bytes(node->log) == 0;
        if (log_staged_bytes(node->log) >= GROUP_FULL_BYTES)
            break;
    }
    return true;
}

/* only: no other job joins. */
static void run_group(struct node *node, struct job *job, bool only)
{
    struct writer *w = &node->writer;
    struct fault why = {.offset = -1, .line = -1};
    struct job *list = job;
    enum err err = view_begin(node->view, &why);
    if (err != OK && view_damaged(node->view) && mend_view(node))
        err = view_begin(node->view, &why);
    if (err != OK) {
        fail_all(job, err, &why);
        if (err == ERR_VERSION)
            stop_writing(w, err, &why);
        tell(w, job);
        return;
    }
    bool durable = false;
    if (gather(node, job, only, &list)) {
        if (log_staged_bytes(node->log) == 0) {
            view_rollback(node->view);
        } else {
            err = finish_group(node, &why);
            if (err != OK)
                fail_all(list, err, &why);
            durable = err == OK;
        }
    }
    if (node->view && view_damaged(node->view)) /* found inside a job, which failed: the next will not */
        mend_view(node);
    tell(w, list);
    if (atomic_load(&node->reserve_wanted) && !atomic_load(&node->reserve_there))
        atomic_store(&node->reserve_there, reserve_hold(node->io, node->home, true));
    pthread_mutex_lock(&w->lock); /* who takes its listener away finds it not under way */
    if (durable && w->on_commit)
        w->on_commit(w->on_commit_self, log_size(node->log));
    pthread_mutex_unlock(&w->lock);
}

static void run_alone(struct node *node, struct job *job)
{
    pulse_expect(&node->writer.pulse, clock_mono_us() + WRITER_ALONE_US);
    job->err = job->alone(node, job->self, &job->fault);
    if (!node->view)
        stop_writing(&node->writer, job->err, &job->fault);
    tell(&node->writer, job);
}

enum err writer_group(struct node *node, node_write_fn *fn, void *self, struct fault *reterr)
{
    struct job job = {.fn = fn, .self = self, .fault = {.offset = -1, .line = -1}};
    pthread_cond_init(&job.wake, NULL);
    run_group(node, &job, true);
    pthread_cond_destroy(&job.wake);
    if (job.err != OK && reterr) {
        *reterr = job.fault;
        reterr->err = job.err;
    }
    return job.err;
}

void writer_stop_writing(struct node *node, enum err err, const struct fault *why)
{
    stop_writing(&node->writer, err, why);
}

/* ---- the thread ---- */

static void write_groups(struct node *node)
{
    struct writer *w = &node->writer;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        while (!w->first && !w->closing && !atomic_load(&node->view_damaged)) {
            pulse_expect(&w->pulse, PULSE_NEVER);
            pthread_cond_wait(&w->work, &w->lock);
        }
        pulse_expect(&w->pulse, clock_mono_us());
        bool end = !w->first && w->closing;
        bool stopped = w->stopped;
        struct fault why = w->why;
        pthread_mutex_unlock(&w->lock);
        if (end)
            return;
        if (atomic_exchange(&node->view_damaged, false) && !stopped)
            mend_view(node);
        struct job *job = next_job(node);
        if (!job)
            continue;
        if (stopped) {
            fail_all(job, why.err, &why);
            tell(w, job);
        } else if (job->fn) {
            run_group(node, job, false);
        } else {
            run_alone(node, job);
        }
    }
}

static void *work(void *arg)
{
    struct thread_own own;
    thread_begin(&own, "writer");
    write_groups(arg);
    thread_end();
    return NULL;
}

enum err writer_start(struct node *node, struct fault *reterr)
{
    struct writer *w = &node->writer;
    atomic_store(&node->counters.durable, log_size(node->log));
    atomic_store(&node->counters.visible, log_size(node->log));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    buffer_init(&w->public_part, LOG_RECORD_MAX_BYTES);
    buffer_init(&w->refs, REFERENCES_MAX * REFERENCE_KEY_BYTES * 2);
    buffer_init(&w->private_part, LOG_RECORD_MAX_BYTES);
    arena_init(&w->arena, 4 * LOG_RECORD_MAX_BYTES);
    int number = pthread_create(&w->thread, NULL, work, node);
    w->running = number == 0;
    if (number == 0)
        return OK;
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    return fault_set(reterr, ERR_NOMEM, "no thread for the writer: %s", strerror(number));
}

void writer_mend_view(struct node *node)
{
    struct writer *w = &node->writer;
    if (node->mode != NODE_OWN || !w->running)
        return;
    pthread_mutex_lock(&w->lock);
    if (!w->stopped)
        atomic_store(&node->view_damaged, true);
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

void writer_stop(struct node *node)
{
    struct writer *w = &node->writer;
    if (!w->running)
        return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    buffer_done(&w->public_part);
    buffer_done(&w->refs);
    buffer_done(&w->private_part);
    arena_done(&w->arena);
    w->running = false;
}

enum err writer_run(struct node *node, struct job *job, struct fault *reterr)
{
    struct writer *w = &node->writer;
    job->fault.offset = job->fault.line = -1;
    pthread_cond_init(&job->wake, NULL);
    pthread_mutex_lock(&w->lock);
    if (w->last)
        w->last->next = job;
    else
        w->first = job;
    w->last = job;
    counter_up(&node->counters.queued);
    pulse_call(&w->pulse, clock_mono_us());
    pthread_cond_signal(&w->work);
    while (!job->done)
        pthread_cond_wait(&job->wake, &w->lock);
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&job->wake);
    if (job->err != OK && reterr) {
        *reterr = job->fault;
        reterr->err = job->err;
    }
    return job->err;
}
