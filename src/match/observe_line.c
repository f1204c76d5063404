#include "match/observe_line.h"

#include <stdio.h>

#include "base/time.h"

struct observing {
    const struct logline *e;
    struct json_out o;
    struct buffer refs; /* "type--n" of what was written, a blank behind each */
    unsigned long long number;
    unsigned count;
    bool no_memory; /* for a part: the whole would say something else */
};

static void part_done(struct observing *w, struct buffer *b)
{
    w->no_memory = w->no_memory || buffer_error(b) == ERR_NOMEM;
    buffer_done(b);
}

/* ---- objects ---- */

struct ref {
    char id[64];
};

static struct ref open_object(struct observing *w, const char *type)
{
    struct ref r;
    int len = snprintf(r.id, sizeof r.id, "%s--%llu-%u", type, w->number, ++w->count);
    json_open(&w->o, '{');
    json_member_text(&w->o, "type", text_of(type));
    json_member_text(&w->o, "id", (struct text){r.id, (size_t)len});
    buffer_add(&w->refs, (struct text){r.id, (size_t)len});
    buffer_add_char(&w->refs, ' ');
    return r;
}

static struct text lower_name(struct text name, struct buffer *scratch)
{
    buffer_clear(scratch);
    if (name.len > 1 && name.ptr[name.len - 1] == '.')
        name.len--;
    buffer_add_lower(scratch, name);
    return buffer_text(scratch);
}

static bool is_name(struct text t)
{
    return value_detect(t) == VALUE_DOMAIN;
}

/* An address or a host name as an object; ret empty where it is neither. */
static struct ref put_host(struct observing *w, struct text t)
{
    struct ref r = {""};
    struct ipaddr a;
    char text[IPADDR_TEXT_MAX];
    struct buffer scratch;
    if (ipaddr_parse(t, &a) == OK) {
        r = open_object(w, a.bits == 32 ? "ipv4-addr" : "ipv6-addr");
        json_member_text(&w->o, "value", ipaddr_format(&a, text));
        json_close(&w->o, '}');
    } else if (is_name(t)) {
        buffer_init(&scratch, URL_MAX_BYTES);
        r = open_object(w, "domain-name");
        json_member_text(&w->o, "value", lower_name(t, &scratch));
        json_close(&w->o, '}');
        part_done(w, &scratch);
    }
    return r;
}

/* JSON holds UTF-8 alone: other bytes are no value. */
static struct ref put_plain(struct observing *w, const char *type, const char *property, struct text value)
{
    if (value.len == 0 || !text_is_utf8(value))
        return (struct ref){""};
    struct ref r = open_object(w, type);
    json_member_text(&w->o, property, value);
    json_close(&w->o, '}');
    return r;
}

static struct ref put_mail(struct observing *w, struct text raw)
{
    struct text address = logline_mail_address(raw);
    return value_detect(address) == VALUE_EMAIL ? put_plain(w, "email-addr", "value", address) : (struct ref){""};
}

/* Whole, or of the request's host and path; without a host there is none. */
static void put_url(struct observing *w, struct text url)
{
    struct text host = logline_value(w->e, LOGLINE_HOST);
    struct buffer whole;
    if (url.len > URL_MAX_BYTES || host.len > URL_MAX_BYTES)
        return;
    if (text_find_text(url, TEXT("://")) > 0) {
        put_plain(w, "url", "value", url);
        return;
    }
    if (host.len == 0 || url.len == 0 || url.ptr[0] != '/')
        return;
    buffer_init(&whole, 2 * URL_MAX_BYTES);
    buffer_addf(&whole, "http%s://" TEXT_FMT TEXT_FMT, w->e->dst.has_port && w->e->dst.port == 443 ? "s" : "",
                TEXT_ARG(host), TEXT_ARG(url));
    if (!buffer_error(&whole))
        put_plain(w, "url", "value", buffer_text(&whole));
    part_done(w, &whole);
}

static void put_ref(struct observing *w, const char *name, const struct ref *r)
{
    if (r->id[0])
        json_member_text(&w->o, name, text_of(r->id));
}

static bool number_of(const struct logline *e, enum logline_field f, int64_t *ret)
{
    for (size_t i = 0; i < e->value_count; i++) {
        uint64_t n = 0;
        if (e->values[i].field != f)
            continue;
        *ret = e->values[i].number;
        if (e->values[i].value.len == 0)
            return true;
        if (text_u64(e->values[i].value, &n) || n > INT64_MAX)
            return false;
        *ret = (int64_t)n;
        return true;
    }
    return false;
}

/* ---- connections ---- */

