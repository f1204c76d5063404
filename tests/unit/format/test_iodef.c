/* IODEF as events and indicators: golden records, the RFCs' own examples, encodings, entities, depth and size, every
 * strict prefix. */
#include "event_records.h"
#include "format/iodef.h"
#include "format/stix.h"
#include "model/marking.h"
#include "support/scratch.h"
#include "support/test.h"

static const char *const samples[] = {
    "iodef/good/events.xml",     "iodef/good/indicators.xml", "iodef/good/version1.xml", "iodef/good/utf16.xml",
    "iodef/good/incidents.json", "iodef/bad/laughs.xml",      "iodef/bad/external.xml",  "iodef/bad/entity.xml",
    "iodef/bad/encoding.xml",    "iodef/bad/other.xml",       "iodef/bad/cut.xml",       "iodef/bad/incidents.json",
};

static struct records read_text(struct text document)
{
    return format_records(&FORMAT_IODEF, (struct feed_from){.fd = -1}, document);
}

static void samples_are_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        assert_golden(&FORMAT_IODEF, samples[i]);
}

/* Cut off anywhere: never an event that the whole has not, and never a good end of XML. */
static void prefixes_keep_the_good_part(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        size_t len;
        char *document = sample(samples[i], &len);
        bool xml = text_ends(text_of(samples[i]), TEXT(".xml"));
        size_t whole_end = len;
        while (xml && whole_end > 0 && document[whole_end - 1] != '>')
            whole_end--;
        for (size_t cut = 0; cut < len; cut++) {
            struct records r = read_text((struct text){document, cut});
            if (xml && cut < whole_end)
                assert_int_not_equal(r.end->err, OK);
            records_done(&r);
        }
        free(document);
    }
}

/* ---- the RFCs' examples, where the collection is at hand ---- */

static struct records example(const char *name, char **ret_document)
{
    char path[128];
    size_t len = 0;
    snprintf(path, sizeof path, "iodef/%s", name);
    const char *full = data_path(path);
    *ret_document = full ? scratch_read(full, &len) : NULL;
    if (!*ret_document)
        skip();
    return read_text((struct text){*ret_document, len});
}

static void examples_of_the_rfcs(void **state)
{
    char *document;
    (void)state;
    struct records r = example("rfc7970-7.2-campaign.xml", &document);
    assert_int_equal(r.objects, 4);
    assert_int_equal(object_at(&r, 0)->tlp, TLP_GREEN);
    assert_true(text_find_text(object_at(&r, 3)->body, TEXT("'oimireik79msd.example.org'")) > 0);
    assert_ok(r.end->err);
    records_done(&r);
    free(document);
    r = example("rfc8727-4.2-campaign.json", &document);
    assert_int_equal(r.objects, 1);
    assert_int_equal(object_at(&r, 0)->tlp, TLP_GREEN);
    records_done(&r);
    free(document);
    static const char *const minimal[] = {"rfc7970-7.1-minimal.xml", "rfc8727-4.1-minimal.json"};
    for (size_t i = 0; i < ARRAY_LEN(minimal); i++) {
        r = example(minimal[i], &document);
        assert_true(r.end->err == OK && r.end->read == 1 && r.objects == 0 && r.rejected == 0);
        assert_text(lost_at(&r, 0)->what, "Incident/Contact");
        records_done(&r);
        free(document);
    }
}

/* ---- hostile documents ---- */

static void entities_are_refused(void **state)
{
    static const char *const names[] = {"iodef/bad/laughs.xml", "iodef/bad/external.xml"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len;
        char *document = sample(names[i], &len);
        struct records r = read_text((struct text){document, len});
        assert_true(r.end->err == ERR_MALFORMED && r.count == 1);
        assert_true(text_find_text(r.end->what, TEXT("DOCTYPE")) >= 0);
        records_done(&r);
        free(document);
    }
}

#define HEAD \
    "<IODEF-Document xmlns=\"urn:ietf:params:xml:ns:iodef-2.0\"><Incident><IncidentID name=\"n\">1</IncidentID>"
#define FOOT "</Incident></IODEF-Document>"

static struct records built(void (*fill)(struct buffer *b), struct buffer *b)
{
    buffer_init(b, 256 * MIB);
    buffer_add(b, TEXT(HEAD));
    fill(b);
    buffer_add(b, TEXT(FOOT));
    assert_ok(buffer_error(b));
    return read_text(buffer_text(b));
}

static void fill_deep(struct buffer *b)
{
    for (int i = 0; i < 100000; i++)
        buffer_add(b, TEXT("<EventData>"));
}

static void fill_attribute(struct buffer *b)
{
    char *to;
    buffer_add(b, TEXT("<EventData observable-id=\""));
    to = buffer_reserve(b, 20 * MIB);
    assert_non_null(to);
    memset(to, 'a', 20 * MIB);
    buffer_add(b, TEXT("\"/>"));
}

static void fill_text(struct buffer *b)
{
    char *to;
    buffer_add(b, TEXT("<EventData><Description>"));
    to = buffer_reserve(b, 20 * MIB);
    assert_non_null(to);
    memset(to, 'a', 20 * MIB);
    buffer_add(b, TEXT("</Description></EventData>"));
}

