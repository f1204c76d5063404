/* format/misp_read.c - members of MISP's JSON, whose numbers and times may be strings, and what is told of a document
 * besides objects. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/misp_inside.h"

#define EPOCH_MAX 253402300799 /* 9999-12-31T23:59:59Z */

/* Namespace of identifiers for what has none of its own; made once at random, never to change. */
static const struct uuid UUID_MISP = {
    {0x3e, 0x5c, 0x0f, 0x9b, 0x1d, 0x74, 0x4c, 0x1e, 0x8a, 0x6f, 0x52, 0xd9, 0x07, 0xb8, 0xe4, 0x63}};

struct text misp_text(const struct json_val *v, const char *name)
{
    return json_text(json_get(v, name));
}

bool misp_number(const struct json_val *v, const char *name, int64_t *ret)
{
    const struct json_val *n = json_get(v, name);
    struct text t = text_trim(json_text(n));
    uint64_t u;
    if (json_i64(n, ret))
        return true;
    if (t.len == 0 || text_u64(t, &u) != OK || u > INT64_MAX)
        return false;
    *ret = (int64_t)u;
    return true;
}

bool misp_flag(const struct json_val *v, const char *name, bool otherwise)
{
    const struct json_val *f = json_get(v, name);
    int64_t n;
    if (json_type(f) == JSON_BOOL)
        return json_bool(f, otherwise);
    if (json_type(f) == JSON_STRING && text_eq_nocase(json_text(f), TEXT("true")))
        return true;
    return misp_number(v, name, &n) ? n != 0 : json_is_string(f) ? false : otherwise;
}

bool misp_epoch(const struct json_val *v, const char *name, struct stamp *ret)
{
    int64_t s;
    if (!misp_number(v, name, &s) || s <= 0 || s > EPOCH_MAX)
        return false;
    *ret = (struct stamp){.s = s, .digits = 3};
    return true;
}

bool misp_moment(const struct json_val *v, const char *name, struct stamp *ret)
{
    struct text t = misp_text(v, name);
    if (misp_epoch(v, name, ret))
        return true;
    if (t.len == 0 || stamp_parse_lenient(t, ret) != OK)
        return false;
    if (ret->digits < 3)
        ret->digits = 3;
    return true;
}

/* ---- identifiers ---- */

struct uuid misp_derived(const struct uuid *of, struct text a, struct text b, struct misp *m)
{
    buffer_clear(&m->name);
    buffer_add_bytes(&m->name, of->b, sizeof of->b);
    buffer_add(&m->name, a);
    buffer_add_char(&m->name, 0);
    buffer_add(&m->name, b);
    return uuid_named(&UUID_MISP, buffer_text(&m->name));
}

bool misp_uuid(struct misp *m, const struct json_val *v, struct text kind, struct uuid *ret)
{
    struct text t = misp_text(v, "uuid");
    if (uuid_parse(t, ret) == OK)
        return true;
    struct buffer all;
    buffer_init(&all, 2 * STIX_OBJECT_MAX_BYTES);
    buffer_add(&all, m->party);
    buffer_add_char(&all, 0);
    for (size_t i = 0; i < 4; i++) {
        static const char *const names[] = {"type", "category", "value", "info"};
        buffer_add_sized(&all, misp_text(v, names[i]));
    }
    buffer_add_sized(&all, misp_text(v, "name"));
    buffer_add_sized(&all, misp_text(v, "date"));
    *ret = misp_derived(&m->uuid, kind, buffer_text(&all), m);
    buffer_done(&all);
    return false;
}

static bool grow(struct misp_seen *s)
{
    size_t cap = s->cap ? 2 * s->cap : 1024;
    uint64_t *table = calloc(cap, sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < s->cap; i++) {
        size_t at = s->table[i] & (cap - 1);
        while (s->table[i] && table[at])
            at = (at + 1) & (cap - 1);
        if (s->table[i])
            table[at] = s->table[i];
    }
    free(s->table);
    s->table = table;
    s->cap = cap;
    return true;
}

bool misp_seen_first(struct misp_seen *s, struct text name, bool *ret_first)
{
    if (s->count * 2 >= s->cap && !grow(s))
        return false;
    uint64_t hash = xxh3_of(name.ptr, name.len) | 1;
    size_t at = hash & (s->cap - 1);
    while (s->table[at] && s->table[at] != hash)
        at = (at + 1) & (s->cap - 1);
    *ret_first = s->table[at] == 0;
    if (*ret_first)
        s->count++;
    s->table[at] = hash;
    return true;
}

