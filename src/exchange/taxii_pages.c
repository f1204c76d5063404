/* exchange/taxii_pages.c - discovery, API root, collections, errors: what holds no object. */
#include "base/limits.h"

#include <stdio.h>

#include "base/log.h"
#include "exchange/aside.h"
#include "exchange/taxii_inside.h"
#include "model/space.h"

const struct collection_rule TAXII_COLLECTIONS[3] = {
    [COLLECTION_INDICATORS] = {COLLECTION_INDICATORS, "indicators", "Indicators",
                               "Indicators, and the identities and markings they refer to: for detection tools."},
    [COLLECTION_INTELLIGENCE] = {COLLECTION_INTELLIGENCE, "intelligence", "Intelligence",
                                 "All objects of standard STIX 2.1 types that you may have."},
    [COLLECTION_ENTENTE] = {COLLECTION_ENTENTE, "entente", "Entente",
                            "Extension types and sightings: for other Entente nodes."},
};

bool taxii_can_read(const struct asker *a)
{
    return (a->scopes & SCOPE_TAXII_READ) &&
           (a->recipient.kind != RECIPIENT_OWN_ACCOUNT || a->recipient.role >= ROLE_READER);
}

bool taxii_can_write(const struct asker *a)
{
    return a->may_write && (a->scopes & SCOPE_TAXII_WRITE);
}

bool taxii_collection_find(const struct node *node, struct text name, enum page_collection *ret)
{
    struct uuid id;
    bool is_id = uuid_parse(name, &id) == OK;
    for (size_t i = 0; i < ARRAY_LEN(TAXII_COLLECTIONS); i++) {
        bool same = is_id ? uuid_eq(&id, &node_genesis(node)->collections[i])
                          : text_eq(name, text_of(TAXII_COLLECTIONS[i].alias));
        if (same) {
            *ret = TAXII_COLLECTIONS[i].collection;
            return true;
        }
    }
    return false;
}

/* ---- pages ---- */

static struct outbound *page(enum outbound_page kind, const struct page_field *fields, size_t field_count,
                             const struct page_line *rows, size_t row_count)
{
    struct outbound *made = NULL;
    enum err e = outbound_protocol(kind, 200, fields, field_count, rows, row_count, &made);
    return e ? taxii_failure(e, NULL) : made;
}

/* An exercise's says so: whoever configures a client by hand sees it. */
#define TITLE_MAX (2 * NAME_MAX_BYTES + 16)
static struct text title(const struct call *c, char out[TITLE_MAX])
{
    const struct fact_genesis *g = node_genesis(c->server->node);
    if (space_is_real(g->space))
        return g->name;
    snprintf(out, TITLE_MAX, "EXERCISE " TEXT_FMT ": " TEXT_FMT, TEXT_ARG(g->space), TEXT_ARG(g->name));
    return text_of(out);
}

/* Section 4.1. URLs are relative to the server (section 4.1.1), so that they hold behind any proxy. */
struct outbound *taxii_discovery(const struct call *c)
{
    char words[TITLE_MAX];
    const struct page_field fields[] = {
        {"title", FIELD_TEXT, title(c, words), 0},
        {"description", FIELD_TEXT, TEXT("Threat information of a national CSIRT, per recipient."), 0},
        {"default", FIELD_TEXT, TEXT(TAXII_API), 0},
    };
    const struct page_field url = {"url", FIELD_TEXT, TEXT(TAXII_API), 0};
    const struct page_line row = {&url, 1};
    return page(PAGE_DISCOVERY, fields, ARRAY_LEN(fields), &row, 1);
}

/* Section 4.2. */
struct outbound *taxii_api_root(const struct call *c)
{
    char words[TITLE_MAX];
    const struct page_field fields[] = {
        {"title", FIELD_TEXT, title(c, words), 0},
        {"max_content_length", FIELD_NUMBER, TEXT_NONE, (int64_t)HTTP_BODY_MAX_BYTES},
        {"x_entente_account", FIELD_TEXT, c->asker.name, 0},
        {"x_entente_country", FIELD_TEXT, node_genesis(c->server->node)->country, 0},
    };
    return page(PAGE_API_ROOT, fields, ARRAY_LEN(fields), NULL, 0);
}

#define COLLECTION_FIELDS 6

static void collection_fields(const struct call *c, enum page_collection collection, char id[UUID_TEXT_MAX],
                              struct page_field out[COLLECTION_FIELDS])
{
    const struct collection_rule *rule = &TAXII_COLLECTIONS[collection];
    const struct uuid *uuid = &node_genesis(c->server->node)->collections[collection];
    out[0] = (struct page_field){"id", FIELD_TEXT, uuid_format(uuid, id), 0};
    out[1] = (struct page_field){"title", FIELD_TEXT, text_of(rule->title), 0};
    out[2] = (struct page_field){"description", FIELD_TEXT, text_of(rule->description), 0};
    out[3] = (struct page_field){"alias", FIELD_TEXT, text_of(rule->alias), 0};
    out[4] = (struct page_field){"can_read", FIELD_BOOL, TEXT_NONE, taxii_can_read(&c->asker)};
    out[5] = (struct page_field){"can_write", FIELD_BOOL, TEXT_NONE, taxii_can_write(&c->asker)};
}

