/* model/stix_check.h - the engine behind model/stix.h and model/stix_validate.h; for the files of this room alone.
 * A table for each type says what its properties are (stix_sdo.c, stix_sco.c, stix_sco_ext.c, stix_meta.c); one pass
 * over the object looks each of its members up and judges the value by its kind (stix_value.c). What no table can say
 * is said by the type's own check (stix_rules*.c). The good path allocates nothing. */
#pragma once
#include "model/stix.h"
#include "model/stix_validate.h"
#include "model/text_set.h"

/* Where in the object something stands: a chain towards the root, on the stack. */
struct stix_place {
    const struct stix_place *up; /* NULL: the object itself */
    struct text name;            /* ptr NULL: an element of a list */
    size_t index;
};

struct stix_check {
    const struct json_val *object;
    struct arena *arena;
    const struct json_val *container; /* the object is in this deprecated container (section 2.13), or NULL */
    const struct stix_shape *shape;   /* of the object's type; NULL: nobody's in the specification */
    enum stix_class rules;            /* whose requirements hold: a custom type may say by its extension what it is */
    bool shoulds;                     /* SHOULDs are asked for */
    bool first_only;                  /* the first MUST that is not let pass ends it */
    bool over;                        /* nothing more is to be looked at */
    bool defanged;                    /* addresses are written so that nobody follows them */
    bool own_properties;              /* an extension adds properties at the top level */
    enum err err;                     /* ERR_NOMEM, ERR_LIMIT: why it is over */
    stix_on_fault *on_fault;
    void *self;
    uint64_t musts;
    struct text_set *refs; /* NULL: not wanted */
    struct fault *fault;   /* of first_only; may be NULL */
    struct stix_head *head;
};

/* ---- faults (stix_fault.c) ---- */

#define STIX_RULE(section) "STIX 2.1 " section

/* MUSTs that leave identity, versions, markings, references and pattern of an object beyond doubt: intake lets them
 * pass and says so, `validate` tells them like any other. Nothing else may be added. docs/VALIDATION.md */
enum stix_let {
    LET_NOTHING,
    LET_NAME,     /* what a custom property is called (3.8, 11.1.1, 7.3.2) */
    LET_EMPTY,    /* null, [] or {} as a custom property; [] for words and the like that need not be there (2.12) */
    LET_UUID,     /* of version 5 where nothing contributes to it (2.9) */
    LET_HEADER,   /* one string for a list of strings; not decoded (6.6, 6.6.1, 6.12.2) */
    LET_HIVE,     /* short for a hive's name (6.17.1) */
    LET_TERM,     /* not in a closed vocabulary of observables (2.4) */
    LET_CHARSET,  /* not the preferred name of a character set, or of nothing (3.1, 6.3.1, 6.7.1) */
    LET_LANGUAGE, /* of software: no language code (6.14.1) */
    LET_HEX,      /* capitals, an odd number of digits (2.8) */
    LET_KEY       /* the key of an artifact without its algorithm (6.1.1) */
};
/* Tells on_fault; words begin with the name of the property. `let`: a MUST of that class. */
void stix_tell(struct stix_check *c, enum stix_severity severity, enum stix_let let, const char *rule,
               const struct stix_place *at, const char *format, ...) PRINTF_LIKE(6, 7);
#define stix_fault(c, severity, ...) stix_tell(c, severity, LET_NOTHING, __VA_ARGS__)
#define stix_let(c, let, ...)        stix_tell(c, STIX_MUST, let, __VA_ARGS__)
/* Ends the check. */
void stix_stop(struct stix_check *c, enum err err);
#define MUST(c, rule, at, ...) stix_fault(c, STIX_MUST, rule, at, __VA_ARGS__)
#define SHOULD(c, rule, at, ...)                               \
    do {                                                       \
        if ((c)->shoulds)                                      \
            stix_fault(c, STIX_SHOULD, rule, at, __VA_ARGS__); \
    } while (0)

/* At most this much of a foreign text is repeated in words. */
#define STIX_SHOWN 80
#define SHOWN(t)   (int)((t).len > STIX_SHOWN ? STIX_SHOWN : (t).len), (t).ptr

/* ---- tables ---- */

