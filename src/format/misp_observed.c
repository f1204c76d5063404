/* format/misp_observed.c - the observables of one attribute's value. Their ids have the attribute's UUID, as MISP's
 * own converters give them: the same address in two events is two objects, each with the marking of its event. */
#include <string.h>

#include "format/misp_inside.h"

struct sco {
    struct misp *m;
    const struct misp_item *i;
    struct buffer *refs;
    struct fault *why;
    char id[IDENT_TEXT_MAX]; /* of the last one */
};

static struct json_out begin(struct sco *s, const char *type)
{
    ident_format(text_of(type), &s->i->uuid, s->id);
    return misp_begin(s->m, s->i, type, &s->i->uuid, false);
}

static enum err done(struct sco *s, struct json_out *o)
{
    enum err e = misp_done(s->m, o, true, s->why);
    if (e == OK)
        buffer_add_sized(s->refs, text_of(s->id));
    return e ? e : buffer_error(s->refs);
}

static enum err one(struct sco *s, const char *type, const char *property, struct text value)
{
    struct json_out o = begin(s, type);
    json_member_text(&o, property, value);
    return done(s, &o);
}

static bool last_bar(struct text value, struct text *a, struct text *b)
{
    ptrdiff_t at = -1;
    for (ptrdiff_t i = text_find(value, '|', 0); i >= 0; i = text_find(value, '|', (size_t)i + 1))
        at = i;
    if (at < 0)
        return false;
    *a = text_trim(text_sub(value, 0, (size_t)at));
    *b = text_trim(text_sub(value, (size_t)at + 1, value.len));
    return a->len > 0 && b->len > 0;
}

static struct text observable_type(const char *path, char out[64])
{
    ptrdiff_t colon = text_find(text_of(path), ':', 0);
    struct text t = text_sub(text_of(path), 0, (size_t)colon);
    memcpy(out, t.ptr, t.len);
    out[t.len] = 0;
    return t;
}

/* An address or name as the observable that it is. */
static enum err host(struct sco *s, struct text raw, const char **ret_type)
{
    enum value_kind kind;
    enum err e = misp_normal(s->m, VALUE_CIDR, raw, &kind, s->why);
    if (e == ERR_MALFORMED)
        e = misp_normal(s->m, VALUE_DOMAIN, raw, &kind, s->why);
    if (e)
        return e;
    struct text normal = buffer_text(&s->m->normal);
    *ret_type = kind == VALUE_DOMAIN ? "domain-name" : text_find(normal, ':', 0) >= 0 ? "ipv6-addr" : "ipv4-addr";
    return one(s, *ret_type, "value", normal);
}

static enum err traffic(struct sco *s, const struct misp_type *t, struct text value)
{
    struct text address = value, port = TEXT_NONE;
    const char *type;
    uint64_t n = 0;
    bool src = strcmp(t->path, "src") == 0;
    if (t->composite && (!last_bar(value, &address, &port) || text_u64(port, &n) != OK || n > 65535))
        return fault_at(s->why, ERR_MALFORMED, -1, "MISP", "it should be an address, a bar and a port");
    enum err e = host(s, address, &type);
    if (e)
        return e;
    struct json_out o = begin(s, "network-traffic");
    json_key(&o, TEXT("protocols"));
    json_open(&o, '[');
    json_put_text(&o, TEXT("tcp"));
    json_close(&o, ']');
    misp_put_ref(&o, src ? "src_ref" : "dst_ref", type, &s->i->uuid);
    if (port.len)
        json_member_i64(&o, src ? "src_port" : "dst_port", (int64_t)n);
    return done(s, &o);
}

static enum err domain_ip(struct sco *s, struct text value)
{
    struct text domain, ip;
    const char *type;
    enum value_kind kind;
    if (!last_bar(value, &domain, &ip))
        return fault_at(s->why, ERR_MALFORMED, -1, "MISP", "it should be a name, a bar and an address");
    enum err e = misp_normal(s->m, VALUE_DOMAIN, domain, &kind, s->why);
    if (!e)
        e = misp_normal(s->m, VALUE_CIDR, ip, &kind, s->why);
    if (!e)
        e = host(s, ip, &type);
    if (!e)
        e = misp_normal(s->m, VALUE_DOMAIN, domain, &kind, s->why);
    if (e)
        return e;
    struct json_out o = begin(s, "domain-name");
    json_member_text(&o, "value", buffer_text(&s->m->normal));
    char id[IDENT_TEXT_MAX];
    json_key(&o, TEXT("resolves_to_refs"));
    json_open(&o, '[');
    json_put_text(&o, ident_format(text_of(type), &s->i->uuid, id));
    json_close(&o, ']');
    return done(s, &o);
}

