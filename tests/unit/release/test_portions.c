/* Marked portions, tear lines, and markings as the recipient knows them: what leaves, byte by byte. */
#include "gateway.h"

#include <stdio.h>

#include "model/space.h"
#include "model/terms_read.h"
#include "release/meaning.h"

#define GREEN_2      "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define GREEN_1      "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
#define AMBER_2      "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define AMBER_1      "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
#define STRICT_2     "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
#define STRICT_OTHER "marking-definition--826578e1-40ad-459f-bc73-ede076f81f37"
#define RED_2        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
/* Known to the lookup below: originator control, an embargo, a statement. Any other: unknown. */
#define CONTROL   "marking-definition--c0000000-0000-4000-8000-000000000001"
#define EMBARGO   "marking-definition--c0000000-0000-4000-8000-000000000002"
#define STATEMENT "marking-definition--c0000000-0000-4000-8000-000000000003"
#define STRANGE   "marking-definition--c0000000-0000-4000-8000-000000000009"

static void meaning_of_marking(void *self, struct text id, struct gate_portion *ret)
{
    (void)self;
    *ret = (struct gate_portion){.unknown = true};
    if (text_eq(id, TEXT(CONTROL)))
        *ret = (struct gate_portion){.terms.originator_control = true};
    if (text_eq(id, TEXT(EMBARGO)))
        *ret = (struct gate_portion){.terms.embargo_until_us = 100};
    if (text_eq(id, TEXT(STATEMENT)))
        *ret = (struct gate_portion){0};
}

static const struct gate_class received = {.tlp = TLP_GREEN, .granular = true, .type = "indicator"};

struct asked {
    struct gate_class cls;
    struct recipient r;
    enum door door;
    int64_t now;
    struct grant grant; /* kind 0: none */
};

static struct asked by_taxii(const struct gate_class *cls)
{
    return (struct asked){.cls = *cls, .r = partner_x(TLP_RED), .door = DOOR_TAXII};
}

static enum err clear(const struct asked *a, const char *json, struct cleared **ret, struct decision_rule *why)
{
    struct withholding w = {MARK_GONE, MARK_THEIRS, 0};
    struct decision d;
    const struct gate_question q = {.cls = &a->cls,
                                    .recipient = &a->r,
                                    .door = a->door,
                                    .now_us = a->now,
                                    .grants = &a->grant,
                                    .grant_count = a->grant.kind ? 1 : 0};
    const struct gate_lookup lookup = {withhold_marked, meaning_of_marking, &w, NULL};
    char *body = canonical(json);
    gate_decide(&q, &d);
    enum err e = gate_clear(&q, &d, text_of(body), &lookup, ret, why);
    free(body);
    return e;
}

static void expect(const struct asked *a, const char *json, const char *expected, const char *removed)
{
    struct cleared *c = NULL;
    struct decision_rule why = {"", ""};
    enum err e = clear(a, json, &c, &why);
    if (e)
        print_error("%s: %s: %s\n", json, why.id, why.words);
    assert_ok(e);
    char *body = canonical(expected);
    assert_text(cleared_body(c), body);
    assert_text(cleared_removed(c), removed);
    free(body);
    cleared_free(c);
}

static void expect_withheld(const struct asked *a, const char *json, const char *rule, const char *words)
{
    struct cleared *c = NULL;
    struct decision_rule why = {"", ""};
    assert_err(clear(a, json, &c, &why), ERR_DENIED);
    assert_null(c);
    assert_string_equal(why.id, rule);
    assert_true(text_find_text(text_of(why.words), text_of(words)) >= 0);
}

/* ---- objects ---- */

#define HEAD(type)                                                                                    \
    "\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type                                   \
    "--11110000-0000-4000-8000-00000000aaaa\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":" \
    "\"2026-01-01T00:00:00.000Z\""
#define INDICATOR                                                                \
    HEAD("indicator")                                                            \
    ",\"pattern\":\"[url:value='u']\",\"pattern_type\":\"stix\",\"valid_from\":" \
    "\"2026-01-01T00:00:00Z\""
