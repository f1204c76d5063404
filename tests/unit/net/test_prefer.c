/* `Prefer: wait`: every way to write it, and what is no wait. */
#include "support/test.h"

#include "net/prefer.h"

static bool asks(const char *first, const char *second, uint32_t *ret_s)
{
    const struct http_field fields[] = {
        {TEXT("Accept"), TEXT("wait=1")}, {TEXT("prefer"), text_of(first)}, {TEXT("PREFER"), text_of(second)}};
    const struct http_headers headers = {fields, second ? 3 : 2};
    const struct http_request r = {.headers = &headers};
    return http_prefers_wait(&r, ret_s);
}

static void waits(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint32_t s;
    } good[] = {
        {"wait=10", 10},
        {"Wait=10", 10},
        {" wait = 10 ", 10},
        {"wait=\"10\"", 10},
        {"respond-async, wait=100", 100},
        {"respond-async;foo=\"a,b;wait=3\", wait=7; bar=1", 7},
        {"handling=\"wait=3, wait=4\", wait=5", 5},
        {"x=\"a\\\"wait=1\", wait=6", 6},
        {"wait=5, wait=9", 5},
        {"wait=99999999999999999999999", UINT32_MAX},
        {"wait=0", 0},
    };
    static const char *const none[] = {
        "", "wait", "wait=", "wait=soon", "wait=-1", "wait=1.5", "await=3", "respond-async", "x=\"wait=3", "wait=\"1",
    };
    uint32_t s;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        s = 12345;
        if (!asks(good[i].header, NULL, &s) || s != good[i].s)
            print_error("Prefer: %s\n", good[i].header);
        assert_true(asks(good[i].header, NULL, &s));
        assert_int_equal(s, good[i].s);
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        if (asks(none[i], NULL, &s))
            print_error("Prefer: %s\n", none[i]);
        assert_false(asks(none[i], NULL, &s));
    }
    assert_true(asks("respond-async", "wait=4", &s)); /* lines are one list */
    assert_int_equal(s, 4);
    assert_false(http_prefers_wait(&(struct http_request){0}, &s));
    http_applied_wait(&(struct http_request){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(waits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
