/* store/log_mend.c - a spoiled body put back in its place.
 *
 * Invariant: only bytes that have the checksum of the record's own head are written, so that nothing can get in that
 * the log did not hold. A crash in between leaves what was there before: a spoiled body. */
#include "store/log_inside.h"

static enum err read_head(const struct log *log, int fd, struct place at, struct record_head *ret,
                          struct fault *reterr)
{
    struct record_site site = {log->files.log_seed, at};
    uint8_t bytes[RECORD_HEAD_BYTES];
    ssize_t n = io_read_all(log->io, fd, bytes, sizeof bytes, at.offset);
    if (n < 0)
        return fault_errno(reterr, "reading the log");
    if (n < (ssize_t)sizeof bytes || !record_head_decode(bytes, &site, ret) || ret->kind != RECORD_BODY)
        return fault_at(reterr, ERR_MALFORMED, at.offset, "FORMAT-log, record", "no body's head stands there");
    return ret->flags & RECORD_ERASED ? fault_set(reterr, ERR_NOT_FOUND, "this body was erased") : OK;
}

static enum err write_back(struct log *log, int fd, struct place at, struct text raw, struct fault *reterr)
{
    struct record_site site = {log->files.log_seed, at};
    struct record_head h;
    struct buffer payload;
    enum err err = read_head(log, fd, at, &h, reterr);
    if (err != OK)
        return err;
    buffer_init(&payload, 2 * LOG_RECORD_MAX_BYTES);
    (void)log_add_body(log, raw, &payload);
    if (buffer_error(&payload) != OK)
        err = fault_set(reterr, buffer_error(&payload), "no memory for a body");
    else if (payload.len != h.len || !record_payload_good(&h, &site, payload.ptr))
        err = fault_set(reterr, ERR_VERSION, "packed again, it is not what the log had there");
    else if (io_write_all(log->io, fd, payload.ptr, payload.len, (int64_t)at.offset + RECORD_HEAD_BYTES) != 0 ||
             log->io->sync(log->io->self, fd) != 0)
        err = fault_errno(reterr, "writing a body back");
    buffer_done(&payload);
    return err;
}

enum err log_mend_body(struct log *log, struct place place, struct text raw, struct fault *reterr)
{
    struct segment_head head;
    int fd;
    if (!log->write || log->failed)
        return fault_set(reterr, log->failed ? log->why.err : ERR_DENIED, "the log cannot be written to");
    if (place.offset < SEGMENT_START || place.offset % RECORD_ALIGN)
        return fault_set(reterr, ERR_MALFORMED, "no record can stand there");
    enum err err = files_open(&log->files, place.segment, true, &fd, &head, reterr);
    if (err != OK)
        return err;
    err = write_back(log, fd, place, raw, reterr);
    log->io->close(log->io->self, fd);
    return err;
}
