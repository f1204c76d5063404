/* exchange/ledger_remote.c - requests to a partner's /log/. */
#include "exchange/ledger_remote.h"

#include <string.h>

#include "base/limits.h"
#include "exchange/peer_inside.h"
#include "ledger/proof_check.h"
#include "release/outbound.h"

#define REMOTE_ARENA_BYTES (8 * MIB) /* tiles of a check: 512 of 8 KiB */
#define API_END            "/taxii2/api/"
#define CONNECT_MS         5000
#define ANSWER_MS          10000

static enum err read_peer(struct view *v, const struct uuid *party, struct ledger_remote *r, struct fault *reterr)
{
    struct fact_party fact;
    enum err e = peer_read(v, party, &r->arena, &r->peer, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? fault_set(reterr, e, "no such peer") : e;
    e = view_party(v, party, &fact, reterr);
    if (e)
        return e;
    r->name = arena_text(&r->arena, fact.name);
    return r->name.ptr ? OK : ERR_NOMEM;
}

/* Beside the TAXII server of the same node. */
static enum err base_of(struct ledger_remote *r, struct fault *reterr)
{
    struct text url = r->peer.url;
    if (url.len == 0)
        return fault_set(reterr, ERR_USAGE,
                         "this peer takes from us only: its own invitation tells where its log is");
    if (!text_ends(url, TEXT(API_END)))
        return fault_set(reterr, ERR_USAGE, "this peer is a plain TAXII server: it has no log");
    url.len -= sizeof API_END - 1;
    r->base = text_of(arena_printf(&r->arena, TEXT_FMT "/log/", TEXT_ARG(url)));
    return r->base.ptr ? OK : ERR_NOMEM;
}

enum err ledger_remote_open(struct node *node, const struct uuid *party, struct ledger_remote *ret,
                            struct fault *reterr)
{
    struct view *v;
    memset(ret, 0, sizeof *ret);
    arena_init(&ret->arena, REMOTE_ARENA_BYTES);
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = read_peer(v, party, ret, reterr);
    node_reader_done(node, v);
    if (!e && ret->peer.expelled)
        e = fault_set(reterr, ERR_DENIED, "this peer was expelled");
    if (!e)
        e = base_of(ret, reterr);
    return e ? e : peer_secret(node, party, &ret->arena, &ret->auth, reterr);
}

void ledger_remote_done(struct ledger_remote *r)
{
    arena_done(&r->arena);
}

bool ledger_remote_pinned(const struct ledger_remote *r, struct note_key *ret, enum note_type type)
{
    return r->peer.origin.len && note_key_make(r->peer.origin, type, r->peer.key, ret) == OK;
}

enum err ledger_remote_client(struct text url, struct http_client **ret, struct fault *reterr)
{
    const struct http_client_options options = {.answer_max_bytes = PROOF_MAX_BYTES,
                                                .connect_timeout_ms = CONNECT_MS,
                                                .timeout_ms = ANSWER_MS,
                                                .allow_plain = text_starts(url, TEXT("http://"))};
    enum err e = http_client_new(&options, ret);
    return e ? fault_set(reterr, e, "no HTTP client could be made") : OK;
}

static enum err send_request(struct ledger_remote *r, const char *method, const char *path,
                             const struct outbound *request, struct http_answer *ret, struct fault *reterr)
{
    struct http_answer a = {0};
    const char *url = arena_printf(&r->arena, TEXT_FMT "%s", TEXT_ARG(r->base), path);
    if (!url || !request)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    enum err e = http_send(r->http, method, url, TEXT("*/*"), &r->auth, request, &a, reterr);
    if (!e)
        *ret = a;
    return e;
}

enum err ledger_remote_get(struct ledger_remote *r, const char *path, struct http_answer *ret, struct fault *reterr)
{
    struct outbound *request = NULL;
    enum err e = outbound_protocol(PAGE_REQUEST_GET, 0, NULL, 0, NULL, 0, &request);
    if (!e)
        e = send_request(r, "GET", path, request, ret, reterr);
    outbound_free(request);
    return e;
}

enum err ledger_remote_post(struct ledger_remote *r, const char *path, struct outbound *request,
                            struct http_answer *ret, struct fault *reterr)
{
    enum err e = send_request(r, "POST", path, request, ret, reterr);
    outbound_free(request);
    return e;
}

enum err ledger_remote_introduce(struct node *node, struct ledger_remote *r, struct fault *reterr)
{
    struct outbound *request = NULL;
    struct http_answer a = {0};
    struct buffer body;
    if (!r->peer.origin.len)
        return fault_set(reterr, ERR_UNREACHABLE, "its log is not known: its invitation named none");
    buffer_init(&body, INTRODUCTION_MAX_BYTES);
    enum err e = introduction_write(node, r->peer.origin, &body, reterr);
    if (!e)
        e = outbound_log_text(LOG_INTRODUCTION, 0, buffer_text(&body), &request);
    buffer_done(&body);
    if (e)
        return e;
    e = ledger_remote_post(r, "introduce", request, &a, reterr);
    if (e)
        return e;
    int status = a.status;
    http_answer_done(&a);
    if (status == 204 || status == 200)
        return OK;
    if (status == 403)
        return fault_set(reterr, ERR_DENIED, "it has another key pinned for us: somebody there has to confirm ours");
    return fault_set(reterr, ERR_UNREACHABLE, "it did not take our introduction: HTTP %d", status);
}
