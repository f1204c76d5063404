/* format/misp_out_attribute.c - indicators, observed data and observables -> attributes, or objects of several. */
#include <stdio.h>
#include <string.h>

#include "format/misp_inside.h"
#include "format/misp_out_inside.h"

/* ---- one attribute ---- */

void out_hash(struct misp_out *w, struct text type, struct text value)
{
    char uuid[UUID_TEXT_MAX], hex[33];
    struct text rest = value, part;
    bool halves = text_find(type, '|', 0) >= 0 || text_eq(type, TEXT("malware-sample"));
    if (!w->hashes)
        return;
    while (halves ? text_split(&rest, '|', &part) : rest.ptr != NULL) {
        if (!halves) {
            part = value;
            rest = TEXT_NONE;
        }
        struct md5 h = md5_of(part.ptr, part.len);
        hex_write(h.b, sizeof h.b, hex);
        buffer_addf(w->hashes, "%s," TEXT_FMT "\n", hex, TEXT_ARG(uuid_format(&w->event->uuid, uuid)));
    }
}

static void member_time(struct json_out *o, const char *name, struct stamp s)
{
    char text[STAMP_TEXT_MAX];
    if (s.s)
        json_member_text(o, name, stamp_format(s, text));
}

static void put_kept_tags(struct json_out *o, const struct json_val *tags)
{
    if (!json_size(tags))
        return;
    json_key(o, TEXT("Tag"));
    json_open(o, '[');
    for (struct json_iter it = json_iter_of(tags); json_next(&it);) {
        json_open(o, '{');
        json_member_text(o, "name", json_text(it.val));
        json_close(o, '}');
    }
    json_close(o, ']');
}

void out_attribute(struct misp_out *w, struct json_out *o, const struct out_attribute *a)
{
    json_open(o, '{');
    out_member_uuid(o, "uuid", &a->uuid);
    if (a->relation.len)
        json_member_text(o, "object_relation", a->relation);
    json_member_text(o, "type", a->type);
    json_member_text(o, "category", a->category.len ? a->category : text_of(misp_category(a->type)));
    json_key(o, TEXT("value"));
    if (a->scalar)
        misp_json_value(o, a->scalar);
    else
        json_put_text(o, a->value);
    json_member_bool(o, "to_ids", a->to_ids);
    json_member_text(o, "comment", a->comment);
    out_member_epoch(o, "timestamp", a->timestamp);
    json_member_text(o, "distribution", TEXT("5")); /* as the event: nothing in it is stricter */
    json_member_bool(o, "deleted", a->deleted);
    json_member_bool(o, "disable_correlation", a->disable_correlation);
    member_time(o, "first_seen", a->first_seen);
    member_time(o, "last_seen", a->last_seen);
    if (a->data.len)
        json_member_text(o, "data", a->data);
    if (a->item) {
        out_tags(o, a->item, w->event, false);
        out_around(w, o, a->item, false);
    } else {
        put_kept_tags(o, a->tags);
        if (a->of)
            out_around_part(w, o, a->of, &a->uuid);
    }
    json_close(o, '}');
    out_hash(w, a->type, a->value);
    w->attribute_count++;
}

bool out_not_for_detection(const struct misp_out *w, const struct out_item *i)
{
    struct stamp until = out_time(i->v, "valid_until", NULL);
    return json_bool(json_get(i->v, "revoked"), false) || (until.s && stamp_us(until) <= w->options.now_us);
}

static struct text comment_of(const struct out_item *i)
{
    struct text t = json_text(json_get(i->v, "x_misp_comment"));
    return t.len ? t : json_text(json_get(i->v, "description"));
}

static struct out_attribute begin_attribute(struct misp_out *w, struct out_item *i)
{
    return (struct out_attribute){.uuid = out_uuid(w, i),
                                  .timestamp = out_time(i->v, "modified", "created"),
                                  .deleted = json_bool(json_get(i->v, "revoked"), false),
                                  .disable_correlation =
                                      json_bool(json_get(i->v, "x_misp_disable_correlation"), false),
                                  .first_seen = out_time(i->v, "x_misp_first_seen", NULL),
                                  .last_seen = out_time(i->v, "x_misp_last_seen", NULL),
                                  .comment = comment_of(i),
                                  .item = i};
}

static void became(struct out_item *i, enum out_became what)
{
    i->became = what;
    i->written = true;
}

/* ---- what was an attribute ---- */

