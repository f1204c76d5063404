/* model/stix_rules.c - what the properties of sections 4, 5 and 7.3 must be to each other. */
#include "model/pattern_check.h"
#include "model/stix_check.h"

#define SEEN_RULE (c->shape->rule)

static struct stix_place place(const struct stix_place *up, const char *name)
{
    return (struct stix_place){.up = up, .name = text_of(name)};
}

void stix_rules_seen(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    stix_check_order(c, SEEN_RULE, o, at, "first_seen", "last_seen", false);
}

/* ---- external references: section 2.5, and what 4.1.1 and 4.19.1 say of CAPEC and CVE ---- */

static bool digits_behind(struct text t, size_t from, size_t least)
{
    for (size_t i = from; i < t.len; i++)
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
    return t.len >= from + least;
}

static bool capec_valid(struct text id)
{
    return text_starts(id, TEXT("CAPEC-")) && digits_behind(id, 6, 1);
}

static bool cve_valid(struct text id)
{
    return text_starts(id, TEXT("CVE-")) && id.len > 9 && id.ptr[8] == '-' &&
           digits_behind(text_sub(id, 0, 8), 4, 4) && digits_behind(id, 9, 4);
}

static void check_catalogue(struct stix_check *c, const struct json_val *o, const struct stix_place *at,
                            struct text source, bool (*valid)(struct text id), const char *words)
{
    struct text said = json_text(json_get(o, "source_name")), id = json_text(json_get(o, "external_id"));
    const struct stix_place name = place(at, "source_name"), number = place(at, "external_id");

    if (text_eq(said, source) && id.ptr && !valid(id))
        MUST(c, c->shape->rule, &number, "%s", words);
    else if (!text_eq(said, source) && valid(id))
        MUST(c, c->shape->rule, &name, "is %s, since external_id is one of its", source.ptr);
}

void stix_rules_external_reference(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    if (!json_get(o, "description") && !json_get(o, "url") && !json_get(o, "external_id"))
        MUST(c, STIX_RULE("2.5.2"), at, "each has a description, a url or an external_id");
    if (!c->shape)
        return;
    if (text_eq(c->shape->name, TEXT("attack-pattern")))
        check_catalogue(c, o, at, TEXT("capec"), capec_valid, "is a CAPEC ID (CAPEC-163)");
    else if (text_eq(c->shape->name, TEXT("vulnerability")))
        check_catalogue(c, o, at, TEXT("cve"), cve_valid, "is a CVE ID (CVE-2024-12345)");
}

void stix_rules_kill_chain_phase(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct stix_format_rule *f = stix_format_rule(FORMAT_PHASE);
    struct text name = json_text(json_get(o, "kill_chain_name"));
    const struct stix_place there = place(at, "kill_chain_name");

    if (c->shoulds && name.len > 0 && !f->valid(name))
        SHOULD(c, STIX_RULE("2.11"), &there, "%s, not \"%.*s\"", f->words, SHOWN(name));
}

/* ---- indicator ---- */

/* What section 9 demands beyond its grammar. misp-stix joins two object types by AND, which 9.5 forbids and nothing
 * matches: intake keeps such an indicator, for what else it says. */
static void tell_problem(void *self, const struct pattern_problem *problem)
{
    static const struct stix_place at = {.name = NAMED("pattern")};
    struct stix_check *c = self;

    if (c->first_only && text_eq(text_of(problem->rule), TEXT(STIX_RULE("9.5"))))
        return;
    stix_fault(c, problem->must ? STIX_MUST : STIX_SHOULD, problem->rule, &at, "column %zu: %.180s", problem->column,
               problem->what);
}

static void take_values(struct stix_check *c, const struct pattern_node *tree)
{
    struct stix_head *h = c->head;
    enum err err = pattern_values(tree, c->arena, &h->values, &h->value_count, &h->values_whole);

    if (err == ERR_LIMIT)
        fault_at(c->fault, err, -1, "PATTERN_VALUES_MAX", "pattern has more than %d values", PATTERN_VALUES_MAX);
    if (err)
        stix_stop(c, err);
}

static void check_pattern(struct stix_check *c, struct text pattern)
{
    const struct stix_place at = place(NULL, "pattern");
    struct fault why = {.err = OK};
    struct pattern_node *tree;
    enum err err = pattern_parse(pattern, c->arena, &tree, &why);

    if (err == ERR_MALFORMED || (err == ERR_LIMIT && !c->first_only)) {
        MUST(c, why.rule, &at, "%.200s", why.what);
    } else if (err) {
        if (c->fault)
            *c->fault = why;
        stix_stop(c, err);
    } else {
        pattern_check(tree, tell_problem, c);
        if (c->refs && !c->over)
            take_values(c, tree);
    }
}

void stix_rules_indicator(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *pattern = json_get(o, "pattern");
    struct stix_head *h = c->head;

    h->pattern = json_text(pattern);
    h->pattern_type = json_text(json_get(o, "pattern_type"));
    h->has_valid_from = stix_stamp(o, "valid_from", &h->valid_from);
    h->has_valid_until = stix_stamp(o, "valid_until", &h->valid_until);
    if (h->has_valid_from && h->has_valid_until && stamp_cmp(h->valid_until, h->valid_from) <= 0)
        stix_check_order(c, SEEN_RULE, o, at, "valid_from", "valid_until", true);
    if (json_is_string(pattern) && text_eq(h->pattern_type, TEXT("stix")) && !c->over)
        check_pattern(c, h->pattern);
    if (c->shoulds && !json_get(o, "name"))
        stix_fault(c, STIX_SHOULD, SEEN_RULE, &(struct stix_place){.name = TEXT("name")}, "should be there");
    if (c->shoulds && !json_get(o, "description"))
        stix_fault(c, STIX_SHOULD, SEEN_RULE, &(struct stix_place){.name = TEXT("description")}, "should be there");
}

