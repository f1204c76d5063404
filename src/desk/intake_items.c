/* desk/intake_items.c - records of a chunk become items: what can be found out before the writer's turn (hash, class)
 * is found out here. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/intake_honest.h"
#include "desk/intake_marking.h"
#include "desk/own.h"
#include "model/public_text.h"

void intake_items_init(struct intake_items *items)
{
    *items = (struct intake_items){0};
    buffer_init(&items->bytes, GIB);
    arena_init(&items->filled, GIB);
}

void intake_items_done(struct intake_items *items)
{
    buffer_done(&items->bytes);
    arena_done(&items->filled);
    body_maker_free(items->maker);
    free(items->list);
    *items = (struct intake_items){0};
}

static enum err room_for_one(struct intake_items *items)
{
    if (items->count < items->cap)
        return OK;
    size_t cap = items->cap ? items->cap * 2 : 1024;
    struct intake_item *list = realloc(items->list, cap * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    items->list = list;
    items->cap = cap;
    return OK;
}

static bool is_identity(const struct intake *in, struct text id)
{
    return text_eq(id, text_of(in->identity));
}

static void classify(struct intake *in, const struct record_object *o, const struct ident *id, struct gate_class *ret)
{
    const struct intake_options *opt = in->options;
    *ret = (struct gate_class){.ours = opt->from_self,
                               .party = in->party,
                               .source = opt->source,
                               .granular = o->granular,
                               .source_default = in->source_default,
                               .source_pap = in->source_pap,
                               .exercise = in->exercise};
    ret->quarantined = ret->proposed = o->proposed;
    ret->protocol_object = is_public_text(o->id, o->body);
    ret->own_identity = opt->from_self && is_identity(in, o->id);
    size_t len = id->type.len < sizeof ret->type ? id->type.len : sizeof ret->type - 1;
    memcpy(ret->type, id->type.ptr, len);
}

/* Is it of that node: created by it, or its own identity? */
static bool is_of(struct text identity, const struct record_object *o)
{
    return text_eq(o->created_by, identity) || text_eq(o->id, identity);
}

/* How good the sender's word is (docs/VERSIONS.md). Taken in as our own, and created by nobody or by another: it is
 * in our log, and that is all that can be said. */
static enum authority authority_of(const struct intake *in, const struct record_object *o)
{
    char sender[IDENT_TEXT_MAX];
    const struct uuid *identity = &in->options->identity;
    bool ours = is_of(text_of(in->identity), o);
    if (in->options->from_self)
        return ours || !o->has_modified || o->print ? AUTHORITY_SOURCE : AUTHORITY_LOGGED;
    if (ours)
        return AUTHORITY_NONE;
    bool known = !uuid_is_zero(identity);
    return known && is_of(ident_format(TEXT("identity"), identity, sender), o) ? AUTHORITY_DIRECT : AUTHORITY_SOURCE;
}

static enum err take_object(struct intake *in, struct intake_items *items, struct intake_item *item,
                            struct fault *reterr)
{
    struct record_object *o = &item->record.u.object;
    struct ident id;
    enum err e = intake_honest(o, in->options->marking, reterr);
    if (e == OK)
        e = intake_space(in, items, item, reterr);
    if (e == OK && item->record.kind == RECORD_OBJECT)
        e = intake_fill_markings(in, items, o, reterr);
    if (e != OK || item->record.kind != RECORD_OBJECT)
        return e;
    if (ident_parse(o->id, &id, NULL) != OK)
        return fault_at(reterr, ERR_MALFORMED, o->at, "record", "its reader broke the record form");
    if (o->print == 0)
        item->hash = sha256_of(o->body.ptr, o->body.len);
    item->authority = authority_of(in, o);
    classify(in, o, &id, &item->cls);
    e = intake_marking_read(in, o, &item->cls, reterr);
    if (e != OK)
        return e;
    if (item->cls.terms.classification > in->ceiling) {
        intake_refuse(item, INTAKE_CLASSIFIED_RULE, INTAKE_CLASSIFIED);
        return OK;
    }
    return intake_make_ready(in, items, item, reterr);
}

