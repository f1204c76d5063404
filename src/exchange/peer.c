/* exchange/peer.c - a partner's settings, and its end. */
#include <stdio.h>

#include "exchange/asker.h"
#include "exchange/peer_inside.h"
#include "store/login.h"

#define PEER_ARENA_BYTES (64 * KIB)

enum err peer_read(struct view *v, const struct uuid *party, struct arena *arena, struct fact_peer *ret,
                   struct fault *reterr)
{
    struct fact_peer peer;
    enum err e = view_peer(v, party, &peer, reterr);
    if (e)
        return e;
    peer.url = arena_text(arena, peer.url);
    peer.collection = arena_text(arena, peer.collection);
    peer.origin = arena_text(arena, peer.origin);
    peer.country = arena_text(arena, peer.country);
    if (!peer.url.ptr || !peer.collection.ptr || !peer.origin.ptr || !peer.country.ptr)
        return ERR_NOMEM;
    *ret = peer;
    return OK;
}

struct account_search {
    const struct uuid *party;
    struct arena *arena;
    struct fact_account found;
    bool any;
};

static enum err on_account(void *self, const struct fact *f)
{
    struct account_search *s = self;
    if (s->any || !uuid_eq(&f->u.account.party, s->party))
        return OK;
    s->found = f->u.account;
    s->found.name = arena_text(s->arena, f->u.account.name);
    s->any = true;
    return s->found.name.ptr ? OK : ERR_NOMEM;
}

enum err peer_account(struct view *v, const struct uuid *party, struct arena *arena, struct fact_account *ret,
                      struct fault *reterr)
{
    struct account_search s = {.party = party, .arena = arena};
    enum err e = view_facts(v, FACT_ACCOUNT, on_account, &s, reterr);
    if (e)
        return e;
    if (!s.any)
        return ERR_NOT_FOUND;
    *ret = s.found;
    return OK;
}

/* ---- by which identity markings name it ---- */

struct identity_search {
    const struct uuid *party, *identity;
    bool taken;
};

static enum err on_identity(void *self, const struct fact *f)
{
    struct identity_search *s = self;
    s->taken |= uuid_eq(&f->u.peer.identity, s->identity) && !uuid_eq(&f->u.peer.party, s->party);
    return OK;
}

enum err peer_identity_free(struct node *node, struct view *v, const struct uuid *party, const struct uuid *identity,
                            struct fault *reterr)
{
    struct identity_search s = {.party = party, .identity = identity};
    char id[IDENT_TEXT_MAX];
    if (!uuid_some(identity))
        return OK;
    bool ours = uuid_eq(identity, &node_genesis(node)->identity);
    enum err e = ours ? OK : view_facts(v, FACT_PEER, on_identity, &s, reterr);
    if (e == OK && (ours || s.taken))
        e = fault_set(reterr, ERR_EXISTS,
                      TEXT_FMT " is not this partner's: %s is called so, and what names it would go to both",
                      TEXT_ARG(ident_format(TEXT("identity"), identity, id)), ours ? "this node" : "another peer");
    return e;
}

/* ---- settings ---- */

struct change {
    const struct uuid *party, *account;
    const struct peer_settings *settings; /* or */
    struct text reason;                   /* of an expulsion */
    struct arena arena;
    struct fact_account machine; /* of an expulsion */
    bool has_machine;
};

static enum err not_a_peer(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOT_FOUND, "no such peer; `entente peer list` shows them");
}

