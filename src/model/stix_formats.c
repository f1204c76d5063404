/* model/stix_formats.c - strings of a form that the specification or one it refers to prescribes. */
#include <string.h>

#include "base/ipaddr.h"
#include "base/limits.h"
#include "model/stix_check.h"

static bool is_alpha(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_hex(char ch)
{
    return is_digit(ch) || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static bool all(struct text t, bool (*is)(char ch))
{
    for (size_t i = 0; i < t.len; i++)
        if (!is(t.ptr[i]))
            return false;
    return true;
}

static bool one_of(char ch, const char *set)
{
    return ch != 0 && strchr(set, ch) != NULL;
}

/* ---- language tags: RFC 5646 section 2.1, well-formed (2.2.9); which subtags are registered is not looked at ----
 */

static bool is_alnum(char ch)
{
    return is_alpha(ch) || is_digit(ch);
}

static bool grandfathered(struct text tag)
{
    static const struct text tags[] = {
        NAMED("en-GB-oed"), NAMED("i-ami"),     NAMED("i-bnn"),      NAMED("i-default"),   NAMED("i-enochian"),
        NAMED("i-hak"),     NAMED("i-klingon"), NAMED("i-lux"),      NAMED("i-mingo"),     NAMED("i-navajo"),
        NAMED("i-pwn"),     NAMED("i-tao"),     NAMED("i-tay"),      NAMED("i-tsu"),       NAMED("sgn-BE-FR"),
        NAMED("sgn-BE-NL"), NAMED("sgn-CH-DE"), NAMED("art-lojban"), NAMED("cel-gaulish"), NAMED("no-bok"),
        NAMED("no-nyn"),    NAMED("zh-guoyu"),  NAMED("zh-hakka"),   NAMED("zh-min"),      NAMED("zh-min-nan"),
        NAMED("zh-xiang"),
    };

    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (text_eq_nocase(tag, tags[i]))
            return true;
    return false;
}

struct tag {
    struct text rest, part;
    bool more; /* part is there */
};

static void tag_next(struct tag *t)
{
    t->more = t->rest.ptr && text_split(&t->rest, '-', &t->part);
}

static bool tag_is(const struct tag *t, size_t least, size_t most, bool (*is)(char ch))
{
    return t->more && t->part.len >= least && t->part.len <= most && all(t->part, is);
}

static bool is_variant(const struct tag *t)
{
    return tag_is(t, 5, 8, is_alnum) || (tag_is(t, 4, 4, is_alnum) && is_digit(t->part.ptr[0]));
}

/* "x-" and what follows: one or more of up to eight characters, to the end. */
static bool private_use(struct tag *t)
{
    bool any = false;

    for (tag_next(t); t->more; tag_next(t)) {
        if (!tag_is(t, 1, 8, is_alnum))
            return false;
        any = true;
    }
    return any;
}

static bool tag_extensions(struct tag *t)
{
    while (tag_is(t, 1, 1, is_alnum)) {
        bool any = false;

        if ((t->part.ptr[0] | 0x20) == 'x')
            return private_use(t);
        for (tag_next(t); tag_is(t, 2, 8, is_alnum); tag_next(t))
            any = true;
        if (!any)
            return false;
    }
    return !t->more;
}

static void tag_language(struct tag *t)
{
    bool extended = t->part.len <= 3;

    tag_next(t);
    for (int i = 0; extended && i < 3 && tag_is(t, 3, 3, is_alpha); i++)
        tag_next(t);
    if (tag_is(t, 4, 4, is_alpha))
        tag_next(t);
    if (tag_is(t, 2, 2, is_alpha) || tag_is(t, 3, 3, is_digit))
        tag_next(t);
    while (is_variant(t))
        tag_next(t);
}

bool stix_language_valid(struct text text)
{
    struct tag t = {.rest = text};

    if (text.len == 0 || text.ptr[text.len - 1] == '-')
        return false;
    if (grandfathered(text))
        return true;
    tag_next(&t);
    if (tag_is(&t, 1, 1, is_alpha) && (t.part.ptr[0] | 0x20) == 'x')
        return private_use(&t);
    if (!tag_is(&t, 2, 8, is_alpha))
        return false;
    tag_language(&t);
    return tag_extensions(&t);
}

/* ---- URLs: RFC 3986 ---- */

static bool uri_chars(struct text t, const char *more)
{
    for (size_t i = 0; i < t.len; i++) {
        char ch = t.ptr[i];

        if (ch == '%' && (t.len - i < 3 || !is_hex(t.ptr[i + 1]) || !is_hex(t.ptr[i + 2])))
            return false;
        if (ch != '%' && !is_alnum(ch) && !one_of(ch, "-._~!$&'()*+,;=:@") && !one_of(ch, more))
            return false;
    }
    return true;
}

static bool port_valid(struct text t)
{
    return t.len == 0 || (t.ptr[0] == ':' && all(text_sub(t, 1, t.len), is_digit));
}

static bool host_valid(struct text t)
{
    struct ipaddr address;
    ptrdiff_t end = text_find(t, ']', 0);

    if (t.len > 0 && t.ptr[0] == '[') {
        struct text inner = text_sub(t, 1, end > 0 ? (size_t)end - 1 : 0);
        bool future = inner.len > 1 && (inner.ptr[0] | 0x20) == 'v';

        return end > 1 && port_valid(text_sub(t, (size_t)end + 1, t.len)) &&
               (future || (ipaddr_parse(inner, &address) == OK && text_find(inner, ':', 0) >= 0));
    }
    for (size_t i = t.len; i-- > 0;)
        if (t.ptr[i] == ':')
            return port_valid(text_sub(t, i, t.len)) && text_find(text_sub(t, 0, i), ':', 0) < 0 &&
                   uri_chars(text_sub(t, 0, i), "");
    return uri_chars(t, "");
}

static bool authority_valid(struct text t)
{
    ptrdiff_t at = -1;

    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] == '@')
            at = (ptrdiff_t)i;
    if (at >= 0 && (!uri_chars(text_sub(t, 0, (size_t)at), "") || text_find(text_sub(t, 0, (size_t)at), '@', 0) >= 0))
        return false;
    return host_valid(text_sub(t, (size_t)(at + 1), t.len));
}

