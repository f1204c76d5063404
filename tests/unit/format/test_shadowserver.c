/* Shadowserver's reports as events: a sample of each of forty reports, names, headers, maps and hostile tables. */
#include <dirent.h>

#include "event_records.h"
#include "format/shadowserver.h"
#include "support/scratch.h"
#include "support/test.h"

#define FOLDER "shadowserver/good"

static struct records read_as(struct text document, const char *name, const char *rules)
{
    return format_records_named(&FORMAT_SHADOWSERVER, document, text_of(name), text_of(rules));
}

static enum format_claim claim_of(struct text document, const char *name)
{
    const struct format_head head = {document, true, text_of(name)};
    return FORMAT_SHADOWSERVER.claim(&head);
}

static size_t count_lost(const struct records *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->r[i].kind == RECORD_LOST;
    return n;
}

static size_t count_events(const struct records *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->r[i].kind == RECORD_EVENT;
    return n;
}

/* ---- all samples ---- */

static void look_at_sample(const char *file)
{
    char path[512], word[128] = "";
    size_t len;
    snprintf(path, sizeof path, FOLDER "/%s", file);
    char *document = sample(path, &len);
    struct text t = {document, len};
    assert_int_equal(claim_of(t, file), FORMAT_YES);
    struct records r = read_as(t, file, "");
    assert_ok(r.end->err);
    assert_int_equal(count_events(&r), 3);
    assert_int_equal(r.rejected, 0);
    assert_int_equal(count_lost(&r), 0);
    assert_int_equal(sscanf(file, "2026-11-20-%127[a-z0-9_]-", word), 1);
    for (size_t i = 0; i < 3; i++) {
        const struct record_event *e = event_at(&r, i);
        assert_text(e->report, word);
        assert_true(e->type.len > 0 && e->identifier.len > 0 && e->raw.len > 20 && e->value_count > 0);
        assert_true(e->severity > 0 || strcmp(word, "special") == 0);
        assert_true(e->has_time && e->line == (int64_t)i + 2);
    }
    assert_int_equal(event_at(&r, 1)->severity, 5);
    records_done(&r);
    free(document);
}

static void every_sample_says_what_it_is(void **state)
{
    (void)state;
    DIR *dir = opendir(TEST_ROOT "/data/" FOLDER);
    assert_non_null(dir);
    size_t seen = 0;
    for (const struct dirent *d; (d = readdir(dir));)
        if (d->d_name[0] != '.') {
            look_at_sample(d->d_name);
            seen++;
        }
    closedir(dir);
    assert_true(seen >= 30);
}

static bool has_value(const struct record_event *e, enum event_role role, const char *value)
{
    struct cursor c = e->values;
    struct record_event_value v;
    for (size_t i = 0; i < e->value_count && record_next_event_value(&c, &v); i++)
        if (v.role == role && text_eq(v.value, text_of(value)))
            return true;
    return false;
}

static struct records read_sample(const char *file, char **ret_document)
{
    char path[512];
    size_t len;
    snprintf(path, sizeof path, FOLDER "/%s", file);
    *ret_document = sample(path, &len);
    return read_as((struct text){*ret_document, len}, file, "");
}

