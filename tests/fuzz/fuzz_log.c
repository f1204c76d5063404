/* A log over damaged bytes, in memory: it opens or refuses, reads or says what is damaged, and when it opens for
 * writing it can be written to.
 *
 * The input: how (0: the bytes are the segment file; 1: edits of a good log; 2: the same, and every record is then
 * given right checksums again, so that what lies behind them is reached), then edits of four bytes: offset (24 bits),
 * value. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/limits.h"
#include "store/log_format.h"
#include "support/fuzz.h"

#define SEGMENT ((size_t)64 * 1024)

struct memory {
    uint8_t *bytes;
    size_t len;
    bool there;
};

static int memory_open(void *self, const char *path, int flags, mode_t mode)
{
    struct memory *m = self;
    const char *slash = strrchr(path, '/');
    (void)mode;
    if (flags & O_DIRECTORY)
        return 4;
    if (!slash || strncmp(slash, "/00000000.log", 13) != 0 || (!m->there && !(flags & O_CREAT))) {
        errno = ENOENT;
        return -1;
    }
    m->there = true;
    return 3;
}

static int memory_close(void *self, int fd)
{
    (void)self;
    (void)fd;
    return 0;
}

static void memory_grow(struct memory *m, size_t len)
{
    if (len <= m->len)
        return;
    m->bytes = realloc(m->bytes, len);
    fuzz_assert(m->bytes != NULL);
    memset(m->bytes + m->len, 0, len - m->len);
    m->len = len;
}

static ssize_t memory_pread(void *self, int fd, void *out, size_t len, int64_t offset)
{
    struct memory *m = self;
    (void)fd;
    if (offset < 0 || (size_t)offset >= m->len)
        return 0;
    if (len > m->len - (size_t)offset)
        len = m->len - (size_t)offset;
    memcpy(out, m->bytes + offset, len);
    return (ssize_t)len;
}

static ssize_t memory_pwrite(void *self, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct memory *m = self;
    (void)fd;
    memory_grow(m, (size_t)offset + len);
    memcpy(m->bytes + offset, bytes, len);
    return (ssize_t)len;
}

static int memory_sync(void *self, int fd)
{
    (void)self;
    (void)fd;
    return 0;
}

static int memory_truncate(void *self, int fd, int64_t len)
{
    (void)self;
    (void)fd;
    (void)len;
    return 0;
}

static int memory_allocate(void *self, int fd, int64_t offset, int64_t len)
{
    (void)fd;
    memory_grow(self, (size_t)(offset + len));
    return 0;
}

static int64_t memory_size(void *self, int fd)
{
    (void)fd;
    return (int64_t)((struct memory *)self)->len;
}

static int memory_rename(void *self, const char *from, const char *to)
{
    (void)self;
    (void)from;
    (void)to;
    return 0;
}

static int memory_unlink(void *self, const char *path)
{
    (void)self;
    (void)path;
    errno = ENOENT;
    return -1;
}

static struct io memory_io(struct memory *m)
{
    return (struct io){m,
                       memory_open,
                       memory_close,
                       memory_pread,
                       memory_pwrite,
                       memory_sync,
                       memory_truncate,
                       memory_allocate,
                       memory_size,
                       memory_rename,
                       memory_unlink};
}

static void stage(struct log *log, uint64_t i)
{
    static const char body[] =
        "{\"id\":\"indicator--1\",\"name\":\"a body long enough to be worth compressing, is it?\"}";
    uint64_t n;
    int64_t t;
    struct place a, b;
    struct log_item item = {.kind = TEXT("object"),
                            .t_us = 1000 + (int64_t)i,
                            .public_part = TEXT("{\"id\":1}"),
                            .private_part = TEXT("{\"why\":2}"),
                            .body = {body, i % 3 ? sizeof body - 1 : 20},
                            .original = {body, i % 2 ? 30 : 0}};
    fuzz_assert(log_stage(log, &item, &n, &t, &a, &b) == OK);
}

/* Three groups of 1, 2 and 3 entries; made once a process. */
static const struct memory *good_log(void)
{
    static struct memory m;
    static bool made;
    if (made)
        return &m;
    struct io io = memory_io(&m);
    struct log *log;
    fuzz_assert(log_create_sized(&io, "/log", SEGMENT, NULL) == OK);
    fuzz_assert(log_open(&io, "/log", true, &log, NULL) == OK);
    for (uint64_t group = 0, n = 0; group < 3; group++) {
        for (uint64_t i = 0; i <= group; i++)
            stage(log, n++);
        fuzz_assert(log_commit(log, NULL) == OK);
    }
    log_close(log);
    made = true;
    return &m;
}

