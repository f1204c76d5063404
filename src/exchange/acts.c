/* exchange/acts.c - acts of sharing: checked and written in one step. */
#include "exchange/acts.h"

#include <string.h>

#include "base/time.h"
#include "desk/note.h"
#include "exchange/asker.h"
#include "exchange/explain.h"
#include "exchange/taxii_server.h"

#define ACT_ARENA_BYTES (1 * MIB)

/* ---- who may ---- */

static enum err check_account(struct txn *t, const struct uuid *account, struct fault *reterr)
{
    struct fact_account a;
    enum err e = view_account(txn_view(t), account, &a, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e || a.disabled || uuid_some(&a.party) || a.role < ROLE_RELEASER)
        return fault_set(reterr, ERR_DENIED, "only a releaser or an administrator may do this");
    return OK;
}

/* ---- grants ---- */

static enum err check_object(struct txn *t, const struct fact_grant *g, struct gate_class *ret, struct fault *reterr)
{
    struct version_row row;
    enum err e = view_current(txn_view(t), g->object, &row, reterr);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, e, TEXT_FMT ": not here", TEXT_ARG(g->object));
    if (e == OK)
        e = view_class(txn_view(t), row.class_id, ret, reterr);
    if (e)
        return e;
    if (ret->internal_only)
        return fault_set(reterr, ERR_DENIED,
                         "findings, evidence, incidents and the register of constituents leave by no door");
    if (ret->quarantined)
        return fault_set(reterr, ERR_DENIED, "it is in quarantine: never released");
    return OK;
}

static enum err check_consent(const struct fact_grant *g, const struct gate_class *cls, struct fault *reterr)
{
    if (cls->ours)
        return fault_set(reterr, ERR_USAGE, "it is ours: nobody's consent is needed, see entente share approve");
    if (!uuid_some(&cls->party))
        return fault_set(reterr, ERR_DENIED, "nobody knows whose it is, so nobody can consent");
    if (!uuid_eq(&cls->party, &g->originator))
        return fault_set(reterr, ERR_DENIED, "it came from another party: only that party's consent counts");
    return OK;
}

struct granting {
    struct fact_grant *g;
    struct arena arena;
    const struct uuid *account;
    const struct uuid *grant;
    struct text reason;
    char told[IDENT_TEXT_MAX];
    struct uuid originator;
};

static enum err append_grant(struct txn *t, const struct fact_grant *g, struct fault *reterr)
{
    struct fact f = {.kind = FACT_GRANT, .u.grant = *g};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err write_grant(struct txn *t, void *self, struct fault *reterr)
{
    struct granting *w = self;
    struct fact_grant *g = w->g;
    struct gate_class cls;
    enum err e = check_account(t, &g->account, reterr);
    if (e == OK)
        e = check_object(t, g, &cls, reterr);
    if (e == OK && g->kind == GRANT_CONSENT)
        e = check_consent(g, &cls, reterr);
    if (e)
        return e;
    if (g->kind == GRANT_BREAK_GLASS && !cls.ours)
        g->originator = cls.party;
    g->from_us = txn_now_us(t);
    if (g->until_us && g->until_us <= g->from_us)
        return fault_set(reterr, ERR_USAGE, "its end lies in the past");
    return append_grant(t, g, reterr);
}

enum err share_grant(struct node *node, struct fact_grant *g, struct fault *reterr)
{
    struct granting w = {.g = g};
    static const struct uuid nobody;
    if (!g->reason.len)
        return fault_set(reterr, ERR_USAGE, "a reason is needed: it stands in the log for ever");
    if (g->kind == GRANT_CONSENT && !g->until_us)
        return fault_set(reterr, ERR_USAGE, "a consent has an end");
    g->id = uuid_random();
    g->second = nobody;
    return node_write(node, write_grant, &w, reterr);
}

/* ---- what was granted before ---- */

static bool keep(struct arena *a, struct text *t)
{
    *t = arena_text(a, *t);
    return t->ptr != NULL;
}

static enum err load_grant(struct txn *t, struct granting *w, struct fact_grant *ret, struct fault *reterr)
{
    struct fact f;
    enum err e = view_grant(txn_view(t), w->grant, &f, reterr);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, e, "no such grant; entente share list shows them");
    if (e)
        return e;
    struct fact_grant *g = &f.u.grant;
    if (!keep(&w->arena, &g->object) || !keep(&w->arena, &g->version) || !keep(&w->arena, &g->properties) ||
        !keep(&w->arena, &g->reason) || !keep(&w->arena, &g->told) || !keep(&w->arena, &g->end_reason))
        return ERR_NOMEM;
    if (g->ended_us)
        return fault_set(reterr, ERR_DENIED, "it was taken back already");
    *ret = *g;
    return OK;
}

