/* desk/about_marking.c - a marking in words: what its label and terms let the reader do. FIRST TLP 2.0; PAP; our
 * terms: docs/objects/. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/about_inside.h"
#include "desk/own.h"

static const char *label_words(enum tlp label)
{
    switch (label) {
    case TLP_CLEAR: return "may go to anyone, the public too";
    case TLP_GREEN: return "may go to partners, constituents and communities; not to the public";
    case TLP_AMBER: return "for our own accounts, and constituents who need it";
    case TLP_AMBER_STRICT: return "for our own accounts only";
    case TLP_RED: return "for the persons named only";
    case TLP_NONE: break;
    }
    return "handled as TLP:AMBER+STRICT here, and never sent out";
}

static const char *pap_words(enum pap pap)
{
    switch (pap) {
    case PAP_CLEAR:
    case PAP_GREEN: return "look for it, block it, look it up";
    case PAP_AMBER: return "look for it, raise alerts, look it up passively; do not block it";
    case PAP_RED: return "look for it in our own logs only: nothing that its owner could notice";
    case PAP_NONE: break;
    }
    return "";
}

static void add_label(struct about *a, struct describe_section *s)
{
    enum tlp label = gate_class_label(&a->cls);
    if (a->cls.protocol_object || a->cls.own_identity) {
        describe_add(a->d, s, "", TEXT("public text: every reader of a marked object needs it"));
        return;
    }
    if (a->cls.ours && label != TLP_NONE)
        describe_addf(a->d, s, "", "%s: ours; who gets it from us %s", tlp_name(label),
                      label == TLP_CLEAR ? "may give it to anyone" : "is bound by the label");
    else
        describe_addf(a->d, s, "", "%s: %s", tlp_name(label), label_words(label));
    if (a->cls.tlp == TLP_NONE && label != TLP_NONE)
        describe_add(a->d, s, "",
                     a->cls.label_given
                         ? TEXT("it does not say so itself: the label was given when it came in, or by a definition")
                         : TEXT("it came unmarked; this is the recorded default of its source"));
    if (a->cls.unknown_marking)
        describe_add(a->d, s, "", TEXT("it also carries a marking that is unknown here, and stays here for it"));
    if (a->cls.granular)
        describe_add(a->d, s, "", TEXT("some of its portions have markings of their own"));
    if (a->cls.internal_only)
        describe_add(a->d, s, "", TEXT("it stays inside: findings, incidents and the register leave by no door"));
}

static void add_named(struct about *a, struct describe_section *s, const char *as, const struct named *list,
                      size_t count)
{
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    for (size_t i = 0; i < count; i++) {
        char id[IDENT_TEXT_MAX];
        buffer_add(&b, i ? TEXT(", ") : TEXT_NONE);
        if (list[i].kind == NAMED_COUNTRY)
            buffer_add_bytes(&b, list[i].who.b, 2);
        else
            buffer_add(&b, about_call(a, ident_format(TEXT("identity"), &list[i].who, id)));
    }
    describe_add(a->d, s, as, b.len ? buffer_text(&b) : TEXT("nobody"));
    buffer_done(&b);
}

static void add_purposes(struct about *a, struct describe_section *s, uint8_t purposes)
{
    struct buffer b;
    buffer_init(&b, KIB);
    for (unsigned bit = 1; bit < 256; bit <<= 1)
        if (purposes & bit)
            buffer_addf(&b, "%s%s", b.len ? ", " : "", purpose_name((uint8_t)bit));
    describe_add(a->d, s, "only used for", buffer_text(&b));
    buffer_done(&b);
}

static void add_terms(struct about *a, struct describe_section *s)
{
    const struct terms *t = &a->cls.terms;
    char when[STAMP_TEXT_MAX];
    if (t->has_rel_to)
        add_named(a, s, "only for", t->rel_to, t->rel_to_count);
    if (t->not_to_count)
        add_named(a, s, "not for", t->not_to, t->not_to_count);
    if (t->originator_control)
        describe_add(a->d, s, "originator", TEXT("is asked before it goes to anyone else"));
    if (t->embargo_until_us)
        describe_addf(a->d, s, "embargo", "%s %s", t->embargo_until_us > a->q->now_us ? "until" : "ended",
                      about_moment(t->embargo_until_us, when));
    if (t->purposes)
        add_purposes(a, s, t->purposes);
    if (t->classification != CLASSIFICATION_NONE)
        describe_add(a->d, s, "classified", text_of(classification_name(t->classification)));
    if (t->personal_data)
        describe_add(a->d, s, "personal data", TEXT("yes"));
}

static void add_actions(struct about *a, struct describe_section *s)
{
    enum pap pap = a->cls.terms.pap, source = a->cls.source_pap;
    const char *why = "";
    if (pap == PAP_NONE && source != PAP_NONE) {
        pap = source;
        why = " (recorded for its source)";
    } else if (pap == PAP_NONE) {
        pap = pap_of_tlp(gate_class_label(&a->cls));
        why = " (follows the label)";
    }
    if (!a->cls.protocol_object && !a->cls.own_identity)
        describe_addf(a->d, s, "you may", "%s: %s%s", pap_words(pap), pap_name(pap), why);
}

/* Statements and whatever else it was marked with, by name; TLP's own are told above. */
static void add_others(struct about *a, struct describe_section *s)
{
    const struct json_val *refs = json_get(a->object, "object_marking_refs");
    for (struct json_iter it = json_iter_of(refs); json_next(&it) && it.index < DESCRIBE_LIST_MAX;) {
        struct ident id;
        enum tlp label;
        int version;
        if (ident_parse(json_text(it.val), &id, NULL) == OK && !tlp_of_marking(&id.uuid, &label, &version))
            describe_add(a->d, s, "marked with", about_call(a, json_text(it.val)));
    }
}

void about_marking(struct about *a)
{
    struct describe_section *s = describe_section(a->d, "Marking");
    add_label(a, s);
    add_terms(a, s);
    add_actions(a, s);
    add_others(a, s);
}
