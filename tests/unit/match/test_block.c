/* scan_block() with its sieve reports exactly what scan_line() reports line by line. */
#include "support/test.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "match/lookup.h"
#include "match/scanner.h"
#include "match/sieve.h"
#include "match_set.h"
#include "messy.h"
#include "rows.h"

/* Both write what they find as text. */
static void print_hits(struct buffer *out, uint64_t line, uint64_t offset, struct text text,
                       const struct scan_hit *hits, size_t count)
{
    buffer_addf(out, "%llu %llu %zu:", (unsigned long long)line, (unsigned long long)offset, text.len);
    for (size_t i = 0; i < count; i++)
        buffer_addf(out, " %d/%u@%zu+%zu", hits[i].kind, hits[i].ref, hits[i].start, hits[i].len);
    buffer_add_char(out, '\n');
}

static enum err on_hit(void *self, const struct scan_line_hits *h)
{
    print_hits(self, h->line, h->offset, h->text, h->hits, h->hit_count);
    return OK;
}

static void by_lines(struct scanner *s, const struct index *const *indexes, size_t count, struct text block,
                     struct buffer *out)
{
    uint64_t number = 5;
    for (size_t at = 0; at < block.len; number++) {
        const struct scan_hit *hits;
        size_t hit_count;
        const char *newline = memchr(block.ptr + at, '\n', block.len - at);
        size_t len = newline ? (size_t)(newline - block.ptr) - at : block.len - at;
        struct text line = text_sub(block, at, len);
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        assert_ok(scan_line(s, indexes, count, line, &hits, &hit_count));
        if (hit_count)
            print_hits(out, number, 1000 + at, line, hits, hit_count);
        at += len + 1;
    }
}

static void fail_where(struct text block, struct text got, struct text want)
{
    size_t same = 0, start = 0;
    for (; same < got.len && same < want.len && got.ptr[same] == want.ptr[same]; same++)
        if (want.ptr[same] == '\n')
            start = same + 1;
    unsigned long long line = 0, offset = 0;
    (void)sscanf(start < want.len ? want.ptr + start : "0 1000", "%llu %llu", &line, &offset);
    fail_msg("line %llu is lost or another:\n%.*s", line, 400, block.ptr + (offset - 1000));
}

/* In every way that the processor has. */
static void check_block(struct scanner *s, const struct index *const *indexes, size_t count, struct text block)
{
    struct buffer want, got;
    buffer_init(&want, 64 * MIB);
    buffer_init(&got, 64 * MIB);
    by_lines(s, indexes, count, block, &want);
    for (enum masks_way way = MASKS_BY_TABLE; way <= masks_best_way(); way++) {
        buffer_clear(&got);
        sieve_set_way(s->sieve, way);
        assert_ok(scan_block(s, indexes, count, block, 5, 1000, on_hit, &got));
        if (!text_eq(buffer_text(&got), buffer_text(&want)))
            fail_where(block, buffer_text(&got), buffer_text(&want));
    }
    buffer_done(&want);
    buffer_done(&got);
}

/* Of some of the values, so that each kind is looked for alone as well. */
static struct index *index_of_some(struct messy *m)
{
    struct index_builder *b;
    struct index *index;
    uint32_t pick = messy_below(m, 3);
    assert_ok(index_builder_new(&b));
    for (uint32_t i = 0, one = messy_below(m, 22); row_values[i]; i++)
        if (pick == 0 || (pick == 1 && messy_below(m, 2)) || (pick == 2 && i == one))
            assert_ok(match_add_value(b, row_values[i], i));
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    return index;
}

static void fill_block(struct messy *m, struct buffer *block, size_t lines)
{
    for (size_t n = 0; n < lines; n++) {
        char line[MESSY_MAX];
        size_t len = messy_line(m, line);
        for (uint32_t more = messy_below(m, 100) == 0 ? messy_below(m, 12000) : 0; more > 0; more--)
            buffer_add_char(block, "x .1"[messy_below(m, 4)]); /* longer than a batch now and then */
        buffer_add_bytes(block, line, len);
        buffer_add(block, messy_below(m, 50) ? TEXT("\n") : TEXT("\r\n\n"));
    }
    if (messy_below(m, 2))
        block->len--;
}

static void blocks_and_lines_agree(void **state)
{
    const char *words = getenv("ENTENTE_TEST_ROUNDS"), *first = getenv("ENTENTE_TEST_SEED");
    uint64_t rounds = words ? strtoull(words, NULL, 10) : 300, seed = first ? strtoull(first, NULL, 10) : 1;
    struct scanner *s;
    (void)state;
    assert_ok(scanner_new(&s));
    for (uint64_t round = 0; round < rounds; round++) {
        struct messy m;
        struct buffer block;
        messy_seed(&m, seed * 7, round);
        struct index *indexes[2] = {index_of_some(&m), index_of_some(&m)};
        buffer_init(&block, 64 * MIB);
        fill_block(&m, &block, 1 + messy_below(&m, 800));
        assert_ok(buffer_error(&block));
        /* a copy of just that size: reading beyond it is seen */
        char *exact = malloc(block.len);
        memcpy(exact, block.ptr, block.len);
        check_block(s, (const struct index *const *)indexes, 1 + round % 2, (struct text){exact, block.len});
        free(exact);
        buffer_done(&block);
        index_unref(indexes[0]);
        index_unref(indexes[1]);
    }
    scanner_free(s);
}

