#include "match/archive_work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "match/linetime.h"
#include "match/scan.h"

/* Memory of one thread. */
struct work {
    struct archive_ring *ring;
    struct scanner *scanner;
    struct packer *packer;
    pthread_t thread;
};

struct archive_ring {
    int64_t now_us;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct archive_slot *slots;
    size_t slot_count, head, tail; /* ever growing, modulo slot_count: the next to fill, the next to take */
    struct work *works;
    unsigned threads, started; /* started: threads of their own */
    bool stop;
};

/* ---- one block ---- */

static void take_time(int64_t us, struct archive_block *b)
{
    if (b->first_us == ARCHIVE_NO_TIME || us < b->first_us)
        b->first_us = us;
    if (b->last_us == ARCHIVE_NO_TIME || us > b->last_us)
        b->last_us = us;
}

static void read_times(struct text rest, int64_t now_us, struct archive_block *b)
{
    b->first_us = b->last_us = ARCHIVE_NO_TIME;
    b->lines = b->untimed = 0;
    while (rest.len) {
        const char *newline = memchr(rest.ptr, '\n', rest.len);
        size_t len = newline ? (size_t)(newline - rest.ptr) : rest.len;
        struct text line = {rest.ptr, len};
        int64_t us;
        if (len && line.ptr[len - 1] == '\r')
            line.len--;
        if (line_time(line, now_us, &us))
            take_time(us, b);
        else
            b->untimed++;
        b->lines++;
        rest = text_sub(rest, len + (newline != NULL), rest.len);
    }
}

static enum err work_on(struct work *w, struct archive_slot *s)
{
    struct text lines = buffer_text(&s->held);
    read_times(lines, w->ring->now_us, &s->block);
    keys_clear(&s->keys);
    buffer_clear(&s->packed);
    enum err err = scan_keys_block(w->scanner, lines, &s->keys);
    if (!err)
        err = pack(w->packer, lines, &s->packed);
    if (err)
        return err;
    s->block.packed_len = (uint32_t)s->packed.len;
    s->block.raw_len = (uint32_t)lines.len;
    s->block.check = xxh3_of(s->packed.ptr, s->packed.len);
    return OK;
}

/* ---- threads ---- */

static struct archive_slot *find_full(struct archive_ring *r)
{
    for (size_t i = r->tail; i < r->head; i++)
        if (r->slots[i % r->slot_count].state == ARCHIVE_SLOT_FULL)
            return &r->slots[i % r->slot_count];
    return NULL;
}

static void *worker(void *arg)
{
    struct work *w = arg;
    struct archive_ring *r = w->ring;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        struct archive_slot *s = r->stop ? NULL : find_full(r);
        if (r->stop)
            break;
        if (!s) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        s->state = ARCHIVE_SLOT_BUSY;
        pthread_mutex_unlock(&r->lock);
        s->err = work_on(w, s);
        pthread_mutex_lock(&r->lock);
        s->state = ARCHIVE_SLOT_DONE;
        pthread_cond_broadcast(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static enum err start_threads(struct archive_ring *r)
{
    while (r->threads > 1 && r->started < r->threads) {
        struct work *w = &r->works[r->started];
        if (pthread_create(&w->thread, NULL, worker, w) != 0)
            return ERR_NOMEM;
        r->started++;
    }
    return OK;
}

enum err archive_ring_new(unsigned threads, int64_t now_us, struct archive_ring **ret)
{
    struct archive_ring *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = (struct archive_ring){.now_us = now_us, .threads = threads, .slot_count = threads > 1 ? 2 * threads + 1 : 1};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->slots = calloc(r->slot_count, sizeof *r->slots);
    r->works = calloc(threads, sizeof *r->works);
    for (size_t i = 0; r->slots && i < r->slot_count; i++) {
        buffer_init(&r->slots[i].held, ARCHIVE_BLOCK_MAX);
        buffer_init(&r->slots[i].packed, 2 * ARCHIVE_BLOCK_MAX);
    }
    enum err err = r->slots && r->works ? OK : ERR_NOMEM;
    for (unsigned i = 0; i < threads && !err; i++) {
        r->works[i].ring = r;
        err = scanner_new(&r->works[i].scanner);
        if (!err)
            err = packer_new(&r->works[i].packer);
    }
    if (!err)
        err = start_threads(r);
    if (err) {
        archive_ring_free(r);
        return err;
    }
    *ret = r;
    return OK;
}

void archive_ring_free(struct archive_ring *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    for (unsigned i = 0; i < r->started; i++)
        pthread_join(r->works[i].thread, NULL);
    for (unsigned i = 0; r->works && i < r->threads; i++) {
        scanner_free(r->works[i].scanner);
        packer_free(r->works[i].packer);
    }
    for (size_t i = 0; r->slots && i < r->slot_count; i++) {
        buffer_done(&r->slots[i].held);
        buffer_done(&r->slots[i].packed);
        keys_done(&r->slots[i].keys);
    }
    free(r->slots);
    free(r->works);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    free(r);
}

/* ---- in order ---- */

struct archive_slot *archive_ring_head(struct archive_ring *r)
{
    return &r->slots[r->head % r->slot_count];
}

void archive_ring_submit(struct archive_ring *r)
{
    struct archive_slot *s = archive_ring_head(r);
    if (r->started == 0) {
        s->err = work_on(&r->works[0], s);
        s->state = ARCHIVE_SLOT_DONE;
        r->head++;
        return;
    }
    pthread_mutex_lock(&r->lock);
    s->state = ARCHIVE_SLOT_FULL;
    r->head++;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

bool archive_ring_full(const struct archive_ring *r)
{
    return r->head - r->tail == r->slot_count;
}

bool archive_ring_empty(const struct archive_ring *r)
{
    return r->head == r->tail;
}

struct archive_slot *archive_ring_take(struct archive_ring *r, bool wait)
{
    struct archive_slot *s = &r->slots[r->tail % r->slot_count];
    if (archive_ring_empty(r))
        return NULL;
    pthread_mutex_lock(&r->lock);
    while (wait && s->state != ARCHIVE_SLOT_DONE)
        pthread_cond_wait(&r->changed, &r->lock);
    bool done = s->state == ARCHIVE_SLOT_DONE;
    pthread_mutex_unlock(&r->lock);
    return done ? s : NULL;
}

void archive_ring_release(struct archive_ring *r)
{
    struct archive_slot *s = &r->slots[r->tail % r->slot_count];
    buffer_clear(&s->held);
    pthread_mutex_lock(&r->lock);
    s->state = ARCHIVE_SLOT_FREE;
    r->tail++;
    pthread_mutex_unlock(&r->lock);
}
