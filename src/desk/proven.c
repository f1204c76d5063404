/* desk/proven.c - see proven.h. */
#include "desk/proven.h"

#include "base/limits.h"
#include "desk/holding.h"

struct known {
    const struct uuid *identity, *but;
    bool found;
};

static enum err on_peer(void *self, const struct fact *f)
{
    struct known *k = self;
    k->found |= uuid_eq(&f->u.peer.identity, k->identity) && !uuid_eq(&f->u.peer.party, k->but);
    return OK;
}

/* NONE: the log is not the one that could say it. */
static enum err level_by_creator(struct txn *t, const struct proven_version *p, struct text created_by,
                                 enum authority *ret, struct fault *reterr)
{
    struct uuid creator, self;
    struct known k = {&creator, &p->party, false};
    *ret = AUTHORITY_LOGGED;
    if (!created_by.len)
        return OK;
    *ret = AUTHORITY_NONE;
    if (!uuid_of_id(created_by, &creator))
        return OK;
    self = node_genesis(txn_node(t))->identity;
    if (!uuid_is_zero(&p->identity) && uuid_eq(&creator, &p->identity)) {
        *ret = AUTHORITY_PROVEN;
        return OK;
    }
    if (uuid_eq(&creator, &self))
        return OK;
    enum err e = view_facts(txn_view(t), FACT_PEER, on_peer, &k, reterr);
    *ret = k.found ? AUTHORITY_NONE : AUTHORITY_LOGGED;
    return e;
}

/* What has no versions is kept per source, whoever logged it. */
static enum err find_level(struct txn *t, const struct holding_row *r, const struct proven_version *p,
                           enum authority *ret, struct fault *reterr)
{
    struct buffer body;
    struct ident ident;
    *ret = AUTHORITY_NONE;
    if (!r->version.versioned || ident_parse(p->id, &ident, NULL) != OK)
        return OK;
    if (text_eq(ident.type, TEXT("identity")) && !uuid_is_zero(&p->identity) && uuid_eq(&ident.uuid, &p->identity)) {
        *ret = AUTHORITY_PROVEN;
        return OK;
    }
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err e = txn_body(t, r->body, &body, reterr);
    if (e == OK)
        e = level_by_creator(t, p, body_string(buffer_text(&body), "created_by_ref"), ret, reterr);
    buffer_done(&body);
    return e == ERR_NOT_FOUND || e == ERR_MALFORMED ? OK : e;
}

/* Records the word and what it changes. */
static enum err record(struct holding *h, const struct holding_row *r, const struct fact_vouch *word,
                       struct text proof, struct fault *reterr)
{
    struct fact f = {.kind = FACT_VOUCH, .u.vouch = *word};
    f.u.vouch.entry = r->version.n;
    struct voucher_row row = {.entry = r->version.n,
                              .hash = r->version.hash,
                              .party = word->party,
                              .source = word->source,
                              .authority = word->authority,
                              .leaf = word->leaf,
                              .logged_us = word->logged_us};
    enum err e = holding_add_voucher(h, &row);
    if (e != OK)
        return fault_set(reterr, e, "no memory for the versions of an object");
    e = holding_arrange(h, reterr);
    f.u.vouch.standings = h->changes;
    if (e == OK)
        e = txn_append(h->t, &f, proof, TEXT_NONE, reterr);
    return e == OK ? holding_promote(h, &word->account, reterr) : e;
}

enum err version_prove(struct txn *t, const struct proven_version *p, bool *ret_news, struct fault *reterr)
{
    struct holding h;
    enum authority level = AUTHORITY_NONE;
    enum err e = holding_load(&h, t, p->id, reterr);
    const struct holding_row *r = e == OK ? holding_find(&h, &p->hash, 0, &p->party) : NULL;
    *ret_news = false;
    if (r)
        e = find_level(t, r, p, &level, reterr);
    if (e == OK && r && level > AUTHORITY_NONE && !holding_vouched(&h, r, &p->party, level)) {
        const struct fact_vouch word = {
            .account = p->account, .party = p->party, .authority = level, .leaf = p->leaf, .logged_us = p->logged_us};
        e = record(&h, r, &word, p->proof, reterr);
        *ret_news = e == OK;
    }
    holding_done(&h);
    return e;
}

enum err version_doubt(struct txn *t, struct text id, const struct sha256 *hash, const struct uuid *party,
                       const struct uuid *account, bool *ret_news, struct fault *reterr)
{
    struct holding h;
    enum err e = holding_load(&h, t, id, reterr);
    const struct holding_row *r = e == OK ? holding_find(&h, hash, 0, party) : NULL;
    *ret_news = false;
    bool told = false;
    for (size_t i = 0; r && i < h.voucher_count; i++)
        told |= h.vouchers[i].authority == AUTHORITY_NONE && uuid_eq(&h.vouchers[i].party, party) &&
                sha256_eq(&h.vouchers[i].hash, hash);
    if (r && !told) {
        const struct fact_vouch word = {.account = *account, .party = *party, .authority = AUTHORITY_NONE};
        e = record(&h, r, &word, TEXT_NONE, reterr);
        *ret_news = e == OK;
    }
    holding_done(&h);
    return e;
}
