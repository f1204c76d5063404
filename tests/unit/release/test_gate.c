/* The decision: against a second telling of the rules, and by its properties, over every question there is. */
#include "domain.h"

#include <stdio.h>

#define NOW INT64_C(1767225600000000)

static struct decision decide(const struct question *q)
{
    struct decision d;
    gate_decide(&(struct gate_question){.cls = &q->c, .recipient = &q->r, .door = q->door, .now_us = NOW}, &d);
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
    return q->c.protocol_object || (q->c.own_identity && unmarked);
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
    HOLDS(q, !q->c.unknown_marking && !q->c.granular && !q->c.quarantined && !q->c.internal_only);
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
        enum tlp label;
        bool expected = oracle(&q, &label);
        HOLDS(&q, d.cleared == expected);
        HOLDS(&q, d.label == label);
        says_why(&q, &d);
        default_deny(&q, &d);
        form_fits(&q, &d);
        cleared += d.cleared;
    }
    print_message("%llu questions, %llu cleared\n", (unsigned long long)size, (unsigned long long)cleared);
    assert_true(cleared > 1000);
}

/* ---- monotone: a step of restriction never widens ---- */

typedef bool restriction(struct question *q); /* false: has no such step from here */

static bool label_up(struct question *q)
{
    enum tlp *label = q->c.tlp ? &q->c.tlp : &q->c.source_default;
    if (*label == TLP_NONE || *label == TLP_RED)
        return false;
    ++*label;
    return true;
}

/* Inside the house the unmarked is AMBER+STRICT, which is laxer than RED; and our own name may go unmarked. */
static bool label_lost(struct question *q)
{
    bool had = q->c.tlp || q->c.source_default;
    q->c.tlp = q->c.source_default = TLP_NONE;
    return had && outward(q) && !q->c.own_identity && !q->c.sighting;
}

static bool indicator_label_up(struct question *q)
{
    if (!q->c.sighting || q->c.sighting_tlp == TLP_NONE || q->c.sighting_tlp == TLP_RED)
        return false;
    q->c.sighting_tlp++;
    return true;
}

static bool indicator_label_lost(struct question *q)
{
    bool had = q->c.sighting && q->c.sighting_tlp != TLP_NONE;
    q->c.sighting_tlp = TLP_NONE;
    return had && outward(q);
}

static bool switch_on(bool *flag)
{
    bool was = *flag;
    *flag = true;
    return !was;
}

static bool unknown_marking(struct question *q)
{
    return switch_on(&q->c.unknown_marking);
}

static bool granular(struct question *q)
{
    return switch_on(&q->c.granular);
}

static bool quarantine(struct question *q)
{
    return switch_on(&q->c.quarantined);
}

static bool inside(struct question *q)
{
    return switch_on(&q->c.internal_only);
}

static bool expel(struct question *q)
{
    return switch_on(&q->r.expelled);
}

static bool ceiling_down(struct question *q)
{
    if (q->r.ceiling == TLP_NONE)
        return false;
    q->r.ceiling--;
    return true;
}

static bool role_down(struct question *q)
{
    if (q->r.role == ROLE_NONE)
        return false;
    q->r.role--;
    return true;
}

static bool sightings_disabled(struct question *q)
{
    bool was = q->r.sightings;
    q->r.sightings = false;
    return was;
}

static bool spaces_part(struct question *q)
{
    if (q->c.exercise != q->r.exercise)
        return false;
    q->c.exercise = !q->c.exercise;
    return true;
}

static bool received(struct question *q)
{
    bool was = q->c.ours;
    q->c.ours = false;
    return was;
}

static bool indicator_of_unknown(struct question *q)
{
    bool was = q->c.sighting_of_ours;
    q->c.sighting_of_ours = false;
    return was;
}

