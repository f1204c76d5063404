/* Marking definitions as they are met in the world, and what each is taken for. What is not understood in full is
 * unreadable; a sentence about copyright is never a classification. */
#include "model/terms_read.h"
#include "support/test.h"

#define ID "\"type\":\"marking-definition\",\"id\":\"marking-definition--0d9a7b0e-8d7f-4d30-9f2b-0d7f6f0d4a11\""

struct meaning {
    bool good, statement;
    enum tlp tlp;
    struct terms terms;
};

static struct meaning meaning_of(const char *json)
{
    struct json_doc *doc;
    struct meaning m;
    assert_ok(json_parse(text_of(json), &doc, NULL));
    m.good = terms_read(json_root(doc), &m.terms, &m.tlp, &m.statement);
    json_free(doc);
    return m;
}

/* One extension of ours with these members. */
static struct meaning with(const char *ext, const char *members)
{
    char json[1024];
    snprintf(json, sizeof json, "{" ID ",\"extensions\":{\"%s\":{\"extension_type\":\"property-extension\"%s%s}}}",
             ext, *members ? "," : "", members);
    return meaning_of(json);
}

static void assert_terms(const struct meaning *m, const char *expected)
{
    struct buffer b;
    buffer_init(&b, TERMS_TEXT_MAX);
    terms_text(&m->terms, &b);
    assert_ok(buffer_error(&b));
    assert_text(buffer_text(&b), expected);
    buffer_done(&b);
}

static void statements_restrict_nothing(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "Copyright 2015-2026, The Example Corporation. This work is reproduced and distributed with the permission.",
        "Secret recipes of Example Corp. All rights reserved.",
        "EU restricted use licence 1.0",
        "CONFIDENTIAL",
        "This document is TOP SECRET",
        "NATO RESTRICTED AREA photographs (c) 2024",
        "secretariat",
        "OFFICIAL-SENSITIVE",
        "OFFICIAL",
        "UNCLASSIFIED",
        "TLP-like terms apply",
        "Geheimnisse sind unser Beruf",
        "vertraulich",
        "",
        "custom",
    };
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        char json[512];
        snprintf(json, sizeof json,
                 "{" ID
                 ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"%s\",\"x\":1},\"x_more\":[2]}",
                 statements[i]);
        struct meaning m = meaning_of(json);
        assert_true(m.good && m.statement);
        assert_int_equal(m.tlp, TLP_NONE);
        assert_terms(&m, "");
    }
}

