/* match/archive_write.c - a log on its way into the archive.
 *
 *   add: lines -> block (held until it is full) -> worked out (archive_work.c), written; its keys -> pairs of the
 * part a part is full -> its pairs become its search structure, written finish: table, tail, sync; looked for among
 * the logs that are there; renamed, folder synced
 *
 * Invariants
 * 1 The file has a temporary name, locked by who writes it, until all of it is on the disk.
 * 2 A block holds what one or more calls of add gave, as scanning would have seen it: a piece of a line that goes on
 *   is a block of its own. */
#include "match/archive_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "match/archive_work.h"

struct pairs {
    uint64_t *items, *spare;
    size_t count, cap;
};

struct archive_writer {
    const struct io *io;
    const char *folder;
    struct archive_about about;
    char path[ARCHIVE_PATH_MAX]; /* of the temporary file */
    int fd;
    uint64_t at; /* written so far */
    struct sha256_ctx hash;
    struct archive_ring *ring;
    struct pairs pairs[KEY_SETS];
    size_t part_blocks;
    struct buffer parts, blocks; /* rows of the table */
};

/* ---- the file ---- */

static enum err write_bytes(struct archive_writer *w, struct text bytes, struct fault *reterr)
{
    if (io_write_all(w->io, w->fd, bytes.ptr, bytes.len, (int64_t)w->at) < 0)
        return fault_errno(reterr, "%s: writing", w->path);
    w->at += bytes.len;
    return OK;
}

static enum err make_file(struct archive_writer *w, struct fault *reterr)
{
    uint64_t name;
    if (mkdir(w->folder, 0700) < 0 ? errno != EEXIST : io_sync_parent(w->io, w->folder) < 0)
        return fault_errno(reterr, "%s", w->folder);
    random_bytes(&name, sizeof name);
    snprintf(w->path, sizeof w->path, "%s/%016llx.new", w->folder, (unsigned long long)name);
    w->fd = w->io->open(w->io->self, w->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return fault_errno(reterr, "%s", w->path);
    (void)flock(w->fd, LOCK_EX | LOCK_NB); /* for archive_folder_sweep(): somebody writes it */
    struct buffer head;
    buffer_init(&head, ARCHIVE_HEAD_SIZE);
    buffer_add(&head, TEXT(ARCHIVE_HEAD));
    buffer_add_u32(&head, ARCHIVE_VERSION);
    buffer_add_u32(&head, ARCHIVE_FEATURES);
    enum err err = buffer_error(&head);
    if (!err)
        err = write_bytes(w, buffer_text(&head), reterr);
    buffer_done(&head);
    return err;
}

enum err archive_writer_new(const struct io *io, const char *folder, const struct archive_about *about,
                            unsigned threads, struct archive_writer **ret, struct fault *reterr)
{
    struct archive_writer *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    *w = (struct archive_writer){.io = io, .folder = folder, .about = *about, .fd = -1};
    w->about.first_us = w->about.last_us = ARCHIVE_NO_TIME;
    sha256_init(&w->hash);
    buffer_init(&w->parts, ARCHIVE_TABLE_MAX);
    buffer_init(&w->blocks, ARCHIVE_TABLE_MAX);
    enum err err = archive_ring_new(threads, about->added_us, &w->ring);
    if (err)
        fault_set(reterr, err, "out of memory");
    else
        err = make_file(w, reterr);
    if (err) {
        archive_writer_free(w);
        return err;
    }
    *ret = w;
    return OK;
}

void archive_writer_free(struct archive_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        if (w->path[0])
            (void)w->io->unlink(w->io->self, w->path);
        (void)w->io->close(w->io->self, w->fd);
    }
    archive_ring_free(w->ring);
    for (int set = 0; set < KEY_SETS; set++) {
        free(w->pairs[set].items);
        free(w->pairs[set].spare);
    }
    buffer_done(&w->parts);
    buffer_done(&w->blocks);
    free(w);
}

const struct archive_about *archive_writer_about(const struct archive_writer *w)
{
    return &w->about;
}

/* ---- parts ---- */

static bool grow_pairs(struct pairs *p, size_t more)
{
    if (p->cap - p->count >= more)
        return true;
    size_t cap = (p->count + more) * 2;
    uint64_t *items = realloc(p->items, cap * sizeof *items);
    if (items)
        p->items = items;
    uint64_t *spare = items ? realloc(p->spare, cap * sizeof *spare) : NULL;
    if (!spare)
        return false;
    p->spare = spare;
    p->cap = cap;
    return true;
}

static enum err take_keys(struct archive_writer *w, const struct keys *keys)
{
    for (int set = 0; set < KEY_SETS; set++) {
        struct pairs *p = &w->pairs[set];
        if (!grow_pairs(p, keys->count[set]))
            return ERR_NOMEM;
        for (size_t i = 0; i < keys->count[set]; i++)
            p->items[p->count++] = keys->items[set][i] << BLOCKSET_BLOCK_BITS | w->part_blocks;
    }
    return OK;
}

