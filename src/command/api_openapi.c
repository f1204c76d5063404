/* command/api_openapi.c - see api_openapi.h. OpenAPI 3.1.0, whose schemas are JSON Schema 2020-12. */
#include "command/api_openapi.h"

#include <stdio.h>
#include <string.h>

#include "command/api.h"
#include "command/commands.h"
#include "json/json.h"

#define NAME_WORDS_MAX 96

struct document {
    struct json_out o;
    const struct api_row *row;
};

static void member(struct document *d, const char *name, const char *value)
{
    json_member_text(&d->o, name, text_of(value));
}

static void open_member(struct document *d, const char *name)
{
    json_key(&d->o, text_of(name));
    json_open(&d->o, '{');
}

static void close_member(struct document *d)
{
    json_close(&d->o, '}');
}

/* "finding false-positive" as a name without blanks. */
static const char *name_of(const struct api_row *row, const char *prefix, char out[NAME_WORDS_MAX])
{
    snprintf(out, NAME_WORDS_MAX, "%s%s", prefix, row->command->name);
    for (char *c = out; *c; c++)
        *c = *c == ' ' || *c == '-' ? '_' : *c;
    return out;
}

/* ---- schemas of values ---- */

static void put_enum(struct document *d, const char *values)
{
    struct text rest = text_of(values), one;
    json_key(&d->o, TEXT("enum"));
    json_open(&d->o, '[');
    while (text_split(&rest, '|', &one))
        json_put_text(&d->o, one);
    json_close(&d->o, ']');
}

static void put_text(struct document *d, bool segment, int64_t most)
{
    member(d, "type", "string");
    json_member_i64(&d->o, "minLength", 1);
    json_member_i64(&d->o, "maxLength", most);
    member(d, "pattern", segment ? "^[^/\\u0000-\\u001f\\u007f]+$" : "^[^\\u0000]+$");
}

static void put_string(struct document *d, bool segment)
{
    put_text(d, segment, API_VALUE_MAX);
}

static void put_option_schema(struct document *d, const struct option_spec *o, bool segment)
{
    const char *values = api_values(o);
    open_member(d, "schema");
    if (o->kind == OPTION_FLAG) {
        member(d, "type", "boolean");
    } else if (values) {
        member(d, "type", "string");
        put_enum(d, values);
    } else if (api_is_number(o)) {
        member(d, "type", "integer");
        json_member_i64(&d->o, "minimum", 0);
        json_member_i64(&d->o, "maximum", API_NUMBER_MAX);
    } else {
        put_string(d, segment);
    }
    close_member(d);
}

/* ---- parameters ---- */

