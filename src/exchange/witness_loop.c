/* exchange/witness_loop.c - every partner with an address is asked in turn, on one thread: a cosignature is small,
 * and who does not answer waits longer each time. After opening the node is held, and each is asked first what it
 * holds. A partner that has cosigned the published checkpoint is not asked.
 */
#include "exchange/witness_loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"
#include "exchange/peer_inside.h"

#define BACKOFF_MAX   16
#define HELD_RETRY_MS 500
/* More than the few requests to one partner can take before each has timed out. */
#define ASK_MAX_US ((int64_t)10 * 60 * 1000000)

struct asked_line { /* a partner */
    struct uuid party;
    char *url;                /* owned; the client's */
    struct http_client *http; /* NULL: not made yet */
    int64_t due_us;           /* monotonic */
    unsigned backoff;         /* 1: none */
    bool listed, bad;
    bool looked; /* it has said what it holds of our log, since the home was opened */
};
struct witness_loop {
    struct node *node;
    uint32_t every_ms;
    pthread_t thread;
    struct pulse pulse;
    bool running;
    pthread_mutex_t lock; /* of stop */
    pthread_cond_t wake;
    bool stop;
    bool behind;               /* the thread's own, as what follows: a new origin was opened */
    struct asked_line **lines; /* the thread's own */
    size_t count, cap;
};

/* ---- the list ---- */

static struct asked_line *line_of(struct witness_loop *l, const struct uuid *party)
{
    for (size_t i = 0; i < l->count; i++)
        if (uuid_eq(&l->lines[i]->party, party))
            return l->lines[i];
    return NULL;
}

static struct asked_line *line_add(struct witness_loop *l, const struct uuid *party)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct asked_line **lines = reallocarray(l->lines, cap, sizeof *lines);
        if (!lines)
            return NULL;
        l->lines = lines;
        l->cap = cap;
    }
    struct asked_line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    line->party = *party;
    line->backoff = 1;
    l->lines[l->count++] = line;
    return line;
}

static enum err set_url(struct asked_line *line, struct text url)
{
    if (line->url && text_eq(text_of(line->url), url))
        return OK;
    char *copy = strndup(url.ptr, url.len);
    if (!copy)
        return ERR_NOMEM;
    http_client_free(line->http);
    free(line->url);
    line->http = NULL;
    line->url = copy;
    line->backoff = 1;
    line->due_us = 0;
    return OK;
}

/* Only other nodes have a log: those whose invitation named one. */
static enum err on_peer(void *self, const struct fact *f)
{
    struct witness_loop *l = self;
    const struct fact_peer *p = &f->u.peer;
    struct asked_line *line = line_of(l, &p->party);
    if (p->expelled || !p->url.len || !p->origin.len)
        return OK;
    if (!line)
        line = line_add(l, &p->party);
    enum err e = line ? set_url(line, p->url) : ERR_NOMEM;
    if (!e)
        line->listed = true;
    return e;
}

static void read_list(struct witness_loop *l)
{
    struct view *v;
    enum err e = node_reader(l->node, &v, NULL);
    for (size_t i = 0; i < l->count; i++)
        l->lines[i]->listed = false;
    if (!e) {
        e = view_facts(v, FACT_PEER, on_peer, l, NULL);
        node_reader_done(l->node, v);
    }
    if (e)
        log_warning("witnesses: the list could not be read: %s", err_name(e));
}

/* ---- asking ---- */

static bool stopped(struct witness_loop *l)
{
    pthread_mutex_lock(&l->lock);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return stop;
}

static bool stop_wanted(void *self)
{
    return stopped(self);
}

static enum err ask(struct witness_loop *l, struct asked_line *line, struct witness_asked *ret, struct fault *reterr)
{
    struct ledger_remote remote;
    enum err e = line->http ? OK : ledger_remote_client(text_of(line->url), &line->http, reterr);
    if (e)
        return e;
    const struct witness_how how = {.look_first = !line->looked, .stopped = stop_wanted, .self = l};
    e = ledger_remote_open(l->node, &line->party, &remote, reterr);
    remote.http = line->http;
    if (!e)
        e = witness_ask(l->node, &remote, &how, ret, reterr);
    ledger_remote_done(&remote);
    line->looked |= ret->answered;
    return e;
}