static enum err write_revocation(struct txn *t, void *self, struct fault *reterr)
{
    struct granting *w = self;
    struct fact_grant g;
    enum err e = check_account(t, w->account, reterr);
    if (e == OK)
        e = load_grant(t, w, &g, reterr);
    if (e)
        return e;
    g.ended_us = txn_now_us(t);
    g.ended_by = *w->account;
    g.end_reason = w->reason;
    return append_grant(t, &g, reterr);
}

static enum err run(struct node *node, node_write_fn *fn, struct granting *w, struct fault *reterr)
{
    arena_init(&w->arena, ACT_ARENA_BYTES);
    enum err e = node_write(node, fn, w, reterr);
    arena_done(&w->arena);
    return e;
}

enum err share_revoke(struct node *node, const struct uuid *grant, const struct uuid *account, struct text reason,
                      struct fault *reterr)
{
    struct granting w = {.grant = grant, .account = account, .reason = reason};
    if (!reason.len)
        return fault_set(reterr, ERR_USAGE, "a reason is needed: it stands in the log for ever");
    return run(node, write_revocation, &w, reterr);
}

/* ---- break-glass: the second account, and who is told ---- */

/* Who is of our constituency is for no other house to know. */
static enum err whom_to_name(struct txn *t, struct granting *w, const struct fact_grant *g, struct text *name,
                             struct fault *reterr)
{
    struct recipient to;
    if (g->to_account)
        return OK;
    enum err e = recipient_of_party(txn_node(t), txn_view(t), &g->to, &w->arena, &to, reterr);
    if (e == OK && to.kind == RECIPIENT_CONSTITUENT)
        *name = TEXT("an organisation of our constituency");
    return e;
}

