/* A ring of slots, filled and printed in order, worked on in any.
 *
 * Slot: FREE -add-> FULL -worker-> BUSY -worker-> DONE -print-> FREE. head: next to fill; tail: next to print; the
 * slots between are not FREE. Invariant: output leaves in the order in which blocks came. */
#include "command/match_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"

#define POOL_OUTPUT_MAX (256 * MIB) /* hits of one block; a block that is all hits makes some 20 times its size */

enum slot_state { SLOT_FREE, SLOT_FULL, SLOT_BUSY, SLOT_DONE };

struct slot {
    enum slot_state state;
    struct buffer lines;
    struct pool_output out;
    struct pool_block block;
};

struct match_pool {
    pool_work *work;
    pool_print *print;
    void *self;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slots;
    size_t slot_count, head, tail; /* ever growing; modulo slot_count */
    pthread_t *threads;
    unsigned started, numbered;
    enum err err;
    bool stop;
};

static struct slot *find_full(struct match_pool *p)
{
    for (size_t i = p->tail; i < p->head; i++) {
        struct slot *s = &p->slots[i % p->slot_count];
        if (s->state == SLOT_FULL)
            return s;
    }
    return NULL;
}

static void *worker(void *arg)
{
    struct match_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    unsigned number = p->numbered++;
    for (;;) {
        struct slot *s = find_full(p);
        if (!s && p->stop)
            break;
        if (!s) {
            pthread_cond_wait(&p->changed, &p->lock);
            continue;
        }
        s->state = SLOT_BUSY;
        pthread_mutex_unlock(&p->lock);
        enum err err = p->work(p->self, number, &s->block, &s->out);
        if (!err)
            err = buffer_error(&s->out.text) ? buffer_error(&s->out.text) : buffer_error(&s->out.later);
        pthread_mutex_lock(&p->lock);
        s->state = SLOT_DONE;
        p->err = p->err ? p->err : err;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum err match_pool_new(unsigned threads, pool_work *work, pool_print *print, void *self, struct match_pool **ret)
{
    struct match_pool *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    *p = (struct match_pool){.work = work, .print = print, .self = self, .slot_count = (size_t)threads * 2};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->slots = calloc(p->slot_count, sizeof *p->slots);
    p->threads = calloc(threads, sizeof *p->threads);
    for (size_t i = 0; p->slots && i < p->slot_count; i++) {
        buffer_init(&p->slots[i].lines, 16 * MIB);
        buffer_init(&p->slots[i].out.text, POOL_OUTPUT_MAX);
        buffer_init(&p->slots[i].out.later, POOL_OUTPUT_MAX);
    }
    while (p->slots && p->threads && p->started < threads &&
           pthread_create(&p->threads[p->started], NULL, worker, p) == 0)
        p->started++;
    if (p->started < threads) {
        match_pool_free(p);
        return ERR_NOMEM;
    }
    *ret = p;
    return OK;
}

/* Prints what is done at the tail. Called with the lock held. */
static void print_done(struct match_pool *p)
{
    while (p->tail < p->head && p->slots[p->tail % p->slot_count].state == SLOT_DONE) {
        struct slot *s = &p->slots[p->tail % p->slot_count];
        if (s->out.text.len || s->out.later.len)
            p->print(p->self, &s->out);
        buffer_clear(&s->out.text);
        buffer_clear(&s->out.later);
        s->state = SLOT_FREE;
        p->tail++;
    }
}

enum err match_pool_add(struct match_pool *p, const struct pool_block *block)
{
    pthread_mutex_lock(&p->lock);
    for (print_done(p); p->head - p->tail == p->slot_count; print_done(p))
        pthread_cond_wait(&p->changed, &p->lock);
    struct slot *s = &p->slots[p->head % p->slot_count];
    enum err err = p->err;
    pthread_mutex_unlock(&p->lock);
    if (err)
        return err;
    buffer_clear(&s->lines);
    buffer_add(&s->lines, block->lines);
    if (buffer_error(&s->lines))
        return buffer_error(&s->lines);
    s->block = *block;
    s->block.lines = buffer_text(&s->lines);
    pthread_mutex_lock(&p->lock);
    s->state = SLOT_FULL;
    p->head++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return OK;
}

enum err match_pool_finish(struct match_pool *p)
{
    pthread_mutex_lock(&p->lock);
    for (print_done(p); p->tail < p->head; print_done(p))
        pthread_cond_wait(&p->changed, &p->lock);
    enum err err = p->err;
    pthread_mutex_unlock(&p->lock);
    return err;
}

void match_pool_free(struct match_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    for (size_t i = 0; p->slots && i < p->slot_count; i++) {
        buffer_done(&p->slots[i].lines);
        buffer_done(&p->slots[i].out.text);
        buffer_done(&p->slots[i].out.later);
    }
    free(p->slots);
    free(p->threads);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    free(p);
}
