/* model/stix.h - a STIX 2.1 object checked against every MUST of the specification (docs/VALIDATION.md), and its head
 * taken out. Pure. The first MUST broken refuses it, but for the few that leave no doubt about what the object says;
 * model/stix_validate.h tells of them all, by the same engine. */
#pragma once
#include "base/arena.h"
#include "base/time.h"
#include "model/marking.h"
#include "model/pattern.h"
#include "json/json.h"

enum stix_class { STIX_SDO, STIX_SRO, STIX_SCO, STIX_META, STIX_CUSTOM };
enum stix_class stix_class_of(struct text type);

/* One object's head; texts borrow from the JSON document or live in the arena. */
struct stix_head {
    struct text id, type;
    struct ident ident;
    enum stix_class cls;
    bool has_created, has_modified; /* SCOs and some custom objects have neither; markings no modified */
    struct stamp created, modified;
    bool revoked;
    struct text created_by_ref; /* empty: none */
    enum tlp tlp;               /* strictest TLP among object_marking_refs; TLP_NONE when none */
    bool unknown_marking;       /* one of object_marking_refs is no TLP marking: the caller looks it up */
    bool granular;              /* has granular_markings */
    struct text *marking_refs;
    size_t marking_count;
    struct text *refs; /* every identifier in a *_ref or *_refs property at any depth, without
                          object_marking_refs; created_by_ref included; duplicates removed */
    size_t ref_count;
    /* indicators */
    struct text pattern, pattern_type;
    bool has_valid_from, has_valid_until;
    struct stamp valid_from, valid_until;
    struct pattern_value *values; /* atomic values of a `stix` pattern */
    size_t value_count;
    bool values_whole;
    int confidence; /* -1: none */
    /* The first MUST broken that was let pass, in words; empty: none. */
    const char *let_rule;
    struct text let;
};

/* Checks the object and fills *ret. The first fault found: ERR_MALFORMED | ERR_LIMIT with fault.rule = section
 * ("STIX 2.1 3.2") and fault.what naming the property; ERR_NOMEM. */
MUST_CHECK enum err stix_head_read(const struct json_val *object, struct arena *arena, struct stix_head *ret,
                                   struct fault *reterr);
