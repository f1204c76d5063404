/* Signed notes: the specification's own example, our signatures, and the rows that are no notes. */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/note.h"

#define DASH "\xE2\x80\x94 "

static const uint8_t seed[NOTE_SEED_BYTES] = {1, 2, 3};

static struct note_key key_of(const char *name, enum note_type type)
{
    struct note_key k;
    uint8_t public[NOTE_KEY_BYTES];
    note_public_key(seed, public);
    assert_ok(note_key_make(text_of(name), type, public, &k));
    return k;
}

/* signed-note, "Example". */
static void the_specifications_example(void **state)
{
    (void)state;
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    static const char text[] = "This is an example message.\n\n" DASH
                               "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
                               "mFXmRKuwHjG1Yu72IneyaQM=\n";
    struct note_key k;
    struct note n;
    struct buffer again;
    assert_ok(note_key_parse(text_of(vkey), &k, NULL));
    assert_string_equal(k.name, "example.com/foo");
    assert_int_equal(k.id, 0x530d903a);
    assert_ok(note_parse(text_of(text), &n, NULL));
    assert_text(n.text, "This is an example message.\n");
    assert_ok(note_verify(&n, &k, NULL, NULL));
    buffer_init(&again, 256);
    note_key_format(&k, &again);
    assert_text(buffer_text(&again), vkey);
    buffer_done(&again);
}

static void sign(struct buffer *b, const char *text, const struct note_key *k, uint64_t t_s)
{
    note_sign(text_of(text), k, seed, t_s, b);
    assert_ok(buffer_error(b));
}

static void what_is_signed_verifies(void **state)
{
    (void)state;
    struct note_key log = key_of("log.example/a", NOTE_ED25519), witness = key_of("log.example/a", NOTE_COSIGNATURE);
    struct note_key stranger = key_of("log.example/b", NOTE_ED25519);
    struct buffer b;
    struct note n;
    uint64_t t_s = 7;
    assert_true(log.id != witness.id);
    buffer_init(&b, 4096);
    buffer_add(&b, TEXT("a\n\nb\n\n"));
    sign(&b, "a\n\nb\n", &log, 0);
    sign(&b, "a\n\nb\n", &witness, 1679315147);
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_int_equal(n.count, 2);
    assert_text(n.text, "a\n\nb\n");
    assert_ok(note_verify(&n, &log, NULL, NULL));
    assert_ok(note_verify(&n, &witness, &t_s, NULL));
    assert_int_equal(t_s, 1679315147);
    assert_err(note_verify(&n, &stranger, &t_s, NULL), ERR_NOT_FOUND);
    assert_int_equal(t_s, 1679315147);
    buffer_done(&b);
}

/* Each bit of text and signatures counts: no note with one changed has both signatures still. */
static void every_bit_counts(void **state)
{
    (void)state;
    struct note_key log = key_of("l", NOTE_ED25519), witness = key_of("w", NOTE_COSIGNATURE);
    struct buffer b;
    size_t parsed = 0;
    buffer_init(&b, 4096);
    buffer_add(&b, TEXT("text\n\n"));
    sign(&b, "text\n", &log, 0);
    sign(&b, "text\n", &witness, 1);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        struct note n;
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (note_parse(buffer_text(&b), &n, NULL) == OK) {
            parsed++;
            assert_false(note_verify(&n, &log, NULL, NULL) == OK && note_verify(&n, &witness, NULL, NULL) == OK);
        }
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_true(parsed > 100);
    buffer_done(&b);
}

/* A known key's bad signature spoils the note, beside a good one too. */
static void one_bad_signature_of_a_known_key_is_enough(void **state)
{
    (void)state;
    struct note_key log = key_of("l", NOTE_ED25519);
    struct buffer b;
    struct note n;
    struct fault f;
    buffer_init(&b, 4096);
    buffer_add(&b, TEXT("text\n\n"));
    sign(&b, "text\n", &log, 0);
    sign(&b, "other\n", &log, 0);
    assert_ok(note_parse(buffer_text(&b), &n, NULL));
    assert_err(note_verify(&n, &log, NULL, &f), ERR_DENIED);
    assert_int_equal(f.err, ERR_DENIED);
    buffer_done(&b);
}

