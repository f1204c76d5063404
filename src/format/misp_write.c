/* format/misp_write.c - STIX objects as text, handed to emit(): what all of them have in common. */
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "format/misp_inside.h"

void misp_put_time(struct json_out *o, const char *name, struct stamp s)
{
    char text[STAMP_TEXT_MAX];
    json_member_text(o, name, stamp_format(s, text));
}

void misp_put_uuid(struct json_out *o, const char *name, const struct uuid *uuid)
{
    char text[UUID_TEXT_MAX];
    json_member_text(o, name, uuid_format(uuid, text));
}

void misp_put_ref(struct json_out *o, const char *name, const char *type, const struct uuid *uuid)
{
    char id[IDENT_TEXT_MAX];
    json_member_text(o, name, ident_format(text_of(type), uuid, id));
}

struct json_out misp_begin(struct misp *m, const struct misp_item *i, const char *type, const struct uuid *uuid,
                           bool times)
{
    buffer_clear(&m->json);
    struct json_out o = json_out_to(&m->json);
    json_open(&o, '{');
    json_member_text(&o, "type", text_of(type));
    json_member_text(&o, "spec_version", TEXT("2.1"));
    misp_put_ref(&o, "id", type, uuid);
    misp_put_markings(&o, &i->marks);
    if (!times)
        return o;
    misp_put_time(&o, "created", stamp_cmp(i->created, i->modified) < 0 ? i->created : i->modified);
    misp_put_time(&o, "modified", i->modified);
    if (m->creator[0])
        json_member_text(&o, "created_by_ref", text_of(m->creator));
    if (i->revoked)
        json_member_bool(&o, "revoked", true);
    return o;
}

/* The id, which misp_begin() wrote. */
static struct text own_id(const struct misp *m)
{
    struct text json = buffer_text(&m->json);
    ptrdiff_t at = text_find_text(json, TEXT("\"id\":\""));
    struct text rest = text_sub(json, (size_t)at + 6, json.len);
    return text_sub(rest, 0, (size_t)text_find(rest, '"', 0));
}

static void place_values(struct misp *m)
{
    size_t from = 0;
    for (size_t i = 0; i < m->value_count; i++) {
        m->values[i].value = text_sub(buffer_text(&m->looked), from, m->value_ends[i] - from);
        from = m->value_ends[i];
    }
}

struct json_out misp_begin_seen(struct misp *m, const struct misp_item *i, struct text refs)
{
    struct stamp first = i->modified, last;
    struct cursor c;
    (void)misp_moment(i->v, "first_seen", &first);
    last = first;
    if (!misp_moment(i->v, "last_seen", &last) || stamp_cmp(last, first) < 0)
        last = first;
    struct json_out o = misp_begin(m, i, "observed-data", &i->uuid, true);
    misp_put_time(&o, "first_observed", first);
    misp_put_time(&o, "last_observed", last);
    json_member_i64(&o, "number_observed", 1);
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    cursor_init(&c, refs);
    while (!cursor_end(&c))
        json_put_text(&o, cursor_text(&c));
    json_close(&o, ']');
    return o;
}

enum err misp_done(struct misp *m, struct json_out *o, bool listed, struct fault *why)
{
    bool first;
    *why = (struct fault){.err = ERR_LIMIT, .offset = -1, .line = -1, .what = "longer than 8 MiB"};
    json_close(o, '}');
    if (buffer_error(&m->json))
        return buffer_error(&m->json) == ERR_LIMIT ? ERR_LIMIT : ERR_NOMEM;
    struct text id = own_id(m);
    if (!misp_seen_first(&m->seen, id, &first))
        return ERR_NOMEM;
    if (!first) {
        snprintf(why->what, sizeof why->what, "the same uuid stands twice");
        return ERR_EXISTS;
    }
    place_values(m);
    const struct emit_as as = {
        .at = m->at, .tlp = m->tlp, .ends = m->ends, .values = m->values, .value_count = m->value_count};
    enum err e = emit_text(&m->emit, buffer_text(&m->json), &as, m->to, why);
    m->value_count = 0;
    buffer_clear(&m->looked);
    if (e == OK && listed) {
        buffer_add_sized(&m->refs, id);
        m->ref_count++;
    }
    return e ? e : buffer_error(&m->refs);
}

/* ---- members ---- */

