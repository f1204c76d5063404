/* model/terms_read.c - one function for each thing that a marking definition can say; see terms_read.h. */
#include "model/terms_read.h"

#include "base/time.h"

/* What was read so far. Every reader below returns false for what it cannot read. */
struct reading {
    struct terms terms;
    enum tlp tlp;
    bool statement, more; /* it has a statement; it says something else */
};

static bool add(struct reading *r, const struct terms *t)
{
    r->more = true;
    return terms_add(&r->terms, t);
}

static bool add_tlp(struct reading *r, struct text word)
{
    enum tlp tlp;

    if (tlp_parse(word, &tlp))
        return false;
    r->tlp = tlp_stricter(r->tlp, tlp);
    r->more = true;
    return true;
}

static bool add_pap(struct reading *r, struct text word)
{
    struct terms t = {0};

    return pap_parse(word, &t.pap) == OK && add(r, &t);
}

/* ---- extensions ---- */

static bool read_tlp2(struct reading *r, const struct json_val *ext)
{
    return add_tlp(r, json_text(json_get(ext, "tlp_2_0")));
}

static bool read_pap(struct reading *r, const struct json_val *ext)
{
    return add_pap(r, json_text(json_get(ext, "pap")));
}

/* One list of names; absent is empty. */
static bool read_names(const struct json_val *list, enum named_kind kind, struct named names[TERMS_NAMES_MAX],
                       uint8_t *count)
{
    struct named n;

    if (list && json_type(list) != JSON_ARRAY)
        return false;
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        enum named_kind otherwise = kind == NAMED_COUNTRY ? NAMED_ORGANISATION : kind;

        if (named_parse(json_text(it.val), otherwise, &n) || n.kind != kind || !named_insert(names, count, &n))
            return false;
    }
    return true;
}

static bool read_lists(const struct json_val *ext, struct named names[TERMS_NAMES_MAX], uint8_t *count)
{
    return read_names(json_get(ext, "countries"), NAMED_COUNTRY, names, count) &&
           read_names(json_get(ext, "organisations"), NAMED_ORGANISATION, names, count) &&
           read_names(json_get(ext, "groups"), NAMED_GROUP, names, count) && *count > 0;
}

static bool read_rel_to(struct reading *r, const struct json_val *ext)
{
    struct terms t = {.has_rel_to = true};

    return read_lists(ext, t.rel_to, &t.rel_to_count) && add(r, &t);
}

static bool read_not_to(struct reading *r, const struct json_val *ext)
{
    struct terms t = {0};

    return read_lists(ext, t.not_to, &t.not_to_count) && add(r, &t);
}

static bool read_originator_control(struct reading *r, const struct json_val *ext)
{
    struct terms t = {.originator_control = true};

    return json_bool(json_get(ext, "originator_control"), false) && add(r, &t);
}

/* An embargo that ended before 1970 is none. */
static bool read_embargo(struct reading *r, const struct json_val *ext)
{
    struct terms t = {0};
    struct stamp until;

    if (stamp_parse(json_text(json_get(ext, "embargo_until")), &until, NULL))
        return false;
    t.embargo_until_us = stamp_us(until) > 0 ? stamp_us(until) : 0;
    return add(r, &t);
}

/* A purpose that we do not know allows nothing here: what is left of the list is the limit. */
static bool read_purpose(struct reading *r, const struct json_val *ext)
{
    const struct json_val *list = json_get(ext, "purposes");
    struct terms t = {0};

    if (json_type(list) != JSON_ARRAY || json_size(list) == 0)
        return false;
    for (struct json_iter it = json_iter_of(list); json_next(&it);) {
        if (!json_is_string(it.val))
            return false;
        t.purposes |= purpose_of(json_text(it.val));
    }
    if (!t.purposes)
        t.purposes = PURPOSE_NOTHING;
    return add(r, &t);
}

static bool read_classification(struct reading *r, const struct json_val *ext)
{
    struct terms t = {0};

    return classification_parse(json_text(json_get(ext, "classification")), &t.classification) == OK && add(r, &t);
}

static bool read_personal_data(struct reading *r, const struct json_val *ext)
{
    struct terms t = {.personal_data = true};

    return json_bool(json_get(ext, "personal_data"), false) && add(r, &t);
}

/* US ACS 3.0: control_set.classification is U, C, S or TS. Whom its privileges let have it is nothing that we can
 * read, so the marking stays unreadable whatever the classification. */
static bool read_acs(struct reading *r, const struct json_val *ext)
{
    struct text level = json_text(json_get(json_get(ext, "control_set"), "classification"));
    struct terms t = {0};

    if (text_eq(level, TEXT("C")))
        t.classification = CLASSIFICATION_CONFIDENTIAL;
    else if (text_eq(level, TEXT("S")))
        t.classification = CLASSIFICATION_SECRET;
    else if (text_eq(level, TEXT("TS")))
        t.classification = CLASSIFICATION_TOP_SECRET;
    (void)add(r, &t);
    return false;
}

/* Colour and place in OpenCTI's lists. */
static bool read_decoration(struct reading *r, const struct json_val *ext)
{
    (void)r, (void)ext;
    return true;
}

