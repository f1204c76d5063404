/* What net/ is handed: envelopes of what was cleared, tabled pages, and a decision in words. */
#include "gateway.h"

#include <stdio.h>

#include "release/explain.h"

#define CLEARED_TIMES "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-02-02T00:00:00.000Z\""

static struct cleared *cleared_as(const struct recipient *r, enum door door, unsigned n)
{
    char text[400];
    struct gate_class cls = {.ours = true, .tlp = TLP_CLEAR};
    struct withholding w = {"", "", 0};
    struct decision d;
    struct cleared *c = NULL;
    snprintf(text, sizeof text,
             "{" CLEARED_TIMES ",\"id\":\"tool--11110000-0000-4000-8000-%012u\",\"type\":\"tool\"}", n);
    gate_decide(&QUESTION(&cls, r, door), &d);
    assert_ok(gate_clear(&QUESTION(&cls, r, door), &d, text_of(text), &LOOKUP(withhold_marked, &w), &c, NULL));
    return c;
}

static struct json_doc *parsed(const struct outbound *o)
{
    struct json_doc *doc = NULL;
    struct fault f;
    if (json_parse(outbound_body(o), &doc, &f))
        print_error("%s: " TEXT_FMT "\n", f.what, TEXT_ARG(outbound_body(o)));
    assert_non_null(doc);
    return doc;
}

static const char *header_of(const struct outbound *o, const char *wanted)
{
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        if (text_eq(name, text_of(wanted)))
            return value.ptr;
    }
    return NULL;
}

/* ---- envelopes ---- */

static void taxii_envelopes(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN);
    struct cleared *a = cleared_as(&x, DOOR_TAXII, 1), *b = cleared_as(&x, DOOR_TAXII, 2);
    const struct cleared *items[] = {a, b};
    struct envelope_info info = {.status = 200,
                                 .more = true,
                                 .next = TEXT("cursor\"1"),
                                 .added_first = TEXT("2026-01-01T00:00:00.000001Z"),
                                 .added_last = TEXT("2026-01-01T00:00:00.000002Z")};
    struct outbound *o = NULL;
    assert_ok(outbound_cleared(ENVELOPE_TAXII, &info, items, 2, &o));
    assert_int_equal(outbound_status(o), 200);
    assert_text(outbound_media_type(o), "application/taxii+json;version=2.1");
    assert_string_equal(header_of(o, "X-TAXII-Date-Added-First"), "2026-01-01T00:00:00.000001Z");
    assert_string_equal(header_of(o, "X-TAXII-Date-Added-Last"), "2026-01-01T00:00:00.000002Z");
    struct json_doc *doc = parsed(o);
    assert_true(json_bool(json_get(json_root(doc), "more"), false));
    assert_text(json_text(json_get(json_root(doc), "next")), "cursor\"1");
    assert_int_equal(json_size(json_get(json_root(doc), "objects")), 2);
    assert_true(text_find_text(outbound_body(o), cleared_body(b)) > 0);
    json_free(doc);
    outbound_free(o);

    info = (struct envelope_info){.status = 200};
    assert_ok(outbound_cleared(ENVELOPE_TAXII, &info, items, 1, &o));
    assert_int_equal(outbound_header_count(o), 0);
    assert_true(text_starts(outbound_body(o), TEXT("{\"more\":false,\"objects\":[{")));
    outbound_free(o);
    assert_ok(outbound_cleared(ENVELOPE_TAXII, &info, NULL, 0, &o));
    assert_text(outbound_body(o), "{}");
    outbound_free(o);
    assert_ok(outbound_manifest(&info, NULL, NULL, 0, &o));
    assert_text(outbound_body(o), "{}");
    outbound_free(o);
    info.added_last = TEXT("2026\r\nX: y");
    assert_err(outbound_cleared(ENVELOPE_TAXII, &info, items, 1, &o), ERR_MALFORMED);
    cleared_free(a), cleared_free(b);
}

