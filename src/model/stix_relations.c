/* model/stix_relations.c - which relationships the specification lists for which types: the tables of sections 3.7, 4
 * and 6. Others may be used (5.1); a listed one between other types is worth a word. */
#include "model/stix_check.h"

#define USES    "attack-pattern infrastructure malware tool"
#define VICTIMS "identity location vulnerability"

static const struct {
    const char *source, *relations, *targets;
} listed[] = {
    {"attack-pattern", "delivers", "malware"},
    {"attack-pattern", "targets", VICTIMS},
    {"attack-pattern", "uses", "malware tool"},
    {"campaign", "attributed-to", "intrusion-set threat-actor"},
    {"campaign", "compromises", "infrastructure"},
    {"campaign", "originates-from", "location"},
    {"campaign", "targets", VICTIMS},
    {"campaign", "uses", USES},
    {"course-of-action", "investigates", "indicator"},
    {"course-of-action", "mitigates", "attack-pattern indicator malware tool vulnerability"},
    {"course-of-action", "remediates", "malware vulnerability"},
    {"identity", "located-at", "location"},
    {"indicator", "indicates", "attack-pattern campaign infrastructure intrusion-set malware threat-actor tool"},
    {"indicator", "based-on", "observed-data"},
    {"infrastructure", "communicates-with", "infrastructure ipv4-addr ipv6-addr domain-name url"},
    {"infrastructure", "consists-of", "infrastructure observed-data *"},
    {"infrastructure", "controls", "infrastructure malware"},
    {"infrastructure", "delivers", "malware"},
    {"infrastructure", "has", "vulnerability"},
    {"infrastructure", "hosts", "tool malware"},
    {"infrastructure", "located-at", "location"},
    {"infrastructure", "uses", "infrastructure"},
    {"intrusion-set", "attributed-to", "threat-actor"},
    {"intrusion-set", "compromises hosts owns", "infrastructure"},
    {"intrusion-set", "originates-from", "location"},
    {"intrusion-set", "targets", VICTIMS},
    {"intrusion-set", "uses", USES},
    {"malware", "authored-by", "threat-actor intrusion-set"},
    {"malware", "beacons-to exfiltrates-to", "infrastructure"},
    {"malware", "communicates-with", "ipv4-addr ipv6-addr domain-name url"},
    {"malware", "controls variant-of", "malware"},
    {"malware", "downloads drops", "malware tool file"},
    {"malware", "exploits", "vulnerability"},
    {"malware", "originates-from", "location"},
    {"malware", "targets", "identity infrastructure location vulnerability"},
    {"malware", "uses", USES},
    {"malware-analysis", "characterizes av-analysis-of static-analysis-of dynamic-analysis-of", "malware"},
    {"threat-actor", "attributed-to impersonates", "identity"},
    {"threat-actor", "compromises hosts owns", "infrastructure"},
    {"threat-actor", "located-at", "location"},
    {"threat-actor", "targets", VICTIMS},
    {"threat-actor", "uses", USES},
    {"tool", "delivers drops", "malware"},
    {"tool", "has", "vulnerability"},
    {"tool", "targets", "identity infrastructure location vulnerability"},
    {"tool", "uses", "infrastructure"},
    {"domain-name", "resolves-to", "domain-name ipv4-addr ipv6-addr"},
    {"ipv4-addr", "resolves-to", "mac-addr"},
    {"ipv4-addr", "belongs-to", "autonomous-system"},
    {"ipv6-addr", "resolves-to", "mac-addr"},
    {"ipv6-addr", "belongs-to", "autonomous-system"},
};

static bool has_word(const char *words, struct text word)
{
    struct text rest = text_of(words), one;

    while (text_split(&rest, ' ', &one))
        if (text_eq(one, word))
            return true;
    return false;
}

bool stix_relation_listed(struct text source, struct text relation, struct text target)
{
    if (text_eq(relation, TEXT("related-to")))
        return true;
    if (text_eq(relation, TEXT("derived-from")) || text_eq(relation, TEXT("duplicate-of")))
        return text_eq(source, target);
    for (size_t i = 0; i < ARRAY_LEN(listed); i++)
        if (text_eq(text_of(listed[i].source), source) && has_word(listed[i].relations, relation) &&
            (has_word(listed[i].targets, target) ||
             (has_word(listed[i].targets, TEXT("*")) && stix_class_of(target) == STIX_SCO)))
            return true;
    return false;
}
