/* Hits, findings, incidents by rule and sightings, through a real node. */
#include "house.h"

#include "base/time.h"
#include "desk/finding.h"
#include "desk/incident.h"
#include "desk/own.h"
#include "store/erase.h"

#define T1 "2026-11-01T00:00:00.000Z"

#define MINUTE ((int64_t)60 * 1000000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static struct house house;
static const struct uuid hospital = {{1, 1}}, bank = {{1, 2}};
static int64_t noon; /* of a day */

static int setup(void **state)
{
    struct stamp s;
    *state = &house;
    house_open(&house);
    assert_ok(stamp_parse(TEXT("2026-11-20T12:00:00Z"), &s, NULL));
    noon = stamp_us(s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static void know(struct house *h, unsigned number, const struct uuid *source, const char *extra)
{
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    if (source)
        o.source = *source;
    assert_ok(house_take(h, text_of(house_bundle("%s", house_indicator(number, T1, extra))), &o, &t));
    assert_int_equal(t.rejected, 0);
}

static struct hit_report hit(unsigned number, const struct uuid *organisation, int64_t seen_us)
{
    static uint64_t line;
    line++;
    return (struct hit_report){.indicator = text_of(house_indicator_id(number)),
                               .organisation = organisation ? *organisation : (struct uuid){{0}},
                               .organisation_name = organisation == &hospital ? TEXT("Hospital")
                                                    : organisation            ? TEXT("Bank")
                                                                              : TEXT_NONE,
                               .value = TEXT("evil.example"),
                               .kind = VALUE_DOMAIN,
                               .line = line,
                               .offset = line * 100,
                               .seen_us = seen_us,
                               .text = TEXT("a line with evil.example in it")};
}

struct news {
    struct arena arena;
    struct finding_news *list;
    size_t count;
};

static void record(struct house *h, const struct hit_report *hits, size_t count, struct news *ret)
{
    struct hit_batch b = {.file = TEXT("/var/log/x"), .account = h->account, .hits = hits, .count = count};
    struct fault fault;
    arena_init(&ret->arena, 16 * MIB);
    if (findings_record(h->node, &b, &ret->arena, &ret->list, &ret->count, &fault) != OK)
        fail_msg("%s", fault.what);
}

/* One hit; the news of it is copied, its texts are gone. */
static struct finding_news once(struct house *h, struct hit_report r)
{
    struct news n;
    record(h, &r, 1, &n);
    assert_int_equal(n.count, 1);
    struct finding_news copy = n.list[0];
    arena_done(&n.arena);
    return copy;
}

static struct finding_row row_of(struct house *h, uint64_t number, struct uuid *ret_uuid)
{
    struct view *v;
    struct fault fault;
    struct finding_row row;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_finding_by_number(v, number, &row, &fault));
    if (ret_uuid)
        assert_true(uuid_of_id(row.id, ret_uuid));
    row.id = TEXT_NONE;
    node_reader_done(h->node, v);
    return row;
}

static struct view_counts counts(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_counts(v, &c, &fault));
    node_reader_done(h->node, v);
    return c;
}

/* ---- numbers ---- */

static void erase(struct house *h, const struct uuid *finding)
{
    char id[IDENT_TEXT_MAX];
    struct text ids[] = {ident_format(TEXT("x-entente-finding"), finding, id)};
    struct erase_request q = {.ids = ids, .id_count = 1, .account = h->account, .reason = TEXT("asked for")};
    struct erase_result r;
    struct fault fault = {.err = OK};
    if (node_erase(h->node, &q, &r, &fault) != OK)
        fail_msg("%s", fault.what);
}

/* F-2 stays F-2 when F-1 is gone for good. */
static void numbers_outlive_an_erasure(void **state)
{
    struct house *h = *state;
    struct uuid first, second, again;
    know(h, 1, NULL, "");
    know(h, 2, NULL, "");
    assert_int_equal(once(h, hit(1, &hospital, noon)).number, 1);
    assert_int_equal(once(h, hit(2, &hospital, noon)).number, 2);
    row_of(h, 1, &first);
    row_of(h, 2, &second);
    erase(h, &first);
    row_of(h, 2, &again);
    assert_true(uuid_eq(&second, &again));
    assert_int_equal(once(h, hit(2, &hospital, noon + MINUTE)).number, 2);
    assert_int_equal(once(h, hit(1, &bank, noon)).number, 3);
    house_reopen(h);
    row_of(h, 2, &again);
    assert_true(uuid_eq(&second, &again));
}

