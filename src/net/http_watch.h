/* net/http_watch.h - inside this room: connections whose request does not arrive. The HTTP library counts silence
 * only; a client that sends one byte now and then would hold its connection for ever. */
#pragma once
#include "base/text.h"

struct http_watch;
struct http_watched; /* one connection */

/* limit_s: what a request may take to arrive; bodies get one second more for each KiB. While there are more than
 * `crowd` connections, an eighth of it for those that have sent nothing. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err http_watch_new(unsigned limit_s, size_t crowd, struct http_watch **ret);
/* For how long its own thread has been silent that should not be; 0: it goes on. */
int64_t http_watch_late_us(const struct http_watch *w, int64_t now_us);
void http_watch_free(struct http_watch *w); /* all connections must have been dropped; accepts NULL */

/* fd stays the caller's and must be open until http_watch_drop(). NULL: no memory. */
struct http_watched *http_watch_add(struct http_watch *w, int fd);
void http_watch_drop(struct http_watch *w, struct http_watched *c);    /* accepts NULL */
void http_watch_waiting(struct http_watch *w, struct http_watched *c); /* for the next request: the time begins */
void http_watch_received(struct http_watch *w, struct http_watched *c, size_t bytes);
void http_watch_arrived(struct http_watch *w, struct http_watched *c); /* the request is whole */
