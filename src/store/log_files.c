/* store/log_files.c - segment files by number.
 *
 * Invariants:
 *   1. a file NNNNNNNN.log has a whole header: it is made beside, synced, and only then gets its name.
 *   2. a descriptor is closed only when nobody has it (pins == 0); at most OPEN_MAX are kept idle.
 *   3. v[i] never changes but for fd and pins, and is never removed: the log does not shrink. */
#include "store/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* Descriptors kept; the rest of a large log is opened when asked for. */
#define OPEN_MAX 64

const char *segment_name(uint32_t number, char out[SEGMENT_NAME_MAX])
{
    snprintf(out, SEGMENT_NAME_MAX, "%08u.log", number);
    return out;
}

static char *segment_path(const char *dir, uint32_t number, const char *ending)
{
    char name[SEGMENT_NAME_MAX], *path;
    if (asprintf(&path, "%s/%s%s", dir, segment_name(number, name), ending) < 0)
        return NULL;
    return path;
}

enum err files_init(struct log_files *f, const struct io *io, const char *dir)
{
    *f = (struct log_files){.io = io, .dir = strdup(dir)};
    if (!f->dir)
        return ERR_NOMEM;
    pthread_mutex_init(&f->lock, NULL);
    return OK;
}

void files_done(struct log_files *f)
{
    if (!f->dir)
        return;
    for (size_t i = 0; i < f->count; i++)
        if (f->v[i].fd >= 0)
            f->io->close(f->io->self, f->v[i].fd);
    pthread_mutex_destroy(&f->lock);
    free(f->v);
    free(f->dir);
    f->dir = NULL;
}

static int allocate(const struct io *io, int fd, int64_t len)
{
    int result;
    do
        result = io->allocate(io->self, fd, 0, len);
    while (result != 0 && errno == EINTR);
    return result;
}

/* Durably, for the name is used again, and then renamed: nobody may find the old file under the new name. */
static enum err remove_durably(const struct io *io, const char *path, struct fault *reterr)
{
    if (io->unlink(io->self, path) != 0)
        return errno == ENOENT ? OK : fault_errno(reterr, "removing %s", path);
    return io_sync_parent(io, path) == 0 ? OK : fault_errno(reterr, "removing %s", path);
}

