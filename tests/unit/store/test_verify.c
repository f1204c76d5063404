/* verify names what is wrong, wherever a bit of what is used is wrong; and nothing when nothing is. */
#include "history.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "secrets.h"
#include "store/home.h"
#include "store/log_format.h"
#include "store/tree_file.h"
#include "store/verify.h"
#include "store/verify_inside.h"
#include "support/scratch.h"

struct stage {
    const struct io *io; /* NULL: the system's */
    char home[SCRATCH_PATH_MAX];
    struct verify_finding first; /* fault */
    size_t faults, remarks;
};

static void take(void *self, const struct verify_finding *f)
{
    struct stage *s = self;
    s->remarks += f->state == VERIFY_REMARK;
    if (f->state == VERIFY_FAULT && s->faults++ == 0)
        s->first = *f;
}

static bool verify(struct stage *s)
{
    const struct verify_options o = {.on_finding = take, .self = s};
    struct fault f = {.err = OK};
    bool ok = false;
    s->faults = s->remarks = 0;
    memset(&s->first, 0, sizeof s->first);
    enum err err = verify_home(s->io ? s->io : io_system(), s->home, &o, &ok, &f);
    if (err != OK)
        fail_msg("%s: %s", err_name(err), f.what);
    return ok;
}

static void write_history(struct stage *s, uint64_t seed)
{
    struct node *node;
    struct history h;
    history_home(io_system(), s->home);
    history_init(&h, seed);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    for (size_t i = 0; i < 6; i++)
        assert_ok(history_write(&h, node, 3, false, NULL));
    node_close(node);
    history_done(&h);
}

/* A home in which everything holds: one whose made-up entries name no other key for its log. */
static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    for (uint64_t seed = 1; seed < 60; seed++) {
        scratch_empty(s->home);
        write_history(s, seed);
        if (access(scratch_path(s->home, "log/checkpoint"), F_OK) == 0 && verify(s) && s->remarks == 0) {
            *state = s;
            return 0;
        }
    }
    print_error("%s %s: %s\n", s->first.check, s->first.file, s->first.what);
    return -1;
}

