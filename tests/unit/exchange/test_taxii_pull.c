/* Pulling: between two nodes over real HTTP, and from servers that err or lie. */
#include "unit/exchange/rig.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/outbound_make.h"
#include "exchange/taxii_client.h"

#define MEDIA "application/taxii+json;version=2.1"

static struct taxii_pulled sync_once(struct rig *r, const struct uuid *party)
{
    struct taxii_pulled p = {0};
    struct fault f = {0};
    if (peer_sync(r->node, party, NULL, &p, &f))
        fail_msg("peer_sync: %s", f.what);
    return p;
}

static void import_range(struct rig *r, unsigned from, unsigned to, enum tlp label)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    for (unsigned i = from; i < to; i++) {
        buffer_add(&b, text_of(i == from ? "" : ","));
        buffer_add(&b, text_of(rig_indicator(i, 0, label)));
    }
    buffer_add_char(&b, 0);
    rig_import(r, "self", b.ptr);
    buffer_done(&b);
}

static char *body_of(struct rig *r, const char *id)
{
    struct view *v;
    struct version_row row;
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    assert_ok(node_reader(r->node, &v, NULL));
    if (view_current(v, text_of(id), &row, NULL) == OK)
        assert_ok(node_body(r->node, row.body, &b, NULL));
    node_reader_done(r->node, v);
    char *taken = b.len ? buffer_take(&b, NULL) : NULL;
    buffer_done(&b);
    return taken;
}

static void same_object(struct rig *a, struct rig *b, const char *id)
{
    char *here = body_of(a, id), *there = body_of(b, id);
    assert_non_null(here);
    assert_non_null(there);
    assert_string_equal(here, there);
    free(here);
    free(there);
}

/* When the file of cursors was last written, in nanoseconds. */
static int64_t cursors_written(const struct rig *r)
{
    static const char *const files[] = {"local.db", "local.db-wal", "local.db-journal"};
    int64_t latest = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[RIG_PATH_MAX + 40];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", r->home, files[i]);
        if (stat(path, &st) == 0 && st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec > latest)
            latest = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    }
    return latest;
}

/* Publish there, pull here: object for object; what stays there is not here; a second pull is idle. */
static void object_for_object(void **state)
{
    struct rig a, b;
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct uuid party = rig_connect(&b, &a);
    import_range(&a, 0, 2345, TLP_GREEN);
    import_range(&a, 5000, 5010, TLP_AMBER);
    struct taxii_pulled p = sync_once(&b, &party);
    assert_int_equal(p.pages, 3);
    assert_int_equal(rig_counts(&b).indicators, 2345);
    for (unsigned i = 0; i < 2345; i += 67)
        same_object(&a, &b, rig_indicator_id(i));
    char *none = body_of(&b, rig_indicator_id(5000));
    assert_null(none);

    uint64_t entries_a = rig_counts(&a).entries, entries_b = rig_counts(&b).entries;
    int64_t written_a = cursors_written(&a), written_b = cursors_written(&b);
    for (int i = 0; i < 5; i++)
        assert_int_equal(sync_once(&b, &party).objects, 0);
    assert_int_equal(cursors_written(&a), written_a);
    assert_int_equal(cursors_written(&b), written_b);
    assert_int_equal(rig_counts(&a).entries, entries_a); /* idle rounds write nothing on either side */
    assert_int_equal(rig_counts(&b).entries, entries_b);

    rig_import(&a, "self", rig_indicator(7, 9, TLP_GREEN));
    assert_int_equal(sync_once(&b, &party).objects, 1);
    same_object(&a, &b, rig_indicator_id(7));
    rig_close(&a);
    rig_close(&b);
}

/* The puller ends between two rounds and goes on where it was. */
static void cursor_survives(void **state)
{
    struct rig a, b;
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct uuid party = rig_connect(&b, &a);
    import_range(&a, 0, 10, TLP_GREEN);
    sync_once(&b, &party);
    rig_restart(&b);
    assert_int_equal(sync_once(&b, &party).objects, 0);
    import_range(&a, 10, 12, TLP_GREEN);
    rig_restart(&b);
    assert_int_equal(sync_once(&b, &party).objects, 2);
    rig_close(&a);
    rig_close(&b);
}

