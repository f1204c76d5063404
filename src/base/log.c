/* base/log.c - one line, one write: lines of several threads or processes do not mix (POSIX keeps writes of up to
 * PIPE_BUF bytes to a pipe whole). A bound on how many, so that a storm does not fill a disk: a bucket of LOG_BURST
 * lines that gets LOG_A_SECOND of them back each second; what found it empty is counted and told. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define LOG_LINE_MAX    1024
#define LOG_MESSAGE_MAX 512 /* of a JSON line: each of its bytes may become six */
#define LOG_JSON_MAX    4096
#define LOG_PREFIX_MAX  32
#define SECOND_US       INT64_C(1000000)

static atomic_int most_level = LOG_INFO;
static char role[LOG_PREFIX_MAX]; /* written once, before there are threads */
static atomic_bool as_json, with_priority, bounded;
static struct {
    pthread_mutex_t lock;
    int64_t credit_us; /* SECOND_US / LOG_A_SECOND a line */
    int64_t at_us;
    uint64_t left_out;
} bucket = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const words[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* of syslog(3) */

void log_set_level(enum log_level most)
{
    atomic_store(&most_level, (int)most);
}

void log_set_prefix(const char *prefix)
{
    snprintf(role, sizeof role, "%s", prefix ? prefix : "");
}

void log_set_form(bool json, bool priority)
{
    atomic_store(&as_json, json);
    atomic_store(&with_priority, priority);
}

void log_bound(bool on)
{
    pthread_mutex_lock(&bucket.lock);
    bucket.credit_us = LOG_BURST * (SECOND_US / LOG_A_SECOND);
    bucket.at_us = clock_mono_us();
    pthread_mutex_unlock(&bucket.lock);
    atomic_store(&bounded, on);
}

static size_t clamp(int printed, size_t room)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < room ? (size_t)printed : room - 1;
}

/* Nothing can be done about a failing standard error. */
static void write_line(char *line, size_t len)
{
    line[len++] = '\n';
    while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
        ;
}

/* ---- plain ---- */

