/* exchange/ledger_answer.c - the proof of an object, for who may have it whole: by the steps of a page with it alone.
 */
#include "base/time.h"
#include "exchange/ledger_inside.h"
#include "exchange/page.h"
#include "exchange/releases.h"
#include "store/proof.h"

static enum err no_such(struct outbound **ret)
{
    *ret = taxii_fault(404);
    return *ret ? OK : ERR_NOMEM;
}

/* The object is on one of the two pages, or on none. */
static enum err find(const struct ledger_call *c, const struct clearance *clearance, struct page_wanted *w,
                     struct page *p, struct fault *reterr)
{
    static const enum page_collection collections[] = {COLLECTION_INTELLIGENCE, COLLECTION_ENTENTE};
    enum err e = OK;
    for (size_t i = 0; i < ARRAY_LEN(collections) && !e && p->count == 0; i++) {
        *p = (struct page){.node = c->server->node,
                           .view = c->view,
                           .clearance = clearance,
                           .now_us = clock_now_us(),
                           .arena = c->request->arena};
        w->query.collection = collections[i];
        e = page_fill(p, w, reterr);
    }
    return e;
}

/* A rendition is not what the log has: there is no proof of it, and no word of that there is more. */
static enum err prove(const struct ledger_call *c, struct page *p, struct outbound **ret, struct fault *reterr)
{
    struct buffer proof;
    if (p->count == 0 || cleared_form(p->items[0].cleared) != FORM_WHOLE)
        return no_such(ret);
    buffer_init(&proof, PROOF_MAX_BYTES);
    enum err e = node_proof(c->server->node, p->items[0].n, &proof, reterr);
    if (!e)
        e = releases_record(p, NULL, &c->asker.account, reterr);
    if (!e)
        e = outbound_proof(p->items[0].cleared, &c->asker.recipient, buffer_text(&proof), ret);
    buffer_done(&proof);
    return e == ERR_NOT_FOUND ? no_such(ret) : e;
}

static enum err wanted_of(const struct ledger_call *c, struct stamp *stamp, struct page_wanted *w)
{
    struct ident ident;
    size_t count;
    struct text version = http_param(c->request, "version", &count);
    *w = (struct page_wanted){.query = {.party = c->asker.recipient.party,
                                        .after_us = INT64_MIN,
                                        .until_us = INT64_MAX,
                                        .ids = &c->rest,
                                        .id_count = 1,
                                        .limit = 1}};
    if (count && stamp_parse(version, stamp, NULL) != OK)
        return ERR_MALFORMED;
    w->stamps = stamp;
    w->stamp_count = count ? 1 : 0;
    return ident_parse(c->rest, &ident, NULL) == OK ? OK : ERR_NOT_FOUND;
}

enum err ledger_proof_answer(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct page_wanted w;
    struct page p = {.count = 0};
    struct stamp stamp;
    struct clearance *clearance;
    if (node_held(c->server->node)) {
        *ret = taxii_fault(503);
        return *ret ? OK : ERR_NOMEM;
    }
    enum err e = wanted_of(c, &stamp, &w);
    if (e) {
        *ret = taxii_fault(e == ERR_MALFORMED ? 400 : 404);
        return *ret ? OK : ERR_NOMEM;
    }
    e = clearances_get(c->server->clearances, c->view, &c->asker.recipient, clock_now_us(), &clearance, reterr);
    if (e)
        return e;
    e = find(c, clearance, &w, &p, reterr);
    if (!e)
        e = prove(c, &p, ret, reterr);
    page_done(&p);
    clearance_unref(clearance);
    return e;
}

/* ---- many at once ---- */

struct batch {
    const struct ledger_call *c;
    struct clearance *clearance;
    struct outbound *proofs[PROOFS_ASKED_MAX];
    size_t line[PROOFS_ASKED_MAX];
    size_t count;
    bool published; /* for this request: once is enough */
};

struct handed {
    const struct sha256 *hash;
    struct place body;
    bool found;
};

/* A proof names a log. Of the originator's own the object says as much itself, in what goes whole: its
 * created_by_ref, or that it is that identity. Any other would tell from whom we have what names nobody: that stays
 * here. */
static enum err on_voucher(void *self, const struct voucher_row *row)
{
    struct handed *h = self;
    if (row->authority < AUTHORITY_PROVEN || !sha256_eq(&row->hash, h->hash) || row->body.segment == UINT32_MAX)
        return OK;
    h->body = row->body;
    h->found = true;
    return OK;
}

