/* release/cleared.c - makes a struct cleared: the bytes that leave, and for whom.
 *
 * Invariants: 1. `body` is canonical JSON and holds no reference that the lookup withheld. 2. FORM_WHOLE: it is, byte
 * by byte, the body that was handed in. 3. all texts borrow from `bytes` behind the struct. */
#include "release/cleared.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/close.h"

/* What may still be filled in after the struct was handed out as const: hashing costs as much as all the rest, and a
 * page that was sent before needs none. */
struct late {
    bool done;
    struct sha256 hash;
};

struct cleared {
    enum form form;
    enum tlp label;
    enum door door;
    enum recipient_kind kind;
    struct uuid party;
    struct text id, version, body; /* version: `modified`, else `created`, else empty */
    struct late *late;
    struct late late_here;
    char bytes[];
};

static struct text version_of(const struct json_val *object)
{
    struct text modified = json_text(json_get(object, "modified"));
    return modified.len ? modified : json_text(json_get(object, "created"));
}

static struct text keep(char **at, struct text t)
{
    struct text kept = {*at, t.len};
    if (t.len)
        memcpy(*at, t.ptr, t.len);
    *at += t.len;
    **at = 0;
    ++*at;
    return kept;
}

static struct cleared *cleared_new(struct text id, struct text version, struct text body)
{
    struct cleared *c = malloc(sizeof *c + id.len + version.len + body.len + 3);
    if (!c)
        return NULL;
    char *at = c->bytes;
    *c = (struct cleared){.late = &c->late_here};
    c->id = keep(&at, id);
    c->version = keep(&at, version);
    c->body = keep(&at, body);
    return c;
}

static enum err clear_object(const struct closing *closing, const struct json_val *object, struct text body,
                             struct cleared **ret, struct decision_rule *ret_why)
{
    struct text id = json_text(json_get(object, "id"));
    if (!id.len)
        return ERR_MALFORMED;
    if (!closing->decision->add_marking && !closing->sighting_out && close_holds(closing, object)) {
        *ret = cleared_new(id, version_of(object), body);
        return *ret ? OK : ERR_NOMEM;
    }
    struct buffer out;
    buffer_init(&out, STIX_OBJECT_MAX_BYTES + KIB);
    enum err e = close_render(closing, object, &out, ret_why);
    if (!e)
        e = buffer_error(&out);
    struct cleared *c = NULL;
    if (!e && !(c = cleared_new(id, version_of(object), buffer_text(&out))))
        e = ERR_NOMEM;
    buffer_done(&out);
    if (e)
        return e;
    *ret = c;
    return OK;
}

static enum err not_cleared(const struct decision *d, struct decision_rule *ret_why)
{
    if (ret_why && d->rule_count)
        *ret_why = d->rules[0];
    return ERR_DENIED;
}

enum err gate_clear(const struct gate_question *q, const struct decision *d, struct text body,
                    const struct gate_lookup *lookup, struct cleared **ret_cleared, struct decision_rule *ret_why)
{
    const struct recipient *r = q->recipient;
    if (!d->cleared)
        return not_cleared(d, ret_why);
    struct json_doc *doc;
    enum err e = json_parse(body, &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? ERR_NOMEM : ERR_MALFORMED;
    const struct json_val *object = json_root(doc);
    struct closing closing = {
        .decision = d,
        .sighting_out = q->cls->sighting && r->kind != RECIPIENT_OWN_ACCOUNT,
        .lookup = lookup,
        .type = json_text(json_get(object, "type")),
        .created_by = json_text(json_get(object, "created_by_ref")),
    };
    struct cleared *made = NULL;
    e = clear_object(&closing, object, body, &made, ret_why);
    json_free(doc);
    if (e)
        return e;
    made->form = text_eq(made->body, body) ? FORM_WHOLE : FORM_RENDITION;
    made->label = d->label;
    made->door = q->door;
    made->kind = r->kind;
    made->party = r->party;
    *ret_cleared = made;
    return OK;
}

enum ref_state gate_ref_of(const struct gate_class *target, const struct recipient *r, const struct decision *d)
{
    static const struct uuid nobody;
    if (d->cleared)
        return REF_CLEARED;
    bool theirs = !target->ours && !uuid_eq(&target->party, &nobody) && uuid_eq(&target->party, &r->party);
    return theirs && r->kind != RECIPIENT_OWN_ACCOUNT ? REF_ORIGIN : REF_WITHHELD;
}

void cleared_free(struct cleared *c)
{
    free(c);
}

struct text cleared_id(const struct cleared *c)
{
    return c->id;
}

struct text cleared_version(const struct cleared *c)
{
    return c->version;
}

struct text cleared_body(const struct cleared *c)
{
    return c->body;
}

enum form cleared_form(const struct cleared *c)
{
    return c->form;
}

enum tlp cleared_label(const struct cleared *c)
{
    return c->label;
}

const struct sha256 *cleared_hash(const struct cleared *c)
{
    if (!c->late->done) {
        c->late->hash = sha256_of(c->body.ptr, c->body.len);
        c->late->done = true;
    }
    return &c->late->hash;
}

enum door cleared_door(const struct cleared *c)
{
    return c->door;
}

enum recipient_kind cleared_recipient_kind(const struct cleared *c)
{
    return c->kind;
}

const struct uuid *cleared_party(const struct cleared *c)
{
    return &c->party;
}
