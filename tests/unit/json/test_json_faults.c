/* The 1st, 2nd, ... allocation fails, once and then for good: no leak, no crash, ERR_NOMEM and nothing else. */
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "read.h"
#include "support/fault.h"
#include "support/test.h"

static char document[64 * KIB]; /* an object with so many names that they are sorted on the heap */

static bool parse(void *arg)
{
    (void)arg;
    struct json_doc *doc;
    struct fault fault = {0};
    struct buffer out;
    enum err e = json_parse(text_of(document), &doc, &fault);
    if (e) {
        assert_err(e, ERR_NOMEM);
        assert_err(fault.err, ERR_NOMEM);
        return false;
    }
    buffer_init(&out, 1 * MIB);
    json_canonical(json_root(doc), &out, NULL);
    e = buffer_error(&out);
    if (e)
        assert_err(e, ERR_NOMEM);
    buffer_done(&out);
    json_free(doc);
    return e == OK;
}

static void parsing_survives(void **state)
{
    (void)state;
    size_t at = 0;
    document[at++] = '{';
    for (int i = 0; i < 100; i++)
        at += (size_t)sprintf(document + at, "%s\"name%d\":{\"a\":[1,\"x\",null]}", i ? "," : "", i);
    strcpy(document + at, "}");
    const struct fault_op op = {.run = parse};
    assert_true(fault_each_allocation(&op) > 4);
}

/* What was given before the failure is right; the failure is final. */
static bool split(void *arg)
{
    int fd = *(int *)arg;
    struct json_split *s;
    struct text element;
    struct fault fault = {0};
    int64_t offset;
    size_t count = 0;
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    if (json_split_open(fd, "objects", 8 * MIB, &s))
        return false;
    enum err e = json_split_push(s, TEXT("{\"\\u0061\":1,\"b\":\"\\u0063\",\"\\u006fbjects\":[\"0\","));
    while (!e && !(e = json_split_next(s, &element, &offset, &fault)))
        count++;
    if (e != ERR_NOT_FOUND) {
        assert_err(e, ERR_NOMEM);
        if (count)
            assert_err(json_split_next(s, &element, &offset, &fault), ERR_NOMEM);
    } else {
        assert_int_equal(count, 4);
        assert_text(json_split_envelope(s), "{\"\\u0061\":1,\"b\":\"\\u0063\",\"z\":{}}");
    }
    json_split_free(s);
    return e == ERR_NOT_FOUND;
}

static void splitting_survives(void **state)
{
    (void)state;
    struct buffer b; /* elements that make the window grow */
    buffer_init(&b, 16 * MIB);
    for (int i = 0; i < 3; i++) {
        buffer_add(&b, TEXT("\""));
        memset(buffer_reserve(&b, (size_t)1 << (18 + i)), 'x', (size_t)1 << (18 + i));
        buffer_add(&b, i < 2 ? TEXT("\",") : TEXT("\"],\"z\":{}}"));
    }
    int fd = descriptor_of(buffer_text(&b));
    buffer_done(&b);
    const struct fault_op op = {.run = split, .arg = &fd};
    assert_true(fault_each_allocation(&op) > 5);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_survives),
        cmocka_unit_test(splitting_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