#define MARKED(id)         ",\"object_marking_refs\":[\"" id "\"]"
#define PORTION(id, where) "{\"marking_ref\":\"" id "\",\"selectors\":[" where "]}"
#define PORTIONS(list)     ",\"granular_markings\":[" list "]"

/* ---- portions ---- */

static void stricter_portions_are_cut(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    expect(&a, "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\"" PORTIONS(PORTION(RED_2, "\"description\"")) "}",
           "{" INDICATOR ",\"name\":\"n\"}", "description");
    expect(&a,
           "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\"" PORTIONS(
               PORTION(RED_2, "\"description\"") "," PORTION(GREEN_2, "\"name\",\"description\"")) "}",
           "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_2, "\"name\"")) "}", "description");
    expect(&a,
           "{" INDICATOR ",\"labels\":[\"a\",\"b\",\"c\"]" PORTIONS(PORTION(
               AMBER_2, "\"labels.[1]\"") ",{\"lang\":\"nl\",\"selectors\":[\"labels.[2]\",\"labels.[1]\"]}") "}",
           "{" INDICATOR ",\"labels\":[\"a\",\"c\"]" PORTIONS("{\"lang\":\"nl\",\"selectors\":[\"labels.[1]\"]}") "}",
           "labels.[1]");
    expect(&a,
           "{" INDICATOR ",\"labels\":[\"a\",\"b\"]" PORTIONS(PORTION(RED_2, "\"labels.[1]\",\"labels.[0]\"")) "}",
           "{" INDICATOR "}", "labels");
    /* A reference half of which is gone would say something else: the element goes. */
    expect(&a,
           "{" INDICATOR ",\"external_references\":[{\"source_name\":\"a\",\"url\":\"u\"},{\"source_name\":\"b\","
           "\"url\":\"v\"}]" PORTIONS(PORTION(RED_2, "\"external_references.[0].url\"") "," PORTION(
               GREEN_1, "\"external_references.[1].url\"")) "}",
           "{" INDICATOR ",\"external_references\":[{\"source_name\":\"b\",\"url\":\"v\"}]" PORTIONS(
               PORTION(GREEN_1, "\"external_references.[0].url\"")) "}",
           "external_references.[0]");
    expect(&a,
           "{" INDICATOR ",\"x_a\":{\"b\":{\"c\":1}},\"x_d\":{\"e\":1,\"f\":[[1,2]]}" PORTIONS(
               PORTION(RED_2, "\"x_a.b.c\",\"x_d.f.[0].[1]\"")) "}",
           "{" INDICATOR ",\"x_d\":{\"e\":1,\"f\":[[1]]}}", "x_a,x_d.f.[0].[1]");
}

static void laxer_portions_change_nothing(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    static const char *const same[] = {
        "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_2, "\"name\"")) "}",
        "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_1, "\"pattern\"")) "}",
        "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(STATEMENT, "\"pattern\"")) "}",
        "{" INDICATOR ",\"name\":\"n\"" PORTIONS("{\"lang\":\"nl\",\"selectors\":[\"name\",\"pattern\"]}") "}"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        expect(&a, same[i], same[i], "");
    struct gate_class red = received;
    red.tlp = TLP_RED;
    a = by_taxii(&red);
    expect_withheld(&a, "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_2, "\"name\"")) "}", "2 TLP", "named");
}

static void portions_with_terms(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    expect(&a, "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(CONTROL, "\"name\"")) "}", "{" INDICATOR "}", "name");
    expect(&a, "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(STRANGE, "\"name\"")) "}", "{" INDICATOR "}", "name");
    static const char dated[] = "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(EMBARGO, "\"name\"")) "}";
    expect(&a, dated, "{" INDICATOR "}", "name");
    a.now = 100;
    expect(&a, dated, dated, "");
    /* Break-glass opens portions too; a consent to the object does not. */
    a = by_taxii(&received);
    static const char red[] = "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(RED_2, "\"name\"")) "}";
    a.cls.tlp = TLP_AMBER;
    a.grant = (struct grant){GRANT_CONSENT, PARTNER_X, 0, 1, TEXT_NONE, TLP_NONE};
    expect(&a, "{" INDICATOR ",\"name\":\"n\"" MARKED(AMBER_2) PORTIONS(PORTION(RED_2, "\"name\"")) "}",
           "{" INDICATOR MARKED(AMBER_2) "}", "name");
    a.cls.tlp = TLP_GREEN;
    a.grant.kind = GRANT_BREAK_GLASS;
    expect(&a, red, red, "");
}

