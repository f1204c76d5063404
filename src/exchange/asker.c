/* exchange/asker.c - tokens to recipients. */
#include "exchange/asker.h"

#include <string.h>

#include "base/time.h"
#include "exchange/login.h"

bool uuid_some(const struct uuid *u)
{
    static const struct uuid none;
    return !uuid_eq(u, &none);
}

static bool memberships_same(const struct recipient *a, const struct recipient *b)
{
    if (a->membership_count != b->membership_count)
        return false;
    for (size_t i = 0; i < a->membership_count; i++) {
        const struct membership *x = &a->memberships[i], *y = &b->memberships[i];
        if (!uuid_eq(&x->group, &y->group) || x->from_us != y->from_us || x->until_us != y->until_us ||
            x->absent != y->absent)
            return false;
    }
    return true;
}

bool recipient_same(const struct recipient *a, const struct recipient *b)
{
    return a->kind == b->kind && uuid_eq(&a->party, &b->party) && a->role == b->role && a->ceiling == b->ceiling &&
           a->sightings == b->sightings && a->exercise == b->exercise && a->expelled == b->expelled &&
           uuid_eq(&a->account, &b->account) && uuid_eq(&a->identity, &b->identity) &&
           memcmp(a->country, b->country, sizeof a->country) == 0 && a->knows == b->knows && memberships_same(a, b);
}

static bool in_exercise(const struct node *node)
{
    return !text_eq(node_genesis(node)->space, TEXT("real"));
}

static enum err name_of_party(struct view *v, const struct uuid *party, struct arena *arena, struct text *ret,
                              struct fault *reterr)
{
    struct fact_party fact;
    enum err e = view_party(v, party, &fact, reterr);
    if (e == ERR_NOT_FOUND) {
        *ret = TEXT("unknown");
        return OK;
    }
    if (e)
        return e;
    *ret = arena_text(arena, fact.name);
    return ret->ptr ? OK : ERR_NOMEM;
}

/* ---- a party's places on lists ---- */

struct places {
    struct arena *arena;
    struct membership *list;
    size_t count, cap;
};

static int64_t end_of(int64_t us)
{
    return us ? us : INT64_MAX;
}

/* A list that is out of date, or cannot be had, makes nobody a member (docs/RELEASE.md 7): the place has ended. It is
 * handed over all the same, for the gate to know who may be among those that a marking excludes. */
static enum err on_place(void *self, const struct membership_row *row)
{
    struct places *p = self;
    int64_t list_until = end_of(row->list_until_us), until = end_of(row->until_us);
    if (row->unreachable)
        until = row->from_us;
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 8;
        struct membership *more = arena_alloc(p->arena, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (p->count)
            memcpy(more, p->list, p->count * sizeof *more);
        p->list = more;
        p->cap = cap;
    }
    p->list[p->count++] =
        (struct membership){row->group, row->from_us, until < list_until ? until : list_until, row->absent};
    return OK;
}

static uint32_t known_terms(const struct fact_peer *peer)
{
    static const uint8_t none[sizeof peer->key];
    if (peer->knows_set)
        return peer->knows;
    /* whose log is pinned is a node like ours; another TAXII client keeps TLP 2.0 markings and no more */
    return memcmp(peer->key, none, sizeof none) != 0 ? TERMS_ALL : TERM_TLP2;
}

static void take_settings(const struct fact_peer *peer, struct recipient *r)
{
    r->ceiling = peer->ceiling;
    r->sightings = peer->sightings;
    r->expelled = peer->expelled;
    r->knows = known_terms(peer);
    r->identity = peer->identity;
    if (peer->partner_kind != RECIPIENT_OWN_ACCOUNT)
        r->kind = peer->partner_kind;
    if (peer->country.len == sizeof r->country - 1)
        memcpy(r->country, peer->country.ptr, peer->country.len);
}

enum err recipient_of_party(struct node *node, struct view *v, const struct uuid *party, struct arena *arena,
                            struct recipient *ret, struct fault *reterr)
{
    struct places places = {.arena = arena};
    struct recipient r = {.kind = RECIPIENT_PARTNER,
                          .party = *party,
                          .ceiling = TLP_GREEN,
                          .knows = TERM_TLP2,
                          .exercise = in_exercise(node)};
    struct fact_peer peer;
    enum err e = view_peer(v, party, &peer, reterr);
    if (e == OK) {
        take_settings(&peer, &r);
    } else if (e != ERR_NOT_FOUND) {
        return e;
    }
    e = view_memberships(v, party, on_place, &places, reterr);
    if (e == OK)
        e = name_of_party(v, party, arena, &r.name, reterr);
    if (e)
        return e;
    r.memberships = places.list;
    r.membership_count = places.count;
    *ret = r;
    return OK;
}