static void become_attribute(struct misp_out *w, struct out_item *i, struct text value, const struct json_val *scalar,
                             struct text data)
{
    struct text to_ids = out_label(i->v, "misp:to_ids");
    struct out_attribute a = begin_attribute(w, i);
    a.type = out_label(i->v, "misp:type");
    a.category = out_label(i->v, "misp:category");
    a.value = value;
    a.scalar = scalar;
    a.data = data;
    a.to_ids = to_ids.len ? text_eq_nocase(to_ids, TEXT("true")) : text_eq(i->type, TEXT("indicator"));
    i->became = OUT_ATTRIBUTE;
    out_attribute(w, &w->o, &a);
    i->written = true;
}

void out_misp_attribute(struct misp_out *w, struct out_item *i, struct text value, struct text data)
{
    become_attribute(w, i, value, NULL, data);
}

const struct json_val *out_scalar(const struct json_val *value)
{
    enum json_type type = json_type(value);
    return type == JSON_NUMBER || type == JSON_BOOL ? value : NULL;
}

void out_misp_scalar(struct misp_out *w, struct out_item *i, const struct json_val *value)
{
    become_attribute(w, i, TEXT_NONE, value, TEXT_NONE);
}

/* The observed data that says the same as the indicator, under the same uuid; it may hold the bytes of a file. */
static struct text absorb_twin(struct misp_out *w, const struct out_item *i)
{
    char id[IDENT_TEXT_MAX];
    struct text data = TEXT_NONE;
    struct out_item *twin = out_find(w, ident_format(TEXT("observed-data"), &i->uuid, id));
    if (!twin || twin == i || twin->label > w->event->label)
        return data;
    twin->absorbed = twin->written = true;
    for (struct json_iter it = json_iter_of(json_get(twin->v, "object_refs")); json_next(&it);) {
        struct out_item *part = out_find(w, json_text(it.val));
        if (!part || part->label > w->event->label)
            continue;
        part->absorbed = part->written = true;
        if (json_text(json_get(part->v, "payload_bin")).len)
            data = json_text(json_get(part->v, "payload_bin"));
    }
    return data;
}

/* ---- what was not ---- */

static void plain(struct misp_out *w, struct out_item *i, const struct misp_map *m, const struct out_part *p,
                  bool to_ids, bool own_uuid)
{
    struct out_attribute a = begin_attribute(w, i);
    bool first = true;
    a.type = text_of(m->plain);
    a.value = out_value(w, m, p->value);
    if (!out_first(w, a.type, a.value, &first) || !first) {
        became(i, OUT_ATTRIBUTE); /* said already: an event has a value once */
        return;
    }
    if (!own_uuid) {
        a.uuid = out_derived(&a.uuid, p->path, a.value);
        a.item = NULL;
    }
    a.to_ids = to_ids;
    i->became = OUT_ATTRIBUTE;
    out_attribute(w, &w->o, &a);
    i->written = true;
}

static size_t useful(const struct out_part *parts, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += !misp_map_silent(parts[i].path);
    return n;
}

static const struct misp_map *all_mapped(const struct out_part *parts, size_t count)
{
    const struct misp_map *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct misp_map *m = misp_map_of(parts[i].path);
        if (!m && !misp_map_silent(parts[i].path))
            return NULL;
        first = first ? first : m;
    }
    return first;
}

/* One alternative: an attribute, several that go each for itself, or an object. */
static void alternative(struct misp_out *w, struct out_item *i, const struct out_part *parts, size_t count,
                        bool to_ids, bool only)
{
    const struct misp_map *m = all_mapped(parts, count);
    bool first = only;
    if (!m || (useful(parts, count) == 1 ? m->plain != NULL : m->object == NULL)) {
        for (size_t n = 0; n < count; n++) {
            const struct misp_map *its = misp_map_of(parts[n].path);
            if (!its)
                continue;
            plain(w, i, its, &parts[n], to_ids, first);
            first = false;
        }
        return;
    }
    out_object(w, i, m->object, parts, count, to_ids);
}

static void as_pattern(struct misp_out *w, struct out_item *i, const char *type)
{
    bool rule = strcmp(type, "stix2-pattern") != 0, to_ids = !out_not_for_detection(w, i);
    if (rule) {
        struct out_attribute a = begin_attribute(w, i);
        a.type = text_of(type);
        a.value = json_text(json_get(i->v, "pattern"));
        a.to_ids = to_ids;
        i->became = OUT_ATTRIBUTE;
        out_attribute(w, &w->o, &a);
        i->written = true;
        return;
    }
    const struct out_part whole = {.path = TEXT("stix2-pattern"), .value = json_text(json_get(i->v, "pattern"))};
    out_object(w, i, "stix2-pattern", &whole, 1, to_ids);
}

