/* command/vital.h - a serving node and its service manager: what is told, and pings only while every part goes on. */
#pragma once
#include <stddef.h>

#include "base/pulse.h"
#include "process/notify.h"

struct web;

#define VITAL_PARTS_MAX 16

struct vital {
    struct notify notify;
    struct web *web; /* NULL: no door is open */
    struct vital_part {
        const char *name; /* "writer": in messages */
        const struct pulse *pulse;
    } parts[VITAL_PARTS_MAX];
    size_t part_count;
    int64_t looked_us;  /* monotonic */
    const char *silent; /* the part that was told to hang; NULL: none */
};

/* A service manager that cannot be reached is told in the log, and the node goes on without. */
void vital_open(struct vital *v);
void vital_close(struct vital *v);
/* pulse must live until vital_close(). */
void vital_watch(struct vital *v, const char *name, const struct pulse *pulse);
/* As often as vital_wait_ms() says: pings when every part was heard of within the time that the service manager
 * gives, and says which was not. */
void vital_tick(struct vital *v, int64_t now_us);
/* How long signals_wait() may wait, at most `ms`. */
int vital_wait_ms(const struct vital *v, int ms);
