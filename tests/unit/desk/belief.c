/* What is believed of an indicator beside its own words: assumed lifetimes, in lists and in findings. */
#include "house.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/time.h"
#include "desk/finding.h"
#include "desk/watchlist.h"

#define DAY ((int64_t)24 * 3600 * 1000000)

static struct house house;

static int setup(void **state)
{
    *state = &house;
    house_open(&house);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static int64_t at(const char *time)
{
    struct stamp s;
    assert_ok(stamp_parse(text_of(time), &s, NULL));
    return stamp_us(s);
}

static void know(struct house *h, unsigned number, const char *pattern, const char *modified, const char *extra,
                 const struct uuid *source)
{
    char object[1024];
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    if (source)
        o.source = *source;
    snprintf(
        object, sizeof object,
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"2026-01-01T00:00:00.000Z\","
        "\"modified\":\"%s\",\"pattern\":\"%s\",\"pattern_type\":\"stix\","
        "\"valid_from\":\"2026-01-01T00:00:00Z\"%s}",
        house_indicator_id(number), modified, pattern, extra);
    assert_ok(house_take(h, text_of(house_bundle("%s", object)), &o, &t));
    assert_int_equal(t.rejected, 0);
}

/* The one item of that indicator. */
static struct watch_item item_of(struct house *h, unsigned number)
{
    struct view *v;
    struct belief *belief = NULL;
    struct watchlist *w;
    struct fault fault;
    struct watch_item item = {.n = UINT64_MAX};
    char id[IDENT_TEXT_MAX];
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(belief_refresh(h->node, v, &belief, &fault));
    assert_ok(watchlist_load(v, belief, 0, 0, &w, &fault));
    for (uint32_t i = 0; watchlist_has(w, i); i++) {
        struct watch_item one = watchlist_at(w, i);
        if (text_eq(ident_format(TEXT("indicator"), &one.uuid, id), text_of(house_indicator_id(number))))
            item = one;
    }
    item.value = TEXT_NONE;
    watchlist_unref(w);
    belief_unref(belief);
    node_reader_done(h->node, v);
    assert_true(item.n != UINT64_MAX);
    return item;
}

static void assert_assumed(struct house *h, unsigned number, int64_t until_us)
{
    struct watch_item item = item_of(h, number);
    assert_false(item.has_valid_until);
    assert_true(item.has_assumed_until);
    assert_int_equal(item.assumed_until_us, until_us);
    assert_true(watch_item_valid(&item, until_us - 1));
    assert_false(watch_item_valid(&item, until_us));
}

/* By kind, from the newest of valid_from and modified; an end of its own stands alone; hashes have none. */
static void lifetimes_by_kind(void **state)
{
    struct house *h = *state;
    const int64_t said = at("2026-10-01T00:00:00Z");
    know(h, 1, "[ipv4-addr:value = '192.0.2.1']", "2026-10-01T00:00:00.000Z", "", NULL);
    know(h, 2, "[ipv6-addr:value = '2001:db8::1']", "2026-10-01T00:00:00.000Z", "", NULL);
    know(h, 3, "[ipv4-addr:value = '192.0.2.0/24']", "2026-10-01T00:00:00.000Z", "", NULL);
    know(h, 4, "[url:value = 'http://a.example/b']", "2026-10-01T00:00:00.000Z", "", NULL);
    know(h, 5, "[domain-name:value = 'a.example']", "2026-10-01T00:00:00.000Z", "", NULL);
    know(h, 6, "[email-addr:value = 'a@a.example']", "2026-10-01T00:00:00.000Z", "", NULL);
    assert_assumed(h, 1, said + 30 * DAY);
    assert_assumed(h, 2, said + 30 * DAY);
    assert_assumed(h, 3, said + 30 * DAY);
    assert_assumed(h, 4, said + 90 * DAY);
    assert_assumed(h, 5, said + 180 * DAY);
    assert_assumed(h, 6, said + 180 * DAY);
    know(h, 7, "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", "2026-10-01T00:00:00.000Z", "", NULL);
    struct watch_item item = item_of(h, 7);
    assert_false(item.has_valid_until || item.has_assumed_until);
    know(h, 8, "[ipv4-addr:value = '192.0.2.8']", "2026-10-01T00:00:00.000Z",
         ",\"valid_until\":\"2027-01-01T00:00:00Z\"", NULL);
    item = item_of(h, 8);
    assert_true(item.has_valid_until && !item.has_assumed_until);
    /* said again: its next version renews it */
    know(h, 1, "[ipv4-addr:value = '192.0.2.1']", "2026-11-10T00:00:00.000Z", "", NULL);
    assert_assumed(h, 1, at("2026-11-10T00:00:00Z") + 30 * DAY);
}

static enum err append_fact(struct txn *t, void *self, struct fault *reterr)
{
    return txn_append(t, self, TEXT_NONE, TEXT_NONE, reterr);
}

/* A source's own stand above the rules, kind by kind; HOME/rules above those of the program. */
static void sources_and_rules(void **state)
{
    struct house *h = *state;
    struct fault fault;
    char path[sizeof h->home + 64];
    const int64_t said = at("2026-10-01T00:00:00Z");
    struct fact f = {.kind = FACT_SOURCE};
    f.u.source = (struct fact_source){
        .id = uuid_random(), .name = TEXT("feed"), .party = h->a, .lifetimes = TEXT("ipv4=7,domain=never")};
    assert_ok(node_write(h->node, append_fact, &f, &fault));
    know(h, 1, "[ipv4-addr:value = '192.0.2.1']", "2026-10-01T00:00:00.000Z", "", &f.u.source.id);
    know(h, 2, "[domain-name:value = 'a.example']", "2026-10-01T00:00:00.000Z", "", &f.u.source.id);
    know(h, 3, "[url:value = 'http://a.example/b']", "2026-10-01T00:00:00.000Z", "", &f.u.source.id);
    assert_assumed(h, 1, said + 7 * DAY);
    assert_false(item_of(h, 2).has_assumed_until);
    assert_assumed(h, 3, said + 90 * DAY);
    snprintf(path, sizeof path, "%s/rules", h->home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/rules/lifetimes.yaml", h->home);
    FILE *rules = fopen(path, "w");
    assert_non_null(rules);
    fputs("date: 2026-12-24\nurl: 10\nipv4: 3\n", rules);
    fclose(rules);
    assert_assumed(h, 1, said + 7 * DAY);
    assert_assumed(h, 3, said + 10 * DAY);
    struct lifetime_rules r;
    assert_ok(lifetime_rules_load(h->home, &r, &fault));
    assert_string_equal(r.date, "2026-12-24");
}

/* Rules that cannot be used are told, and nothing else is believed in their place. */
static void bad_rules(void **state)
{
    static const char *const bad[] = {"",
                                      "url: 10\n",
                                      "date: 2026-02-30\n",
                                      "date: 2026-11-01\nurl: soon\n",
                                      "date: 2026-11-01\nurl: -1\n",
                                      "date: 2026-11-01\nnothing: 1\n",
                                      "[1, 2"};
    struct house *h = *state;
    char path[sizeof h->home + 64];
    snprintf(path, sizeof path, "%s/rules", h->home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/rules/lifetimes.yaml", h->home);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct lifetime_rules r = {.date = "as was"};
        struct fault fault = {.err = OK};
        FILE *rules = fopen(path, "w");
        assert_non_null(rules);
        fputs(bad[i], rules);
        fclose(rules);
        assert_int_equal(lifetime_rules_load(h->home, &r, &fault), ERR_MALFORMED);
        assert_true(text_find_text(text_of(fault.what), TEXT("lifetimes.yaml")) >= 0);
        assert_string_equal(r.date, "as was");
    }
}

static void sighted(struct house *h, unsigned number, const char *modified, const struct uuid *party)
{
    house_import(h,
                 house_bundle("{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--00000000-0000-4000-"
                              "8000-0000000000%02u\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"%s\","
                              "\"sighting_of_ref\":\"%s\"}",
                              number, modified, house_indicator_id(number)),
                 party);
}

/* Another's word that it was seen makes it count for longer; never past its arrival. */
static void sightings_renew(void **state)
{
    struct house *h = *state;
    know(h, 1, "[ipv4-addr:value = '192.0.2.1']", "2026-10-01T00:00:00.000Z", "", NULL);
    assert_assumed(h, 1, at("2026-10-01T00:00:00Z") + 30 * DAY);
    sighted(h, 1, "2026-10-20T00:00:00.000Z", &h->b);
    assert_assumed(h, 1, at("2026-10-20T00:00:00Z") + 30 * DAY);
    sighted(h, 1, "2026-10-25T00:00:00.000Z", &h->b);
    assert_assumed(h, 1, at("2026-10-25T00:00:00Z") + 30 * DAY);
    /* not seen, or a false positive: the word is kept, and renews nothing */
    static const char *const denied[] = {"\"count\":0", "\"labels\":[\"misp:sighting=\\\"False-Positive\\\"\"]",
                                         "\"x_misp_sighting_type\":\"1\"", "\"x_misp_type\":1"};
    for (unsigned i = 0; i < ARRAY_LEN(denied); i++) {
        uint64_t entries = house_entries(h);
        house_import(h,
                     house_bundle("{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--00000000-0000-"
                                  "4000-8000-00000000010%u\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":"
                                  "\"2026-10-2%uT00:00:00.000Z\",\"sighting_of_ref\":\"%s\",%s}",
                                  i, i + 6, house_indicator_id(1), denied[i]),
                     &h->b);
        assert_true(house_entries(h) > entries);
        assert_assumed(h, 1, at("2026-10-25T00:00:00Z") + 30 * DAY);
    }
    uint64_t entries;
    struct fault fault;
    assert_ok(node_rebuild(h->node, &entries, &fault));
    assert_assumed(h, 1, at("2026-10-25T00:00:00Z") + 30 * DAY);
}

struct older {
    struct version_row row;
    struct text id, body;
};

/* The version that counts once more, as of ten days ago. */
static enum err append_older(struct txn *t, void *self, struct fault *reterr)
{
    const struct older *o = self;
    struct buffer key;
    struct gate_class cls;
    struct fact_value value = {VALUE_IPV4, TEXT("198.51.100.7")};
    assert_ok(view_class(txn_view(t), o->row.class_id, &cls, reterr));
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    gate_class_key(&cls, &key);
    struct fact f = {.kind = FACT_OBJECT};
    f.u.object = (struct fact_object){.id = o->id,
                                      .hash = o->row.hash,
                                      .party = o->row.party,
                                      .standing = STANDING_CURRENT,
                                      .supersedes = true,
                                      .modified = TEXT("2026-01-01T00:00:00.000Z"),
                                      .class_key = buffer_text(&key),
                                      .print = o->row.print,
                                      .created_us = o->row.created_us - 10 * DAY,
                                      .modified_us = o->row.modified_us - 10 * DAY,
                                      .confidence = -1,
                                      .values = &value,
                                      .value_count = 1};
    enum err err = txn_append(t, &f, o->body, TEXT_NONE, reterr);
    buffer_done(&key);
    return err;
}

/* A list that comes every day says its rows again: they count on, with a version a week at most. */
static void rows_said_again(void **state)
{
    struct house *h = *state;
    struct intake_options opt = house_options(h, &h->a);
    struct intake_totals t;
    struct fault fault;
    struct buffer body;
    const struct text csv = TEXT("value\n198.51.100.7\n");
    assert_ok(house_take(h, csv, &opt, &t));
    assert_int_equal(t.fresh, 1);
    assert_ok(house_take(h, csv, &opt, &t));
    assert_int_equal(t.unchanged, 1);
    struct view *v;
    struct older o;
    char id[IDENT_TEXT_MAX];
    struct uuid uuid = {{0}};
    struct belief *belief = NULL;
    struct watchlist *w;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(belief_refresh(h->node, v, &belief, &fault));
    assert_ok(watchlist_load(v, belief, 0, 0, &w, &fault));
    uuid = watchlist_at(w, 0).uuid;
    watchlist_unref(w);
    belief_unref(belief);
    node_reader_done(h->node, v);
    o.id = ident_format(TEXT("indicator"), &uuid, id);
    assert_true(house_current(h, id, &o.row, &body));
    o.body = buffer_text(&body);
    assert_ok(node_write(h->node, append_older, &o, &fault));
    assert_ok(house_take(h, csv, &opt, &t));
    assert_int_equal(t.updated, 1);
    assert_ok(house_take(h, csv, &opt, &t));
    assert_int_equal(t.unchanged, 1);
    buffer_done(&body);
}

/* Hits after an assumed end make no finding, as those after a valid_until do not. */
static void findings_stop(void **state)
{
    struct house *h = *state;
    struct arena arena;
    struct finding_news *news;
    struct fault fault;
    size_t count;
    const int64_t end = at("2026-10-31T00:00:00Z");
    know(h, 1, "[ipv4-addr:value = '192.0.2.1']", "2026-10-01T00:00:00.000Z", "", NULL);
    for (int64_t early = 1; early >= 0; early--) {
        const struct hit_report hit = {.indicator = text_of(house_indicator_id(1)),
                                       .value = TEXT("192.0.2.1"),
                                       .kind = VALUE_IPV4,
                                       .seen_us = end - early,
                                       .text = TEXT("192.0.2.1")};
        const struct hit_batch b = {.file = TEXT("log"), .account = h->account, .hits = &hit, .count = 1};
        arena_init(&arena, 16 * MIB);
        assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
        assert_int_equal(count, (size_t)early);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lifetimes_by_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(sources_and_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(sightings_renew, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_said_again, setup, teardown),
        cmocka_unit_test_setup_teardown(findings_stop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
