/* release/cleared.c - makes a struct cleared: the bytes that leave, and for whom.
 *
 * Invariants: 1. `body` is canonical JSON and holds no reference that the lookup withheld. 2. FORM_WHOLE: it is, byte
 * by byte, the body that was handed in. 3. all texts borrow from `bytes` behind the struct. */
#include "release/cleared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/space.h"
#include "model/stix.h"
#include "release/close.h"

/* Memory to read a rendition with: what reading any object takes. */
#define VALID_MAX_BYTES (64 * MIB)

/* Steps to what the selectors of an object name. Selectors in order need a few for each of their bytes; those that
 * jump about in long lists need their square. */
#define CLOSE_STEPS          ((size_t)100000)
#define CLOSE_STEPS_PER_BYTE ((size_t)4)

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
    struct text removed;           /* selectors, comma between */
    bool cut_off;                  /* `removed` is not all */
    bool cut;
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

static struct cleared *cleared_new(struct text id, struct text version, struct text body, struct text removed,
                                   bool cut_off)
{
    struct cleared *c = malloc(sizeof *c + id.len + version.len + body.len + removed.len + 4);
    if (!c)
        return NULL;
    char *at = c->bytes;
    *c = (struct cleared){.late = &c->late_here};
    c->id = keep(&at, id);
    c->version = keep(&at, version);
    c->body = keep(&at, body);
    c->removed = keep(&at, removed);
    c->cut_off = cut_off;
    return c;
}

/* What was cut for its marking, or down to its tear line, is of our making: an object again that any reader takes,
 * also one that lets nothing pass. */
static enum err still_valid(const struct closing *c, struct text body)
{
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    enum err e = json_parse(body, &doc, NULL);
    if (e)
        return e;
    arena_init(&arena, VALID_MAX_BYTES);
    e = stix_head_read(json_root(doc), &arena, &head, NULL);
    if (!e && head.let.len > 0)
        e = ERR_MALFORMED;
    arena_done(&arena);
    json_free(doc);
    if (e && e != ERR_NOMEM && c->why)
        *c->why = (struct decision_rule){"5 portions", "What would be left of it is no valid STIX."};
    return e && e != ERR_NOMEM ? ERR_DENIED : e;
}

static enum err render(struct closing *c, struct text id, struct cleared **ret)
{
    struct buffer out, removed;
    buffer_init(&out, STIX_OBJECT_MAX_BYTES + KIB);
    buffer_init(&removed, DECISION_REMOVED_MAX - sizeof ",...");
    enum err e = close_write(c, &out, &removed);
    if (!e)
        e = buffer_error(&out);
    if (!e && buffer_error(&removed) == ERR_NOMEM)
        e = ERR_NOMEM;
    if (!e && c->cut)
        e = still_valid(c, buffer_text(&out));
    struct cleared *made = NULL;
    bool cut_off = buffer_error(&removed) != OK;
    if (!e && !(made = cleared_new(id, version_of(c->object), buffer_text(&out), buffer_text(&removed), cut_off)))
        e = ERR_NOMEM;
    buffer_done(&out);
    buffer_done(&removed);
    if (!e)
        *ret = made;
    return e;
}

static enum err clear_object(struct closing *c, struct text body, struct cleared **ret)
{
    struct text id = json_text(json_get(c->object, "id"));
    if (!id.len)
        return ERR_MALFORMED;
    enum err e = close_mark(c);
    if (e)
        return e;
    if (!close_leaves_whole(c))
        return render(c, id, ret);
    *ret = cleared_new(id, version_of(c->object), body, TEXT_NONE, false);
    return *ret ? OK : ERR_NOMEM;
}

static enum err not_cleared(const struct decision *d, struct decision_rule *ret_why)
{
    if (ret_why && d->rule_count)
        *ret_why = d->rules[0];
    return ERR_DENIED;
}

/* The other side of the door at intake: whatever the class says, an exercise's mark does not leave the real space,
 * and what leaves an exercise carries one. */
static bool crosses(const struct gate_class *c, struct text body)
{
    enum space_mark mark;
    if (space_mark_of(body, SPACE_REAL, &mark) != OK)
        return true;
    return c->exercise ? mark == SPACE_UNMARKED && !c->protocol_object : mark != SPACE_UNMARKED;
}

static enum err not_over(struct decision_rule *ret_why)
{
    if (ret_why)
        *ret_why = (struct decision_rule){
            SPACE_RULE,
            "Its mark is not that of the space it lies in: nothing crosses between exercises and the real."};
    return ERR_DENIED;
}

enum err gate_clear(const struct gate_question *q, const struct decision *d, struct text body,
                    const struct gate_lookup *lookup, struct cleared **ret_cleared, struct decision_rule *ret_why)
{
    const struct recipient *r = q->recipient;
    if (!d->cleared)
        return not_cleared(d, ret_why);
    if (crosses(q->cls, body))
        return not_over(ret_why);
    struct json_doc *doc;
    enum err e = json_parse(body, &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? ERR_NOMEM : ERR_MALFORMED;
    const struct json_val *object = json_root(doc);
    struct closing closing = {
        .question = q,
        .decision = d,
        .lookup = lookup,
        .sighting_out = q->cls->sighting && r->kind != RECIPIENT_OWN_ACCOUNT,
        .object = object,
        .type = json_text(json_get(object, "type")),
        .created_by = json_text(json_get(object, "created_by_ref")),
        .why = ret_why,
        .steps_max = CLOSE_STEPS + CLOSE_STEPS_PER_BYTE * body.len,
    };
    struct cleared *made = NULL;
    e = clear_object(&closing, body, &made);
    gone_done(&closing.gone);
    json_free(doc);
    if (lookup->steps)
        *lookup->steps += closing.steps;
    if (e)
        return e;
    made->cut = closing.cut;
    made->form = text_eq(made->body, body) ? FORM_WHOLE : FORM_RENDITION;
    if (made->form == FORM_RENDITION && crosses(q->cls, made->body)) {
        cleared_free(made);
        return not_over(ret_why);
    }
    made->label = d->label;
    made->door = q->door;
    made->kind = r->kind;
    made->party = r->party;
    *ret_cleared = made;
    return OK;
}

void decision_close(struct decision *d, const struct cleared *c)
{
    d->form = c->form;
    d->label = c->label;
    snprintf(d->removed, sizeof d->removed, TEXT_FMT "%s", TEXT_ARG(c->removed), c->cut_off ? ",..." : "");
}

struct text cleared_removed(const struct cleared *c)
{
    return c->removed;
}

bool cleared_cut(const struct cleared *c)
{
    return c->cut;
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