struct recipient recipient_of_account(struct node *node, const struct uuid *account, enum role role, struct text name)
{
    return (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT,
                              .account = *account,
                              .name = name,
                              .role = role,
                              .ceiling = TLP_RED,
                              .knows = TERMS_ALL,
                              .exercise = in_exercise(node)};
}

struct recipient recipient_public(struct node *node)
{
    return (struct recipient){
        .kind = RECIPIENT_PUBLIC, .ceiling = TLP_CLEAR, .knows = TERM_TLP2, .exercise = in_exercise(node)};
}

/* ---- who has this credential ---- */

/* By a token: whose it is, and what it is for. */
static enum err by_token(struct node *node, struct view *v, const struct credential *c, struct fact_account *ret,
                         unsigned *ret_scopes, struct fault *reterr)
{
    struct local_token t;
    enum err e = local_token_find(node_local(node), c->secret, clock_now_us(), &t, reterr);
    if (e == OK)
        e = view_account(v, &t.account, ret, reterr);
    if (e)
        return e;
    bool other_user = c->user.len && !text_eq(c->user, ret->name);
    *ret_scopes = t.scopes;
    return other_user ? ERR_NOT_FOUND : OK;
}

/* By a session: everything that the role allows. */
static enum err by_session(struct node *node, struct view *v, const struct credential *c, struct fact_account *ret,
                           struct fault *reterr)
{
    struct uuid id;
    enum err e = session_find(node_logins(node), c->secret, &id);
    return e ? e : view_account(v, &id, ret, reterr);
}

/* By a password, which the gate held against its hash before (exchange/login.h). */
static enum err by_password(struct node *node, struct view *v, const struct credential *c, struct fact_account *ret,
                            struct fault *reterr)
{
    enum err e = view_account_by_name(v, c->user, ret, reterr);
    if (e)
        return e;
    return !uuid_some(&ret->party) && login_is_right(node, &ret->id, c->user, c->secret) ? OK : ERR_NOT_FOUND;
}

static enum err account_of(struct node *node, struct view *v, const struct credential *c, struct fact_account *ret,
                           unsigned *ret_scopes, struct fault *reterr)
{
    unsigned scopes = SCOPES_ALL;
    enum err e = ERR_NOT_FOUND;
    if (token_is(c->secret))
        e = by_token(node, v, c, ret, &scopes, reterr);
    else if (!c->user.len && session_is_token(c->secret))
        e = by_session(node, v, c, ret, reterr);
    else if (c->user.len)
        e = by_password(node, v, c, ret, reterr);
    if (e)
        return e;
    *ret_scopes = scopes & scopes_allowed(uuid_some(&ret->party), ret->role);
    return ret->disabled ? ERR_NOT_FOUND : OK;
}

enum err asker_find(struct node *node, struct view *v, struct text authorization, struct arena *arena,
                    struct asker *ret, struct fault *reterr)
{
    struct credential c = {0};
    struct fact_account account;
    unsigned scopes = 0;
    enum err e = credential_read(authorization, arena, &c);
    if (e == OK)
        e = account_of(node, v, &c, &account, &scopes, reterr);
    if (e)
        return e;

    struct asker a = {.account = account.id, .name = arena_text(arena, account.name), .scopes = scopes};
    if (!a.name.ptr)
        return ERR_NOMEM;
    struct uuid party = account.party; /* the fact's texts end with the next question */
    enum role role = account.role;
    if (uuid_some(&party)) {
        e = recipient_of_party(node, v, &party, arena, &a.recipient, reterr);
        if (e)
            return e;
        if (a.recipient.expelled)
            return ERR_DENIED;
        a.may_write = true;
    } else {
        a.recipient = recipient_of_account(node, &a.account, role, a.name);
        a.role = role;
        a.may_write = role >= ROLE_ANALYST;
    }
    *ret = a;
    return OK;
}
