/* release/pages.c - the tabled pages and requests that hold no object: TAXII 2.1 discovery (section 4.1), API root
 * (4.2), status (4.3), collections (5.1), collection (5.2), versions (5.8), error message (3.6.1), and our own. What
 * is not in the tables cannot be sent. */
#include <stdio.h>

#include "base/limits.h"
#include "base/outbound_make.h"
#include "release/outbound.h"
#include "release/sheet.h"
#include "release/welcome.h"
#include "json/json.h"

#define TAXII_JSON "application/taxii+json;version=2.1"
#define LISTS_MAX  3
#define FIELDS_MAX 32

static const struct page {
    const char *media_type;       /* NULL: no body */
    const char *lists[LISTS_MAX]; /* where rows go; with several, a row's field "list" names one */
    bool rows_are_texts;          /* a row is not an object but the text of its one field */
    bool status_member;           /* "http_status" (a text in TAXII 2.1) */
    const char *constant;         /* a member every page has ... */
    const char *row_constant;     /* ... or every row */
    const char *constant_json;
    bool no_body;                                                                     /* whatever the media type */
    void (*write)(const struct page_field *fields, size_t count, struct buffer *out); /* a body that is not JSON */
} pages[] = {
    [PAGE_DISCOVERY] = {.media_type = TAXII_JSON, .lists = {"api_roots"}, .rows_are_texts = true},
    [PAGE_API_ROOT] = {.media_type = TAXII_JSON, .constant = "versions", .constant_json = "[\"" TAXII_JSON "\"]"},
    [PAGE_COLLECTIONS] = {.media_type = TAXII_JSON,
                          .lists = {"collections"},
                          .row_constant = "media_types",
                          .constant_json = "[\"application/stix+json;version=2.1\"]"},
    [PAGE_COLLECTION] = {.media_type = TAXII_JSON,
                         .constant = "media_types",
                         .constant_json = "[\"application/stix+json;version=2.1\"]"},
    [PAGE_STATUS] = {.media_type = TAXII_JSON, .lists = {"successes", "failures", "pendings"}},
    [PAGE_ERROR] = {.media_type = TAXII_JSON, .status_member = true},
    [PAGE_VERSIONS] = {.media_type = TAXII_JSON, .lists = {"versions"}, .rows_are_texts = true},
    [PAGE_HEALTH] = {.media_type = "application/json"},
    [PAGE_WELCOME] = {.media_type = "text/html; charset=utf-8", .write = welcome_write},
    [PAGE_REFUSAL] = {.media_type = "text/html; charset=utf-8", .write = refusal_write},
    [PAGE_EMPTY] = {0},
    [PAGE_DONE] = {.media_type = TAXII_JSON, .no_body = true},
    [PAGE_PROBLEM] = {.media_type = "application/problem+json"},
    [PAGE_SESSION] = {.media_type = "application/json"},
    [PAGE_RECEIVED] = {.media_type = "application/json"},
    [PAGE_REQUEST_GET] = {0},
    [PAGE_REQUEST_DELETE] = {0},
    [PAGE_REQUEST_MISP_SEARCH] = {.media_type = "application/json",
                                  .constant = "returnFormat",
                                  .constant_json = "\"json\""},
    [PAGE_REQUEST_SHADOWSERVER] = {.media_type = "application/json", .lists = {"reports"}, .rows_are_texts = true},
};

enum place { BODY, ROW, LIST /* of a row: which list */, HEADER };
enum need { OPTIONAL, REQUIRED };

