/* desk/intake_marking.c - see intake_marking.h. Copyright and terms-of-use statements neither restrict nor replace
 * TLP (release.md 1). What was found out of a definition stands in the book for the rest of the document. */
#include "desk/intake_marking.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "desk/intake_honest.h"
#include "desk/marks.h"
#include "desk/own.h"
#include "model/space.h"

/* Further definitions of one document count as unreadable. */
#define MARKINGS_MAX 4096

void marking_book_done(struct marking_book *b)
{
    free(b->ids);
    free(b->means);
    *b = (struct marking_book){0};
}

static struct gate_portion *book_find(const struct marking_book *b, const struct uuid *id)
{
    for (size_t i = 0; i < b->count; i++)
        if (uuid_eq(&b->ids[i], id))
            return &b->means[i];
    return NULL;
}

static enum err book_grow(struct marking_book *b, struct fault *reterr)
{
    size_t cap = b->cap ? b->cap * 2 : 16;
    struct uuid *ids = realloc(b->ids, cap * sizeof *ids);
    if (ids)
        b->ids = ids;
    struct gate_portion *means = ids ? realloc(b->means, cap * sizeof *means) : NULL;
    if (!means)
        return fault_set(reterr, ERR_NOMEM, "no memory for marking definitions");
    b->means = means;
    b->cap = cap;
    return OK;
}

static enum err book_add(struct marking_book *b, const struct uuid *id, const struct gate_portion *means,
                         struct fault *reterr)
{
    if (b->count >= MARKINGS_MAX)
        return OK;
    enum err e = b->count == b->cap ? book_grow(b, reterr) : OK;
    if (e != OK)
        return e;
    b->ids[b->count] = *id;
    b->means[b->count++] = *means;
    return OK;
}

/* What those whose word counts have said of it before. ERR_NOT_FOUND: nothing. */
static enum err held_meaning(struct intake *in, struct text id, struct gate_portion *ret, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    e = portion_held(in->node, v, id, &in->party, ret, reterr);
    node_reader_done(in->node, v);
    return e;
}

/* Looks a definition up once; the answer stands in the book afterwards. */
static enum err resolve(struct intake *in, struct text id, const struct uuid *uuid, struct gate_portion *ret,
                        struct fault *reterr)
{
    struct gate_portion means;
    enum err e = held_meaning(in, id, &means, reterr);
    if (e == ERR_NOT_FOUND && !in->markings.read_ahead) {
        e = intake_read_ahead(in, false, NULL, NULL, NULL, reterr);
        const struct gate_portion *found = book_find(&in->markings, uuid);
        if (e == OK && found) {
            *ret = *found;
            return OK;
        }
    }
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    *ret = means;
    return book_add(&in->markings, uuid, &means, reterr);
}

static enum err look_up(void *self, struct text id, struct gate_portion *ret, struct fault *reterr)
{
    struct intake *in = self;
    struct uuid uuid;
    if (!uuid_of_id(id, &uuid))
        return OK; /* stays unknown */
    const struct gate_portion *known = book_find(&in->markings, &uuid);
    if (!known)
        return resolve(in, id, &uuid, ret, reterr);
    *ret = *known;
    return OK;
}

/* A definition that stands in this document counts for what follows it, too. */
static enum err note_changed(struct intake *in, const struct record_object *o, struct fault *reterr)
{
    struct uuid uuid;
    struct gate_portion says;
    if (!text_starts(o->id, TEXT("marking-definition--")) || !uuid_of_id(o->id, &uuid))
        return OK;
    struct gate_portion *known = book_find(&in->markings, &uuid);
    if (!known)
        return OK;
    enum err e = portion_of_body(o->body, &says, reterr);
    if (e == OK)
        portion_add(known, &says);
    return e;
}

enum err intake_marking_read(struct intake *in, const struct record_object *o, struct gate_class *cls,
                             struct fault *reterr)
{
    struct cursor c = o->markings;
    struct text id;
    enum err e = note_changed(in, o, reterr);
    enum tlp said = TLP_NONE;
    marks_begin(cls);
    for (size_t i = 0; e == OK && i < o->marking_count && record_next_text(&c, &id); i++)
        e = marks_add(cls, id, &said, look_up, in, reterr);
    marks_label(cls, said, in->options->marking);
    return e ? e : marks_inside(cls, o->body, look_up, in, reterr);
}

/* ---- reading ahead ---- */

static enum err note_definition(struct intake *in, const struct record_object *o, struct fault *reterr)
{
    struct uuid uuid;
    if (!text_starts(o->id, TEXT("marking-definition--")) || !uuid_of_id(o->id, &uuid))
        return OK;
    enum err honest = intake_honest(o, in->options->marking, reterr);
    if (honest != OK)
        return honest;
    struct gate_portion says, held;
    enum err e = portion_of_body(o->body, &says, reterr);
    if (e != OK)
        return e;
    struct gate_portion *known = book_find(&in->markings, &uuid);
    if (known) {
        portion_add(known, &says);
        return OK;
    }
    e = held_meaning(in, o->id, &held, reterr);
    if (e == OK)
        portion_add(&says, &held);
    return e == OK || e == ERR_NOT_FOUND ? book_add(&in->markings, &uuid, &says, reterr) : e;
}

