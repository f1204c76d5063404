/* What is written down reads as the same tree, in as few words as it takes. */
#include "base/limits.h"
#include "model/pattern_check.h"
#include "model/pattern_print.h"
#include "pattern_dump.h"
#include "support/pattern_gen.h"
#include "support/test.h"

struct trees {
    struct arena arena;
    struct buffer text, dump, again;
};

static void trees_init(struct trees *t)
{
    arena_init(&t->arena, 16 * MIB);
    buffer_init(&t->text, 4 * MIB);
    buffer_init(&t->dump, 4 * MIB);
    buffer_init(&t->again, 4 * MIB);
}

static void trees_done(struct trees *t)
{
    arena_done(&t->arena);
    buffer_done(&t->text);
    buffer_done(&t->dump);
    buffer_done(&t->again);
}

static struct pattern_node *read_tree(struct trees *t, struct text pattern)
{
    struct pattern_node *root;
    struct fault fault = {0};
    if (pattern_parse(pattern, &t->arena, &root, &fault))
        fail_msg(TEXT_FMT ": %s", TEXT_ARG(pattern), fault.what);
    return root;
}

static void prints(const char *pattern, const char *expected)
{
    struct trees t;
    trees_init(&t);
    pattern_print(read_tree(&t, text_of(pattern)), &t.text);
    assert_text(buffer_text(&t.text), expected);
    trees_done(&t);
}

static void canonical(void **state)
{
    (void)state;
    prints("[a:b=1]", "[a:b = 1]");
    prints("[ ((a:b==-0)) ]", "[a:b = 0]");
    prints("[a:b <> 00.50]", "[a:b != 0.5]");
    prints("[a:b > .000001 OR a:b < -100000000000000000000.0]", "[a:b > 0.000001 OR a:b < -100000000000000000000.0]");
    prints("[a:b = 3.0]", "[a:b = 3.0]");
    prints("[a:b = 'it\\'s \\\\']", "[a:b = 'it\\'s \\\\']");
    prints("[a:b = h'FfC3' OR a:b = b'AB\nI=']", "[a:b = h'ffc3' OR a:b = b'ABI=']");
    prints("[a:b NOT IN('x','y') AND NOT EXISTS a:c]", "[a:b NOT IN ('x', 'y') AND NOT EXISTS a:c]");
    prints("[a:'b'.'c-d'.'AND'[*][-1].'' = t'2020-01-01T00:00:00.50Z']",
           "[a:b.'c-d'.'AND'[*][-1].'' = t'2020-01-01T00:00:00.50Z']");
    prints("[a:b = true OR (a:c = false AND a:d = 1)]", "[a:b = true OR a:c = false AND a:d = 1]");
    prints("[(a:b = 1 OR a:c = 2) AND a:d = 3]", "[(a:b = 1 OR a:c = 2) AND a:d = 3]");
    prints("[a:b = 1 AND (a:c = 2 AND a:d = 3)]", "[a:b = 1 AND (a:c = 2 AND a:d = 3)]");
    prints("(([a:b=1]))AND[a:b=2]OR[a:b=3]", "[a:b = 1] AND [a:b = 2] OR [a:b = 3]");
    prints("[a:b=1] AND ([a:b=2] OR [a:b=3])", "[a:b = 1] AND ([a:b = 2] OR [a:b = 3])");
    prints(
        "([a:b=1] FOLLOWEDBY [a:b=2]) WITHIN 2.50 SECONDS START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
        "([a:b = 1] FOLLOWEDBY [a:b = 2]) WITHIN 2.5 SECONDS "
        "START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'");
    prints("([a:b=1] REPEATS 2 TIMES) REPEATS 3 TIMES", "([a:b = 1] REPEATS 2 TIMES) REPEATS 3 TIMES");
    prints("(([a:b=1] WITHIN 300 SECONDS)) REPEATS 3 TIMES", "[a:b = 1] WITHIN 300 SECONDS REPEATS 3 TIMES");
}

