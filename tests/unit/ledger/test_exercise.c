/* Statements about exercises and the marks of objects: what is accepted, and every forgery we could think of. */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/exercise.h"
#include "model/space.h"
#include "json/json.h"

#define REAL "entente/XE/0123456789abcdef"
static const uint8_t seeds[2][NOTE_SEED_BYTES] = {{1}, {2}};

static struct exercise_statement made(char origin[128])
{
    struct exercise_statement s = {.exercise = TEXT("spring"), .real_origin = TEXT(REAL)};
    struct buffer start;
    buffer_init(&start, 100);
    space_origin_start(s.exercise, &start);
    snprintf(origin, 128, TEXT_FMT "XE/fedcba9876543210", TEXT_ARG(buffer_text(&start)));
    buffer_done(&start);
    s.origin = text_of(origin);
    note_public_key(seeds[0], s.real_key);
    note_public_key(seeds[1], s.key);
    s.from_us = INT64_C(1795305600) * 1000000;
    s.until_us = s.from_us + INT64_C(86400) * 1000000;
    return s;
}

static void note_of(const struct exercise_statement *s, size_t signer, struct buffer *out)
{
    struct buffer text;
    struct note_key k;
    uint8_t key[NOTE_KEY_BYTES];
    buffer_init(&text, 64 * KIB);
    buffer_clear(out);
    exercise_format(s, &text);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    note_public_key(seeds[signer], key);
    assert_ok(note_key_make(s->real_origin, NOTE_ED25519, key, &k));
    note_sign(buffer_text(&text), &k, seeds[signer], 0, out);
    assert_ok(buffer_error(out));
    buffer_done(&text);
}

static void expect(const struct exercise_statement *s, size_t signer, enum err expected)
{
    struct buffer note;
    struct exercise_statement got;
    struct fault f = {.err = OK};
    buffer_init(&note, 64 * KIB);
    note_of(s, signer, &note);
    enum err e = exercise_accept(buffer_text(&note), &got, &f);
    if (e != expected)
        print_error("%s: %s\n", err_name(e), f.what);
    assert_err(e, expected);
    if (e == OK) {
        assert_text_eq(got.exercise, s->exercise);
        assert_text_eq(got.origin, s->origin);
        assert_memory_equal(got.key, s->key, sizeof s->key);
        assert_true(got.until_us == s->until_us);
    }
    buffer_done(&note);
}

static void statements(void **state)
{
    (void)state;
    char origin[128];
    struct exercise_statement s = made(origin);
    expect(&s, 0, OK);
    expect(&s, 1, ERR_DENIED); /* by another key under the real name */
    s.exercise = TEXT("autumn");
    expect(&s, 0, ERR_MALFORMED); /* the log is of another exercise */
    s = made(origin);
    s.exercise = SPACE_REAL;
    s.origin = TEXT("entente/XE/fedcba9876543210");
    expect(&s, 0, ERR_MALFORMED);
    s = made(origin);
    s.origin = TEXT("entente/XE/fedcba9876543210");
    expect(&s, 0, ERR_MALFORMED); /* a real log */
    s = made(origin);
    s.real_origin = s.origin;
    expect(&s, 0, ERR_MALFORMED); /* an exercise stands for none */
    s = made(origin);
    memcpy(s.key, s.real_key, sizeof s.key);
    expect(&s, 0, ERR_MALFORMED); /* the real key is no exercise's */
    s = made(origin);
    s.until_us = s.from_us;
    expect(&s, 0, ERR_MALFORMED);
}

/* Every byte counts: changed, left out or doubled it is no statement any more. */
static void every_byte_counts(void **state)
{
    (void)state;
    char origin[128];
    struct exercise_statement s = made(origin), got;
    struct buffer note, other;
    buffer_init(&note, 64 * KIB);
    buffer_init(&other, 64 * KIB);
    note_of(&s, 0, &note);
    assert_ok(exercise_accept(buffer_text(&note), &got, NULL));
    for (size_t i = 0; i < note.len; i++) {
        buffer_clear(&other);
        buffer_add(&other, buffer_text(&note));
        other.ptr[i] = (char)(other.ptr[i] ^ 1);
        assert_true(exercise_accept(buffer_text(&other), &got, NULL) != OK);
        assert_true(exercise_accept(text_sub(buffer_text(&note), 0, i), &got, NULL) != OK);
    }
    buffer_done(&note);
    buffer_done(&other);
}

