/* model/stix_engine.c - one pass over an object: each member is looked up in the table of common properties and in
 * that of its type, and judged; what is missing and what contradicts each other is told behind. */
#include <string.h>

#include "model/observable_id.h"
#include "model/stix_check.h"

/* ---- types ---- */

static const struct stix_shape *shape_among(const struct stix_shape *const *shapes, struct text type)
{
    for (; *shapes; shapes++)
        if ((*shapes)->name.len == type.len && memcmp((*shapes)->name.ptr, type.ptr, type.len) == 0)
            return *shapes;
    return NULL;
}

const struct stix_shape *stix_shape_of(struct text type)
{
    const struct stix_shape *s;

    if (type.len == 0)
        return NULL;
    s = shape_among(stix_sdo_shapes, type);
    if (!s)
        s = shape_among(stix_sco_shapes, type);
    return s ? s : shape_among(stix_meta_shapes, type);
}

enum stix_class stix_class_of(struct text type)
{
    const struct stix_shape *s = stix_shape_of(type);

    return s ? s->cls : STIX_CUSTOM;
}

/* ---- the common properties: the lists at the head of each table of properties, as section 3.2 sums them up ---- */

enum common_for {
    FOR_NODE = 1, /* SDO and SRO */
    FOR_SCO = 2,
    FOR_EXTENSION = 4,
    FOR_LANGUAGE = 8,
    FOR_MARKING = 16,
    FOR_VERSIONED = FOR_NODE | FOR_EXTENSION | FOR_LANGUAGE,
    FOR_META = FOR_EXTENSION | FOR_LANGUAGE | FOR_MARKING,
    FOR_ALL = FOR_NODE | FOR_SCO | FOR_META,
    FOR_CUSTOM = 32, /* nobody says what it is: it may have any of them */
};

enum common {
    COMMON_TYPE,
    COMMON_ID,
    COMMON_SPEC_VERSION,
    COMMON_CREATED_BY_REF,
    COMMON_CREATED,
    COMMON_MODIFIED,
    COMMON_REVOKED,
    COMMON_LABELS,
    COMMON_CONFIDENCE,
    COMMON_LANG,
    COMMON_EXTERNAL_REFERENCES,
    COMMON_OBJECT_MARKING_REFS,
    COMMON_GRANULAR_MARKINGS,
    COMMON_DEFANGED,
    COMMON_EXTENSIONS,
    COMMONS
};

static const struct {
    struct stix_prop prop;
    uint8_t required, allowed;
} common[COMMONS] = {
    [COMMON_TYPE] = {PROP("type", KIND_STRING, FORMAT_ANY, 0), FOR_ALL | FOR_CUSTOM, FOR_ALL},
    [COMMON_ID] = {PROP("id", KIND_STRING, FORMAT_ANY, 0), FOR_ALL | FOR_CUSTOM, FOR_ALL},
    [COMMON_SPEC_VERSION] = {PROP("spec_version", KIND_STRING, FORMAT_ANY, 0), FOR_NODE | FOR_META, FOR_ALL},
    [COMMON_CREATED_BY_REF] = {PROP("created_by_ref", KIND_REF, TARGET_IDENTITY, 0), FOR_EXTENSION,
                               FOR_NODE | FOR_META},
    [COMMON_CREATED] = {PROP("created", KIND_TIMESTAMP, PRECISION_MILLISECONDS, 0), FOR_NODE | FOR_META,
                        FOR_NODE | FOR_META},
    [COMMON_MODIFIED] = {PROP("modified", KIND_TIMESTAMP, PRECISION_MILLISECONDS, 0), FOR_VERSIONED, FOR_VERSIONED},
    [COMMON_REVOKED] = {PROP("revoked", KIND_BOOLEAN, 0, 0), 0, FOR_VERSIONED},
    [COMMON_LABELS] = {PROP("labels", KIND_STRING, FORMAT_ANY, PROP_LIST), 0, FOR_VERSIONED},
    [COMMON_CONFIDENCE] = {PROP("confidence", KIND_INTEGER, RANGE_PERCENT, 0), 0, FOR_NODE | FOR_LANGUAGE},
    [COMMON_LANG] = {PROP("lang", KIND_STRING, FORMAT_LANGUAGE, 0), 0, FOR_NODE},
    [COMMON_EXTERNAL_REFERENCES] = {PROP_OBJECT("external_references", stix_external_reference, PROP_LIST), 0,
                                    FOR_NODE | FOR_META},
    [COMMON_OBJECT_MARKING_REFS] = {PROP("object_marking_refs", KIND_REF, TARGET_MARKING, PROP_LIST), 0, FOR_ALL},
    [COMMON_GRANULAR_MARKINGS] = {PROP_OBJECT("granular_markings", stix_granular_marking, PROP_LIST), 0, FOR_ALL},
    [COMMON_DEFANGED] = {PROP("defanged", KIND_BOOLEAN, 0, 0), 0, FOR_SCO},
    [COMMON_EXTENSIONS] = {PROP_OWN("extensions", stix_check_extensions, 0), 0, FOR_ALL & ~FOR_EXTENSION},
};

