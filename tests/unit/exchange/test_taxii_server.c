/* The TAXII server as clients meet it: who is let in, what is answered to what is asked wrongly, pages and filters.
 */
#include "unit/exchange/rig.h"

#include <stdio.h>

#define MEDIA "application/taxii+json;version=2.1"

struct world {
    struct rig rig;
    struct rig_partner partner;
    struct rig_answer a;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_answer_done(&w->a);
    rig_close(&w->rig);
    free(w);
    return 0;
}

static void ask(struct world *w, const struct rig_ask *ask)
{
    rig_answer_done(&w->a);
    rig_ask(&w->rig, ask, &w->a);
    assert_true(w->a.doc != NULL);
    assert_string_equal(w->a.media_type, MEDIA);
}

static void get(struct world *w, const char *path, const char *query)
{
    ask(w, &(struct rig_ask){.path = path, .query = query, .token = w->partner.token, .accept = MEDIA});
}

static void objects(struct world *w, const char *query)
{
    get(w, "api/collections/intelligence/objects/", query);
}

static struct text member(const struct world *w, const char *name)
{
    return json_text(json_get(json_root(w->a.doc), name));
}

/* ---- who ---- */

static void without_token(void **state)
{
    struct world *w = *state;
    static const char *const paths[] = {"", "api/", "api/collections/", "nowhere/", "api/status/x/"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ask(w, &(struct rig_ask){.path = paths[i]});
        assert_int_equal(w->a.status, 401);
        assert_non_null(strstr(w->a.authenticate, "Basic realm="));
        assert_text(member(w, "title"), "Unauthorized");
        assert_text(member(w, "http_status"), "401");
        ask(w, &(struct rig_ask){.path = paths[i], .token = "ent_wrong"});
        assert_int_equal(w->a.status, 401);
        ask(w, &(struct rig_ask){.path = paths[i], .token = ""});
        assert_int_equal(w->a.status, 401);
    }
}

static void basic(void **state)
{
    struct world *w = *state;
    ask(w, &(struct rig_ask){.token = w->partner.token, .basic_user = w->partner.account});
    assert_int_equal(w->a.status, 200);
    ask(w, &(struct rig_ask){.token = w->partner.token, .basic_user = "somebody"});
    assert_int_equal(w->a.status, 401);
}

static void expelled(void **state)
{
    struct world *w = *state;
    struct fault f = {0};
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_CLEAR));
    assert_ok(peer_expel(w->rig.node, &w->partner.party, TEXT("test"), node_admin(w->rig.node), &f));
    objects(w, NULL);
    assert_int_equal(w->a.status, 401);
    assert_null(strstr(w->a.body, "value-1"));
}

/* ---- what there is ---- */

static void discovery(void **state)
{
    struct world *w = *state;
    get(w, "", NULL);
    assert_int_equal(w->a.status, 200);
    assert_text(member(w, "title"), "CSIRT EX");
    assert_text(member(w, "default"), "/taxii2/api/");
    get(w, "api/", NULL);
    assert_string_equal(w->a.body,
                        "{\"title\":\"CSIRT EX\",\"max_content_length\":67108864,\"x_entente_account\":\"CERT "
                        "B\",\"x_entente_country\":\"EX\",\"versions\":[\"" MEDIA "\"]}");
    get(w, "api", NULL);
    assert_int_equal(w->a.status, 200);
}

static void collections(void **state)
{
    struct world *w = *state;
    char path[128];
    get(w, "api/collections/", NULL);
    const struct json_val *list = json_get(json_root(w->a.doc), "collections");
    assert_int_equal(json_size(list), 3);
    struct json_iter it = json_iter_of(list);
    assert_true(json_next(&it));
    assert_text(json_text(json_get(it.val, "alias")), "indicators");
    assert_true(json_bool(json_get(it.val, "can_read"), false));
    snprintf(path, sizeof path, "api/collections/" TEXT_FMT "/", TEXT_ARG(json_text(json_get(it.val, "id"))));
    get(w, path, NULL);
    assert_int_equal(w->a.status, 200);
    assert_text(member(w, "alias"), "indicators");
}

