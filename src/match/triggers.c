/* match/triggers.c - see triggers.h. A set of values is right for an expression when whatever makes it true holds one
 * of them: of AND, the smallest set of a part; of OR, those of all parts, or none at all. */
#include "match/triggers.h"

#include <string.h>

#include "base/limits.h"
#include "match/logline.h"
#include "model/pattern_hash.h"

struct set {
    struct trigger *list;
    size_t count, cap;
    const char *why;
    size_t column;
};

static struct set unknown(const struct pattern_node *n, const char *why)
{
    return (struct set){.why = why, .column = n->column};
}

static enum err add(struct set *s, struct arena *arena, enum value_kind kind, struct text value)
{
    if (s->count == PATTERN_VALUES_MAX)
        return ERR_LIMIT;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 4;
        struct trigger *larger = arena_alloc(arena, cap * sizeof *larger);
        if (!larger)
            return ERR_NOMEM;
        if (s->count)
            memcpy(larger, s->list, s->count * sizeof *larger);
        s->list = larger;
        s->cap = cap;
    }
    s->list[s->count++] = (struct trigger){kind, value};
    return OK;
}

/* ---- one comparison ---- */

/* What stands at the path of an object that observe_line.c makes; "*" any step. */
static const struct {
    const char *type, *path;
    enum value_kind kind;
} paths[] = {
    {"domain-name", "value", VALUE_DOMAIN},
    {"ipv4-addr", "value", VALUE_CIDR},
    {"ipv6-addr", "value", VALUE_CIDR},
    {"url", "value", VALUE_URL},
    {"file", "name", VALUE_FILENAME},
    {"email-addr", "value", VALUE_EMAIL},
    {"network-traffic", "src_ref.value", VALUE_NONE},
    {"network-traffic", "dst_ref.value", VALUE_NONE},
    {"network-traffic", "extensions.http-request-ext.request_header.Host", VALUE_NONE},
    {"email-message", "from_ref.value", VALUE_EMAIL},
    {"email-message", "sender_ref.value", VALUE_EMAIL},
    {"email-message", "to_refs.*.value", VALUE_EMAIL},
};

static bool is_path(const struct pattern_node *n, const char *path)
{
    struct text rest = text_of(path), step;
    for (size_t i = 0; i < n->step_count; i++) {
        if (!text_split(&rest, '.', &step))
            return false;
        if (text_eq(step, TEXT("*")) ? n->steps[i].kind == STEP_NAME
                                     : n->steps[i].kind != STEP_NAME || !text_eq(n->steps[i].name, step))
            return false;
    }
    return !text_split(&rest, '.', &step);
}

static bool kind_of(const struct pattern_node *n, enum value_kind *ret)
{
    *ret = n->step_count == 2 && text_eq(n->object_type, TEXT("file")) ? pattern_hash_kind(n) : VALUE_NONE;
    if (*ret != VALUE_NONE)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (text_eq(n->object_type, text_of(paths[i].type)) && is_path(n, paths[i].path)) {
            *ret = paths[i].kind;
            return true;
        }
    return false;
}

static bool is_equality(const struct pattern_node *n)
{
    struct text form = n->literal_count ? n->literals[0].text : TEXT_NONE;
    if (n->negated || (n->op == PATTERN_LIKE && (text_find(form, '%', 0) >= 0 || text_find(form, '_', 0) >= 0)))
        return false;
    return n->op == PATTERN_EQ || n->op == PATTERN_IN || n->op == PATTERN_LIKE || n->op == PATTERN_ISSUBSET;
}

/* A network of half the world would choose nearly every line: it is no value to choose lines by. */
static bool too_wide(enum value_kind kind, struct text value)
{
    struct ipnet net;
    return kind == VALUE_CIDR && ipnet_parse(value, &net) == OK &&
           net.len < net.addr.bits / 2 - (net.addr.bits == 128 ? 32 : 0);
}

