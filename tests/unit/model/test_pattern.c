/* The grammar of section 9: what is read, as what, and what is refused, where. */
#include <stdio.h>

#include "base/limits.h"
#include "pattern_dump.h"
#include "support/test.h"

static void reads(const char *pattern, const char *expected)
{
    struct arena arena;
    struct buffer out;
    struct pattern_node *root = NULL;
    struct fault fault = {0};
    arena_init(&arena, 1 * MIB);
    buffer_init(&out, 1 * MIB);
    if (pattern_parse(text_of(pattern), &arena, &root, &fault))
        fail_msg("%s: %s %s", pattern, fault.rule, fault.what);
    pattern_dump(root, &out);
    assert_text(buffer_text(&out), expected);
    buffer_done(&out);
    arena_done(&arena);
}

static void refuses(const char *pattern, size_t column, const char *section)
{
    struct arena arena;
    struct pattern_node *root = (void *)&arena;
    struct fault fault = {0};
    arena_init(&arena, 1 * MIB);
    if (pattern_parse(text_of(pattern), &arena, &root, &fault) != ERR_MALFORMED)
        fail_msg("%s: not refused", pattern);
    assert_ptr_equal(root, &arena); /* untouched */
    if (fault.offset != (int64_t)column - 1 || strcmp(fault.rule + strlen("STIX 2.1 "), section) != 0)
        fail_msg("%s: column %d, %s: %s", pattern, (int)fault.offset + 1, fault.rule, fault.what);
    arena_done(&arena);
}

static void operators(void **state)
{
    (void)state;
    reads("[a:b = 1]", "[a:b = int 1]");
    reads("[a:b == 1]", "[a:b = int 1]");
    reads("[a:b != 1]", "[a:b != int 1]");
    reads("[a:b <> 1]", "[a:b != int 1]");
    reads("[a:b<1]", "[a:b < int 1]");
    reads("[a:b<=1]", "[a:b <= int 1]");
    reads("[a:b>1]", "[a:b > int 1]");
    reads("[a:b>=1]", "[a:b >= int 1]");
    reads("[a:b NOT = 1]", "[a:b not = int 1]");
    reads("[a:b NOT IN('x','y')]", "[a:b not in 'x' 'y']");
    reads("[a:b IN ()]", "[a:b in]");
    reads("[a:b IN (1, 2.5)]", "[a:b in int 1 float 2.5]");
    reads("[a:b LIKE 'x%']", "[a:b like 'x%']");
    reads("[a:b MATCHES'x']", "[a:b matches 'x']");
    reads("[a:value ISSUBSET '10.0.0.1/8']", "[a:value issubset '10.0.0.1/8']");
    reads("[a:value ISSUPERSET '2001:db8::']", "[a:value issuperset '2001:db8::']");
    reads("[EXISTS a:b]", "[a:b exists]");
    reads("[NOT EXISTS a:b.c]", "[a:b.c not exists]");
}

static void constants(void **state)
{
    (void)state;
    reads("[a:b = 'it\\'s a \\\\']", "[a:b = 'it's a \\']");
    reads("[a:b = '']", "[a:b = '']");
    reads("[a:b = 'two\nlines \xc3\xa9 // no /* comment */']", "[a:b = 'two\nlines \xc3\xa9 // no /* comment */']");
    reads("[a:b = -7]", "[a:b = int -7]");
    reads("[a:b = 0]", "[a:b = int 0]");
    reads("[a:b = 9007199254740991]", "[a:b = int 9007199254740991]");
    reads("[a:b = -9007199254740991]", "[a:b = int -9007199254740991]");
    reads("[a:b = .5]", "[a:b = float 0.5]");
    reads("[a:b = -.5]", "[a:b = float -0.5]");
    reads("[a:b = 00.25]", "[a:b = float 0.25]");
    reads("[a:b = true OR a:b = false]", "[(or a:b = bool 1 a:b = bool 0)]");
    reads("[a:b = t'2016-12-31T23:59:60.5Z']", "[a:b = t'2016-12-31T23:59:60.5Z']");
    reads("[a:b = h'']", "[a:b = h'']");
    reads("[a:b = h'fFc3']", "[a:b = h'fFc3']");
    reads("[a:b = b'ABI=']", "[a:b = b'ABI=']");
    reads("[a:b = b'AB\nI=\r\n']", "[a:b = b'AB\nI=\r\n']");
}