static void bundles(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN);
    struct cleared *a = cleared_as(&x, DOOR_EXPORT, 1), *b = cleared_as(&x, DOOR_EXPORT, 2);
    const struct cleared *items[] = {a, b};
    struct envelope_info info = {0};
    struct outbound *o, *again, *other;
    assert_ok(outbound_cleared(ENVELOPE_BUNDLE, &info, items, 2, &o));
    assert_text(outbound_media_type(o), "application/stix+json;version=2.1");
    struct json_doc *doc = parsed(o);
    struct ident id;
    assert_text(json_text(json_get(json_root(doc), "type")), "bundle");
    assert_ok(ident_parse(json_text(json_get(json_root(doc), "id")), &id, NULL));
    assert_text(id.type, "bundle");
    assert_int_equal(json_size(json_get(json_root(doc), "objects")), 2);
    json_free(doc);
    assert_ok(outbound_cleared(ENVELOPE_BUNDLE, &info, items, 2, &again));
    assert_text_eq(outbound_body(o), outbound_body(again));
    assert_ok(outbound_cleared(ENVELOPE_BUNDLE, &info, items, 1, &other));
    assert_false(text_eq(text_sub(outbound_body(o), 0, 70), text_sub(outbound_body(other), 0, 70)));
    outbound_free(o), outbound_free(again), outbound_free(other);
    assert_ok(outbound_cleared(ENVELOPE_BUNDLE, &info, NULL, 0, &o));
    assert_true(text_find_text(outbound_body(o), TEXT("objects")) < 0); /* no empty list */
    outbound_free(o);
    cleared_free(a), cleared_free(b);
}

static void manifests(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN);
    struct cleared *a = cleared_as(&x, DOOR_TAXII, 1);
    const struct cleared *items[] = {a};
    struct envelope_info info = {.status = 200, .added_last = TEXT("2026-03-03T00:00:00.000003Z")};
    struct outbound *o;
    assert_ok(outbound_manifest(&info, items, &info.added_last, 1, &o));
    assert_text(outbound_body(o),
                "{\"more\":false,\"objects\":[{\"id\":\"tool--11110000-0000-4000-8000-000000000001\","
                "\"date_added\":\"2026-03-03T00:00:00.000003Z\",\"version\":\"2026-02-02T00:00:00.000Z\","
                "\"media_type\":\"application/stix+json;version=2.1\"}]}");
    assert_string_equal(header_of(o, "X-TAXII-Date-Added-Last"), "2026-03-03T00:00:00.000003Z");
    outbound_free(o);
    cleared_free(a);
}

/* One body, one recipient, one door. */
static void mixed_envelopes_are_denied(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN), y = partner_x(TLP_GREEN), all = {.kind = RECIPIENT_PUBLIC},
                     account = {.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_READER};
    y.party = (struct uuid){{0x33}};
    struct cleared *base = cleared_as(&x, DOOR_TAXII, 1);
    struct cleared *others[] = {cleared_as(&y, DOOR_TAXII, 2), cleared_as(&x, DOOR_EXPORT, 3),
                                cleared_as(&all, DOOR_TAXII, 4), cleared_as(&account, DOOR_TAXII, 5)};
    struct envelope_info info = {.status = 200};
    struct outbound *o = NULL;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const struct cleared *items[] = {base, others[i]};
        struct text dates[] = {TEXT("d"), TEXT("d")};
        assert_err(outbound_cleared(ENVELOPE_TAXII, &info, items, 2, &o), ERR_DENIED);
        assert_err(outbound_manifest(&info, items, dates, 2, &o), ERR_DENIED);
    }
    const struct cleared *strangers[] = {others[2], others[3]}; /* neither has a party */
    assert_err(outbound_cleared(ENVELOPE_BUNDLE, &info, strangers, 2, &o), ERR_DENIED);
    assert_null(o);
    cleared_free(base);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        cleared_free(others[i]);
}

/* Objects of every class, each with an id, a name and a value of its own, referring to each other: whatever the gate
 * withheld from a recipient is not in the bytes it gets, nor in a manifest, nor counted. */
#define CROWD 240

struct crowd {
    struct gate_class cls[CROWD];
    struct decision d[CROWD];
    struct recipient r;
};

static enum ref_state crowd_lookup(void *self, struct text id)
{
    struct crowd *w = self;
    uint64_t n;
    if (text_u64(text_sub(id, id.len - 12, 12), &n) || n >= CROWD)
        return REF_WITHHELD;
    return gate_ref_of(&w->cls[n], &w->r, &w->d[n]);
}

static void crowd_class(unsigned i, struct gate_class *c)
{
    static const struct uuid parties[] = {{{0}}, {{0x22, 0x22}}, {{0x44}}};
    *c = (struct gate_class){.tlp = (enum tlp)(i % 6), .ours = i % 4 == 0, .party = parties[i % 3]};
    c->source_default = i % 5 == 0 ? TLP_GREEN : TLP_NONE;
    c->granular = i % 17 == 0;
    c->unknown_marking = i % 19 == 0;
    c->quarantined = i % 23 == 0;
    c->internal_only = i % 29 == 0;
}

