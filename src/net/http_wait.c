/* net/http_wait.c - who waits, in a heap by time, and one thread that sleeps until the first of them is due.
 *
 *     not waiting --begin--> suspended, in the heap, its socket watched
 *     suspended --wake, time, client gone, close--> resumed, in neither; the library calls its owner again
 *
 * Invariants: 1. in the heap, suspended in the library and in the epoll set are one state, changed under `lock`. 2. a
 * connection is resumed once for each time it was suspended, and its socket stays open in between. 3. `wakes` has
 * been raised by each wake that may have missed somebody: who marks it, looks, and then begins to wait, misses none.
 */
#include "net/http_wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/time.h"

#define EVENTS_AT_ONCE 64

struct http_wait {
    pthread_t thread;
    int epoll_fd, bell_fd; /* the bell: the first one due changed, or the end */
    pthread_mutex_t lock;  /* of what follows */
    uint64_t wakes;
    bool closed, ended;
    int64_t sleeps_until_us;
    struct http_waiter **heap; /* heap[0] is due first */
    size_t count, max;
};

/* ---- the heap ---- */

static void put(struct http_wait *w, size_t i, struct http_waiter *waiter)
{
    w->heap[i] = waiter;
    waiter->place = i + 1;
}

static void sift_up(struct http_wait *w, size_t i, struct http_waiter *waiter)
{
    for (; i && w->heap[(i - 1) / 2]->until_us > waiter->until_us; i = (i - 1) / 2)
        put(w, i, w->heap[(i - 1) / 2]);
    put(w, i, waiter);
}

static void sift_down(struct http_wait *w, size_t i, struct http_waiter *waiter)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < w->count && w->heap[child + 1]->until_us < w->heap[child]->until_us)
            child++;
        if (child >= w->count || w->heap[child]->until_us >= waiter->until_us)
            break;
        put(w, i, w->heap[child]);
        i = child;
    }
    put(w, i, waiter);
}

static void heap_add(struct http_wait *w, struct http_waiter *waiter)
{
    sift_up(w, w->count++, waiter);
}

static void heap_remove(struct http_wait *w, struct http_waiter *waiter)
{
    size_t i = waiter->place - 1;
    struct http_waiter *last = w->heap[--w->count];
    waiter->place = 0;
    if (last == waiter)
        return;
    if (i && w->heap[(i - 1) / 2]->until_us > last->until_us)
        sift_up(w, i, last);
    else
        sift_down(w, i, last);
}

/* ---- suspended and resumed; under lock ---- */

static void ring(struct http_wait *w)
{
    uint64_t one = 1;
    while (write(w->bell_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void resume(struct http_wait *w, struct http_waiter *waiter)
{
    epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, waiter->fd, NULL);
    heap_remove(w, waiter);
    MHD_resume_connection(waiter->connection);
}

static void resume_all(struct http_wait *w)
{
    while (w->count)
        resume(w, w->heap[w->count - 1]);
}

/* An event may be of a connection that was closed meanwhile, and its number another one's now: asked again. */
static void look_at(struct http_wait *w, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    for (size_t i = 0; i < w->count; i++) {
        struct http_waiter *waiter = w->heap[i];
        if (waiter->fd != fd)
            continue;
        if (poll(&p, 1, 0) == 1) {
            waiter->gone = true;
            resume(w, waiter);
        }
        return;
    }
}

/* ---- the thread ---- */

static int sleep_ms(const struct http_wait *w)
{
    if (w->sleeps_until_us == INT64_MAX)
        return -1;
    int64_t left_us = w->sleeps_until_us - clock_mono_us();
    if (left_us <= 0)
        return 0;
    return left_us > INT64_C(3600000000) ? 3600000 : (int)((left_us + 999) / 1000);
}

static void *keeping(void *self)
{
    struct http_wait *w = self;
    struct epoll_event events[EVENTS_AT_ONCE];
    uint64_t rung;
    pthread_mutex_lock(&w->lock);
    while (!w->ended) {
        w->sleeps_until_us = w->count ? w->heap[0]->until_us : INT64_MAX;
        int ms = sleep_ms(w);
        pthread_mutex_unlock(&w->lock);
        int n = epoll_wait(w->epoll_fd, events, EVENTS_AT_ONCE, ms);
        pthread_mutex_lock(&w->lock);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd != w->bell_fd)
                look_at(w, events[i].data.fd);
            else if (read(w->bell_fd, &rung, sizeof rung) < 0)
                continue; /* somebody else's ring was read with it */
        }
        int64_t now_us = clock_mono_us();
        while (w->count && w->heap[0]->until_us <= now_us)
            resume(w, w->heap[0]);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- for the server ---- */

static enum err open_fds(struct http_wait *w)
{
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event bell = {.events = EPOLLIN, .data.fd = w->bell_fd};
    bool ok = w->epoll_fd >= 0 && w->bell_fd >= 0 && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->bell_fd, &bell) == 0;
    return ok ? OK : ERR_IO;
}

static void release(struct http_wait *w)
{
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
    if (w->bell_fd >= 0)
        close(w->bell_fd);
    pthread_mutex_destroy(&w->lock);
    free(w->heap);
    free(w);
}

enum err http_wait_new(size_t waiters_max, struct http_wait **ret)
{
    struct http_wait *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->epoll_fd = w->bell_fd = -1;
    w->max = waiters_max;
    w->heap = calloc(waiters_max, sizeof *w->heap);
    pthread_mutex_init(&w->lock, NULL);
    enum err e = w->heap ? open_fds(w) : ERR_NOMEM;
    if (e == OK && pthread_create(&w->thread, NULL, keeping, w))
        e = ERR_IO;
    if (e) {
        release(w);
        return e;
    }
    *ret = w;
    return OK;
}

void http_wait_free(struct http_wait *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ended = true;
    ring(w);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    release(w);
}

uint64_t http_wait_mark(struct http_wait *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t mark = w->wakes;
    pthread_mutex_unlock(&w->lock);
    return mark;
}

bool http_wait_begin(struct http_wait *w, struct http_waiter *waiter, uint64_t mark, const void *state,
                     int64_t until_us)
{
    struct epoll_event leaves = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.fd = waiter->fd};
    pthread_mutex_lock(&w->lock);
    bool room = w->count < w->max && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, waiter->fd, &leaves) == 0;
    if (room) {
        waiter->state = state;
        waiter->until_us = until_us;
        MHD_suspend_connection(waiter->connection);
        heap_add(w, waiter);
        if (w->wakes != mark || w->closed)
            resume(w, waiter);
        else if (until_us < w->sleeps_until_us)
            ring(w);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

size_t http_wait_count(struct http_wait *w)
{
    pthread_mutex_lock(&w->lock);
    size_t count = w->count;
    pthread_mutex_unlock(&w->lock);
    return count;
}

void http_wait_wake(struct http_wait *w, const void *state)
{
    pthread_mutex_lock(&w->lock);
    size_t i = 0;
    if (!state)
        resume_all(w);
    while (i < w->count && w->heap[i]->state != state)
        i++;
    bool found = i < w->count;
    if (found)
        resume(w, w->heap[i]); /* a state is one request's */
    w->wakes += !found;
    pthread_mutex_unlock(&w->lock);
}

void http_wait_close(struct http_wait *w)
{
    pthread_mutex_lock(&w->lock);
    w->closed = true;
    w->wakes++;
    resume_all(w);
    pthread_mutex_unlock(&w->lock);
}
