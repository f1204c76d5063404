/* command/match_progress.h - one line on standard error, written over and over, where that is a terminal: what of a
 * log was read, how fast, and how many hits there were; for match, and for what works on the archive. */
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
/* The same in other words, for work on many files: fd -1. */
void progress_tell(struct match_progress *p, const char *format, ...) PRINTF_LIKE(2, 3);
/* " (37 %)" of the file, as far as it can be said. */
#define PROGRESS_SHARE_MAX 32
const char *progress_share(const struct match_progress *p, char out[PROGRESS_SHARE_MAX]);
/* Takes the line away before something else is written. */
void progress_clear(struct match_progress *p);
