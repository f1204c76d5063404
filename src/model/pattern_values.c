/* model/pattern_values.c - the atomic values of a pattern, and the pattern of an atomic value. No value is given that
 * would not make the whole pattern true: what is not understood gives none, and makes the answer not whole. */
#include <string.h>

#include "base/limits.h"
#include "model/pattern.h"
#include "model/pattern_hash.h"
#include "model/text_set.h"

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

/* Names and numbers that are looked for as they stand. JA3 and JA4 have no property of the standard's: whoever writes
 * them names the last step so. */
static enum value_kind token_kind(const struct pattern_node *n)
{
    static const struct {
        const char *type, *last;
        enum value_kind kind;
    } names[] = {
        {"autonomous-system", "number", VALUE_ASN},
        {"mutex", "name", VALUE_MUTEX},
        {"file", "name", VALUE_FILENAME},
        {NULL, "ja3", VALUE_JA3},
        {NULL, "ja3s", VALUE_JA3},
        {NULL, "x_ja3", VALUE_JA3},
        {NULL, "x_ja3s", VALUE_JA3},
        {NULL, "ja3_hash", VALUE_JA3},
        {NULL, "ja4", VALUE_JA4},
        {NULL, "ja4s", VALUE_JA4},
        {NULL, "x_ja4", VALUE_JA4},
    };
    const struct pattern_step *last = &n->steps[n->step_count - 1];

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (last->kind == STEP_NAME && text_eq(last->name, text_of(names[i].last)) &&
            (!names[i].type || (n->step_count == 1 && text_eq(n->object_type, text_of(names[i].type)))))
            return names[i].kind;
    return VALUE_NONE;
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
    struct buffer text;  /* one value: a byte that tells its kind, its normal form */
    struct text_set set; /* of these */
    struct pattern_value *values;
    size_t cap;
    bool whole;
};

static enum err make_room(struct collector *c)
{
    size_t cap = c->cap ? c->cap * 2 : 1;
    struct pattern_value *values;

    if (c->set.count < c->cap)
        return OK;
    values = arena_alloc(c->arena, cap * sizeof(*values));
    if (!values)
        return ERR_NOMEM;
    if (c->set.count > 0)
        memcpy(values, c->values, c->set.count * sizeof(*values));
    c->values = values;
    c->cap = cap;
    return OK;
}

/* value: with its kind's byte */
static enum err collect(struct collector *c, enum value_kind kind, struct text value)
{
    size_t before = c->set.count;
    struct text copy;
    enum err err;

    if (text_set_has(&c->set, value))
        return OK;
    err = make_room(c);
    if (err)
        return err;
    copy = arena_text(c->arena, value);
    if (!copy.ptr)
        return ERR_NOMEM;
    err = text_set_add(&c->set, copy);
    if (!err)
        c->values[before] = (struct pattern_value){kind, text_sub(copy, 1, copy.len)};
    return err;
}

static enum err collect_literal(struct collector *c, const struct pattern_literal *literal, enum value_kind kind,
                                unsigned kinds)
{
    struct text raw = literal->text;
    enum err err;

    if (literal->kind != LITERAL_STRING && !(kind == VALUE_ASN && literal->kind == LITERAL_INTEGER)) {
        c->whole = false;
        return OK;
    }
    if (kind == VALUE_NONE)
        kind = address_kind(raw, kinds);
    buffer_clear(&c->text);
    buffer_add_char(&c->text, 0);
    err = kind == VALUE_CIDR && !family_fits(raw, kinds) ? ERR_MALFORMED
                                                         : value_normalise(kind, raw, &c->text, &kind, NULL);
    if (err == ERR_MALFORMED) {
        c->whole = false;
        return OK;
    }
    if (!err)
        err = buffer_error(&c->text);
    if (err)
        return err;
    c->text.ptr[0] = (char)kind;
    return collect(c, kind, buffer_text(&c->text));
}

/* Equality in other words: LIKE without a wildcard (ASCII, which NFC leaves alone), and NOT != of one property. */
static bool is_equality(const struct pattern_node *n)
{
    struct text form = n->literal_count > 0 ? n->literals[0].text : TEXT_NONE;

    if (n->op == PATTERN_EQ || n->op == PATTERN_IN)
        return !n->negated;
    if (n->op == PATTERN_NE) {
        for (size_t i = 0; i < n->step_count; i++)
            if (n->steps[i].kind == STEP_ANY)
                return false;
        return n->negated;
    }
    if (n->op != PATTERN_LIKE || n->negated)
        return false;
    for (size_t i = 0; i < form.len; i++)
        if (form.ptr[i] == '%' || form.ptr[i] == '_' || (unsigned char)form.ptr[i] >= 0x80)
            return false;
    return true;
}

