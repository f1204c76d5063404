/* model/stix_common.c - the common properties of section 3.2. */
#include "model/stix_check.h"

/* The table of section 3.2: which class must have what. Custom types are held to it once their extension says which
 * class they are of. */
static bool is_versioned(enum stix_class c)
{
    return c == STIX_SDO || c == STIX_SRO || c == STIX_META;
}

static enum err check_spec_version(const struct stix_read *r)
{
    const struct json_val *v = r->prop[PROP_SPEC_VERSION];

    if (!v && is_versioned(r->rules))
        return STIX_BAD(r, "3.2", "spec_version is required; without it this is a STIX 2.0 object, and 2.1 is read");
    if (!v)
        return OK;
    if (!json_is_string(v))
        return STIX_BAD(r, "3.2", "spec_version is a string");
    if (text_eq(json_text(v), TEXT("2.0")))
        return STIX_BAD(r, "3.2", "spec_version is 2.0: a STIX 2.0 object, and 2.1 is read");
    if (!text_eq(json_text(v), TEXT("2.1")))
        return STIX_BAD(r, "3.2", "spec_version is 2.1");
    return OK;
}

static enum err check_times(struct stix_read *r)
{
    struct stix_head *h = r->head;
    bool marking = text_eq(h->type, TEXT("marking-definition"));
    enum err err = stix_read_time(r, PROP_CREATED, &h->created, &h->has_created);

    if (!err)
        err = stix_read_time(r, PROP_MODIFIED, &h->modified, &h->has_modified);
    if (err)
        return err;
    if (r->rules == STIX_SCO && (h->has_created || h->has_modified))
        return STIX_BAD(r, "3.2", "%s does not belong on a cyber-observable object",
                        h->has_created ? "created" : "modified");
    if (is_versioned(r->rules) && !h->has_created)
        return STIX_BAD(r, "3.2", "created is required");
    if (marking) /* section 7.2.1: never versioned */
        h->has_modified = false;
    else if (is_versioned(r->rules) && !h->has_modified)
        return STIX_BAD(r, "3.2", "modified is required");
    if (h->has_created && h->has_modified && stamp_cmp(h->modified, h->created) < 0)
        return STIX_BAD(r, "3.2", "modified is not earlier than created");
    return OK;
}

static enum err check_flags(struct stix_read *r)
{
    const struct json_val *revoked = r->prop[PROP_REVOKED], *defanged = r->prop[PROP_DEFANGED];

    if (revoked && json_type(revoked) != JSON_BOOL)
        return STIX_BAD(r, "3.2", "revoked is true or false");
    if (defanged && json_type(defanged) != JSON_BOOL)
        return STIX_BAD(r, "3.2", "defanged is true or false");
    if (defanged && is_versioned(r->rules))
        return STIX_BAD(r, "3.2", "defanged belongs on cyber-observable objects only");
    r->head->revoked = json_bool(revoked, false);
    return OK;
}

static enum err check_confidence(struct stix_read *r)
{
    int64_t value;

    r->head->confidence = -1;
    if (!r->prop[PROP_CONFIDENCE])
        return OK;
    if (!json_i64(r->prop[PROP_CONFIDENCE], &value) || value < 0 || value > 100)
        return STIX_BAD(r, "3.2", "confidence is an integer from 0 to 100");
    r->head->confidence = (int)value;
    return OK;
}

static enum err check_words(const struct stix_read *r)
{
    const struct json_val *labels = r->prop[PROP_LABELS], *lang = r->prop[PROP_LANG];

    if (lang && (!json_is_string(lang) || !stix_language_valid(json_text(lang))))
        return STIX_BAD(r, "3.2", "lang is a language code of RFC 5646");
    if (labels && (json_type(labels) != JSON_ARRAY || json_size(labels) == 0))
        return STIX_BAD(r, "3.2", "labels is a list of at least one string");
    for (struct json_iter it = json_iter_of(labels); json_next(&it);)
        if (!json_is_string(it.val))
            return STIX_BAD(r, "3.2", "labels is a list of strings");
    return OK;
}

static enum err check_creator(struct stix_read *r)
{
    struct ident id;
    enum err err;

