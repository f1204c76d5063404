/* format/misp_out_parts.c - the values that an observable holds, or a pattern asks for, each with its place. */
#include <stdio.h>
#include <string.h>

#include "format/misp_out_inside.h"
#include "model/pattern.h"

#define PARTS_DEPTH_MAX 6

static void add_part(struct out_parts *p, struct text path, struct text value)
{
    if (!path.ptr || !value.len)
        return;
    if (p->count == OUT_PARTS_MAX)
        p->whole = false;
    else
        p->list[p->count++] = (struct out_part){.path = path, .value = value};
}

static struct text join(struct misp_out *w, struct text a, char by, struct text b)
{
    return text_of(arena_printf(&w->arena, TEXT_FMT "%c" TEXT_FMT, TEXT_ARG(a), by, TEXT_ARG(b)));
}

static struct text scalar(struct misp_out *w, const struct json_val *v)
{
    int64_t n;
    double f;
    if (json_type(v) == JSON_BOOL)
        return json_bool(v, false) ? TEXT("1") : TEXT("0");
    if (json_i64(v, &n))
        return text_of(arena_printf(&w->arena, "%lld", (long long)n));
    if (json_f64(v, &f))
        return text_of(arena_printf(&w->arena, "%.17g", f));
    return json_text(v);
}

/* What a reference leads to is said by these of its properties; the rest of it stands for itself. */
static void take_referred(struct misp_out *w, struct out_parts *p, struct text path, struct text id)
{
    static const char *const names[] = {"value", "display_name"};
    struct out_item *target = out_find(w, id);
    bool any = false;
    if (!target || target->label > w->event->label)
        return;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct text value = json_text(json_get(target->v, names[i])), at = join(w, path, '.', text_of(names[i]));
        if (!value.len || !misp_map_of(at))
            continue;
        add_part(p, at, value);
        any = true;
    }
    if (any)
        target->absorbed = target->written = true;
}

static void take(struct misp_out *w, struct out_parts *p, struct text path, const struct json_val *v, int depth)
{
    bool ref = text_ends(path, TEXT("_ref")) || text_ends(path, TEXT("_refs"));
    if (depth > PARTS_DEPTH_MAX)
        return;
    if (json_type(v) == JSON_ARRAY) {
        for (struct json_iter it = json_iter_of(v); json_next(&it);)
            take(w, p, path, it.val, depth + 1);
    } else if (json_type(v) == JSON_OBJECT) {
        for (struct json_iter it = json_iter_of(v); json_next(&it);) {
            struct text at = join(w, path, '.', it.key);
            if (at.len)
                take(w, p, at, it.val, depth + 1);
        }
    } else if (ref) {
        take_referred(w, p, path, json_text(v));
    } else {
        add_part(p, path, scalar(w, v));
    }
}

void out_parts_of(struct misp_out *w, struct out_item *i, struct out_parts *ret)
{
    static const char *const not [] = {"type",    "id", "spec_version", "object_marking_refs", "granular_markings",
                                       "defanged"};
    ret->count = ret->alternatives = 0;
    ret->whole = true;
    for (struct json_iter it = json_iter_of(i->v); json_next(&it);) {
        bool skip = false;
        for (size_t n = 0; n < ARRAY_LEN(not ) && !skip; n++)
            skip = text_eq(it.key, text_of(not [n]));
        if (!skip)
            take(w, ret, join(w, i->type, ':', it.key), it.val, 0);
    }
    ret->ends[ret->alternatives++] = ret->count;
}

/* ---- patterns ---- */

static struct text path_of(struct misp_out *w, const struct pattern_node *n)
{
    struct text path = n->object_type;
    for (size_t i = 0; i < n->step_count && path.len; i++)
        if (n->steps[i].kind == STEP_NAME)
            path = join(w, path, path.len == n->object_type.len ? ':' : '.', n->steps[i].name);
    return path;
}

static struct text literal_of(const struct pattern_literal *l)
{
    if (l->kind == LITERAL_BOOL)
        return l->boolean ? TEXT("1") : TEXT("0");
    return l->text;
}

static bool says_equal(const struct pattern_node *n)
{
    bool wild = false;
    for (size_t i = 0; n->literal_count && i < n->literals[0].text.len; i++)
        wild |= n->literals[0].text.ptr[i] == '%' || n->literals[0].text.ptr[i] == '_';
    return !n->negated && n->literal_count &&
           (n->op == PATTERN_EQ || n->op == PATTERN_IN || n->op == PATTERN_ISSUBSET ||
            (n->op == PATTERN_LIKE && !wild));
}

/* Flattens into one alternative (AND) or several (OR). false: it says more than values can. */
static bool flatten(struct misp_out *w, const struct pattern_node *n, struct out_parts *p, bool alone, int depth)
{
    bool fine = depth < 64;
    switch (n->kind) {
    case PATTERN_COMPARISON:
        fine = says_equal(n) && (n->literal_count == 1 || alone);
        for (size_t i = 0; fine && i < n->literal_count; i++) {
            add_part(p, path_of(w, n), literal_of(&n->literals[i]));
            if (alone && p->alternatives < OUT_PARTS_MAX)
                p->ends[p->alternatives++] = p->count;
        }
        return fine && p->whole;
    case PATTERN_AND:
        for (size_t i = 0; fine && i < n->child_count; i++)
            fine = flatten(w, n->children[i], p, false, depth + 1);
        if (alone && p->alternatives < OUT_PARTS_MAX)
            p->ends[p->alternatives++] = p->count;
        return fine;
    case PATTERN_OR:
    case PATTERN_OBS_OR:
        fine &= alone;
        for (size_t i = 0; fine && i < n->child_count; i++)
            fine = flatten(w, n->children[i], p, true, depth + 1);
        return fine;
    case PATTERN_OBSERVATION: return fine && n->child_count == 1 && flatten(w, n->children[0], p, alone, depth + 1);
    default: return false;
    }
}