static void portions_inside(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    static const char red[] = "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(RED_2, "\"name\"")) "}";
    a.door = DOOR_CONSOLE;
    a.r = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_ANALYST};
    expect(&a, red, "{" INDICATOR "}", "name");
    a.r.role = ROLE_RELEASER;
    expect(&a, red, red, "");
    static const char strange[] = "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(STRANGE, "\"name\"")) "}";
    a.r.role = ROLE_READER;
    expect(&a, strange, strange, "");
}

static void what_must_stay_withholds(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    static const char *const marked[] = {"pattern", "valid_from", "id", "type", "created", "spec_version"};
    for (size_t i = 0; i < ARRAY_LEN(marked); i++) {
        char json[1024];
        snprintf(json, sizeof json,
                 "{" INDICATOR PORTIONS("{\"marking_ref\":\"" RED_2 "\",\"selectors\":[\"%s\"]}") "}", marked[i]);
        expect_withheld(&a, json, "5 portions", marked[i]);
    }
    expect_withheld(&a, "{" HEAD("x-unknown") ",\"name\":\"n\"" PORTIONS(PORTION(RED_2, "\"name\"")) "}",
                    "5 portions", "name");
    expect(&a, "{" HEAD("x-unknown") ",\"name\":\"n\",\"labels\":[\"a\"]" PORTIONS(PORTION(RED_2, "\"labels\"")) "}",
           "{" HEAD("x-unknown") ",\"name\":\"n\"}", "labels");
    /* No list of selectors, no part to be cut, and no STIX: the store promised better. */
    struct cleared *c = NULL;
    assert_err(clear(&a, "{" INDICATOR PORTIONS(PORTION(RED_2, "\"nothing\"")) "}", &c, NULL), ERR_MALFORMED);
    assert_err(
        clear(&a, "{" INDICATOR ",\"labels\":[\"a\"]" PORTIONS(PORTION(RED_2, "\"labels.[1]\"")) "}", &c, NULL),
        ERR_MALFORMED);
    assert_err(
        clear(&a, "{" INDICATOR ",\"labels\":[\"a\"]" PORTIONS(PORTION(RED_2, "\"labels.[00]\"")) "}", &c, NULL),
        ERR_MALFORMED);
    assert_null(c);
}

/* An object that was invalid in a way nobody saw is not sent on with a part cut out. */
static void invalid_renditions_stay(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    expect_withheld(&a,
                    "{" HEAD("indicator") ",\"pattern\":\"[\",\"pattern_type\":\"stix\",\"valid_from\":\"soon\","
                                          "\"name\":\"n\"" PORTIONS(PORTION(RED_2, "\"name\"")) "}",
                    "5 portions", "no valid STIX");
}

static void references_and_portions(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
#define REPORT HEAD("report") ",\"name\":\"n\",\"published\":\"2026-01-01T00:00:00Z\",\"object_refs\":"
    expect(&a,
           "{" REPORT "[\"" GONE("malware") "\",\"" HERE("malware") "\",\"" HERE2("malware") "\"]" PORTIONS(PORTION(
               RED_2, "\"object_refs.[1]\"") "," PORTION(GREEN_2, "\"object_refs.[2]\",\"object_refs.[0]\"")) "}",
           "{" REPORT "[\"" HERE2("malware") "\"]" PORTIONS(PORTION(GREEN_2, "\"object_refs.[0]\"")) "}",
           "object_refs.[0],object_refs.[1]");
    expect_withheld(&a,
                    "{" REPORT "[\"" GONE("malware") "\",\"" HERE("malware") "\"]" PORTIONS(
                        PORTION(RED_2, "\"object_refs.[1]\"")) "}",
                    "5 references", "nothing would remain");
    /* What is cut anyway is not asked about, and withholds nothing. */
    expect(&a, "{" INDICATOR ",\"x_ref\":\"" GONE("malware") "\"" PORTIONS(PORTION(RED_2, "\"x_ref\"")) "}",
           "{" INDICATOR "}", "x_ref");
}

