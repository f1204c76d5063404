/* Terms add up to the strictest, whatever the order and however often; their text says all of them and nothing else
 * is read. What they allow is told by a second reading of the rules, below, that shares nothing with terms.c. */
#include "model/terms.h"
#include "support/test.h"

#define ROUNDS 4000

static uint64_t state_of_dice = 88172645463325252u;

static unsigned dice(unsigned sides)
{
    state_of_dice ^= state_of_dice << 13;
    state_of_dice ^= state_of_dice >> 7;
    state_of_dice ^= state_of_dice << 17;
    return (unsigned)(state_of_dice >> 33) % sides;
}

/* ---- made terms ---- */

static struct named name_of(unsigned which)
{
    struct named n = {.kind = (uint8_t)(NAMED_COUNTRY + which % 3)};
    n.who.b[0] = (uint8_t)('A' + which / 3);
    if (n.kind == NAMED_COUNTRY)
        n.who.b[1] = 'Z';
    else
        n.who.b[15] = 7;
    return n;
}

static void some_names(struct named list[TERMS_NAMES_MAX], uint8_t *count, unsigned most)
{
    for (unsigned left = dice(most + 1); left > 0; left--) {
        struct named n = name_of(dice(12));
        assert_true(named_insert(list, count, &n));
    }
}

static struct terms some_terms(void)
{
    struct terms t = {0};
    if (dice(2))
        t.pap = (enum pap)dice(PAP_RED + 1);
    t.has_rel_to = dice(2);
    if (t.has_rel_to)
        some_names(t.rel_to, &t.rel_to_count, 8);
    some_names(t.not_to, &t.not_to_count, 4);
    t.originator_control = dice(4) == 0;
    if (dice(2))
        t.embargo_until_us = 1 + dice(6);
    if (dice(2))
        t.purposes = (uint8_t)(1 + dice(PURPOSES_ALL));
    if (dice(3) == 0)
        t.purposes = PURPOSE_NOTHING;
    if (dice(2))
        t.classification = (enum classification)dice(CLASSIFICATION_TOP_SECRET + 1);
    t.personal_data = dice(4) == 0;
    return t;
}

/* ---- what terms allow ---- */

struct use {
    struct named who;
    enum pap action; /* allowed at that level and below */
    int64_t now_us;
    uint8_t purpose;
    enum classification ceiling;
    bool asked_originator, may_have_personal_data;
};

static struct use some_use(void)
{
    return (struct use){.who = name_of(dice(12)),
                        .action = (enum pap)dice(PAP_RED + 1),
                        .now_us = dice(8),
                        .purpose = (uint8_t)(1u << dice(6)),
                        .ceiling = (enum classification)dice(CLASSIFICATION_TOP_SECRET + 1),
                        .asked_originator = dice(2),
                        .may_have_personal_data = dice(2)};
}

static bool in_list(const struct named *list, unsigned count, const struct named *n)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].kind == n->kind && memcmp(&list[i].who, &n->who, sizeof n->who) == 0)
            return true;
    return false;
}

static bool allows(const struct terms *t, const struct use *u)
{
    bool named = !t->has_rel_to || in_list(t->rel_to, t->rel_to_count, &u->who);
    bool barred = in_list(t->not_to, t->not_to_count, &u->who);
    bool purpose = t->purposes == 0 || (t->purposes & u->purpose) != 0;
    return named && !barred && purpose && u->action >= t->pap && u->now_us >= t->embargo_until_us &&
           u->ceiling >= t->classification && (!t->originator_control || u->asked_originator) &&
           (!t->personal_data || u->may_have_personal_data);
}

/* ---- properties ---- */

static struct terms sum_of(struct terms a, const struct terms *b)
{
    assert_true(terms_add(&a, b));
    return a;
}

static void sums_do_not_depend_on_order(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct terms a = some_terms(), b = some_terms(), c = some_terms(), none = {0};
        struct terms ab = sum_of(a, &b), ba = sum_of(b, &a), bc = sum_of(b, &c);
        struct terms left = sum_of(ab, &c), right = sum_of(a, &bc), twice = sum_of(ab, &ab), again = sum_of(ab, &a);
        assert_true(terms_equal(&ab, &ba));
        assert_memory_equal(&ab.rel_to, &ba.rel_to, sizeof ab.rel_to);
        assert_true(terms_equal(&left, &right));
        assert_true(terms_equal(&twice, &ab));
        assert_true(terms_equal(&again, &ab));
        struct terms same = sum_of(a, &none);
        assert_true(terms_equal(&same, &a));
    }
}

