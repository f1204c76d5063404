/* Patterns over observed data, sentence by sentence of sections 9.5 to 9.7, and the limits. */
#include <time.h>

#include "base/limits.h"
#include "observed_json.h"
#include "support/test.h"

/* One observation at 10:00:00 of the objects given, the first of which is what paths begin at. */
static struct evaluated over(const char *pattern, const char *objects)
{
    struct buffer b;
    buffer_init(&b, 4 * MIB);
    buffer_addf(&b,
                "[{\"type\":\"observed-data\",\"id\":\"observed-data--1\",\"number_observed\":1,"
                "\"first_observed\":\"2020-01-01T10:00:00Z\",\"last_observed\":\"2020-01-01T10:00:00Z\","
                "\"object_refs\":[\"x--1\",\"x--2\",\"x--3\"]},%s]",
                objects);
    struct evaluated r = evaluate_text(text_of(pattern), buffer_text(&b));
    buffer_done(&b);
    return r;
}

static void is(enum pattern_answer expected, const char *pattern, const char *objects)
{
    struct evaluated r = over(pattern, objects);
    if (r.err || r.answer != expected)
        fail_msg("%s: %s %d %s", pattern, err_name(r.err), r.answer, r.fault.what);
}
#define YES(pattern, object) is(PATTERN_YES, pattern, object)
#define NO(pattern, object)  is(PATTERN_NO, pattern, object)

static void types_that_compare(void **state)
{
    (void)state;
    const char *o = "{\"type\":\"x-t\",\"id\":\"x--1\",\"n\":5,\"f\":1.5,\"b\":true,\"s\":\"a\\u00e9\",\"l\":[1],"
                    "\"t\":\"2020-01-01T00:00:00.10Z\",\"p_hex\":\"E9\",\"q_bin\":\"6Q==\",\"bad_hex\":\"zz\","
                    "\"z\":null,\"d\":{}}";
    YES("[x-t:n = 5.0 AND x-t:f > 1 AND x-t:f != 1 AND x-t:n <= 5]", o);
    NO("[x-t:n = '5']", o);
    YES("[x-t:n != '5' AND x-t:n NOT = '5' AND x-t:n NOT < '9']", o);
    NO("[x-t:n < '9']", o);
    NO("[x-t:b = 1]", o);
    YES("[x-t:b = true AND x-t:b IN (false, true)]", o);
    YES("[x-t:t = t'2020-01-01T00:00:00.1Z' AND x-t:t < t'2020-01-01T00:00:01Z']", o);
    NO("[x-t:t = '2020-01-01T00:00:00.1Z']", o); /* as a text it has other letters */
    NO("[x-t:s = t'2020-01-01T00:00:00Z']", o);
    YES("[x-t:s != t'2020-01-01T00:00:00Z']", o);
    YES("[x-t:p_hex = h'e9' AND x-t:p_hex = b'6Q==' AND x-t:p_hex = '\xc3\xa9' AND x-t:q_bin = h'E9']", o);
    NO("[x-t:p_hex = 'E9']", o);
    NO("[x-t:p_hex < '\xc4\x83']", o); /* U+0103 is no octet */
    YES("[x-t:p_hex != '\xc4\x83']", o);
    YES("[x-t:s = h'61e9' AND x-t:s > h'61']", o);
    NO("[x-t:bad_hex != 'x' OR x-t:bad_hex NOT = 'x']", o); /* its data cannot be obtained */
    NO("[x-t:none != 1 OR x-t:none NOT = 1]", o);
    NO("[x-t:l = 1 OR x-t:d = 1 OR x-t:z = 1]", o);
    YES("[x-t:l != 1 AND x-t:d != 1 AND x-t:z != 1]", o);
    YES("[EXISTS x-t:z AND EXISTS x-t:d AND NOT EXISTS x-t:none]", o);
    NO("[NOT EXISTS x-t:d OR EXISTS x-t:none OR NOT EXISTS y-t:d]", o);
    NO("[x-t:n IN ()]", o);
    YES("[x-t:n NOT IN ()]", o);
    YES("[x-t:n IN (4, 5.0)]", o);
}

