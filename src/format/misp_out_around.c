/* format/misp_out_around.c - what is said of an attribute, an object or an event: sightings, notes, opinions,
 * references, and the clusters of galaxies that it points to. */
#include <stdio.h>
#include <string.h>

#include "format/misp_out_inside.h"

#define AROUND_DEPTH_MAX 8

bool out_is_about(struct text type)
{
    return text_eq(type, TEXT("sighting")) || text_eq(type, TEXT("note")) || text_eq(type, TEXT("opinion"));
}

bool out_is_cluster(const struct out_item *i)
{
    static const char *const types[] = {
        "attack-pattern", "course-of-action", "intrusion-set",  "threat-actor",         "malware", "tool", "campaign",
        "vulnerability",  "location",         "infrastructure", "x-misp-galaxy-cluster"};
    bool misp = out_label(i->v, "misp:type").len || out_label(i->v, "misp:name").len;
    if (text_eq(i->type, TEXT("identity")))
        return out_label(i->v, "misp:galaxy-type").len ||
               text_eq(json_text(json_get(i->v, "identity_class")), TEXT("class"));
    for (size_t n = 0; n < ARRAY_LEN(types) && !misp; n++)
        if (text_eq(i->type, text_of(types[n])))
            return true;
    return false;
}

/* ---- those that speak of it ---- */

enum talk { TALK_NONE, TALK_SIGHTING, TALK_NOTE, TALK_OPINION, TALK_PROPOSAL, TALK_REPORT, TALK_RELATION };

static enum talk talk_of(const struct out_item *i)
{
    bool mark = out_label(i->v, "misp:sighting").len > 0;
    bool proposal = json_type(json_get(i->v, "x_misp_proposal")) == JSON_OBJECT;
    bool report = text_eq(out_label(i->v, "misp:data-layer"), TEXT("Event Report"));
    bool wrong = text_eq(json_text(json_get(i->v, "explanation")), TEXT("False positive Sighting"));
    if (text_eq(i->type, TEXT("relationship")))
        return TALK_RELATION;
    if (text_eq(i->type, TEXT("sighting")) || mark || wrong)
        return TALK_SIGHTING;
    if (text_eq(i->type, TEXT("opinion")))
        return TALK_OPINION;
    return proposal ? TALK_PROPOSAL : report ? TALK_REPORT : TALK_NOTE;
}

static size_t first_about(const struct misp_out *w, uint64_t target)
{
    size_t low = 0, high = w->about_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->abouts[middle].target < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct out_item *s, const struct uuid *part)
{
    struct uuid of;
    return !part || (uuid_parse(json_text(json_get(s->v, "x_misp_attribute_uuid")), &of) == OK && uuid_eq(&of, part));
}

/* The next one of that kind that may stand in the event, and stands nowhere yet. */
static struct out_item *next_about(struct misp_out *w, const struct out_item *i, enum talk kind, size_t *at)
{
    uint64_t target = xxh3_of(i->id.ptr, i->id.len);
    for (*at = *at == OUT_NONE ? first_about(w, target) : *at + 1;
         *at < w->about_count && w->abouts[*at].target == target; (*at)++) {
        struct out_item *a = &w->items[w->abouts[*at].item];
        bool again = a->written && kind != TALK_RELATION;
        if (talk_of(a) != kind || again || a->absorbed || !is_of(a, w->part))
            continue;
        if (a->label <= w->event->label)
            return a;
        if (!a->told)
            out_lost(w, a, "it is stricter than the event that it speaks of");
    }
    return NULL;
}

static void put_sighting(struct misp_out *w, struct json_out *o, struct out_item *s)
{
    struct json_iter where = json_iter_of(json_get(s->v, "where_sighted_refs"));
    struct text mark = out_label(s->v, "misp:sighting");
    struct out_item *org = json_next(&where) ? out_find(w, json_text(where.val))
                                             : out_find(w, json_text(json_get(s->v, "created_by_ref")));
    bool seen = text_eq(s->type, TEXT("sighting")), ends = text_eq(mark, TEXT("expiration"));
    json_open(o, '{');
    out_member_uuid(o, "uuid", &s->uuid);
    out_member_epoch(o, "date_sighting",
                     seen ? out_time(s->v, "first_seen", "created") : out_time(s->v, "created", NULL));
    json_member_text(o, "type", seen ? TEXT("0") : ends ? TEXT("2") : TEXT("1"));
    json_member_text(o, "source", json_text(json_get(s->v, "x_misp_source")));
    if (org)
        out_organisation(w, o, "Organisation", org);
    json_close(o, '}');
    s->written = true;
    s->became = OUT_ABOUT;
}

