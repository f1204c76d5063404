/* Any document as IDEA, IntelMQ and n6: records decode, stand in the order of their places, values are in normal form
 * and an event's evidence is of the document; who claims the document says the same of it when it knows more. */
#include <string.h>

#include "base/limits.h"
#include "format/idea.h"
#include "format/intelmq.h"
#include "format/n6.h"
#include "support/fuzz.h"

static void check_event(const struct record_event *e, struct text document)
{
    struct cursor c = e->values;
    struct record_event_value v;
    struct buffer normal;
    enum value_kind kind;
    fuzz_assert((size_t)e->at < document.len && e->raw.len <= document.len - (size_t)e->at);
    fuzz_assert(memcmp(document.ptr + e->at, e->raw.ptr, e->raw.len) == 0);
    buffer_init(&normal, VALUE_MAX_BYTES);
    while (record_next_event_value(&c, &v)) {
        buffer_clear(&normal);
        fuzz_assert(value_normalise((enum value_kind)v.kind, v.value, &normal, &kind, NULL) == OK);
        fuzz_assert(kind == v.kind && text_eq(buffer_text(&normal), v.value));
    }
    buffer_done(&normal);
}

static void read_as(const struct format *f, struct text document)
{
    const struct format_job job = {.from = {.fd = -1}, .head = document};
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    enum err e;
    int64_t at = 0;
    bool ended = false;
    buffer_init(&out, 256 * MIB);
    fuzz_assert(f->open(&job, &reading) == OK);
    while (!(e = f->next(reading, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    f->free(reading);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r))) {
        fuzz_assert(!ended);
        ended = r.kind == RECORD_END;
        if (r.kind == RECORD_EVENT) {
            fuzz_assert(r.u.event.at >= at);
            at = r.u.event.at;
            check_event(&r.u.event, document);
        }
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    buffer_done(&out);
}

static void claims_agree(const struct format *f, struct text document)
{
    const struct format_head whole = {document, true, TEXT_NONE};
    enum format_claim last = f->claim(&whole);
    fuzz_assert(last != FORMAT_MORE);
    for (size_t len = 0; len < document.len; len += 1 + len / 4) {
        const struct format_head part = {{document.ptr, len}, false, TEXT_NONE};
        enum format_claim c = f->claim(&part);
        fuzz_assert(c == FORMAT_MORE || c == last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct format *const all[] = {&FORMAT_IDEA, &FORMAT_INTELMQ, &FORMAT_N6};
    struct text document = {(const char *)data, len};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        read_as(all[i], document);
        claims_agree(all[i], document);
    }
    return 0;
}
