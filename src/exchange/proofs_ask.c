/* exchange/proofs_ask.c - see proofs_ask.h. An answer is frames (proofs_frame.h); hostile like all that a partner
 * sends: what is of no such form ends the round. */
#include "exchange/proofs_ask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "desk/proven.h"
#include "exchange/ledger_remote.h"
#include "exchange/ledger_server.h"
#include "exchange/proofs_frame.h"
#include "release/outbound.h"
#include "store/proof.h"
#include "json/json.h"

#define CURSOR_SPACE "proof-cursor" /* local.db: party -> entry and when it began anew */
/* What was not to be had is asked for again after this long. */
#define AGAIN_US   ((int64_t)600 * 1000000)
#define API_END    "/taxii2/api/"
#define TAKE_ARENA (64 * MIB)

struct asked {
    struct text id, version;
    struct sha256 hash;
};
struct asking {
    struct node *node;
    struct ledger_remote *remote;
    proofs_post *post;
    struct arena arena; /* of one batch */
    struct asked asked[PROOFS_ASKED_MAX];
    struct proven_version proven[PROOFS_ASKED_MAX];
    struct asked bad[PROOFS_ASKED_MAX];
    size_t asked_count, proven_count, bad_count;
    uint64_t after_n, last_n;
    int64_t began_us;
    bool unknown; /* the peer's program has no such request */
};

bool proofs_askable(const struct fact_peer *peer)
{
    return peer->origin.len > 0 && text_ends(peer->url, TEXT(API_END));
}

/* ---- how far we are ---- */

static void load_cursor(struct asking *a)
{
    char id[UUID_TEXT_MAX];
    struct buffer b;
    struct text rest, first;
    uint64_t began = 0;
    buffer_init(&b, 1 * KIB);
    enum err e = local_get(node_local(a->node), CURSOR_SPACE, uuid_format(&a->remote->peer.party, id), &b, NULL);
    rest = buffer_text(&b);
    if (e || !text_split(&rest, ' ', &first) || !rest.ptr || text_u64(first, &a->after_n) != OK ||
        text_u64(rest, &began) != OK || began > INT64_MAX)
        a->after_n = 0;
    a->began_us = (int64_t)began;
    buffer_done(&b);
    if (clock_now_us() - a->began_us > AGAIN_US || a->began_us > clock_now_us()) {
        a->after_n = 0;
        a->began_us = clock_now_us();
    }
}

static enum err save_cursor(struct asking *a, struct fault *reterr)
{
    char id[UUID_TEXT_MAX];
    struct buffer b;
    buffer_init(&b, 1 * KIB);
    buffer_addf(&b, "%" PRIu64 " %" PRId64, a->after_n, a->began_us);
    enum err e = buffer_error(&b);
    if (!e)
        e = local_set(node_local(a->node), CURSOR_SPACE, uuid_format(&a->remote->peer.party, id), buffer_text(&b),
                      reterr);
    buffer_done(&b);
    return e;
}

/* ---- the question ---- */

