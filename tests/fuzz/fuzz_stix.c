/* Any document as STIX: its records decode, end with one RECORD_END, and every body is canonical JSON with the id. */
#include "base/limits.h"
#include "format/stix.h"
#include "support/fuzz.h"
#include "json/json.h"

static void check_object(const struct record_object *o, size_t len)
{
    struct json_doc *doc;
    struct buffer again;
    fuzz_assert(o->at < (int64_t)len && json_parse(o->body, &doc, NULL) == OK);
    fuzz_assert(text_eq(json_text(json_get(json_root(doc), "id")), o->id));
    buffer_init(&again, 64 * MIB);
    json_canonical(json_root(doc), &again, NULL);
    fuzz_assert(text_eq(buffer_text(&again), o->body));
    buffer_done(&again);
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct stix_reader *reader;
    struct buffer out;
    struct cursor c;
    struct record r;
    enum err e;
    uint64_t objects = 0;
    bool ended = false;
    buffer_init(&out, 256 * MIB);
    fuzz_assert(stix_reader_open((struct feed_from){.fd = -1}, (struct text){(const char *)data, len}, 0, &reader) ==
                OK);
    while (!(e = stix_reader_next(reader, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    stix_reader_free(reader);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r))) {
        fuzz_assert(!ended);
        if (r.kind == RECORD_OBJECT) {
            check_object(&r.u.object, len);
            objects++;
        } else if (r.kind == RECORD_REJECTED) {
            fuzz_assert(r.u.rejected.rule.len && r.u.rejected.reason.len && text_is_utf8(r.u.rejected.id));
        } else {
            ended = true;
            fuzz_assert(r.u.end.read >= objects && r.u.end.at <= (int64_t)len);
        }
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    buffer_done(&out);
    return 0;
}
