/* match/evaluate_value.c - one constant against one value: sections 9.2 (which types compare) and 9.6. */
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "base/hash.h"
#include "base/limits.h"
#include "match/evaluate_inside.h"

/* ---- conversions ---- */

bool text_to_octets(struct text t, struct buffer *out)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];

        if (c >= 0x80) { /* well-formed UTF-8: two bytes from C2 and C3 are U+0080 to U+00FF */
            if (c > 0xc3)
                return false;
            c = (unsigned char)((c & 0x03) << 6 | ((unsigned char)t.ptr[++i] & 0x3f));
        }
        buffer_add_char(out, (char)c);
    }
    return true;
}

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] >= 0x80)
            return false;
    return true;
}

struct text text_nfc(struct evaluation *e, struct text t, bool keep)
{
    struct text copy = TEXT_NONE;
    size_t len = 0;
    uint8_t *normal;

    if (is_ascii(t))
        return t;
    normal = u8_normalize(UNINORM_NFC, (const uint8_t *)t.ptr, t.len, NULL, &len);
    if (normal && keep) {
        copy = arena_text(e->arena, (struct text){(const char *)normal, len});
    } else if (normal) {
        buffer_clear(&e->scratch);
        buffer_add_bytes(&e->scratch, normal, len);
        copy = buffer_text(&e->scratch);
    }
    free(normal);
    if (!copy.ptr)
        e->err = ERR_NOMEM;
    return copy;
}

/* ---- constants ---- */

static bool decode(struct evaluation *e, const struct pattern_literal *l, struct buffer *out)
{
    char *to;

    switch (l->kind) {
    case LITERAL_STRING: return text_to_octets(l->text, out);
    case LITERAL_HEX:
        to = buffer_reserve(out, l->text.len / 2);
        return l->text.len == 0 || (to && hex_read(l->text, to, l->text.len / 2) == OK);
    case LITERAL_BINARY: {
        struct buffer joined; /* without line feeds, which are to be ignored */
        enum err err;

        buffer_init(&joined, l->text.len + 1);
        for (size_t i = 0; i < l->text.len; i++)
            if (l->text.ptr[i] != '\n' && l->text.ptr[i] != '\r')
                buffer_add_char(&joined, l->text.ptr[i]);
        err = base64_read(buffer_text(&joined), out);
        if (buffer_error(&joined))
            e->err = ERR_NOMEM;
        buffer_done(&joined);
        return err == OK;
    }
    default: return false;
    }
}

static void constant_init(struct evaluation *e, const struct pattern_literal *l, struct constant *ret)
{
    *ret = (struct constant){.literal = l};
    buffer_clear(&e->scratch);
    ret->has_bytes = decode(e, l, &e->scratch);
    if (buffer_error(&e->scratch))
        e->err = ERR_NOMEM;
    if (ret->has_bytes && !e->err) {
        ret->bytes = arena_text(e->arena, buffer_text(&e->scratch));
        if (!ret->bytes.ptr)
            e->err = ERR_NOMEM;
    }
    if (l->kind == LITERAL_TIMESTAMP && stamp_parse(l->text, &ret->stamp, NULL))
        e->err = ERR_MALFORMED; /* the parser has read it */
}

/* As base/ipaddr.h reads it, but an IPv6 text stays IPv6: ::ffff:192.0.2.1 lies in ::/0. */
static bool net_read(struct text t, struct ipnet *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (ipnet_parse(t, ret))
        return false;
    if (ret->addr.bits == 32 && text_find(t, ':', 0) >= 0) {
        memmove(ret->addr.b + 12, ret->addr.b, 4);
        memcpy(ret->addr.b, mapped, sizeof mapped);
        ret->addr.bits = 128;
        ret->len = (uint8_t)(ret->len + 96);
    }
    return true;
}

struct test *test_new(struct evaluation *e, const struct pattern_node *n)
{
    struct test *t = arena_alloc(e->arena, sizeof *t);

    if (t)
        t->constants = arena_alloc(e->arena, (n->literal_count + 1) * sizeof *t->constants);
    if (!t || !t->constants) {
        e->err = ERR_NOMEM;
        return NULL;
    }
    t->n = n;
    for (size_t i = 0; i < n->literal_count; i++)
        constant_init(e, &n->literals[i], &t->constants[i]);
    if (n->op == PATTERN_LIKE)
        t->like = text_nfc(e, n->literals[0].text, true);
    if ((n->op == PATTERN_ISSUBSET || n->op == PATTERN_ISSUPERSET) && !net_read(n->literals[0].text, &t->net))
        e->err = ERR_MALFORMED; /* the parser has read it */
    if (n->op == PATTERN_MATCHES && !e->err)
        t->regex = regex_new(e, n);
    return e->err ? NULL : t;
}

/* ---- simple comparison ---- */

static int sign_of(long double a, long double b)
{
    return (a > b) - (a < b);
}

static bool compare_number(const struct pattern_literal *l, const struct json_val *v, int *ret)
{
    int64_t whole;
    double number;

    if (l->kind != LITERAL_INTEGER && l->kind != LITERAL_FLOAT)
        return false;
    if (json_i64(v, &whole))
        *ret = l->kind == LITERAL_INTEGER ? (whole > l->integer) - (whole < l->integer)
                                          : sign_of((long double)whole, l->number);
    else if (json_f64(v, &number))
        *ret = sign_of(number, l->kind == LITERAL_INTEGER ? (long double)l->integer : l->number);
    else
        return false;
    return true;
}

