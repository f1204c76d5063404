/* exchange/peer_secret.c - what a partner gave us to be known by, out of local.db. */
#include "exchange/peer_inside.h"
#include "json/json.h"

static enum err kept_text(struct arena *arena, const struct json_val *o, const char *name, struct text *ret)
{
    struct text t = json_text(json_get(o, name));
    *ret = t.len ? arena_text(arena, t) : TEXT_NONE;
    return t.len && !ret->ptr ? ERR_NOMEM : OK;
}

enum err peer_secret(struct node *node, const struct uuid *party, struct arena *arena, struct http_auth *ret,
                     struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer secret;
    struct json_doc *doc = NULL;
    struct http_auth auth = {0};
    buffer_init(&secret, 64 * KIB);
    enum err e = local_get(node_local(node), PEER_TOKEN_SPACE, uuid_format(party, key), &secret, reterr);
    if (e == OK)
        e = json_parse(buffer_text(&secret), &doc, reterr);
    if (e == OK)
        e = kept_text(arena, json_root(doc), "token", &auth.bearer);
    if (e == OK)
        e = kept_text(arena, json_root(doc), "user", &auth.user);
    if (e == OK)
        e = kept_text(arena, json_root(doc), "password", &auth.password);
    json_free(doc);
    buffer_done(&secret);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, e, "our token for this peer is gone; accept a new invitation");
    if (e == OK)
        *ret = auth;
    return e;
}
