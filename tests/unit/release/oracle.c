/* The rules a second time, in the order of docs/RELEASE.md, as one would tell them. */
#include "domain.h"

static bool eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* "our accounts see it as AMBER+STRICT"; RED and quarantine: "seen by releasers only" while nobody is named. */
static bool our_accounts(const struct question *q, bool public_text, enum tlp own, enum tlp *label)
{
    const struct gate_class *c = &q->c;
    bool unclear = *label == TLP_NONE || c->unknown_marking || c->granular;
    if (!public_text && unclear) {
        *label = *label < own ? own : *label;
        *label = *label == TLP_RED ? TLP_RED : TLP_AMBER_STRICT;
    }
    if (q->r.role == ROLE_NONE)
        return false;
    bool at_console = q->door == DOOR_CONSOLE;
    if (c->internal_only && !at_console)
        return false;
    bool for_few = c->quarantined || (*label == TLP_RED && !public_text);
    return !for_few || (at_console && (q->r.role == ROLE_RELEASER || q->r.role == ROLE_ADMINISTRATOR));
}

/* "they go the way the indicator came", "off per partner until enabled"; our own indicator's: per label. */
static bool sighting_may_go(const struct question *q, bool *ret_back)
{
    static const struct uuid zero;
    const struct gate_class *c = &q->c;
    *ret_back = false;
    if (!q->r.sightings)
        return false;
    if (eq(&c->sighting_of, &zero))
        return c->sighting_of_ours;
    *ret_back = (c->ours || c->own_identity) && eq(&c->sighting_of, &q->r.party);
    return eq(&c->sighting_of, &q->r.party);
}

static bool by_label(const struct question *q, bool ours, enum tlp label)
{
    if (label == TLP_NONE || label == TLP_RED)
        return false;
    if (q->r.kind == RECIPIENT_PUBLIC)
        return label == TLP_CLEAR;
    if (!ours && label > TLP_GREEN)
        return false;
    return label <= q->r.ceiling;
}

bool oracle(const struct question *q, enum tlp *ret_label)
{
    static const struct uuid zero;
    const struct gate_class *c = &q->c;
    bool ours = c->ours || c->own_identity, back = false;
    enum tlp label = c->tlp ? c->tlp : c->source_default;
    const enum tlp own = label;
    bool name = c->own_identity && (label == TLP_NONE || label == TLP_CLEAR) && !c->unknown_marking;
    bool public_text = c->protocol_object || name;
    if (c->sighting)
        label = c->sighting_tlp == TLP_NONE ? TLP_NONE : label > c->sighting_tlp ? label : c->sighting_tlp;
    *ret_label = label;
    if (q->r.kind == RECIPIENT_OWN_ACCOUNT)
        return our_accounts(q, public_text, own, ret_label) && !q->r.expelled && c->exercise == q->r.exercise;

    if (q->door == DOOR_CONSOLE || q->r.expelled || c->exercise != q->r.exercise)
        return false;
    if (c->quarantined || c->internal_only || c->unknown_marking || c->granular)
        return false;
    if (c->sighting && !sighting_may_go(q, &back))
        return false;
    if (public_text)
        return true;
    if (!ours && eq(&c->party, &q->r.party) && !eq(&c->party, &zero))
        return false;
    if (back)
        return label != TLP_NONE && label != TLP_RED;
    return by_label(q, ours, label);
}
