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