static void paths(void **state)
{
    (void)state;
    reads("[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]",
          "[file:extensions.windows-pebinary-ext.sections[*].entropy > float 7]");
    reads("[a:b[0][-1].c = 1]", "[a:b[0][-1].c = int 1]");
    reads("[a:'x.y'.'it\\'s' = 1]", "[a:x.y.it's = int 1]");
    reads("[x-a_B-c: b . c [ * ] = 1]", "[x-a_B-c:b.c[*] = int 1]");
    reads("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
          "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']");
    reads("[a:LAST = 1]", "[a:LAST = int 1]");
    reads("[a:and.or = 1]", "[a:and.or = int 1]");
    reads("[t:h.b.t = t'2016-01-01T00:00:00Z']", "[t:h.b.t = t'2016-01-01T00:00:00Z']");
}

/* AND binds before OR, and OR before FOLLOWEDBY; one level makes one node; a group stands for itself. */
static void precedence(void **state)
{
    (void)state;
    reads("[a:b=1 OR a:b=2 AND a:b=3 OR a:b=4]", "[(or a:b = int 1 (and a:b = int 2 a:b = int 3) a:b = int 4)]");
    reads("[(a:b=1 OR a:b=2) AND a:b=3]", "[(and (or a:b = int 1 a:b = int 2) a:b = int 3)]");
    reads("[a:b=1] OR [a:b=2] AND [a:b=3] FOLLOWEDBY [a:b=4] OR [a:b=5]",
          "(followedby (obs-or [a:b = int 1] (obs-and [a:b = int 2] [a:b = int 3])) "
          "(obs-or [a:b = int 4] [a:b = int 5]))");
    reads("[a:b=1] FOLLOWEDBY [a:b=2] FOLLOWEDBY [a:b=3]", "(followedby [a:b = int 1] [a:b = int 2] [a:b = int 3])");
    reads("((([((a:b=1))])))", "[a:b = int 1]");
    reads("[a:b=1] AND ([a:b=2] AND [a:b=3])", "(obs-and [a:b = int 1] (obs-and [a:b = int 2] [a:b = int 3]))");
}

/* Qualifiers are not greedy, may follow each other, and hold for a whole group. */
static void qualifiers(void **state)
{
    (void)state;
    reads("[a:b=1] FOLLOWEDBY [c:d=2] REPEATS 5 TIMES", "(followedby [a:b = int 1] (repeats 5 [c:d = int 2]))");
    reads("([a:b=1] FOLLOWEDBY [c:d=2]) REPEATS 5 TIMES WITHIN 0.5 SECONDS",
          "(within 0.5 (repeats 5 (followedby [a:b = int 1] [c:d = int 2])))");
    reads("([a:b=1] REPEATS 2 TIMES) REPEATS 2 TIMES", "(repeats 2 (repeats 2 [a:b = int 1]))");
    reads("[a:b=1] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
          "(start-stop t'2016-06-01T00:00:00Z' t'2016-07-01T00:00:00Z' [a:b = int 1])");
    refuses("[a:b=1] WITHIN 5 SECONDS WITHIN 6 SECONDS", 26, "9.5.1");
    refuses("([a:b=1]) REPEATS 2 TIMES WITHIN 1 SECONDS REPEATS 2 TIMES", 44, "9.5.1");
    refuses("[a:b=1] WITHIN 0 SECONDS", 16, "9.5.1");
    refuses("[a:b=1] WITHIN -5 SECONDS", 16, "9.5.1");
    refuses("[a:b=1] WITHIN 5 HOURS", 18, "9.5.1");
    refuses("[a:b=1] REPEATS 0 TIMES", 17, "9.5.1");
    refuses("[a:b=1] REPEATS 2.5 TIMES", 17, "9.5.1");
    refuses("[a:b=1] REPEATS 2", 18, "9.5.1");
    refuses("[a:b=1] START t'2016-06-01T00:00:00Z'", 38, "9.5.1");
    refuses("[a:b=1] START '2016-06-01T00:00:00Z' STOP '2016-06-01T00:00:00Z'", 15, "9.5.1");
    refuses("[a:b=1] within 2 SECONDS", 9, "9.5");
}

