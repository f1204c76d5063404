/* match/linetime.c - see linetime.h. A time without a zone is taken as UTC: log hosts that say nothing else should
 * run on it, and a guess of the zone would be wrong twice a year. */
#include "match/linetime.h"

#include <string.h>

#include "base/time.h"

/* How far into a plain line a time may begin: an access log's client, identity and user come before it. */
#define NEAR_START 256
/* How far into a JSON line members are looked at. */
#define JSON_MOST (64 * 1024)

#define DAY_US ((int64_t)86400 * 1000000)

/* A reader's place in the line; every step fails at its end. */
struct at {
    const char *p, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take(struct at *a, char c)
{
    if (a->p == a->end || *a->p != c)
        return false;
    a->p++;
    return true;
}

/* Exactly `digits` digits. */
static bool take_number(struct at *a, int digits, int *ret)
{
    int v = 0;
    if (a->end - a->p < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (!is_digit(a->p[i]))
            return false;
        v = v * 10 + (a->p[i] - '0');
    }
    a->p += digits;
    *ret = v;
    return true;
}

/* Decimals after '.' or ',', as microseconds; none is fine. */
static int64_t take_decimals(struct at *a)
{
    int64_t us = 0, unit = 100000;
    if (a->end - a->p < 2 || (*a->p != '.' && *a->p != ',') || !is_digit(a->p[1]))
        return 0;
    for (a->p++; a->p < a->end && is_digit(*a->p); a->p++) {
        us += (*a->p - '0') * unit;
        unit /= 10;
    }
    return us;
}

static bool take_month(struct at *a, int *ret)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (a->end - a->p < 3)
        return false;
    for (int m = 0; m < 12; m++) {
        if (memcmp(a->p, names + 3 * m, 3) == 0) {
            a->p += 3;
            *ret = m + 1;
            return true;
        }
    }
    return false;
}

struct moment {
    int year, month, day, hour, minute, second;
    int64_t us;
    int offset_minutes; /* east of UTC */
};

static bool take_clock(struct at *a, struct moment *m)
{
    return take_number(a, 2, &m->hour) && take(a, ':') && take_number(a, 2, &m->minute) && take(a, ':') &&
           take_number(a, 2, &m->second);
}

/* "Z", "+01:00", "+0100", "+01", with a blank before it or not; anything else is no zone. */
static void take_zone(struct at *a, struct moment *m)
{
    struct at z = *a;
    int hours, minutes = 0;
    (void)take(&z, ' ');
    if (z.p == z.end || (*z.p != '+' && *z.p != '-'))
        return;
    int sign = *z.p++ == '-' ? -1 : 1;
    if (!take_number(&z, 2, &hours))
        return;
    struct at rest = z;
    (void)take(&rest, ':');
    if (!take_number(&rest, 2, &minutes))
        minutes = 0;
    if (hours <= 14 && minutes < 60)
        m->offset_minutes = sign * (hours * 60 + minutes);
}

static int month_days(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool moment_us(const struct moment *m, int64_t *ret)
{
    if (m->year < 1 || m->month < 1 || m->month > 12 || m->day < 1 || m->day > month_days(m->year, m->month) ||
        m->hour > 23 || m->minute > 59 || m->second > 60)
        return false;
    int second = m->second == 60 ? 59 : m->second;
    int64_t s = days_of(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 + second;
    *ret = (s - (int64_t)m->offset_minutes * 60) * 1000000 + m->us;
    return true;
}

static bool plausible(int64_t us, int64_t now_us)
{
    return us >= (int64_t)631152000 * 1000000 /* 1990 */ && us <= now_us + DAY_US;
}

/* ---- the forms ---- */

/* 2026-11-21T20:15:01.123+01:00, with a blank for the T or none of zone and decimals. */
static bool read_iso(struct at a, int64_t *ret)
{
    struct moment m = {0};
    if (!take_number(&a, 4, &m.year) || !take(&a, '-') || !take_number(&a, 2, &m.month) || !take(&a, '-') ||
        !take_number(&a, 2, &m.day) || !(take(&a, 'T') || take(&a, 't') || take(&a, ' ')) || !take_clock(&a, &m))
        return false;
    m.us = take_decimals(&a);
    take_zone(&a, &m);
    return moment_us(&m, ret);
}

/* 21-Nov-2026 20:15:01.123 (BIND) and 21/Nov/2026:20:15:01 +0000 (access logs). */
static bool read_day_first(struct at a, int64_t *ret)
{
    struct moment m = {0};
    if (!take_number(&a, 2, &m.day) || a.p == a.end)
        return false;
    char mark = *a.p;
    if ((mark != '-' && mark != '/') || !take(&a, mark) || !take_month(&a, &m.month) || !take(&a, mark) ||
        !take_number(&a, 4, &m.year) || !take(&a, mark == '-' ? ' ' : ':') || !take_clock(&a, &m))
        return false;
    m.us = take_decimals(&a);
    take_zone(&a, &m);
    return moment_us(&m, ret);
}

/* Nov 21 20:15:01, Nov  1 ...: the year is now's, or the one before where that would lie ahead. */
static bool read_syslog(struct at a, int64_t now_us, int64_t *ret)
{
    struct moment m = {0};
    if (!take_month(&a, &m.month) || !take(&a, ' '))
        return false;
    (void)take(&a, ' '); /* a day of one digit is padded, mostly */
    if (!take_number(&a, 2, &m.day) && !take_number(&a, 1, &m.day))
        return false;
    if (!take(&a, ' ') || !take_clock(&a, &m))
        return false;
    m.us = take_decimals(&a);
    char now[STAMP_TEXT_MAX];
    struct text t = stamp_format(stamp_from_us(now_us, 0), now);
    struct at year = {t.ptr, t.ptr + t.len};
    if (!take_number(&year, 4, &m.year))
        return false;
    for (int back = 0; back < 5; back++, m.year--) /* 29 February */
        if (moment_us(&m, ret) && *ret <= now_us + DAY_US)
            return true;
    return false;
}

/* Seconds since 1970: 1763756101.123456; in JSON also without decimals, and milliseconds (13 digits). */
static bool read_seconds(struct at a, bool need_decimals, int64_t *ret)
{
    int64_t v = 0;
    int digits = 0;
    for (; a.p < a.end && is_digit(*a.p) && digits < 17; a.p++, digits++)
        v = v * 10 + (*a.p - '0');
    const char *dot = a.p;
    int64_t us = take_decimals(&a);
    if ((need_decimals && a.p == dot) || (a.p < a.end && (is_word(*a.p) || *a.p == '.')))
        return false;
    if (digits == 9 || digits == 10)
        *ret = v * 1000000 + us;
    else if (digits == 13)
        *ret = v * 1000;
    else if (digits == 16)
        *ret = v;
    else
        return false;
    return true;
}

/* ---- JSON lines ---- */

static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p + 1;
    }
    return end;
}

