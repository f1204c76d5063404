/* exchange/taxii_delete.c - an object taken from the collections by who gave it: TAXII 2.1 section 5.7.
 *
 * Nothing is erased: an entry of the log says who withdrew which version. From then on no door gives it to anybody
 * outside (store/view.h, view_page()), what refers to it goes without the reference, and it stays held and found by
 * our own people. Who was given it keeps it; to ask for it back is recall, to end it for good is `revoked`. Given
 * again it has an entry, and so a date, of its own.
 *
 * Whose it is: a partner's is what came from that partner, a machine of ours may withdraw what it gave itself. A
 * content that another party vouches for as well is that party's gift, too, and stays; the answer does not tell. */
#include <string.h>

#include "exchange/taxii_inside.h"

struct own_version {
    uint64_t n;
    int64_t modified_us;
    bool current, chosen, also_given;
    struct stamp at; /* as match[version] names it */
    struct sha256 hash;
};
struct withdrawing {
    const struct call *call;
    const struct taxii_query *query;
    struct own_version *list; /* in the request's arena */
    size_t count, cap, chosen;
    struct fault *reterr; /* of the reading that is under way */
};

/* ---- whose ---- */

/* Entries that repeat another under a new class bear the account that made them do so: the first one counts. */
static enum err account_of(const struct call *c, uint64_t n, struct uuid *ret, struct fault *reterr)
{
    for (;;) {
        struct arena arena;
        struct log_read read;
        struct fact f = {0};
        arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
        enum err e = node_entry(c->server->node, n, &arena, &read, reterr);
        if (e == OK && read.erased)
            e = ERR_NOT_FOUND;
        if (e == OK)
            e = fact_decode(&read, &arena, &f, reterr);
        uint64_t before = f.u.object.replaces;
        *ret = f.u.object.account;
        arena_done(&arena);
        if (e || f.kind != FACT_OBJECT || !before)
            return e;
        n = before - 1;
    }
}

