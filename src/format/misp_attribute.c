/* format/misp_attribute.c - one attribute -> an indicator where it is for detection (to_ids), else observed data,
 * else an x-misp-attribute: kept, with its labels, and never looked for. */
#include <stdio.h>
#include <string.h>

#include "format/misp_inside.h"

struct attribute {
    struct misp_item item;
    const struct misp_type *type;
    struct text value;
    bool to_ids;
    char id[IDENT_TEXT_MAX]; /* what it became */
};

static enum err named(struct attribute *a, const char *type, enum err e)
{
    if (e == OK)
        ident_format(text_of(type), &a->item.uuid, a->id);
    return e;
}

/* ---- the three forms ---- */

static void put_category_phase(struct json_out *o, struct text category)
{
    if (category.len == 0)
        return;
    json_key(o, TEXT("kill_chain_phases"));
    json_open(o, '[');
    json_open(o, '{');
    json_member_text(o, "kill_chain_name", TEXT("misp-category"));
    json_member_text(o, "phase_name", category);
    json_close(o, '}');
    json_close(o, ']');
}

static enum err write_indicator(struct misp *m, struct attribute *a, struct text pattern_type, struct fault *why)
{
    const struct misp_item *i = &a->item;
    struct json_out o = misp_begin(m, i, "indicator", &i->uuid, true);
    json_member_text(&o, "name", a->value);
    if (misp_text(i->v, "comment").len)
        json_member_text(&o, "description", misp_text(i->v, "comment"));
    json_member_text(&o, "pattern", buffer_text(&m->pattern));
    json_member_text(&o, "pattern_type", pattern_type);
    if (text_eq(pattern_type, TEXT("stix")))
        json_member_text(&o, "pattern_version", TEXT("2.1"));
    misp_put_validity(m, &o, i);
    put_category_phase(&o, misp_text(i->v, "category"));
    misp_put_labels(m, &o, i, NULL, i->v);
    misp_put_kept(&o, i->v, false);
    return named(a, "indicator", misp_done(m, &o, !m->ends, why));
}

/* An instance may wipe what it deletes (Security.sanitise_attribute_on_delete): nothing says what it was, but if it
 * was an indicator here, it must end. */
static bool is_wiped(const struct attribute *a)
{
    return a->item.revoked && !a->to_ids && text_eq(misp_text(a->item.v, "type"), TEXT("comment")) &&
           text_eq(a->value, TEXT("deleted"));
}

static enum err indicator(struct misp *m, struct attribute *a, struct fault *why)
{
    if (is_wiped(a)) {
        buffer_clear(&m->pattern);
        buffer_add(&m->pattern, TEXT("[x-misp-attribute:x_misp_value = 'deleted']"));
        return write_indicator(m, a, TEXT("stix"), why);
    }
    enum err e = misp_value_pattern(m, a->type, a->value, why);
    if (e)
        return e;
    return write_indicator(m, a, a->type->shape == MISP_RULE ? text_of(a->type->path) : TEXT("stix"), why);
}

static enum err observed(struct misp *m, struct attribute *a, struct fault *why)
{
    const struct misp_item *i = &a->item;
    struct buffer refs;
    buffer_init(&refs, 8 * KIB);
    enum err e = misp_observables(m, i, a->type, a->value, &refs, why);
    if (e) {
        buffer_done(&refs);
        return e;
    }
    struct json_out o = misp_begin_seen(m, i, buffer_text(&refs));
    misp_put_labels(m, &o, i, NULL, i->v);
    json_member_text(&o, "x_misp_value", a->value); /* as it was written: the observables have its normal form */
    misp_put_kept(&o, i->v, true);
    e = misp_done(m, &o, true, why);
    buffer_done(&refs);
    return named(a, "observed-data", e);
}

static enum err sdo(struct misp *m, struct attribute *a, struct fault *why)
{
    const struct misp_item *i = &a->item;
    struct json_out o = misp_begin(m, i, a->type->path, &i->uuid, true);
    json_member_text(&o, "name", a->value);
    if (misp_text(i->v, "comment").len)
        json_member_text(&o, "description", misp_text(i->v, "comment"));
    if (text_eq(text_sub(a->value, 0, 4), TEXT("CVE-"))) {
        json_key(&o, TEXT("external_references"));
        json_open(&o, '[');
        json_open(&o, '{');
        json_member_text(&o, "source_name", TEXT("cve"));
        json_member_text(&o, "external_id", a->value);
        json_close(&o, '}');
        json_close(&o, ']');
    }
    misp_put_labels(m, &o, i, NULL, i->v);
    misp_put_kept(&o, i->v, false);
    return named(a, a->type->path, misp_done(m, &o, true, why));
}