/* ---- windows ---- */

static void windows(void **state)
{
    struct house *h = *state;
    know(h, 1, NULL, "");
    struct finding_news n = once(h, hit(1, &hospital, noon));
    assert_true(n.fresh);
    assert_int_equal(n.count, 1);
    uint64_t first = n.number;
    n = once(h, hit(1, &hospital, noon + DAY)); /* exactly */
    assert_false(n.fresh);
    assert_int_equal(n.number, first);
    assert_int_equal(n.count, 2);
    n = once(h, hit(1, &hospital, noon + 2 * DAY + 1));
    assert_true(n.fresh);
    assert_int_not_equal(n.number, first);
    /* another organisation, and nobody's: findings of their own */
    assert_true(once(h, hit(1, &bank, noon)).fresh);
    assert_true(once(h, hit(1, NULL, noon)).fresh);
    assert_false(once(h, hit(1, NULL, noon + 1)).fresh);
    struct finding_row row = row_of(h, first, NULL);
    assert_int_equal(row.first_us, noon);
    assert_int_equal(row.last_us, noon + DAY);
    assert_int_equal(counts(h).findings, 4);
}

/* The same in one batch, and with lines out of order. */
static void order_inside_a_window(void **state)
{
    struct house *h = *state;
    know(h, 1, NULL, "");
    static const int64_t minutes[] = {5, 1, 9, 0, 30, 2};
    struct hit_report hits[ARRAY_LEN(minutes)];
    for (size_t i = 0; i < ARRAY_LEN(minutes); i++)
        hits[i] = hit(1, &hospital, noon + minutes[i] * MINUTE);
    struct news n;
    record(h, hits, ARRAY_LEN(hits), &n);
    assert_int_equal(n.count, 1);
    assert_int_equal(n.list[0].count, ARRAY_LEN(hits));
    struct finding_row row = row_of(h, n.list[0].number, NULL);
    assert_int_equal(row.first_us, noon);
    assert_int_equal(row.last_us, noon + 30 * MINUTE);
    arena_done(&n.arena);
    assert_false(once(h, hit(1, &hospital, noon - 3 * HOUR)).fresh); /* late */
    assert_int_equal(row_of(h, 1, NULL).first_us, noon - 3 * HOUR);
    assert_int_equal(counts(h).findings, 1);
}

static void one_version_a_batch(void **state)
{
    struct house *h = *state;
    know(h, 1, NULL, "");
    know(h, 2, NULL, "");
    struct hit_report hits[300];
    for (size_t i = 0; i < ARRAY_LEN(hits); i++)
        hits[i] = hit(i % 3 == 0 ? 2 : 1, &hospital, noon + (int64_t)i);
    uint64_t before = house_entries(h);
    struct news n;
    record(h, hits, ARRAY_LEN(hits), &n);
    assert_int_equal(n.count, 2);
    assert_int_equal(house_entries(h), before + 3); /* two findings and the lines */
    arena_done(&n.arena);
}

/* ---- what does not count ---- */

static void dropped(void **state)
{
    struct house *h = *state;
    struct news n;
    know(h, 1, NULL, ",\"valid_until\":\"2026-11-20T12:00:00Z\"");
    know(h, 2, NULL, ",\"revoked\":true");
    know(h, 3, NULL, "");
    uint64_t before = house_entries(h);
    struct hit_report gone[] = {hit(1, &hospital, noon), hit(2, &hospital, noon), hit(9, &hospital, noon),
                                hit(3, &hospital, noon)};
    gone[3].indicator = TEXT("indicator--nonsense");
    record(h, gone, ARRAY_LEN(gone), &n);
    assert_int_equal(n.count, 0);
    arena_done(&n.arena);
    assert_int_equal(house_entries(h), before);
    assert_true(once(h, hit(1, &hospital, noon - 1)).fresh); /* valid_until is when it ends */
}

