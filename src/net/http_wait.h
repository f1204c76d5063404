/* net/http_wait.h - inside this room: requests and streams that wait without a thread, until they are woken, a time
 * has come, or their client has gone away, which libmicrohttpd does not see while a connection is suspended. */
#pragma once
#include <microhttpd.h>

#include "base/text.h"

struct http_wait; /* of one server */
/* One that can wait. Embedded; the owner fills in connection and fd. */
struct http_waiter {
    struct MHD_Connection *connection;
    int fd;
    const void *state; /* by which it is woken */
    int64_t until_us;  /* monotonic */
    size_t place;      /* among those that wait, from 1; 0: it does not wait */
    bool gone;         /* the client went away; read by its own thread after it was resumed */
};

/* waiters_max at once. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err http_wait_new(size_t waiters_max, struct http_wait **ret);
void http_wait_free(struct http_wait *w); /* none may wait any more; accepts NULL */

/* To be taken before looking at what one may have to wait for. */
uint64_t http_wait_mark(struct http_wait *w);
/* Suspends the connection; only from within the library's callbacks for it. When a wake came since mark, it is
 * resumed at once. false: there is no room, nothing was done. */
bool http_wait_begin(struct http_wait *w, struct http_waiter *waiter, uint64_t mark, const void *state,
                     int64_t until_us);
size_t http_wait_count(struct http_wait *w);                 /* how many wait */
void http_wait_wake(struct http_wait *w, const void *state); /* NULL: all */
/* All are woken; from now on nobody waits: http_wait_begin() resumes at once. */
void http_wait_close(struct http_wait *w);