/* What properties of section 3.2 are judged by. */
static const struct stix_shape common_shape = {.name = NAMED("the common properties"), .rule = STIX_RULE("3.2")};

static enum common_for common_class(const struct stix_check *c)
{
    switch (c->rules) {
    case STIX_SDO:
    case STIX_SRO: return FOR_NODE;
    case STIX_SCO: return FOR_SCO;
    case STIX_META: break;
    case STIX_CUSTOM: return FOR_CUSTOM;
    }
    if (text_eq(c->head->type, TEXT("marking-definition")))
        return FOR_MARKING;
    return text_eq(c->head->type, TEXT("language-content")) ? FOR_LANGUAGE : FOR_EXTENSION;
}

/* ---- the values of common properties that are more than their kind ---- */

/* Section 3.4: an observable's identifier should follow from its properties. */
static void check_named(struct stix_check *c, const struct stix_place *at)
{
    char right[UUID_TEXT_MAX];
    struct uuid uuid;

    switch (observable_judge(c->object, &uuid)) {
    case OBSERVABLE_RANDOM:
        SHOULD(c, STIX_RULE("2.9"), at, "the identifier is random; the deterministic one ends in %s",
               uuid_format(&uuid, right).ptr);
        break;
    case OBSERVABLE_OTHER:
        SHOULD(c, STIX_RULE("2.9"), at, "the identifier is not the deterministic one, which ends in %s",
               uuid_format(&uuid, right).ptr);
        break;
    case OBSERVABLE_AS_NAMED:
    case OBSERVABLE_NOT_RANDOM: /* a MUST, and told by its type's rules */
    case OBSERVABLE_NOT_JUDGED: break;
    }
}

/* Section 2.9. Variants and versions that RFC 4122 does not define are a SHOULD: OASIS's own interoperability
 * documents are full of made-up digits. */
static void check_uuid(struct stix_check *c)
{
    static const struct stix_place id = {.name = NAMED("id")};
    const uint8_t *b = c->head->ident.uuid.b;
    unsigned version = b[6] >> 4;

    if (!c->shoulds || c->head->id.len == 0)
        return;
    if (b[8] >> 6 != 2 || version == 0 || version > 8)
        SHOULD(c, STIX_RULE("2.9"), &id, "its UUID has no variant and version of RFC 4122");
    else if (c->rules != STIX_SCO && c->rules != STIX_CUSTOM && version != 4)
        SHOULD(c, STIX_RULE("2.9"), &id, "its UUID should be of version 4, not %u", version);
    if (c->shape && c->rules == STIX_SCO)
        check_named(c, &id);
}

