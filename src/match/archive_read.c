/* match/archive_read.c - see archive.h. A file is trusted for nothing: offsets are held against its size, what is
 * read against its checksum, and bytes that have the right checksum are taken apart as if they had not. */
#include "match/archive_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the file. */
struct piece {
    uint64_t offset, check;
    uint32_t len;
};

struct part {
    struct piece sets[KEY_SETS]; /* of version 1: the first holds the first two, one behind the other */
    size_t first, count;         /* blocks */
};

struct archive_log {
    const struct io *io;
    int fd;
    uint32_t number;
    unsigned version;
    uint64_t size;
    struct buffer table;
    struct archive_about about; /* texts borrow from table */
    struct archive_block *blocks;
    struct part *parts;
    size_t block_count, part_count;
};

static enum err damaged(int64_t offset, const char *what, struct fault *reterr)
{
    return fault_at(reterr, ERR_MALFORMED, offset, "docs/FORMAT-archive.md", "%s", what);
}

static enum err read_at(const struct archive_log *l, uint64_t offset, size_t len, struct buffer *out,
                        struct fault *reterr)
{
    char *to = buffer_reserve(out, len);
    if (!to)
        return fault_set(reterr, buffer_error(out), "no memory for %zu bytes of the archive", len);
    ssize_t n = io_read_all(l->io, l->fd, to, len, (int64_t)offset);
    if (n < 0)
        return fault_errno(reterr, "reading");
    return (size_t)n == len ? OK : damaged((int64_t)offset, "the file ends too soon", reterr);
}

/* ---- opening ---- */

static enum err check_head(struct archive_log *l, struct fault *reterr)
{
    struct cursor c;
    buffer_clear(&l->table);
    enum err err = read_at(l, 0, ARCHIVE_HEAD_SIZE, &l->table, reterr);
    if (err)
        return err;
    cursor_init(&c, buffer_text(&l->table));
    if (!text_eq(cursor_bytes(&c, 8), TEXT(ARCHIVE_HEAD)))
        return damaged(0, "not a log of the archive", reterr);
    l->version = cursor_u32(&c);
    if (l->version == 0)
        return damaged(8, "not a version of the archive", reterr);
    if (l->version > ARCHIVE_VERSION || cursor_u32(&c) & ~(uint32_t)ARCHIVE_FEATURES)
        return fault_at(reterr, ERR_VERSION, 8, NULL, "written by a newer entente");
    return OK;
}

static enum err read_table(struct archive_log *l, struct fault *reterr)
{
    struct cursor c;
    uint64_t tail_at = l->size - ARCHIVE_TAIL_SIZE;
    buffer_clear(&l->table);
    enum err err = read_at(l, tail_at, ARCHIVE_TAIL_SIZE, &l->table, reterr);
    if (err)
        return err;
    cursor_init(&c, buffer_text(&l->table));
    uint64_t at = cursor_u64(&c), len = cursor_u64(&c), check = cursor_u64(&c);
    if (!text_eq(cursor_bytes(&c, 8), TEXT(ARCHIVE_TAIL)) || at > tail_at || tail_at - at != len ||
        len > ARCHIVE_TABLE_MAX)
        return damaged((int64_t)tail_at, "its end is damaged", reterr);
    buffer_clear(&l->table);
    err = read_at(l, at, (size_t)len, &l->table, reterr);
    if (!err && xxh3_of(l->table.ptr, l->table.len) != check)
        err = damaged((int64_t)at, "its table is damaged", reterr);
    return err;
}

static void read_about(struct cursor *c, struct archive_about *a)
{
    a->name = cursor_text(c);
    a->source = cursor_text(c);
    a->added_us = (int64_t)cursor_u64(c);
    a->bytes = cursor_u64(c);
    a->lines = cursor_u64(c);
    a->first_us = (int64_t)cursor_u64(c);
    a->last_us = (int64_t)cursor_u64(c);
    a->untimed = cursor_u64(c);
    cursor_copy(c, a->hash.b, sizeof a->hash.b);
    a->cut_short = cursor_u32(c) & ARCHIVE_CUT_SHORT;
    if (a->name.len > ARCHIVE_NAME_MAX || a->source.len > ARCHIVE_NAME_MAX)
        cursor_fail(c);
}

