/* store/tree.c - the tree's files grown leaf by leaf, read by anybody.
 *
 * Invariants (numbers as in tree.h):
 *   1. a hash once written never changes: an item below a file's count is written again only with the same bytes.
 *   2. published means synced: tree_sync() returns OK only after a sync of everything it wrote and of the folder.
 *   3. the tree is never ahead of the log: leaves come from log_commit() or from the log.
 *   5. what was not published is not trusted when the files are opened: after a crash any of it may be missing. It is
 * hashed again from the log. Files made anew get their heads last, once all they hold is synced.
 *
 *             a write or sync failed
 *   GROWING ------------------------> BEHIND (adds are passed over) --tree_heal: again from the last synced leaf-->
 * GROWING */
#include "store/tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "store/home.h"
#include "store/tree_file.h"

#define FILES    (TREE_LEVELS + 1)
#define PLACES   TREE_LEVELS /* file[PLACES] */
#define FOLDER   "view"
#define WHAT_NOW "restore the home from a backup, or let the log go on under a new origin (entente key --help)"

struct tree_files {
    struct tree_file file[FILES];
    bool headless; /* being made: heads come last */
};

struct tree {
    const struct io *io;
    char *home;
    const struct log *log;
    bool write;
    uint8_t log_id[LOG_ID_BYTES];
    _Atomic uint64_t size;
    pthread_rwlock_t files_lock; /* of the pointer: taken for writing by tree_rebuild() alone */
    pthread_mutex_t lock;        /* of what follows */
    struct tree_files *files;
    uint64_t synced; /* leaves */
    bool names_unsynced, behind;
    struct fault why;
};

static uint64_t level_count(uint64_t size, size_t file)
{
    return file == PLACES ? size : tree_level_count(size, (unsigned)file);
}

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for the tree");
}

/* ---- a set of files ---- */

static void files_free(struct tree_files *s)
{
    for (size_t i = 0; s && i < FILES; i++)
        tree_file_done(&s->file[i]);
    free(s);
}

static struct tree_files *files_new(const struct io *io, const char *home)
{
    struct tree_files *s = calloc(1, sizeof *s);
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < FILES; i++)
        ok = tree_file_init(&s->file[i], io, home, i == PLACES ? TREE_PLACES : (unsigned)i) == OK;
    if (ok)
        return s;
    files_free(s);
    return NULL;
}

/* Those that are there; which ones have to be is known from the count trusted. */
static enum err files_open(struct tree *t, struct tree_files *s, struct fault *reterr)
{
    for (size_t i = 0; i < FILES; i++) {
        if (s->file[i].fd >= 0)
            continue;
        enum err err = tree_file_open(&s->file[i], t->write, t->log_id, reterr);
        if (err != OK && err != ERR_NOT_FOUND)
            return err;
    }
    return OK;
}

static enum err files_trust(struct tree_files *s, uint64_t size, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < FILES; i++)
        err = tree_file_trust(&s->file[i], level_count(size, i), reterr);
    return err;
}

/* All of one run is full: its root is the next level's item. */
static struct sha256 run_root(const struct tree_file *f)
{
    struct sha256 h[TREE_RUN];
    memcpy(h, f->run, sizeof h);
    for (size_t width = TREE_RUN; width > 1; width /= 2)
        for (size_t i = 0; i < width / 2; i++)
            h[i] = merkle_inner(&h[2 * i], &h[2 * i + 1]);
    return h[0];
}

static enum err push(struct tree *t, struct tree_files *s, size_t i, const void *item, bool *ret_full,
                     struct fault *reterr)
{
    struct tree_file *f = &s->file[i];
    enum err err = OK;
    if (f->fd < 0) {
        err = tree_file_make(f, reterr);
        if (err == OK && !s->headless) {
            err = tree_file_put_head(f, t->log_id, reterr);
            if (err != OK) /* without a head it must not count as made */
                tree_file_close(f);
        }
        t->names_unsynced = true;
    }
    return err == OK ? tree_file_push(f, item, ret_full, reterr) : err;
}