/* ---- selectors of a hostile hand ---- */

/* As many labels as selectors, which name them from the first on, or from the last. */
static char *many(size_t count, const char *marking, bool backwards)
{
    struct buffer b;
    buffer_init(&b, 16u << 20);
    buffer_addf(&b, "{" INDICATOR ",\"created_by_ref\":\"" GONE("identity") "\",\"labels\":[");
    for (size_t i = 0; i < count; i++)
        buffer_addf(&b, "%s\"l%zu\"", i ? "," : "", i);
    buffer_addf(&b, "],\"granular_markings\":[{\"marking_ref\":\"%s\",\"selectors\":[", marking);
    for (size_t i = 0; i < count; i++)
        buffer_addf(&b, "%s\"labels.[%zu]\"", i ? "," : "", backwards ? count - 1 - i : i);
    buffer_addf(&b, "]}]}");
    char *json = buffer_take(&b, NULL), *body = canonical(json);
    free(json);
    return body;
}

static enum err clear_many(size_t count, const char *marking, bool backwards, size_t *ret_steps, size_t *ret_bytes)
{
    struct asked a = by_taxii(&received);
    struct withholding w = {MARK_GONE, MARK_THEIRS, 0};
    struct decision d;
    struct cleared *c = NULL;
    struct decision_rule why = {"", ""};
    const struct gate_question q = {.cls = &a.cls, .recipient = &a.r, .door = a.door};
    const struct gate_lookup lookup = {withhold_marked, meaning_of_marking, &w, ret_steps};
    char *body = many(count, marking, backwards);
    *ret_bytes = strlen(body);
    *ret_steps = 0;
    gate_decide(&q, &d);
    enum err e = gate_clear(&q, &d, text_of(body), &lookup, &c, &why);
    if (e)
        assert_string_equal(why.words, "It has too many marked portions to cut them out.");
    cleared_free(c);
    free(body);
    return e;
}

/* What it takes follows an object's length, not its square, whether its portions stay or go. */
static void selectors_take_steps(void **state)
{
    (void)state;
    static const char *const marks[] = {GREEN_2, RED_2};
    size_t steps, bytes;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        assert_ok(clear_many(100, marks[i], true, &steps, &bytes));
        assert_ok(clear_many(10000, marks[i], false, &steps, &bytes));
        assert_true(steps > 10000 && steps <= 100000 + 4 * bytes);
        assert_err(clear_many(10000, marks[i], true, &steps, &bytes), ERR_DENIED);
        assert_true(steps <= 100020 + 4 * bytes);
    }
}

/* ---- markings as the recipient knows them ---- */

static void tlp_1_only(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.r.knows = 0;
    expect(&a, "{" INDICATOR MARKED(GREEN_2) ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_2, "\"name\"")) "}",
           "{" INDICATOR MARKED(GREEN_1) ",\"name\":\"n\"" PORTIONS(PORTION(GREEN_1, "\"name\"")) "}", "");
    expect(&a, "{" INDICATOR ",\"object_marking_refs\":[\"" GREEN_1 "\",\"" GREEN_2 "\",\"" STATEMENT "\"]}",
           "{" INDICATOR ",\"object_marking_refs\":[\"" GREEN_1 "\",\"" STATEMENT "\"]}", "");
    a.cls.tlp = TLP_NONE, a.cls.source_default = TLP_GREEN;
    expect(&a, "{" INDICATOR "}", "{" INDICATOR MARKED(GREEN_1) "}", "");
    a.cls.ours = true, a.cls.tlp = TLP_GREEN;
    expect(&a, "{" INDICATOR MARKED(GREEN_1) ",\"name\":\"n\"" PORTIONS(PORTION(STRICT_2, "\"name\"")) "}",
           "{" INDICATOR MARKED(GREEN_1) "}", "name");
    a.cls.tlp = TLP_AMBER_STRICT;
    expect_withheld(&a, "{" INDICATOR MARKED(STRICT_2) "}", "3 understanding", "TLP 1 only");
    a.r.knows = TERMS_ALL;
    expect(&a, "{" INDICATOR MARKED(STRICT_OTHER) "}", "{" INDICATOR MARKED(STRICT_2) "}", "");
    expect(&a, "{" INDICATOR MARKED(GREEN_1) "}", "{" INDICATOR MARKED(GREEN_1) "}", "");
}

