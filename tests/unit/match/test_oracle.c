/* The scanner and an oracle that shares no code with it agree: on the tables' lines, and on many lines made of pieces
 * that are hard to tell apart. */
#include "support/test.h"

#include <stdio.h>

#include "match_set.h"
#include "messy.h"
#include "oracle.h"
#include "rows.h"

#define LINES 60000

/* True when both say the same of each value. */
static bool agree(struct match_set *set, const struct oracle_value *values, struct text line, size_t *hits)
{
    static struct oracle_line o;
    const struct index *index = set->index;
    const struct scan_hit *found;
    size_t count;
    bool same = true;
    assert_ok(scan_line(set->scanner, &index, 1, line, &found, &count));
    if (!oracle_line_init(&o, line)) {
        oracle_line_done(&o);
        return true;
    }
    for (uint32_t ref = 0; ref < set->count; ref++) {
        bool hit = false;
        for (size_t i = 0; i < count; i++)
            hit |= found[i].ref == ref;
        if (hit != oracle_hits(&o, &values[ref])) {
            print_error("%s the oracle finds %s in\n" TEXT_FMT "\n", hit ? "but not" : "only", set->values[ref],
                        TEXT_ARG(line));
            same = false;
        }
    }
    *hits += count;
    oracle_line_done(&o);
    return same;
}

static struct match_set set;
static struct oracle_value values[64];

static int setup(void **state)
{
    (void)state;
    match_set_init(&set, row_values);
    for (size_t i = 0; i < set.count; i++)
        oracle_value_init(&values[i], row_values[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    match_set_done(&set);
    return 0;
}

static void tables_agree(void **state)
{
    const struct row *tables[] = {rows_ipv4,   rows_ipv6,    rows_names, rows_urls,
                                  rows_others, rows_escapes, rows_tokens};
    size_t hits = 0, wrong = 0;
    (void)state;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct row *r = tables[t]; r->line; r++)
            wrong += !agree(&set, values, text_of(r->line), &hits);
    assert_int_equal(wrong, 0);
}

static void made_lines_agree(void **state)
{
    const char *words = getenv("ENTENTE_TEST_SEED"), *lines = getenv("ENTENTE_TEST_LINES");
    uint64_t first = words ? strtoull(words, NULL, 10) : 1;
    size_t count = lines ? strtoul(lines, NULL, 10) : LINES, hits = 0, wrong = 0;
    (void)state;
    for (size_t n = 0; n < count && wrong < 20; n++) {
        char line[MESSY_MAX];
        struct messy m;
        messy_seed(&m, first, n);
        wrong += !agree(&set, values, (struct text){line, messy_line(&m, line)}, &hits);
    }
    assert_int_equal(wrong, 0);
    assert_true(hits > count / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_agree), cmocka_unit_test(made_lines_agree)};
    return cmocka_run_group_tests_name("oracle", tests, setup, teardown);
}
