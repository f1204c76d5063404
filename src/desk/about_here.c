/* desk/about_here.c - what this node knows of an object beside its words: versions and claims, findings, releases. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/about_inside.h"
#include "desk/dispute.h"
#include "desk/lifetime.h"
#include "desk/own.h"
#include "desk/search.h"
#include "desk/suppress.h"
#include "desk/trust.h"
#include "store/view_belief.h"

/* ---- versions and claims ---- */

struct versions {
    struct about *a;
    struct describe_section *s;
    uint64_t count, withheld;
};

static enum err one_version(void *self, const struct version_row *row)
{
    struct versions *w = self;
    struct about *a = w->a;
    struct gate_class cls;
    struct decision d;
    char when[STAMP_TEXT_MAX], version[64], name[VERSION_NAME_MAX], named[VERSION_NAME_MAX];
    if (++w->count > ABOUT_VERSIONS_MAX && !a->q->all)
        return OK;
    snprintf(version, sizeof version, TEXT_FMT, TEXT_ARG(row->modified));
    snprintf(named, sizeof named, TEXT_FMT, TEXT_ARG(version_name(row, name)));
    struct version_row r = *row;
    if (view_class(a->v, r.class_id, &cls, NULL) != OK || !about_may_see(a, &cls, a->row.id, text_of(named), &d)) {
        w->withheld++;
        return OK;
    }
    describe_addf(a->d, w->s, "", "%s  from " TEXT_FMT ", taken in %s, entry %llu: %s%s%s",
                  version[0] ? version : "without a time", TEXT_ARG(cls.ours ? TEXT("us") : about_party(a, &r.party)),
                  about_moment(r.added_us, when), (unsigned long long)r.n, about_standing(r.standing),
                  r.revoked ? ", revoked" : "", r.withdrawn ? ", withdrawn" : "");
    return OK;
}

enum err about_versions(struct about *a, struct fault *reterr)
{
    struct versions w = {.a = a, .s = describe_section(a->d, "Versions and claims")};
    enum err err = view_versions(a->v, a->row.id, one_version, &w, reterr);
    if (err == OK && w.withheld)
        describe_addf(a->d, w.s, "", "%llu that this account may not see", (unsigned long long)w.withheld);
    if (err == OK && w.count > ABOUT_VERSIONS_MAX && !a->q->all)
        describe_addf(a->d, w.s, "", "and %llu more (--all)", (unsigned long long)(w.count - ABOUT_VERSIONS_MAX));
    return err;
}

/* ---- findings ---- */

static const char *state_name(uint8_t state)
{
    static const char *const names[] = {"open", "closed", "a false positive"};
    return state < ARRAY_LEN(names) ? names[state] : "unknown";
}

struct found {
    struct about *a;
    struct describe_section *s;
    size_t count;
    const struct suppress *suppress;
    bool allowed;            /* by a person, though suppressed */
    struct lifetime_ask ask; /* of the values: the last one's source and time */
    bool kinds[VALUE_KINDS]; /* that its values have */
};

static enum err one_finding(void *self, const struct finding_row *row)
{
    struct found *f = self;
    struct about *a = f->a;
    char last[STAMP_TEXT_MAX], id[IDENT_TEXT_MAX], number[32];
    struct finding_row r = *row;
    snprintf(number, sizeof number, "F-%llu", (unsigned long long)r.number);
    if (++f->count > ABOUT_FINDINGS_MAX) {
        describe_add(a->d, f->s, "", TEXT("and older ones: entente finding list"));
        return OK;
    }
    struct text at = uuid_is_zero(&r.organisation)
                         ? TEXT("nobody of ours")
                         : about_call(a, ident_format(TEXT("identity"), &r.organisation, id));
    if (r.kind == FINDING_NAMED)
        describe_addf(a->d, f->s, number, "names a value of " TEXT_FMT ", known since %s, %s", TEXT_ARG(at),
                      about_moment(r.first_us, last), state_name(r.state));
    else
        describe_addf(a->d, f->s, number, "at " TEXT_FMT ", %llu line%s, last at %s, %s", TEXT_ARG(at),
                      (unsigned long long)r.count, r.count == 1 ? "" : "s", about_moment(r.last_us, last),
                      state_name(r.state));
    return OK;
}

static enum err one_value(void *self, const struct indicator_row *row)
{
    struct found *f = self;
    struct about *a = f->a;
    f->kinds[row->kind] = true;
    f->ask.source = row->source;
    f->ask.said_us = row->said_us;
    if (++f->count > DESCRIBE_LIST_MAX)
        return OK;
    const struct suppressed found = suppress_check(f->suppress, row->kind, row->value);
    char words[SUPPRESS_WORDS_MAX];
    bool suppressed = found.why != SUPPRESS_NOT && !f->allowed;
    describe_addf(a->d, f->s, f->count == 1 ? "looked for" : "", TEXT_FMT " (%s)%s" TEXT_FMT, TEXT_ARG(row->value),
                  value_kind_name(row->kind),
                  found.why == SUPPRESS_NOT ? ""
                  : suppressed              ? ": held and not looked for, suppressed by "
                                            : ": looked for all the same, though on ",
                  TEXT_ARG(suppress_words(&found, words)));
    return OK;
}

