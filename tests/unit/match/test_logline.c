/* Lines of logs as events: our samples (tests/data/logs/good: NAME.log and, beside it, NAME.want with a line for
 * each) and hostile ones, every prefix of every line, headers found again, and headers without end. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/time.h"
#include "match/logline.h"
#include "support/scratch.h"
#include "support/test.h"

#define NOW_US ((int64_t)1795305600 * 1000000) /* 2026-11-22T00:00:00Z */

static void add_end(struct buffer *out, const char *name, const struct logline_end *end)
{
    char text[IPADDR_TEXT_MAX];
    if (end->text.len == 0)
        return;
    buffer_addf(out, " %s=" TEXT_FMT, name, TEXT_ARG(end->text));
    if (end->addr.bits && !text_eq(ipaddr_format(&end->addr, text), end->text))
        buffer_addf(out, "(%s)", text);
    else if (!end->addr.bits)
        buffer_add(out, TEXT("(name)"));
    if (end->has_port)
        buffer_addf(out, "#%u", end->port);
}

static void describe(const struct logline *e, struct buffer *out)
{
    static const char *const kinds[] = {"other", "connection", "dns", "http", "tls", "file", "mail", "cert"};
    char text[STAMP_TEXT_MAX];
    buffer_addf(out, "%s %s", logline_format_name(e->format), kinds[e->kind]);
    if (e->has_time)
        buffer_addf(out, " time=" TEXT_FMT, TEXT_ARG(stamp_format(stamp_from_us(e->time_us, 6), text)));
    add_end(out, "src", &e->src);
    add_end(out, "dst", &e->dst);
    if (e->travel)
        buffer_add(out, TEXT(" travel"));
    if (e->src_inside_known)
        buffer_addf(out, " src_inside=%d", e->src_inside);
    if (e->dst_inside_known)
        buffer_addf(out, " dst_inside=%d", e->dst_inside);
    if (e->protocol.len)
        buffer_addf(out, " protocol=" TEXT_FMT, TEXT_ARG(e->protocol));
    for (size_t i = 0; i < e->value_count; i++) {
        const struct logline_value *v = &e->values[i];
        buffer_addf(out, " %s", logline_field_name(v->field));
        if (v->group)
            buffer_addf(out, "/%u", v->group);
        if (v->value.len)
            buffer_addf(out, "=" TEXT_FMT, TEXT_ARG(v->value));
        else
            buffer_addf(out, ":%lld", (long long)v->number);
    }
}

static void describe_line(const struct logline_header *header, struct text line, struct buffer *out)
{
    struct logline e;
    enum err err = logline_read(header, line, NOW_US, &e);
    if (err) {
        assert_err(err, ERR_NOT_FOUND);
        buffer_add(out, TEXT("-"));
    } else {
        describe(&e, out);
        logline_done(&e);
    }
    buffer_add_char(out, '\n');
}

static void describe_block(struct logline_stream *s, struct text block, struct buffer *out)
{
    const struct logline_header *header;
    struct text piece, line;
    while (logline_stream_next(s, &block, &piece, &header)) {
        if (piece.len && piece.ptr[piece.len - 1] == '\n')
            piece.len--;
        while (text_split(&piece, '\n', &line))
            describe_line(header, line, out);
    }
}

/* Blocks of at most so many bytes, cut behind newlines. */
static void describe_file(struct text t, size_t most, struct buffer *out)
{
    struct logline_stream *s;
    assert_ok(logline_stream_new(&s));
    while (t.len) {
        size_t len = t.len < most ? t.len : most;
        while (len < t.len && t.ptr[len - 1] != '\n')
            len++;
        describe_block(s, text_sub(t, 0, len), out);
        t = text_sub(t, len, t.len);
    }
    logline_stream_free(s);
}

typedef void each_file(const char *path);

static unsigned in_folder(const char *folder, each_file *each)
{
    char path[SCRATCH_PATH_MAX];
    unsigned files = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (!text_ends(text_of(e->d_name), TEXT(".log")))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        each(path);
        files++;
    }
    closedir(d);
    return files;
}

static void compare_file(const char *path)
{
    char want_path[SCRATCH_PATH_MAX];
    size_t len, want_len;
    snprintf(want_path, sizeof want_path, "%.*s.want", (int)strlen(path) - 4, path);
    char *bytes = scratch_read(path, &len), *want = scratch_read(want_path, &want_len);
    static const size_t blocks[] = {SIZE_MAX, 1};
    assert_non_null(bytes);
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        struct buffer out;
        buffer_init(&out, 1 * MIB);
        describe_file((struct text){bytes, len}, blocks[i], &out);
        if (getenv("WRITE_WANT"))
            scratch_write(want_path, out.ptr, out.len);
        else if (!want || !text_eq(buffer_text(&out), (struct text){want, want_len}))
            fail_msg("%s reads as\n" TEXT_FMT, path, TEXT_ARG(buffer_text(&out)));
        buffer_done(&out);
    }
    free(bytes);
    free(want);
}

static void samples_read_as_wanted(void **state)
{
    (void)state;
    assert_true(in_folder(test_path("data/logs/good"), compare_file) >= 18);
}

/* No hostile line is an event, or reads beyond its end: the copy is exactly as long. */
static void refuse_file(const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    struct buffer out;
    assert_non_null(bytes);
    buffer_init(&out, 16 * MIB);
    describe_file((struct text){bytes, len}, SIZE_MAX, &out);
    struct text rest = buffer_text(&out), line;
    for (unsigned n = 1; text_split(&rest, '\n', &line); n++)
        if (line.len && !text_eq(line, TEXT("-")))
            fail_msg("%s:%u: is an event: " TEXT_FMT, path, n, TEXT_ARG(line));
    buffer_done(&out);
    free(bytes);
}

