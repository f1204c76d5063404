/* Any document as CSV: rows move forward, cells are UTF-8, at most twice the lines are read; and as indicators its
 * records decode and every body is canonical JSON. */
#include <string.h>

#include "base/limits.h"
#include "format/csv.h"
#include "format/csv_indicators.h"
#include "support/fuzz.h"
#include "json/json.h"

static void rows(struct text csv)
{
    struct csv_reader *r;
    struct csv_row row;
    struct fault fault;
    int64_t line = 0, offset = -1;
    size_t lines = 2;
    fuzz_assert(csv_open(-1, &r) == OK && csv_push(r, csv) == OK);
    enum err e = csv_header(r, &row, &fault);
    const size_t columns = e ? 0 : row.count;
    for (size_t i = 0; i < csv.len; i++)
        lines += csv.ptr[i] == '\n';
    while (!e || e == ERR_MALFORMED || e == ERR_LIMIT) {
        fuzz_assert(lines-- > 0);
        if (!e) {
            fuzz_assert(row.line > line && row.offset > offset && row.count >= columns);
            for (size_t i = 0; i < row.count; i++)
                fuzz_assert(text_is_utf8(row.cells[i]));
            line = row.line;
            offset = row.offset;
        }
        e = csv_next(r, &row, &fault);
        if (e == ERR_MALFORMED || e == ERR_LIMIT)
            fuzz_assert(fault.line > 0 && fault.offset >= 0 && fault.offset < (int64_t)csv.len);
    }
    fuzz_assert(e == ERR_NOT_FOUND);
    csv_free(r);
}

static void check_object(const struct record_object *o)
{
    struct json_doc *doc;
    struct buffer again;
    fuzz_assert(json_parse(o->body, &doc, NULL) == OK);
    buffer_init(&again, 64 * MIB);
    json_canonical(json_root(doc), &again, NULL);
    fuzz_assert(text_eq(buffer_text(&again), o->body));
    fuzz_assert(memcmp(o->body.ptr + o->created_at, "0000-00-00T00:00:00.000Z\"", 25) == 0);
    fuzz_assert(memcmp(o->body.ptr + o->modified_at, "0000-00-00T00:00:00.000Z\"", 25) == 0);
    fuzz_assert(memcmp(o->body.ptr + o->valid_from_at, "0000-00-00T00:00:00.000Z\"", 25) == 0);
    buffer_done(&again);
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct csv_indicators_options options = {.party = {"party", 5}};
    struct text csv = {(const char *)data, len};
    struct csv_indicators *reader;
    struct buffer out;
    struct cursor c;
    struct record r;
    enum err e;
    bool ended = false;
    rows(csv);
    buffer_init(&out, 256 * MIB);
    fuzz_assert(csv_indicators_open((struct feed_from){.fd = -1}, csv, &options, &reader) == OK);
    while (!(e = csv_indicators_next(reader, &out)))
        ;
    fuzz_assert(e == ERR_NOT_FOUND);
    csv_indicators_free(reader);
    cursor_init(&c, buffer_text(&out));
    while (!(e = record_next(&c, &r))) {
        fuzz_assert(!ended);
        ended = r.kind == RECORD_END;
        if (r.kind == RECORD_OBJECT)
            check_object(&r.u.object);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    buffer_done(&out);
    return 0;
}
