/* format/misp_around.c - what others say of attributes and events: sightings, proposals, analyst data, reports. None
 * of it changes what it speaks of. */
#include <stdio.h>
#include <string.h>

#include "format/misp_inside.h"

/* Gives up on a piece that is no STIX: told, and the next one is read. */
static enum err tell(struct misp *m, const struct misp_item *i, enum err e, const struct fault *why)
{
    if (e == OK || e == ERR_NOMEM)
        return e;
    misp_lost(m, i->place, "%.200s", e == ERR_EXISTS ? "the same uuid stands twice" : why->what);
    return OK;
}

static void put_about(struct json_out *o, struct text id)
{
    json_key(o, TEXT("object_refs"));
    json_open(o, '[');
    json_put_text(o, id);
    json_close(o, ']');
}

static void put_author(struct json_out *o, struct text name)
{
    if (name.len == 0)
        return;
    json_key(o, TEXT("authors"));
    json_open(o, '[');
    json_put_text(o, name);
    json_close(o, ']');
}

static void put_label(struct json_out *o, const char *label)
{
    json_key(o, TEXT("labels"));
    json_open(o, '[');
    json_put_text(o, text_of(label));
    json_close(o, ']');
}

/* Of an attribute of an object: which one. */
static void put_part(struct misp *m, struct json_out *o)
{
    if (m->part)
        misp_put_uuid(o, "x_misp_attribute_uuid", m->part);
}

/* ---- sightings ---- */

static void put_sighting(struct json_out *o, struct stamp when, struct text about, const char *where)
{
    json_member_text(o, "sighting_of_ref", about);
    misp_put_time(o, "first_seen", when);
    misp_put_time(o, "last_seen", when);
    json_member_i64(o, "count", 1);
    if (where[0]) {
        json_key(o, TEXT("where_sighted_refs"));
        json_open(o, '[');
        json_put_text(o, text_of(where));
        json_close(o, ']');
    }
}

/* 0: seen. 1: a false positive, says somebody. 2: it ends, says somebody. */
static enum err sighting(struct misp *m, const struct json_val *v, const struct misp_marks *above, struct text about)
{
    struct misp_item i;
    struct fault why;
    struct stamp when;
    int64_t type = 0;
    char where[IDENT_TEXT_MAX];
    const struct json_val *org = json_get(v, "Organisation");
    misp_item_init(m, &i, v, "Sighting", above);
    if (misp_number(v, "type", &type) && (type < 0 || type > 2)) {
        misp_lost(m, i.place, "a sighting of an unknown type");
        return OK;
    }
    if (!misp_epoch(v, "date_sighting", &when)) {
        misp_lost(m, i.place, "a sighting without a date");
        return OK;
    }
    i.created = i.modified = when;
    enum err e = misp_organisation(m, org, above, where);
    if (e)
        return e;
    char creator[IDENT_TEXT_MAX];
    memcpy(creator, m->creator, sizeof creator);
    memcpy(m->creator, where, sizeof where); /* its own word, not that of who wrote the event */
    struct json_out o = misp_begin(m, &i, type == 0 ? "sighting" : type == 1 ? "opinion" : "note", &i.uuid, true);
    memcpy(m->creator, creator, sizeof creator);
    if (type == 0) {
        put_sighting(&o, when, about, where);
    } else if (type == 1) {
        json_member_text(&o, "opinion", TEXT("strongly-disagree"));
        json_member_text(&o, "explanation", TEXT("False positive Sighting"));
    } else {
        json_member_text(&o, "content", TEXT("Expiration Sighting"));
    }
    if (type != 0) {
        put_about(&o, about);
        put_author(&o, misp_text(org, "name"));
        put_label(&o, type == 1 ? "misp:sighting=\"false-positive\"" : "misp:sighting=\"expiration\"");
    }
    if (misp_text(v, "source").len)
        json_member_text(&o, "x_misp_source", misp_text(v, "source"));
    put_part(m, &o);
    return tell(m, &i, misp_done(m, &o, true, &why), &why);
}

/* ---- proposals ---- */

