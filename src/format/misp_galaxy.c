/* format/misp_galaxy.c - clusters of galaxies -> the domain objects they stand for, with the cluster's uuid, and how
 * attributes and objects stand to them. */
#include <string.h>

#include "format/misp_inside.h"

/* A galaxy's type begins or ends with the word. In this order: "mitre-malware" before "mitre-". */
static const struct {
    const char *word, *type;
} kinds[] = {
    {"attack-pattern", "attack-pattern"},
    {"course-of-action", "course-of-action"},
    {"preventive-measure", "course-of-action"},
    {"intrusion-set", "intrusion-set"},
    {"threat-actor", "threat-actor"},
    {"microsoft-activity-group", "threat-actor"},
    {"malware", "malware"},
    {"malpedia", "malware"},
    {"ransomware", "malware"},
    {"android", "malware"},
    {"backdoor", "malware"},
    {"banker", "malware"},
    {"botnet", "malware"},
    {"cryptominers", "malware"},
    {"rat", "malware"},
    {"stealer", "malware"},
    {"exploit-kit", "tool"},
    {"tds", "tool"},
    {"tool", "tool"},
    {"campaign", "campaign"},
    {"branded-vulnerability", "vulnerability"},
    {"vulnerability", "vulnerability"},
    {"sector", "identity"},
};

static const char *type_of(struct text galaxy)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct text word = text_of(kinds[i].word);
        if (text_eq(galaxy, word) ||
            (text_ends(galaxy, word) && galaxy.len > word.len && galaxy.ptr[galaxy.len - word.len - 1] == '-'))
            return kinds[i].type;
    }
    return "x-misp-galaxy-cluster";
}

/* "Access Token Manipulation - T1134" is called "Access Token Manipulation". */
static struct text short_name(const struct json_val *cluster, struct text external)
{
    struct text name = text_trim(misp_text(cluster, "value"));
    if (external.len && text_ends(name, external)) {
        struct text rest = text_sub(name, 0, name.len - external.len);
        if (text_ends(rest, TEXT(" - ")) && rest.len > 3)
            return text_sub(rest, 0, rest.len - 3);
    }
    return name;
}

static void put_words(struct json_out *o, const char *name, const struct json_val *list)
{
    if (json_type(list) != JSON_ARRAY)
        return;
    size_t words = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        words += json_text(it.val).len > 0;
    if (words == 0)
        return;
    json_key(o, text_of(name));
    json_open(o, '[');
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        if (json_text(it.val).len)
            json_put_text(o, json_text(it.val));
    json_close(o, ']');
}

static struct text first_text(const struct json_val *v)
{
    struct json_iter it = json_iter_of(v);
    if (json_is_string(v))
        return json_text(v);
    return json_type(v) == JSON_ARRAY && json_next(&it) ? json_text(it.val) : TEXT_NONE;
}

static bool is_web(struct text t)
{
    return text_starts(t, TEXT("http://")) || text_starts(t, TEXT("https://"));
}

static void put_references(struct json_out *o, const struct json_val *meta, struct text external)
{
    size_t count = external.len > 0;
    const struct json_val *refs = json_get(meta, "refs");
    if (json_type(refs) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(refs); json_next(&it);)
            count += is_web(json_text(it.val));
    if (count == 0)
        return;
    json_key(o, TEXT("external_references"));
    json_open(o, '[');
    if (external.len) {
        json_open(o, '{');
        json_member_text(o, "source_name",
                         text_starts(external, TEXT("CVE-"))     ? TEXT("cve")
                         : text_starts(external, TEXT("CAPEC-")) ? TEXT("capec")
                                                                 : TEXT("mitre-attack"));
        json_member_text(o, "external_id", external);
        json_close(o, '}');
    }
    if (json_type(refs) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(refs); json_next(&it);)
            if (is_web(json_text(it.val))) {
                json_open(o, '{');
                json_member_text(o, "source_name", TEXT("url"));
                json_member_text(o, "url", json_text(it.val));
                json_close(o, '}');
            }
    json_close(o, ']');
}

