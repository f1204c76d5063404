/* store/log.c - life of a log: made, opened, committed to, closed.
 *
 * Invariants (numbers as in /docs/ARCHITECTURE.md and store/log.h):
 *   1. acknowledged implies durable: log_commit() returns OK only after the sync of everything its group consists of.
 *   2. the log never shrinks and no entry changes: bytes before end.place are written again only by erasing, which
 *      overwrites a DETAIL or BODY with zeros; no file is truncated or removed once it has its name.
 *   4. one order: n and t_us never go back; every record carries the chain value of the commit before its group, so a
 *      group that an earlier life left behind cannot join this one.
 *   5. a group is there whole or not at all: it counts when every record of it is whole and the commit adds up.
 *   6. after a failed write or sync nothing is known about the bytes behind the end: no more appends until the log
 * was opened, and so read, again.
 *   7. behind end.place there are only zeros on the disk whenever a group is written.
 *   8. places given out by log_stage() are where the records will lie: a group never moves.
 *
 *                      stage                     commit: write, sync
 *   opened --> IDLE ----------> STAGED ---------------------------------> IDLE
 *                ^  <---------                         |
 *                |   unstage to nothing                | write or sync failed
 *                |   no room to be reserved            v
 *                +--- log_open (recovery) --------- FAILED: every stage and commit gives the same error */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/log_inside.h"

#define SEGMENT_BYTES_MIN (64 * KIB)
#define GROW_BYTES        ((int64_t)MIB)
/* How many missing numbers are stepped over to tell a lost file from the log's end. */
#define GAP_MAX 16u

enum err log_create_sized(const struct io *io, const char *dir, size_t segment_bytes, struct fault *reterr)
{
    struct segment_head h = {.bytes = segment_bytes, .last_us = INT64_MIN}, there;
    struct log_files files;
    int fd;
    if (segment_bytes < SEGMENT_BYTES_MIN || segment_bytes > SEGMENT_BYTES_MAX)
        return fault_set(reterr, ERR_USAGE, "a log segment has 64 KiB to 1 GiB, not %zu bytes", segment_bytes);
    enum err err = files_init(&files, io, dir);
    if (err != OK)
        return fault_set(reterr, err, "no memory");
    err = files_open(&files, 0, false, &fd, &there, NULL);
    files_done(&files);
    if (err == OK)
        io->close(io->self, fd);
    if (err != ERR_NOT_FOUND) /* a damaged one is one, too */
        return err == OK || err == ERR_MALFORMED || err == ERR_VERSION
                   ? fault_set(reterr, ERR_EXISTS, "there is a log in %s already", dir)
                   : fault_set(reterr, err, "looking for a log in %s failed", dir);
    random_bytes(h.log_id, sizeof h.log_id);
    random_bytes(&h.chain, sizeof h.chain);
    err = files_create(io, dir, &h, &fd, reterr);
    if (err == OK)
        io->close(io->self, fd);
    return err;
}

enum err log_create(const struct io *io, const char *dir, struct fault *reterr)
{
    return log_create_sized(io, dir, LOG_SEGMENT_BYTES, reterr);
}

/* Entries of a segment come after those of the one before. */
static enum err enter_next(struct log *log, const struct segment_head *h, struct fault *reterr)
{
    char name[SEGMENT_NAME_MAX];
    size_t count = files_count(&log->files);
    if (count > 0) {
        struct segment before = files_at(&log->files, (uint32_t)count - 1);
        if (h->first_n < before.first_n || h->last_us < before.last_us)
            return fault_at(reterr, ERR_MALFORMED, 56, "FORMAT-log, segment header",
                            "log/%s begins before the segment it follows", segment_name(h->number, name));
    } else if (h->first_n != 0) {
        return fault_at(reterr, ERR_MALFORMED, 56, "FORMAT-log, segment header", "log/%s does not begin at entry 0",
                        segment_name(h->number, name));
    }
    if (files_enter(&log->files, h) != OK)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    return OK;
}

static enum err refuse_gap(struct log *log, uint32_t missing, struct fault *reterr)
{
    char name[SEGMENT_NAME_MAX];
    for (uint32_t i = missing + 1; i <= missing + GAP_MAX; i++) {
        struct segment_head h;
        int fd;
        enum err err = files_open(&log->files, i, false, &fd, &h, reterr);
        if (err == ERR_NOT_FOUND)
            continue;
        if (err == OK)
            log->io->close(log->io->self, fd);
        return err == OK ? fault_set(reterr, ERR_MALFORMED, "log/%s is missing, later segments are there",
                                     segment_name(missing, name))
                         : err;
    }
    return OK;
}

