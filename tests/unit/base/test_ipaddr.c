/* Addresses and networks in every textual form, right and nearly right. */
#include "support/test.h"

#include "base/ipaddr.h"

static void assert_address(const char *text, const char *written, int bits)
{
    struct ipaddr a, again;
    char out[IPADDR_TEXT_MAX];
    assert_ok(ipaddr_parse(text_of(text), &a));
    assert_int_equal(a.bits, bits);
    assert_text(ipaddr_format(&a, out), written);
    assert_ok(ipaddr_parse(text_of(out), &again));
    assert_true(ipaddr_eq(&a, &again));
}

static void v4_forms(void **state)
{
    (void)state;
    assert_address("0.0.0.0", "0.0.0.0", 32);
    assert_address("255.255.255.255", "255.255.255.255", 32);
    assert_address("192.0.2.1", "192.0.2.1", 32);
    assert_address("1.20.99.100", "1.20.99.100", 32);
}

/* RFC 4291 section 2.2 read, RFC 5952 section 4 written. */
static void v6_forms(void **state)
{
    (void)state;
    assert_address("::", "::", 128);
    assert_address("::1", "::1", 128);
    assert_address("1::", "1::", 128);
    assert_address("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a", 128);
    assert_address("FF01:0:0:0:0:0:0:101", "ff01::101", 128);
    assert_address("2001:0db8::0001", "2001:db8::1", 128);
    assert_address("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 128); /* one zero group is not shortened */
    assert_address("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 128);
    assert_address("2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 128);       /* the longest run */
    assert_address("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 128); /* the first of equals */
    assert_address("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 128);
    assert_address("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 128);
    assert_address("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 128);
    assert_address("1:2:3::6:7:8", "1:2:3::6:7:8", 128);
    assert_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128);
    assert_address("::13.1.68.3", "::d01:4403", 128);
    assert_address("64:ff9b::192.0.2.33", "64:ff9b::c000:221", 128);
    assert_address("1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff", 128);
    assert_address("1::5:6:1.2.3.4", "1::5:6:102:304", 128);
    assert_address("0000:0000:0000:0000:0000:0000:255.255.255.254", "::ffff:fffe", 128); /* the longest text */
}

static void mapped_is_v4(void **state)
{
    (void)state;
    assert_address("::ffff:192.0.2.1", "192.0.2.1", 32);
    assert_address("::FFFF:c000:201", "192.0.2.1", 32);
    assert_address("0:0:0:0:0:ffff:0:0", "0.0.0.0", 32);
    assert_address("::fffe:192.0.2.1", "::fffe:c000:201", 128);
    assert_address("::1:ffff:192.0.2.1", "::1:ffff:c000:201", 128);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ".",
                                      ":",
                                      "...",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.",
                                      ".1.2.3",
                                      "1..2.3",
                                      "1.2.3.4.",
                                      "1.2.3.4.5",
                                      "256.1.1.1",
                                      "1.1.1.256",
                                      "1.1.1.1000",
                                      "01.2.3.4",
                                      "1.2.3.00",
                                      "1.2.3.04",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.4\n",
                                      "1,2,3,4",
                                      "0x1.2.3.4",
                                      "1.2.3.a",
                                      "+1.2.3.4",
                                      "1.2.3.-4",
                                      "3232235777",
                                      "1.2.3.4/32",
                                      "1.2.3.4:80",
                                      "255.255.255.2555",
                                      ":::",
                                      "::::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1::2::3",
                                      ":1:2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7:8:",
                                      "1:2:3:4:5:6:7:",
                                      ":1::",
                                      "::1:",
                                      "1:::2",
                                      "12345::",
                                      "::12345",
                                      "g::",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1:2:3:4:5:1.2.3.4",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.4:5",
                                      "::1.2.3.256",
                                      "::01.2.3.4",
                                      "1.2.3.4::",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "::1/64",
                                      "::ffff:1.2.3.4 ",
                                      "1::2:3:4:5:6:7:8",
                                      "::f.2.3.4",
                                      "::0001.2.3.4",
                                      "www.example.com",
                                      "00000000000000000000000000000000000000000000::"};
    struct ipaddr a = {.bits = 99};
    struct ipnet net;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (ipaddr_parse(text_of(bad[i]), &a) != ERR_MALFORMED)
            fail_msg("\"%s\" was taken for an address", bad[i]);
        if (!strchr(bad[i], '/') && ipnet_parse(text_of(bad[i]), &net) != ERR_MALFORMED)
            fail_msg("\"%s\" was taken for a network", bad[i]);
    }
    assert_int_equal(a.bits, 99);
    assert_err(ipaddr_parse(TEXT_NONE, &a), ERR_MALFORMED);
    assert_err(ipaddr_parse(TEXT("1.2.3.4\0"), &a), ERR_MALFORMED);
}

/* A borrowed text ends where it ends, whatever stands behind it. */
static void only_the_text_is_read(void **state)
{
    (void)state;
    struct ipaddr a;
    char out[IPADDR_TEXT_MAX];
    assert_ok(ipaddr_parse((struct text){"10.0.0.123", 8}, &a));
    assert_text(ipaddr_format(&a, out), "10.0.0.1");
    assert_ok(ipaddr_parse((struct text){"2001:db8::12", 11}, &a));
    assert_text(ipaddr_format(&a, out), "2001:db8::1");
    const char *whole = "2001:db8:85a3:8d3:1319:8a2e:192.168.100.200";
    for (size_t len = 0; len <= strlen(whole); len++) {
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, whole, len);
        bool accepted = ipaddr_parse((struct text){exact, len}, &a) == OK;
        assert_int_equal(accepted, len >= strlen(whole) - 2);
        free(exact);
    }
}

static void assert_net(const char *text, const char *address, int len)
{
    struct ipnet net;
    char out[IPADDR_TEXT_MAX];
    assert_ok(ipnet_parse(text_of(text), &net));
    assert_text(ipaddr_format(&net.addr, out), address);
    assert_int_equal(net.len, len);
    assert_true(ipnet_has(&net, &net.addr));
}

static void networks(void **state)
{
    (void)state;
    assert_net("10.1.2.3/8", "10.0.0.0", 8);
    assert_net("10.1.2.3", "10.1.2.3", 32);
    assert_net("10.255.255.255/9", "10.128.0.0", 9);
    assert_net("1.2.3.4/0", "0.0.0.0", 0);
    assert_net("1.2.3.4/31", "1.2.3.4", 31);
    assert_net("2001:db8::ffff/32", "2001:db8::", 32);
    assert_net("2001:db8::ffff/127", "2001:db8::fffe", 127);
    assert_net("2001:db8::1", "2001:db8::1", 128);
    assert_net("ffff::/0", "::", 0);
    assert_net("::ffff:10.1.2.3/104", "10.0.0.0", 8);
    assert_net("::ffff:10.1.2.3/96", "0.0.0.0", 0);
    assert_net("::ffff:10.1.2.3", "10.1.2.3", 32);
    assert_net("::ffff:10.1.2.3/95", "::fffe:0:0", 95);
    static const char *const bad[] = {
        "10.0.0.0/", "10.0.0.0/33",  "10.0.0.0/08", "10.0.0.0/00",        "10.0.0.0/-1",
        "/8",        "10.0.0.0/8/8", "10.0.0.0/8 ", "10.0.0.0 /8",        "::/129",
        "::/1000",   "::/0128",      "10/8",        "10.0.0.0/255.0.0.0", "10.0.0.0/18446744073709551624"};
    struct ipnet net;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (ipnet_parse(text_of(bad[i]), &net) != ERR_MALFORMED)
            fail_msg("\"%s\" was taken for a network", bad[i]);
}

/* Every prefix length, with the bit just inside and the bit just outside flipped. */
static void membership_at_every_length(void **state)
{
    (void)state;
    static const char *const bases[] = {"203.0.113.199", "2001:db8:aaaa:5555:1234:5678:9abc:def1"};
    for (size_t family = 0; family < 2; family++) {
        struct ipaddr base;
        assert_ok(ipaddr_parse(text_of(bases[family]), &base));
        for (unsigned len = 0; len <= base.bits; len++) {
            struct ipnet net = {.addr = ipaddr_mask(base, (uint8_t)len), .len = (uint8_t)len};
            assert_true(ipnet_has(&net, &base));
            for (unsigned bit = 0; bit < base.bits; bit++) {
                struct ipaddr other = base;
                other.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
                assert_int_equal(ipnet_has(&net, &other), bit >= len);
            }
        }
    }
}

static void families_do_not_mix(void **state)
{
    (void)state;
    struct ipaddr v4, v6, none = {0};
    struct ipnet all4, all6;
    assert_ok(ipaddr_parse(TEXT("0.0.0.1"), &v4));
    assert_ok(ipaddr_parse(TEXT("::1"), &v6));
    assert_ok(ipnet_parse(TEXT("0.0.0.0/0"), &all4));
    assert_ok(ipnet_parse(TEXT("::/0"), &all6));
    assert_true(ipnet_has(&all4, &v4) && ipnet_has(&all6, &v6));
    assert_false(ipnet_has(&all4, &v6) || ipnet_has(&all6, &v4) || ipnet_has(&all4, &none));
    assert_true(ipaddr_cmp(&v4, &v6) < 0 && ipaddr_cmp(&v6, &v4) > 0 && ipaddr_cmp(&none, &v4) < 0);
    assert_false(ipaddr_eq(&v4, &v6));
    struct ipaddr big;
    assert_ok(ipaddr_parse(TEXT("200.0.0.0"), &big));
    assert_true(ipaddr_cmp(&v4, &big) < 0);
    char out[IPADDR_TEXT_MAX];
    assert_text(ipaddr_format(&none, out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_forms),
        cmocka_unit_test(v6_forms),
        cmocka_unit_test(mapped_is_v4),
        cmocka_unit_test(refused),
        cmocka_unit_test(only_the_text_is_read),
        cmocka_unit_test(networks),
        cmocka_unit_test(membership_at_every_length),
        cmocka_unit_test(families_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
