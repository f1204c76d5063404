/* reader/envelope.c - see envelope.h. */
#include "reader/envelope.h"

#include <string.h>

#include "base/limits.h"
#include "model/ident.h"
#include "json/json.h"
#include "json/split.h"

/* ---- the reader's side ---- */

struct look {
    struct record_envelope e;
    char next[RECORD_NEXT_MAX];
};

static enum err not_envelope(struct look *l, enum err err, const char *why)
{
    l->e.err = (uint8_t)err;
    l->e.what = text_of(why);
    return OK;
}

/* `next` is a string; servers that send a number mean its digits. */
static enum err read_next(struct look *l, const struct json_val *next)
{
    struct buffer b;
    int64_t number;
    buffer_init(&b, RECORD_NEXT_MAX);
    if (json_i64(next, &number))
        buffer_addf(&b, "%lld", (long long)number);
    else
        buffer_add(&b, json_text(next));
    enum err e = buffer_error(&b);
    if (e == ERR_NOMEM)
        return e;
    bool keeps = e == OK && text_find(buffer_text(&b), '\0', 0) < 0;
    if (keeps && b.len)
        memcpy(l->next, b.ptr, b.len);
    l->e.next = (struct text){l->next, keeps ? b.len : 0};
    buffer_done(&b);
    return keeps ? OK : not_envelope(l, ERR_MALFORMED, "its `next` is longer than we keep");
}

/* A boolean; servers that send the word or the number mean it. */
static bool says_more(const struct json_val *more)
{
    int64_t number;
    if (json_i64(more, &number))
        return number == 1;
    return json_bool(more, false) || text_eq_nocase(json_text(more), TEXT("true"));
}

static enum err read_members(struct look *l, struct text envelope)
{
    struct json_doc *doc;
    enum err e = json_parse(envelope, &doc, NULL);
    if (e)
        return e == ERR_NOMEM ? e : not_envelope(l, ERR_MALFORMED, "its members cannot be read");
    const struct json_val *root = json_root(doc);
    l->e.more = says_more(json_get(root, "more"));
    if (json_type(root) != JSON_OBJECT)
        e = not_envelope(l, ERR_USAGE, "it is no object");
    else if (!l->e.list && json_get(root, "objects"))
        e = not_envelope(l, ERR_USAGE, "its `objects` is no list");
    else
        e = read_next(l, json_get(root, "next"));
    json_free(doc);
    return e;
}

/* Who sent them gets its own ids back; what is no identifier is not repeated. */
static enum err note_element(struct text element, int64_t at, struct buffer *to)
{
    struct json_doc *doc = NULL;
    struct ident parts;
    struct stamp s;
    enum err e = element.len ? json_parse(element, &doc, NULL) : OK;
    if (e == ERR_NOMEM)
        return e;
    const struct json_val *o = json_root(doc);
    struct record_element r = {
        .at = at, .id = json_text(json_get(o, "id")), .version = json_text(json_get(o, "modified"))};
    if (!r.version.len)
        r.version = json_text(json_get(o, "created"));
    if (ident_parse(r.id, &parts, NULL))
        r.id = TEXT_NONE;
    if (stamp_parse(r.version, &s, NULL))
        r.version = TEXT_NONE;
    record_add_element(to, &r);
    json_free(doc);
    return buffer_error(to);
}

/* A single value: `{}`, or an object without `objects`, is an envelope too. */
static enum err look_through(struct json_split *s, uint32_t elements, struct look *l, struct buffer *to)
{
    enum err e;
    struct text element = TEXT_NONE;
    int64_t at;
    while ((e = json_split_next(s, &element, &at, NULL)) == OK || e == ERR_LIMIT) {
        if (!json_split_found(s))
            return e ? not_envelope(l, ERR_MALFORMED, "it is larger than an object may be")
                     : read_members(l, element);
        l->e.list = true;
        enum err noted = l->e.objects < elements ? note_element(e ? TEXT_NONE : element, at, to) : OK;
        if (noted)
            return noted;
        l->e.objects++;
    }
    if (e == ERR_MALFORMED)
        return not_envelope(l, ERR_MALFORMED, "it is not JSON, or was cut off");
    if (e != ERR_NOT_FOUND)
        return e;
    l->e.list = json_split_found(s);
    struct text envelope = json_split_envelope(s);
    return envelope.len ? read_members(l, envelope) : OK;
}

enum err envelope_records(int fd, uint32_t elements, struct buffer *to, bool *ret_usable, struct fault *reterr)
{
    struct look l = {0};
    struct json_split *s;
    enum err e = json_split_open(fd, "objects", STIX_OBJECT_MAX_BYTES, &s);
    if (e == OK) {
        e = look_through(s, elements, &l, to);
        json_split_free(s);
    }
    if (e == OK)
        record_add_envelope(to, &l.e);
    if (e == OK)
        e = buffer_error(to);
    if (e)
        return fault_set(reterr, e, "looking through the envelope: %s", err_name(e));
    *ret_usable = l.e.err == OK;
    return OK;
}

/* ---- the owner's side ---- */

enum err reader_envelope_keep(const struct record_envelope *e, struct reader_enveloped *ret, struct fault *reterr)
{
    if (e->err != OK)
        return fault_at(reterr, ERR_MALFORMED, -1, "TAXII 2.1 3.7", "no envelope: " TEXT_FMT,
                        TEXT_ARG(text_is_utf8(e->what) ? e->what : TEXT_NONE));
    struct reader_enveloped kept = {.list = e->list, .more = e->more, .objects = e->objects};
    if (e->next.len)
        memcpy(kept.next, e->next.ptr, e->next.len);
    *ret = kept;
    return OK;
}

enum err reader_envelope(int fd, const atomic_bool *cancel, struct reader_enveloped *ret, struct fault *reterr)
{
    const struct reader_options options = {
        .format = READER_STIX, .envelope = READER_ENVELOPE_ALONE, .cancel = cancel};
    struct reader *r;
    struct text chunk;
    struct cursor c;
    struct record record;
    enum err e = reader_open(fd, &options, &r, reterr);
    if (e)
        return e;
    e = reader_next(r, &chunk, reterr);
    if (e == OK) {
        cursor_init(&c, chunk);
        if (record_next(&c, &record) == OK && record.kind == RECORD_ENVELOPE)
            e = reader_envelope_keep(&record.u.envelope, ret, reterr);
        else
            e = ERR_NOT_FOUND;
    }
    if (e == ERR_NOT_FOUND)
        e = fault_set(reterr, ERR_MALFORMED, "its reader broke the record form");
    reader_free(r);
    return e;
}
