/* release/gate.c - the decision. What bars an object whatever its label says stands in bars.c; what its label allows,
 * here, in a table read from top to bottom. What no row speaks of is withheld. Numbers: docs/RELEASE.md.
 *
 * An object is tried in several ways, and goes by the first that lets it: as its label says; by its originator's
 * consent; by break-glass; as its tear line, by consent or as it says itself. */
#include "release/ask.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- what its label allows ---- */

/* What a row wants beside the label; bits. */
enum wants {
    FREELY = 0,
    CEILING = 1, /* the label is not above the recipient's ceiling, or a releaser approved it */
    NEED = 2,    /* of this recipient */
    CLIENT = 4,  /* the recipient counts as our client, by agreement with the originator */
    NAMED = 8,   /* this person or organisation */
    LISTED = 16, /* this account, in the agreement with the originator or by name under it */
    CONSENT = 32 /* of the originator: another row lets it go then */
};

static const struct flow {
    unsigned whose, whom;
    enum tlp from, to; /* labels, both included */
    unsigned wants;
    const char *rule, *words;
} flows[] = {
    {PUBLIC_TEXT, ACCOUNT | OUTSIDE, TLP_NONE, TLP_RED, FREELY, "2 public text",
     "the text of a TLP marking, or our own name: every reader of a marked object needs it."},
    {BY_BREAK_GLASS, ACCOUNT | ORGANISATIONS, TLP_CLEAR, TLP_RED, FREELY, "12 break-glass",
     "two accounts released it to this recipient, for danger to life or to an essential service; its originator is "
     "told."},
    {BY_CONSENT, ORGANISATIONS, TLP_CLEAR, TLP_RED, CEILING, "3 consent",
     "its originator consented to this release, beyond its label."},

    {OURS | RECEIVED, ACCOUNT, TLP_CLEAR, TLP_AMBER_STRICT, FREELY, "2 TLP", "our own accounts may see it."},
    {OURS, ACCOUNT, TLP_RED, TLP_RED, NAMED, "2 TLP", "for named persons, and this account is named."},
    {RECEIVED, ACCOUNT, TLP_RED, TLP_RED, LISTED, "2 TLP", "for named persons, and this account is named."},

    {OURS | RECEIVED | GOING_BACK, OUTSIDE, TLP_NONE, TLP_NONE, CONSENT, "1 default deny",
     "without a TLP label it does not leave. Mark it, or record a default marking for its source."},

    {OURS, ORGANISATIONS, TLP_CLEAR, TLP_AMBER_STRICT, CEILING, "2 TLP",
     "what is ours we send under any label to whom we choose, and the label binds them."},
    {OURS | GOING_BACK, ORGANISATIONS, TLP_RED, TLP_RED, NAMED, "2 TLP",
     "for named persons and organisations, and this one is named."},
    {GOING_BACK, ORGANISATIONS, TLP_CLEAR, TLP_AMBER_STRICT, FREELY, "9 sightings",
     "a sighting of an indicator that came from this recipient goes back to it, whatever its ceiling."},

    {TO_HUB, HUB, TLP_CLEAR, TLP_AMBER_STRICT, FREELY, "9 hub",
     "what this sensor saw of the hub's own indicator goes back to the hub."},
    {TO_HUB | OURS | RECEIVED | PUBLIC_TEXT | BY_CONSENT | BY_BREAK_GLASS, HUB, TLP_NONE, TLP_RED, CONSENT, "9 hub",
     "to its hub a sensor tells what it saw of the hub's own indicators, and nothing else."},

    {RECEIVED, ORGANISATIONS, TLP_CLEAR, TLP_GREEN, CEILING, "2 TLP",
     "its originator lets it go to constituents, authorities, communities and partners."},
    {RECEIVED, CONSTITUENT, TLP_AMBER, TLP_AMBER, CEILING | NEED, "2 TLP",
     "its originator lets it go to our constituents with a need."},
    {RECEIVED, AUTHORITY | COMMUNITY, TLP_AMBER, TLP_AMBER, CEILING | NEED | CLIENT, "2 TLP",
     "by agreement its originator lets it go there as to our constituents with a need."},
    {RECEIVED, PARTNER, TLP_AMBER, TLP_AMBER, CONSENT, "2 TLP",
     "it may go to our own constituents with a need, not to another partner."},
    {RECEIVED, ORGANISATIONS, TLP_AMBER_STRICT, TLP_AMBER_STRICT, CONSENT, "2 TLP",
     "it is for our own organisation, not for another one."},
    {RECEIVED, ORGANISATIONS, TLP_RED, TLP_RED, CONSENT, "2 TLP",
     "for named persons, and an organisation as a whole is none."},

    {OURS | RECEIVED, PUBLIC, TLP_CLEAR, TLP_CLEAR, FREELY, "2 TLP", "anyone may have it."},
    {OURS, PUBLIC, TLP_GREEN, TLP_RED, CONSENT, "2 TLP", "only TLP:CLEAR is published."},
    {RECEIVED, PUBLIC, TLP_GREEN, TLP_RED, CONSENT, "2 TLP",
     "only TLP:CLEAR is published; its originator would have to mark it anew."},
};