/* A batch that is repeated after a crash counts once; one that overlaps counts what is new in it. */
static void repeated_batches(void **state)
{
    struct house *h = *state;
    know(h, 1, NULL, "");
    struct hit_report hits[10];
    struct fault fault;
    struct arena arena;
    struct finding_news *news;
    size_t count;
    for (size_t i = 0; i < 10; i++) {
        hits[i] = hit(1, &hospital, noon + (int64_t)i);
        hits[i].line = i;
        hits[i].offset = i / 2 * 100; /* two hits a line */
    }
    arena_init(&arena, 16 * MIB);
    struct hit_batch b = {.file = TEXT("/x"),
                          .follow_key = TEXT("dev:ino"),
                          .follow_offset = 300,
                          .follow_line = 4,
                          .account = h->account,
                          .hits = hits,
                          .count = 6};
    for (int again = 0; again < 3; again++) {
        assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
        assert_int_equal(count, again == 0 ? 1 : 0);
        assert_int_equal(row_of(h, 1, NULL).count, 6);
        house_reopen(h);
    }
    b.count = 10;
    b.follow_offset = 500;
    assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
    assert_int_equal(row_of(h, 1, NULL).count, 10);
    /* another file's offsets are its own */
    b.follow_key = TEXT("dev:other");
    assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
    assert_int_equal(row_of(h, 1, NULL).count, 20);
    hits[0].offset = 900;
    assert_err(findings_record(h->node, &b, &arena, &news, &count, &fault), ERR_USAGE);
    arena_done(&arena);
}

/* ---- evidence ---- */

struct kept {
    struct house *h;
    size_t rows;
    uint64_t last_line;
};

static enum err look_at_evidence(void *self, const struct evidence_row *row)
{
    struct kept *k = self;
    struct fault fault;
    struct buffer body;
    struct json_doc *doc;
    k->rows++;
    k->last_line = row->line;
    if (k->rows > 3)
        return OK;
    buffer_init(&body, 16 * MIB);
    assert_ok(node_body(k->h->node, row->body, &body, &fault));
    assert_ok(json_parse(buffer_text(&body), &doc, &fault));
    struct json_iter it = json_iter_of(json_root(doc));
    for (uint32_t i = 0; i <= row->index; i++)
        assert_true(json_next(&it));
    int64_t line = 0, offset = 0;
    assert_true(json_i64(json_get(it.val, "line"), &line) && json_i64(json_get(it.val, "offset"), &offset));
    assert_int_equal(line, row->line);
    assert_int_equal(offset, row->offset);
    assert_true(json_text(json_get(it.val, "text")).len > 0);
    json_free(doc);
    buffer_done(&body);
    return OK;
}

static size_t evidence(struct house *h, uint64_t number)
{
    struct uuid uuid;
    struct view *v;
    struct fault fault;
    struct kept k = {.h = h};
    row_of(h, number, &uuid);
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_evidence(v, &uuid, UINT32_MAX, look_at_evidence, &k, &fault));
    node_reader_done(h->node, v);
    return k.rows;
}

static void evidence_is_capped(void **state)
{
    struct house *h = *state;
    static struct hit_report hits[700];
    know(h, 1, NULL, "");
    for (int batch = 1; batch <= 3; batch++) {
        struct news n;
        for (size_t i = 0; i < ARRAY_LEN(hits); i++)
            hits[i] = hit(1, &hospital, noon + (int64_t)i);
        record(h, hits, ARRAY_LEN(hits), &n);
        assert_int_equal(n.list[0].count, batch * 700);
        arena_done(&n.arena);
        assert_int_equal(evidence(h, 1), batch * 700 < FINDING_EVIDENCE_MAX ? batch * 700 : FINDING_EVIDENCE_MAX);
    }
}

/* Lines as long as they come, in more than one write: nothing is lost, each run is told of once. */
static void long_lines(void **state)
{
    struct house *h = *state;
    enum { LINES = 1500 };
    static struct hit_report hits[LINES];
    static char line[2 * EVIDENCE_LINE_MAX_BYTES];
    know(h, 1, NULL, "");
    know(h, 2, NULL, "");
    memset(line, 'x', sizeof line);
    line[0] = '\xff';                                          /* no UTF-8 */
    memcpy(line + EVIDENCE_LINE_MAX_BYTES - 1, "\xc3\xa4", 2); /* cut in two by the limit */
    for (size_t i = 0; i < LINES; i++) {
        hits[i] = hit(1 + i % 2, &hospital, noon);
        hits[i].text = (struct text){line, sizeof line};
    }
    struct fault fault;
    struct arena arena;
    struct finding_news *news;
    size_t count;
    arena_init(&arena, 16 * MIB);
    struct hit_batch b = {.file = TEXT("/x"),
                          .follow_key = TEXT("k"),
                          .follow_offset = hits[LINES - 1].offset + 1,
                          .account = h->account,
                          .hits = hits,
                          .count = LINES};
    assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
    assert_int_equal(count, 2);
    assert_true(news[0].fresh && news[1].fresh);
    assert_int_equal(news[0].count + news[1].count, LINES);
    assert_int_equal(evidence(h, 1) + evidence(h, 2), LINES);
    assert_ok(findings_record(h->node, &b, &arena, &news, &count, &fault));
    assert_int_equal(count, 0);
    arena_done(&arena);
}

