/* The labels and their identifiers, and that a published definition is accepted as what it says. */
#include "model/marking.h"
#include "model/stix.h"
#include "support/test.h"

static void labels_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum tlp tlp;
    } good[] = {
        {"TLP:CLEAR", TLP_CLEAR},
        {"clear", TLP_CLEAR},
        {"White", TLP_CLEAR},
        {"tlp:white", TLP_CLEAR},
        {"green", TLP_GREEN},
        {"AMBER", TLP_AMBER},
        {" red ", TLP_RED},
        {"TLP:RED", TLP_RED},
        {"tlp:Amber+Strict", TLP_AMBER_STRICT},
        {"amber+strict", TLP_AMBER_STRICT},
    };
    static const char *const bad[] = {"",       "tlp:",        "tlp",  "ambe", "amber strict",
                                      "amberr", "TLP TLP:RED", "red;", "none"};
    enum tlp tlp = TLP_NONE;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_ok(tlp_parse(text_of(good[i].text), &tlp));
        assert_int_equal(tlp, good[i].tlp);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(tlp_parse(text_of(bad[i]), &tlp), ERR_MALFORMED);
    for (enum tlp t = TLP_CLEAR; t <= TLP_RED; t++) {
        assert_ok(tlp_parse(text_of(tlp_name(t)), &tlp));
        assert_int_equal(tlp, t);
    }
    assert_string_equal(tlp_name(TLP_NONE), "unmarked");
    assert_string_equal(tlp_name((enum tlp)99), "unmarked");
}

static void strictness(void **state)
{
    (void)state;
    for (enum tlp a = TLP_NONE; a <= TLP_RED; a++)
        for (enum tlp b = TLP_NONE; b <= TLP_RED; b++) {
            assert_int_equal(tlp_stricter(a, b), tlp_stricter(b, a));
            assert_true(tlp_stricter(a, b) >= a && tlp_stricter(a, b) >= b);
        }
    assert_int_equal(tlp_stricter(TLP_AMBER, TLP_AMBER_STRICT), TLP_AMBER_STRICT);
    assert_int_equal(tlp_stricter(TLP_AMBER_STRICT, TLP_RED), TLP_RED);
}

/* The identifiers as published; public code has been seen with RED and AMBER+STRICT swapped. */
static void identifiers(void **state)
{
    (void)state;
    static const struct {
        const char *uuid;
        enum tlp tlp;
        int version;
        bool written;
    } rows[] = {
        {"613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR, 1, true},
        {"34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN, 1, true},
        {"f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER, 1, true},
        {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED, 1, true},
        {"94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR, 2, true},
        {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN, 2, true},
        {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER, 2, true},
        {"939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT, 2, true},
        {"e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED, 2, true},
        {"826578e1-40ad-459f-bc73-ede076f81f37", TLP_AMBER_STRICT, 1, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct uuid u, back;
        enum tlp tlp;
        int version;
        assert_ok(uuid_parse(text_of(rows[i].uuid), &u));
        assert_true(tlp_of_marking(&u, &tlp, &version));
        assert_int_equal(tlp, rows[i].tlp);
        assert_int_equal(version, rows[i].version);
        assert_int_equal(tlp_marking(tlp, version, &back) && uuid_eq(&u, &back), rows[i].written);
    }
    struct uuid none = {{0}}, back;
    enum tlp tlp;
    int version;
    assert_false(tlp_of_marking(&none, &tlp, &version));
    assert_false(tlp_marking(TLP_NONE, 1, &back));
    assert_false(tlp_marking(TLP_AMBER_STRICT, 1, &back));
    assert_false(tlp_marking(TLP_RED, 3, &back));
    assert_int_equal(tlp_definition(TLP_AMBER_STRICT, 1).len, 0);
}

/* Each definition is a valid object under the right identifier, says its own label and is canonical. */
static void definitions(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++)
        for (enum tlp t = TLP_CLEAR; t <= TLP_RED; t++) {
            struct text definition = tlp_definition(t, version), name;
            struct uuid want;
            struct json_doc *doc;
            struct arena arena;
            struct stix_head head;
            struct fault fault = {0};
            struct buffer canonical;
            enum tlp named = TLP_NONE;
            if (!tlp_marking(t, version, &want))
                continue;
            assert_ok(json_parse(definition, &doc, NULL));
            arena_init(&arena, 1 << 20);
            if (stix_head_read(json_root(doc), &arena, &head, &fault))
                fail_msg("%s: %s", fault.rule, fault.what);
            assert_true(uuid_eq(&head.ident.uuid, &want));
            name = json_text(json_get(json_root(doc), "name"));
            assert_ok(tlp_parse(name, &named));
            assert_int_equal(named, t);
            buffer_init(&canonical, 1 << 16);
            json_canonical(json_root(doc), &canonical, NULL);
            assert_text_eq(buffer_text(&canonical), definition);
            buffer_done(&canonical);
            arena_done(&arena);
            json_free(doc);
        }
}

static void pap(void **state)
{
    (void)state;
    assert_int_equal(pap_of_tlp(TLP_CLEAR), PAP_GREEN);
    assert_int_equal(pap_of_tlp(TLP_GREEN), PAP_GREEN);
    assert_int_equal(pap_of_tlp(TLP_AMBER), PAP_AMBER);
    assert_int_equal(pap_of_tlp(TLP_AMBER_STRICT), PAP_RED);
    assert_int_equal(pap_of_tlp(TLP_RED), PAP_RED);
    assert_int_equal(pap_of_tlp(TLP_NONE), PAP_RED);
    assert_string_equal(pap_name(PAP_AMBER), "PAP:AMBER");
    assert_string_equal(pap_name(PAP_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_read), cmocka_unit_test(strictness), cmocka_unit_test(identifiers),
        cmocka_unit_test(definitions),     cmocka_unit_test(pap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
