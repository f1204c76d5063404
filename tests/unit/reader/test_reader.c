/* The reader: a format told from the first bytes, chunks of whole records, and the same records from any descriptor.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "format/record.h"
#include "reader/core.h"
#include "reader/formats.h"
#include "support/scratch.h"
#include "support/test.h"

static int descriptor_of(struct text bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* All chunks, end to end. */
static struct buffer read_all(int fd, const struct reader_options *options, enum reader_format format)
{
    struct reader_core *r;
    struct text chunk;
    struct fault fault;
    struct buffer all;
    enum err e;
    buffer_init(&all, 1 * GIB);
    if (reader_core_open(fd, options, &r, &fault))
        fail_msg("%s", fault.what);
    assert_int_equal(reader_core_format(r), format);
    while (!(e = reader_core_next(r, &chunk))) {
        struct cursor c;
        struct record record;
        assert_true(chunk.len > 0);
        cursor_init(&c, chunk);
        while (!(e = record_next(&c, &record)))
            ;
        assert_err(e, ERR_NOT_FOUND); /* whole records */
        buffer_add(&all, chunk);
    }
    assert_err(e, ERR_NOT_FOUND);
    assert_err(reader_core_next(r, &chunk), ERR_NOT_FOUND);
    reader_core_free(r);
    assert_ok(buffer_error(&all));
    return all;
}

static char *sample(const char *name, size_t *len)
{
    char path[SCRATCH_PATH_MAX];
    snprintf(path, sizeof path, "data/%s", name);
    char *content = scratch_read(test_path(path), len);
    assert_non_null(content);
    return content;
}

static void detects(struct text document, enum reader_format want)
{
    int fd = descriptor_of(document);
    const struct reader_options options = {0};
    struct buffer all = read_all(fd, &options, want);
    buffer_done(&all);
    close(fd);
}

static void refuses(struct text document, const char *word)
{
    int fd = descriptor_of(document);
    const struct reader_options options = {0};
    struct reader_core *r = NULL;
    struct fault fault = {0};
    assert_err(reader_core_open(fd, &options, &r, &fault), ERR_MALFORMED);
    assert_null(r);
    if (!strstr(fault.what, word))
        fail_msg("no \"%s\" in \"%s\"", word, fault.what);
    close(fd);
}

static void formats_are_told_from_the_first_bytes(void **state)
{
    (void)state;
    detects(TEXT("{}"), READER_STIX);
    detects(TEXT(" \r\n\t[]"), READER_STIX);
    detects(TEXT("\xEF\xBB\xBF{}"), READER_STIX);
    detects(TEXT("value\n"), READER_CSV);
    detects(TEXT("value"), READER_CSV);
    detects(TEXT("\xEF\xBB\xBFtype; Value ;x\nevil.example"), READER_CSV);
    detects(TEXT("a\t\"VALUE\"\n"), READER_CSV);
    detects(TEXT("# feed\n\n# of today\nsep=;\ntype;value\n"), READER_CSV);
    detects(TEXT("[Adblock Plus 2.0]\n||evil.example^\n"), READER_LIST);
    refuses(TEXT(""), "empty");
    refuses(TEXT(" \n\n"), "empty");
    refuses(TEXT("type,ioc\nx,y\n"), "value");
    refuses(TEXT("values,my value\n"), "value");
    refuses(TEXT("<stix:STIX_Package/>"), "JSON");
    detects(TEXT("\x1f\x8b\x08\x00\x00"), READER_ZIP);
    detects(TEXT("\x28\xb5\x2f\xfd\x00"), READER_ZIP);
    detects(TEXT("PK\x03\x04xxxx"), READER_ZIP);
    refuses(TEXT("BZh91AY"), "bzip2");
    refuses(TEXT("\xfd"
                 "7zXZ\x00"),
            "xz");
    refuses((struct text){"\xff\xfe{\0}\0", 6}, "UTF-16");
    refuses((struct text){"\xfe\xff\0{\0}", 6}, "UTF-16");
}

/* A long preamble, and a first line without an end, are looked at no further than a limit. */
static void detection_is_bounded(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 16 * MIB);
    for (int i = 0; i < 100000; i++) /* more than the window holds before it slides */
        buffer_add(&b, TEXT("# feed\n"));
    buffer_add(&b, TEXT("value\n"));
    int64_t row = (int64_t)b.len;
    buffer_add(&b, TEXT("evil.example\n"));
    const struct reader_options options = {0};
    int fd = descriptor_of(buffer_text(&b));
    struct buffer all = read_all(fd, &options, READER_CSV);
    struct cursor c;
    struct record r;
    cursor_init(&c, buffer_text(&all));
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_OBJECT && r.u.object.at == row);
    buffer_done(&all);
    close(fd);
    buffer_clear(&b);
    memset(buffer_reserve(&b, 4 * MIB), 'x', 4 * MIB);
    refuses(buffer_text(&b), "no known format");
    buffer_done(&b);
}

