#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "match/archive.h"

#define LOG_DIGITS    8
#define LOG_SUFFIX    ".log"
#define NEW_SUFFIX    ".new"
#define SWEEP_AFTER_S 60

void archive_folder_path(const char *folder, uint32_t number, char out[ARCHIVE_PATH_MAX])
{
    snprintf(out, ARCHIVE_PATH_MAX, "%s/%08u" LOG_SUFFIX, folder, number);
}

/* 0: no log's name. */
static uint32_t number_of(const char *name)
{
    uint64_t number;
    struct text t = text_of(name);
    if (t.len != LOG_DIGITS + sizeof LOG_SUFFIX - 1 || !text_ends(t, TEXT(LOG_SUFFIX)) ||
        text_u64(text_sub(t, 0, LOG_DIGITS), &number) != OK)
        return 0;
    return (uint32_t)number;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum err add_number(uint32_t **numbers, size_t count, uint32_t number)
{
    if ((count & (count + 1)) == 0) { /* at 0, 1, 3, 7, ...: room for twice as many and one */
        uint32_t *grown = realloc(*numbers, (count * 2 + 1) * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        *numbers = grown;
    }
    (*numbers)[count] = number;
    return OK;
}

enum err archive_folder_list(const char *folder, uint32_t **ret, size_t *ret_count, struct fault *reterr)
{
    uint32_t *numbers = NULL;
    size_t count = 0;
    DIR *d = opendir(folder);
    if (!d && errno != ENOENT)
        return fault_errno(reterr, "%s", folder);
    enum err err = OK;
    for (struct dirent *e; d && !err && (e = readdir(d));) {
        uint32_t number = number_of(e->d_name);
        if (number)
            err = add_number(&numbers, count++, number);
    }
    if (d)
        closedir(d);
    if (err) {
        free(numbers);
        return fault_set(reterr, err, "out of memory");
    }
    if (count)
        qsort(numbers, count, sizeof *numbers, by_number);
    *ret = numbers;
    *ret_count = count;
    return OK;
}

enum err archive_folder_drop(const struct io *io, const char *folder, uint32_t number, struct fault *reterr)
{
    char path[ARCHIVE_PATH_MAX];
    archive_folder_path(folder, number, path);
    if (io->unlink(io->self, path) < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s: not there", path)
                               : fault_errno(reterr, "%s", path);
    return io_sync_parent(io, path) < 0 ? fault_errno(reterr, "%s: syncing its folder", path) : OK;
}

enum err archive_folder_lock(const char *folder, int *ret_fd, struct fault *reterr)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(reterr, "%s", folder);
    int got;
    do
        got = flock(fd, LOCK_EX);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        close(fd);
        return fault_errno(reterr, "%s: locking", folder);
    }
    *ret_fd = fd;
    return OK;
}

/* Who writes a file holds a lock on it, which goes with its process. One that was made this moment may not have it
 * yet. */
static void sweep_one(const struct io *io, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_mtime + SWEEP_AFTER_S < time(NULL) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)io->unlink(io->self, path);
    close(fd);
}

void archive_folder_sweep(const struct io *io, const char *folder)
{
    char path[ARCHIVE_PATH_MAX];
    DIR *d = opendir(folder);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (text_ends(text_of(e->d_name), TEXT(NEW_SUFFIX)) &&
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < ARCHIVE_PATH_MAX)
            sweep_one(io, path);
    closedir(d);
}

int64_t archive_age_us(const struct archive_about *a)
{
    return a->last_us == ARCHIVE_NO_TIME ? a->added_us : a->last_us;
}