static void sum_allows_what_both_allow(void **state)
{
    (void)state;
    unsigned allowed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct terms a = some_terms(), b = some_terms(), ab = sum_of(a, &b);
        for (int k = 0; k < 20; k++) {
            struct use u = some_use();
            if (k >= 10)
                u = (struct use){.who = u.who,
                                 .action = PAP_RED,
                                 .now_us = 9,
                                 .purpose = u.purpose,
                                 .ceiling = CLASSIFICATION_TOP_SECRET,
                                 .asked_originator = true,
                                 .may_have_personal_data = true};
            assert_int_equal(allows(&ab, &u), allows(&a, &u) && allows(&b, &u));
            allowed += allows(&ab, &u);
        }
        assert_true((terms_needed(&ab) & (terms_needed(&a) | terms_needed(&b))) ==
                    (terms_needed(&a) | terms_needed(&b)));
    }
    assert_true(allowed > 1000);
}

/* An intersection that is empty is nobody and nothing, not anybody and anything. */
static void nothing_in_common_allows_nothing(void **state)
{
    (void)state;
    struct terms a = {.has_rel_to = true, .purposes = PURPOSE_DETECTION};
    struct terms b = {.has_rel_to = true, .purposes = PURPOSE_STATISTICS};
    struct named one = name_of(0), two = name_of(3);
    assert_true(named_insert(a.rel_to, &a.rel_to_count, &one));
    assert_true(named_insert(b.rel_to, &b.rel_to_count, &two));
    struct terms ab = sum_of(a, &b);
    assert_true(ab.has_rel_to);
    assert_int_equal(ab.rel_to_count, 0);
    assert_int_equal(ab.purposes, PURPOSE_NOTHING);
    assert_int_equal(terms_needed(&ab), TERM_REL_TO | TERM_PURPOSE);
}

static void names_that_do_not_fit_are_no_sum(void **state)
{
    (void)state;
    struct terms a = {0}, b = {0};
    for (uint8_t i = 0; i < TERMS_NAMES_MAX; i++) {
        struct named n = {.kind = NAMED_GROUP, .who.b = {i}}, m = {.kind = NAMED_GROUP, .who.b = {i, 1}};
        assert_true(named_insert(a.not_to, &a.not_to_count, &n));
        assert_true(named_insert(b.not_to, &b.not_to_count, i < TERMS_NAMES_MAX - 1 ? &n : &m));
    }
    struct terms before = a;
    assert_false(terms_add(&a, &b));
    assert_memory_equal(&a, &before, sizeof a);
    struct named more = {.kind = NAMED_COUNTRY, .who.b = "NL"};
    assert_false(named_insert(a.not_to, &a.not_to_count, &more));
    assert_int_equal(a.not_to_count, TERMS_NAMES_MAX);
}

/* ---- their text ---- */

static struct text text_in(struct buffer *b, const struct terms *t)
{
    buffer_clear(b);
    terms_text(t, b);
    assert_ok(buffer_error(b));
    return buffer_text(b);
}

static void text_says_all_of_it(void **state)
{
    (void)state;
    struct buffer one, other;
    buffer_init(&one, TERMS_TEXT_MAX);
    buffer_init(&other, TERMS_TEXT_MAX);
    for (int i = 0; i < ROUNDS; i++) {
        struct terms t = some_terms(), u = some_terms(), back;
        assert_ok(terms_parse(text_in(&one, &t), &back));
        assert_true(terms_equal(&t, &back));
        assert_int_equal(text_find(buffer_text(&one), ':', 0), -1);
        assert_int_equal(text_eq(buffer_text(&one), text_in(&other, &u)), terms_equal(&t, &u));
    }
    struct terms longest = {.pap = PAP_RED,
                            .has_rel_to = true,
                            .originator_control = true,
                            .embargo_until_us = INT64_MAX,
                            .purposes = PURPOSE_NOTHING,
                            .classification = CLASSIFICATION_TOP_SECRET,
                            .personal_data = true};
    for (uint8_t i = 0; i < TERMS_NAMES_MAX; i++) {
        struct named n = {.kind = NAMED_GROUP, .who.b = {i, 0xff}};
        assert_true(named_insert(longest.rel_to, &longest.rel_to_count, &n));
        assert_true(named_insert(longest.not_to, &longest.not_to_count, &n));
    }
    struct terms back;
    assert_ok(terms_parse(text_in(&one, &longest), &back));
    assert_true(terms_equal(&longest, &back));
    buffer_done(&one);
    buffer_done(&other);
}

