/* exchange/taxii_discover.c - which API roots a server has (TAXII 2.1 section 4.1). */
#include "exchange/taxii_remote.h"
#include "json/json.h"

/* "https://host:port" of a URL. */
static struct text origin_of(struct text url)
{
    ptrdiff_t scheme = text_find_text(url, TEXT("://"));
    if (scheme < 0)
        return TEXT_NONE;
    ptrdiff_t path = text_find(url, '/', (size_t)scheme + 3);
    return path < 0 ? url : text_sub(url, 0, (size_t)path);
}

static struct text first_root(const struct json_val *o)
{
    struct text root = json_text(json_get(o, "default"));
    struct json_iter it = json_iter_of(json_get(o, "api_roots"));
    if (!root.len && json_next(&it))
        root = json_text(it.val);
    return root;
}

/* Roots may be relative (section 4.1.1); one on another machine is not followed: our token is for this one. */
static enum err absolute(struct text url, struct text root, struct arena *arena, struct text *ret,
                         struct fault *reterr)
{
    struct text origin = origin_of(url);
    const char *made = NULL;
    if (text_starts(root, TEXT("/")) && !text_starts(root, TEXT("//")))
        made = arena_printf(arena, TEXT_FMT TEXT_FMT, TEXT_ARG(origin), TEXT_ARG(root));
    else if (origin.len && text_eq(origin_of(root), origin))
        made = arena_printf(arena, TEXT_FMT, TEXT_ARG(root));
    else
        return fault_set(reterr, ERR_UNREACHABLE, "its API root is on another machine, or missing");
    *ret = text_of(made);
    return made ? OK : ERR_NOMEM;
}

enum err taxii_discover(struct http_client *http, struct text url, const struct http_auth *auth, struct arena *arena,
                        struct text *ret_api_root, struct fault *reterr)
{
    const struct taxii_remote at = {.api_root = url, .auth = *auth};
    struct buffer text;
    struct http_answer a = {0};
    buffer_init(&text, URL_MAX_BYTES);
    remote_url(&at, "", &text);
    enum err e = remote_get(http, &at, &text, &a, NULL, reterr);
    buffer_done(&text);
    if (e)
        return e;
    struct json_doc *doc = NULL;
    e = json_parse(buffer_text(&a.body), &doc, NULL);
    if (e && e != ERR_NOMEM)
        e = fault_set(reterr, ERR_UNREACHABLE, "its discovery is not JSON");
    if (e == OK)
        e = absolute(url, first_root(json_root(doc)), arena, ret_api_root, reterr);
    json_free(doc);
    http_answer_done(&a);
    return e;
}