static struct archive_block read_block_row(struct cursor *c)
{
    struct archive_block b = {.offset = cursor_u64(c)};
    b.packed_len = cursor_u32(c);
    b.raw_len = cursor_u32(c);
    b.first_line = cursor_u64(c);
    b.first_offset = cursor_u64(c);
    b.lines = cursor_u32(c);
    b.untimed = cursor_u32(c);
    b.first_us = (int64_t)cursor_u64(c);
    b.last_us = (int64_t)cursor_u64(c);
    b.check = cursor_u64(c);
    return b;
}

static bool in_file(const struct archive_log *l, uint64_t offset, uint64_t len)
{
    return offset <= l->size && len <= l->size - offset;
}

static bool read_piece(const struct archive_log *l, struct cursor *c, uint64_t *io_offset, struct piece *ret)
{
    *ret = (struct piece){.offset = *io_offset, .len = cursor_u32(c)};
    ret->check = cursor_u64(c);
    *io_offset += ret->len;
    return ret->len <= ARCHIVE_KEYS_MAX && in_file(l, ret->offset, ret->len);
}

static bool read_part(const struct archive_log *l, struct cursor *c, struct part *p)
{
    uint64_t offset = cursor_u64(c);
    bool good = true;
    if (l->version == ARCHIVE_WITHOUT_WORDS) {
        p->sets[0] = (struct piece){.offset = offset, .len = cursor_u32(c)};
        p->count = cursor_u32(c);
        p->sets[0].check = cursor_u64(c);
        return p->sets[0].len <= ARCHIVE_KEYS_MAX && in_file(l, offset, p->sets[0].len);
    }
    p->count = cursor_u32(c);
    (void)cursor_u32(c);
    for (int set = 0; set < KEY_SETS && good; set++)
        good = read_piece(l, c, &offset, &p->sets[set]);
    return good;
}

/* Rows first, since nothing is allocated for rows that are not there. */
static enum err read_parts(struct archive_log *l, struct cursor *c)
{
    size_t count = cursor_u32(c), first = 0;
    size_t row = l->version == ARCHIVE_WITHOUT_WORDS ? ARCHIVE_PART_ROW_1 : ARCHIVE_PART_ROW;
    if (cursor_error(c) || count > cursor_left(c) / row)
        return ERR_MALFORMED;
    l->parts = calloc(count + 1, sizeof *l->parts);
    if (!l->parts)
        return ERR_NOMEM;
    for (l->part_count = 0; l->part_count < count; l->part_count++) {
        struct part *p = &l->parts[l->part_count];
        if (!read_part(l, c, p) || p->count == 0 || p->count > BLOCKSET_BLOCKS)
            return ERR_MALFORMED;
        p->first = first;
        first += p->count;
    }
    return OK;
}

static enum err read_blocks(struct archive_log *l, struct cursor *c)
{
    size_t count = cursor_u32(c), parted = 0;
    if (l->part_count)
        parted = l->parts[l->part_count - 1].first + l->parts[l->part_count - 1].count;
    if (cursor_error(c) || count > cursor_left(c) / ARCHIVE_BLOCK_ROW || count != parted)
        return ERR_MALFORMED;
    l->blocks = calloc(count + 1, sizeof *l->blocks);
    if (!l->blocks)
        return ERR_NOMEM;
    for (l->block_count = 0; l->block_count < count; l->block_count++) {
        struct archive_block *b = &l->blocks[l->block_count];
        *b = read_block_row(c);
        if (b->raw_len > ARCHIVE_BLOCK_MAX || b->packed_len > 2 * ARCHIVE_BLOCK_MAX ||
            !in_file(l, b->offset, b->packed_len))
            return ERR_MALFORMED;
    }
    return cursor_error(c) || !cursor_end(c) ? ERR_MALFORMED : OK;
}

static enum err load(struct archive_log *l, struct fault *reterr)
{
    struct cursor c;
    int64_t size = l->io->size(l->io->self, l->fd);
    if (size < 0)
        return fault_errno(reterr, "reading");
    l->size = (uint64_t)size;
    if (l->size < ARCHIVE_HEAD_SIZE + ARCHIVE_TAIL_SIZE)
        return damaged(0, "too short for a log of the archive", reterr);
    enum err err = check_head(l, reterr);
    if (!err)
        err = read_table(l, reterr);
    if (err)
        return err;
    cursor_init(&c, buffer_text(&l->table));
    read_about(&c, &l->about);
    err = read_parts(l, &c);
    if (!err)
        err = read_blocks(l, &c);
    if (err == ERR_MALFORMED)
        return damaged(-1, "its table does not fit the file", reterr);
    return err ? fault_set(reterr, err, "out of memory") : OK;
}

