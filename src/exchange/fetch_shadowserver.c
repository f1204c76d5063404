/* exchange/fetch_shadowserver.c - Shadowserver's reports API: which reports there are for a span of days, and those
 * that were not taken yet, one download each. Questions are JSON with our key inside, and an HMAC-SHA256 of the very
 * bytes by our secret in the header HMAC2. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hmac.h"
#include "base/time.h"
#include "exchange/fetch.h"
#include "release/outbound.h"
#include "json/json.h"

#define THEIR_API       "https://transform.shadowserver.org/"
#define THEIR_DOWNLOADS "https://dl.shadowserver.org/"
#define DAYS_BACK       7 /* a report may be made again, or late */
#define REPORTS_MAX     4096
#define LIST_MAX_BYTES  ((uint64_t)16 * MIB)
#define ID_MAX          200
#define LISTED_TYPES    64

/* ---- what was taken, and still may be listed: {"taken":[ids]} ---- */

struct taken {
    struct text ids[REPORTS_MAX];
    bool listed[REPORTS_MAX];
    size_t count;
};

static bool was_taken(struct taken *t, struct text id)
{
    for (size_t i = 0; i < t->count; i++)
        if (text_eq(t->ids[i], id))
            return t->listed[i] = true;
    return false;
}

static enum err load(struct fetch *f, struct taken *t, struct fault *reterr)
{
    struct json_doc *doc;
    enum err e = fetch_state_read(f, &doc, reterr);
    if (e || !doc)
        return e;
    for (struct json_iter it = json_iter_of(json_get(json_root(doc), "taken"));
         t->count < REPORTS_MAX && json_next(&it);) {
        t->ids[t->count] = arena_text(&f->arena, json_text(it.val));
        t->count += t->ids[t->count].len > 0;
    }
    json_free(doc);
    return OK;
}

/* What is not listed any more is forgotten, once the list was gone through. */
static enum err save(const struct fetch *f, const struct taken *t, bool listed_only, struct fault *reterr)
{
    struct fetch_state s;
    fetch_state_begin(f, &s);
    json_key(&s.out, TEXT("taken"));
    json_open(&s.out, '[');
    for (size_t i = 0; i < t->count; i++)
        if (!listed_only || t->listed[i])
            json_put_text(&s.out, t->ids[i]);
    json_close(&s.out, ']');
    return fetch_state_end(f, &s, reterr);
}

/* ---- the list ---- */

static enum err make_question(const struct fetch *f, struct text days, struct text hmac, struct outbound **ret)
{
    struct page_field fields[3] = {{.name = "apikey", .kind = FIELD_TEXT, .text = f->user},
                                   {.name = "date", .kind = FIELD_TEXT, .text = days}};
    struct page_field names[LISTED_TYPES];
    struct page_line rows[LISTED_TYPES];
    struct text rest = f->source.collection, name;
    size_t count = 2, row_count = 0;
    if (hmac.len)
        fields[count++] = (struct page_field){.name = "hmac2", .kind = FIELD_TEXT, .text = hmac};
    while (f->source.collection.len && row_count < LISTED_TYPES && text_split(&rest, ',', &name)) {
        names[row_count] = (struct page_field){.name = "report", .kind = FIELD_TEXT, .text = text_trim(name)};
        rows[row_count] = (struct page_line){&names[row_count], 1};
        row_count++;
    }
    return outbound_protocol(PAGE_REQUEST_SHADOWSERVER, 0, fields, count, rows, row_count, ret);
}

/* The bytes are made twice: the header is a function of the body. */
static enum err question(const struct fetch *f, struct outbound **ret)
{
    char from[STAMP_TEXT_MAX], to[STAMP_TEXT_MAX], days[32], hex[SHA256_HEX];
    const int64_t now_us = clock_now_us(), day_us = (int64_t)24 * 3600 * 1000000;
    struct outbound *plain = NULL;
    stamp_format(stamp_from_us(now_us - DAYS_BACK * day_us, 0), from);
    stamp_format(stamp_from_us(now_us, 0), to);
    const int len = snprintf(days, sizeof days, "%.10s:%.10s", from, to);
    const struct text span = {days, (size_t)len};
    enum err e = make_question(f, span, TEXT_NONE, &plain);
    if (e)
        return e;
    const struct sha256 mac = hmac_sha256(f->secret, outbound_body(plain));
    outbound_free(plain);
    return make_question(f, span, sha256_hex(&mac, hex), ret);
}

