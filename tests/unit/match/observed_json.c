#include "observed_json.h"

#include "base/limits.h"
#include "support/test.h"

struct evaluated evaluate_text(struct text pattern, struct text observed)
{
    struct evaluated r = {0};
    struct arena arena;
    struct observed *o;
    struct pattern_node *tree;
    struct pattern_match match = {0};
    arena_init(&arena, 64 * MIB);
    assert_ok(observed_read(observed, NULL, NULL, &o, NULL));
    r.err = pattern_parse(pattern, &arena, &tree, &r.fault);
    if (!r.err)
        r.err = pattern_evaluate(tree, o, &arena, &match, &r.fault);
    r.answer = match.answer;
    r.limit = match.limit;
    r.bound = match.bound_count;
    size_t at = 0;
    for (size_t i = 0; i < match.bound_count && at < sizeof r.ids - 100; i++)
        at += (size_t)snprintf(r.ids + at, sizeof r.ids - at, TEXT_FMT " ", TEXT_ARG(match.bound[i]->id));
    observed_free(o);
    arena_done(&arena);
    return r;
}
