/* model/stix_props.c - finding the properties by name in one pass over the object, and reading the common types. */
#include "model/stix_check.h"

#include <string.h>

/* By length, then by name: names of one length stand together. */
static const struct text names[PROPS] = {
    [PROP_ID] = {"id", 2},
    [PROP_LANG] = {"lang", 4},
    [PROP_TYPE] = {"type", 4},
    [PROP_COUNT] = {"count", 5},
    [PROP_LABELS] = {"labels", 6},
    [PROP_CREATED] = {"created", 7},
    [PROP_OBJECTS] = {"objects", 7},
    [PROP_PATTERN] = {"pattern", 7},
    [PROP_REVOKED] = {"revoked", 7},
    [PROP_DEFANGED] = {"defanged", 8},
    [PROP_MODIFIED] = {"modified", 8},
    [PROP_LAST_SEEN] = {"last_seen", 9},
    [PROP_PUBLISHED] = {"published", 9},
    [PROP_STOP_TIME] = {"stop_time", 9},
    [PROP_CONFIDENCE] = {"confidence", 10},
    [PROP_DEFINITION] = {"definition", 10},
    [PROP_EXTENSIONS] = {"extensions", 10},
    [PROP_FIRST_SEEN] = {"first_seen", 10},
    [PROP_OBJECT_REF] = {"object_ref", 10},
    [PROP_SOURCE_REF] = {"source_ref", 10},
    [PROP_START_TIME] = {"start_time", 10},
    [PROP_TARGET_REF] = {"target_ref", 10},
    [PROP_VALID_FROM] = {"valid_from", 10},
    [PROP_OBJECT_REFS] = {"object_refs", 11},
    [PROP_VALID_UNTIL] = {"valid_until", 11},
    [PROP_PATTERN_TYPE] = {"pattern_type", 12},
    [PROP_SPEC_VERSION] = {"spec_version", 12},
    [PROP_LAST_OBSERVED] = {"last_observed", 13},
    [PROP_CREATED_BY_REF] = {"created_by_ref", 14},
    [PROP_FIRST_OBSERVED] = {"first_observed", 14},
    [PROP_DEFINITION_TYPE] = {"definition_type", 15},
    [PROP_NUMBER_OBSERVED] = {"number_observed", 15},
    [PROP_OBJECT_MODIFIED] = {"object_modified", 15},
    [PROP_SIGHTING_OF_REF] = {"sighting_of_ref", 15},
    [PROP_GRANULAR_MARKINGS] = {"granular_markings", 17},
    [PROP_RELATIONSHIP_TYPE] = {"relationship_type", 17},
    [PROP_OBSERVED_DATA_REFS] = {"observed_data_refs", 18},
    [PROP_WHERE_SIGHTED_REFS] = {"where_sighted_refs", 18},
    [PROP_EXTERNAL_REFERENCES] = {"external_references", 19},
    [PROP_OBJECT_MARKING_REFS] = {"object_marking_refs", 19},
};

#define NAME_LONGEST 19

/* Where the names of a length begin in `names`. */
static const uint8_t begins[NAME_LONGEST + 2] = {
    [0] = PROP_ID,
    [1] = PROP_ID,
    [2] = PROP_ID,
    [3] = PROP_LANG,
    [4] = PROP_LANG,
    [5] = PROP_COUNT,
    [6] = PROP_LABELS,
    [7] = PROP_CREATED,
    [8] = PROP_DEFANGED,
    [9] = PROP_LAST_SEEN,
    [10] = PROP_CONFIDENCE,
    [11] = PROP_OBJECT_REFS,
    [12] = PROP_PATTERN_TYPE,
    [13] = PROP_LAST_OBSERVED,
    [14] = PROP_CREATED_BY_REF,
    [15] = PROP_DEFINITION_TYPE,
    [16] = PROP_GRANULAR_MARKINGS,
    [17] = PROP_GRANULAR_MARKINGS,
    [18] = PROP_OBSERVED_DATA_REFS,
    [19] = PROP_EXTERNAL_REFERENCES,
    [20] = PROPS,
};

const char *stix_prop_name(enum stix_prop prop)
{
    return names[prop].ptr;
}

void stix_props_find(struct stix_read *r)
{
    for (struct json_iter it = json_iter_of(r->object); json_next(&it);) {
        if (it.key.len > NAME_LONGEST)
            continue;
        for (size_t i = begins[it.key.len]; i < begins[it.key.len + 1]; i++) {
            if (memcmp(names[i].ptr, it.key.ptr, it.key.len) == 0) {
                r->prop[i] = it.val;
                break;
            }
        }
    }
}

enum err stix_read_time(const struct stix_read *r, enum stix_prop prop, struct stamp *ret, bool *ret_has)
{
    struct fault why = {.err = OK};

    *ret_has = r->prop[prop] != NULL;
    if (!*ret_has)
        return OK;
    if (!json_is_string(r->prop[prop]))
        return STIX_BAD(r, "2.16", "%s is a timestamp", stix_prop_name(prop));
    if (stamp_parse(json_text(r->prop[prop]), ret, r->fault ? &why : NULL))
        return STIX_BAD(r, "2.16", "%s is no timestamp: %s", stix_prop_name(prop), why.what);
    return OK;
}

enum err stix_need_text(const struct stix_read *r, enum stix_prop prop, const char *rule, struct text *ret)
{
    if (!json_is_string(r->prop[prop]))
        return fault_at(r->fault, ERR_MALFORMED, -1, rule, r->prop[prop] ? "%s is a string" : "%s is required",
                        stix_prop_name(prop));
    *ret = json_text(r->prop[prop]);
    return OK;
}

enum err stix_read_ident(const struct stix_read *r, const struct json_val *v, const char *what, struct ident *ret)
{
    if (!json_is_string(v))
        return STIX_BAD(r, "2.9", "%s is an identifier", what);
    if (ident_parse(json_text(v), ret, NULL))
        return STIX_BAD(r, "2.9", "%s is no identifier (type--UUID)", what);
    return OK;
}

bool stix_language_valid(struct text tag)
{
    struct text part;

    while (text_split(&tag, '-', &part)) {
        if (part.len < 1 || part.len > 8)
            return false;
        for (size_t i = 0; i < part.len; i++) {
            char c = (char)(part.ptr[i] | 0x20);

            if ((c < 'a' || c > 'z') && (part.ptr[i] < '0' || part.ptr[i] > '9'))
                return false;
        }
    }
    return true;
}