static enum err ask_list(struct fetch *f, struct json_doc **ret, struct fault *reterr)
{
    struct outbound *request = NULL;
    struct http_answer a = {0};
    const char *url = arena_printf(&f->arena, TEXT_FMT "%sreports/list", TEXT_ARG(f->source.place),
                                   text_ends(f->source.place, TEXT("/")) ? "" : "/");
    enum err e = url ? question(f, &request) : ERR_NOMEM;
    if (e)
        return fault_set(reterr, e, "the question for reports could not be made");
    e = http_send(f->http, "POST", url, TEXT("application/json"), NULL, request, &a, reterr);
    outbound_free(request);
    if (e == OK && a.status != 200)
        e = fetch_refused(a.status, reterr);
    if (e == OK && a.body.len > LIST_MAX_BYTES)
        e = fault_set(reterr, ERR_UNREACHABLE, "its list of reports is longer than %llu bytes",
                      (unsigned long long)LIST_MAX_BYTES);
    if (e == OK && json_parse(buffer_text(&a.body), ret, NULL))
        e = fault_set(reterr, ERR_UNREACHABLE, "its list of reports is not JSON");
    http_answer_done(&a);
    if (e == OK && json_type(json_root(*ret)) != JSON_ARRAY) {
        const struct text said = json_text(json_get(json_root(*ret), "error"));
        e = fault_set(reterr, ERR_UNREACHABLE, "it lists no reports%s" TEXT_FMT, said.len ? ": " : "",
                      (int)(said.len < 100 ? said.len : 100), said.ptr ? said.ptr : "");
        json_free(*ret);
        *ret = NULL;
    }
    return e;
}

/* ---- a report ---- */

/* It becomes part of a URL. */
static bool good_id(struct text id)
{
    for (size_t i = 0; i < id.len; i++) {
        const char c = id.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return id.len > 0 && id.len <= ID_MAX;
}

/* Shadowserver keeps reports on a server of their own; whoever else speaks this API has them at its root. */
static const char *download_url(struct fetch *f, struct text id)
{
    struct text place = f->source.place, origin = TEXT(THEIR_DOWNLOADS);
    if (!text_starts(place, TEXT(THEIR_API))) {
        ptrdiff_t scheme = text_find_text(place, TEXT("://"));
        ptrdiff_t path = scheme < 0 ? -1 : text_find(place, '/', (size_t)scheme + 3);
        origin = path < 0 ? place : text_sub(place, 0, (size_t)path + 1);
    }
    return arena_printf(&f->arena, TEXT_FMT "%s" TEXT_FMT, TEXT_ARG(origin), text_ends(origin, TEXT("/")) ? "" : "/",
                        TEXT_ARG(id));
}

static enum err take_report(struct fetch *f, struct text id, struct text file, struct fault *reterr)
{
    struct outbound *request = NULL;
    struct http_answer a = {0};
    int fd = -1;
    const char *url = download_url(f, id);
    enum err e = url ? outbound_protocol(PAGE_REQUEST_GET, 0, NULL, 0, NULL, 0, &request) : ERR_NOMEM;
    if (e == OK)
        e = fetch_file(f, &fd, reterr);
    if (e == OK)
        e = http_fetch(f->http, "GET", url, TEXT_NONE, NULL, request, fd, FETCH_DOCUMENT_MAX_BYTES, &a, reterr);
    outbound_free(request);
    if (e == OK && a.status != 200)
        e = fetch_refused(a.status, reterr);
    if (e == OK && lseek(fd, 0, SEEK_SET) != 0)
        e = fault_errno(reterr, "reading what was fetched");
    if (e == OK)
        e = fetch_take(f, fd, file.len ? file : id, f->format, NULL, reterr);
    http_answer_done(&a);
    if (fd >= 0)
        close(fd);
    return e;
}

static enum err take_listed(struct fetch *f, const struct json_val *list, struct taken *t, struct fault *reterr)
{
    enum err e = OK;
    for (struct json_iter it = json_iter_of(list); e == OK && json_next(&it);) {
        const struct text id = json_text(json_get(it.val, "id"));
        if (!good_id(id))
            continue;
        if (was_taken(t, id)) {
            f->result->unchanged_documents++;
            continue;
        }
        if (t->count == REPORTS_MAX)
            return fault_set(reterr, ERR_LIMIT, "more than %d reports in %d days", REPORTS_MAX, DAYS_BACK);
        if (fetch_cancelled(f))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        e = take_report(f, id, json_text(json_get(it.val, "file")), reterr);
        if (e)
            return e;
        t->listed[t->count] = true;
        t->ids[t->count++] = id;
        e = save(f, t, false, reterr);
    }
    return e ? e : save(f, t, true, reterr);
}

enum err fetch_shadowserver(struct fetch *f, struct fault *reterr)
{
    struct json_doc *list = NULL;
    struct taken *t = arena_alloc(&f->arena, sizeof *t);
    if (!t)
        return fault_set(reterr, ERR_NOMEM, "no memory for a list of reports");
    memset(t, 0, sizeof *t);
    enum err e = load(f, t, reterr);
    if (e == OK)
        e = ask_list(f, &list, reterr);
    if (e == OK)
        e = take_listed(f, json_root(list), t, reterr);
    if (list)
        json_free(list);
    return e;
}
