/* format/stix.c - STIX 2.1 JSON -> records. */
#include "format/stix.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "format/emit.h"
#include "format/stix_inside.h"
#include "model/ident.h"
#include "json/split.h"

#define SHOWN_ID_MAX 300

struct stix_reader {
    struct json_split *split;
    uint8_t tlp;
    bool ended;
    uint64_t read;
    struct fault unreadable; /* err OK, or why the last element was no JSON object at all */
    struct emit emit;
};

enum err stix_reader_open(struct feed_from from, struct text head, uint8_t tlp, struct stix_reader **ret)
{
    struct stix_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->tlp = tlp;
    emit_init(&r->emit);
    enum err e = json_split_open_from(from, "objects", STIX_OBJECT_MAX_BYTES, &r->split);
    if (!e)
        e = json_split_push(r->split, head);
    if (e) {
        stix_reader_free(r);
        return e;
    }
    *ret = r;
    return OK;
}

void stix_reader_free(struct stix_reader *r)
{
    if (!r)
        return;
    json_split_free(r->split);
    emit_done(&r->emit);
    free(r);
}

/* ---- refused objects ---- */

struct text stix_shown_id(struct text id)
{
    if (id.len > SHOWN_ID_MAX)
        return TEXT_NONE;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= 0x20 || id.ptr[i] > 0x7e)
            return TEXT_NONE;
    return id;
}

struct text stix_guess_id(struct text t)
{
    ptrdiff_t at = text_find_text(t, TEXT("\"id\""));
    if (at < 0)
        return TEXT_NONE;
    t = text_trim(text_sub(t, (size_t)at + 4, t.len));
    if (!text_starts(t, TEXT(":")))
        return TEXT_NONE;
    t = text_trim(text_sub(t, 1, SHOWN_ID_MAX + 16));
    ptrdiff_t end = text_starts(t, TEXT("\"")) ? text_find(t, '"', 1) : -1;
    struct ident ident;
    struct text id = end > 0 ? text_sub(t, 1, (size_t)end - 1) : TEXT_NONE;
    return ident_parse(id, &ident, NULL) ? TEXT_NONE : id;
}

static enum err refuse(int64_t at, struct text id, const struct fault *why, struct buffer *to)
{
    struct record_rejected rejected = {
        .at = at, .line = -1, .id = id, .rule = text_of(why->rule), .reason = text_of(why->what)};
    record_add_rejected(to, &rejected);
    return buffer_error(to);
}

static enum err refuse_text(struct text element, int64_t at, const struct fault *why, struct buffer *to)
{
    struct fault placed = *why;
    if (why->offset > 0)
        fault_at(&placed, why->err, at, why->rule, "%.180s (byte %lld of the document)", why->what,
                 (long long)(at + why->offset));
    return refuse(at, stix_guess_id(element), &placed, to);
}

/* ---- the envelope: STIX 2.1 section 8, TAXII 2.1 section 3.7 ---- */

enum err stix_check_envelope(const struct json_val *envelope, struct fault *why)
{
    const struct json_val *type = json_get(envelope, "type");
    struct ident ident;
    if (json_get(envelope, "objects") && json_type(json_get(envelope, "objects")) != JSON_ARRAY)
        return fault_at(why, ERR_MALFORMED, 0, "STIX 2.1 8", "`objects` must be a list of objects");
    if (!type && !json_get(envelope, "id"))
        return OK; /* TAXII's envelope: "more", "next", "objects" */
    if (!text_eq(json_text(type), TEXT("bundle")))
        return fault_at(why, ERR_MALFORMED, 0, "STIX 2.1 8",
                        "the type of what holds `objects` must be \"bundle\"; its objects were read all the same");
    if (ident_parse(json_text(json_get(envelope, "id")), &ident, NULL) || !text_eq(ident.type, TEXT("bundle")))
        return fault_at(why, ERR_MALFORMED, 0, "STIX 2.1 8",
                        "a bundle's id must be bundle--UUID; its objects were read all the same");
    return OK;
}

static enum err refuse_envelope(const struct json_val *envelope, const struct fault *why, struct buffer *to)
{
    return refuse(0, stix_shown_id(json_text(json_get(envelope, "id"))), why, to);
}

/* At the end of a document that held an array of objects. */
static enum err end_envelope(const struct stix_reader *r, struct buffer *to)
{
    struct text text = json_split_envelope(r->split);
    struct json_doc *doc;
    struct fault why;
    enum err e = json_parse(text, &doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        struct fault shown;
        fault_at(&shown, e, 0, "STIX 2.1 8", "the bundle's own members: %.200s", why.what);
        return refuse(0, stix_guess_id(text), &shown, to);
    }
    e = stix_check_envelope(json_root(doc), &why);
    if (e)
        e = refuse_envelope(json_root(doc), &why, to);
    json_free(doc);
    return e;
}

bool stix_empty_envelope(const struct json_val *v)
{
    if (json_type(v) != JSON_OBJECT)
        return false;
    if (json_get(v, "type"))
        return text_eq(json_text(json_get(v, "type")), TEXT("bundle"));
    return json_size(v) == 0 || json_get(v, "more");
}

/* ---- the document ---- */

static enum err read_object(struct stix_reader *r, const struct json_val *v, struct text element, int64_t at,
                            struct buffer *to)
{
    struct fault why = {.offset = -1, .line = -1};
    const struct emit_as as = {.at = at, .tlp = r->tlp, .original = element};
    enum err e = emit_value(&r->emit, v, &as, to, &why);
    if (e == OK || e == ERR_NOMEM)
        return e;
    if (json_type(v) != JSON_OBJECT)
        r->unreadable = why;
    return buffer_error(to) ? e : refuse(at, stix_shown_id(json_text(json_get(v, "id"))), &why, to);
}