static void phrases_classify(void **state)
{
    (void)state;
    static const struct {
        enum classification level;
        const char *statement;
    } rows[] = {
        {CLASSIFICATION_RESTRICTED, "NATO RESTRICTED"},
        {CLASSIFICATION_RESTRICTED, " nato   restricted "},
        {CLASSIFICATION_RESTRICTED, "RESTREINT UE/EU RESTRICTED"},
        {CLASSIFICATION_CONFIDENTIAL, "CONFIDENTIEL UE/EU CONFIDENTIAL"},
        {CLASSIFICATION_CONFIDENTIAL, "EU CONFIDENTIAL/CONFIDENTIEL UE"},
        {CLASSIFICATION_TOP_SECRET, "TRÈS SECRET UE/EU TOP SECRET"},
        {CLASSIFICATION_TOP_SECRET, "COSMIC TOP SECRET"},
        {CLASSIFICATION_RESTRICTED, "VS-NfD"},
        {CLASSIFICATION_RESTRICTED, "VS – NUR FÜR DEN DIENSTGEBRAUCH"},
        {CLASSIFICATION_SECRET, "GEHEIM"},
        {CLASSIFICATION_TOP_SECRET, "Streng geheim"},
        {CLASSIFICATION_TOP_SECRET, "ŚCIŚLE TAJNE"},
        {CLASSIFICATION_TOP_SECRET, "ΆΚΡΩΣ ΑΠΌΡΡΗΤΟ"},
        {CLASSIFICATION_SECRET, "СЕКРЕТНО"},
        {CLASSIFICATION_RESTRICTED, "DIENESTA VAJADZĪBĀM"},
        {CLASSIFICATION_CONFIDENTIAL, "DŮVĚRNÉ"},
        {CLASSIFICATION_SECRET, "SECRET//NOFORN"},
        {CLASSIFICATION_TOP_SECRET, "TOP SECRET // SI // REL TO USA, FVEY"},
        {CLASSIFICATION_CONFIDENTIAL, "CONFIDENTIAL//REL TO USA, NATO"},
        {CLASSIFICATION_SECRET, "UK SECRET"},
        {CLASSIFICATION_TOP_SECRET, "Strict secret de importanță deosebită"},
        {CLASSIFICATION_NONE, "CONFIDENTIAL /REL"},
        {CLASSIFICATION_NONE, "NATORESTRICTED"},
        {CLASSIFICATION_NONE, "NATO"},
        {CLASSIFICATION_NONE, "NATO RESTRICTED\xff"},
        {CLASSIFICATION_NONE, "GEHEIM."},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(classification_of_statement(text_of(rows[i].statement)), rows[i].level);
    struct meaning m =
        meaning_of("{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"NATO SECRET\"}}");
    assert_true(m.good && !m.statement);
    assert_terms(&m, "c3");
}

static void labels_are_read_however_written(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum tlp tlp;
        const char *terms;
    } rows[] = {
        {"{\"id\":\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\",\"definition_type\":\"tlp\","
         "\"definition\":{\"tlp\":\"green\"}}",
         TLP_GREEN, ""},
        {"{" ID ",\"extensions\":{\"" EXT_TLP2 "\":{\"tlp_2_0\":\"amber+strict\"}}}", TLP_AMBER_STRICT, ""},
        {"{" ID ",\"definition_type\":\"TLP\",\"definition\":{\"TLP\":\"TLP:AMBER\"}}", TLP_AMBER, ""},
        {"{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"custom\"},"
         "\"x_opencti_definition_type\":\"TLP\",\"x_opencti_definition\":\"TLP:AMBER+STRICT\"}",
         TLP_AMBER_STRICT, ""},
        {"{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"TLP:RED\"}}", TLP_RED, ""},
        {"{" ID ",\"definition_type\":\"statement\",\"name\":\"TLP:AMBER+STRICT\","
         "\"definition\":{\"statement\":\"for the recipient organisation only\"}}",
         TLP_AMBER_STRICT, ""},
        {"{" ID ",\"extensions\":{\"" EXT_PAP "\":{\"extension_type\":\"property-extension\",\"pap\":\"amber\"}}}",
         TLP_NONE, "p3"},
        {"{" ID ",\"extensions\":{\"" EXT_PAP "\":{\"pap\":\"white\"}}}", TLP_NONE, "p1"},
        {"{" ID ",\"definition_type\":\"PAP\",\"definition\":{\"PAP\":\"PAP:RED\"},\"name\":\"PAP:RED\"}", TLP_NONE,
         "p4"},
        {"{" ID ",\"definition_type\":\"pap\",\"definition\":{\"pap\":\"green\"}}", TLP_NONE, "p2"},
        {"{" ID ",\"definition_type\":\"PAP\",\"name\":\"PAP:GREEN\",\"extensions\":{\"" EXT_OPENCTI
         "\":{\"extension_type\":\"property-extension\",\"order\":1}}}",
         TLP_NONE, "p2"},
        {"{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"custom\"},"
         "\"x_opencti_definition_type\":\"PAP\",\"x_opencti_definition\":\"PAP:AMBER\"}",
         TLP_NONE, "p3"},
        {"{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"PAP:RED\"}}", TLP_NONE, "p4"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct meaning m = meaning_of(rows[i].json);
        assert_true(m.good && !m.statement);
        assert_int_equal(m.tlp, rows[i].tlp);
        assert_terms(&m, rows[i].terms);
    }
}

static void our_extensions_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *ext, *members, *terms;
    } rows[] = {
        {EXT_REL_TO, "\"countries\":[\"NL\",\"DE\",\"NL\"]", "rcDE,cNL"},
        {EXT_REL_TO,
         "\"countries\":[\"NL\"],\"organisations\":[\"identity--f88b6dee-d528-440f-b56b-baf766fe5c2b\"],"
         "\"groups\":[\"identity--9ac6ca9f-2ccc-4ecd-b7ad-68b1d13348f7\"],\"x_future\":true",
         "rcNL,of88b6dee-d528-440f-b56b-baf766fe5c2b,g9ac6ca9f-2ccc-4ecd-b7ad-68b1d13348f7"},
        {EXT_NOT_TO, "\"countries\":[\"US\"]", "ncUS"},
        {EXT_ORIGINATOR_CONTROL, "\"originator_control\":true", "o"},
        {EXT_EMBARGO, "\"embargo_until\":\"2027-01-01T00:00:00Z\"", "e1798761600000000"},
        {EXT_EMBARGO, "\"embargo_until\":\"1969-01-01T00:00:00Z\"", ""},
        {EXT_PURPOSE, "\"purposes\":[\"detection\",\"blocking\"]", "u3"},
        {EXT_PURPOSE, "\"purposes\":[\"detection\",\"training-models\"]", "u1"},
        {EXT_PURPOSE, "\"purposes\":[\"training-models\"]", "u128"},
        {EXT_CLASSIFICATION, "\"classification\":\"restricted\",\"authority\":\"EU\"", "c1"},
        {EXT_PERSONAL_DATA, "\"personal_data\":true", "d"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct meaning m = with(rows[i].ext, rows[i].members);
        assert_true(m.good && !m.statement);
        assert_int_equal(m.tlp, TLP_NONE);
        assert_terms(&m, rows[i].terms);
    }
}

