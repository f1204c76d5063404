/* Making, opening, writing to and rebuilding a node while the Nth allocation or file operation fails, SQLite's file
 * operations included: a clear error, nothing leaked, the home opens again and holds all that was acknowledged. */
#include "history.h"

#include "base/limits.h"
#include "store/proof.h"
#include "store/verify.h"
#include "support/fault.h"
#include "support/recorder_vfs.h"
#include "support/scratch.h"

struct stage {
    char home[SCRATCH_PATH_MAX];
    struct fault_io io;
    uint64_t acked, tried; /* entries that the log must, and may, hold */
    bool view_missing;
    size_t faults;
    enum err err;
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

static int begin_home(void **state)
{
    if (begin(state) != 0)
        return -1;
    struct stage *s = *state;
    history_home(io_system(), s->home);
    s->acked = s->tried = 3;
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

/* Says of a failure that it is one of those that may be. */
static bool fine(struct stage *s, enum err err, const struct fault *f)
{
    s->err = err;
    if (err == OK)
        return true;
    if (err != ERR_NOMEM && err != ERR_IO && err != ERR_FULL)
        fail_msg("%s: %s", err_name(err), f->what);
    if (f->err != err || !f->what[0])
        fail_msg("%s, but the fault says %s: %s", err_name(err), err_name(f->err), f->what);
    return false;
}

static void check_home(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node *node;
    struct fault f = {.err = OK};
    struct view *v;
    enum err err = node_open(io_system(), s->home, NODE_OWN, &node, &f);
    if (err != OK)
        fail_msg("after the failure (%s): %s", err_name(s->err), f.what);
    assert_ok(node_reader(node, &v, &f));
    uint64_t position = view_position(v);
    node_reader_done(node, v);
    if (position < s->acked || position > s->tried)
        fail_msg("%llu entries, %llu acknowledged, %llu tried", (unsigned long long)position,
                 (unsigned long long)s->acked, (unsigned long long)s->tried);
    s->acked = s->tried = position;
    node_close(node);
    (void)completed;
}

/* ---- init ---- */

static void no_home(void *arg)
{
    struct stage *s = arg;
    scratch_empty(s->home);
}

static bool create(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    const struct node_init init = {.name = TEXT("CERT"),
                                   .country = TEXT("LV"),
                                   .space = TEXT("real"),
                                   .account = TEXT("admin"),
                                   .log_segment_bytes = 64 * KIB};
    return fine(s, node_create(&s->io.io, s->home, &init, &f), &f);
}

static void check_created(void *arg, bool completed)
{
    struct stage *s = arg;
    struct node *node;
    enum err err = node_open(io_system(), s->home, NODE_OWN, &node, NULL);
    if (err == OK)
        node_close(node);
    else if (!completed && err == ERR_NOT_FOUND)
        history_home(io_system(), s->home); /* nothing half-made is in the way */
    s->acked = s->tried = 3;
    check_home(s, completed);
}

/* ---- open, write, rebuild ---- */

static void maybe_no_view(void *arg)
{
    struct stage *s = arg;
    if (s->view_missing)
        remove(scratch_path(s->home, "view/view.db"));
}

static bool open_only(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    struct node *node;
    if (!fine(s, node_open(&s->io.io, s->home, NODE_OWN, &node, &f), &f))
        return false;
    node_close(node);
    return true;
}

static bool open_to_read(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    struct node *node;
    if (!fine(s, node_open(&s->io.io, s->home, NODE_READ, &node, &f), &f))
        return false;
    node_close(node);
    return true;
}

/* No asserts on the writer thread. */
static enum err few(struct txn *t, void *self, struct fault *reterr)
{
    enum err err = OK;
    for (int i = 0; i < 3 && err == OK; i++) {
        char id[IDENT_TEXT_MAX];
        struct uuid u = uuid_random();
        struct fact_value value = {1, TEXT("evil.example")};
        struct fact f = {.kind = FACT_OBJECT};
        f.u.object = (struct fact_object){.id = ident_format(TEXT("indicator"), &u, id),
                                          .hash = sha256_of("{\"type\":\"indicator\"}", 20),
                                          .standing = STANDING_CURRENT,
                                          .class_key = TEXT("1::100:-:-:-:indicator"),
                                          .confidence = -1,
                                          .values = &value,
                                          .value_count = 1};
        err = txn_append(t, &f, TEXT("{\"type\":\"indicator\"}"), TEXT_NONE, reterr);
    }
    (void)self;
    return err;
}

static bool write_some(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    struct node *node;
    bool all = true;
    if (!fine(s, node_open(&s->io.io, s->home, NODE_OWN, &node, &f), &f))
        return false;
    for (int i = 0; i < 2; i++) {
        s->tried += 3;
        if (fine(s, node_write(node, few, NULL, &f), &f))
            s->acked += 3;
        else
            all = false;
    }
    node_close(node);
    return all;
}

static bool rebuild(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    struct node *node;
    uint64_t entries;
    if (!fine(s, node_open(&s->io.io, s->home, NODE_OWN, &node, &f), &f))
        return false;
    bool done = fine(s, node_rebuild(node, &entries, &f), &f);
    node_close(node);
    return done;
}

/* What was published counts for good; a proof is made or it is not. */
static bool publish_and_prove(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    struct node *node;
    struct buffer proof;
    bool fresh;
    if (!fine(s, node_open(&s->io.io, s->home, NODE_OWN, &node, &f), &f))
        return false;
    s->tried += 3;
    bool all = fine(s, node_write(node, few, NULL, &f), &f);
    s->acked += all ? 3 : 0;
    if (all && fine(s, node_publish(node, &fresh, &f), &f)) {
        buffer_init(&proof, PROOF_MAX_BYTES);
        all = fine(s, node_proof(node, 4, &proof, &f), &f);
        if (!all)
            assert_true(buffer_error(&proof) != OK || proof.len == 0);
        buffer_done(&proof);
    } else {
        all = false;
    }
    node_close(node);
    return all;
}

static void no_fault(void *self, const struct verify_finding *f)
{
    struct stage *s = self;
    s->faults += f->state == VERIFY_FAULT;
}

/* A check that could not be made is never a good one. */
static bool verify_all(void *arg)
{
    struct stage *s = arg;
    struct fault f = {.err = OK};
    const struct verify_options o = {.on_finding = no_fault, .self = s};
    bool ok = false;
    s->faults = 0;
    if (!fine(s, verify_home(&s->io.io, s->home, &o, &ok, &f), &f))
        return false;
    assert_true(ok || s->faults > 0 || s->io.hit || s->view_missing);
    return ok;
}

/* What fault_each_io() does, for operations with hundreds of calls: the first ones each, then every STRIDEth. */
#define STRIDE 9

static bool round_of(struct stage *s, const struct fault_op *op, enum fault_io_kind kind, size_t nth, bool for_good)
{
    size_t live = fault_alloc_live();
    if (op->prepare)
        op->prepare(op->arg);
    fault_io_arm(&s->io, kind, nth, for_good);
    bool completed = op->run(op->arg), hit = fault_io_disarm(&s->io);
    if ((!hit || kind == FAULT_INTR || kind == FAULT_SHORT) && !completed)
        fail_msg("it must complete (kind %d, call %zu)", (int)kind, nth);
    assert_int_equal(s->io.open_files, 0);
    assert_int_equal(fault_alloc_live(), live);
    op->verify(op->arg, completed);
    return hit;
}

static size_t some_io(struct stage *s, const struct fault_op *op)
{
    size_t hits = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        for (int for_good = 0; for_good < 2; for_good++) {
            if (kind == FAULT_INTR && for_good)
                continue;
            size_t nth = 1;
            while (round_of(s, op, (enum fault_io_kind)kind, nth, for_good)) {
                hits++;
                nth += nth < 8 ? 1 : STRIDE;
            }
        }
    return hits;
}

static void loop(struct stage *s, bool (*run)(void *), void (*prepare)(void *), void (*verify)(void *, bool),
                 bool all)
{
    const struct fault_op op = {.prepare = prepare, .run = run, .verify = verify, .arg = s};
    size_t allocations = fault_each_allocation(&op), calls = all ? fault_each_io(&op, &s->io) : some_io(s, &op);
    print_message("# %zu allocations, %zu file operations\n", allocations, calls);
    assert_true(allocations > 0 && calls > 0);
}

static void init_survives(void **state)
{
    loop(*state, create, no_home, check_created, false);
}

static void opening_survives(void **state)
{
    loop(*state, open_only, NULL, check_home, true);
}

static void making_the_view_survives(void **state)
{
    struct stage *s = *state;
    s->view_missing = true;
    loop(s, open_only, maybe_no_view, check_home, false);
}

static void reading_survives(void **state)
{
    check_home(*state, true); /* makes the view */
    loop(*state, open_to_read, NULL, check_home, true);
}

static void writing_survives(void **state)
{
    loop(*state, write_some, NULL, check_home, false);
}

static void rebuilding_survives(void **state)
{
    assert_true(write_some(*state));
    loop(*state, rebuild, NULL, check_home, false);
}

static void publishing_survives(void **state)
{
    loop(*state, publish_and_prove, NULL, check_home, false);
}

static void verifying_survives(void **state)
{
    assert_true(write_some(*state));
    check_home(*state, true);
    loop(*state, verify_all, NULL, check_home, false);
}

#define HOME(f) cmocka_unit_test_setup_teardown(f, begin_home, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(init_survives, begin, end),
        HOME(opening_survives),
        HOME(making_the_view_survives),
        HOME(reading_survives),
        HOME(writing_survives),
        HOME(rebuilding_survives),
        HOME(publishing_survives),
        HOME(verifying_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