/* ---- incidents ---- */

static void incidents_by_rule(void **state)
{
    struct house *h = *state;
    struct uuid with_rule = house_source(h, "rule", &h->a, TLP_NONE, true);
    struct uuid other_rule = house_source(h, "other rule", &h->a, TLP_NONE, true);
    struct uuid without = house_source(h, "none", &h->a, TLP_NONE, false);
    know(h, 1, &with_rule, "");
    know(h, 2, &with_rule, "");
    know(h, 3, &without, "");
    know(h, 4, &other_rule, "");
    know(h, 5, &with_rule, "");
    /* in one batch: one incident */
    struct hit_report both[] = {hit(1, &hospital, noon), hit(2, &hospital, noon)};
    struct news n;
    record(h, both, 2, &n);
    assert_int_equal(n.count, 2);
    assert_int_equal(n.list[0].incident_opened + n.list[1].incident_opened, 1);
    assert_true(n.list[0].incident.len > 0);
    assert_text_eq(n.list[0].incident, n.list[1].incident);
    char incident[IDENT_TEXT_MAX];
    snprintf(incident, sizeof incident, TEXT_FMT, TEXT_ARG(n.list[0].incident));
    arena_done(&n.arena);
    struct gate_class cls = house_class(h, incident);
    assert_true(cls.ours && cls.internal_only);
    /* a further finding later joins; hits on a known one change nothing */
    struct finding_news f = once(h, hit(5, &hospital, noon + HOUR));
    assert_true(f.fresh && f.incident.len > 0 && !f.incident_opened);
    f = once(h, hit(1, &hospital, noon + HOUR));
    assert_true(!f.fresh && !f.incident_opened);
    /* no rule, nobody's, another source, another organisation */
    assert_int_equal(once(h, hit(3, &hospital, noon)).incident.len, 0);
    assert_int_equal(once(h, hit(1, NULL, noon)).incident.len, 0);
    assert_true(once(h, hit(4, &hospital, noon)).incident_opened);
    assert_true(once(h, hit(1, &bank, noon)).incident_opened);
    assert_int_equal(counts(h).incidents, 3);
    /* closed: the next finding opens another */
    struct fault fault;
    assert_ok(incident_close(h->node, text_of(incident), TEXT("done"), &h->account, &fault));
    uint64_t entries = house_entries(h);
    assert_ok(incident_close(h->node, text_of(incident), TEXT("done"), &h->account, &fault));
    assert_int_equal(house_entries(h), entries);
    assert_err(incident_close(h->node, TEXT("incident--00000000-0000-4000-8000-000000000000"), TEXT("x"), &h->account,
                              &fault),
               ERR_NOT_FOUND);
    know(h, 6, &with_rule, "");
    assert_true(once(h, hit(6, &hospital, noon + 2 * HOUR)).incident_opened);
    /* a day of silence: another too */
    know(h, 7, &with_rule, "");
    assert_true(once(h, hit(7, &hospital, noon + 2 * HOUR + DAY + 1)).incident_opened);
    know(h, 8, &with_rule, "");
    assert_false(once(h, hit(8, &hospital, noon + 2 * HOUR + 2 * DAY)).incident_opened);
}

