/* What a recipient's decisions rest on, while the 1st, 2nd, ... allocation fails: an error and nothing left behind,
 * or every grant, place and agreement counted; never a decision that lacks one. */
#include "unit/exchange/rig.h"

#include "base/time.h"
#include "exchange/acts.h"
#include "exchange/clearance.h"
#include "exchange/explain.h"
#include "support/fault.h"

struct state {
    struct rig rig;
    struct rig_partner partner;
    struct view *view;
    int64_t now_us;
};

static void grant(struct state *s, unsigned i)
{
    struct fault f = {0};
    struct fact_grant g = {.kind = GRANT_APPROVAL,
                           .account = *node_admin(s->rig.node),
                           .object = text_of(rig_indicator_id(i)),
                           .to = s->partner.party,
                           .reason = TEXT("asked for")};
    assert_ok(share_grant(s->rig.node, &g, &f));
}

static void open_state(struct state *s)
{
    struct fault f = {0};
    rig_open(&s->rig, "CSIRT EX");
    s->partner = rig_invite(&s->rig, "CERT B");
    for (unsigned i = 1; i <= 3; i++) {
        rig_import(&s->rig, "self", rig_indicator(i, 1, TLP_AMBER));
        grant(s, i);
    }
    struct fact_group_member m = {.party = s->partner.party, .from_us = 1};
    struct fact_group g = {
        .id = uuid_random(), .account = *node_admin(s->rig.node), .name = TEXT("Baltic"), .members = &m, .count = 1};
    assert_ok(share_group(s->rig.node, &g, &f));
    struct fact_agreement a = {.party = s->partner.party, .account = g.account, .authorities = true};
    assert_ok(share_agree(s->rig.node, &a, &f));
    assert_ok(node_reader(s->rig.node, &s->view, &f));
    s->now_us = clock_now_us();
}

static void close_state(struct state *s)
{
    node_reader_done(s->rig.node, s->view);
    rig_close(&s->rig);
}

static bool clear(void *arg)
{
    struct state *s = arg;
    struct recipient r;
    struct clearance *c;
    struct arena arena;
    struct fault f = {0};
    arena_init(&arena, MIB);
    enum err e = recipient_of_party(s->rig.node, s->view, &s->partner.party, &arena, &r, &f);
    if (e == OK)
        e = clearance_make(s->view, &r, DOOR_TAXII, s->now_us, NULL, &c, &f);
    if (e == OK) {
        assert_int_equal(c->single_count, 3);
        assert_int_equal(c->recipient.membership_count, 1);
        assert_int_equal(c->sharing.agreement_count, 1);
        clearance_unref(c);
    } else {
        assert_err(e, ERR_NOMEM);
    }
    arena_done(&arena);
    return e == OK;
}

static bool explain(void *arg)
{
    struct state *s = arg;
    struct recipient r;
    struct explained made;
    struct arena arena;
    struct fault f = {0};
    arena_init(&arena, MIB);
    enum err e = recipient_of_party(s->rig.node, s->view, &s->partner.party, &arena, &r, &f);
    if (e == OK)
        e = explain_object(s->rig.node, s->view, text_of(rig_indicator_id(2)), &r, DOOR_TAXII, s->now_us, &arena,
                           &made, &f);
    if (e == OK) {
        assert_true(made.decision.cleared);
        explained_done(&made);
    } else {
        assert_err(e, ERR_NOMEM);
    }
    arena_done(&arena);
    return e == OK;
}

static void decisions_are_whole_or_none(void **state)
{
    struct state s;
    (void)state;
    open_state(&s);
    const struct fault_op clearing = {.run = clear, .arg = &s}, explaining = {.run = explain, .arg = &s};
    assert_true(clear(&s) && explain(&s)); /* statements and names are there from now on */
    assert_true(fault_each_allocation(&clearing) > 0);
    assert_true(fault_each_allocation(&explaining) > 0);
    close_state(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decisions_are_whole_or_none)};
    return cmocka_run_group_tests_name("sharing faults", tests, NULL, NULL);
}
