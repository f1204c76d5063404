/* model/stix_meta.c - the types of section 7, the bundle, and the values of section 2 that are objects. */
#include "model/stix_check.h"

#define META(id, type, section, least, check)                                                        \
    const struct stix_shape id = {NAMED(type), STIX_RULE(section), STIX_META, ARRAY_LEN(id##_props), \
                                  least,       id##_props,         check,     NULL}

static const struct stix_prop stix_external_reference_props[] = {
    PROP("source_name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("description", KIND_STRING, FORMAT_ANY, 0),
    PROP("url", KIND_STRING, FORMAT_LINK, 0),
    PROP("hashes", KIND_HASHES, 0, 0),
    PROP("external_id", KIND_STRING, FORMAT_ANY, 0),
};
META(stix_external_reference, "external-reference", "2.5.1", LEAST_NOTHING, stix_rules_external_reference);

static const struct stix_prop stix_kill_chain_phase_props[] = {
    PROP("kill_chain_name", KIND_STRING, FORMAT_CHAIN, PROP_REQUIRED),
    PROP("phase_name", KIND_STRING, FORMAT_PHASE, PROP_REQUIRED),
};
META(stix_kill_chain_phase, "kill-chain-phase", "2.11", LEAST_NOTHING, stix_rules_kill_chain_phase);

static const struct stix_prop stix_granular_marking_props[] = {
    PROP("lang", KIND_STRING, FORMAT_LANGUAGE, 0),
    PROP("marking_ref", KIND_REF, TARGET_MARKING, 0),
    PROP("selectors", KIND_STRING, FORMAT_ANY, PROP_LIST | PROP_REQUIRED),
};
META(stix_granular_marking, "granular-marking", "7.2.3", LEAST_NOTHING, stix_rules_granular_marking);

static const struct stix_prop language_content_props[] = {
    PROP("object_ref", KIND_REF, TARGET_OBJECT, PROP_REQUIRED),
    PROP("object_modified", KIND_TIMESTAMP, PRECISION_ANY, 0),
    PROP_OWN("contents", stix_check_contents, PROP_REQUIRED),
};
static META(language_content, "language-content", "7.1.1", LEAST_NOTHING, NULL);

static const struct stix_prop marking_definition_props[] = {
    PROP("name", KIND_STRING, FORMAT_ANY, 0),
    PROP("definition_type", KIND_VOCABULARY, MARKING_TYPE_OV, 0),
    PROP_OWN("definition", stix_check_definition, 0),
};
static META(marking_definition, "marking-definition", "7.2.1", LEAST_NOTHING, stix_rules_marking_definition);

static const struct stix_prop extension_definition_props[] = {
    PROP("name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("description", KIND_STRING, FORMAT_ANY, 0),
    PROP("schema", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("version", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("extension_types", KIND_VOCABULARY, EXTENSION_TYPE_ENUM, PROP_LIST | PROP_REQUIRED),
    PROP("extension_properties", KIND_STRING, FORMAT_ANY, PROP_LIST),
};
static META(extension_definition, "extension-definition", "7.3.1", LEAST_NOTHING, stix_rules_extension_definition);

const struct stix_shape *const stix_meta_shapes[] = {&marking_definition, &language_content, &extension_definition,
                                                     NULL};

/* Section 8: no STIX object; `type` and `id` are the engine's. */
static const struct stix_prop stix_bundle_props[] = {PROP_OWN("objects", stix_check_bundled, 0)};
META(stix_bundle, "bundle", "8.1", LEAST_NOTHING, NULL);
