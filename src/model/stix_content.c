/* model/stix_content.c - values that hold other objects: translations (7.1.1), the deprecated container of
 * observables (2.13), and what a bundle bundles (8.1). */
#include "model/stix_check.h"

/* The texts of one language mirror the properties of the object: any depth, empty strings in lists allowed. */
void stix_check_contents(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (json_type(v) != JSON_OBJECT || json_size(v) == 0) {
        MUST(c, STIX_RULE("2.3"), at, "is a dictionary with at least one language");
        return;
    }
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        if (!stix_language_valid(it.key))
            MUST(c, STIX_RULE("7.1.1"), &here, "a key is a language code of RFC 5646");
        if (json_type(it.val) != JSON_OBJECT) {
            MUST(c, STIX_RULE("7.1.1"), &here, "each value is a dictionary of the translated properties");
            continue;
        }
        for (struct json_iter key = json_iter_of(it.val); !c->over && json_next(&key);)
            stix_check_dictionary_key(c, key.key, &(struct stix_place){.up = &here, .name = key.key});
        stix_walk(c, it.val, HOLLOW_MUST, &here);
    }
}

/* ---- the deprecated container ---- */

static bool is_number(struct text key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] < '0' || key.ptr[i] > '9')
            return false;
    return key.len > 0;
}

/* Its faults and references are c's; its identifier, its markings and its type are its own. */
static void check_contained(struct stix_check *c, const struct json_val *container, const struct json_val *o,
                            const struct stix_place *at)
{
    struct stix_head head = {.confidence = -1, .tlp = TLP_NONE};
    struct stix_check inner = *c;

    inner.object = o;
    inner.container = container;
    inner.head = &head;
    inner.shape = stix_shape_of(json_text(json_get(o, "type")));
    inner.rules = STIX_SCO;
    inner.defanged = json_bool(json_get(o, "defanged"), false);
    stix_check_contained(&inner, at);
    c->musts = inner.musts;
    c->over = inner.over;
    c->err = inner.err;
    if (c->head->let.len == 0) {
        c->head->let = head.let;
        c->head->let_rule = head.let_rule;
    }
}

static void check_container_entry(struct stix_check *c, const struct json_val *container, const struct json_val *o,
                                  const struct stix_place *at)
{
    const struct stix_place type_place = {.up = at, .name = TEXT("type")};
    struct text type = json_text(json_get(o, "type"));
    enum stix_class cls = stix_class_of(type);

    if (cls == STIX_CUSTOM && !type_name_valid(type))
        MUST(c, STIX_RULE("3.1"), &type_place, "a type is 3 to 250 of a-z, 0-9 and single hyphens, a letter first");
    else if (cls == STIX_CUSTOM && !text_eq(type, stix_bundle.name))
        stix_walk(c, o, HOLLOW_MUST, at);
    else if (cls == STIX_SCO)
        check_contained(c, container, o, at);
    else
        MUST(c, STIX_RULE("4.14.1"), &type_place, "a %.*s is no cyber-observable object", SHOWN(type));
}

/* What is in it may be of this version or of STIX 2.0: judged is what both demand. */
void stix_check_observables(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (json_type(v) != JSON_OBJECT || json_size(v) == 0) {
        MUST(c, STIX_RULE("4.14.1"), at, "is a dictionary of at least one object");
        return;
    }
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        if (json_type(it.val) != JSON_OBJECT || !json_is_string(json_get(it.val, "type"))) {
            MUST(c, STIX_RULE("2.13"), &here, "is an object with a type");
            continue;
        }
        if (!is_number(it.key))
            SHOULD(c, STIX_RULE("2.9"), &here, "a key should be a number, counted from 0");
        check_container_entry(c, v, it.val, &here);
    }
}

/* ---- bundle ---- */

void stix_check_bundled(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (!stix_check_list(c, v, at))
        return;
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .index = it.index};

        if (json_type(it.val) != JSON_OBJECT)
            MUST(c, STIX_RULE("8.1"), &here, "is a STIX object");
        else if (text_eq(json_text(json_get(it.val, "type")), TEXT("bundle")))
            MUST(c, STIX_RULE("8.1"), &here, "a bundle is no STIX object");
    }
}
