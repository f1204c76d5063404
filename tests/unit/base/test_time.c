/* Moments: what is accepted, what is refused and where, and both ways through every day of four centuries. */
#include "support/test.h"

#include <time.h>

#include "base/time.h"

static void assert_stamp(const char *text, int64_t s, uint32_t ns, uint8_t digits)
{
    struct stamp got;
    char out[STAMP_TEXT_MAX];
    assert_ok(stamp_parse(text_of(text), &got, NULL));
    assert_true(got.s == s);
    assert_int_equal(got.ns, ns);
    assert_int_equal(got.digits, digits);
    assert_text(stamp_format(got, out), text);
}

static void stix_timestamps(void **state)
{
    (void)state;
    assert_stamp("1970-01-01T00:00:00Z", 0, 0, 0);
    assert_stamp("1969-12-31T23:59:59.999Z", -1, 999000000, 3);
    assert_stamp("2016-01-20T12:31:12.123Z", 1453293072, 123000000, 3);
    assert_stamp("2001-09-09T01:46:40.000000000Z", 1000000000, 0, 9);
    assert_stamp("2038-01-19T03:14:08.1Z", INT64_C(2147483648), 100000000, 1);
    assert_stamp("0000-01-01T00:00:00Z", -INT64_C(62167219200), 0, 0);
    assert_stamp("0000-12-31T23:59:59.000000001Z", -INT64_C(62135596801), 1, 9);
    assert_stamp("9999-12-31T23:59:59.999999999Z", INT64_C(253402300799), 999999999, 9);
}

/* More decimals than are counted are read over: the text that came is kept by whoever holds the object. */
static void finer_than_a_nanosecond(void **state)
{
    (void)state;
    struct stamp got;
    assert_ok(stamp_parse(TEXT("2024-01-01T00:00:00.12345678999999999999Z"), &got, NULL));
    assert_true(got.s == 1704067200 && got.ns == 123456789 && got.digits == 9);
}

static void days_that_exist(void **state)
{
    (void)state;
    struct stamp s;
    static const char *const good[] = {"2024-02-29", "2000-02-29", "0000-02-29", "0004-02-29", "9996-02-29",
                                       "2023-01-31", "2023-04-30", "2023-12-31", "2400-02-29"};
    static const char *const bad[] = {"2023-02-29", "1900-02-29", "2100-02-29", "2024-02-30", "2023-02-30",
                                      "2023-02-31", "2023-01-32", "2023-04-31", "2023-06-31", "2023-09-31",
                                      "2023-11-31", "2023-00-10", "2023-13-10", "2023-01-00", "2023-99-99"};
    char text[40];
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        snprintf(text, sizeof text, "%sT00:00:00Z", good[i]);
        assert_ok(stamp_parse(text_of(text), &s, NULL));
        assert_ok(stamp_parse_lenient(text_of(good[i]), &s));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(text, sizeof text, "%sT00:00:00Z", bad[i]);
        assert_err(stamp_parse(text_of(text), &s, NULL), ERR_MALFORMED);
        assert_err(stamp_parse_lenient(text_of(bad[i]), &s), ERR_MALFORMED);
    }
}

static void refused_with_reason_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t offset;
        const char *what;
    } cases[] = {
        {"", 0, "short"},
        {"2024-01-01", 10, "'T'"},
        {"2024-01-01t00:00:00Z", 10, "'T'"},
        {"2024-01-01 00:00:00Z", 10, "'T'"},
        {"2024-01-01T00:00:00z", 19, "'Z'"},
        {"2024-01-01T00:00:00", 19, "'Z'"},
        {"2024-01-01T00:00:00+00:00", 19, "'Z'"},
        {"2024-01-01T00:00:00ZZ", 20, "more text"},
        {"2024-01-01T00:00:00.Z", 20, "decimal"},
        {"2024-01-01T00:00:00,5Z", 19, "'Z'"},
        {"2024-01-01T24:00:00Z", 11, "hour"},
        {"2024-01-01T23:60:00Z", 14, "minute"},
        {"2024-01-01T23:59:61Z", 17, "second"},
        {"2024-01-01T23:58:60Z", 20, "23:59:60"},
        {"2024-01-01T22:59:60Z", 20, "23:59:60"},
        {"2024-13-01T00:00:00Z", 5, "month"},
        {"2023-02-30T00:00:00Z", 8, "day"},
        {"2024-1-01T00:00:00Z", 6, "digit"},
        {"+024-01-01T00:00:00Z", 0, "digit"},
        {"-001-01-01T00:00:00Z", 0, "digit"},
        {"10000-01-01T00:00:00Z", 4, "'-'"},
        {"2024-01-01T00:00Z", 16, "':'"},
        {" 2024-01-01T00:00:00Z", 0, "digit"},
        {"2024-01-01T1:00:00Z", 12, "digit"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stamp s = {.s = 5, .ns = 6, .digits = 7};
        struct fault fault;
        assert_err(stamp_parse(text_of(cases[i].text), &s, &fault), ERR_MALFORMED);
        assert_int_equal(fault.offset, cases[i].offset);
        assert_non_null(strstr(fault.what, cases[i].what));
        assert_true(s.s == 5 && s.ns == 6 && s.digits == 7);
    }
    struct stamp s;
    assert_err(stamp_parse(TEXT("2024-01-01T00:00:00Z\0"), &s, NULL), ERR_MALFORMED);
    assert_err(stamp_parse(TEXT_NONE, &s, NULL), ERR_MALFORMED);
}

