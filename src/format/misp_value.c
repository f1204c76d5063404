/* format/misp_value.c - the pattern of one attribute's value. A composite value is what both halves say; it is looked
 * for by each half that alone is a true hit: the hash (never the file's name), the host (never the port), and of
 * domain|ip both, as MISP's own correlation and its exports to sensors do. */
#include <string.h>

#include "format/misp_inside.h"

enum err misp_normal(struct misp *m, enum value_kind kind, struct text raw, enum value_kind *ret, struct fault *why)
{
    buffer_clear(&m->value);
    buffer_clear(&m->normal);
    misp_refang(raw, &m->value);
    if (buffer_error(&m->value))
        return fault_at(why, ERR_MALFORMED, -1, "MISP", "too long");
    enum err e = value_normalise(kind, buffer_text(&m->value), &m->normal, ret, why);
    if (buffer_error(&m->normal) == ERR_NOMEM)
        return ERR_NOMEM;
    return e ? e : buffer_error(&m->normal) ? fault_at(why, ERR_MALFORMED, -1, "MISP", "too long") : OK;
}

/* "name|hash": the second half has no bar in it; "key|data": the first has none. */
static bool halves(struct text value, bool first_bar, struct text *a, struct text *b)
{
    ptrdiff_t at = -1;
    for (ptrdiff_t i = text_find(value, '|', 0); i >= 0; i = text_find(value, '|', (size_t)i + 1)) {
        at = i;
        if (first_bar)
            break;
    }
    if (at < 0)
        return false;
    *a = text_trim(text_sub(value, 0, (size_t)at));
    *b = text_trim(text_sub(value, (size_t)at + 1, value.len));
    return a->len > 0 && b->len > 0;
}

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] >= 0x80)
            return false;
    return true;
}

static enum err no_half(struct fault *why)
{
    return fault_at(why, ERR_MALFORMED, -1, "MISP", "it should be two values with a bar between");
}

static enum err add_port(struct misp *m, const char *side, struct text port, struct fault *why)
{
    uint64_t n;
    if (text_u64(port, &n) != OK || n > 65535)
        return fault_at(why, ERR_MALFORMED, -1, "MISP", "its port is none");
    misp_pattern_number(m, strcmp(side, "src") == 0 ? "network-traffic:src_port" : "network-traffic:dst_port", n);
    return OK;
}

/* Type and value of one end of traffic, as MISP's converters write it. */
static void add_end(struct misp *m, const char *side, enum value_kind kind, struct text normal)
{
    bool src = strcmp(side, "src") == 0, six = text_find(normal, ':', 0) >= 0;
    struct text type = kind == VALUE_DOMAIN ? TEXT("domain-name") : six ? TEXT("ipv6-addr") : TEXT("ipv4-addr");
    misp_pattern(m, src ? "network-traffic:src_ref.type" : "network-traffic:dst_ref.type", "=", type);
    misp_pattern(m, src ? "network-traffic:src_ref.value" : "network-traffic:dst_ref.value",
                 kind == VALUE_CIDR ? "ISSUBSET" : "=", normal);
}

static enum err traffic(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    struct text host = value, port = TEXT_NONE;
    enum value_kind kind;
    if (t->composite && !halves(value, false, &host, &port))
        return no_half(why);
    enum err e = misp_normal(m, t->shape == MISP_ADDRESS ? VALUE_CIDR : value_detect(host), host, &kind, why);
    if (e && t->shape == MISP_HOST_PORT)
        e = misp_normal(m, VALUE_DOMAIN, host, &kind, why);
    if (e)
        return e;
    add_end(m, t->path, kind, buffer_text(&m->normal));
    if (t->composite)
        misp_look_for(m, kind, buffer_text(&m->normal));
    return t->composite ? add_port(m, t->path, port, why) : OK;
}

static enum err domain_ip(struct misp *m, struct text value, struct fault *why)
{
    struct text domain, ip;
    enum value_kind kind;
    if (!halves(value, false, &domain, &ip))
        return no_half(why);
    enum err e = misp_normal(m, VALUE_DOMAIN, domain, &kind, why);
    if (e)
        return e;
    misp_pattern(m, "domain-name:value", "=", buffer_text(&m->normal));
    misp_look_for(m, kind, buffer_text(&m->normal));
    e = misp_normal(m, VALUE_CIDR, ip, &kind, why);
    if (e)
        return e;
    misp_pattern(m, "domain-name:resolves_to_refs[*].value", "=", buffer_text(&m->normal));
    misp_look_for(m, kind, buffer_text(&m->normal));
    return OK;
}