static void seal_again(struct memory *m)
{
    struct segment_head h;
    if (segment_head_decode(m->bytes, &h, NULL) != OK)
        return;
    uint64_t seed = log_seed_of(h.log_id);
    for (size_t at = SEGMENT_START; at + RECORD_HEAD_BYTES < m->len;) {
        struct record_site site = {seed, {0, (uint32_t)at}};
        struct record_head r = {.kind = m->bytes[at + 4], .flags = m->bytes[at + 5]};
        memcpy(&r.len, m->bytes + at, 4);
        memcpy(&r.tag, m->bytes + at + 8, 8);
        if (r.kind == RECORD_NONE || r.len > m->len - at - RECORD_HEAD_BYTES)
            return;
        record_head_encode(&r, &site, m->bytes + at + RECORD_HEAD_BYTES, m->bytes + at);
        at += record_bytes(r.len);
    }
}

static void edit(struct memory *m, const uint8_t *data, size_t len)
{
    for (; len >= 4; data += 4, len -= 4) {
        size_t at = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
        if (at < m->len)
            m->bytes[at] = data[3];
    }
}

static uint64_t read_all(const struct log *log)
{
    struct log_reader *r;
    struct log_read read;
    struct fault fault = {.err = OK};
    uint64_t n = 0;
    enum err err;
    struct buffer body;
    buffer_init(&body, 32 * MIB);
    fuzz_assert(log_reader_open(log, 0, &r, &fault) == OK);
    while ((err = log_reader_next(r, &read, &fault)) == OK) {
        fuzz_assert(read.entry.n == n++);
        buffer_clear(&body);
        if (read.has_body) {
            enum err e = log_body(log, read.body, &body, &fault);
            fuzz_assert(e == OK || e == ERR_MALFORMED || e == ERR_NOT_FOUND);
        }
    }
    fuzz_assert(err == ERR_NOT_FOUND || err == ERR_MALFORMED || err == ERR_VERSION);
    log_reader_close(r);
    buffer_done(&body);
    return err == ERR_NOT_FOUND ? n : UINT64_MAX;
}

static void check(struct memory *m)
{
    struct io io = memory_io(m);
    struct log *log;
    struct fault fault = {.err = OK};
    enum err err = log_open(&io, "/log", false, &log, &fault);
    fuzz_assert(err == OK || err == ERR_MALFORMED || err == ERR_VERSION);
    if (err == OK) {
        uint64_t n = read_all(log);
        fuzz_assert(n == UINT64_MAX || n == log_size(log));
        log_close(log);
    }
    err = log_open(&io, "/log", true, &log, &fault);
    fuzz_assert(err == OK || err == ERR_MALFORMED || err == ERR_VERSION);
    if (err != OK)
        return;
    uint64_t size = log_size(log);
    if (size < 1000 && log_last_us(log) < INT64_C(1) << 50) {
        stage(log, size);
        fuzz_assert(log_commit(log, NULL) == OK);
        fuzz_assert(log_size(log) == size + 1);
        log_close(log);
        fuzz_assert(log_open(&io, "/log", true, &log, &fault) == OK);
        fuzz_assert(log_size(log) == size + 1);
    }
    log_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct memory *good = good_log();
    struct memory m = {.there = true};
    if (len == 0)
        return 0;
    if (data[0] == 0) {
        memory_grow(&m, len - 1);
        if (len > 1)
            memcpy(m.bytes, data + 1, len - 1);
    } else {
        memory_grow(&m, good->len);
        memcpy(m.bytes, good->bytes, good->len);
        edit(&m, data + 1, len - 1);
        if (data[0] != 1)
            seal_again(&m);
    }
    check(&m);
    free(m.bytes);
    return 0;
}
