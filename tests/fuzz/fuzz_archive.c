/* Any bytes as a file of the archive: nothing is read beyond them; what can be read is lines. And the same bytes as
 * lines come out of a packed block as they went in; and as a packed block, they do no harm: its streams are tried by
 * themselves, too, since no fuzzer guesses compressed ones. */
#include <errno.h>
#include <string.h>

#include "match/archive.h"
#include "match/pack_inside.h"
#include "support/fuzz.h"

struct memory {
    const uint8_t *data;
    size_t len;
};

static int open_memory(void *self, const char *path, int flags, mode_t mode)
{
    (void)self, (void)path, (void)flags, (void)mode;
    return 3;
}

static int close_memory(void *self, int fd)
{
    (void)self, (void)fd;
    return 0;
}

static ssize_t read_memory(void *self, int fd, void *out, size_t len, int64_t offset)
{
    const struct memory *m = self;
    (void)fd;
    if (offset < 0 || (uint64_t)offset >= m->len)
        return 0;
    size_t left = m->len - (size_t)offset, n = len < left ? len : left;
    if (n)
        memcpy(out, m->data + offset, n);
    return (ssize_t)n;
}

static int64_t size_memory(void *self, int fd)
{
    (void)fd;
    return (int64_t)((const struct memory *)self)->len;
}

static void read_log(const struct io *io, struct packer *p, const struct archive_query *q)
{
    struct archive_log *l;
    struct buffer bytes;
    struct text lines;
    uint64_t blocks;
    if (archive_log_open(io, "/", 1, &l, NULL))
        return;
    buffer_init(&bytes, ARCHIVE_KEYS_MAX);
    for (size_t i = 0; i < archive_log_parts(l); i++)
        (void)!archive_log_find(l, i, q, &bytes, &blocks, NULL);
    for (size_t i = 0; i < archive_log_blocks(l) && i < 64; i++) {
        buffer_clear(&bytes);
        if (archive_log_read(l, i, &bytes, NULL) == OK && unpack(p, buffer_text(&bytes), &lines) == OK)
            fuzz_assert(lines.len <= ARCHIVE_BLOCK_MAX);
    }
    buffer_done(&bytes);
    archive_log_free(l);
}

/* The first byte and two numbers say where to cut. */
static void read_streams(struct packer *p, const uint8_t *data, size_t len)
{
    uint8_t bits[4096 + BITS_PAD] = {0};
    if (len < 8)
        return;
    size_t left = len - 8, a = data[0] * left / 256, b = a + data[1] * (left - a) / 256,
           c = b + data[2] * (left - b) / 256, bits_len = left - c < 4096 ? left - c : 4096;
    const char *from = (const char *)data + 8;
    memcpy(bits, from + c, bits_len);
    const struct pack_streams in = {{from, a}, {from + a, b - a}, {from + b, c - b}, {(const char *)bits, bits_len}};
    (void)!pack_rows(p, &in, data[3] * (size_t)data[4]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct memory m = {data, len};
    const struct io io = {
        .self = &m, .open = open_memory, .close = close_memory, .pread = read_memory, .size = size_memory};
    struct text lines = {(const char *)data, len < PACK_MAX_BYTES ? len : PACK_MAX_BYTES}, out;
    struct archive_query *q;
    struct packer *p;
    struct buffer packed;
    fuzz_assert(packer_new(&p) == OK && archive_query_new(&q) == OK);
    fuzz_assert(archive_query_add(q, VALUE_DOMAIN, TEXT("evil.com")) == OK);
    fuzz_assert(archive_query_add(q, VALUE_CIDR, TEXT("10.0.0.0/8")) == OK);
    fuzz_assert(archive_query_add(q, VALUE_MUTEX, TEXT("Global_Sample_7")) == OK);
    read_log(&io, p, q);
    read_streams(p, data, len);
    (void)!unpack(p, lines, &out);
    buffer_init(&packed, 4 * PACK_MAX_BYTES);
    fuzz_assert(pack(p, lines, &packed) == OK && unpack(p, buffer_text(&packed), &out) == OK && text_eq(out, lines));
    buffer_done(&packed);
    archive_query_free(q);
    packer_free(p);
    return 0;
}
