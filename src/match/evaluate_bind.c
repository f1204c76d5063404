/* match/evaluate_bind.c - which observations make the observation expressions true (section 9.5), exactly.
 *
 * START/STOP narrows the time of the candidates below it. What is left of time are a window for each WITHIN and a cut
 * for each FOLLOWEDBY; once all of them stand, every expression has a fixed time to look in, and what remains is a
 * flow (evaluate_flow.c). They are chosen from the outside in, and few choices matter:
 * - a window may begin at the earliest last_observed of what is bound in it: moved there from the left, it loses
 *   nothing (let every moment be as late as it can);
 * - a cut may stand at the latest first_observed of what is bound before it (let every moment be as early as it can).
 * So a pattern with k windows and cuts over n observations costs at most some n^k flows, most of them spared by a
 * flow that forgets the choices still open. REPEATS multiplies: copies of an expression that share nothing but their
 * observations take their choices in order, as one is as good as another. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/evaluate_inside.h"

#define LONG_AGO    (-((nanos)1 << 100))
#define FAR_OFF     ((nanos)1 << 100)
#define REPEATS_MAX ((uint64_t)1 << 50) /* more than observations can count: 10^9 each, a million of them */

struct item { /* a part yet to be bound */
    const struct part *part;
    size_t at;       /* AND, FOLLOWEDBY: from this child on */
    uint64_t copies; /* so many times */
    nanos from;      /* the first choice of copies: not before the last copy's */
    size_t branch;   /* the same for OR */
    nanos lo, hi;
    const struct item *next;
};
struct binder {
    struct evaluation *e;
    struct flow *flow;
    struct slot slots[PATTERN_BINDINGS_MAX];
    size_t slot_count; /* decided */
    size_t depth;
    uint64_t *used;
};

static bool too_deep(struct binder *b)
{
    if (!b->e->limit)
        b->e->limit = "PATTERN_BINDINGS_MAX";
    b->e->steps = -1;
    return false;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    return a > REPEATS_MAX / b ? REPEATS_MAX : a * b;
}

/* ---- a flow over what is decided and, without the choices still open, what is not ---- */

static bool gather(struct binder *b, const struct part *p, size_t at, uint64_t copies, nanos lo, nanos hi,
                   size_t *count)
{
    if (p->kind == PATTERN_OBS_OR)
        return true;
    if (p->kind == PATTERN_REPEATS)
        copies = times(copies, p->repeats);
    if (p->kind != PATTERN_OBSERVATION) {
        for (size_t i = at; i < p->child_count; i++)
            if (!gather(b, p->children[i], 0, copies, lo, hi, count))
                return false;
        return true;
    }
    if (*count == PATTERN_BINDINGS_MAX)
        return too_deep(b);
    b->slots[(*count)++] = (struct slot){p, copies, lo, hi};
    return true;
}

static bool possible(struct binder *b, const struct item *items)
{
    size_t count = b->slot_count;

    for (const struct item *it = items; it; it = it->next)
        if (!gather(b, it->part, it->at, it->copies, it->lo, it->hi, &count))
            return false;
    return flow_fills(b->e, b->flow, b->slots, count, items ? NULL : b->used);
}

/* ---- the choices ---- */

struct moments {
    nanos *at;
    size_t count, cap;
};