static int end(void **state)
{
    struct stage *s = *state;
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void flip(const char *path, int64_t at, uint8_t mask)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= mask;
    assert_true(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static int64_t length(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* Flips a bit of every step-th byte from `from` to `to`: each is found, and it is this file that is named. */
static size_t flip_all(struct stage *s, const char *name, int64_t from, int64_t to, int64_t step)
{
    char path[SCRATCH_PATH_MAX + 32];
    size_t looked = 0;
    snprintf(path, sizeof path, "%s/%s", s->home, name);
    for (int64_t at = from; at < to; at += step, looked++) {
        uint8_t mask = (uint8_t)(1 << (at + at / 8) % 8);
        flip(path, at, mask);
        if (verify(s))
            fail_msg("%s: a flipped bit at %lld was not found", name, (long long)at);
        if (s->faults == 0 || strcmp(s->first.file, name) != 0)
            fail_msg("%s, bit at %lld: named is %s: %s", name, (long long)at, s->first.file, s->first.what);
        if (strcmp(name, "log/checkpoint") != 0 && s->first.offset > at + SEGMENT_HEAD_BYTES) /* a head's check */
            fail_msg("%s, bit at %lld: named is offset %lld: %s", name, (long long)at, (long long)s->first.offset,
                     s->first.what);
        flip(path, at, mask);
    }
    return looked;
}

static int64_t used_bytes(const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    assert_non_null(bytes);
    while (len && bytes[len - 1] == 0)
        len--;
    free(bytes);
    return (int64_t)(len + 7) / 8 * 8;
}

static void bits_of_the_log(void **state)
{
    struct stage *s = *state;
    const char *long_run = getenv("VERIFY_EVERY_BIT");
    int64_t used = used_bytes(scratch_path(s->home, "log/00000000.log"));
    size_t n = flip_all(s, "log/00000000.log", 0, SEGMENT_HEAD_BYTES, long_run ? 1 : 7);
    n += flip_all(s, "log/00000000.log", SEGMENT_HEAD_BYTES, SEGMENT_START, 977);
    n += flip_all(s, "log/00000000.log", SEGMENT_START, used, long_run ? 1 : used / 150);
    print_message("# %zu bits of the log\n", n);
    assert_true(verify(s));
}

static void bits_of_keys_and_checkpoint(void **state)
{
    struct stage *s = *state;
    size_t n = flip_all(s, "keys/node.key", 0, length(scratch_path(s->home, "keys/node.key")), 1);
    n += flip_all(s, "log/checkpoint", 0, length(scratch_path(s->home, "log/checkpoint")), 1);
    print_message("# %zu bits of key and checkpoint\n", n);
    assert_true(verify(s));
}

static void bits_of_the_tree(void **state)
{
    struct stage *s = *state;
    size_t n = flip_all(s, "view/tree.0", 0, length(scratch_path(s->home, "view/tree.0")), 3);
    n += flip_all(s, "view/places", 0, length(scratch_path(s->home, "view/places")), 1);
    print_message("# %zu bits of the tree\n", n);
    assert_true(verify(s));
}

/* Of a database's bytes not all are used: what is not found may not have changed anything. */
static void bits_of_the_view(void **state)
{
    struct stage *s = *state;
    struct buffer before, after;
    char path[SCRATCH_PATH_MAX + 32];
    size_t found = 0, looked = 0;
    snprintf(path, sizeof path, "%s/view/view.db", s->home);
    buffer_init(&before, 64 * MIB);
    buffer_init(&after, 64 * MIB);
    view_dump(path, &before);
    unlink(scratch_path(s->home, "view/view.db-wal"));
    unlink(scratch_path(s->home, "view/view.db-shm"));
    int64_t len = length(path);
    for (int64_t at = 0; at < len; at += 1 + len / 150, looked++) {
        uint8_t mask = (uint8_t)(1 << at % 8);
        flip(path, at, mask);
        if (verify(s)) {
            buffer_clear(&after);
            view_dump(path, &after);
            if (!text_eq(buffer_text(&before), buffer_text(&after)))
                fail_msg("a flipped bit at %lld of the view was not found", (long long)at);
        } else {
            assert_string_equal(s->first.check, "view");
            found++;
        }
        flip(path, at, mask);
    }
    print_message("# %zu of %zu bits of the view found\n", found, looked);
    assert_true(found > 3);
    buffer_done(&before);
    buffer_done(&after);
    assert_true(verify(s));
}

static void run_sql(const struct stage *s, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(s->home, "view/view.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A row changed, lost, added: the table and the key are named. */
static void rows_are_named(void **state)
{
    struct stage *s = *state;
    run_sql(s, "UPDATE version SET modified_us = modified_us + 1 WHERE n = (SELECT max(n) FROM version)");
    assert_false(verify(s));
    assert_non_null(strstr(s->first.what, "table version, key "));
    assert_non_null(strstr(s->first.what, "column modified_us"));
    run_sql(s, "UPDATE version SET modified_us = modified_us - 1 WHERE n = (SELECT max(n) FROM version)");
    assert_true(verify(s));
    run_sql(s, "INSERT INTO party VALUES(x'00', 1, 1, x'01', 'one too many')");
    assert_false(verify(s));
    assert_non_null(strstr(s->first.what, "one too many"));
    run_sql(s, "DELETE FROM party WHERE id = x'00'; DELETE FROM account");
    assert_false(verify(s));
    assert_non_null(strstr(s->first.what, "table account has lost"));
}

static void swapped_leaves(void **state)
{
    struct stage *s = *state;
    uint8_t hashes[64];
    int fd = open(scratch_path(s->home, "view/tree.0"), O_RDWR);
    assert_true(fd >= 0 && pread(fd, hashes, 64, TREE_HEAD_BYTES + 32 * 4) == 64);
    assert_int_equal(pwrite(fd, hashes + 32, 32, TREE_HEAD_BYTES + 32 * 4), 32);
    assert_int_equal(pwrite(fd, hashes, 32, TREE_HEAD_BYTES + 32 * 5), 32);
    close(fd);
    assert_false(verify(s));
    assert_string_equal(s->first.check, "tree");
    assert_int_equal(s->first.entry, 4);
    assert_int_equal(s->first.offset, TREE_HEAD_BYTES + 32 * 4);
}

static enum err append_act(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACT};
    (void)self;
    f.u.act = (struct fact_act){.account = made_uuid_of("account", 1), .verb = TEXT("note"), .subject = TEXT("x")};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* While somebody writes, and of what was written meanwhile. */
static void beside_an_owner(void **state)
{
    struct stage *s = *state;
    struct node *node;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    for (int i = 0; i < 3; i++) {
        assert_ok(node_write(node, append_act, NULL, NULL));
        assert_true(verify(s));
        assert_int_equal(s->remarks, 0);
    }
    node_close(node);
    assert_true(verify(s));
}

/* A home that node_open() refuses is looked at all the same; a file of nobody's is a remark. */
static void refused_homes(void **state)
{
    struct stage *s = *state;
    struct node *node;
    scratch_write(scratch_path(s->home, "log/notes.txt"), "hello", 5);
    assert_true(verify(s));
    assert_int_equal(s->remarks, 1);
    int fd = open(scratch_path(s->home, "log/00000000.log"), O_RDWR);
    int64_t used = used_bytes(scratch_path(s->home, "log/00000000.log"));
    static const char zeros[64];
    assert_int_equal(pwrite(fd, zeros, 64, used - 64), 64); /* the last commit is gone */
    close(fd);
    assert_err(node_open(io_system(), s->home, NODE_OWN, &node, NULL), ERR_MALFORMED);
    assert_false(verify(s));
    assert_string_equal(s->first.check, "log");
    assert_string_equal(s->first.file, "log/00000000.log");
}

/* ---- what is erased, and what erasures name ---- */

/* Places of entry n's records, the detail first. */
static size_t records_of(const struct stage *s, uint64_t n, struct place at[3])
{
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    size_t count = 1;
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, n, &r, NULL));
    do
        assert_ok(log_reader_next(r, &read, NULL));
    while (read.entry.n < n);
    at[0] = read.detail_at;
    if (read.has_body)
        at[count++] = read.body;
    log_reader_close(r);
    log_close(log);
    return count;
}

static void erase_by_hand(const struct stage *s, const struct place *at, size_t count)
{
    struct log *log;
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), true, &log, NULL));
    assert_ok(log_erase(log, at, count, NULL));
    log_close(log);
}

