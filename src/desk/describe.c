/* desk/describe.c - see describe.h. One table says what of each type comes first, and under which name; whatever no
 * row speaks of follows under its own. */
#include "desk/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "desk/describe_inside.h"

/* ---- sections and lines ---- */

void description_init(struct description *d, struct arena *arena)
{
    *d = (struct description){.arena = arena};
}

struct describe_section *describe_section(struct description *d, const char *title)
{
    for (size_t i = 0; i < d->count; i++)
        if (text_eq(d->sections[i].title, text_of(title)))
            return &d->sections[i];
    if (d->count == DESCRIBE_SECTIONS_MAX)
        return &d->sections[d->count - 1];
    d->sections[d->count] = (struct describe_section){.title = text_of(title)};
    return &d->sections[d->count++];
}

static bool room_for_one(struct description *d, struct describe_section *s)
{
    if (s->count < s->cap)
        return true;
    size_t cap = s->cap ? 2 * s->cap : 8;
    struct describe_line *moved = cap <= 2 * DESCRIBE_LINES_MAX ? arena_alloc(d->arena, cap * sizeof *moved) : NULL;
    if (!moved) {
        d->short_of_memory = true;
        return false;
    }
    if (s->count)
        memcpy(moved, s->lines, s->count * sizeof *moved);
    s->lines = moved;
    s->cap = cap;
    return true;
}

void describe_add(struct description *d, struct describe_section *s, const char *name, struct text value)
{
    if (value.len == 0 || s->count >= DESCRIBE_LINES_MAX || !room_for_one(d, s))
        return;
    struct text kept = arena_text(d->arena, value), called = arena_text(d->arena, text_of(name));
    if (!kept.ptr || (name[0] && !called.ptr)) {
        d->short_of_memory = true;
        return;
    }
    s->lines[s->count++] = (struct describe_line){called, kept};
}

void describe_addf(struct description *d, struct describe_section *s, const char *name, const char *format, ...)
{
    struct buffer b;
    va_list args;
    buffer_init(&b, MIB);
    va_start(args, format);
    buffer_vaddf(&b, format, args);
    va_end(args);
    if (buffer_error(&b) != OK)
        d->short_of_memory = true;
    else
        describe_add(d, s, name, buffer_text(&b));
    buffer_done(&b);
}

/* ---- values in words ---- */

static bool is_id(struct text t)
{
    struct ident id;
    return ident_parse(t, &id, NULL) == OK;
}

void describe_value(const struct telling *t, const struct json_val *v, bool refs, struct buffer *out)
{
    double number;
    int64_t whole;
    switch (json_type(v)) {
    case JSON_STRING:
        buffer_add(out, refs && is_id(json_text(v)) ? t->with->name(t->with->self, json_text(v)) : json_text(v));
        break;
    case JSON_NUMBER:
        if (json_i64(v, &whole))
            buffer_addf(out, "%lld", (long long)whole);
        else if (json_f64(v, &number))
            buffer_addf(out, "%.10g", number);
        break;
    case JSON_BOOL: buffer_add(out, json_bool(v, false) ? TEXT("yes") : TEXT("no")); break;
    case JSON_ARRAY:
        for (struct json_iter it = json_iter_of(v); json_next(&it);) {
            if (it.index >= DESCRIBE_LIST_MAX) {
                buffer_addf(out, " and %zu more", json_size(v) - DESCRIBE_LIST_MAX);
                break;
            }
            buffer_add(out, it.index ? TEXT(", ") : TEXT_NONE);
            describe_value(t, it.val, refs, out);
        }
        break;
    case JSON_OBJECT: {
        size_t i = 0;
        struct text phase = json_text(json_get(v, "phase_name"));
        if (phase.len && json_get(v, "kill_chain_name")) { /* section 2.11 */
            buffer_addf(out, TEXT_FMT " (" TEXT_FMT ")", TEXT_ARG(phase),
                        TEXT_ARG(json_text(json_get(v, "kill_chain_name"))));
            break;
        }
        for (struct json_iter it = json_iter_of(v); json_next(&it) && i < DESCRIBE_LIST_MAX; i++) {
            buffer_addf(out, "%s" TEXT_FMT " ", i ? "; " : "", TEXT_ARG(it.key));
            describe_value(t, it.val, text_ends(it.key, TEXT("_ref")) || text_ends(it.key, TEXT("_refs")), out);
        }
        break;
    }
    default: break;
    }
}

const struct json_val *describe_get(const struct telling *t, const char *name)
{
    const struct json_val *other = json_get(t->with->translated, name);
    return other ? other : json_get(t->object, name);
}

