#include "support/test.h"

#include "process/config.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];

static int setup(void **state)
{
    (void)state;
    scratch_new(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static enum err load(const char *yaml, struct config **ret, struct fault *fault)
{
    const char *path = scratch_path(folder, "entente.yaml");
    scratch_write(path, yaml, strlen(yaml));
    return config_load(path, ret, fault);
}

static void absent_file_gives_defaults(void **state)
{
    struct config *c = NULL;
    struct fault fault = {0};
    (void)state;
    assert_ok(config_load(scratch_path(folder, "none.yaml"), &c, &fault));
    assert_string_equal(c->listen, "127.0.0.1:8443");
    assert_int_equal(c->reserve_percent, 5);
    assert_string_equal(c->sandbox, "required");
    assert_null(c->tls_certificate);
    config_free(c);
}

static void what_is_said_counts(void **state)
{
    struct config *c = NULL;
    struct fault fault = {0};
    (void)state;
    assert_ok(load("# ours\nlisten: \"[::1]:9000\"\nreserve_percent: 10\nsandbox: partial\n", &c, &fault));
    assert_string_equal(c->listen, "[::1]:9000");
    assert_int_equal(c->reserve_percent, 10);
    assert_string_equal(c->log_level, "info");
    assert_string_equal(c->sandbox, "partial");
    config_free(c);
}

/* systemd shows them to the service alone, while it runs; the other commands have nothing to do with them. */
static void files_are_not_looked_for(void **state)
{
    struct config *c = NULL;
    struct fault fault = {0};
    (void)state;
    assert_ok(load("tls_certificate: /nowhere/c.pem\ntls_key: /nowhere/k.pem\n", &c, &fault));
    assert_string_equal(c->tls_key, "/nowhere/k.pem");
    config_free(c);
}

static void mistakes_are_named(void **state)
{
    static const char *const bad[] = {"lisen: x\n",        "reserve_percent: lots\n", "reserve_percent: 90\n",
                                      "log_level: loud\n", "tls_key: key.pem\n",      "listen: [1, 2\n",
                                      "- a\n- b\n",        "listen: \"\"\n",          "threads: 1000\n",
                                      "sandbox: maybe\n"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct config *c = NULL;
        struct fault fault = {0};
        assert_err(load(bad[i], &c, &fault), ERR_MALFORMED);
        assert_null(c);
        assert_non_null(strstr(fault.what, "entente.yaml"));
    }
}

static void proxies_are_addresses(void **state)
{
    struct config *c = NULL;
    struct fault fault = {0};
    (void)state;
    assert_ok(load("trusted_proxies: [127.0.0.1, 2001:db8::/32]\nlog_format: json\n", &c, &fault));
    assert_int_equal(c->trusted_proxies_count, 2);
    assert_string_equal(c->trusted_proxies[1], "2001:db8::/32");
    config_free(c);
    c = NULL;
    assert_err(load("trusted_proxies: [proxy.example]\n", &c, &fault), ERR_MALFORMED);
    assert_err(load("log_format: xml\n", &c, &fault), ERR_MALFORMED);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(absent_file_gives_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(proxies_are_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_said_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_not_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