static void roles_and_identifiers(void **state)
{
    (void)state;
    char *document;
    struct records r = read_sample("2026-11-20-scan_ntp-examplia-asn.csv", &document);
    const struct record_event *e = event_at(&r, 0);
    assert_text(e->type, "vulnerable/ddos-amplifier");
    assert_text(e->identifier, "ntp-version");
    assert_int_equal(e->severity, 3);
    assert_true(has_value(e, EVENT_SOURCE, "192.0.2.1") && has_value(e, EVENT_SOURCE, "host0.hospital.example"));
    assert_int_equal(e->first_us, (int64_t)1795133740 * 1000000);
    records_done(&r);
    free(document);
    r = read_sample("2026-11-20-event4_sinkhole-examplia-asn.csv", &document);
    e = event_at(&r, 0);
    assert_text(e->identifier, "mirai");
    assert_true(has_value(e, EVENT_SOURCE, "192.0.2.1"));
    assert_false(has_value(e, EVENT_TARGET, "198.51.100.7")); /* the sinkhole's */
    records_done(&r);
    free(document);
    r = read_sample("2026-11-20-event4_ddos_participant-examplia-asn.csv", &document);
    assert_true(has_value(event_at(&r, 0), EVENT_TARGET, "198.51.100.7"));
    assert_true(has_value(event_at(&r, 0), EVENT_TARGET, "bank.example"));
    records_done(&r);
    free(document);
    r = read_sample("2026-11-20-event4_honeypot_ddos_amp-examplia-asn.csv", &document);
    assert_true(has_value(event_at(&r, 0), EVENT_TARGET, "192.0.2.1"));
    assert_int_equal(event_at(&r, 0)->count, 3);
    assert_int_equal(event_at(&r, 0)->last_us - event_at(&r, 0)->first_us, (int64_t)(29 * 60 + 20) * 1000000);
    records_done(&r);
    free(document);
    r = read_sample("2026-11-20-scan_exchange-examplia-asn.csv", &document);
    assert_text(event_at(&r, 0)->identifier, "CVE-2021-26855");
    records_done(&r);
    free(document);
    r = read_sample("2026-11-20-scan6_ntp-examplia-asn.csv", &document);
    assert_text(event_at(&r, 0)->type, "vulnerable/ddos-amplifier");
    assert_true(has_value(event_at(&r, 0), EVENT_SOURCE, "2001:db8:1::1"));
    records_done(&r);
    free(document);
}

/* ---- names and headers ---- */

#define ROW "\n2026-11-20 01:02:03,192.0.2.1,64500,XX\n"

