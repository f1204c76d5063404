#include "naive.h"

#include <regex.h>

#include "base/hash.h"
#include "support/test.h"

/* ---- comparisons: values by kind, without NFC (the generated texts have no use for it) ---- */

struct value {
    enum { V_NULL, V_BOOL, V_NUMBER, V_TEXT, V_OCTETS, V_OTHER } kind;
    double number;
    char bytes[64];
    size_t len;
};

static bool latin1(struct text t, struct value *ret)
{
    ret->len = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned c = (unsigned char)t.ptr[i];
        if (c >= 0xc4)
            return false;
        if (c >= 0xc0)
            c = (c & 3) * 64 + ((unsigned char)t.ptr[++i] & 63);
        ret->bytes[ret->len++] = (char)c;
    }
    return true;
}

static bool base64_into(struct text t, struct value *ret)
{
    struct buffer b;
    buffer_init(&b, 64);
    bool ok = base64_read(t, &b) == OK;
    ret->len = ok ? b.len : 0;
    if (ok && b.len)
        memcpy(ret->bytes, b.ptr, b.len);
    buffer_done(&b);
    return ok;
}

/* false: its data cannot be obtained. */
static bool value_of(const struct json_val *v, struct text property, struct value *ret)
{
    *ret = (struct value){.kind = V_OTHER};
    struct text t = json_text(v);
    switch (json_type(v)) {
    case JSON_NULL: ret->kind = V_NULL; return true;
    case JSON_BOOL:
        ret->kind = V_BOOL;
        ret->number = json_bool(v, false);
        return true;
    case JSON_NUMBER: ret->kind = V_NUMBER; return json_f64(v, &ret->number);
    case JSON_STRING: break;
    default: return true;
    }
    ret->kind = V_OCTETS;
    if (text_ends(property, TEXT("_bin")))
        return base64_into(t, ret);
    if (text_ends(property, TEXT("_hex"))) {
        ret->len = t.len / 2;
        return t.len % 2 == 0 && hex_read(t, ret->bytes, t.len / 2) == OK;
    }
    ret->kind = V_TEXT;
    ret->len = t.len;
    memcpy(ret->bytes, t.ptr, t.len);
    return true;
}

static bool three_way(const struct value *v, const struct pattern_literal *l, int *ret)
{
    struct value a = *v, b = {.kind = V_OCTETS};
    struct stamp x, y;
    struct text text = {v->bytes, v->len};
    if (l->kind == LITERAL_BOOL || v->kind == V_BOOL) {
        *ret = l->kind == LITERAL_BOOL ? (int)v->number - l->boolean : 0;
        return l->kind == LITERAL_BOOL && v->kind == V_BOOL;
    }
    if (l->kind == LITERAL_INTEGER || l->kind == LITERAL_FLOAT) {
        *ret = v->number < l->number ? -1 : v->number > l->number;
        return v->kind == V_NUMBER;
    }
    if (v->kind != V_TEXT && v->kind != V_OCTETS)
        return false;
    if (l->kind == LITERAL_TIMESTAMP) {
        if (v->kind != V_TEXT || stamp_parse(text, &x, NULL) || stamp_parse(l->text, &y, NULL))
            return false;
        *ret = stamp_cmp(x, y);
        return true;
    }
    if (l->kind == LITERAL_STRING && v->kind == V_TEXT) {
        *ret = text_cmp(text, l->text);
        return true;
    }
    if (v->kind == V_TEXT && !latin1(text, &a))
        return false;
    if (l->kind == LITERAL_STRING && !latin1(l->text, &b))
        return false;
    if (l->kind == LITERAL_HEX) {
        b.len = l->text.len / 2;
        assert_ok(hex_read(l->text, b.bytes, b.len));
    }
    if (l->kind == LITERAL_BINARY)
        assert_true(base64_into(l->text, &b));
    *ret = text_cmp((struct text){a.bytes, a.len}, (struct text){b.bytes, b.len});
    return true;
}

/* By recursion: the definition of LIKE. */
static bool like(const char *v, size_t v_len, const char *f, size_t f_len, bool octets)
{
    if (f_len == 0)
        return v_len == 0;
    if (*f == '%')
        return like(v, v_len, f + 1, f_len - 1, octets) ||
               (v_len > 0 && like(v + 1, v_len - 1, f, f_len, octets) /* half a character never helps */);
    if (v_len == 0)
        return false;
    size_t one = 1;
    while (*f == '_' && !octets && one < v_len && ((unsigned char)v[one] & 0xc0) == 0x80)
        one++;
    return (*f == '_' || *f == *v) && like(v + one, v_len - one, f + 1, f_len - 1, octets);
}