/* Reads all headers; *ret_fd is the last segment. */
static enum err enter_all(struct log *log, int *ret_fd, struct fault *reterr)
{
    int fd = -1;
    uint32_t number = 0;
    struct segment_head h;
    for (;; number++) {
        int next;
        enum err err = files_open(&log->files, number, log->write, &next, &h, reterr);
        if (err == ERR_NOT_FOUND && number > 0)
            break;
        if (err == OK) {
            err = enter_next(log, &h, reterr);
            if (err != OK)
                log->io->close(log->io->self, next);
        }
        if (fd >= 0)
            log->io->close(log->io->self, fd);
        if (err != OK)
            return err;
        fd = next;
    }
    enum err err = refuse_gap(log, number, reterr);
    if (err == OK && log->write)
        err = files_remove_unfinished(&log->files, number, reterr);
    if (err != OK)
        log->io->close(log->io->self, fd);
    else
        *ret_fd = fd;
    return err;
}

static void set_end(struct log *log, const struct log_end *end)
{
    pthread_mutex_lock(&log->end_lock);
    log->end = *end;
    pthread_mutex_unlock(&log->end_lock);
}

static void take_end(struct log *log, const struct log_end *end)
{
    set_end(log, end);
    log->stage_n = end->n;
    log->stage_us = end->last_us;
    atomic_store(&log->n, end->n);
    atomic_store(&log->last_us, end->last_us);
}

struct log_end log_end_now(const struct log *log)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&log->end_lock; /* the log as such does not change */
    pthread_mutex_lock(lock);
    struct log_end end = log->end;
    pthread_mutex_unlock(lock);
    return end;
}

static enum err find_end(struct log *log, int fd, uint64_t known_n, struct fault *reterr)
{
    uint32_t last = (uint32_t)files_count(&log->files) - 1;
    struct segment s = files_at(&log->files, last);
    struct log_end end = {{last, SEGMENT_START}, s.first_n, s.last_us, s.chain};
    int64_t bytes = log->io->size(log->io->self, fd);
    if (bytes < 0)
        return fault_errno(reterr, "looking at the log's last segment");
    enum err err = log_recover(log, fd, bytes, log->write, known_n, &end, reterr);
    if (err != OK)
        return err;
    log->allocated = bytes;
    take_end(log, &end);
    return OK;
}

static enum err open_files(struct log *log, uint64_t known_n, struct fault *reterr)
{
    int fd;
    enum err err = enter_all(log, &fd, reterr);
    if (err != OK)
        return err;
    err = find_end(log, fd, known_n, reterr);
    if (err == OK && log->write)
        log->fd = fd;
    else
        log->io->close(log->io->self, fd);
    return err;
}

enum err log_open_known(const struct io *io, const char *dir, bool write, uint64_t known_n, struct log **ret,
                        struct fault *reterr)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    log->io = io;
    log->write = write;
    log->fd = -1;
    buffer_init(&log->staged, GROUP_HARD_BYTES + 4 * LOG_RECORD_MAX_BYTES);
    buffer_init(&log->leaves, GROUP_HARD_BYTES);
    pthread_mutex_init(&log->contexts_lock, NULL);
    pthread_mutex_init(&log->end_lock, NULL);
    enum err err = files_init(&log->files, io, dir);
    if (err == OK)
        err = log_compress_init(log);
    if (err != OK)
        fault_set(reterr, err, "no memory");
    else
        err = open_files(log, known_n, reterr);
    if (err == OK)
        *ret = log;
    else
        log_close(log);
    return err;
}

enum err log_open(const struct io *io, const char *dir, bool write, struct log **ret, struct fault *reterr)
{
    return log_open_known(io, dir, write, 0, ret, reterr);
}

void log_close(struct log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        log->io->close(log->io->self, log->fd);
    buffer_done(&log->staged);
    buffer_done(&log->leaves);
    log_compress_done(log);
    files_done(&log->files);
    pthread_mutex_destroy(&log->contexts_lock);
    pthread_mutex_destroy(&log->end_lock);
    free(log);
}

