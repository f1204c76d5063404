/* desk/describe_types.c - of each type, what people want first, and what they call it. STIX 2.1 sections 4, 5, 6. */
#include "desk/describe_inside.h"

#define ROWS(...) ((const struct describe_row[]){__VA_ARGS__, {NULL, NULL, DESCRIBE_PLAIN}})
#define PLAIN(member, as)          \
    {                              \
        member, as, DESCRIBE_PLAIN \
    }
#define REF(member, as)          \
    {                            \
        member, as, DESCRIBE_REF \
    }
#define LIST(member, as)          \
    {                             \
        member, as, DESCRIBE_LIST \
    }

static const struct type_rows {
    const char *type;
    const struct describe_row *rows;
} types[] = {
    {"indicator",
     ROWS(PLAIN("indicator_types", "kinds"), PLAIN("pattern", "pattern"), PLAIN("pattern_type", "pattern language"),
          PLAIN("valid_from", "valid from"), PLAIN("valid_until", "valid until"))},
    {"malware",
     ROWS(PLAIN("malware_types", "kinds"), PLAIN("is_family", "a family"), PLAIN("aliases", "also called"),
          PLAIN("capabilities", "can"), PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"),
          LIST("sample_refs", "samples"), LIST("operating_system_refs", "runs on"),
          PLAIN("implementation_languages", "written in"), PLAIN("architecture_execution_envs", "processors"))},
    {"malware-analysis",
     ROWS(PLAIN("product", "analysed with"), PLAIN("result", "result"), PLAIN("result_name", "found to be"),
          REF("sample_ref", "sample"), LIST("analysis_sco_refs", "captured"), REF("host_vm_ref", "machine"),
          REF("operating_system_ref", "on"), PLAIN("analysis_started", "began"), PLAIN("analysis_ended", "ended"))},
    {"threat-actor", ROWS(PLAIN("threat_actor_types", "kinds"), PLAIN("aliases", "also called"),
                          PLAIN("roles", "roles"), PLAIN("goals", "goals"), PLAIN("sophistication", "sophistication"),
                          PLAIN("resource_level", "resources"), PLAIN("primary_motivation", "motivation"),
                          PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"))},
    {"intrusion-set", ROWS(PLAIN("aliases", "also called"), PLAIN("goals", "goals"),
                           PLAIN("resource_level", "resources"), PLAIN("primary_motivation", "motivation"),
                           PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"))},
    {"campaign", ROWS(PLAIN("aliases", "also called"), PLAIN("objective", "objective"),
                      PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"))},
    {"tool", ROWS(PLAIN("tool_types", "kinds"), PLAIN("aliases", "also called"), PLAIN("tool_version", "version"))},
    {"attack-pattern", ROWS(PLAIN("aliases", "also called"))},
    {"infrastructure", ROWS(PLAIN("infrastructure_types", "kinds"), PLAIN("aliases", "also called"),
                            PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"))},
    {"identity", ROWS(PLAIN("identity_class", "what it is"), PLAIN("sectors", "sectors"), PLAIN("roles", "roles"),
                      PLAIN("contact_information", "contact"))},
    {"location",
     ROWS(PLAIN("region", "region"), PLAIN("country", "country"), PLAIN("administrative_area", "area"),
          PLAIN("city", "city"), PLAIN("street_address", "street"), PLAIN("postal_code", "postal code"),
          PLAIN("latitude", "latitude"), PLAIN("longitude", "longitude"), PLAIN("precision", "within metres"))},
    {"report", ROWS(PLAIN("report_types", "kinds"), PLAIN("published", "published"), PLAIN("description", "about"),
                    LIST("object_refs", "contains"))},
    {"grouping", ROWS(PLAIN("context", "what for"), PLAIN("description", "about"), LIST("object_refs", "contains"))},
    {"note", ROWS(PLAIN("abstract", "in short"), PLAIN("content", "says"), PLAIN("authors", "authors"),
                  LIST("object_refs", "about"))},
    {"opinion", ROWS(PLAIN("opinion", "opinion"), PLAIN("explanation", "because"), PLAIN("authors", "authors"),
                     LIST("object_refs", "about"))},
    {"observed-data", ROWS(PLAIN("first_observed", "from"), PLAIN("last_observed", "until"),
                           PLAIN("number_observed", "times"), LIST("object_refs", "objects"))},
    {"sighting", ROWS(PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"), PLAIN("count", "times"),
                      LIST("where_sighted_refs", "seen by"), LIST("observed_data_refs", "what was seen"),
                      PLAIN("summary", "a summary"))},
    {"relationship", ROWS(PLAIN("start_time", "from"), PLAIN("stop_time", "until"))},
    {"incident", ROWS(PLAIN("description", "about"))},
    {"x-entente-finding",
     ROWS(PLAIN("value", "seen"), PLAIN("value_kind", "kind"), PLAIN("organisation_name", "at"),
          PLAIN("count", "times"), PLAIN("first_seen", "first seen"), PLAIN("last_seen", "last seen"),
          PLAIN("state", "state"), REF("indicator_ref", "indicator"), REF("organisation_ref", "organisation"),
          REF("incident_ref", "incident"))},
    {"file",
     ROWS(PLAIN("size", "bytes"), PLAIN("mime_type", "media type"), PLAIN("hashes", "hashes"),
          REF("parent_directory_ref", "in"), LIST("contains_refs", "contains"), REF("content_ref", "content"))},
    {"email-message", ROWS(REF("from_ref", "from"), LIST("to_refs", "to"), LIST("cc_refs", "copy to"),
                           PLAIN("date", "sent"), PLAIN("subject", "subject"), PLAIN("body", "text"))},
    {"network-traffic",
     ROWS(REF("src_ref", "from"), PLAIN("src_port", "from port"), REF("dst_ref", "to"), PLAIN("dst_port", "to port"),
          PLAIN("protocols", "protocols"), PLAIN("start", "began"), PLAIN("end", "ended"))},
    {"process", ROWS(PLAIN("pid", "number"), PLAIN("command_line", "command"), REF("image_ref", "program"),
                     REF("parent_ref", "started by"), LIST("opened_connection_refs", "connections"))},
    {"domain-name", ROWS(LIST("resolves_to_refs", "resolves to"))},
    {"ipv4-addr", ROWS(LIST("resolves_to_refs", "at"), LIST("belongs_to_refs", "belongs to"))},
    {"ipv6-addr", ROWS(LIST("resolves_to_refs", "at"), LIST("belongs_to_refs", "belongs to"))},
    {"software", ROWS(PLAIN("vendor", "vendor"), PLAIN("version", "version"), PLAIN("cpe", "CPE"))},
    {"course-of-action", ROWS(PLAIN("description", "do this"))},
    {"extension-definition", ROWS(PLAIN("description", "for"), PLAIN("version", "version"),
                                  PLAIN("extension_types", "kinds"), PLAIN("schema", "schema"))},
};

static const struct describe_row common[] = {
    PLAIN("description", "description"), PLAIN("kill_chain_phases", "phases"), PLAIN("labels", "labels"),
    PLAIN("confidence", "confidence"),   PLAIN("defanged", "defanged"),
};

static size_t length(const struct describe_row *rows)
{
    size_t n = 0;
    while (rows[n].member)
        n++;
    return n;
}

const struct describe_row *describe_rows(struct text type, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (text_eq(type, text_of(types[i].type))) {
            *ret_count = length(types[i].rows);
            return types[i].rows;
        }
    return NULL;
}

const struct describe_row *describe_common_rows(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(common);
    return common;
}
