/* format/misp_out_object.c - MISP objects: made of values that belong together, or as they came from MISP. */
#include <string.h>

#include "format/misp_out_inside.h"

static void begin_object(struct misp_out *w, struct json_out *o, struct out_item *i, struct text name,
                         struct text meta_category)
{
    struct text comment = json_text(json_get(i->v, "x_misp_comment"));
    struct uuid uuid = out_uuid(w, i);
    json_open(o, '{');
    out_member_uuid(o, "uuid", &uuid);
    json_member_text(o, "name", name);
    json_member_text(o, "meta-category", meta_category);
    json_member_text(o, "description", TEXT_NONE);
    if (json_text(json_get(i->v, "x_misp_template_uuid")).len)
        json_member_text(o, "template_uuid", json_text(json_get(i->v, "x_misp_template_uuid")));
    if (json_text(json_get(i->v, "x_misp_template_version")).len)
        json_member_text(o, "template_version", json_text(json_get(i->v, "x_misp_template_version")));
    json_member_text(o, "comment", comment.len ? comment : json_text(json_get(i->v, "description")));
    out_member_epoch(o, "timestamp", out_time(i->v, "modified", "created"));
    json_member_text(o, "distribution", TEXT("5"));
    json_member_bool(o, "deleted", json_bool(json_get(i->v, "revoked"), false));
    for (size_t n = 0; n < 2; n++) {
        static const char *const from[] = {"x_misp_first_seen", "x_misp_last_seen"}, *const to[] = {"first_seen",
                                                                                                    "last_seen"};
        if (json_text(json_get(i->v, from[n])).len)
            json_member_text(o, to[n], json_text(json_get(i->v, from[n])));
    }
}

static void end_object(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    i->became = OUT_OBJECT;
    out_around(w, o, i, true);
    json_close(o, '}');
    i->written = true;
}

static void put_part(struct misp_out *w, struct json_out *o, struct out_item *i, const struct misp_map *m,
                     const struct out_part *p, size_t n, bool to_ids)
{
    struct uuid uuid = out_uuid(w, i);
    struct out_attribute a = {.type = text_of(m->type),
                              .relation = text_of(m->relation),
                              .value = out_value(w, m, p->value),
                              .to_ids = to_ids,
                              .deleted = json_bool(json_get(i->v, "revoked"), false),
                              .timestamp = out_time(i->v, "modified", "created")};
    if (m->as == MISP_AS_DATA) {
        char *name = arena_alloc(&w->arena, UUID_TEXT_MAX);
        a.data = p->value;
        a.value = name ? uuid_format(&i->uuid, name) : TEXT_NONE;
    }
    struct text at = text_of(arena_printf(&w->arena, "%zu", n));
    a.uuid = out_derived(&uuid, p->path, at);
    out_attribute(w, o, &a);
}

void out_object(struct misp_out *w, struct out_item *i, const char *name, const struct out_part *parts, size_t count,
                bool to_ids)
{
    static const struct misp_map pattern = {"stix2-pattern", "stix2-pattern", "stix2-pattern", "stix2-pattern", NULL,
                                            MISP_AS_TEXT};
    struct json_out *o = &w->to_objects;
    begin_object(w, o, i, text_of(name), text_of(misp_meta_category(name)));
    json_key(o, TEXT("Attribute"));
    json_open(o, '[');
    for (size_t n = 0; n < count; n++) {
        bool whole = strcmp(name, "stix2-pattern") == 0;
        const struct misp_map *m = whole ? &pattern : misp_map_of(parts[n].path);
        if (m)
            put_part(w, o, i, m, &parts[n], n, to_ids || parts[n].to_ids);
    }
    json_close(o, ']');
    end_object(w, o, i);
}

/* ---- as it came ---- */

static struct stamp kept_time(const struct json_val *v, const char *name)
{
    struct stamp s = {0};
    uint64_t epoch;
    struct text t = json_text(json_get(v, name));
    if (text_u64(t, &epoch) == OK && epoch < (uint64_t)1 << 40)
        s = (struct stamp){.s = (int64_t)epoch, .digits = 3};
    else if (t.len)
        (void)!stamp_parse_lenient(t, &s);
    return s;
}