static void text_is_compared_by_code_points(void **state)
{
    (void)state;
    const char *o = "{\"type\":\"x-t\",\"id\":\"x--1\",\"s\":\"o\\u0300\",\"c\":\"\\u00f2\",\"m\":\"a\\nb\","
                    "\"u\":\"a_b\",\"r_bin\":\"YQD/\",\"e\":\"\"}";
    NO("[x-t:s = '\xc3\xb2']", o);
    YES("[x-t:s > 'oz' AND x-t:s < 'z' AND x-t:c > 'z']", o); /* the example of section 9.6.2 */
    YES("[x-t:s LIKE '\xc3\xb2' AND x-t:c LIKE 'o\xcc\x80' AND x-t:c LIKE '_' AND x-t:s MATCHES '^.$']", o);
    YES("[x-t:m LIKE 'a%b' AND x-t:m LIKE 'a_b' AND x-t:m MATCHES 'a.b' AND x-t:e LIKE '%']", o);
    NO("[x-t:m LIKE 'a' OR x-t:m LIKE 'A%' OR x-t:m LIKE 'a__b' OR x-t:e LIKE '_']", o);
    YES("[x-t:m LIKE '%' AND x-t:m LIKE '%b' AND x-t:m LIKE '%%a%\n%b%']", o);
    YES("[x-t:r_bin MATCHES '^a\\\\x00\\\\xff$' AND x-t:r_bin LIKE 'a_\xc3\xbf']", o);
    NO("[x-t:r_bin MATCHES '\xc4\x83' OR x-t:r_bin LIKE '%\xc4\x83%' OR x-t:r_bin MATCHES '(*UTF)a']", o);
    YES("[x-t:c MATCHES '\\\\w' AND x-t:c MATCHES '\\\\p{L}']", o);
}

static void networks(void **state)
{
    (void)state;
    const char *four = "{\"type\":\"ipv4-addr\",\"id\":\"x--1\",\"value\":\"198.51.100.64/27\"}";
    const char *six = "{\"type\":\"ipv6-addr\",\"id\":\"x--1\",\"value\":\"::ffff:192.0.2.1\"}";
    YES("[ipv4-addr:value ISSUBSET '198.51.100.0/24' AND ipv4-addr:value ISSUBSET '198.51.100.77/27']", four);
    NO("[ipv4-addr:value ISSUBSET '198.51.100.0/28' OR ipv4-addr:value ISSUBSET '::/0']", four);
    YES("[ipv4-addr:value ISSUPERSET '198.51.100.65' AND ipv4-addr:value ISSUPERSET '198.51.100.64/27']", four);
    NO("[ipv4-addr:value ISSUPERSET '198.51.100.0/24' OR ipv4-addr:value = '198.51.100.65/27']", four);
    YES("[ipv6-addr:value ISSUBSET '::/0' AND ipv6-addr:value ISSUBSET '::ffff:0.0.0.0/96']", six);
    NO("[ipv6-addr:value ISSUBSET '192.0.2.0/24']", six);
    YES("[ipv4-addr:value NOT ISSUBSET '10.0.0.0/8']", "{\"type\":\"ipv4-addr\",\"id\":\"x--1\",\"value\":\"none\"}");
}

static void paths(void **state)
{
    (void)state;
    const char *o =
        "{\"type\":\"x-t\",\"id\":\"x--1\",\"to_ref\":\"x--2\",\"all_refs\":[\"x--2\",\"x--3\",\"x--4\"],"
        "\"lost_ref\":\"x--4\",\"tags\":[\"a\",\"b\"],\"ext\":{\"e-1\":{\"list\":[{\"n\":1},{\"n\":2}]}}},"
        "{\"type\":\"x-u\",\"id\":\"x--2\",\"name\":\"two\",\"back_ref\":\"x--1\"},"
        "{\"type\":\"x-u\",\"id\":\"x--3\",\"name\":\"three\"},"
        "{\"type\":\"x-u\",\"id\":\"x--4\",\"name\":\"four\"},"
        "{\"type\":\"tool\",\"id\":\"tool--1\",\"name\":\"t\"}";
    YES("[x-t:to_ref.name = 'two' AND x-t:all_refs[1].name = 'three' AND x-t:to_ref.back_ref.tags[0] = 'a']", o);
    YES("[x-t:all_refs[*].name = 'three' AND x-t:all_refs[*].back_ref.tags[*] = 'b']", o);
    NO("[x-t:all_refs[*].name = 'four' OR x-t:lost_ref.name = 'four' OR x-u:name = 'four']", o); /* not listed */
    YES("[EXISTS x-t:lost_ref AND NOT EXISTS x-t:lost_ref.name AND x-t:to_ref = 'x--2']", o);
    YES("[x-t:ext.'e-1'.list[*].n = 2 AND x-t:ext.'e-1'.list[0].n = 1]", o);
    NO("[x-t:tags[2] != 'a' OR x-t:tags[-1] != 'a' OR x-t:tags = 'a' OR x-t:to_ref[0].name = 'two']", o);
    YES("[x-t:tags[*] != 'a' AND x-t:tags[*] NOT = 'c']", o); /* some differ; none is c */
    NO("[x-t:tags[*] NOT = 'a']", o);                         /* one is */
    NO("[x-u:name = 'two' AND x-u:name = 'three']", o);       /* not the same object */
    NO("[tool:name = 't']", o);
    NO("[x-t:tags[0] = 'a' AND x-u:name = 'two']", o); /* two object types: 9.5 */
}