enum stix_kind {
    KIND_STRING,     /* arg: enum stix_format */
    KIND_BOOLEAN,    /* 2.2 */
    KIND_INTEGER,    /* 2.10; arg: enum stix_range */
    KIND_FLOAT,      /* 2.6; arg: enum stix_range */
    KIND_TIMESTAMP,  /* 2.16; arg: enum stix_precision */
    KIND_HEX,        /* 2.8 */
    KIND_BINARY,     /* 2.1 */
    KIND_REF,        /* 2.9; arg: enum stix_target */
    KIND_VOCABULARY, /* 2.14 and 2.4; arg: enum stix_vocabulary */
    KIND_HASHES,     /* 2.7 */
    KIND_DICTIONARY, /* 2.3; arg: enum stix_dictionary */
    KIND_SHAPE,      /* an object with a table of its own */
    KIND_OWN         /* judged by .own */
};

enum stix_prop_flag {
    PROP_LIST = 1, /* 2.12: a list of such values */
    PROP_REQUIRED = 2,
    PROP_FLAG_OR_TEXT = 4, /* the text says string, its default and examples are booleans (sighting's summary) */
};

enum stix_range {
    RANGE_ANY,
    RANGE_NOT_NEGATIVE,
    RANGE_PERCENT,
    RANGE_PORT,
    RANGE_COUNT,
    RANGE_OBSERVED,
    RANGE_LATITUDE,
    RANGE_LONGITUDE,
    RANGE_ENTROPY
};

enum stix_precision { PRECISION_ANY, PRECISION_MILLISECONDS, PRECISION_SECONDS };

enum stix_dictionary {
    DICTIONARY_ANY,
    DICTIONARY_STRINGS,
    DICTIONARY_STRING_LISTS,
    DICTIONARY_INTEGERS,
    DICTIONARY_INTEGERS_OR_STRINGS,
    DICTIONARY_HEADERS /* string lists, decoded (6.6) */
};

enum stix_format {
    FORMAT_ANY,
    FORMAT_LANGUAGE,
    FORMAT_RELATIONSHIP,
    FORMAT_CHAIN,
    FORMAT_PHASE,
    FORMAT_URL,
    FORMAT_LINK,
    FORMAT_DOMAIN,
    FORMAT_EMAIL,
    FORMAT_IPV4,
    FORMAT_IPV6,
    FORMAT_MAC,
    FORMAT_CPE,
    FORMAT_CHARSET,
    FORMAT_LANGUAGES,
    FORMAT_HIVE,
    FORMAT_MEDIA_TYPE,
    FORMAT_DECODED,
    FORMAT_COUNTRY,
    FORMAT_SUBDIVISION,
    FORMAT_PRIORITY,
    FORMAT_PROTOCOL,
    FORMAT_LOWER,
    FORMAT_PRODUCT
};

enum stix_target {
    TARGET_OBJECT, /* any STIX object: not a bundle */
    TARGET_SDO,
    TARGET_SCO,
    TARGET_NODE,        /* SDO or SCO */
    TARGET_OBSERVATION, /* SCO or SRO */
    TARGET_IDENTITY,
    TARGET_MARKING,
    TARGET_OBSERVED_DATA,
    TARGET_WHERE,
    TARGET_SOFTWARE,
    TARGET_SAMPLES,
    TARGET_ANALYSED,
    TARGET_ARTIFACT,
    TARGET_CONTENT,
    TARGET_FILE,
    TARGET_DIRECTORY,
    TARGET_IN_DIRECTORY,
    TARGET_RESOLVED,
    TARGET_USER_ACCOUNT,
    TARGET_EMAIL_ADDR,
    TARGET_MAC_ADDR,
    TARGET_AS,
    TARGET_ENDPOINT,
    TARGET_TRAFFIC,
    TARGET_PROCESS
};

