/* model/pattern_equal.c - normal forms of patterns.
 *
 * A form is an OR of terms. Inside [ ] a term is a set of comparisons: a monotone Boolean function has exactly one
 * such OR in which no term contains another, so equal functions get equal forms. Outside, a term is one expression
 * without OR at its top; AND is a multiset there (each operand wants an observation of its own) and FOLLOWEDBY a
 * sequence. Qualified expressions hold a form of their own: REPEATS does not distribute over OR. */
#include "model/pattern_equal.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "model/pattern_equal_atom.h"
#include "model/pattern_print.h"

struct term {
    enum pattern_node_kind kind; /* COMPARISON: an atom; AND; outside also OBSERVATION, OBS_AND, FOLLOWEDBY, ... */
    struct text key;             /* equal for equal terms */
    struct text type;            /* inside [ ]: the object type */
    struct term **operands;      /* AND (sorted, distinct), OBS_AND (sorted), FOLLOWEDBY */
    size_t count;
};
struct form {
    struct term **terms;
    size_t count;
};
struct maker {
    struct arena *arena;
    struct buffer text;
    size_t left; /* bytes of keys still allowed */
};

static int by_key(const void *a, const void *b)
{
    const struct term *const *x = a, *const *y = b;

    return text_cmp((*x)->key, (*y)->key);
}

static void sort(struct term **terms, size_t count)
{
    if (count > 1)
        qsort(terms, count, sizeof *terms, by_key);
}

static size_t without_duplicates(struct term **terms, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (i == 0 || !text_eq(terms[i]->key, terms[i - 1]->key))
            terms[kept++] = terms[i];
    return kept;
}

/* What m->text holds becomes a key. */
static enum err key_take(struct maker *m, struct text *ret)
{
    enum err err = buffer_error(&m->text);

    if (err)
        return err;
    if (m->text.len > m->left)
        return ERR_LIMIT;
    m->left -= m->text.len;
    *ret = arena_text(m->arena, buffer_text(&m->text));
    return ret->ptr ? OK : ERR_NOMEM;
}

static enum err term_of(struct maker *m, enum pattern_node_kind kind, struct term **operands, size_t count,
                        struct term **ret)
{
    struct term *t = arena_alloc(m->arena, sizeof *t);

    if (!t)
        return ERR_NOMEM;
    t->kind = kind;
    t->operands = operands;
    t->count = count;
    buffer_clear(&m->text);
    buffer_addf(&m->text, "%d(", (int)kind);
    for (size_t i = 0; i < count; i++) {
        buffer_add(&m->text, operands[i]->key);
        buffer_add_char(&m->text, ';');
    }
    buffer_add_char(&m->text, ')');
    *ret = t;
    return key_take(m, &t->key);
}

static enum err form_one(struct maker *m, struct term *t, struct form *ret)
{
    ret->terms = arena_alloc(m->arena, sizeof(struct term *));
    if (!ret->terms)
        return ERR_NOMEM;
    ret->terms[0] = t;
    ret->count = 1;
    return OK;
}

/* ---- absorption: A OR (A AND B) is A ---- */

static bool multiset_within(const struct term *small, const struct term *large)
{
    size_t at = 0;

    for (size_t i = 0; i < small->count; i++, at++) { /* both sorted */
        while (at < large->count && text_cmp(large->operands[at]->key, small->operands[i]->key) < 0)
            at++;
        if (at == large->count || !text_eq(large->operands[at]->key, small->operands[i]->key))
            return false;
    }
    return true;
}

static bool sequence_within(const struct term *small, const struct term *large)
{
    size_t found = 0;

    for (size_t at = 0; found < small->count && at < large->count; at++)
        if (text_eq(large->operands[at]->key, small->operands[found]->key))
            found++;
    return found == small->count;
}

static bool is_qualified(const struct term *t)
{
    return t->kind == PATTERN_WITHIN || t->kind == PATTERN_REPEATS || t->kind == PATTERN_START_STOP;
}

