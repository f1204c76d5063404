/* exchange/peer_loop.c - keeps every partner's round going: what rounds.h does, for partners. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "exchange/peer_ear.h"
#include "exchange/rounds.h"

#define LOOP_WORKERS  4
#define TELL_AGAIN_US ((int64_t)3600 * 1000000)

struct line {                 /* to one partner */
    char *url;                /* owned; the client's */
    struct http_client *http; /* used by who has the line under way */
    bool has_result;          /* this and the next under the loop's lock */
    struct peer_result result;
    int64_t told_us; /* when something was last logged of it; 0: never */
    bool told_bad;   /* ... and that was a fault */
};
struct peer_loop {
    struct node *node;
    struct rounds *rounds;
    struct peer_ears *ears;
    pthread_mutex_t lock;
};

/* ---- the list ---- */

static void line_free(void *of)
{
    struct line *line = of;
    http_client_free(line->http);
    free(line->url);
}

static enum err line_set_url(struct line *line, struct text url)
{
    char *copy = strndup(url.ptr, url.len);
    if (!copy)
        return ERR_NOMEM;
    free(line->url);
    line->url = copy;
    http_client_free(line->http);
    line->http = NULL;
    return OK;
}

static enum err on_peer(void *self, const struct fact *f)
{
    struct rounds *r = self;
    const struct fact_peer *p = &f->u.peer;
    void *of;
    bool under_way;
    if (p->expelled || !p->url.len)
        return OK;
    enum err e =
        rounds_keep(r, &p->party, p->poll_ms ? p->poll_ms : PEER_POLL_MS_DEFAULT, clock_mono_us(), &of, &under_way);
    struct line *line = of;
    if (e || under_way || (line->url && text_eq(text_of(line->url), p->url)))
        return e;
    e = line_set_url(line, p->url);
    rounds_hurry(r, &p->party);
    return e;
}

static enum err list(void *self, struct rounds *r, struct view *v, struct fault *reterr)
{
    (void)self;
    return view_facts(v, FACT_PEER, on_peer, r, reterr);
}

/* ---- one round ---- */

/* A line to a partner is news when it breaks and when it is up again, not at every round in between; one that goes up
 * and down is news once an hour. What was wrong though all went well is news when it changes. */
static void tell(struct line *line, const struct uuid *id, enum err e, const char *words)
{
    char party[UUID_TEXT_MAX];
    const int64_t now_us = clock_mono_us();
    const bool lately = line->told_us && now_us - line->told_us < TELL_AGAIN_US;
    uuid_format(id, party);
    const struct log_field fields[] = {{"peer", party}, {"code", err_name(e)}};
    if (e && !line->told_bad && !lately) {
        log_fields(LOG_WARNING, fields, ARRAY_LEN(fields), "peer %s: %s", party, words);
        line->told_bad = true;
        line->told_us = now_us;
    } else if (!e && line->told_bad) {
        log_fields(LOG_INFO, fields, 1, "peer %s: answers again", party);
        line->told_bad = false;
    }
    if (!e && words[0] && !(line->has_result && strcmp(line->result.words, words) == 0))
        log_fields(LOG_WARNING, fields, 1, "peer %s: %s", party, words);
}

static void note_result(struct line *line, const struct uuid *party, enum err e, const struct fault *fault,
                        const struct taxii_pulled *pulled)
{
    const char *failed = fault->what[0] ? fault->what : err_name(e);
    const char *words = e ? failed : pulled->words;
    tell(line, party, e, words);
    line->result.at_us = clock_now_us();
    line->result.err = e;
    line->result.failures = e ? line->result.failures + 1 : 0;
    line->result.objects += pulled->objects;
    snprintf(line->result.words, sizeof line->result.words, "%s", words);
    line->has_result = true;
}

static struct rounds_outcome run(void *self, const struct uuid *party, void *of, const atomic_bool *stop)
{
    struct peer_loop *l = self;
    struct line *line = of;
    struct taxii_pulled pulled = {0};
    struct fault fault = {0};
    enum err e = line->http ? OK : peer_client(text_of(line->url), stop, &line->http, &fault);
    if (e == OK)
        e = peer_sync_with(l->node, line->http, party, stop, true, &pulled, &fault);
    if (atomic_load(stop) && e == ERR_CANCELLED)
        e = OK;
    pthread_mutex_lock(&l->lock);
    note_result(line, party, e, &fault, &pulled);
    pthread_mutex_unlock(&l->lock);
    if (e == OK)
        peer_ears_tell(l->ears, party, pulled.objects);
    return (struct rounds_outcome){.failed = e != OK,
                                   .unfinished = e == OK && pulled.unfinished,
                                   .retry_after_s = e && line->http ? http_client_retry_s(line->http) : 0};
}

/* ---- life ---- */

enum err peer_loop_start(struct node *node, struct peer_loop **ret, struct fault *reterr)
{
    struct peer_loop *l = calloc(1, sizeof *l);
    if (!l)
        return fault_set(reterr, ERR_NOMEM, "no memory for the peers' loop");
    l->node = node;
    pthread_mutex_init(&l->lock, NULL);
    const struct rounds_job job = {.what = "peers",
                                   .list = list,
                                   .run = run,
                                   .free_line = line_free,
                                   .line_bytes = sizeof(struct line),
                                   .workers = LOOP_WORKERS,
                                   .self = l};
    /* An update that a crash cut off after the settings, and before their opening, is made up for. */
    enum err e = taxii_openings_update(node, reterr);
    if (e == OK)
        e = peer_ears_new(node, &l->ears);
    if (e == OK)
        e = rounds_start(node, &job, &l->rounds, reterr);
    if (e == OK)
        peer_ears_serve(l->ears, l->rounds);
    if (e)
        peer_loop_stop(l);
    else
        *ret = l;
    return e;
}

static enum err hurry_hub(void *self, const struct fact *f)
{
    if (f->u.peer.partner_kind == RECIPIENT_HUB)
        rounds_soon(self, &f->u.peer.party);
    return OK;
}

void peer_loop_tell_hubs(struct peer_loop *l)
{
    struct view *v;
    if (node_reader(l->node, &v, NULL) != OK)
        return; /* at its next round, then */
    if (view_facts(v, FACT_PEER, hurry_hub, l->rounds, NULL))
        log_debug("hubs are told at their next round");
    node_reader_done(l->node, v);
}

const struct pulse *peer_loop_pulse(const struct peer_loop *l)
{
    return rounds_pulse(l->rounds);
}

void peer_loop_stop(struct peer_loop *l)
{
    if (!l)
        return;
    peer_ears_halt(l->ears);
    rounds_stop(l->rounds);
    peer_ears_free(l->ears);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct looking {
    struct peer_loop *loop;
    struct peer_result *ret;
    bool known;
};

static void look(void *to, const void *of)
{
    struct looking *q = to;
    const struct line *line = of;
    pthread_mutex_lock(&q->loop->lock);
    q->known = line->has_result;
    if (q->known)
        *q->ret = line->result;
    pthread_mutex_unlock(&q->loop->lock);
}

bool peer_loop_result(struct peer_loop *l, const struct uuid *party, struct peer_result *ret)
{
    struct looking q = {l, ret, false};
    (void)rounds_look(l->rounds, party, look, &q);
    return q.known;
}
