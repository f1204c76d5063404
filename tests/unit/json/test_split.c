/* The splitter: what it gives, what it keeps out, and that no place of a chunk's end matters. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "read.h"
#include "support/test.h"

#define CHUNK (256 * KIB) /* as json/feed.c reads */
#define MAX   (8 * MIB)

/* want: "element@offset element@offset ..." */
static void gives(const char *document, const char *want, const char *envelope, enum err err)
{
    struct elements e = elements_of(text_of(document), MAX);
    char got[1000] = "";
    for (size_t i = 0; i < e.count; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s@%lld", i ? " " : "", e.text[i], (long long)e.offset[i]);
    }
    if (strcmp(got, want) != 0 || e.err != err || (envelope && strcmp(e.envelope, envelope) != 0))
        fail_msg("%s\ngave %s\nenvelope %s\n%s: %s", document, got, e.envelope, err_name(e.err), e.fault.what);
    elements_free(&e);
}

static void bundles_are_taken_apart(void **state)
{
    (void)state;
    gives("{\"type\":\"bundle\",\"objects\":[{\"a\":1},{\"b\":[2]}]}", "{\"a\":1}@28 {\"b\":[2]}@36",
          "{\"type\":\"bundle\"}", ERR_NOT_FOUND);
    gives(" {\"objects\" : [ {} , 1 ,\"s\", null,[ ] ] , \"id\" : \"x\" } \n", "{}@16 1@21 \"s\"@24 null@29 [ ]@34",
          "{\"id\" : \"x\"}", ERR_NOT_FOUND);
    gives("{\"objects\":[]}", "", "{}", ERR_NOT_FOUND);
    gives("[1,[2,3],{\"objects\":[4]}]", "1@1 [2,3]@3 {\"objects\":[4]}@9", "{}", ERR_NOT_FOUND);
    gives("[]", "", "{}", ERR_NOT_FOUND);
}

static void the_name_is_found_only_at_the_top(void **state)
{
    (void)state;
    gives("{\"x\":{\"objects\":[1]},\"y\":[{\"objects\":[2]}],\"objects\":[3]}", "3@54",
          "{\"x\":{\"objects\":[1]},\"y\":[{\"objects\":[2]}]}", ERR_NOT_FOUND);
    gives("{\"obj\\u0065cts\":[1]}", "1@17", NULL, ERR_NOT_FOUND);
    gives("{\"objects \":[1],\"Objects\":[2]}", "{\"objects \":[1],\"Objects\":[2]}@0", NULL, ERR_NOT_FOUND);
    gives("{\"x\":\"\\\"objects\\\":[\",\"objects\":[1]}", "1@32", NULL, ERR_NOT_FOUND);
    gives("{\"objects\":[1],\"x\":{\"objects\":[2]}}", "1@12", "{\"x\":{\"objects\":[2]}}", ERR_NOT_FOUND);
}

static void single_values_are_given_whole(void **state)
{
    (void)state;
    gives("{\"type\":\"x\",\"objects\":{\"0\":{}}}", "{\"type\":\"x\",\"objects\":{\"0\":{}}}@0", NULL,
          ERR_NOT_FOUND);
    gives("  {} ", "{}@2", NULL, ERR_NOT_FOUND);
    gives("\"a\\\"b]\"", "\"a\\\"b]\"@0", NULL, ERR_NOT_FOUND);
    gives("-1.5e+7\n", "-1.5e+7@0", NULL, ERR_NOT_FOUND);
}

static void lines_are_values(void **state)
{
    (void)state;
    gives("{\"id\":1}\n{\"id\":2}\r\n\n  {\"id\":3}\n", "{\"id\":1}@0 {\"id\":2}@9 {\"id\":3}@22", NULL,
          ERR_NOT_FOUND);
    gives("{\"id\":1} {\"id\":2}", "{\"id\":1}@0", NULL, ERR_MALFORMED);
    gives("{\n}\ngarbage", "{\n}@0", NULL, ERR_MALFORMED);
    /* after an object on a line each line stands for itself */
    gives("{\"id\":1}\ngarbage", "{\"id\":1}@0 garbage@9", NULL, ERR_NOT_FOUND);
    gives("{\"id\":1}\n{\"id\":[}\n{\n{\"id\":2}", "{\"id\":1}@0 {\"id\":[}@9 {@18 {\"id\":2}@20", NULL,
          ERR_NOT_FOUND);
    gives("{\"id\":1}\n{\"id\":[2", "{\"id\":1}@0", NULL, ERR_MALFORMED);
    /* else values are told by their brackets */
    gives("{\n}\n{\"a\":[\n]}\n", "{\n}@0 {\"a\":[\n]}@4", NULL, ERR_NOT_FOUND);
    gives("{\"objects\":[1]}\n{\"objects\":[2,3]}\n[4]", "1@12 2@28 3@30 4@35", NULL, ERR_NOT_FOUND);
}

