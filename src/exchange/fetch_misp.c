/* exchange/fetch_misp.c - events of a MISP server by its REST interface: POST /events/restSearch, page after page,
 * each event that was edited since the last look began, less an overlap.
 *
 * The time asked for is of our own clock and well before the last look: MISP's times are whole seconds, clocks
 * differ, and an event that another server's sync brought late has the time of its edit, not of its coming. What
 * comes twice is unchanged. After a look that broke off, the next one goes on a page before the one that failed. */
#include <unistd.h>

#include "base/time.h"
#include "exchange/fetch.h"
#include "release/outbound.h"
#include "json/json.h"

#define MISP_LIMIT     50     /* events a page; one may have a hundred thousand attributes */
#define MISP_PAGES_MAX 100000 /* of one look */
#define MISP_OVERLAP_S (6 * 3600)
#define MISP_PATH      "events/restSearch"

struct cursor_misp {
    int64_t since_s;   /* 0: everything */
    int64_t started_s; /* the look under way began; 0: none */
    int64_t page;      /* of it, the next one */
};

static enum err load(struct fetch *f, struct cursor_misp *ret, struct fault *reterr)
{
    struct json_doc *doc;
    enum err e = fetch_state_read(f, &doc, reterr);
    if (e || !doc)
        return e;
    const struct json_val *o = json_root(doc);
    (void)(json_i64(json_get(o, "since"), &ret->since_s) && json_i64(json_get(o, "started"), &ret->started_s) &&
           json_i64(json_get(o, "page"), &ret->page));
    json_free(doc);
    return OK;
}

static enum err save(const struct fetch *f, const struct cursor_misp *c, struct fault *reterr)
{
    struct fetch_state s;
    fetch_state_begin(f, &s);
    json_member_i64(&s.out, "since", c->since_s);
    json_member_i64(&s.out, "started", c->started_s);
    json_member_i64(&s.out, "page", c->page);
    return fetch_state_end(f, &s, reterr);
}

static enum err question(const struct fetch *f, const struct cursor_misp *c, struct outbound **ret)
{
    struct page_field fields[4] = {{.name = "page", .kind = FIELD_NUMBER, .number = c->page},
                                   {.name = "limit", .kind = FIELD_NUMBER, .number = MISP_LIMIT}};
    size_t count = 2;
    if (c->since_s)
        fields[count++] = (struct page_field){.name = "timestamp", .kind = FIELD_NUMBER, .number = c->since_s};
    if (f->source.collection.len)
        fields[count++] = (struct page_field){.name = "tags", .kind = FIELD_TEXT, .text = f->source.collection};
    return outbound_protocol(PAGE_REQUEST_MISP_SEARCH, 0, fields, count, NULL, 0, ret);
}

/* An answer without events, known by its bytes: {"response":[]}, [], with blanks. */
static bool says_nothing(int fd)
{
    char bytes[64], tight[64];
    size_t len = 0;
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] != ' ' && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t')
            tight[len++] = bytes[i];
    const struct text t = {tight, len};
    return n < (ssize_t)sizeof bytes &&
           (len == 0 || text_eq(t, TEXT("[]")) || text_eq(t, TEXT("{\"response\":[]}")) ||
            text_eq(t, TEXT("{\"response\":null}")));
}

static enum err take_page(struct fetch *f, int fd, const struct cursor_misp *c, struct sha256 *last, bool *ret_end,
                          struct fault *reterr)
{
    struct sha256 hash;
    enum err e = fetch_hash(fd, &hash, reterr);
    if (e)
        return e;
    /* The same page again: its server does not page, so the first was all. */
    *ret_end = says_nothing(fd) || (c->page > 1 && sha256_eq(&hash, last));
    *last = hash;
    if (*ret_end)
        return OK;
    const char *name = arena_printf(&f->arena, TEXT_FMT " page %lld", TEXT_ARG(f->source.name), (long long)c->page);
    if (!name)
        return fault_set(reterr, ERR_NOMEM, "no memory for a page");
    return fetch_take(f, fd, text_of(name), READER_MISP, NULL, reterr);
}

static enum err ask_page(struct fetch *f, const char *url, const struct cursor_misp *c, struct sha256 *last,
                         bool *ret_end, struct fault *reterr)
{
    struct outbound *request = NULL;
    struct http_answer a = {0};
    const struct http_auth auth = {.key = f->secret};
    int fd = -1;
    enum err e = question(f, c, &request);
    if (e == OK)
        e = fetch_file(f, &fd, reterr);
    if (e == OK)
        e = http_fetch(f->http, "POST", url, TEXT("application/json"), &auth, request, fd, FETCH_DOCUMENT_MAX_BYTES,
                       &a, reterr);
    outbound_free(request);
    if (e == OK && a.status != 200)
        e = fetch_refused(a.status, reterr);
    if (e == OK)
        e = take_page(f, fd, c, last, ret_end, reterr);
    http_answer_done(&a);
    if (fd >= 0)
        close(fd);
    return e;
}

enum err fetch_misp(struct fetch *f, struct fault *reterr)
{
    struct cursor_misp c = {0};
    struct sha256 last = {{0}};
    bool end = false;
    const char *url = arena_printf(&f->arena, TEXT_FMT "%s" MISP_PATH, TEXT_ARG(f->source.place),
                                   text_ends(f->source.place, TEXT("/")) ? "" : "/");
    enum err e = url ? load(f, &c, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a URL");
    if (e)
        return e;
    if (!c.started_s)
        c = (struct cursor_misp){.since_s = c.since_s, .started_s = clock_now_us() / 1000000, .page = 1};
    else
        c.page = c.page > 1 ? c.page - 1 : 1; /* pages move when events come between */
    for (int64_t pages = 0; e == OK && !end && pages < MISP_PAGES_MAX; pages++) {
        if (fetch_cancelled(f))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        e = ask_page(f, url, &c, &last, &end, reterr);
        if (e)
            return e;
        c.page++;
        if (end)
            c = (struct cursor_misp){.since_s = c.started_s - MISP_OVERLAP_S};
        e = save(f, &c, reterr);
    }
    return e;
}