static enum err files_add(struct tree *t, struct tree_files *s, const struct sha256 *leaf, struct place at,
                          struct fault *reterr)
{
    uint8_t place[8];
    struct sha256 hash = *leaf;
    bool full;
    tree_place_encode(at, place);
    enum err err = push(t, s, PLACES, place, &full, reterr);
    full = true;
    for (size_t i = 0; err == OK && full && i < TREE_LEVELS; i++) {
        err = push(t, s, i, &hash, &full, reterr);
        if (err == OK && full)
            hash = run_root(&s->file[i]);
    }
    return err;
}

/* Appends the entries that the set has not seen, from the log. */
static enum err files_catch_up(struct tree *t, struct tree_files *s, struct fault *reterr)
{
    struct log_reader *r;
    const uint64_t from = s->file[0].count;
    if (from == log_size(t->log))
        return OK;
    enum err err;
    if (from == 0) {
        err = log_reader_open(t->log, 0, &r, reterr);
    } else { /* the place of the one before is known */
        uint8_t place[8];
        err = tree_file_read(&s->file[PLACES], from - 1, 1, place, reterr);
        if (err == OK)
            err = log_reader_open_at(t->log, from - 1, tree_place_decode(place), &r, reterr);
    }
    if (err != OK)
        return err;
    log_reader_skip_details(r);
    for (uint64_t n = from ? from - 1 : 0; err == OK; n++) {
        struct log_read read;
        err = log_reader_next(r, &read, reterr);
        if (err != OK || n < from)
            continue;
        struct sha256 leaf = entry_leaf(read.entry_text);
        err = files_add(t, s, &leaf, read.at, reterr);
    }
    log_reader_close(r);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err files_flush(struct tree_files *s, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = FILES; err == OK && i-- > 0;)
        err = tree_file_flush(&s->file[i], reterr);
    return err;
}

static enum err sync_fd(struct tree *t, const struct tree_file *f, int fd, struct fault *reterr)
{
    return t->io->sync(t->io->self, fd) == 0 ? OK : fault_errno(reterr, "syncing %s", f->path);
}

static enum err files_sync(struct tree *t, struct tree_files *s, struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < FILES; i++) {
        if (s->file[i].fd >= 0)
            err = sync_fd(t, &s->file[i], s->file[i].fd, reterr);
        s->file[i].unsynced = false;
    }
    return err;
}

/* ---- is it the tree that was published? ---- */

static enum err read_hashes(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                            struct fault *reterr)
{
    const struct tree_files *s = self;
    if (level >= TREE_LEVELS || index + count > s->file[level].count)
        return fault_set(reterr, ERR_NOT_FOUND, "the tree does not reach so far");
    uint64_t in_memory;
    tree_file_peek(&s->file[level], index, count, ret, &in_memory);
    return tree_file_read(&s->file[level], index, (size_t)(in_memory - index), ret, reterr);
}

static enum err check_root(struct tree_files *s, uint64_t known, const struct sha256 *root, struct fault *reterr)
{
    const struct tree_source source = {s, read_hashes};
    struct sha256 there;
    if (known == 0)
        return OK;
    enum err err = tree_root(&source, known, &there, reterr);
    if (err == OK && !sha256_eq(&there, root))
        err = fault_set(reterr, ERR_VERSION, "the tree's files are not those of the published checkpoint");
    return err;
}