static enum err write_settings(struct txn *t, void *self, struct fault *reterr)
{
    struct change *c = self;
    struct fact f = {.kind = FACT_PEER};
    enum err e = peer_read(txn_view(t), c->party, &c->arena, &f.u.peer, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? not_a_peer(reterr) : e;
    const struct peer_settings *s = c->settings;
    f.u.peer.account = *c->account;
    if (s->has_ceiling)
        f.u.peer.ceiling = s->ceiling;
    if (s->has_sightings)
        f.u.peer.sightings = s->sightings;
    if (s->has_poll_ms)
        f.u.peer.poll_ms = s->poll_ms;
    if (s->has_country)
        f.u.peer.country = s->country;
    if (s->has_kind)
        f.u.peer.partner_kind = s->kind;
    if (s->has_identity) {
        e = peer_identity_free(txn_node(t), txn_view(t), c->party, &s->identity, reterr);
        if (e)
            return e;
        f.u.peer.identity = s->identity;
    }
    if (s->has_organisation)
        f.u.peer.organisation = s->organisation;
    if (s->has_knows) {
        f.u.peer.knows_set = !s->knows_by_itself;
        f.u.peer.knows = s->knows_by_itself ? 0 : s->knows;
    }
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err check_settings(const struct peer_settings *s, struct fault *reterr)
{
    if (s->has_poll_ms && (s->poll_ms < PEER_POLL_MS_MIN || s->poll_ms > PEER_POLL_MS_MAX))
        return fault_set(reterr, ERR_USAGE, "a peer is polled every %d ms at most and once a day at least",
                         PEER_POLL_MS_MIN);
    if (s->has_ceiling && (s->ceiling <= TLP_NONE || s->ceiling >= TLP_RED))
        return fault_set(reterr, ERR_USAGE,
                         "a ceiling is CLEAR, GREEN, AMBER or AMBER+STRICT: RED is for named persons");
    for (size_t i = 0; i < s->country.len; i++)
        if (s->country.len != 2 || s->country.ptr[i] < 'A' || s->country.ptr[i] > 'Z')
            return fault_set(reterr, ERR_USAGE, "a country is its two capital letters (ISO 3166-1)");
    if (s->has_knows && (s->knows & ~TERMS_KNOWABLE))
        return fault_set(reterr, ERR_USAGE, "terms that are not known here");
    return OK;
}

enum err peer_set(struct node *node, const struct uuid *party, const struct peer_settings *settings,
                  const struct uuid *account, struct fault *reterr)
{
    struct change c = {.party = party, .account = account, .settings = settings};
    enum err e = check_settings(settings, reterr);
    if (e)
        return e;
    arena_init(&c.arena, PEER_ARENA_BYTES);
    e = node_write(node, write_settings, &c, reterr);
    arena_done(&c.arena);
    return e ? e : taxii_openings_update(node, reterr);
}

/* ---- expulsion ---- */

static enum err write_expulsion(struct txn *t, void *self, struct fault *reterr)
{
    struct change *c = self;
    char subject[UUID_TEXT_MAX];
    struct fact f = {.kind = FACT_PEER};
    enum err e = peer_read(txn_view(t), c->party, &c->arena, &f.u.peer, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? not_a_peer(reterr) : e;
    f.u.peer.account = *c->account;
    f.u.peer.expelled = true;
    e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    if (e)
        return e;
    struct fact act = {.kind = FACT_ACT,
                       .u.act = {.account = *c->account,
                                 .verb = TEXT("peer expelled"),
                                 .subject = uuid_format(c->party, subject),
                                 .reason = c->reason}};
    e = txn_append(t, &act, TEXT_NONE, TEXT_NONE, reterr);
    if (e)
        return e;
    e = peer_account(txn_view(t), c->party, &c->arena, &c->machine, reterr);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e;
    c->has_machine = true;
    struct fact off = {.kind = FACT_ACCOUNT, .u.account = c->machine};
    off.u.account.account = *c->account;
    off.u.account.disabled = true;
    return txn_append(t, &off, TEXT_NONE, TEXT_NONE, reterr);
}

enum err peer_expel(struct node *node, const struct uuid *party, struct text reason, const struct uuid *account,
                    struct fault *reterr)
{
    struct change c = {.party = party, .account = account, .reason = reason};
    arena_init(&c.arena, PEER_ARENA_BYTES);
    enum err e = node_write(node, write_expulsion, &c, reterr);
    if (e == OK && c.has_machine)
        e = local_token_revoke_all(node_local(node), &c.machine.id, reterr);
    logins_cut(node_logins(node)); /* what waits is asked again, and refused */
    arena_done(&c.arena);
    return e ? e : taxii_openings_update(node, reterr);
}
