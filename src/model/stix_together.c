/* model/stix_together.c - what only shows when several objects are seen together. Of each object a few hashes are
 * kept: in `known` one row for each identifier, in `versions` one for each identifier and modified. Who makes two of
 * them meet on purpose gains a fault in his own document; by chance they do once in some billion objects. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "model/stix_check.h"

#define FIRST_ROWS  64
#define NEVER       INT64_MAX
#define VALUE_BYTES (STIX_OBJECT_MAX_BYTES + 1 * KIB)

enum family { FAMILY_UNKNOWN, FAMILY_YES, FAMILY_NO };

/* Found by the UUID, so that two types with the same UUID meet. id 0: free. */
struct known {
    uint64_t uuid, id;
    uint64_t created, creator; /* 0: not there */
    int64_t revoked_us;        /* the first version that is revoked; NEVER */
    int64_t latest_us;
    uint8_t family;
};

struct version {
    uint64_t key, content; /* key 0: free */
};

struct stix_together {
    size_t max_bytes, bytes;
    bool full;
    struct known *known;
    size_t known_rows, known_count;
    struct version *versions;
    size_t version_rows, version_count;
    struct buffer value; /* one member in canonical form */
};

enum err stix_together_new(size_t max_bytes, struct stix_together **ret)
{
    struct stix_together *t = calloc(1, sizeof(*t));

    if (!t)
        return ERR_NOMEM;
    t->max_bytes = max_bytes;
    buffer_init(&t->value, VALUE_BYTES);
    *ret = t;
    return OK;
}

void stix_together_free(struct stix_together *t)
{
    if (!t)
        return;
    buffer_done(&t->value);
    free(t->known);
    free(t->versions);
    free(t);
}

bool stix_together_full(const struct stix_together *t)
{
    return t->full;
}

/* ---- tables ---- */

static uint64_t hash(struct text text)
{
    return xxh3_of(text.ptr, text.len) | 1; /* never 0 */
}

static size_t known_slot(const struct known *rows, size_t count, uint64_t uuid, uint64_t id)
{
    size_t slot = uuid & (count - 1);

    while (rows[slot].id != 0 && (rows[slot].uuid != uuid || rows[slot].id != id))
        slot = (slot + 1) & (count - 1);
    return slot;
}

static size_t version_slot(const struct version *rows, size_t count, uint64_t key)
{
    size_t slot = key >> 1 & (count - 1);

    while (rows[slot].key != 0 && rows[slot].key != key)
        slot = (slot + 1) & (count - 1);
    return slot;
}

/* Room for `rows` more in memory that may be used; else nothing more is remembered. */
static void *more_rows(struct stix_together *t, size_t before, size_t rows, size_t each)
{
    void *memory;

    if (t->bytes + (rows - before) * each > t->max_bytes) {
        t->full = true;
        return NULL;
    }
    memory = calloc(rows, each);
    if (memory)
        t->bytes += (rows - before) * each;
    return memory;
}

static enum err grow_known(struct stix_together *t)
{
    size_t rows = t->known_rows ? t->known_rows * 2 : FIRST_ROWS;
    struct known *grown;

    if (t->full || t->known_count * 4 < t->known_rows * 3)
        return OK;
    grown = more_rows(t, t->known_rows, rows, sizeof(*grown));
    if (!grown)
        return t->full ? OK : ERR_NOMEM;
    for (size_t i = 0; i < t->known_rows; i++)
        if (t->known[i].id != 0)
            grown[known_slot(grown, rows, t->known[i].uuid, t->known[i].id)] = t->known[i];
    free(t->known);
    t->known = grown;
    t->known_rows = rows;
    return OK;
}

static enum err grow_versions(struct stix_together *t)
{
    size_t rows = t->version_rows ? t->version_rows * 2 : FIRST_ROWS;
    struct version *grown;

    if (t->full || t->version_count * 4 < t->version_rows * 3)
        return OK;
    grown = more_rows(t, t->version_rows, rows, sizeof(*grown));
    if (!grown)
        return t->full ? OK : ERR_NOMEM;
    for (size_t i = 0; i < t->version_rows; i++)
        if (t->versions[i].key != 0)
            grown[version_slot(grown, rows, t->versions[i].key)] = t->versions[i];
    free(t->versions);
    t->versions = grown;
    t->version_rows = rows;
    return OK;
}

