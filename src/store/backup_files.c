#include "store/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/home.h"

#define CHUNK_BYTES (1 * MIB)
#define BESIDE      BACKUP_FILES "/new" /* a content while it is written */

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for a backup");
}

char *backup_path(const char *dir, const struct sha256 *hash)
{
    char hex[SHA256_HEX], *path;
    sha256_hex(hash, hex);
    return asprintf(&path, "%s/" BACKUP_FILES "/%s", dir, hex) < 0 ? NULL : path;
}

/* ---- copying and hashing ---- */

struct copying {
    const struct io *io;
    const char *from, *to; /* to NULL: hashed only */
    int in, out;
    const atomic_bool *cancel;
    uint8_t *chunk;
};

static enum err copy_bytes(struct copying *c, uint64_t len, struct sha256 *ret_hash, struct fault *reterr)
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    for (uint64_t at = 0; at < len;) {
        size_t want = len - at < CHUNK_BYTES ? (size_t)(len - at) : CHUNK_BYTES;
        if (c->cancel && atomic_load(c->cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped on request");
        ssize_t n = io_read_all(c->io, c->in, c->chunk, want, (int64_t)at);
        if (n < 0)
            return fault_errno(reterr, "reading %s", c->from);
        if ((size_t)n < want)
            return fault_at(reterr, ERR_MALFORMED, (int64_t)at + n, NULL, "%s is cut off there", c->from);
        sha256_add(&ctx, c->chunk, want);
        if (c->to && io_write_all(c->io, c->out, c->chunk, want, (int64_t)at) != 0)
            return fault_errno(reterr, "writing %s", c->to);
        at += want;
    }
    if (c->to && c->io->sync(c->io->self, c->out) != 0)
        return fault_errno(reterr, "writing %s", c->to);
    *ret_hash = sha256_end(&ctx);
    return OK;
}

static enum err open_both(struct copying *c, struct fault *reterr)
{
    c->in = c->io->open(c->io->self, c->from, O_RDONLY | O_NOFOLLOW, 0);
    if (c->in < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", c->from)
                               : fault_errno(reterr, "opening %s", c->from);
    if (!c->to)
        return OK;
    if (c->io->unlink(c->io->self, c->to) != 0 && errno != ENOENT)
        return fault_errno(reterr, "writing %s", c->to);
    c->out = c->io->open(c->io->self, c->to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    return c->out < 0 ? fault_errno(reterr, "making %s", c->to) : OK;
}

/* len UINT64_MAX: the whole file. */
static enum err copy(struct copying *c, uint64_t len, struct sha256 *ret_hash, uint64_t *ret_bytes,
                     struct fault *reterr)
{
    c->in = c->out = -1;
    c->chunk = malloc(CHUNK_BYTES);
    enum err err = c->chunk ? open_both(c, reterr) : no_memory(reterr);
    if (err == OK && len == UINT64_MAX) {
        int64_t bytes = c->io->size(c->io->self, c->in);
        err = bytes < 0 ? fault_errno(reterr, "reading %s", c->from) : OK;
        len = (uint64_t)bytes;
    }
    if (err == OK)
        err = copy_bytes(c, len, ret_hash, reterr);
    if (c->in >= 0)
        c->io->close(c->io->self, c->in);
    if (c->out >= 0)
        c->io->close(c->io->self, c->out);
    if (err != OK && c->out >= 0)
        c->io->unlink(c->io->self, c->to);
    if (err == OK && ret_bytes)
        *ret_bytes = len;
    free(c->chunk);
    return err;
}

enum err backup_copy(const struct io *io, const char *from, const char *to, uint64_t len, const atomic_bool *cancel,
                     struct sha256 *ret_hash, struct fault *reterr)
{
    struct copying c = {.io = io, .from = from, .to = to, .cancel = cancel};
    return copy(&c, len, ret_hash, NULL, reterr);
}

enum err backup_hash(const struct io *io, const char *path, const atomic_bool *cancel, struct sha256 *ret_hash,
                     uint64_t *ret_bytes, struct fault *reterr)
{
    struct copying c = {.io = io, .from = path, .cancel = cancel};
    return copy(&c, UINT64_MAX, ret_hash, ret_bytes, reterr);
}

/* ---- contents ---- */

bool backup_has(const struct io *io, const char *dir, const struct backup_file *f)
{
    char *path = backup_path(dir, &f->hash);
    int fd = path ? io->open(io->self, path, O_RDONLY | O_NOFOLLOW, 0) : -1;
    bool there = fd >= 0 && io->size(io->self, fd) == (int64_t)f->bytes;
    if (fd >= 0)
        io->close(io->self, fd);
    free(path);
    return there;
}

static enum err give_name(const struct io *io, const char *dir, const char *beside, const struct sha256 *hash,
                          struct fault *reterr)
{
    char *path = backup_path(dir, hash);
    enum err err = path ? OK : no_memory(reterr);
    if (path && io->rename(io->self, beside, path) != 0)
        err = fault_errno(reterr, "writing %s", path);
    free(path);
    return err;
}

enum err backup_put_file(const struct io *io, const char *dir, const char *from, uint64_t len,
                         const atomic_bool *cancel, struct sha256 *ret_hash, struct fault *reterr)
{
    char *beside = home_path(dir, BESIDE);
    struct sha256 hash;
    enum err err = beside ? backup_copy(io, from, beside, len, cancel, &hash, reterr) : no_memory(reterr);
    if (err == OK)
        err = give_name(io, dir, beside, &hash, reterr);
    if (err == OK)
        *ret_hash = hash;
    free(beside);
    return err;
}

enum err backup_put_bytes(const struct io *io, const char *dir, struct text bytes, struct sha256 *ret_hash,
                          struct fault *reterr)
{
    struct sha256 hash = sha256_of(bytes.ptr, bytes.len);
    char *path = backup_path(dir, &hash);
    enum err err = path ? OK : no_memory(reterr);
    if (path && io_replace_file(io, path, bytes.ptr, bytes.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    free(path);
    if (err == OK)
        *ret_hash = hash;
    return err;
}

/* ---- sweeping ---- */

static bool named(const struct manifest *m, const char *name)
{
    struct sha256 hash;
    if (sha256_from_hex(text_of(name), &hash) != OK)
        return false;
    for (size_t i = 0; i < m->count; i++)
        if (sha256_eq(&m->files[i].hash, &hash))
            return true;
    return false;
}

enum err backup_sweep(const struct io *io, const char *dir, const struct manifest *m, struct fault *reterr)
{
    char *files = home_path(dir, BACKUP_FILES);
    DIR *d = files ? opendir(files) : NULL;
    enum err err = files ? OK : no_memory(reterr);
    if (files && !d)
        err = fault_errno(reterr, "reading %s", files);
    for (struct dirent *e; err == OK && (e = readdir(d));) {
        if (e->d_name[0] == '.' || named(m, e->d_name))
            continue;
        err = home_remove(io, files, e->d_name, reterr);
    }
    if (d)
        closedir(d);
    if (err == OK)
        err = home_sync(io, files, NULL, reterr);
    free(files);
    return err;
}
