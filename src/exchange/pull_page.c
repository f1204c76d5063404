/* exchange/pull_page.c - a page and its cursor. */
#include "exchange/pull_page.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "json/json.h"
#include "json/split.h"

#define CURSOR_SPACE "peer-cursor"

/* ---- the cursor: {"after","last","next","page"} ---- */

static bool stamp_member(const struct json_val *o, const char *name, struct stamp *ret)
{
    struct text t = json_text(json_get(o, name));
    return t.len && stamp_parse(t, ret, NULL) == OK;
}

static void read_cursor(const struct json_val *o, struct pull_cursor *c)
{
    c->has_after = stamp_member(o, "after", &c->after);
    c->has_last = stamp_member(o, "last", &c->last);
    c->has_page = sha256_from_hex(json_text(json_get(o, "page")), &c->page) == OK;
    struct text next = json_text(json_get(o, "next"));
    if (next.len && next.len <= PULL_NEXT_MAX)
        memcpy(c->next, next.ptr, next.len);
}

enum err pull_cursor_load(struct local *l, struct text key, struct pull_cursor *ret, struct fault *reterr)
{
    struct buffer kept;
    struct json_doc *doc = NULL;
    struct pull_cursor c = {0};
    buffer_init(&kept, 8 * PULL_NEXT_MAX);
    enum err e = local_get(l, CURSOR_SPACE, key, &kept, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&kept), &doc, reterr);
    if (e == OK)
        read_cursor(json_root(doc), &c);
    json_free(doc);
    buffer_done(&kept);
    if (e && e != ERR_NOT_FOUND)
        return e;
    *ret = c;
    return OK;
}

static void put_stamp(struct json_out *o, const char *name, struct stamp s)
{
    char text[STAMP_TEXT_MAX];
    json_member_text(o, name, stamp_format(s, text));
}

enum err pull_cursor_save(struct local *l, struct text key, const struct pull_cursor *c, struct fault *reterr)
{
    struct buffer text;
    char hex[SHA256_HEX];
    buffer_init(&text, 8 * PULL_NEXT_MAX);
    struct json_out o = json_out_to(&text);
    json_open(&o, '{');
    if (c->has_after)
        put_stamp(&o, "after", c->after);
    if (c->has_last)
        put_stamp(&o, "last", c->last);
    if (c->next[0])
        json_member_text(&o, "next", text_of(c->next));
    if (c->has_page)
        json_member_text(&o, "page", sha256_hex(&c->page, hex));
    json_close(&o, '}');
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(l, CURSOR_SPACE, key, buffer_text(&text), reterr);
    buffer_done(&text);
    return e;
}

static bool same_stamp(bool has_a, struct stamp a, bool has_b, struct stamp b)
{
    return has_a == has_b && (!has_a || stamp_cmp(a, b) == 0);
}

bool pull_cursor_same(const struct pull_cursor *a, const struct pull_cursor *b)
{
    return same_stamp(a->has_after, a->after, b->has_after, b->after) &&
           same_stamp(a->has_last, a->last, b->has_last, b->last) && strcmp(a->next, b->next) == 0 &&
           a->has_page == b->has_page && (!a->has_page || sha256_eq(&a->page, &b->page));
}

/* ---- the page ---- */

static enum err not_envelope(struct fault *reterr, const char *why)
{
    return fault_at(reterr, ERR_UNREACHABLE, -1, "TAXII 2.1 3.7", "its answer is no envelope: %s", why);
}

/* `next` is a string; servers that send a number mean its digits. */
static enum err read_next(const struct json_val *next, struct pull_page *p, struct fault *reterr)
{
    int64_t number;
    struct text t = json_text(next);
    if (json_i64(next, &number)) {
        struct buffer digits;
        buffer_init(&digits, PULL_NEXT_MAX);
        buffer_addf(&digits, "%lld", (long long)number);
        if (digits.len)
            memcpy(p->next, digits.ptr, digits.len);
        buffer_done(&digits);
        return OK;
    }
    if (t.len > PULL_NEXT_MAX || (t.len && memchr(t.ptr, 0, t.len)))
        return not_envelope(reterr, "its `next` is longer than we keep");
    if (t.len)
        memcpy(p->next, t.ptr, t.len);
    return OK;
}

static enum err read_envelope(struct text envelope, struct pull_page *p, struct fault *reterr)
{
    struct json_doc *doc;
    enum err e = json_parse(envelope, &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? e : not_envelope(reterr, "its members cannot be read");
    p->more = json_bool(json_get(json_root(doc), "more"), false);
    e = read_next(json_get(json_root(doc), "next"), p, reterr);
    json_free(doc);
    return e;
}

/* A single value: `{}`, or an object without `objects`, is an envelope too. */
static enum err look_through(struct json_split *s, struct pull_page *p, struct fault *reterr)
{
    enum err e;
    struct text element = TEXT_NONE;
    int64_t at;
    while ((e = json_split_next(s, &element, &at, NULL)) == OK || e == ERR_LIMIT) {
        if (!json_split_found(s))
            return e ? not_envelope(reterr, "it is larger than an object may be") : read_envelope(element, p, reterr);
        p->objects++;
    }
    if (e == ERR_MALFORMED)
        return not_envelope(reterr, "it is not JSON, or was cut off");
    if (e != ERR_NOT_FOUND)
        return e;
    struct text envelope = json_split_envelope(s);
    return envelope.len ? read_envelope(envelope, p, reterr) : OK;
}

enum err pull_page_open(const struct http_answer *a, struct pull_page *ret, struct fault *reterr)
{
    struct text body = buffer_text(&a->body);
    struct pull_page p = {.fd = memfd_create("page", MFD_CLOEXEC), .hash = sha256_of(body.ptr, body.len)};
    if (p.fd < 0)
        return fault_errno(reterr, "memory for a page");
    p.has_last = stamp_parse(text_of(a->date_added_last), &p.last, NULL) == OK;
    struct json_split *s = NULL;
    enum err e = OK;
    if (io_write_all(io_system(), p.fd, body.ptr, body.len, 0) < 0)
        e = fault_errno(reterr, "memory for a page");
    if (e == OK)
        e = json_split_open(p.fd, "objects", STIX_OBJECT_MAX_BYTES, &s);
    if (e == OK)
        e = look_through(s, &p, reterr);
    json_split_free(s);
    if (e == OK && lseek(p.fd, 0, SEEK_SET) < 0)
        e = fault_errno(reterr, "memory for a page");
    if (e) {
        pull_page_close(&p);
        return e;
    }
    *ret = p;
    return OK;
}

void pull_page_close(struct pull_page *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}
