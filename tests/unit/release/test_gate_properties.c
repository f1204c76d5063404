/* The decision's properties, each on a million drawn questions and more; every question over all that a decision may
 * look at (domain.c), compared with the rules told a second time (oracle.c). */
#include "domain.h"

#include <stdio.h>

#include "base/limits.h"

#define QUESTIONS UINT64_C(1000000)

static struct decision decide(struct question *q)
{
    struct decision d;
    struct gate_question asked = question_of(q);
    gate_decide(&asked, &d);
    return d;
}

static void fail_at(struct question *q, const char *what)
{
    struct decision d = decide(q);
    print_error("%s\n", what);
    question_print(q);
    print_error("gate: %s, %s, tear %d, consent %d\n", d.cleared ? "cleared" : "withheld", tlp_name(d.label), d.tear,
                d.consent);
    for (size_t i = 0; i < d.rule_count; i++)
        print_error("  %s: %s\n", d.rules[i].id, d.rules[i].words);
    fail();
}

#define HOLDS(q, condition)         \
    do {                            \
        if (!(condition))           \
            fail_at(q, #condition); \
    } while (0)

static bool outward(const struct question *q)
{
    return q->r.kind != RECIPIENT_OWN_ACCOUNT;
}

static bool public_text(const struct question *q)
{
    bool bare = gate_class_label(&q->c) <= TLP_CLEAR && !q->c.unknown_marking && !q->c.granular;
    return q->c.protocol_object || (q->c.own_identity && bare && terms_none(&q->c.terms));
}

/* ---- the second telling ---- */

static void says_why(struct question *q, const struct decision *d)
{
    HOLDS(q, d->rule_count >= 1 && d->rule_count <= DECISION_RULES_MAX);
    for (size_t i = 0; i < d->rule_count; i++) {
        size_t len = strlen(d->rules[i].words);
        HOLDS(q, d->rules[i].id && d->rules[i].id[0] >= '1' && d->rules[i].id[0] <= '9');
        HOLDS(q, len > 20 && len < sizeof d->rules[i].words - 1 && d->rules[i].words[len - 1] == '.');
        HOLDS(q, !strstr(d->rules[i].words, "no rule lets it go"));
    }
}

static void told_alike(void **state)
{
    (void)state;
    uint64_t cleared = 0, tears = 0, consents = 0;
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q;
        struct told told;
        question_draw(i, &q);
        struct decision d = decide(&q);
        HOLDS(&q, d.cleared == oracle(&q, &told));
        HOLDS(&q, d.label == told.label);
        HOLDS(&q, d.tear == told.tear && d.consent == told.consent);
        says_why(&q, &d);
        cleared += d.cleared;
        tears += d.tear;
        consents += d.consent;
    }
    print_message("%llu questions, %llu cleared, %llu as tear lines, %llu by consent\n",
                  (unsigned long long)QUESTIONS, (unsigned long long)cleared, (unsigned long long)tears,
                  (unsigned long long)consents);
    assert_true(cleared > QUESTIONS / 20 && tears > 1000 && consents > 1000);
}

/* ---- 1: default deny ---- */

static bool has_grant(const struct question *q)
{
    return q->grant_count > 0;
}

static void default_deny(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q;
        question_draw(i, &q);
        struct decision d = decide(&q);
        if (!d.cleared || !outward(&q))
            continue;
        HOLDS(&q, q.door != DOOR_CONSOLE && !q.r.expelled && q.c.exercise == q.r.exercise);
        HOLDS(&q, !q.c.quarantined && !q.c.internal_only && !q.c.terms.classification);
        HOLDS(&q, !(q.c.terms.personal_data && q.r.kind == RECIPIENT_PUBLIC));
        if (public_text(&q))
            continue;
        HOLDS(&q, d.label != TLP_NONE);
        if (q.r.kind == RECIPIENT_PUBLIC)
            HOLDS(&q, d.label == TLP_CLEAR);
        if (has_grant(&q))
            continue;
        HOLDS(&q, d.label != TLP_RED && !q.c.unknown_marking);
        HOLDS(&q, d.tear || d.label >= gate_class_label(&q.c));
        /* What a hub gave under an embargo of its own, it is told of. */
        HOLDS(&q, q.now >= q.c.terms.embargo_until_us || q.r.kind == RECIPIENT_HUB);
        HOLDS(&q, q.r.kind != RECIPIENT_HUB || (q.c.sighting && uuid_eq(&q.c.sighting_of, &q.r.party)));
        HOLDS(&q, q.c.ours || q.c.own_identity || (d.label <= TLP_GREEN && !q.c.terms.originator_control));
    }
}

