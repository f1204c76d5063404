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
        if (json_type(it.val) != JSON_OBJECT)
            MUST(c, STIX_RULE("7.1.1"), &here, "each value is a dictionary of the translated properties");
        else
            stix_walk(c, it.val, HOLLOW_MUST, &here);
    }
}

/* ---- the deprecated container ---- */

static void check_local_ref(struct stix_check *c, const struct json_val *container, const struct json_val *v,
                            const struct stix_place *at)
{
    if (!json_is_string(v))
        MUST(c, STIX_RULE("2.9"), at, "a reference is a string");
    else if (!json_get_text(container, json_text(v)))
        MUST(c, STIX_RULE("2.13"), at, "refers to \"%.*s\", which is not in the same container", SHOWN(json_text(v)));
}

/* References of the object itself; those of extensions are looked at as deep as they stand. */
static void check_local_refs(struct stix_check *c, const struct json_val *container, const struct json_val *o,
                             const struct stix_place *at)
{
    for (struct json_iter it = json_iter_of(o); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key, .index = it.index};

        if (text_eq(it.key, TEXT("object_marking_refs")) || text_eq(it.key, TEXT("granular_markings")) ||
            text_eq(it.key, TEXT("created_by_ref")))
            continue;
        if (text_ends(it.key, TEXT("_ref")))
            check_local_ref(c, container, it.val, &here);
        else if (text_ends(it.key, TEXT("_refs")))
            for (struct json_iter e = json_iter_of(it.val); !c->over && json_next(&e);)
                check_local_ref(c, container, e.val, &(struct stix_place){.up = &here, .index = e.index});
        else if (json_type(it.val) == JSON_OBJECT || json_type(it.val) == JSON_ARRAY)
            check_local_refs(c, container, it.val, &here);
    }
}

static bool is_number(struct text key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] < '0' || key.ptr[i] > '9')
            return false;
    return key.len > 0;
}

/* What is in it may be of STIX 2.0, so only what both versions say is judged. */
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
        stix_walk(c, it.val, HOLLOW_MUST, &here);
        check_local_refs(c, v, it.val, &here);
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