/* Analyst data has times without a zone, in UTC. */
static void put_analyst_time(struct json_out *o, const char *name, struct stamp s)
{
    char text[STAMP_TEXT_MAX];
    struct stamp whole = {.s = s.s};
    struct text t = stamp_format(whole, text);
    if (t.len < 19)
        return;
    text[10] = ' ';
    text[19] = 0;
    json_member_text(o, name, text_sub(t, 0, 19));
}

static struct text author_of(const struct out_item *i)
{
    struct json_iter it = json_iter_of(json_get(i->v, "authors"));
    return json_next(&it) ? json_text(it.val) : TEXT_NONE;
}

static void begin_analyst(struct misp_out *w, struct json_out *o, struct out_item *n, const struct uuid *about,
                          const char *what)
{
    json_open(o, '{');
    out_member_uuid(o, "uuid", &n->uuid);
    out_member_uuid(o, "object_uuid", about);
    json_member_text(o, "object_type", text_of(what));
    json_member_text(o, "authors", author_of(n));
    put_analyst_time(o, "created", out_time(n->v, "created", NULL));
    put_analyst_time(o, "modified", out_time(n->v, "modified", "created"));
    json_member_text(o, "distribution",
                     w->event->label <= TLP_GREEN   ? TEXT("3")
                     : w->event->label == TLP_AMBER ? TEXT("1")
                                                    : TEXT("0"));
    n->written = true;
    n->became = OUT_ABOUT;
}

static void put_analyst_lists(struct misp_out *w, struct json_out *o, struct out_item *i, const struct uuid *uuid,
                              const char *what, int depth);

static void put_note(struct misp_out *w, struct json_out *o, struct out_item *n, const struct uuid *about,
                     const char *what, int depth)
{
    struct text language = json_text(json_get(n->v, "x_misp_language"));
    begin_analyst(w, o, n, about, what);
    json_member_text(o, "note", json_text(json_get(n->v, "content")));
    if (language.len)
        json_member_text(o, "language", language);
    put_analyst_lists(w, o, n, &n->uuid, "Note", depth + 1);
    json_close(o, '}');
}

static void put_opinion(struct misp_out *w, struct json_out *o, struct out_item *n, const struct uuid *about,
                        const char *what, int depth)
{
    static const char *const words[] = {"strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"};
    int64_t number = 50;
    for (int64_t k = 0; k < (int64_t)ARRAY_LEN(words); k++)
        if (text_eq(json_text(json_get(n->v, "opinion")), text_of(words[k])))
            number = 25 * k;
    (void)json_i64(json_get(n->v, "x_misp_opinion"), &number);
    begin_analyst(w, o, n, about, what);
    json_member_i64(o, "opinion", number);
    json_member_text(o, "comment", json_text(json_get(n->v, "explanation")));
    put_analyst_lists(w, o, n, &n->uuid, "Opinion", depth + 1);
    json_close(o, '}');
}

static void put_analyst_lists(struct misp_out *w, struct json_out *o, struct out_item *i, const struct uuid *uuid,
                              const char *what, int depth)
{
    static const struct {
        enum talk kind;
        const char *list;
    } lists[] = {{TALK_NOTE, "Note"}, {TALK_OPINION, "Opinion"}};
    for (size_t k = 0; k < ARRAY_LEN(lists) && depth < AROUND_DEPTH_MAX; k++) {
        size_t at = OUT_NONE, count = 0;
        struct out_item *n;
        while ((n = next_about(w, i, lists[k].kind, &at))) {
            if (!count++) {
                json_key(o, text_of(lists[k].list));
                json_open(o, '[');
            }
            if (lists[k].kind == TALK_NOTE)
                put_note(w, o, n, uuid, what, depth);
            else
                put_opinion(w, o, n, uuid, what, depth);
        }
        if (count)
            json_close(o, ']');
    }
}

/* ---- what it points to ---- */

static bool in_event(const struct misp_out *w, const struct out_item *i)
{
    size_t item = (size_t)(i - w->items);
    for (size_t n = w->event->first, end = n + w->event->members; n < end;) {
        size_t middle = n + (end - n) / 2;
        if (w->members[middle].item == item)
            return true;
        if (w->members[middle].item < item)
            n = middle + 1;
        else
            end = middle;
    }
    return false;
}

static bool silent(const struct out_item *target, struct text word)
{
    return text_eq(word, TEXT("based-on")) && text_eq(target->type, TEXT("observed-data"));
}

