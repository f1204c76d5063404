/* exchange/page_cache.c - a handful of answers, the least used first to go.
 *
 * Invariants: 1. what is kept was asked for twice in its position. 2. nothing is kept of a position before the newest
 * asked for, nor of a view that was thrown away: what was erased is not held on to. */
#include "exchange/page_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "release/outbound.h"

#define KEPT_MAX       256
#define KEPT_MAX_BYTES (16 * MIB) /* of all */
#define PAGE_MAX_BYTES (4 * MIB)  /* of one */
#define ASKED_SLOTS    1024       /* questions remembered, to know which are asked again */

struct kept {
    uint64_t hash; /* of the question; 0: free */
    char *question;
    size_t question_len, bytes;
    struct page_state state;
    uint64_t used;
    struct outbound *answer;
};
struct page_cache {
    pthread_mutex_t lock;
    struct kept kept[KEPT_MAX];
    size_t bytes;
    uint64_t uses, position, epoch;
    uint64_t asked[ASKED_SLOTS];
};

enum err page_cache_new(struct page_cache **ret)
{
    struct page_cache *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return OK;
}

static void drop(struct page_cache *c, struct kept *k)
{
    c->bytes -= k->bytes;
    outbound_free(k->answer);
    free(k->question);
    *k = (struct kept){0};
}

static void drop_all(struct page_cache *c)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (c->kept[i].hash)
            drop(c, &c->kept[i]);
}

void page_cache_free(struct page_cache *c)
{
    if (!c)
        return;
    drop_all(c);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static uint64_t hash_of(struct text question)
{
    uint64_t hash = xxh3_of(question.ptr, question.len);
    return hash ? hash : 1;
}

/* A reader that is behind (its snapshot was taken earlier) neither finds nor keeps. */
static bool is_newest(struct page_cache *c, const struct page_state *now)
{
    if (now->position > c->position || now->epoch > c->epoch) {
        drop_all(c);
        c->position = now->position;
        c->epoch = now->epoch;
    }
    return now->position == c->position && now->epoch == c->epoch;
}

static struct kept *find(struct page_cache *c, struct text question, uint64_t hash)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (c->kept[i].hash == hash && text_eq((struct text){c->kept[i].question, c->kept[i].question_len}, question))
            return &c->kept[i];
    return NULL;
}

static bool holds(const struct kept *k, const struct page_state *now)
{
    return k->state.late_version == now->late_version && now->now_us < k->state.holds_until_us;
}

struct outbound *page_cache_find(struct page_cache *c, struct text question, const struct page_state *now)
{
    struct outbound *found = NULL;
    uint64_t hash = hash_of(question);
    pthread_mutex_lock(&c->lock);
    struct kept *k = is_newest(c, now) ? find(c, question, hash) : NULL;
    if (k && holds(k, now)) {
        k->used = ++c->uses;
        found = outbound_again(k->answer);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

/* ---- keeping ---- */

static bool asked_before(struct page_cache *c, uint64_t hash)
{
    uint64_t mark = hash ^ c->position * 0x9E3779B97F4A7C15u;
    uint64_t *slot = &c->asked[mark % ASKED_SLOTS];
    bool again = *slot == mark;
    *slot = mark;
    return again;
}

/* A free place, with room for so many bytes. */
static struct kept *make_room(struct page_cache *c, size_t bytes)
{
    for (;;) {
        struct kept *free_one = NULL, *oldest = NULL;
        for (size_t i = 0; i < KEPT_MAX; i++) {
            struct kept *k = &c->kept[i];
            if (!k->hash)
                free_one = k;
            else if (!oldest || k->used < oldest->used)
                oldest = k;
        }
        if (!oldest || (free_one && c->bytes + bytes <= KEPT_MAX_BYTES))
            return free_one;
        drop(c, oldest);
    }
}

static void keep(struct page_cache *c, struct text question, uint64_t hash, const struct page_state *now,
                 struct outbound *o)
{
    size_t bytes = outbound_body(o).len + question.len + KIB; /* and its headers */
    char *copy = bytes <= PAGE_MAX_BYTES ? malloc(question.len + 1) : NULL;
    if (!copy)
        return;
    memcpy(copy, question.ptr, question.len);
    struct kept *old = find(c, question, hash);
    if (old)
        drop(c, old);
    *make_room(c, bytes) = (struct kept){.hash = hash,
                                         .question = copy,
                                         .question_len = question.len,
                                         .bytes = bytes,
                                         .state = *now,
                                         .used = ++c->uses,
                                         .answer = outbound_again(o)};
    c->bytes += bytes;
}

void page_cache_offer(struct page_cache *c, struct text question, const struct page_state *now, struct outbound *o)
{
    uint64_t hash = hash_of(question);
    pthread_mutex_lock(&c->lock);
    if (question.len && is_newest(c, now) && asked_before(c, hash))
        keep(c, question, hash, now, o);
    pthread_mutex_unlock(&c->lock);
}