static const char *example_of(struct text name)
{
    static const struct {
        const char *name, *example;
    } table[] = {{"finding", "F-1"},
                 {"value", "192.0.2.1"},
                 {"text", "evil.example"},
                 {"to", "public"},
                 {"account", "ann"},
                 {"peer", "CSIRT Y"},
                 {"id", "indicator--3f6c3a51-94a8-4d2c-9d3a-0b1f7f4c9f10"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_eq(text_of(table[i].name), name))
            return table[i].example;
    return NULL;
}

static void put_example(struct document *d, struct text name)
{
    const char *example = example_of(name);
    if (example)
        member(d, "example", example);
}

static void put_path_parameter(void *self, struct text name, struct text value)
{
    struct document *d = self;
    size_t index;
    (void)value;
    const struct option_spec *o = api_option(d->row, name, &index);
    json_open(&d->o, '{');
    json_member_text(&d->o, "name", name);
    member(d, "in", "path");
    json_member_bool(&d->o, "required", true);
    member(d, "description", o ? o->help : d->row->command->operands);
    put_example(d, name);
    if (o) {
        put_option_schema(d, o, true);
    } else {
        open_member(d, "schema");
        put_string(d, true);
        close_member(d);
    }
    json_close(&d->o, '}');
}

static bool is_needed(const struct api_row *row, const char *name)
{
    struct text rest = text_of(row->needs), one;
    while (rest.ptr && text_split(&rest, ',', &one))
        if (text_eq(one, text_of(name)))
            return true;
    return false;
}

/* Offered, and not a segment of the path. */
static bool of_request(const struct api_row *row, const struct option_spec *o)
{
    char segment[NAME_WORDS_MAX];
    snprintf(segment, sizeof segment, "{%s}", o->name);
    return api_offers(row, o) && !strstr(row->path, segment);
}

static bool operands_are_many(const struct api_row *row)
{
    return row->command->operands_max > 1;
}

static void put_operands_schema(struct document *d, const char *name)
{
    open_member(d, name);
    if (operands_are_many(d->row)) {
        bool query = d->row->body != API_BODY_JSON;
        size_t most = d->row->command->operands_max, room = query ? API_QUERY_MAX : API_OPERANDS_MAX;
        member(d, "type", "array");
        json_member_i64(&d->o, "minItems", (int64_t)d->row->command->operands_min);
        json_member_i64(&d->o, "maxItems", (int64_t)(most > room ? room : most));
        open_member(d, "items");
        put_text(d, false, query ? API_QUERY_VALUE_MAX : API_VALUE_MAX);
        close_member(d);
    } else {
        put_string(d, false);
    }
    close_member(d);
}

static void put_query(struct document *d)
{
    const struct api_row *row = d->row;
    const struct option_spec *o = row->body == API_BODY_JSON ? NULL : row->command->options;
    if (row->operands && row->body != API_BODY_JSON) {
        json_open(&d->o, '{');
        member(d, "name", row->operands);
        member(d, "in", "query");
        json_member_bool(&d->o, "required", row->command->operands_min > 0);
        member(d, "description", row->command->operands);
        if (!operands_are_many(row))
            put_example(d, text_of(row->operands));
        put_operands_schema(d, "schema");
        json_close(&d->o, '}');
    }
    for (; o && o->name; o++) {
        if (!of_request(row, o))
            continue;
        json_open(&d->o, '{');
        member(d, "name", o->name);
        member(d, "in", "query");
        json_member_bool(&d->o, "required", is_needed(row, o->name));
        member(d, "description", o->help);
        put_example(d, text_of(o->name));
        put_option_schema(d, o, false);
        json_close(&d->o, '}');
    }
}

/* ---- bodies of requests ---- */

static void put_members(struct document *d)
{
    const struct option_spec *o = d->row->command->options;
    open_member(d, "properties");
    if (d->row->operands)
        put_operands_schema(d, d->row->operands);
    for (; o && o->name; o++) {
        if (!of_request(d->row, o))
            continue;
        open_member(d, o->name);
        member(d, "description", o->help);
        json_key(&d->o, TEXT("allOf"));
        json_open(&d->o, '[');
        json_open(&d->o, '{');
        const char *values = api_values(o);
        member(d, "type", o->kind == OPTION_FLAG ? "boolean" : api_is_number(o) ? "integer" : "string");
        if (api_is_number(o)) {
            json_member_i64(&d->o, "minimum", 0);
            json_member_i64(&d->o, "maximum", API_NUMBER_MAX);
        } else if (values) {
            put_enum(d, values);
        } else if (o->kind == OPTION_VALUE) {
            json_member_i64(&d->o, "minLength", 1);
            json_member_i64(&d->o, "maxLength", API_VALUE_MAX);
            member(d, "pattern", "^[^\\u0000]+$");
        }
        json_close(&d->o, '}');
        json_close(&d->o, ']');
        close_member(d);
    }
    close_member(d);
}

static bool put_required(struct document *d)
{
    const struct api_row *row = d->row;
    struct text rest = text_of(row->needs), one;
    bool any = row->operands && row->command->operands_min > 0;
    if (!any && !row->needs)
        return false;
    json_key(&d->o, TEXT("required"));
    json_open(&d->o, '[');
    if (any)
        json_put_text(&d->o, text_of(row->operands));
    while (rest.ptr && text_split(&rest, ',', &one))
        json_put_text(&d->o, one);
    json_close(&d->o, ']');
    return true;
}

static void put_body(struct document *d)
{
    bool file = d->row->body == API_BODY_FILE;
    open_member(d, "requestBody");
    open_member(d, "content");
    open_member(d, file ? "application/octet-stream" : "application/json");
    open_member(d, "schema");
    bool required = file;
    if (file) {
        member(d, "type", "string");
        json_member_i64(&d->o, "minLength", 1);
    } else {
        member(d, "type", "object");
        put_members(d);
        required = put_required(d);
        json_member_bool(&d->o, "additionalProperties", false);
    }
    close_member(d);
    close_member(d);
    close_member(d);
    json_member_bool(&d->o, "required", required);
    close_member(d);
}

/* ---- answers ---- */

static void put_type(struct document *d, const char *type, bool or_null)
{
    json_key(&d->o, TEXT("type"));
    if (!or_null) {
        json_put_text(&d->o, text_of(type));
        return;
    }
    json_open(&d->o, '[');
    json_put_text(&d->o, text_of(type));
    json_put_text(&d->o, TEXT("null"));
    json_close(&d->o, ']');
}

static void put_fields(struct document *d, const struct api_field *fields);

static void put_field(struct document *d, const struct api_field *f)
{
    static const char *const types[] = {
        [API_TEXT] = "string",   [API_MOMENT] = "string", [API_INTEGER] = "integer", [API_NUMBER] = "number",
        [API_TRUTH] = "boolean", [API_TEXTS] = "array",   [API_INNERS] = "array",    [API_INNER] = "object"};
    bool or_null = f->flags & API_OR_NULL;
    open_member(d, f->name);
    member(d, "description", f->help);
    if (f->type == API_INNER)
        put_fields(d, f->inner);
    if (f->type != API_ANY)
        put_type(d, types[f->type], or_null);
    if (f->type == API_MOMENT)
        member(d, "format", "date-time");
    if (f->type == API_TEXTS || f->type == API_INNERS) {
        open_member(d, "items");
        member(d, "type", f->type == API_TEXTS ? "string" : "object");
        if (f->type == API_INNERS)
            put_fields(d, f->inner);
        close_member(d);
    }
    close_member(d);
}

static void put_fields(struct document *d, const struct api_field *fields)
{
    if (fields[0].name && strcmp(fields[0].name, "*") == 0) {
        member(d, "description", fields[0].help);
        return;
    }
    open_member(d, "properties");
    for (const struct api_field *f = fields; f->name; f++)
        put_field(d, f);
    close_member(d);
    json_key(&d->o, TEXT("required"));
    json_open(&d->o, '[');
    for (const struct api_field *f = fields; f->name; f++)
        if (!(f->flags & API_MAYBE))
            json_put_text(&d->o, text_of(f->name));
    json_close(&d->o, ']');
}

static void put_any_line(struct document *d)
{
    json_key(&d->o, TEXT("anyOf"));
    json_open(&d->o, '[');
    for (size_t i = 0; i < API_LINES_MAX && d->row->lines[i]; i++) {
        json_open(&d->o, '{');
        member(d, "type", "object");
        put_fields(d, d->row->lines[i]);
        json_close(&d->o, '}');
    }
    if (!d->row->lines[0]) {
        json_open(&d->o, '{');
        member(d, "$ref", "#/components/schemas/Words");
        json_close(&d->o, '}');
    }
    json_close(&d->o, ']');
}

static bool may_be_all(const struct api_row *row)
{
    size_t index;
    return api_option(row, TEXT("all"), &index) || api_option(row, TEXT("list"), &index);
}

static void put_answer_schema(struct document *d)
{
    open_member(d, "schema");
    bool alone = d->row->flags & API_ALONE;
    if (alone && !may_be_all(d->row)) {
        put_any_line(d);
    } else if (alone) {
        json_key(&d->o, TEXT("anyOf"));
        json_open(&d->o, '[');
        json_open(&d->o, '{');
        put_any_line(d);
        json_close(&d->o, '}');
        json_open(&d->o, '{');
        member(d, "type", "array");
        open_member(d, "items");
        put_any_line(d);
        close_member(d);
        json_close(&d->o, '}');
        json_close(&d->o, ']');
    } else {
        member(d, "type", "array");
        open_member(d, "items");
        put_any_line(d);
        close_member(d);
    }
    close_member(d);
}

static void put_content(struct document *d)
{
    static const char *const forms[] = {"application/stix+json;version=2.1", "text/csv; charset=utf-8",
                                        "application/json"};
    open_member(d, "content");
    if (d->row->file && strcmp(d->row->file, "as") == 0) {
        for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
            open_member(d, forms[i]);
            close_member(d);
        }
    } else {
        open_member(d, d->row->file ? d->row->file : "application/json");
        if (!d->row->file)
            put_answer_schema(d);
        close_member(d);
    }
    close_member(d);
}