static void put_reference(struct misp_out *w, struct json_out *o, struct out_item *r, const struct uuid *from,
                          struct out_item *target, bool object)
{
    struct text word = json_text(json_get(r->v, "relationship_type"));
    struct uuid to = target->uuid; /* where it stands first */
    json_open(o, '{');
    struct uuid uuid = r->written ? out_derived(&w->event->uuid, r->id, TEXT_NONE) : r->uuid;
    out_member_uuid(o, "uuid", &uuid);
    out_member_uuid(o, "object_uuid", from);
    if (object) {
        out_member_uuid(o, "referenced_uuid", &to);
        json_member_text(o, "comment", json_text(json_get(r->v, "description")));
        out_member_epoch(o, "timestamp", out_time(r->v, "modified", NULL));
    } else {
        json_member_text(o, "object_type", TEXT("Attribute"));
        out_member_uuid(o, "related_object_uuid", &to);
        bool is_object = out_label(target->v, "misp:name").len > 0 || json_get(target->v, "x_misp_attributes");
        json_member_text(o, "related_object_type", is_object ? TEXT("Object") : TEXT("Attribute"));
        put_analyst_time(o, "created", out_time(r->v, "created", NULL));
        put_analyst_time(o, "modified", out_time(r->v, "modified", "created"));
    }
    json_member_text(o, "relationship_type", word);
    json_close(o, '}');
    r->written = true;
    r->became = OUT_ABOUT;
}

static void put_references(struct misp_out *w, struct json_out *o, struct out_item *i, const struct uuid *uuid,
                           bool object)
{
    size_t at = OUT_NONE, count = 0;
    struct out_item *r;
    while ((r = next_about(w, i, TALK_RELATION, &at))) {
        struct out_item *target = out_find(w, json_text(json_get(r->v, "target_ref")));
        if (!target || out_is_cluster(target) || !in_event(w, target))
            continue;
        /* An indicator of one attribute of a kept object, which holds it. */
        bool part = i->absorbed && json_get(target->v, "x_misp_attributes");
        if (part || silent(target, json_text(json_get(r->v, "relationship_type")))) {
            r->written = true;
            continue;
        }
        if (!count++) {
            json_key(o, object ? TEXT("ObjectReference") : TEXT("Relationship"));
            json_open(o, '[');
        }
        put_reference(w, o, r, uuid, target, object);
    }
    if (count)
        json_close(o, ']');
}

static void put_clusters(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    size_t at = OUT_NONE, count = 0;
    struct out_item *r;
    while ((r = next_about(w, i, TALK_RELATION, &at))) {
        struct out_item *target = out_find(w, json_text(json_get(r->v, "target_ref")));
        if (!target || !out_is_cluster(target) || target->label > w->event->label)
            continue;
        if (!count++) {
            json_key(o, TEXT("Galaxy"));
            json_open(o, '[');
        }
        out_cluster(w, o, target);
        r->written = true;
        r->became = OUT_ABOUT;
    }
    if (count)
        json_close(o, ']');
}

static void put_sightings(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    size_t at = OUT_NONE, count = 0;
    struct out_item *s;
    while ((s = next_about(w, i, TALK_SIGHTING, &at))) {
        if (!count++) {
            json_key(o, TEXT("Sighting"));
            json_open(o, '[');
        }
        put_sighting(w, o, s);
    }
    if (count)
        json_close(o, ']');
}

static void put_proposals(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    size_t at = OUT_NONE, count = 0;
    struct out_item *p;
    while ((p = next_about(w, i, TALK_PROPOSAL, &at))) {
        const struct json_val *v = json_get(p->v, "x_misp_proposal");
        if (!count++) {
            json_key(o, TEXT("ShadowAttribute"));
            json_open(o, '[');
        }
        json_open(o, '{');
        for (struct json_iter it = json_iter_of(v); json_next(&it);)
            if (json_is_string(it.val) && it.key.len < 64) {
                json_key(o, it.key);
                json_put_text(o, json_text(it.val));
            } else if (json_type(it.val) == JSON_BOOL) {
                json_key(o, it.key);
                json_put_bool(o, json_bool(it.val, false));
            }
        if (author_of(p).len) {
            json_key(o, TEXT("Org"));
            json_open(o, '{');
            json_member_text(o, "name", author_of(p));
            json_close(o, '}');
        }
        if (json_bool(json_get(p->v, "x_misp_proposal_to_delete"), false))
            json_member_bool(o, "proposal_to_delete", true);
        json_close(o, '}');
        p->written = true;
        p->became = OUT_ABOUT;
    }
    if (count)
        json_close(o, ']');
}

