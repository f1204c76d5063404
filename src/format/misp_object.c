/* format/misp_object.c - objects of templates. A template that one pattern can say becomes an indicator with the
 * object's uuid, when one of its attributes is for detection, else observed data; a few are domain objects; all
 * others are kept as an x-misp-object, and each of their attributes that is for detection is an indicator of its own.
 * All of an object's attributes are kept in x_misp_attributes, as they came. */
#include <stdio.h>
#include <string.h>

#include "format/misp_inside.h"

enum form { TEXT_FORM, NUMBER_FORM, HASH_FORM, HOST_FORM };

/* What a relation means in a pattern. "*": any relation whose attribute is a hash. */
static const struct part {
    const char *template, *relation, *path;
    enum form form;
} parts[] = {
    {"file", "filename", "file:name", TEXT_FORM},
    {"file", "size-in-bytes", "file:size", NUMBER_FORM},
    {"file", "mimetype", "file:mime_type", TEXT_FORM},
    {"file", "path", "file:parent_directory_ref.path", TEXT_FORM},
    {"file", "*", "file", HASH_FORM},
    {"lnk", "filename", "file:name", TEXT_FORM},
    {"lnk", "*", "file", HASH_FORM},
    {"artifact", "url", "artifact:url", TEXT_FORM},
    {"artifact", "*", "artifact", HASH_FORM},
    {"x509", "serial-number", "x509-certificate:serial_number", TEXT_FORM},
    {"x509", "issuer", "x509-certificate:issuer", TEXT_FORM},
    {"x509", "subject", "x509-certificate:subject", TEXT_FORM},
    {"x509", "*", "x509-certificate", HASH_FORM},
    {"domain-ip", "domain", "domain-name:value", TEXT_FORM},
    {"domain-ip", "hostname", "domain-name:value", TEXT_FORM},
    {"domain-ip", "ip", "domain-name:resolves_to_refs[*].value", TEXT_FORM},
    {"url", "url", "url:value", TEXT_FORM},
    {"ip-port", "ip", "dst", HOST_FORM},
    {"ip-port", "ip-dst", "dst", HOST_FORM},
    {"ip-port", "ip-src", "src", HOST_FORM},
    {"ip-port", "hostname", "dst", HOST_FORM},
    {"ip-port", "domain", "dst", HOST_FORM},
    {"ip-port", "dst-port", "network-traffic:dst_port", NUMBER_FORM},
    {"ip-port", "src-port", "network-traffic:src_port", NUMBER_FORM},
    {"network-connection", "ip-src", "src", HOST_FORM},
    {"network-connection", "ip-dst", "dst", HOST_FORM},
    {"network-connection", "hostname-src", "src", HOST_FORM},
    {"network-connection", "hostname-dst", "dst", HOST_FORM},
    {"network-connection", "src-port", "network-traffic:src_port", NUMBER_FORM},
    {"network-connection", "dst-port", "network-traffic:dst_port", NUMBER_FORM},
    {"network-socket", "ip-src", "src", HOST_FORM},
    {"network-socket", "ip-dst", "dst", HOST_FORM},
    {"network-socket", "hostname-src", "src", HOST_FORM},
    {"network-socket", "hostname-dst", "dst", HOST_FORM},
    {"network-socket", "src-port", "network-traffic:src_port", NUMBER_FORM},
    {"network-socket", "dst-port", "network-traffic:dst_port", NUMBER_FORM},
    {"netflow", "ip-src", "src", HOST_FORM},
    {"netflow", "ip-dst", "dst", HOST_FORM},
    {"netflow", "src-port", "network-traffic:src_port", NUMBER_FORM},
    {"netflow", "dst-port", "network-traffic:dst_port", NUMBER_FORM},
    {"email", "from", "email-message:from_ref.value", TEXT_FORM},
    {"email", "to", "email-message:to_refs[*].value", TEXT_FORM},
    {"email", "cc", "email-message:cc_refs[*].value", TEXT_FORM},
    {"email", "bcc", "email-message:bcc_refs[*].value", TEXT_FORM},
    {"email", "subject", "email-message:subject", TEXT_FORM},
    {"email", "message-id", "email-message:message_id", TEXT_FORM},
    {"email", "reply-to", "email-message:additional_header_fields.'Reply-To'[*]", TEXT_FORM},
    {"email", "x-mailer", "email-message:additional_header_fields.'X-Mailer'[*]", TEXT_FORM},
    {"email", "attachment", "email-message:body_multipart[*].body_raw_ref.name", TEXT_FORM},
    {"registry-key", "key", "windows-registry-key:key", TEXT_FORM},
    {"registry-key", "name", "windows-registry-key:values[*].name", TEXT_FORM},
    {"registry-key", "data", "windows-registry-key:values[*].data", TEXT_FORM},
    {"mutex", "name", "mutex:name", TEXT_FORM},
    {"process", "command-line", "process:command_line", TEXT_FORM},
    {"process", "pid", "process:pid", NUMBER_FORM},
    {"process", "image", "process:image_ref.name", TEXT_FORM},
    {"asn", "asn", "autonomous-system:number", NUMBER_FORM},
    {"user-account", "user-id", "user-account:user_id", TEXT_FORM},
    {"user-account", "username", "user-account:account_login", TEXT_FORM},
};

