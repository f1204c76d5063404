/* exchange/clearance.c - decisions by class, made once for a state of the log. */
#include "exchange/clearance.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/defaults.h"

/* Recipients that ask at the same time: states of a union and their sectors. Beyond, the oldest is made again. */
#define CLEARANCES_MAX 256
/* Classes differ by source, label and type: thousands at the very most. */
#define CLASSES_MAX 1000000

struct gathering {
    struct class_row *rows;
    size_t count, cap;
};

static enum err on_class(void *self, const struct class_row *row)
{
    struct gathering *g = self;
    if (g->count == CLASSES_MAX)
        return ERR_LIMIT;
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 64;
        struct class_row *rows = reallocarray(g->rows, cap, sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        g->rows = rows;
        g->cap = cap;
    }
    g->rows[g->count++] = *row;
    return OK;
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = ((const struct class_row *)a)->class_id, y = ((const struct class_row *)b)->class_id;
    return (x > y) - (x < y);
}

static void decide_all(struct clearance *c, const struct defaults *defaults, int64_t now_us,
                       struct gate_counters *counters)
{
    for (size_t i = 0; i < c->class_count; i++) {
        struct decision d;
        struct sharing_question asked;
        defaults_apply(defaults, &c->classes[i].cls);
        sharing_ask(&c->sharing, &c->classes[i].cls, &c->recipient, c->door, now_us, TEXT_NONE, TEXT_NONE, &asked);
        gate_decide(&asked.q, &d);
        gate_count(counters, c->door, &d);
        c->cleared[i] = d.cleared;
        if (d.holds_until_us < c->holds_until_us)
            c->holds_until_us = d.holds_until_us;
        if (d.cleared)
            c->ids[c->id_count++] = c->classes[i].class_id;
    }
}

static enum err set_recipient(struct clearance *c, const struct recipient *r)
{
    c->recipient = *r;
    c->recipient.name = TEXT_NONE;
    c->memberships = calloc(r->membership_count + 1, sizeof *c->memberships);
    if (!c->memberships)
        return ERR_NOMEM;
    if (r->membership_count)
        memcpy(c->memberships, r->memberships, r->membership_count * sizeof *c->memberships);
    c->recipient.memberships = c->memberships;
    return OK;
}

static enum err take_classes(struct clearance *c, struct view *v, struct fault *reterr)
{
    struct gathering g = {0};
    enum err e = view_classes(v, on_class, &g, reterr);
    c->classes = g.rows;
    c->class_count = g.count;
    if (e)
        return e;
    c->cleared = calloc(g.count + 1, sizeof *c->cleared);
    c->ids = calloc(g.count + 1, sizeof *c->ids);
    if (!c->cleared || !c->ids)
        return ERR_NOMEM;
    if (g.count)
        qsort(c->classes, g.count, sizeof *c->classes, by_id);
    return OK;
}

enum err clearance_make(struct view *v, const struct recipient *r, enum door door, int64_t now_us,
                        struct gate_counters *counters, struct clearance **ret, struct fault *reterr)
{
    struct defaults defaults = {0};
    struct clearance *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->refs = 1;
    c->door = door;
    c->position = view_position(v);
    enum err e = set_recipient(c, r);
    if (e == OK)
        e = take_classes(c, v, reterr);
    if (e == OK)
        e = defaults_read(v, &defaults, reterr);
    if (e == OK)
        e = sharing_load(v, &c->recipient, now_us, &c->sharing, reterr);
    if (e == OK) {
        c->holds_until_us = c->sharing.holds_until_us;
        decide_all(c, &defaults, now_us, counters);
        e = singles_find(v, c, now_us, reterr);
    }
    defaults_done(&defaults);
    if (e) {
        clearance_unref(c);
        return e;
    }
    *ret = c;
    return OK;
}

void clearance_unref(struct clearance *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    free(c->classes);
    free(c->cleared);
    free(c->ids);
    free(c->singles);
    free(c->by_n);
    free(c->memberships);
    sharing_done(&c->sharing);
    free(c);
}

