/* model/pattern_values.c - the atomic values of a pattern, and the pattern of an atomic value. No value is given that
 * would not make the whole pattern true: what is not understood gives none, and makes the answer not whole. */
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "model/pattern.h"
#include "model/pattern_hash.h"

/* ---- hashes ---- */

/* 'SHA-256' of the vocabulary (section 10.7), and SHA256 or sha256 as many write it. */
static enum value_kind algorithm_kind(struct text name)
{
    static const struct {
        struct text name;
        enum value_kind kind;
    } algorithms[] = {
        {{"MD5", 3}, VALUE_MD5},        {{"SHA-1", 5}, VALUE_SHA1},    {{"SHA1", 4}, VALUE_SHA1},
        {{"SHA-256", 7}, VALUE_SHA256}, {{"SHA256", 6}, VALUE_SHA256}, {{"SHA-512", 7}, VALUE_SHA512},
        {{"SHA512", 6}, VALUE_SHA512},
    };

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        if (text_eq_nocase(name, algorithms[i].name))
            return algorithms[i].kind;
    return VALUE_NONE;
}

enum value_kind pattern_hash_kind(const struct pattern_node *comparison)
{
    const struct pattern_step *last = comparison->steps + comparison->step_count - 1;

    if (comparison->step_count < 2 || last->kind != STEP_NAME || last[-1].kind != STEP_NAME ||
        !text_eq(last[-1].name, TEXT("hashes")))
        return VALUE_NONE;
    return algorithm_kind(last->name);
}

const char *pattern_hash_check(const struct pattern_node *comparison)
{
    enum value_kind kind;

    if (comparison->op != PATTERN_EQ && comparison->op != PATTERN_NE && comparison->op != PATTERN_IN)
        return NULL;
    kind = pattern_hash_kind(comparison);
    for (size_t i = 0; kind != VALUE_NONE && i < comparison->literal_count; i++)
        if (comparison->literals[i].kind == LITERAL_STRING && value_detect(comparison->literals[i].text) != kind)
            return "not a hash of the algorithm that the property names";
    return NULL;
}

/* ---- which comparisons are atomic ---- */

enum address_kinds { ADDRESS_IPV4 = 1, ADDRESS_IPV6 = 2, ADDRESS_DOMAIN = 4, ADDRESS_URL = 8, ADDRESS_EMAIL = 16 };

/* The paths whose equality alone says it all, and what they can hold. "[]" stands for [*]. */
static const struct {
    const char *type, *property, *last;
    unsigned kinds;
} paths[] = {
    {"ipv4-addr", "value", NULL, ADDRESS_IPV4},
    {"ipv6-addr", "value", NULL, ADDRESS_IPV6},
    {"domain-name", "value", NULL, ADDRESS_DOMAIN},
    {"url", "value", NULL, ADDRESS_URL},
    {"email-addr", "value", NULL, ADDRESS_EMAIL},
    {"network-traffic", "src_ref", "value", ADDRESS_IPV4 | ADDRESS_IPV6 | ADDRESS_DOMAIN},
    {"network-traffic", "dst_ref", "value", ADDRESS_IPV4 | ADDRESS_IPV6 | ADDRESS_DOMAIN},
    {"email-message", "from_ref", "value", ADDRESS_EMAIL},
    {"email-message", "sender_ref", "value", ADDRESS_EMAIL},
    {"email-message", "to_refs[]", "value", ADDRESS_EMAIL},
    {"email-message", "cc_refs[]", "value", ADDRESS_EMAIL},
    {"email-message", "bcc_refs[]", "value", ADDRESS_EMAIL},
};

/* Takes `name` or `name[*]` off the steps from *at. */
static bool step_is(const struct pattern_node *n, size_t *at, const char *name)
{
    struct text want = text_of(name);
    bool any = text_ends(want, TEXT("[]"));

    if (any)
        want.len -= 2;
    if (*at + (any ? 2 : 1) > n->step_count || n->steps[*at].kind != STEP_NAME ||
        !text_eq(n->steps[*at].name, want) || (any && n->steps[*at + 1].kind != STEP_ANY))
        return false;
    *at += any ? 2 : 1;
    return true;
}

static unsigned address_kinds(const struct pattern_node *n)
{
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        size_t at = 0;

        if (text_eq(n->object_type, text_of(paths[i].type)) && step_is(n, &at, paths[i].property) &&
            (!paths[i].last || step_is(n, &at, paths[i].last)) && at == n->step_count)
            return paths[i].kinds;
    }
    return 0;
}

