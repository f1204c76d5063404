/* release/close.c - closing over references (rule 5) and the closed field list of sightings (rule 9).
 *
 * A withheld reference is taken out only where a row of `optional` says that the object keeps its meaning without it;
 * everywhere else, known property or not, at any depth, the whole object is withheld. So not in the table, on
 * purpose:
 *   - relationship source_ref, target_ref; sighting sighting_of_ref; language-content object_ref: nothing remains;
 *   - observed-data object_refs: the rest would say that less was seen than was;
 *   - network-traffic src_ref, dst_ref; email-message from_ref; file parent_directory_ref: the object's own id is a
 * hash over them (STIX 2.1 section 2.9), from which the withheld value could be guessed;
 *   - extension-definition created_by_ref, which is required, and references in extensions and custom properties, of
 *     which nobody here knows whether they are. */
#include "release/close.h"

#include <stdio.h>

#include "base/time.h"

enum list { NO_LIST, MAY_GO, NEEDS_ONE };

static const struct optional {
    const char *type; /* NULL: any */
    const char *property;
    enum list list; /* a list that would be empty: the property goes, or the object is withheld */
} optional[] = {
    {NULL, "created_by_ref", NO_LIST},
    {"report", "object_refs", NEEDS_ONE},
    {"grouping", "object_refs", NEEDS_ONE},
    {"note", "object_refs", NEEDS_ONE},
    {"opinion", "object_refs", NEEDS_ONE},
    {"sighting", "observed_data_refs", MAY_GO},
    {"sighting", "where_sighted_refs", MAY_GO},
    {"malware", "sample_refs", MAY_GO},
    {"malware", "operating_system_refs", MAY_GO},
    {"malware-analysis", "host_vm_ref", NO_LIST},
    {"malware-analysis", "operating_system_ref", NO_LIST},
    {"malware-analysis", "installed_software_refs", MAY_GO},
    {"domain-name", "resolves_to_refs", MAY_GO},
    {"ipv4-addr", "resolves_to_refs", MAY_GO},
    {"ipv4-addr", "belongs_to_refs", MAY_GO},
    {"ipv6-addr", "resolves_to_refs", MAY_GO},
    {"ipv6-addr", "belongs_to_refs", MAY_GO},
    {"email-addr", "belongs_to_ref", NO_LIST},
    {"email-message", "sender_ref", NO_LIST},
    {"email-message", "to_refs", MAY_GO},
    {"email-message", "cc_refs", MAY_GO},
    {"email-message", "bcc_refs", MAY_GO},
    {"email-message", "raw_email_ref", NO_LIST},
    {"directory", "contains_refs", MAY_GO},
    {"file", "contains_refs", MAY_GO},
    {"file", "content_ref", NO_LIST},
    {"windows-registry-key", "creator_user_ref", NO_LIST},
};

/* What a sighting of ours says when it leaves: a count, a window, our own organisation. */
static const char *const sighting_fields[] = {
    "count",        "created",  "created_by_ref",      "first_seen", "id",
    "last_seen",    "modified", "object_marking_refs", "revoked",    "sighting_of_ref",
    "spec_version", "type",     "where_sighted_refs",
};

static const struct optional *optional_of(struct text type, struct text property)
{
    if (text_eq(type, TEXT("extension-definition")))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        const struct optional *o = &optional[i];
        if ((!o->type || text_eq(type, text_of(o->type))) && text_eq(property, text_of(o->property)))
            return o;
    }
    return NULL;
}

static bool is_sighting_field(struct text property)
{
    for (size_t i = 0; i < ARRAY_LEN(sighting_fields); i++)
        if (text_eq(property, text_of(sighting_fields[i])))
            return true;
    return false;
}

/* Markings are never asked for and never pruned: a reader must see under which terms it holds the object. */
static bool is_ref_name(struct text name)
{
    bool named = text_ends(name, TEXT("_ref")) || text_ends(name, TEXT("_refs"));
    return named && !text_eq(name, TEXT("object_marking_refs")) && !text_eq(name, TEXT("marking_ref"));
}

static bool may_be_seen(const struct closing *c, const struct json_val *ref)
{
    struct ident parts;
    struct text id = json_text(ref);
    if (ident_parse(id, &parts, NULL))
        return true; /* a text that is no identifier points to nothing */
    return c->lookup->ref(c->lookup->self, id) != REF_WITHHELD;
}

static bool holds_under(const struct closing *c, struct text name, const struct json_val *v)
{
    if (json_is_string(v))
        return !is_ref_name(name) || may_be_seen(c, v);
    bool list = json_type(v) == JSON_ARRAY;
    for (struct json_iter it = json_iter_of(v); json_next(&it);)
        if (!holds_under(c, list ? name : it.key, it.val))
            return false;
    return true;
}

bool close_holds(const struct closing *c, const struct json_val *v)
{
    return holds_under(c, TEXT_NONE, v);
}

/* ---- writing ---- */

struct render {
    const struct closing *c;
    struct json_out to;
    struct decision_rule *why;
};

