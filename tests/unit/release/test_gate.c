/* The decision against a second telling of the rules, over every question that a label, a recipient and a sighting
 * can make (domain.h). What terms, grants and times add is drawn in test_gate_properties.c. */
#include "domain.h"

static struct decision decide(const struct question *q)
{
    struct decision d;
    struct question copy = *q;
    struct gate_question asked = question_of(&copy);
    gate_decide(&asked, &d);
    return d;
}

static void fail_at(const struct question *q, const char *what)
{
    struct decision d = decide(q);
    print_error("%s\n", what);
    question_print(q);
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
    bool unmarked = gate_class_label(&q->c) <= TLP_CLEAR && !q->c.unknown_marking;
    return q->c.protocol_object || (q->c.own_identity && unmarked && !q->c.granular);
}

/* ---- every question ---- */

static void says_why(const struct question *q, const struct decision *d)
{
    HOLDS(q, d->rule_count >= 1 && d->rule_count <= DECISION_RULES_MAX);
    for (size_t i = 0; i < d->rule_count; i++) {
        HOLDS(q, d->rules[i].id && d->rules[i].id[0] >= '1' && d->rules[i].id[0] <= '9');
        size_t len = strlen(d->rules[i].words);
        HOLDS(q, len > 20 && len < sizeof d->rules[i].words - 1 && d->rules[i].words[len - 1] == '.');
        /* The last resort speaks of nothing that exists: each case has a rule of its own. */
        HOLDS(q, !strstr(d->rules[i].words, "no rule lets it go"));
    }
}

static void default_deny(const struct question *q, const struct decision *d)
{
    if (!d->cleared || !outward(q) || public_text(q))
        return;
    HOLDS(q, d->label != TLP_NONE && d->label != TLP_RED);
    HOLDS(q, !q->c.unknown_marking && !q->c.quarantined && !q->c.internal_only);
    HOLDS(q, !q->r.expelled && q->c.exercise == q->r.exercise);
    if (q->r.kind == RECIPIENT_PUBLIC)
        HOLDS(q, d->label == TLP_CLEAR);
}

static void form_fits(const struct question *q, const struct decision *d)
{
    HOLDS(q, d->holds_until_us == INT64_MAX);
    if (!d->cleared) {
        HOLDS(q, !d->add_marking && d->form == FORM_WHOLE);
        return;
    }
    HOLDS(q, d->label >= gate_class_label(&q->c) || public_text(q) || d->label == TLP_NONE);
    HOLDS(q, d->add_marking == (d->form == FORM_RENDITION));
    bool differs = d->label != q->c.tlp && q->door != DOOR_CONSOLE;
    HOLDS(q, d->add_marking == (differs && !public_text(q)));
}

static void every_question(void **state)
{
    (void)state;
    uint64_t cleared = 0, size = domain_size();
    for (uint64_t i = 0; i < size; i++) {
        struct question q;
        domain_at(i, &q);
        struct decision d = decide(&q);
        struct told told;
        bool expected = oracle(&q, &told);
        HOLDS(&q, d.cleared == expected);
        HOLDS(&q, d.label == told.label);
        says_why(&q, &d);
        default_deny(&q, &d);
        form_fits(&q, &d);
        cleared += d.cleared;
    }
    print_message("%llu questions, %llu cleared\n", (unsigned long long)size, (unsigned long long)cleared);
    assert_true(cleared > 1000);
}

/* What a decision must not depend on. */
static void nothing_else_counts(void **state)
{
    (void)state;
    uint64_t size = domain_size();
    for (uint64_t i = 0; i < size; i += 11) {
        struct question q, other;
        domain_at(i, &q);
        other = q;
        struct decision d = decide(&q), e;
        other.r.name = TEXT("somebody else");
        other.r.knows = TERM_TLP2; /* what it need not understand */
        strcpy(other.c.type, "malware");
        other.c.source = PARTY_ELSEWHERE;
        if (q.c.tlp)
            other.c.source_default = (enum tlp)(i % (TLP_RED + 1)); /* fills an absent label, never replaces one */
        if (outward(&q))
            other.r.role = ROLE_ADMINISTRATOR;
        else
            other.r.ceiling = TLP_RED;
        const struct gate_question later = {
            .cls = &other.c, .recipient = &other.r, .door = other.door, .now_us = NOW + (int64_t)i};
        gate_decide(&later, &e);
        HOLDS(&q, d.cleared == e.cleared && d.label == e.label && d.form == e.form);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question),
        cmocka_unit_test(nothing_else_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