enum err log_refresh(struct log *log, struct fault *reterr)
{
    struct log_end end = log->end;
    uint64_t known_n = 0; /* what the header of the segment that follows says to be before it */
    if (log->write)
        return OK;
    for (;;) {
        int fd, unused;
        char name[SEGMENT_NAME_MAX];
        enum err err = files_get(&log->files, end.place.segment, &fd, reterr);
        if (err != OK)
            return err;
        int64_t bytes = log->io->size(log->io->self, fd);
        err = bytes < 0 ? fault_errno(reterr, "looking at the log")
                        : log_recover(log, fd, bytes, false, known_n, &end, reterr);
        files_put(&log->files, end.place.segment);
        if (err != OK)
            return err;
        err = files_get(&log->files, end.place.segment + 1, &unused, reterr);
        if (err != OK) {
            take_end(log, &end);
            return err == ERR_NOT_FOUND ? OK : err;
        }
        files_put(&log->files, end.place.segment + 1);
        struct segment next = files_at(&log->files, end.place.segment + 1);
        if (next.first_n < end.n)
            return fault_at(reterr, ERR_MALFORMED, 56, "FORMAT-log, segment header",
                            "log/%s begins before the end of the segment it follows",
                            segment_name(end.place.segment + 1, name));
        /* Groups were committed between the two looks: look again. Now all of them are there, or damaged. */
        known_n = next.first_n != end.n ? next.first_n : 0;
        if (known_n)
            continue;
        end.place = (struct place){end.place.segment + 1, SEGMENT_START};
    }
}

void log_id(const struct log *log, uint8_t ret[LOG_ID_BYTES])
{
    memcpy(ret, log->files.log_id, LOG_ID_BYTES);
}

void log_on_leaf(struct log *log, log_leaf_fn *fn, void *self)
{
    log->on_leaf = fn;
    log->on_leaf_self = self;
}

uint64_t log_size(const struct log *log)
{
    return atomic_load(&log->n);
}

int64_t log_last_us(const struct log *log)
{
    return atomic_load(&log->last_us);
}

void log_extent(struct log *log, struct log_extent *ret)
{
    struct log_extent e = {
        .segments = log->end.place.segment + 1, .last_bytes = log->end.place.offset, .entries = log->end.n};
    memcpy(e.id, log->files.log_id, sizeof e.id);
    *ret = e;
}

