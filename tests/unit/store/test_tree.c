/* The tree's files: what merkle.c says of the same leaves, whatever they went through; and the checkpoints over it:
 * the log always extends the last one published. */
#include "log_made.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/tree.h"
#include "support/fault.h"
#include "support/recorder.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct fault_io io;
    struct log *log;
    struct merkle merkle; /* of the log */
    struct tree *tree;
    uint64_t known;
    struct sha256 root;
};

static void open_log(struct stage *s)
{
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), true, &s->log, NULL));
}

static void new_log(void *arg)
{
    struct stage *s = arg;
    char dir[SCRATCH_PATH_MAX + 8];
    scratch_empty(s->home);
    snprintf(dir, sizeof dir, "%s/log", s->home);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_ok(log_create_sized(io_system(), dir, MADE_SEGMENT_BYTES, NULL));
    merkle_init(&s->merkle);
    s->known = 0;
}

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    new_log(s);
    fault_io_init(&s->io, io_system());
    open_log(s);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    tree_close(s->tree);
    log_close(s->log);
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void take_leaf(void *self, const struct sha256 *leaf, struct place at)
{
    struct stage *s = self;
    merkle_add(&s->merkle, leaf);
    if (s->tree)
        tree_add(s->tree, leaf, at);
}

static void grow(struct stage *s, size_t count)
{
    log_on_leaf(s->log, take_leaf, s);
    for (size_t left = count; left > 0;) {
        size_t n = left > 17 ? 17 : left;
        assert_ok(made_group(s->log, log_size(s->log), n));
        left -= n;
    }
}

static enum err open_tree(struct stage *s, bool write, struct fault *f)
{
    return tree_open(&s->io.io, s->home, s->log, write, s->known, s->known ? &s->root : NULL, &s->tree, f);
}

static void close_tree(struct stage *s)
{
    tree_close(s->tree);
    s->tree = NULL;
}

static void publish(struct stage *s)
{
    assert_ok(tree_sync(s->tree, NULL));
    s->known = s->merkle.size;
    s->root = merkle_root(&s->merkle);
}

/* Size, root, each leaf and each place are the log's. */
static void check_tree(struct stage *s, uint64_t size)
{
    struct tree_source source = tree_source(s->tree);
    struct merkle m;
    struct sha256 root, leaf;
    struct log_reader *r;
    merkle_init(&m);
    assert_int_equal(tree_size(s->tree), size);
    assert_ok(log_reader_open(s->log, 0, &r, NULL));
    for (uint64_t n = 0; n < size; n++) {
        struct log_read read;
        struct place at;
        assert_ok(log_reader_next(r, &read, NULL));
        assert_ok(source.read(source.self, 0, n, 1, &leaf, NULL));
        struct sha256 there = entry_leaf(read.entry_text);
        assert_true(sha256_eq(&leaf, &there));
        merkle_add(&m, &there);
        assert_ok(tree_place(s->tree, n, &at, NULL));
        assert_true(at.segment == read.at.segment && at.offset == read.at.offset);
    }
    log_reader_close(r);
    struct place none;
    assert_err(tree_place(s->tree, size, &none, NULL), ERR_NOT_FOUND);
    assert_err(source.read(source.self, 0, size, 1, &leaf, NULL), ERR_NOT_FOUND);
    assert_ok(tree_root(&source, size, &root, NULL));
    struct sha256 expected = merkle_root(&m);
    assert_true(sha256_eq(&root, &expected));
}

static void grows_with_the_log(void **state)
{
    struct stage *s = *state;
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, 0);
    grow(s, 3);
    check_tree(s, 3);
    grow(s, 252);
    check_tree(s, 255);
    grow(s, 1);
    check_tree(s, 256);
    grow(s, 300);
    check_tree(s, 556);
    publish(s);
    grow(s, 40); /* beyond what was published */
    close_tree(s);
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, 596);
    grow(s, 10);
    check_tree(s, 606);
}

