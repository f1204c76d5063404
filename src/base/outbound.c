/* base/outbound.c - what leaves the house, as net/ sees it. Names and values are checked here once, so that no header
 * can carry a line feed and with it a second header or a body (RFC 9110 section 5.5). */
#include "base/outbound_make.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct header {
    char *name; /* owned: name, NUL, value, NUL */
    size_t name_len, value_len;
};

struct packed {
    char *ptr; /* owned */
    size_t len;
};

struct outbound {
    atomic_uint refs;
    int status;
    char *media_type; /* owned, NUL-terminated */
    char *body;       /* owned */
    size_t media_type_len, body_len;
    struct header *headers;
    size_t count, header_bytes;
    _Atomic(struct packed *) gzip; /* owned; set once */
};

/* RFC 9110 section 5.6.2 */
static bool is_token(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!word && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return t.len > 0;
}

static bool is_value(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static char *copy_after(struct text first, struct text second)
{
    char *copy = malloc(first.len + second.len + 2);
    if (!copy)
        return NULL;
    if (first.len)
        memcpy(copy, first.ptr, first.len);
    copy[first.len] = 0;
    if (second.len)
        memcpy(copy + first.len + 1, second.ptr, second.len);
    copy[first.len + 1 + second.len] = 0;
    return copy;
}

struct outbound *outbound_new(int status, struct text media_type, struct buffer *body)
{
    struct outbound *o = NULL;
    if (is_value(media_type) && media_type.len <= HTTP_HEADERS_MAX_BYTES)
        o = calloc(1, sizeof *o);
    if (o) {
        o->refs = 1;
        o->status = status;
        o->media_type = copy_after(media_type, TEXT_NONE);
        o->media_type_len = media_type.len;
        o->body = buffer_take(body, &o->body_len);
    }
    buffer_done(body);
    if (o && (!o->media_type || !o->body)) {
        outbound_free(o);
        o = NULL;
    }
    return o;
}

enum err outbound_add_header(struct outbound *o, struct text name, struct text value)
{
    if (!is_token(name) || !is_value(value))
        return ERR_MALFORMED;
    if (name.len > HTTP_HEADERS_MAX_BYTES || value.len > HTTP_HEADERS_MAX_BYTES ||
        name.len + value.len > HTTP_HEADERS_MAX_BYTES - o->header_bytes)
        return ERR_LIMIT;
    struct header *grown = realloc(o->headers, (o->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    o->headers = grown;
    struct header h = {.name = copy_after(name, value), .name_len = name.len, .value_len = value.len};
    if (!h.name)
        return ERR_NOMEM;
    o->headers[o->count++] = h;
    o->header_bytes += name.len + value.len;
    return OK;
}

int outbound_status(const struct outbound *o)
{
    return o->status;
}

struct text outbound_media_type(const struct outbound *o)
{
    return (struct text){o->media_type, o->media_type_len};
}

struct text outbound_body(const struct outbound *o)
{
    return (struct text){o->body, o->body_len};
}

size_t outbound_header_count(const struct outbound *o)
{
    return o->count;
}

void outbound_header(const struct outbound *o, size_t i, struct text *ret_name, struct text *ret_value)
{
    const struct header *h = &o->headers[i];
    *ret_name = (struct text){h->name, h->name_len};
    *ret_value = (struct text){h->name + h->name_len + 1, h->value_len};
}

static void packed_free(struct packed *p)
{
    if (!p)
        return;
    free(p->ptr);
    free(p);
}

struct text outbound_gzip(const struct outbound *o)
{
    const struct packed *p = atomic_load(&o->gzip);
    return p ? (struct text){p->ptr, p->len} : TEXT_NONE;
}

struct text outbound_keep_gzip(struct outbound *o, struct buffer *gzip)
{
    struct packed *p = calloc(1, sizeof *p), *none = NULL;
    if (p)
        p->ptr = buffer_take(gzip, &p->len);
    if (!p || !p->ptr || !atomic_compare_exchange_strong(&o->gzip, &none, p))
        packed_free(p);
    return outbound_gzip(o);
}

struct outbound *outbound_ref(struct outbound *o)
{
    atomic_fetch_add(&o->refs, 1);
    return o;
}

void outbound_free(struct outbound *o)
{
    if (!o || atomic_fetch_sub(&o->refs, 1) > 1)
        return;
    for (size_t i = 0; i < o->count; i++)
        free(o->headers[i].name);
    free(o->headers);
    packed_free(atomic_load(&o->gzip));
    free(o->media_type);
    free(o->body);
    free(o);
}
