/* exchange/late_keep.c - one recipient's waiting and late objects, in memory and in local.db: lines "c N" (looked at
 * up to), "w N TARGET DENIED", "l DATE N". Lost, it costs a client that keeps a cursor those objects; never a leak.
 */
#include <stdlib.h>
#include <string.h>

#include "exchange/late_inside.h"

#define LATE_SPACE     "late"
#define LATE_MAX_BYTES (128 * MIB)

void late_record_done(struct late_record *r)
{
    late_list_unref(r->list);
    free(r->waiting);
    free(r->items);
}

/* ---- waiting ---- */

static int waiting_cmp(const struct waiting *a, const struct waiting *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return a->target < b->target ? -1 : a->target > b->target;
}

static size_t place_of(const struct late_record *r, const struct waiting *w)
{
    size_t low = 0, high = r->waiting_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (waiting_cmp(&r->waiting[middle], w) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t late_find_waiting(const struct late_record *r, uint64_t n)
{
    return place_of(r, &(struct waiting){.n = n});
}

static void drop_at(struct late_record *r, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++)
        r->cut_count -= !r->waiting[i].denied;
    memmove(&r->waiting[at], &r->waiting[at + count], (r->waiting_count - at - count) * sizeof *r->waiting);
    r->waiting_count -= count;
    r->changed = true;
}

void late_drop_waiting(struct late_record *r, uint64_t n)
{
    size_t at = late_find_waiting(r, n), end = at;
    while (end < r->waiting_count && r->waiting[end].n == n)
        end++;
    if (end > at)
        drop_at(r, at, end - at);
}

static enum err grow(void *list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return OK;
    size_t wanted = *cap ? *cap * 2 : 64;
    void *more = reallocarray(*(void **)list, wanted, size);
    if (!more)
        return ERR_NOMEM;
    *(void **)list = more;
    *cap = wanted;
    return OK;
}

enum err late_add_waiting(struct late_record *r, const struct waiting *w)
{
    size_t at = place_of(r, w);
    bool known = at < r->waiting_count && waiting_cmp(&r->waiting[at], w) == 0;
    if (known)
        return OK;
    if (!w->denied && r->cut_count >= LATE_WAITING_MAX / 2)
        return OK;
    if (r->waiting_count == LATE_WAITING_MAX) {
        drop_at(r, 0, 1);
        at -= at > 0;
    }
    if (grow(&r->waiting, r->waiting_count, &r->waiting_cap, sizeof *r->waiting))
        return ERR_NOMEM;
    memmove(&r->waiting[at + 1], &r->waiting[at], (r->waiting_count - at) * sizeof *r->waiting);
    r->waiting[at] = *w;
    r->waiting_count++;
    r->cut_count += !w->denied;
    r->changed = true;
    return OK;
}

/* ---- late ---- */

/* An object that was late before is late again, with the newer date only. */
enum err late_add_item(struct late_record *r, int64_t date_us, uint64_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->item_count; i++)
        if (r->items[i].n != n)
            r->items[kept++] = r->items[i];
    r->item_count = kept;
    if (r->item_count >= LATE_ITEMS_MAX)
        return ERR_LIMIT;
    if (grow(&r->items, r->item_count, &r->item_cap, sizeof *r->items))
        return ERR_NOMEM;
    size_t at = r->item_count++;
    for (; at > 0; at--) {
        const struct late_item *before = &r->items[at - 1];
        if (before->date_us < date_us || (before->date_us == date_us && before->n < n))
            break;
        r->items[at] = *before;
    }
    r->items[at] = (struct late_item){date_us, n};
    r->changed = true;
    late_list_unref(r->list);
    r->list = NULL;
    return OK;
}

/* ---- local.db ---- */

static bool next_number(struct text *line, uint64_t *ret)
{
    struct text piece;
    return text_split(line, ' ', &piece) && text_u64(piece, ret) == OK;
}

static enum err read_line(struct late_record *r, struct text line)
{
    struct text kind;
    uint64_t a, b, c;
    if (!text_split(&line, ' ', &kind) || !next_number(&line, &a))
        return OK;
    if (text_eq(kind, TEXT("c")))
        r->checked_n = a;
    else if (text_eq(kind, TEXT("w")) && next_number(&line, &b) && next_number(&line, &c))
        return late_add_waiting(r, &(struct waiting){.n = a, .target = b, .denied = c != 0});
    else if (text_eq(kind, TEXT("l")) && next_number(&line, &b) && a <= INT64_MAX)
        return late_add_item(r, (int64_t)a, b);
    return OK;
}

enum err late_record_load(struct local *l, struct late_record *r, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer kept;
    struct text line;
    buffer_init(&kept, LATE_MAX_BYTES);
    enum err e = local_get(l, LATE_SPACE, uuid_format(&r->key, key), &kept, reterr);
    struct text rest = buffer_text(&kept);
    while (e == OK && text_split(&rest, '\n', &line))
        e = read_line(r, line);
    buffer_done(&kept);
    r->changed = false;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err late_record_keep(struct local *l, struct late_record *r, struct fault *reterr)
{
    char key[UUID_TEXT_MAX];
    struct buffer text;
    if (!r->changed)
        return OK;
    buffer_init(&text, LATE_MAX_BYTES);
    buffer_addf(&text, "c %llu\n", (unsigned long long)r->checked_n);
    for (size_t i = 0; i < r->waiting_count; i++)
        buffer_addf(&text, "w %llu %llu %d\n", (unsigned long long)r->waiting[i].n,
                    (unsigned long long)r->waiting[i].target, r->waiting[i].denied);
    for (size_t i = 0; i < r->item_count; i++)
        buffer_addf(&text, "l %lld %llu\n", (long long)r->items[i].date_us, (unsigned long long)r->items[i].n);
    enum err e = buffer_error(&text);
    if (e == OK)
        e = local_set(l, LATE_SPACE, uuid_format(&r->key, key), buffer_text(&text), reterr);
    buffer_done(&text);
    if (e == OK)
        r->changed = false;
    return e;
}
