/* Any document as text: its records decode, stand in their order within the document, each is proposed and canonical
 * JSON, and no value comes twice. */
#include <string.h>

#include "format/text.h"
#include "support/fuzz.h"
#include "json/json.h"

static void check_object(const struct record_object *o)
{
    struct json_doc *doc;
    struct buffer again;
    fuzz_assert(json_parse(o->body, &doc, NULL) == OK);
    buffer_init(&again, 64 * MIB);
    json_canonical(json_root(doc), &again, NULL);
    fuzz_assert(text_eq(buffer_text(&again), o->body));
    fuzz_assert(o->value_count == 1 && o->proposed);
    buffer_done(&again);
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct text doc = {(const char *)data, len};
    const struct format_head head = {.bytes = doc, .whole = true};
    const struct format_job job = {.from = {.fd = -1}, .head = doc, .party = TEXT("party"), .name = TEXT("t")};
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    int64_t at = 0;
    enum err e;
    (void)FORMAT_TEXT.claim(&head);
    buffer_init(&out, 256 * MIB);
    fuzz_assert(FORMAT_TEXT.open(&job, &reading) == OK);
    while ((e = FORMAT_TEXT.next(reading, &out)) == OK)
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    FORMAT_TEXT.free(reading);
    cursor_init(&c, buffer_text(&out));
    while ((e = record_next(&c, &r)) == OK) {
        if (r.kind != RECORD_OBJECT)
            continue;
        fuzz_assert(r.u.object.at >= at && r.u.object.at < (int64_t)len);
        at = r.u.object.at;
        check_object(&r.u.object);
    }
    fuzz_assert(e == ERR_NOT_FOUND);
    buffer_done(&out);
    return 0;
}
