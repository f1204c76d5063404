/* A block that is packed comes out as it was, whatever is in it; and whatever is not what was packed is refused
 * without a byte read or written where none belongs (the sanitizers watch). */
#include "support/test.h"

#include "base/limits.h"
#include "match/pack.h"
#include "match/pack_masks.h"
#include "messy.h"

static struct packer *packer;
static struct buffer packed;

static int setup(void **state)
{
    (void)state;
    buffer_init(&packed, 4 * PACK_MAX_BYTES);
    return packer_new(&packer) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    packer_free(packer);
    buffer_done(&packed);
    return 0;
}

/* Returns how many bytes it took. */
static size_t there_and_back(struct text lines)
{
    struct text out;
    buffer_clear(&packed);
    assert_ok(pack(packer, lines, &packed));
    assert_ok(unpack(packer, buffer_text(&packed), &out));
    if (!text_eq(out, lines)) {
        size_t at = 0;
        while (at < out.len && at < lines.len && out.ptr[at] == lines.ptr[at])
            at++;
        fail_msg("differs from byte %zu on: " TEXT_FMT, at, TEXT_ARG(text_sub(lines, at, 60)));
    }
    return packed.len;
}

/* Things that logs count, of all lengths and forms, and what only looks like them. */
static void put_value(struct buffer *b, struct messy *m)
{
    static const char *const odd[] = {"007",
                                      "0",
                                      "0.5",
                                      "00.5",
                                      "1.",
                                      ".1",
                                      "999999999999999999",
                                      "1000000000000000000",
                                      "18446744073709551616",
                                      "256.1.1.1",
                                      "1.2.3.04",
                                      "1.2.3",
                                      "a/1.2.3.4",
                                      "/1.2.3.4",
                                      "x/y/10.0.0.1",
                                      "\x01",
                                      "\x05z",
                                      "",
                                      "deadbeef",
                                      "v1.0",
                                      "http://x.example/a?b=1&c=2",
                                      "2001:db8::1",
                                      "ABCDEF0123456789abcdef"};
    uint64_t n = (uint64_t)messy_below(m, 1u << 31) << messy_below(m, 28);
    switch (messy_below(m, 9)) {
    case 0: buffer_addf(b, "%llu", (unsigned long long)(n % 100000)); break;
    case 1: buffer_addf(b, "%u.%u.%u.%u", messy_below(m, 256), messy_below(m, 3), messy_below(m, 256), 7u); break;
    case 2:
        buffer_addf(b, "2026-01-%02uT%02u:%02u:%02u.%06u+0000", 1 + messy_below(m, 28), messy_below(m, 24),
                    messy_below(m, 60), messy_below(m, 60), messy_below(m, 1000000));
        break;
    case 3: buffer_addf(b, "%llu.%06u", (unsigned long long)(n % 2000000000), messy_below(m, 1000000)); break;
    case 4: buffer_addf(b, "%016llx", (unsigned long long)n); break;
    case 5: buffer_addf(b, "0x7f%08x", messy_below(m, 1u << 31)); break;
    case 6: buffer_addf(b, "www%u.evil%u.example", messy_below(m, 5), messy_below(m, 500)); break;
    case 7: buffer_addf(b, "%llu", (unsigned long long)n); break;
    default: buffer_add(b, text_of(odd[messy_below(m, ARRAY_LEN(odd))])); break;
    }
}

/* Lines of a few shapes, with some that break them. */
static void log_like(struct buffer *b, uint64_t seed, size_t lines)
{
    struct messy m;
    messy_seed(&m, seed, 1);
    unsigned fields = 1 + messy_below(&m, 12);
    for (size_t i = 0; i < lines; i++) {
        for (unsigned f = 0; f < fields; f++) {
            struct messy column;
            messy_seed(&column, seed, f * 100000 + (messy_below(&m, 20) ? 0 : i));
            buffer_addf(b, f % 3 ? " key%c=" : ",\"k%c\":", 'a' + (int)f);
            if (messy_below(&m, 40) == 0)
                put_value(b, &m);
            else { /* the same form, another value */
                struct messy same = column;
                same.state = column.state;
                same.state += (uint64_t)(messy_below(&m, 3) ? i << 40 : 0);
                put_value(b, &same);
            }
        }
        buffer_add(b, messy_below(&m, 50) ? TEXT("\n") : TEXT("\r\n"));
    }
}

static void logs_come_back(void **state)
{
    struct buffer lines;
    (void)state;
    buffer_init(&lines, PACK_MAX_BYTES);
    for (uint64_t seed = 1; seed <= 120; seed++) {
        buffer_clear(&lines);
        log_like(&lines, seed, seed % 7 ? 60 : 1200);
        assert_ok(buffer_error(&lines));
        there_and_back(buffer_text(&lines));
        there_and_back(text_sub(buffer_text(&lines), 0, lines.len - 1));
    }
    buffer_done(&lines);
}

