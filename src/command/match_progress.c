#include "command/match_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"

#define EVERY_US   250000
#define LONG_BYTES (16 * MIB) /* of a file: worth a line from the first block on */

void progress_start(struct match_progress *p, struct session *s, const char *name, int fd)
{
    struct stat st;
    *p = (struct match_progress){.name = name, .fd = fd, .started_us = clock_mono_us()};
    if (!s->progress)
        return;
    p->s = s;
    p->shown_us = p->started_us;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        p->size = (uint64_t)st.st_size;
    if (p->size > LONG_BYTES)
        p->shown_us -= EVERY_US;
}

static void put(struct match_progress *p, struct text t)
{
    p->s->write(p->s->write_self, true, t);
}

const char *progress_share(const struct match_progress *p, char out[PROGRESS_SHARE_MAX])
{
    off_t at = p->size ? lseek(p->fd, 0, SEEK_CUR) : -1;
    out[0] = '\0';
    if (at >= 0)
        snprintf(out, PROGRESS_SHARE_MAX, " (%.0f %%)", 100.0 * (double)at / (double)p->size);
    return out;
}

void progress_tell(struct match_progress *p, const char *format, ...)
{
    char line[256] = "\r\033[K";
    const size_t start = sizeof "\r\033[K" - 1;
    int64_t now_us = clock_mono_us();
    va_list args;
    if (!p->s || now_us - p->shown_us < EVERY_US)
        return;
    va_start(args, format);
    int len = vsnprintf(line + start, sizeof line - start, format, args);
    va_end(args);
    if (len < 0)
        return;
    clean_for_people(line + start, strlen(line + start), false);
    put(p, text_of(line));
    p->shown_us = now_us;
    p->shown = true;
}

void progress_show(struct match_progress *p, uint64_t bytes, uint64_t hits)
{
    char share[PROGRESS_SHARE_MAX];
    double mb = (double)bytes / 1e6, seconds = (double)(clock_mono_us() - p->started_us + 1) / 1e6;
    if (p->s)
        progress_tell(p, "%.80s: %.0f MB%s, %.0f MB/s, %llu hit%s", p->name, mb, progress_share(p, share),
                      mb / seconds, (unsigned long long)hits, hits == 1 ? "" : "s");
}

void progress_clear(struct match_progress *p)
{
    if (p->shown)
        put(p, TEXT("\r\033[K"));
    p->shown = false;
}