/* Every code point with the property White_Space, and the comments of the grammar file. */
static void white_space(void **state)
{
    (void)state;
    reads("\xe2\x80\x83[\xc2\xa0"
          "a:b\xe3\x80\x80=\xe1\x9a\x80"
          "1\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f\v\f]\r\n",
          "[a:b = int 1]");
    reads("/* a */[a:b/* ' */=1// x ]\n]// end", "[a:b = int 1]");
    reads("[a:b=1]/**/", "[a:b = int 1]");
    refuses("[a:b=1] /* x", 9, "9.2");
    refuses("[a:b=1] /*/", 9, "9.2");
    refuses("[a\xe2\x80\x8b:b=1]", 3, "9.2"); /* U+200B is no white space */
}

static void faults(void **state)
{
    (void)state;
    refuses("", 1, "9.5");
    refuses("file:size = 1280", 1, "9.5");
    refuses("[]", 2, "9.7");
    refuses("[file:size = ]", 14, "9.2");
    refuses("[file.size = 1]", 6, "9.7");
    refuses("[file: = 1]", 8, "9.7");
    refuses("[file:a-b = 1]", 7, "9.7");
    refuses("[file:a. = 1]", 10, "9.7");
    refuses("[file:a[x] = 1]", 9, "9.7.2");
    refuses("[file:a[1 = 1]", 11, "9.7.2");
    refuses("[file:a[1.5] = 1]", 9, "9.7.2");
    refuses("[file:IN = 1]", 7, "9.7");
    refuses("[1file:a = 1]", 2, "9.7");
    refuses("[a:b 1]", 6, "9.6.1");
    refuses("[a:b NOT 1]", 10, "9.6.1");
    refuses("[a:b =? 1]", 7, "9.2");
    refuses("[a:b = x]", 8, "9.2");
    refuses("[a:b = null]", 8, "9.2");
    refuses("[a:b = True]", 8, "9.2");
    refuses("[a:b > true]", 8, "9.6.1");
    refuses("[a:b LIKE 5]", 11, "9.6.1");
    refuses("[a:b MATCHES /x/]", 14, "9.2");
    refuses("[a:b ISSUBSET 'x']", 15, "9.6.1");
    refuses("[a:b ISSUBSET '10.0.0.0/33']", 15, "9.6.1");
    refuses("[a:b IN 'x']", 9, "9.6.1");
    refuses("[a:b IN ('x' 'y')]", 14, "9.6.1");
    refuses("[a:b IN ('x',)]", 14, "9.2");
    refuses("[a:b IN ('x', 1)]", 13, "9.6.1");
    refuses("[a:b IN (1, true)]", 11, "9.6.1");
    refuses("[a:b = 1", 9, "9.5");
    refuses("[a:b = 1]]", 10, "9.5");
    refuses("[a:b = 1] [a:b = 1]", 11, "9.5");
    refuses("([a:b = 1]", 11, "9.5.3");
    refuses("[(a:b = 1]", 10, "9.5.3");
    refuses("[a:b = 1] AND", 14, "9.5");
    refuses("[a:b = 1 AND]", 13, "9.7");
    refuses("[a:b = 1 FOLLOWEDBY a:b = 1]", 10, "9.5");
    refuses("[a:b = 1] or [a:b = 2]", 11, "9.5");
    refuses("[EXISTS]", 8, "9.7");
    refuses("[NOT a:b = 1]", 6, "9.6.1");
    refuses("[EXISTS a:b = 1]", 13, "9.5");
    refuses("[a:b = 'x]", 8, "9.2");
    refuses("[a:b = 'C:\\Windows']", 11, "9.2");
    refuses("[a:b = 'x\\", 10, "9.2");
    refuses("[a:b = +5]", 8, "9.2");
    refuses("[a:b = -x]", 8, "9.2");
    refuses("[a:b = 007]", 8, "9.2");
    refuses("[a:b = 5.]", 9, "9.5");
    refuses("[a:b = 9007199254740992]", 8, "9.2");
    refuses("[a:b = 99999999999999999999999999]", 8, "9.2");
    refuses("[a:b = h'abc']", 8, "9.2");
    refuses("[a:b = h'xy']", 8, "9.2");
    refuses("[a:b = b'====']", 8, "9.2");
    refuses("[a:b = b'AB=I']", 8, "9.2");
    refuses("[a:b = b'ABI']", 8, "9.2");
    refuses("[a:b = t'2023-02-29T12:00:00Z']", 8, "9.2"); /* which the public validator takes */
    refuses("[a:b = t'2016-01-01T00:00:00']", 8, "9.2");
    refuses("[a:b = t'2016-01-01T00:00:00z']", 8, "9.2");
    refuses("[a:b = 1 \xff]", 1, "9.4");
    refuses("[file:hashes.'SHA-256' = 'f00']", 26, "2.7");
    refuses("[file:hashes.MD5 IN ('d41d8cd98f00b204e9800998ecf8427e', 'x')]", 21, "2.7");
    reads("[file:hashes.MD5 LIKE 'd41%']", "[file:hashes.MD5 like 'd41%']");
    reads("[file:hashes.ssdeep = 'f00']", "[file:hashes.ssdeep = 'f00']");
}

