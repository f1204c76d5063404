/* format/misp_event.c - an event: a report once it is published, a grouping before, and all that is in it.
 *
 * ATTRIBUTES -> OBJECTS -> REFERENCES (between objects) -> GALAXIES -> PROPOSALS -> REPORTS -> ANALYST -> END
 * Each step takes one element of one list. The report comes last, when all that it refers to is known. */
#include <stdio.h>
#include <string.h>

#include "format/misp_inside.h"

/* ---- the event's own ---- */

static void read_times(struct misp *m, const struct json_val *event)
{
    struct stamp date = {.digits = 3};
    bool dated = stamp_parse_lenient(misp_text(event, "date"), &date) == OK;
    date.digits = 3;
    if (!misp_epoch(event, "timestamp", &m->modified) && !misp_epoch(event, "publish_timestamp", &m->modified))
        m->modified = date;
    m->created = dated && date.s >= 0 ? date : m->modified;
}

static const struct json_val *owner_of(const struct json_val *event)
{
    const struct json_val *org = json_get(event, "Orgc");
    return json_type(org) == JSON_OBJECT ? org : json_get(event, "Org");
}

static const char *container_of(const struct json_val *event)
{
    return misp_flag(event, "published", false) ? "report" : "grouping";
}

/* Members that are carried, or that mean nothing outside the instance that wrote them. */
static const char *const EVENT_MEMBERS[] = {"Attribute",
                                            "Object",
                                            "Galaxy",
                                            "Tag",
                                            "ShadowAttribute",
                                            "EventReport",
                                            "Note",
                                            "Opinion",
                                            "Relationship",
                                            "Sighting",
                                            "Org",
                                            "Orgc",
                                            "uuid",
                                            "info",
                                            "date",
                                            "timestamp",
                                            "published",
                                            "publish_timestamp",
                                            "distribution",
                                            "sharing_group_id",
                                            "SharingGroup",
                                            "threat_level_id",
                                            "analysis",
                                            "extends_uuid",
                                            "id",
                                            "org_id",
                                            "orgc_id",
                                            "attribute_count",
                                            "locked",
                                            "proposal_email_lock",
                                            "disable_correlation",
                                            "event_creator_email",
                                            "first_publication",
                                            "sighting_timestamp",
                                            "protected",
                                            "user_id",
                                            "RelatedEvent",
                                            "extensionEvents"};

static void tell_members(struct misp *m, const struct json_val *v, const char *what, const char *const *known,
                         size_t count)
{
    char name[120];
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        bool found =
            json_type(it.val) == JSON_NULL || (json_type(it.val) != JSON_NUMBER && json_type(it.val) != JSON_BOOL &&
                                               json_size(it.val) == 0 && json_text(it.val).len == 0);
        for (size_t i = 0; !found && i < count; i++)
            found = text_eq(it.key, text_of(known[i]));
        if (found)
            continue;
        snprintf(name, sizeof name, "%s/%.80s", what, it.key.len && it.key.len < 80 ? "" : "...");
        struct buffer place;
        buffer_init(&place, 1 * KIB);
        buffer_addf(&place, "/%s/", what);
        buffer_add(&place, text_sub(it.key, 0, 80));
        misp_lost(m, text_is_utf8(buffer_text(&place)) ? buffer_text(&place) : text_of(name),
                  "STIX has no place for it; it stays in the document that is kept");
        buffer_done(&place);
    }
}

static enum err next_stage(struct misp *m);

enum err misp_event_begin(struct misp *m, const struct json_val *event)
{
    static const struct misp_marks nothing;
    static const struct uuid no_uuid;
    char id[IDENT_TEXT_MAX];
    m->event = event;
    m->iter = json_iter_of(NULL);
    m->ref_count = 0;
    m->creator[0] = 0;
    m->uuid = no_uuid;
    m->read++;
    buffer_clear(&m->refs);
    read_times(m, event);
    struct uuid uuid;
    bool own = misp_uuid(m, event, TEXT("event"), &uuid);
    m->uuid = uuid;
    if (!own)
        misp_lost(m, TEXT("/Event/uuid"), "the event has no uuid: it has one made of what it says");
    enum err e = misp_marks_of(m, event, &nothing, &m->marks);
    if (!e)
        e = misp_organisation(m, owner_of(event), &m->marks, m->creator);
    if (!e)
        e = misp_names_add(&m->names, &m->uuid, ident_format(text_of(container_of(event)), &m->uuid, id));
    tell_members(m, event, "Event", EVENT_MEMBERS, ARRAY_LEN(EVENT_MEMBERS));
    m->stage = MISP_NOTHING; /* next_stage() begins the first list */
    m->iter = json_iter_of(NULL);
    return e ? e : next_stage(m);
}

