/* exchange/ledger_server.c - paths below /log/ and what stands there. Order of the checks as in taxii_server.c: 401
 * who -> 404 path -> 405 method -> what was asked. */
#include "exchange/ledger_server.h"

#include <stdlib.h>

#include "base/time.h"
#include "exchange/ledger_inside.h"
#include "exchange/peer_pin.h"
#include "ledger/checkpoint.h"
#include "store/view.h"

#define TRIES_MAX      4
#define ORIGINS_MAX    (256 * KIB)
#define TILE_MAX_BYTES (TREE_TILE_HASHES * SHA256_BYTES)

enum err ledger_server_new(struct node *node, struct ledger_server **ret, struct fault *reterr)
{
    struct ledger_server *s = calloc(1, sizeof *s);
    enum err e = s ? clearances_new(node_gate_counters(node), &s->clearances) : ERR_NOMEM;
    if (!e)
        e = witness_new(node, &s->witness);
    if (e) {
        ledger_server_free(s);
        return fault_set(reterr, e, "no memory for the log's server");
    }
    s->node = node;
    *ret = s;
    return OK;
}

void ledger_server_free(struct ledger_server *s)
{
    if (!s)
        return;
    witness_free(s->witness);
    clearances_free(s->clearances);
    free(s);
}

static enum err fault_answer(int status, struct outbound **ret)
{
    *ret = taxii_fault(status);
    return *ret ? OK : ERR_NOMEM;
}

/* ---- the checkpoint and what it covers ---- */

static enum err checkpoint(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct buffer note;
    if (node_held(c->server->node))
        return fault_answer(503, ret);
    buffer_init(&note, NOTE_MAX_BYTES);
    enum err e = node_checkpoint(c->server->node, &note, reterr);
    if (!e)
        e = outbound_log_text(LOG_CHECKPOINT, 200, buffer_text(&note), ret);
    buffer_done(&note);
    return e == ERR_NOT_FOUND ? fault_answer(404, ret) : e;
}

/* 0 when there is none. */
static enum err published_size(struct node *node, uint64_t *ret, struct fault *reterr)
{
    struct buffer bytes;
    struct note note;
    struct checkpoint c = {.size = 0};
    buffer_init(&bytes, NOTE_MAX_BYTES);
    enum err e = node_checkpoint(node, &bytes, reterr);
    if (!e)
        e = note_parse(buffer_text(&bytes), &note, reterr);
    if (!e)
        e = checkpoint_parse(note.text, &c, reterr);
    buffer_done(&bytes);
    *ret = e ? 0 : c.size;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Of a partial tile any width that a published checkpoint had or could have had: none of it is beyond the newest. */
static enum err tile(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    unsigned level, width;
    uint64_t index, size = 0;
    struct sha256 hashes[TREE_TILE_HASHES];
    if (tree_tile_parse(c->rest, &level, &index, &width) != OK)
        return fault_answer(404, ret);
    if (node_held(c->server->node))
        return fault_answer(503, ret);
    enum err e = published_size(c->server->node, &size, reterr);
    if (e)
        return e;
    uint64_t there = tree_level_count(size, level);
    if (index >= UINT64_MAX / TREE_TILE_HASHES || index * TREE_TILE_HASHES + width > there)
        return fault_answer(404, ret);
    struct tree_source tree = node_tree(c->server->node);
    e = tree.read(tree.self, level, index * TREE_TILE_HASHES, width, hashes, reterr);
    return e ? e : outbound_tile(hashes, width * sizeof hashes[0], ret);
}

/* ---- successions ---- */

static enum err origins(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct buffer notes;
    buffer_init(&notes, ORIGINS_MAX);
    enum err e = statements_write(c->view, &notes, reterr);
    if (!e)
        e = outbound_log_text(LOG_STATEMENTS, 200, buffer_text(&notes), ret);
    buffer_done(&notes);
    return e;
}

/* ---- partners' own logs ---- */

static int status_of(enum err e)
{
    switch (e) {
    case OK: return 204;
    case ERR_MALFORMED: return 400;
    case ERR_DENIED: return 403;
    case ERR_EXISTS: return 409;
    default: return 0;
    }
}

static enum err introduce(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    if (c->asker.recipient.kind != RECIPIENT_PARTNER)
        return fault_answer(403, ret);
    if (c->request->body.len > INTRODUCTION_MAX_BYTES)
        return fault_answer(413, ret);
    enum err e =
        introduction_take(c->server->node, &c->asker.recipient.party, &c->asker.account, c->request->body, reterr);
    int status = status_of(e);
    if (!status)
        return e;
    return e ? fault_answer(status, ret) : outbound_protocol(PAGE_EMPTY, 204, NULL, 0, NULL, 0, ret);
}

static enum err add_checkpoint(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct witness_answer a;
    struct buffer text;
    if (c->asker.recipient.kind != RECIPIENT_PARTNER)
        return fault_answer(403, ret);
    if (c->request->body.len > WITNESS_BODY_MAX_BYTES)
        return fault_answer(413, ret);
    if (node_held(c->server->node)) /* what it has cosigned may be forgotten: a home put back */
        return fault_answer(503, ret);
    buffer_init(&text, NOTE_MAX_BYTES);
    a.text = &text;
    enum err e = witness_add(c->server->witness, c->view, c->request->body, &a, reterr);
    if (!e && (a.status == 200 || a.status == 409))
        e = outbound_log_text(a.status == 200 ? LOG_COSIGNATURES : LOG_TREE_SIZE, a.status, buffer_text(&text), ret);
    else if (!e)
        e = fault_answer(a.status, ret);
    buffer_done(&text);
    return e;
}

static enum err witnessed(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct text hash = c->rest;
    struct buffer note;
    if (!text_ends(hash, TEXT("/checkpoint")))
        return fault_answer(404, ret);
    hash.len -= sizeof "/checkpoint" - 1;
    buffer_init(&note, NOTE_MAX_BYTES);
    enum err e = witness_latest(c->server->witness, hash, &note, reterr);
    if (!e)
        e = outbound_log_text(LOG_CHECKPOINT, 200, buffer_text(&note), ret);
    buffer_done(&note);
    return e == ERR_NOT_FOUND ? fault_answer(404, ret) : e;
}

/* ---- routes ---- */

/* A proof says of an object that the asker may have it, as a page does. */
#define PROOF_SCOPES (SCOPE_LOG | SCOPE_TAXII_READ)

static const struct route {
    struct text path;
    bool below; /* the path goes on */
    const char *method;
    unsigned scopes; /* all of them are needed */
    enum err (*answer)(const struct ledger_call *c, struct outbound **ret, struct fault *reterr);
} table[] = {
    {{"checkpoint", 10}, false, "GET", SCOPE_LOG, checkpoint},
    {{"tile/", 5}, true, "GET", SCOPE_LOG, tile},
    {{"proof/", 6}, true, "GET", PROOF_SCOPES, ledger_proof_answer},
    {{"proofs", 6}, false, "POST", PROOF_SCOPES, ledger_proofs_answer},
    {{"origins", 7}, false, "GET", SCOPE_LOG, origins},
    {{"introduce", 9}, false, "POST", SCOPE_LOG, introduce},
    {{"witness/add-checkpoint", 22}, false, "POST", SCOPE_LOG, add_checkpoint},
    {{"witness/", 8}, true, "GET", SCOPE_LOG, witnessed},
};

static const struct route *route_of(struct ledger_call *c)
{
    static const struct text root = {"/log/", 5};
    struct text path = text_sub(c->request->path, root.len, c->request->path.len);
    if (!text_starts(c->request->path, root))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct route *r = &table[i];
        if (r->below ? !text_starts(path, r->path) : !text_eq(path, r->path))
            continue;
        c->rest = text_sub(path, r->path.len, path.len);
        return r;
    }
    return NULL;
}

