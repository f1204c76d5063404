/* A node under every crash the recorder can think of, SQLite's files included: from init over writes and a rebuild.
 * Whatever is left, init can be run again or the home opens; what was acknowledged is there, entry for entry; nothing
 * is there in half; the view is what a replay gives; and writing goes on. */
#include "history.h"

#include <sys/stat.h>

#include "base/limits.h"
#include "liar.h"
#include "store/checkpoint.h"
#include "support/recorder.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

#define ENTRIES_MAX 400

struct run {
    struct recorder *r;
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    struct sha256 leaves[ENTRIES_MAX]; /* of the whole log in the end */
    uint64_t ends[ENTRIES_MAX];        /* sizes between groups */
    size_t end_count;
    uint64_t size;
    size_t states, lost;
    bool only_count;
};

static size_t read_leaves(const struct log *log, struct sha256 leaves[ENTRIES_MAX])
{
    struct log_reader *r;
    struct log_read read;
    size_t n = 0;
    assert_ok(log_reader_open(log, 0, &r, NULL));
    while (log_reader_next(r, &read, NULL) == OK && n < ENTRIES_MAX)
        leaves[n++] = entry_leaf(read.entry_text);
    log_reader_close(r);
    return n;
}

/* Opens the log beside the node, for reading. */
static size_t leaves_of(const char *home, struct sha256 leaves[ENTRIES_MAX])
{
    struct log *log;
    assert_ok(log_open(io_system(), scratch_path(home, "log"), false, &log, NULL));
    size_t n = read_leaves(log, leaves);
    assert_int_equal(n, log_size(log));
    log_close(log);
    return n;
}

static void end_of_group(struct run *run, uint64_t n)
{
    run->size = n;
    run->ends[run->end_count++] = n;
}

static void write_some(struct run *run, struct node *node, struct history *h, size_t writes, enum bug bug)
{
    for (size_t i = 0; i < writes; i++) {
        size_t steps = 1 + i % 5 * 2;
        if (bug == ACK_BEFORE_SYNC)
            recorder_mark(run->r, "acked", run->size + steps);
        assert_ok(history_write(h, node, steps, false, NULL));
        end_of_group(run, run->size + steps);
        recorder_mark(run->r, "acked", run->size);
        if (i % 2 == 1 && bug == NO_BUG) {
            bool fresh;
            assert_ok(node_publish(node, &fresh, NULL));
            assert_true(fresh);
            recorder_mark(run->r, "published", run->size);
        }
    }
}

static void live(struct run *run, enum bug bug, size_t writes, bool rebuild)
{
    struct liar liar;
    struct node *node;
    struct history h;
    recorder_vfs_register("recording", true, run->r, NULL);
    liar_init(&liar, recorder_io(run->r), bug);
    history_home(&liar.io, run->root);
    end_of_group(run, 3);
    recorder_mark(run->r, "acked", 3);
    history_init(&h, 21);
    assert_ok(node_open(&liar.io, run->root, NODE_OWN, &node, NULL));
    write_some(run, node, &h, writes, bug);
    if (rebuild) {
        uint64_t entries;
        assert_ok(node_rebuild(node, &entries, NULL));
        write_some(run, node, &h, 2, bug);
    }
    node_close(node);
    history_done(&h);
    recorder_vfs_unregister();
    assert_int_equal(leaves_of(run->root, run->leaves), run->size);
}

static bool between_groups(const struct run *run, uint64_t n)
{
    for (size_t i = 0; i < run->end_count; i++)
        if (run->ends[i] == n)
            return true;
    return false;
}

static struct sha256 root_of(const struct sha256 *leaves, uint64_t size)
{
    struct merkle m;
    merkle_init(&m);
    for (uint64_t n = 0; n < size; n++)
        merkle_add(&m, &leaves[n]);
    return merkle_root(&m);
}

