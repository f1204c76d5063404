/* exchange/peer_loop.c - keeps every partner's round going.
 *
 * A few workers share one list: each takes the partner that is due longest and not under way, so that a slow one
 * delays nobody while a worker is free. Settings are read again when the log has moved. A partner that fails waits
 * twice as long each time, 16 times its poll time at most. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "exchange/peer_inside.h"

#define LOOP_WORKERS    4
#define LOOP_LOOK_MS    100 /* how soon a changed setting, or the end, is seen */
#define BACKOFF_MAX     16
#define JITTER_PER_CENT 10

struct line { /* to one partner */
    struct uuid party;
    char *url; /* owned; the client's */
    uint32_t poll_ms;
    bool listed, under_way, has_result;
    int64_t due_us;           /* monotonic */
    unsigned backoff;         /* 1: none */
    struct http_client *http; /* used by who has it under way */
    struct peer_result result;
};
struct peer_loop {
    struct node *node;
    pthread_t workers[LOOP_WORKERS];
    size_t worker_count;
    atomic_bool stop;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    struct line **lines;
    size_t count, cap;
    uint64_t position; /* of the log when the list was read; UINT64_MAX: never */
    bool looking;      /* a worker waits with a time; the others sleep until they are needed */
};

/* ---- the list ---- */

static struct line *line_of(struct peer_loop *l, const struct uuid *party)
{
    for (size_t i = 0; i < l->count; i++)
        if (uuid_eq(&l->lines[i]->party, party))
            return l->lines[i];
    return NULL;
}

static enum err line_add(struct peer_loop *l, const struct uuid *party, struct line **ret)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct line **lines = reallocarray(l->lines, cap, sizeof(struct line *));
        if (!lines)
            return ERR_NOMEM;
        l->lines = lines;
        l->cap = cap;
    }
    struct line *line = calloc(1, sizeof *line);
    if (!line)
        return ERR_NOMEM;
    *line = (struct line){.party = *party, .backoff = 1, .due_us = clock_mono_us()};
    l->lines[l->count++] = line;
    *ret = line;
    return OK;
}

static void line_free(struct line *line)
{
    http_client_free(line->http);
    free(line->url);
    free(line);
}

static enum err line_set_url(struct line *line, struct text url)
{
    if (line->url && text_eq(text_of(line->url), url))
        return OK;
    char *copy = strndup(url.ptr, url.len);
    if (!copy)
        return ERR_NOMEM;
    free(line->url);
    line->url = copy;
    http_client_free(line->http);
    line->http = NULL;
    line->backoff = 1;
    line->due_us = clock_mono_us();
    return OK;
}

static enum err on_peer(void *self, const struct fact *f)
{
    struct peer_loop *l = self;
    const struct fact_peer *p = &f->u.peer;
    if (p->expelled || !p->url.len)
        return OK;
    struct line *line = line_of(l, &p->party);
    enum err e = line ? OK : line_add(l, &p->party, &line);
    if (e || line->under_way) {
        if (line)
            line->listed = true;
        return e;
    }
    e = line_set_url(line, p->url);
    line->listed = e == OK;
    if (line->poll_ms != p->poll_ms) {
        line->poll_ms = p->poll_ms ? p->poll_ms : PEER_POLL_MS_DEFAULT;
        line->due_us = clock_mono_us();
    }
    return e;
}

/* Under the lock. What is under way when a setting changes is looked at again at its end (`position`). */
static void read_list(struct peer_loop *l)
{
    struct view *v;
    struct fault fault = {0};
    enum err e = node_reader(l->node, &v, &fault);
    if (e == OK) {
        uint64_t position = view_position(v);
        if (position != l->position) {
            for (size_t i = 0; i < l->count; i++)
                l->lines[i]->listed = false;
            e = view_facts(v, FACT_PEER, on_peer, l, &fault);
            l->position = e ? UINT64_MAX : position;
        }
        node_reader_done(l->node, v);
    }
    if (e)
        log_warning("peers: the list could not be read: %s", err_name(e));
}

static struct line *most_due(struct peer_loop *l, int64_t now_us)
{
    struct line *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        struct line *line = l->lines[i];
        if (line->listed && !line->under_way && line->due_us <= now_us && (!found || line->due_us < found->due_us))
            found = line;
    }
    return found;
}

/* ---- one round ---- */

static int64_t next_pause_us(const struct line *line)
{
    uint32_t random;
    int64_t pause = (int64_t)line->poll_ms * 1000 * line->backoff;
    random_bytes(&random, sizeof random);
    int64_t spread = pause * JITTER_PER_CENT / 100;
    return spread ? pause - spread / 2 + (int64_t)(random % (uint64_t)spread) : pause;
}

