/* The log: one line a call, the level, the role, and no foreign control characters. */
#include "support/test.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"

/* What log_line wrote to standard error while f ran; static. */
static const char *written(void (*f)(void))
{
    static char out[32768];
    int ends[2], kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && pipe(ends) == 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    f();
    dup2(kept, STDERR_FILENO);
    close(kept);
    size_t len = 0;
    for (ssize_t n; (n = read(ends[0], out + len, sizeof out - len - 1)) > 0;)
        len += (size_t)n;
    close(ends[0]);
    out[len] = 0;
    return out;
}

static void all_levels(void)
{
    log_error("e %d", 1);
    log_warning("w");
    log_info("i");
    log_debug("d");
}

static void levels(void **state)
{
    (void)state;
    log_set_prefix("owner");
    log_set_level(LOG_INFO);
    assert_string_equal(written(all_levels), "entente owner: error: e 1\nentente owner: warning: w\n"
                                             "entente owner: info: i\n");
    log_set_level(LOG_ERROR);
    assert_string_equal(written(all_levels), "entente owner: error: e 1\n");
    log_set_prefix(NULL);
    log_set_level(LOG_DEBUG);
    assert_non_null(strstr(written(all_levels), "entente: debug: d\n"));
}

static void hostile(void)
{
    errno = ENOENT;
    log_error("name %s", "a\nentente: error: forged\r\x1b[31m");
    assert_int_equal(errno, ENOENT);
}

static void one_line_whatever_comes(void **state)
{
    (void)state;
    const char *out = written(hostile);
    assert_string_equal(out, "entente: error: name a entente: error: forged  [31m\n");
}

static void endless(void)
{
    log_error("%05000d", 1);
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    const char *out = written(endless);
    size_t len = strlen(out);
    assert_true(len > 900 && len <= 1024);
    assert_ptr_equal(strchr(out, '\n'), out + len - 1);
}

static void long_role(void)
{
    log_set_prefix("0123456789012345678901234567890123456789");
    log_error("x");
}

static void roles_are_cut(void **state)
{
    (void)state;
    assert_string_equal(written(long_role), "entente 0123456789012345678901234567890: error: x\n");
}

/* ---- for journald, and for programs ---- */

static void one_with_fields(void)
{
    const struct log_field fields[] = {{"peer", "1\n2"}, {"code", "unreachable"}};
    log_fields(LOG_WARNING, fields, ARRAY_LEN(fields), "it \"said\" \\ \t%s", "\x80\xc3\xa9\xc2\x85");
}

static void journald_reads_priorities(void **state)
{
    (void)state;
    log_set_prefix("serve");
    log_set_form(false, true);
    assert_string_equal(written(all_levels), "<3>entente serve: error: e 1\n<4>entente serve: warning: w\n"
                                             "<6>entente serve: info: i\n<7>entente serve: debug: d\n");
    log_set_form(false, false);
    assert_string_equal(written(one_with_fields),
                        "entente serve: warning: it \"said\" \\  \x80\xc3\xa9\xc2\x85 peer=1 2 code=unreachable\n");
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    log_set_prefix("serve");
    log_set_form(true, false);
    const char *out = written(one_with_fields);
    assert_int_equal(strncmp(out, "{\"time\":\"20", 11), 0);
    assert_string_equal(strstr(out, "\"level\""),
                        "\"level\":\"warning\",\"role\":\"serve\",\"peer\":\"1\\u000a2\",\"code\":\"unreachable\","
                        "\"message\":\"it \\\"said\\\" \\\\ \\u0009\\ufffd\xc3\xa9\\ufffd\\ufffd\"}\n");
    out = written(endless);
    size_t len = strlen(out);
    assert_true(len < 4096 && strcmp(out + len - 3, "\"}\n") == 0);
    log_set_form(false, false);
}

static void storm(void)
{
    for (int i = 0; i < LOG_BURST + 40; i++)
        log_debug("x");
}

static void a_storm_is_bounded_and_told(void **state)
{
    (void)state;
    log_set_prefix(NULL);
    log_bound(true);
    const char *out = written(storm);
    size_t lines = 0;
    for (const char *at = out; (at = strchr(at, '\n')); at++)
        lines++;
    assert_true(lines >= LOG_BURST && lines <= LOG_BURST + LOG_A_SECOND);
    usleep(250000);
    out = written(log_catch_up);
    assert_non_null(strstr(out, " messages were left out: more than 10 a second\n"));
    assert_string_equal(written(log_catch_up), "");
    log_bound(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(one_line_whatever_comes),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(roles_are_cut),
        cmocka_unit_test(journald_reads_priorities),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(a_storm_is_bounded_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
