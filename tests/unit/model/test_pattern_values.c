/* Atomic values: every one makes the whole pattern true, and none is given where that is not certain. */
#include "base/limits.h"
#include "model/pattern.h"
#include "support/test.h"

/* "kind=value kind=value …", with "+" in front when every branch gave one. */
static char *values_of(struct text pattern, struct arena *arena)
{
    struct pattern_node *root;
    struct pattern_value *values = NULL;
    struct fault fault = {0};
    struct buffer out;
    size_t count = 0;
    bool whole = false;
    if (pattern_parse(pattern, arena, &root, &fault))
        fail_msg(TEXT_FMT ": %s", TEXT_ARG(pattern), fault.what);
    assert_ok(pattern_values(root, arena, &values, &count, &whole));
    buffer_init(&out, 1 * MIB);
    buffer_add(&out, whole ? TEXT("+") : TEXT("-"));
    for (size_t i = 0; i < count; i++)
        buffer_addf(&out, " %s=" TEXT_FMT, value_kind_name(values[i].kind), TEXT_ARG(values[i].value));
    char *taken = buffer_take(&out, NULL);
    assert_non_null(taken);
    return taken;
}

static void gives(const char *pattern, const char *expected)
{
    struct arena arena;
    arena_init(&arena, 1 * MIB);
    char *got = values_of(text_of(pattern), &arena);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\ngot      %s\nexpected %s", pattern, got, expected);
    free(got);
    arena_done(&arena);
}

#define MD5 "d41d8cd98f00b204e9800998ecf8427e"

static void atomic_paths(void **state)
{
    (void)state;
    gives("[domain-name:value = 'Evil.Example.']", "+ domain=evil.example");
    gives("[domain-name:value LIKE 'a.example']", "+ domain=a.example");
    gives("[domain-name:value NOT != 'a.example']", "+ domain=a.example");
    gives("[file:hashes.'SHA-1' LIKE 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
          "+ sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709");
    gives("[ipv4-addr:value IN ('192.0.2.1', '10.0.0.0/8')]", "+ ipv4=192.0.2.1 cidr=10.0.0.0/8");
    gives("[ipv4-addr:value = '192.0.2.1/32']", "+ ipv4=192.0.2.1");
    gives("[ipv4-addr:value = '192.0.2.77/24']", "+ cidr=192.0.2.0/24");
    gives("[ipv6-addr:value = '2001:DB8::1']", "+ ipv6=2001:db8::1");
    gives("[url:value = 'HTTP://Evil.example']", "+ url=http://evil.example/");
    gives("[email-addr:value = 'A@Evil.example']", "+ email=a@evil.example");
    gives("[file:hashes.MD5 = '" MD5 "']", "+ md5=" MD5);
    gives("[file:hashes.'MD5' = '" MD5 "']", "+ md5=" MD5);
    gives("[file:hashes.'SHA-1' = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709']",
          "+ sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709");
    gives("[artifact:hashes.md5 = '" MD5 "']", "+ md5=" MD5);
    gives("[network-traffic:dst_ref.value = '192.0.2.1']", "+ ipv4=192.0.2.1");
    gives("[network-traffic:src_ref.value = 'evil.example']", "+ domain=evil.example");
    gives("[network-traffic:dst_ref.value ISSUBSET '2001:0db8:dead:beef:0000:0000:0000:0000/64']",
          "+ cidr=2001:db8:dead:beef::/64");
    gives("[ipv4-addr:value ISSUBSET '192.0.2.1']", "+ ipv4=192.0.2.1");
    gives("[email-message:from_ref.value = 'a@evil.example']", "+ email=a@evil.example");
    gives("[email-message:to_refs[*].value = 'a@evil.example']", "+ email=a@evil.example");
    gives("[process:image_ref.hashes.MD5 = '" MD5 "']", "+ md5=" MD5);
    gives("[email-message:body_multipart[*].body_raw_ref.hashes.MD5 = '" MD5 "']", "+ md5=" MD5);
}

