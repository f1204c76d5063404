/* Other people's patterns and objects: what is valid is accepted, and where we differ from the public validator it is
 * listed here with the reason. Skipped where the data is not there. */
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/stix.h"
#include "model/stix_validate.h"
#include "support/scratch.h"
#include "support/test.h"

static size_t seen, wrong;

static bool any_of(const char *const *list, struct text t)
{
    for (; *list; list++)
        if (text_find_text(t, text_of(*list)) >= 0)
            return true;
    return false;
}

/* Calls `each` with every line's document. */
static void each_line(const char *name, void (*each)(const struct json_val *line))
{
    const char *path = data_path(name);
    size_t len = 0;
    char *content = path ? scratch_read(path, &len) : NULL;
    if (!content)
        skip();
    struct text rest = {content, len}, line;
    while (text_split(&rest, '\n', &line)) {
        struct json_doc *doc;
        if (line.len == 0)
            continue;
        assert_ok(json_parse(line, &doc, NULL));
        each(json_root(doc));
        json_free(doc);
    }
    free(content);
}

/* ---- patterns ---- */

static enum err parse(struct text pattern, struct fault *fault)
{
    struct arena arena;
    struct pattern_node *root;
    arena_init(&arena, 16 * MIB);
    enum err e = pattern_parse(pattern, &arena, &root, fault);
    if (!e) {
        struct pattern_value *values;
        size_t count;
        bool whole;
        assert_ok(pattern_values(root, &arena, &values, &count, &whole));
    }
    arena_done(&arena);
    return e;
}

static void check_pattern(struct text pattern, bool valid)
{
    /* Section 9 says otherwise than the tools: no such day (2.16), one qualifier of a kind and a window above zero
     * (9.5.1), a set of one type (9.6.1). */
    static const char *const stricter[] = {
        "-02-30T",
        "-04-31T",
        "2023-02-29T",
        "WITHIN 5 SECONDS WITHIN",
        "REPEATS 2 TIMES REPEATS",
        "WITHIN 0 SECONDS",
        "IN (1.1, 2.2, true)",
        NULL,
    };
    struct fault fault = {0};
    enum err e = parse(pattern, &fault);
    seen++;
    if (any_of(stricter, pattern))
        valid = false;
    if ((e == OK) == valid)
        return;
    wrong++;
    print_error(TEXT_FMT ": %s %s\n", TEXT_ARG(pattern), err_name(e), fault.what);
}

static void validity_line(const struct json_val *line)
{
    check_pattern(json_text(json_get(line, "pattern")), json_bool(json_get(line, "valid"), true));
}

static void matcher_line(const struct json_val *line)
{
    bool valid = !text_eq(json_text(json_get(line, "expect")), TEXT("error:ParseException"));
    check_pattern(json_text(json_get(line, "pattern")), valid);
}

static void equivalence_line(const struct json_val *line)
{
    check_pattern(json_text(json_get(line, "a")), true);
    check_pattern(json_text(json_get(line, "b")), true);
}

static void patterns(void **state)
{
    (void)state;
    seen = wrong = 0;
    each_line("stix-pattern/validity.jsonl", validity_line);
    each_line("stix-pattern/matcher-cases.jsonl", matcher_line);
    each_line("stix-pattern/equivalence.jsonl", equivalence_line);
    assert_int_equal(wrong, 0);
    assert_true(seen > 500);
}

static void patterns_of_the_specification(void **state)
{
    (void)state;
    const char *path = data_path("stix-pattern/spec_examples.txt");
    size_t len = 0;
    char *content = path ? scratch_read(path, &len) : NULL;
    if (!content)
        skip();
    struct text rest = {content, len}, line;
    seen = wrong = 0;
    while (text_split(&rest, '\n', &line))
        if (line.len > 0)
            check_pattern(text_trim(line), true);
    free(content);
    assert_int_equal(wrong, 0);
    assert_true(seen > 20);
}

/* ---- objects ---- */

static struct text now; /* the file or case, for messages */
static const char *const *excused;

struct seen {
    uint64_t musts, shoulds, let;
    char first[FAULT_WHAT_MAX + 300]; /* the first MUST */
};

static void note_fault(void *self, const struct stix_fault *f)
{
    struct seen *s = self;
    s->let += f->let != NULL;
    if (f->severity == STIX_SHOULD)
        s->shoulds++;
    else if (s->musts++ == 0)
        snprintf(s->first, sizeof s->first, "%s " TEXT_FMT " " TEXT_FMT, f->rule, TEXT_ARG(f->pointer),
                 TEXT_ARG(f->words));
}

