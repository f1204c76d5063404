/* Views equal a replay (invariant 3), whatever a node lived through, failed writes and restarts included. */
#include "history.h"

#include "base/limits.h"
#include "support/scratch.h"

static void live(uint64_t seed, size_t writes)
{
    char home[SCRATCH_PATH_MAX];
    struct node *node;
    struct history h;
    struct fault f = {.err = OK};
    scratch_new(home);
    history_home(io_system(), home);
    history_init(&h, seed);
    assert_ok(node_open(io_system(), home, NODE_OWN, &node, &f));
    uint64_t entries = 3;
    for (size_t i = 0; i < writes; i++) {
        bool fail = made_chance(&h.made, 15);
        size_t steps = 1 + made_number(&h.made, 12);
        enum err err = history_write(&h, node, steps, fail, &f);
        if (fail)
            assert_err(err, ERR_CANCELLED);
        else if (err != OK)
            fail_msg("seed %llu, write %zu: %s", (unsigned long long)seed, i, f.what);
        entries += fail ? 0 : steps;
        if (made_chance(&h.made, 10)) {
            node_close(node);
            assert_ok(node_open(io_system(), home, NODE_OWN, &node, &f));
        }
        if (made_chance(&h.made, 5))
            assert_view_is_replay(node);
    }
    struct view *v;
    struct view_counts counts;
    assert_ok(node_reader(node, &v, NULL));
    assert_ok(view_counts(v, &counts, NULL));
    assert_int_equal(counts.entries, entries);
    node_reader_done(node, v);
    assert_view_is_replay(node);
    node_close(node);
    history_done(&h);
    scratch_remove(home);
}

static void views_equal_a_replay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        live(seed, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_equal_a_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