/* Every row of the tables, at every place around the edges of words and batches. */
static void rows_at_every_place(void **state)
{
    const struct row *tables[] = {rows_ipv4,   rows_ipv6,    rows_names, rows_urls,
                                  rows_others, rows_escapes, rows_tokens};
    struct match_set set;
    (void)state;
    match_set_init(&set, row_values);
    const struct index *index = set.index;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct row *r = tables[t]; r->line; r++)
            for (size_t shift = 0; shift < 70; shift += 3) {
                struct buffer block;
                buffer_init(&block, 1 * MIB);
                for (size_t i = 0; i < shift; i++)
                    buffer_add_char(&block, i % 9 ? '-' : ' ');
                buffer_addf(&block, "\n%s\n", r->line);
                for (size_t i = 0; i < 100; i++)
                    buffer_add_char(&block, ' ');
                check_block(set.scanner, &index, 1, buffer_text(&block));
                buffer_done(&block);
            }
    match_set_done(&set);
}

static struct index *index_of_one(uint32_t i)
{
    struct index_builder *b;
    struct index *index;
    assert_ok(index_builder_new(&b));
    assert_ok(match_add_value(b, row_values[i], i));
    assert_ok(index_builder_build(b, &index));
    index_builder_free(b);
    return index;
}

/* Lines in which nothing is, behind and before one in which something may be: what is passed over without a closer
 * look must not hold it, in whatever form, and lines are counted on. */
static void a_single_value_is_never_passed_over(void **state)
{
    const struct row *tables[] = {rows_ipv4, rows_ipv6, rows_names, rows_urls, rows_others, rows_escapes};
    struct scanner *s;
    struct messy m;
    size_t usable = 0;
    (void)state;
    assert_ok(scanner_new(&s));
    messy_seed(&m, 3, 3);
    for (uint32_t i = 0; row_values[i]; i++) {
        struct index *one = index_of_one(i);
        const struct index *index = one;
        usable += needles_usable(&one->needles);
        for (size_t t = 0; t < ARRAY_LEN(tables); t++)
            for (const struct row *r = tables[t]; r->line; r++) {
                struct buffer block;
                buffer_init(&block, 1 * MIB);
                for (uint32_t before = messy_below(&m, 4); before > 0; before--)
                    buffer_addf(
                        &block, "%.*s quiet line 192.0.2.%u\n", (int)messy_below(&m, 60),
                        "GET / HTTP and so on and on, a.example - evil and com, 5.6.7 :", messy_below(&m, 256));
                buffer_addf(&block, "%s\nthe end of it %s\n", r->line, messy_below(&m, 2) ? "" : r->line);
                for (uint32_t after = 0; after < 80; after++)
                    buffer_add_char(&block, after % 40 ? ' ' : '\n');
                check_block(s, &index, 1, buffer_text(&block));
                buffer_done(&block);
            }
        index_unref(one);
    }
    assert_true(usable == 0 || usable > 10); /* none where the processor is too old */
    scanner_free(s);
}

static void masks_are_the_same_any_way(void **state)
{
    static struct masks by_table, fast;
    static uint8_t bytes[MASKS_BYTES + MASKS_SLACK];
    (void)state;
    struct messy m;
    messy_seed(&m, 1, 1);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(round == 0 ? i : messy_below(&m, 256));
        size_t len = round < 3 ? MASKS_BYTES : messy_below(&m, MASKS_BYTES + 1);
        masks_make_by(&by_table, bytes, len, MASKS_BY_TABLE);
        for (enum masks_way way = MASKS_BY_TABLE; way <= masks_best_way(); way++) {
            masks_make_by(&fast, bytes, len, way);
            assert_int_equal(fast.words, by_table.words);
            size_t n = (fast.words + 1) * sizeof(uint64_t);
            assert_memory_equal(fast.run, by_table.run, n);
            assert_memory_equal(fast.dot, by_table.dot, n);
            assert_memory_equal(fast.letter, by_table.letter, n);
            assert_memory_equal(fast.hex, by_table.hex, n);
            assert_memory_equal(fast.high, by_table.high, n);
            assert_memory_equal(fast.colon, by_table.colon, n);
            assert_memory_equal(fast.slash, by_table.slash, n);
            assert_int_equal(fast.newlines, by_table.newlines);
            assert_memory_equal(fast.odd, by_table.odd, n);
            assert_memory_equal(fast.newline, by_table.newline, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_the_same_any_way),
        cmocka_unit_test(a_single_value_is_never_passed_over),
        cmocka_unit_test(rows_at_every_place),
        cmocka_unit_test(blocks_and_lines_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
