/* match/evaluate_test.c - comparison expressions over the objects of one observation: object paths (section 9.7),
 * references, NOT, AND, OR. */
#include "base/hash.h"
#include "match/evaluate_inside.h"

struct walk {
    struct evaluation *e;
    const struct test *test;
    const struct observation *observation;
    bool present; /* some value was found */
    enum truth any;
};

/* What stands in a property whose name ends so is binary (section 3.1). */
enum suffix { SUFFIX_NONE, SUFFIX_HEX, SUFFIX_BIN, SUFFIX_REF };

static enum suffix suffix_of(struct text name)
{
    if (text_ends(name, TEXT("_hex")))
        return SUFFIX_HEX;
    if (text_ends(name, TEXT("_bin")))
        return SUFFIX_BIN;
    return text_ends(name, TEXT("_ref")) || text_ends(name, TEXT("_refs")) ? SUFFIX_REF : SUFFIX_NONE;
}

static bool decode(struct text t, enum suffix suffix, struct buffer *out)
{
    char *to;

    if (suffix == SUFFIX_BIN)
        return base64_read(t, out) == OK;
    if (t.len % 2 != 0)
        return false;
    to = buffer_reserve(out, t.len / 2);
    return t.len == 0 || (to && hex_read(t, to, t.len / 2) == OK);
}

static void try_value(struct walk *w, const struct json_val *v, enum suffix suffix)
{
    struct datum d = {.json = v, .bytes = json_text(v)};
    bool binary = json_type(v) == JSON_STRING && (suffix == SUFFIX_HEX || suffix == SUFFIX_BIN);
    struct buffer bytes;
    enum truth truth;

    if (!evaluation_step(w->e, 1 + d.bytes.len / 64)) {
        w->any = TRUTH_UNKNOWN;
        w->present = true;
        return;
    }
    buffer_init(&bytes, d.bytes.len + 1);
    if (binary && !decode(d.bytes, suffix, &bytes)) { /* its data cannot be obtained (section 9.6) */
        if (buffer_error(&bytes) == ERR_NOMEM)
            w->e->err = ERR_NOMEM;
        buffer_done(&bytes);
        return;
    }
    if (binary) {
        d.binary = true;
        d.bytes = buffer_text(&bytes);
    }
    truth = test_datum(w->e, w->test, &d);
    buffer_done(&bytes);
    w->present = true;
    if (truth > w->any)
        w->any = truth;
}

static void take_step(struct walk *w, const struct json_val *v, size_t at, enum suffix suffix);

/* A reference that is followed; one at the path's end is the identifier it is. */
static const struct json_val *followed(const struct walk *w, const struct json_val *v, enum suffix suffix)
{
    const struct observed_object *to;

    if (suffix != SUFFIX_REF || json_type(v) != JSON_STRING)
        return v;
    to = observation_follow(w->observation, json_text(v));
    return to ? to->value : NULL;
}

static void take_index(struct walk *w, const struct json_val *list, size_t at, enum suffix suffix)
{
    const struct pattern_step *step = &w->test->n->steps[at];
    int64_t i = 0;

    if (json_type(list) != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter_of(list); json_next(&it); i++)
        if (step->kind == STEP_ANY || i == step->index)
            take_step(w, it.val, at + 1, suffix);
}

static void take_step(struct walk *w, const struct json_val *v, size_t at, enum suffix suffix)
{
    const struct pattern_step *step = &w->test->n->steps[at];

    if (w->any == TRUTH_TRUE || w->e->err || !evaluation_step(w->e, 1))
        return;
    if (at == w->test->n->step_count) {
        try_value(w, v, suffix);
    } else if (step->kind != STEP_NAME) {
        take_index(w, v, at, suffix);
    } else {
        v = json_get_text(followed(w, v, suffix), step->name);
        if (v)
            take_step(w, v, at + 1, suffix_of(step->name));
    }
}

/* Section 9.6: false, whatever the operator and NOT, where there is no value. NOT negates the whole comparison:
 * with [*], that none of the values does. */
static enum truth test_over(struct evaluation *e, const struct test *t, const struct observation *o,
                            const struct observed_object *root)
{
    struct walk w = {.e = e, .test = t, .observation = o};

    if (!text_eq(root->type, t->n->object_type))
        return TRUTH_FALSE;
    take_step(&w, root->value, 0, SUFFIX_NONE);
    if (e->steps < 0 && w.any != TRUTH_TRUE)
        return TRUTH_UNKNOWN;
    if (t->n->op == PATTERN_EXISTS)
        return w.present != t->n->negated ? TRUTH_TRUE : TRUTH_FALSE;
    if (!w.present)
        return TRUTH_FALSE;
    return t->n->negated ? (enum truth)(TRUTH_TRUE - w.any) : w.any;
}

struct expression *expression_new(struct evaluation *e, const struct pattern_node *n)
{
    struct expression *x = arena_alloc(e->arena, sizeof *x);

    if (x)
        x->children = arena_alloc(e->arena, (n->child_count + 1) * sizeof(struct expression *));
    if (!x || !x->children) {
        e->err = ERR_NOMEM;
        return NULL;
    }
    x->kind = n->kind;
    if (n->kind == PATTERN_COMPARISON)
        x->test = test_new(e, n);
    while (!e->err && x->child_count < n->child_count) {
        x->children[x->child_count] = expression_new(e, n->children[x->child_count]);
        x->child_count++;
    }
    return e->err ? NULL : x;
}

static enum truth expression_at(struct evaluation *e, const struct expression *x, const struct observation *o,
                                const struct observed_object *root)
{
    enum truth sum;

    if (x->kind == PATTERN_COMPARISON)
        return test_over(e, x->test, o, root);
    sum = x->kind == PATTERN_AND ? TRUTH_TRUE : TRUTH_FALSE;
    for (size_t i = 0; i < x->child_count; i++) {
        enum truth one = expression_at(e, x->children[i], o, root);

        if (x->kind == PATTERN_AND ? one < sum : one > sum)
            sum = one;
        if (sum == (x->kind == PATTERN_AND ? TRUTH_FALSE : TRUTH_TRUE))
            break;
    }
    return sum;
}

enum truth expression_over(struct evaluation *e, const struct expression *x, const struct observation *o)
{
    enum truth best = TRUTH_FALSE;

    for (size_t i = 0; best != TRUTH_TRUE && !e->err && i < o->object_count; i++) {
        enum truth one = o->objects[i].root ? expression_at(e, x, o, &o->objects[i]) : TRUTH_FALSE;

        if (one > best)
            best = one;
    }
    return best;
}
