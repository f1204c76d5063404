/* model/stix_types.c - the types of sections 4 to 7, and what is checked of their own properties. */
#include "model/stix_check.h"

static const struct {
    struct text type;
    enum stix_class cls;
} types[] = {
    {{"indicator", 9}, STIX_SDO},
    {{"relationship", 12}, STIX_SRO},
    {{"attack-pattern", 14}, STIX_SDO},
    {{"campaign", 8}, STIX_SDO},
    {{"course-of-action", 16}, STIX_SDO},
    {{"grouping", 8}, STIX_SDO},
    {{"identity", 8}, STIX_SDO},
    {{"incident", 8}, STIX_SDO},
    {{"infrastructure", 14}, STIX_SDO},
    {{"intrusion-set", 13}, STIX_SDO},
    {{"location", 8}, STIX_SDO},
    {{"malware", 7}, STIX_SDO},
    {{"malware-analysis", 16}, STIX_SDO},
    {{"note", 4}, STIX_SDO},
    {{"observed-data", 13}, STIX_SDO},
    {{"opinion", 7}, STIX_SDO},
    {{"report", 6}, STIX_SDO},
    {{"threat-actor", 12}, STIX_SDO},
    {{"tool", 4}, STIX_SDO},
    {{"vulnerability", 13}, STIX_SDO},
    {{"sighting", 8}, STIX_SRO},
    {{"artifact", 8}, STIX_SCO},
    {{"autonomous-system", 17}, STIX_SCO},
    {{"directory", 9}, STIX_SCO},
    {{"domain-name", 11}, STIX_SCO},
    {{"email-addr", 10}, STIX_SCO},
    {{"email-message", 13}, STIX_SCO},
    {{"file", 4}, STIX_SCO},
    {{"ipv4-addr", 9}, STIX_SCO},
    {{"ipv6-addr", 9}, STIX_SCO},
    {{"mac-addr", 8}, STIX_SCO},
    {{"mutex", 5}, STIX_SCO},
    {{"network-traffic", 15}, STIX_SCO},
    {{"process", 7}, STIX_SCO},
    {{"software", 8}, STIX_SCO},
    {{"url", 3}, STIX_SCO},
    {{"user-account", 12}, STIX_SCO},
    {{"windows-registry-key", 20}, STIX_SCO},
    {{"x509-certificate", 16}, STIX_SCO},
    {{"extension-definition", 20}, STIX_META},
    {{"language-content", 16}, STIX_META},
    {{"marking-definition", 18}, STIX_META},
};

enum stix_class stix_class_of(struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (type.len == types[i].type.len && text_eq(type, types[i].type))
            return types[i].cls;
    return STIX_CUSTOM;
}

/* ---- two times in order ---- */

/* The later one is not before the earlier, or where `strictly`, after it. */
static enum err check_order(const struct stix_read *r, enum stix_prop earlier, enum stix_prop later, bool strictly,
                            const char *rule)
{
    struct stamp from, to;
    bool has_from, has_to;
    enum err err = stix_read_time(r, earlier, &from, &has_from);

    if (!err)
        err = stix_read_time(r, later, &to, &has_to);
    if (!err && has_from && has_to && stamp_cmp(to, from) < (strictly ? 1 : 0))
        err = fault_at(r->fault, ERR_MALFORMED, -1, rule, strictly ? "%s is later than %s" : "%s is not before %s",
                       stix_prop_name(later), stix_prop_name(earlier));
    return err;
}

static enum err check_count(const struct stix_read *r, enum stix_prop prop, int64_t least, const char *rule)
{
    int64_t value;

    if (r->prop[prop] && (!json_i64(r->prop[prop], &value) || value < least || value > 999999999))
        return fault_at(r->fault, ERR_MALFORMED, -1, rule, "%s is an integer from %d to 999999999",
                        stix_prop_name(prop), (int)least);
    return OK;
}

/* ---- the types ---- */

static enum err read_pattern(struct stix_read *r)
{
    struct stix_head *h = r->head;
    struct pattern_node *tree;
    enum err err = pattern_parse(h->pattern, r->arena, &tree, r->fault);

    if (err)
        return err;
    err = pattern_values(tree, r->arena, &h->values, &h->value_count, &h->values_whole);
    if (err == ERR_LIMIT)
        return fault_at(r->fault, err, -1, "PATTERN_VALUES_MAX", "pattern has more than %d values",
                        PATTERN_VALUES_MAX);
    return err ? STIX_NOMEM(r) : OK;
}

static enum err check_indicator(struct stix_read *r)
{
    static const char rule[] = STIX_RULE("4.7.1");
    struct stix_head *h = r->head;
    enum err err = stix_need_text(r, PROP_PATTERN, rule, &h->pattern);

    if (!err)
        err = stix_need_text(r, PROP_PATTERN_TYPE, rule, &h->pattern_type);
    if (!err)
        err = stix_read_time(r, PROP_VALID_FROM, &h->valid_from, &h->has_valid_from);
    if (!err && !h->has_valid_from)
        err = STIX_BAD(r, "4.7.1", "valid_from is required");
    if (!err)
        err = stix_read_time(r, PROP_VALID_UNTIL, &h->valid_until, &h->has_valid_until);
    if (!err && h->has_valid_until && stamp_cmp(h->valid_until, h->valid_from) <= 0)
        err = STIX_BAD(r, "4.7.1", "valid_until is later than valid_from");
    if (!err && text_eq(h->pattern_type, TEXT("stix")))
        err = read_pattern(r);
    return err;
}

