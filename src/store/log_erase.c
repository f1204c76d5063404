/* store/log_erase.c - DETAIL and BODY records overwritten in place (docs/FORMAT-log.md, Erasing).
 *
 * Invariants:
 *   1. a record's erased flag is durable before a byte of its payload changes: a reader, or a crash, finds a record
 *      that is whole or one that is erased, never one that is damaged.
 *   2. nothing else changes: entries, commits, lengths and so every hash and proof stay.
 *   3. erasing again what is erased is harmless, so an erasure that was cut short is simply done again. */
#include <stdlib.h>
#include <string.h>

#include "store/log_inside.h"

#define ZEROS_BYTES (64 * KIB)
#define WORD_BYTES  8 /* length, kind, flags and their check: one aligned write, which no disk tears */

struct eraser {
    struct log *log;
    uint8_t *zeros; /* ZEROS_BYTES */
};
typedef enum err erase_step(struct eraser *e, int fd, struct place at, const struct record_head *h,
                            struct fault *reterr);

static enum err read_head(struct eraser *e, int fd, struct place at, struct record_head *ret, struct fault *reterr)
{
    struct record_site site = {e->log->files.log_seed, at};
    uint8_t bytes[RECORD_HEAD_BYTES];
    char name[SEGMENT_NAME_MAX];
    ssize_t n = io_read_all(e->log->io, fd, bytes, sizeof bytes, at.offset);
    if (n < 0)
        return fault_errno(reterr, "reading log/%s", segment_name(at.segment, name));
    if (n < (ssize_t)sizeof bytes || !record_head_decode(bytes, &site, ret) ||
        (ret->kind != RECORD_DETAIL && ret->kind != RECORD_BODY))
        return fault_at(reterr, ERR_MALFORMED, at.offset, "FORMAT-log, record",
                        "log/%s holds nothing there that could be erased: damaged", segment_name(at.segment, name));
    return OK;
}

static enum err write_failed(struct place at, struct fault *reterr)
{
    char name[SEGMENT_NAME_MAX];
    return fault_errno(reterr, "erasing in log/%s", segment_name(at.segment, name));
}

static enum err flag(struct eraser *e, int fd, struct place at, const struct record_head *h, struct fault *reterr)
{
    struct record_site site = {e->log->files.log_seed, at};
    struct record_head erased = *h;
    uint8_t bytes[RECORD_HEAD_BYTES];
    erased.flags |= RECORD_ERASED;
    record_head_encode(&erased, &site, NULL, bytes);
    return io_write_all(e->log->io, fd, bytes, WORD_BYTES, at.offset) == 0 ? OK : write_failed(at, reterr);
}

/* The checksum goes too: it could be guessed against. */
static enum err clear(struct eraser *e, int fd, struct place at, const struct record_head *h, struct fault *reterr)
{
    const int64_t from = (int64_t)at.offset + RECORD_HEAD_BYTES - WORD_BYTES;
    const int64_t end = (int64_t)at.offset + RECORD_HEAD_BYTES + h->len;
    for (int64_t i = from; i < end; i += (int64_t)ZEROS_BYTES) {
        size_t len = end - i < (int64_t)ZEROS_BYTES ? (size_t)(end - i) : ZEROS_BYTES;
        if (io_write_all(e->log->io, fd, e->zeros, len, i) != 0)
            return write_failed(at, reterr);
    }
    return OK;
}

/* One step over all places of one segment, then its sync. */
static enum err over_segment(struct eraser *e, const struct place *places, size_t count, erase_step *step,
                             struct fault *reterr)
{
    const struct io *io = e->log->io;
    struct segment_head head;
    int fd;
    enum err err = files_open(&e->log->files, places[0].segment, true, &fd, &head, reterr);
    if (err != OK)
        return err;
    for (size_t i = 0; err == OK && i < count; i++) {
        struct record_head h;
        err = read_head(e, fd, places[i], &h, reterr);
        if (err == OK)
            err = step(e, fd, places[i], &h, reterr);
    }
    if (err == OK && io->sync(io->self, fd) != 0)
        err = write_failed(places[0], reterr);
    io->close(io->self, fd);
    return err;
}

static enum err over_all(struct eraser *e, const struct place *places, size_t count, erase_step *step,
                         struct fault *reterr)
{
    enum err err = OK;
    for (size_t i = 0, end; err == OK && i < count; i = end) {
        for (end = i + 1; end < count && places[end].segment == places[i].segment;)
            end++;
        err = over_segment(e, places + i, end - i, step, reterr);
    }
    return err;
}

enum err log_erase(struct log *log, const struct place *places, size_t count, struct fault *reterr)
{
    struct eraser e = {.log = log};
    if (!log->write || log->failed)
        return fault_set(reterr, log->failed ? log->why.err : ERR_DENIED, "the log cannot be written to");
    e.zeros = calloc(1, ZEROS_BYTES);
    if (!e.zeros)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    enum err err = over_all(&e, places, count, flag, reterr);
    if (err == OK)
        err = over_all(&e, places, count, clear, reterr);
    free(e.zeros);
    return err;
}
