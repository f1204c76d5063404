/* format/misp.c - a document of MISP's, element by element: events, answers of the REST interface, lists, bare events
 * and bare attributes. Within an element, pieces come one by one (misp_event.c), so that a chunk of records stays
 * small whatever the event's size. */
#include "format/misp.h"

#include <stdlib.h>
#include <string.h>

#include "format/misp_inside.h"
#include "json/split.h"

#define NESTING_MAX 4 /* of "response" and lists around events */

static void free_reader(void *self)
{
    struct misp *m = self;
    if (!m)
        return;
    misp_event_done(m);
    json_free(m->doc);
    json_split_free(m->split);
    emit_done(&m->emit);
    buffer_done(&m->texts);
    buffer_done(&m->refs);
    buffer_done(&m->json);
    buffer_done(&m->pattern);
    buffer_done(&m->value);
    buffer_done(&m->normal);
    buffer_done(&m->name);
    buffer_done(&m->looked);
    free(m);
}

static enum err open_job(const struct format_job *job, void **ret)
{
    struct misp *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    emit_init(&m->emit);
    buffer_init(&m->texts, 64 * KIB);
    buffer_init(&m->refs, MISP_EVENT_MAX_BYTES);
    buffer_init(&m->json, STIX_OBJECT_MAX_BYTES);
    buffer_init(&m->pattern, STIX_OBJECT_MAX_BYTES);
    buffer_init(&m->value, STIX_OBJECT_MAX_BYTES);
    buffer_init(&m->normal, VALUE_MAX_BYTES);
    buffer_init(&m->name, 2 * STIX_OBJECT_MAX_BYTES);
    buffer_init(&m->looked, STIX_OBJECT_MAX_BYTES);
    buffer_add(&m->texts, job->party);
    m->party = buffer_text(&m->texts);
    m->tlp = job->tlp;
    enum err e = buffer_error(&m->texts);
    if (!e)
        e = json_split_open_from(job->from, "response", MISP_EVENT_MAX_BYTES, &m->split);
    if (!e)
        e = json_split_push(m->split, job->head);
    if (e) {
        free_reader(m);
        return e;
    }
    *ret = m;
    return OK;
}

/* ---- what an element is ---- */

static bool is_list(const struct json_val *v)
{
    return json_type(v) == JSON_ARRAY;
}

static bool is_attribute(const struct json_val *v)
{
    return json_is_string(json_get(v, "type")) && json_get(v, "value");
}

/* Attributes of an answer carry some of their event. */
static enum err bare_attribute(struct misp *m, const struct json_val *v)
{
    static const struct misp_marks nothing;
    const struct json_val *event = json_get(v, "Event");
    struct misp_marks marks = nothing;
    struct uuid uuid;
    m->created = m->modified = (struct stamp){.digits = 3};
    if (!misp_epoch(v, "timestamp", &m->modified))
        (void)misp_epoch(event, "timestamp", &m->modified);
    m->created = m->modified;
    m->creator[0] = 0;
    memset(&m->uuid, 0, sizeof m->uuid);
    if (uuid_parse(misp_text(event, "uuid"), &uuid) == OK)
        m->uuid = uuid;
    enum err e = event ? misp_marks_of(m, event, &nothing, &marks) : OK;
    if (!e && json_type(json_get(event, "Orgc")) == JSON_OBJECT)
        e = misp_organisation(m, json_get(event, "Orgc"), &marks, m->creator);
    return e ? e : misp_attribute(m, v, &marks);
}

static enum err take(struct misp *m, const struct json_val *v, unsigned depth);

static enum err queue(struct misp *m, const struct json_val *list, unsigned depth)
{
    (void)depth;
    m->queue = list;
    m->queued = json_iter_of(list);
    return OK;
}

static enum err take(struct misp *m, const struct json_val *v, unsigned depth)
{
    const struct json_val *event = json_get(v, "Event"), *answer = json_get(v, "response");
    if (is_list(v) && depth < NESTING_MAX)
        return queue(m, v, depth);
    if (answer && depth < NESTING_MAX)
        return take(m, answer, depth + 1);
    if (is_attribute(v))
        return bare_attribute(m, v);
    if (json_type(event) == JSON_OBJECT)
        return misp_event_begin(m, event);
    if (is_list(event))
        return queue(m, event, depth);
    const struct json_val *attributes = json_get(v, "Attribute");
    if (json_get(v, "info") || json_get(v, "Object") || json_get(v, "Galaxy") || (attributes && json_get(v, "uuid")))
        return misp_event_begin(m, v);
    if (is_list(attributes))
        return queue(m, attributes, depth);
    if (json_type(attributes) == JSON_OBJECT)
        return bare_attribute(m, attributes);
    if (json_type(v) == JSON_OBJECT && json_size(v) == 0)
        return OK;
    m->read++;
    return misp_refuse(m, TEXT_NONE, "neither an event nor an attribute of MISP's");
}

/* ---- the document ---- */

