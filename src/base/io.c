/* base/io.c - the kernel's file calls, and the few sequences that are only safe in one order. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* At most this much in one call: the kernel stops short of 2 GiB anyway. */
#define TRANSFER_MAX ((size_t)1 << 30)

static int system_open(void *self, const char *path, int flags, mode_t mode)
{
    (void)self;
    return open(path, flags | O_CLOEXEC, mode);
}

static int system_close(void *self, int fd)
{
    (void)self;
    return close(fd);
}

static ssize_t system_pread(void *self, int fd, void *out, size_t len, int64_t offset)
{
    (void)self;
    return pread(fd, out, len, offset);
}

static ssize_t system_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    (void)self;
    return pwrite(fd, bytes, len, offset);
}

static int system_sync(void *self, int fd)
{
    (void)self;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -1;
    /* What fdatasync leaves out (times) matters to nobody for a file; for a folder POSIX promises nothing for it. */
    return S_ISDIR(st.st_mode) ? fsync(fd) : fdatasync(fd);
}

static int system_truncate(void *self, int fd, int64_t len)
{
    (void)self;
    return ftruncate(fd, len);
}

static int system_allocate(void *self, int fd, int64_t offset, int64_t len)
{
    (void)self;
    int number = posix_fallocate(fd, offset, len);
    if (number == 0)
        return 0;
    errno = number;
    return -1;
}

static int64_t system_size(void *self, int fd)
{
    (void)self;
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_size : -1;
}

static int system_rename(void *self, const char *from, const char *to)
{
    (void)self;
    return rename(from, to);
}

static int system_unlink(void *self, const char *path)
{
    (void)self;
    return unlink(path);
}

const struct io *io_system(void)
{
    static const struct io system_io = {
        .open = system_open,
        .close = system_close,
        .pread = system_pread,
        .pwrite = system_pwrite,
        .sync = system_sync,
        .truncate = system_truncate,
        .allocate = system_allocate,
        .size = system_size,
        .rename = system_rename,
        .unlink = system_unlink,
    };
    return &system_io;
}

int io_write_all(const struct io *io, int fd, const void *bytes, size_t len, int64_t offset)
{
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = io->pwrite(io->self, fd, p, len < TRANSFER_MAX ? len : TRANSFER_MAX, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* a disk that takes nothing and says nothing: never loop on it */
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
        offset += n;
    }
    return 0;
}

ssize_t io_read_all(const struct io *io, int fd, void *out, size_t len, int64_t offset)
{
    char *p = out;
    size_t done = 0;
    while (done < len) {
        size_t want = len - done < TRANSFER_MAX ? len - done : TRANSFER_MAX;
        ssize_t n = io->pread(io->self, fd, p + done, want, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static int close_keeping_errno(const struct io *io, int fd)
{
    int saved = errno;
    int result = io->close(io->self, fd);
    errno = saved;
    return result;
}

static int write_beside(const struct io *io, const char *path, const void *bytes, size_t len, mode_t mode)
{
    /* What a crash left behind may have another mode, or be a link: never written into. */
    if (io->unlink(io->self, path) != 0 && errno != ENOENT)
        return -1;
    int fd = io->open(io->self, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (fd < 0)
        return -1;
    if (io_write_all(io, fd, bytes, len, 0) != 0 || io->sync(io->self, fd) != 0) {
        close_keeping_errno(io, fd);
        return -1;
    }
    return io->close(io->self, fd);
}

int io_replace_file(const struct io *io, const char *path, const void *bytes, size_t len, mode_t mode)
{
    char *beside;
    if (asprintf(&beside, "%s.new", path) < 0) {
        errno = ENOMEM;
        return -1;
    }
    int result = write_beside(io, beside, bytes, len, mode);
    if (result == 0)
        result = io->rename(io->self, beside, path);
    if (result != 0) {
        int saved = errno;
        io->unlink(io->self, beside);
        errno = saved;
    }
    free(beside);
    return result == 0 ? io_sync_parent(io, path) : -1;
}

int io_sync_parent(const struct io *io, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = NULL;
    if (slash) {
        folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
        if (!folder) {
            errno = ENOMEM;
            return -1;
        }
    }
    int fd = io->open(io->self, folder ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    free(folder);
    if (fd < 0)
        return -1;
    int result = io->sync(io->self, fd);
    close_keeping_errno(io, fd);
    return result;
}