/* ---- its report ---- */

/* A list of references; what does not fit into one report goes into groupings, which it refers to. */
static void put_refs(struct json_out *o, struct cursor *c, size_t most)
{
    for (size_t n = 0; n < most && !cursor_end(c); n++)
        json_put_text(o, cursor_text(c));
}

static enum err tell(struct misp *m, enum err e, const struct fault *why)
{
    if (e == OK || e == ERR_NOMEM)
        return e;
    return misp_refuse(m, TEXT_NONE, "the event itself: %.180s",
                       e == ERR_EXISTS ? "its uuid was in this document before" : why->what);
}

static enum err overflow(struct misp *m, const struct misp_item *i, struct cursor *c, unsigned part, struct text name,
                         struct buffer *parts)
{
    char number[24], id[IDENT_TEXT_MAX];
    struct fault why;
    snprintf(number, sizeof number, "%u", part);
    struct uuid uuid = misp_derived(&m->uuid, TEXT("part"), text_of(number), m);
    struct json_out o = misp_begin(m, i, "grouping", &uuid, true);
    json_member_text(&o, "name", name);
    json_member_text(&o, "context", TEXT("suspicious-activity"));
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    put_refs(&o, c, MISP_REPORT_REFS_MAX);
    json_close(&o, ']');
    enum err e = misp_done(m, &o, false, &why);
    if (e == OK)
        buffer_add_sized(parts, ident_format(TEXT("grouping"), &uuid, id));
    return tell(m, e, &why);
}

static void put_event_members(struct json_out *o, const struct json_val *event)
{
    static const struct {
        const char *from, *to;
    } kept[] = {{"date", "x_misp_date"},
                {"threat_level_id", "x_misp_threat_level_id"},
                {"analysis", "x_misp_analysis"},
                {"extends_uuid", "x_misp_extends_uuid"}};
    for (size_t k = 0; k < ARRAY_LEN(kept); k++) {
        const struct json_val *v = json_get(event, kept[k].from);
        if (json_text(v).len) {
            json_member_text(o, kept[k].to, json_text(v));
        } else if (json_type(v) == JSON_NUMBER) {
            json_key(o, text_of(kept[k].to));
            misp_json_value(o, v);
        }
    }
}

/* An event of nothing: a report must refer to something. */
static enum err empty_note(struct misp *m, const struct misp_item *i, struct text container)
{
    struct fault why;
    struct json_out o = misp_begin(m, i, "note", &m->uuid, true);
    json_member_text(&o, "content",
                     TEXT("This MISP Event is empty and contains no attribute, object, galaxy or tag."));
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    json_put_text(&o, container);
    json_close(&o, ']');
    return tell(m, misp_done(m, &o, true, &why), &why);
}