static struct cleared *crowd_clear(struct crowd *w, unsigned i, enum door door)
{
    char text[900];
    struct cleared *c = NULL;
    snprintf(
        text, sizeof text,
        "{\"created\":\"2026-01-01T00:00:00.000Z\",\"created_by_ref\":\"identity--11110000-0000-4000-8000-%012u\","
        "\"id\":\"report--11110000-0000-4000-8000-%012u\",\"modified\":\"2026-01-01T00:00:00.%03uZ\",\"name\":\"name-"
        "%u-"
        "end\",\"object_refs\":[\"tool--11110000-0000-4000-8000-%012u\",\"tool--11110000-0000-4000-8000-%012u\"],"
        "\"published\":\"2026-01-01T00:00:00Z\",\"spec_version\":\"2.1\",\"type\":\"report\","
        "\"x_value\":\"value-%u.example\"}",
        (i * 7 + 1) % CROWD, i, i, i, (i * 7 + 6) % CROWD, (i * 13 + 5) % CROWD, i);
    enum err e = w->d[i].cleared ? gate_clear(&QUESTION(&w->cls[i], &w->r, door), &w->d[i], text_of(text),
                                              &LOOKUP(crowd_lookup, w), &c, NULL)
                                 : ERR_DENIED;
    assert_true(e == OK || e == ERR_DENIED);
    return c;
}

static void assert_absent(const struct outbound *o, unsigned i)
{
    char words[3][80];
    snprintf(words[0], sizeof words[0], "report--11110000-0000-4000-8000-%012u", i);
    snprintf(words[1], sizeof words[1], "name-%u-end", i);
    snprintf(words[2], sizeof words[2], "value-%u.example", i);
    for (size_t k = 0; k < ARRAY_LEN(words); k++)
        assert_true(text_find_text(outbound_body(o), text_of(words[k])) < 0);
}

/* Nor does a reference in it lead to what the recipient may not have and did not give. */
static void assert_references_hold(struct crowd *w, const struct outbound *o)
{
    static const char *const starts[] = {"identity--11110000-0000-4000-8000-", "tool--11110000-0000-4000-8000-"};
    for (size_t s = 0; s < ARRAY_LEN(starts); s++) {
        struct text rest = outbound_body(o);
        for (ptrdiff_t at; (at = text_find_text(rest, text_of(starts[s]))) >= 0;) {
            rest = text_sub(rest, (size_t)at + strlen(starts[s]), rest.len);
            uint64_t n;
            assert_ok(text_u64(text_sub(rest, 0, 12), &n));
            assert_true(w->d[n].cleared || (!w->cls[n].ours && uuid_eq(&w->cls[n].party, &w->r.party)));
        }
    }
}

static void check_crowd(struct crowd *w, enum door door)
{
    struct cleared *made[CROWD];
    const struct cleared *items[CROWD];
    struct text dates[CROWD];
    struct envelope_info info = {.status = 200};
    struct outbound *o;
    size_t count = 0;
    for (unsigned i = 0; i < CROWD; i++) {
        crowd_class(i, &w->cls[i]);
        gate_decide(&QUESTION(&w->cls[i], &w->r, door), &w->d[i]);
    }
    for (unsigned i = 0; i < CROWD; i++) {
        made[i] = crowd_clear(w, i, door);
        dates[count] = TEXT("2026-01-01T00:00:00.000000Z");
        if (made[i])
            items[count++] = made[i];
    }
    for (int shape = 0; shape < 3; shape++) {
        assert_ok(shape < 2 ? outbound_cleared((enum envelope)shape, &info, items, count, &o)
                            : outbound_manifest(&info, items, dates, count, &o));
        for (unsigned i = 0; i < CROWD; i++)
            if (!made[i])
                assert_absent(o, i);
        if (shape < 2)
            assert_references_hold(w, o);
        struct json_doc *doc = parsed(o);
        assert_int_equal(json_size(json_get(json_root(doc), "objects")), count);
        json_free(doc);
        outbound_free(o);
    }
    for (unsigned i = 0; i < CROWD; i++)
        cleared_free(made[i]);
    assert_true(count > 0 && (count < CROWD) == (w->r.role != ROLE_ADMINISTRATOR));
}

