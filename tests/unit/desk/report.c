/* Reported events become findings: one for a kind of report, organisation and window; repeats count once. */
#include "house.h"

#include "base/time.h"
#include "desk/finding.h"
#include "desk/own.h"
#include "desk/register_inside.h"
#include "desk/report.h"

#define MINUTE ((int64_t)60 * 1000000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static struct house house;
static int64_t noon;
static struct constituency *owners;
static struct arena names;
static struct uuid hospital, bank;

static void know_owners(void)
{
    static const char *const rows[][3] = {{"Hospital", "192.0.2.0/24", "hospital.example"},
                                          {"Bank", "198.51.100.0/24", "bank.example"}};
    struct organisation_record r[2];
    const char *why = NULL;
    arena_init(&names, MIB);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(organisation_of_row(&names, text_of(rows[i][0]), TEXT("health"), text_of(rows[i][1]),
                                      text_of(rows[i][2]), TEXT("x@y.example"), &r[i], &why));
        r[i].id = uuid_random();
    }
    hospital = r[0].id;
    bank = r[1].id;
    assert_ok(constituency_new(r, 2, &owners));
}

static int setup(void **state)
{
    struct stamp s;
    *state = &house;
    house_open(&house);
    assert_ok(stamp_parse(TEXT("2026-06-20T12:00:00Z"), &s, NULL));
    noon = stamp_us(s);
    know_owners();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    constituency_unref(owners);
    arena_done(&names);
    return 0;
}

/* ---- a document of events ---- */

struct written {
    struct report_batch *batch;
    struct report_totals totals;
    int64_t at;
};

static struct written begin(struct house *h, const char *key)
{
    struct written w = {.at = 0};
    struct report_origin o = {.party = h->a,
                              .account = h->account,
                              .by = TEXT("shadowserver"),
                              .file = TEXT("x.csv"),
                              .label = TLP_AMBER,
                              .key = text_of(key),
                              .owners = owners};
    struct fault fault;
    assert_ok(report_batch_new(h->node, &o, &w.batch, &fault));
    return w;
}

static void end(struct written *w)
{
    struct fault fault = {.err = OK};
    if (report_batch_write(w->batch, &fault) != OK)
        fail_msg("%s", fault.what);
    w->totals = *report_batch_totals(w->batch);
    report_batch_free(w->batch);
}

/* An event at an address, as a reader would hand it over. */
static struct record_event event(const char *report, const char *identifier, int64_t us, const char *raw)
{
    return (struct record_event){.line = 2,
                                 .report = text_of(report),
                                 .type = TEXT("vulnerable/ddos-amplifier"),
                                 .identifier = text_of(identifier),
                                 .has_time = us != 0,
                                 .first_us = us,
                                 .last_us = us,
                                 .count = 1,
                                 .severity = 3,
                                 .raw = text_of(raw)};
}

static void add_values(struct written *w, struct record_event e, const struct record_event_value *values,
                       size_t count)
{
    struct buffer b;
    struct cursor c;
    struct record r;
    struct fault fault;
    buffer_init(&b, MIB);
    e.at = w->at += 10;
    record_add_event(&b, &e, values, count);
    cursor_init(&c, buffer_text(&b));
    assert_ok(record_next(&c, &r));
    assert_ok(report_batch_add(w->batch, &r.u.event, &fault));
    if (report_batch_full(w->batch))
        assert_ok(report_batch_write(w->batch, &fault));
    buffer_done(&b);
}

static void add(struct written *w, struct record_event e, const char *source)
{
    const struct record_event_value v = {EVENT_SOURCE, VALUE_IPV4, text_of(source)};
    add_values(w, e, &v, 1);
}

static struct finding_row row_of(struct house *h, uint64_t number, char *ret_id)
{
    struct view *v;
    struct fault fault;
    struct finding_row row;
    assert_ok(node_reader(h->node, &v, &fault));
    if (view_finding_by_number(v, number, &row, &fault) != OK)
        fail_msg("F-%llu is not there", (unsigned long long)number);
    snprintf(ret_id, IDENT_TEXT_MAX, TEXT_FMT, TEXT_ARG(row.id));
    row.id = TEXT_NONE;
    node_reader_done(h->node, v);
    return row;
}

static uint64_t findings(struct house *h)
{
    struct view *v;
    struct fault fault;
    struct view_counts c;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_counts(v, &c, &fault));
    node_reader_done(h->node, v);
    return c.findings;
}

static enum err count_line(void *self, const struct evidence_row *row)
{
    (void)row;
    ++*(size_t *)self;
    return OK;
}