static struct text until(struct text t, const char *set)
{
    for (size_t i = 0; i < t.len; i++)
        if (one_of(t.ptr[i], set))
            return text_sub(t, 0, i);
    return t;
}

static bool scheme_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!is_alnum(t.ptr[i]) && !one_of(t.ptr[i], "+-."))
            return false;
    return t.len > 0 && is_alpha(t.ptr[0]);
}

/* RFC 3986 section 3, with a scheme: a relative reference locates nothing by itself. */
static bool url_valid(struct text t)
{
    ptrdiff_t colon = text_find(t, ':', 0);
    struct text rest, part;

    if (colon < 0 || !scheme_valid(text_sub(t, 0, (size_t)colon)) || (size_t)colon + 1 == t.len)
        return false;
    rest = text_sub(t, (size_t)colon + 1, t.len);
    if (text_starts(rest, TEXT("//"))) {
        part = until(text_sub(rest, 2, rest.len), "/?#");
        if (!authority_valid(part))
            return false;
        rest = text_sub(rest, 2 + part.len, rest.len);
    }
    part = until(rest, "#");
    if (!uri_chars(part, "/?"))
        return false;
    return part.len == rest.len || uri_chars(text_sub(rest, part.len + 1, rest.len), "/?");
}

/* ---- names and addresses ---- */

/* One label: RFC 5890 section 2.3 knows A-labels, U-labels (any letters beyond ASCII), and others in use such as
 * those with an underscore. */
static bool label_valid(struct text t)
{
    if (t.len == 0 || t.len > 63 || t.ptr[0] == '-' || t.ptr[t.len - 1] == '-')
        return false;
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x80 && !is_alnum(t.ptr[i]) && t.ptr[i] != '-' && t.ptr[i] != '_')
            return false;
    return true;
}