enum stix_vocabulary {
    ACCOUNT_TYPE_OV,
    ATTACK_MOTIVATION_OV,
    ATTACK_RESOURCE_LEVEL_OV,
    ENCRYPTION_ALGORITHM_ENUM,
    EXTENSION_TYPE_ENUM,
    GROUPING_CONTEXT_OV,
    HASH_ALGORITHM_OV,
    IDENTITY_CLASS_OV,
    IMPLEMENTATION_LANGUAGE_OV,
    INDICATOR_TYPE_OV,
    INDUSTRY_SECTOR_OV,
    INFRASTRUCTURE_TYPE_OV,
    MALWARE_CAPABILITIES_OV,
    MALWARE_RESULT_OV,
    MALWARE_TYPE_OV,
    NETWORK_SOCKET_ADDRESS_FAMILY_ENUM,
    NETWORK_SOCKET_TYPE_ENUM,
    OPINION_ENUM,
    PATTERN_TYPE_OV,
    PROCESSOR_ARCHITECTURE_OV,
    REGION_OV,
    REPORT_TYPE_OV,
    THREAT_ACTOR_TYPE_OV,
    THREAT_ACTOR_ROLE_OV,
    THREAT_ACTOR_SOPHISTICATION_OV,
    TOOL_TYPE_OV,
    WINDOWS_INTEGRITY_LEVEL_ENUM,
    WINDOWS_PEBINARY_TYPE_OV,
    WINDOWS_REGISTRY_DATATYPE_ENUM,
    WINDOWS_SERVICE_START_TYPE_ENUM,
    WINDOWS_SERVICE_TYPE_ENUM,
    WINDOWS_SERVICE_STATUS_ENUM,
    MARKING_TYPE_OV, /* section 7.2.1: no vocabulary of section 10, but used like one */
};

/* A value that no kind describes. */
typedef void stix_own_check(struct stix_check *c, const struct json_val *v, const struct stix_place *at);
/* What an object's properties must be to each other; all of them were judged one by one before. */
typedef void stix_shape_check(struct stix_check *c, const struct json_val *object, const struct stix_place *at);

struct stix_prop {
    struct text name;
    uint8_t kind, arg, flags;
    const struct stix_shape *shape; /* KIND_SHAPE */
    stix_own_check *own;            /* KIND_OWN */
};

enum stix_least {
    LEAST_NOTHING,
    LEAST_ONE,         /* at least one of the table's properties */
    LEAST_BESIDE_FIRST /* at least one other than the first */
};

/* A type of object, or of a value that is an object. At most 64 properties. */
struct stix_shape {
    struct text name;
    const char *rule; /* the section with its table of properties */
    enum stix_class cls;
    uint8_t count, least;
    const struct stix_prop *props;
    stix_shape_check *check;                    /* may be NULL */
    const struct stix_shape *const *extensions; /* predefined ones, ended by NULL; may be NULL */
};

#define NAMED(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define PROP(name, kind, arg, flags)              \
    {                                             \
        NAMED(name), kind, arg, flags, NULL, NULL \
    }
#define PROP_OBJECT(name, shape, flags)                   \
    {                                                     \
        NAMED(name), KIND_SHAPE, 0, flags, &(shape), NULL \
    }
#define PROP_OWN(name, function, flags)                 \
    {                                                   \
        NAMED(name), KIND_OWN, 0, flags, NULL, function \
    }

extern const struct stix_shape stix_external_reference, stix_kill_chain_phase,
    stix_granular_marking; /* stix_meta.c */
extern const struct stix_shape stix_bundle;
extern const struct stix_shape *const stix_file_extensions[]; /* stix_sco_ext.c */
extern const struct stix_shape *const stix_network_traffic_extensions[], *const stix_process_extensions[],
                                                                             *const stix_user_account_extensions[];
/* The tables of all types, each ended by NULL. */
extern const struct stix_shape *const stix_sdo_shapes[], *const stix_sco_shapes[], *const stix_meta_shapes[];

/* ---- the engine (stix_engine.c, stix_custom.c, stix_value.c) ---- */

const struct stix_shape *stix_shape_of(struct text type); /* NULL: no type of sections 4 to 7 */
/* The whole object. c holds what is wanted; the rest is filled in. */
void stix_check_object(struct stix_check *c);
void stix_check_members(struct stix_check *c, const struct stix_shape *s, const struct json_val *object,
                        const struct stix_place *at);