/* Messages may end up in a log, where values have no place. */
static void messages_quote_no_constants(void **state)
{
    (void)state;
    struct arena arena;
    struct pattern_node *root;
    struct fault fault = {0};
    arena_init(&arena, 1 * MIB);
    assert_err(pattern_parse(TEXT("[a:b = 1 'secret.example']"), &arena, &root, &fault), ERR_MALFORMED);
    assert_null(strstr(fault.what, "secret"));
    assert_err(pattern_parse(TEXT("[a:b = cead3f77f6cda6ec]"), &arena, &root, &fault), ERR_MALFORMED);
    assert_null(strstr(fault.what, "cead3f"));
    arena_done(&arena);
}

static char *repeated(const char *head, const char *unit, size_t times, const char *tail)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_add(&b, text_of(head));
    for (size_t i = 0; i < times; i++)
        buffer_add(&b, text_of(unit));
    buffer_add(&b, text_of(tail));
    char *taken = buffer_take(&b, NULL);
    assert_non_null(taken);
    return taken;
}

static enum err parse_with(const char *pattern, size_t budget, size_t *ret_children)
{
    struct arena arena;
    struct pattern_node *root = NULL;
    struct fault fault = {0};
    arena_init(&arena, budget);
    enum err e = pattern_parse(text_of(pattern), &arena, &root, &fault);
    if (e)
        assert_int_equal(fault.err, e);
    else if (ret_children)
        *ret_children = root->kind == PATTERN_OBSERVATION ? root->children[0]->child_count : root->child_count;
    arena_done(&arena);
    return e;
}

static void depth_is_limited(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        for (size_t extra = 0; extra < 2; extra++) {
            char *open = repeated(inside ? "[" : "", "(", PATTERN_DEPTH_MAX + extra, inside ? "a:b=1" : "[a:b=1]");
            char *whole = repeated(open, ")", PATTERN_DEPTH_MAX + extra, inside ? "]" : "");
            assert_err(parse_with(whole, 1 * MIB, NULL), extra ? ERR_LIMIT : OK);
            free(open);
            free(whole);
        }
    }
    char *open = repeated("", "(", 1000000, "");
    assert_err(parse_with(open, 64 * MIB, NULL), ERR_LIMIT);
    free(open);
}

/* Wide patterns cost memory in proportion, and no stack. */
static void width_is_not(void **state)
{
    (void)state;
    size_t children = 0;
    char *comparisons = repeated("[a:b=0", " OR a:b=1", 100000, "]");
    assert_ok(parse_with(comparisons, 64 * MIB, &children));
    assert_int_equal(children, 100001);
    assert_err(parse_with(comparisons, 2 * MIB, NULL), ERR_NOMEM);
    free(comparisons);
    char *observations = repeated("[a:b=0]", " FOLLOWEDBY [a:b=1]", 100000, "");
    assert_ok(parse_with(observations, 128 * MIB, &children));
    assert_int_equal(children, 100001);
    free(observations);
    char *set = repeated("[a:b IN (0", ",1", 100000, ")]");
    assert_ok(parse_with(set, 64 * MIB, NULL));
    free(set);
    char *path = repeated("[a:b", ".c", 100000, " = 1]");
    assert_ok(parse_with(path, 64 * MIB, NULL));
    free(path);
}

