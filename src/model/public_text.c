/* model/public_text.c - see public_text.h. Canonical JSON (RFC 8785); what the extensions hold is described in
 * docs/objects/markings.md. Once published, not a byte of these may change: others compare them. */
#include "model/public_text.h"

#define HEAD   "{\"created\":\"2026-11-22T00:00:00.000Z\",\"created_by_ref\":\"" PUBLIC_TEXT_MAKER "\","
#define MIDDLE "\"modified\":\"2026-11-22T00:00:00.000Z\","
#define TAIL   "\"spec_version\":\"2.1\",\"type\":\"extension-definition\",\"version\":\"1.0.0\"}"
#define DEFINITION(id, name, words)                                                                        \
    {                                                                                                      \
        id, HEAD "\"description\":\"" words "\",\"extension_types\":[\"property-extension\"],\"id\":\"" id \
                 "\"," MIDDLE "\"name\":\"" name "\",\"schema\":\"https://entente.example/schemas/" name   \
                 ".json\"," TAIL                                                                           \
    }

static const struct {
    const char *id, *body;
} objects[PUBLIC_TEXTS] = {
    {PUBLIC_TEXT_MAKER, HEAD "\"description\":\"The makers of Entente, who define the extensions that its nodes "
                             "exchange.\",\"id\":\"" PUBLIC_TEXT_MAKER "\",\"identity_class\":\"group\"," MIDDLE
                             "\"name\":\"Entente\",\"spec_version\":\"2.1\",\"type\":\"identity\"}"},
    DEFINITION(EXT_REL_TO, "rel-to", "Release only to the named countries, organisations and groups."),
    DEFINITION(EXT_NOT_TO, "not-to", "No release to the named countries, organisations and groups."),
    DEFINITION(EXT_ORIGINATOR_CONTROL, "originator-control",
               "No release beyond the recipient's own organisation without the originator's consent."),
    DEFINITION(EXT_EMBARGO, "embargo", "No release before a moment."),
    DEFINITION(EXT_PURPOSE, "purpose", "Used for the named purposes alone."),
    DEFINITION(EXT_CLASSIFICATION, "classification", "Classified by a state, the EU or NATO."),
    DEFINITION(EXT_PERSONAL_DATA, "personal-data", "Holds personal data."),
    DEFINITION(EXT_TEAR_LINE, "tear-line", "What of an object may leave under another marking."),
};

struct text public_text_id(size_t at)
{
    return at < PUBLIC_TEXTS ? text_of(objects[at].id) : TEXT_NONE;
}

struct text public_text_body(struct text id)
{
    for (size_t i = 0; i < PUBLIC_TEXTS; i++)
        if (text_eq(id, text_of(objects[i].id)))
            return text_of(objects[i].body);
    return TEXT_NONE;
}

bool is_public_text(struct text id, struct text body)
{
    struct text ours = public_text_body(id);
    struct ident ident;
    enum tlp label;
    int version;

    if (ours.len)
        return text_eq(ours, body);
    if (ident_parse(id, &ident, NULL) || !text_eq(ident.type, TEXT("marking-definition")))
        return false;
    return tlp_of_marking(&ident.uuid, &label, &version) && text_eq(body, tlp_definition(label, version));
}
