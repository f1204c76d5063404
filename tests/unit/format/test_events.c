/* IDEA, IntelMQ and n6 as events: golden records, whose document it is, every strict prefix, limits, labels. */
#include "event_records.h"
#include "format/idea.h"
#include "format/intelmq.h"
#include "format/n6.h"
#include "format/stix.h"
#include "model/marking.h"
#include "support/scratch.h"
#include "support/test.h"

static const struct {
    const struct format *format;
    const char *name;
} samples[] = {
    {&FORMAT_IDEA, "idea/good/scan.json"},
    {&FORMAT_IDEA, "idea/good/lines.json"},
    {&FORMAT_IDEA, "idea/bad/faults.json"},
    {&FORMAT_INTELMQ, "intelmq/good/flat.json"},
    {&FORMAT_INTELMQ, "intelmq/good/nested.json"},
    {&FORMAT_INTELMQ, "intelmq/good/lines.json"},
    {&FORMAT_INTELMQ, "intelmq/bad/faults.json"},
    {&FORMAT_N6, "n6/good/list.json"},
    {&FORMAT_N6, "n6/bad/faults.json"},
};

static void samples_are_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        assert_golden(samples[i].format, samples[i].name);
}

static struct records events(const struct format *f, const char *document)
{
    return format_records(f, (struct feed_from){.fd = -1}, text_of(document));
}

/* Cut off anywhere: what is whole is an event as before, and the end says that something is missing. */
static void prefixes_keep_the_good_part(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        size_t len;
        char *document = sample(samples[i].name, &len);
        for (size_t cut = 0; cut < len; cut++) {
            struct records r =
                format_records(samples[i].format, (struct feed_from){.fd = -1}, (struct text){document, cut});
            records_done(&r);
        }
        free(document);
    }
    static const char cut[] = "[{\"category\":\"cnc\",\"id\":\"1\"},{\"category\":\"cnc\",\"id\":";
    struct records r = events(&FORMAT_N6, cut);
    assert_text(event_at(&r, 0)->id, "1");
    assert_err(r.end->err, ERR_MALFORMED);
    records_done(&r);
}

/* Messages of real producers, where the collection is at hand: none is refused, each says what and when. */
static void messages_of_others(void **state)
{
    static const char *const names[] = {
        "idea/mentat-idea_raw-jsondict.json",     "idea/nemea-readme/nemea-readme-00.json",
        "idea/nemea-readme/nemea-readme-04.json", "idea/nemea-readme/nemea-readme-11.json",
        "idea/nemea-readme/nemea-readme-15.json", "idea/nemea-readme/nemea-readme-17.json"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = 0;
        const char *path = data_path(names[i]);
        char *document = path ? scratch_read(path, &len) : NULL;
        if (!document)
            skip();
        struct records r = format_records(&FORMAT_IDEA, (struct feed_from){.fd = -1}, (struct text){document, len});
        assert_true(r.rejected == 0 && r.end->err == OK && r.end->read == 1);
        assert_true(event_at(&r, 0)->has_time && event_at(&r, 0)->type.len && event_at(&r, 0)->value_count);
        records_done(&r);
        free(document);
    }
}

/* ---- whose document it is ---- */

static enum format_claim claimed(const struct format *f, const char *document, size_t len, bool whole)
{
    const struct format_head head = {{document, len}, whole, TEXT_NONE};
    return f->claim(&head);
}

static void each_knows_its_own(void **state)
{
    static const struct format *const all[] = {&FORMAT_IDEA, &FORMAT_INTELMQ, &FORMAT_N6};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        size_t len;
        char *document = sample(samples[i].name, &len);
        bool good = text_find_text(text_of(samples[i].name), TEXT("good")) >= 0;
        for (size_t f = 0; good && f < ARRAY_LEN(all); f++) {
            bool own = all[f] == samples[i].format;
            assert_int_equal(claimed(all[f], document, len, true), own ? FORMAT_YES : FORMAT_NO);
            for (size_t cut = 0; cut < len; cut++) {
                enum format_claim c = claimed(all[f], document, cut, false);
                assert_true(own ? c == FORMAT_MORE || c == FORMAT_YES : c == FORMAT_MORE || c == FORMAT_NO);
            }
        }
        free(document);
    }
}

/* A bundle of gigabytes is not looked through for a name that might come. */
static void stix_is_left_to_stix(void **state)
{
    static const char bundle[] = "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"indicator\",";
    static const char object[] = "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"pattern\":\"[url:";
    static const struct format *const all[] = {&FORMAT_IDEA, &FORMAT_INTELMQ, &FORMAT_N6};
    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(all); f++) {
        assert_int_equal(claimed(all[f], bundle, sizeof bundle - 1, false), FORMAT_NO);
        assert_int_equal(claimed(all[f], object, sizeof object - 1, false), FORMAT_NO);
        assert_int_equal(claimed(all[f], "value,type\n", 11, true), FORMAT_NO);
        assert_int_equal(claimed(all[f], "", 0, true), FORMAT_NO);
    }
}

/* ---- values and their limits ---- */

#define IDEA_WITH(source) \
    "{\"Format\":\"IDEA0\",\"ID\":\"x\",\"Category\":[\"Recon\"],\"Source\":[{\"IP4\":[\"" source "\"]}]}"

static struct text only_value(const struct records *r, struct record_event_value *v)
{
    struct cursor c = event_at(r, 0)->values;
    assert_int_equal(event_at(r, 0)->value_count, 1);
    assert_true(record_next_event_value(&c, v));
    return v->value;
}

