/* match/follower.c - follows a log by its path while it grows, is rotated (renamed, or copied and truncated) or cut.
 *
 *            +--------------- the path names another file, this one is read to its end ---------------+
 *            v                                                                                        |
 *   NONE -the path is there-> READING now -lines-> READING ...           READING now -content cut- [copy's rest]
 *            ^                                                                                        |
 *   restart: now = the state's file, found by inode and print; beside the path if it was rotated meanwhile
 *
 * Invariants:
 *  1. Files are read one after the other, oldest first: now, then queue[at..], then the one at the path.
 *  2. now is left only when it was read to its end after its successor was seen to have content: a writer that has
 *     moved on writes no more. For writers of which some have not (several processes), `late` is the file left last;
 *     what it still gets is given in between for LATE_US.
 *  3. The state given with a block is that of `now`: kept once the block was dealt with, nothing is lost or given
 *     twice by going on from it. */
#include "match/follower.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "match/rotated.h"
#include "match/tail.h"

#define STILL_US  1000000  /* a last line without newline is taken for whole after that */
#define LATE_US   60000000 /* a file rotated away and still for so long gets no more */
#define DENIED_US 10000000 /* a new log that may not be read yet: its owner is being set */

struct follower {
    char *path;
    bool resuming; /* state is where to go on, and its file was not found yet */
    bool all;      /* rotated files come first, and were not looked for yet */
    struct follow_state state;
    struct tail *now, *late;
    struct rotated queue;
    size_t at;                                /* of the queue's next file */
    int64_t grew_us, late_grew_us, denied_us; /* denied_us 0: not denied */
    struct tail *from;                        /* now or late: where the last block came from, and at which offset */
    uint64_t from_offset;
    int64_t (*clock)(void);
};

enum err follower_open(const char *path, const struct follow_state *state, struct follower **ret)
{
    struct follower *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    f->path = strdup(path);
    if (!f->path) {
        free(f);
        return ERR_NOMEM;
    }
    f->clock = clock_mono_us;
    f->resuming = state != NULL;
    if (state)
        f->state = *state;
    *ret = f;
    return OK;
}

void follower_read_all(struct follower *f)
{
    f->all = !f->resuming && !f->now;
}

void follower_set_clock(struct follower *f, int64_t (*clock)(void))
{
    f->clock = clock;
}

static void queue_done(struct follower *f)
{
    for (; f->at < f->queue.count; f->at++)
        close(f->queue.files[f->at].fd);
    f->queue.count = f->at = 0;
}

void follower_free(struct follower *f)
{
    if (!f)
        return;
    queue_done(f);
    tail_free(f->now);
    tail_free(f->late);
    free(f->path);
    free(f);
}

/* ---- going from file to file ---- */

/* The file at the path; *ret_fd -1 when there is none. */
static enum err open_path(struct follower *f, int *ret_fd, struct fault *reterr)
{
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
        return fault_errno(reterr, "opening the log that is followed");
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return fault_set(reterr, ERR_USAGE, "only a regular file can be followed");
    }
    *ret_fd = fd;
    return OK;
}

static enum err start_file(struct follower *f, const struct rotated_file *file, struct fault *reterr)
{
    struct tail *t;
    enum err err = tail_new(file->fd, file->packed, file->offset, file->line, &t, reterr);
    if (err)
        return err;
    tail_free(f->now);
    f->now = t;
    f->grew_us = f->clock();
    return OK;
}

/* now: the queue's next file, or else the one at the path. ERR_NOT_FOUND: neither is there. */
static enum err advance(struct follower *f, struct fault *reterr)
{
    int fd;
    if (f->at < f->queue.count) {
        struct rotated_file *next = &f->queue.files[f->at];
        struct rotated_file own = *next;
        own.fd = dup(next->fd); /* the queue keeps its own until the file is really taken over */
        if (own.fd < 0)
            return fault_errno(reterr, "opening a rotated log");
        enum err err = start_file(f, &own, reterr);
        if (err)
            return err;
        close(next->fd);
        f->at++;
        return OK;
    }
    enum err err = open_path(f, &fd, reterr);
    if (err || fd < 0)
        return err ? err : ERR_NOT_FOUND;
    return start_file(f, &(struct rotated_file){fd, false, 0, 1}, reterr);
}