/* Of ours by our log, anew; of others' what their logs gave. ERR_NOT_FOUND: there is none. */
static enum err proof_text(struct batch *b, const struct page_item *item, struct buffer *out, struct fault *reterr)
{
    const struct ledger_call *c = b->c;
    struct version_row row;
    struct gate_class cls;
    struct handed handed = {.hash = cleared_hash(item->cleared)};
    bool new_one;
    enum err e = view_by_entry(c->view, item->n, &row, reterr);
    if (!e)
        e = view_class(c->view, row.class_id, &cls, reterr);
    if (!e && !cls.ours)
        e = view_vouchers(c->view, cleared_id(item->cleared), on_voucher, &handed, reterr);
    if (e || !cls.ours)
        return e ? e : handed.found ? node_body(c->server->node, handed.body, out, reterr) : ERR_NOT_FOUND;
    e = node_proof(c->server->node, item->n, out, reterr);
    if (e != ERR_NOT_FOUND || b->published)
        return e;
    b->published = true;
    buffer_clear(out);
    e = node_publish(c->server->node, &new_one, NULL);
    return e ? ERR_NOT_FOUND : node_proof(c->server->node, item->n, out, reterr);
}

static enum err prove_item(struct batch *b, struct page *p, size_t line, struct fault *reterr)
{
    struct buffer proof;
    if (p->count == 0 || cleared_form(p->items[0].cleared) != FORM_WHOLE)
        return OK;
    buffer_init(&proof, PROOF_MAX_BYTES);
    enum err e = proof_text(b, &p->items[0], &proof, reterr);
    if (!e)
        e = releases_record(p, NULL, &b->c->asker.account, reterr);
    if (!e)
        e = outbound_proof(p->items[0].cleared, &b->c->asker.recipient, buffer_text(&proof), &b->proofs[b->count]);
    if (!e)
        b->line[b->count++] = line;
    buffer_done(&proof);
    return e == ERR_NOT_FOUND || e == ERR_DENIED ? OK : e;
}

/* "ID" or "ID VERSION" */
static enum err prove_line(struct batch *b, struct text asked, size_t line, struct fault *reterr)
{
    struct text id, version = asked;
    struct stamp stamp;
    struct ident ident;
    struct page p = {.count = 0};
    if (!text_split(&version, ' ', &id) || ident_parse(id, &ident, NULL) != OK ||
        (version.ptr && stamp_parse(version, &stamp, NULL) != OK))
        return ERR_MALFORMED;
    struct page_wanted w = {.query = {.party = b->c->asker.recipient.party,
                                      .after_us = INT64_MIN,
                                      .until_us = INT64_MAX,
                                      .ids = &id,
                                      .id_count = 1,
                                      .limit = 1},
                            .stamps = &stamp,
                            .stamp_count = version.ptr ? 1 : 0};
    enum err e = find(b->c, b->clearance, &w, &p, reterr);
    if (!e)
        e = prove_item(b, &p, line, reterr);
    page_done(&p);
    return e;
}

static enum err answer_lines(struct batch *b, struct text body, struct fault *reterr)
{
    enum err e = OK;
    for (size_t line = 0; !e && body.len > 0; line++) {
        ptrdiff_t end = text_find(body, '\n', 0);
        if (end < 0 || line == PROOFS_ASKED_MAX)
            return ERR_MALFORMED;
        e = prove_line(b, text_sub(body, 0, (size_t)end), line, reterr);
        body = text_sub(body, (size_t)end + 1, body.len);
    }
    return e;
}

enum err ledger_proofs_answer(const struct ledger_call *c, struct outbound **ret, struct fault *reterr)
{
    struct batch b = {.c = c};
    if (node_held(c->server->node) || c->request->body.len > PROOFS_ASKED_MAX_BYTES) {
        *ret = taxii_fault(node_held(c->server->node) ? 503 : 413);
        return *ret ? OK : ERR_NOMEM;
    }
    enum err e =
        clearances_get(c->server->clearances, c->view, &c->asker.recipient, clock_now_us(), &b.clearance, reterr);
    if (e)
        return e;
    e = answer_lines(&b, c->request->body, reterr);
    if (!e)
        e = outbound_proofs((const struct outbound *const *)b.proofs, b.line, b.count, ret);
    for (size_t i = 0; i < b.count; i++)
        outbound_free(b.proofs[i]);
    clearance_unref(b.clearance);
    if (e == ERR_MALFORMED) {
        *ret = taxii_fault(400);
        return *ret ? OK : ERR_NOMEM;
    }
    return e;
}