static void an_incident_by_a_person(void **state)
{
    struct house *h = *state;
    know(h, 1, NULL, "");
    once(h, hit(1, &hospital, noon));
    struct uuid finding;
    struct fault fault;
    struct arena arena;
    struct text id;
    row_of(h, 1, &finding);
    arena_init(&arena, MIB);
    struct incident_open o = {.name = TEXT("Break-in"),
                              .description = TEXT("seen at \"night\""),
                              .findings = &finding,
                              .finding_count = 1,
                              .account = h->account};
    assert_ok(incident_open(h->node, &o, &arena, &id, &fault));
    char text[IDENT_TEXT_MAX];
    snprintf(text, sizeof text, TEXT_FMT, TEXT_ARG(id));
    assert_string_equal(house_member(h, text, "name"), "Break-in");
    char uuid[UUID_TEXT_MAX];
    struct finding_row row = row_of(h, 1, NULL);
    assert_text_eq(text_sub(id, 10, 36), uuid_format(&row.incident, uuid));
    /* an unknown finding: nothing at all is written */
    uint64_t entries = house_entries(h);
    struct uuid nobody = {{5}};
    o.findings = &nobody;
    assert_err(incident_open(h->node, &o, &arena, &id, &fault), ERR_NOT_FOUND);
    o.finding_count = 0;
    o.name = TEXT_NONE;
    assert_err(incident_open(h->node, &o, &arena, &id, &fault), ERR_USAGE);
    assert_int_equal(house_entries(h), entries);
    arena_done(&arena);
}

/* ---- sightings ---- */

static bool sighting(struct house *h, struct version_row *ret, struct json_doc **ret_doc, char ret_id[IDENT_TEXT_MAX])
{
    struct view *v;
    struct fault fault;
    struct version_row row;
    struct uuid indicator = row_of(h, 1, NULL).indicator;
    assert_ok(node_reader(h->node, &v, &fault));
    enum err e = view_sighting_of(v, &indicator, &h->a, &row, &fault);
    if (e == OK)
        snprintf(ret_id, IDENT_TEXT_MAX, TEXT_FMT, TEXT_ARG(row.id));
    node_reader_done(h->node, v);
    if (e == ERR_NOT_FOUND)
        return false;
    assert_ok(e);
    struct buffer body;
    assert_true(house_current(h, ret_id, ret, &body));
    assert_ok(json_parse(buffer_text(&body), ret_doc, &fault));
    buffer_done(&body);
    return true;
}

static void sightings(void **state)
{
    struct house *h = *state;
    struct version_row row;
    struct json_doc *doc;
    char id[IDENT_TEXT_MAX], identity[IDENT_TEXT_MAX];
    know(h, 1, NULL, ",\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]");
    assert_false(once(h, hit(1, &hospital, noon + MINUTE)).sighting_made); /* no peer */
    house_peer(h, &h->a, false);
    assert_false(once(h, hit(1, &hospital, noon + 2 * MINUTE)).sighting_made); /* not enabled */
    house_peer(h, &h->b, true);
    assert_false(once(h, hit(1, &hospital, noon + 2 * MINUTE)).sighting_made); /* not its indicator */
    assert_false(sighting(h, &row, &doc, id));
    house_peer(h, &h->a, true);
    assert_true(once(h, hit(1, &hospital, noon + 3 * MINUTE)).sighting_made);
    assert_true(sighting(h, &row, &doc, id));
    const struct json_val *o = json_root(doc);
    int64_t count;
    assert_true(json_i64(json_get(o, "count"), &count));
    assert_int_equal(count, 4);
    assert_text(json_text(json_get(o, "first_seen")), "2026-11-20T12:00:00.000Z");
    assert_text(json_text(json_get(o, "last_seen")), "2026-11-20T13:00:00.000Z");
    assert_text(json_text(json_get(o, "sighting_of_ref")), house_indicator_id(1));
    assert_int_equal(json_size(json_get(o, "where_sighted_refs")), 1);
    ident_format(TEXT("identity"), &node_genesis(h->node)->identity, identity);
    struct json_iter where = json_iter_of(json_get(o, "where_sighted_refs"));
    assert_true(json_next(&where));
    assert_text(json_text(where.val), identity);
    assert_text(json_text(json_get(o, "created_by_ref")), identity);
    struct json_iter marking = json_iter_of(json_get(o, "object_marking_refs"));
    assert_true(json_next(&marking));
    assert_text(json_text(marking.val), "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421");
    assert_null(json_get(o, "observed_data_refs"));
    json_free(doc);
    struct gate_class cls = house_class(h, id);
    assert_true(cls.ours && cls.sighting && !cls.internal_only);
    assert_true(uuid_eq(&cls.sighting_of, &h->a));
    assert_int_equal(cls.sighting_tlp, TLP_AMBER);
    assert_int_equal(cls.tlp, TLP_AMBER);
    /* a burst inside the hour: a version when the count reaches 10, and 100, and no other */
    unsigned made = 0;
    for (int i = 0; i < 200; i++)
        made += once(h, hit(1, &hospital, noon + 4 * MINUTE)).sighting_made;
    assert_int_equal(made, 2);
    assert_true(once(h, hit(1, &hospital, noon + HOUR + 1)).sighting_made);
    assert_true(sighting(h, &row, &doc, id));
    assert_text(json_text(json_get(json_root(doc), "last_seen")), "2026-11-20T14:00:00.000Z");
    json_free(doc);
    assert_int_equal(house_standing(h, id, STANDING_CURRENT), 1);
    assert_int_equal(house_standing(h, id, STANDING_OLDER), 3);
    /* as seldom as that, and unmarked is AMBER+STRICT */
    know(h, 2, NULL, "");
    assert_true(once(h, hit(2, &bank, noon)).sighting_made);
}

