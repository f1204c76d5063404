/* MISP documents as records: what becomes of events, attributes of every type, markings, and what is refused or told
 * as lost. MISP_DUMP=LIST prints what the files in a list become. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "event_records.h"
#include "format/misp.h"
#include "format/misp_feed.h"
#include "model/marking.h"
#include "support/scratch.h"
#include "support/test.h"
#include "json/json.h"

static struct records misp(struct text document)
{
    return format_records(&FORMAT_MISP, (struct feed_from){.fd = -1}, document);
}

static struct records misp_sample(const char *name, char **ret_bytes)
{
    size_t len;
    *ret_bytes = sample(name, &len);
    return misp((struct text){*ret_bytes, len});
}

/* The object with this id; NULL: none. */
static const struct record_object *with_id(const struct records *r, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->r[i].kind == RECORD_OBJECT && text_eq(r->r[i].u.object.id, text_of(id)))
            return &r->r[i].u.object;
    return NULL;
}

static size_t of_type(const struct records *r, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->r[i].kind == RECORD_OBJECT && !r->r[i].u.object.ends &&
             text_starts(r->r[i].u.object.id, text_of(type)) &&
             text_starts(text_sub(r->r[i].u.object.id, strlen(type), 99), TEXT("--"));
    return n;
}

static size_t lost(const struct records *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->r[i].kind == RECORD_LOST;
    return n;
}

static bool says(const struct record_object *o, const char *text)
{
    return o && text_find_text(o->body, text_of(text)) >= 0;
}

static bool looks_for(const struct record_object *o, const char *value)
{
    struct cursor c = o->values;
    struct record_value v;
    for (size_t i = 0; i < o->value_count; i++)
        if (record_next_value(&c, &v) && text_eq(v.value, text_of(value)))
            return true;
    return false;
}

/* ---- one event that has everything ---- */

#define U "5d0f9c7e-2b1a-4e0c-8d55-0000000000"

static void event_becomes_stix(void **state)
{
    (void)state;
    char *bytes;
    struct records r = misp_sample("misp/good/event.json", &bytes);
    assert_int_equal(r.end->err, OK);
    assert_int_equal(r.rejected, 0);
    const struct record_object *o = with_id(&r, "report--" U "01");
    assert_true(says(o, "\"name\":\"Phishing against the ministry\"") && says(o, "indicator--" U "10"));
    assert_true(says(o, "\"created_by_ref\":\"identity--" U "02\"") &&
                says(o, "\"osint:source-type=\\\"blog-post\\\"\""));
    assert_int_equal(o->tlp, TLP_AMBER);

    o = with_id(&r, "indicator--" U "10");
    assert_true(says(o, "dst_ref.value = '192.0.2.7'") && looks_for(o, "192.0.2.7"));
    assert_true(says(o, "\"misp:type=\\\"ip-dst\\\"\"") && says(o, "\"misp:to_ids=\\\"True\\\"\""));
    assert_true(says(o, "\"description\":\"command server\"") &&
                says(o, "\"valid_from\":\"2026-01-02T03:04:05.000Z\""));
    o = with_id(&r, "indicator--" U "11"); /* to_ids is false: it ends what may be held, and is nothing else */
    assert_true(o->ends && o->has_valid_until && !says(with_id(&r, "report--" U "01"), "indicator--" U "11"));
    assert_non_null(with_id(&r, "observed-data--" U "11"));
    assert_true(looks_for(with_id(&r, "indicator--" U "12"), "0123456789abcdef0123456789abcdef"));
    o = with_id(&r, "indicator--" U "13");
    assert_true(o->revoked && o->tlp == TLP_AMBER);
    assert_int_equal(with_id(&r, "indicator--" U "14")->tlp, TLP_RED);
    assert_true(says(with_id(&r, "x-misp-attribute--" U "15"), "\"x_misp_value\":\"a remark\""));

    o = with_id(&r, "indicator--" U "20"); /* an object */
    assert_true(looks_for(o, "fedcba9876543210fedcba9876543210") && says(o, "file:name = 'bad.exe'"));
    assert_true(says(o, "\"x_misp_attributes\":["));
    o = with_id(&r, "relationship--" U "25");
    assert_true(says(o, "\"relationship_type\":\"connects-to\""));

    assert_true(says(with_id(&r, "sighting--" U "30"), "\"sighting_of_ref\":\"indicator--" U "10\""));
    assert_true(says(with_id(&r, "opinion--" U "31"), "strongly-disagree"));
    assert_int_equal(of_type(&r, "note"), 4); /* expiration, proposal, report, analyst's */
    assert_true(says(with_id(&r, "threat-actor--" U "40"), "\"name\":\"Example Bear\""));
    assert_null(with_id(&r, "indicator--" U "50")); /* a proposal */
    assert_int_equal(lost(&r), 1);
    assert_text_eq(lost_at(&r, 0)->what, TEXT("/Event/CryptographicKey"));
    records_done(&r);
    free(bytes);
}

