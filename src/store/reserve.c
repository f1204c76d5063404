#include "store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "store/home.h"

#define LEAST_BYTES (256 * KIB)

/* A disk that is not full must not be filled by it. */
static bool room_to_spare(const char *home)
{
    struct statvfs st;
    return statvfs(home, &st) == 0 && (uint64_t)st.f_bavail * st.f_frsize >= 2 * (uint64_t)DISK_RESERVE_BYTES;
}

static bool allocate(const struct io *io, int fd, size_t bytes)
{
    int result;
    do
        result = io->allocate(io->self, fd, 0, (int64_t)bytes);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* As much as there is: what was ours a moment ago is taken back before somebody else has it. */
static bool make(const struct io *io, const char *path, size_t least)
{
    int fd = io->open(io->self, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    size_t bytes = DISK_RESERVE_BYTES;
    if (fd < 0)
        return false;
    while (bytes >= least && !allocate(io, fd, bytes))
        bytes /= 2;
    io->close(io->self, fd);
    if (bytes < least)
        io->unlink(io->self, path); /* what a failed try left in it */
    return bytes >= least;
}

static int64_t size_of(const struct io *io, const char *path)
{
    int fd = io->open(io->self, path, O_RDONLY | O_NOFOLLOW, 0);
    int64_t bytes = fd >= 0 ? io->size(io->self, fd) : -1;
    if (fd >= 0)
        io->close(io->self, fd);
    return bytes;
}

bool reserve_hold(const struct io *io, const char *home, bool again)
{
    char *path = home_path(home, RESERVE_FILE);
    if (!path)
        return false;
    int64_t bytes = size_of(io, path);
    bool there = bytes >= (int64_t)DISK_RESERVE_BYTES;
    if (!there && room_to_spare(home))
        there = make(io, path, DISK_RESERVE_BYTES);
    else if (!there && again && bytes < 0)
        (void)make(io, path, LEAST_BYTES);
    free(path);
    return there;
}

bool reserve_give_up(const struct io *io, const char *home)
{
    char *path = home_path(home, RESERVE_FILE);
    bool given = path && io->unlink(io->self, path) == 0;
    free(path);
    return given;
}
