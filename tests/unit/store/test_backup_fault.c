/* Backup and restore while the Nth allocation or file operation fails: a clear error, nothing leaked, and the backup
 * on the disk is always one that can be restored, the one before or the new one. */
#include "history.h"

#include <unistd.h>

#include "base/limits.h"
#include "secrets.h"
#include "store/backup.h"
#include "store/restore.h"
#include "support/fault.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct stage {
    char root[SCRATCH_PATH_MAX], home[SCRATCH_PATH_MAX + 8], dir[SCRATCH_PATH_MAX + 8], again[SCRATCH_PATH_MAX + 8];
    struct fault_io io;
    uint64_t before, after; /* entries of the backup before and of the home */
    size_t old, fresh;
    struct fault why;
};

static enum err put_one(struct txn *t, void *self, struct fault *reterr)
{
    struct fact f = {.kind = FACT_PARTY};
    (void)self;
    f.u.party.id = uuid_random();
    f.u.party.name = TEXT("CERT Y");
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->root);
    snprintf(s->home, sizeof s->home, "%s/home", s->root);
    snprintf(s->dir, sizeof s->dir, "%s/backup", s->root);
    snprintf(s->again, sizeof s->again, "%s/again", s->root);
    fault_io_init(&s->io, io_system());
    recorder_vfs_register("faulty", true, NULL, &s->io);
    history_home(io_system(), s->home);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    recorder_vfs_unregister();
    scratch_remove(s->root);
    free(s);
    return 0;
}

static void change(void *arg)
{
    struct stage *s = arg;
    struct node *node;
    struct view *v;
    assert_ok(node_open(io_system(), s->home, NODE_OWN, &node, NULL));
    if (s->after == 0)
        assert_ok(secrets_write(node, NULL));
    assert_ok(node_write(node, put_one, NULL, NULL));
    assert_ok(node_reader(node, &v, NULL));
    s->after = view_position(v);
    node_reader_done(node, v);
    node_close(node);
}

static bool fine(struct stage *s, enum err err, const struct fault *f)
{
    s->why = *f;
    /* A file that verify cannot read is a fault of the home to it. */
    bool clear = err == ERR_NOMEM || err == ERR_IO || err == ERR_FULL || strstr(f->what, "does not verify");
    if (err != OK && (f->err != err || !f->what[0] || !clear))
        fail_msg("%s: %s", err_name(err), f->what);
    return err == OK;
}

static bool backup(void *arg)
{
    struct stage *s = arg;
    struct node *node;
    struct backup_result r;
    struct fault f = {.err = OK};
    if (!fine(s, node_open(&s->io.io, s->home, NODE_OWN, &node, &f), &f))
        return false;
    bool done = fine(s, node_backup(node, s->dir, true, NULL, &r, &f), &f);
    node_close(node);
    return done;
}

static void either_is_whole(void *arg, bool completed)
{
    struct stage *s = arg;
    struct restore_result r;
    struct fault f = {.err = OK};
    const struct restore_options options = {.same_origin = true};
    if (access(s->again, F_OK) == 0)
        scratch_remove(s->again);
    enum err err = home_restore(io_system(), s->dir, s->again, &options, &r, &f);
    if (err == ERR_NOT_FOUND && s->before == 0 && !completed)
        return;
    if (err != OK)
        fail_msg("after the failure (%s): %s", s->why.what, f.what);
    if (r.entries < s->before || r.entries > s->after || (completed && r.entries != s->after))
        fail_msg("%llu entries, before %llu, now %llu", (unsigned long long)r.entries, (unsigned long long)s->before,
                 (unsigned long long)s->after);
    s->old += r.entries == s->before;
    s->fresh += r.entries == s->after;
    s->before = r.entries;
}

static void not_there(void *arg)
{
    struct stage *s = arg;
    if (access(s->again, F_OK) == 0)
        scratch_remove(s->again);
}

static bool restore(void *arg)
{
    struct stage *s = arg;
    struct restore_result r;
    struct fault f = {.err = OK};
    const struct restore_options options = {.same_origin = true};
    return fine(s, home_restore(&s->io.io, s->dir, s->again, &options, &r, &f), &f);
}

static void whole_or_not_there(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node *node;
    enum err err = node_open(io_system(), s->again, NODE_OWN, &node, NULL);
    if (err == OK)
        node_close(node);
    s->fresh += err == OK;
    s->old += err != OK;
    if (err != OK && (completed || err != ERR_NOT_FOUND))
        fail_msg("%s after: %s", err_name(err), s->why.what);
}

#define STRIDE 11

static size_t rounds(struct stage *s, const struct fault_op *op, int kind, bool for_good)
{
    size_t hits = 0, nth = 1;
    for (;;) {
        size_t live = fault_alloc_live();
        op->prepare(s);
        if (kind < 0)
            fault_alloc_arm(nth, for_good);
        else
            fault_io_arm(&s->io, (enum fault_io_kind)kind, nth, for_good);
        bool completed = op->run(s), hit = kind < 0 ? fault_alloc_disarm() : fault_io_disarm(&s->io);
        if ((!hit || kind == FAULT_INTR || kind == FAULT_SHORT) && !completed)
            fail_msg("it must complete (kind %d, call %zu): %s", kind, nth, s->why.what);
        assert_int_equal(s->io.open_files, 0);
        assert_int_equal(fault_alloc_live(), live);
        op->verify(s, completed);
        if (!hit)
            return hits;
        hits++;
        nth += nth < 6 ? 1 : STRIDE;
    }
}

static void each_way(struct stage *s, const struct fault_op *op)
{
    size_t hits = rounds(s, op, -1, false);
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        hits += rounds(s, op, kind, kind == FAULT_FULL);
    print_message("# %zu calls failed; %zu times as before, %zu times new\n", hits, s->old, s->fresh);
    assert_true(hits > 50 && s->old > 0 && s->fresh > 0);
}

static void backing_up(void **state)
{
    const struct fault_op op = {.prepare = change, .run = backup, .verify = either_is_whole};
    each_way(*state, &op);
}

static void restoring(void **state)
{
    struct stage *s = *state;
    const struct fault_op op = {.prepare = not_there, .run = restore, .verify = whole_or_not_there};
    change(s);
    assert_true(backup(s));
    each_way(s, &op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(backing_up, begin, end),
        cmocka_unit_test_setup_teardown(restoring, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