/* ---- attributes ---- */

static struct records one_attribute(const char *members)
{
    struct buffer b;
    buffer_init(&b, MIB);
    buffer_addf(&b,
                "{\"Event\":{\"uuid\":\"" U
                "01\",\"info\":\"i\",\"date\":\"2026-01-01\",\"timestamp\":\"1767400000\","
                "\"Attribute\":[{\"uuid\":\"" U "10\",\"category\":\"Other\",\"timestamp\":\"1767400000\",%s}]}}",
                members);
    struct records r = misp(buffer_text(&b));
    buffer_done(&b);
    return r;
}

static void values_are_what_they_mean(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value, *pattern, *looked_for; /* pattern NULL: kept, and told */
    } cases[] = {
        {"ip-src", "192.0.2.1", "network-traffic:src_ref.value = '192.0.2.1'", "192.0.2.1"},
        {"ip-dst", "192.0.2.0/24", "network-traffic:dst_ref.value ISSUBSET '192.0.2.0/24'", "192.0.2.0/24"},
        {"ip-dst", "2001:DB8::1", "dst_ref.type = 'ipv6-addr'", "2001:db8::1"},
        {"ip-dst|port", "192.0.2.1|443", "network-traffic:dst_port = 443", "192.0.2.1"},
        {"ip-dst|port", "192.0.2.1|70000", NULL, NULL},
        {"hostname|port", "a.example|80", "dst_ref.type = 'domain-name'", "a.example"},
        {"domain|ip", "a.example|192.0.2.1", "domain-name:resolves_to_refs[*].value = '192.0.2.1'", "a.example"},
        {"domain", "evil[.]example", "domain-name:value = 'evil.example'", "evil.example"},
        {"domain", "not a domain", NULL, NULL},
        {"url", "hxxps://evil[.]example/a", "url:value = 'https://evil.example/a'", "https://evil.example/a"},
        {"url", "evil.example/a", "url:value = 'evil.example/a'", NULL},
        {"md5", "0123456789ABCDEF0123456789abcdef", "file:hashes.MD5", "0123456789abcdef0123456789abcdef"},
        {"md5", "0123", NULL, NULL},
        {"filename|sha1", "a|b.exe|0123456789abcdef0123456789abcdef01234567", "file:name = 'a|b.exe'",
         "0123456789abcdef0123456789abcdef01234567"},
        {"filename", "it's\\\\x", "file:name = 'it\\\\'s\\\\\\\\x'", NULL},
        {"regkey|value", "HKLM\\\\a|b|c", "values[*].data = 'b|c'", NULL},
        {"AS", "AS64500", "autonomous-system:number = 64500", "AS64500"},
        {"filename", "Dropper 1.exe", "file:name = 'Dropper 1.exe'", "dropper 1.exe"},
        {"mutex", "Global\\\\Evil", "mutex:name = 'Global", "Global\\Evil"},
        {"ja3-fingerprint-md5", "E7D705A3286E19EA42F587B344EE6865",
         "network-traffic:x_ja3 =", "e7d705a3286e19ea42f587b344ee6865"},
        {"email-src", "A@Evil.Example", "email-message:from_ref.value", "a@evil.example"},
        {"snort", "alert tcp any any -> any any", "\"pattern_type\":\"snort\"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char members[512];
        snprintf(members, sizeof members, "\"type\":\"%s\",\"to_ids\":true,\"value\":\"%s\"", cases[i].type,
                 cases[i].value);
        struct records r = one_attribute(members);
        const struct record_object *o = with_id(&r, "indicator--" U "10");
        print_message("%s %s\n", cases[i].type, cases[i].value);
        assert_int_equal(r.rejected, 0);
        assert_true(cases[i].pattern ? says(o, cases[i].pattern) : !o);
        if (!cases[i].pattern) {
            assert_non_null(with_id(&r, "x-misp-attribute--" U "10"));
            assert_int_equal(lost(&r), 1);
        } else {
            const bool both = strcmp(cases[i].type, "domain|ip") == 0;
            assert_int_equal(o->value_count, both ? 2 : cases[i].looked_for != NULL);
            assert_true(!both || looks_for(o, "192.0.2.1"));
            assert_true(!cases[i].looked_for || looks_for(o, cases[i].looked_for));
        }
        records_done(&r);
    }
}