static const struct {
    struct text id;
    bool (*read)(struct reading *r, const struct json_val *ext);
} extensions[] = {
#define EXT(id)            \
    {                      \
        id, sizeof(id) - 1 \
    }
    {EXT(EXT_TLP2), read_tlp2},
    {EXT(EXT_PAP), read_pap},
    {EXT(EXT_ACS), read_acs},
    {EXT(EXT_OPENCTI), read_decoration},
    {EXT(EXT_REL_TO), read_rel_to},
    {EXT(EXT_NOT_TO), read_not_to},
    {EXT(EXT_ORIGINATOR_CONTROL), read_originator_control},
    {EXT(EXT_EMBARGO), read_embargo},
    {EXT(EXT_PURPOSE), read_purpose},
    {EXT(EXT_CLASSIFICATION), read_classification},
    {EXT(EXT_PERSONAL_DATA), read_personal_data},
#undef EXT
};

static bool read_extension(struct reading *r, struct text id, const struct json_val *ext)
{
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        if (text_eq(extensions[i].id, id))
            return extensions[i].read(r, ext);
    return false;
}

static bool read_extensions(struct reading *r, const struct json_val *all)
{
    bool good = !all || json_type(all) == JSON_OBJECT;

    for (struct json_iter it = json_iter_of(all); json_next(&it);)
        if (!read_extension(r, it.key, it.val))
            good = false; /* the others are still read, for a classification among them */
    return good;
}

/* ---- definition_type and definition ---- */

/* "TLP:RED" or "PAP:RED" standing alone where free text may stand. */
static void read_label_words(struct reading *r, struct text words)
{
    words = text_trim(words);
    if (text_eq_nocase(text_sub(words, 0, 4), TEXT("TLP:")))
        (void)add_tlp(r, words);
    else if (text_eq_nocase(text_sub(words, 0, 4), TEXT("PAP:")))
        (void)add_pap(r, words);
}

static bool read_statement_words(struct reading *r, struct text words)
{
    struct terms t = {.classification = classification_of_statement(words)};

    read_label_words(r, words);
    return t.classification == CLASSIFICATION_NONE || add(r, &t);
}

static bool read_statement(struct reading *r, const struct json_val *object, const struct json_val *definition)
{
    const struct json_val *statement = json_get(definition, "statement");

    r->statement = true;
    read_label_words(r, json_text(json_get(object, "name")));
    return json_is_string(statement) && read_statement_words(r, json_text(statement));
}

/* OpenCTI and misp-stix write the level below the type in lower or upper case; OpenCTI's stream in the name alone. */
static struct text level_of(const struct json_val *object, const struct json_val *definition, const char *lower,
                            const char *upper)
{
    const struct json_val *level = json_get(definition, lower);

    if (!level)
        level = json_get(definition, upper);
    if (!level && json_is_string(definition))
        level = definition;
    if (!level)
        level = json_get(object, "name");
    return json_text(level);
}

static bool read_typed(struct reading *r, const struct json_val *object, struct text type)
{
    const struct json_val *definition = json_get(object, "definition");

    if (text_eq_nocase(type, TEXT("statement")))
        return read_statement(r, object, definition);
    if (text_eq_nocase(type, TEXT("tlp")))
        return add_tlp(r, level_of(object, definition, "tlp", "TLP"));
    if (text_eq_nocase(type, TEXT("pap")))
        return add_pap(r, level_of(object, definition, "pap", "PAP"));
    /* An unknown type may still be a classification by its words. */
    if (json_get(definition, "statement"))
        (void)read_statement_words(r, json_text(json_get(definition, "statement")));
    return false;
}

/* OpenCTI writes what STIX has no type for as a statement "custom" and says beside it what it means. */
static bool read_opencti(struct reading *r, const struct json_val *object)
{
    struct text type = json_text(json_get(object, "x_opencti_definition_type"));
    struct text words = json_text(json_get(object, "x_opencti_definition"));

    if (!json_get(object, "x_opencti_definition_type"))
        return true;
    if (text_eq_nocase(type, TEXT("tlp")))
        return add_tlp(r, words);
    if (text_eq_nocase(type, TEXT("pap")))
        return add_pap(r, words);
    return read_statement_words(r, words) && text_eq_nocase(type, TEXT("statement"));
}

/* ---- the whole ---- */

static bool read_published(struct reading *r, const struct json_val *object)
{
    struct ident id;
    enum tlp tlp;
    int version;

    if (ident_parse(json_text(json_get(object, "id")), &id, NULL))
        return false;
    if (tlp_of_marking(&id.uuid, &tlp, &version)) {
        r->tlp = tlp_stricter(r->tlp, tlp);
        r->more = true;
    }
    return true;
}

bool terms_read(const struct json_val *definition, struct terms *ret_terms, enum tlp *ret_tlp, bool *ret_statement)
{
    const struct json_val *type = json_get(definition, "definition_type"), *all = json_get(definition, "extensions");
    struct reading r = {0};
    bool good = read_published(&r, definition);

    good = read_opencti(&r, definition) && good;
    good = (!type || read_typed(&r, definition, json_text(type))) && good;
    good = read_extensions(&r, all) && good;
    good = good && (r.statement || r.more);
    *ret_terms = good ? r.terms : (struct terms){.classification = r.terms.classification};
    *ret_tlp = r.tlp;
    *ret_statement = good && r.statement && !r.more;
    return good;
}