static void consent_sets_the_label(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.cls.tlp = TLP_AMBER_STRICT;
    a.grant = (struct grant){GRANT_CONSENT, PARTNER_X, 0, 1, TEXT_NONE, TLP_GREEN};
    expect(&a, "{" INDICATOR ",\"object_marking_refs\":[\"" STRICT_2 "\",\"" STATEMENT "\"]}",
           "{" INDICATOR ",\"object_marking_refs\":[\"" STATEMENT "\",\"" GREEN_2 "\"]}", "");
    a.grant.leaves_as = TLP_NONE;
    expect(&a, "{" INDICATOR MARKED(STRICT_2) "}", "{" INDICATOR MARKED(STRICT_2) "}", "");
}

/* ---- tear lines ---- */

#define TEAR(label, names)                                                                                       \
    ",\"extensions\":{\"" EXT_TEAR_LINE "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" label \
    "\",\"properties\":[" names "]}}"

static void tear_line_alone(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.cls.tlp = TLP_RED, a.cls.tear = TLP_GREEN;
    expect(&a,
           "{" INDICATOR ",\"name\":\"n\",\"description\":\"secret\",\"created_by_ref\":\"" GONE(
               "identity") "\""
                           ",\"object_marking_refs\":[\"" RED_2 "\",\"" STATEMENT
                           "\"]" TEAR(GREEN_2, "\"name\",\"created_by_ref\"")
                               PORTIONS(PORTION(GREEN_1, "\"description\",\"name\"")) "}",
           "{" INDICATOR ",\"name\":\"n\",\"object_marking_refs\":[\"" STATEMENT "\",\"" GREEN_2
           "\"]" PORTIONS(PORTION(GREEN_1, "\"name\"")) "}",
           "created_by_ref,description,extensions");
    expect(&a,
           "{" INDICATOR ",\"name\":\"n\"" MARKED(RED_2) TEAR(GREEN_2, "\"name\"")
               PORTIONS(PORTION(AMBER_2, "\"name\"")) "}",
           "{" INDICATOR MARKED(GREEN_2) "}", "extensions,name");
    /* Named, the other extensions go; what the tear line leaves out is not told. */
    expect(&a,
           "{" INDICATOR MARKED(RED_2) ",\"extensions\":{\"" EXT_TEAR_LINE
                                       "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" GREEN_2
                                       "\",\"properties\":[\"extensions\"]},\"extension-definition--d0000000-0000-"
                                       "4000-8000-000000000001\":{"
                                       "\"extension_type\":\"property-extension\",\"xyz\":1}}}",
           "{" INDICATOR MARKED(GREEN_2) ",\"extensions\":{\"extension-definition--d0000000-0000-4000-8000-"
                                         "000000000001\":{\"extension_type\":\"property-extension\",\"xyz\":1}}}",
           "extensions." EXT_TEAR_LINE);
    expect_withheld(&a, "{" INDICATOR MARKED(RED_2) TEAR(AMBER_2, "\"name\"") "}", "5 tear line", "cannot be read");
    expect_withheld(&a, "{" INDICATOR MARKED(RED_2) "}", "5 tear line", "cannot be read");
    expect_withheld(&a, "{" INDICATOR ",\"indicator_types\":[\"benign\"]" MARKED(RED_2) TEAR(GREEN_2, "\"name\"") "}",
                    "5 tear line", "leaves out indicator_types");
    expect_withheld(&a, "{" HEAD("x-unknown") MARKED(RED_2) TEAR(GREEN_2, "\"name\"") "}", "5 tear line",
                    "what a x-unknown must keep");
    a.r = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_ANALYST}, a.door = DOOR_CONSOLE;
    expect(&a, "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\"" MARKED(RED_2) TEAR(GREEN_2, "\"name\"") "}",
           "{" INDICATOR ",\"name\":\"n\"" MARKED(GREEN_2) "}", "description,extensions");
}

