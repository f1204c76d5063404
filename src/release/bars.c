/* release/bars.c - what bars an object whatever its label says: one table, read from top to bottom. Each row that
 * speaks is told, unless the attempt is of a kind that lifts it. Numbers: docs/RELEASE.md. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "release/ask.h"

bool ask_account(const struct ask *a)
{
    return a->whom == ACCOUNT;
}

bool ask_releaser(const struct ask *a)
{
    return ask_account(a) && a->door == DOOR_CONSOLE && a->r->role >= ROLE_RELEASER;
}

static bool outside(const struct ask *a)
{
    return !ask_account(a);
}

/* ---- doors ---- */

#define MISP_CARRIES (TERM_TLP2 | TERM_PAP) /* as tags of the taxonomies tlp and PAP */

/* Who may ask by which door at all; what else a door wants of what goes through it. */
static const struct door_row {
    enum door door;
    unsigned whom;
    bool many;        /* its readers are many and not known by name: no personal data */
    bool one;         /* to one who can be named: break-glass may use it */
    enum pap pap;     /* the strictest that may go by it */
    uint8_t purposes; /* one of these must be allowed */
    enum tlp most;    /* the strictest label that may go by it */
    bool agreed;      /* above GREEN only under a handling agreement */
    uint32_t carries; /* bits of enum term: the markings that its form has a place for */
} doors[] = {
    {DOOR_CONSOLE, ACCOUNT, false, true, PAP_RED, UINT8_MAX, TLP_RED, false, TERMS_ALL},
    {DOOR_TAXII, ACCOUNT | OUTSIDE | HUB, false, true, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERMS_ALL},
    {DOOR_EXPORT, ACCOUNT | OUTSIDE | HUB, false, true, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERMS_ALL},
    {DOOR_STATISTICS, ACCOUNT | OUTSIDE, true, false, PAP_RED, PURPOSE_STATISTICS, TLP_RED, false, TERMS_ALL},
    {DOOR_MAIL, ACCOUNT | OUTSIDE | HUB, false, true, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERMS_ALL},
    {DOOR_COURIER, ACCOUNT | OUTSIDE | HUB, false, true, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERMS_ALL},
    {DOOR_PUBLIC_PAGE, PUBLIC, true, false, PAP_RED, PURPOSE_NOTIFICATION, TLP_RED, false, TERMS_ALL},
    {DOOR_ADVISORY, ACCOUNT | OUTSIDE, true, false, PAP_RED, PURPOSE_NOTIFICATION, TLP_RED, false, TERMS_ALL},
    {DOOR_BLOCK_LIST, ACCOUNT | OUTSIDE, true, false, PAP_GREEN, PURPOSE_BLOCKING, TLP_RED, false, TERMS_ALL},
    {DOOR_DETECTION_RULE, ACCOUNT | OUTSIDE, true, false, PAP_AMBER, PURPOSE_DETECTION, TLP_RED, false, TERMS_ALL},
    {DOOR_SEARCH, ACCOUNT | OUTSIDE, false, false, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERMS_ALL},
    {DOOR_CSV, ACCOUNT | OUTSIDE, false, true, PAP_RED, PURPOSES_ALL, TLP_RED, false, TERM_TLP2},
    {DOOR_MISP, ACCOUNT | OUTSIDE, false, true, PAP_RED, PURPOSES_ALL, TLP_AMBER_STRICT, false, MISP_CARRIES},
    {DOOR_MISP_FEED, ACCOUNT | OUTSIDE, true, false, PAP_RED, PURPOSES_ALL, TLP_AMBER_STRICT, true, MISP_CARRIES},
};

static const struct door_row *door_of(const struct ask *a)
{
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        if (doors[i].door == a->door)
            return &doors[i];
    return NULL;
}

static bool not_its_door(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return !d || !(d->whom & a->whom);
}

static bool no_door_for_break_glass(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return a->whose == BY_BREAK_GLASS && !(d && d->one);
}

/* ---- who asks ---- */

static bool without_role(const struct ask *a)
{
    return ask_account(a) && (a->r->role <= ROLE_NONE || a->r->role > ROLE_ADMINISTRATOR);
}

static bool other_space(const struct ask *a)
{
    return a->c->exercise != a->r->exercise;
}

static bool expelled(const struct ask *a)
{
    return a->r->expelled;
}

/* ---- what it is ---- */

