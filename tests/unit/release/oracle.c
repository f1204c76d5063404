/* The rules a second time, as release.md tells them: recipient by recipient, in sentences, without tables. */
#include "domain.h"

/* One of the ways in which something can go. */
struct way {
    enum tlp label;
    bool consent, glass, tear;
};

static bool eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool zero(const struct uuid *a)
{
    static const struct uuid nobody;
    return eq(a, &nobody);
}

static bool own_account(const struct question *q)
{
    return q->r.kind == RECIPIENT_OWN_ACCOUNT;
}

/* "Acts that speak of one object and one recipient, with an end". Nobody speaks of the public. */
static bool speaks(const struct question *q, const struct grant *g)
{
    const struct uuid *who = own_account(q) ? &q->r.account : &q->r.party;
    return q->r.kind != RECIPIENT_PUBLIC && !zero(&g->to) && eq(&g->to, who) && q->now >= g->from_us &&
           q->now < g->until_us;
}

static bool granted(const struct question *q, enum grant_kind kind)
{
    bool found = false;
    for (size_t i = 0; i < q->grant_count; i++)
        found = found || (q->grants[i].kind == kind && speaks(q, &q->grants[i]));
    return found;
}

static enum tlp recorded_label(const struct gate_class *c)
{
    return c->tlp == TLP_NONE ? c->source_default : c->tlp;
}

/* "The TLP markings themselves, and our own identity while nothing is said of it but CLEAR". */
static bool for_every_reader(const struct gate_class *c)
{
    static const struct terms nothing;
    if (c->protocol_object)
        return true;
    bool bare = recorded_label(c) < TLP_GREEN && !c->unknown_marking && !c->granular;
    return c->own_identity && bare && memcmp(&c->terms, &nothing, sizeof nothing) == 0;
}

static bool from_us(const struct gate_class *c)
{
    return c->ours || c->own_identity;
}

/* ---- 3: release terms ---- */

static bool counts_as_member(const struct question *q, const struct uuid *group)
{
    for (size_t i = 0; i < q->r.membership_count; i++) {
        const struct membership *m = &q->r.memberships[i];
        if (eq(&m->group, group) && q->now >= m->from_us && q->now < m->until_us && !m->absent)
            return true;
    }
    return false;
}

/* "Of a group without a list that is good now and leaves it out, anybody may be a member." */
static bool a_list_leaves_it_out(const struct question *q, const struct uuid *group)
{
    size_t lists = 0;
    for (size_t i = 0; i < q->r.membership_count; i++) {
        const struct membership *m = &q->r.memberships[i];
        bool good = !(q->now < m->from_us) && m->until_us > q->now;
        lists += good && m->absent && eq(&m->group, group);
    }
    return lists > 0;
}

static bool is_this_one(const struct question *q, const struct named *n, bool to_exclude)
{
    if (q->r.kind == RECIPIENT_PUBLIC)
        return to_exclude;
    if (n->kind != NAMED_COUNTRY && !zero(&n->who) && (eq(&n->who, &q->r.party) || eq(&n->who, &q->r.identity)))
        return true;
    if (q->r.kind == RECIPIENT_COMMUNITY)
        return to_exclude;
    if (n->kind == NAMED_GROUP)
        return counts_as_member(q, &n->who) || (to_exclude && !a_list_leaves_it_out(q, &n->who));
    if (n->kind != NAMED_COUNTRY)
        return to_exclude && zero(&q->r.identity);
    if (!*q->r.country)
        return to_exclude;
    return q->r.country[0] == (char)n->who.b[0] && q->r.country[1] == (char)n->who.b[1];
}

static bool rel_to_and_not_to(const struct question *q, const struct way *w)
{
    const struct terms *t = &q->c.terms;
    bool included = false, excluded = false;
    for (size_t i = 0; i < t->rel_to_count; i++)
        included |= is_this_one(q, &t->rel_to[i], false);
    for (size_t i = 0; i < t->not_to_count; i++)
        excluded |= is_this_one(q, &t->not_to[i], true);
    if (w->glass)
        return true;
    return !excluded && (included || !t->has_rel_to || w->consent);
}