static void what_the_name_does_not_tell(void **state)
{
    (void)state;
    size_t len;
    char *document = sample("shadowserver/bad/unnamed.csv", &len);
    assert_int_equal(claim_of((struct text){document, len}, "export.csv"), FORMAT_YES);
    struct records r = read_as((struct text){document, len}, "export.csv", "");
    assert_text(event_at(&r, 0)->report, "scan_ntp"); /* by a column that no other has */
    records_done(&r);
    free(document);
    static const struct {
        const char *name, *report, *type;
    } names[] = {
        {"2026-11-20-scan_new_thing-x.csv", "scan_new_thing", "vulnerable/potentially-unwanted-accessible"},
        {"2015-01-01-dns_openresolver-123-sample-asn.csv", "dns_openresolver", "vulnerable/ddos-amplifier"},
        {"folder/2026-11-20-botnet_drone-x.csv", "botnet_drone", "malicious-code/infected-system"},
        {"scan_smb.csv", "scan_smb", "vulnerable/potentially-unwanted-accessible"},
        {"2026-11-20-whatever-x.csv", "whatever", "other/undetermined"},
        {"event6_sinkhole_http.csv", "event6_sinkhole_http", "malicious-code/infected-system"},
        {"report.csv", "unknown", "other/undetermined"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        r = read_as(TEXT("timestamp,ip,asn,geo" ROW), names[i].name, "");
        assert_text(event_at(&r, 0)->report, names[i].report);
        assert_text(event_at(&r, 0)->type, names[i].type);
        records_done(&r);
    }
    assert_int_equal(claim_of(TEXT("value,type\nevil.example,domain\n"), "x.csv"), FORMAT_NO);
    assert_int_equal(claim_of(TEXT("{\"ip\":1}"), "2026-11-20-scan_ntp-x.csv"), FORMAT_NO);
}

static void columns_by_other_names(void **state)
{
    (void)state;
    size_t len;
    char *document = sample("shadowserver/bad/2026-11-20-scan_new_thing-renamed.csv", &len);
    struct records r = read_as((struct text){document, len}, "2026-11-20-scan_new_thing-renamed.csv", "");
    const struct record_event *e = event_at(&r, 0);
    assert_true(has_value(e, EVENT_SOURCE, "192.0.2.1") && has_value(e, EVENT_SOURCE, "a.hospital.example"));
    assert_true(e->has_time);
    assert_int_equal(e->severity, 4);
    records_done(&r);
    free(document);
    r = read_as(TEXT("timestamp,asn,geo\n2026-11-20 01:02:03,64500,XX\n"), "2026-11-20-scan_nothing-x.csv", "");
    assert_err(r.end->err, ERR_MALFORMED);
    assert_true(text_find_text(r.end->what, TEXT("rules/shadowserver.json")) >= 0);
    records_done(&r);
}

static void a_map_of_ones_own_comes_first(void **state)
{
    (void)state;
    static const char rules[] =
        "{\"format\":\"entente-shadowserver-map\",\"columns\":{\"ip\":[\"victim\"]},\"reports\":{\"scan_ntp\":{"
        "\"class\":\"other/other\",\"identifier\":\"ours\",\"severity\":\"info\",\"vary\":[\"note\"]}}}";
    struct records r =
        read_as(TEXT("timestamp,victim,note\n2026-11-20 01:02:03,192.0.2.1,\n,192.0.2.2,x\n"), "scan_ntp.csv", rules);
    assert_text(event_at(&r, 0)->type, "other/other");
    assert_text(event_at(&r, 0)->identifier, "ours");
    assert_text(event_at(&r, 1)->identifier, "x");
    assert_true(has_value(event_at(&r, 0), EVENT_SOURCE, "192.0.2.1"));
    records_done(&r);
    static const char *const none[] = {"{}", "[1", "\"x\"", "{\"format\":\"other\"}"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        r = read_as(TEXT("timestamp,ip" ROW), "scan_ntp.csv", none[i]);
        assert_err(r.end->err, ERR_MALFORMED);
        records_done(&r);
    }
}

/* ---- hostile ---- */

static void bad_rows_alone_are_refused(void **state)
{
    (void)state;
    size_t len;
    char *document = sample("shadowserver/bad/2026-11-20-scan_ntp-faults.csv", &len);
    struct records r = read_as((struct text){document, len}, "2026-11-20-scan_ntp-faults.csv", "");
    assert_ok(r.end->err);
    assert_int_equal(r.rejected, 5); /* Latin-1, NUL, too many cells, two of quotes */
    assert_int_equal(count_events(&r), 7);
    assert_int_equal(r.end->read, 12);
    assert_false(event_at(&r, 1)->has_time);
    assert_int_equal(event_at(&r, 2)->value_count, 0);
    assert_int_equal(event_at(&r, 2)->severity, 3); /* the report's: the word is none */
    assert_int_equal(count_lost(&r), 2);            /* a time and an address that are none */
    assert_true(has_value(event_at(&r, 5), EVENT_SOURCE, "192.0.2.8"));
    records_done(&r);
    for (size_t cut = 0; cut < len; cut++) {
        r = read_as((struct text){document, cut}, "2026-11-20-scan_ntp-faults.csv", "");
        records_done(&r);
    }
    free(document);
}

static void a_million_columns(void **state)
{
    (void)state;
    size_t len = 0;
    char *document = malloc(2100000);
    assert_non_null(document);
    len += (size_t)sprintf(document, "timestamp,ip");
    for (int i = 0; i < 1000000; i++) {
        document[len++] = ',';
        document[len++] = 'c';
    }
    document[len++] = '\n';
    struct records r = read_as((struct text){document, len}, "2026-11-20-scan_ntp-x.csv", "");
    assert_true(r.end->err != OK);
    assert_int_equal(count_events(&r), 0);
    records_done(&r);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_says_what_it_is),
        cmocka_unit_test(roles_and_identifiers),
        cmocka_unit_test(what_the_name_does_not_tell),
        cmocka_unit_test(columns_by_other_names),
        cmocka_unit_test(a_map_of_ones_own_comes_first),
        cmocka_unit_test(bad_rows_alone_are_refused),
        cmocka_unit_test(a_million_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