/* After a restart: the state's file at the path, beside it, or (copied to another disk) at the path again. */
static enum err resume(struct follower *f, struct fault *reterr)
{
    struct stat st;
    int fd;
    enum err err = open_path(f, &fd, reterr);
    if (err)
        return err;
    bool there = fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == f->state.ino && tail_has_print(fd, &f->state);
    if (!there) {
        err = rotated_find(f->path, &f->state, true, &f->queue, reterr);
        there = !err && f->queue.count == 0 && fd >= 0 && f->state.print_len && tail_has_print(fd, &f->state);
    }
    if (there)
        err = start_file(f, &(struct rotated_file){fd, false, f->state.offset, f->state.line}, reterr);
    else if (fd >= 0)
        close(fd);
    f->resuming = err != OK;
    return err;
}

/* The content of now was cut off. What was not read yet may be in a copy (logrotate's copytruncate). */
static enum err go_on_after_cut(struct follower *f, struct fault *reterr)
{
    struct follow_state state = tail_state(f->now);
    struct rotated found;
    enum err err = f->at < f->queue.count ? OK : rotated_find(f->path, &state, true, &found, reterr);
    if (err)
        return err;
    if (f->at == f->queue.count && found.count > 0) {
        queue_done(f);
        f->queue = found;
        tail_free(f->now);
        f->now = NULL;
    } else {
        tail_restart(f->now);
    }
    return OK;
}

static bool is_now(const struct follower *f, const struct stat *st)
{
    return st->st_ino == f->now->ino && st->st_dev == f->now->dev;
}

/* A new log that may not be read is waited for a while. */
static enum err denied(struct follower *f, struct fault *reterr)
{
    int64_t now_us = f->clock();
    if (f->denied_us == 0)
        f->denied_us = now_us;
    return now_us - f->denied_us < DENIED_US ? OK : fault_set(reterr, ERR_DENIED, "the new log may not be read");
}

/* Puts into the queue what came after now: files rotated away in between, and the one at the path. An empty new file
 * alone is no reason to go: its writer has not moved on yet. */
static enum err look_for_next(struct follower *f, struct fault *reterr)
{
    struct stat st, at_path;
    if (stat(f->path, &st) < 0 || is_now(f, &st) || !S_ISREG(st.st_mode))
        return OK;
    struct follow_state state = tail_state(f->now);
    struct rotated found;
    int fd;
    enum err err = open_path(f, &fd, reterr);
    if (err == ERR_DENIED)
        return denied(f, reterr);
    if (err || fd < 0)
        return err;
    f->denied_us = 0;
    err = rotated_find(f->path, &state, false, &found, reterr);
    if (err || fstat(fd, &st) < 0) {
        close(fd);
        return err ? err : fault_errno(reterr, "the log that is followed");
    }
    bool moved = stat(f->path, &at_path) < 0 || at_path.st_ino != st.st_ino; /* it may be among those found, then */
    if (moved || (found.count <= 1 && st.st_size == 0)) {
        rotated_done(&found);
        close(fd);
        return OK;
    }
    queue_done(f);
    f->queue = found;
    if (found.count > 0) { /* the first is now itself */
        close(found.files[0].fd);
        f->at = 1;
    }
    if (f->queue.count < ROTATED_MAX)
        f->queue.files[f->queue.count++] = (struct rotated_file){fd, false, 0, 1};
    else
        close(fd); /* found again once the queue is used up */
    return OK;
}

/* ---- blocks ---- */

static enum err give(struct follower *f, struct tail *t, bool all, struct line_block *ret)
{
    if (!lines_take(&t->lines, all, ret))
        return ERR_NOT_FOUND;
    f->from = t;
    f->from_offset = ret->offset;
    return OK;
}

struct logline_stream *follower_headers(struct follower *f)
{
    return f->from ? tail_headers(f->from, f->from_offset) : NULL;
}