static enum err simple(struct sco *s, const struct misp_type *t, struct text value)
{
    char type[64];
    enum value_kind kind = (enum value_kind)t->kind;
    if (!t->property)
        return ERR_NOT_FOUND;
    observable_type(t->path, type);
    if (kind != VALUE_NONE) {
        enum err e = misp_normal(s->m, kind, value, &kind, s->why);
        if (e == ERR_NOMEM)
            return e;
        value =
            e || kind == VALUE_URL || kind == VALUE_EMAIL ? buffer_text(&s->m->value) : buffer_text(&s->m->normal);
    }
    return one(s, type, t->property, value);
}

static enum err number(struct sco *s, const struct misp_type *t, struct text value)
{
    char type[64];
    uint64_t n;
    if (value.len > 2 && text_eq_nocase(text_sub(value, 0, 2), TEXT("AS")))
        value = text_sub(value, 2, value.len);
    if (text_u64(value, &n) != OK || n > ((uint64_t)1 << 53))
        return fault_at(s->why, ERR_MALFORMED, -1, "MISP", "it is no whole number");
    observable_type(t->path, type);
    if (strcmp(type, "file") == 0)
        return ERR_NOT_FOUND; /* a size alone is no file: STIX 2.1 6.7 wants a name or hashes */
    struct json_out o = begin(s, type);
    json_member_i64(&o, t->property, (int64_t)n);
    return done(s, &o);
}

static enum err hash(struct sco *s, const struct misp_type *t, struct text value)
{
    struct text name = TEXT_NONE, digest = value;
    enum value_kind kind = (enum value_kind)t->kind;
    if (t->composite && !last_bar(value, &name, &digest))
        return fault_at(s->why, ERR_MALFORMED, -1, "MISP", "it should be a name, a bar and a hash");
    if (kind != VALUE_NONE) {
        enum err e = misp_normal(s->m, kind, digest, &kind, s->why);
        if (e)
            return e;
        digest = buffer_text(&s->m->normal);
    }
    struct json_out o = begin(s, t->property);
    json_key(&o, TEXT("hashes"));
    json_open(&o, '{');
    json_member_text(&o, t->path, digest);
    json_close(&o, '}');
    if (name.len)
        json_member_text(&o, "name", name);
    return done(s, &o);
}

/* The bytes, as an artifact; a sample of malware is a zip file with a password that everybody knows. */
static enum err payload(struct sco *s, const struct misp_type *t, bool *ret_there)
{
    struct text data = misp_text(s->i->v, "data");
    *ret_there = false;
    if (data.len == 0)
        return OK;
    struct json_out o = begin(s, "artifact");
    json_member_text(&o, "payload_bin", data);
    if (t->composite) {
        json_member_text(&o, "mime_type", TEXT("application/zip"));
        json_member_text(&o, "encryption_algorithm", TEXT("mime-type-indicated"));
        json_member_text(&o, "decryption_key", TEXT("infected"));
    }
    enum err e = done(s, &o);
    *ret_there = e == OK;
    if (e == ERR_MALFORMED || e == ERR_LIMIT) {
        misp_lost(s->m, s->i->place, "its data: %.150s", s->why->what);
        e = OK;
    }
    return e;
}

static enum err file(struct sco *s, const struct misp_type *t, struct text value)
{
    struct text name = value, digest = TEXT_NONE;
    enum value_kind kind;
    bool bytes;
    if (t->composite && !last_bar(value, &name, &digest))
        name = value;
    enum err e = payload(s, t, &bytes);
    if (e)
        return e;
    if (digest.len && misp_normal(s->m, VALUE_MD5, digest, &kind, s->why) != OK)
        digest = TEXT_NONE;
    struct json_out o = begin(s, "file");
    json_member_text(&o, "name", name);
    if (digest.len) {
        json_key(&o, TEXT("hashes"));
        json_open(&o, '{');
        json_member_text(&o, "MD5", buffer_text(&s->m->normal));
        json_close(&o, '}');
    }
    if (bytes)
        misp_put_ref(&o, "content_ref", "artifact", &s->i->uuid);
    return done(s, &o);
}