/* Section 5.1.2: a-z, 0-9 and hyphen. */
static bool relationship_type_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((t.ptr[i] < 'a' || t.ptr[i] > 'z') && (t.ptr[i] < '0' || t.ptr[i] > '9') && t.ptr[i] != '-')
            return false;
    return t.len > 0;
}

/* An end of a relationship is an SDO or SCO; what was sighted is an SDO. A custom type may be either. */
static enum err check_end(const struct stix_read *r, enum stix_prop prop, bool sco, const char *rule)
{
    struct ident id;
    enum stix_class cls;
    enum err err;

    if (!r->prop[prop])
        return fault_at(r->fault, ERR_MALFORMED, -1, rule, "%s is required", stix_prop_name(prop));
    err = stix_read_ident(r, r->prop[prop], stix_prop_name(prop), &id);
    if (err)
        return err;
    cls = text_eq(id.type, TEXT("bundle")) ? STIX_META : stix_class_of(id.type);
    if (cls == STIX_SRO || cls == STIX_META || (cls == STIX_SCO && !sco))
        return fault_at(r->fault, ERR_MALFORMED, -1, rule, "%s refers to a %s", stix_prop_name(prop),
                        sco ? "domain or cyber-observable object" : "domain object");
    return OK;
}

static enum err check_relationship(struct stix_read *r)
{
    static const char rule[] = STIX_RULE("5.1.2");
    struct text type;
    enum err err = stix_need_text(r, PROP_RELATIONSHIP_TYPE, rule, &type);

    if (!err && !relationship_type_valid(type))
        err = STIX_BAD(r, "5.1.2", "relationship_type is made of a-z, 0-9 and hyphens");
    if (!err)
        err = check_end(r, PROP_SOURCE_REF, true, rule);
    if (!err)
        err = check_end(r, PROP_TARGET_REF, true, rule);
    return err ? err : check_order(r, PROP_START_TIME, PROP_STOP_TIME, true, rule);
}

static enum err check_sighting(struct stix_read *r)
{
    static const char rule[] = STIX_RULE("5.2.1");
    enum err err = check_end(r, PROP_SIGHTING_OF_REF, false, rule);

    if (!err)
        err = check_order(r, PROP_FIRST_SEEN, PROP_LAST_SEEN, false, rule);
    return err ? err : check_count(r, PROP_COUNT, 0, rule);
}

static enum err check_observed_data(struct stix_read *r)
{
    static const char rule[] = STIX_RULE("4.14.1");
    const struct json_val *objects = r->prop[PROP_OBJECTS];
    enum err err = check_order(r, PROP_FIRST_OBSERVED, PROP_LAST_OBSERVED, false, rule);

    if (!err && (!r->prop[PROP_FIRST_OBSERVED] || !r->prop[PROP_LAST_OBSERVED] || !r->prop[PROP_NUMBER_OBSERVED]))
        err = STIX_BAD(r, "4.14.1", "first_observed, last_observed and number_observed are required");
    if (!err && !objects == !r->prop[PROP_OBJECT_REFS])
        err = STIX_BAD(r, "4.14", "either objects or object_refs is there");
    if (!err && objects && (json_type(objects) != JSON_OBJECT || json_size(objects) == 0))
        err = STIX_BAD(r, "4.14.1", "objects is a dictionary of at least one object");
    return err ? err : check_count(r, PROP_NUMBER_OBSERVED, 1, rule);
}

static enum err check_report(struct stix_read *r)
{
    struct stamp published;
    bool has;
    enum err err = stix_read_time(r, PROP_PUBLISHED, &published, &has);

    if (!err && !has)
        err = STIX_BAD(r, "4.16.1", "published is required");
    if (!err && !r->prop[PROP_OBJECT_REFS])
        err = STIX_BAD(r, "4.16.1", "object_refs is required");
    return err;
}

static enum err check_language_content(struct stix_read *r)
{
    struct stamp modified;
    bool has;

    if (!r->prop[PROP_OBJECT_REF])
        return STIX_BAD(r, "7.1.1", "object_ref is required");
    return stix_read_time(r, PROP_OBJECT_MODIFIED, &modified, &has);
}

static enum err check_extension_definition(struct stix_read *r)
{
    return r->prop[PROP_CREATED_BY_REF] ? OK : STIX_BAD(r, "7.3.1", "created_by_ref is required");
}

static enum err check_seen(struct stix_read *r)
{
    return check_order(r, PROP_FIRST_SEEN, PROP_LAST_SEEN, false, STIX_RULE("4"));
}

enum err stix_check_type(struct stix_read *r)
{
    static const struct {
        struct text type;
        enum err (*check)(struct stix_read *r);
    } checks[] = {
        {{"indicator", 9}, check_indicator},
        {{"relationship", 12}, check_relationship},
        {{"sighting", 8}, check_sighting},
        {{"observed-data", 13}, check_observed_data},
        {{"report", 6}, check_report},
        {{"campaign", 8}, check_seen},
        {{"infrastructure", 14}, check_seen},
        {{"intrusion-set", 13}, check_seen},
        {{"malware", 7}, check_seen},
        {{"threat-actor", 12}, check_seen},
        {{"marking-definition", 18}, stix_check_marking_definition},
        {{"language-content", 16}, check_language_content},
        {{"extension-definition", 20}, check_extension_definition},
    };

    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (text_eq(r->head->type, checks[i].type))
            return checks[i].check(r);
    return OK;
}