/* Every type of describeTypes, for detection and not, is there afterwards, and without to_ids is no indicator. */
static void every_type_is_kept(void **state)
{
    (void)state;
    const char *path = data_path("misp/pymisp-describeTypes.json");
    if (!path)
        skip();
    size_t len;
    char *bytes = scratch_read(path, &len);
    struct json_doc *doc;
    assert_ok(json_parse((struct text){bytes, len}, &doc, NULL));
    const struct json_val *types = json_get(json_get(json_root(doc), "result"), "types");
    assert_true(json_size(types) > 180);
    for (struct json_iter it = json_iter_of(types); json_next(&it);)
        for (int ids = 0; ids < 2; ids++) {
            char members[256];
            snprintf(members, sizeof members, "\"type\":\"" TEXT_FMT "\",\"to_ids\":%s,\"value\":\"some value\"",
                     TEXT_ARG(json_text(it.val)), ids ? "true" : "false");
            struct records r = one_attribute(members);
            assert_int_equal(r.rejected, 0);
            assert_true(ids || of_type(&r, "indicator") == 0);
            bool there = false;
            for (size_t i = 0; i < r.count; i++)
                there = there || (r.r[i].kind == RECORD_OBJECT && text_ends(r.r[i].u.object.id, TEXT("--" U "10")));
            assert_true(there);
            records_done(&r);
        }
    json_free(doc);
    free(bytes);
}

/* ---- markings ---- */

/* The rule, written down a second time: strictest of all levels, from outside in. */
static enum tlp rule(const int *distribution, const enum tlp *tag, size_t levels)
{
    enum tlp all = TLP_NONE, tags = TLP_NONE;
    for (size_t i = 0; i < levels; i++) {
        tags = tlp_stricter(tags, tag[i]);
        all = tlp_stricter(all, tags);
        switch (distribution[i]) {
        case 0:
        case 1: all = tlp_stricter(all, TLP_AMBER_STRICT); break;
        case 2: all = tlp_stricter(all, TLP_AMBER); break;
        case 3: all = tlp_stricter(all, tags == TLP_NONE ? TLP_GREEN : TLP_NONE); break;
        case 4: all = tlp_stricter(all, TLP_AMBER_STRICT); break; /* a group that nobody described */
        case 5: all = tlp_stricter(all, i == 0 ? TLP_AMBER_STRICT : TLP_NONE); break;
        case 6: all = tlp_stricter(all, TLP_AMBER_STRICT); break; /* no such distribution */
        default: break;
        }
    }
    return all;
}

static void put_level(struct buffer *b, int distribution, enum tlp tag, bool odd_tag)
{
    static const char *const tags[] = {"", "tlp:clear", "TLP:GREEN", "tlp:amber", "tlp:amber+strict", "tlp:red"};
    if (distribution >= 0)
        buffer_addf(b, distribution % 2 ? "\"distribution\":\"%d\"," : "\"distribution\":%d,", distribution);
    if (odd_tag)
        buffer_addf(b, "\"Tag\":[{\"name\":\"tlp:ex:chr\"}],");
    else if (tag != TLP_NONE)
        buffer_addf(b, "\"Tag\":[{\"name\":\"x\"},{\"name\":\"%s\"}],", tags[tag]);
}