/* Is whatever makes `large` true enough for `small`? */
static bool contains(const struct term *large, const struct term *small)
{
    if (large->kind != PATTERN_AND && large->kind != PATTERN_OBS_AND && large->kind != PATTERN_FOLLOWEDBY)
        return false;
    if (is_qualified(small))
        return false;
    for (size_t i = 0; i < large->count; i++)
        if (text_eq(large->operands[i]->key, small->key))
            return true;
    if (large->kind != small->kind)
        return false;
    return large->kind == PATTERN_FOLLOWEDBY ? sequence_within(small, large) : multiset_within(small, large);
}

static enum err simplify(struct form *f)
{
    size_t kept = 0;
    bool *gone;

    sort(f->terms, f->count);
    f->count = without_duplicates(f->terms, f->count);
    gone = calloc(f->count + 1, sizeof *gone);
    if (!gone)
        return ERR_NOMEM;
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->count && !gone[i]; k++)
            gone[i] = k != i && !gone[k] && contains(f->terms[i], f->terms[k]);
    for (size_t i = 0; i < f->count; i++)
        if (!gone[i])
            f->terms[kept++] = f->terms[i];
    f->count = kept;
    free(gone);
    return OK;
}

/* ---- joining forms ---- */

static enum err form_or(struct maker *m, const struct form *parts, size_t count, struct form *ret)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += parts[i].count;
    if (total > PATTERN_TERMS_MAX)
        return ERR_LIMIT;
    ret->terms = arena_alloc(m->arena, (total + 1) * sizeof(struct term *));
    if (!ret->terms)
        return ERR_NOMEM;
    ret->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].count > 0)
            memcpy(ret->terms + ret->count, parts[i].terms, parts[i].count * sizeof(struct term *));
        ret->count += parts[i].count;
    }
    return simplify(ret);
}

/* a and b in one term: their operands, flattened. */
static enum err join(struct maker *m, enum pattern_node_kind kind, struct term *a, struct term *b, struct term **ret)
{
    size_t from_a = a->kind == kind ? a->count : 1, from_b = b->kind == kind ? b->count : 1, count = from_a + from_b;
    struct term **operands = arena_alloc(m->arena, count * sizeof *operands);
    enum err err;

    if (!operands)
        return ERR_NOMEM;
    memcpy(operands, a->kind == kind ? a->operands : &a, from_a * sizeof *operands);
    memcpy(operands + from_a, b->kind == kind ? b->operands : &b, from_b * sizeof *operands);
    if (kind != PATTERN_FOLLOWEDBY)
        sort(operands, count);
    if (kind == PATTERN_AND)
        count = without_duplicates(operands, count);
    if (count == 1) {
        *ret = operands[0];
        return OK;
    }
    err = term_of(m, kind, operands, count, ret);
    if (!err)
        (*ret)->type = a->type;
    return err;
}

/* Every term of a with every term of b; those that no object can satisfy are left out. */
static enum err form_join(struct maker *m, enum pattern_node_kind kind, const struct form *a, const struct form *b,
                          struct form *ret)
{
    struct form product = {0};
    enum err err = OK;

    if (a->count * b->count > PATTERN_TERMS_MAX)
        return ERR_LIMIT;
    product.terms = arena_alloc(m->arena, (a->count * b->count + 1) * sizeof(struct term *));
    if (!product.terms)
        return ERR_NOMEM;
    for (size_t i = 0; !err && i < a->count; i++) {
        for (size_t k = 0; !err && k < b->count; k++) {
            if (kind == PATTERN_AND && !text_eq(a->terms[i]->type, b->terms[k]->type))
                continue;
            err = join(m, kind, a->terms[i], b->terms[k], &product.terms[product.count]);
            product.count++;
        }
    }
    if (!err)
        err = simplify(&product);
    if (!err)
        *ret = product;
    return err;
}

/* ---- the tree ---- */

static enum err form_of(struct maker *m, const struct pattern_node *n, struct form *ret);

