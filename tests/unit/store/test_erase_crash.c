/* An erasure under every crash the recorder can think of: what is left is "not erased, and not acknowledged", with
 * everything in its place, or "erased", from every byte, once the home was opened. */
#include "history.h"

#include "base/limits.h"
#include "secrets.h"
#include "store/home.h"
#include "support/recorder.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct run {
    struct recorder *r;
    char root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
    size_t erased, whole, states;
};

static void prepare(struct run *run)
{
    struct node *node;
    struct history h;
    history_home(io_system(), run->root);
    history_init(&h, 3);
    assert_ok(node_open(io_system(), run->root, NODE_OWN, &node, NULL));
    assert_ok(secrets_write(node, NULL));
    assert_ok(history_write(&h, node, 30, false, NULL));
    node_close(node);
    history_done(&h);
}

static void live(struct run *run)
{
    struct node *node;
    struct erase_result result;
    run->r = recorder_new(run->root);
    recorder_vfs_register("recording", true, run->r, NULL);
    assert_ok(node_open(recorder_io(run->r), run->root, NODE_OWN, &node, NULL));
    assert_ok(secrets_erase(node, &result, NULL));
    recorder_mark(run->r, "acked", 1);
    node_close(node);
    recorder_vfs_unregister();
}

static bool object_there(struct node *node)
{
    struct view *v;
    struct version_row row;
    struct buffer body;
    assert_ok(node_reader(node, &v, NULL));
    enum err err = view_current(v, text_of(secret_object), &row, NULL);
    assert_true(err == OK || err == ERR_NOT_FOUND);
    if (err == OK) {
        buffer_init(&body, MIB);
        assert_ok(node_body(node, row.body, &body, NULL));
        buffer_done(&body);
    }
    node_reader_done(node, v);
    return err == OK;
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    struct node *node;
    struct fault f = {.err = OK};
    char words[CRASH_WORDS_MAX];
    bool acked = recorder_has_mark(run->r, crash->point, "acked", 1);
    run->states++;
    if (node_open(io_system(), dir, NODE_OWN, &node, &f) != OK)
        fail_msg("%s: %s", crash_words(run->r, crash, words), f.what);
    bool there = object_there(node);
    if (there && acked)
        fail_msg("%s: acknowledged, and there", crash_words(run->r, crash, words));
    if (!there && secrets_found(dir))
        fail_msg("%s: it looks erased, and its bytes lie in %zu places", crash_words(run->r, crash, words),
                 secrets_found(dir));
    run->erased += !there;
    run->whole += there;
    secrets_others_stay(node);
    assert_err(home_has(dir, "erasing", NULL), ERR_NOT_FOUND);
    if (run->states % 64 == 0)
        assert_view_is_replay(node);
    node_close(node);
}

static void every_crash(void **state)
{
    struct run *run = calloc(1, sizeof *run);
    (void)state;
    assert_non_null(run);
    scratch_new(run->root);
    scratch_new(run->dir);
    prepare(run);
    live(run);
    const struct crash_plan plan = {.seed = 4, .step = 6, .torn = 1, .subsets = 1, .singles = 4};
    print_message("# %zu operations\n", recorder_len(run->r));
    recorder_each_crash(run->r, &plan, run->dir, look, run);
    print_message("# %zu states: %zu erased, %zu not\n", run->states, run->erased, run->whole);
    assert_true(run->erased > 50 && run->whole > 5);
    recorder_free(run->r);
    scratch_remove(run->root);
    scratch_remove(run->dir);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