/* A log that forked differs in every entry since, for their commitments are salted: looking at one is enough. */
static enum err check_last(struct tree *t, const struct tree_files *s, uint64_t known, struct fault *reterr)
{
    struct log_reader *r;
    struct log_read read;
    struct sha256 leaf;
    uint8_t place[8];
    if (known == 0)
        return OK;
    enum err err = tree_file_read(&s->file[PLACES], known - 1, 1, place, reterr);
    if (err == OK)
        err = tree_file_read(&s->file[0], known - 1, 1, &leaf, reterr);
    if (err == OK)
        err = log_reader_open_at(t->log, known - 1, tree_place_decode(place), &r, reterr);
    if (err != OK)
        return err;
    log_reader_skip_details(r);
    err = log_reader_next(r, &read, reterr);
    if (err == OK) {
        struct sha256 there = entry_leaf(read.entry_text);
        if (!sha256_eq(&there, &leaf))
            err = fault_set(reterr, ERR_MALFORMED, "the log has another entry %llu", (unsigned long long)known - 1);
    }
    log_reader_close(r);
    return err;
}

static enum err check_length(const struct tree *t, uint64_t known, struct fault *reterr)
{
    if (log_size(t->log) >= known)
        return OK;
    return fault_set(
        reterr, ERR_MALFORMED,
        "the log has %llu entries, but a checkpoint over %llu was published: it was damaged, or put back "
        "to an older state; " WHAT_NOW,
        (unsigned long long)log_size(t->log), (unsigned long long)known);
}

/* ---- making anew ---- */

/* From the whole log, synced before the heads make the files count. */
static enum err build(struct tree *t, struct tree_files *s, uint64_t known, const struct sha256 *root,
                      struct fault *reterr)
{
    enum err err = files_trust(s, 0, reterr);
    s->headless = true;
    for (size_t i = 0; err == OK && i < FILES; i++)
        err = tree_file_make(&s->file[i], reterr);
    if (err == OK)
        err = files_catch_up(t, s, reterr);
    if (err == OK)
        err = files_flush(s, reterr);
    if (err == OK)
        err = check_root(s, known, root, reterr);
    if (err == ERR_VERSION)
        err = fault_set(reterr, ERR_MALFORMED,
                        "the log's first %llu entries are not those of the published checkpoint: it was damaged, or "
                        "put back to an older state and gone on from there; " WHAT_NOW,
                        (unsigned long long)known);
    if (err == OK)
        err = files_sync(t, s, reterr);
    for (size_t i = 0; err == OK && i < FILES; i++)
        err = tree_file_put_head(&s->file[i], t->log_id, reterr);
    if (err == OK)
        err = files_sync(t, s, reterr);
    if (err == OK)
        err = home_sync(t->io, t->home, FOLDER, reterr);
    s->headless = false;
    return err;
}

static bool is_failure(enum err err)
{
    return err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL || err == ERR_DENIED;
}

/* Those that are there, when they are what was published. */
static enum err take_old(struct tree *t, struct tree_files *s, uint64_t known, const struct sha256 *root,
                         struct fault *reterr)
{
    enum err err = files_open(t, s, reterr);
    if (err == OK)
        err = files_trust(s, known, reterr);
    if (err == OK)
        err = check_root(s, known, root, reterr);
    if (err == OK && t->write)
        err = check_last(t, s, known, reterr);
    return err;
}

static enum err open_write(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    char *folder = home_path(t->home, FOLDER);
    enum err err = folder ? home_make_folder(folder, reterr) : no_memory(reterr);
    free(folder);
    if (err == OK)
        err = check_length(t, known, reterr);
    if (err != OK)
        return err;
    err = take_old(t, t->files, known, root, &why);
    if (err == OK)
        err = files_catch_up(t, t->files, &why);
    if (err == OK || err == ERR_NOMEM) {
        if (err != OK && reterr)
            *reterr = why;
    } else { /* whatever was wrong with them */
        err = build(t, t->files, known, root, reterr);
    }
    if (err == OK)
        atomic_store(&t->size, t->files->file[0].count);
    t->synced = known;
    return err;
}