static enum err form_of_comparison(struct maker *m, const struct pattern_node *n, struct form *ret)
{
    struct term *t = arena_alloc(m->arena, sizeof *t);
    enum err err;

    if (!t)
        return ERR_NOMEM;
    t->kind = PATTERN_COMPARISON;
    t->type = n->object_type;
    buffer_clear(&m->text);
    err = pattern_atom(n, m->arena, &m->text);
    if (!err)
        err = key_take(m, &t->key);
    return err ? err : form_one(m, t, ret);
}

static void print_qualifier(const struct pattern_node *n, struct buffer *out)
{
    struct stamp start, stop;

    if (n->kind == PATTERN_WITHIN)
        pattern_print_number(n->within_seconds, out);
    else if (n->kind == PATTERN_REPEATS)
        buffer_addf(out, "%lld", (long long)n->repeats);
    else if (n->kind == PATTERN_START_STOP && !stamp_parse(n->start.text, &start, NULL) &&
             !stamp_parse(n->stop.text, &stop, NULL))
        buffer_addf(out, "%lld.%09u-%lld.%09u", (long long)start.s, (unsigned)start.ns, (long long)stop.s,
                    (unsigned)stop.ns);
}

/* [ ] and what is qualified: one term around the form inside. */
static enum err form_of_enclosed(struct maker *m, const struct pattern_node *n, struct form *ret)
{
    struct form inner;
    struct term *t;
    enum err err = form_of(m, n->children[0], &inner);

    if (err)
        return err;
    err = term_of(m, n->kind, inner.terms, inner.count, &t);
    if (err)
        return err;
    print_qualifier(n, &m->text); /* behind the key that is still in there */
    err = key_take(m, &t->key);
    return err ? err : form_one(m, t, ret);
}

static enum err form_of_joined(struct maker *m, const struct pattern_node *n, struct form *ret)
{
    struct form *parts = arena_alloc(m->arena, n->child_count * sizeof *parts), sum;
    enum err err = parts ? OK : ERR_NOMEM;

    for (size_t i = 0; !err && i < n->child_count; i++)
        err = form_of(m, n->children[i], &parts[i]);
    if (err)
        return err;
    if (n->kind == PATTERN_OR || n->kind == PATTERN_OBS_OR)
        return form_or(m, parts, n->child_count, ret);
    sum = parts[0];
    for (size_t i = 1; !err && i < n->child_count; i++)
        err = form_join(m, n->kind, &sum, &parts[i], &sum);
    if (!err)
        *ret = sum;
    return err;
}

static enum err form_of(struct maker *m, const struct pattern_node *n, struct form *ret)
{
    switch (n->kind) {
    case PATTERN_COMPARISON: return form_of_comparison(m, n, ret);
    case PATTERN_OBSERVATION:
    case PATTERN_WITHIN:
    case PATTERN_REPEATS:
    case PATTERN_START_STOP: return form_of_enclosed(m, n, ret);
    default: return form_of_joined(m, n, ret);
    }
}

enum err pattern_normal(const struct pattern_node *p, struct arena *arena, struct text *ret)
{
    struct maker m = {.arena = arena, .left = PATTERN_NORMAL_BYTES};
    struct form form;
    struct term *whole = NULL;
    enum err err;

    buffer_init(&m.text, PATTERN_NORMAL_BYTES);
    err = form_of(&m, p, &form);
    if (!err)
        err = term_of(&m, PATTERN_OBS_OR, form.terms, form.count, &whole);
    buffer_done(&m.text);
    if (!err)
        *ret = whole->key;
    return err;
}

enum err pattern_equivalent(const struct pattern_node *a, const struct pattern_node *b, struct arena *arena,
                            enum pattern_verdict *ret)
{
    struct text x, y;
    enum err err = pattern_normal(a, arena, &x);

    if (!err)
        err = pattern_normal(b, arena, &y);
    if (err && err != ERR_LIMIT)
        return err;
    *ret = err ? PATTERN_UNDECIDED : text_eq(x, y) ? PATTERN_EQUIVALENT : PATTERN_DIFFERENT;
    return OK;
}
