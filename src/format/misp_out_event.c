/* format/misp_out_event.c - one event: its head, its attributes, its objects, its galaxies; and its line in a feed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/misp_out_inside.h"

/* ---- the head ---- */

/* Never wider than the label: docs/MISP.md, "Markings". */
static const char *distribution_of(enum tlp label)
{
    switch (label) {
    case TLP_CLEAR:
    case TLP_GREEN: return "3"; /* all communities; its tag keeps GREEN from the public */
    case TLP_AMBER: return "1"; /* this community */
    default: return "0";        /* the organisation alone */
    }
}

struct head {
    struct out_item *report; /* NULL: none */
    struct out_item *creator;
    struct text info;
    char date[12];
    struct text analysis, threat_level;
    struct stamp timestamp, published;
    bool is_published;
};

static struct text kept_number(struct misp_out *w, const struct out_item *i, const char *name, const char *otherwise)
{
    const struct json_val *v = i ? json_get(i->v, name) : NULL;
    int64_t n;
    if (json_i64(v, &n))
        return text_of(arena_printf(&w->arena, "%lld", (long long)n));
    return json_text(v).len ? json_text(v) : text_of(otherwise);
}

/* When anything in it last changed: an instance takes an event only when its timestamp is newer. */
static struct stamp newest_of(struct misp_out *w, const struct out_event *e)
{
    struct stamp newest = {0};
    for (size_t n = e->first; n < e->first + e->members; n++) {
        struct stamp s = out_time(w->items[w->members[n].item].v, "modified", "created");
        newest = stamp_cmp(s, newest) > 0 ? s : newest;
    }
    return newest;
}

static void read_head(struct misp_out *w, const struct out_event *e, struct head *h)
{
    char text[STAMP_TEXT_MAX];
    *h = (struct head){.report = e->container == OUT_NONE ? NULL : &w->items[e->container],
                       .timestamp = newest_of(w, e)};
    struct out_item *r = h->report;
    h->creator = r                        ? out_find(w, json_text(json_get(r->v, "created_by_ref")))
                 : e->creator == OUT_NONE ? NULL
                                          : &w->items[e->creator];
    struct text who = h->creator && h->creator->label <= e->label ? json_text(json_get(h->creator->v, "name"))
                                                                  : w->options.producer;
    if (r && e->is_extension)
        h->info = text_of(arena_printf(&w->arena, TEXT_FMT " (%s)", TEXT_ARG(json_text(json_get(r->v, "name"))),
                                       tlp_name(e->label)));
    else if (r)
        h->info = json_text(json_get(r->v, "name"));
    else
        h->info =
            text_of(arena_printf(&w->arena, TEXT_FMT ", %s", TEXT_ARG(who), e->month[0] ? e->month : "undated"));
    struct stamp own = r ? out_time(r->v, "modified", "created") : h->timestamp;
    if (!e->is_extension && r)
        h->timestamp = own; /* as it came from MISP, where it did */
    struct text date = r ? json_text(json_get(r->v, "x_misp_date")) : TEXT_NONE;
    struct stamp born = r ? out_time(r->v, "created", NULL) : h->timestamp;
    struct text written = date.len ? date : stamp_format(born, text);
    snprintf(h->date, sizeof h->date, TEXT_FMT, TEXT_ARG(text_sub(written, 0, 10)));
    h->analysis = kept_number(w, r, "x_misp_analysis", r ? "0" : "2");
    h->threat_level = kept_number(w, r, "x_misp_threat_level_id", "4");
    h->is_published = w->options.feed || (r && text_eq(r->type, TEXT("report")));
    h->published = r ? out_time(r->v, "published", "modified") : h->timestamp;
}

