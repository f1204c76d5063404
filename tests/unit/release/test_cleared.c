/* Closing over references, example by example: what is pruned, what is withheld, what is added, what stays as it is.
 */
#include "gateway.h"

#include <stdio.h>

#include "model/sensed.h"
#include "model/space.h"
#include "model/stix.h"

static const struct gate_class green = {.tlp = TLP_GREEN, .type = "x"};

#define GREEN_2 "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define AMBER_2 "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define TIMES \
    "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"spec_version\":\"2.1\""

/* An object with `members` (JSON, without braces) beside type and id, canonical; in a static buffer of four. */
static const char *object(const char *type, bool times, const char *members)
{
    static char buffers[4][8192], text[8192];
    static unsigned turn;
    char *out = buffers[turn++ % 4];
    snprintf(text, sizeof text, "{\"type\":\"%s\",\"id\":\"%s--11110000-0000-4000-8000-00000000aaaa\"%s%s%s%s}", type,
             type, times ? "," TIMES : "", *members ? "," : "", members, times ? "" : ",\"spec_version\":\"2.1\"");
    char *c = canonical(text);
    snprintf(out, sizeof buffers[0], "%s", c);
    free(c);
    return out;
}

static void expect_whole(const char *body)
{
    struct cleared *c = NULL;
    assert_ok(through_gate(&green, body, &c, NULL));
    assert_int_equal(cleared_form(c), FORM_WHOLE);
    assert_text(cleared_body(c), body);
    cleared_free(c);
}

/* Leaves as a rendition that equals the object with other members. */
static void expect_rendition(const char *body, const char *expected)
{
    char *copy = strdup(expected);
    struct cleared *c = NULL;
    assert_ok(through_gate(&green, body, &c, NULL));
    assert_int_equal(cleared_form(c), FORM_RENDITION);
    assert_text(cleared_body(c), copy);
    struct sha256 hash = sha256_of(cleared_body(c).ptr, cleared_body(c).len);
    assert_true(sha256_eq(&hash, cleared_hash(c)));
    cleared_free(c);
    free(copy);
}

static void expect_withheld(const char *body)
{
    struct cleared *c = NULL;
    struct decision_rule why = {0};
    enum err e = through_gate(&green, body, &c, &why);
    if (e != ERR_DENIED)
        print_error("not withheld: %s\n", body);
    assert_err(e, ERR_DENIED);
    assert_null(c);
    assert_string_equal(why.id, "5 references");
    assert_null(strstr(why.words, "dead0000"));
    assert_non_null(strstr(why.words, "points to is withheld"));
}

static void whole_is_untouched(void **state)
{
    (void)state;
    expect_whole(
        object("indicator", true, "\"created_by_ref\":\"" HERE("identity") "\",\"name\":\"\\u00e9 \\\" x\""));
    expect_whole(object("relationship", true,
                        "\"source_ref\":\"" HERE("malware") "\",\"target_ref\":\"" THEIRS("malware") "\""));
    expect_whole(object("indicator", true, "\"object_marking_refs\":[\"" GONE("marking-definition") "\"]"));
    expect_whole(object(
        "note", true,
        "\"object_refs\":[\"" HERE(
            "x-y") "\"],\"granular_markings\":[{\"marking_ref\":\""
                   "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\",\"selectors\":[\"object_refs\"]}]"));
    /* Texts that look like references are none. */
    expect_whole(object("note", true, "\"content\":\"" GONE("malware") "\",\"x_ref\":\"dead0000-\",\"x_refs\":[]"));
    expect_whole(object("note", true, "\"external_references\":[{\"source_name\":\"" GONE("malware") "\"}]"));
}

/* A row of the table: the reference goes, the rest stays. */
static const struct {
    const char *type, *property;
    bool list;
} prunable[] = {
    {"indicator", "created_by_ref", false},
    {"domain-name", "created_by_ref", false},
    {"report", "object_refs", true},
    {"grouping", "object_refs", true},
    {"note", "object_refs", true},
    {"opinion", "object_refs", true},
    {"sighting", "observed_data_refs", true},
    {"sighting", "where_sighted_refs", true},
    {"malware", "sample_refs", true},
    {"malware", "operating_system_refs", true},
    {"malware-analysis", "host_vm_ref", false},
    {"malware-analysis", "operating_system_ref", false},
    {"malware-analysis", "installed_software_refs", true},
    {"domain-name", "resolves_to_refs", true},
    {"ipv4-addr", "resolves_to_refs", true},
    {"ipv4-addr", "belongs_to_refs", true},
    {"ipv6-addr", "resolves_to_refs", true},
    {"ipv6-addr", "belongs_to_refs", true},
    {"email-addr", "belongs_to_ref", false},
    {"email-message", "sender_ref", false},
    {"email-message", "to_refs", true},
    {"email-message", "cc_refs", true},
    {"email-message", "bcc_refs", true},
    {"email-message", "raw_email_ref", false},
    {"directory", "contains_refs", true},
    {"file", "contains_refs", true},
    {"file", "content_ref", false},
    {"windows-registry-key", "creator_user_ref", false},
};