static void markings_are_never_wider(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, MIB);
    unsigned seed = 20261122;
    for (int round = 0; round < 600; round++) {
        int distribution[3];
        enum tlp tag[3];
        bool odd[3];
        for (size_t i = 0; i < 3; i++) {
            seed = seed * 1103515245 + 12345;
            distribution[i] = (int)(seed >> 16) % 8 - 1;
            odd[i] = (seed >> 20) % 16 == 0;
            tag[i] = odd[i] ? TLP_AMBER_STRICT : (enum tlp)((seed >> 24) % 6);
        }
        buffer_clear(&b);
        buffer_addf(&b, "{\"Event\":{\"uuid\":\"" U "01\",\"info\":\"i\",\"timestamp\":\"1767400000\",");
        put_level(&b, distribution[0], tag[0], odd[0]);
        buffer_addf(&b, "\"Object\":[{\"name\":\"file\",\"uuid\":\"" U "20\",");
        put_level(&b, distribution[1], tag[1], odd[1]);
        buffer_addf(&b,
                    "\"Attribute\":[{\"uuid\":\"" U "21\",\"type\":\"filename\",\"object_relation\":\"filename\",");
        put_level(&b, distribution[2], tag[2], odd[2]);
        buffer_addf(&b,
                    "\"to_ids\":true,\"value\":\"x\"}]}],\"Attribute\":[{\"uuid\":\"" U "10\",\"type\":\"domain\",");
        put_level(&b, distribution[1], tag[1], odd[1]);
        buffer_addf(&b, "\"to_ids\":true,\"value\":\"a.example\"}]}}");
        struct records r = misp(buffer_text(&b));
        assert_int_equal(with_id(&r, "grouping--" U "01")->tlp, rule(distribution, tag, 1));
        assert_int_equal(with_id(&r, "indicator--" U "10")->tlp, rule(distribution, tag, 2));
        assert_int_equal(with_id(&r, "indicator--" U "20")->tlp, rule(distribution, tag, 3));
        records_done(&r);
    }
    buffer_done(&b);
}

/* A sharing group is REL-TO its organisations; without any it is nobody. */
static void sharing_groups_are_named(void **state)
{
    (void)state;
    struct records r =
        one_attribute("\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"distribution\":\"4\",\"sharing_"
                      "group_id\":\"7\","
                      "\"SharingGroup\":{\"uuid\":\"" U "60\",\"name\":\"G\",\"SharingGroupOrg\":["
                      "{\"Organisation\":{\"uuid\":\"" U "61\"}},{\"Organisation\":{\"uuid\":\"" U "62\"}}]},"
                      "\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"PAP:RED\"}]");
    const struct record_object *o = with_id(&r, "indicator--" U "10");
    assert_int_equal(o->tlp, TLP_AMBER);
    assert_int_equal(o->marking_count, 3);
    assert_int_equal(of_type(&r, "marking-definition"), 2);
    size_t named = 0;
    for (size_t i = 0; i < r.count; i++)
        named += r.r[i].kind == RECORD_OBJECT &&
                 says(&r.r[i].u.object, "\"organisations\":[\"identity--" U "61\",\"identity--" U "62\"]");
    assert_int_equal(named, 1);
    records_done(&r);
    r = one_attribute("\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":true,\"distribution\":\"4\"");
    assert_int_equal(with_id(&r, "indicator--" U "10")->tlp, TLP_AMBER_STRICT);
    records_done(&r);
}

/* ---- whole documents ---- */

static void every_shape_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        size_t indicators;
    } shapes[] = {
#define A \
    "{\"uuid\":\"" U "10\",\"type\":\"domain\",\"value\":\"a.example\",\"to_ids\":\"1\",\"timestamp\":1767400000}"
#define E "\"uuid\":\"" U "01\",\"info\":\"i\",\"Attribute\":[" A "]"
        {"{\"Event\":{" E "}}", 1},
        {"{" E "}", 1},
        {"[{\"Event\":{" E "}},{\"Event\":{" E "}}]", 2},
        {"{\"response\":[{\"Event\":{" E "}}]}", 1},
        {"{\"response\":{\"Attribute\":[" A "]}}", 1},
        {"{\"Attribute\":[" A "]}", 1},
        {"{\"Attribute\":" A "}", 1},
        {"[{\"Attribute\":" A "}]", 1},
        {"[" A "]", 1},
        {"{\"Event\":{" E "}}\n{\"Event\":{" E "}}\n", 2},
        {"{\"response\":[]}", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        print_message("%s\n", shapes[i].document);
        const struct format_head head = {text_of(shapes[i].document), true, TEXT_NONE};
        struct records r = misp(text_of(shapes[i].document));
        assert_int_equal(FORMAT_MISP.claim(&head), FORMAT_YES);
        assert_int_equal(r.end->err, OK);
        assert_int_equal(of_type(&r, "indicator"), shapes[i].indicators);
        records_done(&r);
    }
}

static void strangers_are_not_claimed(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"type\":\"bundle\",\"id\":\"x\",\"objects\":[{\"type\":\"note\",\"content\":\"Attribute\"}]}",
        "value\nexample\n",
        "{}",
        "[]",
        "{\"Format\":\"IDEA0\",\"Category\":[]}",
        "{\"objects\":[],\"Event\":{}}"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const struct format_head head = {text_of(others[i]), true, TEXT_NONE};
        assert_int_equal(FORMAT_MISP.claim(&head), FORMAT_NO);
    }
}