static enum err add_asked(struct asking *a, struct view *v, uint64_t n, struct fault *reterr)
{
    struct version_row row;
    enum err e = view_by_entry(v, n, &row, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e; /* erased */
    struct asked *one = &a->asked[a->asked_count];
    *one = (struct asked){arena_text(&a->arena, row.id), arena_text(&a->arena, row.modified), row.hash};
    if (!one->id.ptr || !one->version.ptr)
        return ERR_NOMEM;
    a->asked_count++;
    return OK;
}

static enum err collect(struct asking *a, struct fault *reterr)
{
    struct view *v;
    uint64_t entries[PROOFS_ASKED_MAX];
    size_t count = 0;
    enum err e = node_reader(a->node, &v, reterr);
    if (e)
        return e;
    arena_reset(&a->arena);
    a->asked_count = a->proven_count = a->bad_count = 0;
    a->last_n = a->after_n;
    e = view_unproven(v, &a->remote->peer.party, a->after_n, entries, ARRAY_LEN(entries), &count, reterr);
    for (size_t i = 0; !e && i < count; i++) {
        e = add_asked(a, v, entries[i], reterr);
        a->last_n = entries[i];
    }
    node_reader_done(a->node, v);
    return e;
}

static enum err post(struct asking *a, struct http_answer *ret, struct fault *reterr)
{
    struct buffer lines;
    struct outbound *request = NULL;
    buffer_init(&lines, PROOFS_ASKED_MAX_BYTES);
    for (size_t i = 0; i < a->asked_count; i++) {
        buffer_add(&lines, a->asked[i].id);
        if (a->asked[i].version.len) {
            buffer_add_char(&lines, ' ');
            buffer_add(&lines, a->asked[i].version);
        }
        buffer_add_char(&lines, '\n');
    }
    enum err e = buffer_error(&lines);
    if (!e)
        e = outbound_log_text(LOG_PROOFS_ASKED, 0, buffer_text(&lines), &request);
    buffer_done(&lines);
    return e ? fault_set(reterr, e, "a request could not be made")
             : a->post(a->remote, "proofs", request, ret, reterr);
}

/* ---- the answer ---- */

struct whose {
    struct text origin;
    struct proven_version *p;
    bool found;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct whose *w = self;
    if (!text_eq(f->u.peer.origin, w->origin))
        return OK;
    w->p->party = f->u.peer.party;
    w->p->identity = f->u.peer.identity;
    w->found = true;
    return OK;
}

/* Is it the object's, in these bytes? Want of memory is no answer. */
static enum err is_about(const struct proved *w, const struct asked *one, bool *ret, struct fault *reterr)
{
    struct json_doc *doc;
    struct sha256 hash;
    *ret = false;
    if (!text_eq(w->entry.kind, TEXT("object")))
        return OK;
    enum err e = json_parse(w->public_part, &doc, reterr);
    if (e)
        return e == ERR_NOMEM ? e : OK;
    const struct json_val *root = json_root(doc);
    *ret = text_eq(json_text(json_get(root, "id")), one->id) &&
           sha256_from_hex(json_text(json_get(root, "hash")), &hash) == OK && sha256_eq(&hash, &one->hash);
    json_free(doc);
    return OK;
}

static void doubt(struct asking *a, const struct asked *one, const char *why)
{
    char id[UUID_TEXT_MAX];
    if (a->bad_count == 0)
        log_warning("party %s: its proof of " TEXT_FMT " does not hold (%s): its word for that version is a claim",
                    uuid_format(&a->remote->peer.party, id).ptr, TEXT_ARG(one->id), why);
    a->bad[a->bad_count++] = *one;
}

/* A key that we do not know, or not any more, proves nothing and refutes nothing. */
static enum err take_proof(struct asking *a, const struct asked *one, struct text text, struct fault *reterr)
{
    struct proved proved;
    struct fault why = {.offset = -1, .line = -1};
    struct proven_version *p = &a->proven[a->proven_count];
    struct whose whose = {.p = p};
    struct view *v;
    bool about = false;
    enum err e = node_proof_check(a->node, text, &a->arena, &proved, &why);
    if (e == ERR_NOMEM || e == ERR_IO || e == ERR_FULL)
        return fault_set(reterr, e, "%.160s", why.what);
    bool unknown = e == ERR_DENIED && (strcmp(why.rule, "origin") == 0 || strcmp(why.rule, "signature") == 0);
    if (unknown || e == ERR_VERSION)
        return OK;
    if (!e && is_about(&proved, one, &about, reterr) != OK)
        return ERR_NOMEM;
    if (!about) {
        doubt(a, one, e ? why.rule : "of another content");
        return OK;
    }
    *p = (struct proven_version){.id = one->id,
                                 .hash = one->hash,
                                 .leaf = proved.entry.n,
                                 .logged_us = proved.entry.t_us,
                                 .proof = text,
                                 .account = a->remote->peer.account};
    whose.origin = proved.checkpoint.origin;
    e = node_reader(a->node, &v, reterr);
    if (e)
        return e;
    e = view_facts(v, FACT_PEER, on_peer, &whose, reterr);
    node_reader_done(a->node, v);
    a->proven_count += !e && whose.found;
    return e;
}

static enum err take_frame(struct asking *a, struct text *rest, size_t *next, struct fault *reterr)
{
    size_t line;
    struct text proof;
    if (proofs_frame_next(rest, a->asked_count, next, &line, &proof) != OK)
        return fault_set(reterr, ERR_UNREACHABLE, "its answer holds no proofs");
    return take_proof(a, &a->asked[line], proof, reterr);
}

static enum err write_proven(struct txn *t, void *self, struct fault *reterr)
{
    const struct asking *a = self;
    bool news;
    enum err e = OK;
    for (size_t i = 0; !e && i < a->proven_count; i++)
        e = version_prove(t, &a->proven[i], &news, reterr);
    for (size_t i = 0; !e && i < a->bad_count; i++)
        e = version_doubt(t, a->bad[i].id, &a->bad[i].hash, &a->remote->peer.party, &a->remote->peer.account, &news,
                          reterr);
    return e;
}

static enum err take_answer(struct asking *a, const struct http_answer *answer, struct fault *reterr)
{
    struct text rest = buffer_text(&answer->body);
    size_t next = 0;
    enum err e = OK;
    if (answer->status == 404 || answer->status == 405) {
        a->unknown = true;
        return OK;
    }
    if (answer->status != 200)
        return fault_set(reterr, ERR_UNREACHABLE, "HTTP %d to a request for proofs", answer->status);
    while (!e && rest.len > 0)
        e = take_frame(a, &rest, &next, reterr);
    if (!e && a->proven_count + a->bad_count)
        e = node_write(a->node, write_proven, a, reterr);
    return e;
}

static enum err ask_batch(struct asking *a, struct fault *reterr)
{
    struct http_answer answer = {0};
    enum err e = post(a, &answer, reterr);
    if (e)
        return e;
    e = take_answer(a, &answer, reterr);
    http_answer_done(&answer);
    return e;
}

static enum err ask_all(struct asking *a, const atomic_bool *cancel, struct fault *reterr)
{
    bool moved = false;
    enum err e = OK;
    load_cursor(a);
    for (bool more = true; !e && more && !a->unknown;) {
        if (cancel && atomic_load(cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        e = collect(a, reterr);
        more = !e && a->last_n > a->after_n;
        if (more && a->asked_count)
            e = ask_batch(a, reterr);
        if (!e && more && !a->unknown) {
            a->after_n = a->last_n;
            moved = true;
        }
    }
    return !e && moved ? save_cursor(a, reterr) : e;
}

enum err proofs_ask(struct node *node, struct http_client *http, const struct uuid *party, const atomic_bool *cancel,
                    struct fault *reterr)
{
    return proofs_ask_by(node, http, ledger_remote_post, party, cancel, reterr);
}

enum err proofs_ask_by(struct node *node, struct http_client *http, proofs_post *by, const struct uuid *party,
                       const atomic_bool *cancel, struct fault *reterr)
{
    struct ledger_remote remote;
    struct asking *a = calloc(1, sizeof *a);
    if (!a)
        return fault_set(reterr, ERR_NOMEM, "no memory to ask for proofs");
    enum err e = ledger_remote_open(node, party, &remote, reterr);
    bool none = e == ERR_USAGE || (!e && !proofs_askable(&remote.peer));
    a->node = node;
    a->remote = &remote;
    a->post = by;
    arena_init(&a->arena, TAKE_ARENA);
    remote.http = http;
    if (!e && !none)
        e = ask_all(a, cancel, reterr);
    arena_done(&a->arena);
    ledger_remote_done(&remote);
    free(a);
    return none ? OK : e;
}