static void several_extensions_add_up(void **state)
{
    (void)state;
    struct meaning m = meaning_of(
        "{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"Copyright\"},\"extensions\":{"
        "\"" EXT_REL_TO "\":{\"countries\":[\"NL\"]},\"" EXT_PAP "\":{\"pap\":\"red\"},"
        "\"" EXT_TLP2 "\":{\"tlp_2_0\":\"amber\"},\"" EXT_ORIGINATOR_CONTROL "\":{\"originator_control\":true}}}");
    assert_true(m.good && !m.statement);
    assert_int_equal(m.tlp, TLP_AMBER);
    assert_terms(&m, "p4;rcNL;o");
}

static void everything_else_is_unreadable(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "{" ID "}",
        "{\"definition_type\":\"statement\",\"definition\":{\"statement\":\"no id\"}}",
        "[]",
        "{" ID ",\"definition_type\":\"statement\"}",
        "{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":7}}",
        "{" ID ",\"definition_type\":7,\"definition\":{\"statement\":\"x\"}}",
        "{" ID ",\"definition_type\":\"iep\",\"definition\":{\"iep\":\"x\"}}",
        "{" ID ",\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"purple\"}}",
        "{" ID ",\"definition_type\":\"pap\",\"definition\":{\"pap\":\"purple\"}}",
        "{" ID ",\"extensions\":[]}",
        "{" ID ",\"extensions\":{}}",
        "{" ID ",\"extensions\":{\"" EXT_OPENCTI "\":{\"order\":1}}}",
        "{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"custom\"},"
        "\"x_opencti_definition_type\":\"DISTRIBUTION\",\"x_opencti_definition\":\"circle of three\"}",
        "{" ID ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"c\"},\"extensions\":{"
        "\"extension-definition--00000000-0000-4000-8000-000000000000\":{}}}",
    };
    static const struct {
        const char *ext, *members;
    } ours[] = {
        {EXT_REL_TO, ""},
        {EXT_REL_TO, "\"countries\":[]"},
        {EXT_REL_TO, "\"countries\":\"NL\""},
        {EXT_REL_TO, "\"countries\":[\"nl\"]"},
        {EXT_REL_TO, "\"countries\":[null]"},
        {EXT_REL_TO, "\"organisations\":[\"NL\"]"},
        {EXT_REL_TO, "\"countries\":[\"identity--f88b6dee-d528-440f-b56b-baf766fe5c2b\"]"},
        {EXT_NOT_TO, ""},
        {EXT_ORIGINATOR_CONTROL, "\"originator_control\":false"},
        {EXT_ORIGINATOR_CONTROL, "\"originator_control\":\"true\""},
        {EXT_EMBARGO, "\"embargo_until\":\"tomorrow\""},
        {EXT_EMBARGO, ""},
        {EXT_PURPOSE, "\"purposes\":[]"},
        {EXT_PURPOSE, "\"purposes\":[1]"},
        {EXT_CLASSIFICATION, "\"classification\":\"SECRET\""},
        {EXT_PERSONAL_DATA, "\"personal_data\":1"},
        {EXT_PAP, "\"pap\":4"},
        {EXT_TEAR_LINE, "\"marking_ref\":\"x\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        struct meaning m = meaning_of(whole[i]);
        assert_false(m.good || m.statement);
        assert_terms(&m, "");
    }
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        struct meaning m = with(ours[i].ext, ours[i].members);
        assert_false(m.good || m.statement);
        assert_terms(&m, "");
    }
}