/* Templates that are domain objects, and where their name and description stand. */
static const struct domain {
    const char *template, *type, *name, *description;
} domains[] = {
    {"vulnerability", "vulnerability", "id", "summary"},
    {"attack-pattern", "attack-pattern", "name", "summary"},
    {"course-of-action", "course-of-action", "name", "description"},
    {"intrusion-set", "intrusion-set", "name", "description"},
    {"script", "tool", "filename", "comment"},
    {"organization", "identity", "name", "description"},
    {"identity", "identity", "name", "description"},
    {"legal-entity", "identity", "name", "text"},
    {"news-agency", "identity", "name", "text"},
    {"person", "identity", "full-name", "text"},
    {"employee", "identity", "full-name", "text"},
};

struct object {
    struct misp_item item;
    struct text template;
    const struct json_val *attributes; /* a list, or NULL */
    bool to_ids;                       /* one of them is for detection */
    char id[IDENT_TEXT_MAX];
};

static bool is_list(const struct json_val *v)
{
    return json_type(v) == JSON_ARRAY;
}

static struct text value_of(const struct object *o, const char *relation)
{
    if (o->attributes)
        for (struct json_iter it = json_iter_of(o->attributes); json_next(&it);)
            if (text_eq(misp_text(it.val, "object_relation"), text_of(relation)))
                return text_trim(misp_text(it.val, "value"));
    return TEXT_NONE;
}

static void put_attributes(struct json_out *out, const struct object *o)
{
    static const struct {
        const char *from, *to;
    } kept[] = {{"name", "x_misp_name"},
                {"meta-category", "x_misp_meta_category"},
                {"template_uuid", "x_misp_template_uuid"},
                {"template_version", "x_misp_template_version"}};
    json_key(out, TEXT("x_misp_attributes"));
    json_open(out, '[');
    for (struct json_iter it = json_iter_of(o->attributes); json_next(&it);)
        if (json_type(it.val) == JSON_OBJECT)
            misp_put_attribute(out, it.val);
    json_close(out, ']');
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (misp_text(o->item.v, kept[i].from).len)
            json_member_text(out, kept[i].to, misp_text(o->item.v, kept[i].from));
    misp_put_kept(out, o->item.v, true);
}

static enum err finish(struct misp *m, struct object *o, struct json_out *out, const char *type, struct fault *why)
{
    if (json_size(o->attributes) > 0)
        put_attributes(out, o);
    misp_put_labels(m, out, &o->item, "object", NULL);
    enum err e = misp_done(m, out, !m->ends, why);
    if (e == OK)
        ident_format(text_of(type), &o->item.uuid, o->id);
    return e;
}

/* ---- one pattern of the attributes that are for detection ---- */

static const struct part *part_of(struct text template, const struct json_val *a)
{
    struct text relation = misp_text(a, "object_relation");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!text_eq(template, text_of(parts[i].template)))
            continue;
        if (text_eq(relation, text_of(parts[i].relation)))
            return &parts[i];
        const struct misp_type *t = misp_type_of(misp_text(a, "type"));
        if (parts[i].relation[0] == '*' && t && t->shape == MISP_HASH && !t->composite)
            return &parts[i];
    }
    return NULL;
}

