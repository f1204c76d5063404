/* model/pattern_parse.c - the grammar of STIX 2.1 section 9, by recursive descent. Operators of one level that follow
 * each other make one node with many children, so depth grows with parentheses alone, and those are counted. */
#include <string.h>

#include "base/limits.h"
#include "model/pattern_hash.h"
#include "model/pattern_hint.h"
#include "model/pattern_lex.h"

struct parser {
    struct pattern_lexer lexer;
    struct pattern_token now;
    struct arena *arena;
    struct fault *fault;
    unsigned depth; /* open parentheses */
};

enum level {
    LEVEL_FOLLOWEDBY,
    LEVEL_OBS_OR,
    LEVEL_OBS_AND,
    LEVEL_OBSERVATION,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_COMPARISON
};

/* Section 9.5.3: what binds loosest comes first. */
static const struct {
    enum pattern_token_kind joiner;
    enum pattern_node_kind node;
} levels[] = {
    [LEVEL_FOLLOWEDBY] = {TOKEN_FOLLOWEDBY, PATTERN_FOLLOWEDBY},
    [LEVEL_OBS_OR] = {TOKEN_OR, PATTERN_OBS_OR},
    [LEVEL_OBS_AND] = {TOKEN_AND, PATTERN_OBS_AND},
    [LEVEL_OR] = {TOKEN_OR, PATTERN_OR},
    [LEVEL_AND] = {TOKEN_AND, PATTERN_AND},
};

static enum err chain(struct parser *p, enum level level, struct pattern_node **ret);

static enum err next(struct parser *p)
{
    return pattern_lex(&p->lexer, &p->now);
}

/* How the token is called in a message. Values are no matter for messages, which may end up in a log. */
static struct text token_name(const struct pattern_token *token)
{
    bool plain = token->text.len <= 16;

    for (size_t i = 0; plain && i < token->text.len; i++)
        plain = token->text.ptr[i] < '0' || token->text.ptr[i] > '9';
    if (token->kind == TOKEN_LITERAL)
        return TEXT("a constant");
    return plain ? token->text : TEXT("another word");
}

static enum err expected(const struct parser *p, const char *section, const char *what)
{
    int64_t offset = (int64_t)p->now.column - 1;
    struct text found = token_name(&p->now);
    const char *hint = pattern_hint(&p->now, what);

    if (p->now.kind == TOKEN_END)
        return fault_at(p->fault, ERR_MALFORMED, offset, section,
                        "pattern, column %zu: ends where %s is expected%s%s", p->now.column, what, hint ? "; " : "",
                        hint ? hint : "");
    return fault_at(p->fault, ERR_MALFORMED, offset, section,
                    "pattern, column %zu: %s is expected, not " TEXT_FMT "%s%s", p->now.column, what, TEXT_ARG(found),
                    hint ? "; " : "", hint ? hint : "");
}

static enum err take(struct parser *p, enum pattern_token_kind kind, const char *section, const char *what)
{
    return p->now.kind == kind ? next(p) : expected(p, section, what);
}

static enum err enter(struct parser *p)
{
    if (p->depth >= PATTERN_DEPTH_MAX)
        return fault_at(p->fault, ERR_LIMIT, (int64_t)p->now.column - 1, "PATTERN_DEPTH_MAX",
                        "pattern, column %zu: more than %d open parentheses", p->now.column, PATTERN_DEPTH_MAX);
    p->depth++;
    return next(p);
}

static struct pattern_node *node_new(struct parser *p, enum pattern_node_kind kind, size_t column)
{
    struct pattern_node *node = arena_alloc(p->arena, sizeof(*node));

    if (node) {
        node->kind = kind;
        node->column = column;
    }
    return node;
}

/* Makes room for one more element in an array of the arena: NULL when there is none. */
static void *grow(struct arena *arena, void *old, size_t count, size_t size)
{
    void *larger;

    if (count > 1 && (count & (count - 1)) != 0) /* full at a power of two only */
        return old;
    larger = arena_alloc(arena, (count > 0 ? count * 2 : 1) * size);
    if (larger && count > 0)
        memcpy(larger, old, count * size);
    return larger;
}

static enum err add_child(struct parser *p, struct pattern_node *node, struct pattern_node *child)
{
    void *children = grow(p->arena, node->children, node->child_count, sizeof(struct pattern_node *));

    if (!children)
        return ERR_NOMEM;
    node->children = children;
    node->children[node->child_count++] = child;
    return OK;
}

static struct pattern_node *node_over(struct parser *p, enum pattern_node_kind kind, struct pattern_node *child)
{
    struct pattern_node *node = node_new(p, kind, child->column);

    return node && add_child(p, node, child) == OK ? node : NULL;
}

/* ---- constants ---- */