/* "mitre-attack:defense-evasion": the first word is the chain, the last the phase. */
static bool phase(struct text t, struct text *chain, struct text *step)
{
    ptrdiff_t first = text_find(t, ':', 0), last = first;
    for (ptrdiff_t i = first; i >= 0; i = text_find(t, ':', (size_t)i + 1))
        last = i;
    if (first <= 0 || (size_t)last + 1 >= t.len)
        return false;
    *chain = text_sub(t, 0, (size_t)first);
    *step = text_sub(t, (size_t)last + 1, t.len);
    return true;
}

static void put_phases(struct json_out *o, const struct json_val *list)
{
    struct text chain, step;
    size_t count = 0;
    if (json_type(list) != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        count += phase(json_text(it.val), &chain, &step);
    if (count == 0)
        return;
    json_key(o, TEXT("kill_chain_phases"));
    json_open(o, '[');
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        if (phase(json_text(it.val), &chain, &step)) {
            json_open(o, '{');
            json_member_text(o, "kill_chain_name", chain);
            json_member_text(o, "phase_name", step);
            json_close(o, '}');
        }
    json_close(o, ']');
}

static void put_galaxy_label(struct misp *m, struct json_out *o, const char *name, struct text value)
{
    buffer_clear(&m->name);
    buffer_addf(&m->name, "%s=\"", name);
    buffer_add(&m->name, value);
    buffer_add_char(&m->name, '"');
    json_put_text(o, buffer_text(&m->name));
}

static bool has_aliases(const char *type)
{
    return strcmp(type, "attack-pattern") == 0 || strcmp(type, "intrusion-set") == 0 ||
           strcmp(type, "threat-actor") == 0 || strcmp(type, "malware") == 0 || strcmp(type, "tool") == 0 ||
           strcmp(type, "campaign") == 0;
}

static void put_cluster(struct misp *m, struct json_out *o, const struct json_val *galaxy,
                        const struct json_val *cluster, const char *type)
{
    const struct json_val *meta = json_get(cluster, "meta");
    struct text external = first_text(json_get(meta, "external_id"));
    bool known = strncmp(type, "x-", 2) != 0;
    if (known) {
        json_member_text(o, "name", short_name(cluster, external));
        if (misp_text(cluster, "description").len)
            json_member_text(o, "description", misp_text(cluster, "description"));
    } else {
        json_member_text(o, "x_misp_name", misp_text(galaxy, "name"));
        json_member_text(o, "x_misp_type", misp_text(galaxy, "type"));
        json_member_text(o, "x_misp_description", misp_text(cluster, "description"));
    }
    json_member_text(o, "x_misp_value", misp_text(cluster, "value"));
    if (strcmp(type, "malware") == 0)
        json_member_bool(o, "is_family", false);
    if (strcmp(type, "identity") == 0)
        json_member_text(o, "identity_class", TEXT("class"));
    if (has_aliases(type))
        put_words(o, "aliases", json_get(meta, "synonyms"));
    if (strcmp(type, "attack-pattern") == 0 || strcmp(type, "malware") == 0 || strcmp(type, "tool") == 0)
        put_phases(o, json_get(meta, "kill_chain"));
    put_references(o, meta, external);
    if (json_type(meta) == JSON_OBJECT && json_size(meta) > 0) {
        json_key(o, TEXT("x_misp_meta"));
        misp_json_value(o, meta);
    }
    if (misp_text(cluster, "tag_name").len)
        json_member_text(o, "x_misp_tag_name", misp_text(cluster, "tag_name"));
    json_key(o, TEXT("labels"));
    json_open(o, '[');
    put_galaxy_label(m, o, "misp:galaxy-name", misp_text(galaxy, "name"));
    put_galaxy_label(m, o, "misp:galaxy-type", misp_text(galaxy, "type"));
    json_close(o, ']');
}

static enum err relate(struct misp *m, const struct misp_item *i, struct text source, const char *type,
                       const struct uuid *cluster, struct text wanted)
{
    char target[IDENT_TEXT_MAX];
    struct fault why;
    struct text word = TEXT("related-to");
    if (type_name_valid(wanted))
        word = wanted;
    else if (text_starts(source, TEXT("indicator--")) && strncmp(type, "x-", 2) != 0 &&
             strcmp(type, "course-of-action") != 0 && strcmp(type, "identity") != 0 &&
             strcmp(type, "vulnerability") != 0)
        word = TEXT("indicates");
    ident_format(text_of(type), cluster, target);
    struct uuid uuid = misp_derived(&i->uuid, source, text_of(target), m);
    struct json_out o = misp_begin(m, i, "relationship", &uuid, true);
    json_member_text(&o, "relationship_type", word);
    json_member_text(&o, "source_ref", source);
    json_member_text(&o, "target_ref", text_of(target));
    if (m->part)
        misp_put_uuid(&o, "x_misp_attribute_uuid", m->part);
    enum err e = misp_done(m, &o, true, &why);
    return e == ERR_NOMEM ? e : OK;
}

static enum err write_cluster(struct misp *m, const struct json_val *galaxy, const struct misp_item *c,
                              const char *type, struct fault *why)
{
    char creator[IDENT_TEXT_MAX];
    memcpy(creator, m->creator, sizeof creator);
    m->creator[0] = 0; /* whoever wrote the event did not make the galaxy */
    struct json_out o = misp_begin(m, c, type, &c->uuid, true);
    memcpy(m->creator, creator, sizeof creator);
    put_cluster(m, &o, galaxy, c->v, type);
    return misp_done(m, &o, true, why);
}

/* Once in the event. Instances of 2017 gave all clusters of a galaxy its uuid: a second value of one uuid has one
 * made of both. */
static enum err known_cluster(struct misp *m, const struct json_val *galaxy, struct misp_item *c, const char *type,
                              const struct misp_item *i, struct text source)
{
    struct fault why;
    struct ident written;
    char id[IDENT_TEXT_MAX];
    struct uuid key = misp_derived(&c->uuid, text_of(type), misp_text(c->v, "value"), m);
    struct text before = misp_names_get(&m->names, &key);
    enum err e = OK;
    if (before.len && ident_parse(before, &written, NULL) == OK) {
        c->uuid = written.uuid;
    } else {
        e = write_cluster(m, galaxy, c, type, &why);
        if (e == ERR_EXISTS) {
            c->uuid = key;
            e = write_cluster(m, galaxy, c, type, &why);
        }
        if (e == ERR_MALFORMED || e == ERR_LIMIT) {
            misp_lost(m, i->place, "galaxy cluster: %.150s", why.what);
            return OK;
        }
        if (e == OK)
            e = misp_names_add(&m->names, &key, ident_format(text_of(type), &c->uuid, id));
    }
    if (e == ERR_NOMEM || source.len == 0)
        return e == ERR_NOMEM ? e : OK;
    return relate(m, i, source, type, &c->uuid, misp_text(c->v, "relationship_type"));
}

static enum err one_cluster(struct misp *m, const struct json_val *galaxy, const struct json_val *cluster,
                            const struct misp_item *i, struct text source)
{
    struct text galaxy_type = misp_text(galaxy, "type");
    struct misp_item c = {.v = cluster, .modified = m->modified, .created = {.digits = 3}};
    if (galaxy_type.len == 0)
        galaxy_type = misp_text(cluster, "type");
    if (uuid_parse(misp_text(cluster, "uuid"), &c.uuid) != OK || misp_text(cluster, "value").len == 0) {
        misp_lost(m, i->place, "a galaxy cluster without a value or a uuid");
        return OK;
    }
    /* A cluster of a galaxy that only some may see has a distribution of its own. */
    enum err e = misp_marks_of(m, cluster, &i->marks, &c.marks);
    if (e)
        return e;
    return known_cluster(m, galaxy, &c, type_of(galaxy_type), i, source);
}

enum err misp_galaxy(struct misp *m, const struct json_val *galaxy, const struct misp_item *i, struct text source)
{
    const struct json_val *clusters = json_get(galaxy, "GalaxyCluster");
    enum err e = OK;
    if (json_type(clusters) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(clusters); !e && json_next(&it);)
            e = one_cluster(m, galaxy, it.val, i, source);
    return e;
}

enum err misp_galaxies(struct misp *m, const struct json_val *list, const struct misp_item *i, struct text source)
{
    enum err e = OK;
    if (json_type(list) == JSON_ARRAY)
        for (struct json_iter it = json_iter_of(list); !e && json_next(&it);)
            e = misp_galaxy(m, it.val, i, source);
    return e;
}