/* An attribute may be stricter than its object. */
static bool too_strict(const struct misp_out *w, const struct json_val *tags)
{
    bool strict = false;
    for (struct json_iter it = json_iter_of(tags); json_next(&it);) {
        struct text tag = json_text(it.val);
        enum tlp tlp = TLP_RED; /* an unknown word: as strict as there is */
        if (tag.len < 4 || !text_eq_nocase(text_sub(tag, 0, 4), TEXT("tlp:")))
            continue;
        (void)!tlp_parse(text_sub(tag, 4, tag.len), &tlp);
        strict |= tlp > w->event->label;
    }
    return strict;
}

static void put_kept(struct misp_out *w, struct json_out *o, struct out_item *i, const struct json_val *v, size_t n)
{
    char id[IDENT_TEXT_MAX];
    struct text at = text_of(arena_printf(&w->arena, "%zu", n));
    struct out_attribute a = {.type = json_text(json_get(v, "type")),
                              .category = json_text(json_get(v, "category")),
                              .relation = json_text(json_get(v, "object_relation")),
                              .value = json_text(json_get(v, "value")),
                              .scalar = out_scalar(json_get(v, "value")),
                              .comment = json_text(json_get(v, "comment")),
                              .data = json_text(json_get(v, "data")),
                              .to_ids = json_bool(json_get(v, "to_ids"), false),
                              .deleted = json_bool(json_get(v, "deleted"), false),
                              .disable_correlation = json_bool(json_get(v, "disable_correlation"), false),
                              .first_seen = kept_time(v, "first_seen"),
                              .last_seen = kept_time(v, "last_seen"),
                              .timestamp = kept_time(v, "timestamp"),
                              .tags = json_get(v, "tags")};
    if (!a.timestamp.s)
        a.timestamp = out_time(i->v, "modified", "created");
    if (i->written || uuid_parse(json_text(json_get(v, "uuid")), &a.uuid) != OK) {
        struct uuid uuid = out_uuid(w, i);
        a.uuid = out_derived(&uuid, TEXT("attribute"), at);
    }
    /* An attribute for detection is an indicator of its own, too: it is said here. */
    struct out_item *own = out_find(w, ident_format(TEXT("indicator"), &a.uuid, id));
    if (own && own != i && own->label <= w->event->label) {
        own->absorbed = own->written = true;
        a.item = own; /* what is said of it is said here */
    }
    a.of = i;
    if (too_strict(w, a.tags))
        out_lost(w, i, "one of its attributes is stricter than the event");
    else if (a.type.len && (a.value.len || a.scalar))
        out_attribute(w, o, &a);
    else
        out_lost(w, i, "one of its attributes has no type or no value");
}

static void absorb_parts(struct misp_out *w, const struct out_item *i)
{
    char id[IDENT_TEXT_MAX];
    const struct out_item *twin = out_find(w, ident_format(TEXT("observed-data"), &i->uuid, id));
    const struct out_item *from[] = {i, twin};
    for (size_t n = 0; n < ARRAY_LEN(from); n++)
        for (struct json_iter it = json_iter_of(from[n] ? json_get(from[n]->v, "object_refs") : NULL);
             json_next(&it);) {
            struct out_item *part = out_find(w, json_text(it.val));
            if (part && part->label <= w->event->label)
                part->absorbed = part->written = true;
        }
}

void out_kept_object(struct misp_out *w, struct out_item *i)
{
    struct json_out *o = &w->to_objects;
    struct text name = out_label(i->v, "misp:name"), meta = out_label(i->v, "misp:meta-category");
    size_t n = 0;
    if (!name.len)
        name = json_text(json_get(i->v, "x_misp_name"));
    if (!meta.len)
        meta = json_text(json_get(i->v, "x_misp_meta_category"));
    absorb_parts(w, i);
    begin_object(w, o, i, name, meta.len ? meta : TEXT("misc"));
    json_key(o, TEXT("Attribute"));
    json_open(o, '[');
    for (struct json_iter it = json_iter_of(json_get(i->v, "x_misp_attributes")); json_next(&it);)
        if (json_type(it.val) == JSON_OBJECT)
            put_kept(w, o, i, it.val, n++);
    json_close(o, ']');
    end_object(w, o, i);
}