/* "To a partner not known to understand them the object is withheld, not stripped." */
static bool understood(const struct question *q, const struct way *w)
{
    const struct terms *t = &q->c.terms;
    uint32_t known = q->r.kind == RECIPIENT_PUBLIC ? TERM_TLP2 : q->r.knows;
    if (w->glass)
        return true;
    if (!(known & TERM_TLP2) && w->label >= TLP_AMBER_STRICT && !for_every_reader(&q->c))
        return false;
    return (!t->has_rel_to || known & TERM_REL_TO) && (!t->not_to_count || known & TERM_NOT_TO) &&
           (!t->originator_control || known & TERM_ORIGINATOR_CONTROL) && (t->pap <= PAP_CLEAR || known & TERM_PAP) &&
           (t->embargo_until_us <= q->now || known & TERM_EMBARGO) && (!t->purposes || known & TERM_PURPOSE) &&
           (!t->classification || known & TERM_CLASSIFICATION) && (!t->personal_data || known & TERM_PERSONAL_DATA);
}

static bool terms_let_it_out(const struct question *q, const struct way *w)
{
    const struct terms *t = &q->c.terms;
    bool control = t->originator_control && !from_us(&q->c);
    bool early = q->now < t->embargo_until_us;
    return t->classification == CLASSIFICATION_NONE && rel_to_and_not_to(q, w) &&
           (!control || w->consent || w->glass) && (!early || w->glass) && understood(q, w);
}

/* ---- 4: PAP; and what else a door asks of everything that goes through it ---- */

static bool pap_at_most(const struct question *q, const struct way *w, enum pap most)
{
    enum pap p = q->c.terms.pap;
    if (p == PAP_NONE)
        p = q->c.source_pap;
    if (p == PAP_NONE)
        p = w->label == TLP_CLEAR || w->label == TLP_GREEN ? PAP_GREEN : w->label == TLP_AMBER ? PAP_AMBER : PAP_RED;
    return p <= most || for_every_reader(&q->c);
}

/* What neither CSV nor a MISP event can say is not left out of them: it does not go. */
static bool says_no_more_than_a_label(const struct question *q, bool pap_too)
{
    const struct terms *t = &q->c.terms;
    return own_account(q) ||
           (!t->has_rel_to && !t->not_to_count && !t->originator_control && t->embargo_until_us <= q->now &&
            !t->purposes && !t->classification && !t->personal_data && (pap_too || t->pap <= PAP_CLEAR));
}

/* A feed: its consumer overwrites the distribution, so AMBER and above want an agreement on handling. */
static bool handling_agreed(const struct question *q, const struct way *w)
{
    return own_account(q) || w->label <= TLP_GREEN || for_every_reader(&q->c) || (q->r.knows & TERM_MISP_HANDLING);
}

static bool door_lets_it_through(const struct question *q, const struct way *w)
{
    const struct terms *t = &q->c.terms;
    bool public = q->r.kind == RECIPIENT_PUBLIC;
    unsigned uses = t->purposes ? t->purposes : 255u;
    if (public && (t->personal_data || !pap_at_most(q, w, PAP_GREEN)))
        return false;
    if (w->glass && (q->door == DOOR_SEARCH || public))
        return false;
    switch (q->door) {
    case DOOR_CONSOLE: return own_account(q);
    case DOOR_PUBLIC_PAGE: return public && ((uses & PURPOSE_NOTIFICATION) || w->glass) && !w->glass;
    case DOOR_TAXII:
    case DOOR_EXPORT:
    case DOOR_MAIL:
    case DOOR_COURIER:
    case DOOR_SEARCH: return (uses & PURPOSES_ALL) || w->glass;
    case DOOR_STATISTICS: return (uses & PURPOSE_STATISTICS) && !t->personal_data && !w->glass;
    case DOOR_ADVISORY: return (uses & PURPOSE_NOTIFICATION) && !t->personal_data && !w->glass;
    case DOOR_BLOCK_LIST:
        return (uses & PURPOSE_BLOCKING) && !t->personal_data && !w->glass && pap_at_most(q, w, PAP_GREEN);
    case DOOR_DETECTION_RULE:
        return (uses & PURPOSE_DETECTION) && !t->personal_data && !w->glass && pap_at_most(q, w, PAP_AMBER);
    case DOOR_CSV: return says_no_more_than_a_label(q, false) && ((uses & PURPOSES_ALL) || w->glass);
    case DOOR_MISP:
        return says_no_more_than_a_label(q, true) && (w->label < TLP_RED || for_every_reader(&q->c)) &&
               ((uses & PURPOSES_ALL) || w->glass);
    case DOOR_MISP_FEED:
        return says_no_more_than_a_label(q, true) && (w->label < TLP_RED || for_every_reader(&q->c)) &&
               handling_agreed(q, w) && ((uses & PURPOSES_ALL) || w->glass) && !t->personal_data && !w->glass;
    default: return false;
    }
}