static void text_is_as_documented(void **state)
{
    (void)state;
    struct terms t = {.pap = PAP_AMBER,
                      .has_rel_to = true,
                      .originator_control = true,
                      .embargo_until_us = 1700000000000000,
                      .purposes = PURPOSE_DETECTION | PURPOSE_BLOCKING,
                      .classification = CLASSIFICATION_SECRET,
                      .personal_data = true};
    struct named nl = {.kind = NAMED_COUNTRY, .who.b = "NL"}, de = {.kind = NAMED_COUNTRY, .who.b = "DE"};
    struct named group = {.kind = NAMED_GROUP, .who.b = {0xab}};
    assert_true(named_insert(t.rel_to, &t.rel_to_count, &nl));
    assert_true(named_insert(t.rel_to, &t.rel_to_count, &de));
    assert_true(named_insert(t.not_to, &t.not_to_count, &group));
    struct buffer b;
    buffer_init(&b, TERMS_TEXT_MAX);
    assert_text(text_in(&b, &t), "p3;rcDE,cNL;ngab000000-0000-0000-0000-000000000000;o;e1700000000000000;u3;c3;d");
    assert_text(text_in(&b, &(struct terms){0}), "");
    assert_text(text_in(&b, &(struct terms){.has_rel_to = true}), "r");
    buffer_done(&b);
}

static void no_other_text_is_read(void **state)
{
    (void)state;
    static const char *const bad[] = {";",
                                      "p",
                                      "p=3",
                                      "p0",
                                      "p5",
                                      "p03",
                                      "p3;",
                                      ";p3",
                                      "d;p3",
                                      "p3;p3",
                                      "r,",
                                      "rDE",
                                      "rcde",
                                      "rcNL,cDE",
                                      "rcDE,cDE",
                                      "rcDEU",
                                      "n",
                                      "ncDE,",
                                      "o1",
                                      "e0",
                                      "e9223372036854775808",
                                      "u0",
                                      "u256",
                                      "c5",
                                      "c0",
                                      "d=",
                                      "x",
                                      "p3 ",
                                      "noab",
                                      "nxab000000-0000-0000-0000-000000000000",
                                      "ngAB000000-0000-0000-0000-000000000000",
                                      "rcDE;;d",
                                      "p:3"};
    struct terms t = {.pap = PAP_RED}, before = t;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(terms_parse(text_of(bad[i]), &t), ERR_MALFORMED);
    assert_memory_equal(&t, &before, sizeof t);
}

/* ---- words ---- */

static void words_are_read(void **state)
{
    (void)state;
    struct named n;
    enum pap pap;
    enum classification c;
    assert_ok(named_parse(TEXT("NL"), NAMED_GROUP, &n));
    assert_int_equal(n.kind, NAMED_COUNTRY);
    assert_ok(named_parse(TEXT("identity--f88b6dee-d528-440f-b56b-baf766fe5c2b"), NAMED_GROUP, &n));
    assert_int_equal(n.kind, NAMED_GROUP);
    static const char *const bad[] = {"",
                                      "N",
                                      "nl",
                                      "NLD",
                                      "N1",
                                      "f88b6dee-d528-440f-b56b-baf766fe5c2b",
                                      "location--f88b6dee-d528-440f-b56b-baf766fe5c2b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(named_parse(text_of(bad[i]), NAMED_GROUP, &n), ERR_MALFORMED);
    for (enum pap p = PAP_CLEAR; p <= PAP_RED; p++) {
        assert_ok(pap_parse(text_of(pap_name(p)), &pap));
        assert_int_equal(pap, p);
    }
    assert_ok(pap_parse(TEXT("pap:White"), &pap));
    assert_int_equal(pap, PAP_CLEAR);
    assert_err(pap_parse(TEXT("amber+strict"), &pap), ERR_MALFORMED);
    for (unsigned bit = 1; bit <= PURPOSES_ALL; bit <<= 1)
        assert_int_equal(purpose_of(text_of(purpose_name((uint8_t)bit))), bit);
    assert_int_equal(purpose_of(TEXT("nothing")), 0);
    for (enum classification k = CLASSIFICATION_NONE; k <= CLASSIFICATION_TOP_SECRET; k++) {
        assert_ok(classification_parse(text_of(classification_name(k)), &c));
        assert_int_equal(c, k);
    }
    assert_err(classification_parse(TEXT("Secret"), &c), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_do_not_depend_on_order),
        cmocka_unit_test(sum_allows_what_both_allow),
        cmocka_unit_test(nothing_in_common_allows_nothing),
        cmocka_unit_test(names_that_do_not_fit_are_no_sum),
        cmocka_unit_test(text_says_all_of_it),
        cmocka_unit_test(text_is_as_documented),
        cmocka_unit_test(no_other_text_is_read),
        cmocka_unit_test(words_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
