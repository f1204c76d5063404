/* What is asked again: validators and "not modified", HEAD, and answers that were kept. */
#include "unit/exchange/rig.h"

#include <stdio.h>

#define OBJECTS "api/collections/intelligence/objects/"

struct world {
    struct rig rig;
    struct rig_partner partner, other;
    struct rig_answer a;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    w->other = rig_invite(&w->rig, "CERT C");
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

static void ask(struct world *w, const char *token, const char *method, const char *path, const char *tag)
{
    rig_answer_done(&w->a);
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .method = method, .token = token, .if_none_match = tag}, &w->a);
}

static uint64_t releases(struct world *w)
{
    return rig_counts(&w->rig).releases;
}

/* Every resource that is read says which answer it was, and is silent to who has it. */
static void known_is_not_sent(void **state)
{
    struct world *w = *state;
    char manifest[] = "api/collections/intelligence/manifest/", object[200], versions[200], tag[64], list[200];
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    snprintf(object, sizeof object, OBJECTS "%s/", rig_indicator_id(1));
    snprintf(versions, sizeof versions, OBJECTS "%s/versions/", rig_indicator_id(1));
    const char *const paths[] = {
        "", "api/", "api/collections/", "api/collections/intelligence/", OBJECTS, manifest, object, versions};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ask(w, w->partner.token, "GET", paths[i], NULL);
        assert_int_equal(w->a.status, 200);
        assert_int_equal(strncmp(w->a.etag, "W/\"", 3), 0);
        assert_string_equal(w->a.cache, "private, no-cache");
        snprintf(tag, sizeof tag, "%s", w->a.etag);
        snprintf(list, sizeof list, "\"x\", %s", tag + 2);
        uint64_t before = releases(w);
        const char *const same[] = {tag, tag + 2, list, "*"};
        for (size_t k = 0; k < ARRAY_LEN(same); k++) {
            ask(w, w->partner.token, "GET", paths[i], same[k]);
            if (w->a.status != 304)
                fail_msg("%s %s: %d", paths[i], same[k], w->a.status);
            assert_int_equal(w->a.len, 0);
            assert_string_equal(w->a.etag, tag);
        }
        assert_int_equal(releases(w), before);
        ask(w, w->partner.token, "GET", paths[i], "\"another\"");
        assert_int_equal(w->a.status, 200);
    }
}

/* A validator changes with the page, and is nobody else's. */
static void validators_are_of_one_page(void **state)
{
    struct world *w = *state;
    char first[64];
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    ask(w, w->partner.token, "GET", OBJECTS, NULL);
    snprintf(first, sizeof first, "%s", w->a.etag);
    ask(w, w->other.token, "GET", OBJECTS, first);
    assert_int_equal(w->a.status, 200);
    assert_string_not_equal(w->a.etag, first);
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_GREEN));
    ask(w, w->partner.token, "GET", OBJECTS, first);
    assert_int_equal(w->a.status, 200);
    assert_true(rig_has(&w->a, rig_indicator_id(1)) && rig_has(&w->a, rig_indicator_id(2)));
    assert_string_not_equal(w->a.etag, first);
}

/* Who was never given the page is not told that a guess of it is right: it gets it, and the log says so. */
static void guesses_are_releases(void **state)
{
    struct world *w = *state;
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    uint64_t before = releases(w);
    ask(w, w->partner.token, "HEAD", OBJECTS, NULL);
    assert_int_equal(w->a.status, 200);
    assert_string_equal(w->a.etag, "");
    assert_int_equal(releases(w), before);
    ask(w, w->partner.token, "GET", OBJECTS, "*");
    assert_int_equal(w->a.status, 200);
    assert_true(rig_has(&w->a, rig_indicator_id(1)));
    assert_int_equal(releases(w), before + w->a.count);
    ask(w, w->partner.token, "HEAD", OBJECTS, NULL);
    assert_string_not_equal(w->a.etag, "");
    ask(w, w->partner.token, "GET", OBJECTS, "*");
    assert_int_equal(w->a.status, 304);
}

/* What is withheld changes no validator. */
static void withheld_changes_nothing(void **state)
{
    struct world *w = *state;
    char first[64];
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    ask(w, w->partner.token, "GET", OBJECTS, NULL);
    snprintf(first, sizeof first, "%s", w->a.etag);
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_RED));
    for (int i = 0; i < 4; i++) {
        ask(w, w->partner.token, "GET", OBJECTS, NULL);
        assert_string_equal(w->a.etag, first);
    }
}

/* Two questions whose texts run together are two questions. */
static void questions_are_kept_apart(void **state)
{
    struct world *w = *state;
    char path[200], query[] = "x?match[version]=all";
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    snprintf(path, sizeof path, OBJECTS "%s/", rig_indicator_id(1));
    for (int i = 0; i < 4; i++) {
        rig_answer_done(&w->a);
        rig_ask(&w->rig, &(struct rig_ask){.path = path, .query = query, .token = w->partner.token}, &w->a);
        assert_int_equal(w->a.status, 200);
    }
    snprintf(path, sizeof path, OBJECTS "%s?x/", rig_indicator_id(1));
    rig_answer_done(&w->a);
    rig_ask(&w->rig, &(struct rig_ask){.path = path, .query = query + 2, .token = w->partner.token}, &w->a);
    assert_int_equal(w->a.status, 404);
}

static void options(void **state)
{
    struct world *w = *state;
    ask(w, w->partner.token, "OPTIONS", OBJECTS, NULL);
    assert_int_equal(w->a.status, 204);
    assert_string_equal(w->a.allow, "GET, HEAD, POST, OPTIONS");
    ask(w, w->partner.token, "OPTIONS", "api/nowhere/", NULL);
    assert_int_equal(w->a.status, 404);
    ask(w, NULL, "OPTIONS", OBJECTS, NULL);
    assert_int_equal(w->a.status, 401);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(known_is_not_sent),        TEST(validators_are_of_one_page), TEST(guesses_are_releases),
        TEST(withheld_changes_nothing), TEST(questions_are_kept_apart),   TEST(options),
    };
    return cmocka_run_group_tests_name("taxii_again", tests, NULL, NULL);
}