static size_t lines_of(struct house *h, const char *id)
{
    struct view *v;
    struct fault fault;
    struct ident ident;
    size_t lines = 0;
    assert_ok(ident_parse(text_of(id), &ident, NULL));
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_evidence(v, &ident.uuid, UINT32_MAX, count_line, &lines, &fault));
    node_reader_done(h->node, v);
    return lines;
}

/* ---- what becomes one finding ---- */

static void one_for_each_organisation_and_kind(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX];
    struct written w = begin(h, "k");
    add(&w, event("scan_ntp", "open-ntp", noon, "1"), "192.0.2.1");
    add(&w, event("scan_ntp", "open-ntp", noon + MINUTE, "2"), "192.0.2.2");
    add(&w, event("scan_ntp", "open-ntp", noon - MINUTE, "3"), "192.0.2.1");
    add(&w, event("scan_ntp", "open-ntp", noon, "4"), "198.51.100.1");
    add(&w, event("scan_dns", "open-dns", noon, "5"), "192.0.2.1");
    add(&w, event("scan_ntp", "open-ntp", noon, "6"), "203.0.113.1");
    add(&w, event("scan_ntp", "other", noon, "7"), "203.0.113.2");
    end(&w);
    assert_int_equal(w.totals.events, 7);
    assert_int_equal(w.totals.unchanged, 0);
    assert_int_equal(w.totals.findings, 4);
    assert_int_equal(w.totals.organisations, 2);
    assert_int_equal(w.totals.nobodys, 2);
    assert_int_equal(findings(h), 4);
    struct finding_row r = row_of(h, 1, id);
    assert_int_equal(r.kind, FINDING_REPORTED);
    assert_int_equal(r.severity, 3);
    assert_int_equal(r.count, 3);
    assert_int_equal(r.first_us, noon - MINUTE);
    assert_int_equal(r.last_us, noon + MINUTE);
    assert_true(uuid_eq(&r.organisation, &hospital));
    assert_true(uuid_eq(&r.party, &h->a));
    assert_string_equal(house_member(h, id, "report"), "scan_ntp");
    assert_string_equal(house_member(h, id, "classification"), "vulnerable/ddos-amplifier");
    assert_string_equal(house_member(h, id, "identifier"), "open-ntp");
    assert_string_equal(house_member(h, id, "role"), "source");
    assert_string_equal(house_member(h, id, "severity"), "medium");
    assert_string_equal(house_member(h, id, "finding_kind"), "reported");
    assert_int_equal(house_class(h, id).tlp, TLP_AMBER);
    assert_true(house_class(h, id).internal_only);
    assert_int_equal(lines_of(h, id), 3);
    r = row_of(h, 4, id); /* nobody's: of the report, whatever was seen */
    assert_int_equal(r.count, 2);
    assert_string_equal(house_member(h, id, "classification"), "");
}

static void each_role_is_looked_up(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX];
    struct written w = begin(h, "k");
    const struct record_event_value values[] = {{EVENT_TARGET, VALUE_DOMAIN, TEXT("www.bank.example")},
                                                {EVENT_TARGET, VALUE_IPV4, TEXT("198.51.100.7")},
                                                {EVENT_SOURCE, VALUE_IPV4, TEXT("192.0.2.9")},
                                                {EVENT_SOURCE, VALUE_DOMAIN, TEXT("pc.hospital.example")}};
    add_values(&w, event("event4_ddos_participant", "mirai", noon, "x"), values, ARRAY_LEN(values));
    end(&w);
    assert_int_equal(w.totals.events, 1);
    assert_int_equal(w.totals.findings, 2);
    struct finding_row r = row_of(h, 1, id);
    assert_true(uuid_eq(&r.organisation, &hospital));
    assert_string_equal(house_member(h, id, "value"), "192.0.2.9");
    r = row_of(h, 2, id);
    assert_true(uuid_eq(&r.organisation, &bank));
    assert_string_equal(house_member(h, id, "role"), "target");
}

static void time_decides_the_window(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX];
    struct written w = begin(h, "k");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    add(&w, event("r", "", noon + DAY, "2"), "192.0.2.1");         /* joins */
    add(&w, event("r", "", noon + 2 * DAY + 1, "3"), "192.0.2.1"); /* does not */
    add(&w, event("r", "", noon - 60 * DAY, "4"), "192.0.2.1");    /* long before */
    add(&w, event("r", "", INT64_MAX / 2, "5"), "192.0.2.1");      /* to come: now */
    add(&w, event("r", "", 0, "6"), "192.0.2.1");                  /* no time: now */
    end(&w);
    assert_int_equal(findings(h), 4);
    assert_int_equal(row_of(h, 1, id).count, 2);
    assert_int_equal(row_of(h, 2, id).count, 1);
    assert_int_equal(row_of(h, 3, id).last_us, noon - 60 * DAY);
    assert_int_equal(row_of(h, 4, id).count, 2);
    assert_true(row_of(h, 4, id).last_us <= clock_now_us() + MINUTE);
}