static void optional_references_are_pruned(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prunable); i++) {
        char members[400], expected_members[400];
        const char *type = prunable[i].type, *name = prunable[i].property;
        snprintf(members, sizeof members, "\"%s\":%s\"" GONE("identity") "\"%s,\"name\":\"n\"", name,
                 prunable[i].list ? "[\"" HERE("identity") "\"," : "", prunable[i].list ? "]" : "");
        if (prunable[i].list)
            snprintf(expected_members, sizeof expected_members, "\"%s\":[\"" HERE("identity") "\"],\"name\":\"n\"",
                     name);
        else
            snprintf(expected_members, sizeof expected_members, "\"name\":\"n\"");
        char *expected = strdup(object(type, true, expected_members));
        expect_rendition(object(type, true, members), expected);
        free(expected);
    }
}

/* Nothing left of a list: the property goes, or the object where it needs one. */
static void emptied_lists(void **state)
{
    (void)state;
    static const char *const needing[] = {"report", "grouping", "note", "opinion"};
    for (size_t i = 0; i < ARRAY_LEN(prunable); i++) {
        char members[400];
        if (!prunable[i].list)
            continue;
        bool needs = false;
        for (size_t k = 0; k < ARRAY_LEN(needing); k++)
            needs = needs || strcmp(prunable[i].type, needing[k]) == 0;
        snprintf(members, sizeof members,
                 "\"%s\":[\"" GONE("identity") "\",\"" GONE2("identity") "\"],\"name\":\"n\"", prunable[i].property);
        char *body = strdup(object(prunable[i].type, true, members));
        if (needs)
            expect_withheld(body);
        else
            expect_rendition(body, object(prunable[i].type, true, "\"name\":\"n\""));
        free(body);
    }
}

