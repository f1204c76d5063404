/* model/value_url.c - URLs (RFC 3986) in one form: what two writings of one address have in common, no more. Path
 * and query keep their bytes, since servers tell them apart. */
#include "model/value_url.h"

#include <string.h>

#include "model/value_idn.h"

struct url {
    struct text scheme, userinfo, host, rest; /* rest: path and query, no fragment */
    bool has_userinfo, has_port;
    unsigned port;
    struct ipaddr literal;       /* of a host in brackets */
    char ascii[VALUE_IDN_BYTES]; /* of a host in another script */
};

static bool is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* RFC 3986 section 2: unreserved, sub-delims and '%'. */
static bool is_authority(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~!$&'()*+,;=%", c) != NULL);
}

static const char *scheme_take(struct text *t, struct text *ret)
{
    static const char wrong[] = "a URL begins with scheme://";
    size_t len = 0;

    while (len < t->len && (is_alpha(t->ptr[len]) || is_digit(t->ptr[len]) || t->ptr[len] == '+' ||
                            t->ptr[len] == '-' || t->ptr[len] == '.'))
        len++;
    if (len == 0 || !is_alpha(t->ptr[0]) || !text_eq(text_sub(*t, len, 3), TEXT("://")))
        return wrong;
    *ret = text_sub(*t, 0, len);
    *t = text_sub(*t, len + 3, t->len);
    return NULL;
}

static const char *port_read(struct text digits, struct url *u)
{
    unsigned port = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]))
            return "the port of a URL is a number";
        port = port * 10 + (unsigned)(digits.ptr[i] - '0');
        if (port > 65535)
            return "the port of a URL is at most 65535";
    }
    u->has_port = digits.len > 0;
    u->port = port;
    return NULL;
}

/* "[2001:db8::1]:8080" */
static const char *literal_read(struct text t, struct url *u)
{
    ptrdiff_t end = text_find(t, ']', 1);

    if (end < 0 || ipaddr_parse(text_sub(t, 1, (size_t)end - 1), &u->literal))
        return "a host in brackets is an IPv6 address";
    t = text_sub(t, (size_t)end + 1, t.len);
    if (t.len > 0 && t.ptr[0] != ':')
        return "after a host in brackets comes a port or the path";
    return port_read(text_sub(t, 1, t.len), u);
}

static const char *host_read(struct text t, struct url *u)
{
    ptrdiff_t colon;

    if (t.len > 0 && t.ptr[0] == '[')
        return literal_read(t, u);
    colon = text_find(t, ':', 0);
    u->host = colon < 0 ? t : text_sub(t, 0, (size_t)colon);
    if (value_is_idn(u->host)) {
        u->host = value_idn_to_ascii(u->host, u->ascii);
        if (u->host.len == 0)
            return "the host of a URL has no A-label form (UTS 46)";
    }
    for (size_t i = 0; i < u->host.len; i++)
        if (!is_authority(u->host.ptr[i]))
            return "a character that does not belong in the host of a URL";
    if (u->host.len > 1 && u->host.ptr[u->host.len - 1] == '.' && u->host.ptr[u->host.len - 2] != '.')
        u->host.len--;
    if (u->host.len == 0 || u->host.len > DOMAIN_MAX_BYTES)
        return "a URL has a host of 1 to 253 bytes";
    return colon < 0 ? NULL : port_read(text_sub(t, (size_t)colon + 1, t.len), u);
}

static const char *authority_read(struct text t, struct url *u)
{
    const char *at = t.len > 0 ? memrchr(t.ptr, '@', t.len) : NULL;

    if (at) {
        u->has_userinfo = true;
        u->userinfo = text_sub(t, 0, (size_t)(at - t.ptr));
        t = text_sub(t, u->userinfo.len + 1, t.len);
    }
    for (size_t i = 0; i < u->userinfo.len; i++)
        if (!is_authority(u->userinfo.ptr[i]) && u->userinfo.ptr[i] != ':' && u->userinfo.ptr[i] != '@')
            return "a character that does not belong before the @ of a URL";
    return host_read(t, u);
}

/* Blanks and control characters end a URL wherever it stands; other bytes outside RFC 3986 are seen in logs. */
static const char *rest_check(struct text t)
{
    bool ascii = true;

    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];

        if (c <= 0x20 || c == 0x7f)
            return "a URL holds no blank or control character";
        if (c >= 0x80)
            ascii = false;
    }
    return ascii || text_is_utf8(t) ? NULL : "a URL is UTF-8";
}

static const char *url_read(struct text t, struct url *u)
{
    const char *wrong;
    size_t len = t.len, end = 0;
    ptrdiff_t hash;

    *u = (struct url){.has_port = false};
    if (len > URL_MAX_BYTES)
        return "a URL is at most 8192 bytes long";
    wrong = scheme_take(&t, &u->scheme);
    if (wrong)
        return wrong;
    while (end < t.len && t.ptr[end] != '/' && t.ptr[end] != '?' && t.ptr[end] != '#')
        end++;
    u->rest = text_sub(t, end, t.len);
    wrong = rest_check(u->rest);
    hash = text_find(u->rest, '#', 0);
    if (hash >= 0)
        u->rest.len = (size_t)hash;
    if (!wrong && len == URL_MAX_BYTES && (u->rest.len == 0 || u->rest.ptr[0] != '/'))
        wrong = "a URL is at most 8192 bytes long with its path";
    return wrong ? wrong : authority_read(text_sub(t, 0, end), u);
}

static bool port_is_default(const struct url *u)
{
    static const struct {
        struct text scheme;
        unsigned port;
    } ports[] = {{{"http", 4}, 80}, {{"https", 5}, 443}, {{"ftp", 3}, 21}, {{"ws", 2}, 80}, {{"wss", 3}, 443}};

    for (size_t i = 0; i < ARRAY_LEN(ports); i++)
        if (u->port == ports[i].port && text_eq_nocase(u->scheme, ports[i].scheme))
            return true;
    return false;
}

static void add_host(struct buffer *out, const struct url *u)
{
    char text[IPADDR_TEXT_MAX];

    if (u->literal.bits == 128) {
        buffer_add_char(out, '[');
        buffer_add(out, ipaddr_format(&u->literal, text));
        buffer_add_char(out, ']');
    } else if (u->literal.bits == 32) {
        buffer_add(out, ipaddr_format(&u->literal, text));
    } else {
        buffer_add_lower(out, u->host);
    }
}

const char *value_url_normalise(struct text raw, struct buffer *out)
{
    struct url u;
    const char *wrong = url_read(raw, &u);

    if (wrong)
        return wrong;
    buffer_add_lower(out, u.scheme);
    buffer_add(out, TEXT("://"));
    if (u.has_userinfo) {
        buffer_add(out, u.userinfo);
        buffer_add_char(out, '@');
    }
    add_host(out, &u);
    if (u.has_port && !port_is_default(&u))
        buffer_addf(out, ":%u", u.port);
    if (u.rest.len == 0 || u.rest.ptr[0] != '/')
        buffer_add_char(out, '/');
    buffer_add(out, u.rest);
    return NULL;
}

bool value_url_check(struct text raw)
{
    struct url u;

    return !url_read(raw, &u);
}
