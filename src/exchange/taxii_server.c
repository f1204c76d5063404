/* exchange/taxii_server.c - one request: who asks, for what, and may it.
 *
 * Order of the checks, so that each answer tells no more than who asks may know: 401 who -> 404 path -> 405 method ->
 * 406 form of the answer -> 403 | 404 right -> 400 | 413 | 415 | 422 what was sent. */
#include "exchange/taxii_server.h"

#include <stdlib.h>

#include "base/time.h"
#include "exchange/aside.h"
#include "exchange/page_cache.h"
#include "exchange/taxii_accept.h"
#include "exchange/taxii_wait.h"

/* A partner's settings that change while its page is made: the page is made again. */
#define TRIES_MAX 4

enum err taxii_server_new(struct node *node, struct taxii_server **ret, struct fault *reterr)
{
    struct taxii_server *s = calloc(1, sizeof *s);
    enum err e = s ? clearances_new(node_gate_counters(node), &s->clearances) : ERR_NOMEM;
    if (e == OK)
        e = status_book_new(&s->statuses);
    if (e == OK)
        e = late_book_new(node, &s->late);
    if (e == OK)
        e = released_new(&s->released);
    if (e == OK)
        e = page_cache_new(&s->pages);
    if (e == OK)
        e = asides_new(&s->asides);
    if (e == OK)
        e = waits_new(node, &s->waits, reterr);
    if (e) {
        taxii_server_free(s);
        return fault_set(reterr, e, "no memory for the TAXII server");
    }
    s->node = node;
    *ret = s;
    return OK;
}

void taxii_server_free(struct taxii_server *s)
{
    if (!s)
        return;
    asides_free(s->asides);
    clearances_free(s->clearances);
    waits_free(s->waits);
    status_book_free(s->statuses);
    late_book_free(s->late);
    released_free(s->released);
    page_cache_free(s->pages);
    free(s);
}

struct asides *taxii_server_asides(struct taxii_server *s)
{
    return s->asides;
}

bool taxii_server_owns(struct text path)
{
    return text_starts(path, TEXT(TAXII_ROOT)) || text_eq(path, TEXT("/taxii2"));
}

void taxii_server_moved(struct taxii_server *s, uint64_t entries)
{
    waits_moved(s->waits, entries);
}

/* ---- which resource ---- */

#define SEGMENTS_MAX 6

/* Segments behind /taxii2; SEGMENTS_MAX + 1 when there are more. One slash at the end may be left out. */
static size_t segments_of(struct text path, struct text out[SEGMENTS_MAX + 1])
{
    struct text rest = text_sub(path, sizeof TAXII_ROOT - 1, path.len);
    size_t count = 0;
    if (text_ends(rest, TEXT("/")))
        rest.len--;
    if (!rest.len)
        return 0;
    while (count <= SEGMENTS_MAX && text_split(&rest, '/', &out[count]))
        count++;
    return count;
}

static enum resource below_collection(struct call *c, const struct text *s, size_t count)
{
    if (count == 0)
        return RESOURCE_COLLECTION;
    if (count == 1 && text_eq(s[0], TEXT("manifest")))
        return RESOURCE_MANIFEST;
    if (!text_eq(s[0], TEXT("objects")))
        return RESOURCE_NONE;
    if (count == 1)
        return RESOURCE_OBJECTS;
    c->object = s[1];
    if (count == 2)
        return RESOURCE_OBJECT;
    return count == 3 && text_eq(s[2], TEXT("versions")) ? RESOURCE_VERSIONS : RESOURCE_NONE;
}

static enum resource resource_of(struct call *c)
{
    struct text s[SEGMENTS_MAX + 1];
    size_t count = segments_of(c->request->path, s);
    if (count == 0)
        return RESOURCE_DISCOVERY;
    if (!text_eq(s[0], TEXT("api")) || count > SEGMENTS_MAX)
        return RESOURCE_NONE;
    if (count == 1)
        return RESOURCE_API_ROOT;
    if (count == 3 && text_eq(s[1], TEXT("status"))) {
        c->object = s[2];
        return RESOURCE_STATUS;
    }
    if (!text_eq(s[1], TEXT("collections")))
        return RESOURCE_NONE;
    if (count == 2)
        return RESOURCE_COLLECTIONS;
    return taxii_collection_find(c->server->node, s[2], &c->collection) ? below_collection(c, s + 3, count - 3)
                                                                        : RESOURCE_NONE;
}