static void what_makes_no_sense_is_withheld(void **state)
{
    (void)state;
    static const struct {
        const char *type, *members;
    } rows[] = {
        {"relationship", "\"source_ref\":\"" GONE("malware") "\",\"target_ref\":\"" HERE("malware") "\""},
        {"relationship", "\"source_ref\":\"" HERE("malware") "\",\"target_ref\":\"" GONE("malware") "\""},
        {"sighting", "\"sighting_of_ref\":\"" GONE("indicator") "\""},
        {"observed-data", "\"object_refs\":[\"" HERE("url") "\",\"" GONE("url") "\"]"},
        {"network-traffic", "\"src_ref\":\"" GONE("ipv4-addr") "\""},
        {"network-traffic", "\"src_ref\":\"" HERE("ipv4-addr") "\",\"dst_ref\":\"" GONE("ipv4-addr") "\""},
        {"email-message", "\"from_ref\":\"" GONE("email-addr") "\""},
        {"file", "\"parent_directory_ref\":\"" GONE("directory") "\""},
        {"language-content", "\"object_ref\":\"" GONE("malware") "\""},
        {"extension-definition", "\"created_by_ref\":\"" GONE("identity") "\""},
        {"indicator", "\"x_other_ref\":\"" GONE("malware") "\""},
        {"x-entente-thing", "\"about_refs\":[\"" GONE("malware") "\"]"},
        {"file", "\"extensions\":{\"archive-ext\":{\"contains_refs\":[\"" HERE("file") "\",\"" GONE("file") "\"]}}"},
        {"indicator", "\"extensions\":{\"x\":{\"a\":[{\"deep_ref\":\"" GONE("malware") "\"}]}}"},
        {"indicator", "\"created_by_ref\":{\"inner_ref\":\"" GONE("malware") "\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows) - 1; i++)
        expect_withheld(object(rows[i].type, true, rows[i].members));
    /* A property that is no reference but holds one is nothing that a store keeps. */
    struct cleared *c = NULL;
    const char *body = object(rows[ARRAY_LEN(rows) - 1].type, true, rows[ARRAY_LEN(rows) - 1].members);
    assert_err(through_gate(&green, body, &c, NULL), ERR_MALFORMED);
    assert_null(c);
}

/* What came from the recipient is neither pruned nor a release. */
static void references_back_stay(void **state)
{
    (void)state;
    expect_whole(object("report", true, "\"object_refs\":[\"" THEIRS("malware") "\",\"" HERE("malware") "\"]"));
    expect_rendition(object("report", true, "\"object_refs\":[\"" THEIRS("malware") "\",\"" GONE("malware") "\"]"),
                     object("report", true, "\"object_refs\":[\"" THEIRS("malware") "\"]"));
}

/* ---- markings ---- */

static void expect_marked(const char *members, const char *expected_members, struct gate_class cls)
{
    char *body = strdup(object("indicator", true, members));
    struct cleared *c = NULL;
    assert_ok(through_gate(&cls, body, &c, NULL));
    assert_int_equal(cleared_form(c), FORM_RENDITION);
    assert_text(cleared_body(c), object("indicator", true, expected_members));
    cleared_free(c);
    free(body);
}

static void default_marking_is_written(void **state)
{
    (void)state;
    struct gate_class unmarked = {.source_default = TLP_GREEN};
    expect_marked("\"name\":\"n\",\"pattern\":\"p\"",
                  "\"name\":\"n\",\"object_marking_refs\":[\"" GREEN_2 "\"],\"pattern\":\"p\"", unmarked);
    expect_marked("", "\"object_marking_refs\":[\"" GREEN_2 "\"]", unmarked);
    expect_marked("\"zzz\":1", "\"object_marking_refs\":[\"" GREEN_2 "\"],\"zzz\":1", unmarked);
    expect_marked("\"\\u00e9\":1", "\"object_marking_refs\":[\"" GREEN_2 "\"],\"\\u00e9\":1", unmarked);
    /* A statement stays, the label stands behind it. */
    expect_marked("\"object_marking_refs\":[\"" GONE("marking-definition") "\"]",
                  "\"object_marking_refs\":[\"" GONE("marking-definition") "\",\"" GREEN_2 "\"]", unmarked);
    /* Both at once. */
    expect_marked("\"created_by_ref\":\"" GONE("identity") "\"", "\"object_marking_refs\":[\"" GREEN_2 "\"]",
                  unmarked);
}

static void console_shows_what_is_held(void **state)
{
    (void)state;
    struct gate_class unmarked = {.type = "indicator"};
    struct recipient r = {.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_READER};
    struct withholding w = {"", "", 0};
    struct decision d;
    struct cleared *c;
    const char *body = object("indicator", true, "\"name\":\"n\"");
    gate_decide(&QUESTION(&unmarked, &r, DOOR_CONSOLE), &d);
    assert_ok(gate_clear(&QUESTION(&unmarked, &r, DOOR_CONSOLE), &d, text_of(body), &LOOKUP(withhold_marked, &w), &c,
                         NULL));
    assert_int_equal(cleared_form(c), FORM_WHOLE);
    assert_int_equal(cleared_label(c), TLP_AMBER_STRICT);
    assert_text(cleared_body(c), body);
    cleared_free(c);
    gate_decide(&QUESTION(&unmarked, &r, DOOR_TAXII), &d);
    assert_ok(
        gate_clear(&QUESTION(&unmarked, &r, DOOR_TAXII), &d, text_of(body), &LOOKUP(withhold_marked, &w), &c, NULL));
    assert_non_null(strstr(cleared_body(c).ptr, "939a9414-2ddd-4d32-a0cd-375ea402b003"));
    assert_int_equal(cleared_form(c), FORM_RENDITION);
    cleared_free(c);
}

/* ---- sightings ---- */

#define OURS HERE("identity")
#define SIGHTING_KEPT                                                                 \
    "\"count\":3,\"created_by_ref\":\"" OURS "\",\"object_marking_refs\":[\"" AMBER_2 \
    "\"],\"sighting_of_ref\":\"" THEIRS("indicator") "\""

static void sightings_say_little(void **state)
{
    (void)state;
    struct gate_class c = {.ours = true,
                           .tlp = TLP_AMBER,
                           .sighting = true,
                           .sighting_of = PARTNER_X,
                           .sighting_tlp = TLP_AMBER,
                           .type = "sighting"};
    char *body = strdup(object(
        "sighting", true,
        SIGHTING_KEPT
        ",\"first_seen\":\"2026-03-01T10:59:59.123Z\",\"last_seen\":"
        "\"2026-03-01T12:00:00Z\",\"where_sighted_refs\":[\"" HERE2(
            "identity") "\",\"" OURS
                        "\"],\"observed_data_refs\":[\"" HERE(
                            "observed-data") "\"],"
                                             "\"description\":\"at Hospital Y\",\"labels\":[\"l\"],\"confidence\":50,"
                                             "\"x_constituent_ref\":\"" GONE("identity") "\",\"summary\":false"));
    struct cleared *made = NULL;
    assert_ok(through_gate(&c, body, &made, NULL));
    assert_int_equal(cleared_form(made), FORM_RENDITION);
    assert_text(cleared_body(made),
                object("sighting", true,
                       SIGHTING_KEPT
                       ",\"first_seen\":\"2026-03-01T10:00:00.000Z\",\"last_seen\":\"2026-03-01T12:00:00Z\","
                       "\"where_sighted_refs\":[\"" OURS "\"]"));
    cleared_free(made);
    free(body);

    /* Nobody but a constituent saw it: no place is named. Already as it should be: whole. */
    body = strdup(object("sighting", true, SIGHTING_KEPT ",\"where_sighted_refs\":[\"" HERE2("identity") "\"]"));
    assert_ok(through_gate(&c, body, &made, NULL));
    assert_text(cleared_body(made), object("sighting", true, SIGHTING_KEPT));
    cleared_free(made);
    free(body);
    const char *good = object("sighting", true, SIGHTING_KEPT ",\"where_sighted_refs\":[\"" OURS "\"]");
    assert_ok(through_gate(&c, good, &made, NULL));
    assert_int_equal(cleared_form(made), FORM_WHOLE);
    assert_text(cleared_body(made), good);
    cleared_free(made);

    /* Withdrawn: the withdrawal goes the same way. */
    good = object("sighting", true, SIGHTING_KEPT ",\"revoked\":true");
    assert_ok(through_gate(&c, good, &made, NULL));
    assert_text(cleared_body(made), good);
    cleared_free(made);

    /* A laxer label of its own: the stricter one is added. */
    c.tlp = TLP_GREEN;
    body =
        strdup(object("sighting", true,
                      "\"object_marking_refs\":[\"" GREEN_2 "\"],\"sighting_of_ref\":\"" THEIRS("indicator") "\""));
    assert_ok(through_gate(&c, body, &made, NULL));
    assert_int_equal(cleared_label(made), TLP_AMBER);
    assert_text(cleared_body(made), object("sighting", true,
                                           "\"object_marking_refs\":[\"" GREEN_2 "\",\"" AMBER_2
                                           "\"],\"sighting_of_ref\":\"" THEIRS("indicator") "\""));
    cleared_free(made);
    free(body);
    body = strdup(
        object("sighting", true, "\"first_seen\":\"yesterday\",\"sighting_of_ref\":\"" THEIRS("indicator") "\""));
    assert_err(through_gate(&c, body, &made, NULL), ERR_MALFORMED);
    free(body);
}

#define OPINION_KEPT                                                                                     \
    "\"created_by_ref\":\"" OURS "\",\"explanation\":\"a sinkhole\",\"object_marking_refs\":[\"" AMBER_2 \
    "\"],\"object_refs\":[\"" THEIRS("indicator") "\"],\"opinion\":\"strongly-disagree\""

/* That an indicator was a false positive goes the way a sighting of it would. */
static void opinions_say_little(void **state)
{
    (void)state;
    struct gate_class c = {.ours = true,
                           .tlp = TLP_AMBER,
                           .sighting = true,
                           .sighting_of = PARTNER_X,
                           .sighting_tlp = TLP_AMBER,
                           .type = "opinion"};
    struct cleared *made = NULL;
    char *body = strdup(object("opinion", true,
                               OPINION_KEPT ",\"authors\":[\"somebody of ours\"],\"labels\":[\"l\"],"
                                            "\"confidence\":50,\"x_constituent_ref\":\"" GONE("identity") "\""));
    assert_ok(through_gate(&c, body, &made, NULL));
    assert_text(cleared_body(made), object("opinion", true, OPINION_KEPT));
    cleared_free(made);
    free(body);
    const char *gone = object("opinion", true, OPINION_KEPT ",\"revoked\":true");
    assert_ok(through_gate(&c, gone, &made, NULL));
    assert_text(cleared_body(made), gone);
    cleared_free(made);
}

static void sightings_of_an_exercise(void **state)
{
    (void)state;
    struct gate_class c = {.ours = true,
                           .tlp = TLP_AMBER,
                           .sighting = true,
                           .sighting_of = PARTNER_X,
                           .sighting_tlp = TLP_AMBER,
                           .exercise = true,
                           .type = "sighting"};
    struct recipient r = partner_x(TLP_RED);
    struct withholding w = {MARK_GONE, MARK_THEIRS, 0};
    struct decision d;
    struct cleared *made = NULL;
#define SPRING "\"" EXT_EXERCISE "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\"}"
#define OTHER  "\"extension-definition--00000000-0000-4000-8000-000000000001\":{\"place\":\"Hospital Y\"}"
    char *body = strdup(object("sighting", true, SIGHTING_KEPT ",\"extensions\":{" OTHER "," SPRING "}"));
    r.exercise = true;
    gate_decide(&QUESTION(&c, &r, DOOR_TAXII), &d);
    assert_ok(
        gate_clear(&QUESTION(&c, &r, DOOR_TAXII), &d, text_of(body), &LOOKUP(withhold_marked, &w), &made, NULL));
    assert_text(cleared_body(made), object("sighting", true, SIGHTING_KEPT ",\"extensions\":{" SPRING "}"));
    cleared_free(made);
    free(body);
}

/* To its hub a sensor says when exactly, what hit, and which of its own addresses asked; a partner is told none of
 * it, and nobody what else may stand there. */
static void what_a_sensor_tells(void **state)
{
    (void)state;
    struct gate_class c = {.ours = true,
                           .tlp = TLP_AMBER,
                           .sighting = true,
                           .sighting_of = PARTNER_X,
                           .sighting_tlp = TLP_AMBER,
                           .type = "sighting"};
    struct recipient r = partner_x(TLP_RED);
    struct withholding w = {MARK_GONE, MARK_THEIRS, 0};
    struct decision d;
    struct cleared *made = NULL;
#define SEEN "\"first_seen\":\"2026-03-01T10:59:59.123Z\",\"last_seen\":\"2026-03-01T11:20:00.500Z\""
#define TOLD                                                                                                        \
    "\"clients\":[\"192.0.2.7\"],\"extension_type\":\"property-extension\",\"value\":\"e.example\",\"value_kind\":" \
    "\"domain\""
    char *body = strdup(object("sighting", true,
                               SIGHTING_KEPT "," SEEN ",\"description\":\"secret\",\"extensions\":{" OTHER
                                             ",\"" EXT_SENSED "\":{\"line\":\"secret\"," TOLD "}}"));
    r.kind = RECIPIENT_HUB;
    gate_decide(&QUESTION(&c, &r, DOOR_TAXII), &d);
    assert_ok(
        gate_clear(&QUESTION(&c, &r, DOOR_TAXII), &d, text_of(body), &LOOKUP(withhold_marked, &w), &made, NULL));
    assert_text(cleared_body(made),
                object("sighting", true, SIGHTING_KEPT "," SEEN ",\"extensions\":{\"" EXT_SENSED "\":{" TOLD "}}"));
    cleared_free(made);
    assert_ok(through_gate(&c, body, &made, NULL));
    assert_text(cleared_body(made),
                object("sighting", true,
                       SIGHTING_KEPT
                       ",\"first_seen\":\"2026-03-01T10:00:00.000Z\",\"last_seen\":\"2026-03-01T11:00:00.000Z\""));
    cleared_free(made);
    free(body);
}

/* ---- edges ---- */

static void gate_clear_refuses(void **state)
{
    (void)state;
    struct cleared *c = NULL;
    struct decision_rule why = {0};
    struct gate_class withheld = {.tlp = TLP_RED};
    assert_err(through_gate(&withheld, object("indicator", true, ""), &c, &why), ERR_DENIED);
    assert_string_equal(why.id, "2 TLP");
    static const char *const bad[] = {"", "{", "[]", "\"x\"", "{\"type\":\"indicator\"}", "{\"id\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(through_gate(&green, bad[i], &c, &why), ERR_MALFORMED);
    assert_null(c);
    cleared_free(NULL);
}

/* Whatever the class says: the bytes must be of the space they leave. */
static enum err leaves(bool exercise, bool protocol, const char *body)
{
    struct gate_class c = {.tlp = TLP_GREEN, .exercise = exercise, .protocol_object = protocol, .type = "indicator"};
    struct recipient r = partner_x(TLP_RED);
    struct decision d = {.cleared = true, .label = TLP_GREEN, .holds_until_us = INT64_MAX};
    struct decision_rule why = {0};
    struct cleared *made = NULL;
    struct withholding w = {.mark = "", .theirs = ""};
    r.exercise = exercise;
    struct gate_lookup lookup = LOOKUP(withhold_marked, &w);
    enum err e = gate_clear(&QUESTION(&c, &r, DOOR_TAXII), &d, text_of(body), &lookup, &made, &why);
    if (e == ERR_DENIED)
        assert_string_equal(why.id, "10 spaces");
    cleared_free(made);
    return e;
}

static void spaces_by_the_bytes(void **state)
{
    (void)state;
    const char *plain = object("indicator", true, "\"name\":\"x\"");
    const char *marked = object("indicator", true,
                                "\"extensions\":{\"" EXT_EXERCISE
                                "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\"}}");
    assert_ok(leaves(false, false, plain));
    assert_err(leaves(false, false, marked), ERR_DENIED);
    assert_ok(leaves(true, false, marked));
    assert_err(leaves(true, false, plain), ERR_DENIED);
    assert_ok(leaves(true, true, plain)); /* a TLP definition */
}

static void accessors(void **state)
{
    (void)state;
    struct cleared *c;
    const char *body = object("indicator", true, "\"name\":\"n\"");
    assert_ok(through_gate(&green, body, &c, NULL));
    assert_text(cleared_id(c), "indicator--11110000-0000-4000-8000-00000000aaaa");
    assert_text(cleared_version(c), "2026-01-01T00:00:00.000Z");
    assert_int_equal(cleared_label(c), TLP_GREEN);
    assert_int_equal(cleared_door(c), DOOR_TAXII);
    assert_int_equal(cleared_recipient_kind(c), RECIPIENT_PARTNER);
    assert_true(uuid_eq(cleared_party(c), &PARTNER_X));
    struct sha256 hash = sha256_of(body, strlen(body));
    assert_true(sha256_eq(cleared_hash(c), &hash) && sha256_eq(cleared_hash(c), &hash));
    cleared_free(c);
    assert_ok(through_gate(&green, object("url", false, "\"value\":\"http://x/\""), &c, NULL));
    assert_int_equal(cleared_version(c).len, 0);
    cleared_free(c);
}

static void state_of_a_reference(void **state)
{
    (void)state;
    struct recipient r = partner_x(TLP_GREEN);
    struct gate_class mine = {.ours = true, .party = PARTNER_X, .tlp = TLP_AMBER}, theirs = {.party = PARTNER_X},
                      unknown = {.tlp = TLP_AMBER}, free_of = {.tlp = TLP_CLEAR};
    const struct {
        const struct gate_class *c;
        enum ref_state state;
    } rows[] = {{&mine, REF_WITHHELD}, {&theirs, REF_ORIGIN}, {&unknown, REF_WITHHELD}, {&free_of, REF_CLEARED}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct decision d;
        gate_decide(&QUESTION(rows[i].c, &r, DOOR_TAXII), &d);
        assert_int_equal(gate_ref_of(rows[i].c, &r, &d), rows[i].state);
    }
    struct recipient account = {.kind = RECIPIENT_OWN_ACCOUNT, .party = PARTNER_X};
    struct decision d = {.cleared = false};
    assert_int_equal(gate_ref_of(&theirs, &account, &d), REF_WITHHELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_is_untouched),
        cmocka_unit_test(optional_references_are_pruned),
        cmocka_unit_test(emptied_lists),
        cmocka_unit_test(what_makes_no_sense_is_withheld),
        cmocka_unit_test(references_back_stay),
        cmocka_unit_test(default_marking_is_written),
        cmocka_unit_test(console_shows_what_is_held),
        cmocka_unit_test(sightings_say_little),
        cmocka_unit_test(opinions_say_little),
        cmocka_unit_test(sightings_of_an_exercise),
        cmocka_unit_test(what_a_sensor_tells),
        cmocka_unit_test(gate_clear_refuses),
        cmocka_unit_test(spaces_by_the_bytes),
        cmocka_unit_test(accessors),
        cmocka_unit_test(state_of_a_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