static enum err end_part(struct archive_writer *w, struct fault *reterr)
{
    struct buffer found;
    if (w->part_blocks == 0)
        return OK;
    buffer_init(&found, ARCHIVE_KEYS_MAX);
    buffer_add_u64(&w->parts, w->at);
    buffer_add_u32(&w->parts, (uint32_t)w->part_blocks);
    buffer_add_u32(&w->parts, 0);
    for (enum key_set set = 0; set < KEY_SETS; set++) {
        struct pairs *p = &w->pairs[set];
        size_t before = found.len;
        blockset_write(p->items, p->spare, p->count, key_set_bits(set), key_set_sure(set), &found);
        p->count = 0;
        if (buffer_error(&found))
            break;
        buffer_add_u32(&w->parts, (uint32_t)(found.len - before));
        buffer_add_u64(&w->parts, xxh3_of(found.ptr + before, found.len - before));
    }
    enum err err = buffer_error(&found) ? buffer_error(&found) : buffer_error(&w->parts);
    if (err)
        fault_set(reterr, err, "%s: its search structure: %s", w->path, err_name(err));
    else
        err = write_bytes(w, buffer_text(&found), reterr);
    buffer_done(&found);
    w->part_blocks = 0;
    return err;
}

/* ---- blocks ---- */

static void put_block_row(struct buffer *b, const struct archive_block *block)
{
    buffer_add_u64(b, block->offset);
    buffer_add_u32(b, block->packed_len);
    buffer_add_u32(b, block->raw_len);
    buffer_add_u64(b, block->first_line);
    buffer_add_u64(b, block->first_offset);
    buffer_add_u32(b, block->lines);
    buffer_add_u32(b, block->untimed);
    buffer_add_u64(b, (uint64_t)block->first_us);
    buffer_add_u64(b, (uint64_t)block->last_us);
    buffer_add_u64(b, block->check);
}

static void count_block(struct archive_about *a, const struct archive_block *b)
{
    if (b->first_us != ARCHIVE_NO_TIME) {
        if (a->first_us == ARCHIVE_NO_TIME || b->first_us < a->first_us)
            a->first_us = b->first_us;
        if (a->last_us == ARCHIVE_NO_TIME || b->last_us > a->last_us)
            a->last_us = b->last_us;
    }
    a->untimed += b->untimed;
    a->lines += b->lines;
    a->bytes += b->raw_len;
}

static enum err write_block(struct archive_writer *w, struct archive_slot *s, struct fault *reterr)
{
    enum err err = s->err ? s->err : take_keys(w, &s->keys);
    if (err)
        return fault_set(reterr, err, "%s", err_name(err));
    sha256_add(&w->hash, s->held.ptr, s->held.len);
    s->block.offset = w->at;
    put_block_row(&w->blocks, &s->block);
    if (buffer_error(&w->blocks))
        return fault_set(reterr, buffer_error(&w->blocks), "too long a log for one file of the archive: split it");
    err = write_bytes(w, buffer_text(&s->packed), reterr);
    if (err)
        return err;
    count_block(&w->about, &s->block);
    w->part_blocks++;
    bool full = w->part_blocks == BLOCKSET_BLOCKS;
    for (int set = 0; set < KEY_SETS; set++)
        full |= w->pairs[set].count > ARCHIVE_PART_KEYS;
    return full ? end_part(w, reterr) : OK;
}

/* Blocks that are worked out; all: waits for those that are not yet. */
static enum err write_blocks(struct archive_writer *w, bool all, struct fault *reterr)
{
    struct archive_slot *s;
    enum err err = OK;
    while (!err && (s = archive_ring_take(w->ring, all || archive_ring_full(w->ring)))) {
        err = write_block(w, s, reterr);
        archive_ring_release(w->ring);
    }
    return err;
}

static enum err end_block(struct archive_writer *w, struct fault *reterr)
{
    if (archive_ring_head(w->ring)->held.len == 0)
        return OK;
    archive_ring_submit(w->ring);
    return write_blocks(w, false, reterr);
}

enum err archive_writer_add(struct archive_writer *w, struct text lines, uint64_t offset, uint64_t line,
                            bool continues, struct fault *reterr)
{
    struct archive_slot *s = archive_ring_head(w->ring);
    enum err err = OK;
    if (s->held.len + lines.len > ARCHIVE_BLOCK_MAX || continues)
        err = end_block(w, reterr);
    if (err)
        return err;
    s = archive_ring_head(w->ring);
    if (s->held.len == 0) {
        s->block.first_line = line;
        s->block.first_offset = offset;
    }
    buffer_add(&s->held, lines);
    if (buffer_error(&s->held))
        return fault_set(reterr, buffer_error(&s->held), "%s", err_name(buffer_error(&s->held)));
    return continues || s->held.len == ARCHIVE_BLOCK_MAX ? end_block(w, reterr) : OK;
}

