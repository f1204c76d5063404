/* store/tree_file.c - heads, and items at their places.
 *
 * Invariants: 1. the item i lies at TREE_HEAD_BYTES + i * item. 2. run holds items count / TREE_RUN * TREE_RUN ..
 * count - 1; a full run is written at once. 3. a file whose head is good has items that were written after it, or
 * synced before it (tree.c). */
#include "store/tree_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "store/home.h"

#define MAGIC   "ENTREE\r\n"
#define VERSION 1u
#define ZEROS   16u /* reserved */

_Static_assert(TREE_HEAD_BYTES == 8 + 4 * 4 + LOG_ID_BYTES + ZEROS + 8, "tree head layout");

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

void tree_head_encode(const struct tree_head *h, uint8_t out[TREE_HEAD_BYTES])
{
    uint8_t *p = out;
    memcpy(p, MAGIC, 8);
    p = put32(p + 8, VERSION);
    p = put32(p, h->compatible);
    p = put32(p, h->incompatible);
    p = put32(p, h->level);
    memcpy(p, h->log_id, LOG_ID_BYTES);
    memset(p + LOG_ID_BYTES, 0, ZEROS);
    uint64_t check = htole64(xxh3_of(out, TREE_HEAD_BYTES - 8));
    memcpy(out + TREE_HEAD_BYTES - 8, &check, sizeof check);
}

enum err tree_head_decode(const uint8_t in[TREE_HEAD_BYTES], struct tree_head *ret, struct fault *reterr)
{
    static const char rule[] = "FORMAT-tree, head";
    struct cursor c;
    struct tree_head h;
    cursor_init(&c, (struct text){(const char *)in, TREE_HEAD_BYTES});
    struct text magic = cursor_bytes(&c, 8);
    uint32_t version = cursor_u32(&c);
    h.compatible = cursor_u32(&c);
    h.incompatible = cursor_u32(&c);
    h.level = cursor_u32(&c);
    cursor_copy(&c, h.log_id, sizeof h.log_id);
    (void)cursor_bytes(&c, ZEROS);
    if (!text_eq(magic, TEXT(MAGIC)))
        return fault_at(reterr, ERR_VERSION, 0, rule, "this is no file of the tree");
    if (cursor_u64(&c) != xxh3_of(in, TREE_HEAD_BYTES - 8))
        return fault_at(reterr, ERR_VERSION, TREE_HEAD_BYTES - 8, rule, "the head's checksum does not hold");
    if (version != VERSION || h.incompatible)
        return fault_at(reterr, ERR_VERSION, 8, rule, "of another version (%u, features %x)", version,
                        h.incompatible);
    *ret = h;
    return OK;
}

const char *tree_name(unsigned level, char out[TREE_NAME_MAX])
{
    if (level == TREE_PLACES)
        snprintf(out, TREE_NAME_MAX, "view/places");
    else
        snprintf(out, TREE_NAME_MAX, "view/tree.%u", level);
    return out;
}

size_t tree_item_bytes(unsigned level)
{
    return level == TREE_PLACES ? 8 : SHA256_BYTES;
}

void tree_place_encode(struct place p, uint8_t out[8])
{
    uint64_t v = htole64((uint64_t)p.segment << 32 | p.offset);
    memcpy(out, &v, sizeof v);
}

struct place tree_place_decode(const uint8_t in[8])
{
    uint64_t v;
    memcpy(&v, in, sizeof v);
    v = le64toh(v);
    return (struct place){(uint32_t)(v >> 32), (uint32_t)v};
}

enum err tree_file_init(struct tree_file *f, const struct io *io, const char *home, unsigned level)
{
    char name[TREE_NAME_MAX];
    *f = (struct tree_file){.io = io, .level = level, .item = tree_item_bytes(level), .fd = -1};
    f->path = home_path(home, tree_name(level, name));
    return f->path ? OK : ERR_NOMEM;
}

void tree_file_close(struct tree_file *f)
{
    if (f->fd >= 0)
        f->io->close(f->io->self, f->fd);
    f->fd = -1;
}

void tree_file_done(struct tree_file *f)
{
    if (f->path)
        tree_file_close(f);
    free(f->path);
    f->path = NULL;
}

