/* base/log.h - the program's own messages, one line each on standard error. Logs are not a door: no values, names
 * or object content; ids, offsets and counts only. */
#pragma once
#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level most);
void log_set_prefix(const char *prefix); /* copied, at most 31 bytes: the process's role */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
