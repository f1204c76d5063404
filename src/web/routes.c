/* web/routes.c - paths and their answers. */
#include "web/routes.h"

#include "base/time.h"
#include "exchange/intelmq_door.h"
#include "exchange/login.h"
#include "model/space.h"
#include "net/http_proxy.h"
#include "release/outbound.h"
#include "web/session.h"

static struct outbound *taxii(struct routes *r, const struct http_request *request)
{
    return taxii_server_handle(r->taxii, request);
}

static struct outbound *ledger(struct routes *r, const struct http_request *request)
{
    return ledger_server_handle(r->ledger, request);
}

static struct outbound *session(struct routes *r, const struct http_request *request)
{
    return session_door_handle(r->node, request);
}

static struct outbound *password(struct routes *r, const struct http_request *request)
{
    return password_door_handle(r->node, taxii_server_asides(r->taxii), request);
}

/* Takes in, gives nothing out. */
static struct outbound *intelmq(struct routes *r, const struct http_request *request)
{
    return intelmq_door_handle(r->node, taxii_server_asides(r->taxii), request);
}

static struct outbound *api(struct routes *r, const struct http_request *request)
{
    return r->api ? api_door_handle(r->api, request) : taxii_fault(404);
}

static struct outbound *status(struct routes *r, const struct http_request *request)
{
    return r->api ? api_door_page(r->api, request) : taxii_fault(404);
}

/* For load balancers and the operator's own watchdog: the node answers. */
static struct outbound *health(struct routes *r, const struct http_request *request)
{
    const struct page_field fields[] = {{"status", FIELD_TEXT, TEXT("ok"), 0},
                                        {"version", FIELD_TEXT, TEXT(ENTENTE_VERSION), 0}};
    struct outbound *made = NULL;
    (void)r, (void)request;
    return outbound_protocol(PAGE_HEALTH, 200, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

static struct outbound *welcome(struct routes *r, const struct http_request *request)
{
    const struct fact_genesis *g = node_genesis(r->node);
    struct page_field fields[4] = {
        {"name", FIELD_TEXT, g->name, 0},
        {"version", FIELD_TEXT, TEXT(ENTENTE_VERSION), 0},
        {"uptime_s", FIELD_NUMBER, TEXT_NONE, (clock_mono_us() - r->started_us) / 1000000},
    };
    struct outbound *made = NULL;
    size_t count = 3;
    (void)request;
    if (!space_is_real(g->space))
        fields[count++] = (struct page_field){"exercise", FIELD_TEXT, g->space, 0};
    return outbound_protocol(PAGE_WELCOME, 200, fields, count, NULL, 0, &made) ? NULL : made;
}

/* For this machine alone; to others there is no such page. */
static struct outbound *metrics(struct routes *r, const struct http_request *request)
{
    if (!r->metrics || !request->loopback || http_was_forwarded(request))
        return taxii_fault(404);
    return r->metrics(r->metrics_self);
}

struct outbound *routes_metrics_alone(void *self, const struct http_request *request)
{
    struct routes *r = self;
    if (!text_eq(request->path, TEXT("/metrics")))
        return taxii_fault(404);
    if (!text_eq(request->method, TEXT("GET")) && !text_eq(request->method, TEXT("HEAD")))
        return taxii_not_allowed("GET, HEAD");
    return metrics(r, request);
}

void routes_answered(void *self, const struct http_request *request, int status, size_t bytes)
{
    struct routes *r = self;
    web_count(&r->counters, request, status, bytes);
}

static const struct route {
    const char *path;
    bool below; /* and everything below it */
    bool get_only;
    struct outbound *(*answer)(struct routes *r, const struct http_request *request);
} table[] = {
    {"/taxii2", true, false, taxii},
    {"/log", true, false, ledger},
    {"/intelmq", true, false, intelmq},
    {SESSION_PATH, false, false, session},
    {PASSWORD_PATH, false, false, password},
    {"/api", true, false, api},
    {"/healthz", false, true, health},
    {"/metrics", false, true, metrics},
    {"/", false, true, welcome},
    {STATUS_PATH, false, true, status},
};

static bool matches(const struct route *route, struct text path)
{
    struct text own = text_of(route->path);
    if (text_eq(path, own))
        return true;
    return route->below && text_starts(path, own) && path.ptr[own.len] == '/';
}

/* A browser that has asked its person for a name and password sends them along with whatever the page of another site
 * makes it ask. It also says whose page that was: Fetch Metadata's Sec-Fetch-Site, before that Origin (RFC 6454). Who
 * is no browser says neither. */
static bool of_another_site(const struct http_request *request)
{
    struct text site = http_header(request, "Sec-Fetch-Site"), origin = http_header(request, "Origin");
    if (text_eq(request->method, TEXT("GET")) || text_eq(request->method, TEXT("HEAD")))
        return false;
    if (site.ptr)
        return !text_eq_nocase(site, TEXT("same-origin")) && !text_eq_nocase(site, TEXT("none"));
    ptrdiff_t host = text_find_text(origin, TEXT("://"));
    return origin.ptr && (host < 0 || !text_eq_nocase(text_sub(origin, (size_t)host + 3, origin.len),
                                                      http_header(request, "Host")));
}

static struct outbound *not_of_another_site(void)
{
    static const struct page_field fields[] = {
        {"title", FIELD_TEXT, {"Not permitted", 13}, 0},
        {"status", FIELD_NUMBER, {NULL, 0}, 403},
        {"detail", FIELD_TEXT, {"The page of another site makes nobody act here.", 47}, 0}};
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_PROBLEM, 403, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

struct outbound *routes_handle(void *self, const struct http_request *request)
{
    struct routes *r = self;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (!matches(&table[i], request->path))
            continue;
        if (table[i].get_only && !text_eq(request->method, TEXT("GET")) && !text_eq(request->method, TEXT("HEAD")))
            return taxii_fault(405);
        if (of_another_site(request))
            return not_of_another_site();
        struct outbound *waits = login_gate(r->node, request);
        const struct http_request passed = login_passed(request);
        return waits ? waits : table[i].answer(r, &passed);
    }
    return taxii_fault(404);
}

struct outbound *routes_fault(void *self, int status)
{
    (void)self;
    return taxii_fault(status);
}
