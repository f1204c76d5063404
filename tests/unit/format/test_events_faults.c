/* The 1st, 2nd, ... allocation fails: the readers of events say ERR_NOMEM, leak nothing, and tell no document's fault
 * that is none. */
#include "event_records.h"
#include "format/idea.h"
#include "format/intelmq.h"
#include "format/iodef.h"
#include "format/n6.h"
#include "support/fault.h"
#include "support/test.h"

struct reading_job {
    const struct format *format;
    struct text document;
    struct buffer out; /* kept over the rounds: its own growth is not what is tested */
    size_t events;
};

static size_t events_in(const struct buffer *out)
{
    struct cursor c;
    struct record r;
    size_t seen = 0;
    cursor_init(&c, buffer_text(out));
    while (record_next(&c, &r) == OK) {
        seen += r.kind == RECORD_EVENT || r.kind == RECORD_OBJECT;
        assert_int_not_equal(r.kind, RECORD_REJECTED);
        if (r.kind == RECORD_END)
            assert_ok(r.u.end.err);
    }
    return seen;
}

static bool read_document(void *arg)
{
    struct reading_job *job = arg;
    const struct format_job open = {.from = {.fd = -1}, .head = job->document, .party = TEXT("p")};
    void *reading = NULL;
    buffer_clear(&job->out);
    enum err e = job->format->open(&open, &reading);
    while (!e)
        e = job->format->next(reading, &job->out);
    assert_true(e == ERR_NOT_FOUND || e == ERR_NOMEM);
    job->format->free(reading);
    size_t events = events_in(&job->out);
    if (e == ERR_NOT_FOUND)
        assert_int_equal(events, job->events);
    return e == ERR_NOT_FOUND;
}

static void rounds(const struct format *format, const char *name, size_t events)
{
    size_t len;
    char *document = sample(name, &len);
    struct reading_job job = {.format = format, .document = {document, len}, .events = events};
    buffer_init(&job.out, 64 * MIB);
    buffer_reserve(&job.out, 1 * MIB);
    const struct fault_op op = {.run = read_document, .arg = &job};
    assert_true(fault_each_allocation(&op) > 5);
    buffer_done(&job.out);
    free(document);
}

static void events_survive(void **state)
{
    (void)state;
    rounds(&FORMAT_IDEA, "idea/good/scan.json", 1);
    rounds(&FORMAT_INTELMQ, "intelmq/good/nested.json", 3);
    rounds(&FORMAT_N6, "n6/good/list.json", 4);
    rounds(&FORMAT_IODEF, "iodef/good/events.xml", 2);
    rounds(&FORMAT_IODEF, "iodef/good/incidents.json", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_survive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
