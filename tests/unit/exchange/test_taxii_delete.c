/* DELETE: who gave an object takes it from the collections; nothing is erased, and it may come again. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "store/verify.h"

#define MEDIA   "application/taxii+json;version=2.1"
#define OBJECTS "api/collections/intelligence/objects/"

struct world {
    struct rig rig;
    struct rig_partner giver, other;
    char analyst[128], colleague[128], reader[128];
    struct rig_answer a;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->giver = rig_invite(&w->rig, "CERT B");
    w->other = rig_invite(&w->rig, "CERT C");
    rig_account(&w->rig, "analyst", ROLE_ANALYST, w->analyst);
    rig_account(&w->rig, "colleague", ROLE_ANALYST, w->colleague);
    rig_account(&w->rig, "reader", ROLE_READER, w->reader);
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
}

static void post(struct world *w, const char *token, const char *object)
{
    char body[4096];
    snprintf(body, sizeof body, "{\"objects\":[%s]}", object);
    ask(w, &(struct rig_ask){.path = OBJECTS, .method = "POST", .token = token, .content_type = MEDIA, .body = body});
    assert_int_equal(w->a.status, 202);
}

static const char *path_of(const char *id, const char *below)
{
    static char path[256];
    snprintf(path, sizeof path, OBJECTS "%s/%s", id, below);
    return path;
}

static int take_back(struct world *w, const char *token, const char *id, const char *query)
{
    ask(w, &(struct rig_ask){.path = path_of(id, ""), .method = "DELETE", .query = query, .token = token});
    if (w->a.status == 200)
        assert_int_equal(w->a.len, 0);
    return w->a.status;
}

/* For the other partner. */
static size_t listed(struct world *w, const char *type, const char *more)
{
    char query[256];
    snprintf(query, sizeof query, "match[type]=%s%s%s", type, more ? "&" : "", more ? more : "");
    ask(w, &(struct rig_ask){.path = OBJECTS, .query = query, .token = w->other.token});
    assert_int_equal(w->a.status, 200);
    return w->a.count;
}

/* It is in no page, manifest or list of versions for anybody. */
static void assert_nowhere(struct world *w, const char *id)
{
    const char *const tokens[] = {w->giver.token, w->other.token, w->analyst, w->reader};
    static const char *const paths[] = {OBJECTS, "api/collections/indicators/objects/",
                                        "api/collections/intelligence/manifest/"};
    static const char *const queries[] = {NULL, "match[version]=all", "match[version]=first"};
    for (size_t t = 0; t < ARRAY_LEN(tokens); t++) {
        for (size_t p = 0; p < ARRAY_LEN(paths); p++)
            for (size_t q = 0; q < ARRAY_LEN(queries); q++) {
                ask(w, &(struct rig_ask){.path = paths[p], .query = queries[q], .token = tokens[t]});
                assert_int_equal(w->a.status, 200);
                assert_null(strstr(w->a.body, id));
            }
        ask(w, &(struct rig_ask){.path = path_of(id, ""), .token = tokens[t]});
        assert_int_equal(w->a.status, 404);
        ask(w, &(struct rig_ask){.path = path_of(id, "versions/"), .token = tokens[t]});
        assert_int_equal(w->a.status, 404);
    }
}

static void on_finding(void *self, const struct verify_finding *f)
{
    (void)self;
    if (f->state == VERIFY_FAULT)
        print_message("%s: %s\n", f->check, f->what);
}

static void assert_sound(struct world *w)
{
    const struct verify_options options = {.on_finding = on_finding};
    struct fault f = {0};
    bool sound = false;
    assert_ok(verify_home(io_system(), w->rig.home, &options, &sound, &f));
    assert_true(sound);
}

static void taken_back(void **state)
{
    struct world *w = *state;
    const char *id = rig_indicator_id(1);
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    for (int i = 0; i < 4; i++) /* kept for who asks often */
        assert_int_equal(listed(w, "indicator", NULL), 1);
    assert_int_equal(take_back(w, w->giver.token, id, NULL), 200);
    assert_string_equal(w->a.media_type, MEDIA);
    assert_nowhere(w, id);
    assert_int_equal(rig_counts(&w->rig).indicators, 1); /* held */
    assert_int_equal(take_back(w, w->giver.token, id, NULL), 404);
    rig_restart(&w->rig);
    assert_nowhere(w, id);
    uint64_t entries;
    assert_ok(node_rebuild(w->rig.node, &entries, NULL));
    assert_nowhere(w, id);
}

