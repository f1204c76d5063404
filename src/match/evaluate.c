#include "match/evaluate.h"

#include "base/limits.h"
#include "match/evaluate_inside.h"

bool evaluation_step(struct evaluation *e, size_t steps)
{
    if (e->steps >= 0 && (uint64_t)e->steps >= steps) {
        e->steps -= (int64_t)steps;
        return true;
    }
    e->steps = -1;
    if (!e->limit)
        e->limit = "PATTERN_STEPS_MAX";
    return false;
}

static enum err take_bound(struct evaluation *e, const uint64_t *used, struct pattern_match *ret)
{
    size_t count = observed_count(e->observed);

    ret->bound = arena_alloc(e->arena, (count + 1) * sizeof *ret->bound);
    if (!ret->bound)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct observation *o = observed_at(e->observed, i);

        if (used[i] == 0)
            continue;
        if (ret->bound_count == 0 || o->first < ret->first)
            ret->first = o->first;
        if (ret->bound_count == 0 || o->last > ret->last)
            ret->last = o->last;
        ret->bound[ret->bound_count++] = o;
    }
    return OK;
}

enum err pattern_evaluate(const struct pattern_node *p, const struct observed *o, struct arena *arena,
                          struct pattern_match *ret, struct fault *reterr)
{
    struct evaluation e = {.arena = arena, .observed = o, .steps = PATTERN_STEPS_MAX, .fault = reterr};
    uint64_t *used = arena_alloc(arena, (observed_count(o) + 1) * sizeof *used);
    struct pattern_match match = {.answer = PATTERN_NO};

    buffer_init(&e.scratch, 4 * OBSERVED_MAX_BYTES);
    if (!used)
        e.err = ERR_NOMEM;
    if (!e.err && bind_observations(&e, p, used)) {
        match.answer = PATTERN_YES;
        e.err = take_bound(&e, used, &match);
    }
    regexes_free(&e);
    buffer_done(&e.scratch);
    if (e.err)
        return e.err == ERR_NOMEM ? fault_set(reterr, ERR_NOMEM, "no memory to evaluate a pattern") : e.err;
    if (match.answer == PATTERN_NO && e.limit) {
        match.answer = PATTERN_TOO_EXPENSIVE;
        match.limit = e.limit;
    }
    *ret = match;
    return OK;
}