/* c's object, which is in c->container: what 2.0 had otherwise is not judged. */
void stix_check_contained(struct stix_check *c, const struct stix_place *at);
/* One value of a property of s, lists taken apart. */
void stix_check_prop(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                     const struct json_val *v, const struct stix_place *at);
/* A property that no table has. */
void stix_check_custom(struct stix_check *c, struct text name, const struct json_val *parent,
                       const struct json_val *v, const struct stix_place *at);
void stix_check_custom_name(struct stix_check *c, const char *rule, struct text name, const struct stix_place *at);
bool stix_name_reserved(struct text name);
bool stix_name_common(struct text name); /* one of section 3.2 */
/* What it is to be null or empty. */
enum stix_hollow { HOLLOW_SHOULD, HOLLOW_LET, HOLLOW_MUST };
/* The value of somebody else's making: references are taken. */
void stix_walk(struct stix_check *c, const struct json_val *v, enum stix_hollow hollow, const struct stix_place *at);
void stix_check_extensions(struct stix_check *c, const struct json_val *v, const struct stix_place *at);
/* Sets rules and own_properties from the extensions; tells no fault. */
void stix_extensions_say(struct stix_check *c, const struct json_val *extensions);
/* Takes what may be a reference for the head. */
void stix_take_ref(struct stix_check *c, const struct json_val *v);
/* An identifier that refers to what `target` names. */
void stix_check_ref(struct stix_check *c, const char *rule, enum stix_target target, const struct json_val *v,
                    const struct stix_place *at);
/* false and told: not a list, or an empty one. */
bool stix_check_list(struct stix_check *c, const struct json_val *v, const struct stix_place *at);
bool stix_check_dictionary_key(struct stix_check *c, struct text key, const struct stix_place *at);

/* ---- values ---- */

/* A timestamp property that is there and well formed; its form was judged before. */
bool stix_stamp(const struct json_val *object, const char *name, struct stamp *ret);
/* `later` must not be before `earlier`, or where `strictly`, be after it; both names of properties of the object. */
void stix_check_order(struct stix_check *c, const char *rule, const struct json_val *object,
                      const struct stix_place *at, const char *earlier, const char *later, bool strictly);
/* "`name` is required": pointed at where it should stand. */
void stix_missing(struct stix_check *c, const char *rule, const struct stix_place *at, struct text name,
                  const char *why);

struct stix_format_rule {
    bool (*valid)(struct text t);
    enum stix_severity severity;
    bool defangs;     /* not judged on a defanged object */
    const char *rule; /* NULL: that of the shape */
    const char *words;
    enum stix_let let;
};
const struct stix_format_rule *stix_format_rule(enum stix_format format); /* stix_formats.c */
bool stix_language_valid(struct text tag);                                /* RFC 5646, well-formed */
bool stix_charset_known(struct text name);                                /* stix_charset.c */
bool stix_country_known(struct text code);                                /* ISO 3166-1 alpha-2, stix_charset.c */
bool stix_hash_valid(struct text algorithm, struct text value);           /* true for algorithms nobody knows */

/* stix_vocabularies.c */
bool stix_vocabulary_has(enum stix_vocabulary v, struct text term);
bool stix_vocabulary_closed(enum stix_vocabulary v);
const char *stix_vocabulary_name(enum stix_vocabulary v);

/* stix_relations.c: is this what the specification lists for these two types? */
bool stix_relation_listed(struct text source, struct text relation, struct text target);

/* ---- checks of types: stix_rules.c, stix_rules_sco.c, stix_marking.c, stix_content.c ---- */

stix_shape_check stix_rules_seen, stix_rules_indicator, stix_rules_location, stix_rules_malware,
    stix_rules_malware_analysis, stix_rules_observed_data, stix_rules_relationship, stix_rules_sighting,
    stix_rules_extension_definition, stix_rules_external_reference, stix_rules_kill_chain_phase;
stix_shape_check stix_rules_artifact, stix_rules_email_message, stix_rules_mime_part, stix_rules_file,
    stix_rules_network_traffic, stix_rules_process, stix_rules_user_account, stix_rules_registry_key,
    stix_rules_x509_certificate, stix_rules_http_request, stix_rules_socket;
stix_shape_check stix_rules_marking_definition, stix_rules_granular_marking;
stix_own_check stix_check_contents, stix_check_observables, stix_check_definition, stix_check_bundled;
