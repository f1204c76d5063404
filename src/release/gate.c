/* release/gate.c - the decision. Two tables, read from top to bottom: what bars an object whatever its label says,
 * and what its label allows. What no row of the second table speaks of is withheld. Numbers: docs/RELEASE.md. */
#include "release/gate.h"

#include <stdarg.h>
#include <stdio.h>

static bool some_party(const struct uuid *u)
{
    static const struct uuid nobody;
    return !uuid_eq(u, &nobody);
}

static bool account(const struct recipient *r)
{
    return r->kind == RECIPIENT_OWN_ACCOUNT;
}

static bool releaser_on_console(const struct recipient *r, enum door door)
{
    return account(r) && door == DOOR_CONSOLE && r->role >= ROLE_RELEASER;
}

/* ---- what bars an object, whatever its label ---- */

#define ASKED const struct gate_class *c, const struct recipient *r, enum door door

static bool not_its_door(ASKED)
{
    (void)c;
    return door >= DOOR_MAIL || (door == DOOR_CONSOLE && !account(r));
}

static bool without_role(ASKED)
{
    (void)c, (void)door;
    return account(r) && (r->role <= ROLE_NONE || r->role > ROLE_ADMINISTRATOR);
}

static bool other_space(ASKED)
{
    (void)door;
    return c->exercise != r->exercise;
}

static bool expelled(ASKED)
{
    (void)c, (void)door;
    return r->expelled;
}

static bool quarantined(ASKED)
{
    return c->quarantined && !releaser_on_console(r, door);
}

static bool inside_only(ASKED)
{
    return c->internal_only && !(account(r) && door == DOOR_CONSOLE);
}

static bool unreadable(ASKED)
{
    (void)door;
    return c->unknown_marking && !account(r);
}

static bool portions(ASKED)
{
    (void)door;
    return c->granular && !account(r);
}

static bool came_from_there(ASKED)
{
    (void)door;
    return !c->ours && !c->own_identity && !c->protocol_object && !account(r) && some_party(&c->party) &&
           uuid_eq(&c->party, &r->party);
}

static bool sightings_off(ASKED)
{
    (void)door;
    return c->sighting && !account(r) && !r->sightings;
}

static bool sighting_of_another(ASKED)
{
    (void)door;
    return c->sighting && !account(r) && some_party(&c->sighting_of) && !uuid_eq(&c->sighting_of, &r->party);
}

static bool sighting_of_unknown(ASKED)
{
    (void)door;
    return c->sighting && !account(r) && !some_party(&c->sighting_of) && !c->sighting_of_ours;
}

static const struct remark {
    bool (*speaks)(ASKED);
    const char *rule, *words;
} bars[] = {
    {not_its_door, "1 default deny", "The console is for our own accounts; this is no door of this recipient."},
    {without_role, "1 default deny", "This account has no role: it sees nothing."},
    {other_space, "10 spaces",
     "Real material never leaves through an exercise, nor exercise material through the real space."},
    {expelled, "7 expulsion", "This recipient was expelled: nothing goes to it any more."},
    {quarantined, "2 quarantine", "It is in quarantine: only releasers and administrators see it, on the console."},
    {inside_only, "8 inside",
     "Findings, evidence, incidents and the register of constituents are seen on our console and leave by no door."},
    {unreadable, "1 default deny",
     "It carries a marking that this node cannot read: it does not leave before a person has read the marking."},
    {portions, "5 portions",
     "Some of its parts carry markings of their own: it does not leave, because a part may be stricter than the "
     "whole."},
    {came_from_there, "5 origin", "It came from there: it is not sent back to the party that gave it to us."},
    {sightings_off, "9 sightings", "Our sightings are not enabled for this recipient."},
    {sighting_of_another, "9 sightings",
     "A sighting goes back the way its indicator came; this indicator came from another party."},
    {sighting_of_unknown, "9 sightings",
     "A sighting goes back the way its indicator came; nobody knows from whom this indicator came."},
};

/* ---- what its label allows ---- */

enum whose { OURS = 1, RECEIVED = 2, GOING_BACK = 4, PUBLIC_TEXT = 8 };
enum whom { ACCOUNT = 1, PARTNER = 2, COMMUNITY = 4, PUBLIC = 8 };
enum answer {
    GOES,           /* may leave */
    UP_TO_CEILING,  /* may leave while the label is not above the recipient's ceiling */
    RELEASERS_ONLY, /* seen by releasers and administrators, on the console */
    STAYS
};

