/* Logs in blocks of whole lines: plain, gzip, zstd; files and pipes; long lines; damage. */
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "match/logfile.h"
#include "match_set.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];

static int setup(void **state)
{
    (void)state;
    scratch_new(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

struct bytes {
    char *ptr;
    size_t len, cap;
};

static void put(struct bytes *b, const void *ptr, size_t len)
{
    if (b->cap - b->len < len) {
        b->cap = (b->cap + len) * 2;
        b->ptr = realloc(b->ptr, b->cap);
        assert_non_null(b->ptr);
    }
    memcpy(b->ptr + b->len, ptr, len);
    b->len += len;
}

/* A text of about `size` bytes with lines of many lengths; the last one ends with a newline or not. */
static struct bytes make_text(size_t size, bool newline)
{
    struct bytes b = {0};
    uint64_t n = 0;
    while (b.len < size) {
        char line[400];
        int len =
            snprintf(line, sizeof line, "%llu %.*s\n", (unsigned long long)n, (int)(n * n % 200),
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        put(&b, line, (size_t)len);
        n++;
    }
    if (!newline)
        b.len--;
    return b;
}

static struct bytes gzip(struct text t)
{
    z_stream z = {0};
    struct bytes b = {.cap = t.len + 1000};
    b.ptr = malloc(b.cap);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)t.ptr;
    z.avail_in = (uInt)t.len;
    z.next_out = (Bytef *)b.ptr;
    z.avail_out = (uInt)b.cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.len = b.cap - z.avail_out;
    deflateEnd(&z);
    return b;
}

static struct bytes zstd(struct text t)
{
    struct bytes b = {.cap = ZSTD_compressBound(t.len)};
    b.ptr = malloc(b.cap);
    b.len = ZSTD_compress(b.ptr, b.cap, t.ptr, t.len, 1);
    assert_false(ZSTD_isError(b.len));
    return b;
}

static struct text text_of_bytes(const struct bytes *b)
{
    return (struct text){b->ptr, b->len};
}

/* Reads all of fd, checks each block's place, returns the bytes in one. */
static struct bytes read_all(int fd, enum err *ret_end, size_t *ret_blocks)
{
    struct logfile *f;
    struct bytes got = {0};
    uint64_t lines = 1;
    assert_ok(logfile_open(fd, &f, NULL));
    *ret_blocks = 0;
    for (;;) {
        struct text block;
        uint64_t offset, line;
        bool continues;
        struct fault fault;
        *ret_end = logfile_next(f, &block, &offset, &line, &continues, &fault);
        if (*ret_end)
            break;
        assert_true(block.len > 0 && block.len <= LINE_MAX_BYTES);
        assert_int_equal(offset, got.len);
        assert_int_equal(line, lines);
        if (continues)
            assert_null(memchr(block.ptr, '\n', block.len));
        put(&got, block.ptr, block.len);
        for (size_t i = 0; i < block.len; i++)
            lines += block.ptr[i] == '\n';
        ++*ret_blocks;
    }
    struct text block;
    uint64_t offset, line;
    bool more;
    assert_err(logfile_next(f, &block, &offset, &line, &more, NULL), *ret_end); /* and so it stays */
    logfile_free(f);
    return got;
}

static int file_with(struct text t)
{
    const char *path = scratch_path(folder, "log");
    scratch_write(path, t.ptr, t.len);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    return fd;
}

static void check_file(struct text content, struct text expected, enum err end)
{
    enum err got_end;
    size_t blocks;
    int fd = file_with(content);
    struct bytes got = read_all(fd, &got_end, &blocks);
    close(fd);
    assert_err(got_end, end);
    assert_int_equal(got.len, expected.len);
    assert_true(got.len == 0 || memcmp(got.ptr, expected.ptr, got.len) == 0);
    free(got.ptr);
}

static void plain_files(void **state)
{
    (void)state;
    check_file(TEXT(""), TEXT(""), ERR_NOT_FOUND);
    check_file(TEXT("\n"), TEXT("\n"), ERR_NOT_FOUND);
    check_file(TEXT("a"), TEXT("a"), ERR_NOT_FOUND);
    check_file(TEXT("a\nb"), TEXT("a\nb"), ERR_NOT_FOUND);
    check_file(TEXT("\x1f"), TEXT("\x1f"), ERR_NOT_FOUND);
    check_file(TEXT("(\xb5"), TEXT("(\xb5"), ERR_NOT_FOUND);
    for (int newline = 0; newline < 2; newline++) {
        struct bytes text = make_text(5 * MIB + 12345, newline);
        check_file(text_of_bytes(&text), text_of_bytes(&text), ERR_NOT_FOUND);
        free(text.ptr);
    }
}

static void compressed_files(void **state)
{
    struct bytes (*const pack[])(struct text) = {gzip, zstd};
    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(pack); p++) {
        struct bytes text = make_text(3 * MIB + 77, p == 0), one = pack[p](text_of_bytes(&text)), two = {0},
                     both = {0};
        check_file(text_of_bytes(&one), text_of_bytes(&text), ERR_NOT_FOUND);
        put(&two, one.ptr, one.len); /* members one after the other, an empty one among them */
        struct bytes none = pack[p](TEXT(""));
        put(&two, none.ptr, none.len);
        put(&two, one.ptr, one.len);
        put(&both, text.ptr, text.len);
        put(&both, text.ptr, text.len);
        check_file(text_of_bytes(&two), text_of_bytes(&both), ERR_NOT_FOUND);
        check_file(text_of_bytes(&none), TEXT(""), ERR_NOT_FOUND);
        free(text.ptr);
        free(one.ptr);
        free(two.ptr);
        free(both.ptr);
        free(none.ptr);
    }
    struct bytes padded = gzip(TEXT("a\n"));
    put(&padded, "\0\0\0\0\0", 5);
    check_file(text_of_bytes(&padded), TEXT("a\n"), ERR_NOT_FOUND);
    put(&padded, "x", 1);
    check_file(text_of_bytes(&padded), TEXT("a\n"), ERR_MALFORMED);
    free(padded.ptr);
}

/* A file cut at every byte gives a beginning of the text, in whole, and says that it is damaged. */
static void cut_files_give_what_came_before(void **state)
{
    struct bytes (*const pack[])(struct text) = {gzip, zstd};
    struct bytes text = make_text(3000, true);
    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(pack); p++) {
        struct bytes packed = pack[p](text_of_bytes(&text));
        size_t longest = 0;
        for (size_t len = 4; len < packed.len; len++) {
            enum err end;
            size_t blocks;
            int fd = file_with((struct text){packed.ptr, len});
            struct bytes got = read_all(fd, &end, &blocks);
            close(fd);
            assert_err(end, ERR_MALFORMED);
            assert_true(got.len <= text.len && (got.len == 0 || memcmp(got.ptr, text.ptr, got.len) == 0));
            longest = got.len > longest ? got.len : longest;
            free(got.ptr);
        }
        assert_true(longest > text.len / 2 || p == 1);
        free(packed.ptr);
    }
    free(text.ptr);
}

