/* An introduction is signed by the key that it names, names for whom it is, and has one spelling. */
#include "support/test.h"

#include <stdio.h>

#include "base/limits.h"
#include "ledger/introduction.h"

static const uint8_t seed[NOTE_SEED_BYTES] = {7};

static void write(struct buffer *out, const char *origin, const char *more)
{
    struct introduction i = {.to = TEXT("log.example/b"), .origin = text_of(origin)};
    struct note_key k;
    struct buffer text;
    note_public_key(seed, i.key);
    assert_ok(note_key_make(text_of(origin), NOTE_ED25519, i.key, &k));
    buffer_init(&text, 4096);
    introduction_format(&i, &text);
    buffer_init(out, 1 * MIB);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    note_sign(buffer_text(&text), &k, seed, 0, out);
    buffer_add(out, text_of(more));
    assert_ok(buffer_error(out));
    buffer_done(&text);
}

#define STATEMENT "a\n\n\xE2\x80\x94 b AAAAAAA=\n"

static void comes_back(void **state)
{
    (void)state;
    static const char *const more[] = {"", "\n" STATEMENT, "\n" STATEMENT "\n" STATEMENT};
    for (size_t n = 0; n < ARRAY_LEN(more); n++) {
        struct buffer b;
        struct introduction i;
        write(&b, "log.example/a", more[n]);
        assert_ok(introduction_parse(buffer_text(&b), &i, NULL));
        assert_text(i.to, "log.example/b");
        assert_text(i.origin, "log.example/a");
        assert_int_equal(i.statements.count, n);
        for (size_t k = 0; k < n; k++)
            assert_text(i.statements.note[k], STATEMENT);
        buffer_done(&b);
    }
}

/* Each bit of it counts. */
static void nothing_else(void **state)
{
    (void)state;
    struct buffer b;
    struct introduction i;
    write(&b, "log.example/a", "");
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
        assert_true(introduction_parse(buffer_text(&b), &i, NULL) == ERR_MALFORMED);
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < b.len; len++)
        assert_true(introduction_parse(text_sub(buffer_text(&b), 0, len), &i, NULL) == ERR_MALFORMED);
    buffer_done(&b);
    static const char *const more[] = {"\n", "x", STATEMENT, ("\n" STATEMENT "\n"), ("\n\n" STATEMENT)};
    for (size_t n = 0; n < ARRAY_LEN(more); n++) {
        write(&b, "log.example/a", more[n]);
        enum err e = introduction_parse(buffer_text(&b), &i, NULL);
        if (e == OK) /* what looks like a note is for who reads statements to judge */
            assert_true(i.statements.count > 0);
        buffer_done(&b);
    }
}

static void limits(void **state)
{
    (void)state;
    struct buffer b;
    struct statements s;
    buffer_init(&b, 1 * MIB);
    for (size_t n = 0; n < STATEMENTS_MAX; n++)
        buffer_add(&b, text_of(n ? "\n" STATEMENT : STATEMENT));
    assert_ok(statements_split(buffer_text(&b), &s, NULL));
    assert_int_equal(s.count, STATEMENTS_MAX);
    buffer_add(&b, TEXT("\n" STATEMENT));
    assert_err(statements_split(buffer_text(&b), &s, NULL), ERR_LIMIT);
    buffer_done(&b);
    assert_ok(statements_split(TEXT_NONE, &s, NULL));
    assert_int_equal(s.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(nothing_else),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