/* ---- repeats ---- */

static void the_same_document_changes_nothing(void **state)
{
    struct house *h = *state;
    for (int i = 0; i < 2; i++) {
        struct written w = begin(h, "k");
        uint64_t before = house_entries(h);
        add(&w, event("r", "", noon, "1"), "192.0.2.1");
        add(&w, event("r", "", noon, "2"), "192.0.2.2");
        end(&w);
        assert_int_equal(w.totals.unchanged, i ? 2 : 0);
        if (i)
            assert_int_equal(house_entries(h), before);
    }
}

static void the_same_events_in_another_document_count_once(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX];
    struct written w = begin(h, "k");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    end(&w);
    assert_int_equal(w.totals.unchanged, 1);
    w = begin(h, "another");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    add(&w, event("r", "", noon + 1, "1"), "192.0.2.1"); /* at another time: another event */
    struct record_event e = event("r", "", noon, "a");
    e.id = TEXT("id-1");
    add(&w, e, "192.0.2.1");
    e.raw = TEXT("b");
    add(&w, e, "192.0.2.3");
    end(&w);
    assert_int_equal(w.totals.events, 4);
    assert_int_equal(w.totals.unchanged, 2);
    assert_int_equal(row_of(h, 1, id).count, 3);
    assert_int_equal(findings(h), 1);
}

/* What was counted in a finding that is closed does not begin a new one; what is new does. */
static void closed_findings_know_their_events(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX];
    struct ident ident;
    struct fault fault;
    struct written w = begin(h, "k");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    end(&w);
    row_of(h, 1, id);
    assert_ok(ident_parse(text_of(id), &ident, NULL));
    assert_ok(finding_set_state(h->node, &ident.uuid, 1, TEXT("done"), &h->account, &fault));
    w = begin(h, "k2");
    add(&w, event("r", "", noon, "1"), "192.0.2.1");
    end(&w);
    assert_int_equal(findings(h), 1);
    w = begin(h, "k3");
    add(&w, event("r", "", noon, "2"), "192.0.2.1");
    end(&w);
    assert_int_equal(findings(h), 2);
    row_of(h, 2, id);
    assert_ok(ident_parse(text_of(id), &ident, NULL));
    assert_ok(finding_set_state(h->node, &ident.uuid, 2, TEXT("no"), &h->account, &fault));
    w = begin(h, "k4"); /* silenced: counts on */
    add(&w, event("r", "", noon, "3"), "192.0.2.1");
    end(&w);
    assert_int_equal(findings(h), 2);
    assert_int_equal(row_of(h, 2, id).count, 2);
    assert_int_equal(row_of(h, 2, id).state, 2);
}

/* ---- limits ---- */

static void rows_and_values_are_bounded(void **state)
{
    struct house *h = *state;
    char id[IDENT_TEXT_MAX], raw[32], address[32], made_up[32];
    struct written w = begin(h, "k");
    for (unsigned i = 0; i < 12000; i++) {
        snprintf(raw, sizeof raw, "row %u", i);
        snprintf(address, sizeof address, "192.0.2.%u", i % 256);
        add(&w, event("r", "", noon, raw), address);
        snprintf(made_up, sizeof made_up, "kind %u", i);
        add(&w, event("s", i < 1500 ? made_up : "", noon, raw), "198.51.100.1");
        add(&w, event("t", made_up, noon, raw), "203.0.113.1");
    }
    end(&w);
    assert_int_equal(w.totals.events, 36000);
    assert_int_equal(row_of(h, 1, id).count, 12000);
    assert_int_equal(lines_of(h, id), REPORT_EVIDENCE_MAX);
    assert_true(findings(h) < 1100);
    house_reopen(h);
    w = begin(h, "again");
    add(&w, event("r", "", noon, "row 0"), "192.0.2.0");
    end(&w);
    assert_int_equal(w.totals.unchanged, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_for_each_organisation_and_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(each_role_is_looked_up, setup, teardown),
        cmocka_unit_test_setup_teardown(time_decides_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_document_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_events_in_another_document_count_once, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_findings_know_their_events, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_and_values_are_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