/* Damage in the last of several blocks: the ones before are given. */
static void damage_costs_one_block(void **state)
{
    struct bytes text = make_text(1 * MIB, true), packed = zstd(text_of_bytes(&text));
    enum err end;
    size_t blocks;
    (void)state;
    memset(packed.ptr + packed.len - 20, 0xFF, 16);
    int fd = file_with(text_of_bytes(&packed));
    struct bytes got = read_all(fd, &end, &blocks);
    close(fd);
    assert_err(end, ERR_MALFORMED);
    assert_true(got.len >= text.len - 256 * KIB && got.len <= text.len);
    assert_memory_equal(got.ptr, text.ptr, got.len);
    free(text.ptr);
    free(packed.ptr);
    free(got.ptr);
}

/* ---- pipes ---- */

static void write_whole(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n <= 0)
            _exit(1);
        bytes += n;
        len -= (size_t)n;
    }
}

static void lines_come_as_they_are_written(void **state)
{
    int fds[2];
    struct logfile *f;
    struct text block;
    uint64_t offset, line;
    bool continues;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_ok(logfile_open(fds[0], &f, NULL));
    write_whole(fds[1], "one\ntwo\nthr", 11);
    assert_ok(logfile_next(f, &block, &offset, &line, &continues, NULL));
    assert_text(block, "one\ntwo\n");
    write_whole(fds[1], "ee\n", 3);
    assert_ok(logfile_next(f, &block, &offset, &line, &continues, NULL));
    assert_text(block, "three\n");
    assert_int_equal(offset, 8);
    assert_int_equal(line, 3);
    write_whole(fds[1], "four", 4);
    close(fds[1]);
    assert_ok(logfile_next(f, &block, &offset, &line, &continues, NULL));
    assert_text(block, "four");
    assert_err(logfile_next(f, &block, &offset, &line, &continues, NULL), ERR_NOT_FOUND);
    logfile_free(f);
    close(fds[0]);
}