static void put_head(struct misp_out *w, const struct out_event *e, struct head *h)
{
    struct json_out *o = &w->o;
    out_member_uuid(o, "uuid", &e->uuid);
    json_member_text(o, "info", h->info.len ? h->info : TEXT("(no title)"));
    json_member_text(o, "date", text_of(h->date));
    out_member_epoch(o, "timestamp", h->timestamp);
    json_member_bool(o, "published", h->is_published);
    if (h->is_published)
        out_member_epoch(o, "publish_timestamp", h->published);
    json_member_text(o, "distribution", text_of(distribution_of(e->label)));
    json_member_text(o, "sharing_group_id", TEXT("0"));
    json_member_text(o, "analysis", h->analysis);
    json_member_text(o, "threat_level_id", h->threat_level);
    struct text extends = h->report ? json_text(json_get(h->report->v, "x_misp_extends_uuid")) : TEXT_NONE;
    if (e->is_extension)
        out_member_uuid(o, "extends_uuid", &e->extends);
    else
        json_member_text(o, "extends_uuid", extends);
    out_organisation(w, o, "Org", NULL);
    out_organisation(w, o, "Orgc", h->creator);
    out_tags(o, h->report, e, true);
}

static void put_manifest(struct misp_out *w, const struct out_event *e, struct head *h, struct buffer *to)
{
    char uuid[UUID_TEXT_MAX];
    struct json_out o = json_out_to(to);
    if (!to)
        return;
    buffer_addf(to, "\"" TEXT_FMT "\":", TEXT_ARG(uuid_format(&e->uuid, uuid)));
    json_open(&o, '{');
    out_organisation(w, &o, "Orgc", h->creator);
    out_tags(&o, h->report, e, true);
    json_member_text(&o, "info", h->info.len ? h->info : TEXT("(no title)"));
    json_member_text(&o, "date", text_of(h->date));
    json_member_text(&o, "analysis", h->analysis);
    json_member_text(&o, "threat_level_id", h->threat_level);
    out_member_epoch(&o, "timestamp", h->timestamp);
    json_close(&o, '}');
}

/* ---- the body ---- */

static bool is_observable(const struct out_item *i)
{
    static const char *const types[] = {"artifact",
                                        "autonomous-system",
                                        "directory",
                                        "domain-name",
                                        "email-addr",
                                        "email-message",
                                        "file",
                                        "ipv4-addr",
                                        "ipv6-addr",
                                        "mac-addr",
                                        "mutex",
                                        "network-traffic",
                                        "process",
                                        "software",
                                        "url",
                                        "user-account",
                                        "windows-registry-key",
                                        "x509-certificate"};
    for (size_t n = 0; n < ARRAY_LEN(types); n++)
        if (text_eq(i->type, text_of(types[n])))
            return true;
    return false;
}

static bool is_kept_object(const struct out_item *i)
{
    return json_type(json_get(i->v, "x_misp_attributes")) == JSON_ARRAY;
}

/* One that MISP's own converter made of an attribute. */
static void kept_attribute(struct misp_out *w, struct out_item *i)
{
    struct text value = json_text(json_get(i->v, "x_misp_value")), type = out_label(i->v, "misp:type");
    if (!value.len)
        value = json_text(json_get(i->v, "name")); /* a vulnerability, a campaign */
    const struct json_val *scalar = out_scalar(json_get(i->v, "x_misp_value"));
    if (type.len && scalar)
        out_misp_scalar(w, i, scalar);
    else if (type.len && value.len)
        out_misp_attribute(w, i, value, json_text(json_get(i->v, "x_misp_data")));
    else
        out_lost(w, i, "MISP has no part for it");
}

static enum err write_one(struct misp_out *w, struct out_item *i)
{
    if (text_eq(i->type, TEXT("indicator")))
        return out_indicator(w, i);
    if (text_eq(i->type, TEXT("observed-data")))
        return out_observed_data(w, i);
    kept_attribute(w, i);
    return OK;
}

enum pass { PASS_KEPT, PASS_OBJECTS, PASS_ATTRIBUTES, PASS_PLAIN, PASS_CLUSTERS, PASSES };

