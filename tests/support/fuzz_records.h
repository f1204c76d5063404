/* support/fuzz_records.h - for fuzz targets of formats that need the table of all formats: any bytes as one of that
 * format are refused with words, or give whole records whose places never go down, and one end. */
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include "format/record.h"
#include "reader/core.h"
#include "support/fuzz.h"

static inline int64_t fuzz_place(const struct record *r)
{
    switch (r->kind) {
    case RECORD_OBJECT: return r->u.object.at;
    case RECORD_REJECTED: return r->u.rejected.at;
    case RECORD_EVENT: return r->u.event.at;
    case RECORD_LOST: return r->u.lost.at;
    case RECORD_ELEMENT: return r->u.element.at;
    case RECORD_END:
    case RECORD_LIST:
    case RECORD_ENVELOPE: break;
    }
    return INT64_MAX;
}

static inline void fuzz_read_records(const uint8_t *data, size_t len, enum reader_format format)
{
    const struct reader_options options = {
        .format = format, .party = {"p", 1}, .name = {"x.eml", 5}, .chunk_bytes = 512};
    struct reader_core *r;
    struct fault fault = {0};
    struct text chunk;
    bool ended = false;
    int64_t at = 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_assert(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    enum err e = reader_core_open(fd, &options, &r, &fault);
    if (e) {
        fuzz_assert(e == ERR_MALFORMED && fault.what[0]);
        close(fd);
        return;
    }
    while (!(e = reader_core_next(r, &chunk))) {
        struct cursor c;
        struct record record;
        cursor_init(&c, chunk);
        while (!(e = record_next(&c, &record))) {
            fuzz_assert(!ended && fuzz_place(&record) >= at);
            at = record.kind == RECORD_END ? at : fuzz_place(&record);
            fuzz_assert(record.kind == RECORD_END || (uint64_t)at < len);
            ended = record.kind == RECORD_END;
        }
        fuzz_assert(e == ERR_NOT_FOUND);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    reader_core_free(r);
    close(fd);
}