static bool is_reference(const struct pattern_node *n, size_t at)
{
    if (n->steps[at].kind == STEP_ANY)
        return at > 0 && n->steps[at - 1].kind == STEP_NAME;
    return n->steps[at].kind == STEP_NAME &&
           (text_ends(n->steps[at].name, TEXT("_ref")) || text_ends(n->steps[at].name, TEXT("_refs")) ||
            text_eq(n->steps[at].name, TEXT("body_multipart")));
}

/* The hash of a whole file, artifact or certificate, directly or behind references; not one of a part of a file,
 * as an extension has. */
static enum value_kind hash_kind(const struct pattern_node *n)
{
    enum value_kind kind = pattern_hash_kind(n);

    if (kind == VALUE_NONE)
        return kind;
    if (n->step_count == 2)
        return text_eq(n->object_type, TEXT("file")) || text_eq(n->object_type, TEXT("artifact")) ||
                       text_eq(n->object_type, TEXT("x509-certificate"))
                   ? kind
                   : VALUE_NONE;
    for (size_t at = 0; at < n->step_count - 2; at++)
        if (!is_reference(n, at))
            return VALUE_NONE;
    return kind;
}

/* Which kind this text has where `kinds` can stand. */
static enum value_kind address_kind(struct text t, unsigned kinds)
{
    if (kinds == ADDRESS_URL)
        return VALUE_URL;
    if (kinds == ADDRESS_EMAIL)
        return VALUE_EMAIL;
    if (kinds == ADDRESS_DOMAIN)
        return VALUE_DOMAIN;
    if (kinds & ADDRESS_DOMAIN && value_detect(t) == VALUE_DOMAIN)
        return VALUE_DOMAIN;
    return VALUE_CIDR;
}

/* An IPv6 text (or its IPv4-mapped form) is no value of an ipv4-addr. */
static bool family_fits(struct text t, unsigned kinds)
{
    bool six = text_find(t, ':', 0) >= 0;

    return (kinds & (six ? ADDRESS_IPV6 : ADDRESS_IPV4)) != 0;
}

/* ---- collecting ---- */

struct collector {
    struct arena *arena;
    struct buffer text; /* one value's normal form */
    struct pattern_value *values;
    size_t count, cap;
    uint16_t *table; /* index + 1 of a value by its hash; 0: free */
    size_t slots;    /* a power of two, more than twice the values */
    bool whole;
};

static size_t slot_of(const struct collector *c, enum value_kind kind, struct text value)
{
    size_t slot = xxh3_seeded(value.ptr, value.len, (uint64_t)kind) & (c->slots - 1);

    while (c->table[slot] != 0) {
        const struct pattern_value *v = &c->values[c->table[slot] - 1];

        if (v->kind == kind && text_eq(v->value, value))
            break;
        slot = (slot + 1) & (c->slots - 1);
    }
    return slot;
}

static enum err collector_grow(struct collector *c)
{
    size_t cap = c->cap ? c->cap * 4 : 4;
    struct pattern_value *values = arena_alloc(c->arena, cap * sizeof(*values));
    uint16_t *table = arena_alloc(c->arena, cap * 4 * sizeof(*table));

    if (!values || !table)
        return ERR_NOMEM;
    if (c->count > 0)
        memcpy(values, c->values, c->count * sizeof(*values));
    c->values = values;
    c->table = table;
    c->cap = cap;
    c->slots = cap * 4;
    for (size_t i = 0; i < c->count; i++)
        table[slot_of(c, values[i].kind, values[i].value)] = (uint16_t)(i + 1);
    return OK;
}

_Static_assert(PATTERN_VALUES_MAX < UINT16_MAX, "the table's entries are 16 bits");

static enum err collect(struct collector *c, enum value_kind kind, struct text value)
{
    enum err err = c->count == c->cap ? collector_grow(c) : OK;
    struct text copy;
    size_t slot;

    if (err)
        return err;
    slot = slot_of(c, kind, value);
    if (c->table[slot] != 0)
        return OK;
    if (c->count >= PATTERN_VALUES_MAX)
        return ERR_LIMIT;
    copy = arena_text(c->arena, value);
    if (!copy.ptr)
        return ERR_NOMEM;
    c->values[c->count++] = (struct pattern_value){kind, copy};
    c->table[slot] = (uint16_t)c->count;
    return OK;
}

