/* format/json_events.c - see json_events.h. */
#include "format/json_events.h"

#include <stdlib.h>

#include "json/split.h"

struct json_events {
    const struct json_events_shape *shape;
    struct json_split *split;
    struct event_draft draft;
    uint8_t tlp;
    bool ended;
    uint64_t read;
    struct fault unreadable; /* err OK, or why the last element was no JSON object */
};

enum err json_events_open(const struct format_job *job, const struct json_events_shape *shape, void **ret)
{
    struct json_events *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->shape = shape;
    r->tlp = job->tlp;
    event_draft_init(&r->draft);
    /* No event's own member is taken for a list of events: none can have this name. */
    enum err e = json_split_open_from(job->from, "\x01", STIX_OBJECT_MAX_BYTES, &r->split);
    if (!e)
        e = json_split_push(r->split, job->head);
    if (e) {
        json_events_free(r);
        return e;
    }
    *ret = r;
    return OK;
}

void json_events_free(void *self)
{
    struct json_events *r = self;
    if (!r)
        return;
    json_split_free(r->split);
    event_draft_done(&r->draft);
    free(r);
}

static enum err refuse(int64_t at, struct text id, const struct fault *why, struct buffer *to)
{
    struct record_rejected rejected = {at, -1, text_sub(id, 0, FAULT_WHAT_MAX), text_of(why->rule),
                                       text_of(why->what)};
    record_add_rejected(to, &rejected);
    return buffer_error(to);
}

static enum err read_object(struct json_events *r, const struct json_val *v, struct text element, int64_t at,
                            struct buffer *to)
{
    struct fault why = {.offset = -1, .line = -1};
    if (json_type(v) != JSON_OBJECT) {
        fault_at(&why, ERR_MALFORMED, at, r->shape->rule, "not an object");
        r->unreadable = why;
        return refuse(at, TEXT_NONE, &why, to);
    }
    event_begin(&r->draft, at);
    enum err e = r->shape->read(v, &r->draft, &why);
    if (e == ERR_NOMEM || r->draft.no_memory)
        return ERR_NOMEM;
    return e ? refuse(at, r->draft.event.id, &why, to) : event_put(&r->draft, r->shape->report, element, r->tlp, to);
}

static enum err read_element(struct json_events *r, struct text element, int64_t at, struct buffer *to)
{
    struct json_doc *doc;
    struct fault why = {.offset = -1, .line = -1}, placed;
    enum err e = json_parse(element, &doc, &why);
    r->read++;
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        int64_t where = at + (why.offset > 0 ? why.offset : 0);
        fault_at(&placed, e, where, r->shape->rule, "%.180s (byte %lld of the document)", why.what, (long long)where);
        r->unreadable = placed;
        return refuse(at, TEXT_NONE, &placed, to);
    }
    e = read_object(r, json_root(doc), element, at, to);
    json_free(doc);
    return e;
}

static enum err end(struct json_events *r, enum err err, const struct fault *why, struct buffer *to)
{
    struct record_end e = {.err = (uint8_t)err,
                           .at = err ? why->offset : (int64_t)json_split_bytes(r->split),
                           .read = r->read,
                           .what = err ? text_of(why->what) : TEXT_NONE};
    r->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

enum err json_events_next(void *self, struct buffer *to)
{
    struct json_events *r = self;
    struct text element;
    struct fault why = {.offset = -1, .line = -1};
    int64_t at;
    if (r->ended)
        return ERR_NOT_FOUND;
    enum err e = json_split_next(r->split, &element, &at, &why);
    /* A document of one value that is no JSON object is not a document with one bad event. */
    bool alone = !json_split_found(r->split) && r->read == 1;
    switch (e) {
    case OK: return read_element(r, element, at, to);
    case ERR_NOT_FOUND:
        return alone && r->unreadable.err ? end(r, r->unreadable.err, &r->unreadable, to) : end(r, OK, NULL, to);
    case ERR_LIMIT:
        r->read++;
        fault_at(&why, e, at, "STIX_OBJECT_MAX_BYTES", "an event longer than 8 MiB");
        return refuse(at, TEXT_NONE, &why, to);
    case ERR_NOMEM: return e;
    default: return end(r, e, &why, to);
    }
}

struct text json_events_word(struct event_draft *d, const struct json_val *v)
{
    int64_t whole;
    double real;
    const char *text = NULL;
    if (json_type(v) != JSON_NUMBER)
        return json_text(v);
    if (json_i64(v, &whole))
        text = arena_printf(&d->arena, "%lld", (long long)whole);
    else if (json_f64(v, &real))
        text = arena_printf(&d->arena, "%.17g", real);
    d->no_memory = d->no_memory || !text;
    return text ? text_of(text) : TEXT_NONE;
}

struct json_items json_items_of(const struct json_val *v)
{
    bool list = json_type(v) == JSON_ARRAY;
    return (struct json_items){.it = json_iter_of(list ? v : NULL), .alone = list ? NULL : v};
}

const struct json_val *json_items_next(struct json_items *i)
{
    const struct json_val *v = i->alone;
    i->alone = NULL;
    if (v)
        return v;
    return json_next(&i->it) ? i->it.val : NULL;
}
