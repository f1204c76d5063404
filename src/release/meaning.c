/* release/meaning.c - the tables of closing: which references may be pruned, which properties may be cut.
 *
 * A withheld reference is taken out only where a row of `optional` says that the object keeps its meaning without it;
 * everywhere else, known property or not, at any depth, the whole object is withheld. So not in the table, on
 * purpose:
 *   - relationship source_ref, target_ref; sighting sighting_of_ref; language-content object_ref: nothing remains;
 *   - observed-data object_refs: the rest would say that less was seen than was;
 *   - network-traffic src_ref, dst_ref; email-message from_ref; file parent_directory_ref: the object's own id is a
 * hash over them (STIX 2.1 section 2.9), from which the withheld value could be guessed;
 *   - extension-definition created_by_ref, which is required, and references in extensions and custom properties, of
 *     which nobody here knows whether they are.
 *
 * A marked portion is cut only where a row of `meanings` knows the type, and neither of its lists names the property:
 * `required` ones (sections 3, 4, 5, 6; those that make the identifier, section 2.9; and the end of its life), and
 * those that turn the meaning of the rest: a sighting of count 0 was not seen, coordinates without their precision
 * look exact. */
#include "release/meaning.h"

static const struct optional optional[] = {
    {NULL, "created_by_ref", NO_LIST},
    {"report", "object_refs", NEEDS_ONE},
    {"grouping", "object_refs", NEEDS_ONE},
    {"note", "object_refs", NEEDS_ONE},
    {"opinion", "object_refs", NEEDS_ONE},
    {"sighting", "observed_data_refs", MAY_GO},
    {"sighting", "where_sighted_refs", MAY_GO},
    {"malware", "sample_refs", MAY_GO},
    {"malware", "operating_system_refs", MAY_GO},
    {"malware-analysis", "host_vm_ref", NO_LIST},
    {"malware-analysis", "operating_system_ref", NO_LIST},
    {"malware-analysis", "installed_software_refs", MAY_GO},
    {"domain-name", "resolves_to_refs", MAY_GO},
    {"ipv4-addr", "resolves_to_refs", MAY_GO},
    {"ipv4-addr", "belongs_to_refs", MAY_GO},
    {"ipv6-addr", "resolves_to_refs", MAY_GO},
    {"ipv6-addr", "belongs_to_refs", MAY_GO},
    {"email-addr", "belongs_to_ref", NO_LIST},
    {"email-message", "sender_ref", NO_LIST},
    {"email-message", "to_refs", MAY_GO},
    {"email-message", "cc_refs", MAY_GO},
    {"email-message", "bcc_refs", MAY_GO},
    {"email-message", "raw_email_ref", NO_LIST},
    {"directory", "contains_refs", MAY_GO},
    {"file", "contains_refs", MAY_GO},
    {"file", "content_ref", NO_LIST},
    {"windows-registry-key", "creator_user_ref", NO_LIST},
};

static const char *const sighting_fields[] = {
    "count",        "created",  "created_by_ref",      "first_seen", "id",
    "last_seen",    "modified", "object_marking_refs", "revoked",    "sighting_of_ref",
    "spec_version", "type",     "where_sighted_refs",
};

static const char *const opinion_fields[] = {
    "created",     "created_by_ref", "explanation", "id",           "modified", "object_marking_refs",
    "object_refs", "opinion",        "revoked",     "spec_version", "type",
};

/* Lists with a space between. */
#define OF_ALL  "type id spec_version created modified revoked object_marking_refs granular_markings"
#define TURNING "defanged extensions"
/* Of a type that nobody here knows, only these may be cut. */
#define OF_NO_WEIGHT "confidence created_by_ref external_references labels lang"

static const struct meaning {
    const char *type, *required, *turning;
} meanings[] = {
    {"attack-pattern", "name", ""},
    {"campaign", "name", ""},
    {"course-of-action", "name", ""},
    {"grouping", "context object_refs", ""},
    {"identity", "name", "identity_class"},
    {"incident", "name", ""},
    {"indicator", "pattern pattern_type pattern_version valid_from valid_until", "indicator_types"},
    {"infrastructure", "name", ""},
    {"intrusion-set", "name", ""},
    {"location", "region country latitude longitude", "precision"},
    {"malware", "is_family name", ""},
    {"malware-analysis", "product result analysis_sco_refs", "result_name"},
    {"note", "content object_refs", ""},
    {"observed-data", "first_observed last_observed number_observed object_refs objects", ""},
    {"opinion", "opinion object_refs", ""},
    {"report", "name published object_refs", ""},
    {"threat-actor", "name", ""},
    {"tool", "name", ""},
    {"vulnerability", "name", ""},
    {"relationship", "relationship_type source_ref target_ref", "start_time stop_time"},
    {"sighting", "sighting_of_ref", "count summary"},
    {"artifact", "hashes payload_bin url", "encryption_algorithm decryption_key"},
    {"autonomous-system", "number", ""},
    {"directory", "path", "path_enc"},
    {"domain-name", "value", ""},
    {"email-addr", "value", ""},
    {"email-message", "is_multipart from_ref subject body body_multipart", ""},
    {"file", "hashes name parent_directory_ref", "name_enc"},
    {"ipv4-addr", "value", ""},
    {"ipv6-addr", "value", ""},
    {"mac-addr", "value", ""},
    {"mutex", "name", ""},
    {"network-traffic", "protocols src_ref dst_ref src_port dst_port start end", "is_active"},
    {"software", "name cpe swid vendor version", ""},
    {"url", "value", ""},
    {"user-account", "account_type user_id account_login", "is_disabled"},
    {"windows-registry-key", "key values", ""},
    {"x509-certificate", "hashes serial_number", "is_self_signed"},
};

static bool listed(const char *list, struct text word)
{
    struct text rest = text_of(list), piece;
    while (text_split(&rest, ' ', &piece))
        if (piece.len && text_eq(piece, word))
            return true;
    return false;
}

const struct optional *meaning_optional(struct text type, struct text property)
{
    if (text_eq(type, TEXT("extension-definition")))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        const struct optional *o = &optional[i];
        if ((!o->type || text_eq(type, text_of(o->type))) && text_eq(property, text_of(o->property)))
            return o;
    }
    return NULL;
}

bool meaning_sighting_field(struct text type, struct text property)
{
    bool opinion = text_eq(type, TEXT("opinion"));
    const char *const *fields = opinion ? opinion_fields : sighting_fields;
    size_t count = opinion ? ARRAY_LEN(opinion_fields) : ARRAY_LEN(sighting_fields);
    for (size_t i = 0; i < count; i++)
        if (text_eq(property, text_of(fields[i])))
            return true;
    return false;
}

static const struct meaning *meaning_of(struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if (text_eq(type, text_of(meanings[i].type)))
            return &meanings[i];
    return NULL;
}

bool meaning_known(struct text type)
{
    return meaning_of(type) != NULL;
}

bool meaning_required(struct text type, struct text property)
{
    const struct meaning *m = meaning_of(type);
    return listed(OF_ALL, property) || (m && listed(m->required, property));
}

bool meaning_misleads_without(struct text type, struct text property)
{
    const struct meaning *m = meaning_of(type);
    return listed(TURNING, property) || (m && listed(m->turning, property));
}

bool meaning_may_be_cut(struct text type, struct text property)
{
    if (!meaning_of(type))
        return listed(OF_NO_WEIGHT, property);
    return !meaning_required(type, property) && !meaning_misleads_without(type, property);
}