static void not_there(void **state)
{
    struct world *w = *state;
    static const char *const paths[] = {
        "api2/",
        "api/collections/none/",
        "api/collections/intelligence/nothing/",
        "api/collections/intelligence/objects/x/y/",
        "api/collections/intelligence/objects/x/versions/z/",
        "api/collections/intelligence/objects/indicator--00000000-0000-4000-8000-000000000001/",
        "api/collections/intelligence/objects/nonsense/versions/",
        "api/status/nonsense/",
        "api//collections/"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        get(w, paths[i], NULL);
        if (w->a.status != 404)
            fail_msg("%s: %d", paths[i], w->a.status);
    }
}

static void methods(void **state)
{
    struct world *w = *state;
    const char *token = w->partner.token;
    ask(w, &(struct rig_ask){.path = "api/", .method = "POST", .token = token});
    assert_int_equal(w->a.status, 405);
    assert_string_equal(w->a.allow, "GET, HEAD, OPTIONS");
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/", .method = "PUT", .token = token});
    assert_int_equal(w->a.status, 405);
    assert_string_equal(w->a.allow, "GET, HEAD, POST, OPTIONS");
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/x/", .method = "POST", .token = token});
    assert_int_equal(w->a.status, 405);
    assert_string_equal(w->a.allow, "GET, HEAD, DELETE, OPTIONS");
}

static void forms(void **state)
{
    struct world *w = *state;
    ask(w, &(struct rig_ask){.token = w->partner.token, .accept = "application/vnd.oasis.taxii+json;version=2.0"});
    assert_int_equal(w->a.status, 406);
    ask(w, &(struct rig_ask){.token = w->partner.token, .accept = "application/taxii+json"});
    assert_int_equal(w->a.status, 200);
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/",
                             .method = "POST",
                             .body = "{}",
                             .token = w->partner.token,
                             .content_type = "application/json"});
    assert_int_equal(w->a.status, 415);
}

/* One right missing is 403; both missing look like nothing there. */
static void rights(void **state)
{
    struct world *w = *state;
    char reader[128], nobody[128];
    rig_account(&w->rig, "reader", ROLE_READER, reader);
    rig_account(&w->rig, "nobody", ROLE_NONE, nobody);
    const char *path = "api/collections/intelligence/objects/";
    ask(w, &(struct rig_ask){.path = path, .method = "POST", .token = reader, .content_type = MEDIA, .body = "{}"});
    assert_int_equal(w->a.status, 403);
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/x/", .method = "DELETE", .token = reader});
    assert_int_equal(w->a.status, 403);
    ask(w, &(struct rig_ask){.path = path, .token = nobody});
    assert_int_equal(w->a.status, 404);
    ask(w, &(struct rig_ask){.path = path, .method = "POST", .token = nobody, .content_type = MEDIA, .body = "{}"});
    assert_int_equal(w->a.status, 404);
    ask(w, &(struct rig_ask){.path = "api/collections/", .token = nobody});
    assert_string_equal(w->a.body, "{}");
}

static void wrong_questions(void **state)
{
    struct world *w = *state;
    static const char *const queries[] = {"limit=0",
                                          "limit=x",
                                          "limit=1&limit=1",
                                          "match[type]=a&match[type]=b",
                                          "match%5Btype%5D=a&match[type]=b",
                                          "added_after=now",
                                          "next=nonsense",
                                          "next=",
                                          "match[tlp]=green",
                                          "match[version]=newest",
                                          "match[id]="};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        objects(w, queries[i]);
        if (w->a.status != 400)
            fail_msg("%s: %d %s", queries[i], w->a.status, w->a.body);
    }
}

/* ---- pages ---- */

static void nothing(void **state)
{
    struct world *w = *state;
    objects(w, "match[type]=malware");
    assert_int_equal(w->a.status, 200);
    assert_string_equal(w->a.body, "{}");
    assert_string_equal(w->a.first, "");
    objects(w, "match[spec_version]=2.0");
    assert_string_equal(w->a.body, "{}");
}

static void import_many(struct world *w, unsigned from, unsigned to, enum tlp label)
{
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    for (unsigned i = from; i < to; i++) {
        buffer_add(&b, text_of(i == from ? "" : ","));
        buffer_add(&b, text_of(rig_indicator(i, 0, label)));
    }
    buffer_add_char(&b, 0);
    rig_import(&w->rig, "self", b.ptr);
    buffer_done(&b);
}