static enum err take_literal(struct parser *p, struct pattern_literal *ret)
{
    if (p->now.kind != TOKEN_LITERAL)
        return expected(p, "STIX 2.1 9.2", "a constant ('text', number, true, t'…', h'…', b'…')");
    *ret = p->now.literal;
    return next(p);
}

static enum err add_literal(struct parser *p, struct pattern_node *node)
{
    struct pattern_literal *literals =
        grow(p->arena, node->literals, node->literal_count, sizeof(struct pattern_literal));

    if (!literals)
        return ERR_NOMEM;
    node->literals = literals;
    return take_literal(p, &literals[node->literal_count++]);
}

static int family(enum pattern_literal_kind kind)
{
    return kind == LITERAL_FLOAT ? LITERAL_INTEGER : (int)kind;
}

/* Section 9.6.1: "constants of homogeneous data type"; integers and floats compare with each other. */
static enum err parse_set(struct parser *p, struct pattern_node *node)
{
    enum err err = take(p, TOKEN_LPAREN, "STIX 2.1 9.6.1", "'(' and a set");

    while (!err && p->now.kind != TOKEN_RPAREN) {
        size_t column = p->now.column;

        if (node->literal_count > 0)
            err = take(p, TOKEN_COMMA, "STIX 2.1 9.6.1", "',' or ')'");
        if (!err)
            err = add_literal(p, node);
        if (!err && family(node->literals[0].kind) != family(node->literals[node->literal_count - 1].kind))
            err = fault_at(p->fault, ERR_MALFORMED, (int64_t)column - 1, "STIX 2.1 9.6.1",
                           "pattern, column %zu: the constants of a set are of one type", column);
    }
    return err ? err : next(p);
}

/* ---- object paths ---- */

static enum err take_key(struct parser *p, struct text *ret)
{
    if (p->now.kind == TOKEN_WORD)
        *ret = p->now.text;
    else if (p->now.kind == TOKEN_LITERAL && p->now.literal.kind == LITERAL_STRING)
        *ret = p->now.literal.text;
    else
        return expected(p, "STIX 2.1 9.7", "a property name, in apostrophes if it has '-' or '.',");
    return next(p);
}

static enum err take_index(struct parser *p, struct pattern_step *step)
{
    enum err err = next(p);

    if (err)
        return err;
    if (p->now.kind == TOKEN_LITERAL && p->now.literal.kind == LITERAL_INTEGER) {
        step->kind = STEP_INDEX;
        step->index = p->now.literal.integer;
    } else if (p->now.kind == TOKEN_ASTERISK) {
        step->kind = STEP_ANY;
    } else {
        return expected(p, "STIX 2.1 9.7.2", "a list index or '*'");
    }
    err = next(p);
    return err ? err : take(p, TOKEN_RBRACK, "STIX 2.1 9.7.2", "']'");
}

static enum err parse_step(struct parser *p, struct pattern_node *node)
{
    struct pattern_step step = {.kind = STEP_NAME}, *steps;
    enum err err;

    if (p->now.kind == TOKEN_LBRACK) {
        err = take_index(p, &step);
    } else {
        err = next(p); /* the ':' or '.' */
        if (!err)
            err = take_key(p, &step.name);
    }
    if (err)
        return err;
    steps = grow(p->arena, node->steps, node->step_count, sizeof(*steps));
    if (!steps)
        return ERR_NOMEM;
    node->steps = steps;
    steps[node->step_count++] = step;
    return OK;
}

static enum err parse_path(struct parser *p, struct pattern_node *node)
{
    enum err err;

    if (p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_HYPHEN_WORD)
        return expected(p, "STIX 2.1 9.7", "an object path (type:property)");
    node->object_type = p->now.text;
    err = next(p);
    if (!err && p->now.kind != TOKEN_COLON)
        err = expected(p, "STIX 2.1 9.7", "':' after the object type");
    if (!err)
        err = parse_step(p, node);
    while (!err && (p->now.kind == TOKEN_DOT || p->now.kind == TOKEN_LBRACK))
        err = parse_step(p, node);
    return err;
}

/* ---- comparisons ---- */

static bool operator_of(enum pattern_token_kind kind, enum pattern_op *ret)
{
    switch (kind) {
    case TOKEN_EQ: *ret = PATTERN_EQ; return true;
    case TOKEN_NE: *ret = PATTERN_NE; return true;
    case TOKEN_LT: *ret = PATTERN_LT; return true;
    case TOKEN_LE: *ret = PATTERN_LE; return true;
    case TOKEN_GT: *ret = PATTERN_GT; return true;
    case TOKEN_GE: *ret = PATTERN_GE; return true;
    case TOKEN_IN: *ret = PATTERN_IN; return true;
    case TOKEN_LIKE: *ret = PATTERN_LIKE; return true;
    case TOKEN_MATCHES: *ret = PATTERN_MATCHES; return true;
    case TOKEN_ISSUBSET: *ret = PATTERN_ISSUBSET; return true;
    case TOKEN_ISSUPERSET: *ret = PATTERN_ISSUPERSET; return true;
    default: return false;
    }
}

