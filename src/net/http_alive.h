/* net/http_alive.h - inside this room: is the server still at work? */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Handler calls under way, the oldest first. */
struct http_call {
    struct http_call *next, *previous;
    int64_t since_us; /* monotonic */
};
struct http_calls {
    pthread_mutex_t lock;
    struct http_call *first, *last;
};
void http_calls_init(struct http_calls *c);
void http_calls_done(struct http_calls *c);
/* call: the caller's, until it ends. */
void http_call_begin(struct http_calls *c, struct http_call *call);
void http_call_end(struct http_calls *c, struct http_call *call);
/* How long the oldest has been running; 0: none is. */
int64_t http_calls_oldest_us(struct http_calls *c, int64_t now_us);

/* A connection to our own door that says nothing and waits for the server to see its end. */
struct http_probe {
    int fd; /* -1: none is under way */
    int64_t since_us;
};
/* Looks after the one under way, or opens the next. Returns how long it has been waiting: 0, it was noticed. full: no
 * further connection is taken now, and nothing can be told. */
int64_t http_probe(struct http_probe *p, int listen_fd, bool full, int64_t now_us);
void http_probe_done(struct http_probe *p);