static void leap_second_is_the_second_before(void **state)
{
    (void)state;
    struct stamp leap, before;
    char out[STAMP_TEXT_MAX];
    assert_ok(stamp_parse(TEXT("2016-12-31T23:59:60.5Z"), &leap, NULL));
    assert_ok(stamp_parse(TEXT("2016-12-31T23:59:59.5Z"), &before, NULL));
    assert_int_equal(stamp_cmp(leap, before), 0);
    assert_text(stamp_format(leap, out), "2016-12-31T23:59:59.5Z");
}

static void assert_lenient(const char *text, const char *expected)
{
    struct stamp s;
    char out[STAMP_TEXT_MAX];
    assert_ok(stamp_parse_lenient(text_of(text), &s));
    assert_text(stamp_format(s, out), expected);
}

static void lenient_forms(void **state)
{
    (void)state;
    assert_lenient("2024-06-01", "2024-06-01T00:00:00Z");
    assert_lenient("2024-06-01 10:00:00Z", "2024-06-01T10:00:00Z");
    assert_lenient("2024-06-01t10:00:00.25z", "2024-06-01T10:00:00.25Z");
    assert_lenient("2024-06-01T10:00:00+02:00", "2024-06-01T08:00:00Z");
    assert_lenient("2024-06-01T10:00:00-0530", "2024-06-01T15:30:00Z");
    assert_lenient("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z");
    assert_lenient("2024-06-01T10:00:00-00:00", "2024-06-01T10:00:00Z");
    assert_lenient("1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59Z"); /* RFC 3339 section 5.8 */
    assert_lenient("2024-06-01T23:59:59+23:59", "2024-06-01T00:00:59Z");
    static const char *const bad[] = {"2024-06-01T10:00:00",
                                      "2024-06-01 10:00:00",
                                      "2024-06-01T",
                                      "2024-06-01T10:00Z",
                                      "2024-06-01  10:00:00Z",
                                      "2024-06-01T10:00:00 Z",
                                      "2024-06-01T10:00:00+24:00",
                                      "2024-06-01T10:00:00+01:60",
                                      "2024-06-01T10:00:00+01",
                                      "2024-06-01T10:00:00+1:00",
                                      "2024-06-01T10:00:00+01:00x",
                                      "0000-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "2024-06-01Z",
                                      "01.06.2024",
                                      "20240601",
                                      "1990-12-31T23:59:60-08:00",
                                      ""};
    struct stamp s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_err(stamp_parse_lenient(text_of(bad[i]), &s), ERR_MALFORMED);
}

/* Against the C library's calendar, every day from 1600 to 2400 and back. */
static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -135140; day < 157055; day++) {
        time_t seconds = (time_t)(day * 86400 + 3661);
        struct tm tm;
        char expected[64], out[STAMP_TEXT_MAX];
        struct stamp s;
        assert_non_null(gmtime_r(&seconds, &tm));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT01:01:01Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
        if (!text_eq(stamp_format((struct stamp){.s = seconds}, out), text_of(expected)))
            fail_msg("%s written as %s", expected, out);
        if (stamp_parse(text_of(expected), &s, NULL) != OK || s.s != seconds)
            fail_msg("%s read as another day", expected);
    }
}