static enum err withhold(struct render *r, struct text property, const char *words)
{
    if (!r->why)
        return ERR_DENIED;
    r->why->id = "5 references";
    bool plain = property.len <= 60;
    for (size_t i = 0; plain && i < property.len; i++)
        plain = property.ptr[i] > ' ' && property.ptr[i] < 0x7f;
    snprintf(r->why->words, sizeof r->why->words, "What " TEXT_FMT " points to is withheld, and %s",
             TEXT_ARG(plain ? property : TEXT("one of its properties")), words);
    return ERR_DENIED;
}

static void write_plain(struct render *r, struct text name, const struct json_val *v)
{
    json_key(&r->to, name);
    json_put_raw(&r->to, TEXT_NONE); /* a value comes here ... */
    json_canonical(v, r->to.to, NULL);
}

static void write_text(struct render *r, struct text name, struct text v)
{
    json_key(&r->to, name);
    json_put_text(&r->to, v);
}

/* Rule 9: of the places that saw it only our own organisation may be named. */
static bool keeps(const struct closing *c, struct text name, const struct json_val *ref)
{
    bool place = c->sighting_out && text_eq(name, TEXT("where_sighted_refs"));
    return (!place || text_eq(json_text(ref), c->created_by)) && may_be_seen(c, ref);
}

static enum err write_list(struct render *r, const struct optional *o, struct text name, const struct json_val *list)
{
    size_t kept = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        if (!json_is_string(it.val))
            return ERR_MALFORMED;
        if (!keeps(r->c, name, it.val))
            continue;
        if (kept++ == 0) {
            json_key(&r->to, name);
            json_open(&r->to, '[');
        }
        json_put_text(&r->to, json_text(it.val));
    }
    if (kept)
        json_close(&r->to, ']');
    if (kept || o->list != NEEDS_ONE)
        return OK;
    return withhold(r, name, "nothing would remain of the list.");
}

/* A member whose reference, or one of whose references, is withheld. */
static enum err write_pruned(struct render *r, struct text name, const struct json_val *v)
{
    const struct optional *o = optional_of(r->c->type, name);
    if (!o)
        return withhold(r, name, "without it the object would make no sense or mislead.");
    if (json_type(v) == JSON_ARRAY && o->list != NO_LIST)
        return write_list(r, o, name, v);
    return json_is_string(v) && o->list == NO_LIST ? OK : ERR_MALFORMED;
}

/* Down to the full hour, in the precision it had. */
static enum err write_hour(struct render *r, struct text name, const struct json_val *v)
{
    struct stamp at;
    char text[STAMP_TEXT_MAX];
    if (stamp_parse(json_text(v), &at, NULL))
        return ERR_MALFORMED;
    at.s -= ((at.s % 3600) + 3600) % 3600;
    at.ns = 0;
    write_text(r, name, stamp_format(at, text));
    return OK;
}

static struct text marking_id(enum tlp label, char out[IDENT_TEXT_MAX])
{
    struct uuid id;
    return tlp_marking(label, 2, &id) ? ident_format(TEXT("marking-definition"), &id, out) : TEXT_NONE;
}

/* The marking stands behind those that are there already, none of which goes. */
static enum err write_markings(struct render *r, const struct json_val *there)
{
    char text[IDENT_TEXT_MAX];
    struct text added = marking_id(r->c->decision->label, text);
    if (!added.len)
        return ERR_MALFORMED;
    json_key(&r->to, TEXT("object_marking_refs"));
    json_open(&r->to, '[');
    bool texts = true;
    for (struct json_iter it = json_iter_of(there); json_next(&it);) {
        texts = texts && json_is_string(it.val);
        json_put_text(&r->to, json_text(it.val));
    }
    json_put_text(&r->to, added);
    json_close(&r->to, ']');
    return texts ? OK : ERR_MALFORMED;
}

static enum err write_member(struct render *r, struct text name, const struct json_val *v)
{
    const struct closing *c = r->c;
    if (c->sighting_out && !is_sighting_field(name))
        return OK;
    if (c->sighting_out && (text_eq(name, TEXT("first_seen")) || text_eq(name, TEXT("last_seen"))))
        return write_hour(r, name, v);
    bool places = c->sighting_out && text_eq(name, TEXT("where_sighted_refs"));
    if (places || !holds_under(c, name, v))
        return write_pruned(r, name, v);
    write_plain(r, name, v);
    return OK;
}

enum err close_render(const struct closing *c, const struct json_val *object, struct buffer *out,
                      struct decision_rule *ret_why)
{
    const struct text markings = TEXT("object_marking_refs");
    struct render r = {.c = c, .to = json_out_to(out), .why = ret_why};
    bool due = c->decision->add_marking;
    json_open(&r.to, '{');
    for (struct json_iter it = json_iter_of(object); json_next(&it);) {
        int order = text_cmp(it.key, markings);
        enum err e = OK;
        if (due && order >= 0) {
            e = write_markings(&r, order == 0 ? it.val : NULL);
            due = false;
        }
        if (!e && !(order == 0 && c->decision->add_marking))
            e = write_member(&r, it.key, it.val);
        if (e)
            return e;
    }
    enum err e = due ? write_markings(&r, NULL) : OK;
    json_close(&r.to, '}');
    return e;
}
