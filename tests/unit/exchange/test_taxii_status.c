/* Statuses: of their account only, bounded, the oldest first to go. */
#include "support/test.h"

#include "exchange/taxii_status.h"

static const struct uuid alice = {{1}}, bob = {{2}};

static struct uuid id_of(unsigned i)
{
    struct uuid u = {{0}};
    u.b[0] = 9;
    u.b[14] = (uint8_t)(i >> 8);
    u.b[15] = (uint8_t)i;
    return u;
}

static void add(struct status_book *b, unsigned i, const struct uuid *account, int64_t at_us)
{
    const struct status_detail details[] = {
        {TEXT("indicator--1"), TEXT("2026-01-01T00:00:00Z"), TEXT_NONE, false},
        {TEXT("indicator--2"), TEXT("2026-01-01T00:00:00Z"), TEXT("no pattern"), true},
    };
    const struct post_status s = {.id = id_of(i),
                                  .account = *account,
                                  .at_us = at_us,
                                  .successes = 1,
                                  .failures = 1,
                                  .details = details,
                                  .detail_count = 2};
    assert_ok(status_book_add(b, &s));
}

static enum err page(struct status_book *b, unsigned i, const struct uuid *account, int64_t now_us, char **ret)
{
    struct outbound *o;
    struct uuid id = id_of(i);
    enum err e = status_book_page(b, &id, account, now_us, &o);
    if (e)
        return e;
    if (ret)
        *ret = strndup(outbound_body(o).ptr, outbound_body(o).len);
    outbound_free(o);
    return OK;
}

static void shape(void **state)
{
    struct status_book *b;
    char *body = NULL;
    (void)state;
    assert_ok(status_book_new(&b));
    add(b, 1, &alice, 0);
    assert_ok(page(b, 1, &alice, 0, &body));
    assert_string_equal(
        body, "{\"id\":\"09000000-0000-0000-0000-000000000001\",\"status\":\"complete\",\"request_timestamp\":"
              "\"1970-01-01T00:00:00.000000Z\",\"total_count\":2,\"success_count\":1,\"failure_count\":1,"
              "\"pending_count\":0,\"successes\":[{\"id\":\"indicator--1\",\"version\":\"2026-01-01T00:00:00Z\"}],"
              "\"failures\":[{\"id\":\"indicator--2\",\"version\":\"2026-01-01T00:00:00Z\",\"message\":\"no "
              "pattern\"}]}");
    free(body);
    status_book_free(b);
}

static void of_its_account(void **state)
{
    struct status_book *b;
    (void)state;
    assert_ok(status_book_new(&b));
    add(b, 1, &alice, 0);
    assert_err(page(b, 1, &bob, 0, NULL), ERR_NOT_FOUND);
    assert_err(page(b, 2, &alice, 0, NULL), ERR_NOT_FOUND);
    assert_err(page(b, 1, &alice, STATUS_MAX_AGE_US + 1, NULL), ERR_NOT_FOUND);
    status_book_free(b);
}

/* One account's flood takes nothing from another. */
static void bounded(void **state)
{
    struct status_book *b;
    (void)state;
    assert_ok(status_book_new(&b));
    add(b, 0, &bob, 0);
    for (unsigned i = 1; i <= STATUS_ACCOUNT_MAX + 10; i++)
        add(b, i, &alice, i);
    assert_ok(page(b, 0, &bob, 300, NULL));
    assert_err(page(b, 10, &alice, 300, NULL), ERR_NOT_FOUND);
    assert_ok(page(b, 11, &alice, 300, NULL));
    assert_ok(page(b, STATUS_ACCOUNT_MAX + 10, &alice, 300, NULL));
    add(b, 1000, &bob, STATUS_MAX_AGE_US + 1000);
    assert_err(page(b, 0, &bob, 300, NULL), ERR_NOT_FOUND);
    status_book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shape), cmocka_unit_test(of_its_account),
                                       cmocka_unit_test(bounded)};
    return cmocka_run_group_tests_name("taxii_status", tests, NULL, NULL);
}
