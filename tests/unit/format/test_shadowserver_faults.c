/* The 1st, 2nd, ... allocation fails: the reader of Shadowserver's reports says ERR_NOMEM, leaks nothing, and tells
 * no document's fault that is none. */
#include "event_records.h"
#include "format/shadowserver.h"
#include "support/fault.h"
#include "support/test.h"

struct reading_job {
    struct text document, rules;
    struct buffer out; /* kept over the rounds: its own growth is not what is tested */
};

static size_t events_in(const struct buffer *out)
{
    struct cursor c;
    struct record r;
    size_t seen = 0;
    cursor_init(&c, buffer_text(out));
    while (record_next(&c, &r) == OK) {
        seen += r.kind == RECORD_EVENT;
        assert_int_not_equal(r.kind, RECORD_REJECTED);
        if (r.kind == RECORD_END)
            assert_ok(r.u.end.err);
    }
    return seen;
}

static bool read_document(void *arg)
{
    struct reading_job *job = arg;
    const struct format_job open = {
        .from = {.fd = -1}, .head = job->document, .name = TEXT("2026-11-20-scan_ntp-x.csv"), .rules = job->rules};
    void *reading = NULL;
    buffer_clear(&job->out);
    enum err e = FORMAT_SHADOWSERVER.open(&open, &reading);
    while (!e)
        e = FORMAT_SHADOWSERVER.next(reading, &job->out);
    assert_true(e == ERR_NOT_FOUND || e == ERR_NOMEM);
    FORMAT_SHADOWSERVER.free(reading);
    size_t events = events_in(&job->out);
    if (e == ERR_NOT_FOUND)
        assert_int_equal(events, 3);
    return e == ERR_NOT_FOUND;
}

static void each_allocation(void **state)
{
    (void)state;
    size_t len;
    char *document = sample("shadowserver/good/2026-11-20-scan_ntp-examplia-asn.csv", &len);
    struct reading_job job = {.document = {document, len},
                              .rules = TEXT("{\"format\":\"entente-shadowserver-map\",\"columns\":{}}")};
    buffer_init(&job.out, 64 * MIB);
    buffer_reserve(&job.out, 1 * MIB);
    const struct fault_op op = {.run = read_document, .arg = &job};
    assert_true(fault_each_allocation(&op) > 5);
    buffer_done(&job.out);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