/* Given again it is new: behind every cursor, with a later date. */
static void given_again(void **state)
{
    struct world *w = *state;
    char last[40], query[128];
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    assert_int_equal(listed(w, "indicator", NULL), 1);
    snprintf(last, sizeof last, "%s", w->a.last);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(1), NULL), 200);
        assert_int_equal(listed(w, "indicator", NULL), 0);
        post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
        snprintf(query, sizeof query, "added_after=%s", last);
        assert_int_equal(listed(w, "indicator", query), 1);
        assert_true(strcmp(w->a.first, last) > 0);
        snprintf(last, sizeof last, "%s", w->a.last);
        assert_int_equal(listed(w, "indicator", "match[version]=all"), 1);
    }
}

/* By another party it is that party's gift; the first giver cannot take it away. */
static void of_two_givers(void **state)
{
    struct world *w = *state;
    const char *id = rig_indicator_id(1);
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    assert_int_equal(take_back(w, w->giver.token, id, NULL), 200);
    rig_import(&w->rig, "Third", rig_indicator(1, 0, TLP_GREEN));
    assert_int_equal(listed(w, "indicator", NULL), 1);
    assert_int_equal(take_back(w, w->giver.token, id, NULL), 403);
    assert_int_equal(listed(w, "indicator", NULL), 1);

    post(w, w->giver.token, rig_indicator(2, 0, TLP_GREEN));
    rig_import(&w->rig, "Third", rig_indicator(2, 0, TLP_GREEN)); /* vouches for it as well */
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(2), NULL), 200);
    assert_int_equal(listed(w, "indicator", NULL), 2);
}

static void whose(void **state)
{
    struct world *w = *state;
    const char *id = rig_indicator_id(1), *hidden = rig_indicator_id(2);
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_RED));
    assert_int_equal(take_back(w, w->other.token, id, NULL), 403);
    assert_int_equal(take_back(w, w->other.token, hidden, NULL), 404);
    assert_int_equal(take_back(w, w->other.token, rig_indicator_id(9), NULL), 404);
    assert_int_equal(take_back(w, w->other.token, "nonsense", NULL), 404);
    assert_int_equal(take_back(w, w->analyst, id, NULL), 403);
    assert_int_equal(take_back(w, w->reader, id, NULL), 403);
    assert_int_equal(listed(w, "indicator", NULL), 1);

    post(w, w->analyst, rig_indicator(3, 0, TLP_GREEN));
    assert_int_equal(take_back(w, w->colleague, rig_indicator_id(3), NULL), 403);
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(3), NULL), 403);
    assert_int_equal(take_back(w, w->analyst, rig_indicator_id(3), NULL), 200);
    assert_nowhere(w, rig_indicator_id(3));
}

static void three_versions(struct world *w)
{
    for (unsigned v = 1; v <= 3; v++)
        post(w, w->giver.token, rig_indicator(1, v, TLP_GREEN));
}

static void assert_versions(struct world *w, const char *query, const char *expected)
{
    char got[64] = "";
    ask(w, &(struct rig_ask){.path = path_of(rig_indicator_id(1), ""), .query = query, .token = w->other.token});
    for (size_t i = 0; i < w->a.count; i++) {
        struct text modified = json_text(json_get(rig_object(&w->a, i), "modified"));
        strncat(got, modified.ptr + 15, 1);
    }
    assert_string_equal(got, expected);
}

/* match[version] chooses among the giver's own; match[spec_version] as everywhere. */
static void some_versions(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *query, *all, *last;
        int status;
    } rows[] = {
        {"match[version]=last", "12", "2", 200},
        {"match[version]=first", "23", "3", 200},
        {"match[version]=all", "", "", 200},
        {"match[version]=first,last", "2", "2", 200},
        {"match[version]=2026-01-02T00:02:00Z", "13", "3", 200},
        {"match[version]=2026-01-02T00:09:00Z", "123", "3", 404},
        {"match[spec_version]=2.1&match[version]=last", "12", "2", 200},
        {"match[spec_version]=2.0", "123", "3", 404},
        {"match[version]=newest", "123", "3", 400},
        {"match[type]=indicator", "123", "3", 400},
        {"match[version]=last&match[version]=first", "123", "3", 400},
        {"limit=1", "123", "3", 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        teardown(state);
        setup(state);
        w = *state;
        three_versions(w);
        int status = take_back(w, w->giver.token, rig_indicator_id(1), rows[i].query);
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].query, status);
        assert_versions(w, "match[version]=all", rows[i].all);
        assert_versions(w, NULL, rows[i].last);
    }
}