/* A reader sees what was published, and no more; later more. */
static void reader_sees_what_was_published(void **state)
{
    struct stage *s = *state;
    struct tree *reader;
    assert_ok(open_tree(s, true, NULL));
    grow(s, 300);
    publish(s);
    grow(s, 220);
    assert_ok(tree_open(io_system(), s->home, s->log, false, s->known, &s->root, &reader, NULL));
    struct tree *owner = s->tree;
    s->tree = reader;
    check_tree(s, 300);
    s->tree = owner;
    publish(s);
    assert_ok(tree_refresh(reader, s->known, &s->root, NULL));
    s->tree = reader;
    check_tree(s, 520);
    s->tree = owner;
    struct sha256 wrong = s->root;
    wrong.b[3] ^= 1;
    tree_close(reader);
    assert_err(tree_open(io_system(), s->home, s->log, false, s->known, &wrong, &reader, NULL), ERR_VERSION);
}

/* Upper levels, without a log: 65,536 leaves make the third file. */
static void third_level(void **state)
{
    struct stage *s = *state;
    struct sha256 root;
    assert_ok(open_tree(s, true, NULL));
    for (uint64_t n = 0; n < 66000; n++) {
        struct sha256 leaf = sha256_of(&n, sizeof n);
        take_leaf(s, &leaf, (struct place){1, (uint32_t)n * 8});
    }
    struct tree_source source = tree_source(s->tree);
    assert_ok(tree_root(&source, 66000, &root, NULL));
    struct sha256 expected = merkle_root(&s->merkle);
    assert_true(sha256_eq(&root, &expected));
    assert_ok(tree_sync(s->tree, NULL));
    assert_int_equal(access(scratch_path(s->home, "view/tree.2"), F_OK), 0);
    assert_ok(tree_root(&source, 66000, &root, NULL));
    assert_true(sha256_eq(&root, &expected));
}

static void write_at(const char *path, int64_t at, const void *bytes, size_t len)
{
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pwrite(fd, bytes, len, at) == (ssize_t)len);
    close(fd);
}

/* What lies beyond the published part, or is missing or damaged, is made again from the log. */
static void heals_from_the_log(void **state)
{
    static const char *const names[] = {"view/tree.0", "view/tree.1", "view/places"};
    static const char zeros[4096];
    struct stage *s = *state;
    assert_ok(open_tree(s, true, NULL));
    grow(s, 520);
    publish(s);
    grow(s, 30);
    assert_ok(tree_sync(s->tree, NULL));
    close_tree(s);
    write_at(scratch_path(s->home, "view/tree.0"), 64 + 32 * 520, zeros, 32 * 30); /* a crash: never synced */
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, 550);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        close_tree(s);
        assert_int_equal(unlink(scratch_path(s->home, names[i])), 0);
        assert_err(open_tree(s, false, NULL), ERR_VERSION);
        assert_ok(open_tree(s, true, NULL));
        check_tree(s, 550);
        close_tree(s);
        write_at(scratch_path(s->home, names[i]), 5, "x", 1);
        assert_err(open_tree(s, false, NULL), ERR_VERSION);
        assert_ok(open_tree(s, true, NULL));
        check_tree(s, 550);
        close_tree(s);
        assert_int_equal(truncate(scratch_path(s->home, names[i]), 70), 0);
        assert_ok(open_tree(s, true, NULL));
        check_tree(s, 550);
    }
    close_tree(s);
    write_at(scratch_path(s->home, "view/tree.1"), 64 + 7, "\xA5\x5A", 2); /* under a peak */
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, 550);
    assert_ok(tree_rebuild(s->tree, s->known, &s->root, NULL));
    check_tree(s, 550);
    grow(s, 5);
    check_tree(s, 555);
}

/* A log that is not the one published: shorter, or forked. */
static void another_log_is_refused(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    char kept[SCRATCH_PATH_MAX + 32], path[SCRATCH_PATH_MAX + 32];
    assert_ok(open_tree(s, true, NULL));
    grow(s, 5);
    close_tree(s);
    log_close(s->log);
    snprintf(path, sizeof path, "%s/log/00000000.log", s->home);
    snprintf(kept, sizeof kept, "%s/log/kept", s->home);
    size_t len;
    char *bytes = scratch_read(path, &len);
    scratch_write(kept, bytes, len); /* the state of a virtual machine, taken here */
    open_log(s);
    assert_ok(open_tree(s, true, NULL));
    grow(s, 5);
    publish(s);
    close_tree(s);
    log_close(s->log);
    scratch_write(path, bytes, len);
    free(bytes);
    open_log(s);
    assert_err(open_tree(s, true, &f), ERR_MALFORMED);
    assert_non_null(strstr(f.what, "10 was published"));
    merkle_init(&s->merkle);
    grow(s, 9); /* gone on from there: other salts, other entries */
    assert_err(open_tree(s, true, &f), ERR_MALFORMED);
    assert_non_null(strstr(f.what, "not those of the published checkpoint"));
    s->known = 0;
    assert_ok(open_tree(s, true, &f)); /* under a new origin */
    check_tree(s, 14);
}

