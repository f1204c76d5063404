/* exchange/releases.c - one entry for the new releases of one answer. Its public part is the Merkle root of the
 * bodies' hashes, so that a single release can be shown later without the others. */
#include "exchange/releases.h"

#include "ledger/merkle.h"

struct release {
    struct page *page;
    struct uuid account;
    struct fact_released *items; /* what seemed new; the writer looks again */
    size_t count;
};

/* Two requests of one partner may carry the same object at the same time: only the first to write records it. */
static enum err keep_unrecorded(struct view *v, const struct uuid *party, struct fact_released *items, size_t *count,
                                struct fault *reterr)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool known;
        enum err e = view_was_released(v, party, items[i].n, &items[i].hash, &known, reterr);
        if (e)
            return e;
        if (!known)
            items[kept++] = items[i];
    }
    *count = kept;
    return OK;
}

static struct sha256 root_of(const struct fact_released *items, size_t count)
{
    struct merkle m;
    merkle_init(&m);
    for (size_t i = 0; i < count; i++) {
        struct sha256 leaf = merkle_leaf(items[i].hash.b, sizeof items[i].hash.b);
        merkle_add(&m, &leaf);
    }
    return merkle_root(&m);
}

/* The public has no settings and no name: what is published is one entry for everybody. */
static enum err recipient_now(struct txn *t, const struct recipient *cleared_for, struct arena *arena,
                              struct recipient *ret, struct fault *reterr)
{
    if (cleared_for->kind != RECIPIENT_PUBLIC)
        return recipient_of_party(txn_node(t), txn_view(t), &cleared_for->party, arena, ret, reterr);
    *ret = recipient_public(txn_node(t));
    return OK;
}

/* What was granted to the partner may have been taken back, or be over, since the page was cleared. */
static enum err still_holds(struct txn *t, const struct clearance *c, struct fault *reterr)
{
    uint64_t newest;
    enum err e = view_grants_newest(txn_view(t), &c->recipient.party, &newest, reterr);
    if (e)
        return e;
    bool changed = newest != UINT64_MAX && newest >= c->position;
    return changed || txn_now_us(t) >= c->holds_until_us
               ? fault_set(reterr, ERR_BUSY, "what was granted to the partner changed")
               : OK;
}

static enum err write_release(struct txn *t, void *self, struct fault *reterr)
{
    struct release *r = self;
    const struct recipient *cleared_for = &r->page->clearance->recipient;
    struct recipient now;
    enum err e = recipient_now(t, cleared_for, r->page->arena, &now, reterr);
    if (e)
        return e;
    if (!recipient_same(&now, cleared_for))
        return fault_set(reterr, ERR_BUSY, "the partner's settings changed");
    e = still_holds(t, r->page->clearance, reterr);
    if (e)
        return e;
    e = keep_unrecorded(txn_view(t), &cleared_for->party, r->items, &r->count, reterr);
    if (e || !r->count)
        return e;
    struct fact f = {.kind = FACT_RELEASE,
                     .u.release = {.party = cleared_for->party,
                                   .account = r->account,
                                   .door = (uint8_t)r->page->clearance->door,
                                   .root = root_of(r->items, r->count),
                                   .items = r->items,
                                   .count = r->count}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* Those not known to have gone before; *ret_whole, of *ret_whole_count, are the entries of those that go whole. */
static enum err list_items(struct page *page, struct released *known, struct release *r, uint64_t **ret_whole,
                           size_t *ret_whole_count)
{
    const struct uuid *party = &page->clearance->recipient.party;
    r->items = arena_alloc(page->arena, page->count * sizeof *r->items);
    *ret_whole = arena_alloc(page->arena, page->count * sizeof **ret_whole);
    if (!r->items || !*ret_whole)
        return ERR_NOMEM;
    for (size_t i = 0; i < page->count; i++) {
        const struct page_item *item = &page->items[i];
        bool whole = cleared_form(item->cleared) == FORM_WHOLE;
        if (whole && known && released_known(known, party, item->n))
            continue;
        if (whole)
            (*ret_whole)[(*ret_whole_count)++] = item->n;
        r->items[r->count++] =
            (struct fact_released){item->n, *cleared_hash(item->cleared), (uint8_t)cleared_form(item->cleared)};
    }
    return OK;
}

/* r->items: those that are not in the log yet. */
static enum err find_new(struct page *page, struct released *known, struct release *r, uint64_t **ret_whole,
                         size_t *ret_whole_count, struct fault *reterr)
{
    const struct recipient *to = &page->clearance->recipient;
    if (to->kind == RECIPIENT_OWN_ACCOUNT || !page->count)
        return OK;
    enum err e = list_items(page, known, r, ret_whole, ret_whole_count);
    return e ? e : keep_unrecorded(page->view, &to->party, r->items, &r->count, reterr);
}

enum err releases_record(struct page *page, struct released *known, const struct uuid *account, struct fault *reterr)
{
    struct release r = {.page = page, .account = *account};
    uint64_t *whole = NULL;
    size_t whole_count = 0;
    enum err e = find_new(page, known, &r, &whole, &whole_count, reterr);
    if (e == OK && r.count)
        e = node_write(page->node, write_release, &r, reterr);
    if (e == OK && known && whole_count)
        released_note(known, &page->clearance->recipient.party, whole, whole_count);
    return e;
}

enum err releases_pending(struct page *page, struct released *known, bool *ret, struct fault *reterr)
{
    struct release r = {.page = page};
    uint64_t *whole = NULL;
    size_t whole_count = 0;
    enum err e = find_new(page, known, &r, &whole, &whole_count, reterr);
    *ret = r.count > 0;
    return e;
}