static enum err report(struct misp *m)
{
    struct misp_item i = {.v = m->event, .uuid = m->uuid, .created = m->created, .modified = m->modified};
    const char *type = container_of(m->event);
    struct text name = misp_text(m->event, "info");
    char id[IDENT_TEXT_MAX];
    struct buffer parts;
    struct cursor c;
    struct fault why;
    enum err e = OK;
    i.marks = m->marks;
    i.revoked = misp_flag(m->event, "deleted", false);
    if (name.len == 0)
        name = TEXT("MISP event");
    if (m->ref_count == 0)
        e = empty_note(m, &i, ident_format(text_of(type), &m->uuid, id));
    buffer_init(&parts, 8 * MIB);
    struct buffer refs = m->refs; /* what is said below of the event is no part of it */
    cursor_init(&c, buffer_text(&refs));
    struct cursor rest = c;
    for (size_t n = 0; n < MISP_REPORT_REFS_MAX && !cursor_end(&rest); n++)
        (void)cursor_text(&rest);
    for (unsigned part = 2; !e && !cursor_end(&rest); part++)
        e = overflow(m, &i, &rest, part, name, &parts);
    struct json_out o = misp_begin(m, &i, type, &m->uuid, true);
    json_member_text(&o, "name", name);
    if (strcmp(type, "grouping") == 0) {
        json_member_text(&o, "context", TEXT("suspicious-activity"));
    } else {
        struct stamp published = m->modified;
        (void)misp_epoch(m->event, "publish_timestamp", &published);
        misp_put_time(&o, "published", published);
    }
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    put_refs(&o, &c, MISP_REPORT_REFS_MAX);
    cursor_init(&c, buffer_text(&parts));
    put_refs(&o, &c, SIZE_MAX);
    json_close(&o, ']');
    misp_put_labels(m, &o, &i, "Threat-Report", NULL);
    put_event_members(&o, m->event);
    e = e ? e : tell(m, misp_done(m, &o, false, &why), &why);
    buffer_done(&parts);
    return e;
}

/* ---- step by step ---- */

static const struct {
    const char *list;
} stages[] = {[MISP_ATTRIBUTES] = {"Attribute"},      [MISP_OBJECTS] = {"Object"},
              [MISP_REFERENCES] = {"Object"},         [MISP_GALAXIES] = {"Galaxy"},
              [MISP_PROPOSALS] = {"ShadowAttribute"}, [MISP_REPORTS] = {"EventReport"}};

static enum err one(struct misp *m, const struct json_val *v)
{
    struct misp_item event = {.v = m->event, .uuid = m->uuid, .modified = m->modified, .marks = m->marks};
    event.place = TEXT("/Event/Galaxy");
    switch (m->stage) {
    case MISP_ATTRIBUTES: return misp_attribute(m, v, &m->marks);
    case MISP_OBJECTS: return misp_object(m, v);
    case MISP_REFERENCES: return misp_references(m, v);
    case MISP_GALAXIES: return misp_galaxy(m, v, &event, TEXT_NONE);
    case MISP_PROPOSALS: return misp_proposal(m, v, &m->marks, misp_names_get(&m->names, &m->uuid));
    case MISP_REPORTS: return misp_event_report(m, v);
    default: return OK;
    }
}

static enum err next_stage(struct misp *m)
{
    m->stage++;
    const char *name = m->stage < MISP_ANALYST ? stages[m->stage].list : NULL;
    const struct json_val *list = name ? json_get(m->event, name) : NULL;
    m->iter = json_iter_of(json_type(list) == JSON_ARRAY ? list : NULL);
    if (json_type(list) == JSON_OBJECT && json_size(list) > 0)
        return one(m, list); /* some write a list of one without its brackets */
    if (list && json_type(list) != JSON_ARRAY && json_type(list) != JSON_NULL && json_type(list) != JSON_OBJECT &&
        m->stage != MISP_REFERENCES)
        misp_lost(m, text_of(name), "it should be a list");
    return OK;
}

enum err misp_event_next(struct misp *m)
{
    struct misp_item event = {.v = m->event, .uuid = m->uuid, .modified = m->modified, .marks = m->marks};
    struct text id;
    if (m->stage == MISP_NOTHING)
        return ERR_NOT_FOUND;
    if (m->stage < MISP_ANALYST) {
        if (json_next(&m->iter))
            return one(m, m->iter.val);
        return next_stage(m);
    }
    if (m->stage == MISP_ANALYST) {
        m->stage = MISP_END;
        event.place = TEXT("/Event");
        id = misp_names_get(&m->names, &m->uuid);
        enum err around = misp_sightings(m, &event, id);
        return around ? around : misp_analyst(m, m->event, &m->marks, id);
    }
    enum err e = report(m);
    misp_event_done(m);
    return e;
}

void misp_event_done(struct misp *m)
{
    m->stage = MISP_NOTHING;
    m->event = NULL;
    misp_seen_clear(&m->seen);
    misp_names_clear(&m->names);
}