/* A URL is made of the host and the path that a line has apart: what must stand there is its host. */
static enum err add_literal(struct set *s, struct arena *arena, enum value_kind kind, struct text raw)
{
    struct buffer normal;
    enum err err;
    if (kind == VALUE_URL)
        raw = logline_url_host(raw);
    if (kind == VALUE_URL || kind == VALUE_NONE)
        kind = value_detect(raw) == VALUE_DOMAIN ? VALUE_DOMAIN : VALUE_CIDR;
    buffer_init(&normal, VALUE_MAX_BYTES);
    err = value_normalise(kind, raw, &normal, &kind, NULL);
    if (!err)
        err = buffer_error(&normal);
    if (!err && too_wide(kind, buffer_text(&normal)))
        err = ERR_MALFORMED;
    if (!err) {
        struct text copy = arena_text(arena, buffer_text(&normal));
        err = copy.ptr ? add(s, arena, kind, copy) : ERR_NOMEM;
    }
    buffer_done(&normal);
    return err;
}

static enum err of_comparison(const struct pattern_node *n, struct arena *arena, struct set *ret)
{
    enum value_kind kind;
    struct set s = {0};
    *ret = unknown(n, "an expression names no value that can be looked for in logs");
    if (!is_equality(n) || !kind_of(n, &kind))
        return OK;
    for (size_t i = 0; i < n->literal_count; i++) {
        enum err err =
            n->literals[i].kind == LITERAL_STRING ? add_literal(&s, arena, kind, n->literals[i].text) : ERR_MALFORMED;
        if (err)
            return err == ERR_MALFORMED ? OK : err;
    }
    *ret = s;
    return OK;
}

/* ---- trees ---- */

static enum err join(struct set *to, const struct set *from, struct arena *arena)
{
    enum err err = OK;
    for (size_t i = 0; !err && i < from->count; i++)
        err = add(to, arena, from->list[i].kind, from->list[i].value);
    return err;
}

/* Inside one observation expression. */
static enum err of_expression(const struct pattern_node *n, struct arena *arena, struct set *ret)
{
    struct set one, sum = {0};
    enum err err = OK;
    if (n->kind == PATTERN_COMPARISON)
        return of_comparison(n, arena, ret);
    for (size_t i = 0; !err && i < n->child_count; i++) {
        err = of_expression(n->children[i], arena, &one);
        if (err)
            break;
        if (n->kind == PATTERN_OR && !sum.why) {
            if (one.why)
                sum = one;
            else
                err = join(&sum, &one, arena);
        } else if (n->kind != PATTERN_OR && (i == 0 || (!one.why && (sum.why || one.count < sum.count)))) {
            sum = one;
        }
    }
    *ret = sum;
    return err;
}

static enum err of_pattern(const struct pattern_node *n, struct arena *arena, struct set *all)
{
    enum err err = OK;
    if (n->kind == PATTERN_OBSERVATION) {
        struct set one = {0};
        err = of_expression(n->children[0], arena, &one);
        if (!err && one.why && !all->why) {
            all->why = one.why;
            all->column = n->column;
        }
        return err ? err : join(all, &one, arena);
    }
    for (size_t i = 0; !err && i < n->child_count; i++)
        err = of_pattern(n->children[i], arena, all);
    return err;
}

enum err pattern_triggers(const struct pattern_node *p, struct arena *arena, struct triggers *ret)
{
    struct set all = {0};
    enum err err = of_pattern(p, arena, &all);
    if (!err)
        *ret = (struct triggers){all.list, all.count, all.why, all.column};
    return err;
}

enum err triggers_of(struct text pattern, struct arena *arena, struct triggers *ret)
{
    struct pattern_node *tree;
    enum err err = pattern_parse(pattern, arena, &tree, NULL);
    if (!err)
        return pattern_triggers(tree, arena, ret);
    *ret = (struct triggers){.why = "it is no pattern of STIX 2.1"};
    return err == ERR_NOMEM ? err : OK;
}
