/* Any bytes as a log with its headers: what is read lies in the line (or in its JSON), times are within their limits,
 * the same line reads the same again, and an event is one observation that can be read. */
#include <string.h>

#include "match/observe.h"
#include "match/observe_line.h"
#include "support/fuzz.h"

#define NOW_US ((int64_t)1795292130 * 1000000)

static void inside(struct text part, struct text line, const struct logline *e)
{
    if (!e->doc && part.len)
        fuzz_assert(part.ptr >= line.ptr && part.ptr + part.len <= line.ptr + line.len);
    for (size_t i = 0; i < part.len; i++) /* read each byte */
        fuzz_assert(part.ptr[i] != '\n' || e->doc);
}

static void check_observed(const struct logline *e)
{
    struct buffer out;
    struct observed *o;
    buffer_init(&out, STREAMED_EVENT_BYTES);
    if (observe_line(e, 7, &out)) {
        fuzz_assert(e->has_time);
        if (!buffer_error(&out)) {
            fuzz_assert(observed_read(buffer_text(&out), NULL, NULL, &o, NULL) == OK && observed_count(o) == 1 &&
                        observed_at(o, 0)->object_count > 0);
            observed_free(o);
        }
    } else {
        fuzz_assert(out.len == 0);
    }
    buffer_done(&out);
}

static void check_line(const struct logline_header *header, struct text line)
{
    static struct logline e, again;
    if (logline_read(header, line, NOW_US, &e))
        return;
    fuzz_assert(e.value_count <= LOGLINE_VALUES_MAX && line.len <= LOGLINE_MAX_BYTES);
    fuzz_assert(!e.has_time || (e.time_us <= NOW_US + (int64_t)86400 * 1000000 && e.time_us > 0));
    inside(e.src.text, line, &e);
    inside(e.dst.text, line, &e);
    inside(e.protocol, line, &e);
    for (size_t i = 0; i < e.value_count; i++) {
        inside(e.values[i].value, line, &e);
        (void)logline_mail_address(e.values[i].value);
        (void)logline_url_host(e.values[i].value);
    }
    check_observed(&e);
    fuzz_assert(logline_read(header, line, NOW_US, &again) == OK && again.value_count == e.value_count &&
                again.format == e.format && again.kind == e.kind);
    logline_done(&e);
    logline_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct logline_stream *s;
    const struct logline_header *header;
    struct text rest = {(const char *)data, len}, piece, line;
    const char *end = rest.ptr;
    fuzz_assert(logline_stream_new(&s) == OK);
    while (logline_stream_next(s, &rest, &piece, &header)) {
        fuzz_assert(piece.ptr == end && piece.len > 0);
        end = piece.ptr + piece.len;
        while (text_split(&piece, '\n', &line))
            check_line(header, line);
    }
    fuzz_assert(len == 0 || end == (const char *)data + len);
    logline_stream_free(s);
    return 0;
}