static bool is_time_key(const char *key, size_t len)
{
    static const char *const names[] = {"timestamp", "ts", "time", "@timestamp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && memcmp(names[i], key, len) == 0)
            return true;
    return false;
}

static bool read_json_value(struct at a, int64_t *ret)
{
    while (a.p < a.end && (*a.p == ' ' || *a.p == '\t'))
        a.p++;
    if (take(&a, '"'))
        return read_iso(a, ret) || read_day_first(a, ret) || read_seconds(a, false, ret);
    return read_seconds(a, false, ret);
}

/* Members of the outermost object only: what is nested speaks of something else. */
static bool read_json(struct at a, int64_t now_us, int64_t *ret)
{
    int depth = 0;
    while (a.p < a.end) {
        if (*a.p == '{' || *a.p == '[')
            depth++;
        else if (*a.p == '}' || *a.p == ']')
            depth--;
        if (*a.p != '"') {
            a.p++;
            continue;
        }
        const char *key = a.p + 1, *after = skip_string(a.p, a.end);
        struct at value = {after, a.end};
        while (value.p < a.end && *value.p == ' ')
            value.p++;
        if (depth == 1 && take(&value, ':') && is_time_key(key, (size_t)(after - key - 1)) &&
            read_json_value(value, ret) && plausible(*ret, now_us))
            return true;
        a.p = after;
    }
    return false;
}

/* ---- plain lines ---- */

static bool read_here(struct at a, bool at_start, int64_t now_us, int64_t *ret)
{
    bool found;
    if (is_digit(*a.p))
        found = read_iso(a, ret) || read_day_first(a, ret) || (at_start && read_seconds(a, true, ret));
    else
        found = *a.p >= 'A' && *a.p <= 'S' && read_syslog(a, now_us, ret);
    return found && plausible(*ret, now_us);
}

bool line_time(struct text line, int64_t now_us, int64_t *ret_us)
{
    struct at a = {line.ptr, line.ptr + line.len};
    int64_t us = 0;
    while (a.p < a.end && (*a.p == ' ' || *a.p == '\t'))
        a.p++;
    if (a.p == a.end)
        return false;
    bool found = false;
    if (*a.p == '{') {
        if (a.end - a.p > JSON_MOST)
            a.end = a.p + JSON_MOST;
        found = read_json(a, now_us, &us);
    } else {
        const char *start = a.p, *last = a.end - a.p > NEAR_START ? a.p + NEAR_START : a.end;
        for (; !found && a.p < last; a.p++)
            if (a.p == start || !is_word(a.p[-1]))
                found = read_here(a, a.p == start, now_us, &us);
    }
    if (found)
        *ret_us = us;
    return found;
}

bool line_time_field(struct text field, int64_t now_us, int64_t *ret_us)
{
    struct at a = {field.ptr, field.ptr + field.len};
    int64_t us = 0;
    if (a.p == a.end)
        return false;
    bool found = is_digit(*a.p) ? read_iso(a, &us) || read_day_first(a, &us) || read_seconds(a, false, &us)
                                : read_syslog(a, now_us, &us);
    if (!found || !plausible(us, now_us))
        return false;
    *ret_us = us;
    return true;
}
