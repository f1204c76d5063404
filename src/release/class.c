/* release/class.c - the text key of a class, as entries and the view keep it.
 *
 *   1:FLAGS:TDS:PARTY:SOURCE:SIGHTED:TYPE
 *   2:FLAGS:TDSPL:PARTY:SOURCE:SIGHTED:TERMS:TYPE      a class with terms, a recorded PAP, or a tear line
 *
 * FLAGS: the letters of `flags` that hold, in that order. TDSPL: the digits of tlp, source_default, sighting_tlp,
 * source_pap and tear. PARTY, SOURCE, SIGHTED: a UUID or "-" for none. TERMS: terms_text(). TYPE: the rest. A class
 * that form 1 can say is written in form 1: equal keys, equal classes, and one class has one key. */
#include <stddef.h>
#include <string.h>

#include "release/gate.h"

static const struct flag {
    char letter;
    size_t at;
} flags[] = {
    {'o', offsetof(struct gate_class, ours)},
    {'u', offsetof(struct gate_class, unknown_marking)},
    {'g', offsetof(struct gate_class, granular)},
    {'p', offsetof(struct gate_class, protocol_object)},
    {'i', offsetof(struct gate_class, own_identity)},
    {'s', offsetof(struct gate_class, sighting)},
    {'w', offsetof(struct gate_class, sighting_of_ours)},
    {'n', offsetof(struct gate_class, internal_only)},
    {'q', offsetof(struct gate_class, quarantined)},
    {'x', offsetof(struct gate_class, exercise)},
    {'l', offsetof(struct gate_class, label_given)},
    {'b', offsetof(struct gate_class, bare)},
    {'d', offsetof(struct gate_class, proposed)},
    {'r', offsetof(struct gate_class, refused)},
};

static bool *flag_of(struct gate_class *c, const struct flag *f)
{
    return (bool *)((char *)c + f->at);
}

static bool flag_is_set(const struct gate_class *c, const struct flag *f)
{
    return *(const bool *)((const char *)c + f->at);
}

static const struct uuid NOBODY;

static void add_uuid(struct buffer *out, const struct uuid *u)
{
    char text[UUID_TEXT_MAX];
    buffer_add_char(out, ':');
    buffer_add(out, uuid_eq(u, &NOBODY) ? TEXT("-") : uuid_format(u, text));
}

static bool in_form_1(const struct gate_class *c)
{
    return c->source_pap == PAP_NONE && c->tear == TLP_NONE && terms_none(&c->terms);
}

static void add_digit(struct buffer *out, unsigned digit)
{
    buffer_add_char(out, (char)('0' + digit));
}

void gate_class_key(const struct gate_class *c, struct buffer *out)
{
    bool plain = in_form_1(c);
    buffer_add(out, plain ? TEXT("1:") : TEXT("2:"));
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flag_is_set(c, &flags[i]))
            buffer_add_char(out, flags[i].letter);
    buffer_add_char(out, ':');
    add_digit(out, c->tlp);
    add_digit(out, c->source_default);
    add_digit(out, c->sighting_tlp);
    if (!plain) {
        add_digit(out, c->source_pap);
        add_digit(out, c->tear);
    }
    add_uuid(out, &c->party);
    add_uuid(out, &c->source);
    add_uuid(out, &c->sighting_of);
    buffer_add_char(out, ':');
    if (!plain) {
        terms_text(&c->terms, out);
        buffer_add_char(out, ':');
    }
    buffer_add_bytes(out, c->type, strnlen(c->type, sizeof c->type - 1));
}

/* Each letter at most once, in the table's order: one class, one key. */
static bool read_flags(struct text t, struct gate_class *c)
{
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (at < t.len && t.ptr[at] == flags[i].letter) {
            *flag_of(c, &flags[i]) = true;
            at++;
        }
    }
    return at == t.len;
}

static bool read_digit(struct text t, size_t at, unsigned max, unsigned *ret)
{
    unsigned digit = (unsigned char)t.ptr[at] - (unsigned)'0';
    *ret = digit;
    return digit <= max;
}

static bool read_labels(struct text t, bool plain, struct gate_class *c)
{
    unsigned tlp, source_default, sighting_tlp, pap = PAP_NONE, tear = TLP_NONE;
    if (t.len != (plain ? 3 : 5))
        return false;
    if (!read_digit(t, 0, TLP_RED, &tlp) || !read_digit(t, 1, TLP_RED, &source_default) ||
        !read_digit(t, 2, TLP_RED, &sighting_tlp))
        return false;
    if (!plain && (!read_digit(t, 3, PAP_RED, &pap) || !read_digit(t, 4, TLP_RED, &tear)))
        return false;
    c->tlp = (enum tlp)tlp;
    c->source_default = (enum tlp)source_default;
    c->sighting_tlp = (enum tlp)sighting_tlp;
    c->source_pap = (enum pap)pap;
    c->tear = (enum tlp)tear;
    return true;
}

static bool read_uuid(struct text t, struct uuid *ret)
{
    char again[UUID_TEXT_MAX];
    if (text_eq(t, TEXT("-")))
        return true;
    return uuid_parse(t, ret) == OK && !uuid_eq(ret, &NOBODY) && text_eq(t, uuid_format(ret, again));
}

static bool read_parties(struct text *key, struct gate_class *c)
{
    struct text party, source, sighted;
    return text_split(key, ':', &party) && text_split(key, ':', &source) && text_split(key, ':', &sighted) &&
           read_uuid(party, &c->party) && read_uuid(source, &c->source) && read_uuid(sighted, &c->sighting_of);
}

static bool read_type(struct text t, struct gate_class *c)
{
    if (!t.ptr || t.len >= sizeof c->type || (t.len && memchr(t.ptr, 0, t.len)))
        return false;
    if (t.len)
        memcpy(c->type, t.ptr, t.len);
    return true;
}

enum err gate_class_parse(struct text key, struct gate_class *ret)
{
    struct gate_class c = {0};
    struct text form, letters, labels, terms;
    if (!text_split(&key, ':', &form) || !text_split(&key, ':', &letters) || !text_split(&key, ':', &labels))
        return ERR_MALFORMED;
    bool plain = text_eq(form, TEXT("1"));
    if (!plain && !text_eq(form, TEXT("2")))
        return ERR_MALFORMED;
    if (!read_flags(letters, &c) || !read_labels(labels, plain, &c) || !read_parties(&key, &c))
        return ERR_MALFORMED;
    if (!plain && (!text_split(&key, ':', &terms) || terms_parse(terms, &c.terms)))
        return ERR_MALFORMED;
    if (!read_type(key, &c) || in_form_1(&c) != plain)
        return ERR_MALFORMED;
    *ret = c;
    return OK;
}
