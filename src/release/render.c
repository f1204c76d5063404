/* release/render.c - writes what is left of an object: canonical, its markings as the recipient knows them, and the
 * selectors of its marked portions counting only what is there. */
#include "base/limits.h"
#include "base/time.h"
#include "release/close.h"

#define MARKING_REFS TEXT("object_marking_refs")

/* Where a value stands, from the object down. */
struct spot {
    const struct spot *above; /* NULL: a member of the object itself */
    struct text name;
    size_t index;
    bool element;
};

struct render {
    struct closing *c;
    struct json_out to;
    struct buffer *removed;
};

static void say_removed(const struct render *r, const struct spot *s)
{
    if (s->above) {
        say_removed(r, s->above);
        buffer_add_char(r->removed, '.');
    }
    if (s->element)
        buffer_addf(r->removed, "[%zu]", s->index);
    else
        buffer_add(r->removed, s->name);
}

static void note_removed(const struct render *r, const struct spot *s)
{
    if (r->removed->len)
        buffer_add_char(r->removed, ',');
    say_removed(r, s);
}

/* ---- markings ---- */

static bool knows_tlp2(const struct closing *c)
{
    const struct recipient *r = c->question->recipient;
    return r->kind == RECIPIENT_OWN_ACCOUNT || r->kind == RECIPIENT_PUBLIC || (r->knows & TERM_TLP2);
}

/* TLP 1 has no AMBER+STRICT: RED, which is stricter, where break-glass sends it to who knows no other. */
struct text close_label(const struct closing *c, enum tlp label, char out[IDENT_TEXT_MAX])
{
    struct uuid id;
    bool known =
        knows_tlp2(c) ? tlp_marking(label, 2, &id) : tlp_marking(label, 1, &id) || tlp_marking(TLP_RED, 1, &id);
    return known && label != TLP_NONE ? ident_format(TEXT("marking-definition"), &id, out) : TEXT_NONE;
}

static enum tlp label_of_marking(struct text id)
{
    struct ident ident;
    enum tlp label = TLP_NONE;
    if (ident_parse(id, &ident, NULL) || !tlp_of_marking(&ident.uuid, &label, NULL))
        return TLP_NONE;
    return label;
}

static bool is_own(struct text id, enum tlp label, int version)
{
    char text[IDENT_TEXT_MAX];
    struct uuid own;
    return tlp_marking(label, version, &own) && text_eq(id, ident_format(TEXT("marking-definition"), &own, text));
}

struct text close_marking(const struct closing *c, struct text id, char out[IDENT_TEXT_MAX])
{
    enum tlp label = label_of_marking(id);
    bool inside = c->question->recipient->kind == RECIPIENT_OWN_ACCOUNT;
    bool understood = is_own(id, label, 1) || (knows_tlp2(c) && is_own(id, label, 2));
    return label == TLP_NONE || inside || understood ? id : close_label(c, label, out);
}

static bool markings_change(const struct closing *c, const struct json_val *refs)
{
    char text[IDENT_TEXT_MAX];
    for (struct json_iter it = json_iter_of(refs); json_next(&it);)
        if (!text_eq(json_text(it.val), close_marking(c, json_text(it.val), text)))
            return true;
    return false;
}

bool close_leaves_whole(const struct closing *c)
{
    char text[IDENT_TEXT_MAX];
    if (c->gone.used || c->decision->add_marking || c->sighting_out ||
        markings_change(c, json_get(c->object, "object_marking_refs")))
        return false;
    for (struct json_iter it = json_iter_of(json_get(c->object, "granular_markings")); json_next(&it);) {
        struct text id = json_text(json_get(it.val, "marking_ref"));
        if (!text_eq(id, close_marking(c, id, text)))
            return false;
    }
    return true;
}

/* A label laxer than the object's own stands in its place: by consent, or on a tear line. Else it is one more. */
static bool replaces(const struct closing *c, const struct json_val *refs)
{
    enum tlp own = TLP_NONE;
    for (struct json_iter it = json_iter_of(refs); json_next(&it);)
        own = tlp_stricter(own, label_of_marking(json_text(it.val)));
    return c->decision->add_marking && c->decision->label < own;
}

static void write_text(struct render *r, struct text name, struct text v)
{
    json_key(&r->to, name);
    json_put_text(&r->to, v);
}

/* The label stands behind those that are there already. TLP's of one label in two versions become one. */
static enum err write_markings(struct render *r, const struct json_val *there)
{
    const struct closing *c = r->c;
    char text[IDENT_TEXT_MAX];
    bool texts = true, replaced = replaces(c, there);
    unsigned written = 0; /* labels, whose identifier was changed or is new */
    struct text label = c->decision->add_marking ? close_label(c, c->decision->label, text) : TEXT_NONE;
    if (c->decision->add_marking && !label.len)
        return ERR_MALFORMED;
    json_key(&r->to, MARKING_REFS);
    json_open(&r->to, '[');
    for (struct json_iter it = json_iter_of(there); json_next(&it);) {
        char other[IDENT_TEXT_MAX];
        struct text id = json_text(it.val), as = close_marking(c, id, other);
        enum tlp of = label_of_marking(id);
        texts = texts && json_is_string(it.val);
        bool again = of != TLP_NONE && ((written >> of) & 1) && !is_own(id, of, 1);
        if ((of != TLP_NONE && replaced) || again || text_eq(as, label))
            continue;
        written |= of == TLP_NONE ? 0 : 1u << of;
        json_put_text(&r->to, as);
    }
    if (label.len)
        json_put_text(&r->to, label);
    json_close(&r->to, ']');
    return texts ? OK : ERR_MALFORMED;
}