enum err archive_log_open(const struct io *io, const char *folder, uint32_t number, struct archive_log **ret,
                          struct fault *reterr)
{
    char path[ARCHIVE_PATH_MAX];
    struct archive_log *l = calloc(1, sizeof *l);
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    archive_folder_path(folder, number, path);
    *l = (struct archive_log){.io = io, .number = number};
    buffer_init(&l->table, ARCHIVE_TABLE_MAX);
    l->fd = io->open(io->self, path, O_RDONLY | O_CLOEXEC, 0);
    enum err err = OK;
    if (l->fd < 0)
        err = errno == ENOENT ? fault_set(reterr, ERR_NOT_FOUND, "not there") : fault_errno(reterr, "opening");
    else
        err = load(l, reterr);
    if (err) {
        archive_log_free(l);
        return err;
    }
    *ret = l;
    return OK;
}

void archive_log_free(struct archive_log *l)
{
    if (!l)
        return;
    if (l->fd >= 0)
        (void)l->io->close(l->io->self, l->fd);
    buffer_done(&l->table);
    free(l->blocks);
    free(l->parts);
    free(l);
}

uint32_t archive_log_number(const struct archive_log *l)
{
    return l->number;
}

uint64_t archive_log_size(const struct archive_log *l)
{
    return l->size;
}

const struct archive_about *archive_log_about(const struct archive_log *l)
{
    return &l->about;
}

size_t archive_log_blocks(const struct archive_log *l)
{
    return l->block_count;
}

const struct archive_block *archive_log_block(const struct archive_log *l, size_t nth)
{
    return &l->blocks[nth];
}

size_t archive_log_parts(const struct archive_log *l)
{
    return l->part_count;
}

void archive_log_part(const struct archive_log *l, size_t nth, size_t *ret_first, size_t *ret_count)
{
    *ret_first = l->parts[nth].first;
    *ret_count = l->parts[nth].count;
}

enum err archive_log_read(const struct archive_log *l, size_t nth, struct buffer *out, struct fault *reterr)
{
    const struct archive_block *b = &l->blocks[nth];
    size_t before = out->len;
    enum err err = read_at(l, b->offset, b->packed_len, out, reterr);
    if (!err && xxh3_of(out->ptr + before, b->packed_len) != b->check)
        err = damaged((int64_t)b->offset, "a block is damaged", reterr);
    return err;
}

/* ---- candidates ---- */

static enum err read_sets(const struct archive_log *l, const struct piece *p, struct buffer *scratch,
                          struct cursor *ret, struct fault *reterr)
{
    buffer_clear(scratch);
    enum err err = read_at(l, p->offset, p->len, scratch, reterr);
    if (!err && xxh3_of(scratch->ptr, scratch->len) != p->check)
        err = ERR_MALFORMED;
    cursor_init(ret, buffer_text(scratch));
    return err;
}

/* Sets of which nothing is asked are not read, but in version 1. */
static enum err ask_sets(const struct archive_log *l, const struct part *p, const struct archive_query *q,
                         struct buffer *scratch, uint64_t *ret_blocks, struct fault *reterr)
{
    bool together = l->version == ARCHIVE_WITHOUT_WORDS;
    struct cursor c;
    enum err err = OK;
    if (together)
        err = read_sets(l, &p->sets[0], scratch, &c, reterr);
    for (enum key_set set = 0; set < (together ? KEYS_WORDS : KEY_SETS) && !err; set++) {
        uint64_t found = 0;
        if (!together && !archive_query_wants(q, set))
            continue;
        if (!together)
            err = read_sets(l, &p->sets[set], scratch, &c, reterr);
        if (!err)
            err = archive_query_ask(q, set, &c, &found);
        *ret_blocks |= found;
    }
    return err;
}

enum err archive_log_find(const struct archive_log *l, size_t part, const struct archive_query *q,
                          struct buffer *scratch, uint64_t *ret_blocks, struct fault *reterr)
{
    const struct part *p = &l->parts[part];
    uint64_t every = p->count == 64 ? UINT64_MAX : (UINT64_C(1) << p->count) - 1, found = 0;
    *ret_blocks = every;
    if (archive_query_beyond(q, l->version))
        return OK;
    enum err err = ask_sets(l, p, q, scratch, &found, reterr);
    if (err == ERR_MALFORMED)
        return damaged((int64_t)p->sets[0].offset, "a search structure is damaged: each of its blocks is read",
                       reterr);
    if (!err)
        *ret_blocks = found & every;
    return err;
}
