/* Any bytes as a Shadowserver report, and the name and the map that come with it: records that decode, events in
 * order, values in their normal form, and one end. The input's first byte says how it is cut into the three. */
#include "format/record.h"
#include "format/shadowserver.h"
#include "model/value.h"
#include "support/fuzz.h"

static void check_values(const struct record_event *e)
{
    struct cursor c = e->values;
    struct record_event_value v;
    struct buffer normal;
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (size_t i = 0; i < e->value_count; i++) {
        enum value_kind kind;
        buffer_clear(&normal);
        fuzz_assert(record_next_event_value(&c, &v));
        fuzz_assert(value_normalise((enum value_kind)v.kind, v.value, &normal, &kind, NULL) == OK);
        fuzz_assert((uint8_t)kind == v.kind && text_eq(buffer_text(&normal), v.value));
    }
    buffer_done(&normal);
}

static void read_all(const struct format_job *job)
{
    struct buffer out;
    struct cursor c;
    struct record r;
    void *reading;
    enum err e;
    int64_t at = 0;
    bool ended = false;
    buffer_init(&out, 256 * MIB);
    fuzz_assert(FORMAT_SHADOWSERVER.open(job, &reading) == OK);
    while (!(e = FORMAT_SHADOWSERVER.next(reading, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    FORMAT_SHADOWSERVER.free(reading);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r))) {
        fuzz_assert(!ended);
        ended = r.kind == RECORD_END;
        if (r.kind != RECORD_EVENT)
            continue;
        fuzz_assert(r.u.event.at >= at);
        at = r.u.event.at;
        check_values(&r.u.event);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    buffer_done(&out);
}

static void claims_agree(struct text document, struct text name)
{
    const struct format_head whole = {document, true, name};
    enum format_claim last = FORMAT_SHADOWSERVER.claim(&whole);
    fuzz_assert(last != FORMAT_MORE);
    for (size_t len = 0; len < document.len; len += 1 + len / 4) {
        const struct format_head part = {{document.ptr, len}, false, name};
        enum format_claim c = FORMAT_SHADOWSERVER.claim(&part);
        fuzz_assert(c == FORMAT_MORE || c == last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct format_job job = {.from = {.fd = -1}};
    const size_t name = len ? data[0] % 64u : 0, rules = len && data[0] >= 128 ? 256 : 0;
    t = text_sub(t, 1, t.len);
    job.name = text_sub(t, 0, name);
    job.rules = text_sub(t, job.name.len, rules);
    job.head = text_sub(t, job.name.len + job.rules.len, t.len);
    read_all(&job);
    claims_agree(job.head, job.name);
    return 0;
}