/* ---- marked portions ---- */

/* The selector as it counts what is left; false: what it names is gone. */
static bool selector_now(struct closing *c, struct text selector, struct buffer *out)
{
    const struct json_val *v = c->object;
    struct text part;
    buffer_clear(out);
    while (text_split(&selector, '.', &part)) {
        int64_t at;
        v = close_step(c, v, part, &at);
        if (!v || gone_has(&c->gone, v))
            return false;
        if (out->len)
            buffer_add_char(out, '.');
        if (at >= 0)
            buffer_addf(out, "[%lld]", (long long)at);
        else
            buffer_add(out, part);
    }
    return true;
}

/* One entry; nothing of it when all that it marked is gone. *any: an entry stands before. */
static void write_portion(struct render *r, const struct json_val *entry, struct buffer *selector, bool *any)
{
    char text[IDENT_TEXT_MAX];
    struct text lang = json_text(json_get(entry, "lang")), marking = json_text(json_get(entry, "marking_ref"));
    bool begun = false;
    struct json_iter it = json_iter_of(json_get(entry, "selectors"));
    while (r->c->steps <= r->c->steps_max && json_next(&it)) {
        if (!selector_now(r->c, json_text(it.val), selector))
            continue;
        if (!*any) {
            json_key(&r->to, TEXT("granular_markings"));
            json_open(&r->to, '[');
            *any = true;
        }
        if (!begun) {
            json_open(&r->to, '{');
            if (lang.len)
                write_text(r, TEXT("lang"), lang);
            else
                write_text(r, TEXT("marking_ref"), close_marking(r->c, marking, text));
            json_key(&r->to, TEXT("selectors"));
            json_open(&r->to, '[');
            begun = true;
        }
        json_put_text(&r->to, buffer_text(selector));
    }
    if (begun) {
        json_close(&r->to, ']');
        json_close(&r->to, '}');
    }
}

static enum err write_portions(struct render *r, const struct json_val *list)
{
    struct buffer selector;
    bool any = false;
    buffer_init(&selector, STIX_OBJECT_MAX_BYTES);
    for (struct json_iter it = json_iter_of(list); json_next(&it);)
        write_portion(r, it.val, &selector, &any);
    if (any)
        json_close(&r->to, ']');
    enum err e = buffer_error(&selector);
    buffer_done(&selector);
    return e ? e : close_tired(r->c);
}

/* ---- the rest ---- */

static void write_scalar(struct render *r, const struct json_val *v)
{
    json_put_raw(&r->to, TEXT_NONE); /* a value comes here ... */
    json_canonical(v, r->to.to, NULL);
}

static void write_value(struct render *r, const struct spot *at, const struct json_val *v)
{
    bool list = json_type(v) == JSON_ARRAY;
    if (!list && json_type(v) != JSON_OBJECT) {
        write_scalar(r, v);
        return;
    }
    json_open(&r->to, list ? '[' : '{');
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        const struct spot below = {at, it.key, it.index, list};
        if (gone_has(&r->c->gone, it.val)) {
            note_removed(r, &below);
            continue;
        }
        if (!list)
            json_key(&r->to, it.key);
        write_value(r, &below, it.val);
    }
    json_close(&r->to, list ? ']' : '}');
}

/* Down to the full hour, in the precision it had. */
static enum err write_hour(struct render *r, struct text name, const struct json_val *v)
{
    struct stamp at;
    char text[STAMP_TEXT_MAX];
    if (stamp_parse(json_text(v), &at, NULL))
        return ERR_MALFORMED;
    at.s -= ((at.s % 3600) + 3600) % 3600;
    at.ns = 0;
    write_text(r, name, stamp_format(at, text));
    return OK;
}

static enum err write_member(struct render *r, struct text name, const struct json_val *v)
{
    const struct spot at = {.name = name};
    bool window = text_eq(name, TEXT("first_seen")) || text_eq(name, TEXT("last_seen"));
    if (gone_has(&r->c->gone, v)) {
        note_removed(r, &at);
        return OK;
    }
    if (text_eq(name, MARKING_REFS))
        return write_markings(r, v);
    if (text_eq(name, TEXT("granular_markings")))
        return write_portions(r, v);
    /* A hub is told its own constituent's times as they were. */
    if (r->c->sighting_out && window && r->c->question->recipient->kind != RECIPIENT_HUB)
        return write_hour(r, name, v);
    json_key(&r->to, name);
    write_value(r, &at, v);
    return OK;
}

enum err close_write(struct closing *c, struct buffer *out, struct buffer *removed)
{
    struct render r = {.c = c, .to = json_out_to(out), .removed = removed};
    bool due = c->decision->add_marking && !json_get(c->object, "object_marking_refs");
    enum err e = OK;
    c->walk = (struct walk){0}; /* what is gone counts now */
    json_open(&r.to, '{');
    for (struct json_iter it = json_iter_of(c->object); !e && json_next(&it);) {
        if (due && text_cmp(it.key, MARKING_REFS) > 0) {
            e = write_markings(&r, NULL);
            due = false;
        }
        if (!e)
            e = write_member(&r, it.key, it.val);
    }
    if (!e && due)
        e = write_markings(&r, NULL);
    json_close(&r.to, '}');
    return e;
}