static bool domain_valid(struct text t)
{
    struct text label;

    if (t.len > 1 && t.ptr[t.len - 1] == '.')
        t.len--;
    if (t.len == 0 || t.len > DOMAIN_MAX_BYTES || t.ptr[t.len - 1] == '.')
        return false;
    if (text_starts(t, TEXT("*."))) /* RFC 1034 section 4.3.3 */
        t = text_sub(t, 2, t.len);
    while (text_split(&t, '.', &label))
        if (!label_valid(label))
            return false;
    return true;
}

static bool is_atext(char ch)
{
    return (unsigned char)ch >= 0x80 || is_alnum(ch) || one_of(ch, "!#$%&'*+-/=?^_`{|}~");
}

static bool dot_atom_valid(struct text t)
{
    struct text atom;

    if (t.len == 0 || t.ptr[t.len - 1] == '.')
        return false;
    while (text_split(&t, '.', &atom))
        if (atom.len == 0 || !all(atom, is_atext))
            return false;
    return true;
}

/* RFC 5322 section 3.2.4; t with its quotes. */
static bool quoted_valid(struct text t)
{
    if (t.len < 2 || t.ptr[0] != '"' || t.ptr[t.len - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < t.len; i++) {
        if (t.ptr[i] == '"' || (unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return false;
        if (t.ptr[i] == '\\' && ++i + 1 >= t.len)
            return false;
    }
    return true;
}

/* addr-spec, RFC 5322 section 3.4.1, and letters beyond ASCII (RFC 6532). */
static bool email_valid(struct text t)
{
    struct text local, domain;
    ptrdiff_t at = -1;

    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] == '@')
            at = (ptrdiff_t)i;
    if (at < 1)
        return false;
    local = text_sub(t, 0, (size_t)at);
    domain = text_sub(t, (size_t)at + 1, t.len);
    if (!dot_atom_valid(local) && !quoted_valid(local))
        return false;
    if (domain.len > 2 && domain.ptr[0] == '[')
        return domain.ptr[domain.len - 1] == ']';
    return dot_atom_valid(domain);
}

static bool network_valid(struct text t, bool six)
{
    struct ipnet net;

    return ipnet_parse(t, &net) == OK && (text_find(t, ':', 0) >= 0) == six;
}

static bool ipv4_valid(struct text t)
{
    return network_valid(t, false);
}

static bool ipv6_valid(struct text t)
{
    return network_valid(t, true);
}

static bool mac_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (i % 3 == 2 ? t.ptr[i] != ':' : !is_hex(t.ptr[i]) || (t.ptr[i] >= 'A' && t.ptr[i] <= 'F'))
            return false;
    return t.len == 17;
}

/* ---- the rest ---- */

/* The formatted string of NISTIR 7695: 11 components behind "cpe:2.3:". */
static bool cpe_valid(struct text t)
{
    size_t components = 1, begin = 8;

    if (!text_starts(t, TEXT("cpe:2.3:")) || t.len < 9 || !one_of(t.ptr[8], "aho*-"))
        return false;
    for (size_t i = 8; i < t.len; i++) {
        if ((unsigned char)t.ptr[i] <= 0x20 || (unsigned char)t.ptr[i] >= 0x7f)
            return false;
        if (t.ptr[i] == '\\')
            i++;
        else if (t.ptr[i] == ':' && (i == begin || i + 1 == t.len))
            return false;
        else if (t.ptr[i] == ':') {
            begin = i + 1;
            components++;
        }
    }
    return components == 11;
}

/* Section 6.17.1: HKEY_LOCAL_MACHINE, not HKLM. */
static bool hive_valid(struct text t)
{
    static const struct text shortened[] = {NAMED("HKLM"), NAMED("HKCU"), NAMED("HKCR"), NAMED("HKCC"),
                                            NAMED("HKU"),  NAMED("HKPD"), NAMED("HKDD")};
    struct text hive = until(t, "\\/:");

    for (size_t i = 0; i < ARRAY_LEN(shortened); i++)
        if (text_eq_nocase(hive, shortened[i]))
            return false;
    return true;
}

static bool is_token(char ch)
{
    return is_alnum(ch) || one_of(ch, "!#$&-^_.+");
}

