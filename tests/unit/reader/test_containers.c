/* Archives and mails: what lies in them comes out by its own format, with places of the container, in order; what
 * cannot be opened is named; what would fill a machine is not unpacked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "format/part.h"
#include "format/record.h"
#include "reader/core.h"
#include "support/scratch.h"
#include "support/test.h"

struct seen {
    size_t objects, rejected, lost;
    uint64_t read;
    uint8_t err;
    char what[512], losses[2048];
};

static void note(struct seen *s, const struct record *r, int64_t *at, size_t bytes)
{
    int64_t here = *at;
    if (r->kind == RECORD_OBJECT) {
        s->objects++;
        here = r->u.object.at;
    } else if (r->kind == RECORD_REJECTED) {
        s->rejected++;
        here = r->u.rejected.at;
    } else if (r->kind == RECORD_LOST) {
        s->lost++;
        here = r->u.lost.at;
        snprintf(s->losses + strlen(s->losses), sizeof s->losses - strlen(s->losses), TEXT_FMT ": " TEXT_FMT "\n",
                 TEXT_ARG(r->u.lost.what), TEXT_ARG(r->u.lost.reason));
    } else if (r->kind == RECORD_END) {
        s->err = r->u.end.err;
        s->read = r->u.end.read;
        snprintf(s->what, sizeof s->what, TEXT_FMT, TEXT_ARG(r->u.end.what));
    }
    assert_true(here >= *at && (size_t)here < bytes);
    *at = here;
}

static struct seen read_bytes(struct text bytes, const char *name, enum reader_format as, enum reader_format found)
{
    const struct reader_options options = {
        .format = as, .party = TEXT("p"), .name = text_of(name), .chunk_bytes = 512};
    struct seen s = {.err = 255};
    struct reader_core *r;
    struct fault fault;
    struct text chunk;
    int64_t at = 0;
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    if (reader_core_open(fd, &options, &r, &fault))
        fail_msg("%s: %s", name, fault.what);
    assert_int_equal(reader_core_format(r), found);
    while (!reader_core_next(r, &chunk)) {
        struct cursor c;
        struct record record;
        cursor_init(&c, chunk);
        while (!record_next(&c, &record))
            note(&s, &record, &at, bytes.len);
    }
    reader_core_free(r);
    close(fd);
    assert_int_not_equal(s.err, 255);
    return s;
}

static struct seen read_sample(const char *name, enum reader_format as, enum reader_format found)
{
    char path[SCRATCH_PATH_MAX];
    size_t len;
    snprintf(path, sizeof path, "data/%s", name);
    char *bytes = scratch_read(test_path(path), &len);
    assert_non_null(bytes);
    const char *slash = strrchr(name, '/');
    struct seen s = read_bytes((struct text){bytes, len}, slash + 1, as, found);
    free(bytes);
    return s;
}

static void archives(void **state)
{
    (void)state;
    struct seen s = read_sample("zip/good/two.zip", READER_DETECT, READER_ZIP);
    assert_int_equal(s.objects, 3);
    assert_int_equal(s.read, 3);
    assert_int_equal(s.err, OK);
    assert_non_null(strstr(s.losses, "readme.bin"));
    assert_null(strstr(s.losses, "MACOSX"));
    s = read_sample("zip/good/list.csv.gz", READER_DETECT, READER_ZIP);
    assert_int_equal(s.objects, 3); /* both members */
    s = read_sample("zip/good/list.csv.gz", READER_CSV, READER_ZIP);
    assert_int_equal(s.objects, 3); /* what was named is what is in it */
    s = read_sample("zip/good/nested.zip", READER_DETECT, READER_ZIP);
    assert_int_equal(s.objects, 3);
    assert_int_equal(s.err, OK);
}