/* A ceiling that rises opens what the cursor had passed. */
static void opened_later(void **state)
{
    struct rig a, b;
    struct fault f = {0};
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct uuid of_a = rig_connect(&b, &a), of_b = rig_party(&a, "CERT B");
    import_range(&a, 0, 5, TLP_AMBER);
    import_range(&a, 5, 9, TLP_GREEN);
    sync_once(&b, &of_a);
    assert_int_equal(rig_counts(&b).indicators, 4);
    const struct peer_settings amber = {.has_ceiling = true, .ceiling = TLP_AMBER};
    assert_ok(peer_set(a.node, &of_b, &amber, node_admin(a.node), &f));
    assert_int_equal(sync_once(&b, &of_a).objects, 5);
    assert_int_equal(rig_counts(&b).indicators, 9);
    assert_int_equal(sync_once(&b, &of_a).objects, 0);
    rig_close(&a);
    rig_close(&b);
}

static void wrong_token(void **state)
{
    struct rig a, b;
    struct taxii_pulled p;
    struct fault f = {0};
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct uuid of_a = rig_connect(&b, &a), of_b = rig_party(&a, "CERT B");
    assert_ok(peer_expel(a.node, &of_b, TEXT("test"), node_admin(a.node), &f));
    assert_err(peer_sync(b.node, &of_a, NULL, &p, &f), ERR_UNREACHABLE);
    assert_non_null(strstr(f.what, "401"));
    rig_close(&a);
    rig_close(&b);
}

/* ---- one that is not one of us ---- */

struct reply {
    int status;
    const char *media_type, *body, *last;
};
struct fake {
    struct http_server *http;
    const struct reply *replies; /* one after another; the last for ever */
    size_t count, asked;
    char queries[64][400];
    char method[64][8];
    const struct reply *(*answer)(struct fake *f, const struct http_request *r);
    struct reply made;
    char made_body[4096], made_last[40];
};

static struct outbound *send_reply(const struct reply *reply)
{
    struct buffer body;
    buffer_init(&body, 1 * MIB);
    buffer_add(&body, text_of(reply->body));
    struct outbound *o = outbound_new(reply->status, text_of(reply->media_type ? reply->media_type : MEDIA), &body);
    if (reply->last)
        assert_ok(outbound_add_header(o, TEXT("X-TAXII-Date-Added-Last"), text_of(reply->last)));
    return o;
}

static struct outbound *fake_handle(void *self, const struct http_request *r)
{
    struct fake *f = self;
    size_t i = f->asked++;
    snprintf(f->queries[i % 64], sizeof f->queries[0], TEXT_FMT, TEXT_ARG(r->query));
    snprintf(f->method[i % 64], sizeof f->method[0], TEXT_FMT, TEXT_ARG(r->method));
    if (f->answer)
        return send_reply(f->answer(f, r));
    return send_reply(&f->replies[i < f->count ? i : f->count - 1]);
}

static void fake_start(struct fake *f)
{
    struct fault fault = {0};
    const struct http_server_options options = {.address = "127.0.0.1:0", .handler = fake_handle, .self = f};
    if (http_server_start(&options, &f->http, &fault))
        fail_msg("%s", fault.what);
}

static struct uuid fake_peer(struct rig *r, struct fake *f)
{
    char invite[512];
    struct uuid party;
    struct fault fault = {0};
    snprintf(invite, sizeof invite,
             "{\"entente_invite\":1,\"from\":{\"name\":\"Plain\"},\"api_root\":\"http://127.0.0.1:%u/root/\","
             "\"collection\":\"c\",\"user\":\"me\",\"password\":\"secret\"}",
             http_server_port(f->http));
    if (peer_accept(r->node, text_of(invite), TEXT_NONE, node_admin(r->node), &party, &fault))
        fail_msg("%s", fault.what);
    return party;
}

static char *page(unsigned i, const char *members)
{
    static char out[8][4096];
    static unsigned at;
    char *to = out[at++ % 8];
    snprintf(to, sizeof out[0], "{%s,\"objects\":[%s]}", members, rig_indicator(i, 0, TLP_GREEN));
    return to;
}

#define LAST(n) "2026-03-0" #n "T00:00:00.123457Z"

