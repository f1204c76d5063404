/* release/class.c - the text key of a class, as entries and the view keep it.
 *
 *   1:FLAGS:TDS:PARTY:SOURCE:SIGHTED:TYPE
 *
 * FLAGS: the letters of `flags` that hold, in that order. TDS: the digits of tlp, source_default and sighting_tlp.
 * PARTY, SOURCE, SIGHTED: a UUID or "-" for none. TYPE: the rest. Equal keys, equal classes. */
#include <stddef.h>
#include <string.h>

#include "release/gate.h"

#define FORM TEXT("1")

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

void gate_class_key(const struct gate_class *c, struct buffer *out)
{
    buffer_add(out, FORM);
    buffer_add_char(out, ':');
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flag_is_set(c, &flags[i]))
            buffer_add_char(out, flags[i].letter);
    buffer_add_char(out, ':');
    const enum tlp labels[] = {c->tlp, c->source_default, c->sighting_tlp};
    for (size_t i = 0; i < ARRAY_LEN(labels); i++)
        buffer_add_char(out, (char)('0' + labels[i]));
    add_uuid(out, &c->party);
    add_uuid(out, &c->source);
    add_uuid(out, &c->sighting_of);
    buffer_add_char(out, ':');
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

static bool read_labels(struct text t, struct gate_class *c)
{
    enum tlp *const labels[] = {&c->tlp, &c->source_default, &c->sighting_tlp};
    if (t.len != ARRAY_LEN(labels))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] < '0' + TLP_NONE || t.ptr[i] > '0' + TLP_RED)
            return false;
        *labels[i] = (enum tlp)(t.ptr[i] - '0');
    }
    return true;
}

static bool read_uuid(struct text t, struct uuid *ret)
{
    char again[UUID_TEXT_MAX];
    if (text_eq(t, TEXT("-")))
        return true;
    return uuid_parse(t, ret) == OK && !uuid_eq(ret, &NOBODY) && text_eq(t, uuid_format(ret, again));
}

enum err gate_class_parse(struct text key, struct gate_class *ret)
{
    struct gate_class c = {0};
    struct text form, letters, labels, party, source, sighted;
    bool whole = text_split(&key, ':', &form) && text_split(&key, ':', &letters) && text_split(&key, ':', &labels) &&
                 text_split(&key, ':', &party) && text_split(&key, ':', &source) && text_split(&key, ':', &sighted) &&
                 key.ptr;
    if (!whole || !text_eq(form, FORM) || key.len >= sizeof c.type)
        return ERR_MALFORMED;
    if (!read_flags(letters, &c) || !read_labels(labels, &c) || !read_uuid(party, &c.party) ||
        !read_uuid(source, &c.source) || !read_uuid(sighted, &c.sighting_of))
        return ERR_MALFORMED;
    if (key.len && memchr(key.ptr, 0, key.len))
        return ERR_MALFORMED;
    if (key.len)
        memcpy(c.type, key.ptr, key.len);
    *ret = c;
    return OK;
}
