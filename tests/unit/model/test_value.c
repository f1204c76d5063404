/* One normal form for what a pattern, a CSV cell and a log token hold. */
#include <stdio.h>

#include "model/value.h"
#include "support/test.h"

struct form {
    enum value_kind kind;
    const char *raw;
    enum value_kind became; /* VALUE_NONE: refused */
    const char *normal;
};

static const struct form forms[] = {
    {VALUE_DOMAIN, "Example.COM", VALUE_DOMAIN, "example.com"},
    {VALUE_DOMAIN, "example.com.", VALUE_DOMAIN, "example.com"},
    {VALUE_DOMAIN, "*.Sub.example.com", VALUE_DOMAIN, "sub.example.com"},
    {VALUE_DOMAIN, " \texample.com\r\n", VALUE_DOMAIN, "example.com"},
    {VALUE_DOMAIN, "_dmarc.example.com", VALUE_DOMAIN, "_dmarc.example.com"},
    {VALUE_DOMAIN, "XN--MNCHEN-3YA.de", VALUE_DOMAIN, "xn--mnchen-3ya.de"},
    {VALUE_DOMAIN, "1.2.3.in-addr.arpa", VALUE_DOMAIN, "1.2.3.in-addr.arpa"},
    {VALUE_DOMAIN, "a.b", VALUE_DOMAIN, "a.b"},
    {VALUE_DOMAIN, "123.x1", VALUE_DOMAIN, "123.x1"},
    {VALUE_DOMAIN, "M\xc3\xbcnchen.de", VALUE_DOMAIN, "xn--mnchen-3ya.de"},
    {VALUE_DOMAIN, "*.stra\xc3\x9f\x65.example.", VALUE_DOMAIN, "xn--strae-oqa.example"},
    {VALUE_DOMAIN, "m\xc3.de", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "example.com..", VALUE_NONE, NULL},
    {VALUE_DOMAIN, ".example.com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a..b", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "localhost", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "com.", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "*.com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a.*.com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "-a.com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a-.com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a.c om", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "1.2.3.4", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a.1", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a.com:80", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "a.com/x", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "evil[.]com", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "", VALUE_NONE, NULL},
    {VALUE_DOMAIN, ".", VALUE_NONE, NULL},
    {VALUE_DOMAIN, "*.", VALUE_NONE, NULL},

    {VALUE_IPV4, "192.0.2.1", VALUE_IPV4, "192.0.2.1"},
    {VALUE_IPV4, "2001:DB8::1", VALUE_IPV6, "2001:db8::1"},
    {VALUE_IPV4, "192.0.2.0/24", VALUE_CIDR, "192.0.2.0/24"},
    {VALUE_IPV6, "2001:0db8:0000:0000:0000:0000:0000:0001", VALUE_IPV6, "2001:db8::1"},
    {VALUE_IPV6, "::FFFF:192.0.2.1", VALUE_IPV4, "192.0.2.1"},
    {VALUE_IPV6, "::", VALUE_IPV6, "::"},
    {VALUE_IPV6, "2001:db8:0:1:0:0:0:1", VALUE_IPV6, "2001:db8:0:1::1"},
    {VALUE_CIDR, "10.1.2.3/8", VALUE_CIDR, "10.0.0.0/8"},
    {VALUE_CIDR, "10.1.2.3/32", VALUE_IPV4, "10.1.2.3"},
    {VALUE_CIDR, "10.1.2.3", VALUE_IPV4, "10.1.2.3"},
    {VALUE_CIDR, "0.0.0.0/0", VALUE_CIDR, "0.0.0.0/0"},
    {VALUE_CIDR, "255.255.255.255/0", VALUE_CIDR, "0.0.0.0/0"},
    {VALUE_CIDR, "::/0", VALUE_CIDR, "::/0"},
    {VALUE_CIDR, "2001:db8::/100", VALUE_CIDR, "2001:db8::/100"},
    {VALUE_CIDR, "2001:db8::/9", VALUE_CIDR, "2000::/9"},
    {VALUE_CIDR, "2001:db8::ff/127", VALUE_CIDR, "2001:db8::fe/127"},
    {VALUE_CIDR, "2001:db8::1/128", VALUE_IPV6, "2001:db8::1"},
    {VALUE_CIDR, "::ffff:192.0.2.77/120", VALUE_CIDR, "192.0.2.0/24"},
    {VALUE_IPV4, "192.0.2.01", VALUE_NONE, NULL},
    {VALUE_IPV4, "192.0.2", VALUE_NONE, NULL},
    {VALUE_IPV4, "192.0.2.256", VALUE_NONE, NULL},
    {VALUE_IPV4, "192.0.2.1:80", VALUE_NONE, NULL},
    {VALUE_IPV6, "[2001:db8::1]", VALUE_NONE, NULL},
    {VALUE_IPV6, "fe80::1%eth0", VALUE_NONE, NULL},
    {VALUE_IPV6, "1:2:3:4:5:6:7:8:9", VALUE_NONE, NULL},
    {VALUE_CIDR, "192.0.2.0/33", VALUE_NONE, NULL},
    {VALUE_CIDR, "2001:db8::/129", VALUE_NONE, NULL},
    {VALUE_CIDR, "192.0.2.0/", VALUE_NONE, NULL},
    {VALUE_CIDR, "192.0.2.0/-1", VALUE_NONE, NULL},
    {VALUE_CIDR, "/24", VALUE_NONE, NULL},

    {VALUE_URL, "http://example.com", VALUE_URL, "http://example.com/"},
    {VALUE_URL, "HTTP://EXAMPLE.com:80/Path?Q=A#frag", VALUE_URL, "http://example.com/Path?Q=A"},
    {VALUE_URL, "https://example.com:443?q", VALUE_URL, "https://example.com/?q"},
    {VALUE_URL, "https://example.com:80/", VALUE_URL, "https://example.com:80/"},
    {VALUE_URL, "ftp://example.com:21/a", VALUE_URL, "ftp://example.com/a"},
    {VALUE_URL, "http://example.com:/", VALUE_URL, "http://example.com/"},
    {VALUE_URL, "http://example.com:08080/", VALUE_URL, "http://example.com:8080/"},
    {VALUE_URL, "http://User:Pa%20ss@Example.com/", VALUE_URL, "http://User:Pa%20ss@example.com/"},
    {VALUE_URL, "http://good.example@evil.example/x", VALUE_URL, "http://good.example@evil.example/x"},
    {VALUE_URL, "http://a@b@c.example/", VALUE_URL, "http://a@b@c.example/"},
    {VALUE_URL, "http://@example.com/", VALUE_URL, "http://@example.com/"},
    {VALUE_URL, "http://192.0.2.1/a", VALUE_URL, "http://192.0.2.1/a"},
    {VALUE_URL, "http://[2001:DB8:0:0::1]:8080/", VALUE_URL, "http://[2001:db8::1]:8080/"},
    {VALUE_URL, "http://[::ffff:192.0.2.1]/", VALUE_URL, "http://192.0.2.1/"},
    {VALUE_URL, "http://example.com./", VALUE_URL, "http://example.com/"},
    {VALUE_URL, "http://example../", VALUE_URL, "http://example../"},
    {VALUE_URL, "http://xn--mnchen-3ya.de/\xc3\xbc", VALUE_URL, "http://xn--mnchen-3ya.de/\xc3\xbc"},
    {VALUE_URL, "http://localhost", VALUE_URL, "http://localhost/"},
    {VALUE_URL, "http://example.com#a?b/c", VALUE_URL, "http://example.com/"},
    {VALUE_URL, "http://example.com/a@b:c", VALUE_URL, "http://example.com/a@b:c"},
    {VALUE_URL, "http://example.com/%7Ea/../b", VALUE_URL, "http://example.com/%7Ea/../b"},
    {VALUE_URL, "svn+ssh://example.com/r", VALUE_URL, "svn+ssh://example.com/r"},
    {VALUE_URL, "http://m\xc3\xbcnchen.de/", VALUE_URL, "http://xn--mnchen-3ya.de/"},
    {VALUE_URL, "http://example.com/\xc3", VALUE_NONE, NULL},
    {VALUE_URL, "http://", VALUE_NONE, NULL},
    {VALUE_URL, "http:///x", VALUE_NONE, NULL},
    {VALUE_URL, "http://:80/", VALUE_NONE, NULL},
    {VALUE_URL, "http://user@/", VALUE_NONE, NULL},
    {VALUE_URL, "http:/example.com", VALUE_NONE, NULL},
    {VALUE_URL, "://example.com", VALUE_NONE, NULL},
    {VALUE_URL, "1http://example.com", VALUE_NONE, NULL},
    {VALUE_URL, "example.com/x", VALUE_NONE, NULL},
    {VALUE_URL, "mailto:a@b.example", VALUE_NONE, NULL},
    {VALUE_URL, "http://example.com:65536/", VALUE_NONE, NULL},
    {VALUE_URL, "http://example.com:8a/", VALUE_NONE, NULL},
    {VALUE_URL, "http://[2001:db8::1/", VALUE_NONE, NULL},
    {VALUE_URL, "http://[2001:db8::1]x/", VALUE_NONE, NULL},
    {VALUE_URL, "http://evil[.]example/", VALUE_NONE, NULL},
    {VALUE_URL, "http://good.example\\@evil.example/", VALUE_NONE, NULL},
    {VALUE_URL, "http://example.com/a b", VALUE_NONE, NULL},
    {VALUE_URL, "http://exam\tple.com/", VALUE_NONE, NULL},
    {VALUE_URL, "http://example.com/\x7f", VALUE_NONE, NULL},

    {VALUE_EMAIL, "John.Doe@Example.COM", VALUE_EMAIL, "john.doe@example.com"},
    {VALUE_EMAIL, "a+tag@example.com.", VALUE_EMAIL, "a+tag@example.com"},
    {VALUE_EMAIL, "o'brien@example.com", VALUE_EMAIL, "o'brien@example.com"},
    {VALUE_EMAIL, "a..b.@example.com", VALUE_EMAIL, "a..b.@example.com"},
    {VALUE_EMAIL, "a@*.example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "a@localhost", VALUE_NONE, NULL},
    {VALUE_EMAIL, "@example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "a@", VALUE_NONE, NULL},
    {VALUE_EMAIL, "a b@example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "a@b@example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "<a@example.com>", VALUE_NONE, NULL},
    {VALUE_EMAIL, "mailto:a@example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "\xc3\xbc@example.com", VALUE_NONE, NULL},
    {VALUE_EMAIL, "example.com", VALUE_NONE, NULL},

    {VALUE_MD5, "D41D8CD98F00B204E9800998ECF8427E", VALUE_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
    {VALUE_MD5, "d41d8cd98f00b204e9800998ecf8427", VALUE_NONE, NULL},
    {VALUE_MD5, "g41d8cd98f00b204e9800998ecf8427e", VALUE_NONE, NULL},
    {VALUE_MD5, "da39a3ee5e6b4b0d3255bfef95601890afd80709", VALUE_NONE, NULL},
    {VALUE_SHA1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", VALUE_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {VALUE_NONE, "example.com", VALUE_NONE, NULL},
    {VALUE_KINDS, "example.com", VALUE_NONE, NULL},
};

static void normal_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct buffer out;
        enum value_kind became = VALUE_NONE;
        struct fault fault = {0};
        buffer_init(&out, VALUE_MAX_BYTES + 8);
        buffer_add(&out, TEXT("before:"));
        enum err e = value_normalise(forms[i].kind, text_of(forms[i].raw), &out, &became, &fault);
        if ((e == OK) != (forms[i].became != VALUE_NONE))
            fail_msg("%s: %s %s", forms[i].raw, err_name(e), fault.what);
        struct text t = text_sub(buffer_text(&out), 7, out.len);
        if (e) {
            assert_int_equal(out.len, 7); /* as it was */
            assert_int_equal(became, VALUE_NONE);
            assert_true(fault.what[0] != 0);
        } else {
            assert_text(t, forms[i].normal);
            assert_int_equal(became, forms[i].became);
        }
        buffer_done(&out);
    }
}

/* What has a normal form is its own normal form's normal form. */
static void normal_forms_are_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct buffer out;
        enum value_kind became = VALUE_NONE;
        if (!forms[i].normal)
            continue;
        buffer_init(&out, VALUE_MAX_BYTES);
        assert_ok(value_normalise(forms[i].became, text_of(forms[i].normal), &out, &became, NULL));
        assert_text(buffer_text(&out), forms[i].normal);
        assert_int_equal(became, forms[i].became);
        assert_int_equal(value_detect(text_of(forms[i].normal)), forms[i].became);
        buffer_done(&out);
    }
}

static void detection(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        enum value_kind kind;
    } cells[] = {
        {"d41d8cd98f00b204e9800998ecf8427e", VALUE_MD5},
        {"da39a3ee5e6b4b0d3255bfef95601890afd80709", VALUE_SHA1},
        {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", VALUE_SHA256},
        {"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
         "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
         VALUE_SHA512},
        {"192.0.2.0/24", VALUE_CIDR},
        {"192.0.2.1/32", VALUE_CIDR},
        {"192.0.2.1", VALUE_IPV4},
        {"2001:db8::1", VALUE_IPV6},
        {"::1", VALUE_IPV6},
        {"http://a.example/", VALUE_URL},
        {"http://a@b.example", VALUE_URL},
        {"a@b.example", VALUE_EMAIL},
        {"b.example", VALUE_DOMAIN},
        {"*.b.example.", VALUE_DOMAIN},
        {" b.example ", VALUE_DOMAIN},
        {"AS65001", VALUE_ASN},
        {"asn4200000000", VALUE_ASN},
        {"as", VALUE_NONE},
        {"AS 65001", VALUE_NONE},
        {"65001", VALUE_NONE},
        {"t13d1516h2_8daaf6152771_b186095e22b6", VALUE_JA4},
        {"t13d1516h2_8daaf6152771_b186095e22bz", VALUE_NONE},
        {"b", VALUE_NONE},
        {"", VALUE_NONE},
        {"CVE-2024-1234", VALUE_NONE},
        {"aa:bb:cc:dd:ee:ff", VALUE_NONE},
        {"1.2.3", VALUE_NONE},
        {"b.example:443", VALUE_NONE},
        {"hxxp://b.example/", VALUE_URL}, /* a scheme like any other: un-defanging is the reader's */
    };
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        if (value_detect(text_of(cells[i].raw)) != cells[i].kind)
            fail_msg("%s: %s", cells[i].raw, value_kind_name(value_detect(text_of(cells[i].raw))));
    assert_int_equal(value_detect(TEXT_NONE), VALUE_NONE);
}

static void kind_names(void **state)
{
    (void)state;
    for (int k = VALUE_DOMAIN; k < VALUE_KINDS; k++)
        assert_int_equal(value_kind_parse(text_of(value_kind_name((enum value_kind)k))), k);
    static const struct {
        const char *name;
        enum value_kind kind;
    } synonyms[] = {
        {"domain-name", VALUE_DOMAIN},
        {"Hostname", VALUE_DOMAIN},
        {"ip-dst", VALUE_IPV4},
        {"ip-src", VALUE_IPV4},
        {"ipv4-addr", VALUE_IPV4},
        {"ipv6-addr:value", VALUE_IPV6},
        {"email-addr", VALUE_EMAIL},
        {"email-src", VALUE_EMAIL},
        {"file:hashes.MD5", VALUE_MD5},
        {"file:hashes.'SHA-256'", VALUE_SHA256},
        {"SHA-1", VALUE_SHA1},
        {"FileHash-SHA256", VALUE_SHA256},
        {" URL ", VALUE_URL},
        {"none", VALUE_NONE},
        {"", VALUE_NONE},
        {"x-mitre", VALUE_NONE},
        {"file:hashes.", VALUE_NONE},
        {":value", VALUE_NONE},
        {"''", VALUE_NONE},
        {"sha224", VALUE_NONE},
        {"domain|ip", VALUE_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(synonyms); i++)
        if (value_kind_parse(text_of(synonyms[i].name)) != synonyms[i].kind)
            fail_msg("%s", synonyms[i].name);
    assert_string_equal(value_kind_name(VALUE_NONE), "none");
    assert_string_equal(value_kind_name((enum value_kind)77), "none");
}

static enum err longest(enum value_kind kind, const char *head, size_t fill, const char *tail)
{
    struct buffer raw, out;
    enum value_kind became;
    buffer_init(&raw, 64 * KIB);
    buffer_init(&out, VALUE_MAX_BYTES);
    buffer_add(&raw, text_of(head));
    for (size_t i = 0; i < fill; i++)
        buffer_add_char(&raw, 'a');
    buffer_add(&raw, text_of(tail));
    enum err e = value_normalise(kind, buffer_text(&raw), &out, &became, NULL);
    assert_ok(buffer_error(&out)); /* a normal form always fits into VALUE_MAX_BYTES */
    buffer_done(&raw);
    buffer_done(&out);
    return e;
}

static void lengths(void **state)
{
    (void)state;
    assert_ok(longest(VALUE_DOMAIN, "", 63, ".example"));
    assert_err(longest(VALUE_DOMAIN, "", 64, ".example"), ERR_MALFORMED);
    char labels[300] = "";
    for (int i = 0; i < 62; i++)
        strcat(labels, "abc.");
    assert_ok(longest(VALUE_DOMAIN, labels, 5, "")); /* 253 */
    assert_ok(longest(VALUE_DOMAIN, labels, 5, "."));
    assert_err(longest(VALUE_DOMAIN, labels, 6, ""), ERR_MALFORMED);
    assert_ok(longest(VALUE_URL, "http://a.example/", URL_MAX_BYTES - 17, ""));
    assert_err(longest(VALUE_URL, "http://a.example/", URL_MAX_BYTES - 16, ""), ERR_MALFORMED);
    assert_ok(longest(VALUE_URL, "http://a.example?", URL_MAX_BYTES - 18, ""));
    assert_err(longest(VALUE_URL, "http://a.example?", URL_MAX_BYTES - 17, ""), ERR_MALFORMED);
    assert_err(longest(VALUE_URL, "http://", 254, "/"), ERR_MALFORMED);
    assert_ok(longest(VALUE_EMAIL, "", 64, "@example.com"));
    assert_err(longest(VALUE_EMAIL, "", 65, "@example.com"), ERR_MALFORMED);
}

/* An error of the buffer sticks there and nowhere else. */
static void full_buffer(void **state)
{
    (void)state;
    struct buffer out;
    enum value_kind became;
    buffer_init(&out, 4);
    assert_ok(value_normalise(VALUE_DOMAIN, TEXT("example.com"), &out, &became, NULL));
    assert_err(buffer_error(&out), ERR_LIMIT);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_forms), cmocka_unit_test(normal_forms_are_stable),
        cmocka_unit_test(detection),    cmocka_unit_test(kind_names),
        cmocka_unit_test(lengths),      cmocka_unit_test(full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
