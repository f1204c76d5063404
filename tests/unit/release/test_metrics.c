/* What a node says of itself: its own words, numbers, and names where one may stand. Nothing else leaves by this. */
#include "support/test.h"

#include "release/metrics.h"

static enum err try(const struct metric_value *values, size_t count, struct text *ret)
{
    static char kept[16384];
    struct outbound *o = NULL;
    enum err e = outbound_metrics(values, count, &o);
    if (e == OK) {
        struct text body = outbound_body(o);
        assert_true(body.len < sizeof kept);
        memcpy(kept, body.ptr, body.len);
        *ret = (struct text){kept, body.len};
    }
    outbound_free(o);
    return e;
}

static void names_are_escaped(void **state)
{
    struct text body = TEXT_NONE;
    const struct metric_value values[] = {
        {.metric = METRIC_BUILD, .labels = {TEXT("0.0.2")}, .number = 1},
        {.metric = METRIC_REQUESTS, .labels = {TEXT("taxii"), TEXT("2xx")}, .number = 3},
        {.metric = METRIC_PEER_UP, .labels = {TEXT("CERT \"A\\B\"\n\xc3\xa9"), TEXT("id-1")}, .number = 0},
    };
    (void)state;
    assert_ok(try(values, ARRAY_LEN(values), &body));
    assert_text(body, "# TYPE entente_build info\n# HELP entente_build Version of the program.\n"
                      "entente_build_info{version=\"0.0.2\"} 1\n"
                      "# TYPE entente_http_requests counter\n"
                      "# HELP entente_http_requests Requests answered, by door and class of status.\n"
                      "entente_http_requests_total{door=\"taxii\",status=\"2xx\"} 3\n"
                      "# TYPE entente_peer_up gauge\n"
                      "# HELP entente_peer_up 1: the last round with the peer went well; 0: it did not.\n"
                      "entente_peer_up{peer=\"CERT \\\"A\\\\B\\\"\\n\xc3\xa9\",id=\"id-1\"} 0\n# EOF\n");
}

/* A value, a pattern or an id of an object is none of our words; a metric that is not in the table is none. */
static void nothing_else_leaves(void **state)
{
    struct text body;
    char longest[METRIC_NAME_MAX_BYTES + 2];
    memset(longest, 'a', sizeof longest);
    const struct metric_value bad[] = {
        {.metric = METRIC_COUNT},
        {.metric = METRIC_MEMORY, .labels = {TEXT("evil.example")}},
        {.metric = METRIC_HELD, .labels = {TEXT("[domain-name:value = 'evil.example']")}},
        {.metric = METRIC_HELD, .labels = {TEXT("indicator--1 ")}},
        {.metric = METRIC_HELD},
        {.metric = METRIC_PEER_UP, .labels = {TEXT("\xff"), TEXT("id-1")}},
        {.metric = METRIC_PEER_UP, .labels = {{longest, sizeof longest}, TEXT("id-1")}},
        {.metric = METRIC_REQUESTS, .labels = {TEXT("taxii"), TEXT("2xx")}, .number = -1},
        {.metric = METRIC_COMMIT, .number = 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(try(&bad[i], 1, &body), ERR_DENIED);
    const struct metric_value twice[] = {{.metric = METRIC_MEMORY}, {.metric = METRIC_MEMORY}};
    assert_int_equal(try(twice, 2, &body), ERR_DENIED);
    const struct metric_value mixed[] = {{.metric = METRIC_MEMORY}, {.metric = METRIC_BUILD, .labels = {TEXT("1")}}};
    assert_int_equal(try(mixed, 2, &body), ERR_DENIED);
}

static void histograms_add_up(void **state)
{
    struct histogram h = {0};
    struct text body;
    const struct metric_value value = {.metric = METRIC_GROUP_ENTRIES, .histogram = &h};
    (void)state;
    histogram_add(&h, 0);
    histogram_add(&h, 1);
    histogram_add(&h, 3);
    histogram_add(&h, 4);
    histogram_add(&h, UINT64_C(1) << 40);
    assert_ok(try(&value, 1, &body));
    assert_true(text_find_text(body, TEXT("_bucket{le=\"1\"} 2\nentente_group_entries_bucket{le=\"2\"} 2\n"
                                          "entente_group_entries_bucket{le=\"4\"} 4\n")) > 0);
    assert_true(text_find_text(body, TEXT("_bucket{le=\"65536\"} 4\nentente_group_entries_bucket{le=\"+Inf\"} 5\n"
                                          "entente_group_entries_count 5\n")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(nothing_else_leaves),
        cmocka_unit_test(histograms_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