/* What the operator and the property allow on the right: section 9.6.1, and section 2.7 for a hash. */
static enum err check_constants(const struct parser *p, const struct pattern_node *node, size_t column)
{
    const char *wrong = NULL, *rule = "STIX 2.1 9.6.1";
    enum pattern_literal_kind kind = node->literal_count > 0 ? node->literals[0].kind : LITERAL_STRING;
    struct ipnet net;

    if (node->op >= PATTERN_LIKE && kind != LITERAL_STRING)
        wrong = "this operator takes a text in apostrophes";
    else if (node->op >= PATTERN_LT && node->op <= PATTERN_GE && kind == LITERAL_BOOL)
        wrong = "true and false have no order";
    else if ((node->op == PATTERN_ISSUBSET || node->op == PATTERN_ISSUPERSET) &&
             ipnet_parse(node->literals[0].text, &net))
        wrong = "ISSUBSET and ISSUPERSET take an address or network";
    if (!wrong) {
        rule = "STIX 2.1 2.7";
        wrong = pattern_hash_check(node);
    }
    return wrong ? fault_at(p->fault, ERR_MALFORMED, (int64_t)column - 1, rule, "pattern, column %zu: %s", column,
                            wrong)
                 : OK;
}

static enum err parse_test(struct parser *p, struct pattern_node *node)
{
    size_t column;
    enum err err;

    if (p->now.kind == TOKEN_NOT) {
        node->negated = true;
        err = next(p);
        if (err)
            return err;
    }
    if (!operator_of(p->now.kind, &node->op))
        return expected(p, "STIX 2.1 9.6.1", "a comparison operator");
    err = next(p);
    column = p->now.column;
    if (!err)
        err = node->op == PATTERN_IN ? parse_set(p, node) : add_literal(p, node);
    return err ? err : check_constants(p, node, column);
}

static enum err parse_exists(struct parser *p, struct pattern_node *node)
{
    enum err err = OK;

    if (p->now.kind == TOKEN_NOT) {
        node->negated = true;
        err = next(p);
    }
    if (!err)
        err = take(p, TOKEN_EXISTS, "STIX 2.1 9.6.1", "EXISTS");
    node->op = PATTERN_EXISTS;
    return err ? err : parse_path(p, node);
}

static enum err group(struct parser *p, enum level level, struct pattern_node **ret)
{
    enum err err = enter(p);

    if (err)
        return err;
    err = chain(p, level, ret);
    if (!err)
        err = take(p, TOKEN_RPAREN, "STIX 2.1 9.5.3", "')'");
    p->depth--;
    return err;
}

static enum err parse_comparison(struct parser *p, struct pattern_node **ret)
{
    struct pattern_node *node;
    enum err err;

    if (p->now.kind == TOKEN_LPAREN)
        return group(p, LEVEL_OR, ret);
    node = node_new(p, PATTERN_COMPARISON, p->now.column);
    if (!node)
        return ERR_NOMEM;
    if (p->now.kind == TOKEN_NOT || p->now.kind == TOKEN_EXISTS) {
        err = parse_exists(p, node);
    } else {
        err = parse_path(p, node);
        if (!err)
            err = parse_test(p, node);
    }
    if (!err)
        *ret = node;
    return err;
}

/* ---- observations ---- */

static enum err parse_within(struct parser *p, struct pattern_node *node)
{
    bool number = p->now.kind == TOKEN_LITERAL &&
                  (p->now.literal.kind == LITERAL_INTEGER || p->now.literal.kind == LITERAL_FLOAT);
    enum err err;

    if (!number || p->now.literal.number <= 0)
        return expected(p, "STIX 2.1 9.5.1", "a number above zero");
    node->within_seconds = p->now.literal.number;
    err = next(p);
    return err ? err : take(p, TOKEN_SECONDS, "STIX 2.1 9.5.1", "SECONDS");
}

static enum err parse_repeats(struct parser *p, struct pattern_node *node)
{
    enum err err;

    if (p->now.kind != TOKEN_LITERAL || p->now.literal.kind != LITERAL_INTEGER || p->now.literal.integer <= 0)
        return expected(p, "STIX 2.1 9.5.1", "an integer above zero");
    node->repeats = p->now.literal.integer;
    err = next(p);
    return err ? err : take(p, TOKEN_TIMES, "STIX 2.1 9.5.1", "TIMES");
}

