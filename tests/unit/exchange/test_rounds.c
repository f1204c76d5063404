/* A line's rounds: at its own pace, and one more at once where it was asked for while one was under way. */
#include "unit/exchange/rig.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/time.h"
#include "exchange/rounds.h"

#define PATIENCE_US ((int64_t)10 * 1000000)

static const struct uuid LINE = {{1}};

struct gate {
    atomic_int begun, let; /* rounds; a round ends once so many may */
    bool fails;
};

static enum err one_line(void *self, struct rounds *r, struct view *v, struct fault *reterr)
{
    void *of;
    bool under_way;
    (void)self;
    (void)v;
    (void)reterr;
    return rounds_keep(r, &LINE, 3600 * 1000, clock_mono_us(), &of, &under_way);
}

static struct rounds_outcome pass_gate(void *self, const struct uuid *id, void *of, const atomic_bool *stop)
{
    struct gate *g = self;
    (void)id;
    (void)of;
    int round = atomic_fetch_add(&g->begun, 1) + 1;
    while (atomic_load(&g->let) < round && !atomic_load(stop))
        usleep(1000);
    return (struct rounds_outcome){.failed = g->fails};
}

static void nothing(void *of)
{
    (void)of;
}

static bool begun(struct gate *g, int rounds, int64_t within_us)
{
    int64_t give_up_us = clock_mono_us() + within_us;
    while (atomic_load(&g->begun) < rounds && clock_mono_us() < give_up_us)
        usleep(1000);
    return atomic_load(&g->begun) == rounds;
}

static struct rounds *start(struct rig *rig, struct gate *g)
{
    struct rounds *r;
    struct fault f = {0};
    const struct rounds_job job = {.what = "gates",
                                   .list = one_line,
                                   .run = pass_gate,
                                   .free_line = nothing,
                                   .line_bytes = 1,
                                   .workers = 2,
                                   .self = g};
    assert_ok(rounds_start(rig->node, &job, &r, &f));
    assert_true(begun(g, 1, PATIENCE_US));
    return r;
}

/* What it looked at first may be older than what it is called for. */
static void called_while_under_way_it_runs_again(void **state)
{
    (void)state;
    struct rig rig;
    struct gate g = {0};
    rig_open(&rig, "Node");
    struct rounds *r = start(&rig, &g);
    for (int i = 0; i < 3; i++)
        rounds_soon(r, &LINE);
    atomic_store(&g.let, 1);
    assert_true(begun(&g, 2, PATIENCE_US));
    atomic_store(&g.let, 9);
    assert_false(begun(&g, 3, 300000)); /* three calls, one round */
    rounds_soon(r, &LINE);
    assert_true(begun(&g, 3, PATIENCE_US));
    rounds_stop(r);
    rig_close(&rig);
}

static void one_that_failed_waits_all_the_same(void **state)
{
    (void)state;
    struct rig rig;
    struct gate g = {.fails = true};
    rig_open(&rig, "Node");
    struct rounds *r = start(&rig, &g);
    rounds_soon(r, &LINE);
    atomic_store(&g.let, 9);
    assert_false(begun(&g, 2, 300000));
    rounds_soon(r, &LINE);
    assert_false(begun(&g, 2, 300000));
    rounds_stop(r);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(called_while_under_way_it_runs_again),
        cmocka_unit_test(one_that_failed_waits_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