/* What is listed can be named; the rest of the table is no document's. */
static void formats_are_listed_by_name(void **state)
{
    (void)state;
    struct buffer names;
    struct text rest, name;
    size_t count = 0;
    buffer_init(&names, 4 * KIB);
    reader_format_names(&names);
    assert_ok(buffer_error(&names));
    for (rest = buffer_text(&names); text_split(&rest, ',', &name); count++)
        assert_int_not_equal(reader_format_parse(text_trim(name)), READER_DETECT);
    for (enum reader_format f = READER_DETECT + 1; f < READER_FORMATS; f++)
        count -= format_of(f) && f != READER_WARNINGLIST;
    assert_int_equal(count, 0);
    buffer_done(&names);
}

static void a_named_format_is_not_questioned(void **state)
{
    (void)state;
    const struct reader_options stix = {.format = READER_STIX}, csv = {.format = READER_CSV};
    int fd = descriptor_of(TEXT("value\nevil.example\n"));
    struct buffer all = read_all(fd, &stix, READER_STIX);
    struct cursor c;
    struct record r;
    cursor_init(&c, buffer_text(&all));
    while (record_next(&c, &r) == OK)
        ;
    assert_true(r.kind == RECORD_END && r.u.end.err == ERR_MALFORMED);
    buffer_done(&all);
    close(fd);
    fd = descriptor_of(TEXT("{}"));
    all = read_all(fd, &csv, READER_CSV);
    cursor_init(&c, buffer_text(&all));
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_END && r.u.end.err == ERR_MALFORMED);
    buffer_done(&all);
    close(fd);
}

static void formats_have_names(void **state)
{
    (void)state;
    assert_string_equal(reader_format_name(READER_STIX), "stix");
    assert_string_equal(reader_format_name(READER_CSV), "csv");
    assert_non_null(reader_format_name((enum reader_format)99));
    assert_int_equal(reader_format_parse(TEXT("stix")), READER_STIX);
    assert_int_equal(reader_format_parse(TEXT("csv")), READER_CSV);
    assert_int_equal(reader_format_parse(TEXT("detect")), READER_DETECT);
    assert_int_equal(reader_format_parse(TEXT("")), READER_DETECT);
}

/* The size of chunks changes nothing but where they end; nor does a pipe. */
static void chunks_and_pipes_change_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"stix/good/bundle.json", "stix/bad/cut-in-object.json", "csv/bad/values.csv"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len;
        char *document = sample(names[i], &len);
        enum reader_format format = names[i][0] == 's' ? READER_STIX : READER_CSV;
        const struct reader_options one = {.chunk_bytes = 1}, whole = {0};
        int fd = descriptor_of((struct text){document, len});
        struct buffer a = read_all(fd, &one, format);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        struct buffer b = read_all(fd, &whole, format);
        close(fd);
        assert_text_eq(buffer_text(&a), buffer_text(&b));
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (size_t k = 0; k < len; k += 7)
                if (write(ends[1], document + k, len - k < 7 ? len - k : 7) < 0)
                    _exit(1);
            _exit(0);
        }
        close(ends[1]);
        struct buffer c = read_all(ends[0], &whole, format);
        close(ends[0]);
        assert_true(waitpid(child, &status, 0) == child && status == 0);
        assert_text_eq(buffer_text(&a), buffer_text(&c));
        buffer_done(&a);
        buffer_done(&b);
        buffer_done(&c);
        free(document);
    }
}

static void reading_begins_where_the_descriptor_stands(void **state)
{
    (void)state;
    int fd = descriptor_of(TEXT("garbage{\"more\":false}"));
    const struct reader_options options = {0};
    assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
    struct buffer all = read_all(fd, &options, READER_STIX);
    struct cursor c;
    struct record r;
    cursor_init(&c, buffer_text(&all));
    assert_ok(record_next(&c, &r));
    assert_true(r.kind == RECORD_END && r.u.end.err == OK && r.u.end.at == 14);
    buffer_done(&all);
    close(fd);
}

static void a_bad_descriptor_is_told(void **state)
{
    (void)state;
    const struct reader_options options = {0};
    struct reader_core *r = NULL;
    struct fault fault;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    assert_err(reader_core_open(fd, &options, &r, &fault), ERR_IO);
    assert_true(strlen(fault.what) > 0);
    close(fd);
    reader_core_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_told_from_the_first_bytes),
        cmocka_unit_test(detection_is_bounded),
        cmocka_unit_test(formats_are_listed_by_name),
        cmocka_unit_test(a_named_format_is_not_questioned),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(chunks_and_pipes_change_nothing),
        cmocka_unit_test(reading_begins_where_the_descriptor_stands),
        cmocka_unit_test(a_bad_descriptor_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
