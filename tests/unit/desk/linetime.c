/* The event's own time, in the forms of match/linetime.h. */
#include "support/test.h"

#include "base/time.h"
#include "match/linetime.h"

static int64_t us_of(const char *stamp)
{
    struct stamp s;
    assert_ok(stamp_parse(text_of(stamp), &s, NULL));
    return stamp_us(s);
}

#define NOW "2026-11-21T20:15:30Z"

static const struct form {
    const char *line, *time; /* NULL: none */
} forms[] = {
    /* RFC 3339, ISO 8601 */
    {"2026-11-21T20:15:01Z host named: x", "2026-11-21T20:15:01Z"},
    {"2026-11-21T20:15:01.5Z", "2026-11-21T20:15:01.5Z"},
    {"2026-11-21T21:15:01.123456+01:00 x", "2026-11-21T20:15:01.123456Z"},
    {"2026-11-21 20:15:01,250 INFO", "2026-11-21T20:15:01.25Z"},
    {"2026-11-21 15:15:01 -0500 x", "2026-11-21T20:15:01Z"},
    {"[2026-11-21 20:15:01] x", "2026-11-21T20:15:01Z"},
    {"<34>1 2026-11-21T20:15:01.003Z mail su - ID47", "2026-11-21T20:15:01.003Z"},
    {"2026-02-30T20:15:01Z", NULL},
    {"2026-11-21T25:15:01Z", NULL},
    {"2026-11-21T20:15:60Z", "2026-11-21T20:15:59Z"},
    {"12026-11-21T20:15:01Z", NULL},
    /* seconds */
    {"1795292101.123456\tCabc\t192.0.2.1", "2026-11-21T20:15:01.123456Z"},
    {"1795292101.123    812 192.0.2.1 TCP_MISS/200", "2026-11-21T20:15:01.123Z"},
    {"1795292101 no decimals", NULL},
    {"192.0.2.1 and more", NULL},
    {"1795292101.123.4", NULL},
    /* BIND, syslog, access logs */
    {"21-Nov-2026 20:15:01.123 queries: info", "2026-11-21T20:15:01.123Z"},
    {"Nov 21 20:15:01 mail postfix/smtpd", "2026-11-21T20:15:01Z"},
    {"<13>Nov  1 00:00:00 host", "2026-11-01T00:00:00Z"},
    {"Dec 24 20:15:01 host", "2025-12-24T20:15:01Z"},
    {"Nov 22 20:15:00 host", "2026-11-22T20:15:00Z"}, /* within a day ahead */
    {"Nov 22 20:16:00 host", "2025-11-22T20:16:00Z"},
    {"Feb 29 12:00:00 host", "2024-02-29T12:00:00Z"},
    {"192.0.2.1 - - [21/Nov/2026:20:15:01 +0000] \"GET / HTTP/1.1\"", "2026-11-21T20:15:01Z"},
    {"192.0.2.1 - - [21/Nov/2026:22:15:01 +0200] \"GET /2020-01-01T00:00:00Z\"", "2026-11-21T20:15:01Z"},
    /* JSON */
    {"{\"timestamp\":\"2026-11-21T20:15:01.123456+0000\",\"flow_id\":1}", "2026-11-21T20:15:01.123456Z"},
    {"{ \"id\": 5, \"ts\" : 1795292101.5 }", "2026-11-21T20:15:01.5Z"},
    {"{\"ts\":1795292101}", "2026-11-21T20:15:01Z"},
    {"{\"time\":1795292101123}", "2026-11-21T20:15:01.123Z"},
    {"{\"@timestamp\":\"2026-11-21T20:15:01Z\"}", "2026-11-21T20:15:01Z"},
    {"{\"http\":{\"time\":\"2020-01-01T00:00:00Z\"},\"time\":\"2026-11-21T20:15:01Z\"}", "2026-11-21T20:15:01Z"},
    {"{\"x\":\"\\\"ts\\\":1795292101\"}", NULL},
    {"{\"timestamp\":\"soon\"}", NULL},
    {"{\"timestamp\"", NULL},
    /* no times */
    {"", NULL},
    {"   ", NULL},
    {"no time at all", NULL},
    {"evil.example", NULL},
    {"1989-12-31T23:59:59Z", NULL},
    {"2026-11-22T20:15:31Z", NULL}, /* more than a day ahead */
    {"2026-11-22T20:15:30Z", "2026-11-22T20:15:30Z"},
    /* the first plausible one counts */
    {"9999-01-01T00:00:00Z 2026-11-21T20:15:01Z", "2026-11-21T20:15:01Z"},
};

static void forms_are_read(void **state)
{
    (void)state;
    int64_t now = us_of(NOW);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        int64_t us = -1;
        bool found = line_time(text_of(forms[i].line), now, &us);
        if (found != (forms[i].time != NULL) || (found && us != us_of(forms[i].time)))
            fail_msg("%s: found %d, %lld", forms[i].line, found, (long long)us);
        if (!found)
            assert_int_equal(us, -1); /* untouched */
    }
}

/* Every strict prefix is read without a byte past its end (a sanitizer would say so). */
static void prefixes_are_safe(void **state)
{
    (void)state;
    int64_t now = us_of(NOW), us;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        size_t len = strlen(forms[i].line);
        for (size_t n = 0; n <= len; n++) {
            char *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, forms[i].line, n);
            (void)line_time((struct text){copy, n}, now, &us);
            free(copy);
        }
    }
}

/* A time far into a line is somebody's data, not the line's. */
static void only_near_the_start(void **state)
{
    (void)state;
    char line[400];
    int64_t us;
    memset(line, ' ', sizeof line);
    line[0] = 'x';
    memcpy(line + 300, "2026-11-21T20:15:01Z", 20);
    assert_false(line_time((struct text){line, sizeof line}, us_of(NOW), &us));
    memcpy(line + 200, "2026-11-21T20:15:01Z", 20);
    assert_true(line_time((struct text){line, sizeof line}, us_of(NOW), &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(prefixes_are_safe),
        cmocka_unit_test(only_near_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
