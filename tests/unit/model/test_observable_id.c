/* Deterministic identifiers of SCOs (STIX 2.1 section 2.9): which properties make the name, how it is written, and
 * other people's identifiers of the same objects. */
#include "base/limits.h"
#include "model/observable_id.h"
#include "support/scratch.h"
#include "support/test.h"

static struct json_doc *parse(const char *json)
{
    struct json_doc *doc;
    struct fault fault = {0};
    if (json_parse(text_of(json), &doc, &fault)) {
        print_error("%s: %s\n", json, fault.what);
        fail();
    }
    return doc;
}

/* NULL: it has no name. */
static void name_is(const char *sco, const char *expected)
{
    struct json_doc *doc = parse(sco);
    struct buffer name;
    buffer_init(&name, MIB);
    enum err e = observable_name(json_root(doc), &name);
    if (expected) {
        assert_ok(e);
        assert_text(buffer_text(&name), expected);
    } else {
        assert_err(e, ERR_NOT_FOUND);
        assert_int_equal(name.len, 0);
    }
    buffer_done(&name);
    json_free(doc);
}

/* One object of each type, with every property that contributes and one that does not. */
static void each_type_has_its_properties(void **state)
{
    (void)state;
    name_is("{\"type\":\"artifact\",\"payload_bin\":\"eA==\",\"mime_type\":\"a/b\",\"hashes\":{\"SHA-256\":\"aa\"}}",
            "{\"hashes\":{\"SHA-256\":\"aa\"},\"payload_bin\":\"eA==\"}");
    name_is("{\"type\":\"autonomous-system\",\"number\":15139,\"name\":\"x\"}", "{\"number\":15139}");
    name_is("{\"type\":\"directory\",\"path\":\"/tmp\",\"path_enc\":\"x\"}", "{\"path\":\"/tmp\"}");
    name_is("{\"type\":\"domain-name\",\"value\":\"a.b\",\"resolves_to_refs\":[\"x\"]}", "{\"value\":\"a.b\"}");
    name_is("{\"type\":\"email-addr\",\"value\":\"a@b\",\"display_name\":\"x\"}", "{\"value\":\"a@b\"}");
    name_is("{\"type\":\"email-message\",\"subject\":\"s\",\"from_ref\":\"f\",\"body\":\"b\",\"is_multipart\":false}",
            "{\"body\":\"b\",\"from_ref\":\"f\",\"subject\":\"s\"}");
    name_is("{\"type\":\"file\",\"name\":\"n\",\"size\":1,\"parent_directory_ref\":\"p\",\"hashes\":{\"MD5\":\"m\"},"
            "\"extensions\":{\"z\":{\"b\":1,\"a\":[{\"d\":1,\"c\":2}]}}}",
            "{\"extensions\":{\"z\":{\"a\":[{\"c\":2,\"d\":1}],\"b\":1}},\"hashes\":{\"MD5\":\"m\"},\"name\":\"n\","
            "\"parent_directory_ref\":\"p\"}");
    name_is("{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.3\"}", "{\"value\":\"198.51.100.3\"}");
    name_is("{\"type\":\"ipv6-addr\",\"value\":\"2001:db8::1\"}", "{\"value\":\"2001:db8::1\"}");
    name_is("{\"type\":\"mac-addr\",\"value\":\"d2:fb:49:24:37:18\"}", "{\"value\":\"d2:fb:49:24:37:18\"}");
    name_is("{\"type\":\"mutex\",\"name\":\"__CLEANSWEEP__\"}", "{\"name\":\"__CLEANSWEEP__\"}");
    name_is(
        "{\"type\":\"network-traffic\",\"start\":\"2020-01-01T00:00:00.10Z\",\"end\":\"2020-01-01T00:00:00Z\","
        "\"src_ref\":\"s\",\"dst_ref\":\"d\",\"src_port\":1,\"dst_port\":2,\"protocols\":[\"tcp\",\"ipv4\"],"
        "\"extensions\":{\"x\":{\"y\":true}},\"src_byte_count\":3}",
        "{\"dst_port\":2,\"dst_ref\":\"d\",\"end\":\"2020-01-01T00:00:00Z\",\"extensions\":{\"x\":{\"y\":true}},"
        "\"protocols\":[\"tcp\",\"ipv4\"],\"src_port\":1,\"src_ref\":\"s\",\"start\":\"2020-01-01T00:00:00.10Z\"}");
    name_is("{\"type\":\"process\",\"pid\":1,\"command_line\":\"x\"}", NULL);
    name_is("{\"type\":\"software\",\"version\":\"1\",\"vendor\":\"v\",\"swid\":\"w\",\"name\":\"n\",\"cpe\":\"c\","
            "\"languages\":[\"en\"]}",
            "{\"cpe\":\"c\",\"name\":\"n\",\"swid\":\"w\",\"vendor\":\"v\",\"version\":\"1\"}");
    name_is("{\"type\":\"url\",\"value\":\"https://a/\"}", "{\"value\":\"https://a/\"}");
    name_is("{\"type\":\"user-account\",\"user_id\":\"1\",\"account_login\":\"l\",\"account_type\":\"unix\","
            "\"display_name\":\"x\"}",
            "{\"account_login\":\"l\",\"account_type\":\"unix\",\"user_id\":\"1\"}");
    name_is("{\"type\":\"windows-registry-key\",\"values\":[{\"name\":\"n\",\"data\":\"d\"},{\"name\":\"o\"}],"
            "\"key\":\"k\",\"number_of_subkeys\":1}",
            "{\"key\":\"k\",\"values\":[{\"data\":\"d\",\"name\":\"n\"},{\"name\":\"o\"}]}");
    name_is("{\"type\":\"x509-certificate\",\"serial_number\":\"s\",\"hashes\":{\"SHA-1\":\"h\"},\"issuer\":\"i\"}",
            "{\"hashes\":{\"SHA-1\":\"h\"},\"serial_number\":\"s\"}");
}