enum err misp_proposal(struct misp *m, const struct json_val *v, const struct misp_marks *above, struct text about)
{
    struct misp_item i;
    struct fault why;
    if (json_type(v) != JSON_OBJECT) {
        misp_lost(m, TEXT("ShadowAttribute"), "it is no object");
        return OK;
    }
    misp_item_init(m, &i, v, "ShadowAttribute", above);
    /* A proposal may have the uuid of what it would change, or of another proposal. */
    i.uuid = misp_derived(&i.uuid, misp_text(v, "type"), misp_text(v, "value"), m);
    struct json_out o = misp_begin(m, &i, "note", &i.uuid, true);
    buffer_clear(&m->value);
    buffer_add(&m->value,
               misp_flag(v, "proposal_to_delete", false) ? TEXT("Proposed, to be deleted: ") : TEXT("Proposed: "));
    buffer_add(&m->value, misp_text(v, "type"));
    buffer_add(&m->value, TEXT(" "));
    buffer_add(&m->value, misp_text(v, "value"));
    json_member_text(&o, "content", buffer_text(&m->value));
    put_author(&o, misp_text(json_get(v, "Org"), "name"));
    put_about(&o, about);
    put_label(&o, "misp:proposal");
    json_key(&o, TEXT("x_misp_proposal"));
    misp_put_attribute(&o, v);
    if (misp_flag(v, "proposal_to_delete", false))
        json_member_bool(&o, "x_misp_proposal_to_delete", true);
    put_part(m, &o);
    return tell(m, &i, misp_done(m, &o, true, &why), &why);
}

/* ---- analyst data ---- */

/* MISP writes these in UTC without saying so. */
static void analyst_time(const struct json_val *v, const char *name, struct stamp *ret)
{
    char text[40];
    struct text t = misp_text(v, name);
    struct stamp s;
    snprintf(text, sizeof text, TEXT_FMT "Z", TEXT_ARG(text_sub(t, 0, 30)));
    if (t.len && (stamp_parse_lenient(t, &s) == OK || stamp_parse_lenient(text_of(text), &s) == OK)) {
        if (s.digits < 3)
            s.digits = 3;
        *ret = s;
    }
}

static void begin_analyst(struct misp *m, struct misp_item *i, const struct json_val *v, const char *kind,
                          const struct misp_marks *above)
{
    misp_item_init(m, i, v, kind, above);
    analyst_time(v, "created", &i->created);
    analyst_time(v, "modified", &i->modified);
}

static enum err analyst_note(struct misp *m, struct misp_item *i, struct text about)
{
    struct fault why;
    struct json_out o = misp_begin(m, i, "note", &i->uuid, true);
    json_member_text(&o, "content", misp_text(i->v, "note"));
    put_author(&o, misp_text(i->v, "authors"));
    if (misp_text(i->v, "language").len)
        json_member_text(&o, "x_misp_language", misp_text(i->v, "language"));
    put_about(&o, about);
    put_label(&o, "misp:data-layer=\"Analyst Note\"");
    put_part(m, &o);
    return tell(m, i, misp_done(m, &o, true, &why), &why);
}

static enum err analyst_opinion(struct misp *m, struct misp_item *i, struct text about)
{
    static const char *const words[] = {"strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"};
    struct fault why;
    int64_t n;
    if (!misp_number(i->v, "opinion", &n) || n < 0 || n > 100) {
        misp_lost(m, i->place, "an opinion is a number, 0 to 100");
        return OK;
    }
    struct json_out o = misp_begin(m, i, "opinion", &i->uuid, true);
    json_member_text(&o, "opinion", text_of(words[n <= 20 ? 0 : n <= 40 ? 1 : n <= 60 ? 2 : n <= 80 ? 3 : 4]));
    if (misp_text(i->v, "comment").len)
        json_member_text(&o, "explanation", misp_text(i->v, "comment"));
    put_author(&o, misp_text(i->v, "authors"));
    json_member_i64(&o, "x_misp_opinion", n);
    put_part(m, &o);
    put_about(&o, about);
    put_label(&o, "misp:data-layer=\"Analyst Opinion\"");
    return tell(m, i, misp_done(m, &o, true, &why), &why);
}

static enum err analyst_relationship(struct misp *m, struct misp_item *i, struct text about)
{
    struct fault why;
    struct uuid uuid;
    struct text target = TEXT_NONE, word = misp_text(i->v, "relationship_type");
    if (uuid_parse(misp_text(i->v, "related_object_uuid"), &uuid) == OK)
        target = misp_names_get(&m->names, &uuid);
    if (target.len == 0) {
        misp_lost(m, i->place, "it relates to %.60s, which is not in this event",
                  misp_text(i->v, "related_object_uuid").len ? "something" : "nothing");
        return OK;
    }
    if (!type_name_valid(word))
        word = TEXT("related-to");
    return tell(m, i, misp_relationship(m, i, &i->uuid, word, about, target, &why), &why);
}