/* What the file left last still got. */
static enum err read_late(struct follower *f, struct line_block *ret, struct fault *reterr)
{
    bool grew;
    if (!f->late)
        return ERR_NOT_FOUND;
    enum err err = tail_read(f->late, &grew, reterr);
    if (err == ERR_NOMEM)
        return err;
    int64_t now_us = f->clock();
    if (!err && grew)
        f->late_grew_us = now_us;
    if (!err && give(f, f->late, now_us - f->late_grew_us >= STILL_US, ret) == OK)
        return OK;
    if (err || now_us - f->late_grew_us >= LATE_US) { /* cut off, or still for long: its time is over */
        tail_free(f->late);
        f->late = NULL;
    }
    return ERR_NOT_FOUND;
}

/* Leaves now for its successor; what was written to it just before the successor got its first bytes comes first, and
 * a last line without newline. ERR_NOT_FOUND: it was left, or there is no successor. */
static enum err leave(struct follower *f, bool *ret_left, struct line_block *ret, struct fault *reterr)
{
    bool grew;
    *ret_left = false;
    if (f->at == f->queue.count) {
        enum err err = look_for_next(f, reterr);
        if (err)
            return err;
    }
    if (f->at == f->queue.count)
        return ERR_NOT_FOUND;
    enum err err = tail_read(f->now, &grew, reterr);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err && give(f, f->now, true, ret) == OK)
        return OK;
    if (f->late && give(f, f->late, true, ret) == OK)
        return OK;
    tail_free(f->late);
    f->late = f->now;
    f->late_grew_us = f->clock();
    f->now = NULL;
    *ret_left = true;
    return ERR_NOT_FOUND;
}

/* Where nothing was rotated away yet, it is looked for once more when the path is open: it may have been meanwhile.
 */
static enum err begin_with_all(struct follower *f, struct fault *reterr)
{
    enum err err = rotated_all(f->path, &f->queue, reterr);
    if (!err && f->queue.count == 0) {
        err = advance(f, reterr);
        if (!err)
            err = rotated_all(f->path, &f->queue, reterr);
        if (!err && f->queue.count) {
            tail_free(f->now);
            f->now = NULL;
        }
    }
    f->all = err != OK && err != ERR_NOT_FOUND;
    return err;
}

/* ERR_NOT_FOUND and *ret_again: something changed, look once more. */
static enum err step(struct follower *f, struct line_block *ret, bool *ret_again, struct fault *reterr)
{
    bool grew;
    *ret_again = false;
    enum err err = f->resuming ? resume(f, reterr) : OK;
    if (!err && f->all)
        err = begin_with_all(f, reterr);
    if (!err && !f->now)
        err = advance(f, reterr);
    if (err)
        return err;
    err = tail_read(f->now, &grew, reterr);
    if (err == ERR_NOT_FOUND) {
        err = go_on_after_cut(f, reterr);
        *ret_again = !err;
        return err ? err : ERR_NOT_FOUND;
    }
    if (err)
        return err;
    int64_t now_us = f->clock();
    if (grew)
        f->grew_us = now_us;
    if (give(f, f->now, false, ret) == OK)
        return OK;
    err = read_late(f, ret, reterr);
    if (err != ERR_NOT_FOUND)
        return err;
    err = leave(f, ret_again, ret, reterr);
    if (err != ERR_NOT_FOUND || *ret_again)
        return err;
    return give(f, f->now, now_us - f->grew_us >= STILL_US, ret);
}

enum err follower_next(struct follower *f, struct text *ret_block, uint64_t *ret_offset, uint64_t *ret_line,
                       struct follow_state *ret_after, struct fault *reterr)
{
    struct line_block block = {.text = TEXT_NONE};
    enum err err;
    bool again;
    f->from = NULL;
    do {
        err = step(f, &block, &again, reterr);
    } while (err == ERR_NOT_FOUND && again);
    if (err)
        return err;
    *ret_block = block.text;
    *ret_offset = block.offset;
    *ret_line = block.line;
    *ret_after = tail_state(f->now);
    return OK;
}