/* It says no end: until when its values are looked for here, by kind. */
static enum err assumed_ends(struct about *a, struct found *f, struct fault *reterr)
{
    struct lifetime_rules rules;
    struct lifetime l;
    char when[STAMP_TEXT_MAX], words[LIFETIME_WORDS_MAX];
    enum err err = lifetime_rules_load(node_home(a->node), &rules, reterr);
    for (int kind = VALUE_NONE; err == OK && kind < VALUE_KINDS; kind++) {
        f->ask.kind = (enum value_kind)kind;
        if (!f->kinds[kind])
            continue;
        err = lifetime_of(a->v, &rules, &f->ask, &l, reterr);
        if (err != OK || !l.ends)
            continue;
        struct text day = text_sub(stamp_format(stamp_from_us(l.until_us, 0), when), 0, 10);
        describe_addf(a->d, f->s, "valid until", TEXT_FMT " (" TEXT_FMT ")%s", TEXT_ARG(day),
                      TEXT_ARG(lifetime_words(&l, (enum value_kind)kind, &rules, words)),
                      l.until_us <= a->q->now_us ? ": not looked for any more" : "");
    }
    return err;
}

/* What people ruled about it: shown for ever, taken back or not. */
static enum err one_ruling(void *self, const struct fact *fact)
{
    struct found *f = self;
    struct about *a = f->a;
    const struct fact_ruling *r = &fact->u.ruling;
    char from[STAMP_TEXT_MAX], until[STAMP_TEXT_MAX];
    if (!text_eq(r->object, text_of(a->id)))
        return OK;
    f->allowed |= r->kind == RULING_ALLOW && r->ended_us == 0;
    describe_addf(a->d, f->s, "ruled", "%s (%s) since %s%s%s%s%s: " TEXT_FMT,
                  r->kind == RULING_ALLOW ? "looked for though suppressed" : "false positive",
                  ruling_scope_name(r->scope), about_moment(r->from_us, from), r->until_us ? ", until " : "",
                  r->until_us ? about_moment(r->until_us, until) : "", r->ended_us ? ", taken back" : "",
                  r->told.len ? ", its originator was told" : "", TEXT_ARG(r->reason));
    return OK;
}

/* What others say against it, through the gate of who reads. */
static enum err disputed(struct about *a, struct found *f, struct text trust, struct fault *reterr)
{
    const struct dispute_question q = {text_of(a->id), a->q->account, a->q->now_us};
    struct dispute *list = NULL;
    size_t count;
    char words[DISPUTED_WORDS_MAX], when[STAMP_TEXT_MAX];
    enum err err = disputes_of(a->node, a->v, &q, a->d->arena, &list, &count, reterr);
    if (err != OK)
        return err;
    describe_add(a->d, f->s, "trust", disputed_words(trust, count, words));
    for (size_t i = 0; i < count; i++)
        describe_addf(a->d, f->s, "disputed", "by " TEXT_FMT " at %s: %s%s" TEXT_FMT "  %s",
                      TEXT_ARG(about_party(a, &list[i].party)), about_moment(list[i].said_us, when), list[i].said,
                      list[i].why.len ? ", " : "", TEXT_ARG(list[i].why), list[i].id);
    return OK;
}

/* What its originator says of it, and what we think of its source, in one line. */
static enum err trusted(struct about *a, struct found *f, struct fault *reterr)
{
    struct fact_source source;
    struct source_trust trust = {0};
    int64_t confidence = -1;
    char words[TRUST_WORDS_MAX];
    enum err err = uuid_is_zero(&a->row.source) ? ERR_NOT_FOUND : view_source(a->v, &a->row.source, &source, reterr);
    if (err == OK && source_trust_parse(source.trust, &trust, NULL) != OK)
        trust = (struct source_trust){0}; /* a newer program's words */
    if (!json_i64(json_get(a->object, "confidence"), &confidence) || confidence > 100)
        confidence = -1;
    if (err == OK || err == ERR_NOT_FOUND)
        err = disputed(a, f, trust_words((int)confidence, trust, words), reterr);
    return err;
}

/* Which values logs are searched for, and whether they still are. */
static enum err looked_for(struct about *a, struct found *f, struct fault *reterr)
{
    struct stamp until;
    char when[STAMP_TEXT_MAX];
    struct suppress *suppress;
    enum err err = suppress_load(a->node, a->v, &suppress, reterr);
    if (err == OK)
        err = view_rulings(a->v, one_ruling, f, reterr);
    if (err == OK) {
        f->suppress = suppress;
        err = view_values_of(a->v, a->row.n, one_value, f, reterr);
        suppress_free(suppress);
    }
    if (f->count > DESCRIBE_LIST_MAX)
        describe_addf(a->d, f->s, "", "and %zu more", f->count - DESCRIBE_LIST_MAX);
    if (f->count == 0)
        describe_add(a->d, f->s, "looked for", TEXT("nothing: no value of its pattern says enough alone"));
    else if (stamp_parse(json_text(json_get(a->object, "valid_until")), &until, NULL) == OK &&
             stamp_us(until) <= a->q->now_us)
        describe_addf(a->d, f->s, "", "not any more: it ended at %s", about_moment(stamp_us(until), when));
    if (err == OK && f->count && !json_get(a->object, "valid_until"))
        err = assumed_ends(a, f, reterr);
    f->count = 0;
    return err;
}

