/* process/notify.h - what the service manager is told, by sd_notify(3)'s protocol: one datagram of NAME=VALUE lines
 * to the socket that $NOTIFY_SOCKET names, a path or, after '@', an abstract name. Nobody listens: nothing is sent.
 */
#pragma once
#include <stdbool.h>

#include "base/error.h"

struct notify {
    int fd;              /* -1: nobody is to be told */
    int64_t watchdog_us; /* how often a ping is expected at the latest; 0: none is */
};

/* From $NOTIFY_SOCKET, and $WATCHDOG_USEC with $WATCHDOG_PID; takes the three out of the environment, so that no
 * child speaks for us. What cannot be understood or reached is told in *reterr, and nobody is told anything then.
 * ERR_USAGE (neither path nor abstract name, too long; no number) | ERR_IO */
MUST_CHECK enum err notify_open(struct notify *ret, struct fault *reterr);
void notify_close(struct notify *n);
/* One message, lines parted by '\n'. Never waits: one that does not get through is lost. */
void notify_tell(const struct notify *n, const char *format, ...) PRINTF_LIKE(2, 3);
/* RELOADING=1 with the moment it began, which systemd wants with it. READY=1 ends it. */
void notify_reloading(const struct notify *n);
