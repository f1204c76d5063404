/* exchange/hub.c - see hub.h. */
#include "exchange/hub.h"

#include "base/limits.h"
#include "exchange/peer_inside.h"
#include "exchange/taxii_remote.h"
#include "json/json.h"

struct asking {
    struct http_client *http;
    const struct http_auth *auth;
    struct arena *arena;
    struct fault *reterr;
};

static enum err get(const struct asking *a, struct text url, const char *path, struct json_doc **ret)
{
    const struct taxii_remote at = {.api_root = url, .auth = *a->auth};
    struct buffer text;
    struct http_answer answer = {0};
    int status = 0;
    buffer_init(&text, URL_MAX_BYTES);
    remote_url(&at, path, &text);
    enum err e = remote_get(a->http, &at, &text, &answer, &status, a->reterr);
    buffer_done(&text);
    if (e)
        return status == 401 || status == 403 ? ERR_DENIED : e;
    e = json_parse(buffer_text(&answer.body), ret, NULL);
    http_answer_done(&answer);
    return e && e != ERR_NOMEM ? fault_set(a->reterr, ERR_UNREACHABLE, "what it says of itself is not JSON") : e;
}

/* "https://host:port" without a path: where TAXII has its discovery. */
static bool is_bare(struct text url)
{
    ptrdiff_t scheme = text_find_text(url, TEXT("://"));
    ptrdiff_t path = scheme < 0 ? 0 : text_find(url, '/', (size_t)scheme + 3);
    return scheme >= 0 && (path < 0 || (size_t)path + 1 == url.len);
}

static enum err keep(struct arena *arena, const struct json_val *o, const char *name, struct text *ret)
{
    *ret = arena_text(arena, json_text(json_get(o, name)));
    return ret->ptr ? OK : ERR_NOMEM;
}

static enum err find_root(const struct asking *a, struct text url, struct text *ret)
{
    struct json_doc *doc;
    const char *at = is_bare(url) ? arena_printf(a->arena, TEXT_FMT "%staxii2/", TEXT_ARG(url),
                                                 text_ends(url, TEXT("/")) ? "" : "/")
                                  : arena_printf(a->arena, TEXT_FMT, TEXT_ARG(url));
    if (!at)
        return ERR_NOMEM;
    enum err e = get(a, text_of(at), "", &doc);
    if (e)
        return e;
    bool is_root = json_get(json_root(doc), "versions") != NULL; /* TAXII 2.1 section 4.2 */
    json_free(doc);
    *ret = text_of(at);
    return is_root ? OK : taxii_discover(a->http, text_of(at), a->auth, a->arena, ret, a->reterr);
}

static enum err ask_root(const struct asking *a, struct hub_words *w)
{
    struct json_doc *doc;
    enum err e = get(a, w->api_root, "", &doc);
    if (e)
        return e;
    const struct json_val *o = json_root(doc);
    e = keep(a->arena, o, "title", &w->name);
    if (e == OK)
        e = keep(a->arena, o, "x_entente_country", &w->country);
    if (e == OK)
        e = keep(a->arena, o, "x_entente_account", &w->account);
    json_free(doc);
    return e;
}

static enum err ask_collection(const struct asking *a, struct hub_words *w)
{
    struct json_doc *doc;
    enum err e = get(a, w->api_root, "collections/indicators/", &doc);
    if (e)
        return e;
    w->can_read = json_bool(json_get(json_root(doc), "can_read"), false);
    w->can_write = json_bool(json_get(json_root(doc), "can_write"), false);
    json_free(doc);
    return OK;
}

enum err hub_ask(struct text url, const struct http_auth *auth, struct arena *arena, struct hub_words *ret,
                 struct fault *reterr)
{
    const struct http_client_options options = {.answer_max_bytes = MIB};
    struct asking a = {.auth = auth, .arena = arena, .reterr = reterr};
    struct hub_words w = {{0}};
    enum err e = http_client_new(&options, &a.http);
    if (e)
        return fault_set(reterr, e, "no HTTP client could be made");
    e = find_root(&a, url, &w.api_root);
    if (e == OK)
        e = ask_root(&a, &w);
    if (e == OK)
        e = ask_collection(&a, &w);
    http_client_free(a.http);
    if (e == OK)
        *ret = w;
    return e;
}
