/* Whose request it is: what trusted proxies say counts, what others say does not. */
#include "support/test.h"

#include "net/http_proxy.h"

static struct ipnet trusted[2];

static const char *sender(const char *peer, const char *name, const char *first, const char *second)
{
    static char out[IPADDR_TEXT_MAX];
    const struct http_field fields[] = {{TEXT("Accept"), TEXT("x")},
                                        {text_of(name), text_of(first)},
                                        {text_of(name), second ? text_of(second) : TEXT_NONE}};
    const struct http_headers headers = {fields, second ? 3 : 2};
    struct ipaddr from;
    assert_ok(ipaddr_parse(text_of(peer), &from));
    assert_ok(ipnet_parse(TEXT("127.0.0.1"), &trusted[0]));
    assert_ok(ipnet_parse(TEXT("2001:db8:1::/48"), &trusted[1]));
    struct ipaddr a;
    assert_true(http_proxy_sender(&headers, &from, trusted, 2, &a));
    ipaddr_format(&a, out);
    return out;
}

#define XFF "x-forwarded-for"
#define FWD "Forwarded"

static void who_is_not_trusted_names_nobody(void **state)
{
    struct ipaddr from, a;
    const struct http_field field = {TEXT(XFF), TEXT("192.0.2.1")};
    const struct http_headers headers = {&field, 1};
    (void)state;
    assert_string_equal(sender("198.51.100.9", XFF, "192.0.2.1", NULL), "198.51.100.9");
    assert_ok(ipaddr_parse(TEXT("127.0.0.1"), &from));
    assert_true(http_proxy_sender(&headers, &from, NULL, 0, &a));
    assert_true(ipaddr_eq(&a, &from));
}

/* The client can write what it likes in front: only the end is the proxies'. */
static void the_chain_is_read_from_its_end(void **state)
{
    (void)state;
    assert_string_equal(sender("127.0.0.1", XFF, "192.0.2.1", NULL), "192.0.2.1");
    assert_string_equal(sender("127.0.0.1", XFF, "10.9.9.9, 127.0.0.1, 192.0.2.1", NULL), "192.0.2.1");
    assert_string_equal(sender("127.0.0.1", XFF, "10.9.9.9,192.0.2.1 , 2001:db8:1::5", NULL), "192.0.2.1");
    assert_string_equal(sender("127.0.0.1", XFF, "10.9.9.9", "192.0.2.1"), "192.0.2.1");
    assert_string_equal(sender("127.0.0.1", XFF, "192.0.2.1:4711", NULL), "192.0.2.1");
    assert_string_equal(sender("127.0.0.1", XFF, "[2001:db8::1]:80", NULL), "2001:db8::1");
    assert_string_equal(sender("127.0.0.1", XFF, "2001:db8::1", NULL), "2001:db8::1");
    assert_string_equal(sender("127.0.0.1", XFF, "::ffff:192.0.2.1", NULL), "192.0.2.1");
}

static void forwarded_has_parameters_and_quotes(void **state)
{
    (void)state;
    assert_string_equal(sender("127.0.0.1", FWD, "for=192.0.2.43", NULL), "192.0.2.43");
    assert_string_equal(sender("127.0.0.1", FWD, "For=\"[2001:db8:cafe::17]:4711\"", NULL), "2001:db8:cafe::17");
    assert_string_equal(
        sender("127.0.0.1", FWD, "by=x;for=10.1.1.1;proto=http, proto=\"a,b;for=1.1.1.1\";FOR=192.0.2.43", NULL),
        "192.0.2.43");
    assert_string_equal(sender("127.0.0.1", FWD, "for=192.0.2.43, for=127.0.0.1", "for=\"2001:db8:1::9\""),
                        "192.0.2.43");
}

static void what_is_no_address_ends_it(void **state)
{
    static const char *const bad[] = {"", "unknown", "_hidden", "[2001:db8::1", "192.0.2", ",,,", "\"", "\"\\"};
    char longest[4096];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_string_equal(sender("127.0.0.1", XFF, bad[i], NULL), "127.0.0.1");
        assert_string_equal(sender("127.0.0.1", FWD, bad[i], NULL), "127.0.0.1");
    }
    assert_string_equal(sender("127.0.0.1", XFF, "192.0.2.1, unknown, 2001:db8:1::5", NULL), "2001:db8:1::5");
    memset(longest, ',', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memcpy(longest + sizeof longest - 10, "192.0.2.1", 9);
    assert_string_equal(sender("127.0.0.1", XFF, longest, NULL), "192.0.2.1");
}

/* A proxy writes one of them and hands on the client's other: whoever is believed, the client could choose. */
static void two_that_disagree_are_nobody(void **state)
{
    struct ipaddr from, a;
    struct http_field both[] = {{TEXT(FWD), TEXT("for=192.0.2.1")}, {TEXT(XFF), TEXT("192.0.2.2")}};
    const struct http_headers headers = {both, ARRAY_LEN(both)};
    (void)state;
    assert_ok(ipaddr_parse(TEXT("127.0.0.1"), &from));
    assert_ok(ipnet_parse(TEXT("127.0.0.1"), &trusted[0]));
    assert_false(http_proxy_sender(&headers, &from, trusted, 1, &a));
    assert_true(ipaddr_eq(&a, &from));
    both[1].value = TEXT("192.0.2.1");
    assert_true(http_proxy_sender(&headers, &from, trusted, 1, &a));
    assert_false(ipaddr_eq(&a, &from));
    both[1].value = TEXT("192.0.2.2"); /* to others they are words like any */
    assert_true(http_proxy_sender(&headers, &from, NULL, 0, &a));
    assert_true(ipaddr_eq(&a, &from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_trusted_names_nobody),     cmocka_unit_test(the_chain_is_read_from_its_end),
        cmocka_unit_test(forwarded_has_parameters_and_quotes), cmocka_unit_test(what_is_no_address_ends_it),
        cmocka_unit_test(two_that_disagree_are_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
