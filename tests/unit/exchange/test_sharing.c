/* What is remembered of the gate's decisions, and until when; who may act. The clock is the test's own: clearances
 * are asked for any moment. */
#include "unit/exchange/rig.h"

#include "base/time.h"
#include "exchange/acts.h"
#include "exchange/clearance.h"

#define HOUR_US ((int64_t)3600 * 1000000)

struct world {
    struct rig rig;
    struct rig_partner partner;
    struct clearances *kept;
    struct view *v;
    struct arena arena;
    int64_t now_us;
};

static void open_world(struct world *w)
{
    *w = (struct world){.now_us = clock_now_us()};
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    assert_ok(clearances_new(NULL, &w->kept));
    assert_ok(node_reader(w->rig.node, &w->v, NULL));
    arena_init(&w->arena, 64 * MIB);
}

static void close_world(struct world *w)
{
    arena_done(&w->arena);
    node_reader_done(w->rig.node, w->v);
    clearances_free(w->kept);
    rig_close(&w->rig);
}

/* How many objects the partner may have at that moment, and until when that is known. */
static size_t visible(struct world *w, int64_t at_us, int64_t *ret_holds_us, const void **ret_which)
{
    struct recipient r;
    struct clearance *c;
    struct fault f = {0};
    assert_ok(recipient_of_party(w->rig.node, w->v, &w->partner.party, &w->arena, &r, &f));
    assert_ok(clearances_get(w->kept, w->v, &r, at_us, &c, &f));
    size_t count = c->single_count;
    for (size_t i = 0; i < c->class_count; i++)
        count += c->cleared[i] && strcmp(c->classes[i].cls.type, "indicator") == 0;
    *ret_holds_us = c->holds_until_us;
    if (ret_which)
        *ret_which = c;
    clearance_unref(c);
    return count;
}

static enum err approve(struct world *w, const char *id, int64_t until_us, struct uuid *ret_id)
{
    struct fault f = {0};
    struct fact_grant g = {.kind = GRANT_APPROVAL,
                           .account = *node_admin(w->rig.node),
                           .object = text_of(id),
                           .to = w->partner.party,
                           .until_us = until_us,
                           .reason = TEXT("asked for")};
    enum err e = share_grant(w->rig.node, &g, &f);
    *ret_id = g.id;
    return e;
}

/* What is remembered is given again while it holds, and not a moment longer. */
static void caches_never_outlive_what_they_hold(void **state)
{
    struct world w;
    int64_t holds, until;
    const void *first, *again;
    struct uuid grant;
    (void)state;
    open_world(&w);
    rig_import(&w.rig, "self", rig_indicator(1, 1, TLP_AMBER));
    assert_int_equal(visible(&w, w.now_us, &holds, NULL), 0);
    assert_true(holds == INT64_MAX);
    until = clock_now_us() + HOUR_US;
    assert_ok(approve(&w, rig_indicator_id(1), until, &grant));
    w.now_us = clock_now_us();
    assert_int_equal(visible(&w, w.now_us, &holds, &first), 1);
    assert_int_equal(holds, until);
    assert_int_equal(visible(&w, until - 1, &holds, &again), 1);
    assert_ptr_equal(first, again); /* remembered */
    assert_int_equal(visible(&w, until, &holds, NULL), 0);
    assert_true(holds == INT64_MAX);
    /* nor a change of policy, whatever the hour */
    assert_ok(approve(&w, rig_indicator_id(1), until + HOUR_US, &grant));
    assert_int_equal(visible(&w, until + 1, &holds, NULL), 1);
    assert_ok(share_revoke(w.rig.node, &grant, node_admin(w.rig.node), TEXT("no longer"), NULL));
    assert_int_equal(visible(&w, until + 1, &holds, NULL), 0);
    close_world(&w);
}

/* A place on a list begins and ends at its hour, and with its list. */
static void places_hold_for_their_time(void **state)
{
    struct world w;
    int64_t holds;
    (void)state;
    open_world(&w);
    struct fact_group_member m = {w.partner.party, w.now_us + HOUR_US, w.now_us + 3 * HOUR_US};
    struct fact_group g = {.id = uuid_random(),
                           .account = *node_admin(w.rig.node),
                           .name = TEXT("Baltic"),
                           .until_us = w.now_us + 2 * HOUR_US,
                           .members = &m,
                           .count = 1};
    assert_ok(share_group(w.rig.node, &g, NULL));
    visible(&w, w.now_us, &holds, NULL);
    assert_int_equal(holds, m.from_us);
    visible(&w, m.from_us, &holds, NULL);
    assert_int_equal(holds, g.until_us); /* the list ends before the place on it */
    visible(&w, g.until_us, &holds, NULL);
    assert_true(holds == INT64_MAX);
    struct recipient r;
    g.unreachable = true;
    assert_ok(share_group(w.rig.node, &g, NULL));
    assert_ok(recipient_of_party(w.rig.node, w.v, &w.partner.party, &w.arena, &r, NULL));
    assert_int_equal(r.membership_count, 1);
    assert_true(r.memberships[0].until_us <= r.memberships[0].from_us); /* nobody's member at any moment */
    close_world(&w);
}