static void what_is_no_json_ends_it(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "   ",       "\xEF\xBB\xBF{}",
        "{,}",        "{\"a\"}",   "{\"a\":}",
        "{\"a\":1,}", "{a:1}",     "]",
        "}",          "{\"a\":1",  "[1",
        "\"abc",      "{\"a",      "{\"a\":[",
        "{]",         "[]]",       "{}}",
        "<xml/>",     "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "[,1]",       "[}",        ",",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct elements e = elements_of(text_of(bad[i]), MAX);
        if (e.err != ERR_MALFORMED)
            fail_msg("%s: %s", bad[i], err_name(e.err));
        elements_free(&e);
    }
    gives("{\"objects\":[1,]}", "1@12", NULL, ERR_MALFORMED);
    gives("{\"objects\":[1 2]}", "1@12", NULL, ERR_MALFORMED);
    gives("{\"objects\":[1],\"objects\":[2]}", "1@12", NULL, ERR_MALFORMED);
    gives("{\"objects\":1,\"objects\":[2]}", "", NULL, ERR_MALFORMED);
    gives("{\"objects\":[1]]", "1@12", NULL, ERR_MALFORMED);
}

static void too_long_is_passed_over(void **state)
{
    (void)state;
    struct elements e = elements_of(TEXT("{\"objects\":[[1],[1,2,3],[4]]}"), 4);
    assert_int_equal(e.count, 3);
    assert_string_equal(e.text[0], "[1]");
    assert_null(e.text[1]);
    assert_int_equal(e.offset[1], 16);
    assert_string_equal(e.text[2], "[4]");
    assert_err(e.err, ERR_NOT_FOUND);
    elements_free(&e);
    e = elements_of(TEXT("{\"id\":\"a long object\"}"), 4);
    assert_int_equal(e.count, 1);
    assert_null(e.text[0]);
    elements_free(&e);
}

/* Elements far longer than the limit, before and after others, never need more memory than the limit and a chunk. */
static void huge_elements_are_passed_over(void **state)
{
    (void)state;
    size_t huge = 3 * MIB;
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_add(&b, TEXT("{\"x\":\""));
    memset(buffer_reserve(&b, huge), 'x', huge);
    buffer_add(&b, TEXT("\",\"objects\":[1,{\"y\":\""));
    memset(buffer_reserve(&b, huge), '\\', huge);
    buffer_add(&b, TEXT("\"},2],\"z\":\"end\"}"));
    struct elements e = elements_of(buffer_text(&b), 1 * MIB);
    assert_err(e.err, ERR_NOT_FOUND);
    assert_int_equal(e.count, 3);
    assert_string_equal(e.text[0], "1");
    assert_null(e.text[1]);
    assert_string_equal(e.text[2], "2");
    assert_string_equal(e.envelope, "{\"z\":\"end\"}");
    elements_free(&e);
    buffer_done(&b);
}

/* 300 MB in one string, in the envelope and as an element: the window stays as large as the limit asks for. */
static void memory_is_bounded(void **state)
{
    (void)state;
    static const char *const fronts[] = {"{\"x\":\"", "{\"objects\":[1,\"", "\""};
    static const char *const backs[] = {"\",\"objects\":[2]}", "\",2]}", "\""};
    static const size_t counts[] = {1, 3, 1};
    for (size_t i = 0; i < ARRAY_LEN(fronts); i++) {
        struct rusage before, after;
        int fd = descriptor_of(text_of(fronts[i]));
        off_t end = (off_t)(300 * MIB);
        ssize_t len = (ssize_t)strlen(backs[i]);
        assert_int_equal(pwrite(fd, backs[i], (size_t)len, end), len); /* the bytes between are zeros */
        assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
        struct elements e = elements_read(fd, TEXT_NONE, 1 * MIB);
        assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
        close(fd);
        assert_err(e.err, ERR_NOT_FOUND);
        assert_int_equal(e.count, counts[i]);
        assert_true(after.ru_maxrss - before.ru_maxrss < 32 * 1024); /* KiB */
        elements_free(&e);
    }
}

static const char sample[] =
    "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"a\":\"\\\\\\\"}]\"},{\"b\":[[],{}]},"
    "\"\\\\\",-1.5,true],\"e\":{\"objects\":[9]}}";

