/* model/stix_sdo.c - the properties of sections 4 and 5, in the order of the specification. */
#include "model/stix_check.h"

#define NAME        PROP("name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED)
#define NAME_MAY    PROP("name", KIND_STRING, FORMAT_ANY, 0)
#define DESCRIPTION PROP("description", KIND_STRING, FORMAT_ANY, 0)
#define ALIASES     PROP("aliases", KIND_STRING, FORMAT_ANY, PROP_LIST)
#define KILL_CHAINS PROP_OBJECT("kill_chain_phases", stix_kill_chain_phase, PROP_LIST)
#define FIRST_SEEN  PROP("first_seen", KIND_TIMESTAMP, PRECISION_ANY, 0)
#define LAST_SEEN   PROP("last_seen", KIND_TIMESTAMP, PRECISION_ANY, 0)
#define GOALS       PROP("goals", KIND_STRING, FORMAT_ANY, PROP_LIST)
#define AUTHORS     PROP("authors", KIND_STRING, FORMAT_ANY, PROP_LIST)
#define ABOUT       PROP("object_refs", KIND_REF, TARGET_OBJECT, PROP_LIST | PROP_REQUIRED)
#define RESOURCES   PROP("resource_level", KIND_VOCABULARY, ATTACK_RESOURCE_LEVEL_OV, 0)
#define MOTIVATION  PROP("primary_motivation", KIND_VOCABULARY, ATTACK_MOTIVATION_OV, 0)
#define MOTIVATIONS PROP("secondary_motivations", KIND_VOCABULARY, ATTACK_MOTIVATION_OV, PROP_LIST)

