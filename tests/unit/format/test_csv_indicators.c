/* CSV rows as STIX indicators: the object is valid, canonical, the same for the same row, and bad cells are named. */
#include <stdio.h>

#include "base/hash.h"
#include "base/limits.h"
#include "model/marking.h"
#include "model/stix.h"
#include "records.h"
#include "support/test.h"
#include "json/json.h"

static struct records rows(const char *csv, const struct csv_indicators_options *options)
{
    return csv_records(-1, text_of(csv), options);
}

/* A time in the three places makes it a valid STIX object in canonical form whose head says what the record says. */
static void is_valid(const struct record_object *o)
{
    static const char now[] = "2026-01-02T03:04:05.678Z";
    char *body = malloc(o->body.len);
    assert_non_null(body);
    memcpy(body, o->body.ptr, o->body.len);
    const uint32_t places[] = {o->created_at, o->modified_at, o->valid_from_at};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_true(places[i] > 0 && memcmp(body + places[i], "0000-00-00T00:00:00.000Z", 24) == 0);
        memcpy(body + places[i], now, 24);
    }
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    struct fault fault;
    struct buffer canonical;
    arena_init(&arena, 1 * MIB);
    buffer_init(&canonical, STIX_OBJECT_MAX_BYTES);
    assert_ok(json_parse((struct text){body, o->body.len}, &doc, &fault));
    if (stix_head_read(json_root(doc), &arena, &head, &fault))
        fail_msg("%s: %s", fault.rule, fault.what);
    json_canonical(json_root(doc), &canonical, NULL);
    assert_text_eq(buffer_text(&canonical), ((struct text){body, o->body.len}));
    assert_text_eq(head.id, o->id);
    assert_int_equal(head.tlp, o->tlp);
    assert_int_equal(head.confidence, o->confidence);
    assert_int_equal(head.has_valid_until, o->has_valid_until);
    assert_text(json_text(json_get(json_root(doc), "created")), now);
    assert_text(json_text(json_get(json_root(doc), "modified")), now);
    assert_text(json_text(json_get(json_root(doc), "valid_from")), now);
    assert_int_equal(head.value_count, 1);
    assert_true(head.values_whole && o->value_count == 1);
    struct cursor values = o->values;
    struct record_value value;
    assert_true(record_next_value(&values, &value));
    assert_int_equal(head.values[0].kind, value.kind);
    assert_text_eq(head.values[0].value, value.value);
    assert_true(o->print != 0 && !o->has_modified && o->cls == STIX_SDO && o->original.len == 0);
    buffer_done(&canonical);
    json_free(doc);
    arena_done(&arena);
    free(body);
}

static void has(const struct record_object *o, const char *part)
{
    if (text_find_text(o->body, text_of(part)) < 0)
        fail_msg("no %s in " TEXT_FMT, part, TEXT_ARG(o->body));
}

static void lacks(const struct record_object *o, const char *part)
{
    assert_true(text_find_text(o->body, text_of(part)) < 0);
}

static void good_samples_are_valid(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t objects;
    } good[] = {{"csv/good/plain.csv", 2},      {"csv/good/all-columns.csv", 6}, {"csv/good/semicolon.csv", 2},
                {"csv/good/tab.csv", 2},        {"csv/good/preamble.csv", 1},    {"csv/good/excel.csv", 1},
                {"csv/good/short-rows.csv", 2}, {"csv/good/header-only.csv", 0}, {"csv/good/bare-quotes.csv", 1}};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        size_t len;
        char *csv = sample(good[i].name, &len);
        struct records r = csv_records(-1, (struct text){csv, len}, NULL);
        print_message("%s\n", good[i].name);
        assert_int_equal(r.objects, good[i].objects);
        assert_int_equal(r.rejected, 0);
        assert_true(r.end->err == OK && r.end->read == good[i].objects && r.end->at == (int64_t)len);
        for (size_t k = 0; k < r.objects; k++)
            is_valid(object_at(&r, k));
        records_done(&r);
        free(csv);
    }
}

