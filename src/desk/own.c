/* desk/own.c - see own.h. */
#include "desk/own.h"

#include <string.h>

#include "base/time.h"
#include "model/space.h"

/* ---- members of canonical bodies ---- */

/* p stands on a quote; past the closing one, or len. */
static size_t skip_string(struct text t, size_t p)
{
    for (p++; p < t.len; p++) {
        if (t.ptr[p] == '\\')
            p++;
        else if (t.ptr[p] == '"')
            return p + 1;
    }
    return t.len;
}

/* p stands on a value's first byte; past its last one. */
static size_t skip_value(struct text t, size_t p)
{
    size_t depth = 0;
    while (p < t.len) {
        char c = t.ptr[p];
        if (c == '"') {
            p = skip_string(t, p);
            if (depth == 0)
                return p;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return p;
        if (c == '{' || c == '[')
            depth++;
        p++;
        if ((c == '}' || c == ']') && --depth == 0)
            return p;
    }
    return t.len;
}

struct text body_member(struct text body, const char *name)
{
    struct text wanted = text_of(name);
    size_t p = 1; /* past the opening brace */
    while (p < body.len && body.ptr[p] == '"') {
        size_t key_end = skip_string(body, p);
        if (key_end >= body.len || body.ptr[key_end] != ':')
            return TEXT_NONE;
        struct text key = text_sub(body, p + 1, key_end - p - 2);
        size_t value = key_end + 1, end = skip_value(body, value);
        if (text_eq(key, wanted))
            return text_sub(body, value, end - value);
        if (end >= body.len || body.ptr[end] != ',')
            return TEXT_NONE;
        p = end + 1;
    }
    return TEXT_NONE;
}

struct text body_string(struct text body, const char *name)
{
    struct text raw = body_member(body, name);
    if (raw.len < 2 || raw.ptr[0] != '"')
        return TEXT_NONE;
    struct text inner = text_sub(raw, 1, raw.len - 2);
    return text_find(inner, '\\', 0) < 0 ? inner : TEXT_NONE;
}

bool body_time(struct text body, const char *name, int64_t *ret_us)
{
    struct text t = body_string(body, name);
    struct stamp s;
    if (t.len == 0 || stamp_parse(t, &s, NULL) != OK)
        return false;
    *ret_us = stamp_us(s);
    return true;
}

bool uuid_is_zero(const struct uuid *u)
{
    static const struct uuid zero;
    return memcmp(u, &zero, sizeof zero) == 0;
}

bool uuid_of_id(struct text id, struct uuid *ret)
{
    struct ident ident;
    if (ident_parse(id, &ident, NULL) != OK)
        return false;
    *ret = ident.uuid;
    return true;
}

/* ---- our own objects ---- */

struct own_times own_times(struct txn *t, const struct version_row *before)
{
    struct own_times w = {0};
    int64_t now = txn_now_us(t);
    w.modified_us = now - now % 1000;
    if (before && w.modified_us <= before->modified_us)
        w.modified_us = before->modified_us - before->modified_us % 1000 + 1000;
    w.created_us = before && before->created_us ? before->created_us : w.modified_us;
    stamp_format(stamp_from_us(w.created_us, 3), w.created);
    stamp_format(stamp_from_us(w.modified_us, 3), w.modified);
    return w;
}

void own_put_time(struct json_out *o, const char *name, int64_t us, uint8_t digits)
{
    char text[STAMP_TEXT_MAX];
    json_member_text(o, name, stamp_format(stamp_from_us(us, digits), text));
}

/* Labels are told by `label`. */
static void put_terms(struct json_out *o, const struct json_val *refs)
{
    struct ident ident;
    enum tlp published;
    for (struct json_iter it = json_iter_of(refs); json_next(&it);)
        if (ident_parse(json_text(it.val), &ident, NULL) || !tlp_of_marking(&ident.uuid, &published, NULL))
            json_put_text(o, json_text(it.val));
}

static void put_markings(struct json_out *o, enum tlp label, const struct json_val *refs)
{
    struct uuid marking;
    char id[IDENT_TEXT_MAX];
    if (label == TLP_NONE || !tlp_marking(label, 2, &marking))
        return;
    json_key(o, TEXT("object_marking_refs"));
    json_open(o, '[');
    json_put_text(o, ident_format(TEXT("marking-definition"), &marking, id));
    put_terms(o, refs);
    json_close(o, ']');
}

void own_put_common(struct json_out *o, struct text id, const struct fact_genesis *g, const struct own_times *times,
                    enum tlp label)
{
    own_put_marked(o, id, g, times, label, NULL);
}

void own_put_marked(struct json_out *o, struct text id, const struct fact_genesis *g, const struct own_times *times,
                    enum tlp label, const struct json_val *refs)
{
    char identity[IDENT_TEXT_MAX];
    ptrdiff_t dashes = text_find_text(id, TEXT("--"));
    json_member_text(o, "type", text_sub(id, 0, dashes < 0 ? 0 : (size_t)dashes));
    json_member_text(o, "spec_version", TEXT("2.1"));
    json_member_text(o, "id", id);
    json_member_text(o, "created", text_of(times->created));
    json_member_text(o, "modified", text_of(times->modified));
    json_member_text(o, "created_by_ref", ident_format(TEXT("identity"), &g->identity, identity));
    put_markings(o, label, refs);
}

static void type_of_id(struct text id, struct gate_class *cls)
{
    ptrdiff_t dashes = text_find_text(id, TEXT("--"));
    size_t len = dashes < 0 ? 0 : (size_t)dashes;
    if (len >= sizeof cls->type)
        len = sizeof cls->type - 1;
    memcpy(cls->type, id.ptr, len);
}

/* The class of an object of ours, as the gate will see it. */
static void own_class(struct txn *t, const struct own_object *o, struct gate_class *ret)
{
    const struct fact_genesis *g = node_genesis(txn_node(t));
    *ret = (struct gate_class){.ours = true, .party = g->identity, .tlp = o->label};
    ret->internal_only = !o->outward;
    ret->exercise = !text_eq(g->space, TEXT("real"));
    if (o->sighting) {
        ret->sighting = true;
        ret->sighting_of = o->sighting->party;
        ret->sighting_of_ours = uuid_is_zero(&o->sighting->party);
        ret->sighting_tlp = o->sighting_tlp;
        if (o->sighting_terms)
            ret->terms = *o->sighting_terms;
    }
    type_of_id(o->id, ret);
}

static enum err canonical_plain(const struct buffer *body, struct buffer *out, struct fault *reterr)
{
    enum err e = buffer_error(body);
    if (e != OK)
        return fault_set(reterr, e, "an object of ours could not be written");
    struct json_doc *doc;
    e = json_parse(buffer_text(body), &doc, reterr);
    if (e != OK)
        return e;
    json_canonical(json_root(doc), out, NULL);
    json_free(doc);
    e = buffer_error(out);
    return e == OK ? OK : fault_set(reterr, e, "an object of ours could not be written");
}

/* In an exercise with its mark. */
static enum err canonicalise(const struct buffer *body, struct text space, struct buffer *out, struct fault *reterr)
{
    struct buffer plain;
    enum space_mark mark = SPACE_UNMARKED;
    size_t at, more;
    if (space_is_real(space))
        return canonical_plain(body, out, reterr);
    buffer_init(&plain, STIX_OBJECT_MAX_BYTES);
    enum err e = canonical_plain(body, &plain, reterr);
    if (e == OK)
        e = space_mark_of(buffer_text(&plain), space, &mark);
    if (e == OK && mark == SPACE_THIS) {
        buffer_add(out, buffer_text(&plain));
        e = buffer_error(out);
    } else if (e == OK) {
        e = space_mark_add(buffer_text(&plain), space, out, &at, &more);
        if (e != OK)
            fault_set(reterr, e, "an object of ours could not be given the exercise's mark");
    }
    buffer_done(&plain);
    return e;
}

enum err own_append(struct txn *t, const struct own_object *o, const struct buffer *body, struct fault *reterr)
{
    struct gate_class cls;
    own_class(t, o, &cls);
    struct buffer canonical, key;
    buffer_init(&canonical, STIX_OBJECT_MAX_BYTES);
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    gate_class_key(&cls, &key);
    enum err e = buffer_error(&key);
    if (e == OK)
        e = canonicalise(body, node_genesis(txn_node(t))->space, &canonical, reterr);
    if (e == OK) {
        struct text b = buffer_text(&canonical);
        struct fact f = {.kind = FACT_OBJECT};
        f.u.object = (struct fact_object){.id = o->id,
                                          .modified = text_of(o->times->modified),
                                          .hash = sha256_of(b.ptr, b.len),
                                          .account = o->account,
                                          .party = cls.party,
                                          .standing = STANDING_CURRENT,
                                          .supersedes = o->before != NULL,
                                          .class_key = buffer_text(&key),
                                          .created_us = o->times->created_us,
                                          .modified_us = o->times->modified_us,
                                          .revoked = o->revoked,
                                          .confidence = -1,
                                          .finding = o->finding,
                                          .sighting = o->opinion ? NULL : o->sighting,
                                          .type = text_of(cls.type)};
        e = txn_append(t, &f, b, TEXT_NONE, reterr);
    }
    buffer_done(&key);
    buffer_done(&canonical);
    return e;
}

enum err own_append_as(struct txn *t, const struct own_plain *o, struct text body, struct fault *reterr)
{
    struct buffer raw, canonical, key;
    buffer_init(&raw, STIX_OBJECT_MAX_BYTES);
    buffer_init(&canonical, STIX_OBJECT_MAX_BYTES);
    buffer_init(&key, GATE_CLASS_KEY_MAX);
    const struct text space = node_genesis(txn_node(t))->space;
    o->cls->exercise = !space_is_real(space);
    type_of_id(o->id, o->cls);
    gate_class_key(o->cls, &key);
    buffer_add(&raw, body);
    enum err e = buffer_error(&key);
    if (e == OK)
        e = canonicalise(&raw, o->cls->protocol_object ? SPACE_REAL : space, &canonical, reterr);
    if (e == OK) {
        struct text b = buffer_text(&canonical);
        struct fact f = {.kind = FACT_OBJECT};
        f.u.object = (struct fact_object){.id = o->id,
                                          .hash = sha256_of(b.ptr, b.len),
                                          .account = *o->account,
                                          .party = o->cls->party,
                                          .standing = STANDING_CURRENT,
                                          .class_key = buffer_text(&key),
                                          .confidence = -1,
                                          .type = text_of(o->cls->type)};
        f.u.object.modified = body_string(b, "modified");
        (void)body_time(b, "modified", &f.u.object.modified_us);
        (void)body_time(b, "created", &f.u.object.created_us);
        e = txn_append(t, &f, b, TEXT_NONE, reterr);
    }
    buffer_done(&key);
    buffer_done(&canonical);
    buffer_done(&raw);
    return e;
}

/* The object's text before and after its member's value. */
static void around(struct text body, const char *member, struct text *ret_before, struct text *ret_after)
{
    struct text value = body_member(body, member);
    size_t at = value.ptr ? (size_t)(value.ptr - body.ptr) : body.len;
    *ret_before = text_sub(body, 0, at);
    *ret_after = text_sub(body, at + value.len, body.len);
}

enum err own_same(struct txn *t, const struct buffer *body, struct text held, bool *ret, struct fault *reterr)
{
    struct buffer canonical;
    buffer_init(&canonical, STIX_OBJECT_MAX_BYTES);
    enum err e = canonicalise(body, node_genesis(txn_node(t))->space, &canonical, reterr);
    if (e == OK) {
        struct text before[2], after[2];
        around(buffer_text(&canonical), "modified", &before[0], &after[0]);
        around(held, "modified", &before[1], &after[1]);
        *ret = text_eq(before[0], before[1]) && text_eq(after[0], after[1]);
    }
    buffer_done(&canonical);
    return e;
}

enum err own_act(struct txn *t, const struct uuid *account, const char *verb, struct text subject, struct text reason,
                 struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACT};
    f.u.act = (struct fact_act){.account = *account, .verb = text_of(verb), .subject = subject, .reason = reason};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

enum err own_load(struct txn *t, struct text id, struct version_row *ret_row, struct buffer *body,
                  struct json_doc **ret_doc, struct fault *reterr)
{
    struct version_row row;
    enum err e = view_current(txn_view(t), id, &row, reterr);
    if (e != OK)
        return e;
    row.id = row.modified = TEXT_NONE; /* theirs until the next question only */
    buffer_clear(body);
    e = txn_body(t, row.body, body, reterr);
    if (e != OK)
        return e;
    struct json_doc *doc;
    e = json_parse(buffer_text(body), &doc, reterr);
    if (e != OK)
        return e;
    *ret_row = row;
    *ret_doc = doc;
    return OK;
}
