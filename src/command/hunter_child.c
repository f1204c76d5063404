#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "command/hunter.h"

#define AGAIN_AFTER_US ((int64_t)10 * 1000000)
#define GRACE_MS       5000

static void start(struct hunter_child *h, const char *home, const struct config *c)
{
    char percent[16], days[16], gb[16];
    struct fault why = {.offset = -1, .line = -1};
    snprintf(percent, sizeof percent, "%u", c->hunt_percent);
    snprintf(days, sizeof days, "%u", c->archive_keep_days);
    snprintf(gb, sizeof gb, "%u", c->archive_max_gb);
    const char *const words[] = {"entente", "--home", home, "hunter", percent, days, gb, NULL};
    if (child_start(words, STDERR_FILENO, &h->child, &why))
        log_error("hunts in the archive cannot start: %s", why.what);
}

void hunter_tend(struct hunter_child *h, const char *home, const struct config *c)
{
    char folder[4096];
    int64_t now = clock_mono_us();
    if (child_running(&h->child))
        return;
    if (h->child.pid > 0) { /* it has ended, and is no more */
        close(h->child.out);
        h->child = (struct child){0, -1};
    }
    snprintf(folder, sizeof folder, "%s/archive", home);
    if ((h->started_us && now - h->started_us < AGAIN_AFTER_US) || access(folder, F_OK) != 0)
        return;
    h->started_us = now;
    start(h, home, c);
}

void hunter_stop(struct hunter_child *h)
{
    if (child_running(&h->child))
        (void)child_stop(&h->child, GRACE_MS);
    else if (h->child.pid > 0)
        close(h->child.out);
    h->child = (struct child){0, -1};
}