static void nothing_withheld_leaves(void **state)
{
    (void)state;
    struct crowd *w = calloc(1, sizeof *w);
    w->r = partner_x(TLP_GREEN);
    check_crowd(w, DOOR_TAXII);
    w->r = partner_x(TLP_RED);
    check_crowd(w, DOOR_EXPORT);
    w->r = (struct recipient){.kind = RECIPIENT_PUBLIC};
    check_crowd(w, DOOR_EXPORT);
    w->r = (struct recipient){.kind = RECIPIENT_COMMUNITY, .ceiling = TLP_CLEAR};
    check_crowd(w, DOOR_TAXII);
    w->r = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_READER};
    check_crowd(w, DOOR_CONSOLE);
    w->r.role = ROLE_ADMINISTRATOR;
    check_crowd(w, DOOR_CONSOLE);
    free(w);
}

/* ---- pages ---- */

static struct page_field text_field(const char *name, const char *value)
{
    return (struct page_field){name, FIELD_TEXT, text_of(value), 0};
}

static struct page_field number_field(const char *name, int64_t n)
{
    return (struct page_field){name, FIELD_NUMBER, TEXT_NONE, n};
}

static struct page_field bool_field(const char *name, bool b)
{
    return (struct page_field){name, FIELD_BOOL, TEXT_NONE, b};
}

static struct outbound *page_of(enum outbound_page page, int status, const struct page_field *f, size_t n,
                                const struct page_line *rows, size_t row_count, const char *expected)
{
    struct outbound *o = NULL;
    assert_ok(outbound_protocol(page, status, f, n, rows, row_count, &o));
    assert_int_equal(outbound_status(o), status);
    assert_text(outbound_body(o), expected);
    return o;
}

static void taxii_pages(void **state)
{
    (void)state;
    const struct page_field discovery[] = {text_field("title", "N\"1"), text_field("contact", "c"),
                                           text_field("default", "https://h/taxii2/api/")};
    const struct page_field url = text_field("url", "https://h/taxii2/api/");
    const struct page_line roots[] = {{&url, 1}};
    outbound_free(page_of(PAGE_DISCOVERY, 200, discovery, 3, roots, 1,
                          "{\"title\":\"N\\\"1\",\"contact\":\"c\",\"default\":\"https://h/taxii2/api/\","
                          "\"api_roots\":[\"https://h/taxii2/api/\"]}"));
    const struct page_field root[] = {text_field("title", "t"), number_field("max_content_length", 67108864)};
    outbound_free(page_of(PAGE_API_ROOT, 200, root, 2, NULL, 0,
                          "{\"title\":\"t\",\"max_content_length\":67108864,"
                          "\"versions\":[\"application/taxii+json;version=2.1\"]}"));
    const struct page_field one[] = {text_field("id", "u"), text_field("title", "t"), bool_field("can_read", true),
                                     bool_field("can_write", false)};
    const struct page_line collections[] = {{one, 4}, {one, 4}};
#define COLLECTION                                                                                       \
    "\"id\":\"u\",\"title\":\"t\",\"can_read\":true,\"can_write\":false,\"media_types\":[\"application/" \
    "stix+json;version=2.1\"]"
    outbound_free(page_of(PAGE_COLLECTIONS, 200, NULL, 0, collections, 2,
                          "{\"collections\":[{" COLLECTION "},{" COLLECTION "}]}"));
    outbound_free(page_of(PAGE_COLLECTIONS, 200, NULL, 0, NULL, 0, "{}"));
    outbound_free(page_of(PAGE_COLLECTION, 200, one, 4, NULL, 0, "{" COLLECTION "}"));
    const struct page_field status[] = {text_field("id", "s"),
                                        text_field("status", "complete"),
                                        number_field("total_count", 3),
                                        number_field("success_count", 2),
                                        number_field("failure_count", 1),
                                        number_field("pending_count", 0)};
    const struct page_field good[] = {text_field("list", "successes"), text_field("id", "a"),
                                      text_field("version", "v")};
    const struct page_field bad[] = {text_field("id", "b"), text_field("version", "v"), text_field("message", "m"),
                                     text_field("list", "failures")};
    const struct page_line details[] = {{good, 3}, {bad, 4}, {good, 3}};
    outbound_free(page_of(
        PAGE_STATUS, 202, status, 6, details, 3,
        "{\"id\":\"s\",\"status\":\"complete\",\"total_count\":3,\"success_count\":2,\"failure_count\":1,"
        "\"pending_count\":0,\"successes\":[{\"id\":\"a\",\"version\":\"v\"},{\"id\":\"a\",\"version\":\"v\"}],"
        "\"failures\":[{\"id\":\"b\",\"version\":\"v\",\"message\":\"m\"}]}"));
}

