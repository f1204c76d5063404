/* format/atomic.c - see atomic.h. Bodies are written with their names in order, which is what makes them canonical
 * (RFC 8785). */
#include "format/atomic.h"

#include "base/hash.h"
#include "base/limits.h"
#include "model/stix.h"
#include "json/json.h"

#define STAMP_PLACE TEXT("0000-00-00T00:00:00.000Z")

/* Namespace of ids derived from values (and before all others, of CSV rows); made once at random, never to change. */
static const struct uuid UUID_INDICATOR = {
    {0xbe, 0xc1, 0xb8, 0x5c, 0x75, 0xd2, 0x4a, 0xc9, 0xbd, 0xa9, 0x82, 0xa1, 0x93, 0x1a, 0xb9, 0x7d}};

enum err atomic_init(struct atomic_maker *m, struct text party, struct text identity, uint8_t tlp)
{
    *m = (struct atomic_maker){.tlp = (enum tlp)tlp};
    buffer_init(&m->texts, 2 * MIB);
    buffer_init(&m->key, 4 * LINE_MAX_BYTES);
    buffer_init(&m->pattern, 4 * LINE_MAX_BYTES);
    buffer_init(&m->body, STIX_OBJECT_MAX_BYTES);
    buffer_add(&m->texts, party);
    buffer_add(&m->texts, identity);
    struct text all = buffer_text(&m->texts);
    m->party = text_sub(all, 0, party.len);
    m->identity = text_sub(all, party.len, identity.len);
    return buffer_error(&m->texts);
}

void atomic_done(struct atomic_maker *m)
{
    buffer_done(&m->texts);
    buffer_done(&m->key);
    buffer_done(&m->pattern);
    buffer_done(&m->body);
}

static struct text derive_id(struct atomic_maker *m, const struct atomic *a, char out[IDENT_TEXT_MAX])
{
    const bool rule = a->kind == VALUE_NONE;
    buffer_clear(&m->key);
    buffer_add(&m->key, m->party);
    buffer_add_char(&m->key, 0);
    buffer_add(&m->key, rule ? a->pattern_type : text_of(value_kind_name(a->kind)));
    buffer_add_char(&m->key, 0);
    buffer_add(&m->key, rule ? a->key : a->value);
    struct uuid uuid = uuid_named(&UUID_INDICATOR, buffer_text(&m->key));
    return ident_format(TEXT("indicator"), &uuid, out);
}

/* Writes a place for a time; returns the offset in the body of its first byte. */
static uint32_t put_place(struct json_out *j, const char *name)
{
    json_member_text(j, name, STAMP_PLACE);
    return (uint32_t)(j->to->len - STAMP_PLACE.len - 1);
}

/* STIX 2.1 section 10, indicator-type-ov: labels that say what kind of indicator it is, "benign" above all. */
static bool is_indicator_type(struct text t)
{
    static const char *const open_vocabulary[] = {"anomalous-activity", "anonymization", "benign", "compromised",
                                                  "malicious-activity", "attribution",   "unknown"};
    for (size_t i = 0; i < ARRAY_LEN(open_vocabulary); i++)
        if (text_eq(t, text_of(open_vocabulary[i])))
            return true;
    return false;
}

static bool next_label(struct text *rest, struct text *ret)
{
    while (text_split(rest, ';', ret))
        if ((*ret = text_trim(*ret)).len > 0)
            return true;
    return false;
}

static void put_indicator_types(struct json_out *j, struct text labels)
{
    struct text label;
    bool any = false;
    json_key(j, TEXT("indicator_types"));
    json_open(j, '[');
    while (labels.len && next_label(&labels, &label))
        if (is_indicator_type(label)) {
            json_put_text(j, label);
            any = true;
        }
    if (!any)
        json_put_text(j, TEXT("malicious-activity"));
    json_close(j, ']');
}

static void put_labels(struct json_out *j, struct text labels)
{
    struct text label, probe = labels;
    if (labels.len == 0 || !next_label(&probe, &label))
        return;
    json_key(j, TEXT("labels"));
    json_open(j, '[');
    while (next_label(&labels, &label))
        json_put_text(j, label);
    json_close(j, ']');
}

