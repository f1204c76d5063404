/* store/replay.c - the view from the log.
 *
 * A rebuild makes view/next.db beside the old one and takes its place by renaming. SQLite trusts a write-ahead log it
 * finds beside a database, so the old one's must be gone, durably, before the new database has its name, and the old
 * database must not be found without its own:
 *   next.db whole and synced -> view.db renamed to old.db, synced -> view.db-wal, -shm removed, synced -> next.db
 * renamed to view.db, synced -> old.db removed. A crash in between leaves no view.db, and the next opening rebuilds.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "store/node_inside.h"

static enum err apply_one(struct view *v, const struct log_read *read, struct arena *arena, bool *ret_damaged,
                          struct fault *reterr)
{
    struct fact f;
    enum err err;
    arena_reset(arena);
    if (read->erased) {
        err = view_apply_erased(v, read->entry.n, read->entry.t_us, reterr);
    } else {
        err = fact_decode(read, arena, &f, reterr);
        if (err != OK)
            return err;
        err = view_apply(v, &f, reterr);
        if (err == OK && f.kind == FACT_OBJECT && read->body_spoiled)
            view_apply_unread(v); /* what was decided stands without it; it is not found by its words */
        else if (err == OK && f.kind == FACT_OBJECT)
            err = view_apply_words(v, f.n, read->body_text, reterr);
    }
    *ret_damaged = err != OK && err != ERR_NOMEM && err != ERR_FULL && err != ERR_IO;
    return err;
}

static enum err apply_batch(struct view *v, struct log_reader *r, uint64_t upto, struct arena *arena, bool *ret_end,
                            bool *ret_damaged, struct fault *reterr)
{
    enum err err = view_begin(v, reterr);
    if (err != OK) {
        *ret_damaged = err == ERR_VERSION;
        return err;
    }
    for (size_t i = 0; err == OK && i < REPLAY_BATCH; i++) {
        struct log_read read;
        if (view_position(v) >= upto) {
            *ret_end = true;
            break;
        }
        err = log_reader_next(r, &read, reterr);
        if (err == ERR_NOT_FOUND) {
            *ret_end = true;
            break;
        }
        if (err == OK)
            err = apply_one(v, &read, arena, ret_damaged, reterr);
    }
    if (err != OK && err != ERR_NOT_FOUND) {
        view_rollback(v);
        return err;
    }
    err = view_commit(v, reterr);
    *ret_damaged = err == ERR_VERSION;
    return err;
}

static enum err replay_batches(const struct log *log, struct view *v, uint64_t upto, const atomic_bool *cancel,
                               struct pulse *pulse, bool *ret_damaged, struct fault *reterr)
{
    struct log_reader *r;
    bool end = view_position(v) >= upto;
    *ret_damaged = false;
    if (end)
        return OK;
    enum err err = log_reader_open(log, view_position(v), &r, reterr);
    if (err != OK)
        return err;
    struct arena arena;
    log_reader_give_bodies(r);
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    while (err == OK && !end) {
        if (cancel && atomic_load(cancel))
            err = fault_set(reterr, ERR_CANCELLED, "stopped");
        else
            err = apply_batch(v, r, upto, &arena, &end, ret_damaged, reterr);
        if (pulse)
            pulse_expect(pulse, clock_mono_us() + WRITER_ALONE_US);
    }
    arena_done(&arena);
    log_reader_close(r);
    return err;
}

enum err replay_upto(const struct log *log, struct view *v, uint64_t upto, const atomic_bool *cancel,
                     bool *ret_damaged, struct fault *reterr)
{
    return replay_batches(log, v, upto, cancel, NULL, ret_damaged, reterr);
}

enum err replay_missing(struct node *node, struct view *v, bool *ret_damaged, struct fault *reterr)
{
    struct pulse *pulse = node->writer.running ? &node->writer.pulse : NULL;
    return replay_batches(node->log, v, log_size(node->log), NULL, pulse, ret_damaged, reterr);
}

static enum err remove_all(struct node *node, const char *const *names, size_t count, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count; i++)
        err = home_remove(node->io, node->home, names[i], reterr);
    return err;
}

