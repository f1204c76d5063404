#include "store/publisher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"

struct publisher {
    struct node *node;
    unsigned interval_ms;
    void (*on_new)(void *self);
    void *self;
    pthread_t thread;
    struct pulse pulse;
    pthread_mutex_t lock; /* of stop */
    pthread_cond_t wake;
    bool stop;
    enum err told; /* the failure that was logged; OK: none */
};

static void publish(struct publisher *p)
{
    struct fault why = {.offset = -1, .line = -1};
    bool fresh = false;
    enum err err = node_publish(p->node, &fresh, &why);
    if (err != OK && err != ERR_BUSY && err != p->told)
        log_warning("no checkpoint is published: %s", why.what);
    if (err != ERR_BUSY)
        p->told = err;
    if (err == OK && fresh && p->on_new)
        p->on_new(p->self);
}

static struct timespec later(unsigned ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

static void publish_on(struct publisher *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        struct timespec until = later(p->interval_ms);
        pulse_expect(&p->pulse, clock_mono_us() + (int64_t)p->interval_ms * 1000);
        while (!p->stop && pthread_cond_timedwait(&p->wake, &p->lock, &until) == 0)
            ;
        if (p->stop)
            break;
        pthread_mutex_unlock(&p->lock);
        pulse_expect(&p->pulse, clock_mono_us());
        publish(p);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
    struct thread_own own;
    thread_begin(&own, "publisher");
    publish_on(arg);
    thread_end();
    return NULL;
}

enum err publisher_start(struct node *node, unsigned interval_ms, void (*on_new)(void *self), void *self,
                         struct publisher **ret, struct fault *reterr)
{
    struct publisher *p = calloc(1, sizeof *p);
    pthread_condattr_t monotonic;
    if (!p)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    p->node = node;
    p->interval_ms = interval_ms;
    p->on_new = on_new;
    p->self = self;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int number = pthread_create(&p->thread, NULL, work, p);
    if (number == 0) {
        *ret = p;
        return OK;
    }
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p);
    return fault_set(reterr, ERR_NOMEM, "no thread for publishing: %s", strerror(number));
}

const struct pulse *publisher_pulse(const struct publisher *p)
{
    return &p->pulse;
}

void publisher_stop(struct publisher *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p);
}