/* Whatever a member is, the event is read to its end and nothing is lost in silence. */
static void wrong_types_cost_a_piece(void **state)
{
    (void)state;
    static const char *const members[] = {"uuid",         "type",       "value",   "to_ids",   "timestamp",
                                          "distribution", "Tag",        "Galaxy",  "Sighting", "ShadowAttribute",
                                          "comment",      "first_seen", "deleted", "data",     "Note",
                                          "SharingGroup"};
    static const char *const values[] = {"null",
                                         "true",
                                         "-1",
                                         "1.5",
                                         "\"\"",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[[1]]",
                                         "[null]",
                                         "{\"a\":{}}",
                                         "\"\\u0000\"",
                                         "123456789012345678901234567890"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            char document[1024];
            snprintf(document, sizeof document,
                     "{\"Event\":{\"uuid\":\"" U "01\",\"info\":\"i\",\"Attribute\":["
                     "{\"type\":\"domain\",\"value\":\"a.example\",\"%s\":%s},"
                     "{\"uuid\":\"" U "11\",\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true}]}}",
                     strcmp(members[i], "type") == 0    ? "Type"
                     : strcmp(members[i], "value") == 0 ? "Value"
                                                        : members[i],
                     values[k]);
            struct records r = misp(text_of(document));
            assert_int_equal(r.end->err, OK);
            assert_non_null(with_id(&r, "indicator--" U "11"));
            assert_non_null(with_id(&r, "grouping--" U "01"));
            records_done(&r);
        }
}

/* Libraries write numbers, true and false before a server has seen the event. */
static void values_without_quotes_are_kept(void **state)
{
    (void)state;
    struct records r = misp(TEXT("{\"Event\":{\"uuid\":\"" U "01\",\"info\":\"i\",\"Attribute\":["
                                 "{\"uuid\":\"" U "11\",\"type\":\"port\",\"value\":8080},"
                                 "{\"uuid\":\"" U "12\",\"type\":\"boolean\",\"value\":false}],"
                                 "\"Object\":[{\"uuid\":\"" U "21\",\"name\":\"own\",\"Attribute\":["
                                 "{\"type\":\"boolean\",\"object_relation\":\"human\",\"value\":true},"
                                 "{\"type\":\"float\",\"object_relation\":\"part\",\"value\":1.5}]}]}}"));
    assert_true(says(with_id(&r, "x-misp-attribute--" U "11"), "\"x_misp_value\":8080"));
    assert_true(says(with_id(&r, "x-misp-attribute--" U "12"), "\"x_misp_value\":false"));
    assert_true(says(with_id(&r, "x-misp-object--" U "21"), "\"value\":true"));
    assert_true(says(with_id(&r, "x-misp-object--" U "21"), "\"value\":1.5"));
    assert_int_equal(lost(&r), 0);
    records_done(&r);
}

static void bad_values_are_told(void **state)
{
    (void)state;
    char *bytes;
    struct records r = misp_sample("misp/bad/values.json", &bytes);
    assert_int_equal(r.end->err, OK);
    assert_int_equal(r.rejected, 2);               /* a value that is a list; a number for an attribute */
    assert_int_equal(of_type(&r, "indicator"), 0); /* "zz" is no MD5 */
    assert_int_equal(of_type(&r, "x-misp-attribute"), 1);
    assert_true(lost(&r) >= 2);
    records_done(&r);
    free(bytes);
}

static void cut_documents_end_badly(void **state)
{
    (void)state;
    size_t len;
    char *bytes = sample("misp/good/event.json", &len);
    for (size_t cut = 1; cut + 2 < len; cut += 7) {
        struct records r = misp((struct text){bytes, cut});
        assert_int_equal(r.end->err, ERR_MALFORMED);
        records_done(&r);
    }
    free(bytes);
}