static bool quarantined(const struct ask *a)
{
    return a->c->quarantined && !ask_releaser(a);
}

static bool inside_only(const struct ask *a)
{
    return a->c->internal_only && !(ask_account(a) && a->door == DOOR_CONSOLE);
}

static bool classified(const struct ask *a)
{
    return outside(a) && a->c->terms.classification != CLASSIFICATION_NONE;
}

static bool unreadable(const struct ask *a)
{
    return outside(a) && a->c->unknown_marking;
}

static bool came_from_there(const struct ask *a)
{
    const struct gate_class *c = a->c;
    return outside(a) && !c->ours && !c->own_identity && !c->protocol_object && ask_some(&c->party) &&
           uuid_eq(&c->party, &a->r->party);
}

/* ---- sightings ---- */

/* A person's reason may name anything: it is not what a sensor saw. */
static bool words_for_hub(const struct ask *a)
{
    return a->whom == HUB && strncmp(a->c->type, "opinion", sizeof a->c->type) == 0;
}

static bool sightings_off(const struct ask *a)
{
    return a->c->sighting && outside(a) && !a->r->sightings;
}

static bool sighting_of_another(const struct ask *a)
{
    return a->c->sighting && outside(a) && ask_some(&a->c->sighting_of) && !uuid_eq(&a->c->sighting_of, &a->r->party);
}

static bool sighting_of_unknown(const struct ask *a)
{
    return a->c->sighting && outside(a) && !ask_some(&a->c->sighting_of) && !a->c->sighting_of_ours;
}

/* ---- release terms ---- */

static bool is_country(const struct named *n, const char *country)
{
    return n->kind == NAMED_COUNTRY && country[0] && n->who.b[0] == (uint8_t)country[0] &&
           n->who.b[1] == (uint8_t)country[1];
}

/* What a list that is good now says of the recipient. Of one that ended, or begins later, it says nothing. */
static bool on_list(const struct ask *a, const struct uuid *group, bool absent)
{
    for (size_t i = 0; i < a->r->membership_count; i++) {
        const struct membership *m = &a->r->memberships[i];
        bool now = m->from_us <= a->q->now_us && a->q->now_us < m->until_us;
        if (now && m->absent == absent && uuid_eq(&m->group, group))
            return true;
    }
    return false;
}

/* A community is named itself or not at all: where its members are, and who they are, is not known. */
static bool is_among(const struct ask *a, const struct named *n)
{
    bool itself = n->kind != NAMED_COUNTRY && ask_some(&n->who) &&
                  (uuid_eq(&n->who, &a->r->party) || uuid_eq(&n->who, &a->r->identity));
    if (itself || a->whom == COMMUNITY || a->whom == PUBLIC)
        return itself && a->whom != PUBLIC;
    return is_country(n, a->r->country) || (n->kind == NAMED_GROUP && on_list(a, &n->who, false));
}

static bool may_be_among(const struct ask *a, const struct named *n)
{
    bool some_of_them = a->whom == COMMUNITY || a->whom == PUBLIC;
    bool somewhere = n->kind == NAMED_COUNTRY && !a->r->country[0];
    bool nameless = n->kind == NAMED_ORGANISATION && !ask_some(&a->r->identity);
    bool unlisted = n->kind == NAMED_GROUP && !on_list(a, &n->who, true);
    return some_of_them || somewhere || nameless || unlisted || is_among(a, n);
}

static bool not_in_rel_to(const struct ask *a)
{
    const struct terms *t = &a->c->terms;
    if (!outside(a) || !t->has_rel_to)
        return false;
    for (size_t i = 0; i < t->rel_to_count && i < TERMS_NAMES_MAX; i++)
        if (is_among(a, &t->rel_to[i]))
            return false;
    return true;
}

static bool in_not_to(const struct ask *a)
{
    const struct terms *t = &a->c->terms;
    for (size_t i = 0; outside(a) && i < t->not_to_count && i < TERMS_NAMES_MAX; i++)
        if (may_be_among(a, &t->not_to[i]))
            return true;
    return false;
}

static bool controlled(const struct ask *a)
{
    bool made_here = a->c->ours || a->c->own_identity;
    return outside(a) && a->c->terms.originator_control && !made_here;
}

static bool under_embargo(const struct ask *a)
{
    return outside(a) && a->q->now_us < a->c->terms.embargo_until_us;
}