static void put_responses(struct document *d)
{
    static const char *const problems[] = {"400", "401", "403", "404", "409", "413",
                                           "415", "422", "429", "431", "502", "503"};
    open_member(d, "responses");
    open_member(d, d->row->flags & API_CREATES ? "201" : "200");
    member(d, "description", d->row->flags & API_CREATES ? "Made." : "Done.");
    put_content(d);
    close_member(d);
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        char ref[64];
        snprintf(ref, sizeof ref, "#/components/responses/%s",
                 strcmp(problems[i], "401") == 0 ? "Unknown" : "Problem");
        open_member(d, problems[i]);
        member(d, "$ref", ref);
        close_member(d);
    }
    close_member(d);
}

/* ---- operations ---- */

static void put_tag(struct document *d)
{
    struct text rest = text_of(d->row->path), tag;
    (void)text_split(&rest, '/', &tag);
    (void)text_split(&rest, '/', &tag);
    json_key(&d->o, TEXT("tags"));
    json_open(&d->o, '[');
    json_put_text(&d->o, tag);
    json_close(&d->o, ']');
}

static void put_operation(struct document *d)
{
    char name[NAME_WORDS_MAX], method[8];
    struct buffer words;
    snprintf(method, sizeof method, "%s", d->row->method);
    for (char *c = method; *c; c++)
        *c = (char)(*c | 0x20);
    open_member(d, method);
    member(d, "operationId", name_of(d->row, "", name));
    member(d, "summary", d->row->command->summary);
    buffer_init(&words, 64 * KIB);
    buffer_addf(&words, "`entente %s`, for the role %s and above.%s%s", d->row->command->name,
                role_name(api_least(d->row)), d->row->command->details ? "\n\n" : "",
                d->row->command->details ? d->row->command->details : "");
    json_member_text(&d->o, "description", buffer_text(&words));
    buffer_done(&words);
    put_tag(d);
    json_key(&d->o, TEXT("parameters"));
    json_open(&d->o, '[');
    api_path_fits(d->row, text_of(d->row->path), put_path_parameter, d);
    put_query(d);
    json_close(&d->o, ']');
    if (d->row->body != API_BODY_NONE)
        put_body(d);
    put_responses(d);
    close_member(d);
}