static const struct flow {
    unsigned whose, whom;
    enum tlp from, to; /* labels, both included */
    enum answer answer;
    const char *rule, *words;
} flows[] = {
    {PUBLIC_TEXT, ACCOUNT | PARTNER | COMMUNITY | PUBLIC, TLP_NONE, TLP_RED, GOES, "2 public text",
     "the text of a TLP marking, or our own name: every reader of a marked object needs it."},
    {OURS | RECEIVED, ACCOUNT, TLP_CLEAR, TLP_AMBER_STRICT, GOES, "2 TLP", "our own accounts may see it."},
    {OURS | RECEIVED, ACCOUNT, TLP_RED, TLP_RED, RELEASERS_ONLY, "2 TLP",
     "for named persons; while nobody is named, only releasers and administrators see it, on the console."},
    {OURS | RECEIVED | GOING_BACK, PARTNER | COMMUNITY | PUBLIC, TLP_NONE, TLP_NONE, STAYS, "1 default deny",
     "without a TLP label it does not leave. Mark it, or record a default marking for its source."},
    {OURS | RECEIVED | GOING_BACK, PARTNER | COMMUNITY, TLP_RED, TLP_RED, STAYS, "2 TLP",
     "for named persons, and an organisation as a whole is none."},
    {OURS, PARTNER | COMMUNITY, TLP_CLEAR, TLP_AMBER_STRICT, UP_TO_CEILING, "2 TLP",
     "what is ours we send under any label to whom we choose, and the label binds them."},
    {RECEIVED, PARTNER | COMMUNITY, TLP_CLEAR, TLP_GREEN, UP_TO_CEILING, "2 TLP",
     "its originator lets it go to partners and communities."},
    {RECEIVED, PARTNER | COMMUNITY, TLP_AMBER, TLP_AMBER, STAYS, "2 TLP",
     "it may go to our own constituents with a need, not to another partner."},
    {RECEIVED, PARTNER | COMMUNITY, TLP_AMBER_STRICT, TLP_AMBER_STRICT, STAYS, "2 TLP",
     "it is for our own organisation, not for another partner."},
    {GOING_BACK, PARTNER | COMMUNITY, TLP_CLEAR, TLP_AMBER_STRICT, GOES, "9 sightings",
     "a sighting of an indicator that came from this recipient goes back to it, whatever its ceiling."},
    {OURS | RECEIVED, PUBLIC, TLP_CLEAR, TLP_CLEAR, GOES, "2 TLP", "anyone may have it."},
    {OURS, PUBLIC, TLP_GREEN, TLP_RED, STAYS, "2 TLP", "only TLP:CLEAR is published."},
    {RECEIVED, PUBLIC, TLP_GREEN, TLP_RED, STAYS, "2 TLP",
     "only TLP:CLEAR is published; for more, its originator must be asked."},
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
    bool unreadable_here = label == TLP_NONE || c->unknown_marking || c->granular;
    return unreadable_here ? tlp_stricter(tlp_stricter(label, gate_class_label(c)), TLP_AMBER_STRICT) : label;
}

static enum whose whose(const struct gate_class *c, const struct recipient *r)
{
    if (c->protocol_object || (c->own_identity && gate_class_label(c) <= TLP_CLEAR && !c->unknown_marking))
        return PUBLIC_TEXT;
    if (!c->ours && !c->own_identity)
        return RECEIVED;
    bool could_have_given_it = r->kind == RECIPIENT_PARTNER || r->kind == RECIPIENT_COMMUNITY;
    if (c->sighting && could_have_given_it && some_party(&c->sighting_of) && uuid_eq(&c->sighting_of, &r->party))
        return GOING_BACK;
    return OURS;
}

static unsigned whom(const struct recipient *r)
{
    switch (r->kind) {
    case RECIPIENT_OWN_ACCOUNT: return ACCOUNT;
    case RECIPIENT_PARTNER: return PARTNER;
    case RECIPIENT_COMMUNITY: return COMMUNITY;
    case RECIPIENT_PUBLIC: return PUBLIC;
    case RECIPIENT_CONSTITUENT:
    case RECIPIENT_AUTHORITY: break;
    }
    return 0;
}

/* ---- what is worth saying about an object that goes ---- */

static bool marked_by_source(ASKED)
{
    (void)r, (void)door;
    return c->tlp == TLP_NONE && c->source_default != TLP_NONE && !c->protocol_object;
}

static bool shown_unmarked(ASKED)
{
    (void)door;
    return account(r) && label_of(c) == TLP_NONE && whose(c, r) != PUBLIC_TEXT;
}

