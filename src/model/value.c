/* model/value.c - atomic values and their one normal form. Runs for every CSV row and, in part, for log tokens:
 * each kind is checked whole before the first byte goes out, and nothing is allocated but by the out buffer. */
#include "model/value.h"

#include <string.h>

#include "model/value_idn.h"
#include "model/value_token.h"
#include "model/value_url.h"

#define LABEL_MAX_BYTES 63 /* RFC 1035 section 2.3.4 */
#define LOCAL_MAX_BYTES 64 /* RFC 5321 section 4.5.3.1.1 */

static const char *const kind_names[VALUE_KINDS] = {
    "none", "domain", "ipv4",   "ipv6", "cidr", "url", "email", "md5",
    "sha1", "sha256", "sha512", "asn",  "ja3",  "ja4", "mutex", "filename",
};

const char *value_kind_name(enum value_kind kind)
{
    return (unsigned)kind < VALUE_KINDS ? kind_names[kind] : "none";
}

/* What MISP, STIX, OTX and spreadsheets call them. A MISP ip-src or ip-dst is of either family, or a network:
 * value_normalise() says which. */
static const struct {
    const char *name;
    enum value_kind kind;
} synonyms[] = {
    {"domain-name", VALUE_DOMAIN},
    {"hostname", VALUE_DOMAIN},
    {"host", VALUE_DOMAIN},
    {"fqdn", VALUE_DOMAIN},
    {"ip", VALUE_IPV4},
    {"ip-src", VALUE_IPV4},
    {"ip-dst", VALUE_IPV4},
    {"ip-address", VALUE_IPV4},
    {"ipv4-addr", VALUE_IPV4},
    {"ipv6-addr", VALUE_IPV6},
    {"network", VALUE_CIDR},
    {"ip-range", VALUE_CIDR},
    {"uri", VALUE_URL},
    {"email-addr", VALUE_EMAIL},
    {"email-src", VALUE_EMAIL},
    {"email-dst", VALUE_EMAIL},
    {"e-mail", VALUE_EMAIL},
    {"sha-1", VALUE_SHA1},
    {"sha-256", VALUE_SHA256},
    {"sha-512", VALUE_SHA512},
    {"filehash-md5", VALUE_MD5},
    {"filehash-sha1", VALUE_SHA1},
    {"filehash-sha256", VALUE_SHA256},
    {"filehash-sha512", VALUE_SHA512},
    {"as", VALUE_ASN},
    {"autonomous-system:number", VALUE_ASN},
    {"autonomous-system", VALUE_ASN},
    {"ja3-fingerprint-md5", VALUE_JA3},
    {"ja3s", VALUE_JA3},
    {"ja4+", VALUE_JA4},
    {"ja4-plus", VALUE_JA4},
    {"mutex:name", VALUE_MUTEX},
    {"file-name", VALUE_FILENAME},
    {"file:name", VALUE_FILENAME},
};

/* "file:hashes.'SHA-256'" and "url:value" down to the word that names the kind. */
static struct text kind_word(struct text name)
{
    static const struct text hashes = {"file:hashes.", 12}, value = {":value", 6};

    name = text_trim(name);
    if (text_eq_nocase(text_sub(name, 0, hashes.len), hashes))
        name = text_sub(name, hashes.len, name.len);
    else if (name.len > value.len && text_eq_nocase(text_sub(name, name.len - value.len, value.len), value))
        name = text_sub(name, 0, name.len - value.len);
    if (name.len > 2 && name.ptr[0] == '\'' && name.ptr[name.len - 1] == '\'')
        name = text_sub(name, 1, name.len - 2);
    return name;
}

enum value_kind value_kind_parse(struct text name)
{
    name = kind_word(name);
    for (int kind = VALUE_DOMAIN; kind < VALUE_KINDS; kind++)
        if (text_eq_nocase(name, text_of(kind_names[kind])))
            return (enum value_kind)kind;
    for (size_t i = 0; i < ARRAY_LEN(synonyms); i++)
        if (text_eq_nocase(name, text_of(synonyms[i].name)))
            return synonyms[i].kind;
    return VALUE_NONE;
}

/* ---- domain names ---- */