/* A newest version that was narrowed and then withdrawn opens no older one. */
static void narrowed_stays_narrowed(void **state)
{
    struct world *w = *state;
    post(w, w->giver.token, rig_indicator(1, 1, TLP_GREEN));
    post(w, w->giver.token, rig_indicator(1, 2, TLP_RED));
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(1), "match[version]=last"), 200);
    assert_versions(w, NULL, "");
    assert_versions(w, "match[version]=all", "");
    assert_int_equal(listed(w, "indicator", "match[version]=all"), 0);
    assert_int_equal(listed(w, "indicator", NULL), 0);
}

/* The minute of `modified` of each indicator on pages of `limit`, from the date on. */
static void assert_pages(struct world *w, int limit, const char *after, const char *expected)
{
    char got[64] = "", query[400], next[200] = "";
    for (int turn = 0; turn < 20; turn++) {
        snprintf(query, sizeof query, "limit=%d%s%s%s", limit, after ? "&added_after=" : "", after ? after : "",
                 next);
        listed(w, "indicator", query);
        for (size_t i = 0; i < w->a.count; i++)
            strncat(got, json_text(json_get(rig_object(&w->a, i), "modified")).ptr + 15, 1);
        const char *more = strstr(w->a.body, "\"next\":\"");
        if (!more)
            break;
        snprintf(next, sizeof next, "&next=%.*s", (int)strcspn(more + 8, "\""), more + 8);
    }
    if (strcmp(got, expected) != 0)
        fail_msg("pages of %d: %s, not %s", limit, got, expected);
}

/* Where the newest version alone was withdrawn the one before it is on the pages again, behind every cursor: they
 * hold the last version that the collection has (TAXII 2.1 section 3.4.1). */
static void older_comes_back(void **state)
{
    struct world *w = *state;
    char last[40];
    three_versions(w);
    rig_import(&w->rig, "self", rig_indicator(2, 7, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(3, 8, TLP_GREEN));
    rig_import(&w->rig, "self", rig_relationship(1, rig_indicator_id(1), rig_indicator_id(2), TLP_GREEN));
    assert_pages(w, 10, NULL, "378");
    assert_int_equal(listed(w, "relationship", NULL), 1);
    snprintf(last, sizeof last, "%s", w->a.last);
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(1), "match[version]=last"), 200);
    for (int limit = 1; limit < 5; limit++)
        assert_pages(w, limit, NULL, "782");
    assert_pages(w, 1, last, "2");
    assert_int_equal(listed(w, "relationship", NULL), 1);
    rig_import(&w->rig, "self", rig_indicator(4, 9, TLP_GREEN));
    for (int limit = 1; limit < 5; limit++)
        assert_pages(w, limit, NULL, "7829");
    assert_pages(w, 2, last, "29");
    assert_sound(w);
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(1), "match[version]=last"), 200);
    for (int limit = 1; limit < 5; limit++)
        assert_pages(w, limit, NULL, "7891");
    rig_restart(&w->rig);
    uint64_t entries;
    assert_ok(node_rebuild(w->rig.node, &entries, NULL));
    assert_pages(w, 2, NULL, "7891");
    post(w, w->giver.token, rig_indicator(1, 5, TLP_GREEN));
    assert_pages(w, 2, NULL, "7895");
    assert_versions(w, "match[version]=all", "15");
    assert_sound(w);
}

/* What refers to it goes without it, or not at all, and is whole again when it comes again. */
static void references(void **state)
{
    struct world *w = *state;
    const char *one = rig_indicator_id(1), *two = rig_indicator_id(2);
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_relationship(1, one, two, TLP_GREEN));
    assert_int_equal(listed(w, "relationship", NULL), 1);
    assert_int_equal(take_back(w, w->giver.token, one, NULL), 200);
    assert_int_equal(listed(w, "relationship", NULL), 0);
    post(w, w->giver.token, rig_indicator(1, 0, TLP_GREEN));
    assert_int_equal(listed(w, "relationship", NULL), 1);
}

/* The log, the views made from it and what runs agree, and an erasure takes the withdrawal along. */
static void log_and_views_agree(void **state)
{
    struct world *w = *state;
    three_versions(w);
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(1), "match[version]=last"), 200);
    post(w, w->giver.token, rig_indicator(2, 0, TLP_GREEN));
    assert_int_equal(take_back(w, w->giver.token, rig_indicator_id(2), NULL), 200);
    assert_sound(w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(taken_back),          TEST(given_again),
        TEST(of_two_givers),       TEST(whose),
        TEST(some_versions),       TEST(narrowed_stays_narrowed),
        TEST(older_comes_back),    TEST(references),
        TEST(log_and_views_agree),
    };
    return cmocka_run_group_tests_name("taxii_delete", tests, NULL, NULL);
}