static void check_id(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    struct stix_head *h = c->head;

    if (!c->shape && text_starts(json_text(v), h->type) && !type_name_valid(h->type) && c->musts > 0)
        return; /* its type was told */
    if (ident_parse(json_text(v), &h->ident, NULL)) {
        MUST(c, STIX_RULE("2.9"), at, "no identifier (type--UUID)");
        return;
    }
    h->id = json_text(v);
    if (!text_eq(h->ident.type, h->type))
        MUST(c, STIX_RULE("2.9"), at, "begins with %.*s, but the object's type is %.*s", SHOWN(h->ident.type),
             SHOWN(h->type));
}

static void check_spec_version(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    struct text said = json_text(v);

    if (text_eq(said, TEXT("2.0")))
        MUST(c, STIX_RULE("3.2"), at, "2.0: a STIX 2.0 object, and 2.1 is read");
    else if (!text_eq(said, TEXT("2.1")))
        MUST(c, STIX_RULE("3.2"), at, "is 2.1, not %.*s", SHOWN(said));
}

/* An object's label is the strictest of its markings. */
static void take_markings(struct stix_check *c, const struct json_val *list)
{
    struct stix_head *h = c->head;

    if (json_size(list) > STIX_REFS_MAX) {
        fault_set(c->fault, ERR_LIMIT, "object_marking_refs has more than %d entries", STIX_REFS_MAX);
        stix_stop(c, ERR_LIMIT);
        return;
    }
    h->marking_refs = arena_alloc(c->arena, json_size(list) * sizeof(*h->marking_refs));
    if (!h->marking_refs) {
        stix_stop(c, ERR_NOMEM);
        return;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        struct ident id;
        enum tlp tlp;
        int version;

        if (ident_parse(json_text(it.val), &id, NULL))
            continue; /* told before */
        h->marking_refs[h->marking_count++] = json_text(it.val);
        if (tlp_of_marking(&id.uuid, &tlp, &version))
            h->tlp = tlp_stricter(h->tlp, tlp);
        else
            h->unknown_marking = true;
    }
}

static void take_common(struct stix_check *c, enum common i, const struct json_val *v, const struct stix_place *at)
{
    struct stix_head *h = c->head;
    int64_t number;

    switch (i) {
    case COMMON_ID: check_id(c, v, at); break;
    case COMMON_SPEC_VERSION: check_spec_version(c, v, at); break;
    case COMMON_CREATED_BY_REF: h->created_by_ref = json_text(v); break;
    case COMMON_CREATED: h->has_created = stamp_parse(json_text(v), &h->created, NULL) == OK; break;
    case COMMON_MODIFIED: h->has_modified = stamp_parse(json_text(v), &h->modified, NULL) == OK; break;
    case COMMON_REVOKED: h->revoked = json_bool(v, false); break;
    case COMMON_CONFIDENCE: h->confidence = json_i64(v, &number) ? (int)number : -1; break;
    case COMMON_OBJECT_MARKING_REFS:
        if (c->refs)
            take_markings(c, v);
        break;
    case COMMON_GRANULAR_MARKINGS: h->granular = true; break;
    default: break;
    }
}

static void check_common(struct stix_check *c, enum common i, const struct json_val *v, const struct stix_place *at)
{
    enum common_for class = common_class(c);
    uint64_t before = c->musts;

    stix_check_prop(c, &common_shape, &common[i].prop, v, at);
    if (c->musts == before)
        take_common(c, i, v, at);
    if (class == FOR_CUSTOM || (common[i].allowed & class))
        return;
    /* Of what is not in use the text forbids `defanged` in so many words, and says that observables have no versions
     * (3.6) and marking definitions none either (7.2.1). */
    if (i == COMMON_DEFANGED || (class == FOR_SCO && (i == COMMON_CREATED || i == COMMON_MODIFIED)))
        MUST(c, STIX_RULE("3.2"), at, "does not belong on a %.*s", SHOWN(c->head->type));
    else
        SHOULD(c, STIX_RULE("3.2"), at, "does not belong on a %.*s", SHOWN(c->head->type));
}