/* ---- 9: sightings ---- */

static bool sighting_may_go(const struct question *q)
{
    const struct gate_class *c = &q->c;
    if (!c->sighting)
        return true;
    bool goes_back = !zero(&c->sighting_of) && eq(&c->sighting_of, &q->r.party);
    bool of_ours = zero(&c->sighting_of) && c->sighting_of_ours;
    return q->r.sightings && (goes_back || of_ours);
}

static bool goes_back(const struct question *q)
{
    return q->c.sighting && from_us(&q->c) && !zero(&q->c.sighting_of) && eq(&q->c.sighting_of, &q->r.party);
}

/* ---- 2: by recipient ---- */

static bool releaser_at_console(const struct question *q)
{
    return q->door == DOOR_CONSOLE && (q->r.role == ROLE_RELEASER || q->r.role == ROLE_ADMINISTRATOR);
}

static bool may_see_red(const struct question *q)
{
    bool named = granted(q, GRANT_NAMED), listed = false;
    if (releaser_at_console(q))
        return true;
    if (from_us(&q->c))
        return named;
    if (!q->has_agreement)
        return false;
    for (size_t i = 0; i < q->agreement.red_count; i++)
        listed |= !zero(&q->r.account) && eq(&q->agreement.red_accounts[i], &q->r.account);
    return listed || named;
}

static bool account_may(const struct question *q, const struct way *w)
{
    if (q->r.role < ROLE_READER || q->r.role > ROLE_ADMINISTRATOR)
        return false;
    if (q->c.internal_only && q->door != DOOR_CONSOLE)
        return false;
    if (q->c.quarantined && !releaser_at_console(q))
        return false;
    return for_every_reader(&q->c) || w->label < TLP_RED || w->glass || may_see_red(q);
}

static bool under_the_ceiling(const struct question *q, const struct way *w)
{
    return w->label <= q->r.ceiling || granted(q, GRANT_APPROVAL) || granted(q, GRANT_NAMED);
}

static bool is_client(const struct question *q)
{
    if (q->r.kind == RECIPIENT_CONSTITUENT)
        return true;
    if (!q->has_agreement)
        return false;
    return (q->r.kind == RECIPIENT_AUTHORITY && q->agreement.authorities_are_clients) ||
           (q->r.kind == RECIPIENT_COMMUNITY && q->agreement.communities_are_clients);
}

static bool label_lets_organisation(const struct question *q, const struct way *w)
{
    if (w->label == TLP_NONE)
        return false;
    if (w->glass)
        return true;
    if (w->consent)
        return under_the_ceiling(q, w);
    if (from_us(&q->c) && w->label == TLP_RED)
        return granted(q, GRANT_NAMED);
    if (goes_back(q))
        return true;
    if (from_us(&q->c) || w->label <= TLP_GREEN)
        return under_the_ceiling(q, w);
    return w->label == TLP_AMBER && is_client(q) && granted(q, GRANT_NEED) && under_the_ceiling(q, w);
}

/* "To its hub a sensor tells what it saw of the hub's own indicators, and nothing else": whatever the terms of these,
 * which are the hub's. By no act of anybody. */