static bool other_purpose(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return a->c->terms.purposes && d && !(a->c->terms.purposes & d->purposes);
}

static bool personal(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return a->c->terms.personal_data && (a->whom == PUBLIC || (d && d->many));
}

static enum pap recorded_pap(const struct ask *a)
{
    return a->c->terms.pap != PAP_NONE ? a->c->terms.pap : a->c->source_pap;
}

static enum pap pap_of(const struct ask *a)
{
    enum pap recorded = recorded_pap(a);
    return recorded != PAP_NONE ? recorded : pap_of_tlp(a->label);
}

/* What is public, the adversary sees; what its label says of that, the label says. */
static bool shows_the_adversary(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    bool too_strict = (d && pap_of(a) > d->pap) || (a->whom == PUBLIC && recorded_pap(a) > PAP_GREEN);
    return a->whose != PUBLIC_TEXT && too_strict;
}

/* ---- what the recipient understands ---- */

/* PAP:CLEAR and an embargo that has ended restrict nothing. What an excluded party is not told, it need not
 * understand: but whoever is told must know not to tell those excluded. */
static uint32_t terms_wanted(const struct ask *a)
{
    const struct terms *t = &a->c->terms;
    uint32_t wanted = terms_needed(t);
    if (t->pap == PAP_CLEAR)
        wanted &= ~(uint32_t)TERM_PAP;
    if (t->embargo_until_us <= a->q->now_us)
        wanted &= ~(uint32_t)TERM_EMBARGO;
    return wanted;
}

static uint32_t not_understood(const struct ask *a)
{
    uint32_t known = a->whom == PUBLIC ? TERM_TLP2 : a->r->knows;
    return terms_wanted(a) & ~known;
}

/* Our own people have them on the console. */
static uint32_t not_written(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return d && outside(a) ? terms_wanted(a) & ~d->carries : 0;
}

static bool beyond_its_form(const struct ask *a)
{
    return not_written(a) != 0;
}

static bool too_strict_for_form(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return d && a->whose != PUBLIC_TEXT && a->label > d->most;
}

/* Who reads the feed may set the distribution of all of it anew, and its own instance follows that, not us. */
static bool without_handling(const struct ask *a)
{
    const struct door_row *d = door_of(a);
    return d && d->agreed && outside(a) && a->whose != PUBLIC_TEXT && a->label > TLP_GREEN &&
           !(a->r->knows & TERM_MISP_HANDLING);
}

static bool beyond_it(const struct ask *a)
{
    return outside(a) && not_understood(a) != 0;
}

static bool no_such_label(const struct ask *a)
{
    bool old = outside(a) && a->whom != PUBLIC && !(a->r->knows & TERM_TLP2);
    return old && a->whose != PUBLIC_TEXT && a->label > TLP_AMBER;
}

static const struct {
    enum term term;
    const char *name;
} terms_named[] = {
    {TERM_REL_TO, "REL-TO"},
    {TERM_NOT_TO, "NOT-TO"},
    {TERM_ORIGINATOR_CONTROL, "originator control"},
    {TERM_PAP, "PAP"},
    {TERM_EMBARGO, "embargo"},
    {TERM_PURPOSE, "purpose"},
    {TERM_CLASSIFICATION, "classification"},
    {TERM_PERSONAL_DATA, "personal data"},
};

static void name_terms(uint32_t missing, char out[REMARK_DETAIL_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(terms_named); i++)
        if ((missing & terms_named[i].term) && len < REMARK_DETAIL_MAX)
            len += (size_t)snprintf(out + len, REMARK_DETAIL_MAX - len, "%s%s", len ? ", " : "", terms_named[i].name);
}

static void which_terms(const struct ask *a, char out[REMARK_DETAIL_MAX])
{
    name_terms(not_understood(a), out);
}

static void which_not_written(const struct ask *a, char out[REMARK_DETAIL_MAX])
{
    name_terms(not_written(a), out);
}

static void embargo_end(const struct ask *a, char out[REMARK_DETAIL_MAX])
{
    char text[STAMP_TEXT_MAX];
    struct text end = stamp_format(stamp_from_us(a->c->terms.embargo_until_us, 0), text);
    snprintf(out, REMARK_DETAIL_MAX, TEXT_FMT, TEXT_ARG(end));
}

static void which_pap(const struct ask *a, char out[REMARK_DETAIL_MAX])
{
    snprintf(out, REMARK_DETAIL_MAX, "%s", pap_name(pap_of(a)));
}