/* ---- members ---- */

static const struct stix_prop *find(const struct stix_prop *props, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (props[i].name.len == name.len && memcmp(props[i].name.ptr, name.ptr, name.len) == 0)
            return &props[i];
    return NULL;
}

static int find_common(struct text name)
{
    for (int i = 0; i < COMMONS; i++)
        if (common[i].prop.name.len == name.len && memcmp(common[i].prop.name.ptr, name.ptr, name.len) == 0)
            return i;
    return -1;
}

/* What should be there and is not. */
static void check_presence(struct stix_check *c, const struct stix_shape *s, uint64_t seen,
                           const struct stix_place *at)
{
    uint64_t counts = s->least == LEAST_BESIDE_FIRST ? seen & ~UINT64_C(1) : seen;

    for (size_t i = 0; i < s->count; i++)
        if ((s->props[i].flags & PROP_REQUIRED) && !(seen >> i & 1))
            stix_missing(c, s->rule, at, s->props[i].name, "is required, and not there");
    if (s->least != LEAST_NOTHING && counts == 0)
        MUST(c, s->rule, at, "at least one of the properties of a %s%s is required", s->name.ptr,
             s->least == LEAST_ONE ? "" : " besides the required one");
}

bool stix_name_common(struct text name)
{
    return find_common(name) >= 0;
}

static void check_member(struct stix_check *c, const struct stix_shape *s, const struct json_iter *it,
                         const struct json_val *object, const struct stix_place *up, uint64_t *seen)
{
    const struct stix_place here = {.up = up, .name = it->key};
    const struct stix_prop *p = s ? find(s->props, s->count, it->key) : NULL;

    if (p) {
        *seen |= UINT64_C(1) << (p - s->props);
        stix_check_prop(c, s, p, it->val, &here);
    } else {
        stix_check_custom(c, it->key, object, it->val, &here);
    }
}

void stix_check_members(struct stix_check *c, const struct stix_shape *s, const struct json_val *object,
                        const struct stix_place *at)
{
    uint64_t seen = 0;

    for (struct json_iter it = json_iter_of(object); !c->over && json_next(&it);)
        check_member(c, s, &it, object, at, &seen);
    check_presence(c, s, seen, at);
    if (s->check && !c->over)
        s->check(c, object, at);
}

/* STIX 2.0 had `created`, `modified` and others with a meaning of their own: of common properties only those are
 * judged that an observable of 2.1 may have and one of 2.0 did not. */
static bool check_contained_common(struct stix_check *c, enum common i, const struct json_val *v,
                                   const struct stix_place *at)
{
    switch (i) {
    case COMMON_TYPE: return true;
    case COMMON_ID:
        if (!json_is_string(v))
            MUST(c, STIX_RULE("2.9"), at, "is a string");
        return true;
    case COMMON_OBJECT_MARKING_REFS:
    case COMMON_GRANULAR_MARKINGS:
    case COMMON_DEFANGED:
    case COMMON_EXTENSIONS: stix_check_prop(c, &common_shape, &common[i].prop, v, at); return true;
    default: return false;
    }
}

void stix_check_contained(struct stix_check *c, const struct stix_place *at)
{
    const struct stix_shape *s = c->shape;
    uint64_t seen = 0;

    for (struct json_iter it = json_iter_of(c->object); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};
        int i = find_common(it.key);

        if (i < 0)
            check_member(c, s, &it, c->object, at, &seen);
        else if (!check_contained_common(c, (enum common)i, it.val, &here))
            stix_walk(c, it.val, HOLLOW_MUST, &here);
    }
    check_presence(c, s, seen, at);
    if (s->check && !c->over)
        s->check(c, c->object, at);
}

