/* exchange/late.c - looks at what waits when something new came.
 *
 * Invariants: 1. Before a page is made of a state of the log, everything up to that state was looked at, so an item's
 * date is later than any cursor given out before. 2. `checked_n` is never after a state in which something began to
 * wait. */
#include "exchange/late_inside.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/page_refs.h"

struct late_book {
    struct node *node;
    pthread_mutex_t lock;
    struct late_record **records;
    size_t count, cap;
    uint64_t versions; /* of lists, so far */
};

enum err late_book_new(struct node *node, struct late_book **ret)
{
    struct late_book *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NOMEM;
    b->node = node;
    pthread_mutex_init(&b->lock, NULL);
    *ret = b;
    return OK;
}

void late_book_free(struct late_book *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++) {
        late_record_done(b->records[i]);
        free(b->records[i]);
    }
    free(b->records);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* ---- lists ---- */

void late_list_unref(struct late_list *l)
{
    if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
        return;
    free(l->items);
    free(l->by_n);
    free(l);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct late_item *)a)->n, y = ((const struct late_item *)b)->n;
    return (x > y) - (x < y);
}

bool late_list_date(const struct late_list *l, uint64_t n, int64_t *ret_date_us)
{
    const struct late_item key = {.n = n};
    const struct late_item *found = l ? bsearch(&key, l->by_n, l->count, sizeof key, by_number) : NULL;
    if (found)
        *ret_date_us = found->date_us;
    return found != NULL;
}

size_t late_list_after(const struct late_list *l, int64_t date_us, uint64_t n)
{
    size_t low = 0, high = l ? l->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct late_item *i = &l->items[middle];
        if (i->date_us < date_us || (i->date_us == date_us && i->n <= n))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err make_list(struct late_book *b, struct late_record *r)
{
    if (r->list || !r->item_count)
        return OK;
    struct late_list *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->refs = 1;
    l->version = ++b->versions;
    l->count = r->item_count;
    l->items = calloc(l->count, sizeof *l->items);
    l->by_n = calloc(l->count, sizeof *l->by_n);
    if (!l->items || !l->by_n) {
        late_list_unref(l);
        return ERR_NOMEM;
    }
    memcpy(l->items, r->items, l->count * sizeof *l->items);
    memcpy(l->by_n, r->items, l->count * sizeof *l->by_n);
    qsort(l->by_n, l->count, sizeof *l->by_n, by_number);
    r->list = l;
    return OK;
}

/* ---- records ---- */

static struct uuid key_of(const struct recipient *r)
{
    struct uuid key = *sharing_key(r);
    if (!uuid_some(&key))
        key.b[15] = (uint8_t)(1 + r->role);
    return key;
}

static enum err record_of(struct late_book *b, const struct recipient *recipient, struct late_record **ret,
                          struct fault *reterr)
{
    struct uuid key = key_of(recipient);
    for (size_t i = 0; i < b->count; i++)
        if (uuid_eq(&b->records[i]->key, &key)) {
            *ret = b->records[i];
            return OK;
        }
    if (b->count == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 16;
        struct late_record **records = reallocarray(b->records, cap, sizeof *records);
        if (!records)
            return ERR_NOMEM;
        b->records = records;
        b->cap = cap;
    }
    struct late_record *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->key = key;
    enum err e = late_record_load(node_local(b->node), r, reterr);
    if (e) {
        late_record_done(r);
        free(r);
        return e;
    }
    b->records[b->count++] = r;
    *ret = r;
    return OK;
}

/* ---- what came ---- */

struct look {
    struct late_record *r;
    struct page *p;
    uint64_t to_n;
    int64_t date_us;      /* of the newest object that came */
    uint64_t *candidates; /* objects to be closed again; in the page's arena */
    size_t count, cap;
    struct waiting *by_target; /* in the page's arena */
};

static int target_cmp(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;
    return x->target < y->target ? -1 : x->target > y->target;
}

static enum err add_candidate(struct look *l, uint64_t n)
{
    for (size_t i = l->count; i > 0 && i + 8 > l->count; i--)
        if (l->candidates[i - 1] == n)
            return OK;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        uint64_t *more = arena_alloc(l->p->arena, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (l->count)
            memcpy(more, l->candidates, l->count * sizeof *more);
        l->candidates = more;
        l->cap = cap;
    }
    l->candidates[l->count++] = n;
    return OK;
}

/* Those that wait for the id. */
static enum err wake(struct look *l, struct text id)
{
    const struct waiting key = {.target = xxh3_of(id.ptr, id.len)};
    size_t low = 0, high = l->r->waiting_count;
    if (!l->by_target) {
        l->by_target = arena_alloc(l->p->arena, (l->r->waiting_count + 1) * sizeof *l->by_target);
        if (!l->by_target)
            return ERR_NOMEM;
        memcpy(l->by_target, l->r->waiting, high * sizeof *l->by_target);
        qsort(l->by_target, high, sizeof *l->by_target, target_cmp);
    }
    size_t count = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->by_target[middle].target < key.target)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && l->by_target[low].target == key.target; low++)
        if (add_candidate(l, l->by_target[low].n))
            return ERR_NOMEM;
    return OK;
}

