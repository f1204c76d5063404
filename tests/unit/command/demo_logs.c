/* The sample's logs: the same seed gives the same bytes, what is planted stands where it was planted and nowhere
 * else. */
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "command/demo_logs.h"
#include "support/scratch.h"

#define LINES 20000
#define BAD   400

static char folder[SCRATCH_PATH_MAX];

static char *logs(const struct demo_logs *l, size_t *ret_len)
{
    const char *path = scratch_path(folder, "log");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct fault fault;
    assert_ok(demo_logs_write(fd, l, &fault));
    close(fd);
    char *bytes = scratch_read(path, ret_len);
    assert_non_null(bytes);
    return bytes;
}

struct bad_set {
    struct buffer text;
    size_t at[BAD + 1];
    struct demo_plant plants[BAD];
};

static void make_set(struct bad_set *s)
{
    buffer_init(&s->text, 1 * MIB);
    for (size_t i = 0; i < BAD; i++) {
        s->at[i] = s->text.len;
        s->plants[i].kind = demo_indicator(42, i, &s->text);
        s->plants[i].line = i * 50 + 3;
        s->plants[i].client = TEXT("192.0.2.17");
    }
    s->at[BAD] = s->text.len;
    for (size_t i = 0; i < BAD; i++) {
        s->plants[i].value = (struct text){s->text.ptr + s->at[i], s->at[i + 1] - s->at[i]};
        if (s->plants[i].kind == VALUE_CIDR) {
            s->plants[i].kind = VALUE_IPV4; /* its first address */
            s->plants[i].value.len -= 3;
        }
    }
}

static void planted_once_and_where(void **state)
{
    (void)state;
    static struct bad_set set;
    make_set(&set);
    struct demo_logs l = {.seed = 1,
                          .lines = LINES,
                          .base_us = (int64_t)1795292101 * 1000000,
                          .step_us = 1000,
                          .plants = set.plants,
                          .plant_count = BAD};
    size_t len, again_len, lines = 0;
    char *bytes = logs(&l, &len), *again = logs(&l, &again_len);
    assert_int_equal(len, again_len);
    assert_memory_equal(bytes, again, len);
    struct text rest = {bytes, len}, line;
    while (text_split(&rest, '\n', &line) && line.len > 0) {
        lines++;
        size_t plant = lines >= 3 && (lines - 3) % 50 == 0 ? (lines - 3) / 50 : BAD;
        bool bad = text_find_text(line, TEXT(".invalid")) >= 0 || text_find_text(line, TEXT("198.19.")) >= 0 ||
                   text_find_text(line, TEXT("2001:db8:bad:")) >= 0;
        if (plant >= BAD) {
            assert_false(bad);
        } else {
            assert_true(text_find_text(line, set.plants[plant].value) >= 0);
            assert_true(text_find_text(line, TEXT("192.0.2.17")) >= 0);
        }
    }
    assert_int_equal(lines, LINES);
    free(bytes);
    free(again);
    buffer_done(&set.text);
}

static void bad_values_are_normal_and_different(void **state)
{
    (void)state;
    struct buffer value, normal;
    buffer_init(&value, VALUE_MAX_BYTES);
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (uint64_t i = 0; i < 2000; i++) {
        enum value_kind kind, became;
        buffer_clear(&value);
        buffer_clear(&normal);
        kind = demo_indicator(3, i, &value);
        assert_ok(value_normalise(kind, buffer_text(&value), &normal, &became, NULL));
        assert_text_eq(buffer_text(&normal), buffer_text(&value));
        assert_int_equal(became, kind);
    }
    buffer_done(&value);
    buffer_done(&normal);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct demo_plant twice[] = {{2, VALUE_DOMAIN, TEXT("a.invalid"), TEXT_NONE},
                                 {2, VALUE_DOMAIN, TEXT("b.invalid"), TEXT_NONE}};
    struct demo_plant network = {1, VALUE_CIDR, TEXT("198.19.0.0/24"), TEXT_NONE};
    struct demo_plant late = {11, VALUE_DOMAIN, TEXT("a.invalid"), TEXT_NONE};
    struct demo_plant broken = {1, VALUE_DOMAIN, TEXT("a\nb"), TEXT_NONE};
    struct demo_logs l = {.seed = 1, .lines = 10, .plants = twice, .plant_count = 2};
    assert_err(demo_logs_write(-1, &l, NULL), ERR_USAGE);
    l.plant_count = 1;
    l.plants = &network;
    assert_err(demo_logs_write(-1, &l, NULL), ERR_USAGE);
    l.plants = &late;
    assert_err(demo_logs_write(-1, &l, NULL), ERR_USAGE);
    l.plants = &broken;
    assert_err(demo_logs_write(-1, &l, NULL), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_once_and_where),
        cmocka_unit_test(bad_values_are_normal_and_different),
        cmocka_unit_test(nonsense_is_refused),
    };
    scratch_new(folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