static void put_protocols(struct observing *w)
{
    struct buffer lower;
    buffer_init(&lower, 256);
    json_key(&w->o, TEXT("protocols"));
    json_open(&w->o, '[');
    const struct text names[] = {w->e->protocol, logline_value(w->e, LOGLINE_SERVICE)};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].len && names[i].len < 64 && text_is_utf8(names[i])) {
            buffer_clear(&lower);
            buffer_add_lower(&lower, names[i]);
            json_put_text(&w->o, buffer_text(&lower));
        }
    if (w->e->kind == LOGLINE_DNS)
        json_put_text(&w->o, TEXT("dns"));
    else if (w->e->kind == LOGLINE_HTTP)
        json_put_text(&w->o, TEXT("http"));
    else if (w->e->kind == LOGLINE_TLS)
        json_put_text(&w->o, TEXT("tls"));
    else if (w->e->kind == LOGLINE_MAIL)
        json_put_text(&w->o, TEXT("smtp"));
    json_close(&w->o, ']');
    part_done(w, &lower);
}

static void put_header(struct observing *w, const char *name, enum logline_field f)
{
    struct text value = logline_value(w->e, f);
    if (value.len && text_is_utf8(value))
        json_member_text(&w->o, name, value);
}

static void put_request(struct observing *w)
{
    if (!logline_value(w->e, LOGLINE_METHOD).len)
        return;
    json_key(&w->o, TEXT("extensions"));
    json_open(&w->o, '{');
    json_key(&w->o, TEXT("http-request-ext"));
    json_open(&w->o, '{');
    put_header(w, "request_method", LOGLINE_METHOD);
    put_header(w, "request_value", LOGLINE_URL);
    json_key(&w->o, TEXT("request_header"));
    json_open(&w->o, '{');
    put_header(w, "Host", LOGLINE_HOST);
    put_header(w, "User-Agent", LOGLINE_USER_AGENT);
    put_header(w, "Referer", LOGLINE_REFERER);
    json_close(&w->o, '}');
    json_close(&w->o, '}');
    json_close(&w->o, '}');
}

static void put_traffic(struct observing *w, const struct ref *src, const struct ref *dst)
{
    static const struct {
        enum logline_field field;
        const char *name;
    } counts[] = {{LOGLINE_SRC_BYTES, "src_byte_count"},
                  {LOGLINE_DST_BYTES, "dst_byte_count"},
                  {LOGLINE_SRC_PACKETS, "src_packets"},
                  {LOGLINE_DST_PACKETS, "dst_packets"}};
    int64_t n;
    if (w->e->travel || (!src->id[0] && !dst->id[0]))
        return;
    (void)open_object(w, "network-traffic");
    put_ref(w, "src_ref", src);
    put_ref(w, "dst_ref", dst);
    if (w->e->src.has_port)
        json_member_i64(&w->o, "src_port", w->e->src.port);
    if (w->e->dst.has_port)
        json_member_i64(&w->o, "dst_port", w->e->dst.port);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (number_of(w->e, counts[i].field, &n))
            json_member_i64(&w->o, counts[i].name, n);
    put_protocols(w);
    put_request(w);
    json_close(&w->o, '}');
}

/* ---- files, certificates, mail ---- */

static bool file_field(enum logline_field f)
{
    return f >= LOGLINE_FILE_NAME && f <= LOGLINE_SHA512;
}

static struct text base_name(struct text path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.ptr[i] == '/' || path.ptr[i] == '\\')
            return text_sub(path, i + 1, path.len);
    return path;
}

/* The first of that field in the group; NULL. */
static const struct logline_value *in_group(const struct observing *w, unsigned group, enum logline_field f)
{
    for (size_t i = 0; i < w->e->value_count; i++)
        if (w->e->values[i].group == group && w->e->values[i].field == f)
            return &w->e->values[i];
    return NULL;
}

static void put_hashes(struct observing *w, unsigned group)
{
    static const char *const names[] = {"MD5", "SHA-1", "SHA-256", "SHA-512"};
    struct buffer lower;
    bool open = false;
    buffer_init(&lower, 256);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct logline_value *v = in_group(w, group, (enum logline_field)(LOGLINE_MD5 + i));
        if (!v || v->value.len > 128 || !text_is_utf8(v->value))
            continue;
        if (!open) {
            json_key(&w->o, TEXT("hashes"));
            json_open(&w->o, '{');
        }
        open = true;
        buffer_clear(&lower);
        buffer_add_lower(&lower, v->value);
        json_member_text(&w->o, names[i], buffer_text(&lower));
    }
    if (open)
        json_close(&w->o, '}');
    part_done(w, &lower);
}

/* Values of one group are one file; a name alone (group 0: an attachment) is a file, too. */
static void put_file(struct observing *w, const struct logline_value *first)
{
    const struct logline_value *name = first->group ? in_group(w, first->group, LOGLINE_FILE_NAME) : first;
    const struct logline_value *mime = first->group ? in_group(w, first->group, LOGLINE_MIME) : NULL;
    const struct logline_value *size = first->group ? in_group(w, first->group, LOGLINE_FILE_SIZE) : NULL;
    uint64_t bytes = 0;
    (void)open_object(w, "file");
    if (first->group)
        put_hashes(w, first->group);
    if (name && base_name(name->value).len && text_is_utf8(name->value))
        json_member_text(&w->o, "name", base_name(name->value));
    if (mime && mime->value.len && text_is_utf8(mime->value))
        json_member_text(&w->o, "mime_type", mime->value);
    if (size && size->value.len == 0)
        json_member_i64(&w->o, "size", size->number);
    else if (size && text_u64(size->value, &bytes) == OK && bytes <= INT64_MAX)
        json_member_i64(&w->o, "size", (int64_t)bytes);
    json_close(&w->o, '}');
}

