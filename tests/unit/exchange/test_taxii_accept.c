/* Media types that clients really send. */
#include "support/test.h"

#include "exchange/taxii_accept.h"

static void accepted(void **state)
{
    static const char *const yes[] = {
        "",
        "*/*",
        "application/*",
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        "Application/TAXII+JSON;Version=\"2.1\"",
        "text/html, application/taxii+json;version=2.1;q=0.5",
        "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
        "text/html,application/xhtml+xml,*/*;q=0.8",
    };
    static const char *const no[] = {
        "application/json",
        "text/html",
        "application/taxii+json;version=2.0",
        "application/vnd.oasis.taxii+json; version=2.0",
        "application/taxii+json;version=3.0",
        "application/taxii+json;version=2.1;q=0",
        "*/*;q=0.000",
        "application/taxii+jsonx",
        "garbage",
        ";;;,,,",
    };
    (void)state;
    assert_true(taxii_accepts(TEXT_NONE));
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (!taxii_accepts(text_of(yes[i])))
            fail_msg("refused: %s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (taxii_accepts(text_of(no[i])))
            fail_msg("accepted: %s", no[i]);
}

static void content(void **state)
{
    (void)state;
    assert_true(taxii_is_ours(TEXT("application/taxii+json;version=2.1")));
    assert_true(taxii_is_ours(TEXT("application/taxii+json; version=2.1; charset=utf-8")));
    assert_true(taxii_is_ours(TEXT("application/taxii+json")));
    assert_false(taxii_is_ours(TEXT("application/taxii+json;version=2.0")));
    assert_false(taxii_is_ours(TEXT("application/json")));
    assert_false(taxii_is_ours(TEXT("*/*")));
    assert_false(taxii_is_ours(TEXT_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted), cmocka_unit_test(content)};
    return cmocka_run_group_tests_name("taxii_accept", tests, NULL, NULL);
}