static void a_signature_of_another_length_does_not_verify(void **state)
{
    (void)state;
    struct note_key k = key_of("l", NOTE_ED25519);
    for (size_t len = 1; len < 200; len++) {
        uint8_t row[4 + 200] = {(uint8_t)(k.id >> 24), (uint8_t)(k.id >> 16), (uint8_t)(k.id >> 8), (uint8_t)k.id};
        struct buffer b;
        struct note n;
        buffer_init(&b, 4096);
        buffer_add(&b, TEXT("text\n\n" DASH "l "));
        base64_write(&b, row, 4 + len);
        buffer_add(&b, TEXT("\n"));
        assert_ok(note_parse(buffer_text(&b), &n, NULL));
        assert_int_equal(n.signature[0].len, len);
        assert_err(note_verify(&n, &k, NULL, NULL), ERR_DENIED);
        buffer_done(&b);
    }
}

#define ROW(name) DASH name " AAAAAAA=\n"

static void rows_that_are_no_notes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum err err;
    } rows[] = {
        {"text\n\n" ROW("a"), OK},
        {"\n\n" ROW("a"), OK},
        {"text\n\n\n" ROW("a"), OK},
        {"text\n\n" ROW("\xC3\xA4") ROW("b"), OK},
        {"", ERR_MALFORMED},
        {"\n", ERR_MALFORMED},
        {"text\n", ERR_MALFORMED},
        {"text\n\n", ERR_MALFORMED},
        {"text\n" ROW("a"), ERR_MALFORMED},
        {"text\n\n" ROW("a") "\n", ERR_MALFORMED},
        {"text\n\n" ROW("a") "more\n", ERR_MALFORMED},
        {"text\n\n" DASH "a AAAAAAA=", ERR_MALFORMED},
        {"text\n\n- a AAAAAAA=\n", ERR_MALFORMED},
        {"text\n\n\xE2\x80\x94"
         "a AAAAAAA=\n",
         ERR_MALFORMED},
        {"text\n\n" DASH "AAAAAAA=\n", ERR_MALFORMED},
        {"text\n\n" DASH " AAAAAAA=\n", ERR_MALFORMED},
        {"text\n\n" DASH "a  AAAAAAA=\n", ERR_MALFORMED},
        {"text\n\n" DASH "a AAAAAAA= \n", ERR_MALFORMED},
        {"text\n\n" DASH "a AAAAAAA=\r\n", ERR_MALFORMED},
        {"text\n\n" DASH "a AAAAAA==\n", ERR_MALFORMED}, /* four bytes: an id and nothing */
        {"text\n\n" DASH "a AAAAAAA\n", ERR_MALFORMED},
        {"text\n\n" DASH "a AAAAAAB=\n", ERR_MALFORMED}, /* stray bits */
        {"text\n\n" DASH "a \n", ERR_MALFORMED},
        {"text\n\n" ROW("a+b"), ERR_MALFORMED},
        {"text\n\n" ROW("a\xC2\xA0"
                        "b"),
         ERR_MALFORMED},
        {"text\n\n" ROW("a\xE2\x80\x83"
                        "b"),
         ERR_MALFORMED},
        {"text\n\n" ROW("a\xE3\x80\x80"), ERR_MALFORMED},
        {"te\txt\n\n" ROW("a"), ERR_MALFORMED},
        {"text\r\n\n" ROW("a"), ERR_MALFORMED},
        {"te\xFFxt\n\n" ROW("a"), ERR_MALFORMED},
        {"te\xED\xA0\x80xt\n\n" ROW("a"), ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct note n = {.count = 99};
        struct fault f = {.err = OK};
        enum err e = note_parse(text_of(rows[i].bytes), &n, &f);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        assert_int_equal(f.err, rows[i].err);
        assert_true(e == OK || n.count == 99);
    }
    assert_err(note_parse((struct text){"a\0b\n\n" ROW("a"), 5 + sizeof ROW("a")}, &(struct note){0}, NULL),
               ERR_MALFORMED);
}

