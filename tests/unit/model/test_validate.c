/* Samples of every section: a good one has no MUST, a bad one breaks exactly the rule it names, at the place it
 * names; and a good one that is broken in every generated way is refused. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "model/stix.h"
#include "model/stix_validate.h"
#include "support/scratch.h"
#include "support/test.h"

struct told {
    uint64_t musts, shoulds, let;
    const char *let_name;
    const char *first_firm; /* rule of the first MUST that intake does not let pass */
    char first[1000];       /* the first MUST: rule, blank, pointer */
    char last[300];         /* words of the last fault */
};

static void note_fault(void *self, const struct stix_fault *f)
{
    struct told *t = self;
    assert_true(text_starts(text_of(f->rule), TEXT("STIX 2.1 ")));
    assert_true(f->words.len > 0 && f->words.len < FAULT_WHAT_MAX);
    assert_true(f->pointer.len == 0 || f->pointer.ptr[0] == '/');
    snprintf(t->last, sizeof t->last, TEXT_FMT, TEXT_ARG(f->words));
    if (f->severity == STIX_SHOULD)
        t->shoulds++;
    else if (t->musts++ == 0)
        snprintf(t->first, sizeof t->first, "%s " TEXT_FMT, f->rule, TEXT_ARG(f->pointer));
    assert_true(!f->let || f->severity == STIX_MUST);
    t->let += f->let != NULL;
    if (f->let)
        t->let_name = f->let;
    if (f->severity == STIX_MUST && !f->let && !t->first_firm)
        t->first_firm = f->rule;
}

static struct told validate(const struct json_val *object)
{
    struct arena arena;
    struct stix_head head;
    struct fault fault = {0};
    struct told t = {0};
    uint64_t musts;
    arena_init(&arena, 1 * MIB);
    assert_ok(stix_validate(object, &arena, note_fault, &t, &musts));
    assert_int_equal(musts, t.musts);
    if (!text_eq(json_text(json_get(object, "type")), TEXT("bundle"))) { /* intake's reading is the same engine's */
        enum err e = stix_head_read(object, &arena, &head, &fault);
        assert_int_equal(e != OK, t.musts > t.let);
        assert_int_equal(e == OK && head.let.len > 0, t.let > 0 && t.musts == t.let);
        if (e)
            assert_memory_equal(fault.rule, t.first_firm, strlen(fault.rule));
    }
    arena_done(&arena);
    return t;
}

/* ---- samples ---- */

static size_t lines, wrong;

static void each_sample(const char *kind, void (*each)(const char *where, const struct json_val *line))
{
    static const int sections[] = {2, 3, 4, 5, 6, 7, 8, 11};
    lines = wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        char path[500], where[100];
        size_t len = 0, at = 0;
        snprintf(path, sizeof path, "data/validate/%s/section-%02d.jsonl", kind, sections[i]);
        bool there = access(test_path(path), R_OK) == 0;
        char *content = there ? scratch_read(test_path(path), &len) : NULL;
        if (!content && sections[i] == 2 && strcmp(kind, "good") == 0)
            continue; /* types alone make no object */
        assert_non_null(content);
        struct text rest = {content, len}, line;
        while (text_split(&rest, '\n', &line)) {
            struct json_doc *doc;
            if (line.len == 0)
                continue;
            snprintf(where, sizeof where, "%s/section-%02d.jsonl:%zu", kind, sections[i], ++at);
            assert_ok(json_parse(line, &doc, NULL));
            lines++;
            each(where, json_root(doc));
            json_free(doc);
        }
        free(content);
    }
    assert_int_equal(wrong, 0);
}

static void good_line(const char *where, const struct json_val *line)
{
    struct told t = validate(json_get(line, "object"));
    if (t.musts == 0)
        return;
    wrong++;
    print_error("%s: %s: %s\n", where, t.first, t.last);
}

static void good_samples(void **state)
{
    (void)state;
    each_sample("good", good_line);
    assert_true(lines >= 60);
}

static void bad_line(const char *where, const struct json_val *line)
{
    struct told t = validate(json_get(line, "object"));
    char expected[1000];
    snprintf(expected, sizeof expected, TEXT_FMT " " TEXT_FMT, TEXT_ARG(json_text(json_get(line, "rule"))),
             TEXT_ARG(json_text(json_get(line, "pointer"))));
    if (t.musts == 1 && strcmp(t.first, expected) == 0)
        return;
    wrong++;
    print_error("%s: expected %s, got %d: %s (%s)\n", where, expected, (int)t.musts, t.first, t.last);
}