/* A line to a partner is news when it breaks and when it is up again, not at every round in between. */
static void tell(const struct line *line, bool was_bad, enum err e, const struct fault *fault)
{
    char party[UUID_TEXT_MAX];
    uuid_format(&line->party, party);
    if (e && !was_bad)
        log_warning("peer %s: %s", party, fault->what[0] ? fault->what : err_name(e));
    else if (!e && was_bad)
        log_info("peer %s: answers again", party);
}

static void note_result(struct line *line, enum err e, const struct fault *fault, const struct taxii_pulled *pulled)
{
    bool was_bad = line->has_result && line->result.err;
    tell(line, was_bad, e, fault);
    line->result.at_us = clock_now_us();
    line->result.err = e;
    line->result.objects += pulled->objects;
    memcpy(line->result.words, e ? fault->what : "", e ? sizeof fault->what : 1);
    line->has_result = true;
    line->backoff = !e ? 1 : line->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : line->backoff * 2;
    line->due_us = clock_mono_us() + next_pause_us(line);
    line->under_way = false;
}

static void run_round(struct peer_loop *l, struct line *line)
{
    struct taxii_pulled pulled = {0};
    struct fault fault = {0};
    enum err e = line->http ? OK : peer_client(text_of(line->url), &line->http, &fault);
    if (e == OK)
        e = peer_sync_with(l->node, line->http, &line->party, &l->stop, &pulled, &fault);
    if (atomic_load(&l->stop) && e == ERR_CANCELLED)
        e = OK;
    pthread_mutex_lock(&l->lock);
    note_result(line, e, &fault, &pulled);
    l->position = UINT64_MAX; /* what changed meanwhile was passed over for this one */
    pthread_mutex_unlock(&l->lock);
}

static void wait_a_little(struct peer_loop *l, int64_t now_us)
{
    if (l->looking) {
        pthread_cond_wait(&l->wake, &l->lock);
        return;
    }
    int64_t until_us = now_us + LOOP_LOOK_MS * 1000;
    for (size_t i = 0; i < l->count; i++)
        if (l->lines[i]->listed && !l->lines[i]->under_way && l->lines[i]->due_us < until_us)
            until_us = l->lines[i]->due_us;
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = (long)(until_us % 1000000) * 1000};
    l->looking = true;
    pthread_cond_timedwait(&l->wake, &l->lock, &t);
    l->looking = false;
}

static void *work(void *self)
{
    struct peer_loop *l = self;
    pthread_mutex_lock(&l->lock);
    while (!atomic_load(&l->stop)) {
        read_list(l);
        int64_t now_us = clock_mono_us();
        struct line *line = most_due(l, now_us);
        if (!line) {
            wait_a_little(l, now_us);
            continue;
        }
        line->under_way = true;
        pthread_cond_signal(&l->wake); /* somebody else looks out for the next */
        pthread_mutex_unlock(&l->lock);
        run_round(l, line);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- life ---- */

static void init_sync(struct peer_loop *l)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&l->lock, NULL);
}

enum err peer_loop_start(struct node *node, struct peer_loop **ret, struct fault *reterr)
{
    struct peer_loop *l = calloc(1, sizeof *l);
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "no memory for the peers' loop");
    l->node = node;
    l->position = UINT64_MAX;
    init_sync(l);
    /* An update that a crash cut off after the settings, and before their opening, is made up for. */
    enum err e = taxii_openings_update(node, reterr);
    while (e == OK && l->worker_count < LOOP_WORKERS) {
        if (pthread_create(&l->workers[l->worker_count], NULL, work, l))
            e = fault_set(reterr, ERR_NOMEM, "a thread for the peers' loop could not be started");
        else
            l->worker_count++;
    }
    if (e) {
        peer_loop_stop(l);
        return e;
    }
    *ret = l;
    return OK;
}

void peer_loop_stop(struct peer_loop *l)
{
    if (!l)
        return;
    atomic_store(&l->stop, true);
    pthread_mutex_lock(&l->lock);
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->worker_count; i++)
        pthread_join(l->workers[i], NULL);
    for (size_t i = 0; i < l->count; i++)
        line_free(l->lines[i]);
    free(l->lines);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

bool peer_loop_result(struct peer_loop *l, const struct uuid *party, struct peer_result *ret)
{
    pthread_mutex_lock(&l->lock);
    const struct line *line = line_of(l, party);
    bool known = line && line->has_result;
    if (known)
        *ret = line->result;
    pthread_mutex_unlock(&l->lock);
    return known;
}