const struct gate_class *clearance_class(const struct clearance *c, uint32_t class_id, bool *ret_cleared)
{
    const struct class_row key = {.class_id = class_id};
    const struct class_row *row =
        c->class_count ? bsearch(&key, c->classes, c->class_count, sizeof key, by_id) : NULL;
    *ret_cleared = row && c->cleared[row - c->classes];
    return row ? &row->cls : NULL;
}

bool clearance_decide(const struct clearance *c, int64_t now_us, uint32_t class_id, struct text id,
                      struct text version, struct sharing_question *ret_asked, struct decision *ret)
{
    bool cleared;
    const struct gate_class *cls = clearance_class(c, class_id, &cleared);
    if (!cls)
        return false;
    sharing_ask(&c->sharing, cls, &c->recipient, c->door, now_us, id, version, ret_asked);
    gate_decide(&ret_asked->q, ret);
    return true;
}

bool clearance_singled(const struct clearance *c, struct text id)
{
    size_t count = 0;
    if (c->sharing.grant_count)
        sharing_of(&c->sharing, id, &count);
    return count > 0;
}

/* ---- the newest of each recipient ---- */

struct clearances {
    struct gate_counters *counters;
    pthread_mutex_t lock;
    struct clearance *kept[CLEARANCES_MAX];
    size_t count, oldest;
};

enum err clearances_new(struct gate_counters *counters, struct clearances **ret)
{
    struct clearances *cs = calloc(1, sizeof *cs);
    if (!cs)
        return ERR_NOMEM;
    cs->counters = counters;
    pthread_mutex_init(&cs->lock, NULL);
    *ret = cs;
    return OK;
}

void clearances_free(struct clearances *cs)
{
    if (!cs)
        return;
    for (size_t i = 0; i < cs->count; i++)
        clearance_unref(cs->kept[i]);
    pthread_mutex_destroy(&cs->lock);
    free(cs);
}

static struct clearance **place_of(struct clearances *cs, const struct recipient *r)
{
    for (size_t i = 0; i < cs->count; i++)
        if (recipient_same(&cs->kept[i]->recipient, r))
            return &cs->kept[i];
    return NULL;
}

static void keep(struct clearances *cs, struct clearance *c)
{
    struct clearance **at = place_of(cs, &c->recipient);
    if (!at && cs->count < CLEARANCES_MAX) {
        at = &cs->kept[cs->count++];
    } else if (!at) {
        at = &cs->kept[cs->oldest];
        cs->oldest = (cs->oldest + 1) % CLEARANCES_MAX;
    }
    clearance_unref(*at);
    *at = c;
    atomic_fetch_add(&c->refs, 1);
}

bool clearances_outlived(struct clearances *cs, const struct recipient *r, int64_t now_us)
{
    pthread_mutex_lock(&cs->lock);
    struct clearance **at = place_of(cs, r);
    bool outlived = !at || now_us >= (*at)->holds_until_us;
    pthread_mutex_unlock(&cs->lock);
    return outlived;
}

enum err clearances_get(struct clearances *cs, struct view *v, const struct recipient *r, int64_t now_us,
                        struct clearance **ret, struct fault *reterr)
{
    uint64_t position = view_position(v);
    struct clearance *c = NULL;
    pthread_mutex_lock(&cs->lock);
    struct clearance **at = place_of(cs, r);
    if (at && (*at)->position == position && now_us < (*at)->holds_until_us) {
        c = *at;
        atomic_fetch_add(&c->refs, 1);
    }
    pthread_mutex_unlock(&cs->lock);
    if (!c) {
        enum err e = clearance_make(v, r, DOOR_TAXII, now_us, cs->counters, &c, reterr);
        if (e)
            return e;
        pthread_mutex_lock(&cs->lock);
        keep(cs, c);
        pthread_mutex_unlock(&cs->lock);
    }
    *ret = c;
    return OK;
}
