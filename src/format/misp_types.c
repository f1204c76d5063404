/* format/misp_types.c - see misp_types.h. */
#include "format/misp_types.h"

#define HASHES(name, algorithm, kind)                              \
    {name, MISP_HASH, algorithm, "file", kind, false},             \
    {                                                              \
        "filename|" name, MISP_HASH, algorithm, "file", kind, true \
    }

static const struct misp_type types[] = {
    /* addresses and names */
    {"ip-src", MISP_ADDRESS, "src", NULL, VALUE_CIDR, false},
    {"ip-dst", MISP_ADDRESS, "dst", NULL, VALUE_CIDR, false},
    {"ip-src|port", MISP_ADDRESS, "src", NULL, VALUE_CIDR, true},
    {"ip-dst|port", MISP_ADDRESS, "dst", NULL, VALUE_CIDR, true},
    {"hostname|port", MISP_HOST_PORT, "dst", NULL, VALUE_DOMAIN, true},
    {"domain|ip", MISP_DOMAIN_IP, NULL, NULL, VALUE_DOMAIN, true},
    {"domain", MISP_SIMPLE, "domain-name:value", "value", VALUE_DOMAIN, false},
    {"hostname", MISP_SIMPLE, "domain-name:value", "value", VALUE_DOMAIN, false},
    {"onion-address", MISP_SIMPLE, "domain-name:value", "value", VALUE_DOMAIN, false},
    {"url", MISP_SIMPLE, "url:value", "value", VALUE_URL, false},
    {"uri", MISP_SIMPLE, "url:value", "value", VALUE_URL, false},
    {"link", MISP_SIMPLE, "url:value", "value", VALUE_URL, false},
    {"mac-address", MISP_SIMPLE, "mac-addr:value", "value", VALUE_NONE, false},
    {"AS", MISP_NUMBER, "autonomous-system:number", "number", VALUE_NONE, false},
    {"ja3-fingerprint-md5", MISP_SIMPLE, "network-traffic:x_ja3", NULL, VALUE_JA3, false},
    {"user-agent", MISP_SIMPLE, "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*]", NULL,
     VALUE_NONE, false},
    /* files */
    HASHES("md5", "MD5", VALUE_MD5),
    HASHES("sha1", "SHA-1", VALUE_SHA1),
    HASHES("sha224", "SHA-224", VALUE_NONE),
    HASHES("sha256", "SHA-256", VALUE_SHA256),
    HASHES("sha384", "SHA-384", VALUE_NONE),
    HASHES("sha512", "SHA-512", VALUE_SHA512),
    HASHES("sha512/224", "SHA-512-224", VALUE_NONE),
    HASHES("sha512/256", "SHA-512-256", VALUE_NONE),
    HASHES("sha3-224", "SHA3-224", VALUE_NONE),
    HASHES("sha3-256", "SHA3-256", VALUE_NONE),
    HASHES("sha3-384", "SHA3-384", VALUE_NONE),
    HASHES("sha3-512", "SHA3-512", VALUE_NONE),
    HASHES("ssdeep", "SSDEEP", VALUE_NONE),
    HASHES("tlsh", "TLSH", VALUE_NONE),
    HASHES("authentihash", "AUTHENTIHASH", VALUE_NONE),
    HASHES("vhash", "VHASH", VALUE_NONE),
    HASHES("imphash", "IMPHASH", VALUE_NONE),
    HASHES("impfuzzy", "IMPFUZZY", VALUE_NONE),
    HASHES("pehash", "PEHASH", VALUE_NONE),
    {"telfhash", MISP_HASH, "TELFHASH", "file", VALUE_NONE, false},
    {"cdhash", MISP_HASH, "CDHASH", "file", VALUE_NONE, false},
    {"x509-fingerprint-md5", MISP_HASH, "MD5", "x509-certificate", VALUE_MD5, false},
    {"x509-fingerprint-sha1", MISP_HASH, "SHA-1", "x509-certificate", VALUE_SHA1, false},
    {"x509-fingerprint-sha256", MISP_HASH, "SHA-256", "x509-certificate", VALUE_SHA256, false},
    {"filename", MISP_SIMPLE, "file:name", "name", VALUE_NONE, false},
    {"size-in-bytes", MISP_NUMBER, "file:size", "size", VALUE_NONE, false},
    {"mime-type", MISP_SIMPLE, "file:mime_type", NULL, VALUE_NONE, false},
    {"attachment", MISP_FILE, NULL, NULL, VALUE_NONE, false},
    {"malware-sample", MISP_FILE, NULL, NULL, VALUE_MD5, true},
    /* hosts */
    {"mutex", MISP_SIMPLE, "mutex:name", "name", VALUE_NONE, false},
    {"regkey", MISP_REGISTRY, NULL, NULL, VALUE_NONE, false},
    {"regkey|value", MISP_REGISTRY, NULL, NULL, VALUE_NONE, true},
    {"github-username", MISP_ACCOUNT, "github", NULL, VALUE_NONE, false},
    {"twitter-id", MISP_ACCOUNT, "twitter", NULL, VALUE_NONE, false},
    /* mail */
    {"email", MISP_SIMPLE, "email-addr:value", "value", VALUE_EMAIL, false},
    {"email-src", MISP_MAIL, "email-message:from_ref.value", "from_ref", VALUE_EMAIL, false},
    {"email-dst", MISP_MAIL, "email-message:to_refs[*].value", "to_refs", VALUE_EMAIL, false},
    {"email-reply-to", MISP_MAIL, "email-message:additional_header_fields.'Reply-To'[*]", "Reply-To", VALUE_NONE,
     false},
    {"email-x-mailer", MISP_MAIL, "email-message:additional_header_fields.'X-Mailer'[*]", "X-Mailer", VALUE_NONE,
     false},
    {"email-subject", MISP_MAIL, "email-message:subject", "subject", VALUE_NONE, false},
    {"email-body", MISP_MAIL, "email-message:body", "body", VALUE_NONE, false},
    {"email-message-id", MISP_MAIL, "email-message:message_id", "message_id", VALUE_NONE, false},
    {"email-header", MISP_MAIL, "email-message:received_lines[*]", "received_lines", VALUE_NONE, false},
    {"email-attachment", MISP_MAIL, "email-message:body_multipart[*].body_raw_ref.name", "body_multipart", VALUE_NONE,
     false},
    /* rules */
    {"yara", MISP_RULE, "yara", NULL, VALUE_NONE, false},
    {"snort", MISP_RULE, "snort", NULL, VALUE_NONE, false},
    {"suricata", MISP_RULE, "suricata", NULL, VALUE_NONE, false},
    {"sigma", MISP_RULE, "sigma", NULL, VALUE_NONE, false},
    {"stix2-pattern", MISP_RULE, "stix", NULL, VALUE_NONE, false},
    /* knowledge */
    {"campaign-name", MISP_SDO, "campaign", NULL, VALUE_NONE, false},
    {"vulnerability", MISP_SDO, "vulnerability", NULL, VALUE_NONE, false},
};

const struct misp_type *misp_type_of(struct text name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_eq(name, text_of(types[i].name)))
            return &types[i];
    return NULL;
}
