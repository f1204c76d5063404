/* format/csv_write.c - rows for people, spreadsheets and scripts. */
#include "format/csv_write.h"

#include <stdio.h>

#include "base/limits.h"
#include "model/pattern.h"
#include "model/stix.h"

#define ROW_ARENA_BYTES (8 * MIB)

void csv_write_header(struct buffer *to)
{
    buffer_add(to, TEXT("value,type,valid_from,valid_until,confidence,tlp,description,label,id\r\n"));
}

static bool needs_quotes(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] == ',' || t.ptr[i] == '"' || t.ptr[i] == '\r' || t.ptr[i] == '\n' || t.ptr[i] == ';')
            return true;
    bool blank_end = t.len && (t.ptr[0] == ' ' || t.ptr[t.len - 1] == ' ');
    return blank_end || (t.len && t.ptr[0] == '#');
}

static void put_cell(struct buffer *to, struct text t, char after)
{
    bool quotes = needs_quotes(t);
    if (quotes)
        buffer_add_char(to, '"');
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '"')
            buffer_add_char(to, '"');
        buffer_add_char(to, t.ptr[i]);
    }
    if (quotes)
        buffer_add_char(to, '"');
    if (after)
        buffer_add_char(to, after);
}

/* Words of strangers: a spreadsheet would run what begins like a formula. */
static void put_words(struct buffer *to, struct arena *a, struct text t)
{
    bool formula = t.len && (t.ptr[0] == '=' || t.ptr[0] == '+' || t.ptr[0] == '-' || t.ptr[0] == '@' ||
                             t.ptr[0] == '\t' || t.ptr[0] == '\r');
    const char *kept = formula ? arena_printf(a, "'" TEXT_FMT, TEXT_ARG(t)) : NULL;
    put_cell(to, kept ? text_of(kept) : formula ? TEXT_NONE : t, ',');
}

static struct text labels_of(const struct json_val *o, struct arena *a)
{
    struct text all = TEXT_NONE;
    static const char *const from[] = {"indicator_types", "labels"};
    for (size_t i = 0; i < ARRAY_LEN(from); i++)
        for (struct json_iter it = json_iter_of(json_get(o, from[i])); json_next(&it);) {
            struct text label = json_text(it.val);
            const char *more = !label.len ? NULL
                               : all.len  ? arena_printf(a, TEXT_FMT ";" TEXT_FMT, TEXT_ARG(all), TEXT_ARG(label))
                                          : arena_printf(a, TEXT_FMT, TEXT_ARG(label));
            all = more ? text_of(more) : all;
        }
    return all;
}

static void put_row(const struct cleared *c, const struct json_val *o, const struct pattern_value *v, struct arena *a,
                    struct buffer *to)
{
    int64_t confidence;
    const char *tlp = tlp_name(cleared_label(c));
    put_cell(to, v->value, ',');
    put_cell(to, text_of(value_kind_name(v->kind)), ',');
    put_cell(to, json_text(json_get(o, "valid_from")), ',');
    put_cell(to, json_text(json_get(o, "valid_until")), ',');
    if (json_i64(json_get(o, "confidence"), &confidence))
        buffer_addf(to, "%lld", (long long)confidence);
    buffer_add_char(to, ',');
    if (cleared_label(c) != TLP_NONE)
        buffer_add(to, text_of(tlp));
    buffer_add_char(to, ',');
    struct text words = json_text(json_get(o, "description"));
    put_words(to, a, words.len ? words : json_text(json_get(o, "name")));
    put_words(to, a, labels_of(o, a));
    put_cell(to, cleared_id(c), 0);
    buffer_add(to, TEXT("\r\n"));
}

static enum err put_rows(const struct cleared *c, const struct json_val *o, struct arena *a, struct buffer *to,
                         size_t *ret_rows)
{
    struct pattern_node *pattern;
    struct pattern_value *values;
    size_t count;
    bool whole, stix = text_eq(json_text(json_get(o, "pattern_type")), TEXT("stix"));
    if (!text_eq(json_text(json_get(o, "type")), TEXT("indicator")) || !stix ||
        json_bool(json_get(o, "revoked"), false))
        return OK;
    enum err e = pattern_parse(json_text(json_get(o, "pattern")), a, &pattern, NULL);
    if (e == OK)
        e = pattern_values(pattern, a, &values, &count, &whole);
    if (e || !whole)
        return e == ERR_NOMEM ? e : OK;
    for (size_t i = 0; i < count; i++)
        put_row(c, o, &values[i], a, to);
    *ret_rows = count;
    return OK;
}

enum err csv_write_one(const struct cleared *c, struct buffer *to, size_t *ret_rows)
{
    struct json_doc *doc;
    struct arena a;
    *ret_rows = 0;
    enum err e = json_parse(cleared_body(c), &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? e : OK;
    arena_init(&a, ROW_ARENA_BYTES);
    e = put_rows(c, json_root(doc), &a, to, ret_rows);
    arena_done(&a);
    json_free(doc);
    return e;
}
