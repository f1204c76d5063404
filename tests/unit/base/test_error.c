/* Faults: one line, cut between characters, and errno told apart. */
#include "support/test.h"

#include <errno.h>

static void fills_and_returns(void **state)
{
    (void)state;
    struct fault f;
    memset(&f, 'x', sizeof f);
    assert_err(fault_set(&f, ERR_USAGE, "no such option: %s", "--x"), ERR_USAGE);
    assert_int_equal(f.err, ERR_USAGE);
    assert_int_equal(f.offset, -1);
    assert_int_equal(f.line, -1);
    assert_string_equal(f.rule, "");
    assert_string_equal(f.what, "no such option: --x");
    assert_err(fault_at(&f, ERR_MALFORMED, 12, "RFC 8259 section 7", "bad escape"), ERR_MALFORMED);
    assert_int_equal(f.offset, 12);
    assert_string_equal(f.rule, "RFC 8259 section 7");
    assert_err(fault_at(NULL, ERR_LIMIT, 0, NULL, "%d", 1), ERR_LIMIT);
    assert_err(fault_set(NULL, ERR_IO, "%d", 1), ERR_IO);
}

static void foreign_bytes_stay_on_the_line(void **state)
{
    (void)state;
    struct fault f;
    fault_set(&f, ERR_MALFORMED, "name \"%s\"", "a\nerror: forged\r\x1b[2J\x7f");
    assert_string_equal(f.what, "name \"a error: forged  [2J \"");
}

/* Wherever the cut falls, no half character is left. */
static void cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t k = 0; k < ARRAY_LEN(characters); k++)
        for (int before = 0; before < 6; before++) {
            struct fault f;
            char text[2 * FAULT_WHAT_MAX];
            size_t len = (size_t)before;
            memset(text, '.', len);
            while (len < FAULT_WHAT_MAX + 20) {
                memcpy(text + len, characters[k], strlen(characters[k]));
                len += strlen(characters[k]);
            }
            text[len] = 0;
            fault_set(&f, ERR_MALFORMED, "%s", text);
            size_t kept = strlen(f.what);
            assert_true(kept < FAULT_WHAT_MAX && kept + strlen(characters[k]) >= FAULT_WHAT_MAX);
            assert_true(text_is_utf8(text_of(f.what)));
        }
}

static void errno_is_told_apart_and_kept(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum err err;
    } cases[] = {{ENOSPC, ERR_FULL},  {EDQUOT, ERR_FULL}, {ENOMEM, ERR_NOMEM}, {EACCES, ERR_DENIED},
                 {EPERM, ERR_DENIED}, {EIO, ERR_IO},      {ENOENT, ERR_IO},    {0, ERR_IO}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fault f;
        errno = cases[i].number;
        assert_err(fault_errno(&f, "cannot open %s", "x"), cases[i].err);
        assert_int_equal(errno, cases[i].number);
        assert_int_equal(f.err, cases[i].err);
        assert_non_null(strstr(f.what, "cannot open x: "));
        assert_err(fault_errno(NULL, "x"), cases[i].err);
    }
    struct fault f;
    errno = ENOSPC;
    fault_errno(&f, "%0300d", 1); /* no room for the words: still an end */
    assert_int_equal(strlen(f.what), FAULT_WHAT_MAX - 1);
}

static void every_error_has_a_word(void **state)
{
    (void)state;
    for (int err = OK; err <= ERR_CANCELLED; err++) {
        assert_non_null(err_name((enum err)err));
        assert_string_not_equal(err_name((enum err)err), "unknown");
        for (int other = OK; other < err; other++)
            assert_string_not_equal(err_name((enum err)err), err_name((enum err)other));
    }
    assert_string_equal(err_name((enum err)999), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_returns),      cmocka_unit_test(foreign_bytes_stay_on_the_line),
        cmocka_unit_test(cut_between_characters), cmocka_unit_test(errno_is_told_apart_and_kept),
        cmocka_unit_test(every_error_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
