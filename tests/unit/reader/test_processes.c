/* The real reader in its real sandbox gives what the core gives, from any descriptor, for many at once. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/record.h"
#include "process/worker.h"
#include "reader/core.h"
#include "reader/probe.h"
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

/* Everything that the process or the core says of a document, in one text. */
static enum err read_by_process(int fd, const struct reader_options *options, struct buffer *ret)
{
    struct reader *r;
    struct text chunk;
    struct fault fault = {.what = ""};
    buffer_init(ret, GIB);
    enum err e = reader_open(fd, options, &r, &fault);
    if (e) {
        buffer_addf(ret, "%s %s", err_name(e), fault.what);
        return e;
    }
    buffer_addf(ret, "%s ", reader_format_name(reader_format_of(r)));
    while ((e = reader_next(r, &chunk, &fault)) == OK)
        buffer_add(ret, chunk);
    reader_free(r);
    return e;
}

static enum err read_by_core(int fd, const struct reader_options *options, struct buffer *ret)
{
    struct reader_core *r;
    struct text chunk;
    struct fault fault = {.what = ""};
    buffer_init(ret, GIB);
    enum err e = reader_core_open(fd, options, &r, &fault);
    if (e) {
        buffer_addf(ret, "%s %s", err_name(e), fault.what);
        return e;
    }
    buffer_addf(ret, "%s ", reader_format_name(reader_core_format(r)));
    while ((e = reader_core_next(r, &chunk)) == OK)
        buffer_add(ret, chunk);
    reader_core_free(r);
    return e;
}

static void compare(int fd, const struct reader_options *options)
{
    struct buffer a, b;
    enum err x = read_by_process(fd, options, &a);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0); /* the place of the fd itself has not moved */
    enum err y = read_by_core(fd, options, &b);
    assert_err(x, y);
    assert_text_eq(buffer_text(&a), buffer_text(&b));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    buffer_done(&a);
    buffer_done(&b);
}

static void the_process_gives_what_the_core_gives(void **state)
{
    (void)state;
    static const char *const folders[] = {"data/stix/good", "data/stix/bad",     "data/csv/good",   "data/csv/bad",
                                          "data/idea/good", "data/intelmq/good", "data/iodef/good", "data/iodef/bad"};
    const struct reader_options plain = {.party = TEXT("p")};
    size_t files = 0;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        DIR *d = opendir(test_path(folders[i]));
        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));) {
            if (e->d_type != DT_REG)
                continue;
            int fd = open(scratch_path(test_path(folders[i]), e->d_name), O_RDONLY | O_CLOEXEC);
            assert_true(fd >= 0);
            compare(fd, &plain);
            close(fd);
            files++;
        }
        closedir(d);
    }
    assert_true(files > 30);
}

/* Objects at their limits: what libraries do for large inputs only must be done, or known, in the sandbox too. */
static void large_objects_are_read(void **state)
{
    (void)state;
    const struct reader_options options = {0};
    for (int kind = 0; kind < 5; kind++) {
        struct buffer b;
        buffer_init(&b, 16 * MIB);
        buffer_add(&b, TEXT("{\"type\":\"x-a\",\"id\":\"x-a--00000000-0000-4000-8000-000000000001\",\"v\":"));
        buffer_add_char(&b, kind == 1 ? '{' : '[');
        for (int n = 9999999; b.len < 4 * MIB; n--) {
            switch (kind) {
            case 0: buffer_add(&b, TEXT("0,")); break;
            case 1: buffer_addf(&b, "\"%d\":1,", n); break; /* backwards: names are to be sorted */
            case 2: buffer_addf(&b, "\"\\u0001%d\",", n); break;
            case 3: buffer_addf(&b, "%d.5e%d,", n, n % 100); break;
            default: buffer_addf(&b, "{\"b\":%d,\"a\":[]},", n); break;
            }
        }
        buffer_add(&b, kind == 1 ? TEXT("\"z\":1}}") : TEXT("0]}"));
        assert_ok(buffer_error(&b));
        int fd = descriptor_of(buffer_text(&b));
        compare(fd, &options);
        close(fd);
        buffer_done(&b);
    }
}

static void options_arrive(void **state)
{
    (void)state;
    const struct reader_options all = {.format = READER_CSV,
                                       .party = TEXT("somebody"),
                                       .tlp = 3,
                                       .identity = TEXT("identity--00000000-0000-4000-8000-000000000001"),
                                       .chunk_bytes = 1};
    int fd = descriptor_of(TEXT("value\na.example\nb.example\n"));
    compare(fd, &all);
    close(fd);
    static char long_name[WORKER_JOB_MAX];
    memset(long_name, 'x', sizeof long_name);
    const struct reader_options longer = {.party = {long_name, sizeof long_name}};
    struct reader *r;
    struct fault fault;
    fd = descriptor_of(TEXT("{}"));
    assert_err(reader_open(fd, &longer, &r, &fault), ERR_LIMIT);
    close(fd);
}

