/* Raw bytes as records: what record_next() accepts can be walked to its end, and written again gives the same bytes.
 */
#include <string.h>

#include "base/limits.h"
#include "format/record.h"
#include "support/fuzz.h"

static void rewrite(struct record_object *o, struct buffer *out)
{
    struct record_value *values = calloc(o->value_count + 1, sizeof *values);
    struct text *refs = calloc(o->ref_count + 1, sizeof *refs);
    struct text *markings = calloc(o->marking_count + 1, sizeof *markings);
    size_t v = 0, r = 0, m = 0;
    fuzz_assert(values && refs && markings);
    while (v <= o->value_count && record_next_value(&o->values, &values[v]))
        v++;
    while (r <= o->ref_count && record_next_text(&o->refs, &refs[r]))
        r++;
    while (m <= o->marking_count && record_next_text(&o->markings, &markings[m]))
        m++;
    fuzz_assert(v == o->value_count && r == o->ref_count && m == o->marking_count);
    fuzz_assert(o->created_at == 0 || o->created_at + 24 <= o->body.len);
    record_add_object(out, o, values, v, refs, r, markings, m);
    free(values);
    free(refs);
    free(markings);
}

static void rewrite_event(const struct record_event *e, struct buffer *out)
{
    struct record_event copy = *e;
    struct record_event_value *values = calloc(e->value_count + 1, sizeof *values);
    size_t count = 0;
    fuzz_assert(values);
    while (count <= e->value_count && record_next_event_value(&copy.values, &values[count]))
        count++;
    fuzz_assert(count == e->value_count);
    record_add_event(out, e, values, count);
    free(values);
}

static void write_again(struct record *r, struct buffer *out)
{
    switch (r->kind) {
    case RECORD_OBJECT: rewrite(&r->u.object, out); break;
    case RECORD_REJECTED: record_add_rejected(out, &r->u.rejected); break;
    case RECORD_END: record_add_end(out, &r->u.end); break;
    case RECORD_ENVELOPE: record_add_envelope(out, &r->u.envelope); break;
    case RECORD_ELEMENT: record_add_element(out, &r->u.element); break;
    case RECORD_EVENT: rewrite_event(&r->u.event, out); break;
    case RECORD_LOST: record_add_lost(out, &r->u.lost); break;
    case RECORD_LIST: record_add_list(out, &r->u.list); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cursor c;
    struct record r;
    struct buffer out;
    enum err e;
    size_t used = 0;
    buffer_init(&out, 64 * MIB);
    cursor_init(&c, (struct text){(const char *)data, len});
    while (!(e = record_next(&c, &r))) {
        write_again(&r, &out);
        used = c.pos;
    }
    fuzz_assert(e == ERR_NOT_FOUND || e == ERR_MALFORMED);
    fuzz_assert(buffer_error(&out) == OK && out.len == used && (used == 0 || memcmp(out.ptr, data, used) == 0));
    buffer_done(&out);
    return 0;
}
