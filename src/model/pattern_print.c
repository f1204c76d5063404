/* model/pattern_print.c - writes a parse tree down. Parentheses stand where the tree would be another one without. */
#include "model/pattern_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- constants ---- */

void pattern_print_text(struct text t, struct buffer *out)
{
    buffer_add_char(out, '\'');
    for (size_t from = 0; from < t.len;) {
        size_t to = from;

        while (to < t.len && t.ptr[to] != '\'' && t.ptr[to] != '\\')
            to++;
        buffer_add(out, text_sub(t, from, to - from));
        if (to < t.len) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, t.ptr[to++]);
        }
        from = to;
    }
    buffer_add_char(out, '\'');
}

static void add_zeros(struct buffer *out, int count)
{
    while (count-- > 0)
        buffer_add_char(out, '0');
}

void pattern_print_number(double number, struct buffer *out)
{
    char digits[32];
    int precision = 0, exponent, count;

    if (number == 0 || !isfinite(number)) {
        buffer_add(out, TEXT("0.0"));
        return;
    }
    do
        snprintf(digits, sizeof digits, "%.*e", precision, fabs(number));
    while (strtod(digits, NULL) != fabs(number) && ++precision <= 17);
    exponent = (int)strtol(digits + precision + (precision > 0 ? 3 : 2), NULL, 10); /* behind d[.ddd]e */
    if (precision > 0)
        digits[1] = digits[0];
    count = precision + 1;
    if (number < 0)
        buffer_add_char(out, '-');
    const char *first = precision > 0 ? digits + 1 : digits;
    if (exponent < 0) {
        buffer_add(out, TEXT("0."));
        add_zeros(out, -exponent - 1);
        buffer_add(out, (struct text){first, (size_t)count});
    } else if (exponent >= count - 1) {
        buffer_add(out, (struct text){first, (size_t)count});
        add_zeros(out, exponent - (count - 1));
        buffer_add(out, TEXT(".0"));
    } else {
        buffer_add(out, (struct text){first, (size_t)exponent + 1});
        buffer_add_char(out, '.');
        buffer_add(out, (struct text){first + exponent + 1, (size_t)(count - exponent - 1)});
    }
}

static void print_prefixed(char prefix, struct text t, struct buffer *out)
{
    buffer_add_char(out, prefix);
    buffer_add_char(out, '\'');
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] != '\n' && t.ptr[i] != '\r')
            buffer_add_char(out,
                            prefix == 'h' && t.ptr[i] >= 'A' && t.ptr[i] <= 'F' ? (char)(t.ptr[i] | 0x20) : t.ptr[i]);
    buffer_add_char(out, '\'');
}

void pattern_print_literal(const struct pattern_literal *l, struct buffer *out)
{
    switch (l->kind) {
    case LITERAL_STRING: pattern_print_text(l->text, out); break;
    case LITERAL_INTEGER: buffer_addf(out, "%lld", (long long)l->integer); break;
    case LITERAL_FLOAT: pattern_print_number(l->number, out); break;
    case LITERAL_BOOL: buffer_add(out, l->boolean ? TEXT("true") : TEXT("false")); break;
    case LITERAL_TIMESTAMP: print_prefixed('t', l->text, out); break;
    case LITERAL_HEX: print_prefixed('h', l->text, out); break;
    case LITERAL_BINARY: print_prefixed('b', l->text, out); break;
    }
}

/* ---- object paths ---- */

static bool is_keyword(struct text t)
{
    static const char *const words[] = {"AND",    "OR",   "NOT",     "FOLLOWEDBY", "LIKE",    "MATCHES",
                                        "EXISTS", "IN",   "START",   "STOP",       "SECONDS", "ISSUBSET",
                                        "WITHIN", "true", "REPEATS", "TIMES",      "false",   "ISSUPERSET"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_eq(t, text_of(words[i])))
            return true;
    return false;
}

static bool is_plain_name(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return t.len > 0 && !is_keyword(t);
}

void pattern_print_path(const struct pattern_node *n, struct buffer *out)
{
    buffer_add(out, n->object_type);
    for (size_t i = 0; i < n->step_count; i++) {
        const struct pattern_step *step = &n->steps[i];

        if (step->kind == STEP_INDEX) {
            buffer_addf(out, "[%lld]", (long long)step->index);
        } else if (step->kind == STEP_ANY) {
            buffer_add(out, TEXT("[*]"));
        } else {
            buffer_add_char(out, i == 0 ? ':' : '.');
            if (is_plain_name(step->name))
                buffer_add(out, step->name);
            else
                pattern_print_text(step->name, out);
        }
    }
}