uint32_t log_segment_of(struct log *log, uint64_t n)
{
    uint32_t low = 0, high = (uint32_t)files_count(&log->files);
    while (high - low > 1) { /* the last that begins at or before n */
        uint32_t middle = low + (high - low) / 2;
        if (files_at(&log->files, middle).first_n <= n)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool log_failed(const struct log *log)
{
    return log->failed;
}

/* ---- committing ---- */

static void add_commit(struct log *log, uint8_t ret_payload[COMMIT_BYTES])
{
    struct commit c = {.first_n = log->end.n, .start = log->start.offset, .last_us = log->stage_us};
    struct place at = log->start;
    for (size_t i = 0; i < log->staged.len;) {
        struct record_site site = {log->files.log_seed, {at.segment, at.offset + (uint32_t)i}};
        struct record_head h;
        const uint8_t *record = (const uint8_t *)log->staged.ptr + i;
        if (!record_head_decode(record, &site, &h))
            abort(); /* memory was overwritten: nothing of it may reach the disk */
        c.fold = record_fold(c.fold, &h, record + RECORD_HEAD_BYTES);
        c.records++;
        c.entries += h.kind == RECORD_ENTRY;
        i += record_bytes(h.len);
    }
    at = log_stage_place(log);
    commit_encode(&c, ret_payload);
    size_t head = log_record_open(&log->staged);
    buffer_add_bytes(&log->staged, ret_payload, COMMIT_BYTES);
    log_record_close(log, &log->staged, head, at, RECORD_COMMIT, 0);
}

void log_on_full(struct log *log, bool (*make_room)(void *self), void *self)
{
    log->make_room = make_room;
    log->make_room_self = self;
}

/* On a full disk a small segment, with whatever room can be made. */
static enum err create_next(struct log *log, struct segment_head *h, int *ret_fd, struct fault *reterr)
{
    enum err err = files_create(log->io, log->files.dir, h, ret_fd, reterr);
    if (err != ERR_FULL)
        return err;
    if (log->make_room)
        (void)log->make_room(log->make_room_self);
    if (h->bytes > LOG_SEGMENT_SMALL_BYTES)
        h->bytes = LOG_SEGMENT_SMALL_BYTES;
    return files_create(log->io, log->files.dir, h, ret_fd, reterr);
}

static enum err roll(struct log *log, struct fault *reterr)
{
    struct segment_head h = {
        .number = log->start.segment,
        .bytes = log->files.segment_bytes,
        .first_n = log->end.n,
        .last_us = log->end.last_us,
        .chain = log->end.chain,
    };
    int fd;
    memcpy(h.log_id, log->files.log_id, sizeof h.log_id);
    enum err err = create_next(log, &h, &fd, reterr);
    if (err != OK)
        return err;
    err = files_enter(&log->files, &h);
    if (err != OK) { /* the file stays: empty, it is what the next opening finds as the last */
        log->io->close(log->io->self, fd);
        return fault_set(reterr, err, "no memory");
    }
    log->io->close(log->io->self, log->fd);
    log->fd = fd;
    log->allocated = (int64_t)h.bytes;
    struct log_end end = log->end;
    end.place = log->start;
    set_end(log, &end);
    log->roll = false;
    return OK;
}

static int grow(struct log *log, int64_t more)
{
    int result;
    do
        result = log->io->allocate(log->io->self, log->fd, log->allocated, more);
    while (result != 0 && errno == EINTR);
    return result;
}

/* A group that outgrows its segment enlarges it, before anything of it is written. */
static enum err make_room(struct log *log, struct fault *reterr)
{
    int64_t need = (int64_t)log->start.offset + (int64_t)log->staged.len - log->allocated;
    if (need <= 0)
        return OK;
    int64_t more = (need + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
    int result = grow(log, more);
    if (result != 0 && (errno == ENOSPC || errno == EDQUOT) && log->make_room && log->make_room(log->make_room_self))
        result = grow(log, more);
    if (result != 0)
        return fault_errno(reterr, "reserving %lld bytes for the log", (long long)more);
    log->allocated += more;
    return OK;
}

static enum err write_group(struct log *log, struct fault *reterr)
{
    enum err err = OK;
    if (io_write_all(log->io, log->fd, log->staged.ptr, log->staged.len, log->start.offset) != 0)
        err = fault_errno(&log->why, "writing the log");
    else if (log->io->sync(log->io->self, log->fd) != 0)
        err = fault_errno(&log->why, "syncing the log");
    if (err != OK) {
        log->failed = true;
        if (reterr)
            *reterr = log->why;
    }
    return err;
}

static void drop_staged(struct log *log)
{
    if (log->staged.cap > LOG_GROUP_MAX_BYTES)
        buffer_done(&log->staged);
    buffer_clear(&log->staged);
    buffer_clear(&log->leaves);
    log->stage_n = log->end.n;
    log->stage_us = log->end.last_us;
}

static void tell_leaves(const struct log *log)
{
    struct leaf leaf;
    for (size_t i = 0; log->on_leaf && i + sizeof leaf <= log->leaves.len; i += sizeof leaf) {
        memcpy(&leaf, log->leaves.ptr + i, sizeof leaf);
        log->on_leaf(log->on_leaf_self, &leaf.hash, leaf.at);
    }
}

static enum err commit_staged(struct log *log, struct fault *reterr)
{
    uint8_t commit[COMMIT_BYTES];
    add_commit(log, commit);
    enum err err = buffer_error(&log->staged);
    if (err != OK)
        return fault_set(reterr, err, "no memory for the group's commit");
    if (log->roll)
        err = roll(log, reterr);
    if (err == OK)
        err = make_room(log, reterr);
    if (err == OK)
        err = write_group(log, reterr);
    if (err != OK)
        return err;
    struct log_end end = {
        .place = log_stage_place(log),
        .n = log->stage_n,
        .last_us = log->stage_us,
        .chain = commit_chain(commit, log->end.chain),
    };
    take_end(log, &end);
    tell_leaves(log);
    return OK;
}

enum err log_commit(struct log *log, struct fault *reterr)
{
    enum err err;
    if (log->failed) {
        if (reterr)
            *reterr = log->why;
        err = log->why.err;
    } else {
        err = log->staged.len ? commit_staged(log, reterr) : OK;
    }
    drop_staged(log);
    return err;
}
