/* Targets and parameters: what decodes, and what is refused. */
#include "support/test.h"

#include "net/http_listen.h"
#include "net/http_param.h"

static void paths_decode(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *path; /* NULL: refused */
    } rows[] = {
        {"/", "/"},
        {"/taxii2/", "/taxii2/"},
        {"/a%20b", "/a b"},
        {"/a+b", "/a+b"},
        {"/%C3%A9", "/\xC3\xA9"},
        {"/indicator--%41", "/indicator--A"},
        {"", NULL},
        {"a", NULL},
        {"*", NULL},
        {"http://host/", NULL},
        {"/%", NULL},
        {"/%4", NULL},
        {"/%4g", NULL},
        {"/%g4", NULL},
        {"/%00", NULL},
        {"/%0a", NULL},
        {"/%7f", NULL},
        {"/a%2Fb", NULL},
        {"/a%2fb", NULL},
        {"/../x", NULL},
        {"/x/..", NULL},
        {"/%2e%2E/x", NULL},
        {"/./x", NULL},
        {"/...", "/..."},
        {"/%ff", NULL},
        {"/%C3", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena;
        struct text path = TEXT("untouched");
        arena_init(&arena, MIB);
        enum err e = http_path_decode(text_of(rows[i].raw), &arena, &path);
        if (rows[i].path) {
            assert_ok(e);
            assert_text(path, rows[i].path);
        } else {
            assert_err(e, ERR_MALFORMED);
            assert_text(path, "untouched");
        }
        arena_done(&arena);
    }
}

static void queries_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"", "&", "a", "a=", "=b", "a=b&a=c", "match%5Bid%5D=x", "a=%F0%9F%98%80"};
    static const char *const bad[] = {"%", "a=%", "a=%0", "a=%zz", "a=1&%4", "a=%00", "a=%ff", "a=%C3&b"};
    struct arena arena;
    arena_init(&arena, MIB);
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_ok(http_query_check(text_of(good[i]), &arena));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(http_query_check(text_of(bad[i]), &arena), ERR_MALFORMED);
    arena_done(&arena);
}

static void parameters_are_found(void **state)
{
    (void)state;
    struct arena arena;
    size_t count;
    arena_init(&arena, MIB);
    struct http_request r = {.arena = &arena};
    r.query = TEXT("&limit=3&match%5Btype%5D=indicator%2Cmalware&match[id]=a+b&limit=4&empty=&bare&x=a=b");
    assert_text(http_param(&r, "limit", &count), "3");
    assert_int_equal(count, 2);
    assert_text(http_param(&r, "match[type]", NULL), "indicator,malware");
    assert_text(http_param(&r, "match[id]", &count), "a b");
    assert_int_equal(count, 1);
    assert_text(http_param(&r, "x", NULL), "a=b");
    struct text empty = http_param(&r, "empty", &count);
    assert_non_null(empty.ptr);
    assert_int_equal(empty.len, 0);
    assert_non_null(http_param(&r, "bare", NULL).ptr);
    assert_null(http_param(&r, "absent", &count).ptr);
    assert_int_equal(count, 0);
    size_t all = 0;
    struct text name, value;
    for (size_t at = 0; http_next_param(&r, &at, &name, &value);)
        all++;
    assert_int_equal(all, 7);
    arena_done(&arena);
}

static void headers_ignore_case(void **state)
{
    (void)state;
    const struct http_field fields[] = {{TEXT("Accept"), TEXT("one")}, {TEXT("ACCEPT"), TEXT("two")}};
    const struct http_headers headers = {fields, ARRAY_LEN(fields)};
    struct http_request r = {.headers = &headers};
    assert_text(http_header(&r, "accept"), "one");
    assert_null(http_header(&r, "Host").ptr);
    r.headers = NULL;
    assert_null(http_header(&r, "accept").ptr);
}

/* RFC 9110 section 5.3 */
static void lines_of_one_name_are_one_list(void **state)
{
    (void)state;
    const struct http_field fields[] = {{TEXT("Accept"), TEXT("a/b")},
                                        {TEXT("Host"), TEXT("x")},
                                        {TEXT("ACCEPT"), TEXT("c/d;q=0")},
                                        {TEXT("accept"), TEXT("")}};
    const struct http_headers headers = {fields, ARRAY_LEN(fields)};
    struct arena arena;
    arena_init(&arena, KIB);
    struct http_request r = {.headers = &headers, .arena = &arena};
    assert_text(http_header_list(&r, "accept"), "a/b, c/d;q=0, ");
    assert_text(http_header_list(&r, "Host"), "x");
    assert_null(http_header_list(&r, "Origin").ptr);
    r.headers = NULL;
    assert_null(http_header_list(&r, "Host").ptr);
    arena_done(&arena);
    r = (struct http_request){.headers = &headers, .arena = &arena};
    arena_init(&arena, 1); /* full */
    assert_text(http_header_list(&r, "accept"), "a/b");
    arena_done(&arena);
}

static void addresses_to_listen_on(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "[127.0.0.1]:1",
        "::1:80", "[::1]",     "[::1:80",    "localhost:80",    ":80",          "127.0.0.1:80x"};
    struct http_endpoint e;
    struct fault f;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(http_endpoint_parse(text_of(bad[i]), &e, &f), ERR_USAGE);
    assert_ok(http_endpoint_parse(TEXT("127.1.2.3:8443"), &e, &f));
    assert_int_equal(e.port, 8443);
    assert_true(http_is_loopback(&e.address));
    assert_ok(http_endpoint_parse(TEXT("[::1]:0"), &e, &f));
    assert_true(http_is_loopback(&e.address));
    assert_ok(http_endpoint_parse(TEXT("0.0.0.0:443"), &e, &f));
    assert_false(http_is_loopback(&e.address));
    assert_ok(http_endpoint_parse(TEXT("[::]:443"), &e, &f));
    assert_false(http_is_loopback(&e.address));
}

static void private_addresses(void **state)
{
    static const char *const ours[] = {
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "172.31.255.255", "169.254.169.254", "100.64.0.1",
        "0.0.0.0",   "::1",      "::",          "fd00::1",    "fe80::1",        "::ffff:10.0.0.1"};
    static const char *const others[] = {"192.0.2.1", "172.32.0.1", "100.128.0.1", "9.9.9.9", "2001:db8::1", "::2"};
    struct ipaddr a;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        assert_ok(ipaddr_parse(text_of(ours[i]), &a));
        assert_true(http_is_private(&a));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_ok(ipaddr_parse(text_of(others[i]), &a));
        assert_false(http_is_private(&a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_addresses),      cmocka_unit_test(paths_decode),
        cmocka_unit_test(queries_are_checked),    cmocka_unit_test(parameters_are_found),
        cmocka_unit_test(headers_ignore_case),    cmocka_unit_test(lines_of_one_name_are_one_list),
        cmocka_unit_test(addresses_to_listen_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
