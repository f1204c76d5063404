/* desk/index_keeper.c - see index_keeper.h.
 *
 * Each second: has the log moved? Then how far is the index behind? One that is of another view or of other rules is
 * made anew, and so is one that many values came after; in between it rests REST_TIMES as long as making it took. */
#include "desk/index_keeper.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"
#include "desk/watchlist_file.h"

#define LOOK_EVERY_US ((int64_t)1000000)
#define REST_TIMES    9
#define BEHIND_PART   32 /* of what is in it, and INDEX_KEEP_LEAST at least */
#define BUILD_US      ((int64_t)600 * 1000000)
#define KEEPER_NICE   10

struct index_keeper {
    struct node *node;
    pthread_t thread;
    struct pulse pulse;
    pthread_mutex_t lock; /* of stop */
    pthread_cond_t wake;
    bool stop;
    uint64_t position; /* at the last look */
    int64_t rest_until_us;
    enum err told;
};

struct behind {
    uint64_t count, enough;
};

static enum err count_row(void *self, const struct indicator_row *row)
{
    struct behind *b = self;
    (void)row;
    return ++b->count < b->enough ? OK : ERR_CANCELLED;
}

static enum err count_version(void *self, const struct version_row *row)
{
    struct behind *b = self;
    (void)row;
    return ++b->count < b->enough ? OK : ERR_CANCELLED;
}

/* Are so many values and whole patterns beside the index that it is to be made anew? */
static enum err far_behind(struct view *v, uint64_t until, uint64_t values, bool *ret, struct fault *why)
{
    struct behind b = {.enough = values / BEHIND_PART};
    if (b.enough < INDEX_KEEP_LEAST)
        b.enough = INDEX_KEEP_LEAST;
    enum err err = view_indicators(v, until, count_row, &b, why);
    if (!err)
        err = view_without_values(v, until, count_version, &b, why);
    *ret = b.count >= b.enough;
    return err == ERR_CANCELLED ? OK : err;
}

static enum err look_at(struct index_keeper *k, struct view *v, bool *ret_wanted, struct fault *why)
{
    struct view_counts counts;
    uint64_t until;
    enum err err = view_counts(v, &counts, why);
    if (err)
        return err;
    err = watchlist_base_until(k->node, v, &until, why);
    if (!err)
        return far_behind(v, until, counts.values, ret_wanted, why);
    *ret_wanted = err == ERR_VERSION || (err == ERR_NOT_FOUND && counts.values >= INDEX_KEEP_LEAST);
    return err == ERR_VERSION || err == ERR_NOT_FOUND ? OK : err;
}

static enum err look(struct index_keeper *k, bool *ret_wanted, struct fault *why)
{
    struct view *v;
    enum err err = node_reader(k->node, &v, why);
    if (err)
        return err;
    uint64_t position = view_position(v);
    if (position != k->position)
        err = look_at(k, v, ret_wanted, why);
    if (!err)
        k->position = position;
    node_reader_done(k->node, v);
    return err;
}

static void make(struct index_keeper *k)
{
    struct watchlist *w = NULL;
    struct fault why = {.offset = -1, .line = -1};
    bool wanted = false;
    int64_t start_us = clock_mono_us();
    if (start_us < k->rest_until_us)
        return;
    enum err err = look(k, &wanted, &why);
    if (!err && wanted) {
        pulse_expect(&k->pulse, start_us + BUILD_US);
        err = watchlist_build(k->node, &w, &why);
        watchlist_unref(w);
        malloc_trim(0); /* what making it took is wanted again in minutes at the earliest */
        int64_t now_us = clock_mono_us();
        k->rest_until_us = now_us + (now_us - start_us) * REST_TIMES;
        if (err)
            k->position = UINT64_MAX; /* again */
    }
    if (err && err != ERR_BUSY && err != k->told)
        log_warning("the index could not be made: %s", why.what);
    k->told = err;
}

static void keep(struct index_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    while (!k->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_EVERY_US / 1000000;
        pulse_expect(&k->pulse, clock_mono_us() + LOOK_EVERY_US);
        while (!k->stop && pthread_cond_timedwait(&k->wake, &k->lock, &until) == 0)
            ;
        if (k->stop)
            break;
        pthread_mutex_unlock(&k->lock);
        pulse_expect(&k->pulse, clock_mono_us());
        make(k);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
}

static void *work(void *arg)
{
    struct thread_own own;
    thread_begin(&own, "index");
    (void)setpriority(PRIO_PROCESS, 0, KEEPER_NICE); /* on Linux: of this thread. A wish */
    keep(arg);
    thread_end();
    return NULL;
}

enum err index_keeper_start(struct node *node, struct index_keeper **ret, struct fault *reterr)
{
    struct index_keeper *k = calloc(1, sizeof *k);
    pthread_condattr_t monotonic;
    if (!k)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    k->node = node;
    k->position = UINT64_MAX;
    pthread_mutex_init(&k->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&k->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int number = pthread_create(&k->thread, NULL, work, k);
    if (number == 0) {
        *ret = k;
        return OK;
    }
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->wake);
    free(k);
    return fault_set(reterr, ERR_NOMEM, "no thread for the index");
}

const struct pulse *index_keeper_pulse(const struct index_keeper *k)
{
    return &k->pulse;
}

void index_keeper_stop(struct index_keeper *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->wake);
    free(k);
}