/* Section 5.1. */
struct outbound *taxii_collections(const struct call *c)
{
    char ids[ARRAY_LEN(TAXII_COLLECTIONS)][UUID_TEXT_MAX];
    struct page_field fields[ARRAY_LEN(TAXII_COLLECTIONS)][COLLECTION_FIELDS];
    struct page_line rows[ARRAY_LEN(TAXII_COLLECTIONS)];
    for (size_t i = 0; i < ARRAY_LEN(TAXII_COLLECTIONS); i++) {
        collection_fields(c, TAXII_COLLECTIONS[i].collection, ids[i], fields[i]);
        rows[i] = (struct page_line){fields[i], COLLECTION_FIELDS};
    }
    return page(PAGE_COLLECTIONS, NULL, 0, rows, taxii_can_read(&c->asker) ? ARRAY_LEN(rows) : 0);
}

/* Section 5.2. */
struct outbound *taxii_collection(const struct call *c)
{
    char id[UUID_TEXT_MAX];
    struct page_field fields[COLLECTION_FIELDS];
    collection_fields(c, c->collection, id, fields);
    return page(PAGE_COLLECTION, fields, COLLECTION_FIELDS, NULL, 0);
}

/* ---- errors: section 3.6.1. Titles and descriptions are our own words, never the client's. ---- */

static const struct {
    int status;
    const char *title, *description;
} faults[] = {
    {400, "Bad request",
     "The request could not be understood: its path or header, or a body that is not JSON or not whole."},
    {401, "Unauthorized", "A token of this node is needed: Authorization: Bearer, or Basic with the account's name."},
    {403, "Forbidden", "This account may not do that, or its token is not for it: its scopes leave it out."},
    {404, "Not found", "There is nothing here, or nothing that this account may see."},
    {405, "Method not allowed", "This resource does not know the method."},
    {406, "Not acceptable", "Answers are application/taxii+json;version=2.1."},
    {408, "Request timeout", "The request took too long to arrive."},
    {413, "Content too large", "The request's body is larger than max_content_length of the API root."},
    {415, "Unsupported media type", "Content must be application/taxii+json;version=2.1, plain or packed with gzip."},
    {422, "Unprocessable content", "The body is JSON, but no envelope with objects."},
    {429, "Too many requests", "Too many requests of yours are under way; try again later."},
    {431, "Header fields too large", "The request's headers are too large."},
    {500, "Internal error", "The node could not answer; its operator finds the cause in its log."},
    {503, "Unavailable", "The node does not write at the moment; try again later."},
    {507, "Insufficient storage", "The node has no room for more; try again later."},
};

#define RETRY_AFTER_S 5
static struct outbound *fault_page(int status, struct text description, const char *allow, int64_t retry_s)
{
    const char *title = "Error";
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (faults[i].status != status)
            continue;
        title = faults[i].title;
        if (!description.len)
            description = text_of(faults[i].description);
    }
    struct page_field fields[5] = {{"title", FIELD_TEXT, text_of(title), 0}};
    size_t count = 1;
    if (description.len)
        fields[count++] = (struct page_field){"description", FIELD_TEXT, description, 0};
    if (status == 401)
        fields[count++] = (struct page_field){"www_authenticate", FIELD_TEXT,
                                              TEXT("Basic realm=\"TAXII 2.1\", charset=\"UTF-8\", Bearer"), 0};
    if (allow)
        fields[count++] = (struct page_field){"allow", FIELD_TEXT, text_of(allow), 0};
    if (retry_s || status == 503)
        fields[count++] =
            (struct page_field){"retry_after", FIELD_NUMBER, TEXT_NONE, retry_s ? retry_s : RETRY_AFTER_S};
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_ERROR, status, fields, count, NULL, 0, &made) ? NULL : made;
}

struct outbound *taxii_fault(int status)
{
    return fault_page(status, TEXT_NONE, NULL, 0);
}

struct outbound *taxii_fault_words(int status, struct text description)
{
    return fault_page(status, description, NULL, 0);
}

struct outbound *taxii_busy(void)
{
    return fault_page(503, TEXT("As many posts as may be under way are; try again later."), NULL, POSTS_RETRY_S);
}

struct outbound *taxii_not_allowed(const char *allow)
{
    return fault_page(405, TEXT_NONE, allow, 0);
}

struct outbound *taxii_done(void)
{
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_DONE, 200, NULL, 0, NULL, 0, &made) ? NULL : made;
}

struct outbound *taxii_methods(const char *allow)
{
    const struct page_field field = {"allow", FIELD_TEXT, text_of(allow), 0};
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_EMPTY, 204, &field, 1, NULL, 0, &made) ? NULL : made;
}

struct outbound *taxii_failure(enum err e, const struct fault *fault)
{
    log_error("taxii: %s: %s", err_name(e), fault && fault->what[0] ? fault->what : "no further reason");
    if (e == ERR_FULL)
        return taxii_fault(507);
    return taxii_fault(e == ERR_BUSY ? 503 : 500);
}