/* What it is looked for by, whatever the others of the object say: its own to_ids is a word for this value alone. */
static enum err look_for(struct misp *m, const struct json_val *a, struct text *ret)
{
    const struct misp_type *t = misp_type_of(misp_text(a, "type"));
    enum value_kind kind = t && !t->composite ? (enum value_kind)t->kind : VALUE_NONE;
    struct fault why;
    *ret = text_trim(misp_text(a, "value"));
    if (kind == VALUE_NONE)
        return OK;
    enum err e = misp_normal(m, kind, *ret, &kind, &why);
    if (e)
        return e;
    bool as_written = kind == VALUE_URL || kind == VALUE_EMAIL;
    misp_look_for(m, kind, buffer_text(&m->normal));
    *ret = as_written ? buffer_text(&m->value) : buffer_text(&m->normal);
    return OK;
}

static enum err add_part(struct misp *m, const struct part *p, const struct json_val *a)
{
    const struct misp_type *t = misp_type_of(misp_text(a, "type"));
    struct text value;
    uint64_t n;
    enum err e = look_for(m, a, &value);
    if (e || value.len == 0)
        return e ? e : ERR_MALFORMED;
    switch (p->form) {
    case TEXT_FORM: misp_pattern(m, p->path, "=", value); return OK;
    case HASH_FORM: misp_pattern_hash(m, p->path, t->path, value); return OK;
    case NUMBER_FORM:
        if (value.len > 2 && text_eq_nocase(text_sub(value, 0, 2), TEXT("AS")))
            value = text_sub(value, 2, value.len);
        if (text_u64(value, &n) != OK)
            return ERR_MALFORMED;
        misp_pattern_number(m, p->path, n);
        return OK;
    case HOST_FORM: break;
    }
    bool src = strcmp(p->path, "src") == 0, six = text_find(value, ':', 0) >= 0;
    bool network = text_find(value, '/', 0) >= 0;
    enum value_kind kind = value_detect(value);
    misp_pattern(m, src ? "network-traffic:src_ref.type" : "network-traffic:dst_ref.type", "=",
                 kind == VALUE_DOMAIN ? TEXT("domain-name")
                 : six                ? TEXT("ipv6-addr")
                                      : TEXT("ipv4-addr"));
    misp_pattern(m, src ? "network-traffic:src_ref.value" : "network-traffic:dst_ref.value",
                 network ? "ISSUBSET" : "=", value);
    return OK;
}

/* Two values of one path cannot both be: the first is in the pattern, and each is looked for. */
static bool is_single(const char *path)
{
    return text_find_text(text_of(path), TEXT("[*]")) < 0;
}

static bool wants(const struct json_val *a)
{
    return misp_flag(a, "to_ids", false) && !misp_flag(a, "deleted", false);
}

static enum err add_attribute(struct misp *m, const struct object *o, const struct json_val *a, uint64_t *used)
{
    const struct part *p = part_of(o->template, a);
    size_t at = p ? (size_t)(p - parts) : 0;
    struct text value;
    enum err e;
    /* the relations of one path are neighbours in the table */
    bool taken = p && p->form != HASH_FORM && is_single(p->path) &&
                 (used[at / 64] >> (at % 64) & 1 ||
                  (at > 0 && strcmp(parts[at - 1].path, p->path) == 0 && used[(at - 1) / 64] >> ((at - 1) % 64) & 1));
    if (!p || taken)
        e = look_for(m, a, &value);
    else
        e = add_part(m, p, a);
    if (e == OK && p)
        used[at / 64] |= (uint64_t)1 << (at % 64);
    if (e == ERR_MALFORMED)
        misp_lost(m, o->item.place,
                  "one of its attributes is not what its type says; kept as it is, and not looked for");
    return e == ERR_NOMEM ? e : OK;
}

static enum err make_pattern(struct misp *m, const struct object *o)
{
    uint64_t used[(ARRAY_LEN(parts) + 63) / 64] = {0};
    buffer_clear(&m->pattern);
    buffer_clear(&m->looked);
    m->value_count = 0;
    enum err e = OK;
    for (struct json_iter it = json_iter_of(o->attributes); !e && json_next(&it);)
        if ((m->ends || wants(it.val)) && part_of(o->template, it.val))
            e = add_attribute(m, o, it.val, used);
    bool any = m->pattern.len > 0;
    for (struct json_iter it = json_iter_of(o->attributes); any && !e && json_next(&it);)
        if (wants(it.val) && !part_of(o->template, it.val))
            e = add_attribute(m, o, it.val, used);
    if (e)
        return e;
    buffer_add_char(&m->pattern, ']');
    if (!any || buffer_error(&m->pattern) == ERR_LIMIT)
        return ERR_NOT_FOUND;
    return buffer_error(&m->pattern);
}