static const struct field_rule {
    enum outbound_page page;
    enum place place;
    const char *name;
    enum page_field_kind kind;
    enum need need;
    const char *header;
} field_rules[] = {
    {PAGE_DISCOVERY, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_DISCOVERY, BODY, "description", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_DISCOVERY, BODY, "contact", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_DISCOVERY, BODY, "default", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_DISCOVERY, ROW, "url", FIELD_TEXT, REQUIRED, NULL},

    {PAGE_API_ROOT, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_API_ROOT, BODY, "description", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_API_ROOT, BODY, "max_content_length", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_API_ROOT, BODY, "x_entente_account", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_API_ROOT, BODY, "x_entente_country", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_COLLECTIONS, ROW, "id", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_COLLECTIONS, ROW, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_COLLECTIONS, ROW, "description", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_COLLECTIONS, ROW, "alias", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_COLLECTIONS, ROW, "can_read", FIELD_BOOL, REQUIRED, NULL},
    {PAGE_COLLECTIONS, ROW, "can_write", FIELD_BOOL, REQUIRED, NULL},

    {PAGE_COLLECTION, BODY, "id", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_COLLECTION, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_COLLECTION, BODY, "description", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_COLLECTION, BODY, "alias", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_COLLECTION, BODY, "can_read", FIELD_BOOL, REQUIRED, NULL},
    {PAGE_COLLECTION, BODY, "can_write", FIELD_BOOL, REQUIRED, NULL},

    {PAGE_STATUS, BODY, "id", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_STATUS, BODY, "status", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_STATUS, BODY, "request_timestamp", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_STATUS, BODY, "total_count", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_STATUS, BODY, "success_count", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_STATUS, BODY, "failure_count", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_STATUS, BODY, "pending_count", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_STATUS, LIST, "list", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_STATUS, ROW, "id", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_STATUS, ROW, "version", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_STATUS, ROW, "message", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_ERROR, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_ERROR, BODY, "description", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_ERROR, BODY, "error_id", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_ERROR, BODY, "error_code", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_ERROR, HEADER, "www_authenticate", FIELD_TEXT, OPTIONAL, "WWW-Authenticate"},
    {PAGE_ERROR, HEADER, "retry_after", FIELD_NUMBER, OPTIONAL, "Retry-After"},
    {PAGE_ERROR, HEADER, "allow", FIELD_TEXT, OPTIONAL, "Allow"},

    {PAGE_VERSIONS, BODY, "more", FIELD_BOOL, OPTIONAL, NULL},
    {PAGE_VERSIONS, BODY, "next", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_VERSIONS, HEADER, "added_first", FIELD_TEXT, OPTIONAL, "X-TAXII-Date-Added-First"},
    {PAGE_VERSIONS, HEADER, "added_last", FIELD_TEXT, OPTIONAL, "X-TAXII-Date-Added-Last"},
    {PAGE_VERSIONS, ROW, "version", FIELD_TEXT, REQUIRED, NULL},

    {PAGE_HEALTH, BODY, "status", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_HEALTH, BODY, "version", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_WELCOME, BODY, "name", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_WELCOME, BODY, "version", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_WELCOME, BODY, "uptime_s", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_WELCOME, BODY, "exercise", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_REFUSAL, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_REFUSAL, BODY, "detail", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_REFUSAL, HEADER, "www_authenticate", FIELD_TEXT, OPTIONAL, "WWW-Authenticate"},
    {PAGE_REFUSAL, HEADER, "retry_after", FIELD_NUMBER, OPTIONAL, "Retry-After"},

    {PAGE_EMPTY, HEADER, "allow", FIELD_TEXT, OPTIONAL, "Allow"},
    {PAGE_EMPTY, HEADER, "location", FIELD_TEXT, OPTIONAL, "Location"},
    {PAGE_EMPTY, HEADER, "retry_after", FIELD_NUMBER, OPTIONAL, "Retry-After"},

    {PAGE_PROBLEM, BODY, "title", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_PROBLEM, BODY, "status", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_PROBLEM, BODY, "detail", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_PROBLEM, HEADER, "www_authenticate", FIELD_TEXT, OPTIONAL, "WWW-Authenticate"},
    {PAGE_PROBLEM, HEADER, "allow", FIELD_TEXT, OPTIONAL, "Allow"},
    {PAGE_PROBLEM, HEADER, "retry_after", FIELD_NUMBER, OPTIONAL, "Retry-After"},

    {PAGE_SESSION, BODY, "token", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_SESSION, BODY, "account", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_SESSION, BODY, "role", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_SESSION, BODY, "idle_s", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_SESSION, BODY, "ends_s", FIELD_NUMBER, REQUIRED, NULL},

    {PAGE_RECEIVED, BODY, "events", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_RECEIVED, BODY, "unchanged", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_RECEIVED, BODY, "rejected", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_RECEIVED, BODY, "tests", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_RECEIVED, BODY, "reason", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_REQUEST_GET, HEADER, "if_none_match", FIELD_TEXT, OPTIONAL, "If-None-Match"},
    {PAGE_REQUEST_GET, HEADER, "if_modified_since", FIELD_TEXT, OPTIONAL, "If-Modified-Since"},
    {PAGE_REQUEST_GET, HEADER, "prefer", FIELD_TEXT, OPTIONAL, "Prefer"},

    {PAGE_REQUEST_MISP_SEARCH, BODY, "page", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_REQUEST_MISP_SEARCH, BODY, "limit", FIELD_NUMBER, REQUIRED, NULL},
    {PAGE_REQUEST_MISP_SEARCH, BODY, "timestamp", FIELD_NUMBER, OPTIONAL, NULL},
    {PAGE_REQUEST_MISP_SEARCH, BODY, "tags", FIELD_TEXT, OPTIONAL, NULL},

    {PAGE_REQUEST_SHADOWSERVER, BODY, "apikey", FIELD_TEXT, REQUIRED, NULL},
    {PAGE_REQUEST_SHADOWSERVER, BODY, "date", FIELD_TEXT, OPTIONAL, NULL},
    {PAGE_REQUEST_SHADOWSERVER, BODY, "limit", FIELD_NUMBER, OPTIONAL, NULL},
    {PAGE_REQUEST_SHADOWSERVER, HEADER, "hmac2", FIELD_TEXT, OPTIONAL, "HMAC2"},
    {PAGE_REQUEST_SHADOWSERVER, ROW, "report", FIELD_TEXT, REQUIRED, NULL},
};