static enum err open_read(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    enum err err = take_old(t, t->files, known, root, &why);
    if (err == OK) {
        atomic_store(&t->size, known);
        return OK;
    }
    if (reterr)
        *reterr = why;
    return is_failure(err) && err != ERR_IO ? err : fault_set(reterr, ERR_VERSION, "%s", why.what);
}

enum err tree_open(const struct io *io, const char *home, const struct log *log, bool write, uint64_t known,
                   const struct sha256 *root, struct tree **ret, struct fault *reterr)
{
    struct tree *t = calloc(1, sizeof *t);
    if (!t)
        return no_memory(reterr);
    t->io = io;
    t->log = log;
    t->write = write;
    log_id(log, t->log_id);
    pthread_rwlock_init(&t->files_lock, NULL);
    pthread_mutex_init(&t->lock, NULL);
    t->home = strdup(home);
    t->files = files_new(io, home);
    enum err err = OK;
    if (!t->home || !t->files)
        err = no_memory(reterr);
    else
        err = write ? open_write(t, known, root, reterr) : open_read(t, known, root, reterr);
    if (err == OK)
        *ret = t;
    else
        tree_close(t);
    return err;
}

void tree_close(struct tree *t)
{
    if (!t)
        return;
    files_free(t->files);
    pthread_rwlock_destroy(&t->files_lock);
    pthread_mutex_destroy(&t->lock);
    free(t->home);
    free(t);
}

enum err tree_refresh(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr)
{
    if (known <= tree_size(t))
        return OK;
    struct tree_files *fresh = files_new(t->io, t->home), *old = fresh;
    if (!fresh)
        return no_memory(reterr);
    enum err err = take_old(t, fresh, known, root, reterr);
    if (err == OK) {
        pthread_rwlock_wrlock(&t->files_lock);
        old = t->files;
        t->files = fresh;
        atomic_store(&t->size, known);
        pthread_rwlock_unlock(&t->files_lock);
    }
    files_free(old);
    return err;
}

/* ---- growing ---- */

/* With the lock held. */
static void fall_behind(struct tree *t, const struct fault *why)
{
    if (!t->behind)
        t->why = *why;
    t->behind = true;
}

void tree_add(struct tree *t, const struct sha256 *leaf, struct place entry)
{
    struct fault why = {.offset = -1, .line = -1};
    pthread_mutex_lock(&t->lock);
    if (!t->behind) {
        if (files_add(t, t->files, leaf, entry, &why) == OK)
            atomic_fetch_add(&t->size, 1);
        else
            fall_behind(t, &why);
    }
    pthread_mutex_unlock(&t->lock);
}

/* What is to be synced, taken under the lock; the syncing itself does not hold the writer up. */
struct to_sync {
    int fd[FILES];
    bool names;
    uint64_t size;
};

static enum err flush(struct tree *t, struct to_sync *ret, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    pthread_mutex_lock(&t->lock);
    enum err err = t->behind ? t->why.err : files_flush(t->files, &why);
    if (err != OK)
        fall_behind(t, &why);
    if (err != OK && reterr)
        *reterr = t->why;
    ret->names = t->names_unsynced;
    ret->size = t->files->file[0].count;
    for (size_t i = 0; i < FILES; i++) {
        struct tree_file *f = &t->files->file[i];
        ret->fd[i] = f->unsynced ? f->fd : -1;
        if (err == OK)
            f->unsynced = false;
    }
    if (err == OK)
        t->names_unsynced = false;
    pthread_mutex_unlock(&t->lock);
    return err;
}