static bool above_ceiling(const struct ask *a)
{
    return a->r->ceiling > TLP_RED || a->label > a->r->ceiling;
}

/* Who names somebody approves it for them. */
static bool too_high(const struct ask *a)
{
    return above_ceiling(a) && !GRANTED(a, GRANT_APPROVAL) && !GRANTED(a, GRANT_NAMED);
}

static bool without_need(const struct ask *a)
{
    return !GRANTED(a, GRANT_NEED);
}

static bool no_client(const struct ask *a)
{
    const struct agreement *g = a->q->agreement;
    return !g || !(a->whom == AUTHORITY ? g->authorities_are_clients : g->communities_are_clients);
}

static bool not_named(const struct ask *a)
{
    return !GRANTED(a, GRANT_NAMED) && !(ask_releaser(a) && a->label == TLP_RED);
}

static bool not_listed(const struct ask *a)
{
    const struct agreement *g = a->q->agreement;
    for (size_t i = 0; g && i < g->red_count; i++)
        if (ask_some(&a->r->account) && uuid_eq(&g->red_accounts[i], &a->r->account))
            return false;
    return !(g && GRANTED(a, GRANT_NAMED)) && !ask_releaser(a);
}

static bool never_met(const struct ask *a)
{
    (void)a;
    return true;
}

/* What is missing, and the words for it; none: those of the row. */
static const struct want {
    unsigned bit;
    bool (*missing)(const struct ask *a);
    const char *rule, *words;
} wants[] = {
    {CONSENT, never_met, NULL, NULL},
    {CLIENT, no_client, "2 agreement",
     "sector authorities and communities are not our clients unless an agreement with its originator says so."},
    {NEED, without_need, "2 need",
     "it goes to those with a need, and none is recorded: a finding, a subscription or a releaser's act."},
    {CEILING, too_high, "2 ceiling", "above this recipient's ceiling; a releaser must approve it."},
    {NAMED, not_named, "2 named",
     "for named persons and organisations; this one is not named (releasers see it on the console)."},
    {LISTED, not_listed, "2 named",
     "for the accounts named in the agreement with its originator, else releasers only, on the console."},
};

/* ---- the label, and whose it is ---- */

enum tlp gate_class_label(const struct gate_class *c)
{
    return c->tlp != TLP_NONE ? c->tlp : c->source_default;
}

/* Derived content takes the strictest part of what it copies; an unmarked part makes the whole unmarked. */
static enum tlp label_of(const struct gate_class *c)
{
    enum tlp label = gate_class_label(c);
    if (!c->sighting)
        return label;
    return c->sighting_tlp == TLP_NONE ? TLP_NONE : tlp_stricter(label, c->sighting_tlp);
}