/* ---- may it ---- */

enum method { METHOD_GET, METHOD_POST, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

/* HEAD is GET whose content stays here. */
static enum method method_of(struct text name)
{
    static const struct {
        const char *name;
        enum method method;
    } known[] = {{"GET", METHOD_GET},
                 {"HEAD", METHOD_GET},
                 {"POST", METHOD_POST},
                 {"DELETE", METHOD_DELETE},
                 {"OPTIONS", METHOD_OPTIONS}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_eq(name, text_of(known[i].name)))
            return known[i].method;
    return METHOD_OTHER;
}

static bool in_collection(enum resource r)
{
    return r == RESOURCE_COLLECTION || r == RESOURCE_OBJECTS || r == RESOURCE_OBJECT || r == RESOURCE_VERSIONS ||
           r == RESOURCE_MANIFEST;
}

/* 0, or the status it is refused with. Sections 5.4 to 5.8: neither right is 404, one of them missing 403. */
static int refused(const struct call *c, enum method m)
{
    if (!in_collection(c->resource))
        return 0;
    bool read = taxii_can_read(&c->asker), write = taxii_can_write(&c->asker);
    if (!read && !write)
        return 404;
    if (m == METHOD_DELETE)
        return read && write ? 0 : 403;
    if (m == METHOD_POST)
        return write ? 0 : 403;
    return read || c->resource == RESOURCE_COLLECTION ? 0 : 403;
}

static bool knows(enum resource r, enum method m)
{
    return m == METHOD_GET || (m == METHOD_POST && r == RESOURCE_OBJECTS) ||
           (m == METHOD_DELETE && r == RESOURCE_OBJECT);
}

static const char *methods_of(enum resource r)
{
    if (r == RESOURCE_OBJECTS)
        return "GET, HEAD, POST, OPTIONS";
    return r == RESOURCE_OBJECT ? "GET, HEAD, DELETE, OPTIONS" : "GET, HEAD, OPTIONS";
}

/* ---- the answer ---- */

static struct outbound *get_plain(struct call *c)
{
    struct outbound *made;
    switch (c->resource) {
    case RESOURCE_DISCOVERY: made = taxii_discovery(c); break;
    case RESOURCE_API_ROOT: made = taxii_api_root(c); break;
    case RESOURCE_COLLECTIONS: made = taxii_collections(c); break;
    case RESOURCE_COLLECTION: made = taxii_collection(c); break;
    case RESOURCE_STATUS: return taxii_status(c);
    default: return taxii_fault(404);
    }
    if (made && outbound_status(made) == 200 && outbound_tag(made, taxii_asker_name(c))) {
        outbound_free(made);
        return NULL;
    }
    return made;
}

/* RFC 9110 section 13.1.2 */
static struct outbound *unless_known(const struct call *c, struct outbound *made)
{
    struct outbound *instead = NULL;
    if (!made || c->unknown_to_it || outbound_status(made) != 200 ||
        !outbound_is_known(made, http_header_list(c->request, "If-None-Match")))
        return made;
    enum err e = outbound_not_modified(made, &instead);
    outbound_free(made);
    return e ? NULL : instead;
}

static enum err answer_get(struct call *c, struct outbound **ret)
{
    bool page = c->resource == RESOURCE_OBJECTS || c->resource == RESOURCE_OBJECT ||
                c->resource == RESOURCE_VERSIONS || c->resource == RESOURCE_MANIFEST;
    struct outbound *made = NULL;
    c->head = text_eq(c->request->method, TEXT("HEAD"));
    enum err e = OK;
    if (page)
        e = taxii_read(c, &made);
    else
        made = get_plain(c);
    struct outbound *held = e == OK ? waits_hold(c->server->waits, c, made) : NULL;
    if (e == OK)
        *ret = held ? held : unless_known(c, made);
    return e;
}

static struct outbound *copy_answered(void *self, const struct http_request *copy)
{
    return taxii_server_handle(self, copy);
}

/* Who may post is asked once more by the copy, when its turn has come. */
static struct outbound *post_aside(const struct call *c)
{
    struct outbound *held = NULL;
    struct taxii_server *s = c->server;
    enum err e = aside_begin(s->asides, c->request, &c->asker.account, copy_answered, s, &held);
    if (e == ERR_BUSY)
        return taxii_busy();
    return e ? NULL : held;
}

static enum err answer_known(struct call *c, struct outbound **ret)
{
    enum method m = method_of(c->request->method);
    c->resource = resource_of(c);
    if (c->resource == RESOURCE_NONE) {
        *ret = taxii_fault(404);
        return OK;
    }
    if (refused(c, m) == 404) {
        *ret = taxii_fault(404);
        return OK;
    }
    if (!knows(c->resource, m)) {
        *ret =
            m == METHOD_OPTIONS ? taxii_methods(methods_of(c->resource)) : taxii_not_allowed(methods_of(c->resource));
        return OK;
    }
    int status = taxii_accepts(http_header_list(c->request, "Accept")) ? refused(c, m) : 406;
    if (status) {
        *ret = taxii_fault(status);
        return OK;
    }
    if (m == METHOD_GET)
        return answer_get(c, ret);
    if (m == METHOD_POST && !c->request->body_too_long && !taxii_is_ours(http_header(c->request, "Content-Type"))) {
        *ret = taxii_fault(415);
        return OK;
    }
    if (c->request->body_waits) {
        *ret = http_want_body(c->request);
        return OK;
    }
    if (m == METHOD_DELETE)
        return taxii_delete(c, ret);
    *ret = c->request->exchange ? post_aside(c) : taxii_post(c);
    return OK;
}

/* An account without a role finds nothing here, whatever its token is for; others are told that it is not for this.
 */
static bool for_taxii(const struct asker *a)
{
    bool has_role = a->recipient.kind != RECIPIENT_OWN_ACCOUNT || a->role != ROLE_NONE;
    return !has_role || (a->scopes & (SCOPE_TAXII_READ | SCOPE_TAXII_WRITE));
}

/* ERR_BUSY: try again. */
static enum err answer(struct taxii_server *s, const struct http_request *request, struct view *v,
                       struct outbound **ret)
{
    struct call c = {.server = s, .request = request, .view = v, .now_us = clock_now_us()};
    struct fault fault = {0};
    enum err e = asker_find(s->node, v, http_header(request, "Authorization"), request->arena, &c.asker, &fault);
    if (e == OK && !for_taxii(&c.asker))
        e = ERR_DENIED;
    if (e == OK)
        return answer_known(&c, ret);
    if (e == ERR_NOT_FOUND || e == ERR_DENIED)
        *ret = taxii_fault(e == ERR_DENIED ? 403 : 401);
    else
        *ret = taxii_failure(e, &fault);
    return OK;
}

static enum err answer_in_snapshot(struct taxii_server *s, const struct http_request *request, struct outbound **ret)
{
    struct view *v;
    struct fault fault = {0};
    enum err e = node_reader(s->node, &v, &fault);
    if (e) {
        *ret = taxii_failure(e, &fault);
        return OK;
    }
    e = view_snapshot(v, &fault);
    if (e) {
        *ret = taxii_failure(e, &fault);
        e = OK;
    } else {
        e = answer(s, request, v, ret);
        view_end(v);
    }
    node_reader_done(s->node, v);
    return e;
}

struct outbound *taxii_server_handle(struct taxii_server *s, const struct http_request *request)
{
    struct outbound *answer = NULL;
    if (request->held && method_of(request->method) == METHOD_POST)
        return aside_go_on(request, &answer) == OK ? answer : taxii_busy();
    for (int i = 0; i < TRIES_MAX; i++) {
        struct outbound *made = NULL;
        if (answer_in_snapshot(s, request, &made) != ERR_BUSY)
            return made;
    }
    return taxii_fault(503);
}