static bool was_before(const struct api_row *row)
{
    for (const struct api_row *r = API_ROWS; r != row; r++)
        if (r->path && strcmp(r->path, row->path) == 0)
            return true;
    return false;
}

static void put_paths(struct document *d)
{
    open_member(d, "paths");
    json_member_raw(&d->o, "/events", text_of(API_OPENAPI_EVENTS));
    json_member_raw(&d->o, "/session", text_of(API_OPENAPI_SESSION));
    json_member_raw(&d->o, "/session/password", text_of(API_OPENAPI_PASSWORD));
    for (const struct api_row *row = API_ROWS; row->command; row++) {
        if (!row->path || was_before(row))
            continue;
        open_member(d, row->path);
        for (const struct api_row *same = row; same->command; same++) {
            if (!same->path || strcmp(same->path, row->path) != 0)
                continue;
            d->row = same;
            put_operation(d);
        }
        close_member(d);
    }
    close_member(d);
}

/* ---- the frame ---- */

static const char COMPONENTS[] =
    "{\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token of an "
    "account of this node.\"},\"basic\":{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"The account's "
    "name, "
    "and one of its tokens as password.\"}},"
    "\"schemas\":{\"Problem\":{\"type\":\"object\",\"description\":\"RFC 9457.\",\"required\":[\"title\",\"status\"],"
    "\"properties\":{\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":"
    "599},"
    "\"detail\":{\"type\":\"string\",\"description\":\"What the command said of it.\"},"
    "\"exit\":{\"type\":\"integer\",\"description\":\"The command's exit code.\"},"
    "\"lines\":{\"type\":\"array\",\"description\":\"What the command gave before it failed.\","
    "\"items\":{\"type\":\"object\"}}}},"
    "\"Words\":{\"type\":\"object\",\"description\":\"What the command said in words; empty where it said nothing.\","
    "\"properties\":{\"words\":{\"type\":\"string\"}}},"
    "\"Message\":{\"type\":\"object\",\"description\":\"TAXII 2.1 section 3.6.1: what is wrong with the request as "
    "HTTP.\",\"required\":[\"title\"],\"properties\":{\"title\":{\"type\":\"string\"},\"description\":{\"type\":"
    "\"string\"},\"http_status\":{\"type\":\"string\"}}}},"
    "\"responses\":{\"Problem\":{\"description\":\"It was not done.\",\"content\":{\"application/problem+json\":"
    "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}},\"application/taxii+json;version=2.1\":{\"schema\":"
    "{\"$ref\":\"#/components/schemas/Message\"}},\"text/"
    "html\":{}},\"headers\":{\"Retry-After\":{\"description\":\"Seconds, of 429 "
    "and "
    "503.\",\"schema\":{\"type\":\"integer\"}}}},"
    "\"Unknown\":{\"description\":\"Nobody is known to ask.\",\"headers\":{\"WWW-Authenticate\":{\"required\":true,"
    "\"schema\":{\"type\":\"string\"}}},\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
    "\"#/components/schemas/Problem\"}}}}}}";