static bool regular(const struct value *v, struct text source)
{
    char expression[64], subject[64];
    regex_t r;
    snprintf(expression, sizeof expression, TEXT_FMT, TEXT_ARG(source));
    snprintf(subject, sizeof subject, "%.*s", (int)v->len, v->bytes);
    assert_int_equal(regcomp(&r, expression, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&r, subject, 0, NULL, 0) == 0;
    regfree(&r);
    return found;
}

static bool holds(const struct pattern_node *n, const struct value *v)
{
    int order = 0;
    bool comparable = n->literal_count > 0 && three_way(v, &n->literals[0], &order), text;
    switch (n->op) {
    case PATTERN_EQ: return comparable && order == 0;
    case PATTERN_NE: return !comparable || order != 0;
    case PATTERN_LT: return comparable && order < 0;
    case PATTERN_LE: return comparable && order <= 0;
    case PATTERN_GT: return comparable && order > 0;
    case PATTERN_GE: return comparable && order >= 0;
    case PATTERN_IN:
        for (size_t i = 0; i < n->literal_count; i++)
            if (three_way(v, &n->literals[i], &order) && order == 0)
                return true;
        return false;
    case PATTERN_EXISTS: return true;
    default: break;
    }
    text = v->kind == V_TEXT || v->kind == V_OCTETS;
    if (n->op == PATTERN_LIKE)
        return text && like(v->bytes, v->len, n->literals[0].text.ptr, n->literals[0].text.len, v->kind == V_OCTETS);
    assert_int_equal(n->op, PATTERN_MATCHES);
    return text && regular(v, n->literals[0].text);
}

struct tally {
    unsigned found, held;
};

static void walk(const struct pattern_node *n, size_t step, const struct json_val *v, struct text property,
                 const struct observation *o, struct tally *t)
{
    struct value value;
    if (!v)
        return;
    if (step == n->step_count) {
        if (value_of(v, property, &value)) {
            t->found++;
            t->held += holds(n, &value);
        }
        return;
    }
    const struct pattern_step *s = &n->steps[step];
    int64_t i = 0;
    if (s->kind == STEP_NAME) {
        bool reference = text_ends(property, TEXT("_ref")) || text_ends(property, TEXT("_refs"));
        if (reference && json_type(v) == JSON_STRING) {
            const struct json_val *to = NULL;
            for (size_t k = 0; k < o->object_count; k++)
                if (text_eq(o->objects[k].ref, json_text(v)))
                    to = o->objects[k].value;
            v = to;
        }
        walk(n, step + 1, json_get_text(v, s->name), s->name, o, t);
    } else if (json_type(v) == JSON_ARRAY) {
        for (struct json_iter it = json_iter_of(v); json_next(&it); i++)
            if (s->kind == STEP_ANY || s->index == i)
                walk(n, step + 1, it.val, property, o, t);
    }
}

static bool true_at(const struct pattern_node *n, const struct observation *o, const struct observed_object *root)
{
    struct tally t = {0};
    if (n->kind == PATTERN_COMPARISON) {
        if (!text_eq(root->type, n->object_type))
            return false;
        walk(n, 0, root->value, TEXT_NONE, o, &t);
        if (n->op == PATTERN_EXISTS)
            return (t.found > 0) != n->negated;
        return t.found > 0 && (t.held > 0) != n->negated;
    }
    for (size_t i = 0; i < n->child_count; i++)
        if (true_at(n->children[i], o, root) != (n->kind == PATTERN_AND))
            return n->kind == PATTERN_OR;
    return n->kind == PATTERN_AND;
}

static bool observed_so(const struct pattern_node *n, const struct observation *o)
{
    for (size_t i = 0; i < o->object_count; i++)
        if (o->objects[i].root && true_at(n, o, &o->objects[i]))
            return true;
    return false;
}

/* ---- observation expressions: each way to read a pattern is a list of leaves and of what holds between them ---- */

#define LEAVES_MAX 8
#define PAIRS_MAX  80
#define WAYS_MAX   64

struct way {
    const struct pattern_node *leaves[LEAVES_MAX];
    nanos from[LEAVES_MAX], until[LEAVES_MAX]; /* START and STOP */
    size_t count;
    struct {
        size_t a, b;
        nanos most; /* moment of b minus moment of a */
    } pairs[PAIRS_MAX];
    size_t pair_count;
};
struct ways {
    struct way *list;
    size_t count;
    bool too_large;
};

static void pair(struct ways *w, struct way *to, size_t a, size_t b, nanos most)
{
    if (to->pair_count == PAIRS_MAX) {
        w->too_large = true;
        return;
    }
    to->pairs[to->pair_count].a = a;
    to->pairs[to->pair_count].b = b;
    to->pairs[to->pair_count++].most = most;
}

static void join(struct ways *sum, const struct way *a, const struct way *b, bool ordered)
{
    if (sum->count == WAYS_MAX || a->count + b->count > LEAVES_MAX) {
        sum->too_large = true;
        return;
    }
    struct way *to = &sum->list[sum->count++];
    *to = *a;
    for (size_t i = 0; i < b->count; i++) {
        to->leaves[a->count + i] = b->leaves[i];
        to->from[a->count + i] = b->from[i];
        to->until[a->count + i] = b->until[i];
    }
    to->count += b->count;
    for (size_t i = 0; i < b->pair_count; i++)
        pair(sum, to, b->pairs[i].a + a->count, b->pairs[i].b + a->count, b->pairs[i].most);
    for (size_t i = 0; ordered && i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            pair(sum, to, a->count + k, i, 0); /* earlier - later <= 0 */
}

static struct ways product(const struct ways *a, const struct ways *b, bool ordered)
{
    struct ways sum = {calloc(WAYS_MAX, sizeof *sum.list), 0, a->too_large || b->too_large};
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            join(&sum, &a->list[i], &b->list[k], ordered);
    return sum;
}

static struct ways ways_of(const struct pattern_node *n)
{
    struct ways w = {calloc(WAYS_MAX, sizeof *w.list), 0, false}, next, sum;
    struct stamp start, stop;
    if (n->kind == PATTERN_OBSERVATION) {
        w.list[0].leaves[0] = n->children[0];
        w.list[0].from[0] = -((nanos)1 << 100);
        w.list[0].until[0] = (nanos)1 << 100;
        w.count = w.list[0].count = 1;
        return w;
    }
    for (size_t i = 0; i < (n->kind == PATTERN_REPEATS ? (size_t)n->repeats : n->child_count); i++) {
        next = ways_of(n->children[n->kind == PATTERN_REPEATS ? 0 : i]);
        if (i == 0) {
            free(w.list);
            w = next;
            continue;
        }
        if (n->kind == PATTERN_OBS_OR) {
            w.too_large |= next.too_large || w.count + next.count > WAYS_MAX;
            for (size_t k = 0; k < next.count && w.count < WAYS_MAX; k++)
                w.list[w.count++] = next.list[k];
        } else {
            sum = product(&w, &next, n->kind == PATTERN_FOLLOWEDBY);
            free(w.list);
            w = sum;
        }
        free(next.list);
    }
    for (size_t i = 0; i < w.count; i++) {
        struct way *to = &w.list[i];
        for (size_t a = 0; n->kind == PATTERN_WITHIN && a < to->count; a++)
            for (size_t b = 0; b < to->count; b++)
                if (a != b)
                    pair(&w, to, a, b, (nanos)(n->within_seconds * 1e9 + 0.5) - 1);
        for (size_t a = 0; n->kind == PATTERN_START_STOP && a < to->count; a++) {
            assert_ok(stamp_parse(n->start.text, &start, NULL));
            assert_ok(stamp_parse(n->stop.text, &stop, NULL));
            if (nanos_of(start) > to->from[a])
                to->from[a] = nanos_of(start);
            if (nanos_of(stop) - 1 < to->until[a])
                to->until[a] = nanos_of(stop) - 1;
        }
    }
    return w;
}

/* Moments within their bounds and apart as told: the latest possible ones, lowered until all holds or one falls
 * below its bound. */
static bool moments_exist(const struct way *w, const size_t *bound, const struct observed *o)
{
    nanos latest[LEAVES_MAX];
    bool changed = true;
    for (size_t i = 0; i < w->count; i++) {
        nanos last = observed_at(o, bound[i])->last;
        latest[i] = last < w->until[i] ? last : w->until[i];
    }
    for (size_t round = 0; changed && round <= LEAVES_MAX * PAIRS_MAX; round++) {
        changed = false;
        for (size_t i = 0; i < w->pair_count; i++) {
            nanos most = latest[w->pairs[i].a] + w->pairs[i].most;
            if (latest[w->pairs[i].b] > most) {
                latest[w->pairs[i].b] = most;
                changed = true;
            }
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        nanos first = observed_at(o, bound[i])->first;
        if (latest[i] < first || latest[i] < w->from[i])
            return false;
    }
    return !changed;
}

static bool assign(const struct way *w, size_t at, size_t *bound, const struct observed *o, uint64_t *tries)
{
    if (++*tries > 200000)
        return false;
    if (at == w->count)
        return moments_exist(w, bound, o);
    for (size_t i = 0; i < observed_count(o); i++) {
        int64_t taken = 0;
        for (size_t k = 0; k < at; k++)
            taken += bound[k] == i;
        bound[at] = i;
        if (taken < observed_at(o, i)->number_observed && observed_so(w->leaves[at], observed_at(o, i)) &&
            assign(w, at + 1, bound, o, tries))
            return true;
    }
    return false;
}

enum naive naive_evaluate(const struct pattern_node *p, const struct observed *o)
{
    struct ways w = ways_of(p);
    size_t bound[LEAVES_MAX];
    uint64_t tries = 0;
    bool found = false;
    for (size_t i = 0; !found && !w.too_large && i < w.count; i++)
        found = assign(&w.list[i], 0, bound, o, &tries);
    free(w.list);
    if (w.too_large || (!found && tries > 200000))
        return NAIVE_TOO_LARGE;
    return found ? NAIVE_YES : NAIVE_NO;
}
