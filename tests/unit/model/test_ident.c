/* UUIDs and identifiers: their forms, and the deterministic ones of section 2.9. */
#include "model/ident.h"
#include "support/test.h"

static void uuid_round_trip(void **state)
{
    (void)state;
    struct uuid u, v;
    char out[UUID_TEXT_MAX];
    assert_ok(uuid_parse(TEXT("00ABEDB4-aa42-466c-9c01-fed23315a9b7"), &u));
    assert_true(uuid_eq(&u, &UUID_STIX_SCO));
    assert_text(uuid_format(&u, out), "00abedb4-aa42-466c-9c01-fed23315a9b7");
    assert_int_equal(out[UUID_TEXT_MAX - 1], 0);
    u = uuid_random();
    v = uuid_random();
    assert_false(uuid_eq(&u, &v));
    assert_int_equal(u.b[6] >> 4, 4);
    assert_int_equal(u.b[8] >> 6, 2);
}

/* Every single byte replaced by another that does not belong there is refused, and so is every other length. */
static void uuid_form_is_checked(void **state)
{
    (void)state;
    const char *good = "00abedb4-aa42-466c-9c01-fed23315a9b7";
    struct uuid u;
    for (size_t i = 0; i < 36; i++) {
        char bad[37];
        memcpy(bad, good, 37);
        bad[i] = good[i] == '-' ? 'a' : '-';
        assert_err(uuid_parse((struct text){bad, 36}, &u), ERR_MALFORMED);
        bad[i] = 'g';
        assert_err(uuid_parse((struct text){bad, 36}, &u), ERR_MALFORMED);
        bad[i] = 0;
        assert_err(uuid_parse((struct text){bad, 36}, &u), ERR_MALFORMED);
        assert_err(uuid_parse((struct text){good, i}, &u), ERR_MALFORMED);
    }
    assert_err(uuid_parse(TEXT_NONE, &u), ERR_MALFORMED);
    assert_err(uuid_parse(TEXT("{00abedb4-aa42-466c-9c01-fed23315a9b7}"), &u), ERR_MALFORMED);
}

/* The identifiers that the specification prints for these objects. */
static void named_as_the_specification_does(void **state)
{
    (void)state;
    static const struct {
        const char *name, *uuid;
    } cases[] = {
        {"{\"value\":\"198.51.100.3\"}", "28bb3599-77cd-5a82-a950-b5bc3caf07c4"}, /* section 2.9 */
        {"{\"path\":\"C:\\\\Windows\\\\System32\"}", "0a58d0c1-59e6-5afd-8252-dcd3f13e5622"},
    };
    char out[UUID_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct uuid u = uuid_named(&UUID_STIX_SCO, text_of(cases[i].name));
        assert_text(uuid_format(&u, out), cases[i].uuid);
    }
    struct uuid dns, empty;
    assert_ok(uuid_parse(TEXT("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns)); /* RFC 9562 appendix A.4 */
    struct uuid u = uuid_named(&dns, TEXT("www.example.com"));
    assert_text(uuid_format(&u, out), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    empty = uuid_named(&dns, TEXT_NONE);
    assert_int_equal(empty.b[6] >> 4, 5);
}

static void type_names(void **state)
{
    (void)state;
    char longest[TYPE_MAX_BYTES + 1];
    memset(longest, 'x', sizeof longest);
    assert_true(type_name_valid((struct text){longest, TYPE_MAX_BYTES}));
    assert_false(type_name_valid((struct text){longest, TYPE_MAX_BYTES + 1}));
    static const char *const good[] = {"url", "x509-certificate", "x-a", "a1b", "ipv4-addr"};
    static const char *const bad[] = {"",     "ab",   "Abc",  "-ab",        "ab-", "a--b",
                                      "a_bc", "1abc", "a bc", "ab\xc3\xa9", "x-"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(type_name_valid(text_of(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(type_name_valid(text_of(bad[i])));
}

static void idents(void **state)
{
    (void)state;
    struct ident id;
    char out[IDENT_TEXT_MAX];
    struct fault fault = {0};
    assert_ok(ident_parse(TEXT("x-a-b--28bb3599-77cd-5a82-a950-b5bc3caf07c4"), &id, NULL));
    assert_text(id.type, "x-a-b");
    assert_text(ident_format(id.type, &id.uuid, out), "x-a-b--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    /* OASIS's interoperability documents have such. */
    assert_ok(ident_parse(TEXT("tool--44322d2b-ffd4-b1bf-123f-008e46b3cd12"), &id, NULL));
    static const char *const bad[] = {
        "",
        "--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "tool-28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "tool---28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "Tool--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "tool--28bb3599-77cd-5a82-a950-b5bc3caf07c",
        "tool--28bb3599-77cd-5a82-a950-b5bc3caf07c44",
        "tool--28bb3599-77cd-5a82-a950-b5bc3caf07c4 ",
        "28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "0",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct ident before = id;
        assert_err(ident_parse(text_of(bad[i]), &id, &fault), ERR_MALFORMED);
        assert_memory_equal(&before, &id, sizeof id);
        assert_true(strstr(fault.rule, "STIX 2.1 ") == fault.rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuid_round_trip),
        cmocka_unit_test(uuid_form_is_checked),
        cmocka_unit_test(named_as_the_specification_does),
        cmocka_unit_test(type_names),
        cmocka_unit_test(idents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