static void write_plain(enum log_level level, const struct log_field *fields, size_t count, const char *message)
{
    char line[LOG_LINE_MAX];
    size_t room = sizeof line - 1; /* the last byte is for the line feed */
    size_t len = 0;
    if (atomic_load(&with_priority))
        len = clamp(snprintf(line, room, "<%d>", priorities[level]), room);
    len += clamp(snprintf(line + len, room - len, "entente%s%s: %s: ", *role ? " " : "", role, words[level]),
                 room - len);
    size_t from = len;
    len += clamp(snprintf(line + len, room - len, "%s", message), room - len);
    for (size_t i = 0; i < count; i++)
        len += clamp(snprintf(line + len, room - len, " %s=%s", fields[i].name, fields[i].value), room - len);
    for (size_t i = from; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    write_line(line, len);
}

/* ---- JSON ---- */

struct json_line {
    char text[LOG_JSON_MAX];
    size_t len;
};

static void put(struct json_line *j, const char *bytes, size_t len)
{
    if (j->len + len < sizeof j->text)
        memcpy(j->text + j->len, bytes, len);
    j->len += j->len + len < sizeof j->text ? len : 0;
}

/* Length of the character at s, which a NUL ends; 0: no UTF-8 of a printable character. */
static size_t character(const char *s)
{
    unsigned char c = (unsigned char)*s;
    if (c < 0x80)
        return c >= 0x20 && c != 0x7F && c != '"' && c != '\\';
    for (size_t len = 2; len <= 4; len++) {
        size_t have = strnlen(s, len);
        if (have == len && text_is_utf8((struct text){s, len}))
            return c == 0xC2 && (unsigned char)s[1] < 0xA0 ? 0 : len;
    }
    return 0;
}

static void put_text(struct json_line *j, const char *s)
{
    put(j, "\"", 1);
    while (*s) {
        char escaped[8];
        size_t len = character(s);
        if (len) {
            put(j, s, len);
        } else if (*s == '"' || *s == '\\') {
            put(j, (char[]){'\\', *s}, 2);
            len = 1;
        } else {
            bool ascii = (unsigned char)*s < 0x80;
            put(j, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", ascii ? (unsigned)*s : 0xFFFDu));
            len = 1;
        }
        s += len;
    }
    put(j, "\"", 1);
}

static void put_member(struct json_line *j, const char *name, const char *value)
{
    put(j, j->text[j->len - 1] == '{' ? "" : ",", j->text[j->len - 1] != '{');
    put_text(j, name);
    put(j, ":", 1);
    put_text(j, value);
}

static void write_json(enum log_level level, const struct log_field *fields, size_t count, const char *message)
{
    struct json_line j = {.len = 0};
    char when[STAMP_TEXT_MAX], priority[8], cut[LOG_MESSAGE_MAX];
    size_t len = (size_t)snprintf(priority, sizeof priority, "<%d>", priorities[level]);
    if (atomic_load(&with_priority))
        put(&j, priority, len);
    put(&j, "{", 1);
    stamp_format(stamp_from_us(clock_now_us(), 6), when);
    put_member(&j, "time", when);
    put_member(&j, "level", words[level]);
    put_member(&j, "role", *role ? role : "command");
    for (size_t i = 0; i < count && i < LOG_FIELDS_MAX; i++) {
        snprintf(cut, LOG_FIELD_MAX, "%s", fields[i].value);
        put_member(&j, fields[i].name, cut);
    }
    snprintf(cut, sizeof cut - 1, "%s", message);
    put_member(&j, "message", cut);
    put(&j, "}", 1);
    write_line(j.text, j.len);
}

/* ---- the bound ---- */

/* false: the line is left out. *ret_left_out: how many were before this one. */
static bool may_write(uint64_t *ret_left_out)
{
    const int64_t line_us = SECOND_US / LOG_A_SECOND;
    *ret_left_out = 0;
    if (!atomic_load(&bounded))
        return true;
    pthread_mutex_lock(&bucket.lock);
    int64_t now_us = clock_mono_us(), full_us = LOG_BURST * line_us;
    bucket.credit_us += now_us - bucket.at_us;
    bucket.credit_us = bucket.credit_us > full_us ? full_us : bucket.credit_us;
    bucket.at_us = now_us;
    bool may = bucket.credit_us >= line_us;
    bucket.credit_us -= may ? line_us : 0;
    *ret_left_out = may ? bucket.left_out : 0;
    bucket.left_out = may ? 0 : bucket.left_out + 1;
    pthread_mutex_unlock(&bucket.lock);
    return may;
}

static void write_out(enum log_level level, const struct log_field *fields, size_t count, const char *message)
{
    if (atomic_load(&as_json))
        write_json(level, fields, count, message);
    else
        write_plain(level, fields, count, message);
}

static void tell_left_out(uint64_t count)
{
    char message[96];
    if (count == 0)
        return;
    snprintf(message, sizeof message, "%llu messages were left out: more than %d a second", (unsigned long long)count,
             LOG_A_SECOND);
    write_out(LOG_WARNING, NULL, 0, message);
}

void log_catch_up(void)
{
    uint64_t left_out = 0;
    pthread_mutex_lock(&bucket.lock);
    bool some = bucket.left_out > 0;
    pthread_mutex_unlock(&bucket.lock);
    if (some && may_write(&left_out))
        tell_left_out(left_out);
}

PRINTF_LIKE(4, 0)
static void write_message(enum log_level level, const struct log_field *fields, size_t count, const char *format,
                          va_list args)
{
    uint64_t left_out;
    if ((int)level > atomic_load(&most_level) || (size_t)level >= ARRAY_LEN(words))
        return;
    int saved = errno;
    char message[LOG_LINE_MAX];
    if (may_write(&left_out)) {
        tell_left_out(left_out);
        if (vsnprintf(message, sizeof message, format, args) < 0)
            message[0] = '\0';
        write_out(level, fields, count, message);
    }
    errno = saved;
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_message(level, NULL, 0, format, args);
    va_end(args);
}

void log_fields(enum log_level level, const struct log_field *fields, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_message(level, fields, count, format, args);
    va_end(args);
}