/* Names outside ASCII and addresses without a scheme are kept as they are; nothing is looked for by them. */
static enum err simple(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    enum value_kind kind = (enum value_kind)t->kind;
    if (kind == VALUE_NONE) {
        misp_pattern(m, t->path, "=", value);
        return OK;
    }
    enum err e = misp_normal(m, kind, value, &kind, why);
    if (e == ERR_NOMEM)
        return e;
    struct text meant = buffer_text(&m->value);
    bool odd = kind == VALUE_URL || kind == VALUE_EMAIL || (kind == VALUE_DOMAIN && !is_ascii(meant));
    if (e && (!odd || meant.len == 0))
        return e;
    misp_pattern(m, t->path, "=", odd ? meant : buffer_text(&m->normal));
    return OK;
}

static enum err number(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    uint64_t n;
    if (value.len > 2 && text_eq_nocase(text_sub(value, 0, 2), TEXT("AS")))
        value = text_sub(value, 2, value.len);
    if (text_u64(value, &n) != OK || n > ((uint64_t)1 << 53))
        return fault_at(why, ERR_MALFORMED, -1, "MISP", "it is no whole number");
    misp_pattern_number(m, t->path, n);
    return OK;
}

static enum err hash(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    enum value_kind kind = (enum value_kind)t->kind;
    struct text name = TEXT_NONE, digest = value;
    if (t->composite && !halves(value, false, &name, &digest))
        return no_half(why);
    if (kind != VALUE_NONE) {
        enum err e = misp_normal(m, kind, digest, &kind, why);
        if (e)
            return e;
        digest = buffer_text(&m->normal);
        misp_look_for(m, kind, digest);
    }
    if (name.len)
        misp_pattern(m, "file:name", "=", name);
    misp_pattern_hash(m, t->property, t->path, digest);
    return OK;
}

static enum err file(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    struct text name = value, digest = TEXT_NONE;
    enum value_kind kind;
    if (t->composite && !halves(value, false, &name, &digest)) {
        name = value;
        digest = TEXT_NONE;
    }
    misp_pattern(m, "file:name", "=", name);
    if (digest.len == 0)
        return OK;
    enum err e = misp_normal(m, VALUE_MD5, digest, &kind, why);
    if (e)
        return e;
    misp_pattern_hash(m, "file", "MD5", buffer_text(&m->normal));
    misp_look_for(m, kind, buffer_text(&m->normal));
    return OK;
}

static enum err registry(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    struct text key = value, data = TEXT_NONE;
    if (t->composite && !halves(value, true, &key, &data))
        return no_half(why);
    misp_pattern(m, "windows-registry-key:key", "=", key);
    if (data.len)
        misp_pattern(m, "windows-registry-key:values[*].data", "=", data);
    return OK;
}

static enum err shape_pattern(struct misp *m, const struct misp_type *t, struct text value, struct fault *why)
{
    switch (t->shape) {
    case MISP_ADDRESS:
    case MISP_HOST_PORT: return traffic(m, t, value, why);
    case MISP_DOMAIN_IP: return domain_ip(m, value, why);
    case MISP_SIMPLE:
    case MISP_MAIL: return simple(m, t, value, why);
    case MISP_NUMBER: return number(m, t, value, why);
    case MISP_HASH: return hash(m, t, value, why);
    case MISP_FILE: return file(m, t, value, why);
    case MISP_REGISTRY: return registry(m, t, value, why);
    case MISP_ACCOUNT:
        misp_pattern(m, "user-account:account_type", "=", text_of(t->path));
        misp_pattern(m, "user-account:account_login", "=", value);
        return OK;
    case MISP_RULE: return OK;
    default: return ERR_NOT_FOUND;
    }
}

enum err misp_value_pattern(struct misp *m, const struct misp_type *type, struct text value, struct fault *why)
{
    buffer_clear(&m->pattern);
    buffer_clear(&m->looked);
    m->value_count = 0;
    if (!type || type->shape == MISP_KEPT)
        return ERR_NOT_FOUND;
    enum err e = shape_pattern(m, type, value, why);
    if (e) {
        m->value_count = 0;
        return e;
    }
    if (type->shape == MISP_RULE)
        buffer_add(&m->pattern, value);
    else
        buffer_add_char(&m->pattern, ']');
    if (buffer_error(&m->pattern) == ERR_LIMIT)
        return fault_at(why, ERR_MALFORMED, -1, "MISP", "too long for a pattern");
    return buffer_error(&m->pattern);
}