/* ---- checking what was given against the tables ---- */

static bool of_row(const struct field_rule *rule)
{
    return rule->place == ROW || rule->place == LIST;
}

static const struct field_rule *rule_of(enum outbound_page page, bool row, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(field_rules); i++) {
        const struct field_rule *rule = &field_rules[i];
        if (rule->page == page && of_row(rule) == row && text_eq(text_of(rule->name), text_of(name)))
            return rule;
    }
    return NULL;
}

static const struct page_field *given(const struct page_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq(text_of(fields[i].name), text_of(name)))
            return &fields[i];
    return NULL;
}

static enum err check_fields(enum outbound_page page, bool row, const struct page_field *fields, size_t count)
{
    if (count > FIELDS_MAX)
        return ERR_DENIED;
    for (size_t i = 0; i < count; i++) {
        const struct field_rule *rule = rule_of(page, row, fields[i].name);
        if (!rule || rule->kind != fields[i].kind || given(fields, i, fields[i].name))
            return ERR_DENIED;
        if (rule->kind == FIELD_TEXT && !text_is_utf8(fields[i].text))
            return ERR_MALFORMED;
    }
    for (size_t i = 0; i < ARRAY_LEN(field_rules); i++) {
        const struct field_rule *rule = &field_rules[i];
        bool asked = rule->page == page && of_row(rule) == row && rule->need == REQUIRED;
        if (asked && !given(fields, count, rule->name))
            return ERR_DENIED;
    }
    return OK;
}

/* The list a row belongs to; LISTS_MAX when there is none of that name. */
static size_t list_of(const struct page *page, const struct page_line *row)
{
    const struct page_field *named = given(row->fields, row->count, "list");
    if (!named)
        return 0;
    for (size_t i = 0; i < LISTS_MAX; i++)
        if (page->lists[i] && text_eq(text_of(page->lists[i]), named->text))
            return i;
    return LISTS_MAX;
}

static enum err check_page(enum outbound_page page, const struct page_field *fields, size_t field_count,
                           const struct page_line *rows, size_t row_count)
{
    enum err e = check_fields(page, false, fields, field_count);
    if (!e && row_count && !pages[page].lists[0])
        return ERR_DENIED;
    for (size_t i = 0; i < row_count && !e; i++) {
        e = check_fields(page, true, rows[i].fields, rows[i].count);
        if (!e && list_of(&pages[page], &rows[i]) == LISTS_MAX)
            e = ERR_DENIED;
    }
    return e;
}

