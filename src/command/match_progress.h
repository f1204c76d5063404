/* command/match_progress.h - one line on standard error, written over and over, where that is a terminal: what of a
 * log was read, how fast, and how many hits there were. */
#pragma once
#include "command/session.h"

struct match_progress {
    struct session *s; /* NULL: not shown */
    const char *name;
    int fd;
    uint64_t size; /* of the file; 0: not known */
    int64_t started_us, shown_us;
    bool shown;
};
/* fd is borrowed: how far it is read is asked of it, so that compressed files have a share, too. */
void progress_start(struct match_progress *p, struct session *s, const char *name, int fd);
/* A few times a second at most. */
void progress_show(struct match_progress *p, uint64_t bytes, uint64_t hits);
/* Takes the line away before something else is written. */
void progress_clear(struct match_progress *p);