static enum err write_item(struct misp_out *w, struct out_item *i, enum pass pass)
{
    bool kept = is_kept_object(i), observable = is_observable(i) && !kept, cluster = !kept && out_is_cluster(i);
    if (i->absorbed || (i->became != OUT_NOTHING && pass != PASS_CLUSTERS))
        return OK;
    switch (pass) {
    case PASS_KEPT:
        if (kept)
            out_kept_object(w, i);
        else if (out_label(i->v, "misp:type").len || out_label(i->v, "misp:name").len)
            return write_one(w, i);
        return OK;
    case PASS_OBJECTS: return observable ? out_observable(w, i, true) : OK;
    case PASS_PLAIN: return observable ? out_observable(w, i, false) : OK;
    case PASS_CLUSTERS:
        if (cluster && i->became == OUT_NOTHING)
            out_cluster(w, &w->to_galaxies, i);
        return OK;
    default: break;
    }
    return kept || observable || cluster ? OK : write_one(w, i);
}

/* Who absorbs others comes before them. */
static enum err write_members(struct misp_out *w, const struct out_event *e)
{
    enum err err = OK;
    static const enum pass order[] = {PASS_KEPT, PASS_OBJECTS, PASS_ATTRIBUTES, PASS_PLAIN, PASS_CLUSTERS};
    for (size_t p = 0; p < ARRAY_LEN(order) && !err; p++)
        for (size_t n = e->first; n < e->first + e->members && !err; n++) {
            arena_reset(&w->arena);
            err = write_item(w, &w->items[w->members[n].item], order[p]);
        }
    return err;
}

static void put_list(struct json_out *o, const char *name, struct buffer *list)
{
    json_key(o, text_of(name));
    json_open(o, '[');
    if (list->len)
        json_put_raw(o, buffer_text(list));
    json_close(o, ']');
    if (buffer_error(list))
        o->to->err = o->to->err ? o->to->err : buffer_error(list);
}

static void begin_event(struct misp_out *w, const struct out_event *e, struct buffer *to, struct buffer *hashes)
{
    w->event = e;
    w->o = json_out_to(to);
    w->hashes = hashes;
    w->steps = w->said_count = w->attribute_count = 0;
    if (w->said)
        memset(w->said, 0, w->said_cap * sizeof *w->said);
    buffer_init(&w->objects, to->max);
    buffer_init(&w->galaxies, to->max);
    w->to_objects = json_out_to(&w->objects);
    w->to_galaxies = json_out_to(&w->galaxies);
    for (size_t n = e->first; n < e->first + e->members; n++) {
        struct out_item *i = &w->items[w->members[n].item];
        i->became = OUT_NOTHING;
        i->absorbed &= e->container == OUT_NONE;
    }
}

enum err misp_out_event(struct misp_out *w, size_t event, struct buffer *to, struct buffer *manifest,
                        struct buffer *hashes)
{
    const struct out_event *e = &w->events[event];
    struct head h;
    arena_reset(&w->arena);
    begin_event(w, e, to, hashes);
    read_head(w, e, &h);
    json_open(&w->o, '{');
    json_key(&w->o, TEXT("Event"));
    json_open(&w->o, '{');
    put_head(w, e, &h);
    put_manifest(w, e, &h, manifest);
    json_key(&w->o, TEXT("Attribute"));
    json_open(&w->o, '[');
    enum err err = write_members(w, e);
    json_close(&w->o, ']');
    put_list(&w->o, "Object", &w->objects);
    put_list(&w->o, "Galaxy", &w->galaxies);
    if (h.report && !e->is_extension) {
        h.report->written = false; /* its own uuid is the event's */
        out_around(w, &w->o, h.report, false);
        h.report->written = true;
    }
    json_close(&w->o, '}');
    json_close(&w->o, '}');
    buffer_done(&w->objects);
    buffer_done(&w->galaxies);
    if (err || buffer_error(to))
        return err ? err : buffer_error(to);
    return manifest ? buffer_error(manifest) : OK;
}
