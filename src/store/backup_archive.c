#include "store/backup_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/archive.h"
#include "store/home.h"

#define ARCHIVE_FOLDER "archive"
#define END_BYTES      32 /* a log of the archive ends with the check of what it says about itself */

/* The size and the last bytes of a file. */
struct end {
    int64_t size;
    char bytes[END_BYTES];
};

static enum err read_end(const struct io *io, const char *path, struct end *ret, struct fault *reterr)
{
    int fd = io->open(io->self, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", path)
                               : fault_errno(reterr, "opening %s", path);
    struct end end = {.size = io->size(io->self, fd)};
    enum err err = OK;
    if (end.size < 0 ||
        (end.size >= END_BYTES && io_read_all(io, fd, end.bytes, END_BYTES, end.size - END_BYTES) != END_BYTES))
        err = fault_errno(reterr, "reading %s", path);
    io->close(io->self, fd);
    *ret = end;
    return err;
}

/* Numbers are used again when the last log is dropped: the same name and size alone say nothing. */
static bool is_kept(const struct io *io, const char *dir, const struct backup_file *old, const struct end *now)
{
    struct end then;
    char *path = backup_path(dir, &old->hash);
    bool kept = path && read_end(io, path, &then, NULL) == OK && then.size == (int64_t)old->bytes &&
                then.size == now->size && memcmp(then.bytes, now->bytes, END_BYTES) == 0;
    free(path);
    return kept;
}

enum err backup_archive(const struct io *io, const char *home, const char *dir, const struct manifest *before,
                        const atomic_bool *cancel, backup_take *take, void *self, struct fault *reterr)
{
    uint32_t *numbers = NULL;
    size_t count = 0;
    char *folder = home_path(home, ARCHIVE_FOLDER), name[64], path[ARCHIVE_PATH_MAX];
    enum err err = folder ? archive_folder_list(folder, &numbers, &count, reterr)
                          : fault_set(reterr, ERR_NOMEM, "no memory for a backup");
    for (size_t i = 0; i < count && err == OK; i++) {
        struct end now;
        snprintf(name, sizeof name, ARCHIVE_FOLDER "/%08u.log", numbers[i]);
        struct backup_file f = {.name = text_of(name), .sealed = true};
        const struct backup_file *old = before ? manifest_find(before, f.name) : NULL;
        archive_folder_path(folder, numbers[i], path);
        err = read_end(io, path, &now, reterr);
        f.bytes = (uint64_t)now.size;
        bool kept = err == OK && old && is_kept(io, dir, old, &now);
        if (kept)
            f.hash = old->hash;
        else if (err == OK)
            err = backup_put_file(io, dir, path, f.bytes, cancel, &f.hash, reterr);
        if (err == OK)
            err = take(self, &f, !kept, reterr);
        else if (err == ERR_NOT_FOUND) /* dropped meanwhile */
            err = OK;
    }
    free(numbers);
    free(folder);
    return err;
}
