/* exchange/singles.c - the objects that a grant singles out for a recipient, in the order of a page. An object of
 * which no more goes than its class lets go anyway stays where it was: its grants change what may be done with it,
 * not when it came. */
#include <stdlib.h>
#include <string.h>

#include "exchange/clearance.h"

/* All versions of what was granted: beyond, a recipient gets no further ones. */
#define SINGLES_MAX 1000000

struct search {
    struct clearance *c;
    int64_t now_us;
    struct text id;
};

static enum err add(struct clearance *c, const struct single *one)
{
    if (c->single_count == SINGLES_MAX)
        return OK;
    if (c->single_count == c->single_cap) {
        size_t cap = c->single_cap ? c->single_cap * 2 : 64;
        struct single *more = reallocarray(c->singles, cap, sizeof *more);
        if (!more)
            return ERR_NOMEM;
        c->singles = more;
        c->single_cap = cap;
    }
    c->singles[c->single_count++] = *one;
    return OK;
}

/* The latest moment at which one of the grants began to speak of the version. */
static int64_t granted_us(const struct sharing *s, struct text id, struct text version)
{
    size_t count;
    const struct sharing_grant *g = sharing_of(s, id, &count);
    int64_t latest = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        if ((!g[i].version.len || text_eq(g[i].version, version)) && g[i].grant.from_us <= s->now_us &&
            g[i].date_us > latest)
            latest = g[i].date_us;
    return latest;
}

static enum err on_version(void *self, const struct version_row *row)
{
    struct search *s = self;
    struct clearance *c = s->c;
    struct sharing_question asked;
    struct decision d, by_class = {0};
    char name[VERSION_NAME_MAX];
    bool cleared;
    if (row->standing != STANDING_CURRENT && row->standing != STANDING_OLDER)
        return OK;
    if (!clearance_class(c, row->class_id, &cleared) ||
        (cleared && !clearance_decide(c, s->now_us, row->class_id, TEXT_NONE, TEXT_NONE, &asked, &by_class)) ||
        !clearance_decide(c, s->now_us, row->class_id, s->id, version_name(row, name), &asked, &d))
        return OK;
    if (d.holds_until_us < c->holds_until_us)
        c->holds_until_us = d.holds_until_us;
    if (!sharing_wider(&by_class, &d))
        return OK;
    int64_t since = granted_us(&c->sharing, s->id, version_name(row, name));
    return add(c, &(struct single){.date_us = since > row->added_us ? since : row->added_us,
                                   .n = row->n,
                                   .id = s->id,
                                   .older = row->standing == STANDING_OLDER});
}

/* The one that stands in for the withdrawn version comes as the object's current one would (store/view.h). */
static enum err stand_in(struct view *v, struct search *s, size_t first, struct fault *reterr)
{
    struct clearance *c = s->c;
    struct version_row row;
    int64_t since_us;
    enum err e = c->single_count > first ? view_stand_in(v, s->id, &row, &since_us, reterr) : ERR_NOT_FOUND;
    for (size_t i = first; e == OK && i < c->single_count; i++) {
        struct single *one = &c->singles[i];
        if (one->n != row.n)
            continue;
        one->older = false;
        one->date_us = since_us > one->date_us ? since_us : one->date_us;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

static int by_date(const void *a, const void *b)
{
    const struct single *x = a, *y = b;
    if (x->date_us != y->date_us)
        return x->date_us < y->date_us ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct single *)a)->n, y = ((const struct single *)b)->n;
    return (x > y) - (x < y);
}

enum err singles_find(struct view *v, struct clearance *c, int64_t now_us, struct fault *reterr)
{
    const struct sharing *s = &c->sharing;
    struct search search = {.c = c, .now_us = now_us};
    enum err e = OK;
    for (size_t i = 0; e == OK && i < s->grant_count; i++) {
        if (i && text_eq(s->grants[i].object, s->grants[i - 1].object))
            continue;
        size_t first = c->single_count;
        search.id = s->grants[i].object;
        e = view_versions(v, search.id, on_version, &search, reterr);
        e = e == ERR_NOT_FOUND ? OK : e; /* not here any more */
        if (e == OK)
            e = stand_in(v, &search, first, reterr);
    }
    if (e || !c->single_count)
        return e;
    qsort(c->singles, c->single_count, sizeof *c->singles, by_date);
    c->by_n = calloc(c->single_count, sizeof *c->by_n);
    if (!c->by_n)
        return ERR_NOMEM;
    memcpy(c->by_n, c->singles, c->single_count * sizeof *c->by_n);
    qsort(c->by_n, c->single_count, sizeof *c->by_n, by_number);
    return OK;
}

bool clearance_single_date(const struct clearance *c, uint64_t n, int64_t *ret_date_us)
{
    const struct single key = {.n = n};
    const struct single *found =
        c->single_count ? bsearch(&key, c->by_n, c->single_count, sizeof key, by_number) : NULL;
    if (found)
        *ret_date_us = found->date_us;
    return found != NULL;
}

size_t clearance_single_after(const struct clearance *c, int64_t date_us, uint64_t n)
{
    size_t low = 0, high = c->single_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct single *s = &c->singles[middle];
        if (s->date_us < date_us || (s->date_us == date_us && s->n <= n))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
