/* exchange/taxii_wait.c - who waits for news, and one thread that looks at what came for all of them at once.
 *
 * A waiter keeps what its empty page was made of: the position of the log, the classes that are cleared for its
 * recipient, and until when that holds. When the log has moved, the thread reads what came, once: the classes of new
 * versions, and whether anything else may open something. Only those for whom it may matter are woken, and make their
 * page anew: what the gate says is said there and nowhere here, so waking too many costs time and no secret.
 *
 *     page empty --hold--> waiting --woken, time, stop--> page made again, by the same way as any other
 *
 * Invariants: 1. all entries before `looked_to` were looked at for all who waited then. 2. who comes with a page of
 * an earlier state than that is called again at once. 3. entries from a waiter's position on are looked at, or it is
 * woken without. With these and the HTTP server's own, no news is missed between look and hold. */
#include "exchange/taxii_wait.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "net/prefer.h"

/* New entries are looked at together: an import makes hundreds of groups a second. */
#define PAUSE_MS 5
/* Who is woken makes a page: so many a millisecond are given the time for it. */
#define PAGES_PER_MS  5
#define PAUSE_MOST_MS 200
/* More entries than that, or more classes: everybody is woken. */
#define LOOK_MAX    10000
#define CLASSES_MAX 64
#define LOOK_BYTES  (1 * MIB)
/* The position of one that is about to look. */
#define NOT_LOOKED UINT64_MAX

struct waiter {
    struct waits *book;
    struct waiter *next, *previous; /* under the book's lock, with all below */
    struct http_server *server;
    int64_t deadline_us; /* monotonic */
    uint64_t position;   /* entries that its page was made of, or that came later and do not concern it */
    uint32_t *ids;       /* cleared classes, sorted */
    size_t id_count;
    uint32_t class_max; /* later ones are unknown to it */
};

struct waits {
    struct node *node;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    uint64_t moved_to, looked_to;
    struct waiter *first;
};

/* ---- what came ---- */

struct news {
    uint64_t from, to;
    bool all; /* everybody may be concerned */
    uint32_t classes[CLASSES_MAX];
    size_t count;
};

/* Entries that open nothing to anybody. What is not named here wakes everybody. */
static bool opens_nothing(struct text kind)
{
    static const enum fact_kind quiet[] = {FACT_HITS,    FACT_RELEASE, FACT_DOCUMENT, FACT_ORIGIN,
                                           FACT_ERASURE, FACT_ACT,     FACT_LIST,     FACT_RULING};
    for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
        if (text_eq(kind, text_of(fact_kind_name(quiet[i]))))
            return true;
    return false;
}

static void add_class(struct news *news, uint32_t class_id)
{
    for (size_t i = 0; i < news->count; i++)
        if (news->classes[i] == class_id)
            return;
    if (news->count < CLASSES_MAX)
        news->classes[news->count++] = class_id;
    else
        news->all = true;
}

static void look_at(struct waits *w, struct view *v, struct arena *arena, uint64_t n, struct news *news)
{
    struct version_row row;
    struct log_read read;
    struct fault why = {0};
    enum err e = view_by_entry(v, n, &row, &why);
    if (e == OK && (row.standing == STANDING_CURRENT || row.standing == STANDING_OLDER)) {
        add_class(news, row.class_id);
    } else if (e == ERR_NOT_FOUND) {
        arena_reset(arena);
        e = node_entry(w->node, n, arena, &read, &why);
        news->all |= e != OK || !opens_nothing(read.entry.kind);
    } else if (e) {
        news->all = true;
    }
}

static void look(struct waits *w, struct news *news)
{
    struct view *v;
    struct arena arena;
    struct fault why = {0};
    if (node_reader(w->node, &v, &why)) {
        log_error("waiting partners: what came cannot be read: %s", why.what);
        news->all = true;
        return;
    }
    news->to = view_position(v);
    news->all = news->to > news->from + LOOK_MAX;
    arena_init(&arena, LOOK_BYTES);
    for (uint64_t n = news->from; n < news->to && !news->all; n++)
        look_at(w, v, &arena, n, news);
    arena_done(&arena);
    node_reader_done(w->node, v);
}

/* ---- who is concerned ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool concerns(const struct waiter *waiter, const struct news *news)
{
    if (news->all || waiter->position < news->from)
        return true;
    for (size_t i = 0; i < news->count; i++) {
        const uint32_t *class_id = &news->classes[i];
        if (*class_id > waiter->class_max ||
            (waiter->id_count && bsearch(class_id, waiter->ids, waiter->id_count, sizeof *class_id, by_number)))
            return true;
    }
    return false;
}

/* Was it woken? */
static bool tell(struct waiter *waiter, const struct news *news)
{
    if (waiter->position >= news->to)
        return false;
    bool wake = concerns(waiter, news);
    waiter->position = wake ? NOT_LOOKED : news->to; /* once is enough until it has looked again */
    if (wake)
        http_wake(waiter->server, waiter);
    return wake;
}

static void pause_ms(struct waits *w, int ms)
{
    int64_t until_us = clock_mono_us() + (int64_t)ms * 1000;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = (long)(until_us % 1000000) * 1000};
    while (!w->stop && clock_mono_us() < until_us)
        pthread_cond_timedwait(&w->changed, &w->lock, &until);
}