static bool has_method(const struct route *r, struct text method)
{
    return text_eq(method, text_of(r->method)) ||
           (text_eq(method, TEXT("HEAD")) && text_eq(text_of(r->method), TEXT("GET")));
}

static bool may(const struct asker *a, unsigned scopes)
{
    bool known = a->recipient.kind != RECIPIENT_OWN_ACCOUNT || a->recipient.role >= ROLE_READER;
    return known && (a->scopes & scopes) == scopes;
}

static enum err answer(struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    enum err e = asker_find(c->server->node, c->view, http_header(c->request, "Authorization"), c->request->arena,
                            &c->asker, reterr);
    if (e == ERR_NOT_FOUND || e == ERR_DENIED)
        return fault_answer(e == ERR_DENIED ? 403 : 401, ret);
    if (e)
        return e;
    const struct route *r = route_of(c);
    if (!r)
        return fault_answer(404, ret);
    if (!has_method(r, c->request->method)) {
        *ret = taxii_not_allowed(r->method);
        return *ret ? OK : ERR_NOMEM;
    }
    if (!may(&c->asker, r->scopes))
        return fault_answer(403, ret);
    if (!c->request->body_waits)
        return r->answer(c, ret, reterr);
    *ret = http_want_body(c->request);
    return OK;
}

static enum err answer_in_snapshot(struct ledger_server *s, const struct http_request *request, struct outbound **ret,
                                   struct fault *reterr)
{
    struct ledger_call c = {.server = s, .request = request};
    enum err e = node_reader(s->node, &c.view, reterr);
    if (e)
        return e;
    e = view_snapshot(c.view, reterr);
    if (!e) {
        e = answer(&c, ret, reterr);
        view_end(c.view);
    }
    node_reader_done(s->node, c.view);
    return e;
}

struct outbound *ledger_server_handle(struct ledger_server *s, const struct http_request *request)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        struct outbound *made = NULL;
        struct fault fault = {0};
        enum err e = answer_in_snapshot(s, request, &made, &fault);
        if (!e)
            return made;
        if (e != ERR_BUSY)
            return taxii_failure(e, &fault);
    }
    return taxii_fault(503);
}