static void put_tags(struct document *d)
{
    struct text before = TEXT_NONE, rest, tag;
    json_key(&d->o, TEXT("tags"));
    json_open(&d->o, '[');
    json_put_raw(&d->o, TEXT("{\"name\":\"events\"},{\"name\":\"session\"}"));
    for (const struct api_row *row = API_ROWS; row->command; row++) {
        bool seen = false;
        if (!row->path)
            continue;
        rest = text_of(row->path + 1);
        (void)text_split(&rest, '/', &tag);
        for (const struct api_row *r = API_ROWS; r != row; r++) {
            struct text other = text_of(r->path ? r->path + 1 : ""), own;
            seen = seen || (text_split(&other, '/', &own) && text_eq(own, tag));
        }
        if (seen || text_eq(tag, before))
            continue;
        json_open(&d->o, '{');
        json_member_text(&d->o, "name", tag);
        json_close(&d->o, '}');
        before = tag;
    }
    json_close(&d->o, ']');
}

void api_openapi(struct buffer *out)
{
    struct document d = {.o = json_out_to(out)};
    json_open(&d.o, '{');
    member(&d, "openapi", "3.1.0");
    open_member(&d, "info");
    member(&d, "title", "Entente");
    member(&d, "version", ENTENTE_VERSION);
    member(&d, "description", "The command line of a node over HTTP, for its own accounts: docs/API.md.");
    close_member(&d);
    json_member_raw(&d.o, "servers", TEXT("[{\"url\":\"/api/v1\"}]"));
    json_member_raw(&d.o, "security", TEXT("[{\"bearer\":[]},{\"basic\":[]}]"));
    put_tags(&d);
    put_paths(&d);
    json_member_raw(&d.o, "components", text_of(COMPONENTS));
    json_close(&d.o, '}');
}
