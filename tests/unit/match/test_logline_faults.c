/* The 1st, 2nd, ... allocation fails while lines become events and events make a pattern true: nothing leaks, a
 * header that could not be kept is none, and once it succeeds all is told. */
#include "match/observe_line.h"
#include "match/streamed.h"
#include "support/fault.h"
#include "support/test.h"

#define NOW_US ((int64_t)1795305600 * 1000000)

static const char zeek[] = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n"
                           "1769026501.5\t10.1.2.3\tone.example\n1769026502.5\t10.1.2.3\ttwo.example\n";
static const char eve[] = "{\"timestamp\":\"2026-01-21T20:15:03Z\",\"event_type\":\"dns\",\"src_ip\":\"10.1.2.3\","
                          "\"dns\":{\"rrname\":\"three.example\"}}";

struct run {
    struct streamed *s;
    unsigned events, told;
};

static enum err count(void *self, const struct streamed_match *m)
{
    struct run *r = self;
    r->told += m->count == 3;
    return OK;
}

static enum err take_line(struct run *r, const struct logline_header *header, struct text line)
{
    struct logline e;
    struct buffer out;
    enum err err = logline_read(header, line, NOW_US, &e);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    buffer_init(&out, 64 * KIB);
    if (observe_line(&e, 1, &out) && !buffer_error(&out)) {
        struct streamed_event event = {.time_us = e.time_us, .observed = buffer_text(&out)};
        err = streamed_offer(r->s, 0, &event, count, r);
    } else {
        err = ERR_NOMEM;
    }
    r->events++;
    buffer_done(&out);
    logline_done(&e);
    return err;
}

static enum err take_all(struct run *r, struct logline_stream *stream)
{
    struct text rest = text_of(zeek), piece, line;
    const struct logline_header *header;
    enum err err = OK;
    while (!err && logline_stream_next(stream, &rest, &piece, &header))
        while (!err && text_split(&piece, '\n', &line))
            err = take_line(r, header, line);
    return err ? err : take_line(r, NULL, text_of(eve));
}

static bool run(void *arg)
{
    struct run r = {NULL, 0, 0};
    struct logline_stream *stream = NULL;
    const char *why;
    uint32_t number;
    (void)arg;
    enum err err = streamed_new(&r.s);
    if (!err)
        err = logline_stream_new(&stream);
    if (!err)
        err =
            streamed_add(r.s,
                         TEXT("([domain-name:value = 'one.example'] FOLLOWEDBY [domain-name:value = 'two.example']) "
                              "AND [domain-name:value MATCHES '^three' AND domain-name:value = 'three.example']"),
                         &number, &why);
    if (!err)
        err = streamed_build(r.s);
    if (!err)
        err = take_all(&r, stream);
    if (!err && r.events < 3) /* its header was not kept: lines under none are no events */
        err = ERR_NOMEM;
    if (!err && r.told != 1)
        print_error("told %u of %u events, after %zu allocations\n", r.told, r.events, fault_alloc_calls());
    assert_true(err || r.told == 1);
    logline_stream_free(stream);
    streamed_free(r.s);
    return err == OK;
}

static void each_allocation(void **state)
{
    (void)state;
    const struct fault_op op = {.run = run};
    assert_true(fault_each_allocation(&op) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