/* However the classes are found, they are the same. */
static void masks_agree(void **state)
{
    struct pack_masks *table = malloc(sizeof *table), *fast = malloc(sizeof *fast);
    (void)state;
    for (uint64_t n = 0; n < 2000; n++) {
        struct messy m;
        char line[MESSY_MAX];
        messy_seed(&m, 29, n);
        size_t len = messy_line(&m, line);
        for (size_t i = 0; n % 2 && i < len; i++) /* any byte */
            line[i] = (char)messy_below(&m, n % 4 == 1 ? 128 : 256);
        bool plain = pack_masks_make(table, line, len, len, MASKS_BY_TABLE);
        for (enum masks_way way = MASKS_BY_TABLE; way <= masks_best_way(); way++) {
            assert_true(pack_masks_make(fast, line, len, len, way) == plain);
            assert_int_equal(fast->words, table->words);
            for (size_t w = 0; w <= table->words; w++)
                assert_true(fast->token[w] == table->token[w] && fast->digit[w] == table->digit[w] &&
                            fast->dot[w] == table->dot[w] && fast->event[w] == table->event[w]);
        }
    }
    free(table);
    free(fast);
}

static void anything_comes_back(void **state)
{
    static const char *const some[] = {"",
                                       "\n",
                                       "\n\n\n",
                                       "a",
                                       "1",
                                       "\r\n",
                                       "\x01",
                                       "\x01\n\x02",
                                       "\0",
                                       "1.2.3.4",
                                       "1\n2\n3",
                                       "a/1.2.3.4\n",
                                       "0001\n0002\n0003\n0004\n"};
    struct buffer lines;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(some); i++)
        there_and_back(text_of(some[i]));
    buffer_init(&lines, PACK_MAX_BYTES);
    for (uint64_t n = 0; n < 3000; n++) {
        struct messy m;
        char line[MESSY_MAX];
        messy_seed(&m, 17, n);
        buffer_add_bytes(&lines, line, messy_line(&m, line));
        buffer_add_char(&lines, '\n');
        if (n % 100 == 99) {
            there_and_back(buffer_text(&lines));
            buffer_clear(&lines);
        }
    }
    for (size_t i = 0; i < PACK_MAX_BYTES; i++) /* nothing but newlines: a shape a line */
        buffer_add_char(&lines, '\n');
    there_and_back(buffer_text(&lines));
    for (size_t i = 0; i < PACK_MAX_BYTES; i++) /* a token every other byte */
        lines.ptr[i] = i % 2 ? '1' : i % 4096 ? ' ' : '\n';
    there_and_back(buffer_text(&lines));
    buffer_done(&lines);
}

/* Columns are worth their while: what is random in such lines is a third of them. */
static void columns_are_small(void **state)
{
    struct buffer lines;
    struct messy m;
    (void)state;
    messy_seed(&m, 3, 3);
    buffer_init(&lines, PACK_MAX_BYTES);
    for (unsigned i = 0; i < 5000; i++)
        buffer_addf(&lines, "%u.%06u\t10.0.%u.%u\t%u\t%u.%u.%u.%u\t443\ttcp\tssl\t%u\tSF\tT\tF\n",
                    1769000000 + i / 100, i % 100 * 10000 + messy_below(&m, 10000), messy_below(&m, 16),
                    messy_below(&m, 256), 1024 + messy_below(&m, 60000), 3u, messy_below(&m, 256),
                    messy_below(&m, 256), messy_below(&m, 256), messy_below(&m, 100000));
    size_t len = there_and_back(buffer_text(&lines));
    assert_true(len < lines.len / 5);
    buffer_done(&lines);
}

static void spoiled_is_refused(void **state)
{
    struct buffer lines, whole;
    struct text out;
    struct messy m;
    (void)state;
    buffer_init(&lines, PACK_MAX_BYTES);
    buffer_init(&whole, PACK_MAX_BYTES);
    log_like(&lines, 14, 300);
    there_and_back(buffer_text(&lines));
    buffer_add(&whole, buffer_text(&packed));
    for (size_t len = 0; len < whole.len; len += len < 64 ? 1 : 61)
        assert_err(unpack(packer, text_sub(buffer_text(&whole), 0, len), &out), ERR_MALFORMED);
    messy_seed(&m, 8, 8);
    for (unsigned i = 0; i < 4000; i++) {
        size_t at = messy_below(&m, (uint32_t)whole.len);
        char was = whole.ptr[at];
        whole.ptr[at] = (char)(was ^ (1 << messy_below(&m, 8)));
        enum err err = unpack(packer, buffer_text(&whole), &out);
        assert_true(err == OK || err == ERR_MALFORMED);
        whole.ptr[at] = was;
    }
    buffer_done(&lines);
    buffer_done(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_come_back),      cmocka_unit_test(masks_agree),
        cmocka_unit_test(anything_comes_back), cmocka_unit_test(columns_are_small),
        cmocka_unit_test(spoiled_is_refused),
    };
    return cmocka_run_group_tests_name("match/pack", tests, setup, teardown);
}