static bool add_moments(struct binder *b, const struct part *p, const struct item *it, struct moments *m)
{
    for (size_t i = 0; i < p->child_count; i++)
        if (!add_moments(b, p->children[i], it, m))
            return false;
    for (size_t i = candidates_from(p, it->lo); i < p->candidate_count; i++) {
        const struct candidate *c = &p->candidates[i];
        bool window = it->part->kind == PATTERN_WITHIN;

        if (c->lo > it->hi)
            break;
        if (!evaluation_step(b->e, 1))
            return false;
        if (c->hi < it->lo)
            continue;
        if (m->count == m->cap) {
            size_t cap = m->cap ? m->cap * 2 : 64;
            nanos *larger = realloc(m->at, cap * sizeof *larger);

            if (!larger) {
                b->e->err = ERR_NOMEM;
                return false;
            }
            m->at = larger;
            m->cap = cap;
        }
        m->at[m->count++] = window ? (c->hi < it->hi ? c->hi : it->hi) : (c->lo > it->lo ? c->lo : it->lo);
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const nanos *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool search(struct binder *b, const struct item *items);

/* One choice for a window or a cut. */
static bool search_at(struct binder *b, const struct item *it, nanos moment, const struct item *next)
{
    struct item again = *it, rest = *it, child = *it;
    const struct part *p = it->part;

    if (it->copies > 1) { /* those after this one */
        again.copies--;
        again.from = moment;
        again.next = next;
        next = &again;
    }
    child.copies = rest.copies = 1;
    child.at = 0;
    child.branch = 0;
    child.from = rest.from = LONG_AGO;
    child.part = p->children[it->at];
    child.next = next;
    if (p->kind == PATTERN_WITHIN) {
        child.lo = moment;
        if (child.hi > moment + p->window)
            child.hi = moment + p->window;
    } else {
        rest.at++;
        rest.lo = moment;
        rest.next = next;
        child.hi = moment;
        child.next = &rest;
    }
    return possible(b, &child) && search(b, &child);
}

static bool search_moments(struct binder *b, const struct item *it)
{
    const struct part *below = it->part->kind == PATTERN_WITHIN ? it->part : it->part->children[it->at];
    struct moments m = {0};
    bool found = false;

    if (add_moments(b, below, it, &m) && m.count > 0) {
        qsort(m.at, m.count, sizeof *m.at, by_time);
        for (size_t i = 0; !found && i < m.count && b->e->steps >= 0 && !b->e->err; i++)
            if (m.at[i] >= it->from && (i == 0 || m.at[i] != m.at[i - 1]))
                found = search_at(b, it, m.at[i], it->next);
    }
    free(m.at);
    return found;
}

static bool search_branches(struct binder *b, const struct item *it)
{
    for (size_t i = it->branch; i < it->part->child_count && b->e->steps >= 0 && !b->e->err; i++) {
        struct item again = *it, child = {it->part->children[i], 0, 1, LONG_AGO, 0, it->lo, it->hi, it->next};

        if (it->copies > 1) {
            again.copies--;
            again.branch = i;
            child.next = &again;
        }
        if (possible(b, &child) && search(b, &child))
            return true;
    }
    return false;
}

static bool search_leaf(struct binder *b, const struct item *it)
{
    bool found;

    if (b->slot_count == PATTERN_BINDINGS_MAX)
        return too_deep(b);
    b->slots[b->slot_count++] = (struct slot){it->part, it->copies, it->lo, it->hi};
    found = search(b, it->next);
    b->slot_count--;
    return found;
}

static bool search_item(struct binder *b, const struct item *it)
{
    struct item rest = *it, child = *it;

    if (it->part->kind == PATTERN_OBSERVATION)
        return search_leaf(b, it);
    if (it->part->kind == PATTERN_OBS_OR)
        return search_branches(b, it);
    if (it->part->kind == PATTERN_WITHIN)
        return search_moments(b, it);
    if (it->part->kind == PATTERN_FOLLOWEDBY && it->at + 1 < it->part->child_count)
        return search_moments(b, it);
    if (it->at == it->part->child_count)
        return search(b, it->next);
    child.part = it->part->children[it->at];
    child.at = 0;
    child.branch = 0;
    child.from = LONG_AGO;
    if (it->part->kind == PATTERN_REPEATS) {
        child.copies = times(it->copies, it->part->repeats);
        return search(b, &child);
    }
    rest.at++; /* AND: copies of all are as many copies of each; FOLLOWEDBY: the last */
    child.next = &rest;
    return search(b, &child);
}

static bool search(struct binder *b, const struct item *items)
{
    bool found;

    if (b->e->err || !evaluation_step(b->e, 1))
        return false;
    if (!items)
        return possible(b, NULL);
    if (b->depth == 2 * PATTERN_BINDINGS_MAX)
        return too_deep(b);
    b->depth++;
    found = search_item(b, items);
    b->depth--;
    return found;
}

/* ---- the parts ---- */

static nanos moment_of(const struct pattern_literal *l)
{
    struct stamp s = {0};

    return stamp_parse(l->text, &s, NULL) ? LONG_AGO : nanos_of(s); /* the parser has read it */
}

/* Latest minus earliest is less than the window (section 9.5.1). */
static nanos window_of(double seconds)
{
    double ns = seconds * 1e9;

    return ns >= 1e27 ? FAR_OFF : ns < 1 ? 0 : (nanos)(ns + 0.5) - 1;
}

static void fill_leaf(struct evaluation *e, const struct pattern_node *n, nanos lo, nanos hi, struct part *ret)
{
    struct expression *x = expression_new(e, n->children[0]);
    size_t count = observed_count(e->observed);

    ret->candidates = x ? arena_alloc(e->arena, (count + 1) * sizeof *ret->candidates) : NULL;
    if (!ret->candidates && !e->err)
        e->err = ERR_NOMEM;
    for (size_t i = 0; !e->err && i < count; i++) {
        const struct observation *o = observed_at(e->observed, i);
        struct candidate c = {i, o->first > lo ? o->first : lo, o->last < hi ? o->last : hi};

        enum truth truth = c.lo > c.hi ? TRUTH_FALSE : expression_over(e, x, o);

        if (truth == TRUTH_TRUE)
            ret->candidates[ret->candidate_count++] = c;
        else if (truth == TRUTH_UNKNOWN && !e->limit)
            e->limit = "PATTERN_REGEX_STEPS_MAX"; /* the other limit has named itself */
    }
}

static int by_lo(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    if (x->observation != y->observation)
        return x->observation < y->observation ? -1 : 1;
    return (x->hi > y->hi) - (x->hi < y->hi);
}

static void finish_leaf(struct part *p)
{
    if (p->candidate_count > 0)
        qsort(p->candidates, p->candidate_count, sizeof *p->candidates, by_lo);
    for (size_t i = 0; i < p->candidate_count; i++) {
        nanos length = p->candidates[i].hi - p->candidates[i].lo;

        if (length > p->longest)
            p->longest = length;
    }
}

/* [a] OR [b] is one leaf: an observation that either takes. */
static void merge_leaves(struct evaluation *e, struct part *p)
{
    size_t total = 0, kept = 0;
    struct part *merged = NULL;
    struct candidate *all;

    for (size_t i = 0; i < p->child_count; i++)
        if (p->children[i]->kind == PATTERN_OBSERVATION)
            total += p->children[i]->candidate_count;
    all = arena_alloc(e->arena, (total + 1) * sizeof *all);
    if (!all) {
        e->err = ERR_NOMEM;
        return;
    }
    total = 0;
    for (size_t i = 0; i < p->child_count; i++) {
        struct part *child = p->children[i];

        if (child->kind != PATTERN_OBSERVATION) {
            p->children[kept++] = child;
            continue;
        }
        memcpy(all + total, child->candidates, child->candidate_count * sizeof *all);
        total += child->candidate_count;
        if (!merged)
            p->children[kept++] = merged = child;
    }
    p->child_count = kept;
    if (merged) {
        merged->candidates = all;
        merged->candidate_count = total;
        finish_leaf(merged);
    }
}

static struct part *part_new(struct evaluation *e, const struct pattern_node *n, nanos lo, nanos hi)
{
    struct part *p;

    if (n->kind == PATTERN_START_STOP) {
        nanos start = moment_of(&n->start), stop = moment_of(&n->stop) - 1; /* STOP is exclusive */

        return part_new(e, n->children[0], start > lo ? start : lo, stop < hi ? stop : hi);
    }
    p = arena_alloc(e->arena, sizeof *p);
    if (p)
        p->children = arena_alloc(e->arena, (n->child_count + 1) * sizeof(struct part *));
    if (!p || !p->children) {
        e->err = ERR_NOMEM;
        return NULL;
    }
    p->kind = n->kind;
    p->repeats = n->kind == PATTERN_REPEATS ? (uint64_t)n->repeats : 1;
    p->window = n->kind == PATTERN_WITHIN ? window_of(n->within_seconds) : 0;
    if (n->kind == PATTERN_OBSERVATION) {
        fill_leaf(e, n, lo, hi, p);
        finish_leaf(p);
        return p;
    }
    for (size_t i = 0; !e->err && i < n->child_count; i++)
        p->children[p->child_count++] = part_new(e, n->children[i], lo, hi);
    if (!e->err && p->kind == PATTERN_OBS_OR)
        merge_leaves(e, p);
    if (e->err)
        return NULL;
    /* One observation is always within a window, and one branch is no choice. */
    if ((p->kind == PATTERN_WITHIN || p->kind == PATTERN_OBS_OR) && p->child_count == 1 &&
        p->children[0]->kind == PATTERN_OBSERVATION)
        return p->children[0];
    return p;
}

bool bind_observations(struct evaluation *e, const struct pattern_node *p, uint64_t *ret_used)
{
    struct part *root = part_new(e, p, LONG_AGO, FAR_OFF);
    struct binder *b = e->err ? NULL : arena_alloc(e->arena, sizeof *b);
    struct item first = {root, 0, 1, LONG_AGO, 0, LONG_AGO, FAR_OFF, NULL};

    if (!b) {
        if (!e->err)
            e->err = ERR_NOMEM;
        return false;
    }
    b->e = e;
    b->used = ret_used;
    b->flow = flow_new(e);
    return b->flow && possible(b, &first) && search(b, &first);
}