static void check_common_presence(struct stix_check *c, unsigned seen)
{
    enum common_for class = common_class(c);

    for (int i = 0; i < COMMONS; i++)
        if ((common[i].required & class) && !(seen >> i & 1))
            stix_missing(
                c, i == COMMON_CREATED_BY_REF ? STIX_RULE("7.3.1") : STIX_RULE("3.2"), NULL, common[i].prop.name,
                i == COMMON_SPEC_VERSION ? "is required; without it this is a STIX 2.0 object, and 2.1 is read"
                                         : "is required, and not there");
}

static void check_versions(struct stix_check *c)
{
    const struct stix_place modified = {.name = TEXT("modified")};
    struct stix_head *h = c->head;

    if (common_class(c) == FOR_MARKING) /* section 7.2.1: never versioned */
        h->has_modified = false;
    if (h->has_created && h->has_modified && stamp_cmp(h->modified, h->created) < 0)
        MUST(c, STIX_RULE("3.2"), &modified, "is earlier than created");
}

static void check_top(struct stix_check *c)
{
    const struct stix_shape *s = c->shape;
    unsigned common_seen = 0;
    uint64_t seen = 0;

    for (struct json_iter it = json_iter_of(c->object); !c->over && json_next(&it);) {
        const struct stix_place here = {.name = it.key};
        int i = find_common(it.key);

        if (i < 0) {
            check_member(c, s, &it, c->object, NULL, &seen);
            continue;
        }
        common_seen |= 1U << i;
        check_common(c, (enum common)i, it.val, &here);
    }
    check_common_presence(c, common_seen);
    check_versions(c);
    if (s)
        check_presence(c, s, seen, NULL);
    if (s && s->check && !c->over)
        s->check(c, c->object, NULL);
    check_uuid(c);
}

static void check_bundle(struct stix_check *c)
{
    const struct json_val *id = json_get(c->object, "id");
    uint64_t seen = 0;

    for (struct json_iter it = json_iter_of(c->object); !c->over && json_next(&it);) {
        const struct stix_place here = {.name = it.key};

        if (text_eq(it.key, TEXT("id")) && json_is_string(it.val))
            check_id(c, it.val, &here);
        else if (text_eq(it.key, TEXT("id")))
            MUST(c, STIX_RULE("2.9"), &here, "an identifier is a string");
        else if (text_eq(it.key, TEXT("objects")))
            check_member(c, &stix_bundle, &it, c->object, NULL, &seen);
        else if (!text_eq(it.key, TEXT("type")))
            SHOULD(c, STIX_RULE("8"), &here, "a bundle has no such property; nobody keeps it");
    }
    check_uuid(c);
    if (!id)
        stix_missing(c, stix_bundle.rule, NULL, TEXT("id"), "is required, and not there");
}

void stix_check_object(struct stix_check *c)
{
    static const struct stix_place type_place = {.name = NAMED("type")};
    const struct json_val *type = json_get(c->object, "type");
    struct stix_head *h = c->head;

    if (json_type(c->object) != JSON_OBJECT) {
        MUST(c, STIX_RULE("3"), NULL, "a STIX object is a JSON object");
        return;
    }
    if (!json_is_string(type)) {
        MUST(c, STIX_RULE("3.2"), &type_place, type ? "is a string" : "is required, and not there");
        return;
    }
    h->type = json_text(type);
    if (text_eq(h->type, stix_bundle.name)) {
        c->rules = STIX_META;
        if (c->first_only)
            MUST(c, STIX_RULE("8"), NULL, "a bundle is no object; what it holds is read one by one");
        else
            check_bundle(c);
        return;
    }
    c->shape = stix_shape_of(h->type);
    h->cls = c->rules = c->shape ? c->shape->cls : STIX_CUSTOM;
    if (!c->shape && !type_name_valid(h->type))
        MUST(c, STIX_RULE("3.1"), &type_place, "a type is 3 to 250 of a-z, 0-9 and single hyphens, a letter first");
    c->defanged = json_bool(json_get(c->object, "defanged"), false);
    stix_extensions_say(c, json_get(c->object, "extensions"));
    check_top(c);
}
