/* An erasure while the Nth allocation or file operation fails, SQLite's included: a clear error, nothing leaked, and
 * after the next opening the object is whole or gone from every byte. */
#include "history.h"

#include "base/limits.h"
#include "secrets.h"
#include "store/home.h"
#include "support/fault.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct fault_io io;
    bool acked;
    struct fault why; /* of the last failure */
    size_t gone, whole;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->home);
    fault_io_init(&s->io, io_system());
    recorder_vfs_register("faulty", true, NULL, &s->io);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    recorder_vfs_unregister();
    scratch_remove(s->home);
    free(s);
    return 0;
}

static void prepare(void *arg)
{
    struct stage *s = arg;
    struct node *node;
    if (home_has(s->home, HOME_FIRST, NULL) != OK)
        history_home(io_system(), s->home);
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    struct view *v;
    struct version_row row;
    assert_ok(node_reader(node, &v, NULL));
    enum err err = view_current(v, text_of(secret_object), &row, NULL);
    node_reader_done(node, v);
    if (err == ERR_NOT_FOUND)
        assert_ok(secrets_write(node, NULL));
    node_close(node);
    s->acked = false;
}

static bool erase(void *arg)
{
    struct stage *s = arg;
    struct node *node;
    struct erase_result result;
    struct fault f = {.err = OK};
    enum err err = node_open(&s->io.io, s->home, NODE_OWN, &node, &f);
    if (err == OK) {
        err = secrets_erase(node, &result, &f);
        node_close(node);
    }
    if (err != OK && (f.err != err || !f.what[0] || (err != ERR_NOMEM && err != ERR_IO && err != ERR_FULL)))
        fail_msg("%s: %s", err_name(err), f.what);
    s->why = f;
    s->acked = err == OK;
    return s->acked;
}

/* What the log's erasures name is gone, also when nobody was told that they are there. */
static void erasures_are_done(const char *home)
{
    struct log *log;
    struct log_reader *r;
    struct log_read read;
    struct arena arena;
    uint64_t named = UINT64_MAX, left = 0;
    arena_init(&arena, 64 * MIB);
    assert_ok(log_open(io_system(), scratch_path(home, "log"), false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &r, NULL));
    static bool there[100000];
    memset(there, 0, sizeof there);
    while (log_reader_next(r, &read, NULL) == OK) {
        struct fact f;
        assert_true(read.entry.n < ARRAY_LEN(there));
        there[read.entry.n] = !read.erased;
        if (read.erased || !text_eq(read.entry.kind, TEXT("erasure")))
            continue;
        assert_ok(fact_decode(&read, &arena, &f, NULL));
        for (size_t i = 0; i < f.u.erasure.count; i++)
            if (there[f.u.erasure.entries[i]]) {
                left++;
                named = f.u.erasure.entries[i];
            }
    }
    log_reader_close(r);
    log_close(log);
    arena_done(&arena);
    if (left)
        fail_msg("an erasure names %llu entries that are still there, such as %llu", (unsigned long long)left,
                 (unsigned long long)named);
}

static void whole_or_gone(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node *node;
    struct view *v;
    struct version_row row;
    struct fault f = {.err = OK};
    (void)completed;
    if (node_open(io_system(), s->home, NODE_OWN, &node, &f) != OK)
        fail_msg("%s", f.what);
    assert_ok(node_reader(node, &v, NULL));
    enum err err = view_current(v, text_of(secret_object), &row, NULL);
    node_reader_done(node, v);
    assert_true(err == ERR_NOT_FOUND || !s->acked);
    if (err == ERR_NOT_FOUND)
        assert_int_equal(secrets_found(s->home), 0);
    s->gone += err == ERR_NOT_FOUND;
    s->whole += err == OK;
    node_close(node);
    erasures_are_done(s->home);
    if (s->gone % 20 == 19) { /* many rounds make a long log */
        scratch_empty(s->home);
        s->gone++;
    }
}

/* As in test_node_fault.c: hundreds of calls, the first ones each, then every STRIDEth. */
#define STRIDE 13

static size_t some_io(struct stage *s, enum fault_io_kind kind, bool for_good)
{
    size_t hits = 0, nth = 1;
    for (;;) {
        size_t live = fault_alloc_live();
        prepare(s);
        fault_io_arm(&s->io, kind, nth, for_good);
        bool completed = erase(s), hit = fault_io_disarm(&s->io);
        if ((!hit || kind == FAULT_INTR || kind == FAULT_SHORT) && !completed)
            fail_msg("it must complete (kind %d, call %zu): %s", (int)kind, nth, s->why.what);
        assert_int_equal(s->io.open_files, 0);
        assert_int_equal(fault_alloc_live(), live);
        whole_or_gone(s, completed);
        if (!hit)
            return hits;
        hits++;
        nth += nth < 8 ? 1 : STRIDE;
    }
}

static void allocations(void **state)
{
    struct stage *s = *state;
    size_t rounds = 0;
    for (size_t nth = 1;; nth += nth < 8 ? 1 : STRIDE) {
        size_t live = fault_alloc_live();
        prepare(s);
        fault_alloc_arm(nth, nth % 2);
        bool completed = erase(s), hit = fault_alloc_disarm();
        if (!hit && !completed)
            fail_msg("it must complete (allocation %zu)", nth);
        assert_int_equal(fault_alloc_live(), live);
        whole_or_gone(s, completed);
        if (!hit)
            break;
        rounds++;
    }
    print_message("# %zu allocations, %zu times gone, %zu times whole\n", rounds, s->gone, s->whole);
    assert_true(rounds > 20 && s->gone > 0 && s->whole > 0);
}

static void file_operations(void **state)
{
    struct stage *s = *state;
    size_t hits = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        for (int for_good = 0; for_good < 2; for_good++)
            if (kind != FAULT_INTR || !for_good)
                hits += some_io(s, (enum fault_io_kind)kind, for_good);
    print_message("# %zu file operations, %zu times gone, %zu times whole\n", hits, s->gone, s->whole);
    assert_true(hits > 100 && s->gone > 0 && s->whole > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(allocations, begin, end),
        cmocka_unit_test_setup_teardown(file_operations, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
