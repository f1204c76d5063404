/* model/stix_refs.c - one walk over the whole object: every reference is taken, and what the common types of section
 * 2 exclude (null, empty lists, empty dictionaries) is found. Properties of others' making are walked for their
 * references, but their content is not judged: ATT&CK's own have empty lists. */
#include "base/limits.h"
#include "model/stix_check.h"
#include "model/text_set.h"

struct walk {
    struct stix_read *r;
    struct text_set refs;
    struct text top; /* the property of the object that is being walked */
};

/* What the references of sections 4 to 7 may refer to; NULL: any object. "sco" stands for all of section 6. */
static const struct {
    struct text type, property;
    const char *targets;
} allowed[] = {
    {{"grouping", 8}, {"object_refs", 11}, NULL},
    {{"malware", 7}, {"operating_system_refs", 21}, "software"},
    {{"malware", 7}, {"sample_refs", 11}, "file|artifact"},
    {{"malware-analysis", 16}, {"host_vm_ref", 11}, "software"},
    {{"malware-analysis", 16}, {"operating_system_ref", 20}, "software"},
    {{"malware-analysis", 16}, {"installed_software_refs", 23}, "software"},
    {{"malware-analysis", 16}, {"analysis_sco_refs", 17}, "sco"},
    {{"malware-analysis", 16}, {"sample_ref", 10}, "sco"},
    {{"note", 4}, {"object_refs", 11}, NULL},
    {{"observed-data", 13}, {"object_refs", 11}, NULL},
    {{"opinion", 7}, {"object_refs", 11}, NULL},
    {{"report", 6}, {"object_refs", 11}, NULL},
    {{"sighting", 8}, {"observed_data_refs", 18}, "observed-data"},
    {{"sighting", 8}, {"where_sighted_refs", 18}, "identity|location"},
    {{"language-content", 16}, {"object_ref", 10}, NULL},
    {{"directory", 9}, {"contains_refs", 13}, "file|directory"},
    {{"domain-name", 11}, {"resolves_to_refs", 16}, "ipv4-addr|ipv6-addr|domain-name"},
    {{"email-addr", 10}, {"belongs_to_ref", 14}, "user-account"},
    {{"email-message", 13}, {"from_ref", 8}, "email-addr"},
    {{"email-message", 13}, {"sender_ref", 10}, "email-addr"},
    {{"email-message", 13}, {"to_refs", 7}, "email-addr"},
    {{"email-message", 13}, {"cc_refs", 7}, "email-addr"},
    {{"email-message", 13}, {"bcc_refs", 8}, "email-addr"},
    {{"email-message", 13}, {"raw_email_ref", 13}, "artifact"},
    {{"file", 4}, {"parent_directory_ref", 20}, "directory"},
    {{"file", 4}, {"contains_refs", 13}, "sco"},
    {{"file", 4}, {"content_ref", 11}, "artifact"},
    {{"ipv4-addr", 9}, {"resolves_to_refs", 16}, "mac-addr"},
    {{"ipv4-addr", 9}, {"belongs_to_refs", 15}, "autonomous-system"},
    {{"ipv6-addr", 9}, {"resolves_to_refs", 16}, "mac-addr"},
    {{"ipv6-addr", 9}, {"belongs_to_refs", 15}, "autonomous-system"},
    {{"network-traffic", 15}, {"src_ref", 7}, "ipv4-addr|ipv6-addr|mac-addr|domain-name"},
    {{"network-traffic", 15}, {"dst_ref", 7}, "ipv4-addr|ipv6-addr|mac-addr|domain-name"},
    {{"network-traffic", 15}, {"src_payload_ref", 15}, "artifact"},
    {{"network-traffic", 15}, {"dst_payload_ref", 15}, "artifact"},
    {{"network-traffic", 15}, {"encapsulates_refs", 17}, "network-traffic"},
    {{"network-traffic", 15}, {"encapsulated_by_ref", 19}, "network-traffic"},
    {{"process", 7}, {"opened_connection_refs", 22}, "network-traffic"},
    {{"process", 7}, {"creator_user_ref", 16}, "user-account"},
    {{"process", 7}, {"image_ref", 9}, "file"},
    {{"process", 7}, {"parent_ref", 10}, "process"},
    {{"process", 7}, {"child_refs", 10}, "process"},
    {{"windows-registry-key", 20}, {"creator_user_ref", 16}, "user-account"},
};

/* A type of nobody's specification is let through where any cyber-observable object may stand. */
static bool target_allowed(const char *targets, struct text type)
{
    struct text rest = text_of(targets), one;

    if (!targets)
        return true;
    if (text_eq(rest, TEXT("sco")))
        return stix_class_of(type) == STIX_SCO || stix_class_of(type) == STIX_CUSTOM;
    while (text_split(&rest, '|', &one))
        if (text_eq(one, type))
            return true;
    return false;
}

/* A cyber-observable object may carry over a local key of the deprecated container (section 2.9), and the public
 * validator takes other texts there too: what is no identifier refers to nothing. */
