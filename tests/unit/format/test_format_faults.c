/* The 1st, 2nd, ... allocation fails: the readers say ERR_NOMEM, leak nothing, and never tell a document's fault that
 * is none. */
#include <stdio.h>

#include "base/limits.h"
#include "format/faults.h"
#include "records.h"
#include "support/fault.h"
#include "support/test.h"

struct job {
    struct text document;
    struct buffer out; /* kept over the rounds: its own growth is not what is tested */
    bool is_csv;
};

static bool finished(const struct buffer *out, size_t objects)
{
    struct cursor c;
    struct record r;
    size_t seen = 0;
    cursor_init(&c, buffer_text(out));
    while (record_next(&c, &r) == OK) {
        seen += r.kind == RECORD_OBJECT;
        assert_int_not_equal(r.kind, RECORD_REJECTED);
        if (r.kind == RECORD_END)
            assert_true(r.u.end.err == OK && seen == objects);
    }
    return true;
}

static bool read_document(void *arg)
{
    struct job *job = arg;
    const struct csv_indicators_options options = {.party = TEXT("p"), .identity = TEXT("identity--1")};
    struct stix_reader *stix = NULL;
    struct csv_indicators *csv = NULL;
    buffer_clear(&job->out);
    enum err e = job->is_csv ? csv_indicators_open((struct feed_from){.fd = -1}, job->document, &options, &csv)
                             : stix_reader_open((struct feed_from){.fd = -1}, job->document, 0, &stix);
    while (!e)
        e = job->is_csv ? csv_indicators_next(csv, &job->out) : stix_reader_next(stix, &job->out);
    assert_true(e == ERR_NOT_FOUND || e == ERR_NOMEM);
    stix_reader_free(stix);
    csv_indicators_free(csv);
    return finished(&job->out, job->is_csv ? 3 : 8) && e == ERR_NOT_FOUND;
}

static void rounds(struct text document, bool is_csv)
{
    struct job job = {.document = document, .is_csv = is_csv};
    buffer_init(&job.out, 64 * MIB);
    buffer_reserve(&job.out, 1 * MIB);
    const struct fault_op op = {.run = read_document, .arg = &job};
    assert_true(fault_each_allocation(&op) > 5);
    buffer_done(&job.out);
}

static void stix_survives(void **state)
{
    (void)state;
    size_t len;
    char *json = sample("stix/good/bundle.json", &len);
    rounds((struct text){json, len}, false);
    free(json);
}

static void csv_survives(void **state)
{
    (void)state;
    rounds(
        TEXT("value,description,tlp,label\nevil.example,\"a \"\"b\"\"\",red,x\n192.0.2.1,,,\nhttp://a.example/,,,\n"),
        true);
}

/* ---- every fault told: what was told before memory ran out is true ---- */

typedef enum err telling(int, struct text, const struct document_faults *, struct document_sum *, struct fault *);
struct told {
    telling *tell;
    struct text document;
    uint64_t musts, most;
};

static void count(void *self, const struct document_fault *f)
{
    struct told *t = self;
    t->musts += f->severity == STIX_MUST;
}

static bool tell_all(void *arg)
{
    struct told *t = arg;
    struct document_sum sum;
    const struct document_faults to = {.on_fault = count, .self = t};
    t->musts = 0;
    enum err e = t->tell(-1, t->document, &to, &sum, NULL);
    assert_true(t->musts <= t->most);
    assert_true(e == OK || e == ERR_NOMEM);
    return e == OK && t->musts == t->most;
}

static void telling_faults_survives(void **state)
{
    (void)state;
    size_t len;
    char *json = sample("stix/bad/element-syntax.json", &len);
    struct told stix = {stix_faults, {json, len}, 0, UINT64_MAX},
                patterns = {pattern_faults, TEXT("[a:b=]\n[a:b=1]"), 0, 1};
    struct document_sum sum;
    const struct document_faults to = {.on_fault = count, .self = &stix};
    assert_ok(stix_faults(-1, stix.document, &to, &sum, NULL));
    stix.most = sum.musts;
    assert_true(stix.most >= 1);
    const struct fault_op ops[] = {{.run = tell_all, .arg = &stix}, {.run = tell_all, .arg = &patterns}};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        assert_true(fault_each_allocation(&ops[i]) > 3);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stix_survives),
        cmocka_unit_test(csv_survives),
        cmocka_unit_test(telling_faults_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