/* ---- several observations ---- */

/* name, first, last second, count: what the letters of `plan` say, as "a 0 0 1; b 3 5 2". */
static struct evaluated during(const char *pattern, const char *plan)
{
    struct buffer b;
    struct text rest = text_of(plan), one;
    unsigned i = 0;
    buffer_init(&b, 16 * MIB);
    buffer_add(&b, TEXT("[0"));
    while (text_split(&rest, ';', &one)) {
        char name[8];
        double first, last;
        unsigned count;
        char words[64];
        snprintf(words, sizeof words, TEXT_FMT, TEXT_ARG(one));
        assert_int_equal(sscanf(words, " %7s %lf %lf %u", name, &first, &last, &count), 4);
        buffer_addf(&b,
                    ",{\"type\":\"observed-data\",\"id\":\"o%u\",\"number_observed\":%u,"
                    "\"first_observed\":\"2020-01-01T00:00:%06.3fZ\",\"last_observed\":\"2020-01-01T00:00:%06.3fZ\","
                    "\"objects\":{\"0\":{\"type\":\"x-t\",\"name\":\"%s\"}}}",
                    i, count, first, last, name);
        i++;
    }
    buffer_add(&b, TEXT("]"));
    struct evaluated r = evaluate_text(text_of(pattern), buffer_text(&b));
    buffer_done(&b);
    return r;
}

/* What is bound, as "o0 o2 "; NULL: no match. */
static void binds(const char *expected, const char *pattern, const char *plan)
{
    struct evaluated r = during(pattern, plan);
    if (r.err || r.answer != (expected ? PATTERN_YES : PATTERN_NO) || (expected && strcmp(r.ids, expected) != 0))
        fail_msg("%s over %s: %s, %d, bound %s", pattern, plan, err_name(r.err), r.answer, r.ids);
}
#define A   "[x-t:name = 'a']"
#define B   "[x-t:name = 'b']"
#define C   "[x-t:name = 'c']"
#define ANY "[EXISTS x-t:name]"

static void distinct_observations(void **state)
{
    (void)state;
    binds("o0 o1 ", A " AND " B, "a 0 0 1; b 0 0 1");
    binds(NULL, A " AND " A, "a 0 0 1");
    binds("o0 ", A " AND " A, "a 0 0 2");
    binds("o0 ", A " REPEATS 3 TIMES", "a 0 0 3");
    binds(NULL, A " REPEATS 4 TIMES", "a 0 0 3");
    binds("o0 o1 ", ANY " AND " A, "a 0 0 1; b 0 0 1"); /* the a is wanted by both */
    binds("o0 o1 ", "(" ANY " AND " A ") WITHIN 1 SECONDS", "a 0 0 1; b 0 0 1");
    binds(NULL, "(" ANY " AND " A ") REPEATS 2 TIMES", "a 0 0 1; b 0 0 3");
    binds("o0 o1 ", "(" ANY " AND " A ") REPEATS 2 TIMES", "a 0 0 2; b 0 0 2");
    binds("o0 ", A " OR " B, "a 0 0 1; b 0 0 1");
    binds("o0 o1 ", "(" A " OR " B ") REPEATS 2 TIMES", "a 0 0 1; b 0 0 1");
    binds("o0 o1 o2 ", "(" A " OR (" B " AND " C ")) REPEATS 2 TIMES", "a 0 0 1; b 0 0 1; c 0 0 1");
    binds("o0 ", A " OR " B " AND " C, "a 0 0 1; b 0 0 1");                /* AND binds tighter than OR */
    binds(NULL, A " FOLLOWEDBY " B " OR " C, "b 0 0 1; c 1 1 1; a 9 9 1"); /* OR tighter than FOLLOWEDBY */
    binds("o0 ", A " REPEATS 900000000 TIMES", "a 0 0 999999999");
}

