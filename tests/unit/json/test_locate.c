/* Where a pointer's value stands in its text; lines and top-level objects of a document that is split. */
#include "json/locate.h"

#include "read.h"
#include "support/test.h"
#include "json/split.h"

static const char DOCUMENT[] = "{ \"a\" : [ 10 , \"x\\\"]\", {\"b/c\":{\"~d\":null}} ],\n"
                               "  \"e\":{}, \"\\u0066\": -1.5e3 ,\"list\":[] }";

static void stands_at(const char *pointer, const char *expected)
{
    struct text json = text_of(DOCUMENT);
    size_t at = json_locate(json, text_of(pointer), SIZE_MAX);
    assert_true(at < json.len);
    if (strncmp(json.ptr + at, expected, strlen(expected)) != 0) {
        print_error("%s: %s\n", pointer, json.ptr + at);
        fail();
    }
}

static void values_are_found(void **state)
{
    (void)state;
    stands_at("", "{ \"a\"");
    stands_at("/a", "\"a\" : [");
    stands_at("/a/0", "10 ,");
    stands_at("/a/1", "\"x");
    stands_at("/a/2", "{\"b/c\"");
    stands_at("/a/2/b~1c", "\"b/c\"");
    stands_at("/a/2/b~1c/~0d", "\"~d\"");
    stands_at("/e", "\"e\"");
    stands_at("/f", "\"\\u0066\"");
    stands_at("/list", "\"list\"");
}

/* What is not there: the nearest thing around it that is. */
static void what_is_missing_has_a_place_too(void **state)
{
    (void)state;
    stands_at("/nothing", "{ \"a\"");
    stands_at("/a/3", "\"a\" :");
    stands_at("/a/x", "\"a\" :");
    stands_at("/a/0/b", "10 ,");
    stands_at("/e/z/z", "\"e\"");
    stands_at("/list/0", "\"list\"");
    stands_at("/a/2/b~1c/~0d/x", "\"~d\"");
}

/* Any prefix and any budget: an offset inside the text, and no byte behind it is read (the sanitizer sees to that).
 */
static void never_outside(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof DOCUMENT; len++) {
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, DOCUMENT, len);
        assert_true(json_locate((struct text){copy, len}, TEXT("/a/2/b~1c/~0d"), SIZE_MAX) <= len);
        assert_true(json_locate((struct text){copy, len}, TEXT("/f"), len / 2) <= len);
        free(copy);
    }
}

struct tops {
    struct json_split_top seen[4];
    char members[4][40];
    size_t count;
};

static void note_top(void *self, const struct json_split_top *top)
{
    struct tops *t = self;
    assert_true(t->count < 4);
    snprintf(t->members[t->count], sizeof t->members[0], TEXT_FMT, TEXT_ARG(top->members));
    t->seen[t->count++] = *top;
}

/* Bundles one behind the other: each is told of with its own members, place and count; lines are those of the file.
 */
static void tops_and_lines(void **state)
{
    (void)state;
    static const char text[] = "\n{\"id\":\"a\",\"objects\":[\n  1,\n{\"x\":\n2}]}\n"
                               "{\"objects\":[],\"id\":\"b\"}\n[\n  7]\n";
    static const struct {
        int line, column;
        bool alone;
    } expected[] = {{3, 3, false}, {4, 1, false}, {8, 3, true}};
    struct json_split *s;
    struct tops tops = {.count = 0};
    struct text element;
    int64_t at, line, column;
    size_t n = 0;
    assert_ok(json_split_open(-1, "objects", 1000, &s));
    json_split_watch(s, note_top, &tops);
    assert_ok(json_split_push(s, text_of(text)));
    enum err e;
    while ((e = json_split_next(s, &element, &at, NULL)) == OK) {
        assert_true(n < ARRAY_LEN(expected));
        json_split_place(s, at, &line, &column);
        assert_int_equal(line, expected[n].line);
        assert_int_equal(column, expected[n].column);
        assert_int_equal(json_split_alone(s), expected[n].alone);
        n++;
    }
    assert_err(e, ERR_NOT_FOUND);
    assert_int_equal(n, 3);
    assert_int_equal(tops.count, 2);
    assert_string_equal(tops.members[0], "{\"id\":\"a\"}");
    assert_string_equal(tops.members[1], "{\"id\":\"b\"}");
    assert_int_equal(tops.seen[0].elements, 2);
    assert_int_equal(tops.seen[1].elements, 0);
    assert_int_equal(tops.seen[0].line, 2);
    assert_int_equal(tops.seen[1].line, 6);
    assert_int_equal(tops.seen[0].at, 1);
    json_split_free(s);
}

/* The same through a descriptor, over windows that are forgotten on the way. */
static void lines_over_a_long_file(void **state)
{
    (void)state;
    enum { COUNT = 60000 };
    FILE *f = tmpfile();
    assert_non_null(f);
    fputs("[", f);
    for (int i = 0; i < COUNT; i++)
        fprintf(f, "%s\n{\"number\":\n%d}", i ? "," : "", i);
    fputs("]", f);
    fflush(f);
    rewind(f);
    struct json_split *s;
    struct tops tops = {.count = 0};
    struct text element;
    int64_t at, line, column, n = 0;
    assert_ok(json_split_open(fileno(f), "objects", 1000, &s));
    json_split_watch(s, note_top, &tops);
    while (json_split_next(s, &element, &at, NULL) == OK) {
        if (n % 1000 == 999) {
            json_split_place(s, at, &line, &column);
            assert_int_equal(line, 2 + 2 * n);
            assert_int_equal(column, 1);
        }
        n++;
    }
    assert_int_equal(n, COUNT);
    json_split_free(s);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found),       cmocka_unit_test(what_is_missing_has_a_place_too),
        cmocka_unit_test(never_outside),          cmocka_unit_test(tops_and_lines),
        cmocka_unit_test(lines_over_a_long_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