enum err tree_sync(struct tree *t, struct fault *reterr)
{
    struct to_sync pending;
    struct fault why = {.offset = -1, .line = -1};
    pthread_rwlock_rdlock(&t->files_lock);
    enum err err = flush(t, &pending, reterr);
    if (err == OK) {
        for (size_t i = 0; err == OK && i < FILES; i++)
            if (pending.fd[i] >= 0)
                err = sync_fd(t, &t->files->file[i], pending.fd[i], &why);
        if (err == OK && pending.names)
            err = home_sync(t->io, t->home, FOLDER, &why);
        pthread_mutex_lock(&t->lock);
        if (err != OK)
            fall_behind(t, &why);
        else if (pending.size > t->synced)
            t->synced = pending.size;
        pthread_mutex_unlock(&t->lock);
        if (err != OK && reterr)
            *reterr = why;
    }
    pthread_rwlock_unlock(&t->files_lock);
    return err;
}

bool tree_behind(struct tree *t)
{
    pthread_mutex_lock(&t->lock);
    bool behind = t->behind;
    pthread_mutex_unlock(&t->lock);
    return behind;
}

enum err tree_heal(struct tree *t, struct fault *reterr)
{
    enum err err = OK;
    pthread_mutex_lock(&t->lock);
    if (t->behind) {
        t->names_unsynced = true;
        for (size_t i = 0; i < FILES; i++)
            t->files->file[i].unsynced = true;
        err = files_trust(t->files, t->synced, reterr);
        if (err == OK)
            err = files_catch_up(t, t->files, reterr);
        t->behind = err != OK;
        if (err == OK)
            atomic_store(&t->size, t->files->file[0].count);
    }
    pthread_mutex_unlock(&t->lock);
    return err;
}

enum err tree_rebuild(struct tree *t, uint64_t known, const struct sha256 *root, struct fault *reterr)
{
    struct tree_files *fresh = files_new(t->io, t->home), *old = fresh;
    if (!fresh)
        return no_memory(reterr);
    enum err err = check_length(t, known, reterr);
    if (err == OK)
        err = build(t, fresh, known, root, reterr);
    if (err == OK) {
        pthread_rwlock_wrlock(&t->files_lock);
        pthread_mutex_lock(&t->lock);
        old = t->files;
        t->files = fresh;
        t->synced = fresh->file[0].count;
        t->behind = false;
        atomic_store(&t->size, t->synced);
        pthread_mutex_unlock(&t->lock);
        pthread_rwlock_unlock(&t->files_lock);
    }
    files_free(old);
    return err;
}

/* ---- reading ---- */

uint64_t tree_size(const struct tree *t)
{
    return atomic_load(&t->size);
}

static enum err read_items(struct tree *t, size_t file, uint64_t index, size_t count, void *ret, struct fault *reterr)
{
    uint64_t in_memory = index;
    pthread_rwlock_rdlock(&t->files_lock);
    pthread_mutex_lock(&t->lock);
    const struct tree_file *f = &t->files->file[file];
    bool there = index + count <= f->count;
    if (there)
        tree_file_peek(f, index, count, ret, &in_memory);
    pthread_mutex_unlock(&t->lock);
    enum err err = there ? tree_file_read(f, index, (size_t)(in_memory - index), ret, reterr)
                         : fault_set(reterr, ERR_NOT_FOUND, "the tree does not reach so far");
    pthread_rwlock_unlock(&t->files_lock);
    return err;
}

static enum err read_level(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                           struct fault *reterr)
{
    if (level >= TREE_LEVELS)
        return fault_set(reterr, ERR_NOT_FOUND, "the tree has no such level");
    return read_items(self, level, index, count, ret, reterr);
}

struct tree_source tree_source(struct tree *t)
{
    return (struct tree_source){t, read_level};
}

enum err tree_place(const struct tree *t, uint64_t n, struct place *ret, struct fault *reterr)
{
    uint8_t bytes[8];
    if (n >= tree_size(t))
        return fault_set(reterr, ERR_NOT_FOUND, "entry %llu is not in the tree yet", (unsigned long long)n);
    enum err err = read_items((struct tree *)(uintptr_t)t, PLACES, n, 1, bytes, reterr); /* locks, caches: no more */
    if (err == OK)
        *ret = tree_place_decode(bytes);
    return err;
}