    if (!r->prop[PROP_CREATED_BY_REF])
        return OK;
    err = stix_read_ident(r, r->prop[PROP_CREATED_BY_REF], "created_by_ref", &id);
    if (err)
        return err;
    if (!text_eq(id.type, TEXT("identity")) && stix_class_of(id.type) != STIX_CUSTOM)
        return STIX_BAD(r, "3.2", "created_by_ref refers to an identity");
    r->head->created_by_ref = json_text(r->prop[PROP_CREATED_BY_REF]);
    return OK;
}

/* Section 2.5. */
static enum err check_external_reference(const struct stix_read *r, const struct json_val *v)
{
    static const char *const optional[] = {"description", "url", "external_id"};
    bool more = false;

    if (json_type(v) != JSON_OBJECT || !json_is_string(json_get(v, "source_name")))
        return STIX_BAD(r, "2.5", "external_references: each is an object with a source_name");
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        const struct json_val *member = json_get(v, optional[i]);

        if (member && !json_is_string(member))
            return STIX_BAD(r, "2.5", "external_references: %s is a string", optional[i]);
        more |= member != NULL;
    }
    if (!more)
        return STIX_BAD(r, "2.5.2", "external_references: each has a description, a url or an external_id");
    return OK;
}

static enum err check_external_references(const struct stix_read *r)
{
    const struct json_val *list = r->prop[PROP_EXTERNAL_REFERENCES];
    enum err err = OK;

    if (list && (json_type(list) != JSON_ARRAY || json_size(list) == 0))
        return STIX_BAD(r, "3.2", "external_references is a list of at least one external reference");
    for (struct json_iter it = json_iter_of(list); !err && json_next(&it);)
        err = check_external_reference(r, it.val);
    return err;
}

/* Section 10.5, and what a type made by an extension is. */
static const struct {
    struct text type;
    enum stix_class makes;
} extension_types[] = {
    {{"property-extension", 18}, STIX_CUSTOM},
    {{"toplevel-property-extension", 27}, STIX_CUSTOM},
    {{"new-sdo", 7}, STIX_SDO},
    {{"new-sco", 7}, STIX_SCO},
    {{"new-sro", 7}, STIX_SRO},
};

static enum err check_extension_type(struct stix_read *r, const struct json_val *v, bool defined)
{
    struct text type = json_text(v);

    if (!v && !defined)
        return OK;
    if (!v)
        return STIX_BAD(r, "3.2", "extensions: extension_type is required beside an extension definition");
    for (size_t i = 0; json_is_string(v) && i < ARRAY_LEN(extension_types); i++) {
        if (!text_eq(type, extension_types[i].type))
            continue;
        if (r->head->cls == STIX_CUSTOM && extension_types[i].makes != STIX_CUSTOM)
            r->rules = extension_types[i].makes;
        return OK;
    }
    return STIX_BAD(r, "10.5", "extensions: extension_type is one of the five that the enumeration has");
}

static enum err check_extensions(struct stix_read *r)
{
    const struct json_val *extensions = r->prop[PROP_EXTENSIONS];
    enum err err = OK;

    if (extensions && (json_type(extensions) != JSON_OBJECT || json_size(extensions) == 0))
        return STIX_BAD(r, "3.2", "extensions is a dictionary with at least one extension");
    for (struct json_iter it = json_iter_of(extensions); !err && json_next(&it);) {
        bool defined = text_starts(it.key, TEXT("extension-definition--"));
        struct ident id;

        if (defined && ident_parse(it.key, &id, NULL))
            return STIX_BAD(r, "2.9", "extensions: a key is no identifier (extension-definition--UUID)");
        if (json_type(it.val) != JSON_OBJECT)
            return STIX_BAD(r, "3.2", "extensions: each value is an object");
        err = check_extension_type(r, json_get(it.val, "extension_type"), defined);
    }
    return err;
}

/* Extensions first: they say what a custom type is held to. */
enum err stix_check_common(struct stix_read *r)
{
    enum err err = check_extensions(r);

    if (!err)
        err = check_spec_version(r);
    if (!err)
        err = check_times(r);
    if (!err)
        err = check_flags(r);
    if (!err)
        err = check_creator(r);
    if (!err)
        err = check_confidence(r);
    if (!err)
        err = check_words(r);
    return err ? err : check_external_references(r);
}