/* RFC 6838 section 4.2, under one of the registered trees. */
static bool media_type_valid(struct text t)
{
    static const struct text trees[] = {NAMED("application"), NAMED("audio"),   NAMED("font"),   NAMED("haptics"),
                                        NAMED("image"),       NAMED("message"), NAMED("model"),  NAMED("multipart"),
                                        NAMED("text"),        NAMED("video"),   NAMED("example")};
    struct text tree = until(t, "/"), type = text_trim(until(text_sub(t, tree.len + 1, t.len), ";"));

    for (size_t i = 0; i < ARRAY_LEN(trees); i++)
        if (text_eq_nocase(tree, trees[i]))
            return type.len > 0 && all(type, is_token);
    return false;
}

/* Section 6.6: no encoded-word of RFC 2047 section 2 is left: =?charset?q?text?= */
static bool decoded(struct text t)
{
    for (size_t i = 0; i + 7 < t.len; i++) {
        struct text rest, charset, coding;

        if (t.ptr[i] != '=' || t.ptr[i + 1] != '?')
            continue;
        rest = text_sub(t, i + 2, t.len);
        charset = until(rest, "? ");
        coding = text_sub(rest, charset.len, 3);
        if (charset.len > 0 && coding.len == 3 && coding.ptr[0] == '?' && one_of(coding.ptr[1], "qQbB") &&
            coding.ptr[2] == '?' && text_find_text(text_sub(rest, charset.len + 3, rest.len), TEXT("?=")) >= 0)
            return false;
    }
    return true;
}

static bool is_relationship(char ch)
{
    return (ch >= 'a' && ch <= 'z') || is_digit(ch) || ch == '-';
}

static bool relationship_valid(struct text t)
{
    return t.len > 0 && all(t, is_relationship);
}

static bool is_lower_word(char ch)
{
    return ch != '_' && ch != ' ' && (ch < 'A' || ch > 'Z');
}

static bool lower_words(struct text t)
{
    return t.len > 0 && all(t, is_lower_word);
}

static bool is_not_upper(char ch)
{
    return ch < 'A' || ch > 'Z';
}

static bool lower(struct text t)
{
    return all(t, is_not_upper);
}

static bool filled(struct text t)
{
    return t.len > 0;
}

static bool priority_valid(struct text t)
{
    return text_ends(t, TEXT("_CLASS"));
}

/* RFC 6335 section 5.1, in the lower case that section 6.12.1 recommends; a dot is in some registered names. */
static bool is_service(char ch)
{
    return is_not_upper(ch) && (is_alnum(ch) || one_of(ch, "-.+/"));
}

static bool protocol_valid(struct text t)
{
    return t.len > 0 && all(t, is_service);
}

/* ISO 3166-2: the country, a hyphen, one to three letters or digits. */
static bool subdivision_valid(struct text t)
{
    struct text part = text_sub(t, 3, t.len);

    return t.len >= 4 && t.len <= 6 && t.ptr[2] == '-' && stix_country_known(text_sub(t, 0, 2)) &&
           all(part, is_alnum);
}