static void in_time(void **state)
{
    (void)state;
    binds(NULL, "(" A " AND " B ") WITHIN 10 SECONDS", "a 0 0 1; b 10 10 1");
    binds("o0 o1 ", "(" A " AND " B ") WITHIN 10 SECONDS", "a 0 0 1; b 9.999 9.999 1");
    binds("o0 o1 ", "(" A " AND " B ") WITHIN 10.001 SECONDS", "a 0 0 1; b 10 10 1");
    binds("o0 o2 ", "(" A " AND " B ") WITHIN 2 SECONDS", "a 9 9 1; b 0 0 1; b 8 8 1");
    binds("o0 o1 ", "(" A " AND " B ") WITHIN 2 SECONDS", "a 0 9 1; b 10 20 1"); /* some moment in each */
    binds("o0 ", A " WITHIN 0.001 SECONDS", "a 0 9 1");
    binds("o0 o1 ", A " FOLLOWEDBY " B, "a 3 3 1; b 3 3 1"); /* not before is enough */
    binds(NULL, A " FOLLOWEDBY " B, "a 3.001 3.001 1; b 3 3 1");
    binds(NULL, "(" A " AND " B ") FOLLOWEDBY " C, "a 1 1 1; b 5 5 1; c 3 3 1");
    binds("o0 o1 o2 ", A " FOLLOWEDBY " B " FOLLOWEDBY " C, "a 0 9 1; b 5 5 1; c 0 6 1");
    binds(NULL, A " FOLLOWEDBY " B " FOLLOWEDBY " C, "a 0 9 1; b 7 7 1; c 0 6 1");
    binds("o1 o2 ", "(" A " FOLLOWEDBY " B ") WITHIN 3 SECONDS", "a 0 0 1; a 4 4 1; b 6 6 1");
    binds("o0 ", A " START t'2020-01-01T00:00:03Z' STOP t'2020-01-01T00:00:05Z'", "a 3 3 1");
    binds(NULL, A " START t'2020-01-01T00:00:03Z' STOP t'2020-01-01T00:00:05Z'", "a 5 5 1; a 2.999 2.999 1");
    binds("o0 ", A " START t'2020-01-01T00:00:03Z' STOP t'2020-01-01T00:00:05Z'", "a 0 9 1");
    /* Each alone could be: but not all at once. */
    binds(NULL,
          A " START t'2020-01-01T00:00:05Z' STOP t'2020-01-01T00:00:06Z' FOLLOWEDBY " B
            " START t'2020-01-01T00:00:03Z' STOP t'2020-01-01T00:00:04Z'",
          "a 0 9 1; b 0 9 1");
    binds(NULL, "(" A " FOLLOWEDBY " B ") WITHIN 2 SECONDS", "a 1 1 1; b 5 9 1; b 0 0 1");
    binds("o0 o1 o2 o3 ", "(" A " FOLLOWEDBY " B ") WITHIN 2 SECONDS REPEATS 2 TIMES",
          "a 0 0 1; b 1 1 1; a 5 5 1; b 6 6 1");
    binds(NULL, "(" A " FOLLOWEDBY " B ") REPEATS 2 TIMES WITHIN 6 SECONDS", "a 0 0 1; b 1 1 1; a 5 5 1; b 6 6 1");
    binds(NULL, "(" A " FOLLOWEDBY " B ") REPEATS 2 TIMES", "a 0 0 1; b 1 1 1; b 4 4 1; a 5 5 1");
    binds("o0 o1 ", A " FOLLOWEDBY " B " REPEATS 5 TIMES", "a 0 0 1; b 0 1 5");
}

/* ---- limits ---- */

