/* The scanner and an oracle that shares no code with it agree: on the tables' lines, and on many lines made of pieces
 * that are hard to tell apart. */
#include "support/test.h"

#include <stdio.h>

#include "match_set.h"
#include "oracle.h"
#include "rows.h"

#define LINES 100000

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

static const char *const glue[] = {
    " ",
    "\t",
    ".",
    "-",
    "_",
    ":",
    "/",
    "@",
    "%",
    "#",
    "=",
    ",",
    ";",
    "|",
    "\"",
    "'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\\",
    "&",
    "?",
    "+",
    "*",
    "!",
    "^",
    "~",
    "`",
    "..",
    "::",
    "//",
    "://",
    "->",
    "--",
    ":/",
    "/24",
    "/8",
    "/255.255.255.0",
    "/64",
    ":80",
    "#53",
    ".53",
    ":443",
    "%eth0",
    "\\n",
    "\\t",
    "\\/",
    "\\\"",
    "\\\\",
    "\\u002e",
    "\\u0026",
    "\\u00e9",
    "\\x22",
    "#012",
    "%2F",
    "%3A",
    "%20",
    "%40",
    "%2E",
    "%3A%2F%2F",
    "%253A%252F%252F",
    "%25",
    "\xC3\xA9",
    "\xE2\x80\x9C",
    "\xE2\x80\x9D",
    "\xC2\xA0",
    "\xE3\x80\x82",
    "\xFF",
    "x",
    "9",
    "0",
    "a",
    "f",
    "www.",
    "v",
    "http",
    "http://",
    "https://",
    "http:\\/\\/",
    "\\u201d",
    "%3D",
    "%26",
    "Chrome/",
    "if:",
    "src=",
    "?u=",
    "&v=",
    "SRS0=",
    "12:34:56",
    "ffff:",
    "\r",
};

static size_t add(char *line, size_t len, const char *word)
{
    size_t n = strlen(word);
    if (len + n > 300)
        return len;
    memcpy(line + len, word, n);
    return len + n;
}

/* Every character of a word escaped now and then. */
static size_t add_escaped(char *line, size_t len, const char *word)
{
    for (; *word; word++) {
        char escape[8] = {*word};
        if (below(3) == 0)
            snprintf(escape, sizeof escape, below(2) ? "%%%02x" : "\\u%04x", (unsigned char)*word);
        len = add(line, len, escape);
    }
    return len;
}

static size_t make_line(char *line)
{
    size_t len = 0;
    for (uint32_t parts = 1 + below(8); parts > 0; parts--) {
        const char *value = row_values[below(22)];
        if (below(12) == 0)
            len = add_escaped(line, len, value);
        else if (below(5) < 3)
            len = add(line, len, value);
        for (uint32_t n = below(4); n > 0; n--)
            len = add(line, len, glue[below(ARRAY_LEN(glue))]);
    }
    if (len > 0 && below(4) == 0)
        line[below((uint32_t)len)] = (char)below(256);
    return len;
}

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
    const struct row *tables[] = {rows_ipv4, rows_ipv6, rows_names, rows_urls, rows_others, rows_escapes};
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
        char line[512];
        seed = first * 1000003 + n;
        below(2);
        wrong += !agree(&set, values, (struct text){line, make_line(line)}, &hits);
    }
    assert_int_equal(wrong, 0);
    assert_true(hits > count / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_agree), cmocka_unit_test(made_lines_agree)};
    return cmocka_run_group_tests_name("oracle", tests, setup, teardown);
}