/* `more` with `next`; `more` with a date alone; then from the last date on. */
static void follows_pages(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, "CERT A");
    const struct reply replies[] = {{200, NULL, page(1, "\"more\":true,\"next\":\"a b\""), LAST(1)},
                                    {200, NULL, page(2, "\"more\":true"), LAST(2)},
                                    {200, "application/taxii+json; version=2.1", page(3, "\"more\":false"), LAST(3)},
                                    {200, NULL, "{}", NULL}};
    struct fake f = {.replies = replies, .count = 4};
    fake_start(&f);
    struct uuid party = fake_peer(&r, &f);
    struct taxii_pulled p = sync_once(&r, &party);
    assert_int_equal(p.objects, 3);
    assert_int_equal(p.totals.fresh, 3);
    sync_once(&r, &party);
    assert_string_equal(f.queries[0], "limit=1000");
    assert_string_equal(f.queries[1], "limit=1000&next=a%20b");
    assert_string_equal(f.queries[2], "limit=1000&added_after=2026-03-02T00%3A00%3A00.123457Z");
    assert_string_equal(f.queries[3], "limit=1000&added_after=2026-03-03T00%3A00%3A00.123457Z");
    http_server_stop(f.http);
    rig_close(&r);
}

/* One `next` for the whole session, as medallion has it. */
static void next_that_stays(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, "CERT A");
    const struct reply replies[] = {{200, NULL, page(1, "\"more\":true,\"next\":\"s\""), LAST(1)},
                                    {200, NULL, page(2, "\"more\":true,\"next\":\"s\""), LAST(2)},
                                    {200, NULL, page(3, "\"more\":true,\"next\":\"s\""), LAST(3)},
                                    {200, NULL, page(4, "\"more\":false"), LAST(4)}};
    struct fake f = {.replies = replies, .count = 4};
    fake_start(&f);
    struct uuid party = fake_peer(&r, &f);
    assert_int_equal(sync_once(&r, &party).objects, 4);
    http_server_stop(f.http);
    rig_close(&r);
}

/* Dates in whole seconds: more may come within the second, so the question starts before it. */
static void coarse_dates(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, "CERT A");
    const struct reply replies[] = {{200, NULL, page(1, "\"more\":false"), "2026-03-01T00:00:07Z"},
                                    {200, NULL, page(1, "\"more\":false"), "2026-03-01T00:00:07Z"}};
    struct fake f = {.replies = replies, .count = 2};
    fake_start(&f);
    struct uuid party = fake_peer(&r, &f);
    sync_once(&r, &party);
    uint64_t entries = rig_counts(&r).entries;
    sync_once(&r, &party);
    assert_string_equal(f.queries[1], "limit=1000&added_after=2026-03-01T00%3A00%3A06.000000Z");
    assert_int_equal(rig_counts(&r).entries, entries);
    http_server_stop(f.http);
    rig_close(&r);
}

/* The server has forgotten its `next`: back to dates, just before the last one. */
static void forgotten_next(void **state)
{
    struct rig r;
    struct taxii_pulled p;
    struct fault fault = {0};
    (void)state;
    rig_open(&r, "CERT A");
    const struct reply replies[] = {{200, NULL, page(1, "\"more\":true,\"next\":\"n1\""), LAST(1)},
                                    {503, NULL, "{}", NULL},
                                    {400, NULL, "{}", NULL},
                                    {200, NULL, page(2, "\"more\":false"), LAST(2)}};
    struct fake f = {.replies = replies, .count = 4};
    fake_start(&f);
    struct uuid party = fake_peer(&r, &f);
    assert_err(peer_sync(r.node, &party, NULL, &p, &fault), ERR_UNREACHABLE);
    assert_int_equal(rig_counts(&r).indicators, 1); /* what was taken in stays */
    sync_once(&r, &party);
    assert_string_equal(f.queries[2], "limit=1000&next=n1");
    assert_string_equal(f.queries[3], "limit=1000&added_after=2026-03-01T00%3A00%3A00.123456Z");
    assert_int_equal(rig_counts(&r).indicators, 2);
    http_server_stop(f.http);
    rig_close(&r);
}

