/* store/home.c - files of the home by name. Folders, the lock and statvfs go to the kernel directly: struct io is for
 * what a crash could lose, and none of these can lose anything. */
#include "store/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PID_TEXT_MAX 24

char *home_path(const char *home, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", home, name) < 0 ? NULL : path;
}

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory");
}

enum err home_has(const char *home, const char *name, struct fault *reterr)
{
    char *path = home_path(home, name);
    if (!path)
        return no_memory(reterr);
    enum err err = OK;
    /* Never by opening it: closing a descriptor of the view would drop every lock that SQLite holds on it in this
     * process (fcntl(2)), and another process could then take the WAL away under its readers. */
    if (access(path, F_OK) != 0)
        err = errno == ENOENT || errno == ENOTDIR ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                                                  : fault_errno(reterr, "looking for %s", path);
    free(path);
    return err;
}

enum err home_make_folder(const char *path, struct fault *reterr)
{
    char *part = strdup(path);
    if (!part)
        return no_memory(reterr);
    enum err err = OK;
    for (char *p = part + 1; err == OK; p++) {
        if (*p != '/' && *p)
            continue;
        char kept = *p;
        *p = 0;
        struct stat st;
        if (mkdir(part, 0700) != 0 && (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode)))
            err = fault_errno(reterr, "making the folder %s", part);
        *p = kept;
        if (!kept)
            break;
    }
    free(part);
    return err;
}

/* ---- the lock ---- */

static long read_pid(const struct io *io, int fd)
{
    char text[PID_TEXT_MAX] = {0};
    return io_read_all(io, fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

static enum err take_lock(const struct io *io, int fd, const char *path, struct fault *reterr)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char text[PID_TEXT_MAX];
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return fault_errno(reterr, "locking %s", path);
        long pid = read_pid(io, fd);
        if (pid > 0)
            return fault_set(reterr, ERR_BUSY, "process %ld owns this home", pid);
        return fault_set(reterr, ERR_BUSY, "another process owns this home");
    }
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* On a full disk the lock holds without its number, which is for messages only. */
    if (io->truncate(io->self, fd, 0) != 0 || (io_write_all(io, fd, text, (size_t)n, 0) != 0 && errno != ENOSPC))
        return fault_errno(reterr, "writing %s", path);
    return OK;
}

enum err home_lock(const struct io *io, const char *home, int *ret_fd, struct fault *reterr)
{
    char *path = home_path(home, "lock");
    if (!path)
        return no_memory(reterr);
    int fd = io->open(io->self, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    enum err err = fd < 0 ? fault_errno(reterr, "opening %s", path) : take_lock(io, fd, path, reterr);
    if (err == OK)
        *ret_fd = fd;
    else if (fd >= 0)
        io->close(io->self, fd);
    free(path);
    return err;
}

void home_unlock(const struct io *io, int fd)
{
    io->close(io->self, fd);
}

/* The home, or the folder that it is to be in. */
static bool look(const char *home, struct stat *ret, bool *ret_there)
{
    char above[4096];
    *ret_there = stat(home, ret) == 0;
    if (*ret_there)
        return true;
    int n = snprintf(above, sizeof above, "%s", home);
    while (n > 1 && above[n - 1] == '/')
        above[--n] = '\0';
    char *slash = strrchr(above, '/');
    if (n < 0 || (size_t)n >= sizeof above || !slash || slash == above)
        return false;
    *slash = '\0';
    return stat(above, ret) == 0;
}

enum err home_check_user(const char *home, struct fault *reterr)
{
    struct stat st;
    struct passwd user, *found = NULL;
    char names[4096], number[24];
    bool there;
    if (geteuid() != 0 || !look(home, &st, &there) || st.st_uid == 0 || (!there && (st.st_mode & 077)))
        return OK;
    snprintf(number, sizeof number, "#%lu", (unsigned long)st.st_uid);
    const char *name =
        getpwuid_r(st.st_uid, &user, names, sizeof names, &found) == 0 && found ? user.pw_name : number;
    return fault_set(reterr, ERR_DENIED,
                     "%s %s user %s, and what root writes there that user could not use: run it as sudo -u '%s' "
                     "entente ...",
                     home, there ? "belongs to" : "would be in a private folder of", name, name);
}

/* ---- files ---- */

enum err home_remove(const struct io *io, const char *home, const char *name, struct fault *reterr)
{
    char *path = home_path(home, name);
    if (!path)
        return no_memory(reterr);
    enum err err = OK;
    if (io->unlink(io->self, path) != 0 && errno != ENOENT && errno != ENOTDIR)
        err = fault_errno(reterr, "removing %s", path);
    free(path);
    return err;
}

enum err home_rename(const struct io *io, const char *home, const char *from, const char *to, struct fault *reterr)
{
    char *a = home_path(home, from), *b = home_path(home, to);
    enum err err = a && b ? OK : no_memory(reterr);
    if (err == OK && io->rename(io->self, a, b) != 0)
        err = errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", a)
                              : fault_errno(reterr, "renaming %s", a);
    free(a);
    free(b);
    return err;
}

enum err home_sync(const struct io *io, const char *home, const char *name, struct fault *reterr)
{
    char *path = name ? home_path(home, name) : strdup(home);
    if (!path)
        return no_memory(reterr);
    int fd = io->open(io->self, path, O_RDONLY, 0);
    enum err err = OK;
    if (fd < 0 || io->sync(io->self, fd) != 0)
        err = fault_errno(reterr, "syncing %s", path);
    if (fd >= 0)
        io->close(io->self, fd);
    free(path);
    return err;
}

static enum err read_open(const struct io *io, int fd, const char *path, size_t max_bytes, struct buffer *out,
                          struct fault *reterr)
{
    int64_t bytes = io->size(io->self, fd);
    if (bytes < 0)
        return fault_errno(reterr, "reading %s", path);
    if ((uint64_t)bytes > max_bytes)
        return fault_set(reterr, ERR_LIMIT, "%s has more than %zu bytes", path, max_bytes);
    char *to = buffer_reserve(out, (size_t)bytes);
    if (!to)
        return no_memory(reterr);
    ssize_t n = io_read_all(io, fd, to, (size_t)bytes, 0);
    if (n < 0)
        return fault_errno(reterr, "reading %s", path);
    out->len = (size_t)n;
    return OK;
}

enum err home_read(const struct io *io, const char *path, size_t max_bytes, struct buffer *ret, struct fault *reterr)
{
    struct buffer b;
    int fd = io->open(io->self, path, O_RDONLY | O_NOFOLLOW, 0);
    if (fd < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                               : fault_errno(reterr, "opening %s", path);
    buffer_init(&b, max_bytes);
    enum err err = read_open(io, fd, path, max_bytes, &b, reterr);
    io->close(io->self, fd);
    if (err == OK)
        *ret = b;
    else
        buffer_done(&b);
    return err;
}

enum err home_touch(const struct io *io, const char *home, const char *name, struct fault *reterr)
{
    char *path = home_path(home, name);
    if (!path)
        return no_memory(reterr);
    int fd = io->open(io->self, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    enum err err = fd < 0 ? fault_errno(reterr, "making %s", path) : OK;
    if (fd >= 0)
        io->close(io->self, fd);
    free(path);
    return err;
}

enum err home_free_percent(const char *home, double *ret, struct fault *reterr)
{
    struct statvfs st;
    if (statvfs(home, &st) != 0)
        return fault_errno(reterr, "asking for the free space of %s", home);
    *ret = st.f_blocks ? 100.0 * (double)st.f_bavail / (double)st.f_blocks : 0;
    return OK;
}