static void hostile_expressions_cost_little(void **state)
{
    (void)state;
    static const char *const all[] = {
        "^(a+)+$",      "(a|aa)+$", "(a*)*b",         "(?:a?){30}a{30}b", "(.*)(.*)(.*)(.*)(.*)z",
        "(?R)?a(?R)?b", "a*+[bc]",  "(?:a?){16}[bc]", "(a*+)*[bc]"};
    struct buffer object;
    buffer_init(&object, 1 * MIB);
    buffer_add(&object, TEXT("{\"type\":\"x-t\",\"id\":\"x--1\",\"v\":\""));
    for (int i = 0; i < 50000; i++)
        buffer_add_char(&object, 'a');
    buffer_add(&object, TEXT("!\"}"));
    buffer_add_char(&object, '\0');
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char pattern[100];
        clock_t before = clock();
        snprintf(pattern, sizeof pattern, "[x-t:v MATCHES '%s' OR x-t:v NOT MATCHES '%s']", all[i], all[i]);
        struct evaluated r = over(pattern, object.ptr);
        assert_ok(r.err);
        if (r.answer == PATTERN_TOO_EXPENSIVE)
            assert_string_equal(r.limit, "PATTERN_REGEX_STEPS_MAX");
        assert_true(clock() - before < 5 * CLOCKS_PER_SEC);
        /* What is known without it is said. */
        snprintf(pattern, sizeof pattern, "[x-t:v MATCHES '%s' OR EXISTS x-t:v]", all[i]);
        assert_int_equal(over(pattern, object.ptr).answer, PATTERN_YES);
        snprintf(pattern, sizeof pattern, "[x-t:v MATCHES '%s' AND x-t:v = 'b']", all[i]);
        assert_int_equal(over(pattern, object.ptr).answer, PATTERN_NO);
    }
    assert_int_equal(over("[x-t:v MATCHES '^(a+)+$']", object.ptr).answer, PATTERN_TOO_EXPENSIVE);
    assert_int_equal(over("[x-t:v NOT MATCHES '^(a+)+$']", object.ptr).answer, PATTERN_TOO_EXPENSIVE);
    buffer_done(&object);
}

static void bad_expressions_match_nothing(void **state)
{
    (void)state;
    static const char *const all[] = {"(", "a{2,1}", "[z-a]", "\\\\C", "(a{1,999}){999}{999}"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char pattern[100];
        snprintf(pattern, sizeof pattern, "[x-t:a = 1 OR x-t:v MATCHES '%s']", all[i]);
        struct evaluated r = over(pattern, "{\"type\":\"x-t\",\"id\":\"x--1\",\"v\":\"v\",\"a\":1}");
        if (r.err != ERR_MALFORMED || r.fault.offset != 14)
            fail_msg("%s: %s at %d", pattern, err_name(r.err), (int)r.fault.offset);
        assert_string_equal(r.fault.rule, "STIX 2.1 9.6.1");
    }
}

/* 3,000 observations; patterns that nearly match, in every way to combine them. */
static void searches_are_bounded(void **state)
{
    (void)state;
    static const char *const all[] = {
        A " REPEATS 1001 TIMES WITHIN 30 SECONDS",
        "(" A " AND " B " AND " C ") WITHIN 0.001 SECONDS",
        "((" A " AND " B ") WITHIN 0.5 SECONDS FOLLOWEDBY (" B " AND " C ") WITHIN 0.001 SECONDS) REPEATS 30 TIMES",
        "(" A " FOLLOWEDBY " B " FOLLOWEDBY " C " FOLLOWEDBY [x-t:name = 'd']) REPEATS 20 TIMES",
        "((" A " WITHIN 1 SECONDS) OR (" A " AND " B ")) REPEATS 2000 TIMES",
        "(" A " FOLLOWEDBY " B ") REPEATS 5000 TIMES",
    };
    struct buffer plan;
    buffer_init(&plan, 1 * MIB);
    for (unsigned i = 0; i < 3000; i++)
        buffer_addf(&plan, "%s%c %.3f %.3f 1", i ? ";" : "", 'a' + (int)(i % 3), (double)i / 100, (double)i / 100);
    buffer_add_char(&plan, '\0');
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        clock_t before = clock();
        struct evaluated r = during(all[i], plan.ptr);
        assert_ok(r.err);
        if (r.answer == PATTERN_YES)
            fail_msg("%s", all[i]);
        print_message("# %s: %s, %.2f s\n", all[i], r.answer == PATTERN_NO ? "no" : r.limit,
                      (double)(clock() - before) / CLOCKS_PER_SEC);
        assert_true(clock() - before < 60 * CLOCKS_PER_SEC);
    }
    struct evaluated found = during("(" A " FOLLOWEDBY " B ") WITHIN 0.015 SECONDS REPEATS 100 TIMES", plan.ptr);
    assert_int_equal(found.answer, PATTERN_YES);
    assert_int_equal(found.bound, 200);
    buffer_done(&plan);
}

