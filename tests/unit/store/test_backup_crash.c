/* A second backup, after an erasure, under every crash the recorder can think of: what lies in the folder can always
 * be restored, and is the backup before or the new one; once it was acknowledged nothing of what was erased is there.
 */
#include "history.h"

#include <unistd.h>

#include "base/limits.h"
#include "secrets.h"
#include "store/backup.h"
#include "store/restore.h"
#include "support/recorder.h"
#include "support/scratch.h"

struct run {
    struct recorder *r;
    char home[SCRATCH_PATH_MAX], root[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX], again[SCRATCH_PATH_MAX];
    uint64_t before, after;
    size_t states, old, fresh;
};

static void live(struct run *run)
{
    struct node *node;
    struct backup_result b;
    struct erase_result e;
    history_home(io_system(), run->home);
    assert_ok(node_open(io_system(), run->home, NODE_OWN, &node, NULL));
    assert_ok(secrets_write(node, NULL));
    assert_ok(node_backup(node, run->root, true, NULL, &b, NULL));
    run->before = b.entries;
    assert_ok(secrets_erase(node, &e, NULL));
    node_close(node);
    /* The home lies elsewhere: only what is written into the backup is recorded. */
    run->r = recorder_new(run->root);
    assert_ok(node_open(recorder_io(run->r), run->home, NODE_OWN, &node, NULL));
    assert_ok(node_backup(node, run->root, true, NULL, &b, NULL));
    recorder_mark(run->r, "acked", 1);
    run->after = b.entries;
    node_close(node);
}

static void look(void *arg, const char *dir, const struct crash *crash)
{
    struct run *run = arg;
    struct restore_result r;
    struct fault f = {.err = OK};
    const struct restore_options options = {.same_origin = true};
    char words[CRASH_WORDS_MAX];
    bool acked = recorder_has_mark(run->r, crash->point, "acked", 1);
    run->states++;
    if (access(run->again, F_OK) == 0)
        scratch_remove(run->again);
    if (home_restore(io_system(), dir, run->again, &options, &r, &f) != OK)
        fail_msg("%s: %s", crash_words(run->r, crash, words), f.what);
    if (r.entries != run->after && (acked || r.entries != run->before))
        fail_msg("%s: %llu entries", crash_words(run->r, crash, words), (unsigned long long)r.entries);
    if (acked && secrets_found_raw(dir))
        fail_msg("%s: what was erased is still in it", crash_words(run->r, crash, words));
    /* The one before does not know of the erasure: restoring has done it again. */
    if (acked && r.erased)
        fail_msg("%s: the backup before", crash_words(run->r, crash, words));
    run->old += r.erased > 0;
    run->fresh += r.erased == 0;
}

static void every_crash(void **state)
{
    struct run *run = calloc(1, sizeof *run);
    (void)state;
    assert_non_null(run);
    scratch_new(run->home);
    scratch_new(run->root);
    scratch_new(run->dir);
    scratch_new(run->again);
    live(run);
    const struct crash_plan plan = {.seed = 4, .step = 2, .torn = 1, .subsets = 1, .singles = 4};
    print_message("# %zu operations\n", recorder_len(run->r));
    recorder_each_crash(run->r, &plan, run->dir, look, run);
    print_message("# %zu states: %zu the new one, %zu the one before\n", run->states, run->fresh, run->old);
    assert_true(run->fresh > 5 && run->old > 20);
    recorder_free(run->r);
    scratch_remove(run->home);
    scratch_remove(run->root);
    scratch_remove(run->dir);
    if (access(run->again, F_OK) == 0)
        scratch_remove(run->again);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
