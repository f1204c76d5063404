/* model/stix_marking.c - markings on an object (sections 7.2.2, 7.2.3) and marking definitions (7.2.1). A marking
 * that does not hold what it seems to is refused: better no object than one less restricted than its sender meant. */
#include "base/limits.h"
#include "model/stix_check.h"

#define TLP2_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

/* ---- markings of an object ---- */

static enum err read_marking_ref(const struct stix_read *r, const struct json_val *v, const char *what,
                                 struct ident *ret)
{
    enum err err = stix_read_ident(r, v, what, ret);

    if (err)
        return err;
    if (!text_eq(ret->type, TEXT("marking-definition")))
        return STIX_BAD(r, "3.2", "%s refers to a marking definition", what);
    if (text_eq(json_text(v), r->head->id))
        return STIX_BAD(r, "3.2", "%s does not refer to the marking definition itself", what);
    return OK;
}

static enum err check_object_markings(struct stix_read *r)
{
    const struct json_val *list = r->prop[PROP_OBJECT_MARKING_REFS];
    struct stix_head *h = r->head;

    if (!list)
        return OK;
    if (json_type(list) != JSON_ARRAY || json_size(list) == 0)
        return STIX_BAD(r, "3.2", "object_marking_refs is a list of at least one identifier");
    if (json_size(list) > STIX_REFS_MAX)
        return fault_set(r->fault, ERR_LIMIT, "object_marking_refs has more than %d entries", STIX_REFS_MAX);
    h->marking_refs = arena_alloc(r->arena, json_size(list) * sizeof(*h->marking_refs));
    if (!h->marking_refs)
        return STIX_NOMEM(r);
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        struct ident id;
        enum tlp tlp;
        int version;
        enum err err = read_marking_ref(r, it.val, "object_marking_refs", &id);

        if (err)
            return err;
        h->marking_refs[h->marking_count++] = json_text(it.val);
        if (tlp_of_marking(&id.uuid, &tlp, &version))
            h->tlp = tlp_stricter(h->tlp, tlp);
        else
            h->unknown_marking = true;
    }
    return OK;
}

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

/* Section 7.2.3: a selector names something that is there. One that names nothing would mark nothing. */
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

static enum err check_selectors(const struct stix_read *r, const struct json_val *selectors)
{
    if (json_type(selectors) != JSON_ARRAY || json_size(selectors) == 0)
        return STIX_BAD(r, "7.2.3", "granular_markings: selectors is a list of at least one selector");
    for (struct json_iter it = json_iter_of(selectors); json_next(&it);) {
        if (!json_is_string(it.val))
            return STIX_BAD(r, "7.2.3", "granular_markings: a selector is a string");
        if (!selector_resolves(r->object, json_text(it.val)))
            return STIX_BAD(r, "7.2.3", "granular_markings: selector %zu names nothing in the object", it.index + 1);
    }
    return OK;
}

static enum err check_granular(const struct stix_read *r, const struct json_val *v)
{
    const struct json_val *lang = json_get(v, "lang"), *ref = json_get(v, "marking_ref");
    struct ident id;
    enum err err = OK;

    if (json_type(v) != JSON_OBJECT)
        return STIX_BAD(r, "7.2.3", "granular_markings: each is an object");
    if (!lang == !ref)
        return STIX_BAD(r, "7.2.3", "granular_markings: each has either lang or marking_ref");
    if (lang && (!json_is_string(lang) || !stix_language_valid(json_text(lang))))
        return STIX_BAD(r, "7.2.3", "granular_markings: lang is a language code of RFC 5646");
    if (ref)
        err = read_marking_ref(r, ref, "granular_markings: marking_ref", &id);
    return err ? err : check_selectors(r, json_get(v, "selectors"));
}

enum err stix_check_markings(struct stix_read *r)
{
    const struct json_val *list = r->prop[PROP_GRANULAR_MARKINGS];
    enum err err = check_object_markings(r);

    if (!err && list && (json_type(list) != JSON_ARRAY || json_size(list) == 0))
        return STIX_BAD(r, "3.2", "granular_markings is a list of at least one granular marking");
    for (struct json_iter it = json_iter_of(list); !err && json_next(&it);)
        err = check_granular(r, it.val);
    r->head->granular = list != NULL;
    return err;
}

/* ---- marking definitions ---- */

/* What the definition itself says of TLP; NULL when nothing. OpenCTI writes TLP in capitals. */
static const struct json_val *label_of(const struct stix_read *r)
{
    const struct json_val *definition = r->prop[PROP_DEFINITION];
    const struct json_val *label = json_get(definition, "tlp");

    if (!label)
        label = json_get(definition, "TLP");
    if (!label)
        label = json_get(json_get(r->prop[PROP_EXTENSIONS], TLP2_EXTENSION), "tlp_2_0");
    return label;
}

/* Section 7.2.1.4: only the published TLP markings may be; and none of their identifiers says anything else. A
 * TLP 2.0 extension under an identifier of its own is let through: the gate takes it for unknown and withholds. */
static enum err check_label(const struct stix_read *r)
{
    const struct json_val *label = label_of(r);
    bool tlp = text_eq(json_text(r->prop[PROP_DEFINITION_TYPE]), TEXT("tlp"));
    enum tlp own = TLP_NONE, published = TLP_NONE;
    int version = 0;
    bool known = tlp_of_marking(&r->head->ident.uuid, &published, &version);

    if (known && !label)
        label = json_get(r->object, "name");
    if ((tlp || known || label) && (!json_is_string(label) || tlp_parse(json_text(label), &own)))
        return STIX_BAD(r, "7.2.1.4", "the definition names no label of the traffic light protocol");
    if (known && own != published)
        return STIX_BAD(r, "7.2.1.4", "the definition does not say %s, which is what its identifier stands for",
                        tlp_name(published));
    if (tlp && !known)
        return STIX_BAD(r, "7.2.1.4", "TLP markings have published identifiers, and this is none of them");
    return OK;
}

enum err stix_check_marking_definition(struct stix_read *r)
{
    const struct json_val *type = r->prop[PROP_DEFINITION_TYPE], *definition = r->prop[PROP_DEFINITION];

    if (type && !json_is_string(type))
        return STIX_BAD(r, "7.2.1", "definition_type is a string");
    if (definition && (json_type(definition) != JSON_OBJECT || json_size(definition) == 0))
        return STIX_BAD(r, "7.2.1", "definition is an object with at least one property");
    if (!r->prop[PROP_EXTENSIONS] && (!type || !definition))
        return STIX_BAD(r, "7.2.1", "%s is required without extensions", type ? "definition" : "definition_type");
    if (text_eq(json_text(type), TEXT("statement")) && !json_is_string(json_get(definition, "statement")))
        return STIX_BAD(r, "7.2.1.3", "definition has the property statement, a string");
    return check_label(r);
}