/* `allowed`: what the value may be where more is known than its path. */
static enum err collect_comparison(struct collector *c, const struct pattern_node *n, unsigned allowed)
{
    enum value_kind kind = hash_kind(n) ? hash_kind(n) : token_kind(n);
    unsigned kinds = kind == VALUE_NONE ? address_kinds(n) & allowed : 0;
    unsigned networks = kinds & (ADDRESS_IPV4 | ADDRESS_IPV6);
    enum err err = OK;

    if (n->op == PATTERN_ISSUBSET) {
        kind = VALUE_NONE;
        kinds = networks;
    }
    if (!(n->op == PATTERN_ISSUBSET ? !n->negated : is_equality(n)) || (kind == VALUE_NONE && kinds == 0)) {
        c->whole = false;
        return OK;
    }
    for (size_t i = 0; !err && i < n->literal_count; i++)
        err = collect_literal(c, &n->literals[i], kind, kinds);
    return err;
}

/* The kinds left by dst_ref.type = 'ipv4-addr' beside dst_ref.value; 0 for any other comparison. */
static unsigned type_test(const struct pattern_node *test, const struct pattern_node *value)
{
    static const struct {
        struct text type;
        unsigned kinds;
    } types[] = {{{"ipv4-addr", 9}, ADDRESS_IPV4},
                 {{"ipv6-addr", 9}, ADDRESS_IPV6},
                 {{"domain-name", 11}, ADDRESS_DOMAIN},
                 {{"email-addr", 10}, ADDRESS_EMAIL}};

    if (test->kind != PATTERN_COMPARISON || test->op != PATTERN_EQ || test->negated || test->step_count != 2 ||
        value->step_count != 2 || !text_eq(test->object_type, value->object_type) ||
        test->steps[0].kind != STEP_NAME || value->steps[0].kind != STEP_NAME ||
        !text_eq(test->steps[0].name, value->steps[0].name) || !text_eq(test->steps[1].name, TEXT("type")) ||
        test->literals[0].kind != LITERAL_STRING)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (text_eq(test->literals[0].text, types[i].type))
            return types[i].kinds;
    return 0;
}

/* AND gives no value, but for what MISP writes for an address: the type of a reference beside its value. The value,
 * when of that type, says both. */
static enum err collect_and(struct collector *c, const struct pattern_node *n)
{
    const struct pattern_node *test = n->children[0], *value = n->children[1];
    unsigned kinds = 0;

    if (n->child_count == 2 && test->kind == PATTERN_COMPARISON && value->kind == PATTERN_COMPARISON) {
        if (!address_kinds(value)) {
            test = value;
            value = n->children[0];
        }
        kinds = type_test(test, value);
    }
    if (kinds != 0)
        return collect_comparison(c, value, kinds);
    c->whole = false;
    return OK;
}

static enum err collect_node(struct collector *c, const struct pattern_node *n)
{
    enum err err = OK;

    switch (n->kind) {
    case PATTERN_COMPARISON: return collect_comparison(c, n, ~0u);
    case PATTERN_AND: return collect_and(c, n);
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

    buffer_init(&c.text, VALUE_MAX_BYTES + 1);
    text_set_init(&c.set, arena, PATTERN_VALUES_MAX);
    err = collect_node(&c, p);
    buffer_done(&c.text);
    if (err)
        return err;
    *ret = c.values;
    *ret_count = c.set.count;
    *ret_whole = c.whole && c.set.count > 0;
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
    case VALUE_ASN: return "autonomous-system:number";
    case VALUE_JA3: return "network-traffic:x_ja3";
    case VALUE_JA4: return "network-traffic:x_ja4";
    case VALUE_MUTEX: return "mutex:name";
    case VALUE_FILENAME: return "file:name";
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
    if (kind == VALUE_ASN) { /* an integer: STIX 2.1 section 6.2 */
        buffer_add(out, TEXT(" = "));
        buffer_add(out, text_sub(value, 2, value.len));
        buffer_add_char(out, ']');
        return;
    }
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