static void archives_with_faults(void **state)
{
    static const struct {
        const char *name, *words;
        size_t objects;
        uint8_t err;
    } rows[] = {{"zip/bad/cut.zip", "directory", 0, ERR_MALFORMED},
                {"zip/bad/cut.csv.gz", "cut off", 1000, ERR_MALFORMED},
                {"zip/bad/deep.zip", "four deep", 0, ERR_MALFORMED},
                {"zip/bad/damaged.zip", "", 1, ERR_MALFORMED}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen s = read_sample(rows[i].name, READER_DETECT, READER_ZIP);
        assert_int_equal(s.err, rows[i].err);
        if (!strstr(s.what, rows[i].words))
            fail_msg("%s: %s", rows[i].name, s.what);
        assert_true(s.objects >= rows[i].objects);
    }
    struct seen s = read_sample("zip/bad/encrypted.zip", READER_DETECT, READER_ZIP);
    assert_int_equal(s.err, OK);
    assert_non_null(strstr(s.losses, "secret.csv: it is encrypted"));
}

/* A gigabyte of the same row packs to a thousandth. */
static void bombs(void **state)
{
    (void)state;
    z_stream z = {.next_in = NULL};
    const size_t room = 8 * MIB, row_bytes = 64 * KIB;
    unsigned char *packed = malloc(room), *rows = malloc(row_bytes);
    assert_non_null(packed);
    assert_non_null(rows);
    memset(rows, 'x', row_bytes);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = packed;
    z.avail_out = (uInt)room;
    z.next_in = (unsigned char *)(uintptr_t) "value\n";
    z.avail_in = 6;
    assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
    for (size_t i = 0; i < 4096; i++) {
        z.next_in = rows;
        z.avail_in = (uInt)row_bytes;
        rows[row_bytes - 1] = '\n';
        assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
    }
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct seen s = read_bytes((struct text){(char *)packed, z.total_out}, "x.csv.gz", READER_DETECT, READER_ZIP);
    assert_int_equal(s.err, ERR_MALFORMED);
    if (!strstr(s.what, "250 times"))
        fail_msg("%s", s.what);
    deflateEnd(&z);
    free(packed);
    free(rows);
}

static void mails(void **state)
{
    (void)state;
    struct seen s = read_sample("mail/good/report.eml", READER_DETECT, READER_MAIL);
    assert_true(s.objects >= 3); /* two in the archive, one in the list; the text may hold some */
    assert_int_equal(s.err, OK);
    assert_non_null(strstr(s.losses, "logo.png: a picture"));
    assert_non_null(strstr(s.losses, "the same as HTML"));
    s = read_sample("mail/good/latin.eml", READER_DETECT, READER_MAIL);
    assert_int_equal(s.objects, 1);
    assert_non_null(strstr(s.losses, "encrypted"));
    s = read_sample("mail/good/two.mbox", READER_DETECT, READER_MAIL);
    assert_int_equal(s.objects, 2);
    s = read_sample("mail/good/forwarded.eml", READER_DETECT, READER_MAIL);
    assert_true(s.objects >= 3);
    s = read_sample("mail/good/warning.eml", READER_DETECT, READER_MAIL);
    assert_int_equal(s.objects, 2); /* nothing of the sender, nothing of the signature */
    assert_non_null(strstr(s.losses, "the author's own"));
    s = read_sample("mail/bad/no_end.eml", READER_DETECT, READER_MAIL);
    assert_int_equal(s.objects, 1);
    (void)read_sample("mail/bad/cut.eml", READER_DETECT, READER_MAIL);
}

static void budgets(void **state)
{
    (void)state;
    struct container_budget b = container_budget_of(0);
    assert_int_equal(b.left, CONTAINER_FLOOR_BYTES);
    b = container_budget_of(UINT64_MAX);
    assert_int_equal(b.left, CONTAINER_MAX_BYTES);
    b = (struct container_budget){.left = 10};
    assert_int_equal(container_take(&b, 10), 10);
    assert_int_equal(container_take(&b, 0), 0);
    assert_false(b.spent);
    assert_true(container_take(&b, 1) < 0);
    assert_true(b.spent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(archives), cmocka_unit_test(archives_with_faults),
                                       cmocka_unit_test(bombs), cmocka_unit_test(mails), cmocka_unit_test(budgets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