static void pipes_in_small_pieces(void **state)
{
    struct bytes (*const pack[])(struct text) = {NULL, gzip, zstd};
    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(pack); p++) {
        struct bytes text = make_text(40000, false), packed = pack[p] ? pack[p](text_of_bytes(&text)) : text;
        int fds[2], status;
        enum err end;
        size_t blocks;
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0) {
            for (size_t i = 0; i < packed.len; i += 97)
                write_whole(fds[1], packed.ptr + i, packed.len - i < 97 ? packed.len - i : 97);
            _exit(0);
        }
        close(fds[1]);
        struct bytes got = read_all(fds[0], &end, &blocks);
        close(fds[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_err(end, ERR_NOT_FOUND);
        assert_int_equal(got.len, text.len);
        assert_memory_equal(got.ptr, text.ptr, got.len);
        if (pack[p])
            free(packed.ptr);
        free(text.ptr);
        free(got.ptr);
    }
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_ends_the_wait(void **state)
{
    struct sigaction action = {.sa_handler = on_alarm}, before;
    int fds[2];
    struct logfile *f;
    struct text block;
    uint64_t offset, line;
    bool continues;
    struct fault fault;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    sigaction(SIGALRM, &action, &before);
    assert_ok(logfile_open(fds[0], &f, NULL));
    write_whole(fds[1], "beg", 3);
    ualarm(20000, 0);
    assert_err(logfile_next(f, &block, &offset, &line, &continues, &fault), ERR_CANCELLED);
    write_whole(fds[1], "un\n", 3);
    assert_ok(logfile_next(f, &block, &offset, &line, &continues, &fault)); /* nothing was lost */
    assert_text(block, "begun\n");
    sigaction(SIGALRM, &before, NULL);
    logfile_free(f);
    close(fds[0]);
    close(fds[1]);
}

/* ---- long lines ---- */

/* Hits of a file's lines, each told once for its line, as "line:value". */
static void hits_of_file(struct match_set *set, int fd, char *out, size_t room, size_t *ret_pieces)
{
    struct logfile *f;
    struct text block;
    uint64_t offset, line;
    bool continues;
    out[0] = 0;
    *ret_pieces = 0;
    assert_ok(logfile_open(fd, &f, NULL));
    while (logfile_next(f, &block, &offset, &line, &continues, NULL) == OK) {
        *ret_pieces += continues;
        for (struct text rest = block, one; text_split(&rest, '\n', &one); line++) {
            const char *hits = match_set_hits(set, one);
            char words[200];
            snprintf(words, sizeof words, "%llu:%s ", (unsigned long long)line, hits);
            if (hits[0] && !strstr(out, words))
                snprintf(out + strlen(out), room - strlen(out), "%s", words);
        }
    }
    logfile_free(f);
}

/* One line of `fill`, the value near the end of the first block, and some more. */
static struct bytes make_long_line(const char *fill, const char *value, size_t before)
{
    struct bytes text = {0};
    const char *after = strchr(" ,\"|%\\:", fill[0]) ? fill : " x";
    put(&text, "first\n", 6);
    while (text.len < 6 + LINE_MAX_BYTES - before)
        put(&text, fill, strlen(fill));
    put(&text, value, strlen(value));
    for (size_t n = 0; n < 100; n++)
        put(&text, after, strlen(after));
    put(&text, "\nlast", 5);
    return text;
}

/* A value at every place around a piece's end, in lines of many kinds: found, and nothing made up. */
static void long_lines_lose_nothing(void **state)
{
    static const char *const values[] = {
        "evil.com", "203.0.113.7", "http://evil.com/x?y=1", "d41d8cd98f00b204e9800998ecf8427e", "2001:db8::1", NULL};
    static const char *const fill[] = {" ",    "x ",  ",",  "x,", "word,", "\"a\":\"b\",", "a.b.c ", "|", "%20",
                                       "x%20", "\\n", "w+", "x@", ":",     "\xC3\xA9 "};
    struct match_set set;
    (void)state;
    match_set_init(&set, values);
    for (size_t v = 0; values[v]; v++)
        for (size_t k = 0; k < ARRAY_LEN(fill); k++)
            for (size_t before = 30; before < 90; before += 19) {
                struct bytes text = make_long_line(fill[k], values[v], before);
                char got[400], want[100];
                size_t pieces;
                if ((fill[k][0] == ':' && (v == 4 || v == 2)) || (fill[k][0] == '%' && v == 2)) {
                    free(text.ptr); /* another address, another URL */
                    continue;
                }
                int fd = file_with(text_of_bytes(&text));
                hits_of_file(&set, fd, got, sizeof got, &pieces);
                close(fd);
                snprintf(want, sizeof want, v == 2 ? "2:%s %s " : "2:%s ", values[v], values[0]);
                if (strcmp(got, want) != 0)
                    fail_msg("%s after \"%s\", %zu before the end: %s", values[v], fill[k], before, got);
                assert_true(pieces == 1);
                free(text.ptr);
            }
    match_set_done(&set);
}

/* A run longer than any value hides none, wherever it is cut. */
static void long_runs_make_nothing_up(void **state)
{
    static const char *const values[] = {"evil.com", "d41d8cd98f00b204e9800998ecf8427e", NULL};
    struct match_set set;
    char got[400];
    size_t pieces;
    (void)state;
    match_set_init(&set, values);
    for (size_t more = 0; more < 40; more++) {
        struct bytes text = {0};
        for (size_t i = 0; i < LINE_MAX_BYTES - more; i++)
            put(&text, "d", 1);
        put(&text, "d41d8cd98f00b204e9800998ecf8427e", 32);
        put(&text, more % 2 ? ".evil.com" : "evil.com", more % 2 ? 9 : 8);
        put(&text, " 2\n", 3);
        int fd = file_with(text_of_bytes(&text));
        hits_of_file(&set, fd, got, sizeof got, &pieces);
        close(fd);
        assert_int_equal(pieces, 1);
        assert_string_equal(got, "");
        free(text.ptr);
    }
    match_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files),
        cmocka_unit_test(compressed_files),
        cmocka_unit_test(cut_files_give_what_came_before),
        cmocka_unit_test(damage_costs_one_block),
        cmocka_unit_test(lines_come_as_they_are_written),
        cmocka_unit_test(pipes_in_small_pieces),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(long_lines_lose_nothing),
        cmocka_unit_test(long_runs_make_nothing_up),
    };
    return cmocka_run_group_tests_name("logfile", tests, setup, teardown);
}