/* ---- the table ---- */

/* Terms that the hub's indicator carries are no bar towards the hub, which has it. */
#define NOTHING     0
#define CONSENT     BY_CONSENT | BY_BREAK_GLASS | TO_HUB
#define BREAK_GLASS BY_BREAK_GLASS | TO_HUB

static const struct remark bars[] = {
    {not_its_door, NOTHING, "1 default deny",
     "This is no door of this recipient (the console is for our own accounts, the public page for the public).",
     NULL},
    {without_role, NOTHING, "1 default deny", "This account has no role: it sees nothing.", NULL},
    {other_space, NOTHING, "10 spaces",
     "Real material never leaves through an exercise, nor exercise material through the real space.", NULL},
    {expelled, NOTHING, "7 expulsion", "This recipient was expelled: nothing goes to it any more.", NULL},
    {quarantined, NOTHING, "2 quarantine",
     "It is in quarantine: only releasers and administrators see it, on the console.", NULL},
    {inside_only, NOTHING, "8 inside",
     "Findings, evidence, incidents and the register of constituents are seen on our console and leave by no door.",
     NULL},
    {classified, NOTHING, "11 classification",
     "It bears a national, EU or NATO classification, which is no TLP label: it leaves by none of our doors.", NULL},
    {unreadable, BY_BREAK_GLASS, "1 default deny",
     "It carries a marking that this node cannot read: it does not leave before a person has read the marking.",
     NULL},
    {came_from_there, NOTHING, "5 origin", "It came from there: it is not sent back to the party that gave it to us.",
     NULL},
    {sightings_off, NOTHING, "9 sightings", "Our sightings are not enabled for this recipient.", NULL},
    {sighting_of_another, NOTHING, "9 sightings",
     "A sighting goes back the way its indicator came; this indicator came from another party.", NULL},
    {sighting_of_unknown, NOTHING, "9 sightings",
     "A sighting goes back the way its indicator came; nobody knows from whom this indicator came.", NULL},
    {words_for_hub, NOTHING, "9 hub", "To its hub a sensor tells what it saw, and nothing that a person wrote.",
     NULL},
    {not_in_rel_to, CONSENT, "3 REL-TO",
     "Its originator names who may have it, and this recipient is not among them now.", NULL},
    {in_not_to, BREAK_GLASS, "3 NOT-TO",
     "Its originator excludes this recipient, or somebody who may be among its members.", NULL},
    {controlled, CONSENT, "3 originator control", "Its originator wants to be asked before each release.", NULL},
    {under_embargo, BREAK_GLASS, "3 embargo", "It is under embargo until", embargo_end},
    {other_purpose, BREAK_GLASS, "3 purpose", "Its originator limits what it may be used for; this is not among it.",
     NULL},
    {personal, NOTHING, "3 personal data",
     "It holds personal data, which go only to recipients known by name, one by one.", NULL},
    {beyond_it, BREAK_GLASS, "3 understanding",
     "It is withheld, not stripped: this recipient is not known to understand the marking", which_terms},
    {beyond_its_form, NOTHING, "3 understanding",
     "It is withheld, not stripped: a file of this form has no place for the marking", which_not_written},
    {too_strict_for_form, NOTHING, "2 TLP",
     "RED goes into no MISP event: nothing there would keep it to those named.", NULL},
    {without_handling, NOTHING, "2 handling",
     "AMBER and above go into a MISP feed only under a handling agreement: whoever reads a feed sets its "
     "distribution "
     "anew.",
     NULL},
    {no_such_label, BREAK_GLASS, "3 understanding",
     "This recipient knows TLP 1 only, which has no AMBER+STRICT: nothing stricter than AMBER goes to it.", NULL},
    {shows_the_adversary, NOTHING, "4 PAP",
     "What goes this way the adversary can notice, or it is acted upon:", which_pap},
    {no_door_for_break_glass, NOTHING, "12 break-glass",
     "Break-glass serves one named recipient, by a door that leads to it alone.", NULL},
};

size_t ask_bars(const struct ask *a, struct decision *d)
{
    size_t spoke = 0;
    for (size_t i = 0; i < ARRAY_LEN(bars); i++) {
        if ((bars[i].lifted & a->whose) || !bars[i].speaks(a))
            continue;
        spoke++;
        if (d)
            ask_remark(d, &bars[i], a);
    }
    return spoke;
}
