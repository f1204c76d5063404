/* An index file spoiled at will and made to fit its hashes again: refused, or it can be asked and scanned with. The
 * input is a list of changes of 9 bytes each: where (32 bits, counted in sections: the upper 6 bits say which, 63 the
 * head), how many bytes (0-4), and which; or, when it begins like a file, the file. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/fuzz.h"

/* The tests' own sources, so that a target stays one file. */
#include "unit/match/index_spoil.c"
#include "unit/match/match_set.c"
#include "unit/match/rows_other.c"

#define LINE                                                                                                \
    "1.2.3.4 sub.evil.com http://evil.com/x 203.0.113.200 [2001:db8:bad::5]:80 mallory@mail.test " MD5 "\n" \
    "client 10.9.8.7#53 (bad.example.org): " SHA256 " " URL "\n"

/* Without addresses of IPv4: their map is large. */
static const char *const values[] = {"evil.com",
                                     "bad.example.org",
                                     "2001:db8:bad::/48",
                                     "2001:db8::1",
                                     "http://evil.com/x",
                                     URL,
                                     "https://[2001:db8::1]/p",
                                     "mallory@mail.test",
                                     MD5,
                                     SHA256,
                                     "evil.com",
                                     NULL};

static struct match_set set;
static uint8_t *base, *bytes;
static size_t base_len;

static void prepare(void)
{
    char path[] = "/tmp/fuzz-index-XXXXXX";
    if (base)
        return;
    match_set_init(&set, values);
    int fd = mkstemp(path);
    fuzz_assert(fd >= 0);
    index_spoil_write(&set, path);
    close(fd);
    fd = open(path, O_RDONLY);
    base_len = (size_t)lseek(fd, 0, SEEK_END);
    base = malloc(base_len);
    bytes = malloc(base_len);
    fuzz_assert(base && bytes && io_read_all(io_system(), fd, base, base_len, 0) == (ssize_t)base_len);
    close(fd);
    unlink(path);
}

static size_t place_of(uint32_t where)
{
    const struct index_head *h = (const struct index_head *)(const void *)base;
    const struct index_section *s = (const struct index_section *)(const void *)(h + 1);
    uint32_t section = where >> 26, within = where & ((1u << 26) - 1);
    if (section >= h->section_count)
        return within % (sizeof *h + h->section_count * sizeof *s);
    return s[section].offset + within % (s[section].count * s[section].item_bytes);
}

static void spoil(const uint8_t *data, size_t len)
{
    memcpy(bytes, base, base_len);
    for (; len >= 9; data += 9, len -= 9) {
        uint32_t where;
        memcpy(&where, data, sizeof where);
        size_t at = place_of(where), size = data[4] % 5;
        memcpy(bytes + at, data + 5, size < base_len - at ? size : base_len - at);
    }
    index_spoil_seal(bytes, base_len);
}

static enum err on_hit(void *self, const struct scan_line_hits *h)
{
    const struct index_file *f = self;
    for (size_t i = 0; i < h->hit_count; i++)
        fuzz_assert(h->hits[i].ref < index_file_count(f));
    return OK;
}

static void use(const void *file, size_t len)
{
    struct index_file *f = NULL;
    struct fault fault = {.offset = -1};
    struct text line = {LINE, sizeof LINE - 1};
    int fd = index_spoil_fd(file, len);
    enum err err = index_file_open(fd, &f, &fault);
    close(fd);
    if (err) {
        fuzz_assert(f == NULL && fault.what[0]);
        return;
    }
    const struct index *index = index_file_index(f);
    index_spoil_use(f, &set, text_sub(line, 0, 90));
    fuzz_assert(scan_block(set.scanner, &index, 1, line, 1, 0, on_hit, f) == OK);
    index_file_unref(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    prepare();
    if (len >= 8 && memcmp(data, INDEX_MAGIC, 8) == 0) {
        uint8_t *copy = malloc(len);
        fuzz_assert(copy);
        memcpy(copy, data, len);
        index_spoil_seal(copy, len);
        use(copy, len);
        free(copy);
        return 0;
    }
    spoil(data, len);
    use(bytes, base_len);
    return 0;
}