/* OpenTAXII (up to 0.9.3) answers every object with its type in the place of its spec_version; it stores 2.1 alone.
 */
static bool version_is_type(const struct json_val *v)
{
    struct text said = json_text(json_get(v, "spec_version"));
    return said.len && text_eq(said, json_text(json_get(v, "type")));
}

/* The element with "2.1" for the first such value at its top; ERR_NOT_FOUND: it is written in another way. */
static enum err mend_version(struct text element, struct buffer *mended, struct json_doc **ret)
{
    const struct text name = TEXT("\"spec_version\"");
    size_t at = 0;
    ptrdiff_t found;
    while ((found = text_find_text(text_sub(element, at, element.len), name)) >= 0) {
        at += (size_t)found + name.len;
        size_t from = at;
        while (from < element.len && element.ptr[from] && strchr(": \t\r\n", element.ptr[from]))
            from++;
        if (from >= element.len || element.ptr[from] != '"')
            continue;
        ptrdiff_t end = text_find(element, '"', from + 1);
        if (end < 0)
            break;
        buffer_clear(mended);
        buffer_add(mended, text_sub(element, 0, from));
        buffer_add(mended, TEXT("\"2.1\""));
        buffer_add(mended, text_sub(element, (size_t)end + 1, element.len));
        enum err e = buffer_error(mended) ? ERR_NOMEM : json_parse(buffer_text(mended), ret, NULL);
        if (e == ERR_NOMEM)
            return e;
        if (e == OK && text_eq(json_text(json_get(json_root(*ret), "spec_version")), TEXT("2.1")))
            return OK;
        if (e == OK)
            json_free(*ret);
    }
    return ERR_NOT_FOUND;
}

static enum err read_mended(struct stix_reader *r, const struct json_val *v, struct text element, int64_t at,
                            struct buffer *to)
{
    struct buffer mended;
    struct json_doc *doc;
    buffer_init(&mended, STIX_OBJECT_MAX_BYTES + 16);
    enum err e = mend_version(element, &mended, &doc);
    if (e == OK) {
        e = read_object(r, json_root(doc), buffer_text(&mended), at, to);
        json_free(doc);
    } else if (e == ERR_NOT_FOUND) {
        e = read_object(r, v, element, at, to);
    }
    buffer_done(&mended);
    return e;
}

static enum err read_element(struct stix_reader *r, struct text element, int64_t at, struct buffer *to)
{
    struct json_doc *doc;
    struct fault why = {.offset = -1, .line = -1};
    enum err e = json_parse(element, &doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        r->read++;
        r->unreadable = why;
        r->unreadable.offset = at + (why.offset > 0 ? why.offset : 0);
        return refuse_text(element, at, &why, to);
    }
    const struct json_val *v = json_root(doc);
    if (!json_split_found(r->split) && stix_empty_envelope(v)) {
        e = stix_check_envelope(v, &why) ? refuse_envelope(v, &why, to) : OK;
    } else {
        r->read++;
        e = version_is_type(v) ? read_mended(r, v, element, at, to) : read_object(r, v, element, at, to);
    }
    json_free(doc);
    return e;
}

/* A document of one value that is no JSON object is not a document with one bad object. */
static bool is_unreadable(const struct stix_reader *r)
{
    return !json_split_found(r->split) && r->read == 1 && r->unreadable.err;
}

static enum err end(struct stix_reader *r, enum err err, const struct fault *why, struct buffer *to)
{
    struct record_end e = {.err = (uint8_t)err,
                           .at = err ? why->offset : (int64_t)json_split_bytes(r->split),
                           .read = r->read,
                           .what = err ? text_of(why->what) : TEXT_NONE};
    enum err failed = json_split_found(r->split) ? end_envelope(r, to) : OK;
    if (failed)
        return failed;
    r->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

enum err stix_reader_next(struct stix_reader *r, struct buffer *to)
{
    struct text element;
    struct fault why = {.offset = -1, .line = -1};
    int64_t at;
    if (r->ended)
        return ERR_NOT_FOUND;
    enum err e = json_split_next(r->split, &element, &at, &why);
    switch (e) {
    case OK: return read_element(r, element, at, to);
    case ERR_NOT_FOUND:
        return is_unreadable(r) ? end(r, r->unreadable.err, &r->unreadable, to) : end(r, OK, NULL, to);
    case ERR_LIMIT:
        r->read++;
        fault_at(&why, e, at, "STIX_OBJECT_MAX_BYTES",
                 "an object longer than 8 MiB; put payloads into artifacts' url");
        return refuse(at, TEXT_NONE, &why, to);
    case ERR_NOMEM: return e;
    default: return end(r, e, &why, to);
    }
}

/* ---- as one of all formats ---- */

static enum format_claim claim(const struct format_head *h)
{
    struct text t = text_starts(h->bytes, TEXT("\xEF\xBB\xBF")) ? text_sub(h->bytes, 3, h->bytes.len) : h->bytes;
    struct text first = text_trim(t);
    if (first.len == 0)
        return h->whole ? FORMAT_NO : FORMAT_MORE;
    return first.ptr[0] == '{' || first.ptr[0] == '[' ? FORMAT_MAYBE : FORMAT_NO;
}

static enum err open_job(const struct format_job *job, void **ret)
{
    struct stix_reader *r;
    enum err e = stix_reader_open(job->from, job->head, job->tlp, &r);
    if (e == OK)
        *ret = r;
    return e;
}

static enum err next_record(void *self, struct buffer *to)
{
    return stix_reader_next(self, to);
}

static void free_reader(void *self)
{
    stix_reader_free(self);
}

const struct format FORMAT_STIX = {"stix", false, claim, open_job, next_record, free_reader, true};