static void alternatives(void **state)
{
    (void)state;
    gives("[domain-name:value = 'a.example' OR url:value = 'http://b.example/' OR domain-name:value = 'A.example']",
          "+ domain=a.example url=http://b.example/");
    gives("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", "+ ipv4=192.0.2.1 ipv4=192.0.2.2");
    gives("[domain-name:value = 'a.example'] OR ([domain-name:value = 'b.example'])",
          "+ domain=a.example domain=b.example");
    gives("[domain-name:value = 'a.example'] WITHIN 5 SECONDS", "+ domain=a.example");
    gives("[domain-name:value = 'a.example'] REPEATS 1 TIMES", "+ domain=a.example");
    gives("[domain-name:value = 'a.example' OR file:name = 'x']", "- domain=a.example");
    gives("[domain-name:value = 'a.example'] OR [domain-name:value = 'b.example'] REPEATS 2 TIMES",
          "- domain=a.example");
    gives("[domain-name:value IN ('a.example', 'not a domain')]", "- domain=a.example");
    gives("[domain-name:value = 'a.example' OR (domain-name:value = 'b.example' AND file:name = 'x')]",
          "- domain=a.example");
}

static void tokens(void **state)
{
    (void)state;
    gives("[file:name = 'Evil.exe']", "+ filename=evil.exe");
    gives("[mutex:name IN ('Evil', 'evil')]", "+ mutex=Evil mutex=evil");
    gives("[autonomous-system:number = 65001]", "+ asn=AS65001");
    gives("[network-traffic:extensions.'x-tls-ext'.ja3 = 'E7D705A3286E19EA42F587B344EE6865']",
          "+ ja3=e7d705a3286e19ea42f587b344ee6865");
    gives("[x-tls:ja4 = 't13d1516h2_8daaf6152771_b186095e22b6']", "+ ja4=t13d1516h2_8daaf6152771_b186095e22b6");
    /* the same text as two kinds */
    gives("[domain-name:value = 'evil.example' OR file:name = 'evil.example']",
          "+ domain=evil.example filename=evil.example");
}

static void never_a_false_value(void **state)
{
    (void)state;
    static const char *const none[] = {
        "[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']",
        "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']",
        "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
        "([domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']) WITHIN 5 SECONDS",
        "[domain-name:value = 'a.example'] REPEATS 2 TIMES",
        "[domain-name:value = 'a.example'] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
        "([domain-name:value = 'a.example'] REPEATS 2 TIMES) WITHIN 5 SECONDS",
        "[domain-name:value != 'a.example']",
        "[domain-name:value NOT = 'a.example']",
        "[domain-name:value NOT IN ('a.example')]",
        "[domain-name:value IN ()]",
        "[domain-name:value LIKE '%.example']",
        "[domain-name:value LIKE '_.example']",
        "[domain-name:value NOT LIKE 'a.example']",
        "[domain-name:value LIKE '\xc3\xa4.example']",
        "[email-message:to_refs[*].value NOT != 'a@evil.example']",
        "[domain-name:value MATCHES 'a.example']",
        "[domain-name:value > 'a.example']",
        "[EXISTS domain-name:value]",
        "[ipv4-addr:value NOT ISSUBSET '10.0.0.0/8']",
        "[ipv4-addr:value ISSUPERSET '10.0.0.0/8']",
        "[url:value ISSUBSET '10.0.0.0/8']",
        "[ipv4-addr:value ISSUBSET '2001:db8::/32']",
        "[domain-name:value = '192.0.2.1']",
        "[domain-name:value = 'localhost']",
        "[ipv4-addr:value = '2001:db8::1']",
        "[ipv6-addr:value = '192.0.2.1']",
        "[ipv4-addr:value = 'a.example']",
        "[domain-name:value = h'612e6578616d706c65']",
        "[domain-name:'value'[0] = 'a.example']",
        "[domain-name:x.value = 'a.example']",
        "[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
        "[x-domain-name:value = 'a.example']",
        "[email-message:to_refs[0].value = 'a@evil.example']",
        "[email-message:subject = 'a.example']",
        "[network-traffic:dst_ref.value = 'aa:bb:cc:dd:ee:ff']",
        "[file:name != 'a.example']",
        "[file:name = 'a-b.c']",
        "[file:x.name = 'a.example']",
        "[x-file:name = 'a.example']",
        "[autonomous-system:number = 4294967296]",
        "[autonomous-system:number > 65001]",
        "[mutex:name LIKE 'Evil%']",
        "[network-traffic:x_ja3 = 'not a digest']",
        "[file:hashes.'SHA3-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
        "[file:hashes[*] = '" MD5 "']",
        "[file:hashes.MD5 != '" MD5 "']",
        "[file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5 = '" MD5 "']",
        "[x-file:hashes.MD5 = '" MD5 "']",
        "[file:x.hashes.MD5 = '" MD5 "']",
    };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        gives(none[i], "-");
}

