/* format/misp_map.c - tables; see misp_map.h. */
#include "format/misp_map.h"

#include <stddef.h>

#define FILE_HASH(algorithm, type)                                               \
    {"file:hashes." algorithm, "file", type, type, type, MISP_AS_TEXT},          \
    {                                                                            \
        "artifact:hashes." algorithm, "artifact", type, type, NULL, MISP_AS_TEXT \
    }
#define X509_HASH(algorithm, type)                                                   \
    {                                                                                \
        "x509-certificate:hashes." algorithm, "x509", type, type, type, MISP_AS_TEXT \
    }

static const struct misp_map maps[] = {
    {"domain-name:value", "domain-ip", "domain", "domain", "domain", MISP_AS_TEXT},
    {"domain-name:resolves_to_refs.value", "domain-ip", "ip", "ip-dst", "ip-dst", MISP_AS_TEXT},
    {"ipv4-addr:value", "domain-ip", "ip", "ip-dst", "ip-dst", MISP_AS_TEXT},
    {"ipv6-addr:value", "domain-ip", "ip", "ip-dst", "ip-dst", MISP_AS_TEXT},
    {"url:value", "url", "url", "url", "url", MISP_AS_TEXT},
    {"mac-addr:value", NULL, "mac-address", "mac-address", "mac-address", MISP_AS_TEXT},
    {"mutex:name", "mutex", "name", "mutex", "mutex", MISP_AS_TEXT},
    {"email-addr:value", NULL, "email", "email", "email", MISP_AS_TEXT},
    {"email-addr:display_name", NULL, "email-dst-display-name", "email-dst-display-name", "email-dst-display-name",
     MISP_AS_TEXT},
    {"network-traffic:x_ja3", NULL, "ja3-fingerprint-md5", "ja3-fingerprint-md5", "ja3-fingerprint-md5",
     MISP_AS_TEXT},
    {"autonomous-system:number", "asn", "asn", "AS", "AS", MISP_AS_NUMBER_OF_AS},
    {"autonomous-system:name", "asn", "description", "text", NULL, MISP_AS_TEXT},

    FILE_HASH("MD5", "md5"),
    FILE_HASH("SHA-1", "sha1"),
    FILE_HASH("SHA-224", "sha224"),
    FILE_HASH("SHA-256", "sha256"),
    FILE_HASH("SHA-384", "sha384"),
    FILE_HASH("SHA-512", "sha512"),
    FILE_HASH("SHA3-256", "sha3-256"),
    FILE_HASH("SHA3-512", "sha3-512"),
    FILE_HASH("SSDEEP", "ssdeep"),
    FILE_HASH("TLSH", "tlsh"),
    {"file:name", "file", "filename", "filename", "filename", MISP_AS_TEXT},
    {"file:size", "file", "size-in-bytes", "size-in-bytes", "size-in-bytes", MISP_AS_TEXT},
    {"file:name_enc", "file", "file-encoding", "text", NULL, MISP_AS_TEXT},
    {"file:mime_type", "file", "mimetype", "mime-type", "mime-type", MISP_AS_TEXT},
    {"file:parent_directory_ref.path", "file", "path", "text", NULL, MISP_AS_TEXT},
    {"file:ctime", "file", "creation-time", "datetime", NULL, MISP_AS_TIME},
    {"file:mtime", "file", "modification-time", "datetime", NULL, MISP_AS_TIME},
    {"file:atime", "file", "access-time", "datetime", NULL, MISP_AS_TIME},
    {"artifact:mime_type", "artifact", "mime_type", "mime-type", NULL, MISP_AS_TEXT},
    {"artifact:payload_bin", "artifact", "payload_bin", "attachment", NULL, MISP_AS_DATA},
    {"artifact:url", "artifact", "url", "url", NULL, MISP_AS_TEXT},
    {"artifact:decryption_key", "artifact", "decryption_key", "text", NULL, MISP_AS_TEXT},
    {"artifact:encryption_algorithm", "artifact", "encryption_algorithm", "text", NULL, MISP_AS_TEXT},
    {"directory:path", "directory", "path", "text", NULL, MISP_AS_TEXT},
    {"directory:path_enc", "directory", "path-encoding", "text", NULL, MISP_AS_TEXT},
    {"directory:ctime", "directory", "creation-time", "datetime", NULL, MISP_AS_TIME},
    {"directory:mtime", "directory", "modification-time", "datetime", NULL, MISP_AS_TIME},
    {"directory:atime", "directory", "access-time", "datetime", NULL, MISP_AS_TIME},

    {"email-message:date", "email", "send-date", "datetime", NULL, MISP_AS_TIME},
    {"email-message:subject", "email", "subject", "email-subject", "email-subject", MISP_AS_TEXT},
    {"email-message:message_id", "email", "message-id", "email-message-id", "email-message-id", MISP_AS_TEXT},
    {"email-message:from_ref.value", "email", "from", "email-src", "email-src", MISP_AS_TEXT},
    {"email-message:from_ref.display_name", "email", "from-display-name", "email-src-display-name",
     "email-src-display-name", MISP_AS_TEXT},
    {"email-message:to_refs.value", "email", "to", "email-dst", "email-dst", MISP_AS_TEXT},
    {"email-message:to_refs.display_name", "email", "to-display-name", "email-dst-display-name",
     "email-dst-display-name", MISP_AS_TEXT},
    {"email-message:cc_refs.value", "email", "cc", "email-dst", "email-dst", MISP_AS_TEXT},
    {"email-message:cc_refs.display_name", "email", "cc-display-name", "email-dst-display-name",
     "email-dst-display-name", MISP_AS_TEXT},
    {"email-message:bcc_refs.value", "email", "bcc", "email-dst", "email-dst", MISP_AS_TEXT},
    {"email-message:body", "email", "email-body", "email-body", "email-body", MISP_AS_TEXT},
    {"email-message:body_multipart.body", "email", "email-body", "email-body", "email-body", MISP_AS_TEXT},
    {"email-message:body_multipart.body_raw_ref.name", "email", "attachment", "email-attachment", "email-attachment",
     MISP_AS_TEXT},
    {"email-message:received_lines", "email", "header", "email-header", "email-header", MISP_AS_TEXT},
    {"email-message:additional_header_fields.X-Mailer", "email", "x-mailer", "email-x-mailer", "email-x-mailer",
     MISP_AS_TEXT},
    {"email-message:additional_header_fields.Reply-To", "email", "reply-to", "email-reply-to", "email-reply-to",
     MISP_AS_TEXT},
    {"email-message:additional_header_fields.X-Originating-IP", "email", "received-header-ip", "ip-src", "ip-src",
     MISP_AS_TEXT},

    {"network-traffic:src_ref.value", "network-traffic", "src_ip", "ip-src", "ip-src", MISP_AS_TEXT},
    {"network-traffic:dst_ref.value", "network-traffic", "dst_ip", "ip-dst", "ip-dst", MISP_AS_TEXT},
    {"network-traffic:src_port", "network-traffic", "src_port", "port", NULL, MISP_AS_TEXT},
    {"network-traffic:dst_port", "network-traffic", "dst_port", "port", NULL, MISP_AS_TEXT},
    {"network-traffic:src_byte_count", "network-traffic", "src_byte_count", "size-in-bytes", NULL, MISP_AS_TEXT},
    {"network-traffic:dst_byte_count", "network-traffic", "dst_byte_count", "size-in-bytes", NULL, MISP_AS_TEXT},
    {"network-traffic:src_packets", "network-traffic", "src_packets", "counter", NULL, MISP_AS_TEXT},
    {"network-traffic:dst_packets", "network-traffic", "dst_packets", "counter", NULL, MISP_AS_TEXT},
    {"network-traffic:protocols", "network-traffic", "protocol", "text", NULL, MISP_AS_UPPER},
    {"network-traffic:start", "network-traffic", "start_time", "datetime", NULL, MISP_AS_TIME},
    {"network-traffic:end", "network-traffic", "end_time", "datetime", NULL, MISP_AS_TIME},
    {"network-traffic:extensions.http-request-ext.request_header.User-Agent", "http-request", "user-agent",
     "user-agent", "user-agent", MISP_AS_TEXT},
    {"network-traffic:extensions.http-request-ext.request_method", "http-request", "method", "http-method",
     "http-method", MISP_AS_TEXT},
    {"network-traffic:extensions.http-request-ext.request_value", "http-request", "uri", "uri", "uri", MISP_AS_TEXT},

    {"process:pid", "process", "pid", "text", NULL, MISP_AS_TEXT},
    {"process:name", "process", "name", "text", NULL, MISP_AS_TEXT},
    {"process:cwd", "process", "current-directory", "text", NULL, MISP_AS_TEXT},
    {"process:created_time", "process", "creation-time", "datetime", NULL, MISP_AS_TIME},
    {"process:command_line", "process", "command-line", "text", NULL, MISP_AS_TEXT},
    {"process:is_hidden", "process", "hidden", "boolean", NULL, MISP_AS_TEXT},
    {"process:image_ref.name", "process", "image", "filename", NULL, MISP_AS_TEXT},
    {"windows-registry-key:key", "registry-key", "key", "regkey", "regkey", MISP_AS_TEXT},
    {"windows-registry-key:modified_time", "registry-key", "last-modified", "datetime", NULL, MISP_AS_TIME},
    {"windows-registry-key:values.name", "registry-key", "name", "text", NULL, MISP_AS_TEXT},
    {"windows-registry-key:values.data", "registry-key", "data", "text", NULL, MISP_AS_TEXT},
    {"windows-registry-key:values.data_type", "registry-key", "data-type", "text", NULL, MISP_AS_TEXT},
    {"software:name", "software", "name", "text", NULL, MISP_AS_TEXT},
    {"software:vendor", "software", "vendor", "text", NULL, MISP_AS_TEXT},
    {"software:version", "software", "version", "text", NULL, MISP_AS_TEXT},
    {"software:cpe", "software", "cpe", "cpe", NULL, MISP_AS_TEXT},
    {"software:swid", "software", "swid", "text", NULL, MISP_AS_TEXT},
    {"software:languages", "software", "language", "text", NULL, MISP_AS_TEXT},
    {"user-account:account_login", "user-account", "username", "text", NULL, MISP_AS_TEXT},
    {"user-account:account_type", "user-account", "account-type", "text", NULL, MISP_AS_TEXT},
    {"user-account:user_id", "user-account", "user-id", "text", NULL, MISP_AS_TEXT},
    {"user-account:display_name", "user-account", "display-name", "text", NULL, MISP_AS_TEXT},
    {"user-account:credential", "user-account", "password", "text", NULL, MISP_AS_TEXT},
    {"user-account:is_service_account", "user-account", "is_service_account", "boolean", NULL, MISP_AS_TEXT},
    {"user-account:is_privileged", "user-account", "privileged", "boolean", NULL, MISP_AS_TEXT},
    {"user-account:can_escalate_privs", "user-account", "can_escalate_privs", "boolean", NULL, MISP_AS_TEXT},
    {"user-account:is_disabled", "user-account", "disabled", "boolean", NULL, MISP_AS_TEXT},
    {"user-account:account_created", "user-account", "created", "datetime", NULL, MISP_AS_TIME},
    {"user-account:account_expires", "user-account", "expires", "datetime", NULL, MISP_AS_TIME},
    {"user-account:credential_last_changed", "user-account", "password_last_changed", "datetime", NULL, MISP_AS_TIME},
    {"user-account:account_first_login", "user-account", "first_login", "datetime", NULL, MISP_AS_TIME},
    {"user-account:account_last_login", "user-account", "last_login", "datetime", NULL, MISP_AS_TIME},
    {"user-account:extensions.unix-account-ext.gid", "user-account", "group-id", "text", NULL, MISP_AS_TEXT},
    {"user-account:extensions.unix-account-ext.groups", "user-account", "group", "text", NULL, MISP_AS_TEXT},
    {"user-account:extensions.unix-account-ext.home_dir", "user-account", "home_dir", "text", NULL, MISP_AS_TEXT},
    {"user-account:extensions.unix-account-ext.shell", "user-account", "shell", "text", NULL, MISP_AS_TEXT},
    X509_HASH("MD5", "x509-fingerprint-md5"),
    X509_HASH("SHA-1", "x509-fingerprint-sha1"),
    X509_HASH("SHA-256", "x509-fingerprint-sha256"),
    {"x509-certificate:is_self_signed", "x509", "self_signed", "boolean", NULL, MISP_AS_TEXT},
    {"x509-certificate:version", "x509", "version", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:serial_number", "x509", "serial-number", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:signature_algorithm", "x509", "signature_algorithm", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:issuer", "x509", "issuer", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:subject", "x509", "subject", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:validity_not_before", "x509", "validity-not-before", "datetime", NULL, MISP_AS_TIME},
    {"x509-certificate:validity_not_after", "x509", "validity-not-after", "datetime", NULL, MISP_AS_TIME},
    {"x509-certificate:subject_public_key_algorithm", "x509", "pubkey-info-algorithm", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:subject_public_key_modulus", "x509", "pubkey-info-modulus", "text", NULL, MISP_AS_TEXT},
    {"x509-certificate:subject_public_key_exponent", "x509", "pubkey-info-exponent", "text", NULL, MISP_AS_TEXT},
};

const struct misp_map *misp_map_of(struct text path)
{
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        if (text_eq(path, text_of(maps[i].path)))
            return &maps[i];
    return NULL;
}

bool misp_map_silent(struct text path)
{
    static const char *const ends[] = {"_ref.type", "_refs.type", ":is_multipart", ".content_type"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (text_ends(path, text_of(ends[i])))
            return true;
    return false;
}

/* A type that begins so (a "*" at the end) or is so. */
static const struct {
    const char *type, *category;
} categories[] = {
    {"ip-*", "Network activity"},
    {"domain*", "Network activity"},
    {"hostname*", "Network activity"},
    {"url", "Network activity"},
    {"uri", "Network activity"},
    {"AS", "Network activity"},
    {"port", "Network activity"},
    {"mac-*", "Network activity"},
    {"user-agent", "Network activity"},
    {"http-method", "Network activity"},
    {"x509-*", "Network activity"},
    {"ja3-*", "Network activity"},
    {"snort", "Network activity"},
    {"suricata", "Network activity"},
    {"zeek", "Network activity"},
    {"onion-address", "Network activity"},
    {"email-dst", "Network activity"},
    {"email", "Social network"},
    {"github-*", "Social network"},
    {"twitter-id", "Social network"},
    {"jabber-id", "Social network"},
    {"email-*", "Payload delivery"},
    {"filename*", "Payload delivery"},
    {"md5", "Payload delivery"},
    {"sha*", "Payload delivery"},
    {"ssdeep", "Payload delivery"},
    {"tlsh", "Payload delivery"},
    {"imphash", "Payload delivery"},
    {"malware-sample", "Payload delivery"},
    {"yara", "Payload installation"},
    {"sigma", "Payload installation"},
    {"stix2-pattern", "Payload installation"},
    {"mutex", "Artifacts dropped"},
    {"mime-type", "Artifacts dropped"},
    {"named pipe", "Artifacts dropped"},
    {"regkey*", "Persistence mechanism"},
    {"attachment", "External analysis"},
    {"link", "External analysis"},
    {"cpe", "External analysis"},
    {"vulnerability", "External analysis"},
    {"weakness", "External analysis"},
    {"campaign-name", "Attribution"},
    {"threat-actor", "Attribution"},
    {"btc", "Financial fraud"},
};

const char *misp_category(struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
        struct text t = text_of(categories[i].type);
        bool begins = text_ends(t, TEXT("*"));
        if (begins ? text_starts(type, text_sub(t, 0, t.len - 1)) : text_eq(type, t))
            return categories[i].category;
    }
    return "Other";
}

const char *misp_meta_category(const char *object)
{
    static const char *const network[] = {"domain-ip",       "url",          "asn", "email",
                                          "network-traffic", "http-request", "x509"};
    static const char *const file[] = {"file", "artifact", "directory", "registry-key"};
    struct text t = text_of(object);
    for (size_t i = 0; i < ARRAY_LEN(network); i++)
        if (text_eq(t, text_of(network[i])))
            return "network";
    for (size_t i = 0; i < ARRAY_LEN(file); i++)
        if (text_eq(t, text_of(file[i])))
            return "file";
    return "misc";
}