/* parse(print(t)) is t: numbers as numbers, hex and base64 as the octets that they are. */
static void reads_again(struct trees *t, struct text pattern)
{
    arena_reset(&t->arena);
    buffer_clear(&t->text);
    buffer_clear(&t->dump);
    buffer_clear(&t->again);
    struct pattern_node *root = read_tree(t, pattern);
    pattern_print(root, &t->text);
    assert_ok(buffer_error(&t->text));
    struct pattern_node *again = read_tree(t, buffer_text(&t->text));
    pattern_dump(root, &t->dump);
    pattern_dump(again, &t->again);
    assert_text_eq(buffer_text(&t->again), buffer_text(&t->dump));
    buffer_clear(&t->dump); /* and it is a fixed point */
    pattern_print(again, &t->dump);
    assert_text_eq(buffer_text(&t->dump), buffer_text(&t->text));
}

static void generated_read_again(void **state)
{
    (void)state;
    struct chance c = {20260101};
    struct trees t;
    struct buffer pattern;
    trees_init(&t);
    buffer_init(&pattern, 1 * MIB);
    for (unsigned i = 0; i < 4000; i++) {
        buffer_clear(&pattern);
        gen_pattern(&c, i % 8, 1 + i % 7, &pattern);
        reads_again(&t, buffer_text(&pattern));
    }
    buffer_done(&pattern);
    trees_done(&t);
}

/* ---- what is more than grammar ---- */

static void keep_rule(void *self, const struct pattern_problem *problem)
{
    struct buffer *out = self;
    buffer_addf(out, "%zu %s%s;", problem->column, problem->rule + strlen("STIX 2.1 "), problem->must ? "" : "?");
}

static void problems(const char *pattern, const char *expected)
{
    struct trees t;
    trees_init(&t);
    pattern_check(read_tree(&t, text_of(pattern)), keep_rule, &t.text);
    assert_text(buffer_text(&t.text), expected);
    trees_done(&t);
}

static void and_is_about_one_object(void **state)
{
    (void)state;
    problems("[file:name = 'a' AND file:size = 1]", "");
    problems("[file:name = 'a' OR process:pid = 1]", "");
    problems("[file:name = 'a' AND process:pid = 1]", "2 9.5;");
    problems("[file:size = 1 OR file:name = 'a' AND process:pid = 1]", "19 9.5;");
    problems("[(file:name = 'a' OR process:pid = 1) AND process:cwd = 'x']", "");
    problems("[(file:name = 'a' OR process:pid = 1) AND (url:value = 'x' OR process:cwd = 'x')]", "");
    problems("[(file:name = 'a' OR process:pid = 1) AND url:value = 'x']", "3 9.5;");
    problems("[file:name = 'a' AND (process:pid = 1 AND url:value = 'x')]", "2 9.5;");
    problems("[file:name = 'a'] AND [process:pid = 1]", "");
}

static void names_and_windows(void **state)
{
    (void)state;
    problems("[f:name = 'x']", "2 3.1;");
    problems("[file:n = 'x']", "2 3.1;");
    problems("[file:id = 'file--x']", "");
    problems("[File:name = 'x']", "2 3.1;");
    problems("[file:'name-x' = 'x']", "2 3.1;");
    problems("[file:hashes.MD5 LIKE 'x' OR file:extensions.'a.b-c'.d = 1]", "");
    problems("[network-traffic:src_ref.value ISSUBSET '10.0.0.0/8']", "");
    problems("[ipv4-addr:value ISSUBSET '10.0.0.0/8']", "");
    problems("[file:name ISSUBSET '10.0.0.0/8']", "2 9.6.1;");
    problems("[file:name = 'x'] START t'2020-01-01T00:00:00Z' STOP t'2020-01-01T00:00:00Z'", "1 9.5.1?;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical),
        cmocka_unit_test(generated_read_again),
        cmocka_unit_test(and_is_about_one_object),
        cmocka_unit_test(names_and_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