static bool compare_octets(struct evaluation *e, const struct constant *c, const struct datum *d, int *ret)
{
    bool possible;

    if (d->binary) {
        *ret = text_cmp(d->bytes, c->bytes);
        return c->has_bytes;
    }
    buffer_clear(&e->scratch);
    possible = text_to_octets(d->bytes, &e->scratch);
    if (buffer_error(&e->scratch))
        e->err = ERR_NOMEM;
    *ret = possible ? text_cmp(buffer_text(&e->scratch), c->bytes) : 0;
    return possible;
}

/* How the value stands to the constant; false where their types do not compare. */
static bool compare(struct evaluation *e, const struct constant *c, const struct datum *d, int *ret)
{
    const struct pattern_literal *l = c->literal;
    struct stamp stamp;

    switch (json_type(d->json)) {
    case JSON_NUMBER: return compare_number(l, d->json, ret);
    case JSON_BOOL: *ret = json_bool(d->json, false) != l->boolean; return l->kind == LITERAL_BOOL;
    case JSON_STRING: break;
    default: return false;
    }
    if (l->kind == LITERAL_HEX || l->kind == LITERAL_BINARY || (l->kind == LITERAL_STRING && d->binary))
        return compare_octets(e, c, d, ret);
    if (l->kind == LITERAL_STRING) { /* UTF-8 sorts as its code points do */
        *ret = text_cmp(d->bytes, l->text);
        return true;
    }
    if (l->kind != LITERAL_TIMESTAMP || d->binary || stamp_parse(d->bytes, &stamp, NULL))
        return false;
    *ret = stamp_cmp(stamp, c->stamp);
    return true;
}

static enum truth equals(struct evaluation *e, const struct test *t, const struct datum *d)
{
    int order;

    for (size_t i = 0; i < t->n->literal_count; i++)
        if (compare(e, &t->constants[i], d, &order) && order == 0)
            return TRUTH_TRUE;
    return TRUTH_FALSE;
}

static enum truth ordered(struct evaluation *e, const struct test *t, const struct datum *d)
{
    int order;
    bool holds;

    if (!compare(e, &t->constants[0], d, &order))
        return TRUTH_FALSE;
    switch (t->n->op) {
    case PATTERN_LT: holds = order < 0; break;
    case PATTERN_LE: holds = order <= 0; break;
    case PATTERN_GT: holds = order > 0; break;
    default: holds = order >= 0; break;
    }
    return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

/* ---- LIKE ---- */

static size_t char_len(struct text t, size_t at, bool octets)
{
    size_t len = 1;

    while (!octets && at + len < t.len && ((unsigned char)t.ptr[at + len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* '%' is any number of characters, '_' one: the last '%' takes one more character whenever what follows fails. */
static enum truth like(struct evaluation *e, struct text value, struct text form, bool octets)
{
    size_t v = 0, f = 0, retry_value = 0, retry_form = 0;
    bool retry = false;

    while (v < value.len) {
        if (!evaluation_step(e, 1))
            return TRUTH_UNKNOWN;
        if (f < form.len && form.ptr[f] == '%') {
            retry = true;
            retry_form = ++f;
            retry_value = v;
        } else if (f < form.len && form.ptr[f] == '_') {
            v += char_len(value, v, octets);
            f++;
        } else if (f < form.len && form.ptr[f] == value.ptr[v]) {
            v++;
            f++;
        } else if (retry) {
            retry_value += char_len(value, retry_value, octets);
            v = retry_value;
            f = retry_form;
        } else {
            return TRUTH_FALSE;
        }
    }
    while (f < form.len && form.ptr[f] == '%')
        f++;
    return f == form.len ? TRUTH_TRUE : TRUTH_FALSE;
}

/* ---- the operators on one value ---- */

static bool net_within(const struct ipnet *inner, const struct ipnet *outer)
{
    return inner->len >= outer->len && ipnet_has(outer, &inner->addr);
}

static enum truth in_networks(const struct test *t, const struct datum *d)
{
    struct ipnet net;
    bool holds = !d->binary && net_read(d->bytes, &net) &&
                 (t->n->op == PATTERN_ISSUBSET ? net_within(&net, &t->net) : net_within(&t->net, &net));

    return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth in_text(struct evaluation *e, const struct test *t, const struct datum *d)
{
    bool matches = t->n->op == PATTERN_MATCHES;

    if (json_type(d->json) != JSON_STRING)
        return TRUTH_FALSE;
    if (t->n->op == PATTERN_ISSUBSET || t->n->op == PATTERN_ISSUPERSET)
        return in_networks(t, d);
    if (d->binary && matches)
        return regex_search(e, t->regex, d->bytes, true);
    if (d->binary)
        return t->constants[0].has_bytes ? like(e, d->bytes, t->constants[0].bytes, true) : TRUTH_FALSE;
    if (matches)
        return regex_search(e, t->regex, text_nfc(e, d->bytes, false), false);
    return like(e, text_nfc(e, d->bytes, false), t->like, false);
}

enum truth test_datum(struct evaluation *e, const struct test *t, const struct datum *d)
{
    switch (t->n->op) {
    case PATTERN_EQ:
    case PATTERN_IN: return equals(e, t, d);
    case PATTERN_NE: return equals(e, t, d) == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
    case PATTERN_EXISTS: return TRUTH_TRUE;
    case PATTERN_LT:
    case PATTERN_LE:
    case PATTERN_GT:
    case PATTERN_GE: return ordered(e, t, d);
    default: return in_text(e, t, d);
    }
}
