/* The door: what lies behind which path, over real HTTP. */
#include "support/test.h"

#include <stdio.h>
#include <unistd.h>

#include "support/scratch.h"
#include "web/server.h"

struct entrance {
    char dir[SCRATCH_PATH_MAX];
    struct node *node;
    struct web *web;
    struct http_client *client;
    struct http_answer a;
};

static int setup(void **state)
{
    struct entrance *d = calloc(1, sizeof *d);
    struct fault f = {0};
    scratch_new(d->dir);
    const char *home = scratch_path(d->dir, "home");
    const struct node_init init = {
        .name = TEXT("CSIRT <Ex> & Co"), .country = TEXT("EX"), .space = TEXT("real"), .account = TEXT("admin")};
    const struct web_options options = {.address = "127.0.0.1:0"};
    assert_ok(node_create(io_system(), home, &init, &f));
    assert_ok(node_open(io_system(), home, NODE_OWN, &d->node, &f));
    assert_ok(web_start(d->node, &options, &d->web, &f));
    assert_ok(http_client_new(&(struct http_client_options){0}, &d->client));
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct entrance *d = *state;
    http_answer_done(&d->a);
    http_client_free(d->client);
    web_stop(d->web);
    node_close(d->node);
    scratch_remove(d->dir);
    free(d);
    return 0;
}

static void ask(struct entrance *d, const char *method, const char *path)
{
    char url[300];
    struct fault f = {0};
    const struct http_auth nobody = {0};
    http_answer_done(&d->a);
    memset(&d->a, 0, sizeof d->a);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_port(d->web), path);
    assert_ok(http_send(d->client, method, url, TEXT("*/*"), &nobody, NULL, &d->a, &f));
}

static bool says(const struct entrance *d, const char *words)
{
    return text_find_text(buffer_text(&d->a.body), text_of(words)) >= 0;
}

static void welcome(void **state)
{
    struct entrance *d = *state;
    ask(d, "GET", "/");
    assert_int_equal(d->a.status, 200);
    assert_string_equal(d->a.media_type, "text/html; charset=utf-8");
    assert_true(says(d, "CSIRT &lt;Ex&gt; &amp; Co"));
    assert_false(says(d, "<Ex>"));
    assert_false(says(d, "<script"));
    assert_true(says(d, "/taxii2/"));
    assert_true(says(d, "/api/v1/openapi.json"));
    assert_false(says(d, "EXERCISE"));
    ask(d, "POST", "/");
    assert_int_equal(d->a.status, 405);
}

static void health(void **state)
{
    struct entrance *d = *state;
    ask(d, "GET", "/healthz");
    assert_int_equal(d->a.status, 200);
    assert_true(says(d, "\"status\":\"ok\""));
    ask(d, "GET", "/healthz/");
    assert_int_equal(d->a.status, 404);
}

static void taxii(void **state)
{
    struct entrance *d = *state;
    ask(d, "GET", "/taxii2/");
    assert_int_equal(d->a.status, 401);
    assert_string_equal(d->a.media_type, "application/taxii+json;version=2.1");
    ask(d, "GET", "/taxii2x/");
    assert_int_equal(d->a.status, 404);
}

static void elsewhere(void **state)
{
    struct entrance *d = *state;
    static const char *const paths[] = {"/index.html", "/favicon.ico", "/taxii/", "/api/", "/%2e%2e/etc/passwd"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ask(d, "GET", paths[i]);
        assert_true(d->a.status == 404 || d->a.status == 400);
        assert_true(says(d, "\"title\""));
    }
}

/* A port that is taken, and an address that is none, are said clearly. */
static void cannot_start(void **state)
{
    struct entrance *d = *state;
    struct web *other;
    struct fault f = {0};
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%u", web_port(d->web));
    assert_err(web_start(d->node, &(struct web_options){.address = address}, &other, &f), ERR_BUSY);
    assert_err(web_start(d->node, &(struct web_options){.address = "nowhere"}, &other, &f), ERR_USAGE);
    assert_err(web_start(d->node, &(struct web_options){.address = "0.0.0.0:0"}, &other, &f), ERR_DENIED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(welcome), TEST(health), TEST(taxii), TEST(elsewhere), TEST(cannot_start)};
    return cmocka_run_group_tests_name("web_server", tests, NULL, NULL);
}