static enum err write_kept(struct misp *m, const struct misp_item *i, bool data, struct fault *why)
{
    struct json_out o = misp_begin(m, i, "x-misp-attribute", &i->uuid, true);
    misp_put_labels(m, &o, i, NULL, i->v);
    if (misp_text(i->v, "category").len)
        json_member_text(&o, "x_misp_category", misp_text(i->v, "category"));
    json_member_text(&o, "x_misp_type", misp_text(i->v, "type"));
    json_key(&o, TEXT("x_misp_value"));
    misp_json_value(&o, json_get(i->v, "value"));
    if (data && misp_text(i->v, "data").len)
        json_member_text(&o, "x_misp_data", misp_text(i->v, "data"));
    misp_put_kept(&o, i->v, true);
    return misp_done(m, &o, true, why);
}

static enum err kept(struct misp *m, struct attribute *a, struct fault *why)
{
    bool data = misp_text(a->item.v, "data").len > 0;
    m->value_count = 0;
    enum err e = write_kept(m, &a->item, data, why);
    if (e == ERR_LIMIT && data) {
        misp_lost(m, a->item.place, "its data: longer than an object may be");
        e = write_kept(m, &a->item, false, why);
    }
    return named(a, "x-misp-attribute", e);
}

enum err misp_attribute_ends(struct misp *m, const struct misp_item *i, const struct misp_type *type)
{
    struct attribute a = {.item = *i, .type = type, .value = text_trim(misp_text(i->v, "value"))};
    struct fault why;
    if (!type || type->shape == MISP_SDO || type->shape == MISP_KEPT || !json_get(i->v, "to_ids"))
        return OK;
    m->ends = true;
    enum err e = indicator(m, &a, &why);
    m->ends = false;
    m->value_count = 0;
    return e == ERR_NOMEM ? e : OK; /* what never was a pattern never was an indicator */
}

/* ---- which of them ---- */

/* What cannot be what its type says is kept all the same, and said. */
static enum err as_what_it_is(struct misp *m, struct attribute *a, struct fault *why)
{
    enum err e = ERR_NOT_FOUND;
    bool detect = a->to_ids || is_wiped(a);
    if (a->type && a->type->shape == MISP_SDO)
        e = sdo(m, a, why);
    else if (detect && (a->type || is_wiped(a)))
        e = indicator(m, a, why);
    else if (a->type)
        e = observed(m, a, why);
    if (e == ERR_MALFORMED || e == ERR_LIMIT) {
        misp_lost(m, a->item.place, "%.120s; kept as it is%s", why->what, detect ? ", and not looked for" : "");
        e = ERR_NOT_FOUND;
    }
    if (e == ERR_NOT_FOUND)
        e = kept(m, a, why);
    /* The bytes of a file are more than a pattern says. */
    if (e == OK && detect && a->type && a->type->shape == MISP_FILE && misp_text(a->item.v, "data").len) {
        struct attribute bytes = *a;
        struct fault no;
        enum err more = observed(m, &bytes, &no);
        e = more == ERR_NOMEM ? more : OK;
    }
    return e;
}

static enum err make(struct misp *m, struct attribute *a)
{
    struct fault why = {.offset = -1, .line = -1};
    enum err e = as_what_it_is(m, a, &why);
    if (e == ERR_EXISTS) {
        misp_lost(m, a->item.place, "the same uuid stands twice: it has one made of what it says");
        a->item.uuid = misp_derived(&a->item.uuid, misp_text(a->item.v, "type"), a->value, m);
        e = as_what_it_is(m, a, &why);
    }
    if (e == OK)
        return OK;
    if (e == ERR_NOMEM)
        return e;
    if (e == ERR_EXISTS) {
        misp_lost(m, a->item.place, "the same attribute stands twice");
        return OK;
    }
    return misp_refuse(m, a->item.place, "%.200s", why.what);
}

enum err misp_attribute(struct misp *m, const struct json_val *v, const struct misp_marks *above)
{
    struct attribute a = {.value = text_trim(misp_text(v, "value"))};
    m->read++;
    if (json_type(v) != JSON_OBJECT || misp_text(v, "type").len == 0)
        return misp_refuse(m, TEXT_NONE, "an attribute is an object with a type and a value");
    misp_item_init(m, &a.item, v, "Attribute", above);
    enum err e = misp_marks_of(m, v, above, &a.item.marks);
    if (e)
        return e;
    const enum json_type scalar = json_type(json_get(v, "value"));
    if (a.value.len == 0 && scalar != JSON_NUMBER && scalar != JSON_BOOL)
        return misp_refuse(m, a.item.place, "it has no value");
    a.type = a.value.len ? misp_type_of(misp_text(v, "type")) : NULL;
    a.to_ids = misp_flag(v, "to_ids", false);
    struct uuid own = a.item.uuid;
    e = make(m, &a);
    if (e || a.id[0] == 0)
        return e;
    e = a.to_ids || is_wiped(&a) ? OK : misp_attribute_ends(m, &a.item, a.type);
    if (!e)
        e = misp_names_add(&m->names, &own, text_of(a.id));
    if (!e)
        e = misp_galaxies(m, json_get(v, "Galaxy"), &a.item, text_of(a.id));
    if (!e)
        e = misp_around(m, &a.item, text_of(a.id));
    return e;
}