/* ---- 6: monotone ---- */

typedef bool restriction(struct question *q, uint64_t *s); /* false: has no such step from here */

static bool switch_on(bool *flag)
{
    bool was = *flag;
    *flag = true;
    return !was;
}

static bool switch_off(bool *flag)
{
    bool was = *flag;
    *flag = false;
    return was;
}

static bool label_up(struct question *q, uint64_t *s)
{
    (void)s;
    enum tlp *label = q->c.tlp ? &q->c.tlp : &q->c.source_default;
    if (*label == TLP_NONE || *label == TLP_RED)
        return false;
    ++*label;
    return true;
}

/* Inside the house the unmarked is AMBER+STRICT, which is laxer than RED; and our own name may go unmarked. */
static bool label_lost(struct question *q, uint64_t *s)
{
    (void)s;
    bool had = q->c.tlp || q->c.source_default;
    q->c.tlp = q->c.source_default = TLP_NONE;
    return had && outward(q) && !q->c.own_identity && !q->c.sighting && q->grant_count == 0;
}

static bool tear_up(struct question *q, uint64_t *s)
{
    (void)s;
    if (q->c.tear == TLP_NONE)
        return false;
    q->c.tear = q->c.tear == TLP_RED ? TLP_NONE : q->c.tear + 1;
    return true;
}

static bool indicator_label_up(struct question *q, uint64_t *s)
{
    (void)s;
    if (!q->c.sighting || q->c.sighting_tlp == TLP_NONE || q->c.sighting_tlp == TLP_RED)
        return false;
    q->c.sighting_tlp++;
    return true;
}

static bool term_more(struct question *q, uint64_t *s)
{
    struct question other = {0};
    struct terms *t = &other.c.terms;
    struct named name = {NAMED_GROUP, {{0x61}}};
    struct terms sum = q->c.terms;
    switch (draw(s, 9)) {
    case 0: t->pap = PAP_RED; break;
    case 1: t->has_rel_to = true; break;
    case 2: t->has_rel_to = named_insert(t->rel_to, &t->rel_to_count, &name); break;
    case 3: assert_true(named_insert(t->not_to, &t->not_to_count, &name)); break;
    case 4: t->originator_control = true; break;
    case 5: t->embargo_until_us = NOW + 1 + (int64_t)draw(s, 10); break;
    case 6: t->purposes = (uint8_t)(1 + draw(s, PURPOSES_ALL)); break;
    case 7: t->classification = CLASSIFICATION_RESTRICTED; break;
    default: t->personal_data = true; break;
    }
    bool fits = terms_add(&sum, t);
    q->c.terms = sum;
    return fits;
}

static bool source_pap_up(struct question *q, uint64_t *s)
{
    (void)s;
    if (q->c.source_pap == PAP_NONE || q->c.source_pap == PAP_RED)
        return false;
    q->c.source_pap++;
    return true;
}

static bool flag_on(struct question *q, uint64_t *s)
{
    bool *const flags[] = {&q->c.unknown_marking, &q->c.granular, &q->c.quarantined, &q->c.internal_only,
                           &q->r.expelled};
    return switch_on(flags[draw(s, ARRAY_LEN(flags))]);
}

static bool flag_off(struct question *q, uint64_t *s)
{
    bool *const flags[] = {&q->r.sightings, &q->c.sighting_of_ours, &q->has_agreement,
                           &q->agreement.authorities_are_clients, &q->agreement.communities_are_clients};
    return switch_off(flags[draw(s, ARRAY_LEN(flags))]);
}

/* A consent, and an agreement, speak of what others gave us: they count for nothing with what is ours. */
static bool received(struct question *q, uint64_t *s)
{
    (void)s;
    q->has_agreement = false;
    for (size_t i = 0; i < q->grant_count; i++)
        if (q->grants[i].kind == GRANT_CONSENT)
            return false;
    return switch_off(&q->c.ours);
}

static bool spaces_part(struct question *q, uint64_t *s)
{
    (void)s;
    q->c.exercise = !q->r.exercise;
    return true;
}

static bool ceiling_down(struct question *q, uint64_t *s)
{
    (void)s;
    if (q->r.ceiling == TLP_NONE)
        return false;
    q->r.ceiling--;
    return true;
}

static bool role_down(struct question *q, uint64_t *s)
{
    (void)s;
    if (q->r.role == ROLE_NONE)
        return false;
    q->r.role--;
    return true;
}

static bool grant_lost(struct question *q, uint64_t *s)
{
    if (!q->grant_count)
        return false;
    q->grants[draw(s, q->grant_count)] = q->grants[q->grant_count - 1];
    q->grant_count--;
    return true;
}