void misp_seen_clear(struct misp_seen *s)
{
    free(s->table);
    *s = (struct misp_seen){0};
}

/* ---- what became what ---- */

static size_t slot_of(const struct misp_names *n, const struct uuid *uuid)
{
    size_t at = xxh3_of(uuid->b, sizeof uuid->b) & (2 * n->cap - 1);
    while (n->table[at] && !uuid_eq(&n->list[n->table[at] - 1].uuid, uuid))
        at = (at + 1) & (2 * n->cap - 1);
    return at;
}

static bool grow_names(struct misp_names *n)
{
    size_t cap = n->cap ? 2 * n->cap : 256;
    uint32_t *table = calloc(2 * cap, sizeof *table);
    struct misp_named *list = table ? realloc(n->list, cap * sizeof *list) : NULL;
    if (!list) {
        free(table);
        return false;
    }
    if (!n->cap)
        buffer_init(&n->ids, MISP_EVENT_MAX_BYTES);
    free(n->table);
    n->list = list;
    n->table = table;
    n->cap = cap;
    for (size_t i = 0; i < n->count; i++)
        table[slot_of(n, &list[i].uuid)] = (uint32_t)i + 1;
    return true;
}

enum err misp_names_add(struct misp_names *n, const struct uuid *uuid, struct text id)
{
    if (n->count == n->cap && !grow_names(n))
        return ERR_NOMEM;
    size_t at = slot_of(n, uuid);
    if (n->table[at])
        return OK;
    n->list[n->count] = (struct misp_named){*uuid, (uint32_t)n->ids.len, (uint32_t)id.len};
    buffer_add(&n->ids, id);
    if (buffer_error(&n->ids))
        return ERR_NOMEM;
    n->table[at] = (uint32_t)++n->count;
    return OK;
}

struct text misp_names_get(const struct misp_names *n, const struct uuid *uuid)
{
    size_t at = n->cap ? slot_of(n, uuid) : 0;
    if (!n->cap || !n->table[at])
        return TEXT_NONE;
    const struct misp_named *found = &n->list[n->table[at] - 1];
    return text_sub(buffer_text(&n->ids), found->at, found->len);
}

void misp_names_clear(struct misp_names *n)
{
    if (n->cap)
        buffer_done(&n->ids);
    free(n->list);
    free(n->table);
    *n = (struct misp_names){0};
}

/* ---- values that were made unclickable ---- */

void misp_refang(struct text raw, struct buffer *out)
{
    static const struct {
        struct text from, to;
    } marks[] = {{{"[.]", 3}, {".", 1}},   {{"(.)", 3}, {".", 1}},  {{"[dot]", 5}, {".", 1}},
                 {{"(dot)", 5}, {".", 1}}, {{"[:]", 3}, {":", 1}},  {{"[://]", 5}, {"://", 3}},
                 {{"[@]", 3}, {"@", 1}},   {{"[at]", 4}, {"@", 1}}, {{"\\.", 2}, {".", 1}}};
    raw = text_trim(raw);
    if (raw.len > 4 &&
        (text_eq_nocase(text_sub(raw, 0, 4), TEXT("hxxp")) || text_eq_nocase(text_sub(raw, 0, 4), TEXT("meow")))) {
        buffer_add(out, TEXT("http"));
        raw = text_sub(raw, 4, raw.len);
    }
    while (raw.len > 0) {
        size_t taken = 0;
        for (size_t i = 0; !taken && i < ARRAY_LEN(marks); i++)
            if (text_eq_nocase(text_sub(raw, 0, marks[i].from.len), marks[i].from)) {
                buffer_add(out, marks[i].to);
                taken = marks[i].from.len;
            }
        if (!taken) {
            buffer_add_char(out, raw.ptr[0]);
            taken = 1;
        }
        raw = text_sub(raw, taken, raw.len);
    }
}

/* ---- records besides objects ---- */

void misp_lost(struct misp *m, struct text what, const char *format, ...)
{
    char reason[FAULT_WHAT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (!text_is_utf8(text_of(reason)))
        snprintf(reason, sizeof reason, "cannot be kept");
    const struct record_lost l = {.at = m->at, .what = what, .reason = text_of(reason)};
    record_add_lost(m->to, &l);
}

enum err misp_refuse(struct misp *m, struct text id, const char *format, ...)
{
    char reason[FAULT_WHAT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    const struct record_rejected r = {
        .at = m->at, .line = -1, .id = id, .rule = TEXT("MISP core format"), .reason = text_of(reason)};
    record_add_rejected(m->to, &r);
    return buffer_error(m->to);
}