static void it_begins_where_the_descriptor_stands(void **state)
{
    (void)state;
    const struct reader_options options = {0};
    struct buffer got;
    int fd = descriptor_of(TEXT("garbage{\"more\":false}"));
    assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
    assert_err(read_by_process(fd, &options, &got), ERR_NOT_FOUND);
    assert_true(text_starts(buffer_text(&got), TEXT("stix ")));
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 7);
    buffer_done(&got);
    close(fd);
}

static void a_pipe_is_read_too(void **state)
{
    (void)state;
    const struct reader_options options = {0};
    struct buffer got;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "value\na.example\n", 16), 16);
    close(ends[1]);
    assert_err(read_by_process(ends[0], &options, &got), ERR_NOT_FOUND);
    assert_true(text_starts(buffer_text(&got), TEXT("csv ")));
    buffer_done(&got);
    close(ends[0]);
}

/* Two readers of one descriptor do not meet. */
static void two_readers_of_one_descriptor(void **state)
{
    (void)state;
    struct buffer csv;
    buffer_init(&csv, 16 * MIB);
    buffer_add(&csv, TEXT("value\n"));
    for (int i = 0; i < 20000; i++)
        buffer_addf(&csv, "host%d.example\n", i);
    int fd = descriptor_of(buffer_text(&csv));
    const struct reader_options options = {.chunk_bytes = 4096};
    struct reader *a, *b;
    struct text chunk;
    struct fault fault;
    struct buffer all[2];
    assert_ok(reader_open(fd, &options, &a, &fault));
    assert_ok(reader_open(fd, &options, &b, &fault));
    for (int i = 0; i < 2; i++)
        buffer_init(&all[i], 64 * MIB);
    for (bool more = true; more;) {
        more = false;
        if (reader_next(a, &chunk, &fault) == OK) {
            buffer_add(&all[0], chunk);
            more = true;
        }
        if (reader_next(b, &chunk, &fault) == OK) {
            buffer_add(&all[1], chunk);
            more = true;
        }
    }
    assert_true(all[0].len > MIB);
    assert_text_eq(buffer_text(&all[0]), buffer_text(&all[1]));
    for (int i = 0; i < 2; i++)
        buffer_done(&all[i]);
    reader_free(a);
    reader_free(b);
    close(fd);
    buffer_done(&csv);
}

static void *read_some(void *arg)
{
    const struct reader_options options = {0};
    size_t *good = arg;
    for (int i = 0; i < 10; i++) {
        struct buffer got;
        int fd = memfd_create("test", MFD_CLOEXEC);
        bool wrote = write(fd, "value\na.example\n", 16) == 16 && lseek(fd, 0, SEEK_SET) == 0;
        *good += wrote && read_by_process(fd, &options, &got) == ERR_NOT_FOUND && got.len > 100;
        buffer_done(&got);
        close(fd);
    }
    return NULL;
}

static void many_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t good[4] = {0};
    workers_configure(SANDBOX_REQUIRED, true);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_some, &good[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], 10);
    }
    workers_stop();
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void an_abandoned_reader_leaves_nobody(void **state)
{
    (void)state;
    const struct reader_options options = {.chunk_bytes = 1};
    struct reader *r;
    struct text chunk;
    struct fault fault;
    int fd = descriptor_of(TEXT("value\na.example\nb.example\nc.example\n"));
    assert_ok(reader_open(fd, &options, &r, &fault));
    assert_ok(reader_next(r, &chunk, &fault));
    reader_free(r);
    reader_free(NULL);
    close(fd);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void bad_descriptors_are_told(void **state)
{
    (void)state;
    const struct reader_options options = {0};
    struct buffer got;
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_err(read_by_process(folder, &options, &got), ERR_IO);
    buffer_done(&got);
    close(folder);
    /* Written to, but not read: its reader gets a description of its own all the same. */
    char path[64];
    int fd = descriptor_of(TEXT("value\na.example\n"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int writing = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(writing >= 0);
    assert_err(read_by_process(writing, &options, &got), ERR_NOT_FOUND);
    buffer_done(&got);
    close(writing);
    close(fd);
}

static void the_level_is_reported(void **state)
{
    (void)state;
    struct sandbox_state s = {0};
    assert_ok(reader_probe(&s, NULL));
    assert_true(s.seccomp && s.limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_gives_what_the_core_gives),
        cmocka_unit_test(large_objects_are_read),
        cmocka_unit_test(options_arrive),
        cmocka_unit_test(it_begins_where_the_descriptor_stands),
        cmocka_unit_test(a_pipe_is_read_too),
        cmocka_unit_test(two_readers_of_one_descriptor),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(an_abandoned_reader_leaves_nobody),
        cmocka_unit_test(bad_descriptors_are_told),
        cmocka_unit_test(the_level_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
