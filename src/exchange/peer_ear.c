/* exchange/peer_ear.c - one ear a partner.
 *
 *     IDLE --told of a round--> LISTENING --news--> IDLE, and the round is due
 *     LISTENING --no news, the wait is over--> LISTENING
 *     LISTENING --no such offer, a failure, news that were none--> DEAF for a while, then IDLE
 *
 * A server that does not say `Preference-Applied: wait` is polled as ever, and asked again after an hour: it may have
 * been replaced. One that calls without news, or answers at once without any, is taken for one that does not offer
 * it. */
#include "exchange/peer_ear.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"
#include "exchange/pull_page.h"
#include "net/prefer.h"
#include "release/outbound.h"

#define WAIT_S        45
#define ANSWER_MAX_MS (2 * WAIT_S * 1000)
#define DEAF_US       ((int64_t)3600 * 1000000)
#define FAILED_US     ((int64_t)30 * 1000000)
#define IN_VAIN_MAX   3
#define AT_ONCE_US    ((int64_t)1000000)
#define ANSWER_BYTES  (16 * MIB)
#define EAR_ARENA     (64 * KIB)
#define EAR_STACK     (512 * KIB)
#define SECOND_US     ((int64_t)1000000)

enum heard { HEARD_NEWS, HEARD_NOTHING, HEARD_NO_OFFER, HEARD_FAULT };

struct ear {
    struct peer_ears *ears;
    struct uuid party;
    pthread_t thread;
    bool told, called; /* called: news was heard, and the round since then has not ended */
    unsigned in_vain;
    int64_t deaf_until_us; /* monotonic */
};

struct peer_ears {
    struct node *node;
    atomic_bool stop;
    pthread_mutex_t lock; /* of what follows, and of each ear */
    struct rounds *rounds;
    pthread_cond_t changed;
    struct ear *list[PEER_EARS_MAX];
    size_t count;
};

/* ---- one question ---- */

struct hearing {
    struct node *node;
    struct arena arena;
    struct fact_peer peer;
    struct taxii_remote remote;
    struct pull_cursor cursor;
};

static enum err read_peer(struct hearing *h, const struct uuid *party, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(h->node, &v, reterr);
    if (e)
        return e;
    e = peer_read(v, party, &h->arena, &h->peer, reterr);
    node_reader_done(h->node, v);
    if (e == OK && (h->peer.expelled || !h->peer.url.len))
        e = fault_set(reterr, ERR_DENIED, "nothing is asked of this peer");
    if (e)
        return e;
    h->remote.api_root = h->peer.url;
    h->remote.collection = h->peer.collection;
    e = peer_secret(h->node, party, &h->arena, &h->remote.auth, reterr);
    if (e)
        return e;
    struct text key = peer_cursor_key(&h->arena, &h->peer);
    return key.ptr ? pull_cursor_load(node_local(h->node), key, &h->cursor, reterr) : ERR_NOMEM;
}

static void write_question(const struct hearing *h, struct buffer *url)
{
    char text[STAMP_TEXT_MAX];
    remote_url(&h->remote, "collections/", url);
    buffer_add(url, h->remote.collection);
    buffer_add(url, TEXT("/objects/"));
    remote_parameter(url, true, "limit", TEXT("1"));
    if (h->cursor.has_last)
        remote_parameter(url, false, "added_after", stamp_format(h->cursor.last, text));
    buffer_add_char(url, '\0');
}

/* What it says is not read here, only whether it says anything: the round's reader does. */
static enum heard judge(const struct http_client *http, const struct http_answer *a)
{
    if (a->status != 200)
        return HEARD_FAULT;
    if (!http_client_waited(http))
        return HEARD_NO_OFFER;
    return text_find_text(buffer_text(&a->body), TEXT("\"objects\"")) >= 0 ? HEARD_NEWS : HEARD_NOTHING;
}

static enum heard ask(struct hearing *h, struct http_client *http)
{
    const struct page_field prefer = {"prefer", FIELD_TEXT, TEXT("wait=45"), 0};
    struct outbound *request = NULL;
    struct http_answer answer = {0};
    struct fault why = {0};
    struct buffer url;
    buffer_init(&url, URL_MAX_BYTES);
    write_question(h, &url);
    enum err e = buffer_error(&url);
    if (e == OK)
        e = outbound_protocol(PAGE_REQUEST_GET, 0, &prefer, 1, NULL, 0, &request);
    if (e == OK)
        e = http_send(http, "GET", url.ptr, TAXII_MEDIA_TYPE, &h->remote.auth, request, &answer, &why);
    enum heard heard = e == OK ? judge(http, &answer) : e == ERR_LIMIT ? HEARD_NEWS : HEARD_FAULT;
    if (e == OK)
        http_answer_done(&answer);
    outbound_free(request);
    buffer_done(&url);
    return heard;
}

static enum heard listen_once(struct ear *ear)
{
    struct hearing h = {.node = ear->ears->node};
    struct http_client *http = NULL;
    struct fault why = {0};
    enum heard heard = HEARD_FAULT;
    arena_init(&h.arena, EAR_ARENA);
    if (read_peer(&h, &ear->party, &why) == OK) {
        const struct http_client_options options = {.answer_max_bytes = ANSWER_BYTES,
                                                    .timeout_ms = ANSWER_MAX_MS,
                                                    .allow_plain = text_starts(h.peer.url, TEXT("http://")),
                                                    .cancel = &ear->ears->stop};
        if (http_client_new(&options, &http) == OK)
            heard = ask(&h, http);
    }
    http_client_free(http);
    arena_done(&h.arena);
    return heard;
}

