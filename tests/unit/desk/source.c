/* The words of a source's settings (desk/source.h): what is read, what is refused, and that writing gives it back. */
#include "support/test.h"

#include "desk/source.h"

static void kinds(void **state)
{
    (void)state;
    enum source_kind k;
    struct fault f;
    for (enum source_kind want = SOURCE_BY_HAND; want < SOURCE_KINDS; want++) {
        assert_ok(source_kind_parse(text_of(source_kind_name(want)), &k, NULL));
        assert_int_equal(k, want);
    }
    assert_int_equal(source_kind_parse(TEXT("ftp"), &k, &f), ERR_USAGE);
    assert_non_null(strstr(f.what, "shadowserver"));
    assert_int_equal(source_kind_parse(TEXT("FOLDER"), &k, NULL), ERR_USAGE);
}

static void trust(void **state)
{
    static const struct {
        const char *word, *back; /* NULL: refused */
    } rows[] = {{"B2", "B2"}, {"b2", "B2"}, {"A", "A"},   {"F6", "F6"},  {"", ""},     {"G1", NULL},
                {"B7", NULL}, {"B0", NULL}, {"2B", NULL}, {"B22", NULL}, {"@1", NULL}, {"!", NULL}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct source_trust t = {'x', 'y'};
        char out[SOURCE_TRUST_MAX];
        enum err e = source_trust_parse(text_of(rows[i].word), &t, NULL);
        assert_int_equal(e, rows[i].back ? OK : ERR_USAGE);
        if (rows[i].back)
            assert_string_equal(source_trust_format(t, out).ptr, rows[i].back);
        else
            assert_int_equal(t.reliability, 'x'); /* untouched */
    }
}

static void how_often(void **state)
{
    static const struct {
        const char *word;
        uint32_t s;
        const char *back; /* NULL: refused */
    } rows[] = {{"15m", 900, "15m"},
                {"90s", 90, "90s"},
                {"90", 90, "90s"},
                {"60m", 3600, "1h"},
                {"1d", 86400, "1d"},
                {"2w", 1209600, "2w"},
                {"10s", 10, "10s"},
                {"never", 0, "never"},
                {"0", 0, "never"},
                {"9s", 0, NULL},
                {"", 0, NULL},
                {"m", 0, NULL},
                {"-5m", 0, NULL},
                {"1.5h", 0, NULL},
                {"400d", 0, NULL},
                {"15 m", 0, NULL},
                {"99999999999999999999w", 0, NULL}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t s = 7;
        char out[SOURCE_EVERY_MAX];
        enum err e = source_every_parse(text_of(rows[i].word), &s, NULL);
        assert_int_equal(e, rows[i].back ? OK : ERR_USAGE);
        assert_int_equal(s, rows[i].back ? rows[i].s : 7);
        if (rows[i].back)
            assert_string_equal(source_every_format(s, out).ptr, rows[i].back);
    }
}

static void lifetimes(void **state)
{
    static const struct {
        const char *words, *back; /* NULL: refused */
    } rows[] = {{"", ""},
                {"ipv4=30,url=90", "ipv4=30,url=90"},
                {" url = 90 , ipv4=30 ", "ipv4=30,url=90"},
                {"sha256=never", "sha256=never"},
                {"domain-name=180", "domain=180"},
                {"ipv4=0", NULL},
                {"ipv4=-1", NULL},
                {"ipv4=36501", NULL},
                {"ipv4", NULL},
                {"ipv4=30,ipv4=40", NULL},
                {"ipv4=30,,url=90", NULL},
                {"ipv4=30,", NULL},
                {"colour=3", NULL}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct source_lifetimes l = {.days = {77}};
        struct buffer out;
        buffer_init(&out, 1024);
        enum err e = source_lifetimes_parse(text_of(rows[i].words), &l, NULL);
        assert_int_equal(e, rows[i].back ? OK : ERR_USAGE);
        if (rows[i].back) {
            source_lifetimes_format(&l, &out);
            assert_true(text_eq(buffer_text(&out), text_of(rows[i].back)));
        } else {
            assert_int_equal(l.days[VALUE_NONE], 77);
        }
        buffer_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(trust), cmocka_unit_test(how_often),
                                       cmocka_unit_test(lifetimes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