static enum err indicator(struct misp *m, struct object *o, struct fault *why)
{
    const struct misp_item *i = &o->item;
    enum err e = make_pattern(m, o);
    if (e)
        return e;
    struct json_out out = misp_begin(m, i, "indicator", &i->uuid, true);
    json_member_text(&out, "name", o->template);
    if (misp_text(i->v, "comment").len)
        json_member_text(&out, "description", misp_text(i->v, "comment"));
    json_member_text(&out, "pattern", buffer_text(&m->pattern));
    json_member_text(&out, "pattern_type", TEXT("stix"));
    json_member_text(&out, "pattern_version", TEXT("2.1"));
    misp_put_validity(m, &out, i);
    return finish(m, o, &out, "indicator", why);
}

/* ---- without detection ---- */

/* One file or certificate of all the object's hashes, and its name. */
static enum err whole_file(struct misp *m, const struct object *o, const char *type, struct buffer *refs,
                           struct fault *why)
{
    char id[IDENT_TEXT_MAX];
    uint64_t size;
    uint8_t seen = 0;
    struct json_out out = misp_begin(m, &o->item, type, &o->item.uuid, false);
    bool file = strcmp(type, "file") == 0, any = false;
    if (file && value_of(o, "filename").len) {
        json_member_text(&out, "name", value_of(o, "filename"));
        any = true;
    }
    if (file && text_u64(value_of(o, "size-in-bytes"), &size) == OK && size < (uint64_t)1 << 53)
        json_member_i64(&out, "size", (int64_t)size);
    for (struct json_iter it = json_iter_of(o->attributes); json_next(&it);) {
        const struct misp_type *t = misp_type_of(misp_text(it.val, "type"));
        enum value_kind kind;
        if (!t || t->shape != MISP_HASH || t->composite || t->kind == VALUE_NONE ||
            seen & 1 << (t->kind - VALUE_MD5) || misp_normal(m, t->kind, misp_text(it.val, "value"), &kind, why))
            continue;
        if (!seen) {
            json_key(&out, TEXT("hashes"));
            json_open(&out, '{');
        }
        seen |= (uint8_t)(1 << (t->kind - VALUE_MD5));
        json_member_text(&out, t->path, buffer_text(&m->normal));
    }
    if (seen)
        json_close(&out, '}');
    if (!seen && !any)
        return ERR_NOT_FOUND;
    enum err e = misp_done(m, &out, true, why);
    if (e == OK)
        buffer_add_sized(refs, ident_format(text_of(type), &o->item.uuid, id));
    return e;
}

/* Each attribute's own observables. */
static enum err parts_seen(struct misp *m, const struct object *o, struct buffer *refs)
{
    enum err e = OK;
    for (struct json_iter it = json_iter_of(o->attributes); !e && json_next(&it);) {
        const struct misp_type *t = misp_type_of(misp_text(it.val, "type"));
        struct text value = text_trim(misp_text(it.val, "value"));
        struct misp_item i = o->item;
        struct fault why;
        size_t before = refs->len;
        if (!t || t->shape == MISP_SDO || t->shape == MISP_RULE || value.len == 0)
            continue;
        i.v = it.val;
        (void)misp_uuid(m, it.val, TEXT("Attribute"), &i.uuid);
        e = misp_marks_of(m, it.val, &o->item.marks, &i.marks);
        if (!e)
            e = misp_observables(m, &i, t, value, refs, &why);
        if (e != OK)
            refs->len = before;
        if (e != ERR_NOMEM)
            e = OK;
    }
    return e;
}

