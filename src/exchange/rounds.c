/* exchange/rounds.c - see rounds.h. */
#include "exchange/rounds.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"

#define LOOP_WORKERS_MAX 8
#define LOOP_LOOK_MS     100 /* how soon a changed setting, or the end, is seen */
#define JITTER_PER_CENT  10
#define SLOW_US          ((int64_t)10 * 1000000) /* a round that took so long dawdles */

struct line {
    struct uuid id;
    void *of; /* owned; used by who has it under way */
    uint64_t pace_ms;
    bool listed, under_way;
    bool again;       /* asked for while it was under way, which may have looked before */
    bool slow;        /* it failed or dawdled last time */
    int64_t due_us;   /* monotonic */
    unsigned backoff; /* 1: none */
};
struct rounds {
    struct node *node;
    struct rounds_job job;
    pthread_t workers[LOOP_WORKERS_MAX];
    size_t worker_count;
    atomic_bool stop;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    struct line **lines;
    size_t count, cap;
    uint64_t position;  /* of the log when the list was read; UINT64_MAX: never */
    struct pulse pulse; /* set under the lock */
    int64_t look_us;    /* when who looks will wake */
    size_t under_way;   /* workers with a line */
    size_t slow_under_way;
    bool looking; /* a worker waits with a time; the others sleep until they are needed */
};

/* ---- the list ---- */

static struct line *line_of(const struct rounds *r, const struct uuid *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (uuid_eq(&r->lines[i]->id, id))
            return r->lines[i];
    return NULL;
}

static struct line *line_add(struct rounds *r, const struct uuid *id)
{
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 16;
        struct line **lines = reallocarray(r->lines, cap, sizeof(struct line *));
        if (!lines)
            return NULL;
        r->lines = lines;
        r->cap = cap;
    }
    struct line *line = calloc(1, sizeof *line);
    void *of = calloc(1, r->job.line_bytes);
    if (!line || !of) {
        free(line);
        free(of);
        return NULL;
    }
    *line = (struct line){.id = *id, .of = of, .backoff = 1};
    return r->lines[r->count++] = line;
}

enum err rounds_keep(struct rounds *r, const struct uuid *id, uint64_t pace_ms, int64_t first_us, void **ret_of,
                     bool *ret_under_way)
{
    struct line *line = line_of(r, id);
    bool fresh = !line;
    if (fresh)
        line = line_add(r, id);
    if (!line)
        return ERR_NOMEM;
    line->listed = true;
    *ret_of = line->of;
    *ret_under_way = line->under_way;
    if (line->under_way)
        return OK;
    if (fresh)
        line->due_us = first_us;
    else if (line->pace_ms != pace_ms)
        line->due_us = clock_mono_us();
    line->pace_ms = pace_ms;
    return OK;
}

bool rounds_has(const struct rounds *r, const struct uuid *id)
{
    return line_of(r, id) != NULL;
}

void rounds_hurry(struct rounds *r, const struct uuid *id)
{
    struct line *line = line_of(r, id);
    if (!line || line->under_way)
        return;
    line->backoff = 1;
    line->due_us = clock_mono_us();
}

/* Under the lock. What is under way when a setting changes is looked at again at its end (`position`). */
static void read_list(struct rounds *r)
{
    struct view *v;
    struct fault fault = {0};
    enum err e = node_reader(r->node, &v, &fault);
    if (e == OK) {
        uint64_t position = view_position(v);
        if (position != r->position) {
            for (size_t i = 0; i < r->count; i++)
                r->lines[i]->listed = false;
            e = r->job.list(r->job.self, r, v, &fault);
            r->position = e ? UINT64_MAX : position;
        }
        node_reader_done(r->node, v);
    }
    if (e)
        log_warning("%s: the list could not be read: %s", r->job.what, err_name(e));
}

static bool goes_by_itself(const struct rounds *r, const struct line *line)
{
    bool held_back = line->slow && r->slow_under_way >= (r->job.workers + 1) / 2;
    return line->listed && !line->under_way && line->pace_ms && !held_back;
}

static struct line *most_due(struct rounds *r, int64_t now_us)
{
    struct line *found = NULL;
    for (size_t i = 0; i < r->count; i++) {
        struct line *line = r->lines[i];
        if (goes_by_itself(r, line) && line->due_us <= now_us && (!found || line->due_us < found->due_us))
            found = line;
    }
    return found;
}

/* ---- one round ---- */

static int64_t next_pause_us(const struct line *line, uint32_t retry_after_s)
{
    uint32_t random;
    int64_t pause = (int64_t)line->pace_ms * 1000 * line->backoff;
    random_bytes(&random, sizeof random);
    int64_t spread = pause * JITTER_PER_CENT / 100;
    int64_t wish = (int64_t)(retry_after_s < ROUNDS_RETRY_MAX_S ? retry_after_s : ROUNDS_RETRY_MAX_S) * 1000000;
    pause = spread ? pause - spread / 2 + (int64_t)(random % (uint64_t)spread) : pause;
    return pause > wish ? pause : wish;
}