/* A table and the shape of its type. */
#define SDO(id, type, section, check)                                                                        \
    static const struct stix_shape id = {NAMED(type),   STIX_RULE(section), STIX_SDO, ARRAY_LEN(id##_props), \
                                         LEAST_NOTHING, id##_props,         check,    NULL}
#define SRO(id, type, section, check)                                                                        \
    static const struct stix_shape id = {NAMED(type),   STIX_RULE(section), STIX_SRO, ARRAY_LEN(id##_props), \
                                         LEAST_NOTHING, id##_props,         check,    NULL}

static const struct stix_prop attack_pattern_props[] = {NAME, DESCRIPTION, ALIASES, KILL_CHAINS};
SDO(attack_pattern, "attack-pattern", "4.1.1", NULL);

static const struct stix_prop campaign_props[] = {
    NAME, DESCRIPTION, ALIASES, FIRST_SEEN, LAST_SEEN, PROP("objective", KIND_STRING, FORMAT_ANY, 0),
};
SDO(campaign, "campaign", "4.2.1", stix_rules_seen);

/* `action` is reserved: section 3.8. */
static const struct stix_prop course_of_action_props[] = {NAME, DESCRIPTION};
SDO(course_of_action, "course-of-action", "4.3.1", NULL);

static const struct stix_prop grouping_props[] = {
    NAME,
    DESCRIPTION,
    PROP("context", KIND_VOCABULARY, GROUPING_CONTEXT_OV, PROP_REQUIRED),
    ABOUT,
};
SDO(grouping, "grouping", "4.4.1", NULL);

static const struct stix_prop identity_props[] = {
    NAME,
    DESCRIPTION,
    PROP("roles", KIND_STRING, FORMAT_ANY, PROP_LIST),
    PROP("identity_class", KIND_VOCABULARY, IDENTITY_CLASS_OV, 0),
    PROP("sectors", KIND_VOCABULARY, INDUSTRY_SECTOR_OV, PROP_LIST),
    PROP("contact_information", KIND_STRING, FORMAT_ANY, 0),
};
SDO(identity, "identity", "4.5.1", NULL);

static const struct stix_prop incident_props[] = {NAME, DESCRIPTION};
SDO(incident, "incident", "4.6.1", NULL);

static const struct stix_prop indicator_props[] = {
    NAME_MAY,
    DESCRIPTION,
    PROP("indicator_types", KIND_VOCABULARY, INDICATOR_TYPE_OV, PROP_LIST),
    PROP("pattern", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("pattern_type", KIND_VOCABULARY, PATTERN_TYPE_OV, PROP_REQUIRED),
    PROP("pattern_version", KIND_STRING, FORMAT_ANY, 0),
    PROP("valid_from", KIND_TIMESTAMP, PRECISION_ANY, PROP_REQUIRED),
    PROP("valid_until", KIND_TIMESTAMP, PRECISION_ANY, 0),
    KILL_CHAINS,
};
SDO(indicator, "indicator", "4.7.1", stix_rules_indicator);

static const struct stix_prop infrastructure_props[] = {
    NAME,      DESCRIPTION, PROP("infrastructure_types", KIND_VOCABULARY, INFRASTRUCTURE_TYPE_OV, PROP_LIST),
    ALIASES,   KILL_CHAINS, FIRST_SEEN,
    LAST_SEEN,
};
SDO(infrastructure, "infrastructure", "4.8.1", stix_rules_seen);

static const struct stix_prop intrusion_set_props[] = {
    NAME, DESCRIPTION, ALIASES, FIRST_SEEN, LAST_SEEN, GOALS, RESOURCES, MOTIVATION, MOTIVATIONS,
};
SDO(intrusion_set, "intrusion-set", "4.9.1", stix_rules_seen);

static const struct stix_prop location_props[] = {
    NAME_MAY,
    DESCRIPTION,
    PROP("latitude", KIND_FLOAT, RANGE_LATITUDE, 0),
    PROP("longitude", KIND_FLOAT, RANGE_LONGITUDE, 0),
    PROP("precision", KIND_FLOAT, RANGE_ANY, 0),
    PROP("region", KIND_VOCABULARY, REGION_OV, 0),
    PROP("country", KIND_STRING, FORMAT_COUNTRY, 0),
    PROP("administrative_area", KIND_STRING, FORMAT_SUBDIVISION, 0),
    PROP("city", KIND_STRING, FORMAT_ANY, 0),
    PROP("street_address", KIND_STRING, FORMAT_ANY, 0),
    PROP("postal_code", KIND_STRING, FORMAT_ANY, 0),
};
SDO(location, "location", "4.10.1", stix_rules_location);

static const struct stix_prop malware_props[] = {
    NAME_MAY,
    DESCRIPTION,
    PROP("malware_types", KIND_VOCABULARY, MALWARE_TYPE_OV, PROP_LIST),
    PROP("is_family", KIND_BOOLEAN, 0, 0),
    ALIASES,
    KILL_CHAINS,
    FIRST_SEEN,
    LAST_SEEN,
    PROP("operating_system_refs", KIND_REF, TARGET_SOFTWARE, PROP_LIST),
    PROP("architecture_execution_envs", KIND_VOCABULARY, PROCESSOR_ARCHITECTURE_OV, PROP_LIST),
    PROP("implementation_languages", KIND_VOCABULARY, IMPLEMENTATION_LANGUAGE_OV, PROP_LIST),
    PROP("capabilities", KIND_VOCABULARY, MALWARE_CAPABILITIES_OV, PROP_LIST),
    PROP("sample_refs", KIND_REF, TARGET_SAMPLES, PROP_LIST),
};
SDO(malware, "malware", "4.11.1", stix_rules_malware);

static const struct stix_prop malware_analysis_props[] = {
    PROP("product", KIND_STRING, FORMAT_PRODUCT, PROP_REQUIRED),
    PROP("version", KIND_STRING, FORMAT_ANY, 0),
    PROP("host_vm_ref", KIND_REF, TARGET_SOFTWARE, 0),
    PROP("operating_system_ref", KIND_REF, TARGET_SOFTWARE, 0),
    PROP("installed_software_refs", KIND_REF, TARGET_SOFTWARE, PROP_LIST),
    PROP("configuration_version", KIND_STRING, FORMAT_ANY, 0),
    PROP("modules", KIND_STRING, FORMAT_ANY, PROP_LIST),
    PROP("analysis_engine_version", KIND_STRING, FORMAT_ANY, 0),
    PROP("analysis_definition_version", KIND_STRING, FORMAT_ANY, 0),
    PROP("submitted", KIND_TIMESTAMP, PRECISION_ANY, 0),
    PROP("analysis_started", KIND_TIMESTAMP, PRECISION_ANY, 0),
    PROP("analysis_ended", KIND_TIMESTAMP, PRECISION_ANY, 0),
    PROP("result_name", KIND_STRING, FORMAT_ANY, 0),
    PROP("result", KIND_VOCABULARY, MALWARE_RESULT_OV, 0),
    PROP("analysis_sco_refs", KIND_REF, TARGET_SCO, PROP_LIST),
    PROP("sample_ref", KIND_REF, TARGET_ANALYSED, 0),
};
SDO(malware_analysis, "malware-analysis", "4.12.1", stix_rules_malware_analysis);

static const struct stix_prop note_props[] = {
    PROP("abstract", KIND_STRING, FORMAT_ANY, 0),
    PROP("content", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    AUTHORS,
    ABOUT,
};
SDO(note, "note", "4.13.1", NULL);

static const struct stix_prop observed_data_props[] = {
    PROP("first_observed", KIND_TIMESTAMP, PRECISION_ANY, PROP_REQUIRED),
    PROP("last_observed", KIND_TIMESTAMP, PRECISION_ANY, PROP_REQUIRED),
    PROP("number_observed", KIND_INTEGER, RANGE_OBSERVED, PROP_REQUIRED),
    PROP_OWN("objects", stix_check_observables, 0),
    PROP("object_refs", KIND_REF, TARGET_OBSERVATION, PROP_LIST),
};
SDO(observed_data, "observed-data", "4.14.1", stix_rules_observed_data);

static const struct stix_prop opinion_props[] = {
    PROP("explanation", KIND_STRING, FORMAT_ANY, 0),
    AUTHORS,
    PROP("opinion", KIND_VOCABULARY, OPINION_ENUM, PROP_REQUIRED),
    ABOUT,
};
SDO(opinion, "opinion", "4.15.1", NULL);

static const struct stix_prop report_props[] = {
    NAME,
    DESCRIPTION,
    PROP("report_types", KIND_VOCABULARY, REPORT_TYPE_OV, PROP_LIST),
    PROP("published", KIND_TIMESTAMP, PRECISION_ANY, PROP_REQUIRED),
    ABOUT,
};
SDO(report, "report", "4.16.1", NULL);

static const struct stix_prop threat_actor_props[] = {
    NAME,
    DESCRIPTION,
    PROP("threat_actor_types", KIND_VOCABULARY, THREAT_ACTOR_TYPE_OV, PROP_LIST),
    ALIASES,
    FIRST_SEEN,
    LAST_SEEN,
    PROP("roles", KIND_VOCABULARY, THREAT_ACTOR_ROLE_OV, PROP_LIST),
    GOALS,
    PROP("sophistication", KIND_VOCABULARY, THREAT_ACTOR_SOPHISTICATION_OV, 0),
    RESOURCES,
    MOTIVATION,
    MOTIVATIONS,
    PROP("personal_motivations", KIND_VOCABULARY, ATTACK_MOTIVATION_OV, PROP_LIST),
};
SDO(threat_actor, "threat-actor", "4.17.1", stix_rules_seen);

static const struct stix_prop tool_props[] = {
    NAME,    DESCRIPTION, PROP("tool_types", KIND_VOCABULARY, TOOL_TYPE_OV, PROP_LIST),
    ALIASES, KILL_CHAINS, PROP("tool_version", KIND_STRING, FORMAT_ANY, 0),
};
SDO(tool, "tool", "4.18.1", NULL);

static const struct stix_prop vulnerability_props[] = {NAME, DESCRIPTION};
SDO(vulnerability, "vulnerability", "4.19.1", NULL);

static const struct stix_prop relationship_props[] = {
    PROP("relationship_type", KIND_STRING, FORMAT_RELATIONSHIP, PROP_REQUIRED),
    DESCRIPTION,
    PROP("source_ref", KIND_REF, TARGET_NODE, PROP_REQUIRED),
    PROP("target_ref", KIND_REF, TARGET_NODE, PROP_REQUIRED),
    PROP("start_time", KIND_TIMESTAMP, PRECISION_ANY, 0),
    PROP("stop_time", KIND_TIMESTAMP, PRECISION_ANY, 0),
};
SRO(relationship, "relationship", "5.1.2", stix_rules_relationship);

static const struct stix_prop sighting_props[] = {
    DESCRIPTION,
    FIRST_SEEN,
    LAST_SEEN,
    PROP("count", KIND_INTEGER, RANGE_COUNT, 0),
    PROP("sighting_of_ref", KIND_REF, TARGET_SDO, PROP_REQUIRED),
    PROP("observed_data_refs", KIND_REF, TARGET_OBSERVED_DATA, PROP_LIST),
    PROP("where_sighted_refs", KIND_REF, TARGET_WHERE, PROP_LIST),
    PROP("summary", KIND_BOOLEAN, 0, PROP_FLAG_OR_TEXT),
};
SRO(sighting, "sighting", "5.2.1", stix_rules_seen);

const struct stix_shape *const stix_sdo_shapes[] = {
    &indicator, &relationship,  &sighting,         &malware,      &attack_pattern, &identity,       &campaign,
    &report,    &observed_data, &course_of_action, &grouping,     &incident,       &infrastructure, &intrusion_set,
    &location,  &note,          &malware_analysis, &threat_actor, &tool,           &vulnerability,  &opinion,
    NULL,
};