static void put_files(struct observing *w)
{
    for (size_t i = 0; i < w->e->value_count; i++) {
        const struct logline_value *v = &w->e->values[i];
        bool first = file_field(v->field) && (v->group || v->field == LOGLINE_FILE_NAME);
        for (size_t k = 0; first && v->group && k < i; k++)
            first = w->e->values[k].group != v->group;
        if (first)
            put_file(w, v);
    }
}

static void put_certificate(struct observing *w)
{
    static const struct {
        enum logline_field field;
        const char *name;
    } members[] = {{LOGLINE_SUBJECT, "subject"}, {LOGLINE_ISSUER, "issuer"}, {LOGLINE_SERIAL, "serial_number"}};
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        any = any || logline_value(w->e, members[i].field).len;
    if (!any)
        return;
    (void)open_object(w, "x509-certificate");
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        put_header(w, members[i].name, members[i].field);
    json_close(&w->o, '}');
}

static void put_message(struct observing *w)
{
    struct ref from = {""}, to[LOGLINE_VALUES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < w->e->value_count; i++) {
        const struct logline_value *v = &w->e->values[i];
        if (v->field == LOGLINE_MAIL_FROM) {
            struct ref r = put_mail(w, v->value);
            from = r.id[0] ? r : from;
        } else if (v->field == LOGLINE_MAIL_TO) {
            to[count] = put_mail(w, v->value);
            count += to[count].id[0] != 0;
        }
    }
    if (w->e->kind != LOGLINE_MAIL)
        return;
    (void)open_object(w, "email-message");
    json_member_bool(&w->o, "is_multipart", false);
    put_header(w, "subject", LOGLINE_MAIL_SUBJECT);
    put_ref(w, "from_ref", &from);
    json_key(&w->o, TEXT("to_refs"));
    json_open(&w->o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(&w->o, text_of(to[i].id));
    json_close(&w->o, ']');
    json_close(&w->o, '}');
}

/* ---- the whole ---- */

static void put_values(struct observing *w)
{
    for (size_t i = 0; i < w->e->value_count; i++) {
        const struct logline_value *v = &w->e->values[i];
        switch (v->field) {
        case LOGLINE_QUERY:
        case LOGLINE_ANSWER:
        case LOGLINE_SERVER_NAME:
        case LOGLINE_CERT_NAME: (void)put_host(w, v->value); break;
        case LOGLINE_HOST: (void)put_host(w, logline_url_host(v->value)); break;
        case LOGLINE_URL: put_url(w, v->value); break;
        case LOGLINE_USER: (void)put_plain(w, "user-account", "account_login", v->value); break;
        default: break;
        }
    }
}

static void put_data(struct observing *w)
{
    char id[64];
    char when[STAMP_TEXT_MAX];
    struct text at = stamp_format(stamp_from_us(w->e->time_us, 6), when), refs = buffer_text(&w->refs), one;
    json_open(&w->o, '{');
    json_member_text(&w->o, "type", TEXT("observed-data"));
    snprintf(id, sizeof id, "observed-data--%llu", w->number);
    json_member_text(&w->o, "id", text_of(id));
    json_member_text(&w->o, "first_observed", at);
    json_member_text(&w->o, "last_observed", at);
    json_member_i64(&w->o, "number_observed", 1);
    json_key(&w->o, TEXT("object_refs"));
    json_open(&w->o, '[');
    while (text_split(&refs, ' ', &one))
        if (one.len)
            json_put_text(&w->o, one);
    json_close(&w->o, ']');
    json_close(&w->o, '}');
}

bool observe_line(const struct logline *e, uint64_t number, struct buffer *out)
{
    size_t before = out->len;
    struct observing w = {.e = e, .o = json_out_to(out), .number = number};
    if (!e->has_time)
        return false;
    buffer_init(&w.refs, STREAMED_EVENT_BYTES);
    json_open(&w.o, '[');
    struct ref src = put_host(&w, e->src.text), dst = put_host(&w, e->dst.text);
    put_traffic(&w, &src, &dst);
    put_values(&w);
    put_files(&w);
    put_certificate(&w);
    put_message(&w);
    put_data(&w);
    json_close(&w.o, ']');
    bool any = w.count > 0 && !buffer_error(&w.refs);
    part_done(&w, &w.refs);
    if (w.no_memory)
        out->err = ERR_NOMEM;
    if (!any)
        out->len = before;
    return any;
}