/* What is found of a classification is told even of a marking that cannot be read: refusing goes by it. */
static void classification_is_told_of_the_unreadable(void **state)
{
    (void)state;
    struct meaning m = with(EXT_ACS, "\"control_set\":{\"classification\":\"S\"},\"access_privilege\":[]");
    assert_false(m.good);
    assert_terms(&m, "c3");
    m = with(EXT_ACS, "\"control_set\":{\"classification\":\"U\"}");
    assert_false(m.good);
    assert_terms(&m, "");
    m = meaning_of("{" ID ",\"definition_type\":\"banner\",\"definition\":{\"statement\":\"TOP SECRET\"}}");
    assert_false(m.good);
    assert_terms(&m, "c4");
    m = meaning_of(
        "{" ID ",\"extensions\":{\"" EXT_REL_TO "\":{\"countries\":[\"NL\"]},\"" EXT_CLASSIFICATION
        "\":{\"classification\":\"secret\"},\"extension-definition--00000000-0000-4000-8000-000000000000\":{}}}");
    assert_false(m.good);
    assert_terms(&m, "c3");
}

/* More names than a list holds. */
static void too_many_names_are_unreadable(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4096);
    buffer_addf(&b, "{" ID ",\"extensions\":{\"%s\":{\"countries\":[\"AA\"", EXT_REL_TO);
    for (int i = 1; i <= TERMS_NAMES_MAX; i++)
        buffer_addf(&b, ",\"%c%c\"", 'A' + i / 26, 'A' + i % 26);
    buffer_add(&b, TEXT("]}}}"));
    buffer_add_char(&b, '\0');
    assert_ok(buffer_error(&b));
    struct meaning m = meaning_of(b.ptr);
    assert_false(m.good);
    assert_terms(&m, "");
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_restrict_nothing),
        cmocka_unit_test(phrases_classify),
        cmocka_unit_test(labels_are_read_however_written),
        cmocka_unit_test(our_extensions_are_read),
        cmocka_unit_test(several_extensions_add_up),
        cmocka_unit_test(everything_else_is_unreadable),
        cmocka_unit_test(classification_is_told_of_the_unreadable),
        cmocka_unit_test(too_many_names_are_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