static void put_reports(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    size_t at = OUT_NONE, count = 0;
    struct out_item *r;
    while ((r = next_about(w, i, TALK_REPORT, &at))) {
        if (!count++) {
            json_key(o, TEXT("EventReport"));
            json_open(o, '[');
        }
        json_open(o, '{');
        out_member_uuid(o, "uuid", &r->uuid);
        json_member_text(o, "name", json_text(json_get(r->v, "abstract")));
        json_member_text(o, "content", json_text(json_get(r->v, "content")));
        out_member_epoch(o, "timestamp", out_time(r->v, "modified", "created"));
        json_member_text(o, "distribution", TEXT("5"));
        json_member_bool(o, "deleted", json_bool(json_get(r->v, "revoked"), false));
        json_close(o, '}');
        r->written = true;
        r->became = OUT_ABOUT;
    }
    if (count)
        json_close(o, ']');
}

void out_around(struct misp_out *w, struct json_out *o, struct out_item *i, bool object)
{
    struct uuid uuid = out_uuid(w, i);
    put_references(w, o, i, &uuid, object);
    if (i->container) {
        put_reports(w, o, i);
        put_proposals(w, o, i);
    }
    if (!object && !i->container) {
        put_clusters(w, o, i);
        put_proposals(w, o, i);
    }
    put_sightings(w, o, i);
    put_analyst_lists(w, o, i, &uuid, i->container ? "Event" : object ? "Object" : "Attribute", 0);
}

void out_around_part(struct misp_out *w, struct json_out *o, struct out_item *object, const struct uuid *part)
{
    w->part = part;
    put_clusters(w, o, object);
    put_proposals(w, o, object);
    put_sightings(w, o, object);
    put_analyst_lists(w, o, object, part, "Attribute", 0);
    w->part = NULL;
}

/* ---- clusters ---- */

static void put_meta(struct json_out *o, const struct out_item *i)
{
    static const struct {
        const char *from, *to;
    } lists[] = {{"aliases", "synonyms"}, {"malware_types", "malware_types"}, {"sectors", "sectors"}};
    const struct json_val *kept = json_get(i->v, "x_misp_meta");
    json_key(o, TEXT("meta"));
    if (json_type(kept) == JSON_OBJECT) {
        struct buffer raw;
        buffer_init(&raw, 8 * MIB);
        json_canonical(kept, &raw, NULL);
        if (buffer_error(&raw))
            json_put_null(o);
        else
            json_put_raw(o, buffer_text(&raw));
        buffer_done(&raw);
        return;
    }
    json_open(o, '{');
    for (size_t n = 0; n < ARRAY_LEN(lists); n++) {
        const struct json_val *list = json_get(i->v, lists[n].from);
        if (!json_size(list))
            continue;
        json_key(o, text_of(lists[n].to));
        json_open(o, '[');
        for (struct json_iter it = json_iter_of(list); json_next(&it);)
            json_put_text(o, json_text(it.val));
        json_close(o, ']');
    }
    json_close(o, '}');
}

void out_cluster(struct misp_out *w, struct json_out *o, struct out_item *i)
{
    struct text galaxy = out_label(i->v, "misp:galaxy-type"), name = out_label(i->v, "misp:galaxy-name");
    struct text value = json_text(json_get(i->v, "x_misp_value")), tag = json_text(json_get(i->v, "x_misp_tag_name"));
    const char *type = galaxy.len ? NULL : arena_printf(&w->arena, "stix-2.1-" TEXT_FMT, TEXT_ARG(i->type));
    struct text description = json_text(json_get(i->v, "description"));
    if (!value.len)
        value = json_text(json_get(i->v, "name"));
    galaxy = galaxy.len ? galaxy : text_of(type);
    if (!tag.len)
        tag = text_of(
            arena_printf(&w->arena, "misp-galaxy:" TEXT_FMT "=\"" TEXT_FMT "\"", TEXT_ARG(galaxy), TEXT_ARG(value)));
    json_open(o, '{');
    json_member_text(o, "type", galaxy);
    json_member_text(o, "name", name.len ? name : galaxy);
    json_key(o, TEXT("GalaxyCluster"));
    json_open(o, '[');
    json_open(o, '{');
    out_member_uuid(o, "uuid", &i->uuid);
    json_member_text(o, "type", galaxy);
    json_member_text(o, "value", value);
    json_member_text(o, "description",
                     description.len ? description : json_text(json_get(i->v, "x_misp_description")));
    json_member_text(o, "tag_name", tag);
    put_meta(o, i);
    json_close(o, '}');
    json_close(o, ']');
    json_close(o, '}');
    i->became = OUT_CLUSTER;
    i->written = true;
}
