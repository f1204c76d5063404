/* exchange/fetch_taxii.c - a collection of any TAXII 2.1 server: what peers do, for who is no peer. The place is an
 * API root, or the server's discovery, which is asked once. */
#include <string.h>

#include "exchange/fetch.h"
#include "exchange/taxii_client.h"
#include "json/json.h"

/* The root that was found by that place before. */
static bool known_root(struct fetch *f, struct text *ret)
{
    struct json_doc *doc;
    if (fetch_state_read(f, &doc, NULL) || !doc)
        return false;
    *ret = arena_text(&f->arena, json_text(json_get(json_root(doc), "root")));
    json_free(doc);
    return ret->len > 0;
}

static enum err keep_root(const struct fetch *f, struct text root, struct fault *reterr)
{
    struct fetch_state s;
    fetch_state_begin(f, &s);
    json_member_text(&s.out, "root", root);
    return fetch_state_end(f, &s, reterr);
}

/* What answers no discovery with a root of its own is taken to be a root. */
static enum err find_root(struct fetch *f, struct taxii_remote *remote, struct fault *reterr)
{
    if (known_root(f, &remote->api_root))
        return OK;
    struct fault why = {.offset = -1, .line = -1};
    enum err e = taxii_discover(f->http, f->source.place, &remote->auth, &f->arena, &remote->api_root, &why);
    if (e == ERR_UNREACHABLE && http_client_status(f->http) == 200) {
        remote->api_root = f->source.place;
        e = OK;
    }
    if (e && reterr)
        *reterr = why;
    return e ? e : keep_root(f, remote->api_root, reterr);
}

enum err fetch_taxii(struct fetch *f, struct fault *reterr)
{
    struct taxii_remote remote = {.collection = f->source.collection, .turn_s = f->turn_s};
    struct taxii_pulled pulled = {0};
    char id[UUID_TEXT_MAX];
    if (f->user.len)
        remote.auth = (struct http_auth){.user = f->user, .password = f->secret};
    else
        remote.auth = (struct http_auth){.bearer = f->secret};
    enum err e = find_root(f, &remote, reterr);
    if (e)
        return e;
    struct intake_options intake = fetch_intake(f);
    intake.format = READER_STIX;
    intake.name = f->source.name;
    const char *key = arena_printf(&f->arena, "source %s " TEXT_FMT " " TEXT_FMT, uuid_format(&f->source.id, id).ptr,
                                   TEXT_ARG(remote.api_root), TEXT_ARG(remote.collection));
    if (!key)
        return fault_set(reterr, ERR_NOMEM, "no memory to pull");
    e = taxii_pull(f->node, f->http, &remote, text_of(key), &intake, &pulled, reterr);
    fetch_add_totals(f, &pulled.totals);
    f->result->documents += pulled.pages;
    f->result->unfinished = pulled.unfinished;
    if (!f->result->words[0])
        memcpy(f->result->words, pulled.words, sizeof f->result->words);
    return e;
}