static void bad_samples(void **state)
{
    (void)state;
    each_sample("bad", bad_line);
    assert_true(lines >= 400);
}

/* ---- breaking good samples ---- */

/* Writes v with `target` replaced, or left out where `with` is NULL. */
static void write_broken(struct json_out *o, const struct json_val *v, const struct json_val *target,
                         const char *with)
{
    enum json_type type = json_type(v);
    struct buffer plain;
    if (v == target) {
        json_put_raw(o, text_of(with));
    } else if (type == JSON_OBJECT || type == JSON_ARRAY) {
        json_open(o, type == JSON_OBJECT ? '{' : '[');
        for (struct json_iter it = json_iter_of(v); json_next(&it);) {
            if (it.val == target && !with)
                continue;
            if (type == JSON_OBJECT)
                json_key(o, it.key);
            write_broken(o, it.val, target, with);
        }
        json_close(o, type == JSON_OBJECT ? '}' : ']');
    } else {
        buffer_init(&plain, 1 * MIB);
        json_canonical(v, &plain, NULL);
        json_put_raw(o, buffer_text(&plain));
        buffer_done(&plain);
    }
}

static void refused(const char *where, const struct json_val *object, const struct json_val *target, struct text name,
                    const char *with)
{
    struct buffer b;
    struct json_doc *doc;
    buffer_init(&b, 1 * MIB);
    struct json_out o = json_out_to(&b);
    write_broken(&o, object, target, with);
    assert_ok(json_parse(buffer_text(&b), &doc, NULL));
    lines++;
    if (validate(json_root(doc)).musts == 0) {
        wrong++;
        print_error("%s: " TEXT_FMT " as %s: accepted\n", where, TEXT_ARG(name), with ? with : "(left out)");
    }
    json_free(doc);
    buffer_done(&b);
}

/* Nobody's specification says what these are. */
static bool is_own(const struct json_val *object, struct text name)
{
    static const char *const names[] = {"rank", "toxicity", "abc", "contents"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq(name, text_of(names[i])))
            return true;
    return text_starts(name, TEXT("x_")) || text_starts(json_text(json_get(object, "type")), TEXT("my-"));
}

/* A value of no kind that could stand here: null, nothing in brackets, and a list in a list. Of others' structures
 * and of translations (whose empty strings mean something) only the top is judged. */
static void break_values(const char *where, const struct json_val *object, const struct json_val *v, bool deep)
{
    static const char *const never[] = {"null", "[]", "{}", "[[[]]]"};
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        bool own = is_own(object, it.key);
        for (size_t i = 0; i < ARRAY_LEN(never) - own; i++)
            refused(where, object, it.val, it.key, never[i]);
        if (deep && !own)
            break_values(where, object, it.val, true);
    }
}

static void broken_line(const char *where, const struct json_val *line)
{
    const struct json_val *object = json_get(line, "object");
    for (struct json_iter it = json_iter_of(json_get(line, "required")); json_next(&it);)
        refused(where, object, json_get_text(object, json_text(it.val)), json_text(it.val), NULL);
    break_values(where, object, object, !json_get(object, "objects") && !strstr(where, "section-11"));
}

static void broken_samples(void **state)
{
    (void)state;
    each_sample("good", broken_line);
    assert_true(lines > 2000);
}

/* ---- what only several objects show ---- */

#define U "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define TOOL(uuid, modified, more)                          \
    "{`type`:`tool`,`spec_version`:`2.1`,`id`:`tool--" uuid \
    "`,`created`:`2024-01-01T00:00:00.000Z`,`modified`:`" modified "`,`name`:`x`" more "}"

static struct told add_all(const char *const *objects, size_t max_bytes)
{
    struct stix_together *t;
    struct told told = {0};
    uint64_t musts;
    assert_ok(stix_together_new(max_bytes, &t));
    for (; *objects; objects++) {
        char *copy = strdup(*objects);
        struct json_doc *doc;
        for (char *c = copy; *c; c++)
            if (*c == '`')
                *c = '"';
        assert_ok(json_parse(text_of(copy), &doc, NULL));
        assert_ok(stix_together_add(t, json_root(doc), note_fault, &told, &musts));
        json_free(doc);
        free(copy);
    }
    assert_int_equal(stix_together_full(t), max_bytes < 64 * KIB);
    stix_together_free(t);
    return told;
}