struct account {
    struct uuid id;
    enum role role;
    struct uuid party;
    bool disabled;
};

static enum err write_account(struct txn *t, void *self, struct fault *reterr)
{
    struct account *a = self;
    struct fact f = {
        .kind = FACT_ACCOUNT,
        .u.account = {
            .id = a->id, .name = TEXT("somebody"), .role = a->role, .party = a->party, .disabled = a->disabled}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static void only_releasers_act(void **state)
{
    struct world w;
    struct fault f = {0};
    (void)state;
    open_world(&w);
    rig_import(&w.rig, "self", rig_indicator(1, 1, TLP_AMBER));
    struct account rows[] = {{.role = ROLE_READER},
                             {.role = ROLE_ANALYST},
                             {.role = ROLE_RELEASER, .disabled = true},
                             {.role = ROLE_RELEASER, .party = w.partner.party},
                             {.role = ROLE_RELEASER}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool may = i + 1 == ARRAY_LEN(rows);
        rows[i].id = uuid_random();
        assert_ok(node_write(w.rig.node, write_account, &rows[i], &f));
        struct fact_grant g = {.kind = GRANT_APPROVAL,
                               .account = rows[i].id,
                               .object = text_of(rig_indicator_id(1)),
                               .to = w.partner.party,
                               .reason = TEXT("asked for")};
        enum err e = share_grant(w.rig.node, &g, &f);
        assert_int_equal(e, may ? OK : ERR_DENIED);
    }
    close_world(&w);
}

/* One account twice is one. */
static void break_glass_takes_two_accounts(void **state)
{
    struct world w;
    struct fault f = {0};
    int64_t holds;
    char told[IDENT_TEXT_MAX];
    (void)state;
    open_world(&w);
    rig_import(&w.rig, "CERT D", rig_indicator(1, 1, TLP_AMBER_STRICT));
    struct account second = {.id = uuid_random(), .role = ROLE_RELEASER};
    assert_ok(node_write(w.rig.node, write_account, &second, &f));
    struct fact_grant g = {.kind = GRANT_BREAK_GLASS,
                           .account = *node_admin(w.rig.node),
                           .object = text_of(rig_indicator_id(1)),
                           .to = w.partner.party,
                           .reason = TEXT("danger to life"),
                           .second = second.id}; /* nobody's word but its own */
    assert_ok(share_grant(w.rig.node, &g, &f));
    assert_int_equal(visible(&w, clock_now_us(), &holds, NULL), 0);
    assert_err(share_confirm(w.rig.node, &g.id, &g.account, told, NULL, &f), ERR_DENIED);
    assert_int_equal(visible(&w, clock_now_us(), &holds, NULL), 0);
    assert_ok(share_confirm(w.rig.node, &g.id, &second.id, told, NULL, &f));
    assert_true(strncmp(told, "note--", 6) == 0);
    assert_int_equal(visible(&w, clock_now_us(), &holds, NULL), 1);
    assert_err(share_confirm(w.rig.node, &g.id, &second.id, told, NULL, &f), ERR_USAGE);
    assert_ok(share_revoke(w.rig.node, &g.id, &second.id, TEXT("over"), &f));
    assert_int_equal(visible(&w, clock_now_us(), &holds, NULL), 0);
    close_world(&w);
}

/* Whatever opens has an entry, and comes after whatever a client has seen. */
static void what_opens_late_has_its_entry(void **state)
{
    struct world w;
    struct fault f = {0};
    struct rig_answer a;
    char query[200];
    uint64_t entries;
    (void)state;
    open_world(&w);
    rig_import(&w.rig, "self", rig_indicator(1, 1, TLP_GREEN));
    rig_import(&w.rig, "self", rig_indicator(2, 1, TLP_AMBER));
    rig_objects(&w.rig, w.partner.token, "match[type]=indicator", &a);
    assert_int_equal(a.count, 1);
    snprintf(query, sizeof query, "match[type]=indicator&added_after=%s", a.last);
    rig_answer_done(&a);
    rig_objects(&w.rig, w.partner.token, query, &a);
    assert_int_equal(a.count, 0);
    rig_answer_done(&a);
    /* policy: an opening; a grant: its own entry. Both ahead of the cursor. */
    entries = view_position(w.v);
    const struct peer_settings amber = {.has_ceiling = true, .ceiling = TLP_AMBER};
    assert_ok(peer_set(w.rig.node, &w.partner.party, &amber, node_admin(w.rig.node), &f));
    assert_int_equal(view_position(w.v), entries + 2); /* the setting and the opening */
    rig_objects(&w.rig, w.partner.token, query, &a);
    assert_true(a.count == 1 && rig_has(&a, rig_indicator_id(2)));
    rig_answer_done(&a);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches_never_outlive_what_they_hold),
        cmocka_unit_test(places_hold_for_their_time),
        cmocka_unit_test(only_releasers_act),
        cmocka_unit_test(break_glass_takes_two_accounts),
        cmocka_unit_test(what_opens_late_has_its_entry),
    };
    return cmocka_run_group_tests_name("sharing", tests, NULL, NULL);
}