enum err out_parts_of_pattern(struct misp_out *w, struct text pattern, struct out_parts *ret)
{
    struct pattern_node *root;
    ret->count = ret->alternatives = 0;
    ret->whole = true;
    enum err e = pattern_parse(pattern, &w->arena, &root, NULL);
    ret->whole = e == OK && flatten(w, root, ret, true, 0) && ret->whole && ret->count > 0;
    return e == ERR_NOMEM ? e : OK;
}

/* ---- as MISP writes them ---- */

struct text out_value(struct misp_out *w, const struct misp_map *m, struct text value)
{
    if (m->as == MISP_AS_NUMBER_OF_AS)
        return text_of(arena_printf(&w->arena, "AS" TEXT_FMT, TEXT_ARG(value)));
    if (m->as == MISP_AS_TIME && text_ends(value, TEXT("Z"))) {
        struct text t = text_sub(value, 0, value.len - 1);
        ptrdiff_t dot = text_find(t, '.', 0);
        bool zeros = dot >= 0;
        for (size_t i = zeros ? (size_t)dot + 1 : t.len; i < t.len; i++)
            zeros &= t.ptr[i] == '0';
        t = zeros ? text_sub(t, 0, (size_t)dot) : t;
        return text_of(arena_printf(&w->arena, TEXT_FMT "+00:00", TEXT_ARG(t)));
    }
    if (m->as == MISP_AS_UPPER) {
        char *upper = arena_printf(&w->arena, TEXT_FMT, TEXT_ARG(value));
        for (char *c = upper; c && *c; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        return text_of(upper);
    }
    return value;
}

static const struct out_part *part_like(const struct out_parts *p, const char *const *ends, size_t count)
{
    for (size_t e = 0; e < count; e++)
        for (size_t i = 0; i < p->count; i++) {
            struct text end = text_of(ends[e]);
            bool inside = text_ends(end, TEXT(".")) && text_find_text(p->list[i].path, end) >= 0;
            if (inside || text_ends(p->list[i].path, end))
                return &p->list[i];
        }
    return NULL;
}

static const struct out_part *half(struct text word, const struct out_parts *p)
{
    static const char *const names[] = {":name"}, *const hosts[] = {"_ref.value", ":value"},
                             *const ports[] = {"_port"},
                             *const ips[] = {"resolves_to_refs.value", "ipv4-addr:value", "ipv6-addr:value"},
                             *const keys[] = {":key"}, *const data[] = {"values.data"},
                             *const hashes[] = {":hashes."};
    if (text_eq(word, TEXT("filename")))
        return part_like(p, names, 1);
    if (text_eq(word, TEXT("port")))
        return part_like(p, ports, 1);
    if (text_eq(word, TEXT("ip")))
        return part_like(p, ips, ARRAY_LEN(ips));
    if (text_eq(word, TEXT("regkey")))
        return part_like(p, keys, 1);
    if (text_eq(word, TEXT("value")))
        return part_like(p, data, 1);
    if (text_starts(word, TEXT("ip-")) || text_eq(word, TEXT("hostname")) || text_eq(word, TEXT("domain")))
        return part_like(p, hosts, ARRAY_LEN(hosts));
    return part_like(p, hashes, 1);
}

/* Where the value of a type stands among others; else: of the parts that a person would call its value, the last. */
static const struct out_part *single(struct text type, const struct out_parts *p)
{
    const struct out_part *last = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const struct misp_map *m = misp_map_of(p->list[i].path);
        if (m && text_eq(type, text_of(m->plain ? m->plain : m->type)))
            return &p->list[i];
    }
    for (size_t i = 0; i < p->count; i++) {
        struct text path = p->list[i].path;
        bool context = misp_map_silent(path) || text_find_text(path, TEXT(":x_misp_")) >= 0 ||
                       text_ends(path, TEXT(":protocols")) || text_ends(path, TEXT(":account_type")) ||
                       text_ends(path, TEXT(":start")) || text_ends(path, TEXT(".data_type"));
        if (!context)
            last = &p->list[i];
    }
    return last;
}

struct text out_value_of_type(struct misp_out *w, struct text type, const struct out_parts *p)
{
    ptrdiff_t bar = text_find(type, '|', 0);
    bool sample = text_eq(type, TEXT("malware-sample"));
    if (bar < 0 && !sample) {
        const struct out_part *one = single(type, p);
        const struct misp_map *m = one ? misp_map_of(one->path) : NULL;
        return !one ? TEXT_NONE : m ? out_value(w, m, one->value) : one->value;
    }
    const struct out_part *a = half(sample ? TEXT("filename") : text_sub(type, 0, (size_t)bar), p);
    const struct out_part *b = half(sample ? TEXT("md5") : text_sub(type, (size_t)bar + 1, type.len), p);
    return a && b ? join(w, a->value, '|', b->value) : TEXT_NONE;
}