static void together(void **state)
{
    static const struct {
        const char *objects[4], *first;
    } rows[] = {
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""), TOOL(U, "2024-01-01T00:00:00.000Z", "")}, ""},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""), TOOL(U, "2024-01-01T00:00:00.0000Z", ",`revoked`:false")},
         "STIX 2.1 3.6 /modified"}, /* another text of the same moment is other content */
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""),
          TOOL(U, "2024-01-01T00:00:00.000Z", ",`revoked`:false,`lang`:`en`")},
         ""},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""), TOOL(U, "2024-01-02T00:00:00.000Z", ",`aliases`:[`a`]")}, ""},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""), TOOL(U, "2024-01-01T00:00:00.000Z", ",`aliases`:[`a`]")},
         "STIX 2.1 3.6 /modified"},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ""),
          "{`type`:`tool`,`id`:`tool--" U
          "`,`created`:`2023-01-01T00:00:00.000Z`,`modified`:`2024-01-03T00:00:00.000Z`}"},
         "STIX 2.1 3.2 /created"},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ",`created_by_ref`:`identity--" U "`"),
          TOOL(U, "2024-01-02T00:00:00.000Z", ",`created_by_ref`:`identity--11111111-1111-4111-8111-111111111111`")},
         "STIX 2.1 3.6 /created_by_ref"},
        {{TOOL(U, "2024-01-01T00:00:00.000Z", ",`revoked`:true"), TOOL(U, "2024-01-02T00:00:00.000Z", "")},
         "STIX 2.1 3.2 /modified"},
        {{TOOL(U, "2024-01-02T00:00:00.000Z", ""), TOOL(U, "2024-01-01T00:00:00.000Z", ",`revoked`:true")},
         "STIX 2.1 3.2 /modified"},
        {{"{`id`:`tool--" U "`,`created_by_ref`:`identity--" U "`}", "{`id`:`url--" U "`}"}, ""},
        {{"{`id`:`tool--" U "`,`created_by_ref`:`identity--11111111-1111-4111-8111-111111111111`}",
          "{`id`:`malware--" U "`,`created_by_ref`:`identity--11111111-1111-4111-8111-111111111111`}"},
         "STIX 2.1 2.9 /id"},
        {{"{`id`:`malware--" U "`,`is_family`:true}",
          "{`id`:`malware--11111111-1111-4111-8111-111111111111`,`is_family`:false}",
          "{`id`:`relationship--11111111-1111-4111-8111-111111111112`,`relationship_type`:`variant-of`,`source_ref`:"
          "`malware--" U "`,`target_ref`:`malware--11111111-1111-4111-8111-111111111111`}"},
         "STIX 2.1 4.11.2 /relationship_type"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct told t = add_all(rows[i].objects, 1 * MIB);
        if (strcmp(t.first, rows[i].first) != 0)
            fail_msg("row %zu: expected \"%s\", got \"%s\"", i, rows[i].first, t.first);
    }
    const char *none[] = {"[]", "5", "{}", "{`id`:5}", NULL};
    struct stix_together *t;
    uint64_t musts;
    assert_ok(stix_together_new(0, &t));
    assert_ok(stix_together_add(t, NULL, note_fault, NULL, &musts));
    stix_together_free(t);
    assert_int_equal(add_all(none, 1 * MIB).shoulds, 0);
    assert_int_equal(add_all(rows[4].objects, 100).musts, 0); /* no room: nothing is compared, and it says so */
}

/* ---- what intake lets pass ---- */

#define AN(type, rest) \
    "{`type`:`" type "`,`spec_version`:`2.1`,`id`:`" type "--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061`," rest "}"
#define TIMES                                                                                                        \
    "`created`:`2024-01-01T00:00:00.000Z`,`modified`:`2024-01-01T00:00:00.000Z`,`valid_from`:`2024-01-01T00:00:00Z`" \
    ","
#define INDICATOR(rest) \
    AN("indicator", TIMES "`pattern_type`:`stix`,`pattern`:`[url:value = 'http://x.example/']`," rest)