/* Said when it breaks and when it is up again. */
static void note_result(struct witness_loop *l, struct asked_line *line, enum err e, const struct fault *fault)
{
    char id[UUID_TEXT_MAX];
    uuid_format(&line->party, id);
    if (e && !line->bad)
        log_warning("witness %s: %s", id, fault->what[0] ? fault->what : err_name(e));
    else if (!e && line->bad)
        log_info("witness %s: answers again", id);
    line->bad = e != OK;
    line->backoff = !e ? 1 : line->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : line->backoff * 2;
    line->due_us = clock_mono_us() + (int64_t)l->every_ms * 1000 * line->backoff;
}

static void wait_ms(struct witness_loop *l, uint32_t ms)
{
    int64_t until_us = clock_mono_us() + (int64_t)ms * 1000;
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = (long)(until_us % 1000000) * 1000};
    pulse_expect(&l->pulse, until_us);
    pthread_mutex_lock(&l->lock);
    while (!l->stop && pthread_cond_timedwait(&l->wake, &l->lock, &t) == 0)
        continue;
    pthread_mutex_unlock(&l->lock);
}

static void ask_each(struct witness_loop *l)
{
    for (size_t i = 0; i < l->count && !stopped(l); i++) {
        struct asked_line *line = l->lines[i];
        struct witness_asked asked = {.answered = false};
        struct fault fault = {0};
        if (!line->listed || line->due_us > clock_mono_us())
            continue;
        pulse_expect(&l->pulse, clock_mono_us() + ASK_MAX_US);
        enum err e = ask(l, line, &asked, &fault);
        l->behind |= !e && asked.behind;
        if (!stopped(l)) /* what was cut short is no result */
            note_result(l, line, e, &fault);
    }
}

/* The node is held: everybody was looked at in this round. Did one of them answer? Then enough is known. */
static bool known_now(struct witness_loop *l)
{
    bool answered = false, listed = false;
    for (size_t i = 0; i < l->count; i++) {
        listed |= l->lines[i]->listed;
        answered |= l->lines[i]->listed && l->lines[i]->looked;
        l->lines[i]->due_us = 0; /* those that did not are tried again soon; the others are asked for good */
        l->lines[i]->backoff = 1;
    }
    return answered || !listed;
}

static void ask_on(struct witness_loop *l)
{
    while (!stopped(l)) {
        bool held = node_held(l->node);
        pulse_expect(&l->pulse, clock_mono_us());
        read_list(l);
        ask_each(l);
        if (!held) {
            wait_ms(l, l->every_ms);
        } else if (!stopped(l) && known_now(l)) {
            node_hold_end(l->node, l->behind);
        } else {
            wait_ms(l, HELD_RETRY_MS);
        }
    }
}

static void *work(void *self)
{
    struct thread_own own;
    thread_begin(&own, "witnesses");
    ask_on(self);
    thread_end();
    return NULL;
}

/* ---- life ---- */

enum err witness_loop_start(struct node *node, uint32_t every_ms, struct witness_loop **ret, struct fault *reterr)
{
    struct witness_loop *l = calloc(1, sizeof *l);
    pthread_condattr_t attr;
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "no memory for the witnesses' loop");
    l->node = node;
    l->every_ms = every_ms ? every_ms : WITNESS_MS_DEFAULT;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&l->thread, NULL, work, l)) {
        witness_loop_stop(l);
        return fault_set(reterr, ERR_NOMEM, "a thread for the witnesses' loop could not be started");
    }
    l->running = true;
    *ret = l;
    return OK;
}

const struct pulse *witness_loop_pulse(const struct witness_loop *l)
{
    return &l->pulse;
}

void witness_loop_stop(struct witness_loop *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    if (l->running)
        pthread_join(l->thread, NULL);
    for (size_t i = 0; i < l->count; i++) {
        http_client_free(l->lines[i]->http);
        free(l->lines[i]->url);
        free(l->lines[i]);
    }
    free(l->lines);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