static void other_pages(void **state)
{
    (void)state;
    const struct page_field error[] = {text_field("title", "t"), text_field("description", "d"),
                                       text_field("www_authenticate", "Basic realm=\"entente\""),
                                       number_field("retry_after", 5)};
    struct outbound *o = page_of(PAGE_ERROR, 401, error, 4, NULL, 0,
                                 "{\"title\":\"t\",\"description\":\"d\",\"http_status\":\"401\"}");
    assert_string_equal(header_of(o, "WWW-Authenticate"), "Basic realm=\"entente\"");
    assert_string_equal(header_of(o, "Retry-After"), "5");
    assert_text(outbound_media_type(o), "application/taxii+json;version=2.1");
    outbound_free(o);
    const struct page_field more[] = {bool_field("more", false), text_field("added_first", "f"),
                                      text_field("added_last", "l")};
    const struct page_field version = text_field("version", "2026-01-01T00:00:00Z");
    const struct page_line versions[] = {{&version, 1}};
    o = page_of(PAGE_VERSIONS, 200, more, 3, versions, 1, "{\"more\":false,\"versions\":[\"2026-01-01T00:00:00Z\"]}");
    assert_string_equal(header_of(o, "X-TAXII-Date-Added-First"), "f");
    assert_string_equal(header_of(o, "X-TAXII-Date-Added-Last"), "l");
    outbound_free(o);
    const struct page_field health = text_field("status", "ok");
    o = page_of(PAGE_HEALTH, 200, &health, 1, NULL, 0, "{\"status\":\"ok\"}");
    assert_text(outbound_media_type(o), "application/json");
    outbound_free(o);
    const struct page_field welcome[] = {text_field("name", "<b>\"&'"), text_field("version", "1"),
                                         number_field("uptime_s", 90000)};
    assert_ok(outbound_protocol(PAGE_WELCOME, 200, welcome, 3, NULL, 0, &o));
    assert_true(text_find_text(outbound_body(o), TEXT("<h1 dir=\"auto\">&lt;b&gt;&quot;&amp;&#39;</h1>")) > 0);
    outbound_free(o);
    outbound_free(page_of(PAGE_EMPTY, 204, NULL, 0, NULL, 0, ""));
    outbound_free(page_of(PAGE_REQUEST_GET, 0, NULL, 0, NULL, 0, ""));
    outbound_free(page_of(PAGE_REQUEST_DELETE, 0, NULL, 0, NULL, 0, ""));
}

/* What the tables do not name cannot be sent. */
static void pages_deny_the_rest(void **state)
{
    (void)state;
    struct outbound *o = NULL;
    const struct page_field title = text_field("title", "t"), twice[] = {title, title},
                            stray[] = {title, text_field("pattern", "[domain-name:value='x']")},
                            kind[] = {number_field("title", 1)}, latin[] = {text_field("title", "\xff")},
                            feed[] = {title, text_field("allow", "GET\r\nX: y")}, item[] = {text_field("name", "x")};
    const struct page_line row = {item, 1}, empty = {NULL, 0};
    assert_err(outbound_protocol(PAGE_ERROR, 400, stray, 2, NULL, 0, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_ERROR, 400, twice, 2, NULL, 0, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_ERROR, 400, kind, 1, NULL, 0, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_ERROR, 400, NULL, 0, NULL, 0, &o), ERR_DENIED); /* a title is required */
    assert_err(outbound_protocol(PAGE_ERROR, 400, &title, 1, &row, 1, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_ERROR, 400, latin, 1, NULL, 0, &o), ERR_MALFORMED);
    assert_err(outbound_protocol(PAGE_ERROR, 400, feed, 2, NULL, 0, &o), ERR_MALFORMED);
    assert_err(outbound_protocol(PAGE_COLLECTIONS, 200, NULL, 0, &row, 1, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_COLLECTIONS, 200, NULL, 0, &empty, 1, &o), ERR_DENIED);
    assert_err(outbound_protocol(PAGE_EMPTY, 204, &title, 1, NULL, 0, &o), ERR_DENIED);
    assert_err(outbound_protocol((enum outbound_page)99, 200, NULL, 0, NULL, 0, &o), ERR_DENIED);
    const struct page_field detail[] = {text_field("list", "secrets"), text_field("id", "a"),
                                        text_field("version", "v")};
    const struct page_field status[] = {text_field("id", "s"),
                                        text_field("status", "complete"),
                                        number_field("total_count", 0),
                                        number_field("success_count", 0),
                                        number_field("failure_count", 0),
                                        number_field("pending_count", 0)};
    const struct page_line details = {detail, 3};
    assert_err(outbound_protocol(PAGE_STATUS, 200, status, 6, &details, 1, &o), ERR_DENIED);
    assert_null(o);
}

