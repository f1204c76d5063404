/* model/stix_custom.c - what the specification does not name: extensions (sections 3.2, 7.3, 11.3), properties of
 * others' making (11.1), and the walk through their values. Those are walked for their references, but what they hold
 * is not judged by more than a SHOULD: ATT&CK's own have empty lists in them. */
#include <string.h>

#include "model/stix_check.h"

#define DEFINITION_PREFIX "extension-definition--"

/* ---- values of others' making ---- */

static bool is_ref_name(struct text name)
{
    return text_ends(name, TEXT("_ref")) || text_ends(name, TEXT("_refs"));
}

static void take_refs(struct stix_check *c, const struct json_val *v)
{
    if (json_type(v) != JSON_ARRAY) {
        stix_take_ref(c, v);
        return;
    }
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);)
        stix_take_ref(c, it.val);
}

static void check_filled(struct stix_check *c, const struct json_val *v, enum stix_hollow hollow,
                         const struct stix_place *at)
{
    const enum json_type type = json_type(v);
    const char *rule, *words;

    if (type == JSON_NULL) {
        rule = STIX_RULE("2");
        words = "null is no value in STIX";
    } else if (type == JSON_ARRAY && json_size(v) == 0) {
        rule = STIX_RULE("2.12");
        words = "a list has at least one value";
    } else if (type == JSON_OBJECT && json_size(v) == 0) {
        rule = STIX_RULE("2.3");
        words = "a dictionary has at least one key";
    } else {
        return;
    }
    if (hollow == HOLLOW_SHOULD)
        SHOULD(c, rule, at, "%s", words);
    else
        stix_let(c, hollow == HOLLOW_LET ? LET_EMPTY : LET_NOTHING, rule, at, "%s", words);
}

/* What a property of one's own may not be, whatever its type: instead of null or nothing it is left out. */
static void walk_own(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    bool hollow = json_type(v) == JSON_NULL ||
                  ((json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT) && json_size(v) == 0);

    stix_walk(c, v, hollow ? HOLLOW_LET : HOLLOW_SHOULD, at);
}

/* Depth is bounded by JSON_DEPTH_MAX. */
void stix_walk(struct stix_check *c, const struct json_val *v, enum stix_hollow hollow, const struct stix_place *at)
{
    enum json_type type = json_type(v);

    check_filled(c, v, hollow, at);
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key, .index = it.index};

        stix_walk(c, it.val, hollow, &here);
        if (type == JSON_OBJECT && is_ref_name(it.key))
            take_refs(c, it.val);
    }
}

/* ---- properties ---- */

/* Section 3.8. The first text of STIX 2.1 had `phone_numbers`, errata 01 `phone_number`: neither may be used. */
bool stix_name_reserved(struct text name)
{
    static const struct text reserved[] = {NAMED("severity"), NAMED("username"), NAMED("phone_number"),
                                           NAMED("phone_numbers"), NAMED("action")};

    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (text_eq(reserved[i], name))
            return true;
    return false;
}

void stix_check_custom_name(struct stix_check *c, const char *rule, struct text name, const struct stix_place *at)
{
    bool good = name.len > 0;

    for (size_t i = 0; i < name.len; i++)
        if ((name.ptr[i] < 'a' || name.ptr[i] > 'z') && (name.ptr[i] < '0' || name.ptr[i] > '9') &&
            name.ptr[i] != '_')
            good = false;
    if (!good)
        stix_let(c, LET_NAME, rule, at, "the name of a property is made of a-z, 0-9 and underscore");
    else if (name.len < 3 || name.len > 250)
        stix_let(c, LET_NAME, rule, at, "the name of a property has 3 to 250 characters");
    else if (name.ptr[0] < 'a' || name.ptr[0] > 'z')
        stix_let(c, LET_NAME, STIX_RULE("3.1"), at, "the name of a property begins with a letter");
}

/* Section 3.1: an encoding stands beside what it is the encoding of. */
static void check_encoding(struct stix_check *c, struct text name, const struct json_val *parent,
                           const struct stix_place *at)
{
    if (text_ends(name, TEXT("_enc")) && !json_get_text(parent, text_sub(name, 0, name.len - 4)))
        stix_let(c, LET_CHARSET, STIX_RULE("3.1"), at, "the property whose encoding this is, is not there");
}

void stix_check_custom(struct stix_check *c, struct text name, const struct json_val *parent,
                       const struct json_val *v, const struct stix_place *at)
{
    bool top = !at->up;

    if (top && stix_name_reserved(name)) {
        stix_let(c, LET_NAME, STIX_RULE("3.8"), at, "this name is reserved");
    } else {
        stix_check_custom_name(c, c->shape ? STIX_RULE("11.1.1") : STIX_RULE("7.3.2"), name, at);
        if (c->shape && !(top && c->own_properties))
            SHOULD(c, STIX_RULE("11.1"), at, "%s; properties of one's own should be defined by an extension",
                   text_starts(name, TEXT("x_")) ? "a custom property" : "no property of the specification");
        check_encoding(c, name, parent, at);
    }
    walk_own(c, v, at);
    if (is_ref_name(name))
        take_refs(c, v);
}

