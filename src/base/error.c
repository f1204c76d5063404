/* base/error.c - filling a fault. What goes in may quote foreign bytes, so control characters are replaced: a fault
 * is one line wherever it is printed. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a UTF-8 sequence would make the message itself malformed. */
static void drop_cut_character(char *s, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)s[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)s[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > 1 && len - start + 1 < want)
        s[start - 1] = 0;
}

static void one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = ' ';
}

PRINTF_LIKE(5, 0)
static void fill(struct fault *fault, enum err err, int64_t offset, const char *rule, const char *format,
                 va_list args)
{
    fault->err = err;
    fault->offset = offset;
    fault->line = -1;
    snprintf(fault->rule, sizeof fault->rule, "%s", rule ? rule : "");
    int n = vsnprintf(fault->what, sizeof fault->what, format, args);
    if (n < 0)
        fault->what[0] = 0;
    if (n >= (int)sizeof fault->what)
        drop_cut_character(fault->what, sizeof fault->what - 1);
    one_line(fault->what);
}

enum err fault_set(struct fault *fault, enum err err, const char *format, ...)
{
    if (fault) {
        va_list args;
        va_start(args, format);
        fill(fault, err, -1, NULL, format, args);
        va_end(args);
    }
    return err;
}

enum err fault_at(struct fault *fault, enum err err, int64_t offset, const char *rule, const char *format, ...)
{
    if (fault) {
        va_list args;
        va_start(args, format);
        fill(fault, err, offset, rule, format, args);
        va_end(args);
    }
    return err;
}

static enum err err_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT: return ERR_FULL;
    case ENOMEM: return ERR_NOMEM;
    case EACCES:
    case EPERM: return ERR_DENIED;
    default: return ERR_IO;
    }
}

enum err fault_errno(struct fault *fault, const char *format, ...)
{
    int number = errno;
    enum err err = err_of_errno(number);
    if (fault) {
        va_list args;
        va_start(args, format);
        fill(fault, err, -1, NULL, format, args);
        va_end(args);
        char words[96];
        const char *why = strerror_r(number, words, sizeof words);
        size_t len = strlen(fault->what);
        snprintf(fault->what + len, sizeof fault->what - len, ": %s", why);
    }
    errno = number;
    return err;
}

const char *err_name(enum err err)
{
    static const char *const names[] = {
        [OK] = "ok",
        [ERR_NOMEM] = "no-memory",
        [ERR_IO] = "io",
        [ERR_FULL] = "full",
        [ERR_MALFORMED] = "malformed",
        [ERR_LIMIT] = "limit",
        [ERR_USAGE] = "usage",
        [ERR_NOT_FOUND] = "not-found",
        [ERR_EXISTS] = "exists",
        [ERR_DENIED] = "denied",
        [ERR_BUSY] = "busy",
        [ERR_UNREACHABLE] = "unreachable",
        [ERR_VERSION] = "version",
        [ERR_CANCELLED] = "cancelled",
    };
    if ((size_t)err >= ARRAY_LEN(names))
        return "unknown";
    return names[err];
}