/* ---- other domain objects ---- */

void stix_rules_location(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *latitude = json_get(o, "latitude"), *longitude = json_get(o, "longitude");

    if (!json_get(o, "region") && !json_get(o, "country") && (!latitude || !longitude))
        MUST(c, STIX_RULE("4.10"), at, "a region, a country, or latitude and longitude are required");
    if (longitude && !latitude)
        stix_missing(c, SEEN_RULE, at, TEXT("latitude"), "is required beside longitude");
    if (latitude && !longitude)
        stix_missing(c, SEEN_RULE, at, TEXT("longitude"), "is required beside latitude");
    if (json_get(o, "precision") && !latitude && !longitude)
        stix_missing(c, SEEN_RULE, at, TEXT("latitude"), "is required beside precision");
    if (json_get(o, "precision") && !latitude && !longitude)
        stix_missing(c, SEEN_RULE, at, TEXT("longitude"), "is required beside precision");
    if (latitude && longitude && !json_get(o, "precision"))
        SHOULD(c, STIX_RULE("4.10"), &(struct stix_place){.name = TEXT("precision")},
               "should be there beside latitude and longitude");
}

void stix_rules_malware(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    stix_rules_seen(c, o, at);
    if (json_bool(json_get(o, "is_family"), false) && !json_get(o, "name"))
        stix_missing(c, SEEN_RULE, at, TEXT("name"), "is required of a family");
}

void stix_rules_malware_analysis(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    struct stamp from, to;

    if (!json_get(o, "result") && !json_get(o, "analysis_sco_refs"))
        MUST(c, STIX_RULE("4.12"), at, "result or analysis_sco_refs is required");
    if (c->shoulds && stix_stamp(o, "analysis_started", &from) && stix_stamp(o, "analysis_ended", &to) &&
        stamp_cmp(to, from) < 0)
        stix_fault(c, STIX_SHOULD, SEEN_RULE, &(struct stix_place){.name = TEXT("analysis_ended")},
                   "is before analysis_started");
}

/* Of what object_refs names, one at least is a cyber-observable object; a type of one's own may be one. */
static bool names_observable(const struct json_val *refs)
{
    for (struct json_iter it = json_iter_of(refs); json_next(&it);) {
        struct ident id;

        if (ident_parse(json_text(it.val), &id, NULL) == OK &&
            (stix_class_of(id.type) == STIX_SCO || stix_class_of(id.type) == STIX_CUSTOM))
            return true;
    }
    return false;
}

void stix_rules_observed_data(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *objects = json_get(o, "objects"), *refs = json_get(o, "object_refs");

    stix_check_order(c, SEEN_RULE, o, at, "first_observed", "last_observed", false);
    if (!objects == !refs)
        MUST(c, STIX_RULE("4.14"), at, "either objects or object_refs is there");
    if (json_type(refs) == JSON_ARRAY && json_size(refs) > 0 && !names_observable(refs))
        MUST(c, SEEN_RULE, &(struct stix_place){.name = TEXT("object_refs")},
             "refers to one cyber-observable object at least");
    if (objects)
        SHOULD(c, STIX_RULE("2.13"), &(struct stix_place){.name = TEXT("objects")},
               "is deprecated; object_refs should be used");
}

void stix_rules_relationship(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    struct text type = json_text(json_get(o, "relationship_type"));
    struct ident source, target;

    stix_check_order(c, SEEN_RULE, o, at, "start_time", "stop_time", true);
    if (!c->shoulds || ident_parse(json_text(json_get(o, "source_ref")), &source, NULL) ||
        ident_parse(json_text(json_get(o, "target_ref")), &target, NULL) || type.len == 0)
        return;
    if (!stix_relation_listed(source.type, type, target.type))
        stix_fault(c, STIX_SHOULD, SEEN_RULE, &(struct stix_place){.name = TEXT("relationship_type")},
                   "\"%.*s\" from %.*s to %.*s is not among the relationships of the specification", SHOWN(type),
                   SHOWN(source.type), SHOWN(target.type));
}

/* ---- extension definition ---- */

static bool list_has(const struct json_val *list, struct text word)
{
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        if (text_eq(json_text(it.val), word))
            return true;
    return false;
}

void stix_rules_extension_definition(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *properties = json_get(o, "extension_properties");
    const struct stix_place there = place(at, "extension_properties");
    bool top = list_has(json_get(o, "extension_types"), TEXT("toplevel-property-extension"));

    if (properties && !top && json_get(o, "extension_types"))
        MUST(c, SEEN_RULE, &there, "is only for extension_types with toplevel-property-extension");
    if (!properties && top)
        SHOULD(c, SEEN_RULE, &there, "should name the properties that the extension adds");
    for (struct json_iter it = json_iter_of(properties); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = &there, .index = it.index};

        if (json_is_string(it.val) && stix_name_common(json_text(it.val)))
            MUST(c, STIX_RULE("7.3"), &here, "%.*s is a property of the specification, which no extension redefines",
                 SHOWN(json_text(it.val)));
        else if (json_is_string(it.val))
            stix_check_custom_name(c, STIX_RULE("7.3.2"), json_text(it.val), &here);
    }
    if (!json_get(o, "description"))
        SHOULD(c, SEEN_RULE, &(struct stix_place){.name = TEXT("description")}, "should be there");
}
