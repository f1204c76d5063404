/* base/io.h - the file operations of everything that must survive a crash, behind one table, so that tests can
 * record, fail, shorten or reorder them. Nothing in store/ calls the kernel's file functions but through this.
 * All return >= 0, or -1 with errno set, like the calls they are named after; short reads and writes are possible. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct io {
    void *self;
    int (*open)(void *self, const char *path, int flags, mode_t mode);
    int (*close)(void *self, int fd);
    ssize_t (*pread)(void *self, int fd, void *out, size_t len, int64_t offset);
    ssize_t (*pwrite)(void *self, int fd, const void *bytes, size_t len, int64_t offset);
    int (*sync)(void *self, int fd); /* fdatasync; on a directory fsync */
    int (*truncate)(void *self, int fd, int64_t len);
    int (*allocate)(void *self, int fd, int64_t offset, int64_t len); /* posix_fallocate, errno style */
    int64_t (*size)(void *self, int fd);
    int (*rename)(void *self, const char *from, const char *to);
    int (*unlink)(void *self, const char *path);
};

/* The kernel's own. */
const struct io *io_system(void);

/* Whole-length forms: retry on EINTR and short transfers. -1 with errno; io_read_all returns the bytes read, fewer
 * than len only at the end of the file. */
int io_write_all(const struct io *io, int fd, const void *bytes, size_t len, int64_t offset);
ssize_t io_read_all(const struct io *io, int fd, void *out, size_t len, int64_t offset);
/* Writes beside (path + ".new"), syncs, renames over, syncs the folder: the file is the old or the new one, whole.
 * One writer a path at a time. After a failure it may be either; at most path.new is left behind, and the next call
 * removes it. */
int io_replace_file(const struct io *io, const char *path, const void *bytes, size_t len, mode_t mode);
/* fsync of the folder that holds path. */
int io_sync_parent(const struct io *io, const char *path);