static void ranges_are_networks(void **state)
{
    static const struct {
        const char *document, *network;
        enum value_kind kind;
    } one[] = {{IDEA_WITH("192.0.2.0-192.0.2.255"), "192.0.2.0/24", VALUE_CIDR},
               {IDEA_WITH("192.0.2.7-192.0.2.7"), "192.0.2.7", VALUE_IPV4},
               {IDEA_WITH("0.0.0.0-255.255.255.255"), "0.0.0.0/0", VALUE_CIDR},
               {IDEA_WITH("2001:db8:: - 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), "2001:db8::/32", VALUE_CIDR}};
    struct record_event_value v;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(one); i++) {
        struct records r = events(&FORMAT_IDEA, one[i].document);
        assert_text(only_value(&r, &v), one[i].network);
        assert_int_equal(v.kind, one[i].kind);
        records_done(&r);
    }
    /* The worst range of all IPv6 is 254 networks: what has no place is told. */
    struct records r = events(&FORMAT_IDEA, IDEA_WITH("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"));
    assert_int_equal(event_at(&r, 0)->value_count, EVENT_VALUES_MAX);
    assert_true(text_find_text(lost_at(&r, 0)->reason, TEXT("64 values")) >= 0);
    records_done(&r);
}

static void too_many_values_are_told(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 1 * MIB);
    buffer_addf(&b, "{\"category\":\"scanning\",\"address\":[");
    for (int i = 0; i < 200; i++)
        buffer_addf(&b, "%s{\"ip\":\"192.0.2.%d\"}", i ? "," : "", i);
    buffer_addf(&b, "]}");
    struct records r = format_records(&FORMAT_N6, (struct feed_from){.fd = -1}, buffer_text(&b));
    assert_int_equal(event_at(&r, 0)->value_count, EVENT_VALUES_MAX);
    assert_int_equal(r.count, 1 + 33 + 1); /* 32 of the 136, and that there are more */
    records_done(&r);
    buffer_done(&b);
}

/* Texts of any length: cut between characters, on one line; the evidence too, and that is told. */
static void long_texts_are_cut(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 1 * MIB);
    buffer_addf(&b,
                "{\"classification.type\":\"scanner\",\"source.ip\":\"192.0.2.1\",\"event_description.text\":\"a");
    for (int i = 0; i < 10000; i++)
        buffer_addf(&b, "\u00e9");
    buffer_addf(&b, "\"}");
    struct records r = format_records(&FORMAT_INTELMQ, (struct feed_from){.fd = -1}, buffer_text(&b));
    const struct record_event *e = event_at(&r, 0);
    assert_true(e->summary.len >= EVENT_TEXT_MAX - 1 && e->summary.len <= EVENT_TEXT_MAX && text_is_utf8(e->summary));
    assert_true(e->raw.len >= EVENT_RAW_MAX - 1 && e->raw.len <= EVENT_RAW_MAX);
    assert_true(text_find_text(lost_at(&r, 0)->reason, TEXT("16 KiB")) >= 0);
    records_done(&r);
    buffer_done(&b);
}

/* ---- labels ---- */

static enum tlp label_of(const struct format *f, uint8_t filled, const char *document)
{
    const struct format_job job = {.from = {.fd = -1}, .head = text_of(document), .tlp = filled};
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    buffer_init(&out, 1 * MIB);
    assert_ok(f->open(&job, &reading));
    while (!f->next(reading, &out))
        ;
    f->free(reading);
    cursor_init(&c, buffer_text(&out));
    assert_ok(record_next(&c, &r));
    assert_int_equal(r.kind, RECORD_EVENT);
    buffer_done(&out);
    return (enum tlp)r.u.event.tlp;
}

static void labels_never_widen(void **state)
{
    (void)state;
    static const char plain[] = "{\"category\":\"cnc\"}";
    assert_int_equal(label_of(&FORMAT_N6, TLP_NONE, plain), TLP_NONE);
    assert_int_equal(label_of(&FORMAT_N6, TLP_GREEN, plain), TLP_GREEN);
    assert_int_equal(label_of(&FORMAT_N6, TLP_GREEN, "{\"category\":\"cnc\",\"restriction\":\"internal\"}"),
                     TLP_AMBER_STRICT);
    assert_int_equal(label_of(&FORMAT_N6, TLP_RED, "{\"category\":\"cnc\",\"restriction\":\"public\"}"), TLP_CLEAR);
    assert_int_equal(label_of(&FORMAT_N6, TLP_GREEN, "{\"category\":\"cnc\",\"restriction\":\"Public\"}"), TLP_RED);
    assert_int_equal(
        label_of(&FORMAT_INTELMQ, TLP_CLEAR, "{\"classification.type\":\"scanner\",\"tlp\":\"TLP:AMBER+STRICT\"}"),
        TLP_AMBER_STRICT);
    assert_int_equal(label_of(&FORMAT_INTELMQ, TLP_CLEAR, "{\"classification.type\":\"scanner\",\"tlp\":\"mauve\"}"),
                     TLP_RED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_golden),  cmocka_unit_test(prefixes_keep_the_good_part),
        cmocka_unit_test(each_knows_its_own),  cmocka_unit_test(stix_is_left_to_stix),
        cmocka_unit_test(ranges_are_networks), cmocka_unit_test(too_many_values_are_told),
        cmocka_unit_test(long_texts_are_cut),  cmocka_unit_test(labels_never_widen),
        cmocka_unit_test(messages_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