/* Goes through the new entries, or, when fewer wait than came, through those that wait. */
static enum err find_candidates(struct look *l, struct fault *reterr)
{
    const struct late_record *r = l->r;
    bool few = r->waiting_count < l->to_n - r->checked_n;
    for (uint64_t n = l->to_n; n > r->checked_n; n--) {
        struct version_row row;
        enum err e = view_by_entry(l->p->view, n - 1, &row, reterr);
        if (e && e != ERR_NOT_FOUND)
            return e;
        if (e || row.standing != STANDING_CURRENT)
            continue;
        if (l->date_us == INT64_MIN)
            l->date_us = row.added_us;
        if (few)
            break;
        e = wake(l, row.id);
        if (e)
            return e;
    }
    for (size_t i = 0; few && l->date_us != INT64_MIN && i < r->waiting_count; i++)
        if ((i == 0 || r->waiting[i].n != r->waiting[i - 1].n) && add_candidate(l, r->waiting[i].n))
            return ERR_NOMEM;
    return OK;
}

static enum err on_grant(void *self, const struct fact *f)
{
    struct look *l = self;
    if (f->t_us > l->date_us)
        l->date_us = f->t_us;
    struct text id = arena_text(l->p->arena, f->u.grant.object);
    return id.ptr ? wake(l, id) : ERR_NOMEM;
}

/* What was granted since may be what others wait for. */
static enum err find_granted(struct look *l, struct fault *reterr)
{
    const struct recipient *r = &l->p->clearance->recipient;
    const struct uuid *key = sharing_key(r);
    uint64_t newest;
    if (!uuid_some(key))
        return OK;
    enum err e = view_grants_newest(l->p->view, key, &newest, reterr);
    if (e || newest == UINT64_MAX || newest < l->r->checked_n)
        return e;
    return view_grants_to(l->p->view, key, l->r->checked_n, l->p->now_us, GRANTS_RUNNING_MAX, on_grant, l, reterr);
}

static bool lacks(const struct page *p, uint64_t target)
{
    for (size_t i = 0; i < p->lacking_count; i++)
        if (p->lacking[i] == target)
            return true;
    return false;
}

/* Is there more of it than before? */
static bool better(const struct look *l, uint64_t n)
{
    const struct late_record *r = l->r;
    for (size_t i = late_find_waiting(r, n); i < r->waiting_count && r->waiting[i].n == n; i++)
        if (r->waiting[i].denied || !lacks(l->p, r->waiting[i].target))
            return true;
    return false;
}

static enum err wait_again(struct look *l, uint64_t n)
{
    late_drop_waiting(l->r, n);
    for (size_t i = 0; i < l->p->lacking_count; i++) {
        enum err e = late_add_waiting(l->r, &(struct waiting){.n = n, .target = l->p->lacking[i]});
        if (e)
            return e;
    }
    return OK;
}

static enum err close_again(struct look *l, uint64_t n, struct fault *reterr)
{
    struct version_row row;
    char name[VERSION_NAME_MAX];
    struct cleared *c = NULL;
    enum err e = view_by_entry(l->p->view, n, &row, reterr);
    bool gone = e == ERR_NOT_FOUND || (e == OK && row.standing != STANDING_CURRENT && row.standing != STANDING_OLDER);
    if (gone) {
        late_drop_waiting(l->r, n);
        return OK;
    }
    if (e)
        return e;
    struct text id = arena_text(l->p->arena, row.id), version = arena_text(l->p->arena, version_name(&row, name));
    if (!id.ptr || !version.ptr)
        return ERR_NOMEM;
    l->p->lacking_count = 0;
    e = page_clear(l->p,
                   &(struct page_object){.id = id, .version = version, .class_id = row.class_id, .body = row.body},
                   &c, reterr);
    cleared_free(c);
    if (e == ERR_DENIED)
        return l->p->failed;
    if (e || !better(l, n))
        return e;
    e = late_add_item(l->r, l->date_us, n);
    if (e == OK)
        e = wait_again(l, n);
    return e ? e : wake(l, id); /* what points to it may follow */
}

static enum err look_at_new(struct late_record *r, struct page *p, uint64_t to_n, struct fault *reterr)
{
    struct look l = {.r = r, .p = p, .to_n = to_n, .date_us = INT64_MIN};
    enum err e = find_candidates(&l, reterr);
    if (e == OK)
        e = find_granted(&l, reterr);
    for (size_t i = 0; e == OK && i < l.count; i++)
        e = close_again(&l, l.candidates[i], reterr);
    p->lacking_count = 0;
    if (e == OK)
        r->checked_n = to_n;
    return e;
}

enum err late_update(struct late_book *b, struct page *p, struct late_list **ret, struct fault *reterr)
{
    struct late_record *r;
    uint64_t to_n = p->clearance->position;
    pthread_mutex_lock(&b->lock);
    enum err e = record_of(b, &p->clearance->recipient, &r, reterr);
    if (e == OK && r->waiting_count && to_n > r->checked_n)
        e = look_at_new(r, p, to_n, reterr);
    if (e == OK)
        e = late_record_keep(node_local(b->node), r, reterr);
    if (e == OK)
        e = make_list(b, r);
    if (e == OK) {
        *ret = r->list;
        if (r->list)
            atomic_fetch_add(&r->list->refs, 1);
    }
    pthread_mutex_unlock(&b->lock);
    return e;
}

enum err late_note(struct late_book *b, const struct page *p, struct fault *reterr)
{
    struct late_record *r;
    if (!p->wait_count)
        return OK;
    pthread_mutex_lock(&b->lock);
    enum err e = record_of(b, &p->clearance->recipient, &r, reterr);
    if (e == OK && (!r->waiting_count || p->clearance->position < r->checked_n))
        r->checked_n = p->clearance->position;
    for (size_t i = 0; e == OK && i < p->wait_count; i++)
        e = late_add_waiting(r, &(struct waiting){p->waits[i].n, p->waits[i].target, p->waits[i].denied});
    if (e == OK)
        e = late_record_keep(node_local(b->node), r, reterr);
    pthread_mutex_unlock(&b->lock);
    return e;
}