static void many_attributes_make_several_groupings(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_addf(&b, "{\"Event\":{\"uuid\":\"" U "01\",\"info\":\"i\",\"published\":true,\"Attribute\":[");
    size_t count = 2 * MISP_REPORT_REFS_MAX + 5;
    for (size_t i = 0; i < count; i++)
        buffer_addf(&b,
                    "%s{\"uuid\":\"5d0f9c7e-2b1a-4e0c-8d56-%012zx\",\"type\":\"domain\",\"to_ids\":1,\"value\":\"a%"
                    "zu.example\"}",
                    i ? "," : "", i % (count - 1), i);
    buffer_addf(&b, "]}}");
    const struct format_job job = {.from = {.fd = -1}, .head = buffer_text(&b)};
    size_t indicators = 0, groupings = 0, reports = 0, told = 0;
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    buffer_init(&out, 64 * MIB);
    assert_ok(FORMAT_MISP.open(&job, &reading));
    while (FORMAT_MISP.next(reading, &out) == OK) {
        cursor_init(&c, buffer_text(&out));
        while (record_next(&c, &r) == OK) {
            indicators += r.kind == RECORD_OBJECT && text_starts(r.u.object.id, TEXT("indicator--"));
            groupings += r.kind == RECORD_OBJECT && text_starts(r.u.object.id, TEXT("grouping--"));
            reports += r.kind == RECORD_OBJECT && text_starts(r.u.object.id, TEXT("report--"));
            told += r.kind == RECORD_LOST;
        }
        buffer_clear(&out);
    }
    FORMAT_MISP.free(reading);
    buffer_done(&out);
    assert_int_equal(indicators, count);
    assert_int_equal(groupings, 2);
    assert_int_equal(reports, 1);
    assert_int_equal(told, 1); /* one uuid stood twice */
    buffer_done(&b);
}

static void manifest_names_its_events(void **state)
{
    (void)state;
    struct text manifest =
        TEXT("{\"" U "01\":{\"timestamp\":\"1767400000\",\"info\":\"i\"},\"" U "02\":{\"timestamp\":7},"
             "\"x\":{},\"" U "03\":[]}");
    struct records r = format_records(&FORMAT_MISP_FEED, (struct feed_from){.fd = -1}, manifest);
    assert_int_equal(r.rejected, 2);
    assert_int_equal(r.r[0].kind, RECORD_ELEMENT);
    assert_text_eq(r.r[0].u.element.id, TEXT("report--" U "01"));
    assert_text_eq(r.r[0].u.element.version, TEXT("2026-01-03T00:26:40.000Z"));
    records_done(&r);
    r = format_records(&FORMAT_MISP_FEED, (struct feed_from){.fd = -1}, TEXT("[1]"));
    assert_int_equal(r.end->err, ERR_MALFORMED);
    records_done(&r);
}

static void dump_file(const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    assert_non_null(bytes);
    struct records r = misp((struct text){bytes, len});
    printf("F %s\n", path);
    for (size_t i = 0; i < r.count; i++) {
        const struct record *one = &r.r[i];
        if (one->kind == RECORD_OBJECT)
            printf("%c " TEXT_FMT "\n", one->u.object.ends ? 'E' : 'O', TEXT_ARG(one->u.object.body));
        else if (one->kind == RECORD_LOST)
            printf("L " TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(one->u.lost.what), TEXT_ARG(one->u.lost.reason));
        else if (one->kind == RECORD_REJECTED)
            printf("R " TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(one->u.rejected.id), TEXT_ARG(one->u.rejected.reason));
    }
    records_done(&r);
    free(bytes);
}

/* One path a line. */
static void dump(void **state)
{
    (void)state;
    char *list = scratch_read(getenv("MISP_DUMP"), NULL), *at = NULL;
    assert_non_null(list);
    for (char *path = strtok_r(list, "\n", &at); path; path = strtok_r(NULL, "\n", &at))
        dump_file(path);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_becomes_stix),
        cmocka_unit_test(values_are_what_they_mean),
        cmocka_unit_test(every_type_is_kept),
        cmocka_unit_test(markings_are_never_wider),
        cmocka_unit_test(sharing_groups_are_named),
        cmocka_unit_test(every_shape_is_read),
        cmocka_unit_test(strangers_are_not_claimed),
        cmocka_unit_test(wrong_types_cost_a_piece),
        cmocka_unit_test(values_without_quotes_are_kept),
        cmocka_unit_test(bad_values_are_told),
        cmocka_unit_test(cut_documents_end_badly),
        cmocka_unit_test(many_attributes_make_several_groupings),
        cmocka_unit_test(manifest_names_its_events),
    };
    const struct CMUnitTest dumps[] = {cmocka_unit_test(dump)};
    if (getenv("MISP_DUMP"))
        return cmocka_run_group_tests(dumps, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