static enum err registry(struct sco *s, const struct misp_type *t, struct text value)
{
    ptrdiff_t bar = t->composite ? text_find(value, '|', 0) : -1;
    struct json_out o = begin(s, "windows-registry-key");
    json_member_text(&o, "key", bar < 0 ? value : text_trim(text_sub(value, 0, (size_t)bar)));
    if (bar >= 0) {
        json_key(&o, TEXT("values"));
        json_open(&o, '[');
        json_open(&o, '{');
        json_member_text(&o, "data", text_trim(text_sub(value, (size_t)bar + 1, value.len)));
        json_close(&o, '}');
        json_close(&o, ']');
    }
    return done(s, &o);
}

static enum err account(struct sco *s, const struct misp_type *t, struct text value)
{
    struct json_out o = begin(s, "user-account");
    json_member_text(&o, "account_type", text_of(t->path));
    json_member_text(&o, "account_login", value);
    return done(s, &o);
}

/* ---- mail ---- */

static void header_field(struct json_out *o, const char *name, struct text value)
{
    json_key(o, TEXT("additional_header_fields"));
    json_open(o, '{');
    json_key(o, text_of(name));
    json_open(o, '[');
    json_put_text(o, value);
    json_close(o, ']');
    json_close(o, '}');
}

static void attached(struct json_out *o, const char *file)
{
    json_key(o, TEXT("body_multipart"));
    json_open(o, '[');
    json_open(o, '{');
    json_member_text(o, "body_raw_ref", text_of(file));
    json_close(o, '}');
    json_close(o, ']');
}

static enum err mail(struct sco *s, const struct misp_type *t, struct text value)
{
    const char *p = t->property;
    bool address = strcmp(p, "from_ref") == 0 || strcmp(p, "to_refs") == 0;
    bool file = strcmp(p, "body_multipart") == 0;
    char part[IDENT_TEXT_MAX] = "";
    if (address) {
        buffer_clear(&s->m->value);
        misp_refang(value, &s->m->value);
    }
    enum err e = address ? one(s, "email-addr", "value", buffer_text(&s->m->value))
                 : file  ? one(s, "file", "name", value)
                         : OK;
    if (e)
        return e;
    memcpy(part, s->id, sizeof part);
    struct json_out o = begin(s, "email-message");
    json_member_bool(&o, "is_multipart", file);
    if (strcmp(p, "from_ref") == 0) {
        json_member_text(&o, p, text_of(part));
    } else if (strcmp(p, "to_refs") == 0 || strcmp(p, "received_lines") == 0) {
        json_key(&o, text_of(p));
        json_open(&o, '[');
        json_put_text(&o, address ? text_of(part) : value);
        json_close(&o, ']');
    } else if (file) {
        attached(&o, part);
    } else if (strcmp(p, "Reply-To") == 0 || strcmp(p, "X-Mailer") == 0) {
        header_field(&o, p, value);
    } else {
        json_member_text(&o, p, value);
    }
    return done(s, &o);
}

enum err misp_observables(struct misp *m, const struct misp_item *i, const struct misp_type *type, struct text value,
                          struct buffer *refs, struct fault *why)
{
    struct sco s = {.m = m, .i = i, .refs = refs, .why = why};
    switch (type->shape) {
    case MISP_ADDRESS:
    case MISP_HOST_PORT: return traffic(&s, type, value);
    case MISP_DOMAIN_IP: return domain_ip(&s, value);
    case MISP_SIMPLE: return simple(&s, type, value);
    case MISP_NUMBER: return number(&s, type, value);
    case MISP_HASH: return hash(&s, type, value);
    case MISP_FILE: return file(&s, type, value);
    case MISP_REGISTRY: return registry(&s, type, value);
    case MISP_ACCOUNT: return account(&s, type, value);
    case MISP_MAIL: return mail(&s, type, value);
    default: return ERR_NOT_FOUND;
    }
}