/* Both engines' answers; they agree on every object, but for what intake lets pass and for patterns that join two
 * object types (9.5). */
static struct seen judge_one(const struct json_val *object)
{
    struct arena arena;
    struct stix_head head;
    struct seen s = {0};
    uint64_t musts;
    arena_init(&arena, 64 * MIB);
    assert_ok(stix_validate(object, &arena, note_fault, &s, &musts));
    assert_int_equal(musts, s.musts);
    enum err e = stix_head_read(object, &arena, &head, NULL);
    if (strncmp(s.first, "STIX 2.1 9.5", 12) != 0 && !text_eq(json_text(json_get(object, "type")), TEXT("bundle")))
        assert_int_equal(e != OK, musts > s.let);
    arena_done(&arena);
    return s;
}

/* An object, a bundle and its objects, or a list's. */
static struct seen judge(const struct json_val *v)
{
    struct seen all = {0};
    bool bundle = text_eq(json_text(json_get(v, "type")), TEXT("bundle"));
    if (json_type(v) != JSON_ARRAY)
        all = judge_one(v);
    if (json_type(v) != JSON_ARRAY && !bundle)
        return all;
    for (struct json_iter it = json_iter_of(bundle ? json_get(v, "objects") : v); json_next(&it);) {
        struct seen one = judge(it.val);
        if (all.musts == 0)
            memcpy(all.first, one.first, sizeof all.first);
        all.musts += one.musts;
        all.shoulds += one.shoulds;
    }
    return all;
}