/* ---- one object ---- */

struct adding {
    struct stix_together *t;
    struct stix_check c; /* for telling faults */
    const struct json_val *object;
    struct text id;
    struct ident ident;
    uint64_t uuid, id_hash, created, creator;
    bool has_modified, revoked;
    struct stamp modified;
};

static void tell(struct adding *a, enum stix_severity severity, const char *rule, const char *name, const char *words)
{
    stix_fault(&a->c, severity, rule, &(struct stix_place){.name = text_of(name)}, "%s", words);
}

/* Section 3.6: a property that has its default may be left out without making another version. */
static bool is_default(struct text name, const struct json_val *v)
{
    if (text_eq(name, TEXT("revoked")) || text_eq(name, TEXT("defanged")) || text_eq(name, TEXT("summary")))
        return json_type(v) == JSON_BOOL && !json_bool(v, true);
    return text_eq(name, TEXT("lang")) && text_eq(json_text(v), TEXT("en"));
}

/* The same whatever the order of the members. */
static enum err hash_content(struct adding *a, uint64_t *ret)
{
    struct buffer *b = &a->t->value;

    *ret = 0;
    for (struct json_iter it = json_iter_of(a->object); json_next(&it);) {
        if (is_default(it.key, it.val))
            continue;
        buffer_clear(b);
        buffer_add_sized(b, it.key);
        json_canonical(it.val, b, NULL);
        if (buffer_error(b) == ERR_NOMEM)
            return ERR_NOMEM;
        *ret += hash(buffer_text(b));
    }
    return OK;
}

static enum err add_version(struct adding *a)
{
    struct stix_together *t = a->t;
    uint64_t content, moment[3] = {a->id_hash, (uint64_t)a->modified.s, a->modified.ns};
    uint64_t key = hash((struct text){(const char *)moment, sizeof(moment)});
    enum err err = grow_versions(t);
    size_t slot;

    if (!err)
        err = hash_content(a, &content);
    if (err || t->version_rows == 0)
        return err;
    slot = version_slot(t->versions, t->version_rows, key);
    if (t->versions[slot].key == 0) {
        if (!t->full) {
            t->versions[slot] = (struct version){key, content};
            t->version_count++;
        }
    } else if (t->versions[slot].content != content) {
        tell(a, STIX_MUST, STIX_RULE("3.6"), "modified",
             "another object with this id and modified came before, with other content");
    }
    return OK;
}

/* One UUID, two types: section 2.9 forbids it to a producer. */
static void check_types(struct adding *a)
{
    const struct stix_together *t = a->t;
    size_t mask = t->known_rows - 1;

    for (size_t slot = a->uuid & mask; t->known[slot].id != 0; slot = (slot + 1) & mask) {
        const struct known *k = &t->known[slot];

        if (k->uuid != a->uuid || k->id == a->id_hash)
            continue;
        tell(a, k->creator != 0 && k->creator == a->creator ? STIX_MUST : STIX_SHOULD, STIX_RULE("2.9"), "id",
             "an object of another type came before with the same UUID");
        return;
    }
}

static enum family family_of(const struct json_val *o)
{
    const struct json_val *v = json_get(o, "is_family");

    return json_type(v) != JSON_BOOL ? FAMILY_UNKNOWN : json_bool(v, false) ? FAMILY_YES : FAMILY_NO;
}

static void compare(struct adding *a, struct known *k)
{
    int64_t us = a->has_modified ? stamp_us(a->modified) : 0;

    if (k->created != 0 && a->created != 0 && k->created != a->created)
        tell(a, STIX_MUST, STIX_RULE("3.2"), "created",
             "another version with this id came before, created otherwise");
    if (k->creator != 0 && a->creator != 0 && k->creator != a->creator)
        tell(a, STIX_MUST, STIX_RULE("3.6"), "created_by_ref", "a version by another creator came before");
    if (a->has_modified && (us > k->revoked_us || (a->revoked && k->latest_us > us)))
        tell(a, STIX_MUST, STIX_RULE("3.2"), "modified",
             us > k->revoked_us ? "is later than a version that is revoked"
                                : "revoked, and a later version came before");
}