static void restriction_never_widens(void **state)
{
    (void)state;
    static restriction *const steps[] = {label_up,
                                         label_lost,
                                         indicator_label_up,
                                         indicator_label_lost,
                                         unknown_marking,
                                         granular,
                                         inside,
                                         quarantine,
                                         expel,
                                         ceiling_down,
                                         role_down,
                                         sightings_disabled,
                                         received,
                                         spaces_part,
                                         indicator_of_unknown};
    uint64_t seen = 0, size = domain_size();
    /* The enumeration holds the stricter question as well: one step from every cleared one is enough to compare. */
    for (uint64_t i = 0; i < size; i++) {
        struct question q;
        domain_at(i, &q);
        enum tlp label, stricter;
        if (oracle(&q, &label)) /* proved equal to the gate above; a withheld question must stay withheld: */
            continue;
        for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
            struct question narrower = q;
            if (!steps[s](&narrower))
                continue;
            seen++;
            HOLDS(&narrower, !oracle(&narrower, &stricter));
        }
    }
    assert_true(seen > 1000000);
}

/* The same with the gate itself, on a sample that changes place with each step; labels do not fall either. */
static void gate_never_widens(void **state)
{
    (void)state;
    static restriction *const steps[] = {label_up,
                                         label_lost,
                                         indicator_label_up,
                                         indicator_label_lost,
                                         unknown_marking,
                                         granular,
                                         inside,
                                         quarantine,
                                         expel,
                                         ceiling_down,
                                         role_down,
                                         sightings_disabled,
                                         received,
                                         spaces_part,
                                         indicator_of_unknown};
    uint64_t size = domain_size();
    for (uint64_t i = 0; i < size; i += 7) {
        struct question q;
        domain_at(i, &q);
        struct question narrower = q;
        if (!steps[i / 7 % ARRAY_LEN(steps)](&narrower))
            continue;
        struct decision wide = decide(&q), narrow = decide(&narrower);
        HOLDS(&narrower, wide.cleared || !narrow.cleared);
        if (wide.cleared && narrow.cleared && !public_text(&q))
            HOLDS(&narrower, narrow.label >= wide.label);
    }
}

