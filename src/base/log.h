/* base/log.h - the program's own messages, one line each on standard error. Logs are not a door: no values, names
 * or object content; ids, offsets and counts only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level most);
void log_set_prefix(const char *prefix); /* copied, at most 31 bytes: the process's role */
/* json: each line is an object with time, level, role, the message's own fields and message (docs/MONITORING.md).
 * priority: lines begin with "<N>", as journald reads it. Neither: "entente ROLE: LEVEL: MESSAGE NAME=VALUE...". */
void log_set_form(bool json, bool priority);
/* From now on at most LOG_BURST lines at once and LOG_A_SECOND a second are written, and how many were left out is
 * told: by the next line that is written, or by log_catch_up(), for who calls it now and then. */
#define LOG_BURST    500
#define LOG_A_SECOND 10
void log_bound(bool on);
void log_catch_up(void);
/* A message with what it is about, by fixed names: peer, source, code. Values are ids and our own words. */
#define LOG_FIELDS_MAX 4
#define LOG_FIELD_MAX  80 /* bytes of a value; the rest is cut off */
struct log_field {
    const char *name, *value;
};
void log_fields(enum log_level level, const struct log_field *fields, size_t count, const char *format, ...)
    PRINTF_LIKE(4, 5);
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
