/* model/stix_check.h - what the files behind model/stix.h share; for them alone. */
#pragma once
#include "model/stix.h"

/* The properties that are looked at by name. The order is that of the table in stix_props.c. */
enum stix_prop {
    PROP_ID,
    PROP_LANG,
    PROP_TYPE,
    PROP_COUNT,
    PROP_LABELS,
    PROP_CREATED,
    PROP_OBJECTS,
    PROP_PATTERN,
    PROP_REVOKED,
    PROP_DEFANGED,
    PROP_MODIFIED,
    PROP_LAST_SEEN,
    PROP_PUBLISHED,
    PROP_STOP_TIME,
    PROP_CONFIDENCE,
    PROP_DEFINITION,
    PROP_EXTENSIONS,
    PROP_FIRST_SEEN,
    PROP_OBJECT_REF,
    PROP_SOURCE_REF,
    PROP_START_TIME,
    PROP_TARGET_REF,
    PROP_VALID_FROM,
    PROP_OBJECT_REFS,
    PROP_VALID_UNTIL,
    PROP_PATTERN_TYPE,
    PROP_SPEC_VERSION,
    PROP_LAST_OBSERVED,
    PROP_CREATED_BY_REF,
    PROP_FIRST_OBSERVED,
    PROP_DEFINITION_TYPE,
    PROP_NUMBER_OBSERVED,
    PROP_OBJECT_MODIFIED,
    PROP_SIGHTING_OF_REF,
    PROP_GRANULAR_MARKINGS,
    PROP_RELATIONSHIP_TYPE,
    PROP_OBSERVED_DATA_REFS,
    PROP_WHERE_SIGHTED_REFS,
    PROP_EXTERNAL_REFERENCES,
    PROP_OBJECT_MARKING_REFS,
    PROPS
};

struct stix_read {
    const struct json_val *object;
    const struct json_val *prop[PROPS]; /* NULL: not there */
    struct arena *arena;
    struct fault *fault;
    struct stix_head *head;
    enum stix_class rules; /* which class's requirements hold: a custom type may say by its extension what it is */
};

#define STIX_RULE(section) "STIX 2.1 " section
/* Returns ERR_MALFORMED with the section and the words. */
#define STIX_BAD(r, section, ...) fault_at((r)->fault, ERR_MALFORMED, -1, STIX_RULE(section), __VA_ARGS__)
#define STIX_NOMEM(r)             fault_set((r)->fault, ERR_NOMEM, "no memory to read a STIX object")

/* stix_props.c */
void stix_props_find(struct stix_read *r);
const char *stix_prop_name(enum stix_prop prop);
/* A timestamp property: *ret_has tells whether it is there. */
MUST_CHECK enum err stix_read_time(const struct stix_read *r, enum stix_prop prop, struct stamp *ret, bool *ret_has);
/* A string that must be there. */
MUST_CHECK enum err stix_need_text(const struct stix_read *r, enum stix_prop prop, const char *rule,
                                   struct text *ret);
/* An identifier; `rule` and `what` name the place. */
MUST_CHECK enum err stix_read_ident(const struct stix_read *r, const struct json_val *v, const char *what,
                                    struct ident *ret);
bool stix_language_valid(struct text tag); /* RFC 5646's shape */

/* stix_common.c: section 3.2, in the order in which a reader wants to be told */
MUST_CHECK enum err stix_check_common(struct stix_read *r);
/* stix_marking.c: sections 7.2.1 to 7.2.3 */
MUST_CHECK enum err stix_check_markings(struct stix_read *r);
MUST_CHECK enum err stix_check_marking_definition(struct stix_read *r);
/* stix_types.c: what the object's own type adds */
MUST_CHECK enum err stix_check_type(struct stix_read *r);
/* stix_refs.c: every reference; lists, dictionaries and nulls where they must not be */
MUST_CHECK enum err stix_read_refs(struct stix_read *r);