static enum err append_erasure(struct txn *t, void *self, struct fault *reterr)
{
    const uint64_t *n = self;
    struct fact f = {.kind = FACT_ERASURE, .u.erasure = {.reason = TEXT("r"), .entries = n, .count = 1}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static void with_node(struct stage *s, node_write_fn *fn, void *self)
{
    struct node *node;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    assert_ok(node_write(node, fn, self, NULL));
    node_close(node);
}

static void erased_is_good(void **state)
{
    struct stage *s = *state;
    struct erase_result result;
    struct node *node;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    assert_ok(secrets_write(node, NULL));
    assert_ok(secrets_erase(node, &result, NULL));
    node_close(node);
    assert_true(verify(s));
    assert_int_equal(s->remarks, 0);
}

/* The last object of the history, which has a body. */
static uint64_t some_object(const struct stage *s)
{
    struct place at[3];
    uint64_t n = 12;
    while (records_of(s, n, at) < 2)
        n--;
    return n;
}

static void erased_by_nobody(void **state)
{
    struct stage *s = *state;
    struct place at[3];
    uint64_t n = some_object(s);
    erase_by_hand(s, at, records_of(s, n, at));
    assert_false(verify(s));
    assert_string_equal(s->first.check, "log");
    assert_string_equal(s->first.file, "log/00000000.log");
    assert_int_equal(s->first.entry, n);
    assert_non_null(strstr(s->first.what, "no erasure"));
}

static void named_and_still_there(void **state)
{
    struct stage *s = *state;
    struct place at[3];
    uint64_t n = some_object(s);
    with_node(s, append_erasure, &n);
    assert_false(verify(s));
    assert_string_equal(s->first.check, "log");
    assert_int_equal(s->first.entry, n);
    assert_non_null(strstr(s->first.what, "still holds"));
    records_of(s, n, at);
    erase_by_hand(s, at, 1); /* its body is still there */
    assert_false(verify(s));
    assert_string_equal(s->first.check, "log");
    assert_int_equal(s->first.entry, n);
    assert_non_null(strstr(s->first.what, "still holds"));
}

/* Cut short by a crash: the next opening finishes it, and until then it is no fault of the log. */
static void erasure_cut_short(void **state)
{
    struct stage *s = *state;
    struct node *node;
    uint64_t n = some_object(s), size;
    with_node(s, append_erasure, &n);
    assert_ok(node_open(io_system(), s->home, NODE_READ, &node, NULL));
    size = node_tree_size(node);
    node_close(node);
    char mark[32];
    int len = snprintf(mark, sizeof mark, "%llu\n", (unsigned long long)size - 1);
    scratch_write(scratch_path(s->home, "erasing"), mark, (size_t)len);
    (void)verify(s);
    assert_int_equal(s->faults, 0);
    assert_int_equal(s->remarks, 1);
    len = snprintf(mark, sizeof mark, "%llu\n", (unsigned long long)size); /* another's: it excuses nothing */
    scratch_write(scratch_path(s->home, "erasing"), mark, (size_t)len);
    assert_false(verify(s));
    assert_int_equal(s->first.entry, n);
    len = snprintf(mark, sizeof mark, "%llu\n", (unsigned long long)size - 1);
    scratch_write(scratch_path(s->home, "erasing"), mark, (size_t)len);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    node_close(node);
    assert_true(verify(s));
    assert_int_equal(s->remarks, 0);
}

/* ---- the last group, torn or half written ---- */

/* Groups of one document each, behind what the view knows of. */
static void append_groups(const struct stage *s, size_t count, struct place *ret_first_body)
{
    static char body[3000];
    struct log *log;
    assert_ok(log_open(io_system(), scratch_path(s->home, "log"), true, &log, NULL));
    random_bytes(body, sizeof body);
    for (size_t i = 0; i < count; i++) {
        const struct log_item item = {.kind = TEXT("document"),
                                      .t_us = log_last_us(log) + 1,
                                      .public_part = TEXT("{}"),
                                      .private_part = TEXT("{}"),
                                      .body = {body, sizeof body}};
        struct place at, original;
        uint64_t n;
        int64_t t;
        assert_ok(log_stage(log, &item, &n, &t, &at, &original));
        assert_ok(log_commit(log, NULL));
        if (i == 0)
            *ret_first_body = at;
    }
    log_close(log);
}

static void clear_in_body(const struct stage *s, struct place at)
{
    static const char zeros[1000];
    int fd = open(scratch_path(s->home, "log/00000000.log"), O_RDWR);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, at.offset + 1024), sizeof zeros);
    close(fd);
}