static void no_dates_at_all(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, "CERT A");
    const struct reply replies[] = {{200, NULL, page(1, "\"more\":false"), NULL}};
    struct fake f = {.replies = replies, .count = 1};
    fake_start(&f);
    struct uuid party = fake_peer(&r, &f);
    sync_once(&r, &party);
    uint64_t entries = rig_counts(&r).entries;
    sync_once(&r, &party);
    assert_int_equal(rig_counts(&r).entries, entries);
    assert_string_equal(f.queries[1], "limit=1000");
    http_server_stop(f.http);
    rig_close(&r);
}

static const struct reply *endless(struct fake *f, const struct http_request *r)
{
    (void)r;
    snprintf(f->made_body, sizeof f->made_body, "{\"more\":true,\"next\":\"%zu\",\"objects\":[%s]}", f->asked,
             rig_indicator(1, 0, TLP_GREEN));
    f->made = (struct reply){200, NULL, f->made_body, LAST(1)};
    return &f->made;
}

/* Whatever they say, a pull ends with a reason, and what was good stays. */
static void liars(void **state)
{
    static const struct {
        struct reply reply;
        const char *reason;
    } cases[] = {
        {{200, NULL, "{\"more\":true}", NULL}, "is empty"},
        {{200, NULL, "{\"more\":true,\"objects\":[]}", LAST(1)}, "is empty"},
        {{200, "application/json", "{}", NULL}, "application/taxii+json"},
        {{200, "text/html", "<html>", NULL}, "application/taxii+json"},
        {{200, "application/taxii+json;version=2.0", "{}", NULL}, "application/taxii+json"},
        {{200, NULL, "{\"objects\":[", NULL}, "not JSON"},
        {{200, NULL, "nonsense", NULL}, "envelope"},
        {{200, NULL, "", NULL}, "envelope"},
        {{404, NULL, "{}", NULL}, "404"},
        {{401, NULL, "{}", NULL}, "token"},
        {{500, NULL, "{}", NULL}, "500"},
        {{302, NULL, "{}", NULL}, "302"},
    };
    struct rig r;
    (void)state;
    rig_open(&r, "CERT A");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fake f = {.replies = &cases[i].reply, .count = 1};
        struct taxii_pulled p;
        struct fault fault = {0};
        fake_start(&f);
        struct uuid party = fake_peer(&r, &f);
        enum err e = peer_sync(r.node, &party, NULL, &p, &fault);
        if (e != ERR_UNREACHABLE || !strstr(fault.what, cases[i].reason))
            fail_msg("case %zu: %s: %s", i, err_name(e), fault.what);
        assert_int_equal(f.asked, 1);
        http_server_stop(f.http);
    }
    rig_close(&r);
}

static void more_for_ever(void **state)
{
    struct rig r;
    struct taxii_pulled p;
    struct fault fault = {0};
    const struct reply same_next = {200, NULL, page(1, "\"more\":true,\"next\":\"same\""), LAST(1)};
    const struct reply same_date = {200, NULL, page(1, "\"more\":true"), LAST(1)};
    const struct reply no_way_on = {200, NULL, page(1, "\"more\":true"), NULL};
    struct fake fakes[] = {{.answer = endless},
                           {.replies = &same_next, .count = 1},
                           {.replies = &same_date, .count = 1},
                           {.replies = &no_way_on, .count = 1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fakes); i++) {
        rig_open(&r, "CERT A");
        fake_start(&fakes[i]);
        struct uuid party = fake_peer(&r, &fakes[i]);
        assert_err(peer_sync(r.node, &party, NULL, &p, &fault), ERR_UNREACHABLE);
        assert_non_null(strstr(fault.what, "more"));
        assert_true(fakes[i].asked < 60);
        assert_int_equal(rig_counts(&r).indicators, 1);
        http_server_stop(fakes[i].http);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_for_object), cmocka_unit_test(cursor_survives),
        cmocka_unit_test(opened_later),      cmocka_unit_test(wrong_token),
        cmocka_unit_test(follows_pages),     cmocka_unit_test(next_that_stays),
        cmocka_unit_test(coarse_dates),      cmocka_unit_test(forgotten_next),
        cmocka_unit_test(no_dates_at_all),   cmocka_unit_test(liars),
        cmocka_unit_test(more_for_ever),
    };
    return cmocka_run_group_tests_name("taxii_pull", tests, NULL, NULL);
}