/* Unmarked or unreadable: inside the house it is handled as AMBER+STRICT, or as strictly as it says itself. */
static enum tlp label_inside(const struct gate_class *c, enum tlp label)
{
    bool unclear = label == TLP_NONE || c->unknown_marking;
    return unclear ? tlp_stricter(tlp_stricter(label, gate_class_label(c)), TLP_AMBER_STRICT) : label;
}

static bool public_text(const struct gate_class *c)
{
    bool free = gate_class_label(c) <= TLP_CLEAR && !c->unknown_marking && !c->granular && terms_none(&c->terms);
    return c->protocol_object || (c->own_identity && free);
}

static enum whose whose(const struct gate_class *c, const struct recipient *r)
{
    if (public_text(c))
        return PUBLIC_TEXT;
    if (!c->ours && !c->own_identity)
        return RECEIVED;
    bool could_have_given_it = r->kind != RECIPIENT_OWN_ACCOUNT && r->kind != RECIPIENT_PUBLIC;
    if (c->sighting && could_have_given_it && ask_some(&c->sighting_of) && uuid_eq(&c->sighting_of, &r->party))
        return r->kind != RECIPIENT_HUB ? GOING_BACK : c->own_identity ? OURS : TO_HUB;
    return OURS;
}

static unsigned whom(const struct recipient *r)
{
    switch (r->kind) {
    case RECIPIENT_OWN_ACCOUNT: return ACCOUNT;
    case RECIPIENT_PARTNER: return PARTNER;
    case RECIPIENT_COMMUNITY: return COMMUNITY;
    case RECIPIENT_PUBLIC: return PUBLIC;
    case RECIPIENT_CONSTITUENT: return CONSTITUENT;
    case RECIPIENT_AUTHORITY: return AUTHORITY;
    case RECIPIENT_HUB: return HUB;
    }
    return 0;
}

/* ---- what is worth saying about an object that goes ---- */

static bool marked_by_source(const struct ask *a)
{
    return a->c->tlp == TLP_NONE && a->c->source_default != TLP_NONE && !a->c->protocol_object;
}

static bool shown_unmarked(const struct ask *a)
{
    return ask_account(a) && label_of(a->c) == TLP_NONE && a->whose != PUBLIC_TEXT;
}

static bool shown_unreadable(const struct ask *a)
{
    return ask_account(a) && a->c->unknown_marking;
}

static bool shown_in_quarantine(const struct ask *a)
{
    return a->c->quarantined;
}

static bool derived(const struct ask *a)
{
    return a->c->sighting && gate_class_label(a->c) != a->c->sighting_tlp;
}

static bool approved(const struct ask *a)
{
    bool by_ceiling = a->whose == OURS || a->whose == RECEIVED || a->whose == BY_CONSENT;
    return by_ceiling && (a->whom & ORGANISATIONS) && a->label != TLP_RED && above_ceiling(a);
}

static bool as_tear_line(const struct ask *a)
{
    return a->tear;
}

static bool may_be_cut(const struct ask *a)
{
    return a->c->granular;
}

static const struct remark notes[] = {
    {marked_by_source, 0, "1 source default", "It came unmarked: the recorded default of its source is its label.",
     NULL},
    {shown_unmarked, 0, "1 default deny", "It came unmarked: our own accounts see it as TLP:AMBER+STRICT.", NULL},
    {shown_unreadable, 0, "1 default deny",
     "It carries a marking that this node cannot read: our own accounts see it as TLP:AMBER+STRICT or stricter.",
     NULL},
    {shown_in_quarantine, 0, "2 quarantine", "It is in quarantine: never matched, never released.", NULL},
    {derived, 0, "6 derived", "A sighting takes the stricter label of its own and its indicator's.", NULL},
    {approved, 0, "2 approval", "Above this recipient's ceiling: a releaser approved it.", NULL},
    {as_tear_line, 0, "5 tear line", "Only its tear line goes: the part that its originator made releasable.", NULL},
    {may_be_cut, 0, "5 portions",
     "Portions with markings of their own go only as far as these let them; the rest is cut.", NULL},
};