static void torn_last_group(void **state)
{
    struct stage *s = *state;
    struct place at;
    int fd;
    append_groups(s, 1, &at);
    clear_in_body(s, at);
    if (!verify(s))
        fail_msg("%s: %s", s->first.file, s->first.what);
    assert_int_equal(s->remarks, 1);
    assert_ok(home_lock(io_system(), s->home, &fd, NULL)); /* somebody is at it: not even that */
    if (!verify(s))
        fail_msg("%s: %s", s->first.file, s->first.what);
    assert_int_equal(s->remarks, 0);
    home_unlock(io_system(), fd);
}

static void spoiled_before_a_later_group(void **state)
{
    struct stage *s = *state;
    struct place at;
    append_groups(s, 2, &at);
    clear_in_body(s, at);
    assert_false(verify(s));
    assert_string_equal(s->first.check, "log");
    assert_int_equal(s->first.offset, at.offset);
    assert_non_null(strstr(s->first.what, "body is damaged"));
}

/* ---- what an owner does meanwhile ---- */

/* Does something when the log is opened: the view was opened before. */
struct meddler {
    struct io io;
    pthread_mutex_t lock;
    void (*fn)(void *self);
    void *self;
    bool done;
};

static int meddling_open(void *self, const char *path, int flags, mode_t mode)
{
    struct meddler *m = self;
    const char *name = strrchr(path, '/');
    pthread_mutex_lock(&m->lock);
    if (!m->done && name && strcmp(name, "/00000001.log") == 0) {
        m->done = true;
        m->fn(m->self);
    }
    pthread_mutex_unlock(&m->lock);
    return io_system()->open(io_system()->self, path, flags, mode);
}