static enum err take_timestamp(struct parser *p, struct pattern_literal *ret)
{
    if (p->now.kind != TOKEN_LITERAL || p->now.literal.kind != LITERAL_TIMESTAMP)
        return expected(p, "STIX 2.1 9.5.1", "a timestamp t'…'");
    *ret = p->now.literal;
    return next(p);
}

static enum err parse_start_stop(struct parser *p, struct pattern_node *node)
{
    enum err err = take_timestamp(p, &node->start);

    if (!err)
        err = take(p, TOKEN_STOP, "STIX 2.1 9.5.1", "STOP");
    return err ? err : take_timestamp(p, &node->stop);
}

static bool qualifier_of(enum pattern_token_kind kind, enum pattern_node_kind *ret)
{
    switch (kind) {
    case TOKEN_WITHIN: *ret = PATTERN_WITHIN; return true;
    case TOKEN_REPEATS: *ret = PATTERN_REPEATS; return true;
    case TOKEN_START: *ret = PATTERN_START_STOP; return true;
    default: return false;
    }
}

/* Section 9.5.1: not more than one qualifier of a kind on one expression. */
static enum err parse_qualifiers(struct parser *p, struct pattern_node **node)
{
    enum pattern_node_kind kind;
    unsigned seen = 0;

    while (qualifier_of(p->now.kind, &kind)) {
        struct pattern_node *over;
        enum err err;

        if (seen & 1u << kind)
            return fault_at(p->fault, ERR_MALFORMED, (int64_t)p->now.column - 1, "STIX 2.1 9.5.1",
                            "pattern, column %zu: a second qualifier of the same kind", p->now.column);
        seen |= 1u << kind;
        over = node_over(p, kind, *node);
        err = over ? next(p) : ERR_NOMEM;
        if (!err)
            err = kind == PATTERN_WITHIN    ? parse_within(p, over)
                  : kind == PATTERN_REPEATS ? parse_repeats(p, over)
                                            : parse_start_stop(p, over);
        if (err)
            return err;
        *node = over;
    }
    return OK;
}

static enum err parse_observation(struct parser *p, struct pattern_node **ret)
{
    size_t column = p->now.column;
    struct pattern_node *node = NULL;
    enum err err;

    if (p->now.kind == TOKEN_LPAREN) {
        err = group(p, LEVEL_FOLLOWEDBY, &node);
    } else {
        err = take(p, TOKEN_LBRACK, "STIX 2.1 9.5", "'[' and a comparison");
        if (!err)
            err = chain(p, LEVEL_OR, &node);
        if (!err)
            err = take(p, TOKEN_RBRACK, "STIX 2.1 9.5", "AND, OR or ']'");
        if (!err) {
            node = node_over(p, PATTERN_OBSERVATION, node);
            if (!node)
                return ERR_NOMEM;
            node->column = column;
        }
    }
    if (!err)
        err = parse_qualifiers(p, &node);
    if (!err)
        *ret = node;
    return err;
}

/* One level of operators: a single operand stands for itself. */
static enum err chain(struct parser *p, enum level level, struct pattern_node **ret)
{
    struct pattern_node *node = NULL, *child = NULL;
    enum err err;

    if (level == LEVEL_OBSERVATION)
        return parse_observation(p, ret);
    if (level == LEVEL_COMPARISON)
        return parse_comparison(p, ret);
    err = chain(p, level + 1, &child);
    while (!err && p->now.kind == levels[level].joiner) {
        if (!node)
            node = node_over(p, levels[level].node, child);
        err = node ? next(p) : ERR_NOMEM;
        if (!err)
            err = chain(p, level + 1, &child);
        if (!err)
            err = add_child(p, node, child);
    }
    if (!err)
        *ret = node ? node : child;
    return err;
}

enum err pattern_parse(struct text t, struct arena *arena, struct pattern_node **ret, struct fault *reterr)
{
    struct text copy = arena_text(arena, t);
    struct parser p = {.lexer = {copy, 0, arena, reterr}, .arena = arena, .fault = reterr};
    struct pattern_node *root = NULL;
    enum err err;

    if (!copy.ptr)
        return fault_set(reterr, ERR_NOMEM, "no memory for a pattern of %zu bytes", t.len);
    if (!text_is_utf8(t))
        return fault_at(reterr, ERR_MALFORMED, 0, "STIX 2.1 9.4", "a pattern is UTF-8");
    err = next(&p);
    if (!err)
        err = chain(&p, LEVEL_FOLLOWEDBY, &root);
    if (!err && p.now.kind != TOKEN_END)
        err = expected(&p, "STIX 2.1 9.5", "an observation operator, a qualifier or the end");
    if (err == ERR_NOMEM)
        return fault_set(reterr, err, "no memory for a pattern of %zu bytes", t.len);
    if (!err)
        *ret = root;
    return err;
}