static void tear_line_by_consent(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.cls.tlp = TLP_AMBER_STRICT;
    a.grant = (struct grant){GRANT_CONSENT, PARTNER_X, 0, 1, TEXT("name, labels"), TLP_AMBER};
    expect(&a, "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\",\"labels\":[\"l\"]" MARKED(STRICT_2) "}",
           "{" INDICATOR ",\"name\":\"n\",\"labels\":[\"l\"]" MARKED(AMBER_2) "}", "description");
}

/* A consent speaks of the object: a portion that is marked more strictly is held to its own marking, in what the
 * consent names too, and where the object has no marking of its own, to what it leaves as. */
static void consents_open_no_portion(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.cls.tlp = TLP_AMBER;
    a.grant = (struct grant){GRANT_CONSENT, PARTNER_X, 0, 1, TEXT("name,description"), TLP_GREEN};
    expect(&a,
           "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\"" MARKED(AMBER_2)
               PORTIONS(PORTION(STRICT_2, "\"description\"")) "}",
           "{" INDICATOR ",\"name\":\"n\"" MARKED(GREEN_2) "}", "description");
    a.cls.tlp = TLP_NONE;
    static const struct text properties[] = {{"", 0}, {"name,description", 16}};
    for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
        a.grant.properties = properties[i];
        expect(&a,
               "{" INDICATOR ",\"name\":\"n\",\"description\":\"d\"" PORTIONS(
                   PORTION(AMBER_2, "\"description\"") "," PORTION(GREEN_2, "\"name\"")) "}",
               "{" INDICATOR ",\"name\":\"n\"" MARKED(GREEN_2) PORTIONS(PORTION(GREEN_2, "\"name\"")) "}",
               "description");
    }
    /* What is marked no more strictly than the rest goes with it. */
    a.grant.leaves_as = TLP_AMBER;
    static const char as_strict[] = "{" INDICATOR ",\"name\":\"n\"" PORTIONS(PORTION(AMBER_2, "\"name\"")) "}";
    expect(&a, as_strict, "{" INDICATOR ",\"name\":\"n\"" MARKED(AMBER_2) PORTIONS(PORTION(AMBER_2, "\"name\"")) "}",
           "");
    a.cls.tlp = TLP_AMBER, a.grant.leaves_as = TLP_GREEN;
    expect(&a, "{" INDICATOR ",\"name\":\"n\"" MARKED(AMBER_2) PORTIONS(PORTION(AMBER_2, "\"name\"")) "}",
           "{" INDICATOR ",\"name\":\"n\"" MARKED(GREEN_2) PORTIONS(PORTION(AMBER_2, "\"name\"")) "}", "");
}

/* ---- an exercise's mark ---- */

#define EXERCISE_MARK "\"" EXT_EXERCISE "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\"}"

static void tear_line_of_an_exercise(void **state)
{
    (void)state;
    struct asked a = by_taxii(&received);
    a.cls.tlp = TLP_RED, a.cls.tear = TLP_GREEN, a.cls.exercise = a.r.exercise = true;
    expect(&a,
           "{" INDICATOR MARKED(
               RED_2) ",\"name\":\"n\",\"extensions\":{\"" EXT_TEAR_LINE
                      "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" GREEN_2
                      "\",\"properties\":[\"name\"]},\"extension-definition--d0000000-0000-4000-"
                      "8000-000000000001\":{\"extension_type\":\"property-extension\"}," EXERCISE_MARK "}}",
           "{" INDICATOR MARKED(GREEN_2) ",\"name\":\"n\",\"extensions\":{" EXERCISE_MARK "}}",
           "extensions." EXT_TEAR_LINE ",extensions.extension-definition--d0000000-0000-4000-8000-000000000001");
    a.cls.tear = TLP_NONE;
    a.grant = (struct grant){GRANT_CONSENT, PARTNER_X, 0, 1, TEXT("name"), TLP_GREEN};
    /* What else stands in the mark is none of it. */
    expect(&a,
           "{" INDICATOR MARKED(
               RED_2) ",\"name\":\"n\",\"extensions\":{\"" EXT_EXERCISE
                      "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\",\"note\":\"s\"}}}",
           "{" INDICATOR MARKED(GREEN_2) ",\"name\":\"n\",\"extensions\":{" EXERCISE_MARK "}}",
           "extensions." EXT_EXERCISE ".note");
    /* A mark of nothing else: what would be left carries none. */
    expect_withheld(
        &a, "{" INDICATOR MARKED(RED_2) ",\"name\":\"n\",\"extensions\":{\"" EXT_EXERCISE "\":{\"note\":\"s\"}}}",
        "10 spaces", "nothing crosses");
}

