/* One word for how much an indicator is trusted: STIX 2.1 Appendix A at its edges, Admiralty's letters. */
#include "support/test.h"

#include "desk/trust.h"

static void words(void **state)
{
    static const struct {
        int confidence;
        const char *trust, *expected;
    } cases[] = {{-1, "", ""},
                 {0, "", "almost no chance (confidence 0)"},
                 {9, "", "almost no chance (confidence 9)"},
                 {10, "", "very unlikely (confidence 10)"},
                 {20, "", "unlikely (confidence 20)"},
                 {39, "", "unlikely (confidence 39)"},
                 {40, "", "roughly even chance (confidence 40)"},
                 {60, "", "likely (confidence 60)"},
                 {80, "", "very likely (confidence 80)"},
                 {90, "", "almost certain (confidence 90)"},
                 {100, "A1", "almost certain (confidence 100), source completely reliable (A1)"},
                 {65, "B2", "likely (confidence 65), source usually reliable (B2)"},
                 {-1, "F", "source of a reliability that cannot be judged (F)"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source_trust trust;
        char out[TRUST_WORDS_MAX];
        assert_ok(source_trust_parse(text_of(cases[i].trust), &trust, NULL));
        assert_text_eq(trust_words(cases[i].confidence, trust, out), text_of(cases[i].expected));
    }
}

static void ranks(void **state)
{
    (void)state;
    const struct source_trust none = {0}, best = {'A', '1'}, worst = {'E', '5'}, unjudged = {'F', '6'};
    assert_true(trust_rank(90, best) > trust_rank(90, none));
    assert_true(trust_rank(90, none) > trust_rank(90, worst));
    assert_true(trust_rank(90, none) > trust_rank(20, none));
    assert_int_equal(trust_rank(-1, none), trust_rank(-1, unjudged));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(ranks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
