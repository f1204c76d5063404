/* desk/intake_marking.c - see intake_marking.h. Copyright and terms-of-use statements neither restrict nor replace
 * TLP (release.md 1); every other definition that is not TLP is unreadable.
 *
 * Whose word counts: a definition is a statement when the party the object comes from, or we ourselves, gave it as
 * one, in this document or before, and never as anything else. What a third party says of it is nothing to this
 * object, or one partner could take the force from another's markings by sending their ids first. */
#include "desk/intake_marking.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "desk/intake_honest.h"
#include "desk/own.h"

/* Further definitions of one document count as unreadable. */
#define MARKINGS_MAX 4096

void marking_book_done(struct marking_book *b)
{
    free(b->list);
    *b = (struct marking_book){0};
}

static struct marking_known *book_find(const struct marking_book *b, const struct uuid *id)
{
    for (size_t i = 0; i < b->count; i++)
        if (uuid_eq(&b->list[i].id, id))
            return &b->list[i];
    return NULL;
}

static enum err book_add(struct marking_book *b, const struct uuid *id, bool statement, struct fault *reterr)
{
    if (b->count >= MARKINGS_MAX)
        return OK;
    if (b->count == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 16;
        struct marking_known *list = realloc(b->list, cap * sizeof *list);
        if (!list)
            return fault_set(reterr, ERR_NOMEM, "no memory for marking definitions");
        b->list = list;
        b->cap = cap;
    }
    b->list[b->count++] = (struct marking_known){*id, statement};
    return OK;
}

static bool is_statement(struct text body)
{
    return text_eq(body_string(body, "definition_type"), TEXT("statement"));
}

struct held {
    struct intake *in;
    bool any, statement;
    struct buffer body;
    struct fault *reterr;
};

static enum err look_at_held(void *self, const struct version_row *row)
{
    struct held *h = self;
    if (!uuid_eq(&row->party, &h->in->party) && !uuid_eq(&row->party, &node_genesis(h->in->node)->identity))
        return OK;
    buffer_clear(&h->body);
    enum err e = node_body(h->in->node, row->body, &h->body, h->reterr);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    h->statement = e == OK && is_statement(buffer_text(&h->body)) && (h->statement || !h->any);
    h->any = true;
    return OK;
}

/* What those whose word counts have said of it before. ERR_NOT_FOUND: nothing. */
static enum err held_statement(struct intake *in, struct text id, bool *ret, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    struct held h = {.in = in, .reterr = reterr};
    buffer_init(&h.body, STIX_OBJECT_MAX_BYTES);
    e = view_versions(v, id, look_at_held, &h, reterr);
    buffer_done(&h.body);
    node_reader_done(in->node, v);
    if (e != OK)
        return e;
    if (!h.any)
        return ERR_NOT_FOUND;
    *ret = h.statement;
    return OK;
}

/* Looks a definition up once; the answer stands in the book afterwards. */
static enum err resolve(struct intake *in, struct text id, const struct uuid *uuid, bool *ret_statement,
                        struct fault *reterr)
{
    bool statement = false;
    enum err e = held_statement(in, id, &statement, reterr);
    if (e == ERR_NOT_FOUND && !in->markings.read_ahead) {
        e = intake_read_ahead(in, false, NULL, NULL, NULL, reterr);
        const struct marking_known *found = book_find(&in->markings, uuid);
        if (e == OK && found) {
            *ret_statement = found->statement;
            return OK;
        }
    }
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    *ret_statement = statement;
    return book_add(&in->markings, uuid, statement, reterr);
}

enum err intake_marking_unknown(struct intake *in, const struct record_object *o, bool *ret, struct fault *reterr)
{
    bool unknown = false;
    struct cursor c = o->markings;
    struct text id;
    for (size_t i = 0; i < o->marking_count && record_next_text(&c, &id); i++) {
        enum tlp label;
        int version;
        struct uuid uuid;
        if (!uuid_of_id(id, &uuid)) {
            unknown = true;
            continue;
        }
        if (tlp_of_marking(&uuid, &label, &version))
            continue;
        const struct marking_known *known = book_find(&in->markings, &uuid);
        bool statement = known && known->statement;
        enum err e = known ? OK : resolve(in, id, &uuid, &statement, reterr);
        if (e != OK)
            return e;
        unknown = unknown || !statement;
    }
    *ret = unknown;
    return OK;
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
    bool statement = is_statement(o->body), held = true;
    struct marking_known *known = book_find(&in->markings, &uuid);
    if (known) {
        known->statement = known->statement && statement;
        return OK;
    }
    enum err e = held_statement(in, o->id, &held, reterr);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    return book_add(&in->markings, &uuid, statement && held, reterr);
}

struct ahead {
    bool tell;
    uint64_t read, rejected;
    struct fault end;
};

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
            a->read++;
            e = note_definition(in, &r.u.object, reterr);
            if (e != OK)
                return e;
        } else if (r.kind == RECORD_REJECTED) {
            a->read++;
            a->rejected++;
            if (a->tell && in->options->on_rejected)
                in->options->on_rejected(in->options->self, &r.u.rejected);
        } else if (r.kind != RECORD_END) {
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