static void note(struct adding *a, struct known *k)
{
    int64_t us = a->has_modified ? stamp_us(a->modified) : 0;

    k->created = k->created ? k->created : a->created;
    k->creator = k->creator ? k->creator : a->creator;
    if (a->has_modified && us > k->latest_us)
        k->latest_us = us;
    if (a->revoked && a->has_modified && us < k->revoked_us)
        k->revoked_us = us;
    if (text_eq(a->ident.type, TEXT("malware")))
        k->family = (uint8_t)family_of(a->object);
}

static enum err add_known(struct adding *a)
{
    struct stix_together *t = a->t;
    enum err err = grow_known(t);
    size_t slot;

    if (err || t->known_rows == 0)
        return err;
    slot = known_slot(t->known, t->known_rows, a->uuid, a->id_hash);
    if (t->known[slot].id == 0) {
        check_types(a);
        if (t->full)
            return OK;
        t->known[slot] =
            (struct known){.uuid = a->uuid, .id = a->id_hash, .revoked_us = NEVER, .latest_us = INT64_MIN};
        t->known_count++;
    } else {
        compare(a, &t->known[slot]);
    }
    note(a, &t->known[slot]);
    return OK;
}

static enum family known_family(const struct adding *a, const char *end)
{
    const struct stix_together *t = a->t;
    struct text id = json_text(json_get(a->object, end));
    struct ident ident;
    size_t slot;

    if (t->known_rows == 0 || ident_parse(id, &ident, NULL) || !text_eq(ident.type, TEXT("malware")))
        return FAMILY_UNKNOWN;
    slot = known_slot(t->known, t->known_rows, hash((struct text){(const char *)ident.uuid.b, sizeof(ident.uuid.b)}),
                      hash(id));
    return t->known[slot].id ? (enum family)t->known[slot].family : FAMILY_UNKNOWN;
}

/* Section 4.11.2. */
static void check_variant(struct adding *a)
{
    if (text_eq(json_text(json_get(a->object, "relationship_type")), TEXT("variant-of")) &&
        known_family(a, "source_ref") == FAMILY_YES && known_family(a, "target_ref") == FAMILY_NO)
        tell(a, STIX_MUST, STIX_RULE("4.11.2"), "relationship_type", "a family is no variant of an instance");
}

static uint64_t hash_member(const struct adding *a, const char *name)
{
    struct text t = json_text(json_get(a->object, name));

    return t.len > 0 ? hash(t) : 0;
}

static uint64_t hash_created(const struct adding *a)
{
    struct stamp s;
    uint64_t moment[2];

    if (!stix_stamp(a->object, "created", &s))
        return 0;
    moment[0] = (uint64_t)s.s;
    moment[1] = s.ns;
    return hash((struct text){(const char *)moment, sizeof(moment)});
}

enum err stix_together_add(struct stix_together *t, const struct json_val *object, stix_on_fault *on_fault,
                           void *self, uint64_t *ret_musts)
{
    struct adding a = {.t = t, .object = object, .id = json_text(json_get(object, "id"))};
    struct arena arena;
    enum err err;

    *ret_musts = 0;
    if (ident_parse(a.id, &a.ident, NULL))
        return OK;
    arena_init(&arena, 64 * KIB);
    a.c = (struct stix_check){.arena = &arena, .shoulds = true, .on_fault = on_fault, .self = self};
    a.uuid = hash((struct text){(const char *)a.ident.uuid.b, sizeof(a.ident.uuid.b)});
    a.id_hash = hash(a.id);
    a.created = hash_created(&a);
    a.creator = hash_member(&a, "created_by_ref");
    a.has_modified = stix_stamp(object, "modified", &a.modified);
    a.revoked = json_bool(json_get(object, "revoked"), false);
    err = add_known(&a);
    if (!err && a.has_modified)
        err = add_version(&a);
    if (!err)
        check_variant(&a);
    arena_done(&arena);
    *ret_musts = a.c.musts;
    return err ? err : a.c.err;
}