static void hostile_lines_are_no_events(void **state)
{
    (void)state;
    assert_true(in_folder(test_path("data/logs/hostile"), refuse_file) >= 1);
}

static void cut_file(const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    struct text t = {bytes, len}, piece, line;
    struct logline_stream *s;
    const struct logline_header *header;
    assert_ok(logline_stream_new(&s));
    while (logline_stream_next(s, &t, &piece, &header))
        while (text_split(&piece, '\n', &line))
            for (size_t n = 0; n <= line.len; n++) {
                struct logline e;
                char *copy = malloc(n + !n);
                memcpy(copy, line.ptr, n);
                if (logline_read(header, (struct text){copy, n}, NOW_US, &e) == OK)
                    logline_done(&e);
                free(copy);
            }
    logline_stream_free(s);
    free(bytes);
}

static void every_prefix_is_read_within(void **state)
{
    (void)state;
    (void)in_folder(test_path("data/logs/good"), cut_file);
}

/* ---- headers ---- */

static const char two[] =
    "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n1769026501.5\t10.1.2.3\tone.example\n"
    "# a remark\n1769026501.5\t10.1.2.3\ttwo.example\n#close\n"
    "#separator \\x09\n#path\thttp\n#fields\tts\thost\tid.orig_h\n";
static const char under_first[] = "1769026501.5\t10.1.2.3\tone.example\n";
static const char under_second[] = "1769026501.5\tthree.example\t10.1.2.4\n";

/* A stream that starts behind `written`, and what it makes of the line then appended. */
static void resume(const char *folder, const char *written, size_t padding, const char *more, const char *line,
                   const char *want)
{
    const char *path = scratch_path(folder, "log");
    struct buffer file, out;
    struct logline_stream *s;
    buffer_init(&file, 16 * MIB);
    buffer_init(&out, 64 * KIB);
    buffer_add(&file, text_of(written));
    for (size_t i = 0; i < padding; i++)
        buffer_add(&file, TEXT("1769026501.5\tsome.example\t10.1.2.4 and so on, to be a longer line than needed\n"));
    buffer_add(&file, text_of(more));
    scratch_write(path, file.ptr, file.len);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_ok(logline_stream_new(&s));
    logline_stream_resume(s, fd, file.len);
    describe_block(s, text_of(line), &out);
    assert_text(buffer_text(&out), want);
    close(fd);
    logline_stream_free(s);
    buffer_done(&file);
    buffer_done(&out);
}

static void headers_are_found_again(void **state)
{
    char folder[SCRATCH_PATH_MAX];
    (void)state;
    scratch_new(folder);
    static const char first[] = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n";
    static const char dns[] = "zeek dns time=2026-01-21T20:15:01.500000Z src=10.1.2.3 query=one.example\n";
    static const char http[] = "zeek http time=2026-01-21T20:15:01.500000Z src=10.1.2.4 host=three.example\n";
    resume(folder, first, 0, "", under_first, dns);
    resume(folder, first, 100000, "", under_first, dns);  /* some 8 MiB behind */
    resume(folder, first, 2000, two, under_second, http); /* its own header is not the file's first */
    resume(folder, first, 0, two, under_second, http);
    resume(folder, two, 0, "", under_second, http);
    resume(folder, two, 1000, "", under_second, http);
    resume(folder, two, 10000, "", under_second, http);
    resume(folder, "time,src,query\n", 9000, "", "1769026501.5,10.1.2.3,one.example\n",
           "csv dns time=2026-01-21T20:15:01.500000Z src=10.1.2.3 query=one.example\n");
    resume(folder, "", 9000, "", "time,src,query\n", "-\n"); /* no longer the first line */
    scratch_remove(folder);
}

static void headers_without_end(void **state)
{
    (void)state;
    struct logline_stream *s;
    struct buffer file, out;
    buffer_init(&file, 16 * MIB);
    buffer_init(&out, 16 * MIB);
    for (unsigned i = 0; i < LOGLINE_HEADERS_MAX + 10; i++)
        buffer_addf(&file,
                    "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\tcolumn%u\n"
                    "1769026501.5\t10.1.2.3\tone.example\tx\n",
                    i);
    assert_ok(logline_stream_new(&s));
    describe_block(s, buffer_text(&file), &out);
    logline_stream_free(s);
    size_t events = 0;
    struct text rest = buffer_text(&out), line;
    while (text_split(&rest, '\n', &line))
        events += text_starts(line, TEXT("zeek dns"));
    assert_int_equal(events, LOGLINE_HEADERS_MAX);
    buffer_done(&file);
    buffer_done(&out);
}

static void long_lines_are_no_events(void **state)
{
    (void)state;
    struct buffer line, out;
    buffer_init(&line, 1 * MIB);
    buffer_init(&out, 64 * KIB);
    buffer_add(&line, TEXT("{\"timestamp\":\"2026-01-21T20:15:01Z\",\"event_type\":\"dns\",\"x\":\""));
    while (line.len < LOGLINE_MAX_BYTES - 2)
        buffer_add_char(&line, 'x');
    buffer_add(&line, TEXT("\"}"));
    describe_line(NULL, buffer_text(&line), &out);
    assert_text(buffer_text(&out), "eve dns time=2026-01-21T20:15:01.000000Z\n");
    buffer_add_char(&line, ' ');
    describe_line(NULL, buffer_text(&line), &out);
    assert_true(text_ends(buffer_text(&out), TEXT("\n-\n")));
    buffer_done(&line);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_read_as_wanted),      cmocka_unit_test(hostile_lines_are_no_events),
        cmocka_unit_test(every_prefix_is_read_within), cmocka_unit_test(headers_are_found_again),
        cmocka_unit_test(headers_without_end),         cmocka_unit_test(long_lines_are_no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
