/* The scanner against tables of lines: what is there is found, what only looks like it is not. */
#include "support/test.h"

#include <stdio.h>

#include "match_set.h"
#include "rows.h"

static void check_rows(const struct row *rows)
{
    struct match_set set;
    size_t wrong = 0;
    match_set_init(&set, row_values);
    for (const struct row *r = rows; r->line; r++) {
        const char *got = match_set_hits(&set, text_of(r->line));
        if (strcmp(got, r->hits) != 0) {
            print_error("line     %s\ngot      %s\nexpected %s\n", r->line, got, r->hits);
            wrong++;
        }
    }
    match_set_done(&set);
    assert_int_equal(wrong, 0);
}

static void ipv4(void **state)
{
    (void)state;
    check_rows(rows_ipv4);
}

static void ipv6(void **state)
{
    (void)state;
    check_rows(rows_ipv6);
}

static void names(void **state)
{
    (void)state;
    check_rows(rows_names);
}

static void urls(void **state)
{
    (void)state;
    check_rows(rows_urls);
}

static void emails_and_hashes(void **state)
{
    (void)state;
    check_rows(rows_others);
}

static void escapes(void **state)
{
    (void)state;
    check_rows(rows_escapes);
}

static void tokens(void **state)
{
    (void)state;
    check_rows(rows_tokens);
}

/* How many hits of its one indicator a line has, and at which level. */
static void url_levels(void **state)
{
    static const char *const values[] = {"http://evil.test/dir/a.php", NULL};
    static const struct {
        const char *line;
        int level; /* the strictest at which it hits; URL_LEVELS: none */
    } rows[] = {
        {"GET http://evil.test/dir/a.php ", URL_EXACT},
        {"GET HTTP://EVIL.test:80/dir/a.php#x ", URL_EXACT},
        {"GET http://evil.test/dir/a.php?id=1 ", URL_WITHOUT_QUERY},
        {"GET http://evil.test/dir/a.php?u=http://evil.test/dir/a.php ", URL_EXACT},
        {"GET http://evil.test/dir/a.php/b/c?d ", URL_PREFIX},
        {"GET http://evil.test/dir/a.php/ ", URL_PREFIX},
        {"GET http://evil.test/dir/a.phpx ", URL_LEVELS},
        {"GET http://evil.test/dir/ ", URL_LEVELS},
        {"GET https://evil.test/dir/a.php ", URL_LEVELS},
        {"GET http://evil.test/dir/A.php?id=1 ", URL_LEVELS},
    };
    struct match_set set;
    (void)state;
    match_set_init(&set, values);
    const struct index *index = set.index;
    for (int level = URL_EXACT; level < URL_LEVELS; level++)
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            const struct scan_hit *hits;
            size_t count;
            scanner_set_urls(set.scanner, (enum url_level)level);
            assert_ok(scan_line(set.scanner, &index, 1, text_of(rows[i].line), &hits, &count));
            assert_int_equal(count, rows[i].level <= level);
            assert_true(count == 0 || (int)hits[0].level == rows[i].level);
        }
    match_set_done(&set);
}

/* Whatever stands around a line with a hard end in between changes nothing. */
static void surroundings_change_nothing(void **state)
{
    static const char *const around[][2] = {
        {" ", " "}, {"\t", "\t"}, {"x \"", "\" y"}, {"<", ">"}, {"{\"a\":\"", "\"}"}};
    const struct row *tables[] = {rows_ipv4, rows_ipv6, rows_names, rows_others, rows_escapes};
    struct match_set set;
    (void)state;
    match_set_init(&set, row_values);
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct row *r = tables[t]; r->line; r++)
            for (size_t a = 0; a < ARRAY_LEN(around); a++) {
                char line[2048];
                snprintf(line, sizeof line, "%s%s%s", around[a][0], r->line, around[a][1]);
                if (strcmp(match_set_hits(&set, text_of(line)), r->hits) != 0)
                    fail_msg("%s\ngot %s", line, match_set_hits(&set, text_of(line)));
            }
    match_set_done(&set);
}

static void hits_say_where(void **state)
{
    static const char *const values[] = {"evil.com", "203.0.113.0/24", "http://evil.com/x", NULL};
    struct match_set set;
    const struct scan_hit *hits;
    size_t count;
    struct text line = TEXT("a=203.0.113.9 b=http%3A%2F%2Fwww.evil.com%2Fy http:\\/\\/evil.com\\/x.");
    (void)state;
    match_set_init(&set, values);
    const struct index *index = set.index;
    assert_ok(scan_line(set.scanner, &index, 1, line, &hits, &count));
    assert_int_equal(count, 3);
    assert_int_equal(hits[0].kind, VALUE_CIDR);
    assert_text(text_sub(line, hits[0].start, hits[0].len), "203.0.113.9");
    assert_int_equal(hits[1].kind, VALUE_DOMAIN);
    assert_text(text_sub(line, hits[1].start, hits[1].len), "www.evil.com");
    assert_int_equal(hits[2].kind, VALUE_URL);
    assert_text(text_sub(line, hits[2].start, hits[2].len), "http:\\/\\/evil.com\\/x");
    match_set_done(&set);
}

