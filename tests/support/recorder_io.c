/* support/recorder_io.c - the struct io that fills a recording, over the kernel's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/recorder_note.h"
#include "support/scratch.h"

#define FDS_MAX 1024

struct open_fd {
    size_t file;  /* NOFILE: not recorded */
    char *folder; /* a folder opened to be synced, as it was named */
};

struct io_shim {
    struct io io; /* first: a pointer to it is a pointer to the whole */
    const struct io *under;
    struct recorder *recorder;
    struct open_fd fds[FDS_MAX];
};

static int record_open(void *self, const char *path, int flags, mode_t mode)
{
    struct io_shim *s = self;
    struct stat st;
    recorder_lock(s->recorder);
    bool existed = stat(path, &st) == 0;
    int fd = s->under->open(s->under->self, path, flags, mode);
    int saved = errno;
    if (fd >= FDS_MAX)
        abort();
    if (fd >= 0) {
        struct open_fd *open_fd = &s->fds[fd];
        *open_fd = (struct open_fd){.file = NOFILE};
        if (existed && S_ISDIR(st.st_mode))
            open_fd->folder = strdup(path);
        else
            open_fd->file = recorder_note_open(s->recorder, path, existed, (flags & O_TRUNC) != 0);
    }
    recorder_unlock(s->recorder);
    errno = saved;
    return fd;
}

static int record_close(void *self, int fd)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    if (fd >= 0 && fd < FDS_MAX) {
        free(s->fds[fd].folder);
        s->fds[fd] = (struct open_fd){.file = NOFILE};
    }
    int result = s->under->close(s->under->self, fd);
    recorder_unlock(s->recorder);
    return result;
}

static size_t file_of(const struct io_shim *s, int fd)
{
    return fd >= 0 && fd < FDS_MAX ? s->fds[fd].file : NOFILE;
}

static ssize_t record_pread(void *self, int fd, void *out, size_t len, int64_t offset)
{
    const struct io_shim *s = self;
    return s->under->pread(s->under->self, fd, out, len, offset);
}

static ssize_t record_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    ssize_t n = s->under->pwrite(s->under->self, fd, bytes, len, offset);
    if (n > 0)
        recorder_note_write(s->recorder, file_of(s, fd), offset, bytes, (size_t)n);
    recorder_unlock(s->recorder);
    return n;
}

static int record_sync(void *self, int fd)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    int result = s->under->sync(s->under->self, fd);
    if (result == 0 && fd < FDS_MAX && s->fds[fd].folder)
        recorder_note_sync_parent(s->recorder, scratch_path(s->fds[fd].folder, "x"));
    else if (result == 0)
        recorder_note_sync(s->recorder, file_of(s, fd));
    recorder_unlock(s->recorder);
    return result;
}

static int record_truncate(void *self, int fd, int64_t len)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    int result = s->under->truncate(s->under->self, fd, len);
    if (result == 0)
        recorder_note_truncate(s->recorder, file_of(s, fd), len);
    recorder_unlock(s->recorder);
    return result;
}

static int record_allocate(void *self, int fd, int64_t offset, int64_t len)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    int result = s->under->allocate(s->under->self, fd, offset, len);
    if (result == 0)
        recorder_note_allocate(s->recorder, file_of(s, fd), offset, len);
    recorder_unlock(s->recorder);
    return result;
}

static int64_t record_size(void *self, int fd)
{
    const struct io_shim *s = self;
    return s->under->size(s->under->self, fd);
}

static int record_rename(void *self, const char *from, const char *to)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    int result = s->under->rename(s->under->self, from, to);
    if (result == 0)
        recorder_note_rename(s->recorder, from, to);
    recorder_unlock(s->recorder);
    return result;
}

static int record_unlink(void *self, const char *path)
{
    struct io_shim *s = self;
    recorder_lock(s->recorder);
    int result = s->under->unlink(s->under->self, path);
    int saved = errno;
    if (result == 0)
        recorder_note_unlink(s->recorder, path);
    recorder_unlock(s->recorder);
    errno = saved;
    return result;
}

struct io *recorder_io_new(struct recorder *r)
{
    struct io_shim *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->recorder = r;
    s->under = io_system();
    s->io = (struct io){
        .self = s,
        .open = record_open,
        .close = record_close,
        .pread = record_pread,
        .pwrite = record_pwrite,
        .sync = record_sync,
        .truncate = record_truncate,
        .allocate = record_allocate,
        .size = record_size,
        .rename = record_rename,
        .unlink = record_unlink,
    };
    for (size_t i = 0; i < FDS_MAX; i++)
        s->fds[i].file = NOFILE;
    return &s->io;
}

void recorder_io_free(struct io *io)
{
    struct io_shim *s = io->self;
    for (size_t i = 0; i < FDS_MAX; i++)
        free(s->fds[i].folder);
    free(s);
}