/* ---- saying ---- */

void ask_say(struct decision *d, const char *rule, const char *format, ...)
{
    if (d->rule_count == DECISION_RULES_MAX)
        return;
    struct decision_rule *said = &d->rules[d->rule_count++];
    va_list args;
    va_start(args, format);
    vsnprintf(said->words, sizeof said->words, format, args);
    va_end(args);
    said->id = rule;
}

void ask_remark(struct decision *d, const struct remark *row, const struct ask *a)
{
    char detail[REMARK_DETAIL_MAX] = "";
    if (row->detail) {
        row->detail(a, detail);
        ask_say(d, row->rule, "%s %s.", row->words, detail);
    } else {
        ask_say(d, row->rule, "%s", row->words);
    }
}

/* ---- one way ---- */

static const struct flow *flow_of(const struct ask *a)
{
    for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
        const struct flow *f = &flows[i];
        if ((f->whose & a->whose) && (f->whom & a->whom) && a->label >= f->from && a->label <= f->to)
            return f;
    }
    return NULL;
}

static const char *origin_of(const struct ask *a)
{
    bool made_here = a->c->ours || a->c->own_identity || a->c->protocol_object;
    return made_here ? "Ours" : "Received";
}

/* Whether the label lets it go; d (may be NULL) is told what is missing, or (`alone`: nothing else bars it) why. */
static bool label_allows(const struct ask *a, bool alone, struct decision *d)
{
    const struct flow *f = flow_of(a);
    const char *origin = origin_of(a), *label = tlp_name(a->label);
    if (!f) {
        if (d)
            ask_say(d, "1 default deny", "%s, %s: no rule lets it go.", origin, label);
        return false;
    }
    bool allowed = true;
    for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
        const struct want *w = &wants[i];
        if (!(f->wants & w->bit) || !w->missing(a))
            continue;
        allowed = false;
        if (d)
            ask_say(d, w->words ? w->rule : f->rule, "%s, %s: %s", origin, label, w->words ? w->words : f->words);
    }
    if (allowed && alone && d)
        ask_say(d, f->rule, "%s, %s: %s", origin, label, f->words);
    return allowed;
}

/* What bars it speaks first; what its label says follows where that bars it too. */
static bool goes(const struct ask *a, struct decision *d)
{
    bool alone = ask_bars(a, d) == 0;
    bool allowed = label_allows(a, alone, d);
    return alone && allowed;
}

/* ---- all ways ---- */

#define RELEASERS_ACTS (1u << GRANT_APPROVAL | 1u << GRANT_NEED | 1u << GRANT_NAMED)

static struct ask first_ask(const struct gate_question *q)
{
    struct ask a = {.q = q, .c = q->cls, .r = q->recipient, .door = q->door, .granted = grants_held(q)};
    a.whose = whose(q->cls, q->recipient);
    a.whom = whom(q->recipient);
    a.label = label_of(q->cls);
    if (ask_account(&a) && a.whose != PUBLIC_TEXT)
        a.label = label_inside(q->cls, a.label);
    return a;
}

static void settle(const struct ask *a, struct decision *d)
{
    bool said_otherwise = a->whose != PUBLIC_TEXT && a->label != a->c->tlp;
    d->cleared = true;
    d->label = a->label;
    d->tear = a->tear;
    d->add_marking = a->tear || (a->door != DOOR_CONSOLE && said_otherwise);
    d->form = d->add_marking ? FORM_RENDITION : FORM_WHOLE;
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        if (notes[i].speaks(a))
            ask_remark(d, &notes[i], a);
}

/* Words stay only of the way that lets it go, else of the first. */
static bool try(const struct ask *a, struct decision *d)
{
    if (!goes(a, NULL))
        return false;
    d->rule_count = 0;
    (void)goes(a, d);
    settle(a, d);
    return true;
}