void misp_put_validity(struct misp *m, struct json_out *o, const struct misp_item *i)
{
    struct stamp from = stamp_cmp(i->created, i->modified) < 0 ? i->created : i->modified;
    if (!m->ends) {
        (void)misp_moment(i->v, "first_seen", &from);
        misp_put_time(o, "valid_from", from);
        return;
    }
    struct stamp until = i->modified;
    if (stamp_cmp(from, until) >= 0)
        until.s++; /* STIX 2.1 4.7: it is later than valid_from */
    misp_put_time(o, "valid_from", from);
    misp_put_time(o, "valid_until", until);
    json_member_text(o, "x_misp_ended", TEXT("no longer for detection (to_ids) where it came from"));
}

void misp_json_value(struct json_out *o, const struct json_val *v)
{
    struct buffer raw;
    buffer_init(&raw, STIX_OBJECT_MAX_BYTES);
    json_canonical(v, &raw, NULL);
    if (buffer_error(&raw))
        json_put_null(o);
    else
        json_put_raw(o, buffer_text(&raw));
    buffer_done(&raw);
}

static void put_label(struct misp *m, struct json_out *o, const char *name, struct text value)
{
    buffer_clear(&m->name);
    buffer_add(&m->name, text_of(name));
    buffer_add(&m->name, TEXT("=\""));
    buffer_add(&m->name, value);
    buffer_add_char(&m->name, '"');
    json_put_text(o, buffer_text(&m->name));
}

void misp_put_labels(struct misp *m, struct json_out *o, const struct misp_item *i, const char *kind,
                     const struct json_val *attribute)
{
    json_key(o, TEXT("labels"));
    json_open(o, '[');
    if (attribute) {
        put_label(m, o, "misp:type", misp_text(attribute, "type"));
        if (misp_text(attribute, "category").len)
            put_label(m, o, "misp:category", misp_text(attribute, "category"));
        if (json_get(attribute, "to_ids"))
            put_label(m, o, "misp:to_ids", misp_flag(attribute, "to_ids", false) ? TEXT("True") : TEXT("False"));
    } else if (text_eq(text_of(kind), TEXT("object"))) {
        put_label(m, o, "misp:name", misp_text(i->v, "name"));
        if (misp_text(i->v, "meta-category").len)
            put_label(m, o, "misp:meta-category", misp_text(i->v, "meta-category"));
    } else {
        json_put_text(o, text_of(kind));
    }
    for (struct json_iter it = json_iter_of(json_get(i->v, "Tag")); json_next(&it);) {
        struct text tag = json_is_string(it.val) ? json_text(it.val) : misp_text(it.val, "name");
        if (tag.len && !misp_is_label(tag))
            json_put_text(o, tag);
    }
    json_close(o, ']');
    int confidence = misp_confidence(i->v);
    if (confidence >= 0)
        json_member_i64(o, "confidence", confidence);
}

void misp_put_kept(struct json_out *o, const struct json_val *v, bool comment)
{
    struct stamp s;
    if (comment && misp_text(v, "comment").len)
        json_member_text(o, "x_misp_comment", misp_text(v, "comment"));
    if (misp_moment(v, "first_seen", &s))
        misp_put_time(o, "x_misp_first_seen", s);
    if (misp_moment(v, "last_seen", &s))
        misp_put_time(o, "x_misp_last_seen", s);
    if (misp_flag(v, "disable_correlation", false))
        json_member_bool(o, "x_misp_disable_correlation", true);
}

void misp_put_attribute(struct json_out *o, const struct json_val *a)
{
    static const char *const names[] = {"uuid", "object_relation", "type",      "category", "value", "comment",
                                        "data", "first_seen",      "last_seen", "timestamp"};
    json_open(o, '{');
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (misp_text(a, names[i]).len)
            json_member_text(o, names[i], misp_text(a, names[i]));
    if (!json_is_string(json_get(a, "value")) && json_get(a, "value")) {
        json_key(o, TEXT("value"));
        misp_json_value(o, json_get(a, "value"));
    }
    if (json_get(a, "to_ids"))
        json_member_bool(o, "to_ids", misp_flag(a, "to_ids", false));
    if (misp_flag(a, "disable_correlation", false))
        json_member_bool(o, "disable_correlation", true);
    if (misp_flag(a, "deleted", false))
        json_member_bool(o, "deleted", true);
    if (json_size(json_get(a, "Tag")) > 0) {
        json_key(o, TEXT("tags"));
        json_open(o, '[');
        for (struct json_iter it = json_iter_of(json_get(a, "Tag")); json_next(&it);)
            json_put_text(o, misp_text(it.val, "name"));
        json_close(o, ']');
    }
    json_close(o, '}');
}