static void limits_hold(void **state)
{
    (void)state;
    struct note n;
    for (size_t count = 1; count <= NOTE_SIGNATURES_MAX + 1; count++) {
        struct buffer b;
        buffer_init(&b, NOTE_MAX_BYTES);
        buffer_add(&b, TEXT("text\n\n"));
        for (size_t i = 0; i < count; i++)
            buffer_add(&b, TEXT(ROW("a")));
        assert_err(note_parse(buffer_text(&b), &n, NULL), count > NOTE_SIGNATURES_MAX ? ERR_LIMIT : OK);
        buffer_done(&b);
    }
    struct buffer b;
    buffer_init(&b, 2 * NOTE_MAX_BYTES);
    while (b.len < NOTE_MAX_BYTES)
        buffer_add(&b, TEXT("a\n"));
    buffer_add(&b, TEXT("\n" ROW("a")));
    assert_err(note_parse(buffer_text(&b), &n, NULL), ERR_LIMIT);
    buffer_done(&b);
}

static void every_prefix_is_refused_or_shorter(void **state)
{
    (void)state;
    static const char whole[] = "text\n\n" ROW("a") ROW("b");
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *exact = malloc(len ? len : 1);
        struct note n;
        assert_non_null(exact);
        memcpy(exact, whole, len);
        bool ends_a_row = len == sizeof "text\n\n" ROW("a") - 1;
        assert_err(note_parse((struct text){exact, len}, &n, NULL), ends_a_row ? OK : ERR_MALFORMED);
        free(exact);
    }
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " ", "a b", "a\tb", "a\nb", "a+b", "a\xC2\x85", "a\xE2\x80\xA8", "\xFF"};
    uint8_t public[NOTE_KEY_BYTES] = {0};
    struct note_key k;
    char name[NOTE_NAME_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(note_key_make(text_of(bad[i]), NOTE_ED25519, public, &k), ERR_USAGE);
    memset(name, 'a', sizeof name);
    assert_ok(note_key_make((struct text){name, NOTE_NAME_MAX}, NOTE_ED25519, public, &k));
    assert_err(note_key_make((struct text){name, NOTE_NAME_MAX + 1}, NOTE_ED25519, public, &k), ERR_USAGE);
}

static void keys_that_are_none(void **state)
{
    (void)state;
#define KEY "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static const char *const bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "+530d903a+" KEY,
        "example.com/foo+530D903A+" KEY,
        "example.com/foo+530d903b+" KEY,
        "example.com/fop+530d903a+" KEY,
        "example.com/foo+0530d903a+" KEY,
        "example.com/foo+530d903a+" KEY "+",
        "example.com/foo+530d903a+" KEY "\n",
        "example.com/foo +530d903a+" KEY,
        "example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* its id would be another */
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* type 2 */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct note_key k = {.id = 5};
        struct fault f = {.err = OK};
        assert_err(note_key_parse(text_of(bad[i]), &k, &f), ERR_MALFORMED);
        assert_int_equal(f.err, ERR_MALFORMED);
        assert_int_equal(k.id, 5);
    }
}

static void keys_come_back(void **state)
{
    (void)state;
    struct note_key k = key_of("witness.example/w1", NOTE_COSIGNATURE), again;
    struct buffer b;
    buffer_init(&b, 512);
    note_key_format(&k, &b);
    assert_ok(note_key_parse(buffer_text(&b), &again, NULL));
    assert_memory_equal(again.key, k.key, NOTE_KEY_BYTES);
    assert_string_equal(again.name, k.name);
    assert_true(again.type == k.type && again.id == k.id);
    buffer_done(&b);
}

/* A text without its last newline, or a time beyond the specification's, is not signed. */
static void what_cannot_be_signed(void **state)
{
    (void)state;
    struct note_key k = key_of("w", NOTE_COSIGNATURE);
    struct buffer b;
    buffer_init(&b, 4096);
    note_sign(TEXT("text"), &k, seed, 1, &b);
    assert_err(buffer_error(&b), ERR_USAGE);
    buffer_clear(&b);
    note_sign(TEXT("text\n"), &k, seed, (uint64_t)INT64_MAX + 1, &b);
    assert_err(buffer_error(&b), ERR_USAGE);
    assert_int_equal(b.len, 0);
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specifications_example),
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(one_bad_signature_of_a_known_key_is_enough),
        cmocka_unit_test(a_signature_of_another_length_does_not_verify),
        cmocka_unit_test(rows_that_are_no_notes),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(every_prefix_is_refused_or_shorter),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(keys_come_back),
        cmocka_unit_test(what_cannot_be_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
