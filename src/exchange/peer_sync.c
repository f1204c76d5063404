/* exchange/peer_sync.c - one round with a partner. */
#include <string.h>

#include "base/log.h"
#include "exchange/asker.h"
#include "exchange/peer_inside.h"
#include "exchange/peer_source.h"
#include "exchange/proofs_ask.h"
#include "exchange/taxii_remote.h"

#define SYNC_ARENA_BYTES (64 * KIB)
#define REFUSED_SPACE    "hub-refused"
#define HUB_REFUSALS_MAX 3  /* one may be a proxy's; half a minute */
#define PATIENCE_S       20 /* a server that drips */
#define TURN_S           30 /* then another partner has its turn */

struct round {
    struct node *node;
    struct http_client *http;
    const atomic_bool *cancel;
    struct arena arena;
    struct fact_peer peer;
    struct text name; /* of the party */
    struct uuid source;
    bool comes_to_us; /* it has an account here: it pulls what is for it */
    struct taxii_remote remote;
};

static enum err read_peer(struct round *r, const struct uuid *party, struct view *v, struct fault *reterr)
{
    struct fact_party fact;
    struct fact_account account;
    enum err e = peer_read(v, party, &r->arena, &r->peer, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? fault_set(reterr, ERR_NOT_FOUND, "no such peer") : e;
    e = view_party(v, party, &fact, reterr);
    if (e)
        return e;
    r->name = arena_text(&r->arena, fact.name);
    if (!r->name.ptr)
        return ERR_NOMEM;
    e = peer_source_find(v, party, &r->source, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    e = peer_account(v, party, &r->arena, &account, reterr);
    r->comes_to_us = e == OK && !account.disabled;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err read_facts(struct round *r, const struct uuid *party, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(r->node, &v, reterr);
    if (e)
        return e;
    e = read_peer(r, party, v, reterr);
    node_reader_done(r->node, v);
    if (e == OK && r->peer.expelled)
        return fault_set(reterr, ERR_DENIED, "this peer was expelled");
    if (e == OK && !r->peer.url.len)
        return fault_set(reterr, ERR_USAGE, "this peer pulls from us; we have no invitation from it");
    return e;
}

struct text peer_cursor_key(struct arena *arena, const struct fact_peer *peer)
{
    char party[UUID_TEXT_MAX];
    return text_of(arena_printf(arena, "%s " TEXT_FMT " " TEXT_FMT, uuid_format(&peer->party, party).ptr,
                                TEXT_ARG(peer->url), TEXT_ARG(peer->collection)));
}

static enum err pull(struct round *r, struct taxii_pulled *ret, struct fault *reterr)
{
    const struct intake_options intake = {.format = READER_STIX,
                                          .party = r->peer.party,
                                          .source = r->source,
                                          .account = r->peer.account,
                                          .identity = r->peer.identity,
                                          .provable = proofs_askable(&r->peer),
                                          .name = r->name,
                                          .cancel = r->cancel};
    struct text key = peer_cursor_key(&r->arena, &r->peer);
    return key.ptr ? taxii_pull(r->node, r->http, &r->remote, key, &intake, ret, reterr) : ERR_NOMEM;
}

/* Proofs that do not come cost nothing but themselves: they are asked for again. */
static void ask_for_proofs(struct round *r, const struct uuid *party)
{
    struct fault why = {.offset = -1, .line = -1};
    char id[UUID_TEXT_MAX];
    enum err e = proofs_ask(r->node, r->http, party, r->cancel, &why);
    if (e && e != ERR_CANCELLED)
        log_info("party %s: no proofs this time: %s", uuid_format(party, id).ptr,
                 why.what[0] ? why.what : err_name(e));
}

/* A hub that refuses this sensor, and says so HUB_REFUSALS_MAX times in a row, has ended it: from then on what came
 * from it counts no more. A new acceptance is a new beginning. */
static void note_refusal(struct round *r, enum err e)
{
    char party[UUID_TEXT_MAX];
    const struct text key = uuid_format(&r->peer.party, party);
    struct fault why = {.offset = -1, .line = -1};
    struct buffer kept;
    uint64_t refusals = 0;
    const int status = http_client_status(r->http);
    const bool refused = e == ERR_UNREACHABLE && (status == 401 || status == 403);
    buffer_init(&kept, 64);
    enum err read = local_get(node_local(r->node), REFUSED_SPACE, key, &kept, NULL);
    if (read == OK && text_u64(buffer_text(&kept), &refusals))
        refusals = 0;
    buffer_clear(&kept);
    if (refused ? ++refusals <= HUB_REFUSALS_MAX : e == OK && refusals) {
        buffer_addf(&kept, "%llu", (unsigned long long)(refused ? refusals : 0));
        if (local_set(node_local(r->node), REFUSED_SPACE, key, buffer_text(&kept), &why))
            log_warning("that the hub refuses could not be noted: %s", why.what);
    }
    buffer_done(&kept);
    if (!refused || refusals < HUB_REFUSALS_MAX)
        return;
    log_error("the hub has ended this sensor: it does not accept its token any more");
    if (peer_expel(r->node, &r->peer.party, TEXT("the hub refuses this sensor"), &r->peer.account, &why))
        log_error("what came from the hub still counts: %s", why.what);
}

/* What was wrong with what we posted is said where nothing was wrong with what we took. */
static enum err push(struct round *r, struct taxii_pulled *pulled, struct fault *reterr)
{
    struct taxii_pushed pushed = {0};
    enum err e = taxii_push(r->node, r->http, &r->remote, &r->peer.party, r->cancel, &pushed, reterr);
    if (!pulled->words[0])
        memcpy(pulled->words, pushed.words, sizeof pulled->words);
    return e;
}

enum err peer_sync_with(struct node *node, struct http_client *http, const struct uuid *party,
                        const atomic_bool *cancel, bool one_turn, struct taxii_pulled *ret, struct fault *reterr)
{
    struct round r = {.node = node, .http = http, .cancel = cancel};
    struct taxii_pulled pulled = {0};
    arena_init(&r.arena, SYNC_ARENA_BYTES);
    enum err e = read_facts(&r, party, reterr);
    if (e == OK) {
        r.remote.api_root = r.peer.url;
        r.remote.collection = r.peer.collection;
        r.remote.turn_s = one_turn ? TURN_S : 0;
        e = peer_secret(node, party, &r.arena, &r.remote.auth, reterr);
    }
    if (e == OK) {
        e = pull(&r, &pulled, reterr);
        if (r.peer.partner_kind == RECIPIENT_HUB)
            note_refusal(&r, e);
    }
    if (e == OK)
        ask_for_proofs(&r, party);
    /* A partner that cannot come to us is given what it may have, once somebody said that it wants our sightings. */
    if (e == OK && !r.comes_to_us && r.peer.sightings)
        e = push(&r, &pulled, reterr);
    arena_done(&r.arena);
    *ret = pulled;
    return e;
}

enum err peer_client(struct text url, const atomic_bool *cancel, struct http_client **ret, struct fault *reterr)
{
    const struct http_client_options options = {.answer_max_bytes = REMOTE_ANSWER_MAX_BYTES,
                                                .allow_plain = text_starts(url, TEXT("http://")),
                                                .patience_s = PATIENCE_S,
                                                .cancel = cancel};
    enum err e = http_client_new(&options, ret);
    return e ? fault_set(reterr, e, "no HTTP client could be made") : OK;
}

static enum err url_of(struct node *node, const struct uuid *party, struct arena *arena, struct text *ret,
                       struct fault *reterr)
{
    struct view *v;
    struct fact_peer peer;
    enum err e = node_reader(node, &v, reterr);
    if (e)
        return e;
    e = peer_read(v, party, arena, &peer, reterr);
    node_reader_done(node, v);
    if (e == OK)
        *ret = peer.url;
    return e == ERR_NOT_FOUND ? fault_set(reterr, e, "no such peer") : e;
}

enum err peer_sync(struct node *node, const struct uuid *party, const atomic_bool *cancel, struct taxii_pulled *ret,
                   struct fault *reterr)
{
    struct http_client *http = NULL;
    struct arena arena;
    struct text url;
    arena_init(&arena, SYNC_ARENA_BYTES);
    enum err e = url_of(node, party, &arena, &url, reterr);
    if (e == OK)
        e = peer_client(url, cancel, &http, reterr);
    if (e == OK)
        e = peer_sync_with(node, http, party, cancel, false, ret, reterr);
    http_client_free(http);
    arena_done(&arena);
    return e;
}