static void fill_wide(struct buffer *b)
{
    for (int i = 0; i < 600000; i++)
        buffer_add(b, TEXT("<Contact/>"));
}

static void fill_addresses(struct buffer *b)
{
    buffer_add(b, TEXT("<EventData><Flow><System category=\"source\"><Node>"));
    for (int i = 0; i < 5000; i++)
        buffer_addf(b, "<Address category=\"ipv4-addr\">192.0.%d.%d</Address>", i / 256, i % 256);
    buffer_add(b, TEXT("</Node></System></Flow></EventData>"));
}

static void sizes_are_bounded(void **state)
{
    struct buffer b;
    (void)state;
    struct records r = built(fill_deep, &b);
    assert_true(r.end->err == ERR_MALFORMED && text_find_text(r.end->what, TEXT("XML_DEPTH_MAX")) >= 0);
    records_done(&r);
    buffer_done(&b);
    r = built(fill_attribute, &b);
    assert_true(r.end->err == ERR_MALFORMED && text_find_text(r.end->what, TEXT("8 MiB")) >= 0);
    records_done(&r);
    buffer_done(&b);
    r = built(fill_text, &b); /* this Incident alone is passed over */
    assert_true(r.end->err == OK && r.rejected == 1 && r.end->read == 1);
    records_done(&r);
    buffer_done(&b);
    r = built(fill_wide, &b);
    assert_true(r.end->err == OK && r.rejected == 1);
    records_done(&r);
    buffer_done(&b);
    r = built(fill_addresses, &b);
    assert_int_equal(event_at(&r, 0)->value_count, EVENT_VALUES_MAX);
    assert_int_equal(event_at(&r, 0)->raw.len, EVENT_RAW_MAX);
    records_done(&r);
    buffer_done(&b);
}

/* ---- labels: never wider than any part of what is carried says ---- */

static void labels_never_widen(void **state)
{
    static const struct {
        const char *incident, *event, *system;
        enum tlp tlp;
    } cases[] = {
        {"", "", "", TLP_NONE},
        {"public", "", "", TLP_CLEAR},
        {"white", "", "", TLP_CLEAR},
        {"partner", "", "", TLP_GREEN},
        {"green", "", "", TLP_GREEN},
        {"amber", "", "", TLP_AMBER},
        {"need-to-know", "", "", TLP_AMBER_STRICT},
        {"private", "", "", TLP_RED},
        {"red", "", "", TLP_RED},
        {"default", "", "", TLP_NONE},
        {"default", "amber", "", TLP_AMBER},
        {"public", "amber", "", TLP_AMBER},
        {"private", "public", "", TLP_RED},
        {"public", "", "need-to-know", TLP_AMBER_STRICT},
        {"", "", "green", TLP_GREEN},
        {"ext-value", "", "", TLP_RED},
        {"PUBLICK", "", "", TLP_RED},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer b;
        buffer_init(&b, 1 * MIB);
        const char *levels[] = {cases[i].incident, cases[i].event, cases[i].system};
        static const char *const elements[] = {"Incident", "EventData", "System"};
        buffer_add(&b, TEXT("<IODEF-Document>"));
        for (size_t k = 0; k < ARRAY_LEN(levels); k++)
            buffer_addf(&b, *levels[k] ? "<%s restriction=\"%s\">" : "<%s>", elements[k], levels[k]);
        buffer_add(&b, TEXT("</System></EventData></Incident></IODEF-Document>"));
        struct records r = read_text(buffer_text(&b));
        assert_int_equal(event_at(&r, 0)->tlp, cases[i].tlp);
        records_done(&r);
        buffer_done(&b);
    }
}

/* ---- whose document it is ---- */

static enum format_claim claimed(const struct text document, size_t len, bool whole)
{
    const struct format_head head = {text_sub(document, 0, len), whole, TEXT_NONE};
    return FORMAT_IODEF.claim(&head);
}

static void knows_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        size_t len;
        char *bytes = sample(samples[i], &len);
        struct text document = {bytes, len};
        assert_int_equal(claimed(document, len, true), FORMAT_YES);
        for (size_t cut = 0; cut < len; cut++) {
            enum format_claim c = claimed(document, cut, false);
            assert_true(c == FORMAT_MORE || c == FORMAT_YES);
        }
        free(bytes);
    }
    static const char *const others[] = {"<html>",
                                         "<IODEF-Documents>",
                                         "value\n",
                                         "{\"type\":\"bundle\",\"objects\":[",
                                         "<?xml version='1.0'?><rss>",
                                         "<!-- <IODEF-Document> --><x>"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(claimed(text_of(others[i]), text_of(others[i]).len, false), FORMAT_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_golden),   cmocka_unit_test(prefixes_keep_the_good_part),
        cmocka_unit_test(examples_of_the_rfcs), cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(sizes_are_bounded),    cmocka_unit_test(labels_never_widen),
        cmocka_unit_test(knows_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
