/* format/iodef_words.c - IODEF's vocabularies in ours. */
#include <stdio.h>
#include <string.h>

#include "format/iodef_inside.h"

/* RFC 7970 section 3.3.1. "default" is what both sides arranged: the source's default marking here. */
enum tlp iodef_restrict(const struct iodef_node *n, enum tlp so_far)
{
    static const struct {
        const char *word;
        enum tlp tlp;
    } table[] = {
        {"public", TLP_CLEAR},  {"white", TLP_CLEAR},
        {"partner", TLP_GREEN}, {"green", TLP_GREEN},
        {"amber", TLP_AMBER},   {"need-to-know", TLP_AMBER_STRICT}, /* "only within the organization" */
        {"private", TLP_RED},   {"red", TLP_RED},
        {"default", TLP_NONE},
    };
    struct text word = iodef_attr(n, "restriction");
    if (!word.len)
        return so_far;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_eq_nocase(word, text_of(table[i].word)))
            return tlp_stricter(so_far, table[i].tlp);
    return TLP_RED;
}

enum tlp iodef_strictest(const struct iodef_node *n, enum tlp so_far)
{
    so_far = iodef_restrict(n, so_far);
    for (const struct iodef_node *c = n->first; c; c = c->next)
        so_far = iodef_strictest(c, so_far);
    return so_far;
}

enum value_kind iodef_address_kind(struct text category)
{
    static const struct {
        const char *word;
        enum value_kind kind;
    } table[] = {
        {"ipv4-addr", VALUE_IPV4},
        {"ipv6-addr", VALUE_IPV6},
        {"ipv4-net", VALUE_CIDR},
        {"ipv6-net", VALUE_CIDR},
        {"ipv4-net-mask", VALUE_CIDR},
        {"ipv6-net-mask", VALUE_CIDR},
        {"e-mail", VALUE_EMAIL},
        {"site-uri", VALUE_URL},
        {"domain-name", VALUE_DOMAIN},
        {"fqdn", VALUE_DOMAIN},
        {"domain-to-ipv4", VALUE_DOMAIN},
        {"domain-to-ipv6", VALUE_DOMAIN},
        {"domain-to-ipv4-timestamp", VALUE_DOMAIN},
        {"domain-to-ipv6-timestamp", VALUE_DOMAIN},
        {"ipv4-port", VALUE_IPV4},
        {"ipv6-port", VALUE_IPV6},
    };
    if (!category.len)
        return VALUE_IPV6; /* the attribute's default; either family is taken */
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_eq_nocase(category, text_of(table[i].word)))
            return table[i].kind;
    return VALUE_NONE;
}

struct text iodef_unmasked(struct text t, char *out)
{
    struct ipaddr address, mask;
    char text[IPADDR_TEXT_MAX];
    ptrdiff_t slash = text_find(t, '/', 0);
    unsigned len = 0;
    if (slash < 0 || ipaddr_parse(text_trim(text_sub(t, 0, (size_t)slash)), &address) ||
        ipaddr_parse(text_trim(text_sub(t, (size_t)slash + 1, t.len)), &mask) || mask.bits != address.bits)
        return t;
    while (len < mask.bits && mask.b[len / 8] >> (7 - len % 8) & 1)
        len++;
    struct ipaddr whole = ipaddr_mask(mask, (uint8_t)len);
    if (!ipaddr_eq(&whole, &mask))
        return t; /* ones behind zeros: no network */
    snprintf(out, 64, "%.*s/%u", TEXT_ARG(ipaddr_format(&address, text)), len);
    return text_of(out);
}

/* XML Signature writes digests in base64; many write hexadecimal digits all the same. */
struct text iodef_digest(struct iodef_node *hash, char *out)
{
    struct text value = iodef_text(hash, "DigestValue");
    struct iodef_node *method = iodef_child(hash, "DigestMethod");
    struct buffer bytes;
    (void)method; /* its length says which it is */
    if (value_detect(value) >= VALUE_MD5)
        return value;
    buffer_init(&bytes, 64);
    bool read = base64_read(value, &bytes) == OK;
    struct text b = buffer_text(&bytes);
    bool known = read && (b.len == 16 || b.len == 20 || b.len == 32 || b.len == 64);
    if (known)
        hex_write(b.ptr, b.len, out);
    buffer_done(&bytes);
    return known ? text_of(out) : TEXT_NONE;
}