void misp_item_init(struct misp *m, struct misp_item *i, const struct json_val *v, const char *kind,
                    const struct misp_marks *above)
{
    char uuid[UUID_TEXT_MAX];
    *i = (struct misp_item){.v = v, .created = m->created, .modified = m->modified, .marks = *above};
    bool own = misp_uuid(m, v, text_of(kind), &i->uuid);
    uuid_format(&i->uuid, uuid);
    snprintf(i->place_text, sizeof i->place_text, "%s %s", kind, uuid);
    i->place = text_of(i->place_text);
    if (!own && misp_text(v, "uuid").len)
        misp_lost(m, i->place, "its uuid is none: it has one made of what it says");
    i->revoked = misp_flag(v, "deleted", false);
    if (!misp_epoch(v, "timestamp", &i->modified) && misp_text(v, "timestamp").len)
        misp_lost(m, i->place, "its timestamp is no time: it has the event's");
}

enum err misp_relationship(struct misp *m, const struct misp_item *i, const struct uuid *uuid, struct text type,
                           struct text source, struct text target, struct fault *why)
{
    struct json_out o = misp_begin(m, i, "relationship", uuid, true);
    json_member_text(&o, "relationship_type", type);
    json_member_text(&o, "source_ref", source);
    json_member_text(&o, "target_ref", target);
    return misp_done(m, &o, true, why);
}

enum err misp_organisation(struct misp *m, const struct json_val *org, const struct misp_marks *marks,
                           char ret[IDENT_TEXT_MAX])
{
    struct misp_item i = {.v = org, .modified = m->modified, .marks = *marks};
    struct fault why;
    struct uuid uuid;
    struct text name = misp_text(org, "name");
    ret[0] = 0;
    if (uuid_parse(misp_text(org, "uuid"), &uuid) != OK)
        return OK;
    if (name.len == 0 || text_eq(name, misp_text(org, "uuid"))) { /* no more than the uuid: no news of the identity */
        ident_format(TEXT("identity"), &uuid, ret);
        return OK;
    }
    i.created = (struct stamp){.digits = 3};
    struct json_out o = misp_begin(m, &i, "identity", &uuid, true);
    json_member_text(&o, "name", name);
    json_member_text(&o, "identity_class", TEXT("organization"));
    enum err e = misp_done(m, &o, false, &why);
    if (e == OK || e == ERR_EXISTS)
        ident_format(TEXT("identity"), &uuid, ret);
    return e == ERR_NOMEM ? e : OK;
}

/* ---- patterns ---- */

static void next_test(struct misp *m, const char *path, const char *op)
{
    buffer_add(&m->pattern, m->pattern.len ? TEXT(" AND ") : TEXT("["));
    buffer_addf(&m->pattern, "%s %s ", path, op);
}

void misp_pattern(struct misp *m, const char *path, const char *op, struct text value)
{
    next_test(m, path, op);
    buffer_add_char(&m->pattern, '\'');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'' || value.ptr[i] == '\\')
            buffer_add_char(&m->pattern, '\\');
        buffer_add_char(&m->pattern, value.ptr[i]);
    }
    buffer_add_char(&m->pattern, '\'');
}

void misp_pattern_number(struct misp *m, const char *path, uint64_t value)
{
    next_test(m, path, "=");
    buffer_addf(&m->pattern, "%llu", (unsigned long long)value);
}

void misp_pattern_hash(struct misp *m, const char *type, const char *algorithm, struct text value)
{
    char path[80];
    bool plain = text_find(text_of(algorithm), '-', 0) < 0;
    snprintf(path, sizeof path, plain ? "%s:hashes.%s" : "%s:hashes.'%s'", type, algorithm);
    misp_pattern(m, path, "=", value);
}

void misp_look_for(struct misp *m, enum value_kind kind, struct text normal)
{
    if (m->value_count == ARRAY_LEN(m->values))
        return;
    buffer_add(&m->looked, normal);
    if (buffer_error(&m->looked))
        return;
    m->value_ends[m->value_count] = m->looked.len;
    m->values[m->value_count++].kind = (uint8_t)kind;
}