/* Every strict prefix is refused; with every budget up to the needed one, nothing but ERR_NOMEM. */
static void prefixes_and_budgets(void **state)
{
    (void)state;
    const char *whole = "([a:b.'c'[*] NOT IN ('x', 'it\\'s') AND a:d >= .5] FOLLOWEDBY [EXISTS e:f])"
                        " START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z' REPEATS 3 TIMES";
    size_t group = (size_t)(strstr(whole, " START") - whole), window = (size_t)(strstr(whole, " REPEATS") - whole);
    struct arena arena;
    struct pattern_node *root;
    for (size_t len = 0; len < strlen(whole); len++) {
        bool complete = len == group || len == group + 1 || len == window || len == window + 1;
        arena_init(&arena, 1 * MIB);
        enum err e = pattern_parse((struct text){whole, len}, &arena, &root, NULL);
        if ((e == OK) != complete)
            fail_msg("prefix of %zu: %s", len, err_name(e));
        arena_done(&arena);
    }
    size_t budget = 0;
    enum err e;
    do {
        e = parse_with(whole, budget, NULL);
        assert_true(e == OK || e == ERR_NOMEM);
        budget += 16;
    } while (e);
    assert_true(budget > 1000 && budget < 64 * KIB);
}

/* Who slips is told what to write. */
static void slips(void **state)
{
    static const struct {
        const char *pattern, *hint;
    } all[] = {
        {"file:size = 1", "square brackets"},
        {"NOT EXISTS file:size", "square brackets"},
        {"[file:name = \"x\"]", "not in quotation marks"},
        {"[file:name = \xe2\x80\x98x\xe2\x80\x99]", "straight apostrophes"},
        {"[file:name MATCHES /x/]", "a regular expression stands in apostrophes"},
        {"[file:name = x]", "a text stands in apostrophes"},
        {"[file:is_big = True]", "true and false in small letters"},
        {"[file:name = 'x' and file:size = 1]", "capitals"},
        {"[file:name like 'x']", "capitals"},
        {"[file:name = 'x' && file:size = 1]", "write AND"},
        {"[file:name = 'x' || file:size = 1]", "write OR"},
        {"[file:size = +1]", "no plus sign"},
        {"[file:hashes.SHA-256 = 'x']", "file:hashes.'SHA-256'"},
        {"[a:b = 1] WITHIN 5 MINUTES", "given in SECONDS"},
        {"[a:b = 1] WITHIN 1 hour", "given in SECONDS"},
        {"[a:b = 1] START t'2020-01-01T00:00:00Z'", "given together"},
        {"[a:b = 1] STOP t'2020-01-01T00:00:00Z'", "behind START"},
        {"[a:b = 1] START '2020-01-01T00:00:00Z' STOP '2020-01-02T00:00:00Z'", "a t before its apostrophes"},
        {"[a:b = 1] [a:b = 2]", "joined by AND, OR or FOLLOWEDBY"},
        {"[a:b = 1] followedby [a:b = 2]", "capitals"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct arena arena;
        struct pattern_node *root;
        struct fault fault = {0};
        arena_init(&arena, 1 * MIB);
        assert_err(pattern_parse(text_of(all[i].pattern), &arena, &root, &fault), ERR_MALFORMED);
        if (!strstr(fault.what, all[i].hint))
            fail_msg("%s: %s", all[i].pattern, fault.what);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips),
        cmocka_unit_test(operators),
        cmocka_unit_test(constants),
        cmocka_unit_test(paths),
        cmocka_unit_test(precedence),
        cmocka_unit_test(qualifiers),
        cmocka_unit_test(white_space),
        cmocka_unit_test(faults),
        cmocka_unit_test(messages_quote_no_constants),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(width_is_not),
        cmocka_unit_test(prefixes_and_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