/* ---- the end ---- */

static void put_table(const struct archive_writer *w, struct buffer *table)
{
    const struct archive_about *a = &w->about;
    buffer_add_sized(table, a->name);
    buffer_add_sized(table, a->source);
    buffer_add_u64(table, (uint64_t)a->added_us);
    buffer_add_u64(table, a->bytes);
    buffer_add_u64(table, a->lines);
    buffer_add_u64(table, (uint64_t)a->first_us);
    buffer_add_u64(table, (uint64_t)a->last_us);
    buffer_add_u64(table, a->untimed);
    buffer_add_bytes(table, a->hash.b, sizeof a->hash.b);
    buffer_add_u32(table, a->cut_short ? ARCHIVE_CUT_SHORT : 0);
    buffer_add_u32(table, (uint32_t)(w->parts.len / ARCHIVE_PART_ROW));
    buffer_add(table, buffer_text(&w->parts));
    buffer_add_u32(table, (uint32_t)(w->blocks.len / ARCHIVE_BLOCK_ROW));
    buffer_add(table, buffer_text(&w->blocks));
}

static enum err write_table(struct archive_writer *w, struct fault *reterr)
{
    struct buffer table;
    buffer_init(&table, ARCHIVE_TABLE_MAX + 64 * KIB);
    put_table(w, &table);
    size_t len = table.len;
    uint64_t check = xxh3_of(table.ptr, table.len), at = w->at;
    buffer_add_u64(&table, at);
    buffer_add_u64(&table, len);
    buffer_add_u64(&table, check);
    buffer_add(&table, TEXT(ARCHIVE_TAIL));
    enum err err = buffer_error(&table);
    if (err)
        fault_set(reterr, err, "%s", err_name(err));
    else
        err = write_bytes(w, buffer_text(&table), reterr);
    buffer_done(&table);
    if (!err && w->io->sync(w->io->self, w->fd) < 0)
        err = fault_errno(reterr, "%s: syncing", w->path);
    return err;
}

/* The log that holds the same bytes already, and the next free number. */
static enum err look_around(const struct archive_writer *w, uint32_t *ret_next, uint32_t *ret_same,
                            struct fault *reterr)
{
    uint32_t *numbers, next = 1, same = 0;
    size_t count;
    enum err err = archive_folder_list(w->folder, &numbers, &count, reterr);
    if (err)
        return err;
    for (size_t i = 0; i < count && !same; i++) {
        struct archive_log *l;
        next = numbers[i] + 1;
        err = archive_log_open(w->io, w->folder, numbers[i], &l, NULL);
        if (err)
            continue; /* hunt and list name it */
        const struct archive_about *a = archive_log_about(l);
        if (a->bytes == w->about.bytes && sha256_eq(&a->hash, &w->about.hash))
            same = numbers[i];
        archive_log_free(l);
    }
    *ret_next = count ? numbers[count - 1] + 1 : next;
    *ret_same = same;
    free(numbers);
    return OK;
}

/* With the folder locked. */
static enum err publish(struct archive_writer *w, uint32_t *ret_number, struct fault *reterr)
{
    char path[ARCHIVE_PATH_MAX];
    uint32_t next, same;
    enum err err = look_around(w, &next, &same, reterr);
    if (err)
        return err;
    if (same) {
        *ret_number = same;
        return fault_set(reterr, ERR_EXISTS, "the archive has these lines already, as log %u", same);
    }
    archive_folder_path(w->folder, next, path);
    if (w->io->rename(w->io->self, w->path, path) < 0)
        return fault_errno(reterr, "%s", path);
    memcpy(w->path, path, sizeof path); /* a failure from here on takes it back */
    if (io_sync_parent(w->io, path) < 0)
        return fault_errno(reterr, "%s: syncing its folder", path);
    w->path[0] = '\0';
    *ret_number = next;
    return OK;
}

enum err archive_writer_finish(struct archive_writer *w, bool cut_short, uint32_t *ret_number, uint64_t *ret_size,
                               struct fault *reterr)
{
    int lock;
    enum err err = end_block(w, reterr);
    if (!err)
        err = write_blocks(w, true, reterr);
    if (!err)
        err = end_part(w, reterr);
    w->about.hash = sha256_end(&w->hash);
    w->about.cut_short = cut_short;
    if (!err)
        err = write_table(w, reterr);
    if (!err)
        err = archive_folder_lock(w->folder, &lock, reterr);
    if (err)
        return err;
    err = publish(w, ret_number, reterr);
    close(lock);
    *ret_size = w->at;
    return err;
}
