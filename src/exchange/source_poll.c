/* exchange/source_poll.c - one look at a source: who it is, with which secret, by which fetcher, and what is kept of
 * how it went. */
#include <string.h>

#include "base/time.h"
#include "exchange/fetch.h"

#define POLL_ARENA_BYTES (64 * MIB)

/* ---- are the words enough ---- */

static bool is_web(struct text place)
{
    return text_starts(place, TEXT("https://")) || text_starts(place, TEXT("http://"));
}

/* A user in a URL would stand in the log. */
static bool names_user(struct text place)
{
    ptrdiff_t scheme = text_find_text(place, TEXT("://"));
    if (scheme < 0)
        return false;
    struct text rest = text_sub(place, (size_t)scheme + 3, place.len), host;
    return text_split(&rest, '/', &host) && text_find(host, '@', 0) >= 0;
}

static enum err check_place(enum source_kind kind, struct text place, struct fault *reterr)
{
    const bool path = text_starts(place, TEXT("/"));
    const bool mail = text_starts(place, TEXT("imaps://")) || text_starts(place, TEXT("imap://"));
    if (names_user(place))
        return fault_set(reterr, ERR_USAGE, "a place holds no user or password: --user and --secret-file");
    if (kind == SOURCE_FOLDER && !path)
        return fault_set(reterr, ERR_USAGE, "--place: a folder's whole path, from /");
    if (kind == SOURCE_MAILBOX && !path && !mail)
        return fault_set(reterr, ERR_USAGE, "--place: imaps://host/, or the whole path of a Maildir");
    if (kind != SOURCE_FOLDER && kind != SOURCE_MAILBOX && !is_web(place))
        return fault_set(reterr, ERR_USAGE, "--place: an https:// (or http://) URL");
    for (size_t i = 0; i < place.len; i++)
        if ((unsigned char)place.ptr[i] < 0x20 || place.ptr[i] == 0x7f)
            return fault_set(reterr, ERR_USAGE, "--place: a control character");
    return place.len <= URL_MAX_BYTES ? OK
                                      : fault_set(reterr, ERR_USAGE, "--place: longer than %zu bytes", URL_MAX_BYTES);
}

enum err source_check(const struct fact_source *s, struct fault *reterr)
{
    enum source_kind kind;
    enum err e = source_kind_parse(s->kind, &kind, reterr);
    if (e)
        return e;
    if (kind == SOURCE_BY_HAND)
        return s->place.len || s->every_s ? fault_set(reterr, ERR_USAGE, "--kind says how to look at that place")
                                          : OK;
    e = check_place(kind, s->place, reterr);
    if (e == OK && kind == SOURCE_TAXII && !s->collection.len)
        return fault_set(reterr, ERR_USAGE, "--collection: the id of the TAXII collection");
    return e;
}

/* ---- one look ---- */

static enum err copy_texts(struct fetch *f, struct fault *reterr)
{
    struct text *const texts[] = {&f->source.name,   &f->source.kind,  &f->source.place,    &f->source.collection,
                                  &f->source.format, &f->source.trust, &f->source.lifetimes};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!texts[i]->len)
            continue;
        *texts[i] = arena_text(&f->arena, *texts[i]);
        if (!texts[i]->ptr)
            return fault_set(reterr, ERR_NOMEM, "no memory for a source");
    }
    return OK;
}

static enum err read_source(struct fetch *f, const struct uuid *source, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(f->node, &v, reterr);
    if (e)
        return e;
    e = view_source(v, source, &f->source, reterr);
    if (e == OK)
        e = copy_texts(f, reterr);
    node_reader_done(f->node, v);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, e, "no such source");
    if (e == OK)
        e = source_check(&f->source, reterr);
    if (e == OK)
        e = source_kind_parse(f->source.kind, &f->kind, reterr);
    if (e == OK && f->kind == SOURCE_BY_HAND)
        return fault_set(reterr, ERR_USAGE,
                         "nothing says where it comes from: entente source set NAME --kind KIND --place PLACE");
    f->format = reader_format_parse(f->source.format);
    if (e == OK)
        e = source_secret_get(node_local(f->node), source, &f->arena, &f->user, &f->secret, reterr);
    return e;
}