/* Pages by `next`, by date alone, and of any size give every object once, in the order of their dates. */
static void every_page_size(void **state)
{
    struct world *w = *state;
    import_many(w, 0, 57, TLP_GREEN);
    for (unsigned limit = 1; limit < 70; limit += limit < 5 ? 1 : 13)
        for (int by_date = 0; by_date < 2; by_date++) {
            char query[512], last[40] = "";
            unsigned seen = 0;
            snprintf(query, sizeof query, "match[type]=indicator&limit=%u", limit);
            do {
                objects(w, query);
                assert_int_equal(w->a.status, 200);
                assert_true(w->a.count <= limit && w->a.count > 0);
                assert_true(strcmp(w->a.first, last) > 0 && strcmp(w->a.first, w->a.last) <= 0);
                assert_int_equal(strlen(w->a.last), strlen("2026-01-01T00:00:00.000000Z"));
                for (size_t i = 0; i < w->a.count; i++)
                    assert_text(rig_object_id(&w->a, i), rig_indicator_id(seen++));
                snprintf(last, sizeof last, "%s", w->a.last);
                if (by_date)
                    snprintf(query, sizeof query, "match[type]=indicator&limit=%u&added_after=%s", limit, last);
                else
                    snprintf(query, sizeof query, "match[type]=indicator&limit=%u&next=%s", limit, w->a.next);
                assert_int_equal(w->a.more, w->a.next[0] != 0);
            } while (w->a.more);
            assert_int_equal(seen, 57);
        }
}

/* A cursor survives the process, and knows whose it is. */
static void cursor_survives(void **state)
{
    struct world *w = *state;
    struct rig_partner other = rig_invite(&w->rig, "CERT C");
    char query[512];
    import_many(w, 0, 10, TLP_GREEN);
    objects(w, "match[type]=indicator&limit=4");
    snprintf(query, sizeof query, "match[type]=indicator&limit=4&next=%s", w->a.next);
    rig_restart(&w->rig);
    objects(w, query);
    assert_int_equal(w->a.status, 200);
    assert_text(rig_object_id(&w->a, 0), rig_indicator_id(4));
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/", .query = query, .token = other.token});
    assert_int_equal(w->a.status, 400);
    ask(w,
        &(struct rig_ask){.path = "api/collections/indicators/objects/", .query = query, .token = w->partner.token});
    assert_int_equal(w->a.status, 400);
    query[strlen("match[type]=indicator")] = 'x'; /* another filter */
    objects(w, query);
    assert_int_equal(w->a.status, 400);
}

static void filters(void **state)
{
    struct world *w = *state;
    char query[512];
    import_many(w, 0, 3, TLP_GREEN);
    rig_import(&w->rig, "self", rig_relationship(1, rig_indicator_id(0), rig_indicator_id(1), TLP_GREEN));
    snprintf(query, sizeof query, "match[id]=%s,%s,%s", rig_indicator_id(2), rig_indicator_id(0),
             rig_indicator_id(9));
    objects(w, query);
    assert_int_equal(w->a.count, 2);
    objects(w, "match[type]=relationship,malware");
    assert_int_equal(w->a.count, 1);
    snprintf(query, sizeof query, "match[id]=%s&match[type]=relationship", rig_indicator_id(2));
    objects(w, query);
    assert_int_equal(w->a.count, 0);
    get(w, "api/collections/indicators/objects/", "match[type]=relationship");
    assert_int_equal(w->a.count, 0);
}

static void versions_of(struct world *w, const char *query, const char *expected)
{
    char path[256];
    snprintf(path, sizeof path, "api/collections/intelligence/objects/%s/", rig_indicator_id(1));
    get(w, path, query);
    struct buffer b;
    buffer_init(&b, 4096);
    for (size_t i = 0; i < w->a.count; i++)
        buffer_add(&b, text_sub(json_text(json_get(rig_object(&w->a, i), "modified")), 14, 2));
    assert_text_eq(buffer_text(&b), text_of(expected));
    buffer_done(&b);
}