static void told_as(const char *json, const char *let, const char *rule)
{
    struct buffer b;
    struct json_doc *doc;
    buffer_init(&b, 8 * KIB);
    for (const char *p = json; *p; p++)
        buffer_add_char(&b, *p == '`' ? '"' : *p);
    assert_ok(json_parse(buffer_text(&b), &doc, NULL));
    struct told t = validate(json_root(doc));
    if (t.musts != 1 || (t.let == 1) != (let != NULL) || (let && strcmp(t.let_name, let) != 0) ||
        strncmp(t.first, rule, strlen(rule)) != 0)
        fail_msg("%s: %s, let as %s", json, t.first, t.let ? t.let_name : "nothing");
    json_free(doc);
    buffer_done(&b);
}

/* Every class, and beside each what is refused: `validate` tells both, intake takes the first. */
static void let_pass(void **state)
{
    (void)state;
    told_as(INDICATOR("`x_Capital`:1"), "name", "STIX 2.1 11.1.1 ");
    told_as(INDICATOR("`x`:1"), "name", "STIX 2.1 11.1.1 ");
    told_as(INDICATOR("`9lives`:1"), "name", "STIX 2.1 3.1 ");
    told_as(INDICATOR("`action`:`block`"), "name", "STIX 2.1 3.8 ");
    told_as(INDICATOR("`x_null`:null"), "empty", "STIX 2.1 2 ");
    told_as(INDICATOR("`labels`:[]"), "empty", "STIX 2.1 2.12 ");
    told_as(INDICATOR("`kill_chain_phases`:[]"), "empty", "STIX 2.1 2.12 ");
    told_as(INDICATOR("`object_marking_refs`:[]"), NULL, "STIX 2.1 2.12 ");
    told_as(INDICATOR("`granular_markings`:[]"), NULL, "STIX 2.1 2.12 ");
    told_as(INDICATOR("`labels`:null"), NULL, "STIX 2.1 2.12 ");
    told_as(INDICATOR("`description`:null"), NULL, "STIX 2.1 2.15 ");
    told_as(INDICATOR("`confidence`:101"), NULL, "STIX 2.1 3.2 ");
    told_as("{`type`:`process`,`id`:`process--0c7b5b88-8ff7-5a4d-aa9d-feb398cd0061`,`pid`:1}", "uuid",
            "STIX 2.1 2.9 ");
    told_as(AN("email-message", "`is_multipart`:false,`additional_header_fields`:{`X-Mailer`:`m`}"), "header",
            "STIX 2.1 6.6.1 ");
    told_as(AN("email-message", "`is_multipart`:false,`additional_header_fields`:{`X-Mailer`:5}"), NULL,
            "STIX 2.1 6.6.1 ");
    told_as(AN("windows-registry-key", "`key`:`HKLM\\\\Software`"), "hive", "STIX 2.1 6.17.1 ");
    told_as(AN("artifact", "`payload_bin`:`AAAA`,`encryption_algorithm`:`rot13`"), "term", "STIX 2.1 6.1.1 ");
    told_as(AN("opinion", "`created`:`2024-01-01T00:00:00.000Z`,`modified`:`2024-01-01T00:00:00.000Z`,`opinion`:`no`,"
                          "`object_refs`:[`tool--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061`]"),
            NULL, "STIX 2.1 4.15.1 ");
    told_as(AN("artifact", "`payload_bin`:`AAAA`,`decryption_key`:`k`"), "key", "STIX 2.1 6.1.1 ");
    told_as(AN("directory", "`path`:`/`,`path_enc`:`none`"), "charset", "STIX 2.1 6.3.1 ");
    told_as(AN("software", "`name`:`n`,`languages`:[`C#`]"), "language", "STIX 2.1 6.14.1 ");
    told_as(INDICATOR("`lang`:`C#`"), NULL, "STIX 2.1 3.2 ");
    told_as(AN("file", "`name`:`n`,`magic_number_hex`:`abc`"), "hex", "STIX 2.1 2.8 ");
    told_as(AN("file", "`name`:`n`,`magic_number_hex`:5"), NULL, "STIX 2.1 2.8 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_samples), cmocka_unit_test(bad_samples), cmocka_unit_test(broken_samples),
        cmocka_unit_test(together),     cmocka_unit_test(let_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