/* ---- crashes ---- */

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct stage *s = arg;
    struct stage there = {.known = s->known, .root = s->root};
    (void)crash;
    snprintf(there.home, sizeof there.home, "%s", dir);
    fault_io_init(&there.io, io_system());
    open_log(&there);
    assert_ok(open_tree(&there, true, NULL));
    check_tree(&there, 600);
    close_tree(&there);
    log_close(there.log);
}

/* Leaves that only an inner hash stands for are there too, whatever of the unsynced was lost: what was published was
 * synced. (A root over few leaves would notice by itself.) */
static void published_means_synced(void **state)
{
    struct stage *s = *state;
    char dir[SCRATCH_PATH_MAX];
    grow(s, 600);
    log_on_leaf(s->log, NULL, NULL);
    struct recorder *r = recorder_new(s->home);
    s->io.io = *recorder_io(r);
    assert_ok(open_tree(s, true, NULL));
    publish(s);
    const struct crash_plan plan = {.seed = 3, .from = recorder_len(r), .torn = 1, .subsets = 8};
    close_tree(s);
    scratch_new(dir);
    size_t states = recorder_each_crash(r, &plan, dir, look, s);
    print_message("# %zu states\n", states);
    assert_true(states > 0);
    scratch_remove(dir);
    recorder_free(r);
}

/* ---- failures ---- */

static void shut(struct stage *s)
{
    close_tree(s);
    log_close(s->log);
    s->log = NULL;
}

static bool open_and_add(struct stage *s)
{
    struct fault f = {.err = OK};
    enum err err = open_tree(s, true, &f);
    if (err != OK) {
        assert_int_equal(f.err, err);
        assert_true(err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        assert_ok(made_group(s->log, log_size(s->log), 130));
        err = tree_sync(s->tree, &f);
        if (err != OK) {
            assert_int_equal(f.err, err);
            assert_true(tree_behind(s->tree));
            return false;
        }
    }
    return true;
}

static bool live(void *arg)
{
    struct stage *s = arg;
    open_log(s);
    log_on_leaf(s->log, take_leaf, s);
    bool completed = open_and_add(s);
    shut(s);
    return completed;
}

static void tree_is_the_logs(void *arg, bool completed)
{
    struct stage *s = arg;
    (void)completed;
    open_log(s);
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, log_size(s->log));
    assert_int_equal(s->merkle.size, log_size(s->log));
    publish(s);
    shut(s);
}

static void each_failure_is_told(void **state)
{
    struct stage *s = *state;
    const struct fault_op op = {.prepare = new_log, .run = live, .verify = tree_is_the_logs, .arg = s};
    shut(s);
    assert_true(fault_each_io(&op, &s->io) > 20);
}

/* A tree that fell behind while the log went on catches up, and says the truth meanwhile. */
static void heals_while_open(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    assert_ok(open_tree(s, true, NULL));
    grow(s, 300);
    assert_ok(tree_sync(s->tree, NULL));
    fault_io_arm(&s->io, FAULT_FULL, 1, true);
    grow(s, 300);
    assert_true(tree_behind(s->tree));
    assert_err(tree_sync(s->tree, &f), ERR_FULL);
    assert_true(tree_size(s->tree) < 600);
    assert_err(tree_heal(s->tree, &f), ERR_FULL);
    fault_io_disarm(&s->io);
    assert_ok(tree_heal(s->tree, NULL));
    check_tree(s, 600);
    grow(s, 7);
    check_tree(s, 607);
    fault_io_arm(&s->io, FAULT_SYNC, 1, false);
    assert_err(tree_sync(s->tree, &f), ERR_IO);
    fault_io_disarm(&s->io);
    assert_ok(tree_heal(s->tree, NULL));
    publish(s);
    close_tree(s);
    assert_ok(open_tree(s, true, NULL));
    check_tree(s, 607);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(grows_with_the_log),
        TEST(reader_sees_what_was_published),
        TEST(third_level),
        TEST(heals_from_the_log),
        TEST(another_log_is_refused),
        TEST(published_means_synced),
        TEST(each_failure_is_told),
        TEST(heals_while_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