static void versions(void **state)
{
    struct world *w = *state;
    char path[256];
    for (unsigned v = 1; v <= 4; v++)
        rig_import(&w->rig, "self", rig_indicator(1, v, TLP_GREEN));
    versions_of(w, NULL, "04");
    versions_of(w, "match[version]=last", "04");
    versions_of(w, "match[version]=first", "01");
    versions_of(w, "match[version]=all", "01020304");
    versions_of(w, "match[version]=first,last", "0104");
    versions_of(w, "match[version]=2026-01-02T00:03:00Z,2026-01-02T00:02:00.000Z", "0203");
    versions_of(w, "match[version]=2026-01-02T00:59:00Z", "");
    snprintf(path, sizeof path, "api/collections/intelligence/objects/%s/versions/", rig_indicator_id(1));
    get(w, path, "limit=3");
    assert_int_equal(json_size(json_get(json_root(w->a.doc), "versions")), 3);
    assert_true(w->a.more && w->a.next[0] && w->a.first[0]);
    char query[400];
    snprintf(query, sizeof query, "limit=3&next=%s", w->a.next);
    get(w, path, query);
    struct json_iter it = json_iter_of(json_get(json_root(w->a.doc), "versions"));
    assert_true(json_next(&it));
    assert_text(json_text(it.val), "2026-01-02T00:04:00.000Z");
    assert_false(w->a.more);
    get(w, path, "match[version]=all");
    assert_int_equal(w->a.status, 400);
}

/* An indicator with more members behind the rest. In a static buffer. */
static const char *with(const char *indicator, const char *more)
{
    static char text[4096];
    snprintf(text, sizeof text, "%.*s,%s}", (int)strlen(indicator) - 1, indicator, more);
    return text;
}

/* Nor does history show what the newest version withholds by a portion, its tear line, or what it points to. */
static void cut_later(void **state)
{
    struct world *w = *state;
    static const char *const later[] = {
        "\"description\":\"d\",\"granular_markings\":[{\"marking_ref\":"
        "\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\",\"selectors\":[\"description\"]}]",
        "\"extensions\":{\"extension-definition--8c62d850-956c-44f4-8d09-f07444f8c18a\":{\"extension_type\":"
        "\"property-extension\",\"marking_ref\":\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\","
        "\"properties\":[\"name\"]}}",
        "\"x_for_ref\":\"malware--00000000-0000-4000-8000-00000000dead\""};
    static const char *const newest[] = {"02", "02", ""};
    for (unsigned i = 0; i < ARRAY_LEN(later); i++) {
        if (i > 0) {
            teardown(state);
            setup(state);
            w = *state;
        }
        enum tlp label = i == 1 ? TLP_AMBER : TLP_GREEN;
        rig_import(&w->rig, "Other", with(rig_indicator(1, 1, TLP_GREEN), "\"description\":\"kept back\""));
        versions_of(w, "match[version]=all", "01");
        rig_import(&w->rig, "Other", with(rig_indicator(1, 2, label), later[i]));
        versions_of(w, NULL, newest[i]);
        versions_of(w, "match[version]=all", newest[i]);
        versions_of(w, "match[version]=first", newest[i]);
        versions_of(w, "match[version]=2026-01-02T00:01:00Z", "");
        objects(w, "match[version]=all");
        assert_null(strstr(w->a.body, "kept back"));
        rig_import(&w->rig, "Other", rig_indicator(1, 3, TLP_GREEN));
        versions_of(w, "match[version]=first,last", "0103");
    }
}

/* Who may not have the newest version gets none of the older ones. */
static void restricted_later(void **state)
{
    struct world *w = *state;
    char path[256];
    rig_import(&w->rig, "self", rig_indicator(1, 1, TLP_GREEN));
    versions_of(w, "match[version]=all", "01");
    rig_import(&w->rig, "self", rig_indicator(1, 2, TLP_RED));
    static const char *const queries[] = {NULL, "match[version]=all", "match[version]=first"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        objects(w, queries[i]);
        assert_null(strstr(w->a.body, "value-1-"));
        snprintf(path, sizeof path, "api/collections/intelligence/objects/%s/", rig_indicator_id(1));
        get(w, path, queries[i]);
        assert_int_equal(w->a.status, 404);
    }
    snprintf(path, sizeof path, "api/collections/intelligence/objects/%s/versions/", rig_indicator_id(1));
    get(w, path, NULL);
    assert_int_equal(w->a.status, 404);
}