static enum err make_client(struct fetch *f, struct fault *reterr)
{
    const struct http_client_options options = {.timeout_ms = FETCH_TIMEOUT_MS,
                                                .answer_max_bytes = 64 * MIB,
                                                .allow_plain = text_starts(f->source.place, TEXT("http://")),
                                                .follow_https = true,
                                                .patience_s = FETCH_PATIENCE_S,
                                                .cancel = f->cancel};
    if (!is_web(f->source.place))
        return OK;
    enum err e = http_client_new(&options, &f->http);
    return e ? fault_set(reterr, e, "no HTTP client could be made") : OK;
}

static enum err fetch(struct fetch *f, struct fault *reterr)
{
    switch (f->kind) {
    case SOURCE_FOLDER: return fetch_folder(f, reterr);
    case SOURCE_URL: return fetch_url(f, reterr);
    case SOURCE_TAXII: return fetch_taxii(f, reterr);
    case SOURCE_MISP: return fetch_misp(f, reterr);
    case SOURCE_MAILBOX: return fetch_mailbox(f, reterr);
    case SOURCE_SHADOWSERVER: return fetch_shadowserver(f, reterr);
    case SOURCE_MISP_FEED: return fetch_misp_feed(f, reterr);
    case SOURCE_BY_HAND:
    case SOURCE_KINDS: break;
    }
    return fault_set(reterr, ERR_USAGE, "nothing here looks at a place of kind " TEXT_FMT, TEXT_ARG(f->source.kind));
}

/* What of the last look stays: since when it fails, and when something came. */
static void begin_result(const struct source_result *before, struct source_result *r)
{
    *r = (struct source_result){
        .failed_since_us = before->failed_since_us, .failures = before->failures, .came_us = before->came_us};
}

static void end_result(struct source_result *r, enum err e, const struct fault *why)
{
    r->at_us = clock_now_us();
    r->err = e;
    if (r->fresh + r->updated + r->events)
        r->came_us = r->at_us;
    if (e == OK) {
        r->failed_since_us = 0;
        r->failures = 0;
        return;
    }
    r->failed_since_us = r->failed_since_us ? r->failed_since_us : r->at_us;
    r->failures++;
    memcpy(r->words, why->what, sizeof r->words);
    if (!r->words[0])
        memcpy(r->words, err_name(e), strlen(err_name(e)) + 1);
}

enum err source_poll(struct node *node, const struct uuid *source, unsigned turn_s, const atomic_bool *cancel,
                     struct source_result *ret, struct fault *reterr)
{
    struct source_result before = {.err = OK}, result;
    struct fetch f = {.node = node, .turn_s = turn_s, .cancel = cancel, .result = &result};
    struct fault why = {.offset = -1, .line = -1};
    enum err e = source_result_load(node_local(node), source, &before, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    begin_result(&before, &result);
    arena_init(&f.arena, POLL_ARENA_BYTES);
    e = read_source(&f, source, &why);
    if (e == OK)
        e = make_client(&f, &why);
    if (e == OK)
        e = fetch(&f, &why);
    if (e && f.http)
        result.retry_after_s = http_client_retry_s(f.http);
    http_client_free(f.http);
    arena_done(&f.arena);
    why.err = e;
    if (e == ERR_CANCELLED) { /* what came stays; whether the source works nobody knows */
        if (reterr)
            *reterr = why;
        *ret = result;
        return e;
    }
    end_result(&result, e, &why);
    enum err kept = source_result_save(node_local(node), source, &result, reterr);
    if (e && reterr)
        *reterr = why;
    *ret = result;
    return e ? e : kept;
}
