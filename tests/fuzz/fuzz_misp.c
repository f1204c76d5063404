/* Any document as MISP's: records decode, stand in the order of their places, and each object is what its record
 * says: proper JSON with its id, and values that are looked for in normal form. */
#include "base/limits.h"
#include "format/misp.h"
#include "format/misp_feed.h"
#include "support/fuzz.h"
#include "json/proper.h"

static void check_object(const struct record_object *o)
{
    struct cursor c = o->values;
    struct record_value v;
    struct buffer normal;
    enum value_kind kind;
    fuzz_assert(json_is_proper(o->body, NULL, NULL));
    fuzz_assert(o->value_count == 0 || text_starts(o->id, TEXT("indicator--")));
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (size_t i = 0; i < o->value_count; i++) {
        buffer_clear(&normal);
        fuzz_assert(record_next_value(&c, &v));
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
    struct record r = {.kind = RECORD_END};
    void *reading;
    enum err e;
    int64_t at = 0;
    buffer_init(&out, 256 * MIB);
    fuzz_assert(f->open(&job, &reading) == OK);
    while (!(e = f->next(reading, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    f->free(reading);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r)))
        if (r.kind == RECORD_OBJECT) {
            fuzz_assert(r.u.object.at >= at && (size_t)r.u.object.at < document.len);
            at = r.u.object.at;
            check_object(&r.u.object);
        }
    fuzz_assert(e == ERR_NOT_FOUND && r.kind == RECORD_END);
    buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text document = {(const char *)data, size};
    const struct format_head head = {document, true, TEXT_NONE};
    (void)FORMAT_MISP.claim(&head);
    read_as(&FORMAT_MISP, document);
    read_as(&FORMAT_MISP_FEED, document);
    return 0;
}
