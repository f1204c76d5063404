/* net/http_watch.c - one thread that looks once a second for requests that take too long to arrive, and shuts their
 * sockets down; the HTTP library then sees a closed connection. Everything below `lock`. */
#include "net/http_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/pulse.h"
#include "base/thread.h"
#include "base/time.h"

#define SECOND_US      INT64_C(1000000)
#define BYTES_A_SECOND 1024
#define CROWDED_PARTS  8

struct http_watched {
    struct http_watched *next, *previous;
    int fd;
    bool waiting;
    int64_t since_us; /* monotonic */
    uint64_t bytes;   /* received since */
};

struct http_watch {
    pthread_t thread;
    struct pulse pulse;
    pthread_mutex_t lock;
    pthread_cond_t stop_asked;
    bool stop;
    int64_t limit_us;
    size_t crowd, count;
    struct http_watched *first;
};

static bool overdue(const struct http_watch *w, const struct http_watched *c, int64_t now_us)
{
    bool crowded = w->count > w->crowd && !c->bytes;
    int64_t grace_us = (int64_t)(c->bytes / BYTES_A_SECOND) * SECOND_US;
    return c->waiting && now_us - c->since_us > w->limit_us / (crowded ? CROWDED_PARTS : 1) + grace_us;
}

static void look(struct http_watch *w)
{
    int64_t now_us = clock_mono_us();
    for (struct http_watched *c = w->first; c; c = c->next) {
        if (!overdue(w, c, now_us))
            continue;
        shutdown(c->fd, SHUT_RDWR);
        c->waiting = false;
    }
}

static void watch_on(struct http_watch *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        pulse_expect(&w->pulse, clock_mono_us() + SECOND_US);
        pthread_cond_timedwait(&w->stop_asked, &w->lock, &until);
        look(w);
    }
    pthread_mutex_unlock(&w->lock);
}

static void *watching(void *self)
{
    struct thread_own own;
    thread_begin(&own, "http-watch");
    watch_on(self);
    thread_end();
    return NULL;
}

enum err http_watch_new(unsigned limit_s, size_t crowd, struct http_watch **ret)
{
    struct http_watch *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->limit_us = (int64_t)limit_s * SECOND_US;
    w->crowd = crowd;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
    if (pthread_create(&w->thread, NULL, watching, w)) {
        pthread_mutex_destroy(&w->lock);
        pthread_cond_destroy(&w->stop_asked);
        free(w);
        return ERR_IO;
    }
    *ret = w;
    return OK;
}

void http_watch_free(struct http_watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->stop_asked);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->stop_asked);
    free(w);
}

int64_t http_watch_late_us(const struct http_watch *w, int64_t now_us)
{
    return pulse_late_us(&w->pulse, now_us);
}

struct http_watched *http_watch_add(struct http_watch *w, int fd)
{
    struct http_watched *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct http_watched){.fd = fd, .waiting = true, .since_us = clock_mono_us()};
    pthread_mutex_lock(&w->lock);
    c->next = w->first;
    if (c->next)
        c->next->previous = c;
    w->first = c;
    w->count++;
    pthread_mutex_unlock(&w->lock);
    return c;
}

void http_watch_drop(struct http_watch *w, struct http_watched *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&w->lock);
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        w->first = c->next;
    w->count--;
    pthread_mutex_unlock(&w->lock);
    free(c);
}

void http_watch_waiting(struct http_watch *w, struct http_watched *c)
{
    pthread_mutex_lock(&w->lock);
    c->waiting = true;
    c->since_us = clock_mono_us();
    c->bytes = 0;
    pthread_mutex_unlock(&w->lock);
}

void http_watch_received(struct http_watch *w, struct http_watched *c, size_t bytes)
{
    pthread_mutex_lock(&w->lock);
    c->bytes += bytes;
    pthread_mutex_unlock(&w->lock);
}

void http_watch_arrived(struct http_watch *w, struct http_watched *c)
{
    pthread_mutex_lock(&w->lock);
    c->waiting = false;
    pthread_mutex_unlock(&w->lock);
}