/* ---- words ---- */

static void explained(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN), all = {.kind = RECIPIENT_PUBLIC};
    struct gate_class amber = {.tlp = TLP_AMBER}, unmarked = {.source_default = TLP_CLEAR};
    struct decision d;
    struct buffer b;
    buffer_init(&b, 65536);
    gate_decide(&QUESTION(&amber, &x, DOOR_TAXII), &d);
    explain_json(TEXT("indicator--1"), &x, DOOR_TAXII, &d, &b);
    assert_text_eq(
        buffer_text(&b),
        TEXT("{\"id\":\"indicator--1\",\"recipient\":\"CERT-X\",\"door\":\"taxii\",\"decision\":\"withheld\","
             "\"form\":null,\"marking\":\"TLP:AMBER\",\"removed\":[],\"asks\":[\"originator\",\"releaser\"],"
             "\"until\":null,"
             "\"rules\":[{\"rule\":\"2 TLP\",\"words\":\"Received, "
             "TLP:AMBER: it may go to our own constituents with a need, not to another partner.\"}]}"));
    buffer_clear(&b);
    explain_words(TEXT("indicator--1"), &x, DOOR_TAXII, &d, &b);
    assert_text_eq(buffer_text(&b),
                   TEXT("indicator--1: withheld from CERT-X (taxii)\n  rule 2 TLP: Received, TLP:AMBER: it may "
                        "go to our own constituents with a need, not to another partner.\n  may be asked: its "
                        "originator\n  may be asked: a releaser\n"));
    buffer_clear(&b);
    d.asks_releaser = d.sealed = true;
    d.holds_until_us = 1767225600000000;
    snprintf(d.removed, sizeof d.removed, "name,labels.[1]");
    explain_json(TEXT("i"), &x, DOOR_MAIL, &d, &b);
    assert_true(text_find_text(buffer_text(&b),
                               TEXT("\"removed\":[\"name\",\"labels.[1]\"],\"asks\":[\"originator\",\"releaser\"],"
                                    "\"until\":\"2026-01-01T00:00:00.000000Z\",")) > 0);
    buffer_clear(&b);
    explain_words(TEXT("i"), &x, DOOR_MAIL, &d, &b);
    assert_true(
        text_ends(buffer_text(&b), TEXT("  without: name,labels.[1]\n  may be asked: its originator\n"
                                        "  may be asked: a releaser\n  so until: 2026-01-01T00:00:00.000000Z\n"
                                        "  a hit on it is sealed: the constituent may not be told its value yet\n")));
    buffer_clear(&b);
    gate_decide(&QUESTION(&unmarked, &all, DOOR_EXPORT), &d);
    explain_json(TEXT("i"), &all, DOOR_EXPORT, &d, &b);
    assert_true(
        text_starts(buffer_text(&b), TEXT("{\"id\":\"i\",\"recipient\":\"public\",\"door\":\"export\",\"decision\":"
                                          "\"cleared\",\"form\":\"rendition\",\"marking\":\"TLP:CLEAR\",")));
    buffer_clear(&b);
    explain_words(TEXT("i"), &all, DOOR_EXPORT, &d, &b);
    assert_true(
        text_starts(buffer_text(&b), TEXT("i: cleared for public (export), as a rendition, TLP:CLEAR\n  rule 2")));
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taxii_envelopes),
        cmocka_unit_test(bundles),
        cmocka_unit_test(manifests),
        cmocka_unit_test(mixed_envelopes_are_denied),
        cmocka_unit_test(nothing_withheld_leaves),
        cmocka_unit_test(taxii_pages),
        cmocka_unit_test(other_pages),
        cmocka_unit_test(pages_deny_the_rest),
        cmocka_unit_test(explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