enum err about_found(struct about *a, struct fault *reterr)
{
    struct found f = {.a = a};
    struct ident ident;
    if (ident_parse(a->row.id, &ident, NULL) != OK || !text_eq(ident.type, TEXT("indicator")))
        return OK;
    f.ask.indicator = ident.uuid;
    f.s = describe_section(a->d, "Seen here");
    enum err err = trusted(a, &f, reterr);
    if (err != OK)
        return err;
    err = looked_for(a, &f, reterr);
    if (err != OK)
        return err;
    return view_findings_about(a->v, &ident.uuid, ABOUT_FINDINGS_MAX + 1, one_finding, &f, reterr);
}

/* ---- who else holds its values ---- */

static void one_shared(struct about *a, struct describe_section *s, const struct search_shared *shared)
{
    describe_addf(a->d, s, "", TEXT_FMT " (%s): %s%llu other%s%s", TEXT_ARG(shared->value), shared->kind,
                  shared->more ? "more than " : "", (unsigned long long)shared->others,
                  shared->others == 1 ? "" : "s", shared->others >= SEARCH_COMMON_FROM ? ", not a lead" : "");
    for (size_t i = 0; i < shared->count; i++) {
        const struct search_result *r = &shared->shown[i];
        struct text from = r->ours ? TEXT("us") : about_party(a, &r->party);
        describe_addf(a->d, s, "", "  " TEXT_FMT ", from " TEXT_FMT ", %s (" TEXT_FMT ")", TEXT_ARG(r->name),
                      TEXT_ARG(from), r->state, TEXT_ARG(r->id));
    }
}

enum err about_shared(struct about *a, struct text body, struct fault *reterr)
{
    struct search_shared *list;
    size_t count;
    enum err err = search_shared(a->node, a->v, &a->q->account, a->q->now_us, a->row.n, body, a->d->arena, &list,
                                 &count, reterr);
    if (err != OK)
        return err;
    struct describe_section *s = count ? describe_section(a->d, "Same values") : NULL;
    for (size_t i = 0; i < count; i++)
        one_shared(a, s, &list[i]);
    return OK;
}

/* ---- who was given it ---- */

#define PEERS_MAX 4096

struct peers {
    struct arena *arena;
    struct uuid list[PEERS_MAX];
    size_t count;
};

static enum err one_peer(void *self, const struct fact *f)
{
    struct peers *p = self;
    if (p->count < PEERS_MAX)
        p->list[p->count++] = f->u.peer.party;
    return OK;
}

struct given {
    const struct version_row *version;
    bool any, whole;
    int64_t t_us;
};

static enum err one_release(void *self, const struct release_row *row)
{
    struct given *g = self;
    if (!g->any)
        g->t_us = row->t_us;
    g->any = true;
    g->whole |= row->form == FORM_WHOLE;
    return OK;
}

struct entries {
    uint64_t n[ABOUT_VERSIONS_MAX];
    char modified[ABOUT_VERSIONS_MAX][64];
    size_t count;
};

static enum err one_entry(void *self, const struct version_row *row)
{
    struct entries *e = self;
    if (e->count < ABOUT_VERSIONS_MAX) {
        e->n[e->count] = row->n;
        snprintf(e->modified[e->count++], sizeof e->modified[0], TEXT_FMT, TEXT_ARG(row->modified));
    }
    return OK;
}

static enum err given_to(struct about *a, struct describe_section *s, const struct entries *e,
                         const struct uuid *party, struct fault *reterr)
{
    for (size_t i = 0; i < e->count; i++) {
        struct given g = {0};
        char when[STAMP_TEXT_MAX];
        enum err err = view_releases_of(a->v, party, e->n[i], one_release, &g, reterr);
        if (err != OK)
            return err;
        if (g.any)
            describe_addf(a->d, s, "", TEXT_FMT ", %s, %s, version %s", TEXT_ARG(about_party(a, party)),
                          about_moment(g.t_us, when), g.whole ? "whole" : "a rendition",
                          e->modified[i][0] ? e->modified[i] : "without a time");
    }
    return OK;
}

enum err about_given(struct about *a, struct fault *reterr)
{
    struct describe_section *s = describe_section(a->d, "Given to");
    struct entries e = {.count = 0};
    struct peers *p = arena_alloc(a->d->arena, sizeof *p);
    if (!p)
        return fault_set(reterr, ERR_NOMEM, "no memory for a description");
    enum err err = view_versions(a->v, a->row.id, one_entry, &e, reterr);
    if (err == OK)
        err = view_facts(a->v, FACT_PEER, one_peer, p, reterr);
    for (size_t i = 0; err == OK && i < p->count; i++)
        err = given_to(a, s, &e, &p->list[i], reterr);
    return err;
}
