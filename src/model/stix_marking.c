/* model/stix_marking.c - granular markings (section 7.2.3) and marking definitions (7.2.1). A marking that does not
 * hold what it seems to is refused: better no object than one less restricted than its sender meant. */
#include "model/stix_check.h"

#define TLP2_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

/* ---- granular markings ---- */

/* "[4]": a list index without leading zeros. */
static bool index_read(struct text part, uint64_t *ret)
{
    struct text digits = text_sub(part, 1, part.len < 2 ? 0 : part.len - 2);

    return part.len >= 3 && part.ptr[0] == '[' && part.ptr[part.len - 1] == ']' &&
           (digits.len == 1 || digits.ptr[0] != '0') && text_u64(digits, ret) == OK;
}

static const struct json_val *element(const struct json_val *list, uint64_t index)
{
    if (json_type(list) != JSON_ARRAY || index >= json_size(list))
        return NULL;
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        if (it.index == index)
            return it.val;
    return NULL;
}

/* A selector names something that is there. One that names nothing would mark nothing. */
static bool selector_resolves(const struct json_val *object, struct text selector)
{
    struct text part;

    while (text_split(&selector, '.', &part)) {
        uint64_t index = 0;

        if (index_read(part, &index))
            object = element(object, index);
        else
            object = json_get_text(object, part);
        if (!object)
            return false;
    }
    return true;
}

void stix_rules_granular_marking(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *selectors = json_get(o, "selectors");
    const struct stix_place list = {.up = at, .name = TEXT("selectors")};

    if (!json_get(o, "lang") == !json_get(o, "marking_ref"))
        MUST(c, STIX_RULE("7.2.3"), at, "each has either lang or marking_ref");
    if (json_type(selectors) != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter_of(selectors); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = &list, .index = it.index};

        if (json_is_string(it.val) && !selector_resolves(c->object, json_text(it.val)))
            MUST(c, STIX_RULE("7.2.3"), &here, "selector %zu names nothing in the object", it.index + 1);
    }
}

/* ---- marking definitions ---- */

/* What the definition itself says of TLP; NULL when nothing. OpenCTI writes TLP in capitals. */
static const struct json_val *label_of(const struct json_val *o)
{
    const struct json_val *definition = json_get(o, "definition");
    const struct json_val *label = json_get(definition, "tlp");

    if (!label)
        label = json_get(definition, "TLP");
    if (!label)
        label = json_get(json_get(json_get(o, "extensions"), TLP2_EXTENSION), "tlp_2_0");
    return label;
}

/* Section 7.2.1.4: only the published TLP markings may be; and none of their identifiers says anything else. A
 * TLP 2.0 extension under an identifier of its own is let through: the gate takes it for unknown and withholds. */
static void check_label(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    static const char rule[] = STIX_RULE("7.2.1.4");
    const struct json_val *label = label_of(o);
    bool tlp = text_eq(json_text(json_get(o, "definition_type")), TEXT("tlp"));
    enum tlp own = TLP_NONE, published = TLP_NONE;
    int version = 0;
    bool known = c->head->id.len > 0 && tlp_of_marking(&c->head->ident.uuid, &published, &version);

    if (known && !label)
        label = json_get(o, "name");
    if ((tlp || known || label) && (!json_is_string(label) || tlp_parse(json_text(label), &own)))
        MUST(c, rule, at, "the definition names no label of the traffic light protocol");
    else if (known && own != published)
        MUST(c, rule, at, "the definition does not say %s, which is what its identifier stands for",
             tlp_name(published));
    else if (tlp && !known)
        MUST(c, rule, at, "TLP markings have published identifiers, and this is none of them");
}

/* Section 7.2.1.4: what bears one of the four identifiers is that definition, not a copy with another date, another
 * name or more in it. WHITE may be named CLEAR, as TLP 2.0 has it. */
static void check_instance(struct stix_check *c, const struct json_val *o)
{
    static const char rule[] = STIX_RULE("7.2.1.4");
    static const struct stix_place created = {.name = NAMED("created")}, name = {.name = NAMED("name")},
                                   definition = {.name = NAMED("definition")};
    const struct json_val *named = json_get(o, "name");
    enum tlp published = TLP_NONE, own = TLP_NONE;
    struct stamp made, said;
    int version = 0;

    if (c->head->id.len == 0 || !tlp_of_marking(&c->head->ident.uuid, &published, &version) || version != 1 ||
        published == TLP_AMBER_STRICT || stamp_parse(TEXT("2017-01-20T00:00:00.000Z"), &made, NULL))
        return;
    if (stix_stamp(o, "created", &said) && stamp_cmp(said, made) != 0)
        MUST(c, rule, &created, "is 2017-01-20T00:00:00.000Z in the published definition of %s", tlp_name(published));
    if (json_is_string(named) && (tlp_parse(json_text(named), &own) || own != published))
        MUST(c, rule, &name, "is not that of the published definition of %s", tlp_name(published));
    if (json_size(json_get(o, "definition")) > 1)
        MUST(c, rule, &definition, "has more in it than the published definition of %s", tlp_name(published));
}

void stix_check_definition(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (json_type(v) != JSON_OBJECT || json_size(v) == 0)
        MUST(c, STIX_RULE("7.2.1"), at, "is an object with at least one property");
    else
        stix_walk(c, v, HOLLOW_MUST, at);
}

static void check_statement(struct stix_check *c, const struct json_val *o)
{
    const struct stix_place definition = {.name = TEXT("definition")};
    const struct stix_place at = {.up = &definition, .name = TEXT("statement")};
    const struct json_val *v = json_get(json_get(o, "definition"), "statement");

    if (text_eq(json_text(json_get(o, "definition_type")), TEXT("statement")) && !json_is_string(v))
        MUST(c, STIX_RULE("7.2.1.3"), &at, v ? "is a string" : "is required, and not there");
}

void stix_rules_marking_definition(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    bool extended = json_get(o, "extensions") != NULL;

    if (!extended && !json_get(o, "definition_type"))
        stix_missing(c, STIX_RULE("7.2.1"), at, TEXT("definition_type"), "is required without extensions");
    if (!extended && !json_get(o, "definition"))
        stix_missing(c, STIX_RULE("7.2.1"), at, TEXT("definition"), "is required without extensions");
    if (json_size(json_get(o, "definition")) > 0)
        check_statement(c, o);
    check_label(c, o, at);
    check_instance(c, o);
}