/* ---- extensions ---- */

static bool is_defined(struct text key)
{
    return text_starts(key, TEXT(DEFINITION_PREFIX));
}

void stix_extensions_say(struct stix_check *c, const struct json_val *extensions)
{
    static const struct {
        struct text type;
        enum stix_class makes;
    } makers[] = {{NAMED("new-sdo"), STIX_SDO}, {NAMED("new-sco"), STIX_SCO}, {NAMED("new-sro"), STIX_SRO}};

    for (struct json_iter it = json_iter_of(json_type(extensions) == JSON_OBJECT ? extensions : NULL);
         json_next(&it);) {
        struct text type = json_text(json_get(it.val, "extension_type"));

        c->own_properties |= text_eq(type, TEXT("toplevel-property-extension"));
        for (size_t i = 0; !c->shape && i < ARRAY_LEN(makers); i++)
            if (text_eq(type, makers[i].type))
                c->rules = makers[i].makes;
    }
}

static const struct stix_shape *predefined(const struct stix_check *c, struct text key)
{
    const struct stix_shape *const *e = c->shape ? c->shape->extensions : NULL;

    for (; e && *e; e++)
        if (text_eq((*e)->name, key))
            return *e;
    return NULL;
}

static void check_extension_type(struct stix_check *c, const struct json_val *v, bool defined,
                                 const struct stix_place *up)
{
    const struct stix_place at = {.up = up, .name = TEXT("extension_type")};

    if (!v && defined)
        MUST(c, STIX_RULE("3.2"), &at, "is required beside an extension definition");
    if (!v)
        return;
    if (!json_is_string(v) || !stix_vocabulary_has(EXTENSION_TYPE_ENUM, json_text(v)))
        MUST(c, STIX_RULE("10.5"), &at, "is one of the five of %s", stix_vocabulary_name(EXTENSION_TYPE_ENUM));
    else if (c->shape && text_starts(json_text(v), TEXT("new-")))
        MUST(c, STIX_RULE("7.3"), &at, "an extension does not make a type that the specification has");
}

/* The names of what an extension holds: section 7.3.2, 11.3.1 for custom ones. */
static void check_contents_of(struct stix_check *c, const char *rule, const struct json_val *v,
                              const struct stix_place *at)
{
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        stix_check_custom_name(c, rule, it.key, &here);
        walk_own(c, it.val, &here);
        if (is_ref_name(it.key))
            take_refs(c, it.val);
    }
}

static bool custom_extension_name_valid(struct text key)
{
    for (size_t i = 0; i < key.len; i++)
        if ((key.ptr[i] < 'a' || key.ptr[i] > 'z') && (key.ptr[i] < '0' || key.ptr[i] > '9') && key.ptr[i] != '-')
            return false;
    return key.len >= 3 && key.len <= 250 && text_ends(key, TEXT("-ext"));
}

/* Section 11.3.1, deprecated, and for cyber-observable objects alone; elsewhere section 3.2 says SHOULD. */
static void check_custom_extension(struct stix_check *c, struct text key, const struct json_val *v,
                                   const struct stix_place *at)
{
    if (c->rules == STIX_SCO && !custom_extension_name_valid(key))
        MUST(c, STIX_RULE("11.3.1"), at,
             "the name of a custom extension is 3 to 250 of a-z, 0-9 and hyphen, and ends with -ext");
    else if (c->shape && c->rules != STIX_SCO)
        MUST(c, STIX_RULE("11.3"), at, "a custom extension is for cyber-observable objects only");
    else if (c->rules == STIX_SCO)
        SHOULD(c, STIX_RULE("11.3"), at, "a custom extension; an extension definition should be used");
    else
        SHOULD(c, STIX_RULE("3.2"), at, "a key should be an extension definition's id or a predefined extension");
    if (json_size(v) == 0)
        MUST(c, STIX_RULE("11.3.1"), at, "an extension has at least one property");
    check_contents_of(c, STIX_RULE("11.3.1"), v, at);
}

static void check_extension(struct stix_check *c, struct text key, const struct json_val *v,
                            const struct stix_place *at)
{
    const struct stix_shape *s = predefined(c, key);
    bool defined = is_defined(key);
    struct ident id;

    if (defined && ident_parse(key, &id, NULL))
        MUST(c, STIX_RULE("2.9"), at, "no identifier (extension-definition--UUID)");
    if (json_type(v) != JSON_OBJECT) {
        MUST(c, STIX_RULE("3.2"), at, "an extension is an object");
        return;
    }
    if (s) {
        stix_check_members(c, s, v, at);
        return;
    }
    check_extension_type(c, json_get(v, "extension_type"), defined, at);
    if (defined)
        check_contents_of(c, STIX_RULE("7.3.2"), v, at);
    else
        check_custom_extension(c, key, v, at);
}

void stix_check_extensions(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (json_type(v) != JSON_OBJECT || json_size(v) == 0) {
        MUST(c, STIX_RULE("3.2"), at, "is a dictionary with at least one extension");
        return;
    }
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        check_extension(c, it.key, it.val, &here);
    }
}
