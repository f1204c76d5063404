/* An entry has one text; what it commits to can be shown and nothing else can. */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/entry.h"
#include "support/scratch.h"

static struct entry sample(void)
{
    struct entry e = {.n = 7, .t_us = 1700000000000000, .kind = TEXT("object")};
    e.c = sha256_of("c", 1);
    return e;
}

static void encode(const struct entry *e, struct buffer *b)
{
    buffer_init(b, 4096);
    entry_encode(e, b);
    assert_ok(buffer_error(b));
}

static void text_is_canonical(void **state)
{
    (void)state;
    struct entry e = sample();
    struct buffer b;
    encode(&e, &b);
    assert_text(buffer_text(&b),
                "{\"c\":\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\",\"kind\":"
                "\"object\",\"n\":7,\"t_us\":1700000000000000,\"v\":1}");
    buffer_done(&b);
}

static void comes_back(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, -1, -999999999, 1700000000000000, (int64_t)1 << 53, -((int64_t)1 << 53)};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct entry e = sample(), again;
        struct buffer b;
        e.t_us = times[i];
        e.n = i * 1000003;
        encode(&e, &b);
        assert_ok(entry_decode(buffer_text(&b), &again, NULL));
        assert_int_equal(again.n, e.n);
        assert_int_equal(again.t_us, e.t_us);
        assert_text_eq(again.kind, e.kind);
        assert_true(sha256_eq(&again.c, &e.c));
        buffer_done(&b);
    }
}

static void what_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    struct entry bad[5];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = sample();
    bad[0].n = ((uint64_t)1 << 53) + 1;
    bad[1].t_us = INT64_MAX;
    bad[2].t_us = INT64_MIN;
    bad[3].kind = TEXT("Object");
    bad[4].kind = TEXT("");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct buffer b;
        buffer_init(&b, 4096);
        entry_encode(&bad[i], &b);
        assert_err(buffer_error(&b), ERR_LIMIT);
        buffer_done(&b);
    }
}

#define C "\"c\":\"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\""

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"", ERR_MALFORMED},
        {"{}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":1,\"t_us\":1,\"v\":1} ", ERR_MALFORMED},
        {" {" C ",\"kind\":\"act\",\"n\":1,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ", \"kind\":\"act\",\"n\":1,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{\"c\":\"2E7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6\",\"kind\":\"act\",\"n\":1,"
         "\"t_us\":1,\"v\":1}",
         ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":01,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":-1,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":1,\"t_us\":-0,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":1,\"t_us\":1.0,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":1,\"t_us\":9007199254740993,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"a\\u0063t\",\"n\":1,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"\",\"n\":1,\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"n\":1,\"kind\":\"act\",\"t_us\":1,\"v\":1}", ERR_MALFORMED},
        {"{" C ",\"kind\":\"act\",\"n\":1,\"t_us\":1,\"v\":2}", ERR_VERSION},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct entry e = {.n = 99};
        struct fault f = {.err = OK};
        assert_err(entry_decode(text_of(rows[i].text), &e, &f), rows[i].err);
        assert_int_equal(f.err, rows[i].err);
        assert_int_equal(e.n, 99);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    struct entry e = sample(), again;
    struct buffer b;
    encode(&e, &b);
    for (size_t len = 0; len < b.len; len++) {
        char *exact = malloc(len + 1); /* one byte too far is seen by the sanitizer */
        assert_non_null(exact);
        memcpy(exact, b.ptr, len);
        char *shrunk = realloc(exact, len ? len : 1);
        assert_err(entry_decode((struct text){shrunk, len}, &again, NULL), ERR_MALFORMED);
        free(shrunk);
    }
    buffer_done(&b);
}

/* c = SHA-256(0x02 || SHA-256(0x03 || salt1 || public) || SHA-256(0x03 || salt2 || private)), written out. */
static void commitment_is_the_formula(void **state)
{
    (void)state;
    struct entry_detail d = {.public_part = TEXT("{\"a\":1}"), .private_part = TEXT("{\"b\":2}")};
    uint8_t first[1 + ENTRY_SALT + 7], second[1 + ENTRY_SALT + 7], outer[1 + 2 * SHA256_BYTES];
    memset(d.salt1, 0x11, sizeof d.salt1);
    memset(d.salt2, 0x22, sizeof d.salt2);
    first[0] = second[0] = 3;
    memcpy(first + 1, d.salt1, ENTRY_SALT);
    memcpy(second + 1, d.salt2, ENTRY_SALT);
    memcpy(first + 1 + ENTRY_SALT, d.public_part.ptr, 7);
    memcpy(second + 1 + ENTRY_SALT, d.private_part.ptr, 7);
    struct sha256 a = sha256_of(first, sizeof first), b = sha256_of(second, sizeof second);
    outer[0] = 2;
    memcpy(outer + 1, a.b, SHA256_BYTES);
    memcpy(outer + 1 + SHA256_BYTES, b.b, SHA256_BYTES);
    struct sha256 expected = sha256_of(outer, sizeof outer), got = entry_commitment(&d);
    assert_true(sha256_eq(&expected, &got));
    d.salt2[31] ^= 1;
    got = entry_commitment(&d);
    assert_false(sha256_eq(&expected, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_canonical),
        cmocka_unit_test(comes_back),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(commitment_is_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
