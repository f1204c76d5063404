/* The 1st, 2nd, ... allocation fails while a reader opens, detects and reads; the failure is final. */
#include <stdio.h>
#include <unistd.h>

#include "format/record.h"
#include "reader/core.h"
#include "support/fault.h"
#include "support/test.h"

static bool read_document(void *arg)
{
    int fd = *(int *)arg;
    const struct reader_options options = {.party = TEXT("p"), .chunk_bytes = 1};
    struct reader_core *r;
    struct text chunk;
    struct fault fault = {0};
    size_t objects = 0;
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    enum err e = reader_core_open(fd, &options, &r, &fault);
    if (e) {
        assert_err(e, ERR_NOMEM);
        assert_err(fault.err, ERR_NOMEM);
        return false;
    }
    while (!(e = reader_core_next(r, &chunk)))
        objects++;
    assert_true(e == ERR_NOT_FOUND || e == ERR_NOMEM);
    assert_err(reader_core_next(r, &chunk), e);
    reader_core_free(r);
    if (e == ERR_NOT_FOUND)
        assert_int_equal(objects, 4); /* and the end */
    return e == ERR_NOT_FOUND;
}

static void rounds(struct text document)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    int fd = fileno(f);
    assert_int_equal(write(fd, document.ptr, document.len), (ssize_t)document.len);
    const struct fault_op op = {.run = read_document, .arg = &fd};
    assert_true(fault_each_allocation(&op) > 5);
    fclose(f);
}

static void stix_survives(void **state)
{
    (void)state;
#define NAMED(n)                                                                                                     \
    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--0000000" n "-0000-4000-8000-000000000000\"," \
    "\"created\":\"2025-01-01T00:00:00.000Z\",\"modified\":\"2025-01-01T00:00:00.000Z\",\"name\":\"x\"}"
    rounds(TEXT("[" NAMED("1") "," NAMED("2") "," NAMED("3") "]"));
}

static void csv_survives(void **state)
{
    (void)state;
    rounds(TEXT("value\na.example\nb.example\n192.0.2.1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stix_survives),
        cmocka_unit_test(csv_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