static void is_sample(const struct elements *e, int64_t shift)
{
    static const char *const want[] = {"{\"a\":\"\\\\\\\"}]\"}", "{\"b\":[[],{}]}", "\"\\\\\"", "-1.5", "true"};
    assert_err(e->err, ERR_NOT_FOUND);
    assert_int_equal(e->count, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_string_equal(e->text[i], want[i]);
        assert_memory_equal(sample + e->offset[i] - shift, want[i], strlen(want[i]));
    }
    assert_string_equal(e->envelope, "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"e\":{\"objects\":[9]}}");
}

/* A chunk ends at every place of the document, and the first bytes may have been taken off before. */
static void chunks_may_end_anywhere(void **state)
{
    (void)state;
    size_t len = sizeof sample - 1;
    char *document = malloc(3 * CHUNK + len);
    assert_non_null(document);
    for (size_t cut = 0; cut <= len; cut++) {
        for (size_t chunks = 1; chunks <= 3; chunks++) { /* the window holds two, then it slides */
            size_t shift = chunks * CHUNK - cut;
            memset(document, ' ', shift);
            memcpy(document + shift, sample, len);
            struct elements e = elements_of((struct text){document, shift + len}, MAX);
            is_sample(&e, (int64_t)shift);
            elements_free(&e);
        }
        int fd = descriptor_of((struct text){sample + cut, len - cut});
        struct elements e = elements_read(fd, (struct text){sample, cut}, MAX);
        is_sample(&e, 0);
        elements_free(&e);
        close(fd);
    }
    free(document);
}

/* A block of the scanner begins at every place too. */
static void blocks_may_begin_anywhere(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 70; shift++) {
        char document[70 + sizeof sample];
        memset(document, '\n', shift);
        memcpy(document + shift, sample, sizeof sample - 1);
        struct elements e = elements_of((struct text){document, shift + sizeof sample - 1}, MAX);
        is_sample(&e, (int64_t)shift);
        elements_free(&e);
    }
}

/* Every strict prefix is told to be cut short, and what was whole before is given. */
static void prefixes_are_cut_short(void **state)
{
    (void)state;
    size_t last = 0;
    for (size_t len = 0; len < sizeof sample - 1; len++) {
        struct elements e = elements_of((struct text){sample, len}, MAX);
        assert_err(e.err, ERR_MALFORMED);
        assert_int_equal(e.fault.offset, (int64_t)len);
        assert_true(e.count >= last);
        last = e.count;
        elements_free(&e);
    }
    assert_int_equal(last, 5);
}

/* A pipe that gives a byte at a time, in either blocking mode. */
static void pipes_are_read(void **state)
{
    (void)state;
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (size_t i = 0; i < sizeof sample - 1; i++)
                if (write(ends[1], sample + i, 1) != 1)
                    _exit(1);
            _exit(0);
        }
        close(ends[1]);
        if (nonblocking)
            assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        struct elements e = elements_read(ends[0], TEXT_NONE, MAX);
        is_sample(&e, 0);
        elements_free(&e);
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

/* An element is given as soon as its last byte is there: no waiting for more. */
static void elements_do_not_wait(void **state)
{
    (void)state;
    int ends[2];
    struct json_split *s;
    struct text element;
    int64_t offset;
    assert_int_equal(pipe(ends), 0);
    assert_ok(json_split_open(ends[0], "objects", MAX, &s));
    assert_int_equal(write(ends[1], "[{\"a\":1}", 8), 8);
    alarm(20);
    assert_ok(json_split_next(s, &element, &offset, NULL));
    alarm(0);
    assert_text(element, "{\"a\":1}");
    close(ends[1]);
    assert_err(json_split_next(s, &element, &offset, NULL), ERR_MALFORMED);
    json_split_free(s);
    json_split_free(NULL);
    close(ends[0]);
}

static void a_failed_read_is_told(void **state)
{
    (void)state;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    struct elements e = elements_read(fd, TEXT("[1,"), MAX);
    assert_err(e.err, ERR_IO);
    assert_int_equal(e.count, 1);
    assert_true(strlen(e.fault.what) > 0);
    elements_free(&e);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles_are_taken_apart),       cmocka_unit_test(the_name_is_found_only_at_the_top),
        cmocka_unit_test(single_values_are_given_whole), cmocka_unit_test(lines_are_values),
        cmocka_unit_test(what_is_no_json_ends_it),       cmocka_unit_test(too_long_is_passed_over),
        cmocka_unit_test(huge_elements_are_passed_over), cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(chunks_may_end_anywhere),       cmocka_unit_test(blocks_may_begin_anywhere),
        cmocka_unit_test(prefixes_are_cut_short),        cmocka_unit_test(pipes_are_read),
        cmocka_unit_test(elements_do_not_wait),          cmocka_unit_test(a_failed_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