static void manifest(void **state)
{
    struct world *w = *state;
    import_many(w, 0, 3, TLP_GREEN);
    get(w, "api/collections/intelligence/manifest/", "match[type]=indicator&limit=2");
    assert_int_equal(w->a.count, 2);
    assert_true(w->a.more && w->a.next[0]);
    const struct json_val *m = rig_object(&w->a, 0);
    assert_text(json_text(json_get(m, "id")), rig_indicator_id(0));
    assert_text(json_text(json_get(m, "version")), "2026-01-02T00:00:00.000Z");
    assert_text(json_text(json_get(m, "date_added")), w->a.first);
    assert_text(json_text(json_get(m, "media_type")), "application/stix+json;version=2.1");
}

/* ---- given to us ---- */

static void post(struct world *w, const char *body)
{
    ask(w, &(struct rig_ask){.path = "api/collections/intelligence/objects/",
                             .method = "POST",
                             .body = body,
                             .token = w->partner.token,
                             .content_type = MEDIA,
                             .accept = MEDIA});
}

static int64_t number(const struct world *w, const char *name)
{
    int64_t n = -1;
    json_i64(json_get(json_root(w->a.doc), name), &n);
    return n;
}

static void posts(void **state)
{
    struct world *w = *state;
    struct rig_partner other = rig_invite(&w->rig, "CERT C");
    char body[8192], path[128];
    snprintf(body, sizeof body, "{\"objects\":[%s,{\"type\":\"indicator\",\"id\":\"%s\"},%s]}",
             rig_indicator(1, 0, TLP_GREEN), rig_indicator_id(2), rig_indicator(3, 0, TLP_GREEN));
    post(w, body);
    assert_int_equal(w->a.status, 202);
    assert_int_equal(number(w, "total_count"), 3);
    assert_int_equal(number(w, "success_count"), 2);
    assert_int_equal(number(w, "failure_count"), 1);
    struct json_iter it = json_iter_of(json_get(json_root(w->a.doc), "failures"));
    assert_true(json_next(&it));
    assert_text(json_text(json_get(it.val, "id")), rig_indicator_id(2));
    assert_true(json_text(json_get(it.val, "message")).len > 0);
    snprintf(path, sizeof path, "api/status/" TEXT_FMT "/", TEXT_ARG(member(w, "id")));
    get(w, path, NULL);
    assert_int_equal(number(w, "success_count"), 2);
    ask(w, &(struct rig_ask){.path = path, .token = other.token});
    assert_int_equal(w->a.status, 404);

    objects(w, "match[type]=indicator"); /* not sent back to where it came from */
    assert_int_equal(w->a.count, 0);
    ask(w, &(struct rig_ask){.path = "api/collections/indicators/objects/",
                             .query = "match[type]=indicator",
                             .token = other.token});
    assert_int_equal(w->a.count, 2);
    rig_restart(&w->rig); /* durable before the answer */
    assert_int_equal(rig_counts(&w->rig).indicators, 2);
}

static void bad_posts(void **state)
{
    struct world *w = *state;
    char cut[4096];
    snprintf(cut, sizeof cut, "{\"objects\":[%s,", rig_indicator(1, 0, TLP_GREEN));
    post(w, cut);
    assert_int_equal(w->a.status, 400);
    post(w, "not json");
    assert_int_equal(w->a.status, 400);
    post(w, "{\"objects\":[]},");
    assert_int_equal(w->a.status, 400);
    post(w, "");
    assert_int_equal(w->a.status, 400);
    static const char *const others[] = {"{}", "{\"objects\":[]}", "{\"objects\":{}}", "7", "{\"more\":false}"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        post(w, others[i]);
        if (w->a.status != 422)
            fail_msg("%s: %d", others[i], w->a.status);
    }
    assert_int_equal(rig_counts(&w->rig).indicators, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(without_token),    TEST(basic),           TEST(expelled), TEST(discovery),
        TEST(collections),      TEST(not_there),       TEST(methods),  TEST(forms),
        TEST(rights),           TEST(wrong_questions), TEST(nothing),  TEST(every_page_size),
        TEST(cursor_survives),  TEST(filters),         TEST(versions), TEST(cut_later),
        TEST(restricted_later), TEST(manifest),        TEST(posts),    TEST(bad_posts),
    };
    return cmocka_run_group_tests_name("taxii_server", tests, NULL, NULL);
}