/* What somebody has to be told of begins here: who comes later with an earlier page is called again. */
static uint64_t first_unseen(const struct waits *w)
{
    uint64_t from = w->moved_to;
    for (const struct waiter *waiter = w->first; waiter; waiter = waiter->next)
        if (waiter->position < from)
            from = waiter->position;
    return from > w->looked_to ? from : w->looked_to;
}

static void *look_out(void *self)
{
    struct waits *w = self;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->first || w->moved_to <= w->looked_to) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        struct news news = {.from = first_unseen(w), .to = w->moved_to};
        pthread_mutex_unlock(&w->lock);
        look(w, &news);
        pthread_mutex_lock(&w->lock);
        int woken = 0;
        for (struct waiter *waiter = w->first; waiter; waiter = waiter->next)
            woken += tell(waiter, &news);
        w->looked_to = news.to;
        int pause = PAUSE_MS + woken / PAGES_PER_MS;
        pause_ms(w, pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void waits_moved(struct waits *w, uint64_t entries)
{
    pthread_mutex_lock(&w->lock);
    w->moved_to = entries;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* ---- one that waits ---- */

static void waiter_free(void *state)
{
    struct waiter *waiter = state;
    struct waits *w = waiter->book;
    pthread_mutex_lock(&w->lock);
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        w->first = waiter->next;
    pthread_mutex_unlock(&w->lock);
    free(waiter->ids);
    free(waiter);
}

static struct waiter *waiter_new(struct waits *w, const struct http_request *r, uint32_t wait_s)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return NULL;
    waiter->book = w;
    waiter->server = r->server;
    waiter->position = NOT_LOOKED;
    waiter->deadline_us = clock_mono_us() + (int64_t)wait_s * 1000000;
    pthread_mutex_lock(&w->lock);
    waiter->next = w->first;
    if (waiter->next)
        waiter->next->previous = waiter;
    w->first = waiter;
    pthread_mutex_unlock(&w->lock);
    return waiter;
}

/* What it looked at. *ret_again: more was looked at for the others meanwhile, it has to look once more. */
static enum err waiter_set(struct waiter *waiter, const struct clearance *c, bool *ret_again)
{
    struct waits *w = waiter->book;
    uint32_t *ids = calloc(c->id_count + 1, sizeof *ids);
    if (!ids)
        return ERR_NOMEM;
    if (c->id_count)
        memcpy(ids, c->ids, c->id_count * sizeof *ids);
    pthread_mutex_lock(&w->lock);
    free(waiter->ids);
    waiter->ids = ids;
    waiter->id_count = c->id_count;
    waiter->class_max = c->class_count ? c->classes[c->class_count - 1].class_id : 0;
    waiter->position = c->position;
    *ret_again = c->position < w->looked_to;
    if (w->moved_to > w->looked_to)
        pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return OK;
}

/* ---- the request ---- */

static struct outbound *hold(struct waits *w, const struct call *c, uint32_t wait_s)
{
    struct clearance *clearance;
    struct fault why = {0};
    struct waiter *waiter = c->request->held;
    bool again;
    if (clearances_get(c->server->clearances, c->view, &c->asker.recipient, c->now_us, &clearance, &why))
        return NULL;
    if (!waiter)
        waiter = waiter_new(w, c->request, wait_s);
    if (waiter && waiter_set(waiter, clearance, &again)) {
        if (!c->request->held)
            waiter_free(waiter);
        waiter = NULL;
    }
    int64_t holds_us = clearance->holds_until_us - c->now_us, now_us = clock_mono_us();
    clearance_unref(clearance);
    if (!waiter)
        return NULL;
    int64_t until_us = waiter->deadline_us;
    if (again)
        until_us = now_us;
    else if (holds_us < until_us - now_us) /* what begins with time */
        until_us = now_us + holds_us;
    return http_hold(c->request, until_us, waiter, waiter_free);
}

struct outbound *waits_hold(struct waits *w, const struct call *c, struct outbound *made)
{
    const struct http_request *r = c->request;
    const struct waiter *before = r->held;
    uint32_t wait_s;
    if (!made || outbound_status(made) != 200 || c->resource != RESOURCE_OBJECTS || c->head ||
        !http_prefers_wait(r, &wait_s))
        return NULL;
    http_applied_wait(r);
    wait_s = wait_s > TAXII_WAIT_MAX_S ? TAXII_WAIT_MAX_S : wait_s;
    bool nothing = text_eq(outbound_body(made), TEXT("{}")), over = before && clock_mono_us() >= before->deadline_us;
    if (!nothing || !wait_s || over || r->closing || !r->exchange)
        return NULL;
    struct outbound *held = hold(w, c, wait_s); /* NULL: without memory nobody waits */
    if (held)
        outbound_free(made);
    return held;
}

/* ---- life ---- */

enum err waits_new(struct node *node, struct waits **ret, struct fault *reterr)
{
    struct waits *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "no memory for those who wait");
    w->node = node;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
    if (pthread_create(&w->thread, NULL, look_out, w)) {
        pthread_mutex_destroy(&w->lock);
        pthread_cond_destroy(&w->changed);
        free(w);
        return fault_set(reterr, ERR_NOMEM, "a thread for those who wait could not be started");
    }
    *ret = w;
    return OK;
}

void waits_free(struct waits *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}