struct text describe_text(const struct telling *t, const char *name)
{
    return json_text(describe_get(t, name));
}

static void add_value(struct telling *t, const char *as, const struct json_val *v, bool refs)
{
    struct buffer b;
    buffer_init(&b, 4 * MIB);
    describe_value(t, v, refs, &b);
    if (buffer_error(&b) != OK)
        t->d->short_of_memory = true;
    else
        describe_add(t->d, t->to, as, buffer_text(&b));
    buffer_done(&b);
}

/* A line an element: what is listed deserves to be read. */
static void add_list(struct telling *t, const char *as, const struct json_val *v)
{
    if (json_type(v) != JSON_ARRAY) {
        add_value(t, as, v, true);
        return;
    }
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        if (it.index >= DESCRIBE_LIST_MAX) {
            describe_addf(t->d, t->to, "", "and %zu more", json_size(v) - DESCRIBE_LIST_MAX);
            return;
        }
        add_value(t, it.index ? "" : as, it.val, true);
    }
}

static bool is_told(struct telling *t, struct text name)
{
    for (size_t i = 0; i < t->told_count; i++)
        if (text_eq(t->told[i], name))
            return true;
    return false;
}

void describe_told(struct telling *t, const char *name)
{
    if (t->told_count < ARRAY_LEN(t->told))
        t->told[t->told_count++] = text_of(name);
}

static void add_row(struct telling *t, const struct describe_row *row)
{
    const struct json_val *v = describe_get(t, row->member);
    if (!v || is_told(t, text_of(row->member)))
        return;
    describe_told(t, row->member);
    if (row->how == DESCRIBE_LIST)
        add_list(t, row->as, v);
    else
        add_value(t, row->as, v, row->how == DESCRIBE_REF);
}

/* ---- the whole ---- */

/* What other sections say, and what says nothing to a person. */
static const char *const elsewhere[] = {"type",
                                        "spec_version",
                                        "id",
                                        "created",
                                        "modified",
                                        "created_by_ref",
                                        "object_marking_refs",
                                        "granular_markings",
                                        "external_references",
                                        "revoked",
                                        "lang",
                                        "name"};

static void add_rest(struct telling *t)
{
    for (struct json_iter it = json_iter_of(t->object); json_next(&it);) {
        char as[64];
        if (is_told(t, it.key) || it.key.len >= sizeof as)
            continue;
        for (size_t i = 0; i < it.key.len; i++)
            as[i] = it.key.ptr[i] == '_' ? ' ' : it.key.ptr[i];
        as[it.key.len] = 0;
        bool ref = text_ends(it.key, TEXT("_ref")), refs = text_ends(it.key, TEXT("_refs"));
        if (ref || refs)
            as[it.key.len - (ref ? 4 : 5)] = 0;
        const struct json_val *other = json_get_text(t->with->translated, it.key), *v = other ? other : it.val;
        if (refs)
            add_list(t, as, v);
        else
            add_value(t, as, v, ref);
    }
}

static void add_reference(struct telling *t, const struct json_val *v)
{
    struct text name = json_text(json_get(v, "source_name")), id = json_text(json_get(v, "external_id"));
    struct text url = json_text(json_get(v, "url")), words = json_text(json_get(v, "description"));
    struct describe_section *s = describe_section(t->d, "External references");
    describe_addf(t->d, s, "", TEXT_FMT "%s" TEXT_FMT "%s" TEXT_FMT, TEXT_ARG(name), id.len ? " " : "", TEXT_ARG(id),
                  url.len ? ": " : "", TEXT_ARG(url));
    describe_add(t->d, s, "", words);
}

void describe_object(struct description *d, const struct json_val *object, const struct describe_with *with)
{
    struct telling t = {.d = d, .object = object, .with = with, .to = describe_section(d, "What it says")};
    size_t count;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        describe_told(&t, elsewhere[i]);
    describe_sentences(&t);
    const struct describe_row *rows = describe_rows(json_text(json_get(object, "type")), &count);
    for (size_t i = 0; i < count; i++)
        add_row(&t, &rows[i]);
    rows = describe_common_rows(&count);
    for (size_t i = 0; i < count; i++)
        add_row(&t, &rows[i]);
    add_rest(&t);
    const struct json_val *references = json_get(object, "external_references");
    for (struct json_iter it = json_iter_of(references); json_next(&it) && it.index < DESCRIBE_LIST_MAX;)
        add_reference(&t, it.val);
}