static enum err is_own(const struct call *c, const struct version_row *row, bool *ret, struct fault *reterr)
{
    const struct uuid *party = &c->asker.recipient.party, *self = &node_genesis(c->server->node)->identity;
    struct uuid account;
    *ret = false;
    if (row->standing == STANDING_REPLACED || row->withdrawn)
        return OK;
    if (uuid_some(party)) {
        *ret = uuid_eq(&row->party, party);
        return OK;
    }
    if (uuid_some(&row->party) && !uuid_eq(&row->party, self))
        return OK;
    enum err e = account_of(c, row->n, &account, reterr);
    *ret = e == OK && uuid_eq(&account, &c->asker.account);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err on_version(void *self, const struct version_row *row)
{
    struct withdrawing *w = self;
    bool own;
    enum err e = is_own(w->call, row, &own, w->reterr);
    if (e || !own)
        return e;
    if (w->count == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 16;
        struct own_version *list = arena_alloc(w->call->request->arena, cap * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        if (w->count)
            memcpy(list, w->list, w->count * sizeof *list);
        w->list = list;
        w->cap = cap;
    }
    struct own_version v = {.n = row->n,
                            .modified_us = row->modified_us,
                            .current = row->standing == STANDING_CURRENT,
                            .hash = row->hash};
    if (!row->modified.len || stamp_parse(row->modified, &v.at, NULL))
        v.at = stamp_from_us(row->added_us, 6);
    w->list[w->count++] = v;
    return OK;
}

static enum err on_voucher(void *self, const struct voucher_row *row)
{
    struct withdrawing *w = self;
    const struct uuid *party = &w->call->asker.recipient.party;
    for (size_t i = 0; i < w->count; i++)
        w->list[i].also_given |= row->authority > AUTHORITY_NONE && !uuid_eq(&row->party, party) &&
                                 sha256_eq(&row->hash, &w->list[i].hash);
    return OK;
}

/* ---- which: match[version] (section 3.4.1); all when it is absent ---- */

static bool is_named(const struct taxii_query *q, const struct own_version *v)
{
    for (size_t i = 0; i < q->stamp_count; i++)
        if (stamp_cmp(q->stamps[i], v->at) == 0)
            return true;
    return false;
}

static void choose(struct withdrawing *w)
{
    const struct taxii_query *q = w->query;
    size_t first = 0, last = 0;
    bool all = (!q->versions && !q->stamp_count) || (q->versions & VERSIONS_ALL);
    for (size_t i = 0; i < w->count; i++) {
        const struct own_version *v = &w->list[i];
        if (v->modified_us < w->list[first].modified_us)
            first = i;
        if (!w->list[last].current && (v->current || v->modified_us > w->list[last].modified_us))
            last = i;
    }
    for (size_t i = 0; i < w->count; i++) {
        struct own_version *v = &w->list[i];
        v->chosen = all || is_named(q, v) || ((q->versions & VERSIONS_FIRST) && i == first) ||
                    ((q->versions & VERSIONS_LAST) && i == last);
        w->chosen += v->chosen;
    }
}

/* ---- on the writer thread ---- */

static enum err find_own(struct withdrawing *w, struct view *v, struct fault *reterr)
{
    w->count = w->chosen = 0;
    w->reterr = reterr;
    enum err e = view_versions(v, w->call->object, on_version, w, reterr);
    if (e == OK && w->count)
        e = view_vouchers(v, w->call->object, on_voucher, w, reterr);
    if (e == OK)
        choose(w);
    return e;
}

static enum err write_withdrawal(struct txn *t, void *self, struct fault *reterr)
{
    struct withdrawing *w = self;
    enum err e = find_own(w, txn_view(t), reterr);
    for (size_t i = 0; e == OK && i < w->count; i++) {
        const struct own_version *v = &w->list[i];
        struct fact f = {.kind = FACT_WITHDRAWAL,
                         .u.withdrawal = {.account = w->call->asker.account,
                                          .party = w->call->asker.recipient.party,
                                          .object = w->call->object,
                                          .entry = v->n}};
        if (v->chosen && !v->also_given)
            e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    }
    return e;
}

/* ---- the answer ---- */

/* Another's object: 403 to who may see it, 404 to who may not, as if it were not there. */
static enum err not_own(const struct call *c, int *ret, struct fault *reterr)
{
    bool there;
    enum err e = taxii_shows(c, &there, reterr);
    *ret = e == OK && there ? 403 : 404;
    return e;
}

static enum err withdraw(const struct call *c, const struct taxii_query *q, int *ret, struct fault *reterr)
{
    struct withdrawing w = {.call = c, .query = q};
    enum err e = find_own(&w, c->view, reterr);
    if (e)
        return e;
    if (!w.count)
        return not_own(c, ret, reterr);
    if (w.chosen)
        e = node_write(c->server->node, write_withdrawal, &w, reterr);
    *ret = w.chosen ? 200 : 404;
    return e;
}

enum err taxii_delete(const struct call *c, struct outbound **ret)
{
    struct taxii_query q;
    struct fault fault = {0};
    struct ident id;
    int status = 404;
    enum err e = taxii_query_read(c, FILTER_VERSION | FILTER_SPEC_VERSION, &q, &fault);
    if (e == ERR_MALFORMED) {
        *ret = taxii_fault_words(400, text_of(fault.what));
        return OK;
    }
    bool held = ident_parse(c->object, &id, NULL) == OK && view_collection_holds(c->collection, id.type);
    bool self = held && uuid_eq(&id.uuid, &node_genesis(c->server->node)->identity);
    if (e == OK && self)
        status = 403; /* who we are stays: objects name it */
    else if (e == OK && !q.other_spec && held)
        e = withdraw(c, &q, &status, &fault);
    if (e == ERR_BUSY)
        return e;
    if (e)
        *ret = taxii_failure(e, &fault);
    else
        *ret = status == 200 ? taxii_done() : taxii_fault(status);
    return OK;
}