/* ---- what an object must keep: told a second time ---- */

static const struct {
    const char *type, *keeps; /* every word withholds when it is cut */
} kept[] = {
    {"attack-pattern", "name"},
    {"campaign", "name"},
    {"course-of-action", "name"},
    {"grouping", "context object_refs"},
    {"identity", "identity_class name"},
    {"incident", "name"},
    {"indicator", "indicator_types pattern pattern_type pattern_version valid_from valid_until"},
    {"infrastructure", "name"},
    {"intrusion-set", "name"},
    {"location", "latitude longitude region country precision"},
    {"malware", "is_family name"},
    {"malware-analysis", "product result analysis_sco_refs result_name"},
    {"note", "content object_refs"},
    {"observed-data", "first_observed last_observed number_observed object_refs objects"},
    {"opinion", "opinion object_refs"},
    {"report", "name published object_refs"},
    {"threat-actor", "name"},
    {"tool", "name"},
    {"vulnerability", "name"},
    {"relationship", "relationship_type source_ref target_ref start_time stop_time"},
    {"sighting", "sighting_of_ref count summary"},
    {"artifact", "hashes payload_bin url encryption_algorithm decryption_key"},
    {"autonomous-system", "number"},
    {"directory", "path path_enc"},
    {"domain-name", "value"},
    {"email-addr", "value"},
    {"email-message", "is_multipart from_ref subject body body_multipart"},
    {"file", "hashes name name_enc parent_directory_ref"},
    {"ipv4-addr", "value"},
    {"ipv6-addr", "value"},
    {"mac-addr", "value"},
    {"mutex", "name"},
    {"network-traffic", "protocols src_ref dst_ref src_port dst_port start end is_active"},
    {"software", "name cpe swid vendor version"},
    {"url", "value"},
    {"user-account", "account_type user_id account_login is_disabled"},
    {"windows-registry-key", "key values"},
    {"x509-certificate", "hashes serial_number is_self_signed"},
};

static void what_each_type_keeps(void **state)
{
    (void)state;
    static const char all[] = "type id spec_version created modified revoked object_marking_refs granular_markings "
                              "defanged extensions";
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct text type = text_of(kept[i].type), lists[] = {TEXT(all), text_of(kept[i].keeps)}, word;
        assert_true(meaning_known(type) && meaning_may_be_cut(type, TEXT("description")));
        for (size_t l = 0; l < ARRAY_LEN(lists); l++)
            while (text_split(&lists[l], ' ', &word)) {
                assert_false(meaning_may_be_cut(type, word));
                assert_true(meaning_required(type, word) != meaning_misleads_without(type, word));
            }
    }
    assert_false(meaning_known(TEXT("marking-definition")));
    assert_false(meaning_may_be_cut(TEXT("marking-definition"), TEXT("name")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stricter_portions_are_cut), cmocka_unit_test(laxer_portions_change_nothing),
        cmocka_unit_test(portions_with_terms),       cmocka_unit_test(portions_inside),
        cmocka_unit_test(what_must_stay_withholds),  cmocka_unit_test(invalid_renditions_stay),
        cmocka_unit_test(references_and_portions),   cmocka_unit_test(tlp_1_only),
        cmocka_unit_test(consent_sets_the_label),    cmocka_unit_test(tear_line_alone),
        cmocka_unit_test(tear_line_by_consent),      cmocka_unit_test(consents_open_no_portion),
        cmocka_unit_test(selectors_take_steps),      cmocka_unit_test(tear_line_of_an_exercise),
        cmocka_unit_test(what_each_type_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