static void cells_become_properties(void **state)
{
    (void)state;
    size_t len;
    char *csv = sample("csv/good/all-columns.csv", &len);
    struct records r = csv_records(-1, (struct text){csv, len}, NULL);
    const struct record_object *o = object_at(&r, 0);
    has(o, "\"name\":\"evil.example\"");
    has(o, "\"pattern\":\"[domain-name:value = 'evil.example']\"");
    has(o, "\"description\":\"a \\\"quoted\\\" word, and\\na line\"");
    has(o, "\"labels\":[\"phishing\",\"kit\"]");
    has(o, "\"indicator_types\":[\"malicious-activity\"]");
    has(o, "\"confidence\":80");
    has(o, "\"valid_until\":\"2035-06-01T10:00:00Z\"");
    has(o, "\"object_marking_refs\":[\"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003\"]");
    assert_true(o->tlp == TLP_AMBER_STRICT && o->confidence == 80 && o->marking_count == 1 && o->ref_count == 0);
    assert_true(o->has_valid_until && o->valid_until_us == INT64_C(2064304800000000));
    lacks(o, "created_by_ref");
    o = object_at(&r, 1);
    has(o, "\"indicator_types\":[\"benign\"]");
    has(o, "\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"");
    assert_true(o->tlp == TLP_CLEAR && o->confidence == 0);
    has(object_at(&r, 2), "'198.51.100.0/24'");
    assert_true(object_at(&r, 2)->tlp == TLP_NONE && object_at(&r, 2)->confidence == -1);
    has(object_at(&r, 3), "[url:value = 'http://a.example/']");
    has(object_at(&r, 4), "d41d8cd98f00b204e9800998ecf8427e");
    has(object_at(&r, 5), "[email-addr:value = 'someone@example.org']");
    records_done(&r);
    free(csv);
}

static void ids_come_from_party_kind_and_value(void **state)
{
    (void)state;
    const struct csv_indicators_options one = {.party = TEXT("one")}, two = {.party = TEXT("two")};
    struct records a = rows("value,description\nEvil.example,x\nother.example,\n", &one);
    struct records b = rows("description,value,type\ny,evil.EXAMPLE.,domain\n", &one);
    struct records c = rows("value\nevil.example\n", &two);
    assert_text_eq(object_at(&a, 0)->id, object_at(&b, 0)->id);
    assert_false(text_eq(object_at(&a, 0)->id, object_at(&a, 1)->id));
    assert_false(text_eq(object_at(&a, 0)->id, object_at(&c, 0)->id));
    assert_true(object_at(&a, 0)->print != object_at(&b, 0)->print);
    /* fixed for ever: what was imported with an earlier version is the same object */
    assert_text(object_at(&a, 0)->id, "indicator--b7f71ed2-5d37-521a-b39a-74b4a4f55a35");
    records_done(&a);
    records_done(&b);
    records_done(&c);
}

static void the_same_row_has_the_same_print(void **state)
{
    (void)state;
    struct records a = rows("value,confidence\nevil.example,5\nevil.example,5\nevil.example,6\n", NULL);
    assert_true(object_at(&a, 0)->print == object_at(&a, 1)->print);
    assert_true(object_at(&a, 0)->print != object_at(&a, 2)->print);
    assert_true(object_at(&a, 0)->print == xxh3_of(object_at(&a, 0)->body.ptr, object_at(&a, 0)->body.len));
    records_done(&a);
}

static void options_fill_what_is_absent(void **state)
{
    (void)state;
    const struct csv_indicators_options options = {
        .party = TEXT("p"), .identity = TEXT("identity--00000001-0000-4000-8000-000000000000"), .tlp = TLP_AMBER};
    struct records r = rows("value,tlp\na.example,\nb.example,clear\n", &options);
    assert_int_equal(object_at(&r, 0)->tlp, TLP_AMBER);
    assert_int_equal(object_at(&r, 1)->tlp, TLP_CLEAR);
    for (size_t i = 0; i < 2; i++) {
        is_valid(object_at(&r, i));
        has(object_at(&r, i), "\"created_by_ref\":\"identity--00000001-0000-4000-8000-000000000000\"");
        assert_text_eq(object_at(&r, i)->created_by, options.identity);
        assert_int_equal(object_at(&r, i)->ref_count, 1);
    }
    records_done(&r);
}

static void refuses(const char *name, enum err err, size_t objects, const char *want)
{
    size_t len;
    char *csv = sample(name, &len), got[500] = "";
    struct records r = csv_records(-1, (struct text){csv, len}, NULL);
    for (size_t i = 0; i < r.rejected; i++) {
        const struct record_rejected *x = rejected_at(&r, i);
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%lld %.*s\n", (long long)x->line, TEXT_ARG(x->rule));
        assert_true(x->reason.len > 0 && x->at >= 0 && x->at <= (int64_t)len);
        assert_true(x->at == 0 || csv[x->at - 1] == '\n'); /* where the row begins */
    }
    if (strcmp(got, want) != 0 || r.end->err != err || r.objects != objects)
        fail_msg("%s: %s, %zu objects\n%s", name, err_name(r.end->err), r.objects, got);
    assert_true(err == OK ? r.end->what.len == 0 : r.end->what.len > 0);
    for (size_t i = 0; i < r.objects; i++)
        is_valid(object_at(&r, i));
    records_done(&r);
    free(csv);
}

static void bad_samples_fall_row_by_row(void **state)
{
    (void)state;
    refuses("csv/bad/values.csv", OK, 1,
            "2 CSV value\n3 CSV value\n4 CSV value\n5 CSV value\n6 CSV value\n7 CSV value\n8 CSV type\n");
    refuses(
        "csv/bad/cells.csv", OK, 1,
        "2 CSV confidence\n3 CSV confidence\n4 CSV confidence\n5 CSV tlp\n6 CSV valid_until\n7 CSV valid_until\n");
    refuses("csv/bad/quotes.csv", OK, 2, "2 RFC 4180 2.7\n3 RFC 4180 2.7\n");
    refuses("csv/bad/cut-short.csv", ERR_MALFORMED, 1, "3 RFC 4180 2.5\n");
    refuses("csv/bad/nul.csv", OK, 1, "2 RFC 4180 2\n");
    refuses("csv/bad/utf8.csv", OK, 1, "2 RFC 3629\n");
    refuses("csv/bad/wide-rows.csv", OK, 1, "2 RFC 4180 2.4\n");
    refuses("csv/bad/columns.csv", OK, 1, "2 CSV_COLUMNS_MAX\n");
    refuses("csv/bad/no-value.csv", ERR_MALFORMED, 0, "");
    refuses("csv/bad/empty.csv", ERR_MALFORMED, 0, "");
    refuses("csv/bad/utf16.csv", ERR_MALFORMED, 0, "");
}

/* A description of nearly a whole row, and values with quotes, stay valid. */
static void awkward_text_stays_valid(void **state)
{
    (void)state;
    struct buffer csv;
    buffer_init(&csv, 4 * MIB);
    buffer_add(
        &csv,
        TEXT("value,description,label\nhttp://a.example/it's\\here?\"x\",\"\x01\x7f\xC3\xA9\",;; ;\na.example,"));
    memset(buffer_reserve(&csv, LINE_MAX_BYTES - 100), '\x02', LINE_MAX_BYTES - 100);
    buffer_add(&csv, TEXT(",x\n"));
    struct records r = csv_records(-1, buffer_text(&csv), NULL);
    assert_int_equal(r.objects, 2);
    is_valid(object_at(&r, 0));
    is_valid(object_at(&r, 1));
    lacks(object_at(&r, 0), "\"labels\"");
    records_done(&r);
    buffer_done(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_samples_are_valid),
        cmocka_unit_test(cells_become_properties),
        cmocka_unit_test(ids_come_from_party_kind_and_value),
        cmocka_unit_test(the_same_row_has_the_same_print),
        cmocka_unit_test(options_fill_what_is_absent),
        cmocka_unit_test(bad_samples_fall_row_by_row),
        cmocka_unit_test(awkward_text_stays_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