static enum err count_one(void *self, const struct version_row *row)
{
    (void)row;
    ++*(size_t *)self;
    return OK;
}

static size_t count_sightings(struct house *h)
{
    size_t count = 0;
    struct view *v;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_of_type(v, TEXT("sighting"), 1000, count_one, &count, &fault));
    node_reader_done(h->node, v);
    return count;
}

static int64_t told_count(struct house *h, unsigned indicator, const struct uuid *party, struct gate_class *ret)
{
    struct version_row row;
    struct view *v;
    struct fault fault;
    struct ident ident;
    struct buffer body;
    struct json_doc *doc;
    char id[IDENT_TEXT_MAX];
    int64_t count = 0;
    assert_ok(ident_parse(text_of(house_indicator_id(indicator)), &ident, NULL));
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_sighting_of(v, &ident.uuid, party, &row, &fault));
    snprintf(id, sizeof id, TEXT_FMT, TEXT_ARG(row.id));
    node_reader_done(h->node, v);
    assert_true(house_current(h, id, &row, &body));
    assert_ok(json_parse(buffer_text(&body), &doc, &fault));
    assert_true(json_i64(json_get(json_root(doc), "count"), &count));
    json_free(doc);
    buffer_done(&body);
    *ret = house_class(h, id);
    return count;
}

/* One sighting an indicator, at however many organisations it was seen: nobody counts them. */
static void organisations_are_not_counted(void **state)
{
    struct house *h = *state;
    struct gate_class cls;
    house_peer(h, &h->a, true);
    know(h, 1, NULL, ",\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]");
    size_t before = count_sightings(h);
    const struct hit_report both[] = {hit(1, &hospital, noon + MINUTE), hit(1, &bank, noon + MINUTE)};
    struct news n;
    record(h, both, 2, &n);
    assert_int_equal(n.count, 2);
    assert_true(n.list[0].sighting_made && n.list[1].sighting_made);
    arena_done(&n.arena);
    assert_int_equal(count_sightings(h), before + 1);
    assert_int_equal(told_count(h, 1, &h->a, &cls), 2);
    /* one of them was none: what is told is less, and not that it is one fewer organisation */
    struct uuid finding;
    struct fault fault;
    row_of(h, 1, &finding);
    assert_ok(finding_set_state(h->node, &finding, 2, TEXT("a test"), &h->account, &fault));
    assert_int_equal(told_count(h, 1, &h->a, &cls), 1);
    assert_int_equal(count_sightings(h), before + 1);
}

/* By its label, to who may have the indicator; only where somebody takes sightings. */
static void our_own_indicators(void **state)
{
    struct house *h = *state;
    struct gate_class cls;
    const struct uuid nobody = {{0}};
    house_import(h,
                 house_bundle("%s", house_indicator(1, T1,
                                                    ",\"object_marking_refs\":[\"marking-definition--bab4a63c-"
                                                    "aed9-4cf5-a766-dfca5abac2bb\"]")),
                 NULL);
    assert_false(once(h, hit(1, &hospital, noon)).sighting_made);
    house_peer(h, &h->b, true);
    assert_true(once(h, hit(1, &bank, noon)).sighting_made);
    assert_int_equal(told_count(h, 1, &nobody, &cls), 2);
    assert_true(cls.sighting && cls.sighting_of_ours && uuid_eq(&cls.sighting_of, &nobody));
    assert_int_equal(cls.sighting_tlp, TLP_GREEN);
}