/* What was made from the old view (desk/watchlist_file.h) goes before it does: it may hold what was erased. */
static enum err drop_derived(struct node *node, struct fault *reterr)
{
    static const char *const derived[] = {"index/base", "index/base.new"};
    char *folder = home_path(node->home, "index");
    if (!folder)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    bool there = access(folder, F_OK) == 0;
    free(folder);
    enum err err = there ? remove_all(node, derived, ARRAY_LEN(derived), reterr) : OK;
    return err == OK && there ? home_sync(node->io, node->home, "index", reterr) : err;
}

static enum err build_next(struct node *node, struct fault *reterr)
{
    static const char *const leftovers[] = {"view/next.db", "view/next.db-wal", "view/next.db-shm",
                                            "view/next.db-journal", "view/old.db"};
    struct view *next = NULL;
    bool damaged;
    char *folder = home_path(node->home, VIEW_FOLDER), *path = home_path(node->home, "view/next.db");
    enum err err = folder && path ? home_make_folder(folder, reterr) : fault_set(reterr, ERR_NOMEM, "no memory");
    if (err == OK)
        err = remove_all(node, leftovers, ARRAY_LEN(leftovers), reterr);
    if (err == OK)
        err = home_touch(node->io, node->home, "view/next.db", reterr);
    if (err == OK)
        err = view_open_at(path, true, &next, reterr);
    if (err == OK)
        err = replay_missing(node, next, &damaged, reterr);
    if (err == OK)
        err = view_seal(next, reterr);
    view_close(next);
    if (err == OK)
        err = home_sync(node->io, node->home, "view/next.db", reterr);
    free(folder);
    free(path);
    return err;
}

static enum err swap(struct node *node, struct fault *reterr)
{
    static const char *const old[] = {"view/view.db-wal", "view/view.db-shm", "view/view.db-journal"};
    const struct io *io = node->io;
    enum err err = drop_derived(node, reterr);
    if (err == OK)
        err = home_rename(io, node->home, VIEW_FILE, "view/old.db", reterr);
    if (err == ERR_NOT_FOUND)
        err = OK;
    if (err == OK)
        err = home_sync(io, node->home, VIEW_FOLDER, reterr);
    if (err == OK)
        err = remove_all(node, old, ARRAY_LEN(old), reterr);
    if (err == OK)
        err = home_sync(io, node->home, VIEW_FOLDER, reterr);
    if (err == OK)
        err = home_rename(io, node->home, "view/next.db", VIEW_FILE, reterr);
    if (err == OK)
        err = home_sync(io, node->home, VIEW_FOLDER, reterr);
    return err == OK ? home_remove(io, node->home, "view/old.db", reterr) : err;
}

static void close_view(struct node *node)
{
    view_close(node->view);
    node->view = NULL;
    pthread_mutex_lock(&node->readers_lock);
    node->epoch++;
    pthread_mutex_unlock(&node->readers_lock);
    readers_drop(node);
}

enum err replay_anew(struct node *node, struct fault *reterr)
{
    static const char *const all[] = {VIEW_FILE,      "view/view.db-wal",    "view/view.db-shm",
                                      "view/next.db", "view/next.db-wal",    "view/next.db-shm",
                                      "view/old.db",  "view/next.db-journal"};
    pthread_rwlock_wrlock(&node->exchange_lock);
    close_view(node);
    enum err err = remove_all(node, all, ARRAY_LEN(all), reterr);
    pthread_rwlock_unlock(&node->exchange_lock);
    return err == OK ? replay_rebuild(node, reterr) : err;
}

enum err replay_rebuild(struct node *node, struct fault *reterr)
{
    struct view *v;
    enum err err = build_next(node, reterr);
    if (err != OK)
        return err;
    pthread_rwlock_wrlock(&node->exchange_lock);
    close_view(node);
    err = swap(node, reterr);
    pthread_rwlock_unlock(&node->exchange_lock);
    if (err == OK)
        err = view_open(node->home, true, &v, reterr);
    if (err == OK)
        node->view = v;
    return err;
}