static void logs_say_their_space(void **state)
{
    (void)state;
    char origin[128];
    struct exercise_statement s = made(origin);
    assert_ok(space_check_origin(SPACE_REAL, TEXT(REAL), NULL));
    assert_ok(space_check_origin(SPACE_REAL, TEXT("some.other/log"), NULL));
    assert_err(space_check_origin(SPACE_REAL, s.origin, NULL), ERR_DENIED);
    assert_ok(space_check_origin(TEXT("spring"), s.origin, NULL));
    assert_err(space_check_origin(TEXT("autumn"), s.origin, NULL), ERR_DENIED);
    assert_err(space_check_origin(TEXT("spring"), TEXT(REAL), NULL), ERR_DENIED);
    assert_err(space_check_origin(TEXT("spring"), TEXT("some.other/log"), NULL), ERR_DENIED);
    assert_err(space_check_origin(TEXT("spring"), text_sub(s.origin, 0, 33), NULL), ERR_DENIED);
    assert_err(space_check_origin(TEXT("spring"), TEXT("entente-exercise/"), NULL), ERR_DENIED);
}

static void marked(const char *body, const char *expected)
{
    struct buffer out;
    size_t at, more;
    enum space_mark mark;
    buffer_init(&out, 4 * KIB);
    assert_ok(space_mark_of(text_of(body), TEXT("spring"), &mark));
    assert_int_equal(mark, SPACE_UNMARKED);
    assert_ok(space_mark_add(text_of(body), TEXT("spring"), &out, &at, &more));
    assert_text(buffer_text(&out), expected);
    assert_int_equal(out.len, strlen(body) + more);
    assert_memory_equal(out.ptr + at + more, body + at, strlen(body) - at);
    assert_ok(space_mark_of(buffer_text(&out), TEXT("spring"), &mark));
    assert_int_equal(mark, SPACE_THIS);
    assert_ok(space_mark_of(buffer_text(&out), TEXT("autumn"), &mark));
    assert_int_equal(mark, SPACE_OTHER);
    assert_ok(space_mark_of(buffer_text(&out), SPACE_REAL, &mark));
    assert_int_equal(mark, SPACE_OTHER);
    buffer_done(&out);
}

#define MARK "\"" EXT_EXERCISE "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\"}"

static void objects_say_theirs(void **state)
{
    (void)state;
    enum space_mark mark;
    struct buffer out;
    size_t at, more;
    marked("{}", "{\"extensions\":{" MARK "}}");
    marked("{\"a\":1,\"id\":\"x\"}", "{\"a\":1,\"extensions\":{" MARK "},\"id\":\"x\"}");
    marked("{\"extensions\":{\"a\":{},\"z\":{}}}", "{\"extensions\":{\"a\":{}," MARK ",\"z\":{}}}");
    marked("{\"description\":\"" EXT_EXERCISE "\"}",
           "{\"description\":\"" EXT_EXERCISE "\",\"extensions\":{" MARK "}}");
    /* what lies where a mark lies is one, whatever it holds */
    static const char *const odd[] = {"7", "null", "{}", "{\"exercise\":7}", "{\"exercise\":\"\"}", "[]"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        char body[200];
        snprintf(body, sizeof body, "{\"extensions\":{\"" EXT_EXERCISE "\":%s}}", odd[i]);
        assert_ok(space_mark_of(text_of(body), TEXT("spring"), &mark));
        assert_int_equal(mark, SPACE_OTHER);
    }
    buffer_init(&out, 4 * KIB);
    assert_err(space_mark_add(TEXT("{\"extensions\":7}"), TEXT("spring"), &out, &at, &more), ERR_MALFORMED);
    assert_err(space_mark_add(TEXT("{\"extensions\":{" MARK "}}"), TEXT("autumn"), &out, &at, &more), ERR_MALFORMED);
    assert_err(space_mark_add(TEXT("[]"), TEXT("spring"), &out, &at, &more), ERR_MALFORMED);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(logs_say_their_space),
        cmocka_unit_test(objects_say_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