static bool hub_may(const struct question *q, const struct way *w)
{
    const struct gate_class *c = &q->c;
    bool door = q->door == DOOR_TAXII || q->door == DOOR_EXPORT || q->door == DOOR_MAIL || q->door == DOOR_COURIER;
    if (!door || w->consent || w->glass || w->tear)
        return false;
    if (c->quarantined || c->internal_only || c->unknown_marking || c->terms.classification != CLASSIFICATION_NONE)
        return false;
    bool words = strcmp(c->type, "opinion") == 0;
    return goes_back(q) && q->r.sightings && !words && !for_every_reader(c) && !c->own_identity &&
           w->label >= TLP_CLEAR && w->label <= TLP_AMBER_STRICT;
}

static bool outsider_may(const struct question *q, const struct way *w)
{
    const struct gate_class *c = &q->c;
    if (c->quarantined || c->internal_only || (c->unknown_marking && !w->glass))
        return false;
    if (!sighting_may_go(q) || !terms_let_it_out(q, w))
        return false;
    if (!from_us(c) && !c->protocol_object && !zero(&c->party) && eq(&c->party, &q->r.party))
        return false; /* it came from there */
    if (for_every_reader(c))
        return true;
    if (q->r.kind == RECIPIENT_PUBLIC)
        return w->label == TLP_CLEAR;
    return label_lets_organisation(q, w);
}

static bool may(const struct question *q, const struct way *w)
{
    if (q->c.exercise != q->r.exercise || q->r.expelled)
        return false;
    if (q->r.kind == RECIPIENT_HUB)
        return hub_may(q, w);
    if (!door_lets_it_through(q, w))
        return false;
    return own_account(q) ? account_may(q, w) : outsider_may(q, w);
}

/* ---- the ways, and which of them is taken ---- */

static enum tlp strictest(enum tlp a, enum tlp b)
{
    return a < b ? b : a;
}

static enum tlp label_that_counts(const struct question *q)
{
    const struct gate_class *c = &q->c;
    enum tlp own = recorded_label(c), label = own;
    if (c->sighting)
        label = c->sighting_tlp == TLP_NONE ? TLP_NONE : strictest(own, c->sighting_tlp);
    if (own_account(q) && !for_every_reader(c) && (label == TLP_NONE || c->unknown_marking))
        label = strictest(strictest(own, label), TLP_AMBER_STRICT);
    return label;
}

/* Consents are asked for organisations. Of several the one that lets most go. */
static bool consented(const struct question *q, bool tear, enum tlp *ret)
{
    bool any = false;
    for (size_t i = 0; i < q->grant_count; i++) {
        const struct grant *g = &q->grants[i];
        enum tlp as = g->leaves_as == TLP_NONE ? recorded_label(&q->c) : g->leaves_as;
        if (g->kind != GRANT_CONSENT || tear != (g->properties.len != 0) || !speaks(q, g) || as == TLP_NONE)
            continue;
        *ret = any && *ret < as ? *ret : as;
        any = true;
    }
    return any && !own_account(q) && !from_us(&q->c) && !for_every_reader(&q->c) && !q->c.sighting;
}

static bool take(const struct question *q, struct way w, struct way *ret)
{
    if (!may(q, &w))
        return false;
    *ret = w;
    return true;
}

static bool any_way(const struct question *q, struct way *ret)
{
    enum tlp as;
    bool special = !for_every_reader(&q->c);
    if (take(q, (struct way){.label = label_that_counts(q)}, ret))
        return true;
    if (consented(q, false, &as) && take(q, (struct way){.label = as, .consent = true}, ret))
        return true;
    enum tlp kept = label_that_counts(q);
    if (kept == TLP_NONE || q->c.unknown_marking)
        kept = strictest(strictest(kept, recorded_label(&q->c)), TLP_AMBER_STRICT);
    if (special && granted(q, GRANT_BREAK_GLASS) && take(q, (struct way){.label = kept, .glass = true}, ret))
        return true;
    if (consented(q, true, &as) && take(q, (struct way){.label = as, .consent = true, .tear = true}, ret))
        return true;
    return special && q->c.tear != TLP_NONE && !q->c.sighting &&
           take(q, (struct way){.label = q->c.tear, .tear = true}, ret);
}

bool oracle(const struct question *q, struct told *ret)
{
    struct way w = {.label = label_that_counts(q)};
    bool goes = any_way(q, &w);
    *ret = (struct told){.cleared = goes, .label = w.label, .tear = w.tear, .consent = w.consent};
    return goes;
}
