/* The log: one line a call, the level, the role, and no foreign control characters. */
#include "support/test.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"

/* What log_line wrote to standard error while f ran; static. */
static const char *written(void (*f)(void))
{
    static char out[8192];
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(one_line_whatever_comes),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(roles_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