static bool try_consent(const struct ask *first, bool tear, struct decision *d)
{
    const struct grant *g = grants_consent(first->q, tear);
    struct ask a = *first;
    if (!g || first->whose != RECEIVED || first->c->sighting)
        return false;
    a.whose = BY_CONSENT;
    a.label = g->leaves_as ? g->leaves_as : gate_class_label(first->c);
    a.tear = tear;
    if (!try(&a, d))
        return false;
    d->consent = true;
    d->tear_properties = tear ? g->properties : TEXT_NONE;
    return true;
}

static bool try_break_glass(const struct ask *first, struct decision *d)
{
    struct ask a = *first;
    if (!GRANTED(first, GRANT_BREAK_GLASS) || first->whose == PUBLIC_TEXT)
        return false;
    a.whose = BY_BREAK_GLASS;
    a.label = label_inside(first->c, first->label);
    return try(&a, d);
}

static bool try_tear_line(const struct ask *first, struct decision *d)
{
    struct ask a = *first;
    if (first->c->tear == TLP_NONE || first->c->sighting || first->whose == PUBLIC_TEXT)
        return false;
    a.label = first->c->tear;
    a.tear = true;
    return try(&a, d);
}

/* Whose act would let it go: tried as if it had been done. */
static void find_who_could(const struct ask *first, struct decision *d)
{
    struct ask a = *first;
    if (!ask_some(ask_account(first) ? &first->r->account : &first->r->party))
        return; /* no act can name it */
    a.granted |= RELEASERS_ACTS;
    d->asks_releaser = goes(&a, NULL);
    if (d->asks_releaser || first->whose != RECEIVED || first->c->sighting)
        return;
    a.whose = BY_CONSENT;
    d->asks_consent = goes(&a, NULL);
    d->asks_releaser = d->asks_consent && too_high(first);
    d->sealed = d->asks_consent && first->whom == CONSTITUENT;
}

static void decide(const struct gate_question *q, bool consents, struct decision *ret)
{
    struct ask first = first_ask(q);
    *ret = (struct decision){.label = first.label, .holds_until_us = grants_change_us(q)};
    if (goes(&first, ret)) {
        settle(&first, ret);
        return;
    }
    if ((consents && try_consent(&first, false, ret)) || try_break_glass(&first, ret))
        return;
    if ((consents && try_consent(&first, true, ret)) || try_tear_line(&first, ret))
        return;
    find_who_could(&first, ret);
}

void gate_decide(const struct gate_question *q, struct decision *ret)
{
    decide(q, true, ret);
}

/* ---- portions ---- */

/* The label that a portion's own is added to. What a consent lets go beyond its label speaks of the object, not of
 * its portions: these are held to what the object itself is marked with, and where it is not, to what it leaves as.
 */
static enum tlp label_of_rest(const struct gate_class *c, const struct decision *d)
{
    bool own_tear_line = d->tear && !d->tear_properties.len;
    enum tlp own = own_tear_line ? c->tear : gate_class_label(c);
    return own == TLP_NONE ? d->label : own;
}

/* The class of a portion; false: it adds nothing to the object's own. */
static bool portion_class(const struct gate_class *c, const struct decision *d, const struct gate_portion *p,
                          struct gate_class *ret)
{
    enum tlp own = label_of_rest(c, d), label = tlp_stricter(own, p->tlp);
    struct terms terms = c->terms;
    bool unknown = p->unknown || !terms_add(&terms, &p->terms);
    if (!unknown && label == own && terms_equal(&terms, &c->terms))
        return false;
    *ret = *c;
    ret->tlp = label;
    ret->terms = terms;
    ret->unknown_marking |= unknown;
    ret->tear = TLP_NONE;
    return true;
}

bool gate_portion_goes(const struct gate_question *q, const struct decision *d, const struct gate_portion *p)
{
    struct gate_class c;
    struct decision of_portion;
    if (!portion_class(q->cls, d, p, &c))
        return true;
    struct gate_question asked = *q;
    asked.cls = &c;
    decide(&asked, false, &of_portion);
    return of_portion.cleared;
}