/* ---- one ear ---- */

static void go_deaf(struct ear *ear, int64_t for_us)
{
    ear->deaf_until_us = clock_mono_us() + for_us;
    ear->in_vain = 0;
}

/* Under the lock. */
static void count_in_vain(struct ear *ear)
{
    if (++ear->in_vain >= IN_VAIN_MAX)
        go_deaf(ear, DEAF_US);
}

static void take(struct ear *ear, enum heard heard, int64_t took_us)
{
    struct peer_ears *ears = ear->ears;
    struct rounds *rounds = ears->rounds;
    switch (heard) {
    case HEARD_NEWS:
        ear->called = true;
        pthread_mutex_unlock(&ears->lock);
        if (rounds)
            rounds_soon(rounds, &ear->party);
        pthread_mutex_lock(&ears->lock);
        break;
    case HEARD_NOTHING:
        ear->told = true;
        if (took_us < AT_ONCE_US)
            count_in_vain(ear);
        break;
    case HEARD_NO_OFFER: go_deaf(ear, DEAF_US); break;
    case HEARD_FAULT: go_deaf(ear, FAILED_US); break;
    }
}

static void sleep_a_little(struct peer_ears *ears)
{
    int64_t until_us = clock_mono_us() + SECOND_US;
    struct timespec until = {.tv_sec = until_us / SECOND_US, .tv_nsec = (long)(until_us % SECOND_US) * 1000};
    pthread_cond_timedwait(&ears->changed, &ears->lock, &until);
}

static void *hear(void *self)
{
    struct ear *ear = self;
    struct peer_ears *ears = ear->ears;
    pthread_mutex_lock(&ears->lock);
    while (!atomic_load(&ears->stop)) {
        if (!ear->told) {
            pthread_cond_wait(&ears->changed, &ears->lock);
        } else if (clock_mono_us() < ear->deaf_until_us) {
            sleep_a_little(ears);
        } else {
            ear->told = false;
            pthread_mutex_unlock(&ears->lock);
            int64_t start_us = clock_mono_us();
            enum heard heard = listen_once(ear);
            pthread_mutex_lock(&ears->lock);
            take(ear, heard, clock_mono_us() - start_us);
        }
    }
    pthread_mutex_unlock(&ears->lock);
    return NULL;
}

/* ---- all of them ---- */

enum err peer_ears_new(struct node *node, struct peer_ears **ret)
{
    struct peer_ears *ears = calloc(1, sizeof *ears);
    if (!ears)
        return ERR_NOMEM;
    ears->node = node;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ears->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&ears->lock, NULL);
    *ret = ears;
    return OK;
}

void peer_ears_serve(struct peer_ears *ears, struct rounds *rounds)
{
    pthread_mutex_lock(&ears->lock);
    ears->rounds = rounds;
    pthread_mutex_unlock(&ears->lock);
}

/* NULL: no room for one more; the partner is polled. */
static struct ear *ear_of(struct peer_ears *ears, const struct uuid *party)
{
    for (size_t i = 0; i < ears->count; i++)
        if (uuid_eq(&ears->list[i]->party, party))
            return ears->list[i];
    struct ear *ear = ears->count < PEER_EARS_MAX ? calloc(1, sizeof *ear) : NULL;
    if (!ear)
        return NULL;
    *ear = (struct ear){.ears = ears, .party = *party};
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, EAR_STACK);
    bool started = pthread_create(&ear->thread, &small, hear, ear) == 0;
    pthread_attr_destroy(&small);
    if (!started) {
        free(ear);
        return NULL;
    }
    return ears->list[ears->count++] = ear;
}

void peer_ears_tell(struct peer_ears *ears, const struct uuid *party, uint64_t objects)
{
    pthread_mutex_lock(&ears->lock);
    struct ear *ear = atomic_load(&ears->stop) ? NULL : ear_of(ears, party);
    if (ear) {
        if (objects)
            ear->in_vain = 0;
        else if (ear->called)
            count_in_vain(ear);
        ear->called = false;
        ear->told = true;
        pthread_cond_broadcast(&ears->changed);
    }
    pthread_mutex_unlock(&ears->lock);
}

void peer_ears_halt(struct peer_ears *ears)
{
    if (!ears)
        return;
    pthread_mutex_lock(&ears->lock);
    atomic_store(&ears->stop, true);
    pthread_cond_broadcast(&ears->changed);
    pthread_mutex_unlock(&ears->lock);
    for (size_t i = 0; i < ears->count; i++)
        pthread_join(ears->list[i]->thread, NULL);
}

void peer_ears_free(struct peer_ears *ears)
{
    if (!ears)
        return;
    for (size_t i = 0; i < ears->count; i++)
        free(ears->list[i]);
    pthread_cond_destroy(&ears->changed);
    pthread_mutex_destroy(&ears->lock);
    free(ears);
}
