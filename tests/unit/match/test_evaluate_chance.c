/* Patterns and observed data by chance: the evaluator and a naive one agree, and equivalent patterns are true of the
 * same observations. */
#include "base/limits.h"
#include "match/evaluate.h"
#include "model/pattern_equal.h"
#include "naive.h"
#include "support/pattern_gen.h"
#include "support/test.h"

struct pair {
    struct arena arena;
    struct buffer pattern, other, observed;
    struct observed *o;
    struct pattern_node *tree, *other_tree;
};

static void pair_new(struct pair *p, struct chance *c, unsigned kinds, unsigned leaves)
{
    arena_init(&p->arena, 64 * MIB);
    buffer_init(&p->pattern, 1 * MIB);
    buffer_init(&p->other, 1 * MIB);
    buffer_init(&p->observed, 1 * MIB);
    gen_pattern(c, kinds, leaves, &p->pattern);
    gen_observed(c, 1 + chance(c, 5), &p->observed);
    assert_ok(pattern_parse(buffer_text(&p->pattern), &p->arena, &p->tree, NULL));
    assert_ok(observed_read(buffer_text(&p->observed), NULL, NULL, &p->o, NULL));
}

static void pair_done(struct pair *p)
{
    observed_free(p->o);
    arena_done(&p->arena);
    buffer_done(&p->pattern);
    buffer_done(&p->other);
    buffer_done(&p->observed);
}

static enum pattern_answer answer(struct pair *p, const struct pattern_node *tree)
{
    struct pattern_match m;
    struct fault fault = {0};
    enum err err = pattern_evaluate(tree, p->o, &p->arena, &m, &fault);
    if (err)
        fail_msg("%s: %s", err_name(err), fault.what);
    return m.answer;
}

static void like_the_naive_one(void **state)
{
    (void)state;
    struct chance c = {4711};
    size_t answers[3] = {0};
    for (unsigned i = 0; i < 12000; i++) {
        struct pair p;
        pair_new(&p, &c, i % 2 * GEN_LETTERS | GEN_TIME, 1 + i % 5);
        enum naive expected = naive_evaluate(p.tree, p.o);
        answers[expected]++;
        if (expected != NAIVE_TOO_LARGE && answer(&p, p.tree) != (enum pattern_answer)expected)
            fail_msg("%u: naively %s: " TEXT_FMT "\n" TEXT_FMT, i, expected == NAIVE_YES ? "a match" : "none",
                     TEXT_ARG(buffer_text(&p.pattern)), TEXT_ARG(buffer_text(&p.observed)));
        pair_done(&p);
    }
    print_message("# %zu matches, %zu not, %zu too large\n", answers[NAIVE_YES], answers[NAIVE_NO],
                  answers[NAIVE_TOO_LARGE]);
    assert_true(answers[NAIVE_YES] > 2000 && answers[NAIVE_NO] > 2000);
}

static void equivalent_ones_alike(void **state)
{
    (void)state;
    struct chance c = {815};
    size_t same = 0;
    for (unsigned i = 0; i < 6000; i++) {
        struct pair p;
        enum pattern_verdict verdict;
        pair_new(&p, &c, GEN_TIME * (i % 3 == 0), 1 + i % 3);
        gen_pattern(&c, GEN_TIME * (i % 3 == 0), 1 + i % 3, &p.other);
        /* Two by chance are hardly ever the same: one of them again, joined with the other in ways that may be. */
        static const char *const joiners[][2] = {
            {") OR ((", ") AND ("}, {") OR ((", ") FOLLOWEDBY ("}, {") AND ((", ") OR ("}, {") AND ((", ") AND ("}};
        const char *const *by = joiners[i / 2 % 4];
        struct buffer joined;
        buffer_init(&joined, 1 * MIB);
        buffer_addf(&joined, "(" TEXT_FMT "%s" TEXT_FMT "%s" TEXT_FMT "))", TEXT_ARG(buffer_text(&p.pattern)), by[0],
                    TEXT_ARG(buffer_text(i % 2 ? &p.other : &p.pattern)), by[1], TEXT_ARG(buffer_text(&p.pattern)));
        assert_ok(pattern_parse(buffer_text(&joined), &p.arena, &p.other_tree, NULL));
        assert_ok(pattern_equivalent(p.tree, p.other_tree, &p.arena, &verdict));
        same += verdict == PATTERN_EQUIVALENT;
        if (verdict == PATTERN_EQUIVALENT && answer(&p, p.tree) != answer(&p, p.other_tree))
            fail_msg("equivalent, but not true alike: " TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT,
                     TEXT_ARG(buffer_text(&p.pattern)), TEXT_ARG(buffer_text(&joined)),
                     TEXT_ARG(buffer_text(&p.observed)));
        buffer_done(&joined);
        pair_done(&p);
    }
    print_message("# %zu equivalent\n", same);
    assert_true(same > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_the_naive_one),
        cmocka_unit_test(equivalent_ones_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
