/* The windows of whole patterns as bytes: what was half true before is true after, of which file it is, what has no
 * room, and bytes that are none of ours. */
#include "match/windows.h"

#include "base/limits.h"
#include "match/observe_line.h"
#include "support/fault.h"
#include "support/test.h"

#define NOW_US  ((int64_t)1795305600 * 1000000)
#define START_S 1769000000

static const char *const texts[] = {
    "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
    "[domain-name:value = 'a.example'] REPEATS 3 TIMES",
};
#define PATTERNS ARRAY_LEN(texts)

static struct streamed *make(void)
{
    struct streamed *s;
    uint32_t number;
    const char *why;
    assert_ok(streamed_new(&s));
    for (size_t i = 0; i < PATTERNS; i++)
        assert_ok(streamed_add(s, text_of(texts[i]), &number, &why));
    assert_ok(streamed_build(s));
    return s;
}

static enum err count_match(void *self, const struct streamed_match *m)
{
    unsigned *told = self;
    (void)m;
    ++*told;
    return OK;
}

static unsigned offer(struct streamed *s, const char *file, const char *name, int64_t second)
{
    char line[256];
    struct logline e;
    struct buffer out;
    unsigned told = 0;
    snprintf(line, sizeof line, "%lld.000 1 10.1.2.3 TCP_MISS/200 1 CONNECT %s:443 - HIER_NONE/- -",
             (long long)(START_S + second), name);
    assert_ok(logline_read(NULL, text_of(line), NOW_US, &e));
    buffer_init(&out, 1 * MIB);
    assert_true(observe_line(&e, 1, &out));
    struct streamed_event event = {.file = text_of(file),
                                   .line = (uint64_t)second,
                                   .offset = 7,
                                   .time_us = e.time_us,
                                   .organisation = TEXT("City Hospital"),
                                   .organisation_id = {9},
                                   .client = TEXT("10.1.2.3"),
                                   .direction = 2,
                                   .observed = buffer_text(&out)};
    for (uint32_t i = 0; i < PATTERNS; i++)
        assert_ok(streamed_offer(s, i, &event, count_match, &told));
    buffer_done(&out);
    logline_done(&e);
    return told;
}

static bool owner(void *self, uint32_t number, struct window_owner *ret)
{
    bool *only_first = self;
    *ret = (struct window_owner){{{(uint8_t)(number + 1)}}, text_of(texts[number])};
    return !(only_first && *only_first) || number == 0;
}

struct reading {
    struct streamed *into;
    size_t count;
    uint64_t first_line;
};

static enum err put_back(void *self, const struct uuid *uuid, uint64_t hash, const struct streamed_event *e)
{
    struct reading *r = self;
    struct streamed_event own = *e;
    uint32_t number = uuid->b[0] - 1u;
    assert_true(number < PATTERNS && hash == window_pattern_hash(text_of(texts[number])));
    assert_true(text_eq(e->organisation, TEXT("City Hospital")) && text_eq(e->client, TEXT("10.1.2.3")));
    assert_true(e->organisation_id[0] == 9 && e->direction == 2 && e->offset == 7 && e->file.len == 0);
    if (r->count++ == 0)
        r->first_line = e->line;
    own.file = TEXT("log");
    return r->into ? streamed_restore(r->into, number, &own) : OK;
}

static void save(const struct streamed *s, const char *file, size_t most, bool only_first, struct buffer *out,
                 uint64_t *ret_lost)
{
    buffer_init(out, 16 * MIB);
    assert_ok(windows_write(s, PATTERNS, owner, &only_first, text_of(file), most, out, ret_lost));
}