static void run_round(struct rounds *r, struct line *line)
{
    const bool was_slow = line->slow;
    const int64_t began_us = clock_mono_us();
    line->under_way = true;
    r->slow_under_way += was_slow;
    pthread_cond_broadcast(&r->wake); /* somebody else looks out for the next */
    pthread_mutex_unlock(&r->lock);
    struct rounds_outcome o = r->job.run(r->job.self, &line->id, line->of, &r->stop);
    pthread_mutex_lock(&r->lock);
    r->slow_under_way -= was_slow;
    line->slow = o.failed || clock_mono_us() - began_us > SLOW_US;
    line->backoff = !o.failed ? 1 : line->backoff * 2 > ROUNDS_BACKOFF_MAX ? ROUNDS_BACKOFF_MAX : line->backoff * 2;
    bool at_once = o.unfinished || (line->again && !o.failed);
    line->due_us = clock_mono_us() + (at_once ? 0 : next_pause_us(line, o.retry_after_s));
    line->under_way = line->again = false;
    r->position = UINT64_MAX; /* what changed meanwhile was passed over for this one */
    pthread_cond_broadcast(&r->wake);
}

static void wait_a_little(struct rounds *r, int64_t now_us)
{
    if (r->looking) {
        pulse_expect(&r->pulse, r->look_us);
        pthread_cond_wait(&r->wake, &r->lock);
        return;
    }
    int64_t until_us = now_us + LOOP_LOOK_MS * 1000;
    for (size_t i = 0; i < r->count; i++)
        if (goes_by_itself(r, r->lines[i]) && r->lines[i]->due_us < until_us)
            until_us = r->lines[i]->due_us;
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = (long)(until_us % 1000000) * 1000};
    r->looking = true;
    r->look_us = until_us;
    pulse_expect(&r->pulse, until_us);
    pthread_cond_timedwait(&r->wake, &r->lock, &t);
    r->looking = false;
}

static void work_on(struct rounds *r, struct line *line)
{
    if (++r->under_way >= r->job.workers || r->under_way == LOOP_WORKERS_MAX)
        pulse_expect(&r->pulse, PULSE_NEVER);
    run_round(r, line);
    r->under_way--;
}

static void run_rounds(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->stop)) {
        pulse_expect(&r->pulse, clock_mono_us());
        read_list(r);
        int64_t now_us = clock_mono_us();
        struct line *line = most_due(r, now_us);
        if (line)
            work_on(r, line);
        else
            wait_a_little(r, now_us);
    }
    pthread_mutex_unlock(&r->lock);
}

static void *work(void *self)
{
    struct thread_own own;
    thread_begin(&own, "rounds");
    run_rounds(self);
    thread_end();
    return NULL;
}

/* ---- asked by a person ---- */

enum err rounds_run(struct rounds *r, const struct uuid *id)
{
    enum err e = OK;
    pthread_mutex_lock(&r->lock);
    read_list(r);
    struct line *line = line_of(r, id);
    while (line && line->under_way && !atomic_load(&r->stop))
        pthread_cond_wait(&r->wake, &r->lock);
    if (!line)
        e = ERR_NOT_FOUND;
    else if (atomic_load(&r->stop))
        e = ERR_CANCELLED;
    else
        run_round(r, line);
    pthread_mutex_unlock(&r->lock);
    return e;
}

void rounds_soon(struct rounds *r, const struct uuid *id)
{
    pthread_mutex_lock(&r->lock);
    struct line *line = line_of(r, id);
    if (line && line->under_way) {
        line->again = true;
    } else if (line && line->backoff == 1) {
        line->due_us = clock_mono_us();
        pthread_cond_broadcast(&r->wake);
    }
    pthread_mutex_unlock(&r->lock);
}

int64_t rounds_due(struct rounds *r, const struct uuid *id)
{
    pthread_mutex_lock(&r->lock);
    const struct line *line = line_of(r, id);
    int64_t due_us = line && line->listed && line->pace_ms ? line->due_us : INT64_MAX;
    pthread_mutex_unlock(&r->lock);
    return due_us;
}

bool rounds_look(struct rounds *r, const struct uuid *id, void (*look)(void *to, const void *of), void *to)
{
    pthread_mutex_lock(&r->lock);
    const struct line *line = line_of(r, id);
    if (line)
        look(to, line->of);
    pthread_mutex_unlock(&r->lock);
    return line != NULL;
}

/* ---- life ---- */

static void init_sync(struct rounds *r)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&r->lock, NULL);
}

enum err rounds_start(struct node *node, const struct rounds_job *job, struct rounds **ret, struct fault *reterr)
{
    enum err e = OK;
    struct rounds *r = calloc(1, sizeof *r);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory for the loop of %s", job->what);
    r->node = node;
    r->job = *job;
    r->position = UINT64_MAX;
    init_sync(r);
    while (e == OK && r->worker_count < job->workers && r->worker_count < LOOP_WORKERS_MAX) {
        if (pthread_create(&r->workers[r->worker_count], NULL, work, r))
            e = fault_set(reterr, ERR_NOMEM, "a thread for the loop of %s could not be started", job->what);
        else
            r->worker_count++;
    }
    if (e)
        rounds_stop(r);
    else
        *ret = r;
    return e;
}

const struct pulse *rounds_pulse(const struct rounds *r)
{
    return &r->pulse;
}

void rounds_stop(struct rounds *r)
{
    if (!r)
        return;
    atomic_store(&r->stop, true);
    pthread_mutex_lock(&r->lock);
    pthread_cond_broadcast(&r->wake);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < r->worker_count; i++)
        pthread_join(r->workers[i], NULL);
    for (size_t i = 0; i < r->count; i++) {
        r->job.free_line(r->lines[i]->of);
        free(r->lines[i]->of);
        free(r->lines[i]);
    }
    free(r->lines);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