static enum err observed(struct misp *m, struct object *o, struct fault *why)
{
    const struct misp_item *i = &o->item;
    struct buffer refs;
    buffer_init(&refs, 4 * MIB);
    enum err e = ERR_NOT_FOUND;
    if (text_eq(o->template, TEXT("file")) || text_eq(o->template, TEXT("lnk")))
        e = whole_file(m, o, "file", &refs, why);
    else if (text_eq(o->template, TEXT("x509")))
        e = whole_file(m, o, "x509-certificate", &refs, why);
    if (e != ERR_NOMEM && refs.len == 0)
        e = parts_seen(m, o, &refs);
    if (e == OK && refs.len == 0)
        e = ERR_NOT_FOUND;
    if (e) {
        buffer_done(&refs);
        return e;
    }
    struct json_out out = misp_begin_seen(m, i, buffer_text(&refs));
    e = finish(m, o, &out, "observed-data", why);
    buffer_done(&refs);
    return e;
}

/* ---- domain objects, and what is only kept ---- */

static void put_web_references(struct json_out *out, const struct object *o, struct text name)
{
    bool cve = text_starts(name, TEXT("CVE-"));
    if (!cve)
        return;
    json_key(out, TEXT("external_references"));
    json_open(out, '[');
    json_open(out, '{');
    json_member_text(out, "source_name", TEXT("cve"));
    json_member_text(out, "external_id", name);
    json_close(out, '}');
    for (struct json_iter it = json_iter_of(o->attributes); json_next(&it);) {
        struct text url = misp_text(it.val, "value");
        if (!text_eq(misp_text(it.val, "object_relation"), TEXT("references")) || !text_starts(url, TEXT("http")))
            continue;
        json_open(out, '{');
        json_member_text(out, "source_name", TEXT("url"));
        json_member_text(out, "url", url);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static enum err domain_object(struct misp *m, struct object *o, const struct domain *d, struct fault *why)
{
    struct text name = value_of(o, d->name), description = value_of(o, d->description);
    const char *type = d->type;
    bool malicious = text_eq_nocase(value_of(o, "state"), TEXT("Malicious"));
    if (name.len == 0)
        name = value_of(o, "name");
    if (name.len == 0)
        return ERR_NOT_FOUND;
    if (strcmp(d->template, "script") == 0 && malicious)
        type = "malware";
    struct json_out out = misp_begin(m, &o->item, type, &o->item.uuid, true);
    json_member_text(&out, "name", name);
    if (description.len)
        json_member_text(&out, "description", description);
    if (strcmp(type, "malware") == 0)
        json_member_bool(&out, "is_family", false);
    if (strcmp(type, "identity") == 0)
        json_member_text(&out, "identity_class",
                         strcmp(d->name, "full-name") == 0 ? TEXT("individual") : TEXT("organization"));
    if (strcmp(type, "vulnerability") == 0)
        put_web_references(&out, o, name);
    return finish(m, o, &out, type, why);
}

static enum err kept(struct misp *m, struct object *o, struct fault *why)
{
    m->value_count = 0;
    struct json_out out = misp_begin(m, &o->item, "x-misp-object", &o->item.uuid, true);
    if (json_size(o->attributes) == 0)
        json_member_text(&out, "x_misp_name", o->template);
    return finish(m, o, &out, "x-misp-object", why);
}

static enum err part_ends(struct misp *m, const struct object *o, const struct json_val *a)
{
    struct misp_item i;
    if (json_type(a) != JSON_OBJECT || text_trim(misp_text(a, "value")).len == 0)
        return OK;
    misp_item_init(m, &i, a, "Attribute", &o->item.marks);
    enum err e = misp_marks_of(m, a, &o->item.marks, &i.marks);
    return e ? e : misp_attribute_ends(m, &i, misp_type_of(misp_text(a, "type")));
}

/* Each attribute that is for detection, as if it stood alone; of each other, that it is none any more. Numbers, true
 * and false are looked for nowhere. */
static enum err attributes_alone(struct misp *m, const struct object *o)
{
    enum err e = OK;
    for (struct json_iter it = json_iter_of(o->attributes); !e && json_next(&it);) {
        struct uuid own;
        struct fault why;
        const enum json_type value = json_type(json_get(it.val, "value"));
        if (value == JSON_NUMBER || value == JSON_BOOL)
            continue;
        if (!misp_flag(it.val, "to_ids", false)) {
            e = part_ends(m, o, it.val);
            continue;
        }
        bool has = misp_uuid(m, it.val, TEXT("Attribute"), &own);
        e = misp_attribute(m, it.val, &o->item.marks);
        struct text id = has ? misp_names_get(&m->names, &own) : TEXT_NONE;
        if (e || id.len == 0)
            continue;
        char source[IDENT_TEXT_MAX];
        snprintf(source, sizeof source, TEXT_FMT, TEXT_ARG(id));
        struct uuid uuid = misp_derived(&o->item.uuid, text_of(source), TEXT("part"), m);
        enum err related =
            misp_relationship(m, &o->item, &uuid, TEXT("related-to"), text_of(source), text_of(o->id), &why);
        e = related == ERR_NOMEM ? related : OK;
    }
    return e;
}

/* The indicator that it may have been before none of its attributes was for detection any more. */
static enum err object_ends(struct misp *m, const struct object *o)
{
    struct object was = *o;
    struct fault why;
    m->ends = true;
    enum err e = indicator(m, &was, &why);
    m->ends = false;
    m->value_count = 0;
    if (e == ERR_NOT_FOUND) /* its attributes were indicators, each for itself */
        return attributes_alone(m, o);
    return e == ERR_NOMEM ? e : OK;
}

static enum err as_what_it_is(struct misp *m, struct object *o, struct fault *why)
{
    enum err e = ERR_NOT_FOUND;
    for (size_t i = 0; i < ARRAY_LEN(domains); i++)
        if (text_eq(o->template, text_of(domains[i].template)))
            e = domain_object(m, o, &domains[i], why);
    if (e == ERR_NOT_FOUND && o->to_ids)
        e = indicator(m, o, why);
    if (e == ERR_NOT_FOUND && !o->to_ids)
        e = observed(m, o, why);
    if (e == ERR_MALFORMED || e == ERR_LIMIT) {
        misp_lost(m, o->item.place, "%.150s; kept as it is", why->what);
        e = ERR_NOT_FOUND;
    }
    if (e == OK && !o->to_ids)
        e = object_ends(m, o);
    if (e != ERR_NOT_FOUND)
        return e;
    e = kept(m, o, why);
    return e == OK ? attributes_alone(m, o) : e;
}

/* What others say of an object's attributes is about the object. */
static enum err around_attributes(struct misp *m, const struct object *o)
{
    enum err e = OK;
    for (struct json_iter it = json_iter_of(o->attributes); !e && json_next(&it);) {
        struct misp_item i = o->item;
        if (json_type(it.val) != JSON_OBJECT)
            continue;
        struct text id = TEXT_NONE;
        bool has = misp_uuid(m, it.val, TEXT("Attribute"), &i.uuid);
        if (has)
            id = misp_names_get(&m->names, &i.uuid);
        if (id.len)
            continue; /* it stands alone, and so does what is said of it */
        if (has)
            e = misp_names_add(&m->names, &i.uuid, text_of(o->id));
        i.v = it.val;
        if (!e)
            e = misp_marks_of(m, it.val, &o->item.marks, &i.marks);
        m->part = has ? &i.uuid : NULL;
        if (!e)
            e = misp_galaxies(m, json_get(it.val, "Galaxy"), &i, text_of(o->id));
        if (!e)
            e = misp_around(m, &i, text_of(o->id));
        m->part = NULL;
    }
    return e;
}

/* The strictest of its attributes: they are all in it. */
static enum err marks_of_all(struct misp *m, struct object *o)
{
    enum err e = misp_marks_of(m, o->item.v, &m->marks, &o->item.marks);
    struct misp_marks all = o->item.marks;
    for (struct json_iter it = json_iter_of(o->attributes); !e && json_next(&it);) {
        struct misp_marks one;
        if (json_type(it.val) != JSON_OBJECT)
            continue;
        e = misp_marks_of(m, it.val, &o->item.marks, &one);
        if (e)
            break;
        all.tlp = tlp_stricter(all.tlp, one.tlp);
        all.pap = one.pap > all.pap ? one.pap : all.pap;
        for (size_t i = 0; i < one.group_count; i++) {
            bool there = false;
            for (size_t k = 0; k < all.group_count; k++)
                there = there || uuid_eq(&all.groups[k], &one.groups[i]);
            if (!there && all.group_count < MISP_MARKS_MAX)
                all.groups[all.group_count++] = one.groups[i];
            else if (!there)
                all.tlp = TLP_RED;
        }
    }
    o->item.marks = all;
    return e;
}

enum err misp_object(struct misp *m, const struct json_val *v)
{
    struct object o = {.template = misp_text(v, "name")};
    struct fault why = {.offset = -1, .line = -1};
    m->read++;
    if (json_type(v) != JSON_OBJECT || o.template.len == 0)
        return misp_refuse(m, TEXT_NONE, "an object is an object with the name of its template");
    misp_item_init(m, &o.item, v, "Object", &m->marks);
    o.attributes = is_list(json_get(v, "Attribute")) ? json_get(v, "Attribute") : NULL;
    for (struct json_iter it = json_iter_of(o.attributes); json_next(&it);)
        o.to_ids = o.to_ids || wants(it.val) || (o.item.revoked && misp_flag(it.val, "to_ids", false));
    enum err e = marks_of_all(m, &o);
    if (e)
        return e;
    struct uuid own = o.item.uuid;
    e = as_what_it_is(m, &o, &why);
    if (e == ERR_EXISTS) {
        misp_lost(m, o.item.place, "the same uuid stands twice: it has one made of what it says");
        o.item.uuid = misp_derived(&own, o.template, TEXT("again"), m);
        e = as_what_it_is(m, &o, &why);
    }
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return misp_refuse(m, o.item.place, "%.200s", e == ERR_EXISTS ? "it stands more than twice" : why.what);
    e = misp_names_add(&m->names, &own, text_of(o.id));
    if (!e)
        e = misp_galaxies(m, json_get(v, "Galaxy"), &o.item, text_of(o.id));
    if (!e)
        e = misp_around(m, &o.item, text_of(o.id));
    return e ? e : around_attributes(m, &o);
}

/* ---- references ---- */

static struct text relation_word(struct text raw, char out[TYPE_MAX_BYTES + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < raw.len && n < TYPE_MAX_BYTES; i++) {
        char c = raw.ptr[i] >= 'A' && raw.ptr[i] <= 'Z' ? (char)(raw.ptr[i] - 'A' + 'a') : raw.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain || (n > 0 && out[n - 1] != '-'))
            out[n++] = plain ? c : '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = 0;
    return n ? (struct text){out, n} : TEXT("related-to");
}

static enum err reference(struct misp *m, const struct json_val *v, struct text source)
{
    struct misp_item i;
    struct fault why;
    struct uuid uuid;
    char word[TYPE_MAX_BYTES + 1], from[IDENT_TEXT_MAX], to[IDENT_TEXT_MAX];
    struct text target = TEXT_NONE;
    misp_item_init(m, &i, v, "ObjectReference", &m->marks);
    if (uuid_parse(misp_text(v, "referenced_uuid"), &uuid) == OK)
        target = misp_names_get(&m->names, &uuid);
    if (target.len == 0) {
        misp_lost(m, i.place, "it refers to what is not in this event");
        return OK;
    }
    snprintf(from, sizeof from, TEXT_FMT, TEXT_ARG(source));
    snprintf(to, sizeof to, TEXT_FMT, TEXT_ARG(target));
    struct json_out o = misp_begin(m, &i, "relationship", &i.uuid, true);
    json_member_text(&o, "relationship_type", relation_word(misp_text(v, "relationship_type"), word));
    if (misp_text(v, "comment").len)
        json_member_text(&o, "description", misp_text(v, "comment"));
    json_member_text(&o, "source_ref", text_of(from));
    json_member_text(&o, "target_ref", text_of(to));
    enum err e = misp_done(m, &o, true, &why);
    if (e == OK || e == ERR_NOMEM)
        return e;
    misp_lost(m, i.place, "%.180s", e == ERR_EXISTS ? "the same uuid stands twice" : why.what);
    return OK;
}

enum err misp_references(struct misp *m, const struct json_val *object)
{
    const struct json_val *list = json_get(object, "ObjectReference");
    struct uuid uuid;
    enum err e = OK;
    if (!is_list(list) || json_size(list) == 0)
        return OK;
    if (uuid_parse(misp_text(object, "uuid"), &uuid) != OK || misp_names_get(&m->names, &uuid).len == 0) {
        misp_lost(m, TEXT("ObjectReference"), "its object has no uuid");
        return OK;
    }
    for (struct json_iter it = json_iter_of(list); !e && json_next(&it);)
        e = reference(m, it.val, misp_names_get(&m->names, &uuid));
    return e;
}