/* Of a group that is excluded one is better no member: that no list says so any more is no proof. */
static bool membership_lost(struct question *q, uint64_t *s)
{
    if (!q->r.membership_count)
        return false;
    struct membership *m = &q->memberships[draw(s, q->r.membership_count)];
    const struct named group = {NAMED_GROUP, m->group};
    if (named_has(q->c.terms.not_to, q->c.terms.not_to_count, &group))
        return false;
    *m = q->memberships[q->r.membership_count - 1];
    q->r.membership_count--;
    return true;
}

static bool knowledge_lost(struct question *q, uint64_t *s)
{
    q->r.knows &= ~(UINT32_C(1) << draw(s, 10));
    return true;
}

static bool country_lost(struct question *q, uint64_t *s)
{
    (void)s;
    bool had = q->r.country[0];
    memset(q->r.country, 0, sizeof q->r.country);
    return had;
}

static bool identity_lost(struct question *q, uint64_t *s)
{
    static const struct uuid nobody;
    (void)s;
    bool had = !uuid_eq(&q->r.identity, &nobody);
    q->r.identity = nobody;
    return had;
}

static bool red_account_lost(struct question *q, uint64_t *s)
{
    (void)s;
    return q->agreement.red_count && q->agreement.red_count--;
}

static restriction *const steps[] = {
    label_up,   label_lost, tear_up,         indicator_label_up, term_more,    term_more,     source_pap_up,
    flag_on,    flag_on,    flag_off,        received,           spaces_part,  ceiling_down,  role_down,
    grant_lost, grant_lost, membership_lost, knowledge_lost,     country_lost, identity_lost, red_account_lost};

/* Only a step that can be taken counts; what was withheld must stay withheld, and what goes as a whole does not get a
 * laxer label by it. */
static void never_widens(void **state)
{
    (void)state;
    uint64_t taken = 0, narrowed = 0;
    for (uint64_t i = 0; taken < QUESTIONS; i++) {
        struct question q, narrower;
        uint64_t s = i;
        question_draw(i, &q);
        narrower = q;
        if (!steps[draw(&s, ARRAY_LEN(steps))](&narrower, &s))
            continue;
        taken++;
        struct decision wide = decide(&q), narrow = decide(&narrower);
        HOLDS(&narrower, wide.cleared || !narrow.cleared);
        narrowed += wide.cleared && !narrow.cleared;
        bool same_way = wide.tear == narrow.tear && wide.consent == narrow.consent && !public_text(&q);
        if (wide.cleared && narrow.cleared && same_way)
            HOLDS(&narrower, narrow.label >= wide.label);
        HOLDS(&narrower, !wide.cleared || !narrow.cleared || wide.tear <= narrow.tear);
    }
    assert_true(narrowed > 10000);
}

/* ---- doors ---- */

static void doors_agree(void **state)
{
    (void)state;
    static const enum door same[] = {DOOR_TAXII, DOOR_EXPORT, DOOR_MAIL, DOOR_COURIER};
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q;
        question_draw(i, &q);
        q.door = same[0];
        struct decision first = decide(&q);
        for (size_t door = 1; door < ARRAY_LEN(same); door++) {
            q.door = same[door];
            struct decision d = decide(&q);
            HOLDS(&q, d.cleared == first.cleared && d.label == first.label && d.form == first.form);
            HOLDS(&q, d.tear == first.tear && d.sealed == first.sealed && d.holds_until_us == first.holds_until_us);
        }
        q.door = (enum door)(i % DOOR_COUNT);
        struct decision d = decide(&q); /* no door shows an outsider more than these */
        HOLDS(&q, !outward(&q) || first.cleared || !d.cleared || q.door == DOOR_PUBLIC_PAGE || d.tear);
    }
}

/* ---- the class decides; nothing else counts ---- */

static void class_decides(void **state)
{
    (void)state;
    struct buffer key;
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q, other;
        question_draw(i, &q);
        other = q;
        /* An object's decision: by its class as the log keeps it, with grants that are not for this recipient, or not
         * for now. */
        other.r.name = TEXT("somebody else");
        if (q.c.tlp)
            other.c.source_default = (enum tlp)(i % (TLP_RED + 1));
        if (q.c.terms.pap)
            other.c.source_pap = (enum pap)(i % (PAP_RED + 1));
        strcpy(other.c.type, "malware");
        other.c.source.b[3] = (uint8_t)i;
        buffer_clear(&key);
        gate_class_key(&other.c, &key);
        memset(&other.c, 0, sizeof other.c);
        assert_ok(gate_class_parse(buffer_text(&key), &other.c));
        q.grant_count = 0;
        for (size_t g = 0; g < other.grant_count; g++) {
            if (i % 3 == 0)
                other.grants[g].to = (struct uuid){{0x77}};
            else
                *(i % 3 == 1 ? &other.grants[g].until_us : &other.grants[g].from_us) = NOW + (i % 3 == 2);
        }
        struct decision of_class = decide(&q), d = decide(&other);
        HOLDS(&q, d.cleared == of_class.cleared && d.label == of_class.label && d.form == of_class.form);
        HOLDS(&q, d.tear == of_class.tear && d.add_marking == of_class.add_marking);
    }
    buffer_done(&key);
}

