#include "command/match_progress.h"

#include <stdio.h>
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
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        p->size = (uint64_t)st.st_size;
    if (p->size > LONG_BYTES)
        p->shown_us -= EVERY_US;
}

static void put(struct match_progress *p, struct text t)
{
    p->s->write(p->s->write_self, true, t);
}

void progress_show(struct match_progress *p, uint64_t bytes, uint64_t hits)
{
    char line[256], share[32] = "";
    int64_t now_us = clock_mono_us();
    if (!p->s || now_us - p->shown_us < EVERY_US)
        return;
    off_t at = p->size ? lseek(p->fd, 0, SEEK_CUR) : -1;
    if (at >= 0)
        snprintf(share, sizeof share, " (%.0f %%)", 100.0 * (double)at / (double)p->size);
    double mb = (double)bytes / 1e6, seconds = (double)(now_us - p->started_us + 1) / 1e6;
    int len = snprintf(line, sizeof line, "\r\033[K%.80s: %.0f MB%s, %.0f MB/s, %llu hit%s", p->name, mb, share,
                       mb / seconds, (unsigned long long)hits, hits == 1 ? "" : "s");
    put(p, (struct text){line, (size_t)len});
    p->shown_us = now_us;
    p->shown = true;
}

void progress_clear(struct match_progress *p)
{
    if (p->shown)
        put(p, TEXT("\r\033[K"));
    p->shown = false;
}