static bool is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static const char *label_check(struct text label, bool *ret_numeric)
{
    bool numeric = true;

    if (label.len == 0)
        return "a domain name has no empty label";
    if (label.len > LABEL_MAX_BYTES)
        return "a label of a domain name is at most 63 bytes long";
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return "a label of a domain name neither begins nor ends with a hyphen";
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];

        if (is_digit(c))
            continue;
        if ((unsigned char)c >= 0x80)
            return "a domain name is ASCII here: write the xn-- form";
        if (!is_alpha(c) && c != '-' && c != '_')
            return "a domain name is made of letters, digits, '-' and '_'";
        numeric = false;
    }
    *ret_numeric = numeric;
    return NULL;
}

/* NULL when t is a domain name as it stands, without "*." and trailing dot; else what is wrong. */
static const char *domain_check(struct text t)
{
    bool numeric = false;
    size_t labels = 0, start = 0;

    if (t.len > DOMAIN_MAX_BYTES)
        return "a domain name is at most 253 bytes long";
    for (size_t i = 0; i <= t.len; i++) {
        const char *wrong;

        if (i < t.len && t.ptr[i] != '.')
            continue;
        wrong = label_check((struct text){t.ptr + start, i - start}, &numeric);
        if (wrong)
            return wrong;
        labels++;
        start = i + 1;
    }
    if (labels < 2)
        return "a domain name has at least two labels";
    return numeric ? "the last label of a domain name is not a number" : NULL;
}

static struct text without_last_dot(struct text t)
{
    return t.len > 1 && t.ptr[t.len - 1] == '.' ? text_sub(t, 0, t.len - 1) : t;
}

static struct text domain_core(struct text t)
{
    if (t.len > 2 && t.ptr[0] == '*' && t.ptr[1] == '.')
        t = text_sub(t, 2, t.len);
    return without_last_dot(t);
}

static const char *domain_normalise(struct text raw, struct buffer *out)
{
    char ascii[VALUE_IDN_BYTES];
    struct text core = domain_core(raw);
    const char *wrong;

    if (value_is_idn(core)) {
        core = value_idn_to_ascii(core, ascii);
        if (core.len == 0)
            return "no domain name: it has no A-label form (UTS 46)";
    }
    wrong = core.len > 0 ? domain_check(core) : "a domain name is not empty";
    if (!wrong)
        buffer_add_lower(out, core);
    return wrong;
}

/* ---- addresses and networks ---- */

static void add_length(struct buffer *out, unsigned len)
{
    buffer_add_char(out, '/');
    if (len >= 100)
        buffer_add_char(out, '1');
    if (len >= 10)
        buffer_add_char(out, (char)('0' + len / 10 % 10));
    buffer_add_char(out, (char)('0' + len % 10));
}

/* Any of the three kinds may be asked for: what the text is decides. */
static const char *address_normalise(struct text raw, struct buffer *out, enum value_kind *ret_kind)
{
    char text[IPADDR_TEXT_MAX];
    struct ipnet net;

    if (raw.len > IPADDR_TEXT_MAX + 4 || ipnet_parse(raw, &net))
        return "not an IPv4 or IPv6 address or network (address/length)";
    buffer_add(out, ipaddr_format(&net.addr, text));
    if (net.len < net.addr.bits)
        add_length(out, net.len);
    *ret_kind = net.len < net.addr.bits ? VALUE_CIDR : net.addr.bits == 32 ? VALUE_IPV4 : VALUE_IPV6;
    return NULL;
}

/* ---- e-mail addresses ---- */