/* The log extends the last published checkpoint, always; the tree is the log's, hash for hash. */
static void check_published(struct run *run, struct node *node, uint64_t size, int64_t published)
{
    struct buffer note;
    struct kept k;
    struct sha256 hash, root;
    buffer_init(&note, NOTE_MAX_BYTES);
    enum err err = node_checkpoint(node, &note, NULL);
    if (published >= 0 || err != ERR_NOT_FOUND) {
        assert_ok(err);
        assert_ok(kept_from(buffer_text(&note), &k, NULL));
        assert_true((int64_t)k.size >= published && k.size <= size);
        root = root_of(run->leaves, k.size);
        assert_true(sha256_eq(&root, &k.root));
        kept_done(&k);
    }
    buffer_done(&note);
    struct tree_source tree = node_tree(node);
    assert_int_equal(node_tree_size(node), size);
    for (uint64_t n = 0; n < size; n++) {
        assert_ok(tree.read(tree.self, 0, n, 1, &hash, NULL));
        assert_true(sha256_eq(&hash, &run->leaves[n]));
    }
    assert_ok(tree_root(&tree, size, &hash, NULL));
    root = root_of(run->leaves, size);
    assert_true(sha256_eq(&root, &hash));
}

static void check_content(struct run *run, const char *dir, struct node *node, int64_t published)
{
    struct sha256 leaves[ENTRIES_MAX];
    size_t n = leaves_of(dir, leaves);
    assert_true(between_groups(run, n));
    assert_memory_equal(leaves, run->leaves, n * sizeof *leaves);
    check_published(run, node, n, published);
    assert_view_is_replay(node);
    struct history h;
    history_init(&h, 99);
    memset(h.objects, 0, sizeof h.objects);
    assert_ok(history_write(&h, node, 1, false, NULL));
    history_done(&h);
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    struct node *node;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    int64_t acked = recorder_last_mark(run->r, crash->point, "acked");
    run->states++;
    chmod(scratch_path(dir, "keys/node.key"), 0600); /* the recorder keeps no modes */
    enum err err = node_open(io_system(), dir, NODE_OWN, &node, &f);
    if (err == ERR_NOT_FOUND && acked < 0) {
        const struct node_init another = {.name = TEXT("again"),
                                          .country = TEXT("EE"),
                                          .space = TEXT("real"),
                                          .account = TEXT("a"),
                                          .log_segment_bytes = 64 * KIB};
        err = node_create(io_system(), dir, &another, &f);
        if (err == OK)
            err = node_open(io_system(), dir, NODE_OWN, &node, &f);
        run->lost += err != OK;
        if (err != OK && !run->only_count)
            fail_msg("%s: init again: %s", crash_words(run->r, crash, words), f.what);
        if (err == OK)
            node_close(node);
        return;
    }
    struct view *v = NULL;
    bool lost = err != OK;
    if (!lost) {
        assert_ok(node_reader(node, &v, NULL));
        lost = (int64_t)view_position(v) < acked;
        node_reader_done(node, v);
    }
    run->lost += lost;
    if (lost && !run->only_count)
        fail_msg("%s: %lld acknowledged; %s", crash_words(run->r, crash, words), (long long)acked,
                 err == OK ? "entries are lost" : f.what);
    if (!run->only_count)
        check_content(run, dir, node, recorder_last_mark(run->r, crash->point, "published"));
    if (err == OK)
        node_close(node);
}

static struct run *run_new(void)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    scratch_new(run->root);
    scratch_new(run->dir);
    run->r = recorder_new(run->root);
    return run;
}

static void run_free(struct run *run)
{
    recorder_free(run->r);
    scratch_remove(run->root);
    scratch_remove(run->dir);
    free(run);
}

static void every_crash(void **state)
{
    (void)state;
    struct run *run = run_new();
    live(run, NO_BUG, 5, true);
    const struct crash_plan plan = {.seed = 4, .step = 16, .torn = 1, .subsets = 1, .singles = 8};
    print_message("# %zu operations\n", recorder_len(run->r));
    recorder_each_crash(run->r, &plan, run->dir, look, run);
    print_message("# %zu states\n", run->states);
    assert_true(run->states > 300);
    run_free(run);
}

static void planted_bugs_are_seen(void **state)
{
    (void)state;
    static const enum bug bugs[] = {ACK_BEFORE_SYNC, NO_SYNC, COMMIT_BEFORE_DATA};
    for (size_t i = 0; i < ARRAY_LEN(bugs); i++) {
        struct run *run = run_new();
        run->only_count = true;
        live(run, bugs[i], 3, false);
        const struct crash_plan plan = {.seed = 4, .step = 6, .singles = 6, .subsets = 1, .enough = &run->lost};
        recorder_each_crash(run->r, &plan, run->dir, look, run);
        print_message("# bug %d: seen in %zu of %zu states\n", (int)bugs[i], run->lost, run->states);
        assert_true(run->lost > 0);
        run_free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_crash),
        cmocka_unit_test(planted_bugs_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
