/* base/log.c - one line, one write: lines of several threads or processes do not mix (POSIX keeps writes of up to
 * PIPE_BUF bytes to a pipe whole). */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LOG_LINE_MAX   1024
#define LOG_PREFIX_MAX 32

static atomic_int most_level = LOG_INFO;
static char role[LOG_PREFIX_MAX]; /* written once, before there are threads */

void log_set_level(enum log_level most)
{
    atomic_store(&most_level, (int)most);
}

void log_set_prefix(const char *prefix)
{
    snprintf(role, sizeof role, "%s", prefix ? prefix : "");
}

static size_t clamp(int printed, size_t room)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < room ? (size_t)printed : room - 1;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const words[] = {"error", "warning", "info", "debug"};
    if ((int)level > atomic_load(&most_level) || (size_t)level >= ARRAY_LEN(words))
        return;
    int saved = errno;
    char line[LOG_LINE_MAX];
    size_t room = sizeof line - 1; /* the last byte is for the line feed */
    size_t len = clamp(snprintf(line, room, "entente%s%s: %s: ", *role ? " " : "", role, words[level]), room);
    va_list args;
    va_start(args, format);
    size_t end = len + clamp(vsnprintf(line + len, room - len, format, args), room - len);
    va_end(args);
    for (size_t i = len; i < end; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    line[end++] = '\n';
    /* Nothing can be done about a failing standard error. */
    while (write(STDERR_FILENO, line, end) < 0 && errno == EINTR)
        ;
    errno = saved;
}