/* ---- comparisons ---- */

static void print_comparison(const struct pattern_node *n, struct buffer *out)
{
    static const char *const operators[] = {
        "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"};

    if (n->op == PATTERN_EXISTS) {
        buffer_add(out, n->negated ? TEXT("NOT EXISTS ") : TEXT("EXISTS "));
        pattern_print_path(n, out);
        return;
    }
    pattern_print_path(n, out);
    buffer_addf(out, " %s%s ", n->negated ? "NOT " : "", operators[n->op]);
    if (n->op == PATTERN_IN)
        buffer_add_char(out, '(');
    for (size_t i = 0; i < n->literal_count; i++) {
        if (i > 0)
            buffer_add(out, TEXT(", "));
        pattern_print_literal(&n->literals[i], out);
    }
    if (n->op == PATTERN_IN)
        buffer_add_char(out, ')');
}

/* What binds tighter has the higher number: the levels of section 9.5.3. */
static int tightness(enum pattern_node_kind kind)
{
    switch (kind) {
    case PATTERN_FOLLOWEDBY: return 0;
    case PATTERN_OBS_OR:
    case PATTERN_OR: return 1;
    case PATTERN_OBS_AND:
    case PATTERN_AND: return 2;
    default: return 3;
    }
}

static void print_node(const struct pattern_node *n, unsigned outer, struct buffer *out);

static void print_grouped(const struct pattern_node *n, bool group, unsigned outer, struct buffer *out)
{
    if (group)
        buffer_add_char(out, '(');
    print_node(n, group ? 0 : outer, out);
    if (group)
        buffer_add_char(out, ')');
}

static void print_joined(const struct pattern_node *n, const char *word, struct buffer *out)
{
    for (size_t i = 0; i < n->child_count; i++) {
        if (i > 0)
            buffer_addf(out, " %s ", word);
        print_grouped(n->children[i], tightness(n->children[i]->kind) <= tightness(n->kind), 0, out);
    }
}

/* `outer`: the qualifiers already to stand behind this one without a parenthesis between; not two of a kind
 * (section 9.5.1). */
static void print_qualified(const struct pattern_node *n, unsigned outer, struct buffer *out)
{
    const struct pattern_node *child = n->children[0];
    bool stacked =
        child->kind == PATTERN_WITHIN || child->kind == PATTERN_REPEATS || child->kind == PATTERN_START_STOP;

    outer |= 1u << n->kind;
    print_grouped(child, stacked ? (outer & 1u << child->kind) != 0 : tightness(child->kind) < 3, outer, out);
    if (n->kind == PATTERN_WITHIN) {
        buffer_add(out, TEXT(" WITHIN "));
        if (n->within_seconds == floor(n->within_seconds) && n->within_seconds < 9007199254740992.0)
            buffer_addf(out, "%lld", (long long)n->within_seconds);
        else
            pattern_print_number(n->within_seconds, out);
        buffer_add(out, TEXT(" SECONDS"));
    } else if (n->kind == PATTERN_REPEATS) {
        buffer_addf(out, " REPEATS %lld TIMES", (long long)n->repeats);
    } else {
        buffer_add(out, TEXT(" START "));
        pattern_print_literal(&n->start, out);
        buffer_add(out, TEXT(" STOP "));
        pattern_print_literal(&n->stop, out);
    }
}

static void print_node(const struct pattern_node *n, unsigned outer, struct buffer *out)
{
    switch (n->kind) {
    case PATTERN_COMPARISON: print_comparison(n, out); break;
    case PATTERN_AND:
    case PATTERN_OBS_AND: print_joined(n, "AND", out); break;
    case PATTERN_OR:
    case PATTERN_OBS_OR: print_joined(n, "OR", out); break;
    case PATTERN_FOLLOWEDBY: print_joined(n, "FOLLOWEDBY", out); break;
    case PATTERN_OBSERVATION:
        buffer_add_char(out, '[');
        print_node(n->children[0], 0, out);
        buffer_add_char(out, ']');
        break;
    case PATTERN_WITHIN:
    case PATTERN_REPEATS:
    case PATTERN_START_STOP: print_qualified(n, outer, out); break;
    }
}

void pattern_print(const struct pattern_node *p, struct buffer *out)
{
    print_node(p, 0, out);
}
