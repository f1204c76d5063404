/* Any document as IODEF: records decode and stand in the order of their places, events' values are in normal form,
 * objects are canonical JSON; who claims the document says the same of it when it knows more. */
#include "base/limits.h"
#include "format/iodef.h"
#include "support/fuzz.h"
#include "json/json.h"

static void check_event(const struct record_event *e)
{
    struct cursor c = e->values;
    struct record_event_value v;
    struct buffer normal;
    enum value_kind kind;
    buffer_init(&normal, VALUE_MAX_BYTES);
    while (record_next_event_value(&c, &v)) {
        buffer_clear(&normal);
        fuzz_assert(value_normalise((enum value_kind)v.kind, v.value, &normal, &kind, NULL) == OK);
        fuzz_assert(kind == v.kind && text_eq(buffer_text(&normal), v.value));
    }
    buffer_done(&normal);
}

static void check_object(const struct record_object *o)
{
    struct json_doc *doc;
    struct buffer again;
    fuzz_assert(json_parse(o->body, &doc, NULL) == OK);
    buffer_init(&again, 64 * MIB);
    json_canonical(json_root(doc), &again, NULL);
    fuzz_assert(text_eq(buffer_text(&again), o->body) && o->value_count == 1);
    buffer_done(&again);
    json_free(doc);
}

static int64_t check_record(const struct record *r, int64_t at)
{
    int64_t now = at;
    switch (r->kind) {
    case RECORD_EVENT:
        now = r->u.event.at;
        check_event(&r->u.event);
        break;
    case RECORD_OBJECT:
        now = r->u.object.at;
        check_object(&r->u.object);
        break;
    case RECORD_LOST: now = r->u.lost.at; break;
    default: break;
    }
    fuzz_assert(now >= at);
    return now;
}

static void read_it(struct text document)
{
    const struct format_job job = {.from = {.fd = -1}, .head = document, .party = {"party", 5}};
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    enum err e;
    int64_t at = 0;
    bool ended = false;
    buffer_init(&out, 256 * MIB);
    fuzz_assert(FORMAT_IODEF.open(&job, &reading) == OK);
    while (!(e = FORMAT_IODEF.next(reading, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    FORMAT_IODEF.free(reading);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r))) {
        fuzz_assert(!ended);
        ended = r.kind == RECORD_END;
        at = check_record(&r, at);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    buffer_done(&out);
}

static void claims_agree(struct text document)
{
    const struct format_head whole = {document, true, TEXT_NONE};
    enum format_claim last = FORMAT_IODEF.claim(&whole);
    fuzz_assert(last != FORMAT_MORE);
    for (size_t len = 0; len < document.len; len += 1 + len / 4) {
        const struct format_head part = {{document.ptr, len}, false, TEXT_NONE};
        enum format_claim c = FORMAT_IODEF.claim(&part);
        fuzz_assert(c == FORMAT_MORE || c == last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text document = {(const char *)data, len};
    read_it(document);
    claims_agree(document);
    return 0;
}