static enum err end(struct misp *m, enum err err, const struct fault *why)
{
    struct record_end e = {.err = (uint8_t)err,
                           .at = err ? why->offset : (int64_t)json_split_bytes(m->split),
                           .read = m->read,
                           .what = err ? text_of(why->what) : TEXT_NONE};
    m->ended = true;
    record_add_end(m->to, &e);
    return buffer_error(m->to);
}

static enum err element(struct misp *m, struct text text, int64_t at)
{
    struct fault why = {.offset = -1, .line = -1};
    json_free(m->doc);
    m->doc = NULL;
    m->at = at;
    misp_event_done(m);
    enum err e = json_parse(text, &m->doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        m->read++;
        m->unreadable = why;
        m->unreadable.offset = at + (why.offset > 0 ? why.offset : 0);
        return misp_refuse(m, TEXT_NONE, "%.180s (byte %lld of the document)", why.what,
                           (long long)m->unreadable.offset);
    }
    return take(m, json_root(m->doc), 0);
}

static enum err next_element(struct misp *m)
{
    struct text text;
    struct fault why = {.offset = -1, .line = -1};
    int64_t at;
    enum err e = json_split_next(m->split, &text, &at, &why);
    switch (e) {
    case OK: return element(m, text, at);
    case ERR_NOT_FOUND:
        return m->unreadable.err && m->read == 1 && !json_split_found(m->split)
                   ? end(m, ERR_MALFORMED, &m->unreadable)
                   : end(m, OK, NULL);
    case ERR_LIMIT:
        m->read++;
        m->at = at;
        return misp_refuse(m, TEXT_NONE, "an event longer than 128 MiB; export it in parts");
    case ERR_NOMEM: return e;
    default: return end(m, e, &why);
    }
}

static enum err next_record(void *self, struct buffer *to)
{
    struct misp *m = self;
    m->to = to;
    if (m->ended)
        return ERR_NOT_FOUND;
    enum err e = misp_event_next(m);
    if (e == ERR_NOT_FOUND && m->queue) {
        if (json_next(&m->queued))
            e = is_list(m->queued.val) ? misp_refuse(m, TEXT_NONE, "a list in a list") : take(m, m->queued.val, 1);
        else
            m->queue = NULL;
    }
    if (e == ERR_NOT_FOUND && !m->queue)
        e = next_element(m);
    if (e == OK || e == ERR_NOT_FOUND)
        e = OK;
    return e ? e : buffer_error(to);
}

/* ---- whose document it is ---- */

/* Skips a string; true: there was one, *ret is its inside. */
static bool take_string(struct text *t, struct text *ret)
{
    if (t->len == 0 || t->ptr[0] != '"')
        return false;
    for (size_t i = 1; i < t->len; i++) {
        if (t->ptr[i] == '\\') {
            i++;
        } else if (t->ptr[i] == '"') {
            *ret = text_sub(*t, 1, i - 1);
            *t = text_sub(*t, i + 1, t->len);
            return true;
        }
    }
    return false;
}

/* Names of members at the first two levels of objects, lists not counted, as far as the head goes. */
struct names {
    bool event, response, attribute, info, stix, type_and_value;
};

static void note(struct names *n, struct text name, unsigned level)
{
    n->event = n->event || (level <= 2 && text_eq(name, TEXT("Event")));
    n->response = n->response || (level == 1 && text_eq(name, TEXT("response")));
    n->attribute = n->attribute || text_eq(name, TEXT("Attribute")) || text_eq(name, TEXT("to_ids")) ||
                   text_eq(name, TEXT("Orgc")) || text_eq(name, TEXT("threat_level_id"));
    n->info = n->info || (level == 1 && text_eq(name, TEXT("info")));
    n->stix = n->stix || (level <= 2 && (text_eq(name, TEXT("spec_version")) || text_eq(name, TEXT("objects"))));
}

static void look(struct text t, struct names *n)
{
    unsigned level = 0;
    while (t.len > 0 && level < 8) {
        struct text name;
        if (t.ptr[0] == '"' && take_string(&t, &name)) {
            t = text_trim(t);
            if (t.len > 0 && t.ptr[0] == ':')
                note(n, name, level);
            continue;
        }
        level += t.ptr[0] == '{';
        level -= t.ptr[0] == '}' && level > 0;
        t = text_sub(t, 1, t.len);
    }
}

static enum format_claim claim(const struct format_head *h)
{
    struct text t = text_starts(h->bytes, TEXT("\xEF\xBB\xBF")) ? text_sub(h->bytes, 3, h->bytes.len) : h->bytes;
    struct names n = {0};
    t = text_trim(t);
    if (t.len == 0)
        return h->whole ? FORMAT_NO : FORMAT_MORE;
    if (t.ptr[0] != '{' && t.ptr[0] != '[')
        return FORMAT_NO;
    look(t, &n);
    if (n.stix)
        return FORMAT_NO;
    if (n.attribute && (n.event || n.response || n.info || n.attribute))
        return FORMAT_YES;
    if (!h->whole && h->bytes.len < 4096)
        return FORMAT_MORE;
    return n.event || n.response ? FORMAT_YES : FORMAT_NO;
}

const struct format FORMAT_MISP = {"misp", true, claim, open_job, next_record, free_reader};