static void put_reference(struct json_out *j, const struct atomic *a)
{
    if (!a->source.len)
        return;
    json_key(j, TEXT("external_references"));
    json_open(j, '[');
    json_open(j, '{');
    if (a->why.len)
        json_member_text(j, "description", a->why);
    if (a->place.len)
        json_member_text(j, "external_id", a->place);
    json_member_text(j, "source_name", a->source);
    if (a->url.len)
        json_member_text(j, "url", a->url);
    json_close(j, '}');
    json_close(j, ']');
}

static struct text pattern_of(struct atomic_maker *m, const struct atomic *a)
{
    if (a->kind == VALUE_NONE)
        return a->value;
    buffer_clear(&m->pattern);
    pattern_of_value(a->kind, a->value, &m->pattern);
    return buffer_text(&m->pattern);
}

/* Fills o's places; markings and id are texts the caller holds. */
static void write_body(struct atomic_maker *m, const struct atomic *a, struct text id, struct text marking,
                       struct record_object *o)
{
    char until[STAMP_TEXT_MAX];
    const bool rule = a->kind == VALUE_NONE;
    buffer_clear(&m->body);
    struct json_out j = json_out_to(&m->body);
    json_open(&j, '{');
    if (a->confidence >= 0)
        json_member_i64(&j, "confidence", a->confidence);
    o->created_at = put_place(&j, "created");
    if (m->identity.len)
        json_member_text(&j, "created_by_ref", m->identity);
    if (a->description.len)
        json_member_text(&j, "description", a->description);
    put_reference(&j, a);
    json_member_text(&j, "id", id);
    put_indicator_types(&j, a->labels);
    put_labels(&j, a->labels);
    o->modified_at = put_place(&j, "modified");
    json_member_text(&j, "name", rule ? a->name : a->value);
    if (marking.len) {
        json_key(&j, TEXT("object_marking_refs"));
        json_open(&j, '[');
        json_put_text(&j, marking);
        json_close(&j, ']');
    }
    json_member_text(&j, "pattern", pattern_of(m, a));
    json_member_text(&j, "pattern_type", rule ? a->pattern_type : TEXT("stix"));
    json_member_text(&j, "spec_version", TEXT("2.1"));
    json_member_text(&j, "type", TEXT("indicator"));
    o->valid_from_at = put_place(&j, "valid_from");
    if (a->has_valid_until)
        json_member_text(&j, "valid_until", stamp_format(a->valid_until, until));
    json_close(&j, '}');
}

static struct text marking_of(enum tlp tlp, char out[IDENT_TEXT_MAX])
{
    struct uuid uuid;
    if (tlp == TLP_NONE || !tlp_marking(tlp, 2, &uuid))
        return TEXT_NONE;
    return ident_format(TEXT("marking-definition"), &uuid, out);
}

enum err atomic_add(struct atomic_maker *m, const struct atomic *a, int64_t at, struct buffer *to)
{
    char id_text[IDENT_TEXT_MAX], marking_text[IDENT_TEXT_MAX];
    const enum tlp tlp = a->tlp == TLP_NONE ? m->tlp : a->tlp;
    struct text marking = marking_of(tlp, marking_text);
    struct record_object o = {.at = at, .cls = STIX_SDO, .confidence = (int16_t)a->confidence};
    o.id = derive_id(m, a, id_text);
    write_body(m, a, o.id, marking, &o);
    if (buffer_error(&m->key) || buffer_error(&m->pattern) || buffer_error(&m->body))
        return ERR_NOMEM; /* texts of LINE_MAX_BYTES cannot fill them */
    o.body = buffer_text(&m->body);
    o.print = xxh3_of(o.body.ptr, o.body.len);
    o.tlp = (uint8_t)tlp;
    o.proposed = a->proposed;
    o.created_by = m->identity;
    o.has_valid_until = a->has_valid_until;
    o.valid_until_us = a->has_valid_until ? stamp_us(a->valid_until) : 0;
    struct record_value value = {(uint8_t)a->kind, a->value};
    record_add_object(to, &o, &value, a->kind != VALUE_NONE, &o.created_by, o.created_by.len > 0, &marking,
                      marking.len > 0);
    return buffer_error(to);
}
