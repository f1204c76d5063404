/* The Nth allocation fails: building, scanning, reading and following end cleanly, and do their work when asked
 * again. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "match/evaluate.h"
#include "match/logfile.h"
#include "match_set.h"
#include "rows.h"
#include "support/fault.h"
#include "support/scratch.h"

static bool build(void *arg)
{
    struct index_builder *b;
    struct index *index;
    (void)arg;
    if (index_builder_new(&b))
        return false;
    enum err err = OK;
    for (uint32_t i = 0; row_values[i] && !err; i++)
        err = match_add_value(b, row_values[i], i);
    if (!err)
        err = index_builder_build(b, &index);
    if (!err) {
        assert_int_equal(index_find(index, VALUE_DOMAIN, TEXT("evil.com")).count, 1);
        index_unref(index);
    }
    index_builder_free(b);
    assert_true(err == OK || err == ERR_NOMEM);
    return err == OK;
}

static void index_build_survives(void **state)
{
    const struct fault_op op = {.run = build};
    (void)state;
    assert_true(fault_each_allocation(&op) > 20);
}

#define HARD                                                                                                 \
    "1.2.3.4 http:\\/\\/evil.com\\/x ?u=http%3A%2F%2Furl.test%2Fa%3Fb=1%26c=2 evil\\u002ecom 203.0.113.200 " \
    "mallory%40mail.test"
#define HARD_HITS 7 /* 1.2.3.4, two URLs, evil.com, two networks, mallory@ */
static const struct text hard_line = {HARD, sizeof HARD - 1};

static bool scan(void *arg)
{
    const struct index *index = arg;
    struct scanner *s;
    const struct scan_hit *hits;
    const struct scan_seen *seen;
    size_t count = 0;
    if (scanner_new(&s))
        return false;
    enum err err = scan_line(s, &index, 1, hard_line, &hits, &count);
    assert_true(err || count == HARD_HITS);
    if (!err)
        err = scan_owners(s, hard_line, &seen, &count);
    else /* the scanner is whole: the same again */
        assert_true(scan_line(s, &index, 1, hard_line, &hits, &count) == ERR_NOMEM || count == HARD_HITS);
    scanner_free(s);
    return err == OK;
}

static void scanning_survives(void **state)
{
    struct match_set set;
    (void)state;
    match_set_init(&set, row_values);
    const struct fault_op op = {.run = scan, .arg = set.index};
    assert_true(fault_each_allocation(&op) > 5);
    match_set_done(&set);
}

static bool read_file(void *arg)
{
    struct logfile *f;
    struct text block;
    uint64_t offset, line;
    bool continues;
    size_t got = 0;
    int fd = open(arg, O_RDONLY);
    assert_true(fd >= 0);
    enum err err = logfile_open(fd, &f, NULL);
    if (!err) {
        while (!(err = logfile_next(f, &block, &offset, &line, &continues, NULL)))
            got += block.len;
        logfile_free(f);
    }
    close(fd);
    assert_true(err == ERR_NOMEM || got == 4);
    return err == ERR_NOT_FOUND;
}

static void reading_survives(void **state)
{
    char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
    (void)state;
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/log", folder);
    scratch_write(path, "a\nb\n", 4);
    const struct fault_op op = {.run = read_file, .arg = path};
    assert_true(fault_each_allocation(&op) > 2);
    scratch_remove(folder);
}

struct chase {
    char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
};

/* A file that was rotated twice while its reader was away. */
static void prepare_chase(void *arg)
{
    struct chase *c = arg;
    scratch_empty(c->folder);
    scratch_write(scratch_path(c->folder, "log.2"), "one\ntwo\n", 8);
    scratch_write(scratch_path(c->folder, "log.1"), "three\n", 6);
    scratch_write(c->path, "four\n", 5);
}

/* Asked again after each failure, every line comes once. */
static bool follow(void *arg)
{
    struct chase *c = arg;
    struct follow_state state = {.ino = 1, .print_len = 4, .offset = 4, .line = 2}, after;
    struct follower *f;
    struct text block;
    uint64_t offset, line;
    char got[64] = "";
    bool failed = false;
    state.print = xxh3_of("one\n", 4);
    if (follower_open(c->path, &state, &f))
        return false;
    for (int calls = 0; calls < 50; calls++) {
        enum err err = follower_next(f, &block, &offset, &line, &after, NULL);
        if (err == ERR_NOT_FOUND)
            break;
        assert_true(err == OK || err == ERR_NOMEM);
        failed |= err != OK;
        if (!err)
            snprintf(got + strlen(got), sizeof got - strlen(got), TEXT_FMT, TEXT_ARG(block));
    }
    follower_free(f);
    if (strncmp("two\nthree\nfour\n", got, strlen(got)) != 0)
        fail_msg("got %s", got);
    if (!failed)
        assert_string_equal(got, "two\nthree\nfour\n");
    return !failed;
}

static void following_survives(void **state)
{
    struct chase c;
    (void)state;
    scratch_new(c.folder);
    snprintf(c.path, sizeof c.path, "%s/log", c.folder);
    const struct fault_op op = {.prepare = prepare_chase, .run = follow, .arg = &c};
    assert_true(fault_each_allocation(&op) > 10);
    scratch_remove(c.folder);
}

static bool evaluate(void *arg)
{
    static const char document[] =
        "[{\"type\":\"observed-data\",\"id\":\"o\",\"number_observed\":2,\"first_observed\":\"2020-01-01T00:00:00Z\","
        "\"last_observed\":\"2020-01-01T00:00:01Z\",\"objects\":{\"0\":{\"type\":\"x-t\",\"s\":\"e\\u0301\",\"a_"
        "hex\":"
        "\"61\",\"b_bin\":\"YQ==\"}}}]";
    static const char pattern[] =
        "([x-t:s LIKE '\xc3\xa9' AND x-t:a_hex = b'YQ==' AND x-t:s != h'00'] FOLLOWEDBY [x-t:s MATCHES '^\xc3\xa9$' "
        "AND x-t:b_bin MATCHES 'a']) WITHIN 5 SECONDS";
    struct arena arena;
    struct observed *o = NULL;
    struct pattern_node *tree;
    struct pattern_match match = {.answer = PATTERN_NO};
    (void)arg;
    arena_init(&arena, 4 * MIB);
    enum err err = observed_read(text_of(document), NULL, NULL, &o, NULL);
    if (!err)
        err = pattern_parse(text_of(pattern), &arena, &tree, NULL);
    if (!err)
        err = pattern_evaluate(tree, o, &arena, &match, NULL);
    assert_true(err == OK || err == ERR_NOMEM || err == ERR_LIMIT); /* LIMIT: the observed data's own arena */
    assert_true(err || match.answer == PATTERN_YES);
    observed_free(o);
    arena_done(&arena);
    return err == OK;
}

static void evaluating_survives(void **state)
{
    const struct fault_op op = {.run = evaluate};
    (void)state;
    assert_true(fault_each_allocation(&op) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_build_survives), cmocka_unit_test(scanning_survives),
        cmocka_unit_test(reading_survives),     cmocka_unit_test(following_survives),
        cmocka_unit_test(evaluating_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