static void what_was_half_true_becomes_true(void **state)
{
    struct streamed *before = make(), *after = make();
    struct reading r = {.into = after};
    struct buffer out;
    uint64_t lost;
    (void)state;
    assert_int_equal(offer(before, "log", "a.example", 1), 0);
    assert_int_equal(offer(before, "log", "a.example", 2), 0);
    assert_int_equal(offer(before, "other", "b.example", 0), 0);
    save(before, "log", WINDOWS_BYTES, false, &out, &lost);
    assert_int_equal(lost, 0);
    assert_ok(windows_read(buffer_text(&out), put_back, &r));
    assert_int_equal(r.count, 4); /* two events, each kept for two patterns; nothing of the other file */
    assert_int_equal(r.first_line, 1);
    assert_int_equal(offer(after, "log", "b.example", 3), 1);
    assert_int_equal(offer(after, "log", "a.example", 4), 1);
    assert_int_equal(offer(after, "log", "b.example", 5), 1); /* one event for each pattern was bound */
    assert_int_equal(offer(after, "log", "b.example", 6), 1); /* the third a, of the repeats, is here too */
    assert_int_equal(offer(after, "log", "b.example", 7), 0);
    buffer_done(&out);
    r = (struct reading){.into = NULL};
    save(before, "log", WINDOWS_BYTES, true, &out, &lost);
    assert_ok(windows_read(buffer_text(&out), put_back, &r));
    assert_int_equal(r.count, 2); /* of the first pattern alone */
    streamed_forget(before, 0, TEXT("log"));
    streamed_forget(before, 1, TEXT("log"));
    buffer_done(&out);
    save(before, "log", WINDOWS_BYTES, false, &out, &lost);
    assert_int_equal(out.len, 0);
    buffer_done(&out);
    streamed_free(before);
    streamed_free(after);
}

static void the_oldest_have_no_room(void **state)
{
    struct streamed *s = make();
    struct buffer all, some;
    uint64_t lost;
    (void)state;
    for (int i = 0; i < 60; i++)
        (void)offer(s, "log", i % 20 ? "never.example" : "a.example", i);
    for (int i = 0; i < 40; i++)
        (void)offer(s, "log", "a.example", 100 + i);
    save(s, "log", WINDOWS_BYTES, true, &all, &lost);
    assert_int_equal(lost, 0);
    save(s, "log", all.len - 1, true, &some, &lost);
    struct reading r = {.into = NULL};
    assert_ok(windows_read(buffer_text(&some), put_back, &r));
    assert_true(r.count > 0 && lost > 0 && r.count + lost == 43);
    assert_int_equal(r.first_line, 100 + 40 - r.count); /* the newest are there */
    buffer_done(&all);
    buffer_done(&some);
    save(s, "log", 4, true, &some, &lost);
    assert_true(some.len == 0 && lost == 43);
    buffer_done(&some);
    streamed_free(s);
}

static void what_is_none_is_refused(void **state)
{
    struct streamed *s = make();
    struct buffer out;
    uint64_t lost;
    (void)state;
    (void)offer(s, "log", "a.example", 1);
    save(s, "log", WINDOWS_BYTES, false, &out, &lost);
    for (size_t len = 0; len < out.len; len++) {
        struct reading r = {.into = NULL};
        assert_err(windows_read(text_sub(buffer_text(&out), 0, len), put_back, &r), ERR_MALFORMED);
    }
    out.ptr[0] = 9;
    struct reading r = {.into = NULL};
    assert_err(windows_read(buffer_text(&out), put_back, &r), ERR_MALFORMED);
    buffer_done(&out);
    streamed_free(s);
}

static bool there_and_back(void *arg)
{
    struct streamed *s = arg;
    struct reading r = {.into = NULL};
    struct buffer out;
    uint64_t lost;
    bool all = false;
    buffer_init(&out, 16 * MIB);
    enum err err = windows_write(s, PATTERNS, owner, &all, TEXT("log"), WINDOWS_BYTES, &out, &lost);
    if (!err)
        err = windows_read(buffer_text(&out), put_back, &r);
    buffer_done(&out);
    assert_true(err == OK || err == ERR_NOMEM);
    return err == OK;
}

static void memory_may_fail(void **state)
{
    struct streamed *s = make();
    (void)state;
    (void)offer(s, "log", "a.example", 1);
    const struct fault_op op = {.run = there_and_back, .arg = s};
    assert_true(fault_each_allocation(&op) > 3);
    streamed_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_half_true_becomes_true),
        cmocka_unit_test(the_oldest_have_no_room),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(memory_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
