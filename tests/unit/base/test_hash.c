/* Digests against published vectors; hex and base64 strict in what they read. */
#include "support/test.h"

#include "base/hash.h"
#include "base/hmac.h"

/* FIPS 180-4's examples and the empty message. */
/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void hmac_vectors(void **state)
{
    char hex[SHA256_HEX], key[131];
    (void)state;
    memset(key, 0x0b, 20);
    struct sha256 h = hmac_sha256((struct text){key, 20}, TEXT("Hi There"));
    assert_text(sha256_hex(&h, hex), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    h = hmac_sha256(TEXT("Jefe"), TEXT("what do ya want for nothing?"));
    assert_text(sha256_hex(&h, hex), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    h = hmac_sha256((struct text){key, sizeof key}, TEXT("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_text(sha256_hex(&h, hex), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void sha256_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *message, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[SHA256_HEX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sha256 h = sha256_of(cases[i].message, strlen(cases[i].message));
        assert_text(sha256_hex(&h, hex), cases[i].digest);
    }
    struct sha256 none = sha256_of(NULL, 0);
    assert_text(sha256_hex(&none, hex), cases[0].digest);
}

static void sha256_in_pieces(void **state)
{
    (void)state;
    static char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    struct sha256 whole = sha256_of(bytes, sizeof bytes);
    for (size_t piece = 1; piece < 200; piece += 13) {
        struct sha256_ctx ctx;
        sha256_init(&ctx);
        for (size_t at = 0; at < sizeof bytes; at += piece)
            sha256_add(&ctx, bytes + at, piece < sizeof bytes - at ? piece : sizeof bytes - at);
        sha256_add(&ctx, NULL, 0);
        struct sha256 h = sha256_end(&ctx);
        assert_true(sha256_eq(&h, &whole));
    }
    struct sha256 other = whole;
    other.b[31] ^= 1;
    assert_false(sha256_eq(&other, &whole));
}

static void hex_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0}, kept[4] = {9, 9, 9, 9};
    char out[9];
    assert_ok(hex_read(TEXT("00fFaB10"), bytes, 4));
    hex_write(bytes, 4, out);
    assert_string_equal(out, "00ffab10");
    hex_write(bytes, 0, out);
    assert_string_equal(out, "");
    assert_ok(hex_read(TEXT_NONE, bytes, 0));
    static const char *const bad[] = {"",         "00",       "00ffab1",  "00ffab100", "00ffab1000",
                                      "00ffab1g", "g0ffab10", "00 fab10", "0x00ffab",  "00ffab1\xB0",
                                      "00:ffab1", "00ffab1/", "00ffab1@", "00ffab1`",  "00ffab1:"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_err(hex_read(text_of(bad[i]), kept, 4), ERR_MALFORMED);
        assert_int_equal(kept[0], 9);
    }
    struct sha256 h;
    assert_err(sha256_from_hex(TEXT("abcd"), &h), ERR_MALFORMED);
    assert_ok(sha256_from_hex(TEXT("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"), &h));
    struct sha256 abc = sha256_of("abc", 3);
    assert_true(sha256_eq(&h, &abc));
}

/* RFC 4648 section 10. */
static void base64_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *coded;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"},
                 {"\xFF\xFE\xFD", "//79"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer b;
        buffer_init(&b, 100);
        buffer_add(&b, TEXT("before:"));
        base64_write(&b, cases[i].plain, strlen(cases[i].plain));
        assert_text(text_sub(buffer_text(&b), 7, 100), cases[i].coded);
        buffer_clear(&b);
        buffer_add(&b, TEXT("before:"));
        assert_ok(base64_read(text_of(cases[i].coded), &b));
        assert_text(text_sub(buffer_text(&b), 7, 100), cases[i].plain);
        buffer_done(&b);
    }
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",       "Zg",    "Zg=",    "Zg===",    "=",        "====",
                                      "Zh==",    "Zm9=",  "Zm9v\n", "Zm 9v",    "Zm9v====", "Zg==Zg==",
                                      "Z===",    "Zm9-",  "Zm9_",   "Z=g=",     "Zm9v\xC3", "Zm\xC3\xA9",
                                      "\xE2Zm9", "Zm9vY", " Zm9",   "Zm9vZg=A", "=m9v"};
    struct buffer b;
    buffer_init(&b, 100);
    buffer_add(&b, TEXT("kept"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (base64_read(text_of(bad[i]), &b) != ERR_MALFORMED)
            fail_msg("\"%s\" was taken for base64", bad[i]);
        assert_text(buffer_text(&b), "kept");
        assert_ok(buffer_error(&b));
    }
    buffer_done(&b);
}

/* Every byte in every place: only the alphabet is accepted. */
static void base64_alphabet(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer b;
    buffer_init(&b, 100);
    for (int place = 0; place < 4; place++)
        for (int c = 0; c < 256; c++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            text[place] = (char)c;
            bool expected = (c && strchr(alphabet, c)) || (c == '=' && place == 3);
            assert_int_equal(base64_read((struct text){text, 4}, &b) == OK, expected);
            buffer_clear(&b);
        }
    buffer_done(&b);
}

static void base64_minds_the_limit(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 7);
    base64_write(&b, "four", 4); /* needs eight */
    assert_err(buffer_error(&b), ERR_LIMIT);
    assert_int_equal(b.len, 0);
    assert_err(base64_read(TEXT("Zg=="), &b), ERR_LIMIT); /* sticky */
    buffer_clear(&b);
    assert_err(base64_read(TEXT("Zm9vYmFyZm8="), &b), ERR_LIMIT);
    buffer_clear(&b);
    assert_ok(base64_read(TEXT("Zm9vYmFyZg=="), &b)); /* seven bytes, exactly */
    assert_text(buffer_text(&b), "foobarf");
    buffer_done(&b);
}

static void xxh3_vectors(void **state)
{
    (void)state;
    assert_true(xxh3_of("", 0) == UINT64_C(0x2D06800538D394C2)); /* xxHash's own test suite */
    assert_true(xxh3_of("abc", 3) == xxh3_seeded("abc", 3, 0));
    assert_true(xxh3_of("abc", 3) != xxh3_seeded("abc", 3, 1));
    assert_true(xxh3_of("abc", 3) != xxh3_of("abd", 3));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    random_bytes(b, 0);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),   cmocka_unit_test(hmac_vectors),
        cmocka_unit_test(sha256_in_pieces), cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(base64_vectors),   cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(base64_alphabet),  cmocka_unit_test(base64_minds_the_limit),
        cmocka_unit_test(xxh3_vectors),     cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
