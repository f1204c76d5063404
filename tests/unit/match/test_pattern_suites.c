/* Other people's patterns over other people's observed data. Where we differ from the recorded answers the
 * specification is the reason, and it is said here. Skipped where the data is not there. */
#include "observed_json.h"
#include "support/scratch.h"
#include "support/test.h"
#include "json/json.h"

static const struct {
    const char *pattern, *expect, *why;
} differing[] = {
    {"person:name < 'carol']) WITHIN 5 SECONDS", "nomatch", "9.5.1: exactly five seconds apart is not within five"},
    {"REPEATS 5 TIMES WITHIN 1 SECONDS", "nomatch", "9.5.1: exactly one second apart is not within one"},
    {"REPEATS 2 TIMES REPEATS 5 TIMES", "error", "9.5.1: not more than one qualifier of a kind"},
    {"REPEATS 2 TIMES REPEATS 3 TIMES", "error", "9.5.1: the same; the matcher finds no match either"},
};

/* Some tests of the matcher change the times in what they share; the recording kept the last state alone. */
static const char CHANGED[] = "person:name='alice'] AND [person:name='bob']) WITHIN 1 SECONDS";
static const struct {
    const char *recorded, *original;
} times[] = {
    {"2000-01-01T00:00:00Z", "1994-11-29T13:37:52Z"},
    {"2000-01-01T00:00:01Z", "1994-11-29T13:37:52Z"},
    {"2000-01-01T00:00:04Z", "1994-11-29T13:37:57Z"},
};

static void restore_times(struct buffer *observed)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        for (ptrdiff_t at; (at = text_find_text(buffer_text(observed), text_of(times[i].recorded))) >= 0;)
            memcpy(observed->ptr + at, times[i].original, strlen(times[i].original));
}

static struct json_doc *load(const char *name, char **ret_bytes)
{
    const char *path = data_path(name);
    size_t len = 0;
    struct json_doc *doc;
    char *bytes = path ? scratch_read(path, &len) : NULL;
    if (!bytes)
        skip();
    assert_ok(json_parse((struct text){bytes, len}, &doc, NULL));
    *ret_bytes = bytes;
    return doc;
}

static const char *answer_of(const struct evaluated *r)
{
    if (r->err)
        return "error";
    return r->answer == PATTERN_YES ? "match" : r->answer == PATTERN_NO ? "nomatch" : "too expensive";
}

static bool as_expected(struct text pattern, struct text expect, const char *got)
{
    for (size_t i = 0; i < ARRAY_LEN(differing); i++)
        if (text_ends(pattern, text_of(differing[i].pattern)))
            return strcmp(got, differing[i].expect) == 0;
    if (text_starts(expect, TEXT("error:"))) /* a fault of one value is no fault of the pattern: 9.6, false */
        return text_eq(expect, TEXT("error:ParseException")) ? strcmp(got, "error") == 0 : strcmp(got, "match") != 0;
    return text_eq(expect, text_of(got));
}

static void matcher_cases(void **state)
{
    (void)state;
    char *bytes, *lines;
    size_t len, seen = 0, wrong = 0;
    struct json_doc *all = load("stix-pattern/matcher-observations.json", &bytes);
    lines = scratch_read(data_path("stix-pattern/matcher-cases.jsonl"), &len);
    assert_non_null(lines);
    struct text rest = {lines, len}, line;
    while (text_split(&rest, '\n', &line)) {
        struct json_doc *doc;
        struct buffer observed;
        if (line.len == 0)
            continue;
        assert_ok(json_parse(line, &doc, NULL));
        const struct json_val *c = json_root(doc);
        struct text pattern = json_text(json_get(c, "pattern"));
        buffer_init(&observed, 1 << 20);
        json_canonical(json_get_text(json_root(all), json_text(json_get(c, "obs"))), &observed, NULL);
        restore_times(&observed);
        struct evaluated r = evaluate_text(pattern, buffer_text(&observed));
        seen++;
        if (text_find_text(pattern, TEXT(CHANGED)) < 0 &&
            !as_expected(pattern, json_text(json_get(c, "expect")), answer_of(&r))) {
            wrong++;
            print_error(TEXT_FMT ": " TEXT_FMT " is expected, not %s %s\n", TEXT_ARG(pattern),
                        TEXT_ARG(json_text(json_get(c, "expect"))), answer_of(&r), r.fault.what);
        }
        buffer_done(&observed);
        json_free(doc);
    }
    free(lines);
    free(bytes);
    json_free(all);
    print_message("# %zu cases\n", seen);
    assert_int_equal(wrong, 0);
    assert_true(seen >= 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matcher_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
