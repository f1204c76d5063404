/* exchange/pull_page.c - a page and its cursor. */
#include "exchange/pull_page.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "json/json.h"

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

/* What our own server and others send when there is nothing: known by its bytes, nobody has to read it. */
static bool says_nothing(struct text body)
{
    static const char *const known[] = {"{}",
                                        "{\"more\":false}",
                                        "{\"more\": false}",
                                        "{\"objects\":[]}",
                                        "{\"more\":false,\"objects\":[]}",
                                        "{\"more\": false, \"objects\": []}"};
    body = text_trim(body);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_eq(body, text_of(known[i])))
            return true;
    return false;
}

enum err pull_page_open(const struct http_answer *a, struct pull_page *ret, struct fault *reterr)
{
    struct text body = buffer_text(&a->body);
    struct pull_page p = {.fd = memfd_create("page", MFD_CLOEXEC),
                          .body = body,
                          .hash = sha256_of(body.ptr, body.len),
                          .read = says_nothing(body)};
    if (p.fd < 0)
        return fault_errno(reterr, "memory for a page");
    p.has_first = stamp_parse(text_of(a->date_added_first), &p.first, NULL) == OK;
    p.has_last = stamp_parse(text_of(a->date_added_last), &p.last, NULL) == OK;
    if (io_write_all(io_system(), p.fd, body.ptr, body.len, 0) < 0) {
        enum err e = fault_errno(reterr, "memory for a page");
        pull_page_close(&p);
        return e;
    }
    *ret = p;
    return OK;
}

enum err pull_page_read(struct pull_page *p, const atomic_bool *cancel, struct fault *reterr)
{
    if (p->read)
        return OK;
    enum err e = reader_envelope(p->fd, cancel, &p->envelope, reterr);
    p->read = e == OK;
    return e;
}

/* Where `value` begins as that of a member `next`, from `at` on; -1: nowhere. Written with escapes it is not found.
 */
static ptrdiff_t next_value(struct text body, size_t at, struct text value)
{
    const struct text name = TEXT("\"next\"");
    ptrdiff_t found;
    while ((found = text_find_text(text_sub(body, at, body.len), name)) >= 0) {
        at += (size_t)found + name.len;
        size_t v = at;
        while (v < body.len && strchr(" \t\r\n:\"", body.ptr[v]) && body.ptr[v])
            v++;
        if (text_starts(text_sub(body, v, body.len), value))
            return (ptrdiff_t)v;
    }
    return -1;
}

void pull_page_print(const struct pull_page *p, struct sha256 *ret)
{
    const struct text value = text_of(p->envelope.next);
    struct sha256_ctx ctx;
    size_t at = 0;
    ptrdiff_t v;
    if (!value.len) {
        *ret = p->hash;
        return;
    }
    sha256_init(&ctx);
    while ((v = next_value(p->body, at, value)) >= 0) {
        sha256_add(&ctx, p->body.ptr + at, (size_t)v - at);
        at = (size_t)v + value.len;
    }
    sha256_add(&ctx, p->body.ptr + at, p->body.len - at);
    *ret = sha256_end(&ctx);
}

void pull_page_close(struct pull_page *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}