static void one_hit_for_a_ref(void **state)
{
    struct index_builder *b;
    struct index *index[2];
    struct scanner *s;
    const struct scan_hit *hits;
    size_t count;
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        assert_ok(index_builder_new(&b));
        assert_ok(match_add_value(b, "evil.com", 7));
        assert_ok(match_add_value(b, "1.2.3.4", 7));
        assert_ok(match_add_value(b, "evil.com", 10 + i));
        assert_ok(index_builder_build(b, &index[i]));
        index_builder_free(b);
    }
    assert_ok(scanner_new(&s));
    assert_ok(
        scan_line(s, (const struct index *const *)index, 2, TEXT("1.2.3.4 evil.com www.evil.com"), &hits, &count));
    assert_int_equal(count, 3);
    assert_int_equal(hits[0].ref, 7);
    assert_int_equal(hits[0].start, 0);
    assert_int_equal(hits[1].ref, 10);
    assert_int_equal(hits[2].ref, 11);
    assert_int_equal(hits[2].start, 8);
    scanner_free(s);
    index_unref(index[0]);
    index_unref(index[1]);
}

static void owners_are_all_addresses_and_names(void **state)
{
    static const struct row rows[] = {
        {"client 10.0.0.1#53 (www.example.org): query: www.example.org", "10.0.0.1 www.example.org www.example.org"},
        {"http://u@host.example/x.html?q=2001:DB8::5", "host.example x.html 2001:db8::5"},
        {"net 10.0.0.0/8 v1.2.3.4 12:34:56", ""},
        {"a@b.example", "b.example"},
        {"\"http:\\/\\/host.example\\/\"", "host.example"},
        {"host\\u002eexample", "host.example"},
        {"x%3D10.0.0.1", "10.0.0.1"},
        {"b\xC3\xBC"
         "cher.example 1.1.1.1.53",
         "xn--bcher-kva.example 1.1.1.1"},
        {"", ""},
    };
    struct match_set set;
    (void)state;
    match_set_init(&set, row_values);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(match_set_owners(&set, text_of(rows[i].line)), rows[i].hits);
    match_set_done(&set);
}

struct collected {
    size_t count;
    uint64_t line[8], offset[8];
    struct text text[8];
    enum err answer;
};

static enum err collect(void *self, const struct scan_line_hits *hits)
{
    struct collected *c = self;
    assert_true(c->count < ARRAY_LEN(c->line));
    c->line[c->count] = hits->line;
    c->offset[c->count] = hits->offset;
    c->text[c->count++] = hits->text;
    return c->answer;
}

static void blocks_count_lines(void **state)
{
    struct match_set set;
    struct collected c = {.answer = OK};
    struct text block = TEXT("evil.com\n\nnothing\r\nx 1.2.3.4\r\n\r\n5.6.7.8");
    (void)state;
    match_set_init(&set, row_values);
    const struct index *index = set.index;
    assert_ok(scan_block(set.scanner, &index, 1, block, 10, 1000, collect, &c));
    assert_int_equal(c.count, 3);
    assert_int_equal(c.line[0], 10);
    assert_int_equal(c.offset[0], 1000);
    assert_text(c.text[1], "x 1.2.3.4");
    assert_int_equal(c.line[1], 13);
    assert_int_equal(c.offset[1], 1019);
    assert_int_equal(c.line[2], 15);
    assert_int_equal(scan_count_lines(block), 6);
    assert_int_equal(scan_count_lines(TEXT("")), 0);
    assert_int_equal(scan_count_lines(TEXT("\n")), 1);
    assert_int_equal(scan_count_lines(TEXT("a\nb")), 2);
    c = (struct collected){.answer = ERR_CANCELLED};
    assert_err(scan_block(set.scanner, &index, 1, block, 1, 0, collect, &c), ERR_CANCELLED);
    assert_int_equal(c.count, 1);
    assert_ok(scan_block(set.scanner, &index, 1, TEXT(""), 1, 0, collect, &c));
    assert_ok(scan_block(set.scanner, NULL, 0, block, 1, 0, collect, &c));
    assert_int_equal(c.count, 1);
    match_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(names),
        cmocka_unit_test(urls),
        cmocka_unit_test(emails_and_hashes),
        cmocka_unit_test(escapes),
        cmocka_unit_test(tokens),
        cmocka_unit_test(url_levels),
        cmocka_unit_test(surroundings_change_nothing),
        cmocka_unit_test(hits_say_where),
        cmocka_unit_test(one_hit_for_a_ref),
        cmocka_unit_test(owners_are_all_addresses_and_names),
        cmocka_unit_test(blocks_count_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