static void false_positives_are_silent(void **state)
{
    struct house *h = *state;
    struct uuid source = house_source(h, "rule", &h->a, TLP_NONE, true), finding;
    struct version_row row;
    struct json_doc *doc;
    struct fault fault;
    char id[IDENT_TEXT_MAX];
    house_peer(h, &h->a, true);
    know(h, 1, &source, "");
    assert_true(once(h, hit(1, &hospital, noon)).sighting_made);
    row_of(h, 1, &finding);
    assert_ok(finding_set_state(h->node, &finding, 2, TEXT("a test"), &h->account, &fault));
    assert_true(sighting(h, &row, &doc, id));
    assert_true(row.revoked);
    assert_true(json_bool(json_get(json_root(doc), "revoked"), false));
    json_free(doc);
    uint64_t entries = house_entries(h);
    assert_ok(finding_set_state(h->node, &finding, 2, TEXT("a test"), &h->account, &fault));
    assert_int_equal(house_entries(h), entries);
    /* hits go on being counted, without a word, until a day of silence */
    struct news quiet;
    struct hit_report late = hit(1, &hospital, noon + DAY);
    record(h, &late, 1, &quiet);
    assert_int_equal(quiet.count, 0);
    arena_done(&quiet.arena);
    assert_int_equal(row_of(h, 1, NULL).count, 2);
    assert_int_equal(row_of(h, 1, NULL).state, 2);
    struct finding_news n = once(h, hit(1, &hospital, noon + 2 * DAY + 1));
    assert_true(n.fresh && n.sighting_made);
    /* closed: seen again is a new finding */
    row_of(h, 2, &finding);
    assert_ok(finding_set_state(h->node, &finding, 1, TEXT("fixed"), &h->account, &fault));
    assert_true(once(h, hit(1, &hospital, noon + 2 * DAY + 2)).fresh);
    /* back to open */
    assert_ok(finding_set_state(h->node, &finding, 0, TEXT("not fixed"), &h->account, &fault));
    assert_int_equal(row_of(h, 2, NULL).state, 0);
    struct uuid nobody = {{9}};
    assert_err(finding_set_state(h->node, &nobody, 1, TEXT_NONE, &h->account, &fault), ERR_NOT_FOUND);
    assert_err(finding_set_state(h->node, &finding, 3, TEXT_NONE, &h->account, &fault), ERR_USAGE);
}

/* What was found is the same after a replay. */
static void replayed(void **state)
{
    struct house *h = *state;
    struct uuid source = house_source(h, "rule", &h->a, TLP_NONE, true);
    house_peer(h, &h->a, true);
    know(h, 1, &source, "");
    once(h, hit(1, &hospital, noon));
    once(h, hit(1, &hospital, noon + HOUR));
    struct finding_row before = row_of(h, 1, NULL);
    struct view_counts c = counts(h);
    uint64_t entries;
    struct fault fault;
    assert_ok(node_rebuild(h->node, &entries, &fault));
    struct finding_row after = row_of(h, 1, NULL);
    assert_memory_equal(&before.incident, &after.incident, sizeof after.incident);
    assert_int_equal(before.count, after.count);
    assert_int_equal(before.n, after.n);
    struct view_counts again = counts(h);
    assert_memory_equal(&c, &again, sizeof c);
    assert_int_equal(evidence(h, 1), 2);
    assert_false(once(h, hit(1, &hospital, noon + 2 * HOUR)).fresh);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(numbers_outlive_an_erasure),
        WITH_HOUSE(windows),
        WITH_HOUSE(order_inside_a_window),
        WITH_HOUSE(one_version_a_batch),
        WITH_HOUSE(dropped),
        WITH_HOUSE(repeated_batches),
        WITH_HOUSE(evidence_is_capped),
        WITH_HOUSE(long_lines),
        WITH_HOUSE(incidents_by_rule),
        WITH_HOUSE(an_incident_by_a_person),
        WITH_HOUSE(sightings),
        WITH_HOUSE(organisations_are_not_counted),
        WITH_HOUSE(our_own_indicators),
        WITH_HOUSE(false_positives_are_silent),
        WITH_HOUSE(replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
