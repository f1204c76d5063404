/* base/time.c - moments. The calendar is the proleptic Gregorian one, as in ISO 8601; day numbers are counted in
 * years that begin in March, so that the leap day comes last and needs no special case. */
#include "base/time.h"

#include <string.h>
#include <time.h>

#define DAY_S      ((int64_t)86400)
#define STAMP_MIN  (-INT64_C(62167219200)) /* 0000-01-01T00:00:00Z */
#define STAMP_MAX  INT64_C(253402300799)   /* 9999-12-31T23:59:59Z */
#define US_PER_S   INT64_C(1000000)
#define DIGITS_MAX 9

static const uint32_t power_of_ten[DIGITS_MAX + 1] = {1,      10,      100,      1000,      10000,
                                                      100000, 1000000, 10000000, 100000000, 1000000000};

struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second;
};

static int64_t days_of_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned of_era = (unsigned)(year - era * 400);
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + (int64_t)(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

static void civil_of_days(int64_t days, struct civil *ret)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned march = (5 * of_year + 2) / 153;
    ret->day = of_year - (153 * march + 2) / 5 + 1;
    ret->month = march < 10 ? march + 3 : march - 9;
    ret->year = (int64_t)year + era * 400 + (ret->month <= 2);
}

static unsigned month_days(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* What stands where, and why it was refused. */
struct reader {
    struct text t;
    size_t pos;
    const char *wrong; /* NULL while all is well; the first one stays */
};

static void wrong(struct reader *r, const char *why)
{
    if (!r->wrong)
        r->wrong = why;
}

/* Exactly n digits, n <= 4. */
static unsigned number(struct reader *r, unsigned n)
{
    unsigned value = 0;
    if (r->wrong || r->t.len - r->pos < n) {
        wrong(r, "too short");
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned digit = (unsigned char)r->t.ptr[r->pos] - (unsigned)'0';
        if (digit > 9) {
            wrong(r, "a digit is expected");
            return 0;
        }
        value = value * 10 + digit;
        r->pos++;
    }
    return value;
}

static char peek(const struct reader *r)
{
    return !r->wrong && r->pos < r->t.len ? r->t.ptr[r->pos] : 0;
}

static bool accept(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->pos++;
    return true;
}

static void expect(struct reader *r, char c, const char *why)
{
    if (!accept(r, c))
        wrong(r, why);
}

static void read_date(struct reader *r, struct civil *c)
{
    c->year = number(r, 4);
    expect(r, '-', "'-' is expected after the year");
    size_t month_at = r->pos;
    c->month = number(r, 2);
    if (!r->wrong && (c->month < 1 || c->month > 12)) {
        r->pos = month_at;
        wrong(r, "no such month");
    }
    expect(r, '-', "'-' is expected after the month");
    size_t day_at = r->pos;
    c->day = number(r, 2);
    if (!r->wrong && (c->day < 1 || c->day > month_days(c->year, c->month))) {
        r->pos = day_at;
        wrong(r, "no such day in that month");
    }
}

static unsigned bounded(struct reader *r, unsigned most, const char *why)
{
    size_t at = r->pos;
    unsigned value = number(r, 2);
    if (!r->wrong && value > most) {
        r->pos = at;
        wrong(r, why);
    }
    return value;
}

static void read_fraction(struct reader *r, struct stamp *s)
{
    unsigned digits = 0;
    uint32_t value = 0;
    for (; peek(r) >= '0' && peek(r) <= '9'; r->pos++) {
        if (digits == DIGITS_MAX)
            continue; /* finer than we count; the object keeps its own text */
        value = value * 10 + (uint32_t)(peek(r) - '0');
        digits++;
    }
    if (digits == 0)
        wrong(r, "a decimal is expected after the point");
    s->digits = (uint8_t)digits;
    s->ns = value * power_of_ten[DIGITS_MAX - digits];
}

static void read_clock(struct reader *r, struct civil *c, struct stamp *s)
{
    c->hour = bounded(r, 23, "no such hour");
    expect(r, ':', "':' is expected after the hour");
    c->minute = bounded(r, 59, "no such minute");
    expect(r, ':', "':' is expected after the minute");
    c->second = bounded(r, 60, "no such second");
    if (accept(r, '.'))
        read_fraction(r, s);
}

/* Seconds since 1970, `offset` seconds east of UTC. A leap second is only ever the last of a UTC day. */
static int64_t seconds_of(struct reader *r, const struct civil *c, int64_t offset)
{
    int64_t minute = days_of_civil(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 - offset;
    if (c->second < 60)
        return minute + c->second;
    if ((minute + 60) % DAY_S != 0)
        wrong(r, "second 60 is only possible as 23:59:60 UTC");
    return minute + 59;
}

/* The form that nearly all have; timestamps are read by the million. false: it is another, or wrong, and the reader
 * with the words takes it up. */
static bool read_usual(struct text t, struct stamp *ret)
{
    static const uint8_t places[] = {0, 2, 5, 8, 11, 14, 17};
    const unsigned char *p = (const unsigned char *)t.ptr;
    unsigned v[ARRAY_LEN(places)];
    if (t.len < 20 || t.len > 21 + DIGITS_MAX || t.len == 21 || p[4] != '-' || p[7] != '-' || p[10] != 'T' ||
        p[13] != ':' || p[16] != ':' || p[t.len - 1] != 'Z' || (t.len > 20 && p[19] != '.'))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        unsigned tens = p[places[i]] - (unsigned)'0', ones = p[places[i] + 1] - (unsigned)'0';
        if (tens > 9 || ones > 9)
            return false;
        v[i] = tens * 10 + ones;
    }
    const unsigned year = v[0] * 100 + v[1], month = v[2], day = v[3];
    if (month - 1 > 11 || day - 1 >= month_days(year, month) || v[4] > 23 || v[5] > 59 || v[6] > 59)
        return false;
    uint32_t fraction = 0;
    for (size_t i = 20; i + 1 < t.len; i++) {
        unsigned digit = p[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        fraction = fraction * 10 + digit;
    }
    const uint8_t digits = (uint8_t)(t.len > 20 ? t.len - 21 : 0);
    *ret = (struct stamp){.s = days_of_civil(year, month, day) * DAY_S + v[4] * 3600 + v[5] * 60 + v[6],
                          .ns = fraction * power_of_ten[DIGITS_MAX - digits],
                          .digits = digits};
    return true;
}

enum err stamp_parse(struct text t, struct stamp *ret, struct fault *reterr)
{
    if (read_usual(t, ret))
        return OK;
    struct reader r = {.t = t};
    struct civil c = {0};
    struct stamp s = {0};
    read_date(&r, &c);
    expect(&r, 'T', "'T' is expected after the date");
    read_clock(&r, &c, &s);
    expect(&r, 'Z', "'Z' is expected at the end");
    if (r.pos != t.len)
        wrong(&r, "more text after the end");
    if (!r.wrong)
        s.s = seconds_of(&r, &c, 0);
    if (r.wrong)
        return fault_at(reterr, ERR_MALFORMED, (int64_t)r.pos, "STIX 2.1 timestamp, RFC 3339 section 5.6",
                        "timestamp: %s", r.wrong);
    *ret = s;
    return OK;
}

/* RFC 3339 time-offset; "+hhmm" too, as strftime's %z writes it. */
static int64_t read_offset(struct reader *r)
{
    if (accept(r, 'Z') || accept(r, 'z'))
        return 0;
    bool west = peek(r) == '-';
    if (!west && peek(r) != '+') {
        wrong(r, "a zone is expected");
        return 0;
    }
    r->pos++;
    int64_t offset = bounded(r, 23, "no such hour") * 3600;
    accept(r, ':');
    offset += bounded(r, 59, "no such minute") * 60;
    return west ? -offset : offset;
}

enum err stamp_parse_lenient(struct text t, struct stamp *ret)
{
    struct reader r = {.t = t};
    struct civil c = {0};
    struct stamp s = {0};
    int64_t offset = 0;
    read_date(&r, &c);
    if (!r.wrong && r.pos < t.len) {
        if (!accept(&r, 'T') && !accept(&r, 't'))
            expect(&r, ' ', "'T' or a blank is expected after the date");
        read_clock(&r, &c, &s);
        offset = read_offset(&r);
    }
    if (r.wrong || r.pos != t.len)
        return ERR_MALFORMED;
    s.s = seconds_of(&r, &c, offset);
    if (r.wrong || s.s < STAMP_MIN || s.s > STAMP_MAX)
        return ERR_MALFORMED;
    *ret = s;
    return OK;
}

static char *put_number(char *out, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

struct text stamp_format(struct stamp s, char out[STAMP_TEXT_MAX])
{
    int64_t seconds = s.s < STAMP_MIN ? STAMP_MIN : s.s > STAMP_MAX ? STAMP_MAX : s.s;
    unsigned digits = s.digits > DIGITS_MAX ? DIGITS_MAX : s.digits;
    int64_t days = (seconds - STAMP_MIN) / DAY_S + STAMP_MIN / DAY_S;
    unsigned of_day = (unsigned)(seconds - days * DAY_S);
    struct civil c = {0};
    civil_of_days(days, &c);
    char *at = put_number(out, (uint64_t)c.year, 4);
    *at++ = '-';
    at = put_number(at, c.month, 2);
    *at++ = '-';
    at = put_number(at, c.day, 2);
    *at++ = 'T';
    at = put_number(at, of_day / 3600, 2);
    *at++ = ':';
    at = put_number(at, of_day / 60 % 60, 2);
    *at++ = ':';
    at = put_number(at, of_day % 60, 2);
    if (digits) {
        *at++ = '.';
        at = put_number(at, s.ns / power_of_ten[DIGITS_MAX - digits], digits);
    }
    *at++ = 'Z';
    *at = 0;
    return (struct text){out, (size_t)(at - out)};
}

int stamp_cmp(struct stamp a, struct stamp b)
{
    if (a.s != b.s)
        return a.s < b.s ? -1 : 1;
    return (a.ns > b.ns) - (a.ns < b.ns);
}

struct stamp stamp_from_us(int64_t us, uint8_t digits)
{
    if (digits > 6)
        digits = 6;
    int64_t s = us / US_PER_S, rest = us % US_PER_S;
    if (rest < 0) {
        s--;
        rest += US_PER_S;
    }
    uint32_t ns = (uint32_t)rest * 1000;
    return (struct stamp){.s = s, .ns = ns - ns % power_of_ten[DIGITS_MAX - digits], .digits = digits};
}

int64_t stamp_us(struct stamp s)
{
    int64_t us;
    if (__builtin_mul_overflow(s.s, US_PER_S, &us) || __builtin_add_overflow(us, (int64_t)(s.ns / 1000), &us))
        return s.s < 0 ? INT64_MIN : INT64_MAX;
    return us;
}

static int64_t read_machine_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return read_machine_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_machine_clock(CLOCK_MONOTONIC);
}

int64_t clock_boot_us(void)
{
    return read_machine_clock(CLOCK_BOOTTIME);
}

bool clock_jumped(struct clock_mark *mark, int64_t real_us, int64_t boot_us, int64_t *ret_by_us)
{
    const struct clock_mark before = *mark;
    *mark = (struct clock_mark){true, real_us, boot_us};
    int64_t by_us = (real_us - before.real_us) - (boot_us - before.boot_us);
    if (!before.set || (by_us <= CLOCK_JUMP_US && by_us >= -CLOCK_JUMP_US))
        return false;
    *ret_by_us = by_us;
    return true;
}