static const struct stix_format_rule formats[] = {
    [FORMAT_LANGUAGE] = {stix_language_valid, STIX_MUST, false, NULL, "is a language code of RFC 5646"},
    [FORMAT_LANGUAGES] = {stix_language_valid, STIX_MUST, false, NULL, "is a language code of RFC 5646",
                          LET_LANGUAGE},
    [FORMAT_RELATIONSHIP] = {relationship_valid, STIX_MUST, false, NULL, "is made of a-z, 0-9 and hyphens"},
    [FORMAT_CHAIN] = {filled, STIX_MUST, false, NULL, "is the name of the kill chain"},
    [FORMAT_PHASE] = {lower_words, STIX_SHOULD, false, NULL, "should be in lower case, with hyphens between words"},
    [FORMAT_URL] = {url_valid, STIX_MUST, true, NULL, "is a URL of RFC 3986"},
    [FORMAT_LINK] = {url_valid, STIX_SHOULD, false, NULL, "should be a URL of RFC 3986"},
    [FORMAT_DOMAIN] = {domain_valid, STIX_MUST, true, NULL, "is a domain name of RFC 1034 and RFC 5890"},
    [FORMAT_EMAIL] = {email_valid, STIX_MUST, true, NULL,
                      "is an address alone (addr-spec of RFC 5322), without a display name"},
    [FORMAT_IPV4] = {ipv4_valid, STIX_MUST, true, NULL, "is an IPv4 address or a network in CIDR notation"},
    [FORMAT_IPV6] = {ipv6_valid, STIX_MUST, true, NULL, "is an IPv6 address or a network in CIDR notation"},
    [FORMAT_MAC] = {mac_valid, STIX_MUST, false, NULL, "is six pairs of 0-9 and a-f with colons between them"},
    [FORMAT_CPE] = {cpe_valid, STIX_MUST, false, NULL, "is a CPE 2.3 name (cpe:2.3: and 11 components)"},
    [FORMAT_CHARSET] = {stix_charset_known, STIX_MUST, false, NULL,
                        "is the preferred name of a character set in IANA's registry", LET_CHARSET},
    [FORMAT_HIVE] = {hive_valid, STIX_MUST, false, NULL, "begins with the whole name of its hive", LET_HIVE},
    [FORMAT_MEDIA_TYPE] = {media_type_valid, STIX_SHOULD, false, NULL, "should be a media type (type/subtype)"},
    [FORMAT_DECODED] = {decoded, STIX_MUST, false, STIX_RULE("6.6"), "is decoded first (RFC 2047)", LET_HEADER},
    [FORMAT_COUNTRY] = {stix_country_known, STIX_SHOULD, false, NULL, "should be a code of ISO 3166-1 alpha-2"},
    [FORMAT_SUBDIVISION] = {subdivision_valid, STIX_SHOULD, false, NULL, "should be a code of ISO 3166-2"},
    [FORMAT_PRIORITY] = {priority_valid, STIX_SHOULD, false, NULL, "should end with _CLASS"},
    [FORMAT_PROTOCOL] = {protocol_valid, STIX_SHOULD, false, NULL, "should be a service name of IANA's registry"},
    [FORMAT_LOWER] = {lower, STIX_SHOULD, false, NULL, "should be in lower case"},
    [FORMAT_PRODUCT] = {lower_words, STIX_SHOULD, false, NULL, "should be in lower case, with hyphens between words"},
};

const struct stix_format_rule *stix_format_rule(enum stix_format format)
{
    return &formats[format];
}

/* ---- hashes: section 10.7 ---- */

/* SSDEEP: block size, two hashes. */
static bool ssdeep_valid(struct text t)
{
    struct text size = until(t, ":"), rest = text_sub(t, size.len + 1, t.len), first = until(rest, ":");
    struct text second = text_sub(rest, first.len + 1, rest.len), name;
    size_t end = 0;

    while (end < second.len && (is_alnum(second.ptr[end]) || one_of(second.ptr[end], "+/")))
        end++;
    name = text_sub(second, end, second.len); /* some keep the file's name behind a comma */
    return size.len > 0 && all(size, is_digit) && first.len < rest.len && uri_chars(first, "/") &&
           (name.len == 0 || name.ptr[0] == ',');
}

/* TLSH: 35 bytes, newer ones with "T1" in front. */
static bool tlsh_valid(struct text t)
{
    if (text_starts(t, TEXT("T1")))
        t = text_sub(t, 2, t.len);
    return t.len == 70 && all(t, is_hex);
}

bool stix_hash_valid(struct text algorithm, struct text value)
{
    static const struct {
        struct text name;
        size_t digits;
    } lengths[] = {{NAMED("SHA-256"), 64},  {NAMED("MD5"), 32},      {NAMED("SHA-1"), 40},
                   {NAMED("SHA-512"), 128}, {NAMED("SHA3-256"), 64}, {NAMED("SHA3-512"), 128}};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        if (text_eq(algorithm, lengths[i].name))
            return value.len == lengths[i].digits && all(value, is_hex);
    if (text_eq(algorithm, TEXT("SSDEEP")))
        return ssdeep_valid(value);
    return !text_eq(algorithm, TEXT("TLSH")) || tlsh_valid(value);
}