static bool verify_meddled(struct stage *s, void (*fn)(void *), void *self)
{
    struct meddler m = {.io = *io_system(), .fn = fn, .self = self};
    pthread_mutex_init(&m.lock, NULL);
    m.io.self = &m;
    m.io.open = meddling_open;
    s->io = &m.io;
    bool ok = verify(s);
    s->io = NULL;
    assert_true(m.done);
    pthread_mutex_destroy(&m.lock);
    return ok;
}

static void erase_meanwhile(void *self)
{
    struct erase_result result;
    assert_ok(secrets_erase(self, &result, NULL));
}

static void beside_an_erasure(void **state)
{
    struct stage *s = *state;
    struct node *node;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    assert_ok(secrets_write(node, NULL));
    if (!verify_meddled(s, erase_meanwhile, node))
        fail_msg("%s %s: %s", s->first.check, s->first.file, s->first.what);
    node_close(node);
    assert_true(verify(s));
}

static void give_back(void *self)
{
    const struct stage *s = self;
    char from[SCRATCH_PATH_MAX + 32];
    snprintf(from, sizeof from, "%s/view/old.db", s->home);
    assert_int_equal(rename(from, scratch_path(s->home, "view/view.db")), 0);
}

/* Between two renamings of a rebuild the view has no name. */
static void beside_a_rebuild(void **state)
{
    struct stage *s = *state;
    char from[SCRATCH_PATH_MAX + 32];
    int fd;
    snprintf(from, sizeof from, "%s/view/view.db", s->home);
    assert_ok(home_lock(io_system(), s->home, &fd, NULL));
    assert_int_equal(rename(from, scratch_path(s->home, "view/old.db")), 0);
    if (!verify_meddled(s, give_back, s))
        fail_msg("%s %s: %s", s->first.check, s->first.file, s->first.what);
    home_unlock(io_system(), fd);
}

/* ---- keys ---- */

static void keys_are_kept(void **state)
{
    struct verify_keys k = {.count = 0};
    char name[32];
    uint8_t key[NOTE_KEY_BYTES] = {1};
    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_ok(verify_keys_add(&k, TEXT("a partner"), key, true));
    assert_int_equal(k.count, 1);
    for (int i = 0; i < VERIFY_KEYS_MAX + 5; i++) {
        snprintf(name, sizeof name, "partner %d", i);
        assert_ok(verify_keys_add(&k, text_of(name), key, true));
    }
    assert_int_equal(k.count, VERIFY_KEYS_MAX);
    assert_int_equal(k.dropped, 6);
    key[0] = 2;
    assert_ok(verify_keys_add(&k, TEXT("ours"), key, false));
    assert_string_equal(k.v[k.count - 1].name, "ours");
    verify_keys_done(&k);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_of_the_log),
        TEST(bits_of_keys_and_checkpoint),
        TEST(bits_of_the_tree),
        TEST(bits_of_the_view),
        TEST(rows_are_named),
        TEST(swapped_leaves),
        TEST(beside_an_owner),
        TEST(refused_homes),
        TEST(erased_is_good),
        TEST(erased_by_nobody),
        TEST(named_and_still_there),
        TEST(erasure_cut_short),
        TEST(torn_last_group),
        TEST(spoiled_before_a_later_group),
        TEST(beside_an_erasure),
        TEST(beside_a_rebuild),
        cmocka_unit_test(keys_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