/* ---- writing ---- */

static void write_field(struct json_out *o, const struct page_field *f)
{
    switch (f->kind) {
    case FIELD_TEXT: json_member_text(o, f->name, f->text); break;
    case FIELD_NUMBER: json_member_i64(o, f->name, f->number); break;
    case FIELD_BOOL: json_member_bool(o, f->name, f->number != 0); break;
    }
}

static void write_fields(struct json_out *o, enum outbound_page page, bool row, const struct page_field *fields,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field_rule *rule = rule_of(page, row, fields[i].name);
        if (rule && (rule->place == BODY || rule->place == ROW))
            write_field(o, &fields[i]);
    }
}

static void write_row(struct json_out *o, enum outbound_page page, const struct page_line *row)
{
    const struct page *p = &pages[page];
    if (p->rows_are_texts) {
        json_put_text(o, row->fields[0].text);
        return;
    }
    json_open(o, '{');
    write_fields(o, page, true, row->fields, row->count);
    if (p->row_constant)
        json_member_raw(o, p->row_constant, text_of(p->constant_json));
    json_close(o, '}');
}

static void write_list(struct json_out *o, enum outbound_page page, size_t list, const struct page_line *rows,
                       size_t count)
{
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        if (list_of(&pages[page], &rows[i]) != list)
            continue;
        if (written++ == 0) {
            json_key(o, text_of(pages[page].lists[list]));
            json_open(o, '[');
        }
        write_row(o, page, &rows[i]);
    }
    if (written)
        json_close(o, ']');
}

static void write_body(enum outbound_page page, int status, const struct page_field *fields, size_t field_count,
                       const struct page_line *rows, size_t row_count, struct buffer *body)
{
    const struct page *p = &pages[page];
    struct json_out o = json_out_to(body);
    json_open(&o, '{');
    write_fields(&o, page, false, fields, field_count);
    if (p->status_member) {
        char digits[16];
        struct text code = {digits, (size_t)snprintf(digits, sizeof digits, "%d", status)};
        json_member_text(&o, "http_status", code);
    }
    if (p->constant)
        json_member_raw(&o, p->constant, text_of(p->constant_json));
    for (size_t i = 0; i < LISTS_MAX; i++)
        if (p->lists[i])
            write_list(&o, page, i, rows, row_count);
    json_close(&o, '}');
}

static enum err add_headers(struct outbound *o, enum outbound_page page, const struct page_field *fields,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field_rule *rule = rule_of(page, false, fields[i].name);
        if (!rule || rule->place != HEADER)
            continue;
        char digits[24];
        struct text value = fields[i].text;
        if (rule->kind == FIELD_NUMBER)
            value =
                (struct text){digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)fields[i].number)};
        enum err e = outbound_add_header(o, text_of(rule->header), value);
        if (e)
            return e;
    }
    return OK;
}

static enum err add_policy(struct outbound *o)
{
    char policy[SHEET_POLICY_MAX];
    enum err e = outbound_add_header(o, TEXT("Content-Security-Policy"), text_of(sheet_policy(policy)));
    return e ? e : outbound_add_header(o, TEXT("Referrer-Policy"), TEXT("no-referrer"));
}

enum err outbound_protocol(enum outbound_page page, int status, const struct page_field *fields, size_t field_count,
                           const struct page_line *rows, size_t row_count, struct outbound **ret)
{
    if ((size_t)page >= ARRAY_LEN(pages))
        return ERR_DENIED;
    enum err e = check_page(page, fields, field_count, rows, row_count);
    if (e)
        return e;
    struct buffer body;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    if (pages[page].write)
        pages[page].write(fields, field_count, &body);
    else if (pages[page].media_type && !pages[page].no_body)
        write_body(page, status, fields, field_count, rows, row_count, &body);
    e = buffer_error(&body);
    struct outbound *made = outbound_new(status, text_of(pages[page].media_type), &body);
    if (!made)
        return e ? e : ERR_NOMEM;
    e = add_headers(made, page, fields, field_count);
    if (!e && pages[page].write)
        e = add_policy(made);
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}