/* RFC 5322's atext and the dot; dots in a row are against the standard but real. */
static bool is_local(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *email_check(struct text raw, struct text *ret_local, struct text *ret_domain)
{
    const char *at = raw.len > 0 ? memrchr(raw.ptr, '@', raw.len) : NULL;
    const char *wrong;

    if (!at || raw.len > EMAIL_MAX_BYTES)
        return "an e-mail address is local@domain, at most 320 bytes long";
    *ret_local = text_sub(raw, 0, (size_t)(at - raw.ptr));
    *ret_domain = without_last_dot(text_sub(raw, ret_local->len + 1, raw.len));
    if (ret_local->len == 0 || ret_local->len > LOCAL_MAX_BYTES)
        return "the part before the @ has 1 to 64 bytes";
    for (size_t i = 0; i < ret_local->len; i++)
        if (!is_local(ret_local->ptr[i]))
            return "a character that does not belong before the @ (RFC 5322 section 3.2.3)";
    wrong = domain_check(*ret_domain);
    return wrong;
}

static const char *email_normalise(struct text raw, struct buffer *out)
{
    struct text local, domain;
    const char *wrong = email_check(raw, &local, &domain);

    if (wrong)
        return wrong;
    buffer_add_lower(out, local);
    buffer_add_char(out, '@');
    buffer_add_lower(out, domain);
    return NULL;
}

/* ---- hashes ---- */

static size_t hash_digits(enum value_kind kind)
{
    switch (kind) {
    case VALUE_MD5:
    case VALUE_JA3: return 32;
    case VALUE_SHA1: return 40;
    case VALUE_SHA256: return 64;
    case VALUE_SHA512: return 128;
    default: return 0;
    }
}

static bool is_hex(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = (char)(t.ptr[i] | 0x20);

        if (!is_digit(t.ptr[i]) && (c < 'a' || c > 'f'))
            return false;
    }
    return true;
}

static const char *hash_normalise(enum value_kind kind, struct text raw, struct buffer *out)
{
    if (raw.len != hash_digits(kind) || !is_hex(raw))
        return kind == VALUE_JA3      ? "a JA3 fingerprint has 32 hexadecimal digits"
               : kind == VALUE_MD5    ? "an MD5 hash has 32 hexadecimal digits"
               : kind == VALUE_SHA1   ? "a SHA-1 hash has 40 hexadecimal digits"
               : kind == VALUE_SHA256 ? "a SHA-256 hash has 64 hexadecimal digits"
                                      : "a SHA-512 hash has 128 hexadecimal digits";
    buffer_add_lower(out, raw);
    return NULL;
}

/* ---- all kinds ---- */

enum err value_normalise(enum value_kind kind, struct text raw, struct buffer *out, enum value_kind *ret_kind,
                         struct fault *reterr)
{
    enum value_kind became = kind;
    const char *wrong;

    raw = text_trim(raw);
    switch (kind) {
    case VALUE_DOMAIN: wrong = domain_normalise(raw, out); break;
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR: wrong = address_normalise(raw, out, &became); break;
    case VALUE_URL: wrong = value_url_normalise(raw, out); break;
    case VALUE_EMAIL: wrong = email_normalise(raw, out); break;
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
    case VALUE_SHA512:
    case VALUE_JA3: wrong = hash_normalise(kind, raw, out); break;
    case VALUE_ASN:
    case VALUE_JA4:
    case VALUE_MUTEX:
    case VALUE_FILENAME: wrong = value_token_normalise(kind, raw, out); break;
    default: wrong = "a value needs a kind"; break;
    }
    if (wrong)
        return fault_set(reterr, ERR_MALFORMED, "%s", wrong);
    *ret_kind = became;
    return OK;
}

static enum value_kind detect_hash(struct text t)
{
    for (int kind = VALUE_MD5; kind <= VALUE_SHA512; kind++)
        if (t.len == hash_digits((enum value_kind)kind) && is_hex(t))
            return (enum value_kind)kind;
    return VALUE_NONE;
}

enum value_kind value_detect(struct text raw)
{
    char ascii[VALUE_IDN_BYTES];
    struct text t = text_trim(raw), local, domain;
    enum value_kind hash = detect_hash(t);
    struct ipnet net;

    if (hash != VALUE_NONE)
        return hash;
    if (t.len <= IPADDR_TEXT_MAX + 4 && ipnet_parse(t, &net) == OK)
        return text_find(t, '/', 0) >= 0 ? VALUE_CIDR : net.addr.bits == 32 ? VALUE_IPV4 : VALUE_IPV6;
    if (value_url_check(t))
        return VALUE_URL;
    if (!email_check(t, &local, &domain))
        return VALUE_EMAIL;
    domain = domain_core(t);
    if (value_is_idn(domain))
        domain = value_idn_to_ascii(domain, ascii);
    return domain.len > 0 && !domain_check(domain) ? VALUE_DOMAIN : value_token_detect(t);
}