static enum err analyst_list(struct misp *m, const struct json_val *v, const char *kind,
                             const struct misp_marks *above, struct text about, int depth)
{
    const struct json_val *list = json_get(v, kind);
    enum err e = OK;
    if (json_type(list) != JSON_ARRAY || depth > 8)
        return OK;
    for (struct json_iter it = json_iter_of(list); !e && json_next(&it);) {
        struct misp_item i;
        char id[IDENT_TEXT_MAX];
        if (json_type(it.val) != JSON_OBJECT)
            continue;
        begin_analyst(m, &i, it.val, kind, above);
        e = misp_marks_of(m, it.val, above, &i.marks);
        if (e)
            return e;
        bool note = strcmp(kind, "Note") == 0, opinion = strcmp(kind, "Opinion") == 0;
        e = note      ? analyst_note(m, &i, about)
            : opinion ? analyst_opinion(m, &i, about)
                      : analyst_relationship(m, &i, about);
        if (e || (!note && !opinion))
            continue;
        ident_format(note ? TEXT("note") : TEXT("opinion"), &i.uuid, id);
        e = analyst_list(m, it.val, "Note", &i.marks, text_of(id), depth + 1);
        if (!e)
            e = analyst_list(m, it.val, "Opinion", &i.marks, text_of(id), depth + 1);
    }
    return e;
}

enum err misp_analyst(struct misp *m, const struct json_val *v, const struct misp_marks *above, struct text about)
{
    enum err e = analyst_list(m, v, "Note", above, about, 0);
    if (!e)
        e = analyst_list(m, v, "Opinion", above, about, 0);
    return e ? e : analyst_list(m, v, "Relationship", above, about, 0);
}

/* ---- all of them, around one attribute or object ---- */

enum err misp_sightings(struct misp *m, const struct misp_item *i, struct text id)
{
    const struct json_val *list = json_get(i->v, "Sighting");
    enum err e = OK;
    if (json_type(list) != JSON_ARRAY)
        return OK;
    for (struct json_iter it = json_iter_of(list); !e && json_next(&it);) {
        char about[IDENT_TEXT_MAX];
        struct uuid uuid;
        struct text other = TEXT_NONE;
        if (uuid_parse(misp_text(it.val, "attribute_uuid"), &uuid) == OK)
            other = misp_names_get(&m->names, &uuid);
        snprintf(about, sizeof about, TEXT_FMT, TEXT_ARG(other.len ? other : id));
        e = sighting(m, it.val, &i->marks, text_of(about));
    }
    return e;
}

enum err misp_around(struct misp *m, const struct misp_item *i, struct text id)
{
    char copy[IDENT_TEXT_MAX];
    const struct json_val *proposals = json_get(i->v, "ShadowAttribute");
    snprintf(copy, sizeof copy, TEXT_FMT, TEXT_ARG(id));
    enum err e = misp_sightings(m, i, text_of(copy));
    if (!e && json_type(proposals) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(proposals); !e && json_next(&it);)
            e = misp_proposal(m, it.val, &i->marks, text_of(copy));
    return e ? e : misp_analyst(m, i->v, &i->marks, text_of(copy));
}

/* ---- reports on an event ---- */

enum err misp_event_report(struct misp *m, const struct json_val *v)
{
    struct misp_item i;
    struct fault why;
    if (json_type(v) != JSON_OBJECT) {
        misp_lost(m, TEXT("EventReport"), "it is no object");
        return OK;
    }
    misp_item_init(m, &i, v, "EventReport", &m->marks);
    enum err e = misp_marks_of(m, v, &m->marks, &i.marks);
    if (e)
        return e;
    struct json_out o = misp_begin(m, &i, "note", &i.uuid, true);
    if (misp_text(v, "name").len)
        json_member_text(&o, "abstract", misp_text(v, "name"));
    json_member_text(&o, "content", misp_text(v, "content"));
    put_about(&o, misp_names_get(&m->names, &m->uuid));
    put_label(&o, "misp:data-layer=\"Event Report\"");
    return tell(m, &i, misp_done(m, &o, true, &why), &why);
}