/* MISP writes an address so; the value says its type, so that the AND says no more than its one half. */
static void a_reference_and_its_type(void **state)
{
    (void)state;
    gives("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
          "+ ipv4=192.0.2.1");
    gives("[network-traffic:src_ref.value = 'a.example' AND network-traffic:src_ref.type = 'domain-name']",
          "+ domain=a.example");
    static const char *const none[] = {
        "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        "[network-traffic:dst_ref.type = 'mac-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        "[network-traffic:dst_ref.type != 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value != '192.0.2.1']",
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1' AND "
         "network-traffic:dst_port = 80]"),
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.type = 'ipv4-addr']",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_ref.value = '192.0.2.2']",
    };
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        gives(none[i], "-");
}

static void limit(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct arena arena;
        struct buffer text;
        struct pattern_node *root;
        struct pattern_value *values = NULL;
        size_t count = 0;
        bool whole;
        arena_init(&arena, 16 * MIB);
        buffer_init(&text, 1 * MIB);
        buffer_add(&text, TEXT("[domain-name:value IN ('x0.example'"));
        for (size_t i = 0; i < 2 * (PATTERN_VALUES_MAX + extra); i++) /* each twice */
            buffer_addf(&text, ",'x%zu.example'", i / 2);
        buffer_add(&text, TEXT(")]"));
        assert_ok(pattern_parse(buffer_text(&text), &arena, &root, NULL));
        assert_err(pattern_values(root, &arena, &values, &count, &whole), extra ? ERR_LIMIT : OK);
        assert_int_equal(count, extra ? 0 : PATTERN_VALUES_MAX);
        if (!extra)
            assert_text(values[PATTERN_VALUES_MAX - 1].value, "x4095.example");
        buffer_done(&text);
        arena_done(&arena);
    }
}

/* The pattern of a value gives that value. */
static void pattern_of_each_kind(void **state)
{
    (void)state;
    static const struct {
        enum value_kind kind;
        const char *value, *pattern;
    } cases[] = {
        {VALUE_DOMAIN, "a.example", "[domain-name:value = 'a.example']"},
        {VALUE_IPV4, "192.0.2.1", "[ipv4-addr:value = '192.0.2.1']"},
        {VALUE_IPV6, "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"},
        {VALUE_CIDR, "192.0.2.0/24", "[ipv4-addr:value = '192.0.2.0/24']"},
        {VALUE_CIDR, "2001:db8::/32", "[ipv6-addr:value = '2001:db8::/32']"},
        {VALUE_URL, "http://a.example/it's\\x", "[url:value = 'http://a.example/it\\'s\\\\x']"},
        {VALUE_EMAIL, "o'b@a.example", "[email-addr:value = 'o\\'b@a.example']"},
        {VALUE_MD5, MD5, "[file:hashes.MD5 = '" MD5 "']"},
        {VALUE_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer out, expected;
        struct arena arena;
        arena_init(&arena, 1 * MIB);
        buffer_init(&out, 1 * MIB);
        buffer_init(&expected, 1 * MIB);
        pattern_of_value(cases[i].kind, text_of(cases[i].value), &out);
        assert_text(buffer_text(&out), cases[i].pattern);
        buffer_addf(&expected, "+ %s=%s", value_kind_name(cases[i].kind), cases[i].value);
        char *got = values_of(buffer_text(&out), &arena);
        assert_text_eq(text_of(got), buffer_text(&expected));
        free(got);
        buffer_done(&out);
        buffer_done(&expected);
        arena_done(&arena);
    }
    struct buffer out;
    buffer_init(&out, 100);
    pattern_of_value(VALUE_NONE, TEXT("x"), &out);
    assert_int_equal(out.len, 0);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(atomic_paths),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(tokens),
        cmocka_unit_test(never_a_false_value),
        cmocka_unit_test(a_reference_and_its_type),
        cmocka_unit_test(limit),
        cmocka_unit_test(pattern_of_each_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