/* The note goes to the originator alone: it is ours, under a label above every usual ceiling, and approved for it. */
static enum err tell_originator(struct txn *t, struct granting *w, const struct fact_grant *g, struct fault *reterr)
{
    struct fact_party to;
    struct buffer words;
    enum err e = g->to_account ? ERR_NOT_FOUND : view_party(txn_view(t), &g->to, &to, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    struct text name = e ? TEXT("a person of ours") : arena_text(&w->arena, to.name);
    if (!name.ptr)
        return ERR_NOMEM;
    e = whom_to_name(t, w, g, &name, reterr);
    if (e)
        return e;
    buffer_init(&words, 64 * KIB);
    buffer_add(&words,
               TEXT("Released beyond its marking, without your consent, for danger to life or to an essential "
                    "service. To: "));
    buffer_add(&words, name);
    buffer_add(&words, TEXT(". Reason: "));
    buffer_add(&words, g->reason);
    struct note_words note = {.abstract = TEXT("Break-glass"),
                              .content = buffer_text(&words),
                              .about = g->object,
                              .label = TLP_AMBER_STRICT,
                              .account = *w->account};
    e = buffer_error(&words);
    if (e == OK)
        e = note_append(t, &note, w->told, reterr);
    buffer_done(&words);
    struct fact_grant approval = {.id = uuid_random(),
                                  .account = *w->account,
                                  .kind = GRANT_APPROVAL,
                                  .object = text_of(w->told),
                                  .to = g->originator,
                                  .from_us = txn_now_us(t),
                                  .reason = TEXT("the originator is told of a break-glass")};
    return e ? e : append_grant(t, &approval, reterr);
}

static enum err write_confirmation(struct txn *t, void *self, struct fault *reterr)
{
    struct granting *w = self;
    struct fact_grant g;
    enum err e = check_account(t, w->account, reterr);
    if (e == OK)
        e = load_grant(t, w, &g, reterr);
    if (e)
        return e;
    if (g.kind != GRANT_BREAK_GLASS || uuid_some(&g.second))
        return fault_set(reterr, ERR_USAGE, "there is nothing to confirm");
    if (uuid_eq(&g.account, w->account))
        return fault_set(reterr, ERR_DENIED, "the account that asked for it cannot confirm it: a second person must");
    if (g.until_us && g.until_us <= txn_now_us(t))
        return fault_set(reterr, ERR_DENIED, "it is over already");
    if (uuid_some(&g.originator)) {
        e = tell_originator(t, w, &g, reterr);
        if (e)
            return e;
    }
    g.second = *w->account;
    g.told = text_of(w->told);
    w->originator = g.originator;
    g.from_us = txn_now_us(t);
    return append_grant(t, &g, reterr);
}

struct machine_search {
    const struct uuid *party;
    bool found;
};

static enum err on_machine(void *self, const struct fact *f)
{
    struct machine_search *s = self;
    s->found |= uuid_eq(&f->u.account.party, s->party) && !f->u.account.disabled;
    return OK;
}

/* A machine of theirs fetches it, or ours brings it; and the gate lets it have the note. */
static bool has_a_way(struct view *v, const struct uuid *party)
{
    struct fact_peer peer;
    struct machine_search s = {.party = party};
    if (view_peer(v, party, &peer, NULL) || peer.expelled)
        return false;
    return peer.url.len || (view_facts(v, FACT_ACCOUNT, on_machine, &s, NULL) == OK && s.found);
}

static bool is_reached(struct node *node, const struct uuid *party, struct text note)
{
    struct view *v;
    struct arena arena;
    struct recipient r;
    struct explained told;
    bool reached = false;
    if (node_reader(node, &v, NULL))
        return false;
    arena_init(&arena, ACT_ARENA_BYTES);
    if (has_a_way(v, party) && recipient_of_party(node, v, party, &arena, &r, NULL) == OK &&
        explain_object(node, v, note, &r, DOOR_TAXII, clock_now_us(), &arena, &told, NULL) == OK) {
        reached = told.decision.cleared;
        explained_done(&told);
    }
    node_reader_done(node, v);
    arena_done(&arena);
    return reached;
}

enum err share_confirm(struct node *node, const struct uuid *grant, const struct uuid *account,
                       char ret_told[IDENT_TEXT_MAX], bool *ret_reached, struct fault *reterr)
{
    struct granting w = {.grant = grant, .account = account};
    enum err e = run(node, write_confirmation, &w, reterr);
    if (e == OK)
        memcpy(ret_told, w.told, sizeof w.told);
    if (e == OK && ret_reached)
        *ret_reached = w.told[0] && is_reached(node, &w.originator, text_of(w.told));
    return e;
}

/* ---- agreements and groups ---- */

struct setting {
    struct fact f;
    const struct uuid *account;
};

static enum err write_setting(struct txn *t, void *self, struct fault *reterr)
{
    struct setting *w = self;
    enum err e = check_account(t, w->account, reterr);
    return e ? e : txn_append(t, &w->f, TEXT_NONE, TEXT_NONE, reterr);
}

enum err share_agree(struct node *node, const struct fact_agreement *a, struct fault *reterr)
{
    struct setting w = {.f = {.kind = FACT_AGREEMENT, .u.agreement = *a}, .account = &a->account};
    enum err e = node_write(node, write_setting, &w, reterr);
    return e ? e : taxii_openings_update(node, reterr);
}

static enum err write_new_group(struct txn *t, void *self, struct fault *reterr)
{
    struct setting *w = self;
    struct fact_group other;
    enum err e = view_group(txn_view(t), &w->f.u.group.id, &other, reterr);
    if (e == ERR_NOT_FOUND)
        e = view_group_by_name(txn_view(t), w->f.u.group.name, &other, reterr);
    if (e == OK)
        return fault_set(reterr, ERR_EXISTS,
                         "the group " TEXT_FMT " has that id or name; entente share group set changes it",
                         TEXT_ARG(other.name));
    return e == ERR_NOT_FOUND ? write_setting(t, w, reterr) : e;
}

enum err share_group_new(struct node *node, const struct fact_group *g, struct fault *reterr)
{
    struct setting w = {.f = {.kind = FACT_GROUP, .u.group = *g}, .account = &g->account};
    enum err e = node_write(node, write_new_group, &w, reterr);
    return e ? e : taxii_openings_update(node, reterr);
}

enum err share_group(struct node *node, const struct fact_group *g, struct fault *reterr)
{
    struct setting w = {.f = {.kind = FACT_GROUP, .u.group = *g}, .account = &g->account};
    enum err e = node_write(node, write_setting, &w, reterr);
    return e ? e : taxii_openings_update(node, reterr);
}