/* ---- the document ---- */

static void count_refused(void *self, struct text id, const char *rule, const char *what)
{
    (void)id;
    (void)what;
    assert_string_equal(rule, "STIX 2.1 4.14.1");
    ++*(unsigned *)self;
}

static void documents(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        size_t observations;
        unsigned refused;
    } all[] = {
        {"{}", 0, 0},
        {"[]", 0, 0},
        {"[[{\"type\":\"bundle\"}],7,null,{\"objects\":[{\"type\":\"file\"}]}]", 0, 0},
        {"{\"type\":\"observed-data\"}", 0, 1},
        {"{\"type\":\"observed-data\",\"id\":\"o\",\"number_observed\":1,\"first_observed\":\"2020-01-01T00:00:00Z\","
         "\"last_observed\":\"2020-01-01T00:00:00Z\",\"objects\":{}}",
         1, 0},
        {"{\"type\":\"observed-data\",\"id\":\"o\",\"number_observed\":1,\"first_observed\":\"2020-01-02T00:00:00Z\","
         "\"last_observed\":\"2020-01-01T00:00:00Z\",\"objects\":{}}",
         0, 1},
        {"{\"type\":\"observed-data\",\"id\":\"o\",\"number_observed\":1,\"first_observed\":\"2020-01-01T00:00:00Z\","
         "\"last_observed\":\"2020-01-01T00:00:00Z\"}",
         0, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct observed *o;
        unsigned refused = 0;
        assert_ok(observed_read(text_of(all[i].document), count_refused, &refused, &o, NULL));
        assert_int_equal(observed_count(o), all[i].observations);
        assert_int_equal(refused, all[i].refused);
        observed_free(o);
    }
    struct observed *none;
    assert_err(observed_read(TEXT("7"), NULL, NULL, &none, NULL), ERR_MALFORMED);
    assert_err(observed_read(TEXT("{"), NULL, NULL, &none, NULL), ERR_MALFORMED);
}

#define VERSION(modified, refs, more)                                                                               \
    "{\"type\":\"observed-data\",\"id\":\"o\",\"modified\":\"" modified "\",\"number_observed\":1," more            \
    "\"first_observed\":\"2020-01-01T00:00:00Z\",\"last_observed\":\"2020-01-01T00:00:00Z\",\"object_refs\":[" refs \
    "]}"

static void the_latest_version_counts(void **state)
{
    (void)state;
    const char *objects = "{\"type\":\"x-t\",\"id\":\"x--1\",\"n\":1},{\"type\":\"x-t\",\"id\":\"x--2\",\"n\":2}]";
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    buffer_addf(&b, "[%s,%s,%s", VERSION("2020-02-01T00:00:00Z", "\"x--2\"", ""),
                VERSION("2020-01-01T00:00:00Z", "\"x--1\"", ""), objects);
    assert_int_equal(evaluate_text(TEXT("[x-t:n = 2]"), buffer_text(&b)).answer, PATTERN_YES);
    assert_int_equal(evaluate_text(TEXT("[x-t:n = 1]"), buffer_text(&b)).answer, PATTERN_NO);
    buffer_clear(&b);
    buffer_addf(&b, "[%s,%s,%s", VERSION("2020-02-01T00:00:00Z", "\"x--2\"", "\"revoked\":true,"),
                VERSION("2020-01-01T00:00:00Z", "\"x--1\"", ""), objects);
    assert_int_equal(evaluate_text(TEXT("[EXISTS x-t:n]"), buffer_text(&b)).answer, PATTERN_NO);
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_that_compare),
        cmocka_unit_test(text_is_compared_by_code_points),
        cmocka_unit_test(networks),
        cmocka_unit_test(paths),
        cmocka_unit_test(distinct_observations),
        cmocka_unit_test(in_time),
        cmocka_unit_test(hostile_expressions_cost_little),
        cmocka_unit_test(bad_expressions_match_nothing),
        cmocka_unit_test(searches_are_bounded),
        cmocka_unit_test(documents),
        cmocka_unit_test(the_latest_version_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