static void doors_agree(void **state)
{
    (void)state;
    uint64_t size = domain_size();
    for (uint64_t i = 0; i < size; i += DOORS) { /* the door is the first axis */
        struct question q;
        struct decision by[DOORS];
        domain_at(i, &q);
        for (unsigned door = 0; door < DOORS; door++) {
            q.door = (enum door)door;
            by[door] = decide(&q);
        }
        HOLDS(&q, by[DOOR_TAXII].cleared == by[DOOR_EXPORT].cleared);
        HOLDS(&q, by[DOOR_TAXII].cleared == by[DOOR_STATISTICS].cleared);
        HOLDS(&q, by[DOOR_TAXII].form == by[DOOR_EXPORT].form && by[DOOR_TAXII].label == by[DOOR_EXPORT].label);
        if (outward(&q))
            HOLDS(&q, !by[DOOR_CONSOLE].cleared);
        else
            HOLDS(&q, by[DOOR_CONSOLE].cleared || !by[DOOR_TAXII].cleared);
        HOLDS(&q, by[DOOR_CONSOLE].form == FORM_WHOLE);
    }
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
        other.r.knows = ~q.r.knows;
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

/* ---- words ---- */

static const char *rule_ids(const struct decision *d)
{
    static char out[400];
    out[0] = 0;
    for (size_t i = 0; i < d->rule_count; i++) {
        if (i)
            strcat(out, "; ");
        strcat(out, d->rules[i].id);
    }
    return out;
}

static struct question plain(enum recipient_kind kind, enum tlp label, bool ours)
{
    struct question q = {.door = kind == RECIPIENT_OWN_ACCOUNT ? DOOR_CONSOLE : DOOR_TAXII};
    q.c = (struct gate_class){.ours = ours, .tlp = label, .party = PARTY_ELSEWHERE, .type = "indicator"};
    q.r = (struct recipient){.kind = kind, .ceiling = TLP_GREEN, .role = ROLE_READER, .sightings = true};
    if (kind == RECIPIENT_PARTNER || kind == RECIPIENT_COMMUNITY)
        q.r.party = PARTY_HERE;
    return q;
}

static void expect(const struct question *q, bool cleared, const char *ids, const char *words)
{
    struct decision d = decide(q);
    HOLDS(q, d.cleared == cleared);
    assert_string_equal(rule_ids(&d), ids);
    bool said = false;
    for (size_t i = 0; i < d.rule_count; i++)
        said = said || strstr(d.rules[i].words, words);
    if (!said)
        print_error("not said: %s\n", words);
    HOLDS(q, said);
}

/* What is said of each label, by recipient. */
static void labels_in_words(void **state)
{
    (void)state;
    static const struct {
        bool ours;
        enum recipient_kind to;
        enum tlp label;
        bool cleared;
        const char *ids, *words;
    } rows[] = {
        {true, RECIPIENT_OWN_ACCOUNT, TLP_AMBER_STRICT, true, "2 TLP", "Ours, TLP:AMBER+STRICT: our own accounts"},
        {false, RECIPIENT_OWN_ACCOUNT, TLP_CLEAR, true, "2 TLP", "Received, TLP:CLEAR: our own accounts"},
        {false, RECIPIENT_OWN_ACCOUNT, TLP_RED, false, "2 TLP", "Received, TLP:RED: for named persons"},
        {false, RECIPIENT_OWN_ACCOUNT, TLP_NONE, true, "2 TLP; 1 default deny", "see it as TLP:AMBER+STRICT"},
        {true, RECIPIENT_PARTNER, TLP_NONE, false, "1 default deny", "unmarked: without a TLP label"},
        {false, RECIPIENT_PUBLIC, TLP_NONE, false, "1 default deny", "without a TLP label it does not leave"},
        {true, RECIPIENT_PARTNER, TLP_GREEN, true, "2 TLP", "under any label to whom we choose"},
        {true, RECIPIENT_COMMUNITY, TLP_CLEAR, true, "2 TLP", "under any label to whom we choose"},
        {true, RECIPIENT_PARTNER, TLP_AMBER, false, "2 ceiling", "a releaser must approve it"},
        {true, RECIPIENT_PARTNER, TLP_RED, false, "2 TLP", "an organisation as a whole is none"},
        {false, RECIPIENT_COMMUNITY, TLP_RED, false, "2 TLP", "an organisation as a whole is none"},
        {false, RECIPIENT_PARTNER, TLP_GREEN, true, "2 TLP", "its originator lets it go"},
        {false, RECIPIENT_PARTNER, TLP_AMBER, false, "2 TLP",
         "Received, TLP:AMBER: it may go to our own constituents with a need, not to another partner."},
        {false, RECIPIENT_PARTNER, TLP_AMBER_STRICT, false, "2 TLP", "for our own organisation"},
        {true, RECIPIENT_PUBLIC, TLP_CLEAR, true, "2 TLP", "anyone may have it"},
        {true, RECIPIENT_PUBLIC, TLP_GREEN, false, "2 TLP", "Ours, TLP:GREEN: only TLP:CLEAR is published."},
        {false, RECIPIENT_PUBLIC, TLP_AMBER, false, "2 TLP", "its originator must be asked"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct question q = plain(rows[i].to, rows[i].label, rows[i].ours);
        expect(&q, rows[i].cleared, rows[i].ids, rows[i].words);
    }
}

/* Each bar alone, on what would flow without it. */
static void bars_in_words(void **state)
{
    (void)state;
    struct question base = plain(RECIPIENT_PARTNER, TLP_GREEN, false), q = base;
    expect(&q, true, "2 TLP", "");
    q.door = DOOR_CONSOLE;
    expect(&q, false, "1 default deny", "The console is for our own accounts");
    q = plain(RECIPIENT_OWN_ACCOUNT, TLP_GREEN, true), q.r.role = ROLE_NONE;
    expect(&q, false, "1 default deny", "no role");
    q = base, q.r.exercise = true;
    expect(&q, false, "10 spaces", "exercise");
    q = base, q.r.expelled = true;
    expect(&q, false, "7 expulsion", "expelled");
    q = base, q.c.quarantined = true;
    expect(&q, false, "2 quarantine", "quarantine");
    q = base, q.c.internal_only = true;
    expect(&q, false, "8 inside", "our console");
    q = base, q.c.unknown_marking = true;
    expect(&q, false, "1 default deny", "a marking that this node cannot read");
    q = base, q.c.granular = true;
    expect(&q, false, "5 portions", "markings of their own");
    q = base, q.c.party = PARTY_HERE;
    expect(&q, false, "5 origin", "came from there");
    q = base, q.door = DOOR_COUNT;
    expect(&q, false, "1 default deny", "no door of this recipient");
    base = plain(RECIPIENT_PARTNER, TLP_GREEN, true);
    base.c.sighting = base.c.sighting_of_ours = true, base.c.sighting_tlp = TLP_GREEN;
    q = base;
    expect(&q, true, "2 TLP", "");
    q.r.sightings = false;
    expect(&q, false, "9 sightings", "not enabled");
    q = base, q.c.sighting_of = PARTY_ELSEWHERE;
    expect(&q, false, "9 sightings", "came from another party");
    q = base, q.c.sighting_of_ours = false;
    expect(&q, false, "9 sightings", "nobody knows");
}

static void notes_in_words(void **state)
{
    (void)state;
    struct question q = plain(RECIPIENT_PARTNER, TLP_NONE, false);
    q.c.source_default = TLP_GREEN;
    expect(&q, true, "2 TLP; 1 source default", "recorded default");
    q = plain(RECIPIENT_OWN_ACCOUNT, TLP_GREEN, false), q.c.unknown_marking = true;
    expect(&q, true, "2 TLP; 1 default deny", "or stricter");
    q = plain(RECIPIENT_OWN_ACCOUNT, TLP_GREEN, false), q.c.quarantined = true, q.r.role = ROLE_RELEASER;
    expect(&q, true, "2 TLP; 2 quarantine", "never matched");
    q = plain(RECIPIENT_PARTNER, TLP_GREEN, true);
    q.c.sighting = true, q.c.sighting_of = PARTY_HERE, q.c.sighting_tlp = TLP_AMBER;
    expect(&q, true, "9 sightings; 6 derived", "whatever its ceiling");
    expect(&q, true, "9 sightings; 6 derived", "stricter label");
    q = plain(RECIPIENT_PUBLIC, TLP_NONE, true), q.c.own_identity = true;
    expect(&q, true, "2 public text", "our own name");
    q = plain(RECIPIENT_PARTNER, TLP_RED, false), q.c.protocol_object = true;
    expect(&q, true, "2 public text", "the text of a TLP marking");
}

/* Values outside the enumerations clear nothing; many bars at once do not overflow. */
static void nonsense_is_withheld(void **state)
{
    (void)state;
    struct question q = plain(RECIPIENT_PARTNER, TLP_CLEAR, true);
    struct decision d;
    q.r.kind = (enum recipient_kind)77;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(RECIPIENT_PARTNER, (enum tlp)99, true), q.r.ceiling = TLP_RED;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(RECIPIENT_PARTNER, TLP_GREEN, true), q.r.ceiling = (enum tlp)99;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(RECIPIENT_OWN_ACCOUNT, TLP_GREEN, true), q.r.role = (enum role)99;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(RECIPIENT_PARTNER, TLP_RED, false);
    q.door = DOOR_CONSOLE, q.r.expelled = q.r.exercise = q.c.quarantined = q.c.internal_only = true;
    q.c.unknown_marking = q.c.granular = q.c.sighting = true, q.r.sightings = false, q.c.party = PARTY_HERE;
    q.c.sighting_of = PARTY_ELSEWHERE;
    d = decide(&q);
    assert_false(d.cleared);
    assert_int_equal(d.rule_count, DECISION_RULES_MAX);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(door_name(DOOR_CONSOLE), "console");
    assert_string_equal(door_name(DOOR_STATISTICS), "statistics");
    assert_string_equal(door_name(DOOR_COUNT), "none");
    for (int r = ROLE_READER; r <= ROLE_ADMINISTRATOR; r++)
        assert_int_equal(role_parse(text_of(role_name((enum role)r))), r);
    assert_int_equal(role_parse(TEXT("none")), ROLE_NONE);
    assert_int_equal(role_parse(TEXT("Reader")), ROLE_NONE);
    assert_string_equal(role_name((enum role)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_in_words),
        cmocka_unit_test(bars_in_words),
        cmocka_unit_test(notes_in_words),
        cmocka_unit_test(nonsense_is_withheld),
        cmocka_unit_test(names),
        cmocka_unit_test(every_question),
        cmocka_unit_test(doors_agree),
        cmocka_unit_test(restriction_never_widens),
        cmocka_unit_test(gate_never_widens),
        cmocka_unit_test(nothing_else_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
