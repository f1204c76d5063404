/* store/view_merge.c - a heap of streams.
 *
 * t_us never goes back as n grows, so the order of n is the order of time, and the index alone (class, standing, n)
 * gives it. Only where a class was opened for a recipient do old entries get a later date; then every stream's dates
 * are read too, and the order is (date, n). Within a stream both orders agree: what was accepted before the opening
 * has the opening's date, and what came after has that date or a later one. */
#include "store/view_merge.h"

#include <stdlib.h>

static enum err refill(struct merge *m, struct stream *s, struct fault *reterr)
{
    struct view *v = m->v;
    sqlite3_stmt *q = view_stmt(v, m->newest_first ? SQL_PAGE_NEWEST : m->timed ? SQL_PAGE_TIMES : SQL_PAGE);
    s->at = s->count = 0;
    if (s->ended)
        return OK;
    if (!q)
        return view_fault(v, reterr);
    bind_u64(q, 1, s->class_id);
    bind_u64(q, 2, s->standing);
    bind_u64(q, 3, s->next_n);
    bind_u64(q, 4, s->batch);
    enum err err;
    while (view_more(v, q, &err, reterr)) {
        uint64_t n = column_u64(q, 0);
        bool old = s->opened && n < s->opened_n;
        s->ahead[s->count].n = n;
        s->ahead[s->count++].date_us = old ? s->opened_us : m->timed ? sqlite3_column_int64(q, 1) : 0;
    }
    if (err != OK)
        return err;
    s->ended = s->count < s->batch;
    if (s->count && m->newest_first && s->ahead[s->count - 1].n == 0)
        s->ended = true;
    else if (s->count)
        s->next_n = s->ahead[s->count - 1].n + (m->newest_first ? UINT64_MAX : 1);
    s->batch = s->batch * 4 < STREAM_BATCH ? s->batch * 4 : STREAM_BATCH;
    return OK;
}

static bool before(const struct merge *m, const struct stream *a, const struct stream *b)
{
    uint64_t x = a->ahead[a->at].n, y = b->ahead[b->at].n;
    if (m->newest_first)
        return x > y;
    int64_t s = a->ahead[a->at].date_us, t = b->ahead[b->at].date_us;
    return s != t ? s < t : x < y;
}

static void sift_down(struct merge *m, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < m->count; child++)
            if (before(m, m->heap[child], m->heap[least]))
                least = child;
        if (least == i)
            return;
        struct stream *moved = m->heap[i];
        m->heap[i] = m->heap[least];
        m->heap[least] = moved;
        i = least;
    }
}

enum err merge_start(struct merge *m, struct view *v, struct stream *streams, size_t count, bool newest_first,
                     uint32_t first_batch, struct fault *reterr)
{
    *m = (struct merge){.v = v, .newest_first = newest_first};
    m->heap = malloc((count ? count : 1) * sizeof *m->heap);
    if (!m->heap)
        return view_nomem(reterr);
    for (size_t i = 0; i < count; i++)
        m->timed |= streams[i].opened;
    for (size_t i = 0; i < count; i++) {
        streams[i].batch = first_batch < 1 ? 1 : first_batch < STREAM_BATCH ? first_batch : STREAM_BATCH;
        enum err err = refill(m, &streams[i], reterr);
        if (err != OK) {
            merge_done(m);
            return err;
        }
        if (streams[i].count)
            m->heap[m->count++] = &streams[i];
    }
    for (size_t i = m->count / 2; i-- > 0;)
        sift_down(m, i);
    return OK;
}

void merge_done(struct merge *m)
{
    free(m->heap);
    m->heap = NULL;
    m->count = 0;
}

bool merge_next(struct merge *m, uint64_t *ret_n, bool *ret_opened, int64_t *ret_date_us, enum err *ret_err,
                struct fault *reterr)
{
    if (m->count == 0)
        return false;
    struct stream *s = m->heap[0];
    *ret_n = s->ahead[s->at].n;
    *ret_date_us = s->ahead[s->at].date_us;
    *ret_opened = s->opened && *ret_n < s->opened_n;
    if (++s->at == s->count) {
        *ret_err = refill(m, s, reterr);
        if (*ret_err != OK)
            return false;
        if (s->count == 0)
            m->heap[0] = m->heap[--m->count];
    }
    sift_down(m, 0);
    return true;
}