static enum err check_target(const struct stix_read *r, const struct json_val *v, const char *property,
                             const char *targets)
{
    struct ident id;
    enum err err;

    if (r->head->cls == STIX_SCO && json_is_string(v) && ident_parse(json_text(v), &id, NULL))
        return OK;
    err = stix_read_ident(r, v, property, &id);
    if (!err && !target_allowed(targets, id.type))
        err = STIX_BAD(r, "3.3", "%s of a " TEXT_FMT " does not refer to such an object (allowed: %s)", property,
                       TEXT_ARG(r->head->type), targets);
    return err;
}

static bool is_list_name(struct text name)
{
    return text_ends(name, TEXT("_refs"));
}

static bool is_ref_name(struct text name)
{
    return text_ends(name, TEXT("_ref")) || is_list_name(name);
}

static enum err check_targets(const struct stix_read *r, const struct json_val *v, const char *property,
                              const char *targets)
{
    enum err err = OK;

    if (json_type(v) != JSON_ARRAY || json_size(v) == 0)
        return STIX_BAD(r, "2.12", "%s is a list of at least one identifier", property);
    for (struct json_iter it = json_iter_of(v); !err && json_next(&it);)
        err = check_target(r, it.val, property, targets);
    return err;
}

/* A reference of the object itself whose meaning the specification gives. */
static enum err check_allowed(const struct stix_read *r, struct text name, const struct json_val *v)
{
    struct text type = r->head->type;

    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        if (name.len != allowed[i].property.len || type.len != allowed[i].type.len ||
            !text_eq(name, allowed[i].property) || !text_eq(type, allowed[i].type))
            continue;
        return is_list_name(name) ? check_targets(r, v, allowed[i].property.ptr, allowed[i].targets)
                                  : check_target(r, v, allowed[i].property.ptr, allowed[i].targets);
    }
    return OK;
}

/* Anything else is no identifier: a key of the deprecated observable container, or a custom property's text. */
static enum err take_ref(struct walk *w, const struct json_val *v)
{
    struct ident id;
    enum err err;

    if (!json_is_string(v) || ident_parse(json_text(v), &id, NULL))
        return OK;
    err = text_set_add(&w->refs, json_text(v));
    if (err == ERR_LIMIT)
        return fault_set(w->r->fault, err, "the object refers to more than %d others", STIX_REFS_MAX);
    return err ? STIX_NOMEM(w->r) : OK;
}

static enum err take_refs(struct walk *w, const struct json_val *v)
{
    enum err err = OK;

    if (json_type(v) != JSON_ARRAY)
        return take_ref(w, v);
    for (struct json_iter it = json_iter_of(v); !err && json_next(&it);)
        err = take_ref(w, it.val);
    return err;
}

static enum err check_filled(const struct walk *w, const struct json_val *v, bool judged)
{
    enum json_type type = json_type(v);
    int len = w->top.len > 80 ? 80 : (int)w->top.len;

    if (!judged)
        return OK;
    if (type == JSON_NULL)
        return STIX_BAD(w->r, "2", "%.*s: null is no value in STIX", len, w->top.ptr);
    if (type == JSON_ARRAY && json_size(v) == 0)
        return STIX_BAD(w->r, "2.12", "%.*s: a list has at least one value", len, w->top.ptr);
    if (type == JSON_OBJECT && json_size(v) == 0)
        return STIX_BAD(w->r, "2.3", "%.*s: a dictionary has at least one key", len, w->top.ptr);
    return OK;
}

/* Depth is bounded by JSON_DEPTH_MAX. */
static enum err walk_value(struct walk *w, const struct json_val *v, bool judged)
{
    enum json_type type = json_type(v);
    enum err err = check_filled(w, v, judged);

    if (err || (type != JSON_OBJECT && type != JSON_ARRAY))
        return err;
    for (struct json_iter it = json_iter_of(v); !err && json_next(&it);) {
        bool ours =
            judged && !text_starts(it.key, TEXT("extension-definition--")) && !text_starts(it.key, TEXT("x_"));

        err = walk_value(w, it.val, ours);
        if (!err && type == JSON_OBJECT && is_ref_name(it.key))
            err = take_refs(w, it.val);
    }
    return err;
}

enum err stix_read_refs(struct stix_read *r)
{
    struct walk w = {.r = r};
    bool custom = r->head->cls == STIX_CUSTOM;
    enum err err = OK;

    text_set_init(&w.refs, r->arena, STIX_REFS_MAX);
    for (struct json_iter it = json_iter_of(r->object); !err && json_next(&it);) {
        if (it.val == r->prop[PROP_OBJECT_MARKING_REFS])
            continue;
        w.top = it.key;
        err = walk_value(&w, it.val, !custom && !text_starts(it.key, TEXT("x_")));
        if (err || !is_ref_name(it.key))
            continue;
        err = custom ? OK : check_allowed(r, it.key, it.val);
        if (!err)
            err = take_refs(&w, it.val);
    }
    if (err)
        return err;
    r->head->refs = w.refs.items;
    r->head->ref_count = w.refs.count;
    return OK;
}
