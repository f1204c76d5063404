/* model/stix_sco_ext.c - the predefined extensions of section 6. They do not use the facility of section 7.3. */
#include "model/stix_check.h"

#define TEXT_MAY(name) PROP(name, KIND_STRING, FORMAT_ANY, 0)
#define NUMBER(name)   PROP(name, KIND_INTEGER, RANGE_ANY, 0)
#define SIZE(name)     PROP(name, KIND_INTEGER, RANGE_NOT_NEGATIVE, 0)
#define FLAG(name)     PROP(name, KIND_BOOLEAN, 0, 0)
#define HEX(name)      PROP(name, KIND_HEX, 0, 0)

#define EXTENSION(id, key, section, least, check)                                                         \
    static const struct stix_shape id = {NAMED(key), STIX_RULE(section), STIX_SCO, ARRAY_LEN(id##_props), \
                                         least,      id##_props,         check,    NULL}

/* ---- file ---- */

static const struct stix_prop archive_props[] = {
    PROP("contains_refs", KIND_REF, TARGET_IN_DIRECTORY, PROP_LIST | PROP_REQUIRED),
    TEXT_MAY("comment"),
};
EXTENSION(archive, "archive-ext", "6.7.2", LEAST_NOTHING, NULL);

static const struct stix_prop data_stream_props[] = {
    PROP("name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("hashes", KIND_HASHES, 0, 0),
    SIZE("size"),
};
EXTENSION(data_stream, "alternate-data-stream-type", "6.7.3", LEAST_NOTHING, NULL);

static const struct stix_prop ntfs_props[] = {
    TEXT_MAY("sid"),
    PROP_OBJECT("alternate_data_streams", data_stream, PROP_LIST),
};
EXTENSION(ntfs, "ntfs-ext", "6.7.3", LEAST_ONE, NULL);

static const struct stix_prop pdf_props[] = {
    TEXT_MAY("version"), FLAG("is_optimized"), PROP("document_info_dict", KIND_DICTIONARY, DICTIONARY_STRINGS, 0),
    TEXT_MAY("pdfid0"),  TEXT_MAY("pdfid1"),
};
EXTENSION(pdf, "pdf-ext", "6.7.4", LEAST_ONE, NULL);

static const struct stix_prop raster_image_props[] = {
    NUMBER("image_height"),
    NUMBER("image_width"),
    NUMBER("bits_per_pixel"),
    PROP("exif_tags", KIND_DICTIONARY, DICTIONARY_INTEGERS_OR_STRINGS, 0),
};
EXTENSION(raster_image, "raster-image-ext", "6.7.5", LEAST_ONE, NULL);

static const struct stix_prop pe_section_props[] = {
    PROP("name", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    SIZE("size"),
    PROP("entropy", KIND_FLOAT, RANGE_ENTROPY, 0),
    PROP("hashes", KIND_HASHES, 0, 0),
};
EXTENSION(pe_section, "windows-pe-section-type", "6.7.6", LEAST_NOTHING, NULL);

static const struct stix_prop pe_optional_header_props[] = {
    HEX("magic_hex"),
    NUMBER("major_linker_version"),
    NUMBER("minor_linker_version"),
    SIZE("size_of_code"),
    SIZE("size_of_initialized_data"),
    SIZE("size_of_uninitialized_data"),
    NUMBER("address_of_entry_point"),
    NUMBER("base_of_code"),
    NUMBER("base_of_data"),
    NUMBER("image_base"),
    NUMBER("section_alignment"),
    NUMBER("file_alignment"),
    NUMBER("major_os_version"),
    NUMBER("minor_os_version"),
    NUMBER("major_image_version"),
    NUMBER("minor_image_version"),
    NUMBER("major_subsystem_version"),
    NUMBER("minor_subsystem_version"),
    HEX("win32_version_value_hex"),
    SIZE("size_of_image"),
    SIZE("size_of_headers"),
    HEX("checksum_hex"),
    HEX("subsystem_hex"),
    HEX("dll_characteristics_hex"),
    SIZE("size_of_stack_reserve"),
    SIZE("size_of_stack_commit"),
    SIZE("size_of_heap_reserve"),
    SIZE("size_of_heap_commit"),
    HEX("loader_flags_hex"),
    NUMBER("number_of_rva_and_sizes"),
    PROP("hashes", KIND_HASHES, 0, 0),
};
EXTENSION(pe_optional_header, "windows-pe-optional-header-type", "6.7.6", LEAST_ONE, NULL);

static const struct stix_prop pe_props[] = {
    PROP("pe_type", KIND_VOCABULARY, WINDOWS_PEBINARY_TYPE_OV, PROP_REQUIRED),
    TEXT_MAY("imphash"),
    HEX("machine_hex"),
    SIZE("number_of_sections"),
    PROP("time_date_stamp", KIND_TIMESTAMP, PRECISION_SECONDS, 0),
    HEX("pointer_to_symbol_table_hex"),
    SIZE("number_of_symbols"),
    SIZE("size_of_optional_header"),
    HEX("characteristics_hex"),
    PROP("file_header_hashes", KIND_HASHES, 0, 0),
    PROP_OBJECT("optional_header", pe_optional_header, 0),
    PROP_OBJECT("sections", pe_section, PROP_LIST),
};
EXTENSION(pe, "windows-pebinary-ext", "6.7.6", LEAST_BESIDE_FIRST, NULL);

const struct stix_shape *const stix_file_extensions[] = {&archive, &ntfs, &pdf, &raster_image, &pe, NULL};

/* ---- network-traffic ---- */

static const struct stix_prop http_request_props[] = {
    PROP("request_method", KIND_STRING, FORMAT_LOWER, PROP_REQUIRED),
    PROP("request_value", KIND_STRING, FORMAT_ANY, PROP_REQUIRED),
    PROP("request_version", KIND_STRING, FORMAT_LOWER, 0),
    PROP("request_header", KIND_DICTIONARY, DICTIONARY_STRING_LISTS, 0),
    NUMBER("message_body_length"),
    PROP("message_body_data_ref", KIND_REF, TARGET_ARTIFACT, 0),
};
EXTENSION(http_request, "http-request-ext", "6.12.2", LEAST_NOTHING, NULL);

static const struct stix_prop icmp_props[] = {
    PROP("icmp_type_hex", KIND_HEX, 0, PROP_REQUIRED),
    PROP("icmp_code_hex", KIND_HEX, 0, PROP_REQUIRED),
};
EXTENSION(icmp, "icmp-ext", "6.12.3", LEAST_NOTHING, NULL);

static const struct stix_prop socket_props[] = {
    PROP("address_family", KIND_VOCABULARY, NETWORK_SOCKET_ADDRESS_FAMILY_ENUM, PROP_REQUIRED),
    FLAG("is_blocking"),
    FLAG("is_listening"),
    PROP("options", KIND_DICTIONARY, DICTIONARY_INTEGERS, 0),
    PROP("socket_type", KIND_VOCABULARY, NETWORK_SOCKET_TYPE_ENUM, 0),
    SIZE("socket_descriptor"),
    NUMBER("socket_handle"),
};
EXTENSION(socket, "socket-ext", "6.12.4", LEAST_NOTHING, stix_rules_socket);

static const struct stix_prop tcp_props[] = {HEX("src_flags_hex"), HEX("dst_flags_hex")};
EXTENSION(tcp, "tcp-ext", "6.12.5", LEAST_ONE, NULL);

const struct stix_shape *const stix_network_traffic_extensions[] = {&http_request, &icmp, &socket, &tcp, NULL};

/* ---- process ---- */

static const struct stix_prop windows_process_props[] = {
    FLAG("aslr_enabled"),
    FLAG("dep_enabled"),
    PROP("priority", KIND_STRING, FORMAT_PRIORITY, 0),
    TEXT_MAY("owner_sid"),
    TEXT_MAY("windows_title"),
    PROP("startup_info", KIND_DICTIONARY, DICTIONARY_ANY, 0),
    PROP("integrity_level", KIND_VOCABULARY, WINDOWS_INTEGRITY_LEVEL_ENUM, 0),
};
EXTENSION(windows_process, "windows-process-ext", "6.13.2", LEAST_ONE, NULL);

static const struct stix_prop windows_service_props[] = {
    TEXT_MAY("service_name"),
    PROP("descriptions", KIND_STRING, FORMAT_ANY, PROP_LIST),
    TEXT_MAY("display_name"),
    TEXT_MAY("group_name"),
    PROP("start_type", KIND_VOCABULARY, WINDOWS_SERVICE_START_TYPE_ENUM, 0),
    PROP("service_dll_refs", KIND_REF, TARGET_FILE, PROP_LIST),
    PROP("service_type", KIND_VOCABULARY, WINDOWS_SERVICE_TYPE_ENUM, 0),
    PROP("service_status", KIND_VOCABULARY, WINDOWS_SERVICE_STATUS_ENUM, 0),
};
EXTENSION(windows_service, "windows-service-ext", "6.13.3", LEAST_ONE, NULL);

const struct stix_shape *const stix_process_extensions[] = {&windows_process, &windows_service, NULL};

/* ---- user-account ---- */

static const struct stix_prop unix_account_props[] = {
    NUMBER("gid"),
    PROP("groups", KIND_STRING, FORMAT_ANY, PROP_LIST),
    TEXT_MAY("home_dir"),
    TEXT_MAY("shell"),
};
EXTENSION(unix_account, "unix-account-ext", "6.16.2", LEAST_ONE, NULL);

const struct stix_shape *const stix_user_account_extensions[] = {&unix_account, NULL};