static bool shown_unreadable(ASKED)
{
    (void)door;
    return account(r) && (c->unknown_marking || c->granular);
}

static bool shown_in_quarantine(ASKED)
{
    (void)r, (void)door;
    return c->quarantined;
}

static bool derived(ASKED)
{
    (void)r, (void)door;
    return c->sighting && gate_class_label(c) != c->sighting_tlp;
}

static const struct remark notes[] = {
    {marked_by_source, "1 source default", "It came unmarked: the recorded default of its source is its label."},
    {shown_unmarked, "1 default deny", "It came unmarked: our own accounts see it as TLP:AMBER+STRICT."},
    {shown_unreadable, "1 default deny",
     "It carries a marking that this node cannot read: our own accounts see it as TLP:AMBER+STRICT or stricter."},
    {shown_in_quarantine, "2 quarantine", "It is in quarantine: never matched, never released."},
    {derived, "6 derived", "A sighting takes the stricter label of its own and its indicator's."},
};

/* ---- the decision ---- */

static void say(struct decision *d, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);

static void say(struct decision *d, const char *rule, const char *format, ...)
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

static const struct flow *flow_of(enum whose from, unsigned to, enum tlp label)
{
    for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
        const struct flow *f = &flows[i];
        if ((f->whose & from) && (f->whom & to) && label >= f->from && label <= f->to)
            return f;
    }
    return NULL;
}

static bool above_ceiling(const struct recipient *r, enum tlp label)
{
    return r->ceiling > TLP_RED || label > r->ceiling;
}

/* Whether the label lets it go; says why not, or (when `alone`: nothing else bars it) why. */
static bool label_allows(const struct flow *f, const struct recipient *r, enum door door, bool alone,
                         const char *origin, struct decision *d)
{
    const char *label = tlp_name(d->label);
    if (!f) {
        say(d, "1 default deny", "%s, %s: no rule lets it go.", origin, label);
        return false;
    }
    if (f->answer == UP_TO_CEILING && above_ceiling(r, d->label)) {
        say(d, "2 ceiling", "%s, %s: above this recipient's ceiling (%s); a releaser must approve it.", origin, label,
            tlp_name(r->ceiling));
        return false;
    }
    bool goes = f->answer == GOES || f->answer == UP_TO_CEILING ||
                (f->answer == RELEASERS_ONLY && releaser_on_console(r, door));
    if (alone || !goes)
        say(d, f->rule, "%s, %s: %s", origin, label, f->words);
    return goes;
}

/* What bars it speaks first; what its label says follows where that bars it too. */
void gate_decide(const struct gate_question *q, struct decision *ret)
{
    const struct gate_class *c = q->cls;
    const struct recipient *r = q->recipient;
    const enum door door = q->door;
    enum whose from = whose(c, r);
    enum tlp label = label_of(c);
    if (account(r) && from != PUBLIC_TEXT)
        label = label_inside(c, label);
    *ret = (struct decision){.label = label, .holds_until_us = INT64_MAX};

    for (size_t i = 0; i < ARRAY_LEN(bars); i++)
        if (bars[i].speaks(c, r, door))
            say(ret, bars[i].rule, "%s", bars[i].words);
    bool alone = ret->rule_count == 0;
    bool allowed =
        label_allows(flow_of(from, whom(r), label), r, door, alone, from == RECEIVED ? "Received" : "Ours", ret);
    ret->cleared = alone && allowed;
    if (!ret->cleared)
        return;

    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        if (notes[i].speaks(c, r, door))
            say(ret, notes[i].rule, "%s", notes[i].words);
    ret->add_marking = door != DOOR_CONSOLE && from != PUBLIC_TEXT && label != c->tlp;
    ret->form = ret->add_marking ? FORM_RENDITION : FORM_WHOLE;
}

/* ---- names ---- */

const char *door_name(enum door d)
{
    static const char *const names[DOOR_COUNT] = {"console",    "taxii",          "export",      "statistics",
                                                  "mail",       "courier",        "public page", "advisory",
                                                  "block list", "detection rule", "search"};
    return d < DOOR_COUNT ? names[d] : "none";
}

static const char *const roles[] = {"none", "reader", "analyst", "releaser", "administrator"};

const char *role_name(enum role r)
{
    return r < ARRAY_LEN(roles) ? roles[r] : roles[ROLE_NONE];
}

enum role role_parse(struct text t)
{
    for (size_t i = ROLE_READER; i < ARRAY_LEN(roles); i++)
        if (text_eq(t, text_of(roles[i])))
            return (enum role)i;
    return ROLE_NONE;
}