static void take_end(struct intake_items *items, const struct record_end *end)
{
    items->ended = true;
    if (end->err == OK) {
        items->end = (struct fault){.err = OK, .offset = -1, .line = -1};
        return;
    }
    enum err e = end->err == ERR_NOMEM || end->err == ERR_IO ? (enum err)end->err : ERR_MALFORMED;
    fault_at(&items->end, e, end->at, NULL, TEXT_FMT, TEXT_ARG(end->what));
}

static enum err broken(struct fault *reterr)
{
    return fault_at(reterr, ERR_MALFORMED, -1, "record", "its reader broke the record form");
}

/* What stands before the objects, where it was asked for and not told yet. */
static enum err take_preface(struct intake *in, const struct record *r, struct fault *reterr)
{
    const struct intake_options *o = in->options;
    enum err e = OK;
    if (!o->on_envelope || in->enveloped || (r->kind == RECORD_ELEMENT && !o->on_element))
        return broken(reterr);
    pthread_mutex_lock(&in->tell_lock);
    if (r->kind == RECORD_ELEMENT)
        o->on_element(o->self, &r->u.element);
    else
        e = o->on_envelope(o->self, &r->u.envelope, reterr);
    pthread_mutex_unlock(&in->tell_lock);
    in->enveloped = r->kind == RECORD_ENVELOPE;
    return e;
}

static void take_lost(struct intake *in, const struct record_lost *lost)
{
    const struct intake_options *o = in->options;
    in->totals.lost++;
    if (!o->on_lost)
        return;
    pthread_mutex_lock(&in->tell_lock);
    o->on_lost(o->self, lost);
    pthread_mutex_unlock(&in->tell_lock);
}

enum err intake_items_take(struct intake *in, struct intake_items *items, struct text chunk, struct fault *reterr)
{
    items->count = 0;
    buffer_clear(&items->bytes);
    arena_reset(&items->filled);
    items->now_us = clock_now_us();
    buffer_add(&items->bytes, chunk);
    if (buffer_error(&items->bytes) != OK)
        return fault_set(reterr, buffer_error(&items->bytes), "no memory for %zu bytes", chunk.len);
    struct cursor c;
    cursor_init(&c, buffer_text(&items->bytes));
    for (;;) {
        struct record r;
        enum err e = record_next(&c, &r);
        if (e == ERR_NOT_FOUND)
            return OK;
        if (e != OK || items->ended) /* nothing comes after the end */
            return broken(reterr);
        if (r.kind == RECORD_ENVELOPE || r.kind == RECORD_ELEMENT) {
            e = take_preface(in, &r, reterr);
            if (e != OK)
                return e;
            continue;
        }
        if (in->options->on_envelope && !in->enveloped)
            return broken(reterr);
        if (r.kind == RECORD_LOST) {
            take_lost(in, &r.u.lost);
            continue;
        }
        if (r.kind == RECORD_LIST) /* no format that is imported makes them */
            return broken(reterr);
        if (r.kind == RECORD_END) {
            take_end(items, &r.u.end);
            continue;
        }
        e = room_for_one(items);
        if (e != OK)
            return fault_set(reterr, e, "no memory for a document's items");
        struct intake_item *item = &items->list[items->count];
        *item = (struct intake_item){.record = r};
        if (r.kind == RECORD_OBJECT) {
            e = take_object(in, items, item, reterr);
        } else if (r.kind == RECORD_EVENT) {
            e = intake_honest_event(&r.u.event, reterr);
        } else if (!intake_honest_refusal(&r.u.rejected)) {
            e = broken(reterr);
        }
        if (e != OK)
            return e;
        items->count++;
    }
}