/* ---- until when it holds ---- */

static bool same_decision(const struct decision *a, const struct decision *b)
{
    bool same = a->cleared == b->cleared && a->label == b->label && a->form == b->form && a->tear == b->tear &&
                a->consent == b->consent && a->sealed == b->sealed && a->asks_consent == b->asks_consent &&
                a->asks_releaser == b->asks_releaser && a->add_marking == b->add_marking &&
                a->tear_properties.len == b->tear_properties.len && a->rule_count == b->rule_count;
    for (size_t i = 0; same && i < a->rule_count; i++)
        same = strcmp(a->rules[i].words, b->rules[i].words) == 0;
    return same;
}

static void holds_as_long_as_it_says(void **state)
{
    (void)state;
    uint64_t timed = 0, changed = 0;
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q;
        uint64_t s = i;
        question_draw(i, &q);
        q.now = NOW - 25 + (int64_t)draw(&s, 50);
        struct decision now = decide(&q);
        HOLDS(&q, now.holds_until_us > q.now);
        int64_t until = now.holds_until_us;
        bool ends = until != INT64_MAX;
        q.now = ends ? until - 1 : q.now + 1 + (int64_t)draw(&s, 1000);
        struct decision later = decide(&q);
        HOLDS(&q, same_decision(&now, &later));
        HOLDS(&q, later.holds_until_us == until);
        if (!ends)
            continue;
        timed++;
        q.now = until;
        struct decision after = decide(&q);
        changed += !same_decision(&now, &after);
        HOLDS(&q, after.holds_until_us > until);
    }
    assert_true(timed > QUESTIONS / 10 && changed > 1000);
}

/* ---- whose act would help ---- */

static void asking_helps(void **state)
{
    (void)state;
    uint64_t sealed = 0, consents = 0, releasers = 0;
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        struct question q;
        question_draw(i, &q);
        q.grant_count = 0;
        struct decision d = decide(&q);
        if (d.cleared)
            HOLDS(&q, !d.sealed && !d.asks_consent && !d.asks_releaser);
        struct uuid to = outward(&q) ? q.r.party : q.r.account;
        struct grant acts[] = {{GRANT_APPROVAL, to, q.now, q.now + 1, TEXT_NONE, TLP_NONE},
                               {GRANT_NEED, to, q.now, q.now + 1, TEXT_NONE, TLP_NONE},
                               {GRANT_NAMED, to, q.now, q.now + 1, TEXT_NONE, TLP_NONE}};
        memcpy(q.grants, acts, sizeof acts);
        q.grant_count = 3;
        struct decision acted = decide(&q);
        bool whole = acted.cleared && !acted.tear;
        static const struct uuid nobody;
        if (uuid_eq(&to, &nobody))
            HOLDS(&q, !d.asks_consent && !d.asks_releaser && !d.sealed);
        else if (!d.cleared && outward(&q) && !d.asks_consent)
            HOLDS(&q, d.asks_releaser == whole);
        q.grants[1] = (struct grant){GRANT_CONSENT, to, q.now, q.now + 1, TEXT_NONE, TLP_NONE};
        struct decision consented = decide(&q);
        if (d.asks_consent) {
            HOLDS(&q, consented.cleared && consented.consent && !consented.tear);
            HOLDS(&q, d.sealed == (q.r.kind == RECIPIENT_CONSTITUENT));
            HOLDS(&q, d.asks_releaser == (d.label > q.r.ceiling));
        } else {
            HOLDS(&q, !d.sealed);
        }
        sealed += d.sealed;
        consents += d.asks_consent;
        releasers += d.asks_releaser;
    }
    assert_true(sealed > 1000 && consents > 1000 && releasers > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_alike),   cmocka_unit_test(default_deny),  cmocka_unit_test(never_widens),
        cmocka_unit_test(doors_agree),  cmocka_unit_test(class_decides), cmocka_unit_test(holds_as_long_as_it_says),
        cmocka_unit_test(asking_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