/* Patterns of other languages that MISP has a type for. */
static const char *rule_type(struct text pattern_type)
{
    static const char *const types[] = {"snort", "suricata", "yara", "sigma"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (text_eq(pattern_type, text_of(types[i])))
            return types[i];
    return NULL;
}

static enum err foreign_indicator(struct misp_out *w, struct out_item *i, struct out_parts *p)
{
    struct text language = json_text(json_get(i->v, "pattern_type"));
    const char *rule = rule_type(language);
    if (rule) {
        as_pattern(w, i, rule);
        return OK;
    }
    if (!text_eq(language, TEXT("stix"))) {
        out_lost(w, i, "MISP has no type for its language of patterns");
        return OK;
    }
    enum err e = out_parts_of_pattern(w, json_text(json_get(i->v, "pattern")), p);
    if (e)
        return e;
    bool mapped = p->whole;
    for (size_t n = 0, from = 0; n < p->alternatives && mapped; from = p->ends[n++])
        mapped = all_mapped(p->list + from, p->ends[n] - from) != NULL;
    if (!mapped) {
        as_pattern(w, i, "stix2-pattern");
        return OK;
    }
    if (json_get(i->v, "valid_until"))
        out_lost(w, i, "valid_until: MISP has no place for it; at its end it is written without to_ids");
    struct uuid base = i->uuid;
    for (size_t n = 0, from = 0; n < p->alternatives; from = p->ends[n++]) {
        char part[24];
        snprintf(part, sizeof part, "%zu", n);
        if (n)
            i->uuid = out_derived(&base, TEXT("alternative"), text_of(part));
        bool written = i->written;
        i->written = n ? false : written;
        alternative(w, i, p->list + from, p->ends[n] - from, !out_not_for_detection(w, i), true);
        i->written |= written;
    }
    i->uuid = base;
    return OK;
}

/* What MISP's own converter made of an object: its template, and values by the names that we give them. */
static enum err named_object(struct misp_out *w, struct out_item *i, struct text name, struct out_parts *p)
{
    enum err e = out_parts_of_pattern(w, json_text(json_get(i->v, "pattern")), p);
    const char *kept = arena_printf(&w->arena, TEXT_FMT, TEXT_ARG(name));
    if (e || !kept)
        return ERR_NOMEM;
    (void)absorb_twin(w, i);
    if (p->whole && p->alternatives == 1 && all_mapped(p->list, p->count))
        out_object(w, i, kept, p->list, p->count, !out_not_for_detection(w, i));
    else
        as_pattern(w, i, "stix2-pattern");
    return OK;
}

enum err out_indicator(struct misp_out *w, struct out_item *i)
{
    struct out_parts p;
    struct text type = out_label(i->v, "misp:type"), name = json_text(json_get(i->v, "name"));
    struct text template = out_label(i->v, "misp:name");
    if (template.len && text_eq(json_text(json_get(i->v, "pattern_type")), TEXT("stix")))
        return named_object(w, i, template, &p);
    if (!type.len)
        return foreign_indicator(w, i, &p);
    struct text data = absorb_twin(w, i), value = TEXT_NONE;
    enum err e = OK;
    if (out_label(i->v, "misp:to_ids").len && name.len) {
        value = name; /* our own reader names an indicator by the attribute's value */
    } else if (rule_type(type) || text_eq(type, TEXT("stix2-pattern"))) {
        value = json_text(json_get(i->v, "pattern"));
    } else {
        e = out_parts_of_pattern(w, json_text(json_get(i->v, "pattern")), &p);
        value = e ? TEXT_NONE : out_value_of_type(w, type, &p);
    }
    if (e)
        return e;
    if (value.len)
        out_misp_attribute(w, i, value, data);
    else
        as_pattern(w, i, "stix2-pattern");
    return OK;
}

/* ---- observables ---- */

/* Properties that have no place are told, once an object. */
static void tell_unmapped(struct misp_out *w, struct out_item *i, struct out_parts *p, bool tell)
{
    size_t kept = 0, lost = 0;
    struct text which = TEXT_NONE;
    for (size_t n = 0; n < p->count; n++) {
        bool known = misp_map_of(p->list[n].path) || misp_map_silent(p->list[n].path);
        if (known) {
            p->list[kept++] = p->list[n];
        } else {
            lost++;
            which = p->list[n].path;
        }
    }
    p->count = kept;
    p->ends[0] = kept;
    const char *words = lost && tell
                            ? arena_printf(&w->arena, "%zu of its values have no place in MISP: " TEXT_FMT "%s", lost,
                                           TEXT_ARG(which), lost > 1 ? ", ..." : "")
                            : NULL;
    if (words)
        out_lost(w, i, words);
}

static struct out_part *find_part(struct out_parts *p, const struct out_part *like)
{
    for (size_t n = 0; n < p->count; n++)
        if (text_eq(p->list[n].path, like->path) && text_eq_nocase(p->list[n].value, like->value))
            return &p->list[n];
    return NULL;
}

/* An indicator that looks for values of this very object says no more than that they are for detection. */
static enum err absorb_indicators(struct misp_out *w, struct out_parts *p)
{
    const struct out_event *e = w->event;
    struct out_parts wanted;
    enum err err = OK;
    for (size_t n = e->first; n < e->first + e->members && !err && w->steps < OUT_STEPS_MAX; n++) {
        struct out_item *i = &w->items[w->members[n].item];
        bool foreign = text_eq(i->type, TEXT("indicator")) && !out_label(i->v, "misp:type").len && !i->absorbed &&
                       !i->written && text_eq(json_text(json_get(i->v, "pattern_type")), TEXT("stix"));
        w->steps++;
        if (!foreign || out_not_for_detection(w, i))
            continue;
        err = out_parts_of_pattern(w, json_text(json_get(i->v, "pattern")), &wanted);
        bool all = !err && wanted.whole && wanted.alternatives == 1;
        for (size_t k = 0; all && k < wanted.count; k++)
            all = find_part(p, &wanted.list[k]) != NULL;
        for (size_t k = 0; all && k < wanted.count; k++) {
            struct out_part *part = find_part(p, &wanted.list[k]);
            if (part)
                part->to_ids = true;
        }
        if (all)
            i->absorbed = i->written = true;
    }
    return err;
}

enum err out_observable(struct misp_out *w, struct out_item *i, bool objects)
{
    struct out_parts p;
    out_parts_of(w, i, &p);
    tell_unmapped(w, i, &p, objects);
    const struct misp_map *m = all_mapped(p.list, p.count);
    bool plain = !m || m->object == NULL || (useful(p.list, p.count) == 1 && m->plain);
    if (plain == objects)
        return OK;
    if (!useful(p.list, p.count) || !m) {
        if (!i->told)
            out_lost(w, i, "MISP has no part for it");
        return OK;
    }
    enum err e = objects ? absorb_indicators(w, &p) : OK;
    if (!e)
        alternative(w, i, p.list, p.count, false, true);
    return e;
}

enum err out_observed_data(struct misp_out *w, struct out_item *i)
{
    struct out_parts all = {.whole = true}, one;
    struct text type = out_label(i->v, "misp:type"), data = TEXT_NONE;
    struct text template = out_label(i->v, "misp:name");
    const char *name = template.len ? arena_printf(&w->arena, TEXT_FMT, TEXT_ARG(template)) : NULL;
    if (!type.len && !name) {
        i->written = true; /* it says when; its observables stand for themselves */
        return OK;
    }
    for (struct json_iter it = json_iter_of(json_get(i->v, "object_refs")); json_next(&it);) {
        struct out_item *part = out_find(w, json_text(it.val));
        if (!part || part->label > w->event->label)
            continue;
        out_parts_of(w, part, &one);
        part->absorbed = part->written = true;
        if (json_text(json_get(part->v, "payload_bin")).len)
            data = json_text(json_get(part->v, "payload_bin"));
        for (size_t n = 0; n < one.count && all.count < OUT_PARTS_MAX; n++)
            all.list[all.count++] = one.list[n];
    }
    struct text value = json_text(json_get(i->v, "x_misp_value"));
    if (!value.len)
        value = out_value_of_type(w, type, &all);
    all.alternatives = 1;
    if (name) {
        tell_unmapped(w, i, &all, true);
        out_object(w, i, name, all.list, all.count, false);
    } else if (value.len) {
        out_misp_attribute(w, i, value, data);
    } else {
        out_lost(w, i, "the value of the attribute cannot be told from its observables");
    }
    return OK;
}