static enum err write_new(const struct io *io, const char *path, const struct segment_head *h, int *ret_fd,
                          struct fault *reterr)
{
    uint8_t head[SEGMENT_HEAD_BYTES];
    enum err err = remove_durably(io, path, reterr);
    if (err != OK)
        return err;
    int fd = io->open(io->self, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fault_errno(reterr, "making %s", path);
    segment_head_encode(h, head);
    if (allocate(io, fd, (int64_t)h->bytes) != 0)
        err = fault_errno(reterr, "reserving %llu bytes for %s", (unsigned long long)h->bytes, path);
    else if (io_write_all(io, fd, head, sizeof head, 0) != 0 || io->sync(io->self, fd) != 0)
        err = fault_errno(reterr, "writing %s", path);
    if (err == OK) {
        *ret_fd = fd;
    } else {
        io->close(io->self, fd);
        io->unlink(io->self, path);
    }
    return err;
}

enum err files_create(const struct io *io, const char *dir, const struct segment_head *h, int *ret_fd,
                      struct fault *reterr)
{
    char *path = segment_path(dir, h->number, ""), *beside = segment_path(dir, h->number, ".new");
    enum err err = path && beside ? OK : fault_set(reterr, ERR_NOMEM, "no memory");
    int fd = -1;
    if (err == OK)
        err = write_new(io, beside, h, &fd, reterr);
    if (err == OK && (io->rename(io->self, beside, path) != 0 || io_sync_parent(io, path) != 0)) {
        err = fault_errno(reterr, "making %s", path);
        io->close(io->self, fd);
        io->unlink(io->self, beside);
    }
    if (err == OK)
        *ret_fd = fd;
    free(path);
    free(beside);
    return err;
}

static enum err lengthen(const struct io *io, int fd, const char *path, struct fault *reterr)
{
    uint8_t bytes[SEGMENT_HEAD_BYTES];
    struct segment_head h;
    int64_t size = io->size(io->self, fd);
    ssize_t n = io_read_all(io, fd, bytes, sizeof bytes, 0);
    if (n < 0 || size < 0)
        return fault_errno(reterr, "reading %s", path);
    if (n < (ssize_t)sizeof bytes)
        return fault_at(reterr, ERR_MALFORMED, n, "FORMAT-log, segment header", "%s is cut off in its header", path);
    enum err err = segment_head_decode(bytes, &h, reterr);
    if (err == OK && size < (int64_t)h.bytes &&
        (allocate(io, fd, (int64_t)h.bytes) != 0 || io->sync(io->self, fd) != 0))
        err = fault_errno(reterr, "reserving %llu bytes for %s", (unsigned long long)h.bytes, path);
    return err;
}

enum err log_lengthen(const struct io *io, const char *path, struct fault *reterr)
{
    int fd = io->open(io->self, path, O_RDWR | O_NOFOLLOW, 0);
    if (fd < 0)
        return fault_errno(reterr, "opening %s", path);
    enum err err = lengthen(io, fd, path, reterr);
    io->close(io->self, fd);
    return err;
}

enum err files_remove_unfinished(const struct log_files *f, uint32_t number, struct fault *reterr)
{
    char *path = segment_path(f->dir, number, ".new");
    if (!path)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    enum err err = remove_durably(f->io, path, reterr);
    free(path);
    return err;
}

static bool fits(const struct log_files *f, uint32_t number, const struct segment_head *h)
{
    if (h->number != number)
        return false;
    return number == 0 || f->log_seed == 0 || memcmp(h->log_id, f->log_id, sizeof h->log_id) == 0;
}

static enum err read_head(const struct log_files *f, int fd, uint32_t number, struct segment_head *ret,
                          struct fault *reterr)
{
    uint8_t bytes[SEGMENT_HEAD_BYTES];
    char name[SEGMENT_NAME_MAX];
    struct fault why = {0};
    ssize_t n = io_read_all(f->io, fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return fault_errno(reterr, "reading log/%s", segment_name(number, name));
    if (n < (ssize_t)sizeof bytes)
        return fault_at(reterr, ERR_MALFORMED, n, "FORMAT-log, segment header", "log/%s is cut off in its header",
                        segment_name(number, name));
    enum err err = segment_head_decode(bytes, ret, &why);
    if (err != OK)
        return fault_at(reterr, err, why.offset, why.rule, "log/%s: %s", segment_name(number, name), why.what);
    if (!fits(f, number, ret))
        return fault_at(reterr, ERR_MALFORMED, 24, "FORMAT-log, segment header",
                        "log/%s belongs elsewhere: another number or another log", segment_name(number, name));
    return OK;
}

enum err files_open(const struct log_files *f, uint32_t number, bool write, int *ret_fd, struct segment_head *ret,
                    struct fault *reterr)
{
    char *path = segment_path(f->dir, number, "");
    if (!path)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    int fd = f->io->open(f->io->self, path, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW, 0);
    enum err err = OK;
    if (fd < 0)
        err = errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                              : fault_errno(reterr, "opening %s", path);
    free(path);
    if (err != OK)
        return err;
    err = read_head(f, fd, number, ret, reterr);
    if (err == OK)
        *ret_fd = fd;
    else
        f->io->close(f->io->self, fd);
    return err;
}

static enum err enter_locked(struct log_files *f, const struct segment_head *h, int fd)
{
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        struct segment *moved = realloc(f->v, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        f->v = moved;
        f->cap = cap;
    }
    if (f->count == 0) {
        memcpy(f->log_id, h->log_id, sizeof f->log_id);
        f->log_seed = log_seed_of(h->log_id);
        f->segment_bytes = h->bytes;
    }
    f->v[f->count++] = (struct segment){.first_n = h->first_n, .last_us = h->last_us, .chain = h->chain, .fd = fd};
    f->open += fd >= 0;
    return OK;
}

enum err files_enter(struct log_files *f, const struct segment_head *h)
{
    pthread_mutex_lock(&f->lock);
    enum err err = enter_locked(f, h, -1);
    pthread_mutex_unlock(&f->lock);
    return err;
}

static void close_idle(struct log_files *f, uint32_t but)
{
    for (size_t i = 0; i < f->count && f->open > OPEN_MAX; i++) {
        struct segment *s = &f->v[i];
        if (s->fd < 0 || s->pins || i == but)
            continue;
        f->io->close(f->io->self, s->fd);
        s->fd = -1;
        f->open--;
    }
}

static enum err get_locked(struct log_files *f, uint32_t number, int *ret_fd, struct fault *reterr)
{
    struct segment_head h;
    int fd;
    enum err err;
    if (number > f->count)
        return fault_set(reterr, ERR_NOT_FOUND, "log segment %u is not there", number);
    if (number == f->count || f->v[number].fd < 0) {
        err = files_open(f, number, false, &fd, &h, reterr);
        if (err != OK)
            return err;
        if (number == f->count) {
            err = enter_locked(f, &h, fd);
            if (err != OK) {
                f->io->close(f->io->self, fd);
                return fault_set(reterr, err, "no memory");
            }
        } else {
            f->v[number].fd = fd;
            f->open++;
        }
        close_idle(f, number);
    }
    f->v[number].pins++;
    *ret_fd = f->v[number].fd;
    return OK;
}

enum err files_get(struct log_files *f, uint32_t number, int *ret_fd, struct fault *reterr)
{
    pthread_mutex_lock(&f->lock);
    enum err err = OK;
    /* Segments made by another process since this log was opened are entered one after another. */
    while (err == OK && number > f->count) {
        uint32_t next = (uint32_t)f->count;
        err = get_locked(f, next, ret_fd, reterr);
        if (err == OK)
            f->v[next].pins--;
    }
    if (err == OK)
        err = get_locked(f, number, ret_fd, reterr);
    pthread_mutex_unlock(&f->lock);
    return err;
}

void files_put(struct log_files *f, uint32_t number)
{
    pthread_mutex_lock(&f->lock);
    f->v[number].pins--;
    pthread_mutex_unlock(&f->lock);
}

size_t files_count(struct log_files *f)
{
    pthread_mutex_lock(&f->lock);
    size_t count = f->count;
    pthread_mutex_unlock(&f->lock);
    return count;
}

struct segment files_at(struct log_files *f, uint32_t number)
{
    pthread_mutex_lock(&f->lock);
    struct segment s = f->v[number];
    pthread_mutex_unlock(&f->lock);
    return s;
}