static enum err collect_literal(struct collector *c, const struct pattern_literal *literal, enum value_kind kind,
                                unsigned kinds)
{
    struct text raw = literal->text;
    enum err err;

    if (literal->kind != LITERAL_STRING) {
        c->whole = false;
        return OK;
    }
    if (kind == VALUE_NONE)
        kind = address_kind(raw, kinds);
    buffer_clear(&c->text);
    err = kind == VALUE_CIDR && !family_fits(raw, kinds) ? ERR_MALFORMED
                                                         : value_normalise(kind, raw, &c->text, &kind, NULL);
    if (err == ERR_MALFORMED) {
        c->whole = false;
        return OK;
    }
    if (!err)
        err = buffer_error(&c->text);
    return err ? err : collect(c, kind, buffer_text(&c->text));
}

static enum err collect_comparison(struct collector *c, const struct pattern_node *n)
{
    enum value_kind kind = hash_kind(n);
    unsigned kinds = kind == VALUE_NONE ? address_kinds(n) : 0;
    unsigned networks = kinds & (ADDRESS_IPV4 | ADDRESS_IPV6);
    enum err err = OK;

    if (n->op == PATTERN_ISSUBSET) {
        kind = VALUE_NONE;
        kinds = networks;
    }
    if (n->negated || (n->op != PATTERN_EQ && n->op != PATTERN_IN && n->op != PATTERN_ISSUBSET) ||
        (kind == VALUE_NONE && kinds == 0)) {
        c->whole = false;
        return OK;
    }
    for (size_t i = 0; !err && i < n->literal_count; i++)
        err = collect_literal(c, &n->literals[i], kind, kinds);
    return err;
}

static enum err collect_node(struct collector *c, const struct pattern_node *n)
{
    enum err err = OK;

    switch (n->kind) {
    case PATTERN_COMPARISON: return collect_comparison(c, n);
    case PATTERN_REPEATS:
        if (n->repeats == 1)
            break;
        c->whole = false;
        return OK;
    case PATTERN_OR:
    case PATTERN_OBS_OR:
    case PATTERN_OBSERVATION:
    case PATTERN_WITHIN: /* one observation is always within the window */ break;
    default: c->whole = false; return OK;
    }
    for (size_t i = 0; !err && i < n->child_count; i++)
        err = collect_node(c, n->children[i]);
    return err;
}

enum err pattern_values(const struct pattern_node *p, struct arena *arena, struct pattern_value **ret,
                        size_t *ret_count, bool *ret_whole)
{
    struct collector c = {.arena = arena, .whole = true};
    enum err err;

    buffer_init(&c.text, VALUE_MAX_BYTES);
    err = collect_node(&c, p);
    buffer_done(&c.text);
    if (err)
        return err;
    *ret = c.values;
    *ret_count = c.count;
    *ret_whole = c.whole && c.count > 0;
    return OK;
}

/* ---- the pattern of a value ---- */

static const char *path_of(enum value_kind kind, struct text value)
{
    switch (kind) {
    case VALUE_DOMAIN: return "domain-name:value";
    case VALUE_IPV4: return "ipv4-addr:value";
    case VALUE_IPV6: return "ipv6-addr:value";
    case VALUE_CIDR: return text_find(value, ':', 0) >= 0 ? "ipv6-addr:value" : "ipv4-addr:value";
    case VALUE_URL: return "url:value";
    case VALUE_EMAIL: return "email-addr:value";
    case VALUE_MD5: return "file:hashes.MD5";
    case VALUE_SHA1: return "file:hashes.'SHA-1'";
    case VALUE_SHA256: return "file:hashes.'SHA-256'";
    case VALUE_SHA512: return "file:hashes.'SHA-512'";
    default: return NULL;
    }
}

void pattern_of_value(enum value_kind kind, struct text value, struct buffer *out)
{
    const char *path = path_of(kind, value);

    if (!path)
        return;
    buffer_add_char(out, '[');
    buffer_add(out, text_of(path));
    buffer_add(out, TEXT(" = '"));
    for (size_t from = 0; from < value.len;) {
        size_t to = from;

        while (to < value.len && value.ptr[to] != '\'' && value.ptr[to] != '\\')
            to++;
        buffer_add(out, text_sub(value, from, to - from));
        if (to < value.len) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, value.ptr[to++]);
        }
        from = to;
    }
    buffer_add(out, TEXT("']"));
}