struct ahead {
    bool tell;
    bool marked;   /* some object has markings that are no TLP markings, so that it may be classified */
    bool classify; /* the definitions are known: this time refusals are those for classification */
    uint64_t read, rejected;
    struct fault end;
};

static void tell_refused(const struct intake *in, struct ahead *a, const struct record_rejected *r)
{
    a->rejected++;
    if (a->tell && in->options->on_rejected)
        in->options->on_rejected(in->options->self, r);
}

static enum err look_for_classification(struct intake *in, struct intake_item *item, struct ahead *a,
                                        struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    enum err e = intake_honest(o, in->options->marking, reterr);
    item->cls.granular = o->granular;
    if (e == OK)
        e = intake_marking_read(in, o, &item->cls, reterr);
    if (e == OK && item->cls.terms.classification > in->ceiling) {
        intake_refuse(item, INTAKE_CLASSIFIED_RULE, INTAKE_CLASSIFIED);
        tell_refused(in, a, &item->record.u.rejected);
    }
    return e;
}

static enum err look_at_object(struct intake *in, const struct record *r, struct ahead *a, struct fault *reterr)
{
    const struct record_object *o = &r->u.object;
    if (a->classify) {
        struct intake_item item = {.record = *r};
        return look_for_classification(in, &item, a, reterr);
    }
    a->read++;
    struct record_rejected refused = {.at = o->at, .line = -1, .id = o->id, .rule = TEXT(SPACE_RULE)};
    const char *why = NULL;
    enum err e = intake_space_refuses(in, o, &why, reterr);
    if (e != OK)
        return e;
    const bool warned = !why && in->options->strict && o->warned.len > 0;
    if (why || warned) {
        refused.rule = warned ? o->warned_rule : refused.rule;
        refused.reason = warned ? o->warned : text_of(why);
        tell_refused(in, a, &refused);
        return OK;
    }
    a->marked = a->marked || o->unknown_marking || o->granular;
    return note_definition(in, o, reterr);
}

static enum err look_through(struct intake *in, struct text chunk, struct ahead *a, struct fault *reterr)
{
    struct cursor c;
    cursor_init(&c, chunk);
    for (;;) {
        struct record r;
        enum err e = record_next(&c, &r);
        if (e == ERR_NOT_FOUND)
            return OK;
        if (e != OK)
            return fault_at(reterr, e, -1, "record", "its reader broke the record form");
        if (r.kind == RECORD_OBJECT) {
            e = look_at_object(in, &r, a, reterr);
            if (e != OK)
                return e;
        } else if (r.kind == RECORD_REJECTED) {
            if (!a->classify) {
                a->read++;
                tell_refused(in, a, &r.u.rejected);
            }
        } else if (r.kind == RECORD_EVENT) {
            a->read++;
        } else if (r.kind != RECORD_END && r.kind != RECORD_LOST) {
            return fault_at(reterr, ERR_MALFORMED, -1, "record", "its reader broke the record form");
        } else if (r.u.end.err != OK) {
            fault_at(&a->end, (enum err)r.u.end.err, r.u.end.at, NULL, TEXT_FMT, TEXT_ARG(r.u.end.what));
        }
    }
}

static enum err read_through(struct intake *in, struct ahead *a, struct fault *reterr)
{
    struct reader_options opt = intake_reader_options(in);
    opt.envelope = READER_NO_ENVELOPE; /* told already */
    struct reader *reader;
    enum err e = reader_open(in->spool.fd, &opt, &reader, reterr);
    if (e != OK)
        return e;
    in->format = reader_format_of(reader);
    struct text chunk;
    while ((e = reader_next(reader, &chunk, reterr)) == OK) {
        e = look_through(in, chunk, a, reterr);
        if (e == OK && in->options->cancel && atomic_load(in->options->cancel))
            e = fault_set(reterr, ERR_CANCELLED, "stopped on request");
        if (e != OK)
            break;
    }
    reader_free(reader);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err intake_read_ahead(struct intake *in, bool tell, uint64_t *ret_read, uint64_t *ret_rejected,
                           struct fault *ret_end, struct fault *reterr)
{
    off_t at = lseek(in->spool.fd, 0, SEEK_CUR);
    if (at < 0)
        return fault_errno(reterr, "asking for the place in the document");
    struct ahead a = {.tell = tell, .end = {.err = OK, .offset = -1, .line = -1}};
    enum err e = intake_spool_rewind(&in->spool, reterr);
    if (e == OK)
        e = read_through(in, &a, reterr);
    if (e == OK && in->options->strict && a.marked && a.end.err == OK) {
        in->markings.read_ahead = a.classify = true;
        e = intake_spool_rewind(&in->spool, reterr);
        if (e == OK)
            e = read_through(in, &a, reterr);
    }
    if (lseek(in->spool.fd, at, SEEK_SET) != at && e == OK)
        e = fault_errno(reterr, "going back in the document");
    if (e != OK)
        return e;
    in->markings.read_ahead = true;
    if (ret_read)
        *ret_read = a.read;
    if (ret_rejected)
        *ret_rejected = a.rejected;
    if (ret_end)
        *ret_end = a.end;
    return OK;
}
