/* Posting to a partner that does not pull from us: after the release entry, in batches, until its status is complete,
 * and again after a failure without a second release. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "base/outbound_make.h"

#define STATUS_ID "2d086da7-4bdc-4f91-900e-d77486753710"

/* A TAXII server of another house. */
struct house {
    struct http_server *http;
    struct rig *sender;
    unsigned posts, polls, objects, pending; /* pending: polls until it is complete */
    int refuse;                              /* status of the next POST; 0: it is taken */
    uint64_t releases_seen;                  /* entries of the sender when the last POST came */
    size_t largest;
    char authorization[200];
};

static struct outbound *json_answer(int status, const char *text)
{
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    buffer_add(&b, text_of(text));
    return outbound_new(status, TEXT("application/taxii+json;version=2.1"), &b);
}

static struct outbound *take_post(struct house *h, const struct http_request *r)
{
    struct json_doc *doc;
    char text[400];
    h->posts++;
    h->releases_seen = rig_counts(h->sender).releases;
    if (h->refuse) {
        int status = h->refuse;
        h->refuse = 0;
        return json_answer(status, "{}");
    }
    if (json_parse(r->body, &doc, NULL))
        return json_answer(400, "{}");
    size_t count = json_size(json_get(json_root(doc), "objects"));
    json_free(doc);
    h->objects += (unsigned)count;
    h->largest = r->body.len > h->largest ? r->body.len : h->largest;
    snprintf(text, sizeof text,
             "{\"id\":\"" STATUS_ID
             "\",\"status\":\"%s\",\"total_count\":%zu,\"success_count\":%zu,\"failure_count\":0,"
             "\"pending_count\":0}",
             h->pending ? "pending" : "complete", count, count);
    return json_answer(202, text);
}

static struct outbound *house_handle(void *self, const struct http_request *r)
{
    struct house *h = self;
    snprintf(h->authorization, sizeof h->authorization, TEXT_FMT, TEXT_ARG(http_header(r, "Authorization")));
    if (text_eq(r->method, TEXT("POST")))
        return take_post(h, r);
    if (!text_starts(r->path, TEXT("/root/status/" STATUS_ID)))
        return json_answer(200, "{}");
    h->polls++;
    if (h->pending)
        h->pending--;
    char text[300];
    snprintf(text, sizeof text,
             "{\"id\":\"" STATUS_ID "\",\"status\":\"%s\",\"total_count\":1,\"success_count\":0,\"failure_count\":1,"
             "\"pending_count\":0}",
             h->pending ? "pending" : "complete");
    return json_answer(200, text);
}

static struct uuid house_open(struct house *h, struct rig *sender)
{
    char invite[400];
    struct uuid party;
    struct fault f = {0};
    const struct http_server_options options = {.address = "127.0.0.1:0", .handler = house_handle, .self = h};
    h->sender = sender;
    assert_ok(http_server_start(&options, &h->http, &f));
    snprintf(invite, sizeof invite,
             "{\"entente_invite\":1,\"from\":{\"name\":\"Plain\"},\"api_root\":\"http://127.0.0.1:%u/root\","
             "\"collection\":\"c\",\"user\":\"me\",\"password\":\"secret\"}",
             http_server_port(h->http));
    assert_ok(peer_accept(sender->node, text_of(invite), TEXT_NONE, node_admin(sender->node), &party, &f));
    const struct peer_settings on = {.has_sightings = true, .sightings = true};
    assert_ok(peer_set(sender->node, &party, &on, node_admin(sender->node), &f));
    return party;
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

static enum err sync_once(struct rig *r, const struct uuid *party)
{
    struct taxii_pulled p;
    struct fault f = {0};
    return peer_sync(r->node, party, NULL, &p, &f);
}

/* What is ours and cleared goes, in batches, once; the release is an entry before the bytes are out. */
static void batches(void **state)
{
    struct rig rig;
    struct house h = {.pending = 3};
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct uuid party = house_open(&h, &rig);
    import_range(&rig, 0, 1200, TLP_GREEN);
    import_range(&rig, 2000, 2100, TLP_AMBER);
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.posts, 3);
    assert_int_equal(h.objects, 1201); /* our own identity among them */
    assert_true(h.polls >= 3);
    assert_true(h.largest <= 1200 * 1024);
    assert_int_equal(h.releases_seen, rig_counts(&rig).releases);
    assert_string_equal(h.authorization, "Basic bWU6c2VjcmV0");
    uint64_t entries = rig_counts(&rig).entries;
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.posts, 3);
    assert_int_equal(rig_counts(&rig).entries, entries);
    rig_restart(&rig);
    import_range(&rig, 1200, 1201, TLP_GREEN);
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.objects, 1202);
    http_server_stop(h.http);
    rig_close(&rig);
}

/* A POST that failed is sent again; that it was released stands in the log already. */
static void failed_post(void **state)
{
    struct rig rig;
    struct house h = {.refuse = 503};
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct uuid party = house_open(&h, &rig);
    import_range(&rig, 0, 3, TLP_GREEN);
    assert_err(sync_once(&rig, &party), ERR_UNREACHABLE);
    assert_int_equal(h.objects, 0);
    uint64_t releases = rig_counts(&rig).releases;
    assert_true(releases > 0);
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.objects, 4);
    assert_int_equal(rig_counts(&rig).releases, releases);
    http_server_stop(h.http);
    rig_close(&rig);
}

/* Without the word of a person that it wants something from us, it gets nothing; nor one that can come for it. */
static void not_asked_for(void **state)
{
    struct rig rig;
    struct house h = {0};
    struct fault f = {0};
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct uuid party = house_open(&h, &rig);
    import_range(&rig, 0, 3, TLP_GREEN);
    const struct peer_settings off = {.has_sightings = true, .sightings = false};
    assert_ok(peer_set(rig.node, &party, &off, node_admin(rig.node), &f));
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.posts, 0);
    const struct peer_settings on = {.has_sightings = true, .sightings = true};
    assert_ok(peer_set(rig.node, &party, &on, node_admin(rig.node), &f));
    rig_invite(&rig, "Plain");
    assert_ok(sync_once(&rig, &party));
    assert_int_equal(h.posts, 0);
    http_server_stop(h.http);
    rig_close(&rig);
}

/* Two of us: the one that was only invited gives by POST what the other does not come for. */
static void to_a_node(void **state)
{
    struct rig a, b;
    struct fault f = {0};
    (void)state;
    rig_open(&a, "CERT A");
    rig_open(&b, "CERT B");
    rig_listen(&a);
    struct uuid of_a = rig_connect(&b, &a);
    import_range(&b, 0, 30, TLP_GREEN);
    import_range(&a, 100, 105, TLP_GREEN);
    const struct peer_settings on = {.has_sightings = true, .sightings = true};
    assert_ok(peer_set(b.node, &of_a, &on, node_admin(b.node), &f));
    assert_ok(sync_once(&b, &of_a));
    assert_int_equal(rig_counts(&a).indicators, 35);
    assert_int_equal(rig_counts(&b).indicators, 35); /* what came from there was not sent back */
    assert_ok(sync_once(&b, &of_a));
    assert_int_equal(rig_counts(&b).indicators, 35);
    rig_close(&a);
    rig_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(batches), cmocka_unit_test(failed_post),
                                       cmocka_unit_test(not_asked_for), cmocka_unit_test(to_a_node)};
    return cmocka_run_group_tests_name("taxii_push", tests, NULL, NULL);
}