/* Every object of a file by itself. */
static void check_document(const struct json_val *v)
{
    const struct json_val *list = json_type(v) == JSON_ARRAY ? v : json_get(v, "objects");
    if (json_type(v) != JSON_ARRAY && !text_eq(json_text(json_get(v, "type")), TEXT("bundle"))) {
        if (!json_get(v, "type") || !json_get(v, "id"))
            return; /* a piece of an object */
        struct seen s = judge_one(v);
        char told[1024];
        snprintf(told, sizeof told, TEXT_FMT ": " TEXT_FMT ": %s", TEXT_ARG(now),
                 TEXT_ARG(json_text(json_get(v, "type"))), s.first);
        seen++;
        if (s.musts == 0 || any_of(excused, text_of(told)))
            return;
        wrong++;
        print_error("%s\n", told);
        return;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        check_document(it.val);
}

static int visit(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    size_t len = 0;
    struct json_doc *doc;
    (void)st;
    (void)ftw;
    now = text_of(path);
    if (flag != FTW_F || !text_ends(now, TEXT(".json")))
        return 0;
    char *content = scratch_read(path, &len);
    assert_non_null(content);
    if (json_parse((struct text){content, len}, &doc, NULL) == OK) { /* some examples are no JSON */
        check_document(json_root(doc));
        json_free(doc);
    }
    free(content);
    return 0;
}

static void all_accepted(const char *folder, size_t at_least, const char *const *exceptions)
{
    const char *path = data_path(folder);
    if (!path)
        skip();
    seen = wrong = 0;
    excused = exceptions;
    assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
    assert_int_equal(wrong, 0);
    assert_true(seen >= at_least);
}

static const char *const none[] = {NULL};

/* Examples that break the specification they stand in, and by which of its sections. */
static const char *const broken_examples[] = {
    "spec-s6.1.1-L6065.json: artifact: STIX 2.1 2.1 /payload_bin", /* shortened by " ..." */
    "spec-s6.1.1-L6077.json: artifact: STIX 2.1 2.1 /payload_bin", /* the same */
    "spec-sC.2.2-L14802.json: artifact: STIX 2.1 2.1 /payload_bin",
    "spec-s8.2-L10686.json: indicator: STIX 2.1 4.7.1 /pattern_type",             /* shortened */
    "spec-s9.5-L10914.json: observed-data: STIX 2.1 6.12.1 /objects/0/protocols", /* shortened */
    NULL,
};

static void objects_of_the_specification(void **state)
{
    (void)state;
    all_accepted("stix/spec-2.1-errata01-examples", 60, broken_examples);
}

static void objects_of_interoperability(void **state)
{
    static const char *const exceptions[] = {
        "ex-3.1.4.2-leverage-externally-defined-frameworks.json: ", /* a UUID of 31 digits, and what refers to it */
        NULL,
    };
    (void)state;
    all_accepted("stix/rstix-interop", 100, exceptions);
}

static void objects_of_python_stix2(void **state)
{
    static const char *const exceptions[] = {
        "20170531213215263882.json: malware: STIX 2.1 3.2 /spec_version", /* a STIX 2.0 bundle */
        "5b4802168.json: marking-definition: STIX 2.1 3.2 /created",      /* without milliseconds */
        NULL,
    };
    (void)state;
    all_accepted("stix/python-stix2-stix2_data-v21", 25, exceptions);
}

static void objects_of_the_schemas(void **state)
{
    (void)state;
    all_accepted("stix/cti-stix2-json-schemas-examples", 50, none);
}

/* The elevator writes what its input lacks without it. The public validator refuses these, too, but for the address
 * that resolves to a name, the property name with hyphens, the extension without content and the header that is no
 * list. */
static void objects_of_the_elevator(void **state)
{
    static const char *const exceptions[] = {
        "command-and-control-ip-list.json: ipv4-addr: STIX 2.1 6.8.1 /resolves_to_refs/0",
        "file-and-directory-pattern.json: relationship: STIX 2.1 5.1.2 /target_ref",
        "file-and-directory.json: windows-hook: STIX 2.1 7.3.2 /win-hook-type",
        "incident-malware.json: incident: STIX 2.1 3.2 /spec_version",
        "issue-162.json: vulnerability: STIX 2.1 4.19.1 /name",
        "issue-162.json: attack-pattern: STIX 2.1 4.1.1 /external_references/0/external_id",
        "issue62.json: process: STIX 2.1 6.13.2 /extensions/windows-process-ext",
        "issue62.json: network-traffic: STIX 2.1 6.12.1 /dst_ref",
        "issue62.json: network-traffic: STIX 2.1 6.12.1 /protocols",
        "malicious-email-indicator-with-addresses.json: relationship: STIX 2.1 5.1.2 /target_ref",
        "malicious-email-indicator-with-attachment.json: relationship: STIX 2.1 5.1.2 /target_ref",
        "observable-with-networkconnection-instance.json: network-traffic: STIX 2.1 6.12.2 ",
        NULL,
    };
    (void)state;
    all_accepted("stix/elevator-idioms-2.1-valid", 90, exceptions);
}

static void objects_of_attack(void **state)
{
    (void)state;
    all_accepted("attack/ics-attack.json", 1000, none);
}

/* ---- the public validator's cases ---- */

/* Where the text of the specification decides otherwise. */
static const struct {
    const char *test, *class, *why; /* why: the first MUST, or NULL: none */
} decided[] = {
    /* STIX 2.0 objects: spec_version is required, and 2.1 (3.2) */
    {"spec_version_tests.py::", "", "STIX 2.1 3.2 /spec_version"},
    /* modified before created, last_seen before first_seen: MUST (3.2, 4.2.1 and so on), whatever the precision */
    {"::test_invalid_timestamp", "INVALID_STRICT", "STIX 2.1 3.2 /modified"},
    {"::test_invalid_timestamp", "INVALID_STRICT", "/last_seen"},
    /* the names of custom properties: MUST (11.1.1) */
    {"::test_custom_property_name_", "INVALID_STRICT", "STIX 2.1 11.1.1 "},
    /* header fields are lists of strings since errata 01 (6.12.2); the schemas still have strings */
    {"::test_network_traffic_http_request_header", "INVALID_MUST", NULL},
};

static bool is_decided(struct text test, struct text class, const struct seen *s)
{
    for (size_t i = 0; i < ARRAY_LEN(decided); i++)
        if (text_find_text(test, text_of(decided[i].test)) >= 0 && text_starts(class, text_of(decided[i].class)) &&
            (decided[i].why ? strstr(s->first, decided[i].why) != NULL : s->musts == 0))
            return true;
    return false;
}

/* What the validator warns of and we do not: its options about one extension to the other, schemas of its own. */
static const char *const unwarned[] = {
    "::test_silent_and_verbose",
    "::test_invalid_check",
    "custom_obj_tests.py::",
    "::test_additional_schema",
    "_toplevel_property_with_extension",
    NULL,
};

static void case_line(const struct json_val *line)
{
    struct text class = json_text(json_get(line, "class")), test = json_text(json_get(line, "test"));
    struct seen s = judge(json_get(line, "instance"));
    bool refuse = text_eq(class, TEXT("INVALID_MUST"));
    seen++;
    if (is_decided(test, class, &s))
        return;
    if ((s.musts > 0) != refuse) {
        wrong++;
        print_error(TEXT_FMT " " TEXT_FMT ": %s\n", TEXT_ARG(class), TEXT_ARG(test), refuse ? "accepted" : s.first);
    } else if (text_starts(class, TEXT("INVALID_STRICT")) && s.shoulds == 0 && !any_of(unwarned, test)) {
        wrong++;
        print_error(TEXT_FMT " " TEXT_FMT ": no warning\n", TEXT_ARG(class), TEXT_ARG(test));
    }
}

static void cases_of_the_validator(void **state)
{
    (void)state;
    seen = wrong = 0;
    each_line("stix/stix2-validator-cases.open.jsonl", case_line);
    assert_int_equal(wrong, 0);
    assert_true(seen >= 250);
}

/* ---- rstix: what it refuses to read, and what it reads ---- */

/* It is stricter than the text: an empty name, an end before its start (4.12.1 has no such MUST), a hash of another
 * algorithm (2.7: a SHOULD) are warnings here. */
static const char *const rstix_own[] = {
    "-empty-name.json",
    "tool-kill-chain-phase-empty.json",
    "malware-analysis-ended-before-started.json",
    "file-hash-key-not-in-ov.json",
    NULL,
};
/* Its builders fill in what these lack. */
static const char *const rstix_pieces[] = {"common/", "grouping-missing-object-refs.json", NULL};

static char *rstix_rejects;

/* It lists a file also for types whose reader was given another type's object: only those of the type count. */
static bool rstix_refuses(struct text file, struct text type)
{
    struct text rest = text_of(rstix_rejects), line;
    while (text_split(&rest, '\n', &line)) {
        struct text name;
        char of[64];
        size_t n = 0;
        if (!text_split(&line, '\t', &name) || !text_ends(file, text_trim(line)) || line.len == 0)
            continue;
        for (size_t i = 0; i < name.len && n + 2 < sizeof of; i++) {
            bool upper = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';
            if (upper && i > 0)
                of[n++] = '-';
            of[n++] = (char)(upper ? name.ptr[i] | 0x20 : name.ptr[i]);
        }
        if (text_eq(type, (struct text){of, n}))
            return true;
    }
    return false;
}

static int visit_rstix(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    struct text file = text_of(path);
    struct json_doc *doc;
    size_t len = 0;
    (void)st;
    (void)ftw;
    if (flag != FTW_F || !text_ends(file, TEXT(".json")) || any_of(rstix_pieces, file))
        return 0;
    char *content = scratch_read(path, &len);
    assert_non_null(content);
    assert_ok(json_parse((struct text){content, len}, &doc, NULL));
    struct text type = json_text(json_get(json_root(doc), "type"));
    if (type.len > 0) {
        struct seen s = judge(json_root(doc));
        bool refuse = rstix_refuses(file, type);
        seen++;
        if ((s.musts > 0) != refuse && !(refuse && s.shoulds > 0 && any_of(rstix_own, file))) {
            wrong++;
            print_error("%s: %s\n", path, refuse ? "accepted" : s.first);
        }
    }
    json_free(doc);
    free(content);
    return 0;
}

static void objects_of_rstix(void **state)
{
    (void)state;
    const char *rejects = data_path("stix/rstix-spec-rejects.tsv");
    size_t len = 0;
    rstix_rejects = rejects ? scratch_read(rejects, &len) : NULL;
    const char *path = data_path("stix/rstix-spec");
    if (!path || !rstix_rejects)
        skip();
    seen = wrong = 0;
    assert_int_equal(nftw(path, visit_rstix, 16, FTW_PHYS), 0);
    free(rstix_rejects);
    assert_int_equal(wrong, 0);
    assert_true(seen >= 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_of_the_specification),
        cmocka_unit_test(objects_of_the_specification),
        cmocka_unit_test(objects_of_interoperability),
        cmocka_unit_test(objects_of_python_stix2),
        cmocka_unit_test(objects_of_the_schemas),
        cmocka_unit_test(objects_of_the_elevator),
        cmocka_unit_test(objects_of_attack),
        cmocka_unit_test(cases_of_the_validator),
        cmocka_unit_test(objects_of_rstix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