static enum err check_head(struct tree_file *f, const uint8_t log_id[LOG_ID_BYTES], struct fault *reterr)
{
    uint8_t bytes[TREE_HEAD_BYTES];
    struct tree_head h;
    struct fault why = {.offset = -1, .line = -1};
    ssize_t n = io_read_all(f->io, f->fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return fault_errno(reterr, "reading %s", f->path);
    if (n < (ssize_t)sizeof bytes)
        return fault_at(reterr, ERR_VERSION, n, NULL, "%s is cut off in its head", f->path);
    enum err err = tree_head_decode(bytes, &h, &why);
    if (err != OK)
        return fault_at(reterr, err, why.offset, why.rule, "%s: %s", f->path, why.what);
    if (h.level != f->level || memcmp(h.log_id, log_id, LOG_ID_BYTES) != 0)
        return fault_at(reterr, ERR_VERSION, 20, "FORMAT-tree, head", "%s is of another level or another log",
                        f->path);
    return OK;
}

enum err tree_file_open(struct tree_file *f, bool write, const uint8_t log_id[LOG_ID_BYTES], struct fault *reterr)
{
    f->fd = f->io->open(f->io->self, f->path, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW, 0);
    if (f->fd < 0)
        return errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "%s is not there", f->path)
                               : fault_errno(reterr, "opening %s", f->path);
    enum err err = check_head(f, log_id, reterr);
    if (err != OK)
        tree_file_close(f);
    return err;
}

enum err tree_file_make(struct tree_file *f, struct fault *reterr)
{
    tree_file_close(f);
    f->count = f->written = 0;
    if (f->io->unlink(f->io->self, f->path) != 0 && errno != ENOENT)
        return fault_errno(reterr, "removing %s", f->path);
    f->fd = f->io->open(f->io->self, f->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    f->unsynced = true;
    return f->fd < 0 ? fault_errno(reterr, "making %s", f->path) : OK;
}

enum err tree_file_put_head(struct tree_file *f, const uint8_t log_id[LOG_ID_BYTES], struct fault *reterr)
{
    uint8_t bytes[TREE_HEAD_BYTES];
    struct tree_head h = {.level = f->level};
    memcpy(h.log_id, log_id, sizeof h.log_id);
    tree_head_encode(&h, bytes);
    f->unsynced = true;
    if (io_write_all(f->io, f->fd, bytes, sizeof bytes, 0) != 0)
        return fault_errno(reterr, "writing %s", f->path);
    return OK;
}

enum err tree_file_read(const struct tree_file *f, uint64_t index, size_t count, void *out, struct fault *reterr)
{
    int64_t at = (int64_t)TREE_HEAD_BYTES + (int64_t)(index * f->item);
    if (count == 0)
        return OK;
    if (f->fd < 0)
        return fault_set(reterr, ERR_IO, "%s is not there: `entente rebuild` makes it again", f->path);
    ssize_t n = io_read_all(f->io, f->fd, out, count * f->item, at);
    if (n < 0)
        return fault_errno(reterr, "reading %s", f->path);
    if ((size_t)n < count * f->item)
        return fault_at(reterr, ERR_IO, at + n, NULL, "%s is cut off there: `entente rebuild` makes it again",
                        f->path);
    return OK;
}

enum err tree_file_trust(struct tree_file *f, uint64_t count, struct fault *reterr)
{
    size_t tail = (size_t)(count % TREE_RUN);
    f->count = f->written = 0;
    if (count == 0)
        return OK;
    int64_t size = f->fd < 0 ? 0 : f->io->size(f->io->self, f->fd);
    if (size < 0)
        return fault_errno(reterr, "looking at %s", f->path);
    if (f->fd < 0 || (uint64_t)size < TREE_HEAD_BYTES + count * f->item)
        return fault_set(reterr, ERR_VERSION, "%s is shorter than what was published", f->path);
    enum err err = tree_file_read(f, count - tail, tail, f->run, reterr);
    if (err == OK)
        f->count = f->written = count;
    return err;
}

enum err tree_file_flush(struct tree_file *f, struct fault *reterr)
{
    if (f->written == f->count)
        return OK;
    uint64_t begin = (f->count - 1) / TREE_RUN * TREE_RUN, from = f->written > begin ? f->written : begin;
    const uint8_t *bytes = f->run + (from - begin) * f->item;
    int64_t at = (int64_t)TREE_HEAD_BYTES + (int64_t)(from * f->item);
    f->unsynced = true;
    if (io_write_all(f->io, f->fd, bytes, (size_t)(f->count - from) * f->item, at) != 0)
        return fault_errno(reterr, "writing %s", f->path);
    f->written = f->count;
    return OK;
}

enum err tree_file_push(struct tree_file *f, const void *item, bool *ret_full, struct fault *reterr)
{
    memcpy(f->run + (f->count % TREE_RUN) * f->item, item, f->item);
    f->count++;
    *ret_full = f->count % TREE_RUN == 0;
    return *ret_full ? tree_file_flush(f, reterr) : OK;
}

void tree_file_peek(const struct tree_file *f, uint64_t index, size_t count, void *out, uint64_t *ret_from)
{
    uint64_t from = index > f->written ? index : f->written;
    if (from < index + count) {
        const uint8_t *bytes = f->run + (from % TREE_RUN) * f->item;
        memcpy((uint8_t *)out + (from - index) * f->item, bytes, (size_t)(index + count - from) * f->item);
    } else {
        from = index + count;
    }
    *ret_from = from;
}
