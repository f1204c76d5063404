/* model/stix_sco.c - the properties of section 6, in the order of the specification. */
#include "model/stix_check.h"

#define NAME           PROP("name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED)
#define TEXT_MAY(name) PROP(name, KIND_STRING, FORMAT_ANY, 0)
#define TIME(name)     PROP(name, KIND_TIMESTAMP, PRECISION_ANY, 0)
#define FLAG(name)     PROP(name, KIND_BOOLEAN, 0, 0)
#define HASHES         PROP("hashes", KIND_HASHES, 0, 0)
#define FILE_TIMES     TIME("ctime"), TIME("mtime"), TIME("atime")

#define SCO(id, type, section, least, check, extensions)                                                   \
    static const struct stix_shape id = {NAMED(type), STIX_RULE(section), STIX_SCO, ARRAY_LEN(id##_props), \
                                         least,       id##_props,         check,    extensions}

static const struct stix_prop artifact_props[] = {
    PROP("mime_type", KIND_STRING, FORMAT_MEDIA_TYPE, 0),
    PROP("payload_bin", KIND_BINARY, 0, 0),
    PROP("url", KIND_STRING, FORMAT_URL, 0),
    HASHES,
    PROP("encryption_algorithm", KIND_VOCABULARY, ENCRYPTION_ALGORITHM_ENUM, 0),
    TEXT_MAY("decryption_key"),
};
SCO(artifact, "artifact", "6.1.1", LEAST_NOTHING, stix_rules_artifact, NULL);

static const struct stix_prop autonomous_system_props[] = {
    PROP("number", KIND_INTEGER, RANGE_ANY, PROP_REQUIRED),
    TEXT_MAY("name"),
    TEXT_MAY("rir"),
};
SCO(autonomous_system, "autonomous-system", "6.2.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop directory_props[] = {
    PROP("path", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("path_enc", KIND_STRING, FORMAT_CHARSET, 0),
    FILE_TIMES,
    PROP("contains_refs", KIND_REF, TARGET_IN_DIRECTORY, PROP_LIST),
};
SCO(directory, "directory", "6.3.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop domain_name_props[] = {
    PROP("value", KIND_STRING, FORMAT_DOMAIN, PROP_REQUIRED),
    PROP("resolves_to_refs", KIND_REF, TARGET_RESOLVED, PROP_LIST),
};
SCO(domain_name, "domain-name", "6.4.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop email_addr_props[] = {
    PROP("value", KIND_STRING, FORMAT_EMAIL, PROP_REQUIRED),
    TEXT_MAY("display_name"),
    PROP("belongs_to_ref", KIND_REF, TARGET_USER_ACCOUNT, 0),
};
SCO(email_addr, "email-addr", "6.5.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop mime_part_props[] = {
    TEXT_MAY("body"),
    PROP("body_raw_ref", KIND_REF, TARGET_CONTENT, 0),
    TEXT_MAY("content_type"),
    TEXT_MAY("content_disposition"),
};
SCO(mime_part, "email-mime-part-type", "6.6.2", LEAST_NOTHING, stix_rules_mime_part, NULL);

static const struct stix_prop email_message_props[] = {
    PROP("is_multipart", KIND_BOOLEAN, 0, PROP_REQUIRED),
    TIME("date"),
    PROP("content_type", KIND_STRING, FORMAT_DECODED, 0),
    PROP("from_ref", KIND_REF, TARGET_EMAIL_ADDR, 0),
    PROP("sender_ref", KIND_REF, TARGET_EMAIL_ADDR, 0),
    PROP("to_refs", KIND_REF, TARGET_EMAIL_ADDR, PROP_LIST),
    PROP("cc_refs", KIND_REF, TARGET_EMAIL_ADDR, PROP_LIST),
    PROP("bcc_refs", KIND_REF, TARGET_EMAIL_ADDR, PROP_LIST),
    TEXT_MAY("message_id"),
    PROP("subject", KIND_STRING, FORMAT_DECODED, 0),
    PROP("received_lines", KIND_STRING, FORMAT_ANY, PROP_LIST),
    PROP("additional_header_fields", KIND_DICTIONARY, DICTIONARY_HEADERS, 0),
    TEXT_MAY("body"),
    PROP_OBJECT("body_multipart", mime_part, PROP_LIST),
    PROP("raw_email_ref", KIND_REF, TARGET_ARTIFACT, 0),
};
SCO(email_message, "email-message", "6.6.1", LEAST_NOTHING, stix_rules_email_message, NULL);

static const struct stix_prop file_props[] = {
    HASHES,
    PROP("size", KIND_INTEGER, RANGE_NOT_NEGATIVE, 0),
    TEXT_MAY("name"),
    PROP("name_enc", KIND_STRING, FORMAT_CHARSET, 0),
    PROP("magic_number_hex", KIND_HEX, 0, 0),
    PROP("mime_type", KIND_STRING, FORMAT_MEDIA_TYPE, 0),
    FILE_TIMES,
    PROP("parent_directory_ref", KIND_REF, TARGET_DIRECTORY, 0),
    PROP("contains_refs", KIND_REF, TARGET_SCO, PROP_LIST),
    PROP("content_ref", KIND_REF, TARGET_ARTIFACT, 0),
};
SCO(file, "file", "6.7.1", LEAST_NOTHING, stix_rules_file, stix_file_extensions);

static const struct stix_prop ipv4_addr_props[] = {
    PROP("value", KIND_STRING, FORMAT_IPV4, PROP_REQUIRED),
    PROP("resolves_to_refs", KIND_REF, TARGET_MAC_ADDR, PROP_LIST),
    PROP("belongs_to_refs", KIND_REF, TARGET_AS, PROP_LIST),
};
SCO(ipv4_addr, "ipv4-addr", "6.8.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop ipv6_addr_props[] = {
    PROP("value", KIND_STRING, FORMAT_IPV6, PROP_REQUIRED),
    PROP("resolves_to_refs", KIND_REF, TARGET_MAC_ADDR, PROP_LIST),
    PROP("belongs_to_refs", KIND_REF, TARGET_AS, PROP_LIST),
};
SCO(ipv6_addr, "ipv6-addr", "6.9.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop mac_addr_props[] = {PROP("value", KIND_STRING, FORMAT_MAC, PROP_REQUIRED)};
SCO(mac_addr, "mac-addr", "6.10.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop mutex_props[] = {NAME};
SCO(mutex, "mutex", "6.11.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop network_traffic_props[] = {
    TIME("start"),
    TIME("end"),
    FLAG("is_active"),
    PROP("src_ref", KIND_REF, TARGET_ENDPOINT, 0),
    PROP("dst_ref", KIND_REF, TARGET_ENDPOINT, 0),
    PROP("src_port", KIND_INTEGER, RANGE_PORT, 0),
    PROP("dst_port", KIND_INTEGER, RANGE_PORT, 0),
    PROP("protocols", KIND_STRING, FORMAT_PROTOCOL, PROP_LIST | PROP_REQUIRED),
    PROP("src_byte_count", KIND_INTEGER, RANGE_NOT_NEGATIVE, 0),
    PROP("dst_byte_count", KIND_INTEGER, RANGE_NOT_NEGATIVE, 0),
    PROP("src_packets", KIND_INTEGER, RANGE_NOT_NEGATIVE, 0),
    PROP("dst_packets", KIND_INTEGER, RANGE_NOT_NEGATIVE, 0),
    PROP("ipfix", KIND_DICTIONARY, DICTIONARY_INTEGERS_OR_STRINGS, 0),
    PROP("src_payload_ref", KIND_REF, TARGET_ARTIFACT, 0),
    PROP("dst_payload_ref", KIND_REF, TARGET_ARTIFACT, 0),
    PROP("encapsulates_refs", KIND_REF, TARGET_TRAFFIC, PROP_LIST),
    PROP("encapsulated_by_ref", KIND_REF, TARGET_TRAFFIC, 0),
};
SCO(network_traffic, "network-traffic", "6.12.1", LEAST_NOTHING, stix_rules_network_traffic,
    stix_network_traffic_extensions);

static const struct stix_prop process_props[] = {
    FLAG("is_hidden"),
    PROP("pid", KIND_INTEGER, RANGE_ANY, 0),
    TIME("created_time"),
    TEXT_MAY("cwd"),
    TEXT_MAY("command_line"),
    PROP("environment_variables", KIND_DICTIONARY, DICTIONARY_STRINGS, 0),
    PROP("opened_connection_refs", KIND_REF, TARGET_TRAFFIC, PROP_LIST),
    PROP("creator_user_ref", KIND_REF, TARGET_USER_ACCOUNT, 0),
    PROP("image_ref", KIND_REF, TARGET_FILE, 0),
    PROP("parent_ref", KIND_REF, TARGET_PROCESS, 0),
    PROP("child_refs", KIND_REF, TARGET_PROCESS, PROP_LIST),
};
SCO(process, "process", "6.13.1", LEAST_NOTHING, stix_rules_process, stix_process_extensions);

static const struct stix_prop software_props[] = {
    NAME,
    PROP("cpe", KIND_STRING, FORMAT_CPE, 0),
    TEXT_MAY("swid"),
    PROP("languages", KIND_STRING, FORMAT_LANGUAGES, PROP_LIST),
    TEXT_MAY("vendor"),
    TEXT_MAY("version"),
};
SCO(software, "software", "6.14.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop url_props[] = {PROP("value", KIND_STRING, FORMAT_URL, PROP_REQUIRED)};
SCO(url, "url", "6.15.1", LEAST_NOTHING, NULL, NULL);

static const struct stix_prop user_account_props[] = {
    TEXT_MAY("user_id"),         TEXT_MAY("credential"),
    TEXT_MAY("account_login"),   PROP("account_type", KIND_VOCABULARY, ACCOUNT_TYPE_OV, 0),
    TEXT_MAY("display_name"),    FLAG("is_service_account"),
    FLAG("is_privileged"),       FLAG("can_escalate_privs"),
    FLAG("is_disabled"),         TIME("account_created"),
    TIME("account_expires"),     TIME("credential_last_changed"),
    TIME("account_first_login"), TIME("account_last_login"),
};
SCO(user_account, "user-account", "6.16.1", LEAST_ONE, stix_rules_user_account, stix_user_account_extensions);

static const struct stix_prop registry_value_props[] = {
    TEXT_MAY("name"),
    TEXT_MAY("data"),
    PROP("data_type", KIND_VOCABULARY, WINDOWS_REGISTRY_DATATYPE_ENUM, 0),
};
SCO(registry_value, "windows-registry-value-type", "6.17.2", LEAST_ONE, NULL, NULL);

static const struct stix_prop registry_key_props[] = {
    PROP("key", KIND_STRING, FORMAT_HIVE, 0),
    PROP_OBJECT("values", registry_value, PROP_LIST),
    TIME("modified_time"),
    PROP("creator_user_ref", KIND_REF, TARGET_USER_ACCOUNT, 0),
    PROP("number_of_subkeys", KIND_INTEGER, RANGE_ANY, 0),
};
SCO(registry_key, "windows-registry-key", "6.17.1", LEAST_ONE, stix_rules_registry_key, NULL);

static const struct stix_prop x509_v3_props[] = {
    TEXT_MAY("basic_constraints"),
    TEXT_MAY("name_constraints"),
    TEXT_MAY("policy_constraints"),
    TEXT_MAY("key_usage"),
    TEXT_MAY("extended_key_usage"),
    TEXT_MAY("subject_key_identifier"),
    TEXT_MAY("authority_key_identifier"),
    TEXT_MAY("subject_alternative_name"),
    TEXT_MAY("issuer_alternative_name"),
    TEXT_MAY("subject_directory_attributes"),
    TEXT_MAY("crl_distribution_points"),
    TEXT_MAY("inhibit_any_policy"),
    TIME("private_key_usage_period_not_before"),
    TIME("private_key_usage_period_not_after"),
    TEXT_MAY("certificate_policies"),
    TEXT_MAY("policy_mappings"),
};
SCO(x509_v3, "x509-v3-extensions-type", "6.18.2", LEAST_ONE, NULL, NULL);

static const struct stix_prop x509_certificate_props[] = {
    FLAG("is_self_signed"),
    HASHES,
    TEXT_MAY("version"),
    TEXT_MAY("serial_number"),
    TEXT_MAY("signature_algorithm"),
    TEXT_MAY("issuer"),
    TIME("validity_not_before"),
    TIME("validity_not_after"),
    TEXT_MAY("subject"),
    TEXT_MAY("subject_public_key_algorithm"),
    TEXT_MAY("subject_public_key_modulus"),
    PROP("subject_public_key_exponent", KIND_INTEGER, RANGE_ANY, 0),
    PROP_OBJECT("x509_v3_extensions", x509_v3, 0),
};
SCO(x509_certificate, "x509-certificate", "6.18.1", LEAST_ONE, stix_rules_x509_certificate, NULL);

const struct stix_shape *const stix_sco_shapes[] = {
    &artifact, &autonomous_system, &directory, &domain_name,  &email_addr,   &email_message,
    &file,     &ipv4_addr,         &ipv6_addr, &mac_addr,     &mutex,        &network_traffic,
    &process,  &software,          &url,       &user_account, &registry_key, &x509_certificate,
    NULL,
};