static void one_hash_is_chosen(void **state)
{
    (void)state;
    name_is("{\"type\":\"file\",\"hashes\":{\"SHA-512\":\"5\",\"SHA-256\":\"2\",\"SHA-1\":\"1\",\"MD5\":\"m\"}}",
            "{\"hashes\":{\"MD5\":\"m\"}}");
    name_is("{\"type\":\"file\",\"hashes\":{\"AAA\":\"x\",\"SHA-512\":\"5\",\"SHA-256\":\"2\",\"SHA-1\":\"1\"}}",
            "{\"hashes\":{\"SHA-1\":\"1\"}}");
    name_is("{\"type\":\"file\",\"hashes\":{\"SHA-512\":\"5\",\"SHA-256\":\"2\"}}",
            "{\"hashes\":{\"SHA-256\":\"2\"}}");
    name_is("{\"type\":\"file\",\"hashes\":{\"SHA3-256\":\"3\",\"SHA-512\":\"5\"}}",
            "{\"hashes\":{\"SHA-512\":\"5\"}}");
    name_is("{\"type\":\"file\",\"hashes\":{\"TLSH\":\"t\",\"SSDEEP\":\"d\",\"SHA3-256\":\"3\"}}",
            "{\"hashes\":{\"SHA3-256\":\"3\"}}");
    name_is("{\"type\":\"file\",\"hashes\":{},\"name\":\"n\"}", "{\"name\":\"n\"}");
    name_is("{\"type\":\"file\",\"hashes\":\"no dictionary\"}", NULL);
}

static void nothing_that_contributes(void **state)
{
    (void)state;
    name_is("{\"type\":\"file\",\"size\":1}", NULL);
    name_is("{\"type\":\"artifact\",\"url\":\"https://a/\"}", NULL);
    name_is("{\"type\":\"indicator\",\"name\":\"n\",\"value\":\"v\"}", NULL);
    name_is("{\"type\":\"x-our-own\",\"value\":\"v\"}", NULL);
    name_is("{\"value\":\"v\"}", NULL);
    name_is("[]", NULL);
}

/* RFC 8785: names by UTF-16 units, strings with the shortest escapes, numbers as ECMAScript writes them. */
static void the_name_is_canonical(void **state)
{
    (void)state;
    name_is("{\"type\":\"mutex\",\"name\":\"\\u00e9\\u0007\\/\\\"\"}", "{\"name\":\"\xc3\xa9\\u0007/\\\"\"}");
    name_is("{\"type\":\"autonomous-system\",\"number\":1.5139E4}", "{\"number\":15139}");
    name_is("{\"type\":\"file\",\"extensions\":{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"a\":1e-7}}",
            "{\"extensions\":{\"a\":1e-7,\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}}");
}

static void judged(const char *sco, enum observable_verdict expected, const char *right)
{
    struct json_doc *doc = parse(sco);
    struct uuid uuid = {{0}};
    char out[UUID_TEXT_MAX];
    assert_int_equal(observable_judge(json_root(doc), &uuid), expected);
    if (right)
        assert_text(uuid_format(&uuid, out), right);
    json_free(doc);
}

static void own_identifiers_are_judged(void **state)
{
    (void)state;
    judged("{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\","
           "\"value\":\"198.51.100.3\"}",
           OBSERVABLE_AS_NAMED, NULL);
    judged("{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5\","
           "\"value\":\"198.51.100.3\"}",
           OBSERVABLE_OTHER, "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    judged("{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-4a82-a950-b5bc3caf07c4\","
           "\"value\":\"198.51.100.3\"}",
           OBSERVABLE_RANDOM, "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    judged("{\"type\":\"process\",\"id\":\"process--28bb3599-77cd-4a82-a950-b5bc3caf07c4\",\"pid\":1}",
           OBSERVABLE_AS_NAMED, NULL);
    judged("{\"type\":\"process\",\"id\":\"process--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"pid\":1}",
           OBSERVABLE_NOT_RANDOM, NULL);
    judged("{\"type\":\"file\",\"id\":\"url--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"name\":\"n\"}",
           OBSERVABLE_NOT_JUDGED, NULL);
    judged("{\"type\":\"tool\",\"id\":\"tool--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\"name\":\"n\"}",
           OBSERVABLE_NOT_JUDGED, NULL);
    judged("{\"type\":\"file\",\"name\":\"n\"}", OBSERVABLE_NOT_JUDGED, NULL);
}

/* Objects of the specification whose printed identifier others compute, too. */
static void suite_agrees(void **state)
{
    (void)state;
    const char *path = data_path("stix/sco-deterministic-id/agree-open.jsonl");
    size_t len = 0, seen = 0, wrong = 0;
    char *content = path ? scratch_read(path, &len) : NULL;
    if (!content)
        skip();
    struct text rest = {content, len}, line;
    while (text_split(&rest, '\n', &line)) {
        struct json_doc *doc;
        if (line.len == 0)
            continue;
        assert_ok(json_parse(line, &doc, NULL));
        seen++;
        if (observable_judge(json_root(doc), NULL) != OBSERVABLE_AS_NAMED) {
            print_error(TEXT_FMT "\n", TEXT_ARG(line));
            wrong++;
        }
        json_free(doc);
    }
    free(content);
    assert_int_equal(wrong, 0);
    assert_true(seen >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_properties), cmocka_unit_test(one_hash_is_chosen),
        cmocka_unit_test(nothing_that_contributes),     cmocka_unit_test(the_name_is_canonical),
        cmocka_unit_test(own_identifiers_are_judged),   cmocka_unit_test(suite_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