static void microseconds(void **state)
{
    (void)state;
    char out[STAMP_TEXT_MAX];
    assert_text(stamp_format(stamp_from_us(1500000, 6), out), "1970-01-01T00:00:01.500000Z");
    assert_text(stamp_format(stamp_from_us(1999999, 3), out), "1970-01-01T00:00:01.999Z");
    assert_text(stamp_format(stamp_from_us(1999999, 0), out), "1970-01-01T00:00:01Z");
    assert_text(stamp_format(stamp_from_us(-1, 6), out), "1969-12-31T23:59:59.999999Z");
    assert_text(stamp_format(stamp_from_us(-1, 0), out), "1969-12-31T23:59:59Z");
    assert_text(stamp_format(stamp_from_us(1, 200), out), "1970-01-01T00:00:00.000001Z");
    assert_true(stamp_us((struct stamp){.s = -1, .ns = 999999999}) == -1); /* floor */
    assert_true(stamp_us((struct stamp){.s = 1, .ns = 1999}) == 1000001);
    assert_true(stamp_us((struct stamp){.s = INT64_MAX}) == INT64_MAX);
    assert_true(stamp_us((struct stamp){.s = INT64_MIN}) == INT64_MIN);
    for (int64_t us = -5000000; us < 5000000; us += 99991)
        assert_true(stamp_us(stamp_from_us(us, 6)) == us);
    stamp_us(stamp_from_us(INT64_MIN, 6));
    stamp_us(stamp_from_us(INT64_MAX, 6));
}

/* Nothing that a broken disk holds writes beyond the buffer. */
static void impossible_moments_are_written_inside(void **state)
{
    (void)state;
    char out[STAMP_TEXT_MAX];
    assert_text(stamp_format((struct stamp){.s = INT64_MAX}, out), "9999-12-31T23:59:59Z");
    assert_text(stamp_format((struct stamp){.s = INT64_MIN}, out), "0000-01-01T00:00:00Z");
    assert_int_equal(stamp_format((struct stamp){.ns = UINT32_MAX, .digits = 255}, out).len, 30);
}

static void order_is_by_moment(void **state)
{
    (void)state;
    struct stamp a = {.s = 1, .ns = 5, .digits = 9}, b = {.s = 1, .ns = 6}, c = {.s = 2}, d = {.s = 2, .digits = 3};
    assert_true(stamp_cmp(a, b) < 0 && stamp_cmp(b, a) > 0 && stamp_cmp(b, c) < 0);
    assert_int_equal(stamp_cmp(c, d), 0);
    assert_true(stamp_cmp((struct stamp){.s = -1}, a) < 0);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t mono = clock_mono_us();
    assert_true(clock_now_us() > INT64_C(1600000000000000));
    assert_true(clock_mono_us() >= mono);
}

/* Told by how far, in both directions; not by what both clocks tell, nor by slow correction. */
static void jumps_are_seen(void **state)
{
    (void)state;
    struct clock_mark m = {0};
    int64_t by = 0, real = 1700000000000000, boot = 5000000;
    assert_false(clock_jumped(&m, real, boot, &by));
    assert_false(clock_jumped(&m, real += 3600000000, boot += 3600000000, &by)); /* asleep for an hour */
    assert_false(clock_jumped(&m, real += 1000000 + CLOCK_JUMP_US, boot += 1000000, &by));
    assert_true(clock_jumped(&m, real += 1000000 + CLOCK_JUMP_US + 1, boot += 1000000, &by));
    assert_int_equal(by, CLOCK_JUMP_US + 1);
    assert_false(clock_jumped(&m, real += 1000000, boot += 1000000, &by)); /* told once */
    assert_true(clock_jumped(&m, real -= 7200000000, boot += 1000000, &by));
    assert_int_equal(by, -7201000000);
}

/* Of every stamp that differs in one byte from a good one: what is taken is written back as it was. */
static void what_is_taken_is_written_back(void **state)
{
    (void)state;
    static const char *const good[] = {"2024-02-29T23:59:58Z", "1969-12-31T00:00:00.120Z",
                                       "9999-01-31T10:20:30.123456789Z"};
    for (size_t g = 0; g < ARRAY_LEN(good); g++) {
        size_t taken = 0, len = strlen(good[g]);
        for (size_t i = 0; i < len; i++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[STAMP_TEXT_MAX], out[STAMP_TEXT_MAX];
                struct stamp s;
                memcpy(text, good[g], len + 1);
                text[i] = (char)byte;
                if (stamp_parse((struct text){text, len}, &s, NULL) ||
                    s.s % 60 == 59) /* 23:59:60 is the one before */
                    continue;
                assert_text_eq(stamp_format(s, out), ((struct text){text, len}));
                taken++;
            }
        }
        assert_true(taken > len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jumps_are_seen),
        cmocka_unit_test(what_is_taken_is_written_back),
        cmocka_unit_test(stix_timestamps),
        cmocka_unit_test(finer_than_a_nanosecond),
        cmocka_unit_test(days_that_exist),
        cmocka_unit_test(refused_with_reason_and_place),
        cmocka_unit_test(leap_second_is_the_second_before),
        cmocka_unit_test(lenient_forms),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(microseconds),
        cmocka_unit_test(impossible_moments_are_written_inside),
        cmocka_unit_test(order_is_by_moment),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
